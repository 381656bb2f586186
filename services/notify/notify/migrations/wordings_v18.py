"""Wordings for what a calendar moves that was put right; title and body, as Jinja templates."""

_WHO = {"zh": "{% if who %}承办：{{ who }}。{% endif %}", "en": "{% if who %}Who does it: {{ who }}. {% endif %}"}
_SEE = {
    "zh": "{% if query_code %}查询码 {{ query_code }}，进展见 {{ progress }}{% endif %}",
    "en": "{% if query_code %}Your query code is {{ query_code }}; see how it stands at {{ progress }}{% endif %}",
}

#: What it is the limit of, by its code: those that working days are counted for.
_LIMIT_ZH = "{{ {'redo': '重办', 'reply': '热线回复'}.get(limit, '答复') }}"
_LIMIT_EN = "{{ {'redo': 'It is to be done again', 'reply': 'The hotline replies'}.get(limit, 'An answer is due') }}"

_CHANGED = {"zh": "节假日安排调整，", "en": "The calendar of public holidays has changed. "}
_MOVED = {
    "zh": _CHANGED["zh"] + _LIMIT_ZH + "期限由 {{ due_before }} 前改为 {{ due }} 前",
    "en": _CHANGED["en"] + _LIMIT_EN + " by {{ due }}, no more by {{ due_before }}",
}
_CORRECTED = {
    "zh": "，原超期记录已更正，不计超期。",
    "en": ": that it was late is corrected, and does not count. ",
}

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "deadline_moved": (
        1,
        {
            "zh": (
                "诉求 {{ number }} 答复期限顺延",
                "因节假日安排调整，您的诉求 {{ number }} 的答复期限由 {{ due_before }} 前改为 {{ due }} 前。"
                + _WHO["zh"]
                + _SEE["zh"],
            ),
            "en": (
                "Your appeal {{ number }}: a later date",
                "The calendar of public holidays has changed: your appeal {{ number }}, which was to be answered by "
                "{{ due_before }}, is answered by {{ due }}. " + _WHO["en"] + _SEE["en"],
            ),
        },
    ),
    "deadline_earlier": (
        1,
        {
            "zh": ("期限提前：{{ number }}", "{{ gist }}｜" + _MOVED["zh"] + "。"),
            "en": ("Due earlier: {{ number }}", "{{ gist }} | " + _MOVED["en"] + "."),
        },
    ),
    "breach_corrected": (
        1,
        {
            "zh": ("超期更正：{{ number }}", "{{ gist }}｜" + _MOVED["zh"] + _CORRECTED["zh"]),
            "en": ("Not late after all: {{ number }}", "{{ gist }} | " + _MOVED["en"] + _CORRECTED["en"]),
        },
    ),
    "breach_corrected_superior": (
        1,
        {
            "zh": ("下级超期更正：{{ number }}", "{{ gist }}｜" + _MOVED["zh"] + _CORRECTED["zh"] + _WHO["zh"]),
            "en": (
                "Not late below you after all: {{ number }}",
                "{{ gist }} | " + _MOVED["en"] + _CORRECTED["en"] + _WHO["en"],
            ),
        },
    ),
}
