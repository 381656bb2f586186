"""Wordings for joint handling: who is called in, what they report, when it ends; title and body, as Jinja templates."""

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "helper_called": (
        1,
        {
            "zh": (
                "请您协办：{{ number }}",
                (
                    "{{ gist }}｜请在 {{ due }} 前完成您协办的部分，内容见事项。"
                    "{% if who %}牵头承办：{{ who }}。{% endif %}"
                ),
            ),
            "en": (
                "You are called in: {{ number }}",
                (
                    "{{ gist }} | Your part, as the case says it, is due by {{ due }}."
                    "{% if who %} Who leads: {{ who }}.{% endif %}"
                ),
            ),
        },
    ),
    "helper_reported": (
        1,
        {
            "zh": ("协办已完成：{{ number }}", "{{ gist }}｜{% if who %}{{ who }} {% endif %}已完成协办，反馈见事项。"),
            "en": (
                "A part is done: {{ number }}",
                (
                    "{{ gist }} | {% if who %}{{ who }} has{% else %}A helper has{% endif %} done their part; "
                    "the case says what."
                ),
            ),
        },
    ),
    "helper_released": (
        1,
        {
            "zh": (
                "协办结束：{{ number }}",
                "{% if answered %}牵头单位已答复，{% endif %}您协办的部分无需再办。",
            ),
            "en": (
                "Your part has ended: {{ number }}",
                "{% if answered %}Whoever leads has answered: {% endif %}nothing more is needed of you.",
            ),
        },
    ),
    "helped_closed": (
        1,
        {
            "zh": (
                "协办事项已结：{{ number }}",
                (
                    "{% if reason == 'withdrawn' %}诉求人已撤回，无需再办。"
                    "{% elif reason == 'declined' %}已批准不予受理，无需再办。"
                    "{% else %}您协办的事项已办结。{% endif %}"
                ),
            ),
            "en": (
                "Closed, with your help: {{ number }}",
                (
                    "{% if reason == 'withdrawn' %}Withdrawn by whoever appealed: nothing more to do."
                    "{% elif reason == 'declined' %}Declined: nothing more to do."
                    "{% else %}What you helped with is done and closed.{% endif %}"
                ),
            ),
        },
    ),
}
