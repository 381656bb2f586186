"""Places, their tiers and their history."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from contracts.grid import PlaceState
from kit.db import UnitOfWork, within
from kit.ids import new_id
from sqlalchemy import Row, Select, Text, and_, any_, bindparam, func, insert, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from grid.domain.places import Place, PlaceChange, PlaceEntry, Tier
from grid.errors import ChangedMeanwhile, PlaceNotFound, TierUnknown
from grid.models import place, place_entry, tier

COLUMNS = [place.c[name] for name in Place.__dataclass_fields__]


def lock_tree(uow: UnitOfWork) -> None:
    """One change of the tree at a time, so that two moves cannot tie a knot between them."""
    uow.execute(text("select pg_advisory_xact_lock(hashtext('grid.tree'))"))


def get_tier(uow: UnitOfWork, name: str) -> Tier:
    found = list_tiers(uow).get(name)
    if found is None:
        raise TierUnknown(name)
    return found


def list_tiers(uow: UnitOfWork) -> dict[str, Tier]:
    rows = uow.execute(select(*[tier.c[name] for name in Tier.__dataclass_fields__]).order_by(tier.c.rank, tier.c.name))
    return {row.name: Tier(**row._mapping) for row in rows}


def add_tier(uow: UnitOfWork, new: Tier) -> None:
    uow.execute(insert(tier).values(**asdict(new)))


def get_place(uow: UnitOfWork, place_id: UUID) -> Place:
    found = _one(uow, select(*COLUMNS).where(place.c.id == place_id))
    if found is None:
        raise PlaceNotFound(place_id)
    return found


def get_for_change(uow: UnitOfWork, place_id: UUID, *, version: int) -> Place:
    found = _one(uow, select(*COLUMNS).where(place.c.id == place_id).with_for_update())
    if found is None:
        raise PlaceNotFound(place_id)
    if found.version != version:
        raise ChangedMeanwhile("place", found.version)
    return found


def find_by_code(uow: UnitOfWork, code: str) -> Place | None:
    return _one(uow, select(*COLUMNS).where(place.c.code == code))


def get_named(uow: UnitOfWork, key: str) -> Place:
    """By id or by code, as people and programs name places."""
    found = find_by_code(uow, key)
    if found is not None:
        return found
    try:
        return get_place(uow, UUID(key))
    except ValueError:
        raise PlaceNotFound(key) from None


def by_code(uow: UnitOfWork, codes: Collection[str]) -> dict[str, Place]:
    statement = select(*COLUMNS).where(place.c.code == any_(bindparam("codes", list(codes), ARRAY(Text))))
    return {row.code: _place(row) for row in uow.execute(statement)}


def by_id(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Place]:
    rows = uow.execute(select(*COLUMNS).where(place.c.id == any_(bindparam("ids", list(ids), ARRAY(place.c.id.type)))))
    return {row.id: _place(row) for row in rows}


def list_places(
    uow: UnitOfWork,
    *,
    limit: int,
    behind: str | None = None,
    parent_id: UUID | None = None,
    under: str | None = None,
    tier_name: str | None = None,
    state: PlaceState | None = None,
    name: str | None = None,
) -> list[Place]:
    """By code, ``behind`` being the last code of the page before. ``name``: a name's beginning, or a whole alias."""
    statement = select(*COLUMNS).order_by(place.c.code).limit(limit)
    if behind is not None:
        statement = statement.where(place.c.code > behind)
    if parent_id is not None:
        statement = statement.where(place.c.parent_id == parent_id)
    if under is not None:
        statement = statement.where(within(place.c.path, under))
    if tier_name is not None:
        statement = statement.where(place.c.tier == tier_name)
    if state is not None:
        statement = statement.where(place.c.state == state.value)
    if name is not None:
        begins = and_(place.c.name >= name, place.c.name < name + "\U0010ffff")
        statement = statement.where(or_(begins, place.c.aliases.contains([name])))
    return [_place(row) for row in uow.execute(statement)]


def list_below(uow: UnitOfWork, path: str) -> list[Place]:
    """The place and all that lies below it, widest first."""
    statement = select(*COLUMNS).where(within(place.c.path, path)).order_by(place.c.path)
    return [_place(row) for row in uow.execute(statement)]


def list_children(uow: UnitOfWork, place_id: UUID) -> list[Place]:
    statement = select(*COLUMNS).where(place.c.parent_id == place_id).order_by(place.c.code)
    return [_place(row) for row in uow.execute(statement)]


def list_children_of(uow: UnitOfWork, ids: Collection[UUID]) -> list[Place]:
    if not ids:
        return []
    among = place.c.parent_id == any_(bindparam("ids", list(ids), ARRAY(place.c.id.type)))
    return [_place(row) for row in uow.execute(select(*COLUMNS).where(among))]


