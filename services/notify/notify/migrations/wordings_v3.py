"""Wordings for what residents are told of the handling record; title and body, as Jinja templates."""

_ASK = {
    "zh": "{% if who %}有疑问请找：{{ who }}。{% endif %}",
    "en": "{% if who %}Questions? Ask {{ who }}. {% endif %}",
}
_SEE = {
    "zh": "{% if query_code %}查询码 {{ query_code }}，进展见 {{ progress }}{% endif %}",
    "en": "{% if query_code %}Your query code is {{ query_code }}; see how it stands at {{ progress }}{% endif %}",
}

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "case_interim": (
        1,
        {
            "zh": (
                "诉求 {{ number }} 过程答复",
                "您的诉求 {{ number }} 仍在办理，先向您说明：{{ answer }} " + _ASK["zh"] + _SEE["zh"],
            ),
            "en": (
                "Your appeal {{ number }}: word meanwhile",
                "Your appeal {{ number }} is still being handled. Meanwhile: {{ answer }} " + _ASK["en"] + _SEE["en"],
            ),
        },
    ),
    "papers_missing": (
        1,
        {
            "zh": (
                "诉求 {{ number }} 还缺材料",
                "您的诉求 {{ number }} 还缺以下材料（已一次列全），请备齐后一次交来：{{ papers | join('、') }}。"
                + _ASK["zh"]
                + _SEE["zh"],
            ),
            "en": (
                "Your appeal {{ number }}: papers are missing",
                "For your appeal {{ number }} these papers are missing, and no others: {{ papers | join(', ') }}. "
                "Please bring them all at once. " + _ASK["en"] + _SEE["en"],
            ),
        },
    ),
}
