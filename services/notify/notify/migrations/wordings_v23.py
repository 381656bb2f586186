"""A wording for a helper who has an interest in the case; title and body, as Jinja templates."""

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
}
