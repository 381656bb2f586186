"""Wordings for what an answer rests on, corrections, reviews and looks on site; title and body, as Jinja templates.

A process of the release before words an answer without its basis: it knows none.
"""

from notify.migrations.wordings_v10 import _ASK, _RATE, _SEE

_BASIS = {
    "zh": "{% if basis is defined and basis %}依据：{{ basis }}。{% endif %}",
    "en": "{% if basis is defined and basis %}It rests on: {{ basis }}. {% endif %}",
}
_REST = {language: _BASIS[language] + _RATE[language] + _ASK[language] + _SEE[language] for language in _ASK}

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "case_answered": (
        3,
        {
            "zh": ("诉求 {{ number }} 已答复", "您的诉求 {{ number }} 已有答复：{{ answer }} " + _REST["zh"]),
            "en": (
                "Your appeal {{ number }} has been answered",
                "Your appeal {{ number }} has been answered: {{ answer }} " + _REST["en"],
            ),
        },
    ),
    "case_corrected": (
        1,
        {
            "zh": (
                "诉求 {{ number }} 答复更正",
                "您的诉求 {{ number }} 的答复有更正，以本次为准：{{ answer }} " + _REST["zh"],
            ),
            "en": (
                "The answer to your appeal {{ number }} is corrected",
                "The answer to your appeal {{ number }} is corrected; this one stands: {{ answer }} " + _REST["en"],
            ),
        },
    ),
    "case_unverified": (
        1,
        {
            "zh": (
                "诉求 {{ number }} 继续办理",
                "经现场核查，您的诉求 {{ number }} 尚未办好，继续办理，最迟 {{ due }} 前重新答复您。"
                "{% if who %}承办：{{ who }}。{% endif %}" + _SEE["zh"],
            ),
            "en": (
                "Your appeal {{ number }} is still being worked on",
                "We looked on site: your appeal {{ number }} is not done yet. It goes on, and you will have another "
                "answer by {{ due }}. {% if who %}Who does it: {{ who }}. {% endif %}" + _SEE["en"],
            ),
        },
    ),
    "case_unverified_staff": (
        1,
        {
            "zh": ("核查未通过：{{ number }}", "{{ gist }}｜现场核查未通过，继续办理，请于 {{ due }} 前重新答复。"),
            "en": (
                "Not done, seen on site: {{ number }}",
                "{{ gist }} | A look on site found it not done: it is under way again. Answer anew by {{ due }}.",
            ),
        },
    ),
    "case_drafted": (
        1,
        {
            "zh": (
                "待审核答复：{{ number }}",
                "{{ gist }}｜答复已提交{% if who %}，承办：{{ who }}{% endif %}。请审核，通过前不发给诉求人。",
            ),
            "en": (
                "An answer to review: {{ number }}",
                (
                    "{{ gist }} | An answer was handed in{% if who %} by {{ who }}{% endif %}: approve it or send it "
                    "back. Nothing of it goes out before."
                ),
            ),
        },
    ),
    "case_sent_back": (
        1,
        {
            "zh": ("答复被退回：{{ number }}", "{{ gist }}｜答复未通过审核，视为未提交，请修改后重新提交。"),
            "en": (
                "Your answer is sent back: {{ number }}",
                "{{ gist }} | The answer was not approved and counts as not handed in: hand it in anew, put right.",
            ),
        },
    ),
}
