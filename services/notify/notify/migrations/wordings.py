"""Later wordings on their way into the templates: in effect from the first, since a higher version goes before."""

from collections.abc import Mapping

import sqlalchemy as sa

#: By code: the version, and by language the title and the body.
Wordings = Mapping[str, tuple[int, Mapping[str, tuple[str, str]]]]

_ADD = sa.text(
    "insert into template (code, language, version, effective_at, title, body)"
    " values (:code, :language, :version, timestamptz '2000-01-01 00:00:00+00', :title, :body)"
)


def add(connection: sa.Connection, wordings: Wordings) -> None:
    for code, (version, by_language) in wordings.items():
        for language, (title, body) in by_language.items():
            row = {"code": code, "language": language, "version": version, "title": title, "body": body}
            connection.execute(_ADD, row)
