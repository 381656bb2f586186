"""The duty rosters of places, each version whole."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from sqlalchemy import Row, insert, select

from grid.domain.rosters import Roster, Turn
from grid.models import roster

_ROSTER = [roster.c[name] for name in Roster.__dataclass_fields__]


def find_roster(uow: UnitOfWork, place_id: UUID, version: int | None = None) -> Roster | None:
    """None: the last one."""
    statement = select(*_ROSTER).where(roster.c.place_id == place_id).order_by(roster.c.version.desc()).limit(1)
    if version is not None:
        statement = statement.where(roster.c.version == version)
    row = uow.execute(statement).first()
    return _roster(row) if row else None


def list_rosters(uow: UnitOfWork, place_id: UUID, *, limit: int, before: int | None) -> list[Roster]:
    """The newest first."""
    statement = select(*_ROSTER).where(roster.c.place_id == place_id).order_by(roster.c.version.desc()).limit(limit)
    if before is not None:
        statement = statement.where(roster.c.version < before)
    return [_roster(row) for row in uow.execute(statement)]


def add_roster(uow: UnitOfWork, new: Roster) -> None:
    turns = [{**asdict(turn), "since": turn.since.isoformat(), "until": turn.until.isoformat()} for turn in new.turns]
    uow.execute(insert(roster), {**asdict(new), "turns": turns})


def _roster(row: Row[Any]) -> Roster:
    return Roster(**{**row._mapping, "turns": tuple(_turn(turn) for turn in row.turns)})


def _turn(kept: dict[str, Any]) -> Turn:
    since, until = (datetime.fromisoformat(kept[name]) for name in ("since", "until"))
    return Turn(**{**kept, "since": since, "until": until})
