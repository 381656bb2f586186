"""Wordings for what is asked of dispatchers and ruled, and for what is declined; title and body, as Jinja templates."""

_WHO = {"zh": "{% if who %}承办：{{ who }}。{% endif %}", "en": "{% if who %}Who does it: {{ who }}. {% endif %}"}
_SEE = {
    "zh": "{% if query_code %}查询码 {{ query_code }}，进展见 {{ progress }}{% endif %}",
    "en": "{% if query_code %}Your query code is {{ query_code }}; see how it stands at {{ progress }}{% endif %}",
}

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "case_reassigned": (
        2,
        {
            "zh": (
                "诉求 {{ number }} 换了承办人",
                "您的诉求 {{ number }} 换人办理，"
                "{% if late is defined and late %}原定期限已过，正在催办"
                "{% else %}答复不会因此推迟：{{ due }} 前{% endif %}。" + _WHO["zh"] + _SEE["zh"],
            ),
            "en": (
                "Somebody else now handles your appeal {{ number }}",
                "Somebody else now handles your appeal {{ number }}. "
                "{% if late is defined and late %}It is late already, and we press for your answer"
                "{% else %}Your answer comes no later for it: by {{ due }}{% endif %}. " + _WHO["en"] + _SEE["en"],
            ),
        },
    ),
    "case_extended": (
        1,
        {
            "zh": (
                "诉求 {{ number }} 延期答复",
                "您的诉求 {{ number }} 需要更多时间，经批准延至 {{ due }} 前答复，仅此一次。" + _WHO["zh"] + _SEE["zh"],
            ),
            "en": (
                "Your appeal {{ number }} needs more time",
                "Your appeal {{ number }} needs more time. By consent, and this once, your answer comes by {{ due }}. "
                + _WHO["en"]
                + _SEE["en"],
            ),
        },
    ),
    "case_declined": (
        1,
        {
            "zh": ("诉求 {{ number }} 不予受理", "您的诉求 {{ number }} 依规不予受理：{{ answer }} " + _SEE["zh"]),
            "en": (
                "Your appeal {{ number }} was declined",
                "Your appeal {{ number }} could not be taken on: {{ answer }} " + _SEE["en"],
            ),
        },
    ),
    "case_closed_staff": (
        2,
        {
            "zh": (
                "已结：{{ number }}",
                (
                    "{% if reason == 'withdrawn' %}诉求人已撤回，"
                    "{% if papers is defined and papers %}请先退还保管的原件{% else %}无需再办{% endif %}。"
                    "{% elif reason == 'declined' %}已批准不予受理，无需再办。"
                    "{% else %}您承办的事项已办结。{% endif %}"
                ),
            ),
            "en": (
                "Closed: {{ number }}",
                (
                    "{% if reason == 'withdrawn' %}Withdrawn by whoever appealed: "
                    "{% if papers is defined and papers %}give the originals back that you keep"
                    "{% else %}nothing more to do{% endif %}."
                    "{% elif reason == 'declined' %}Declined, as you asked: nothing more to do."
                    "{% else %}What you handled is done and closed.{% endif %}"
                ),
            ),
        },
    ),
    "case_resorted": (
        1,
        {
            "zh": ("期限提前：{{ number }}", "{{ gist }}｜改类后请在 {{ due }} 前答复，仍由您承办。"),
            "en": (
                "Due earlier: {{ number }}",
                "{{ gist }} | Its category was put right: answer by {{ due }}. It is still yours to handle.",
            ),
        },
    ),
    "case_asked": (
        1,
        {
            "zh": (
                "请您裁定：{{ number }}",
                (
                    "{{ gist }}｜{% if who %}{{ who }} {% endif %}"
                    "{% if ask == 'return' %}申请退单{% elif ask == 'extension' %}申请延期"
                    "{% else %}申请不予受理{% endif %}，请裁定。裁定前仍由原承办人负责。"
                ),
            ),
            "en": (
                "For you to rule on: {{ number }}",
                (
                    "{{ gist }} | {% if who %}{{ who }} asks{% else %}Its holder asks{% endif %} "
                    "{% if ask == 'return' %}to return it{% elif ask == 'extension' %}for more time"
                    "{% else %}to decline it{% endif %}. It stays theirs until you rule."
                ),
            ),
        },
    ),
    "case_ruled": (
        1,
        {
            "zh": (
                "裁定：{{ number }}",
                (
                    "{{ gist }}｜您的{% if ask == 'return' %}退单{% elif ask == 'extension' %}延期"
                    "{% else %}不予受理{% endif %}申请"
                    "{% if granted %}已获准{% else %}未获准，仍由您承办{% endif %}。"
                    "{% if binding and not granted %}此裁定有约束力，不得再退。{% endif %}"
                ),
            ),
            "en": (
                "Ruled: {{ number }}",
                (
                    "{{ gist }} | What you asked, {% if ask == 'return' %}to return it"
                    "{% elif ask == 'extension' %}more time{% else %}to decline it{% endif %}, is "
                    "{% if granted %}granted{% else %}refused: it stays yours{% endif %}."
                    "{% if binding and not granted %} The ruling binds: it cannot be returned again.{% endif %}"
                ),
            ),
        },
    ),
}
