"""Wordings for limits that were missed, the promise among them; title and body, as Jinja templates.

What a process of the release before tells names no limit: it is the promise then.
"""

_LIMITS_ZH = (
    "{'promise': '答复', 'planned': '挂账办理', 'part': '协办', 'redo': '重办', 'assigned': '交办', "
    "'order': '督办反馈', 'reply': '热线回复'}.get(limit|default('promise'), '办理')"
)
_LIMITS_EN = (
    "{'promise': 'An answer was promised', 'planned': 'What was planned was due', "
    "'part': 'A helper\\'s part was due', 'redo': 'Doing it again was due', "
    "'assigned': 'It was assigned to be done', 'order': 'The report on a supervision order was owed', "
    "'reply': 'The hotline\\'s reply was due'}.get(limit|default('promise'), 'It was due')"
)

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "deadline_missed": (
        2,
        {
            "zh": (
                "已超期：{{ number }}",
                f"{{{{ gist }}}}｜{{{{ {_LIMITS_ZH} }}}}期限为 {{{{ due }}}}，现已超期，仍由您承办。",
            ),
            "en": (
                "Late: {{ number }}",
                f"{{{{ gist }}}} | {{{{ {_LIMITS_EN} }}}} by {{{{ due }}}}. It is late now, and still yours to handle.",
            ),
        },
    ),
    "deadline_missed_superior": (
        2,
        {
            "zh": (
                "下级超期：{{ number }}",
                (
                    "{{ gist }}｜"
                    f"{{{{ {_LIMITS_ZH} }}}}"
                    "期限为 {{ due }}。"
                    "{% if who %}承办：{{ who }}。{% else %}无人承办。{% endif %}请督办。"
                ),
            ),
            "en": (
                "Late below you: {{ number }}",
                (
                    "{{ gist }} | "
                    f"{{{{ {_LIMITS_EN} }}}}"
                    " by {{ due }}. "
                    "{% if who %}Handler: {{ who }}. {% else %}Nobody handles it. {% endif %}"
                    "See to it that it is done."
                ),
            ),
        },
    ),
}
