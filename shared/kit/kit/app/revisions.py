"""Which migrations a service has, and whether a schema fits; without Alembic, which only ``migrate`` needs to load.

While a release rolls out, the one before it runs on the new schema. So a migration only adds, and what nobody needs any
more is taken away a release later, by one that says ``serves``: the oldest revision whose code may still run.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sqlalchemy import Row, text

#: Where a schema stands, and what its owner says of it beside.
LOOK = text(
    "select version_num, coalesce(obj_description('alembic_version'::regclass, 'pg_class'), '') from alembic_version"
)

_NAMED = re.compile(r"""^(down_revision|revision|serves)\b[^=\n]*= *["'](\w+)["']""", re.MULTILINE)


@cache
def newest(service: str) -> str:
    """The revision that none comes after. There is one: branches are merged before they are shipped."""
    found = _read(service)
    after = {named.get("down_revision") for named in found.values()}
    (last,) = [revision for revision in found if revision not in after]
    return last


def serves(service: str) -> str:
    """The oldest revision whose code may still run on the newest schema, by the last migration that says one. All may,
    where none says so.
    """
    found = _read(service)
    said = {revision: named["serves"] for revision, named in found.items() if "serves" in named}
    return said[max(said)] if said else min(found)


@dataclass(frozen=True)
class Schema:
    """``serves``: the oldest revision whose code may run on it; empty where a release before that rule laid it."""

    stands: str | None
    serves: str = ""

    @classmethod
    def of(cls, row: Row[str, str] | None) -> "Schema":
        return cls(row[0], row[1].removeprefix("serves ")) if row else cls(None)

    def is_ahead_of(self, service: str) -> bool:
        return self.stands is not None and self.stands not in known(service)

    def fits(self, service: str) -> bool:
        wanted = newest(service)
        return self.stands == wanted or (self.is_ahead_of(service) and "" < self.serves <= wanted)

    def misfit(self, service: str) -> str:
        wanted = newest(service)
        if self.is_ahead_of(service):
            return (
                f"the schema stands at {self.stands}, ahead of {wanted}: run the release that made it, or a newer one"
            )
        return f"the schema stands at {self.stands}, behind {wanted}: run python -m {service} migrate"


def known(service: str) -> frozenset[str]:
    return frozenset(_read(service))


def _read(service: str) -> Mapping[str, Mapping[str, str]]:
    """What each revision says of itself."""
    found: dict[str, Mapping[str, str]] = {}
    for file in files(service).joinpath("migrations", "versions").iterdir():
        if file.name.endswith(".py") and (named := dict(_NAMED.findall(file.read_text()))):
            found[named["revision"]] = named
    return found
