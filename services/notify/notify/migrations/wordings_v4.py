"""Wordings for how holders are pressed, and for the reports on it; title and body, as Jinja templates."""

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "case_nudged": (
        1,
        {
            "zh": (
                "催办：{{ number }}",
                "{{ gist }}｜第{{ pressing_number }}次催办，催办方：{{ presser }}。请抓紧办理。",
            ),
            "en": (
                "Nudge: {{ number }}",
                "{{ gist }} | Nudge {{ pressing_number }}, from {{ presser }}: please see to it.",
            ),
        },
    ),
    "case_ordered": (
        1,
        {
            "zh": (
                "督办单 {{ pressing_number }}：{{ number }}",
                (
                    "{{ gist }}｜督办方：{{ presser }}。请{% if due %}于 {{ due }} 前{% endif %}书面反馈，"
                    "反馈前事项不能办结。"
                ),
            ),
            "en": (
                "Supervision order {{ pressing_number }}: {{ number }}",
                (
                    "{{ gist }} | Ordered by {{ presser }}: your report is owed{% if due %} by {{ due }}{% endif %}. "
                    "Until it is given, the case cannot be closed."
                ),
            ),
        },
    ),
    "case_instructed": (
        1,
        {
            "zh": (
                "批示 {{ pressing_number }}：{{ number }}",
                (
                    "{{ gist }}｜{% if leader %}{{ leader }}{% else %}领导{% endif %}批示，由{{ presser }}转达。"
                    "请落实并书面反馈，反馈前事项不能办结。"
                ),
            ),
            "en": (
                "Instruction {{ pressing_number }}: {{ number }}",
                (
                    "{{ gist }} | {% if leader %}{{ leader }}{% else %}A leader{% endif %} has given an instruction, "
                    "entered by {{ presser }}: your report is owed. Until it is given, the case cannot be closed."
                ),
            ),
        },
    ),
    "pressing_reported": (
        1,
        {
            "zh": (
                "反馈：{{ number }}",
                (
                    "{{ gist }}｜{% if pressing == 'order' %}督办单{% else %}批示{% endif %} {{ pressing_number }} "
                    "已反馈{% if who %}。承办：{{ who }}{% endif %}。"
                ),
            ),
            "en": (
                "Reported: {{ number }}",
                (
                    "{{ gist }} | {% if pressing == 'order' %}Order{% else %}Instruction{% endif %} "
                    "{{ pressing_number }} has been reported on{% if who %} by {{ who }}{% endif %}."
                ),
            ),
        },
    ),
}
