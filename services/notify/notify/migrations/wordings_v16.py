"""Wordings for what is opened to somebody; title and body, as Jinja templates."""

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "case_granted": (
        1,
        {
            "zh": ("密件向您开放：{{ number }}", "密件 {{ number }} 已向您开放查阅，每次查阅均留痕。请勿外传。"),
            "en": (
                "Opened to you: {{ number }}",
                "The sealed case {{ number }} has been opened to you. Each time that you look at it is noted.",
            ),
        },
    ),
}
