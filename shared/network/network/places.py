"""Looking places up in the copy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.grid import PlaceState
from kit.db import UnitOfWork
from sqlalchemy import Row, Select, select

from network.models import place


@dataclass(frozen=True)
class Place:
    place_id: UUID
    code: str
    name: str
    aliases: tuple[str, ...]
    tier: str
    parent_id: UUID | None
    path: str
    depth: int
    state: PlaceState
    merged_into: UUID | None
    opening_hours: Sequence[dict[str, Any]]
    phone: str | None

    @property
    def is_open(self) -> bool:
        return self.state is PlaceState.ACTIVE


_COLUMNS = [place.c[name] for name in Place.__dataclass_fields__]


def prefixes(path: str) -> list[str]:
    """The paths from the root of the tree down to this one; none for '/'."""
    parts = path.strip("/").split("/") if path != "/" else []
    return ["/" + "/".join(parts[: i + 1]) + "/" for i in range(len(parts))]


def find_place(uow: UnitOfWork, place_id: UUID) -> Place | None:
    return _one(uow, select(*_COLUMNS).where(place.c.place_id == place_id))


def find_place_by_code(uow: UnitOfWork, code: str) -> Place | None:
    """Codes are unique in grid; an open place goes before one of the same code that is not."""
    statement = select(*_COLUMNS).where(place.c.code == code).order_by(place.c.state).limit(1)
    return _one(uow, statement)


def _one(uow: UnitOfWork, statement: Select[Any]) -> Place | None:
    row = uow.execute(statement).first()
    return _place(row) if row else None


def _place(row: Row[Any]) -> Place:
    facts = dict(row._mapping)
    return Place(**{**facts, "aliases": tuple(facts["aliases"]), "state": PlaceState(facts["state"])})
