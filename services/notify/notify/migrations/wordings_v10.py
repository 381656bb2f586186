"""Wordings for what residents are asked of an answer, and for what is done again; title and body, as Jinja templates.

A process of the release before words an answer without a link: it knows none.
"""

_ASK = {
    "zh": "{% if who %}有疑问请找：{{ who }}。{% endif %}",
    "en": "{% if who %}Questions? Ask {{ who }}. {% endif %}",
}
_SEE = {
    "zh": "{% if query_code %}查询码 {{ query_code }}，进展见 {{ progress }}{% endif %}",
    "en": "{% if query_code %}Your query code is {{ query_code }}; see how it stands at {{ progress }}{% endif %}",
}
_RATE = {
    "zh": "{% if rate is defined and rate %}问题解决了吗？请于 {{ until }} 前评价：{{ rate }} {% endif %}",
    "en": "{% if rate is defined and rate %}Is it solved? Say so by {{ until }}: {{ rate }} {% endif %}",
}

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "case_answered": (
        2,
        {
            "zh": (
                "诉求 {{ number }} 已答复",
                "您的诉求 {{ number }} 已有答复：{{ answer }} " + _RATE["zh"] + _ASK["zh"] + _SEE["zh"],
            ),
            "en": (
                "Your appeal {{ number }} has been answered",
                "Your appeal {{ number }} has been answered: {{ answer }} " + _RATE["en"] + _ASK["en"] + _SEE["en"],
            ),
        },
    ),
    "case_redone": (
        1,
        {
            "zh": (
                "诉求 {{ number }} 重新办理",
                "您反映诉求 {{ number }} 未解决，现已重新办理，最迟 {{ due }} 前答复您，由上级督办。"
                "{% if who %}承办：{{ who }}。{% endif %}" + _SEE["zh"],
            ),
            "en": (
                "Your appeal {{ number }} is handled again",
                "You said that your appeal {{ number }} is not solved: it is handled again, under the eye of the tier "
                "above. You will have an answer by {{ due }}. {% if who %}Who does it: {{ who }}. {% endif %}"
                + _SEE["en"],
            ),
        },
    ),
    "case_redone_staff": (
        1,
        {
            "zh": (
                "重办：{{ number }}",
                "{{ gist }}｜诉求人反映未解决，第{{ redos }}次重办，请于 {{ due }} 前重新答复。",
            ),
            "en": (
                "To be done again: {{ number }}",
                (
                    "{{ gist }} | Not solved, says whoever appealed. It is done again (time {{ redos }}): "
                    "answer anew by {{ due }}."
                ),
            ),
        },
    ),
    "case_redone_superior": (
        1,
        {
            "zh": (
                "下级重办：{{ number }}",
                (
                    "{{ gist }}｜诉求人反映未解决，第{{ redos }}次重办，期限 {{ due }}。"
                    "{% if who %}承办：{{ who }}。{% else %}无人承办。{% endif %}请督办。"
                ),
            ),
            "en": (
                "Done again below you: {{ number }}",
                (
                    "{{ gist }} | Not solved, says whoever appealed. Done again (time {{ redos }}), by {{ due }}. "
                    "{% if who %}Handler: {{ who }}. {% else %}Nobody handles it. {% endif %}Keep an eye on it."
                ),
            ),
        },
    ),
    "call_back_owed": (
        1,
        {
            "zh": (
                "待回访：{{ number }}",
                "{{ gist }}｜已答复，诉求人不收消息，请安排非承办人电话或上门回访，回访前事项不能办结。",
            ),
            "en": (
                "To be called back: {{ number }}",
                (
                    "{{ gist }} | Answered, but no message reaches whoever appealed: see to it that somebody who did "
                    "not handle it asks whether it is solved. Until then the case cannot be closed."
                ),
            ),
        },
    ),
}
