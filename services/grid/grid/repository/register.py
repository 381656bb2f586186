"""The register under its places' scope: every query here sees what row-level security shows to whoever asks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork, within
from sqlalchemy import ColumnElement, Row, Text, Uuid, any_, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from grid.domain.register import Counts, Flag, Household, Team
from grid.errors import HouseholdNotFound
from grid.models import household, resident, team, volunteer

_HOUSEHOLD = [household.c[name] for name in Household.__dataclass_fields__ if name != "people"]


@dataclass(frozen=True)
class ResidentRow:
    """A resident as stored: the name and phone are sealed under the resident's own key."""

    id: UUID
    household_id: UUID
    placed_path: str
    wrapped_key: str
    name: str
    phone: str | None
    phone_index: bytes | None
    flags: tuple[str, ...] = ()
    branch_id: UUID | None = None


@dataclass(frozen=True)
class VolunteerRow:
    id: UUID
    team_id: UUID
    placed_path: str
    kind: str
    subject: str | None
    wrapped_key: str
    name: str


def counts(uow: UnitOfWork, path: str) -> Counts:
    """The register at and below the path in one query."""

    def count(rows: Any, *which: ColumnElement[bool]) -> Any:
        return select(func.count()).select_from(rows).where(within(rows.c.placed_path, path), *which).scalar_subquery()

    row = uow.execute(
        select(
            count(household),
            count(resident),
            count(household, household.c.flags.contains([Flag.LOW_INCOME.value])),
            count(resident, resident.c.flags.contains([Flag.LOW_INCOME.value])),
            count(resident, resident.c.flags.contains([Flag.RETIRED_PARTY_MEMBER.value])),
            count(volunteer),
        )
    ).one()
    return Counts(**dict(zip(Counts.__dataclass_fields__, row, strict=True)))


def list_households(uow: UnitOfWork, *, under: str, limit: int, behind: str | None = None) -> list[Household]:
    people = select(func.count()).where(resident.c.household_id == household.c.id).scalar_subquery()
    statement = (
        select(*_HOUSEHOLD, people.label("people"))
        .where(within(household.c.placed_path, under))
        .order_by(household.c.code)
        .limit(limit)
    )
    if behind is not None:
        statement = statement.where(household.c.code > behind)
    return [_household(row) for row in uow.execute(statement)]


def codes_known(uow: UnitOfWork, codes: Collection[str]) -> set[str]:
    """Those that stand anywhere in the city, through the narrow function."""
    known = func.register_knows(bindparam("codes", list(codes), ARRAY(Text)), type_=ARRAY(Text))
    return set(uow.execute(select(known)).scalar_one())


def lock_households(uow: UnitOfWork, codes: Collection[str]) -> dict[str, Household]:
    """Those of them that whoever asks sees, by code, locked in one order."""
    among = household.c.code == any_(bindparam("codes", list(codes), ARRAY(Text)))
    rows = uow.execute(select(*_HOUSEHOLD).where(among).order_by(household.c.id).with_for_update())
    return {row.code: _household(row) for row in rows}


def get_household_for_change(uow: UnitOfWork, household_id: UUID) -> Household:
    row = uow.execute(select(*_HOUSEHOLD).where(household.c.id == household_id).with_for_update()).first()
    if row is None:
        raise HouseholdNotFound(household_id)
    return _household(row)


def update_households(uow: UnitOfWork, rows: Sequence[Household]) -> None:
    """Their doors and how they are reached."""
    if not rows:
        return
    names = ("version", "room", "wrapped_key", "reach", "digest")
    statement = update(household).where(household.c.id == bindparam("b_id"))
    statement = statement.values({name: bindparam(f"b_{name}") for name in names})
    uow.execute(statement, [{"b_id": row.id} | {f"b_{name}": getattr(row, name) for name in names} for row in rows])


def insert_households(uow: UnitOfWork, rows: Sequence[Household]) -> None:
    _insert_many(uow, household, rows, leave_out=("people",))


def insert_residents(uow: UnitOfWork, rows: Sequence[ResidentRow]) -> None:
    _insert_many(uow, resident, rows)


def insert_volunteers(uow: UnitOfWork, rows: Sequence[VolunteerRow]) -> None:
    _insert_many(uow, volunteer, rows)


def teams_by_code(uow: UnitOfWork, codes: Collection[str]) -> set[str]:
    among = team.c.code == any_(bindparam("codes", list(codes), ARRAY(Text)))
    return set(uow.execute(select(team.c.code).where(among)).scalars())


def insert_teams(uow: UnitOfWork, rows: Sequence[Team]) -> None:
    _insert_many(uow, team, rows)


def list_teams(uow: UnitOfWork, place_ids: Collection[UUID]) -> list[Team]:
    columns = [team.c[name] for name in Team.__dataclass_fields__]
    statement = select(*columns).where(team.c.place_id == any_(bindparam("places", list(place_ids), ARRAY(Uuid))))
    found = uow.execute(statement.order_by(team.c.code))
    return [Team(**{**r._mapping, "skills": tuple(r.skills), "areas": tuple(r.areas)}) for r in found]


def _insert_many(uow: UnitOfWork, into: Any, rows: Sequence[Any], *, leave_out: Collection[str] = ()) -> None:
    """Tens of thousands at once, prepared once and sent together."""
    if not rows:
        return
    names = [name for name in rows[0].__dataclass_fields__ if name not in leave_out]
    uow.execute(insert(into), [{name: _plain(getattr(row, name)) for name in names} for row in rows])


def _household(row: Row[Any]) -> Household:
    return Household(**{**row._mapping, "flags": tuple(row.flags)})


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
