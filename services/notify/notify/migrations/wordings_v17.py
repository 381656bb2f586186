"""Wordings for limits that approach, and for what climbs tier by tier; title and body, as Jinja templates.

A process of the release before tells a superior of no duty: it knows none.
"""

from notify.migrations.wordings_v5 import _LIMITS_EN, _LIMITS_ZH

_WHO_ZH = "{% if who %}承办：{{ who }}。{% else %}无人承办。{% endif %}"
_WHO_EN = "{% if who %}Handler: {{ who }}. {% else %}Nobody handles it. {% endif %}"

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "deadline_approaching": (
        1,
        {
            "zh": (
                "临期预警：{{ number }}",
                "{{ gist }}｜{{ " + _LIMITS_ZH + " }}期限为 {{ due }}，时限已过 {{ share }}%，请抓紧办理。",
            ),
            "en": (
                "Falls due soon: {{ number }}",
                "{{ gist }} | {{ " + _LIMITS_EN + " }} by {{ due }}: {{ share }} percent of the time has passed.",
            ),
        },
    ),
    "deadline_approaching_superior": (
        1,
        {
            "zh": (
                "下级临期：{{ number }}",
                "{{ gist }}｜{{ " + _LIMITS_ZH + " }}期限为 {{ due }}，时限已过 {{ share }}%。" + _WHO_ZH + "请关注。",
            ),
            "en": (
                "Falls due soon below you: {{ number }}",
                "{{ gist }} | {{ "
                + _LIMITS_EN
                + " }} by {{ due }}: {{ share }} percent of the time has passed. "
                + _WHO_EN,
            ),
        },
    ),
    "deadline_missed_superior": (
        3,
        {
            "zh": (
                "下级超期：{{ number }}",
                "{{ gist }}｜{{ " + _LIMITS_ZH + " }}期限为 {{ due }}。" + _WHO_ZH + "请"
                "{% if supervise_by is defined and supervise_by %}于 {{ supervise_by }} 前{% endif %}督办"
                "{% if supervise_by is defined and supervise_by %}，逾期上报上一级{% endif %}。",
            ),
            "en": (
                "Late below you: {{ number }}",
                "{{ gist }} | {{ " + _LIMITS_EN + " }} by {{ due }}. " + _WHO_EN + "See to it that it is done"
                "{% if supervise_by is defined and supervise_by %} by {{ supervise_by }}; after that the tier above "
                "you is told{% endif %}.",
            ),
        },
    ),
    "supervision_climbed": (
        1,
        {
            "zh": (
                "{% if repeats %}再次催督{% else %}逐级督办{% endif %}：{{ number }}",
                "{{ gist }}｜{% if repeats %}此件仍未办结，已第 {{ repeats }} 次提醒{% else %}下级未在时限内督促办结，"
                "转您督办{% endif %}。" + _WHO_ZH + "请于 {{ due }} 前督办。",
            ),
            "en": (
                "{% if repeats %}Still not done{% else %}Late, and now yours to see to{% endif %}: {{ number }}",
                "{{ gist }} | {% if repeats %}It is late and not done; nobody is above you, so it comes back to you: "
                "{{ repeats }} times by now{% else %}The tier below you has not seen to it in time{% endif %}. "
                + _WHO_EN
                + "See to it "
                "that it is done by {{ due }}.",
            ),
        },
    ),
    "supervision_lapsed": (
        1,
        {
            "zh": (
                "督办逾期：{{ number }}",
                "{{ gist }}｜您未在时限内督促办结，已报上一级。" + _WHO_ZH + "此件仍由您督办，直至办结。",
            ),
            "en": (
                "You have not seen to it in time: {{ number }}",
                "{{ gist }} | It is late and not done: the tier above you has been told. " + _WHO_EN + "It stays yours "
                "to see to until it is done.",
            ),
        },
    ),
}
