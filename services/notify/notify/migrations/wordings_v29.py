"""Wordings that name the limit of whoever was given a case among the others; title and body, as Jinja templates."""

from notify.migrations import wordings_v24

#: Behind what names the last of the limits, in each of the lists that there are.
_BEHIND = {
    "'contact': '首次联系'": "'own_part': '接办'",
    "'contact': 'The resident was to be reached'": "'own_part': 'The part of who was given it was due'",
    "'contact': 'The resident is to be reached'": "'own_part': 'The part of who was given it is due'",
}


def _naming_it(text: str) -> str:
    for last, own in _BEHIND.items():
        text = text.replace(last, f"{last}, {own}")
    return text


#: By code: the version, and the wordings by language.
WORDINGS = {
    code: (version + 1, {language: (title, _naming_it(body)) for language, (title, body) in by_language.items()})
    for code, (version, by_language) in wordings_v24.WORDINGS.items()
}
