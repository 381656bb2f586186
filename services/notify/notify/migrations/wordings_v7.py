"""Wordings for what is reported back to whoever assigned a case; title and body, as Jinja templates."""

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "report_back_ready": (
        1,
        {
            "zh": (
                "待报送：{{ number }}",
                (
                    "{{ gist }}｜办理结果报告 {{ report }} 已写好{% if who %}，承办：{{ who }}{% endif %}。"
                    "请报送{{ office }}（交办编号 {{ their_number }}），并登记对方审核意见。"
                ),
            ),
            "en": (
                "To be reported back: {{ number }}",
                (
                    "{{ gist }} | Report {{ report }} has been written{% if who %} by {{ who }}{% endif %}. "
                    "Send it to {{ office }} (their number {{ their_number }}), and enter what they say."
                ),
            ),
        },
    ),
    "report_back_accepted": (
        1,
        {
            "zh": (
                "交办审核通过：{{ number }}",
                "{{ gist }}｜{{ office }}（交办编号 {{ their_number }}）审核通过，事项可以办结。",
            ),
            "en": (
                "Report accepted: {{ number }}",
                "{{ gist }} | {{ office }} (their number {{ their_number }}) accepts the report: it may be closed.",
            ),
        },
    ),
    "report_back_rejected": (
        1,
        {
            "zh": (
                "交办审核退回：{{ number }}",
                (
                    "{{ gist }}｜{{ office }}（交办编号 {{ their_number }}）审核退回，请重新办理"
                    "{% if due %}，新时限 {{ due }}{% endif %}。"
                ),
            ),
            "en": (
                "Report rejected: {{ number }}",
                (
                    "{{ gist }} | {{ office }} (their number {{ their_number }}) rejects the report: "
                    "see to it again{% if due %} by {{ due }}{% endif %}."
                ),
            ),
        },
    ),
}
