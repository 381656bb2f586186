"""Looking places up in the copy."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.grid import PlaceState
from kit.db import UnitOfWork
from sqlalchemy import Row, Select, Uuid, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY

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


_HOLD = text("select pg_advisory_xact_lock_shared(hashtextextended('network.moves', 0))")
_MOVE = text("select pg_advisory_xact_lock(hashtextextended('network.moves', 0))")


def hold_still(uow: UnitOfWork) -> None:
    """No place moves until this transaction ends: for who is about to read a path and to write a row under it, which a
    move would not find before it is committed.
    """
    uow.execute(_HOLD)


def begin_moves(uow: UnitOfWork) -> None:
    """Once those have ended who hold places still; whoever comes meanwhile waits, and reads where they are then."""
    uow.execute(_MOVE)


def list_paths(uow: UnitOfWork, place_ids: Collection[UUID]) -> dict[UUID, str]:
    """Where these places are now."""
    known = select(place.c.place_id, place.c.path).where(
        place.c.place_id == any_(bindparam("places", type_=ARRAY(Uuid)))
    )
    return {row.place_id: row.path for row in uow.execute(known, {"places": list(place_ids)})}


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
