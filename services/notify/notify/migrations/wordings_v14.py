"""Wordings for appeals that come together in a case and go apart again; title and body, as Jinja templates."""

_WHO = {"zh": "{% if who %}承办：{{ who }}。{% endif %}", "en": "{% if who %}Who does it: {{ who }}. {% endif %}"}
_SEE = {
    "zh": "{% if query_code %}查询码 {{ query_code }}，进展见 {{ progress }}{% endif %}",
    "en": "{% if query_code %}Your query code is {{ query_code }}; see how it stands at {{ progress }}{% endif %}",
}
_BY = {
    "zh": "{% if due %}{{ due }} 前答复您。{% else %}受理后告知您答复期限。{% endif %}",
    "en": (
        "{% if due %}You will have an answer by {{ due }}. "
        "{% else %}You will be told by when it is answered. {% endif %}"
    ),
}

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "case_joined": (
        1,
        {
            "zh": (
                "诉求 {{ number }} {% if repeat %}已转达催办{% else %}并案办理{% endif %}",
                "{% if repeat %}您再次反映的事项（{{ number }}）与此前诉求一并办理，已提醒承办人。"
                "{% else %}您的诉求 {{ number }} 与他人反映的同一问题一并办理，答复不会因此推迟。{% endif %}"
                + _BY["zh"]
                + _WHO["zh"]
                + _SEE["zh"],
            ),
            "en": (
                (
                    "{% if repeat %}Your reminder {{ number }} was passed on"
                    "{% else %}Your appeal {{ number }} goes on together with others{% endif %}"
                ),
                "{% if repeat %}What you asked about again ({{ number }}) goes on with your earlier appeal; whoever "
                "handles it has been reminded. "
                "{% else %}Your appeal {{ number }} goes on together with others about the same trouble; your answer "
                "comes no later for it. {% endif %}" + _BY["en"] + _WHO["en"] + _SEE["en"],
            ),
        },
    ),
    "case_split_off": (
        1,
        {
            "zh": (
                "诉求 {{ number }} 单独办理",
                "您的诉求 {{ number }} 改为单独办理，答复期限不变{% if due %}：{{ due }} 前{% endif %}。"
                + _WHO["zh"]
                + _SEE["zh"],
            ),
            "en": (
                "Your appeal {{ number }} goes on by itself",
                "Your appeal {{ number }} goes on by itself from now on. The promise stands"
                "{% if due %}: an answer by {{ due }}{% endif %}. " + _WHO["en"] + _SEE["en"],
            ),
        },
    ),
    "case_joined_staff": (
        1,
        {
            "zh": (
                "{% if repeat %}重复来件{% else %}并入{% endif %}：{{ number }}",
                (
                    "{{ gist }}｜{% if repeat %}诉求人再次反映，累计{{ repeats }}次，请抓紧办理。"
                    "{% else %}{{ origin }} 并入本件，新增诉求人{{ joined }}位。{% endif %}"
                    "{% if due %}应于 {{ due }} 前答复。{% endif %}"
                ),
            ),
            "en": (
                "{% if repeat %}Asked again{% else %}Merged{% endif %}: {{ number }}",
                (
                    "{{ gist }} | {% if repeat %}A resident has asked about it again (asked again so far: "
                    "{{ repeats }}): please see to it. "
                    "{% else %}{{ origin }} was merged into it; appeals that came with it: {{ joined }}. {% endif %}"
                    "{% if due %}An answer is promised by {{ due }}.{% endif %}"
                ),
            ),
        },
    ),
    "case_closed_staff": (
        3,
        {
            "zh": (
                "已结：{{ number }}",
                (
                    "{% if reason == 'withdrawn' %}诉求人已撤回，"
                    "{% if papers is defined and papers %}请先退还保管的原件{% else %}无需再办{% endif %}。"
                    "{% elif reason == 'declined' %}已批准不予受理，无需再办。"
                    "{% elif reason == 'merged' %}已并入 {{ into }}，本件无需再办。"
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
                    "{% elif reason == 'merged' %}It goes on in {{ into }}: nothing more to do on this one."
                    "{% else %}What you handled is done and closed.{% endif %}"
                ),
            ),
        },
    ),
}
