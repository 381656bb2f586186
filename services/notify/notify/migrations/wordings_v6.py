"""Wordings for conflicts of interest, and for what is handed over to a centre; title and body, as Jinja templates."""

_SEE = {
    "zh": "{% if query_code %}查询码 {{ query_code }}，进展见 {{ progress }}{% endif %}",
    "en": "{% if query_code %}Your query code is {{ query_code }}; see how it stands at {{ progress }}{% endif %}",
}

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "case_waiting": (
        2,
        {
            "zh": (
                "待派单：{{ number }}",
                (
                    "{{ gist }}｜{% if queue == 'unplaced' %}地点不明，请确定地点后派单"
                    "{% elif queue == 'unsorted' %}类别不明，请定类后派单"
                    "{% elif conflict is defined and conflict %}原承办人应回避，请指定他人承办"
                    "{% else %}承办岗位空缺，请指定承办人{% endif %}。"
                ),
            ),
            "en": (
                "Waiting for you to dispatch: {{ number }}",
                (
                    "{{ gist }} | {% if queue == 'unplaced' %}Its place is not known: find it, then dispatch"
                    "{% elif queue == 'unsorted' %}Its category is not known: sort it, then dispatch"
                    "{% elif conflict is defined and conflict %}Who would handle it has an interest in it: name "
                    "somebody else{% else %}The post that would handle it is vacant: name somebody{% endif %}."
                ),
            ),
        },
    ),
    "case_accompanied": (
        1,
        {
            "zh": (
                "诉求 {{ number }} 已移交{{ centre }}",
                (
                    "您的诉求 {{ number }} 已由{{ with_whom }}陪同移交{{ centre }}，此后可向其询问"
                    "{% if centre_phone %}（{{ centre_phone }}）{% endif %}。"
                    "{% if who %}{{ who }} 全程跟踪，直至有结果。{% else %}我们全程跟踪，直至有结果。{% endif %}"
                )
                + _SEE["zh"],
            ),
            "en": (
                "Your appeal {{ number }} is now with {{ centre }}",
                (
                    "Your appeal {{ number }} has been handed over to {{ centre }}, where {{ with_whom }} went with "
                    "you: ask there from now on{% if centre_phone %}, telephone {{ centre_phone }}{% endif %}. "
                    "{% if who %}{{ who }} follows it{% else %}We follow it{% endif %} to the end. "
                )
                + _SEE["en"],
            ),
        },
    ),
    "case_brought": (
        1,
        {
            "zh": (
                "移交您处：{{ number }}",
                "{{ gist }}｜诉求人已由社区陪同前来{% if who %}，社区联系人：{{ who }}{% endif %}。请办理并反馈进展。",
            ),
            "en": (
                "Brought to you: {{ number }}",
                (
                    "{{ gist }} | The community has brought whoever appealed to you"
                    "{% if who %}; for the community: {{ who }}{% endif %}. Please report how it goes."
                ),
            ),
        },
    ),
}
