"""Wordings that name the limit of first contact among the others; title and body, as Jinja templates."""

from notify.migrations import wordings_v5, wordings_v17, wordings_v18

#: Behind what names the last of the limits, in each of the lists that there are.
_BEHIND = {
    "'reply': '热线回复'": "'contact': '首次联系'",
    "'reply': 'The hotline\\'s reply was due'": "'contact': 'The resident was to be reached'",
    "'reply': 'The hotline replies'": "'contact': 'The resident is to be reached'",
}


def _naming_it(text: str) -> str:
    for last, contact in _BEHIND.items():
        text = text.replace(last, f"{last}, {contact}")
    return text


_OF_LIMITS = {**wordings_v5.WORDINGS, **wordings_v17.WORDINGS, **wordings_v18.WORDINGS}
_CODES = (
    *("deadline_missed", "deadline_missed_superior", "deadline_approaching", "deadline_approaching_superior"),
    *("deadline_earlier", "breach_corrected", "breach_corrected_superior"),
)

#: By code: the version, and the wordings by language.
WORDINGS = {
    code: (
        _OF_LIMITS[code][0] + 1,
        {language: (title, _naming_it(body)) for language, (title, body) in _OF_LIMITS[code][1].items()},
    )
    for code in _CODES
}