def put_parents(uow: UnitOfWork, parents: Mapping[UUID, UUID | None]) -> None:
    """Without the paths, which ``follow`` puts right."""
    statement = update(place).where(place.c.id == bindparam("b_id")).values(parent_id=bindparam("b_parent_id"))
    uow.execute(statement, [{"b_id": child, "b_parent_id": parent} for child, parent in parents.items()])


def insert_places(uow: UnitOfWork, places: Sequence[Place]) -> None:
    """Parents before their children."""
    if places:
        uow.execute(insert(place), [_row(item) for item in places])


def update_places(uow: UnitOfWork, places: Sequence[Place]) -> None:
    """All but the path and depth of what lies below: see ``follow``."""
    if not places:
        return
    names = [name for name in Place.__dataclass_fields__ if name not in ("id", "code")]
    statement = (
        update(place).where(place.c.id == bindparam("b_id")).values({name: bindparam(f"b_{name}") for name in names})
    )
    uow.execute(statement, [{f"b_{name}": value for name, value in _row(item).items()} for item in places])


_FOLLOW = text("""
with recursive line as (
    select p.id, coalesce(above.path, '/') || replace(p.id::text, '-', '') || '/' as path,
        coalesce(above.depth, 0) + 1 as depth
    from place p left join place above on above.id = p.parent_id
    where p.id = any(cast(:starts as uuid[]))
    union all
    select p.id, line.path || replace(p.id::text, '-', '') || '/', line.depth + 1
    from place p join line on p.parent_id = line.id
)
update place set path = line.path, depth = line.depth, version = version + 1
from line where place.id = line.id and (place.path <> line.path or place.depth <> line.depth)
returning place.id
""")


def follow(uow: UnitOfWork, starts: Iterable[UUID]) -> list[Place]:
    """Put right the paths at and below ``starts`` after parents have changed; gives the places that it moved.

    No start may lie below another. The register's rows go with their places.
    """
    ids = [row.id for row in uow.execute(_FOLLOW, {"starts": list(starts)})]
    if ids:
        uow.execute(text("select register_follows(cast(:ids as uuid[]))"), {"ids": ids})
    found = by_id(uow, ids)
    return sorted(found.values(), key=lambda item: (item.depth, item.code))


def record(uow: UnitOfWork, places: Sequence[Place], kind: PlaceChange, *, why: str | None = None) -> None:
    """Append to the history."""
    if not places:
        return
    rows = [
        {
            "id": new_id(uow.now),
            "place_id": item.id,
            "version": item.version,
            "kind": kind.value,
            "at": uow.now,
            "by": uow.by,
            "why": why,
            "facts": _facts(item),
        }
        for item in places
    ]
    uow.execute(insert(place_entry), rows)


def list_entries(uow: UnitOfWork, place_id: UUID, *, limit: int, behind: int | None = None) -> list[PlaceEntry]:
    """Newest first, ``behind`` being the last version of the page before."""
    columns = [place_entry.c[name] for name in PlaceEntry.__dataclass_fields__]
    statement = select(*columns).where(place_entry.c.place_id == place_id)
    statement = statement.where(place_entry.c.version < (literal(behind) if behind is not None else 2**31 - 1))
    rows = uow.execute(statement.order_by(place_entry.c.version.desc()).limit(limit))
    return [PlaceEntry(**{**row._mapping, "kind": PlaceChange(row.kind)}) for row in rows]


def households_at(uow: UnitOfWork, path: str) -> bool:
    """Whether anybody lives at or below the path, whoever asks: a yes or no, so that a retirement is not blind."""
    return bool(uow.execute(select(func.register_has_anybody(path))).scalar_one())


def rehouse(uow: UnitOfWork, from_place: UUID, to_place: UUID) -> None:
    uow.execute(select(func.register_moves(from_place, to_place)))


def _one(uow: UnitOfWork, statement: Select[Any]) -> Place | None:
    row = uow.execute(statement).first()
    return _place(row) if row else None


def _place(row: Row[Any]) -> Place:
    facts = dict(row._mapping)
    facts |= {
        "state": PlaceState(facts["state"]),
        "aliases": tuple(facts["aliases"]),
        "opening_hours": tuple(facts["opening_hours"]),
    }
    return Place(**facts)


def _row(item: Place) -> dict[str, Any]:
    return {
        "id": item.id,
        "version": item.version,
        "code": item.code,
        "name": item.name,
        "tier": item.tier,
        "parent_id": item.parent_id,
        "path": item.path,
        "depth": item.depth,
        "aliases": list(item.aliases),
        "state": item.state.value,
        "merged_into": item.merged_into,
        "opening_hours": list(item.opening_hours),
        "phone": item.phone,
    }


def _facts(item: Place) -> dict[str, Any]:
    parent = str(item.parent_id) if item.parent_id else None
    into = str(item.merged_into) if item.merged_into else None
    return {**_row(item), "id": str(item.id), "parent_id": parent, "merged_into": into}
