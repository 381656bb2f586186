"""Wordings for what is suspended, resumed and planned; title and body, as Jinja templates."""

_WHO = {"zh": "{% if who %}承办：{{ who }}。{% endif %}", "en": "{% if who %}Who does it: {{ who }}. {% endif %}"}
_SEE = {
    "zh": "{% if query_code %}查询码 {{ query_code }}，进展见 {{ progress }}{% endif %}",
    "en": "{% if query_code %}Your query code is {{ query_code }}; see how it stands at {{ progress }}{% endif %}",
}

#: What is asked of a dispatcher, by its code.
_ASK_ZH = "{{ {'return': '退单', 'extension': '延期', 'suspension': '中止', 'decline': '不予受理'}[ask] }}"
_ASKS_EN = (
    "{{ {'return': 'to return it', 'extension': 'for more time', 'suspension': 'to suspend it', "
    "'decline': 'to decline it'}[ask] }}"
)
_ASKED_EN = (
    "{{ {'return': 'to return it', 'extension': 'more time', 'suspension': 'to suspend it', "
    "'decline': 'to decline it'}[ask] }}"
)

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "case_suspended": (
        1,
        {
            "zh": (
                "诉求 {{ number }} 中止办理",
                "您的诉求 {{ number }} 因“{{ why }}”中止办理，{{ day }}恢复，答复期限顺延至 {{ due }} 前。"
                + _WHO["zh"]
                + _SEE["zh"],
            ),
            "en": (
                "Your appeal {{ number }} is suspended",
                "Your appeal {{ number }} is suspended until {{ day }}: {{ why }}. "
                "It goes on then, and your answer comes by {{ due }}. " + _WHO["en"] + _SEE["en"],
            ),
        },
    ),
    "case_resumed": (
        1,
        {
            "zh": (
                "诉求 {{ number }} 恢复办理",
                "您的诉求 {{ number }} 已提前恢复办理，{{ due }} 前答复。" + _WHO["zh"] + _SEE["zh"],
            ),
            "en": (
                "Your appeal {{ number }} goes on",
                "Your appeal {{ number }} goes on before the day that you were told; your answer comes by {{ due }}. "
                + _WHO["en"]
                + _SEE["en"],
            ),
        },
    ),
    "case_resumed_staff": (
        1,
        {
            "zh": ("恢复办理：{{ number }}", "{{ gist }}｜已提前恢复办理，请在 {{ due }} 前答复。"),
            "en": ("It goes on: {{ number }}", "{{ gist }} | It goes on before its day: answer by {{ due }}."),
        },
    ),
    "case_planned": (
        1,
        {
            "zh": (
                "诉求 {{ number }} 列入计划办理",
                "您的诉求 {{ number }} {% if again %}改期办理{% else %}暂不能办结，已挂账办理{% endif %}："
                "{% if planned_who %}由{{ planned_who }}{% endif %}在{{ day }}前办理。{{ answer }} "
                + _WHO["zh"]
                + _SEE["zh"],
            ),
            "en": (
                "Your appeal {{ number }} is planned",
                "Your appeal {{ number }} {% if again %}is planned for another day"
                "{% else %}cannot be settled now, and is planned{% endif %}: to be done by {{ day }}"
                "{% if planned_who %}, by {{ planned_who }}{% endif %}. {{ answer }} " + _WHO["en"] + _SEE["en"],
            ),
        },
    ),
    "case_planned_staff": (
        1,
        {
            "zh": ("挂账办理：{{ number }}", "{{ gist }}｜已挂账，请在{{ due }}前办理，仍由您承办。"),
            "en": (
                "Planned: {{ number }}",
                "{{ gist }} | Planned, to be done by {{ due }}. It is still yours to handle.",
            ),
        },
    ),
    "case_asked": (
        2,
        {
            "zh": (
                "请您裁定：{{ number }}",
                "{{ gist }}｜{% if who %}{{ who }} {% endif %}申请" + _ASK_ZH + "，请裁定。裁定前仍由原承办人负责。",
            ),
            "en": (
                "For you to rule on: {{ number }}",
                "{{ gist }} | {% if who %}{{ who }} asks{% else %}Its holder asks{% endif %} "
                + _ASKS_EN
                + ". It stays theirs until you rule.",
            ),
        },
    ),
    "case_ruled": (
        2,
        {
            "zh": (
                "裁定：{{ number }}",
                "{{ gist }}｜您的" + _ASK_ZH + "申请{% if granted %}已获准{% else %}未获准，仍由您承办{% endif %}。"
                "{% if binding and not granted %}此裁定有约束力，不得再退。{% endif %}",
            ),
            "en": (
                "Ruled: {{ number }}",
                "{{ gist }} | What you asked, "
                + _ASKED_EN
                + ", is {% if granted %}granted{% else %}refused: it stays yours{% endif %}."
                "{% if binding and not granted %} The ruling binds: it cannot be returned again.{% endif %}",
            ),
        },
    ),
}
