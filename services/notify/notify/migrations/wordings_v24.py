"""A wording for what is urgent since somebody asked about it again; title and body, as Jinja templates.

A process of the release before says nothing of it: it knows no ``urgent``.
"""

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
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
