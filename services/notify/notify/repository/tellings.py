"""What all households of some buildings are told, and which of them have been."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.envelope import Path
from kit.db import UnitOfWork
from network.models import place
from sqlalchemy import Row, any_, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Boolean, DateTime, Integer, Uuid

from notify.domain.owed import Template
from notify.domain.tellings import Door, Way
from notify.models import message, telling, telling_household


@dataclass(frozen=True)
class Telling:
    """``words``: sealed under the service's key; ``handler``: a contracts.routing.Handler; ``persons``: those whose
    appeals the case joins.
    """

    case_id: UUID
    telling: int
    number: str
    version: int
    place_id: UUID | None
    placed_path: str
    gist: str
    words: str
    handler: Mapping[str, Any] | None
    persons: Sequence[UUID]
    barred: Sequence[str]
    traceparent: str | None
    begun_at: datetime


@dataclass(frozen=True)
class HouseholdOwed:
    """A household whose turn it is, with how it is reached as of now; without a key, that is not known any more."""

    household_id: UUID
    place_id: UUID
    placed_path: str
    wrapped_key: str | None
    reach: str | None


@dataclass(frozen=True)
class TellingCounts:
    """A telling as it stands, of the households that whoever asks may see."""

    telling: int
    begun_at: datetime
    finished_at: datetime | None
    households: int
    told_by_message: int
    told_by_appeal: int
    told_by_visit: int
    to_be_visited: int
    untold: int


@dataclass(frozen=True)
class HouseholdTold:
    household_id: UUID
    place_id: UUID
    placed_path: str
    room: str
    way: Way | None
    state: str | None
    told: bool
    visited_by: str | None
    visited_at: datetime | None


def list_unknown_places(uow: UnitOfWork, place_ids: Collection[UUID]) -> list[UUID]:
    """Those that have not come from grid yet."""
    known = select(place.c.place_id).where(place.c.place_id == any_(bindparam("places", type_=ARRAY(Uuid))))
    return sorted(set(place_ids) - set(uow.execute(known, {"places": list(place_ids)}).scalars()))


def add_telling(uow: UnitOfWork, new: Telling) -> bool:
    """Whether it had not come before."""
    row = {name: getattr(new, name) for name in Telling.__dataclass_fields__}
    row |= {"persons": list(new.persons), "barred": list(new.barred)}
    added = insert(telling).values(row).on_conflict_do_nothing().returning(telling.c.case_id)
    return uow.execute(added).first() is not None


# Who lived in a place that has ended in another still lives under its id.
_ADD_HOUSEHOLDS = text("""
with recursive home(place_id, path) as (
    select below.place_id, below.path from place_copy named
        join place_copy below on below.path >= named.path and below.path < left(named.path, -1) || '0'
        where named.place_id = any(:places)
    union
    select gone.place_id, home.path from home join place_copy gone on gone.merged_into = home.place_id
)
insert into telling_household (case_id, telling, household_id, place_id, placed_path, room)
select distinct on (contact.contact_id) :case_id, :telling, contact.contact_id, home.place_id, home.path,
       coalesce(contact.room, '')
from home join contact on contact.place_id = home.place_id and contact.reach is not null
where not :named_now or not exists (
    select from telling_household told
    where told.case_id = :case_id and told.telling < :telling and told.household_id = contact.contact_id
)
order by contact.contact_id, length(home.path) desc
on conflict do nothing
""").bindparams(
    bindparam("places", type_=ARRAY(Uuid)),
    bindparam("case_id", type_=Uuid),
    bindparam("telling", type_=Integer),
    bindparam("named_now", type_=Boolean),
)


def add_households(uow: UnitOfWork, new: Telling, place_ids: Collection[UUID], *, named_now: bool) -> None:
    """Every household of these places and of all below them: one statement, however many. ``named_now``: but those
    that an earlier telling of the case has told.
    """
    asked = {"places": list(place_ids), "case_id": new.case_id, "telling": new.telling, "named_now": named_now}
    uow.execute(_ADD_HOUSEHOLDS, asked)


_CLAIM = (
    select(*(telling.c[name] for name in Telling.__dataclass_fields__))
    .where(telling.c.finished_at.is_(None))
    .order_by(telling.c.begun_at, telling.c.case_id, telling.c.telling)
    .limit(1)
    .with_for_update(skip_locked=True)
)


def claim_telling(uow: UnitOfWork) -> Telling | None:
    """The oldest that is not finished and that nobody is at, locked."""
    row = uow.execute(_CLAIM).first()
    return Telling(**row._mapping) if row else None


_OWED = text("""
select h.household_id, h.place_id, h.placed_path, c.wrapped_key, c.reach
from telling_household h left join contact c on c.contact_id = h.household_id
where h.case_id = :case_id and h.telling = :telling and h.way is null order by h.household_id limit :limit
""").bindparams(bindparam("case_id", type_=Uuid), bindparam("telling", type_=Integer))


def list_owed(uow: UnitOfWork, of: Telling, *, limit: int) -> list[HouseholdOwed]:
    """Whose turn has not come yet."""
    rows = uow.execute(_OWED, {"case_id": of.case_id, "telling": of.telling, "limit": limit})
    return [HouseholdOwed(**row._mapping) for row in rows]


_SAVE_WAYS = text("""
update telling_household h set way = given.way, message_id = given.message_id
from unnest(cast(:ids as uuid[]), cast(:ways as text[]), cast(:messages as uuid[]))
    as given(household_id, way, message_id)
