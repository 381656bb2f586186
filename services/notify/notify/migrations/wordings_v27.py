"""The wording for whoever had a case that lies with another by now; title and body, as Jinja templates."""

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "case_gone_on": (
        1,
        {
            "zh": (
                "不再由您承办：{{ number }}",
                (
                    "{{ gist }}｜现由{% if who %} {{ who }} {% else %}他岗{% endif %}承办，"
                    "您无需再答复；手头材料请及时移交。"
                ),
            ),
            "en": (
                "Not yours any more: {{ number }}",
                (
                    "{{ gist }} | {% if who %}{{ who }} handles it{% else %}Another post handles it{% endif %} now: "
                    "you owe no answer any more. Hand over what you have on it."
                ),
            ),
        },
    ),
}
