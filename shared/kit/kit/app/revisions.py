"""Which migrations a service has, read without Alembic: only ``migrate`` needs to load that."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_NAMED = re.compile(r"""^(down_revision|revision)\b[^=\n]*= *["'](\w+)["']""", re.MULTILINE)


@cache
def newest(service: str) -> str:
    """The revision that none comes after. There is one: branches are merged before they are shipped."""
    found = _read(service)
    after = set(found.values())
    (last,) = [revision for revision in found if revision not in after]
    return last


def known(service: str) -> frozenset[str]:
    return frozenset(_read(service))


def _read(service: str) -> Mapping[str, str | None]:
    """Each revision and the one before it."""
    found: dict[str, str | None] = {}
    for file in files(service).joinpath("migrations", "versions").iterdir():
        if file.name.endswith(".py") and (named := dict(_NAMED.findall(file.read_text()))):
            found[named["revision"]] = named.get("down_revision")
    return found