where h.case_id = :case_id and h.telling = :telling and h.household_id = given.household_id
""").bindparams(bindparam("case_id", type_=Uuid), bindparam("telling", type_=Integer))


def save_ways(uow: UnitOfWork, of: Telling, ways: Mapping[UUID, tuple[Way, UUID | None]]) -> None:
    """How each household is told, and by which message or task."""
    if not ways:
        return
    values = {
        "ids": list(ways),
        "ways": [way.value for way, _ in ways.values()],
        "messages": [message_id for _, message_id in ways.values()],
    }
    uow.execute(_SAVE_WAYS, {**values, "case_id": of.case_id, "telling": of.telling})


_OF_MESSAGES = text("""
select t.case_id, t.telling from message m join telling t on t.case_id = m.case_id and t.version = m.case_version
where m.message_id = any(:ids) and t.words is not null order by t.case_id, t.telling for update of t
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))

_HAND_TO_CHIEFS = text("""
with handed as (
    update telling_household set way = 'visit', message_id = null
    where case_id = any(:cases) and message_id = any(:ids) and way = 'message' and visited_at is null
    returning case_id, telling
)
update telling t set finished_at = null from (select distinct case_id, telling from handed) one
where t.case_id = one.case_id and t.telling = one.telling
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("cases", type_=ARRAY(Uuid)))


def hand_to_chiefs(uow: UnitOfWork, message_ids: Collection[UUID]) -> None:
    """The households that these messages have not reached are told in person: their tellings go on. Each is locked
    first, so that whoever is about to finish it does not miss them.
    """
    found = uow.execute(_OF_MESSAGES, {"ids": list(message_ids)}).all()
    if found:
        uow.execute(_HAND_TO_CHIEFS, {"ids": list(message_ids), "cases": sorted({row.case_id for row in found})})


def list_tasks(uow: UnitOfWork, of: Telling, subjects: Collection[str]) -> dict[str, UUID]:
    """The task of each of them who has been sent already."""
    of_step = (message.c.case_id == of.case_id, message.c.case_version == of.version)
    theirs = (message.c.recipient.in_(subjects), message.c.template == Template.INCIDENT_VISITS.value)
    rows = uow.execute(select(message.c.recipient, message.c.message_id).where(*of_step, *theirs))
    return {row.recipient: row.message_id for row in rows}


def list_doors(uow: UnitOfWork, of: Telling) -> list[Door]:
    """Who is still to be told in person, building by building."""
    statement = (
        select(
            telling_household.c.household_id,
            func.coalesce(place.c.name, "").label("place"),
            telling_household.c.placed_path.label("path"),
            telling_household.c.room,
            telling_household.c.message_id.label("task_id"),
        )
        .outerjoin(place, place.c.place_id == telling_household.c.place_id)
        .where(*_of(of.case_id, of.telling), telling_household.c.way == Way.VISIT.value)
        .where(telling_household.c.visited_at.is_(None))
        .order_by(telling_household.c.placed_path, telling_household.c.room, telling_household.c.household_id)
    )
    return [Door(**row._mapping) for row in uow.execute(statement)]


def finish_telling(uow: UnitOfWork, of: Telling) -> None:
    """Everybody's turn has come; its words are kept for those whose message turns out to reach nobody."""
    which = (telling.c.case_id == of.case_id, telling.c.telling == of.telling)
    uow.execute(update(telling).where(*which).values(finished_at=uow.now))


def move_tellings(uow: UnitOfWork, place_id: UUID, path: Path) -> None:
    for table in (telling, telling_household):
        moved = (table.c.place_id == place_id, table.c.placed_path != path)
        uow.execute(update(table).where(*moved).values(placed_path=path))


_SENT = "coalesce(h.way = 'message' and m.state = 'sent', false)"
_BY_APPEAL = "coalesce(h.way = 'appeal', false)"
_VISITED = "h.visited_at is not null"
_TOLD = f"({_SENT} or {_BY_APPEAL} or {_VISITED})"

_COUNT = text(f"""
select t.telling, t.begun_at, t.finished_at, count(h.household_id) as households,
    count(*) filter (where {_SENT}) as told_by_message,
    count(*) filter (where {_BY_APPEAL}) as told_by_appeal,
    count(*) filter (where {_VISITED} and not {_BY_APPEAL} and not {_SENT}) as told_by_visit,
    count(*) filter (where h.way = 'visit' and not {_VISITED}) as to_be_visited,
    count(h.household_id) filter (where not {_TOLD}) as untold
from telling t
    left join telling_household h on h.case_id = t.case_id and h.telling = t.telling
    left join message m on m.message_id = h.message_id
where t.case_id = :case_id and (cast(:which as int) is null or t.telling = :which)
group by t.case_id, t.telling order by t.telling
""").bindparams(bindparam("case_id", type_=Uuid), bindparam("which", type_=Integer))


def count_tellings(uow: UnitOfWork, case_id: UUID, which: int | None = None) -> list[TellingCounts]:
    """All tellings of a case, or the one, as they stand."""
    rows = uow.execute(_COUNT, {"case_id": case_id, "which": which})
    return [TellingCounts(**row._mapping) for row in rows]


_HOUSEHOLDS = text(f"""
select h.household_id, h.place_id, h.placed_path, h.room, h.way, case when h.way = 'message' then m.state end as state,
    {_TOLD} as told, h.visited_by, h.visited_at
from telling_household h left join message m on m.message_id = h.message_id
where h.case_id = :case_id and h.telling = :telling and (cast(:after as uuid) is null or h.household_id > :after)
    and (cast(:told as boolean) is null or {_TOLD} = :told)
order by h.household_id limit :limit
""").bindparams(
    bindparam("case_id", type_=Uuid),
    bindparam("telling", type_=Integer),
    bindparam("after", type_=Uuid),
    bindparam("told", type_=Boolean),
)


def list_households(
    uow: UnitOfWork, case_id: UUID, which: int, *, told: bool | None, after: UUID | None, limit: int
) -> list[HouseholdTold]:
    asked = {"case_id": case_id, "telling": which, "told": told, "after": after, "limit": limit}
    return [_told(row) for row in uow.execute(_HOUSEHOLDS, asked)]


def list_paths(uow: UnitOfWork, case_id: UUID, which: int, household_ids: Collection[UUID]) -> dict[UUID, str]:
    """Where those of them live that whoever asks may see."""
    columns = (telling_household.c.household_id, telling_household.c.placed_path)
    among = telling_household.c.household_id == any_(bindparam("households", type_=ARRAY(Uuid)))
    rows = uow.execute(select(*columns).where(*_of(case_id, which), among), {"households": list(household_ids)})
    return {row.household_id: row.placed_path for row in rows}


_VISIT = text("""
update telling_household set visited_at = :at, visited_by = :by
where case_id = :case_id and telling = :telling and household_id = any(:households) and visited_at is null
""").bindparams(
    bindparam("at", type_=DateTime(timezone=True)),
    bindparam("case_id", type_=Uuid),
    bindparam("telling", type_=Integer),
    bindparam("households", type_=ARRAY(Uuid)),
)


def save_visits(uow: UnitOfWork, case_id: UUID, which: int, household_ids: Collection[UUID], *, by: str) -> None:
    """The first visit counts."""
    said = {"case_id": case_id, "telling": which, "households": list(household_ids), "at": uow.now, "by": by}
    uow.execute(_VISIT, said)


def _of(case_id: UUID, which: int) -> tuple[Any, Any]:
    return telling_household.c.case_id == case_id, telling_household.c.telling == which


def _told(row: Row[Any]) -> HouseholdTold:
    facts = dict(row._mapping)
    return HouseholdTold(**facts | {"way": Way(facts["way"]) if facts["way"] else None})
