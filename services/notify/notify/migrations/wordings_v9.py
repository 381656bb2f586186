"""Wordings for what is handed to the city hotline, and for its replies; title and body, as Jinja templates."""

_STANDINGS_ZH = "{'done': '已办结', 'returned': '退回', 'under_way': '办理中'}[standing]"
_STANDINGS_EN = "{'done': 'It is done', 'returned': 'It is returned', 'under_way': 'It is under way'}[standing]"

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "case_at_hotline": (
        1,
        {
            "zh": (
                "已移交热线：{{ number }}",
                "{{ gist }}｜已移交市民热线，应于 {{ due }} 前回复。仍由您承办，请跟踪到底并答复诉求人。",
            ),
            "en": (
                "Handed to the hotline: {{ number }}",
                (
                    "{{ gist }} | It was handed to the city hotline, whose reply is due by {{ due }}. "
                    "It is still yours to follow and to answer."
                ),
            ),
        },
    ),
    "hotline_replied": (
        1,
        {
            "zh": (
                "热线回复：{{ number }}",
                (
                    "{{ gist }}｜市民热线回复（热线工单号 {{ their_number }}）："
                    f"{{{{ {_STANDINGS_ZH} }}}}。"
                    "请查看回复内容，继续办理并答复诉求人。"
                ),
            ),
            "en": (
                "The hotline has replied: {{ number }}",
                (
                    "{{ gist }} | The city hotline has replied (their number {{ their_number }}). "
                    f"{{{{ {_STANDINGS_EN} }}}} with them. "
                    "Read what they say on the case, and answer the resident."
                ),
            ),
        },
    ),
}
