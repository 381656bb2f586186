"""Wordings for the dispatcher whose is to see to a vacant post, for who pressed in vain, and for what is owed beside an
answer; title and body, as Jinja templates.

What a process of the release before assigns names no reports.
"""

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "case_assigned": (
        2,
        {
            "zh": (
                "交您办理：{{ number }}",
                (
                    "{{ gist }}｜请在 {{ due }} 前答复。"
                    "{% if reports|default(0) %}另有{{ reports }}份督办或批示的书面反馈一并由您负责。{% endif %}"
                ),
            ),
            "en": (
                "Yours to handle: {{ number }}",
                (
                    "{{ gist }} | Answer by {{ due }}."
                    "{% if reports|default(0) %} Reports that are owed on orders or instructions, yours too now: "
                    "{{ reports }}.{% endif %}"
                ),
            ),
        },
    ),
    "pressing_ended": (
        1,
        {
            "zh": (
                "未反馈即终结：{{ number }}",
                (
                    "您的督办或批示 {{ pressing_numbers|join('、') }} 尚未反馈，"
                    "{% if reason == 'withdrawn' %}诉求人已撤回{% elif reason == 'declined' %}事项已批准不予受理"
                    "{% else %}事项已终结{% endif %}，不再要求反馈。"
                ),
            ),
            "en": (
                "Ended without your report: {{ number }}",
                (
                    "No report came on {{ pressing_numbers|join(', ') }}: the case "
                    "{% if reason == 'withdrawn' %}was withdrawn by whoever appealed"
                    "{% elif reason == 'declined' %}was declined{% else %}has ended{% endif %}, "
                    "and none is owed any more."
                ),
            ),
        },
    ),
    "post_vacant": (
        1,
        {
            "zh": (
                "岗位空缺，请改派：{{ number }} 等{{ cases }}件",
                (
                    "{{ post }}无人在岗，名下{{ cases }}件在办事项无人办理，最先到期的是 {{ number }}（{{ gist }}）。"
                    "请改派，或请补岗、指定代岗。"
                ),
            ),
            "en": (
                "Vacant post, cases to dispatch: {{ cases }}, {{ number }} first",
                (
                    "Nobody acts in the post {{ post }}, and cases lie with it: {{ cases }}. "
                    "{{ number }} ({{ gist }}) falls due first. Dispatch them, or have the post filled or stood in for."
                ),
            ),
        },
    ),
}
