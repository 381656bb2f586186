"""The first wordings, by code and language: title and body, as Jinja templates over plain text.

A later wording is a new row in a new migration: what was sent names the version that it was written by.
"""

_WHO = {"zh": "{% if who %}承办：{{ who }}。{% endif %}", "en": "{% if who %}Who does it: {{ who }}. {% endif %}"}
_ASK = {
    "zh": "{% if who %}有疑问请找：{{ who }}。{% endif %}",
    "en": "{% if who %}Questions? Ask {{ who }}. {% endif %}",
}
_SEE = {
    "zh": "{% if query_code %}查询码 {{ query_code }}，进展见 {{ progress }}{% endif %}",
    "en": "{% if query_code %}Your query code is {{ query_code }}; see how it stands at {{ progress }}{% endif %}",
}

WORDINGS: dict[str, dict[str, tuple[str, str]]] = {
    "case_accepted": {
        "zh": (
            "诉求 {{ number }} 已受理",
            "您的诉求 {{ number }} 已受理。"
            "{% if promise %}承诺：{{ promise }}{% else %}最迟 {{ due }} 前答复您{% endif %}。"
            + _WHO["zh"]
            + _SEE["zh"],
        ),
        "en": (
            "Your appeal {{ number }} has been accepted",
            "Your appeal {{ number }} has been accepted. You will have an answer"
            " {% if promise %}{{ promise }}{% else %}by {{ due }}{% endif %}. " + _WHO["en"] + _SEE["en"],
        ),
    },
    "case_reassigned": {
        "zh": (
            "诉求 {{ number }} 换了承办人",
            "您的诉求 {{ number }} 换人办理，答复期限不变：{{ due }} 前。" + _WHO["zh"] + _SEE["zh"],
        ),
        "en": (
            "Somebody else now handles your appeal {{ number }}",
            "Somebody else now handles your appeal {{ number }}. The promise stands: an answer by {{ due }}. "
            + _WHO["en"]
            + _SEE["en"],
        ),
    },
    "case_answered": {
        "zh": (
            "诉求 {{ number }} 已答复",
            "您的诉求 {{ number }} 已有答复：{{ answer }} " + _ASK["zh"] + _SEE["zh"],
        ),
        "en": (
            "Your appeal {{ number }} has been answered",
            "Your appeal {{ number }} has been answered: {{ answer }} " + _ASK["en"] + _SEE["en"],
        ),
    },
    "case_closed": {
        "zh": ("诉求 {{ number }} 已办结", "您的诉求 {{ number }} 已办结。" + _ASK["zh"] + _SEE["zh"]),
        "en": (
            "Your appeal {{ number }} is closed",
            "Your appeal {{ number }} is done and closed. " + _ASK["en"] + _SEE["en"],
        ),
    },
    "case_withdrawn": {
        "zh": (
            "诉求 {{ number }} 已撤回",
            "您的诉求 {{ number }} 已撤回，不再办理。如需重新反映，请再次提交。" + _ASK["zh"],
        ),
        "en": (
            "Your appeal {{ number }} has been withdrawn",
            "Your appeal {{ number }} has been withdrawn and nobody works on it any more. If you need us after all,"
            " send it in again. " + _ASK["en"],
        ),
    },
    "case_waiting": {
        "zh": (
            "待派单：{{ number }}",
            (
                "{{ gist }}｜{% if queue == 'unplaced' %}地点不明，请确定地点后派单"
                "{% elif queue == 'unsorted' %}类别不明，请定类后派单"
                "{% else %}承办岗位空缺，请指定承办人{% endif %}。"
            ),
        ),
        "en": (
            "Waiting for you to dispatch: {{ number }}",
            (
                "{{ gist }} | {% if queue == 'unplaced' %}Its place is not known: find it, then dispatch"
                "{% elif queue == 'unsorted' %}Its category is not known: sort it, then dispatch"
                "{% else %}The post that would handle it is vacant: name somebody{% endif %}."
            ),
        ),
    },
    "case_assigned": {
        "zh": ("交您办理：{{ number }}", "{{ gist }}｜请在 {{ due }} 前答复。"),
        "en": ("Yours to handle: {{ number }}", "{{ gist }} | Answer by {{ due }}."),
    },
    "case_closed_staff": {
        "zh": (
            "已结：{{ number }}",
            "{% if reason == 'withdrawn' %}诉求人已撤回，无需再办。{% else %}您承办的事项已办结。{% endif %}",
        ),
        "en": (
            "Closed: {{ number }}",
            (
                "{% if reason == 'withdrawn' %}Withdrawn by whoever appealed: nothing more to do."
                "{% else %}What you handled is done and closed.{% endif %}"
            ),
        ),
    },
    "deadline_missed": {
        "zh": ("已超期：{{ number }}", "{{ gist }}｜应于 {{ due }} 前答复，现已超期，仍由您承办。"),
        "en": (
            "Late: {{ number }}",
            "{{ gist }} | An answer was promised by {{ due }}. It is late now, and still yours to handle.",
        ),
    },
    "deadline_missed_superior": {
        "zh": (
            "下级超期：{{ number }}",
            "{{ gist }}｜应于 {{ due }} 前答复。{% if who %}承办：{{ who }}。{% else %}无人承办。{% endif %}请督办。",
        ),
        "en": (
            "Late below you: {{ number }}",
            (
                "{{ gist }} | An answer was promised by {{ due }}. "
                "{% if who %}Handler: {{ who }}. {% else %}Nobody handles it. {% endif %}See to it that it is done."
            ),
        ),
    },
}
