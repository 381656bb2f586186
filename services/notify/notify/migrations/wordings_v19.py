"""Wordings for what is corrected while it is worked on, and for what comes out of a plan; title and body, as Jinja
templates.
"""

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "appeal_corrected": (
        1,
        {
            "zh": (
                "诉求已更正：{{ number }}",
                "{{ gist }}｜诉求人反映的内容、地点或类别已更正，请重新查阅后办理。",
            ),
            "en": (
                "Corrected: {{ number }}",
                "{{ gist }} | What the resident says, where or about what, has been corrected: read it again.",
            ),
        },
    ),
    "case_resorted": (
        2,
        {
            "zh": (
                "期限提前：{{ number }}",
                (
                    "{{ gist }}｜{% if out_of_plan is defined and out_of_plan %}已转为紧急，不再挂账，"
                    "{% else %}改类后{% endif %}请在 {{ due }} 前答复，仍由您承办。"
                ),
            ),
            "en": (
                "Due earlier: {{ number }}",
                (
                    "{{ gist }} | {% if out_of_plan is defined and out_of_plan %}It is urgent and planned no more: "
                    "{% else %}Its category was put right: {% endif %}"
                    "answer by {{ due }}. It is still yours to handle."
                ),
            ),
        },
    ),
}
