"""The copies that are kept in memory: the names of places, the words of categories."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.routing import CategoryChangedV1
from kit.db import UnitOfWork
from network.models import holding, place
from sqlalchemy import Row, and_, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from intake.domain.sorting import Category
from intake.models import category_copy

_PAGE = 5_000

#: What a transaction that began earlier may still commit behind our back.
_OVERLAP = timedelta(seconds=30)


@dataclass(frozen=True)
class NamedPlace:
    place_id: UUID
    code: str
    path: str
    names: tuple[str, ...]
    state: str
    merged_into: UUID | None
    changed_at: datetime


_NAMED = [place.c[n] for n in ("place_id", "code", "path", "name", "aliases", "state", "merged_into", "changed_at")]


def changed_places(uow: UnitOfWork, since: datetime | None) -> Iterator[NamedPlace]:
    """In the order in which the copy took them, a page at a time."""
    statement = select(*_NAMED).order_by(place.c.changed_at, place.c.place_id).limit(_PAGE)
    page = statement.where(place.c.changed_at >= since - _OVERLAP) if since else statement
    while rows := uow.execute(page).all():
        yield from (_named(row) for row in rows)
        if len(rows) < _PAGE:
            return
        at, last = rows[-1].changed_at, rows[-1].place_id
        behind = or_(place.c.changed_at > at, and_(place.c.changed_at == at, place.c.place_id > last))
        page = statement.where(behind)


_ENDS = text("""
with recursive chain as (
    select place_id as asked, place_id, path, state, merged_into, 1 as steps from place_copy where place_id = any (:ids)
    union all
    select c.asked, p.place_id, p.path, p.state, p.merged_into, c.steps + 1
    from chain c join place_copy p on p.place_id = c.merged_into where c.state = 'merged' and c.steps < :at_most
)
select asked, path from chain where state = 'active'
""")


def ends_of_mergers(uow: UnitOfWork, ids: set[UUID], *, at_most: int) -> dict[UUID, str]:
    """The paths of the places, or of those that they have gone into since."""
    rows = uow.execute(_ENDS, {"ids": list(ids), "at_most": at_most})
    return {row.asked: row.path for row in rows}


def list_known_staff(uow: UnitOfWork, subjects: Collection[str]) -> set[str]:
    """Those of them who hold a post, or held one that is told of still."""
    if not subjects:
        return set()
    return set(uow.execute(select(holding.c.subject).where(holding.c.subject.in_(subjects))).scalars())


def latest_changes(uow: UnitOfWork) -> tuple[datetime | None, datetime | None]:
    """When the copies of places and of categories last changed, in one round trip."""
    places = select(func.max(place.c.changed_at)).scalar_subquery().label("places")
    categories = select(func.max(category_copy.c.changed_at)).scalar_subquery().label("categories")
    row = uow.execute(select(places, categories)).one()
    return row.places, row.categories


def list_categories(uow: UnitOfWork) -> list[Category]:
    rows = uow.execute(select(category_copy).order_by(category_copy.c.code))
    return [Category(row.code, row.parent, row.name, tuple(row.words), row.retired, row.sealed) for row in rows]


def put_category(uow: UnitOfWork, event: CategoryChangedV1, *, version: int) -> None:
    row = {
        "code": event.code,
        "version": version,
        "parent": event.parent,
        "name": event.name,
        "words": event.words,
        "retired": event.retired,
        "sealed": event.sealed,
        "changed_at": uow.now,
    }
    statement = upsert(category_copy).values(row)
    uow.execute(
        statement.on_conflict_do_update(
            index_elements=[category_copy.c.code], set_=row, where=category_copy.c.version <= version
        )
    )


def _named(row: Row[Any]) -> NamedPlace:
    return NamedPlace(
        row.place_id, row.code, row.path, (row.name, *row.aliases), row.state, row.merged_into, row.changed_at
    )
