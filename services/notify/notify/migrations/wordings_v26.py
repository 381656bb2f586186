"""Wordings for what was ruled on an exclusion; title and body, as Jinja templates."""

_RATES_ZH = (
    "{% set rates = {'contacted': '响应率', 'on_time': '按时办结率', 'solved': '解决率', 'satisfied': '满意率'} %}"
)
_RATES_EN = (
    "{% set rates = {'contacted': 'contacted in time', 'on_time': 'on time', 'solved': 'solved', "
    "'satisfied': 'satisfied'} %}"
)

#: By code: the version, and the wordings by language.
WORDINGS: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "exclusion_reviewed": (
        1,
        {
            "zh": (
                "剔除申请{% if granted %}已同意{% else %}未获同意{% endif %}：{{ number }}",
                _RATES_ZH
                + (
                    "{{ gist }}｜您申请剔除{{ rates[rate] }}，"
                    "{% if granted %}已同意，本件不再计入，另列剔除数。"
                    "{% else %}未获同意，本件照常计入。{% endif %}理由见办理记录。"
                ),
            ),
            "en": (
                "Exclusion {% if granted %}granted{% else %}refused{% endif %}: {{ number }}",
                _RATES_EN
                + (
                    "{{ gist }} | You applied that it not count in the rate “{{ rates[rate] }}”: "
                    "{% if granted %}granted. It counts there no more, and as taken out."
                    "{% else %}refused. It goes on counting.{% endif %} The reason stands in its history."
                ),
            ),
        },
    ),
}
