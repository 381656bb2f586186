"""Wordings for what is ready to be collected or is brought home; title and body, as Jinja templates.

A process of the release before words an answer without it: it knows none.
"""

from notify.migrations.wordings_v15 import _REST

_HANDOVER = {
    "zh": "{% set means = {'collected': '办好的材料请前来取走。', 'brought_home': '办好的材料将送至您家中。'} %}"
    "{% if handover is defined and handover %}{{ means[handover] }} {% endif %}",
    "en": "{% set means = {'collected': 'What you asked for is ready: please collect it.', "
    "'brought_home': 'What you asked for will be brought to your home.'} %}"
    "{% if handover is defined and handover %}{{ means[handover] }} {% endif %}",
}
_THEN = {language: _HANDOVER[language] + _REST[language] for language in _REST}

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "case_answered": (
        4,
        {
            "zh": ("诉求 {{ number }} 已答复", "您的诉求 {{ number }} 已有答复：{{ answer }} " + _THEN["zh"]),
            "en": (
                "Your appeal {{ number }} has been answered",
                "Your appeal {{ number }} has been answered: {{ answer }} " + _THEN["en"],
            ),
        },
    ),
    "case_corrected": (
        2,
        {
            "zh": (
                "诉求 {{ number }} 答复更正",
                "您的诉求 {{ number }} 的答复有更正，以本次为准：{{ answer }} " + _THEN["zh"],
            ),
            "en": (
                "The answer to your appeal {{ number }} is corrected",
                "The answer to your appeal {{ number }} is corrected; this one stands: {{ answer }} " + _THEN["en"],
            ),
        },
    ),
}
