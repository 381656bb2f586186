"""The wording for missing papers where the promise waits for them; title and body, as Jinja templates.

A process of the release before says nothing of the promise: it knows no ``due``.
"""

from notify.migrations.wordings_v3 import _ASK, _SEE

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "papers_missing": (
        2,
        {
            "zh": (
                "诉求 {{ number }} 还缺材料",
                "您的诉求 {{ number }} 还缺以下材料（已一次列全），请备齐后一次交来：{{ papers | join('、') }}。"
                "{% if due %}办理期限自材料补齐时起算，最迟 {{ due }} 前答复您。{% endif %}" + _ASK["zh"] + _SEE["zh"],
            ),
            "en": (
                "Your appeal {{ number }}: papers are missing",
                "For your appeal {{ number }} these papers are missing, and no others: {{ papers | join(', ') }}. "
                "Please bring them all at once. "
                "{% if due %}The promise counts from when they have come; you are answered by {{ due }} at the latest. "
                "{% endif %}" + _ASK["en"] + _SEE["en"],
            ),
        },
    ),
}
