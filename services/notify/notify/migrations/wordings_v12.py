"""Wordings for incidents: to the households of the buildings, to who has reported it, to who is to go and tell."""

_WHO = {"zh": "{% if who %}承办：{{ who }}。{% endif %}", "en": "{% if who %}Who does it: {{ who }}. {% endif %}"}

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "incident_household": (
        1,
        {
            "zh": ("致本楼住户：{{ number }}", "致本楼住户：{{ words }} 事项编号 {{ number }}。" + _WHO["zh"]),
            "en": (
                "To the households of your building: {{ number }}",
                "To the households of your building: {{ words }} Case {{ number }}. " + _WHO["en"],
            ),
        },
    ),
    "incident_party": (
        1,
        {
            "zh": (
                "诉求 {{ number }} 的最新情况",
                "您反映的问题（{{ number }}）涉及整栋楼：{{ words }} "
                + _WHO["zh"]
                + "{% if query_code %}查询码 {{ query_code }}，进展见 {{ progress }}{% endif %}",
            ),
            "en": (
                "How {{ number }} stands",
                "What you reported ({{ number }}) concerns whole buildings: {{ words }} "
                + _WHO["en"]
                + "{% if query_code %}Your query code is {{ query_code }}; see {{ progress }}{% endif %}",
            ),
        },
    ),
    "incident_visits": (
        1,
        {
            "zh": (
                "请上门告知 {{ households }} 户：{{ number }}",
                "{{ gist }}｜请上门告知 {{ households }} 户：{{ words }}｜{{ doors }}",
            ),
            "en": (
                "{{ households }} households to be told in person: {{ number }}",
                "{{ gist }} | Please tell {{ households }} households in person: {{ words }} | {{ doors }}",
            ),
        },
    ),
}
