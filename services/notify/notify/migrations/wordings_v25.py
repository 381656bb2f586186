"""Wordings for a helper who has an interest in the case, and for what is urgent since somebody asked about it again;
title and body, as Jinja templates.

A process of the release before says nothing of what is urgent: it knows no ``urgent``.
"""

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "helper_recused": (
        1,
        {
            "zh": (
                "协办人回避：{{ number }}",
                (
                    "{{ gist }}｜{% if who %}{{ who }} {% endif %}因回避不再协办，其协办部分无人承担；"
                    "事项仍由您牵头，可另请协办。"
                ),
            ),
            "en": (
                "A helper has stepped aside: {{ number }}",
                (
                    "{{ gist }} | {% if who %}{{ who }} has{% else %}A helper has{% endif %} an interest in it and "
                    "helps no more: that part is nobody's now. The case stays yours; call in another where needed."
                ),
            ),
        },
    ),
    "case_joined_staff": (
        2,
        {
            "zh": (
                "{% if repeat %}重复来件{% else %}并入{% endif %}：{{ number }}",
                (
                    "{{ gist }}｜{% if repeat %}诉求人再次反映，累计{{ repeats }}次，"
                    "{% if urgent is defined and urgent %}情况紧急，本件已转为紧急件，请立即办理。"
                    "{% else %}请抓紧办理。{% endif %}"
                    "{% else %}{{ origin }} 并入本件，新增诉求人{{ joined }}位。{% endif %}"
                    "{% if due %}应于 {{ due }} 前答复。{% endif %}"
                ),
            ),
            "en": (
                "{% if repeat %}Asked again{% else %}Merged{% endif %}: {{ number }}",
                (
                    "{{ gist }} | {% if repeat %}A resident has asked about it again (asked again so far: "
                    "{{ repeats }}): {% if urgent is defined and urgent %}it is urgent now, and waits for nothing. "
                    "{% else %}please see to it. {% endif %}"
                    "{% else %}{{ origin }} was merged into it; appeals that came with it: {{ joined }}. {% endif %}"
                    "{% if due %}An answer is promised by {{ due }}.{% endif %}"
                ),
            ),
        },
    ),
}
