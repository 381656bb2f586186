"""Figures that are counted as it happens: a step adds rows, the clock sums them up, and reading never reads cases.

What is not summed up yet is read beside the sums, in one statement, so that figures are true at every instant.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork, within
from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from routing.domain.case import Case
from routing.domain.chain import Entry
from routing.domain.counting import count
from routing.domain.figures import (
    ALL,
    DIMENSIONS,
    Cell,
    Count,
    Figure,
    Group,
    Line,
    Mark,
    Period,
    Sums,
    month_of,
    place_of,
)
from routing.models import figure_correction, figure_frozen, figure_increment, figure_kept

#: One at a time adds up, counts again, freezes, or moves a place.
LOCK = "select pg_advisory_xact_lock(hashtextextended('routing.figures', 0))"
_TRY_LOCK = text("select pg_try_advisory_xact_lock(hashtextextended('routing.figures', 0))")

KEY = ("place_id", "dimension", "value", "grain", "first")
SUMS = ", ".join(figure.value for figure in Figure)
PIVOT = ", ".join(f"coalesce(sum(amount) filter (where figure = '{f.value}'), 0)::int as {f.value}" for f in Figure)


def count_new(case: Case, entries: Iterable[Entry], *, zone: str) -> list[dict[str, Any]]:
    """The rows that these entries add; where the case's tally stands by then is on the case."""
    listed = list(entries)
    at = {entry.seq: entry.at for entry in listed}
    case.tally, counts = count(case.tally, listed, zone=zone)
    return [{"case_id": case.case_id, "seq": each.seq, "at": at[each.seq], **counted_row(each)} for each in counts]


def counted_row(counted: Count) -> dict[str, Any]:
    return {"figure": counted.figure.value, "amount": counted.amount, **mark_row(counted.mark)}


def mark_row(mark: Mark) -> dict[str, Any]:
    values = {name.value: getattr(mark.where, name) for name in DIMENSIONS}
    return {"day": mark.day, "place_id": place_of(mark.where), **values}


#: In the statement that saves a case. The path is that of the place now.
ADD_COUNTED = f"""
insert into figure_increment (case_id, seq, at, figure, amount, day, place_id, path, {", ".join(DIMENSIONS)})
select given.case_id, given.seq, given.at, given.figure, given.amount, given.day, given.place_id,
    coalesce(place_copy.path, '/'), {", ".join(f"given.{name}" for name in DIMENSIONS)}
from jsonb_populate_recordset(cast(null as figure_increment), cast(:counted as jsonb)) as given
left join place_copy on place_copy.place_id = given.place_id
"""

_SPREAD = f"""
cross join lateral (values ('{ALL}', ''), {", ".join(f"('{d}', {d})" for d in DIMENSIONS)}) as v (dimension, value)
cross join lateral (values ('day', day), ('month', date_trunc('month', day)::date)) as g (grain, first)
"""

_ADD_TO_KEPT = f"""
insert into figure_kept (place_id, dimension, value, grain, first, path, {SUMS})
select place_id, dimension, value, grain, first, path, {SUMS} from cells
order by place_id, dimension, value, grain, first
on conflict (place_id, dimension, value, grain, first) do update set path = excluded.path,
    {", ".join(f"{f.value} = figure_kept.{f.value} + excluded.{f.value}" for f in Figure)}
"""

#: What is of a month that is frozen is noted beside it too.
_FOLD = text(f"""
with taken as (
    delete from figure_increment
    where increment_id in (select increment_id from figure_increment order by increment_id limit :most)
    returning *
),
placed as (
    select increment_id, case_id, seq, figure, amount, day, taken.place_id,
        coalesce(p.path, taken.path) as path, {", ".join(DIMENSIONS)}
    from taken left join place_copy p on p.place_id = taken.place_id
),
corrected as (
    insert into figure_correction
        (month, noted_at, case_id, seq, figure, amount, day, place_id, path, {", ".join(DIMENSIONS)})
    select f.month, :now, case_id, seq, figure, amount, day, place_id, path, {", ".join(DIMENSIONS)}
    from placed join figure_freeze f on f.month = date_trunc('month', day)::date
    order by increment_id
),
cells as (
    select place_id, dimension, value, grain, first, max(path) as path, {PIVOT}
    from placed {_SPREAD} where value is not null
    group by place_id, dimension, value, grain, first
),
added as ({_ADD_TO_KEPT}),
summed as (
    select p.code, figure, sum(amount)::int as amount from placed join place_copy p on p.place_id = placed.place_id
    where amount > 0 and figure = any(cast(:watched as text[])) group by p.code, figure
)
select (select count(*) from taken) as added,
    coalesce((select jsonb_agg(jsonb_build_array(code, figure, amount)) from summed), '[]') as sums
""")

#: Of a place, for who watches from hour to hour.
WATCHED = (Figure.RECEIVED, Figure.ACCEPTED, Figure.ANSWERED, Figure.CLOSED, Figure.MISSED, Figure.NOT_SOLVED)


@dataclass(frozen=True)
class AddedUp:
    """How many increments there were, and what those that are watched come to, by their place's code and figure."""

    count: int = 0
    sums: Sequence[tuple[str, str, int]] = ()


def lock(uow: UnitOfWork) -> None:
    uow.execute(text(LOCK))


def try_lock(uow: UnitOfWork) -> bool:
    return bool(uow.execute(_TRY_LOCK).scalar_one())


def fold(uow: UnitOfWork, *, limit: int) -> AddedUp:
    """Add the oldest up. Under the lock."""
    row = uow.execute(_FOLD, {"most": limit, "now": uow.now, "watched": [each.value for each in WATCHED]}).one()
    return AddedUp(row.added, tuple((place, figure, amount) for place, figure, amount in row.sums))


def move_place(uow: UnitOfWork, place_id: UUID, path: str) -> None:
    """Its figures go with it."""
    lock(uow)
    for table in (figure_increment, figure_kept, figure_frozen, figure_correction):
        uow.execute(update(table).where(table.c.place_id == place_id).values(path=path))


def sum_up(
    uow: UnitOfWork,
    paths: Sequence[str],
    period: Period,
    *,
    by: Group | None = None,
    of: tuple[Group, str] | None = None,
    after_key: str | None = None,
    limit: int | None = None,
) -> list[Line]:
    """At these places and below, group by group in the order of their keys. ``of``: of one value of a dimension alone;
    of a category, with its branches.
    """
    key = _key(by, paths)
    dimension = of[0] if of else by if by in DIMENSIONS else None
    found = union_all(
        _kept(period, paths, dimension, of, key(figure_kept), months=by is not Group.DAY),
        _unsummed(period, paths, dimension, of, key(figure_increment)),
    ).subquery("found")
    sums = [func.sum(found.c[figure.value]).label(figure.value) for figure in Figure]
    statement = select(found.c.key, *sums).group_by(found.c.key).order_by(found.c.key.nulls_last()).limit(limit)
    if after_key is not None:
        statement = statement.where(found.c.key > after_key)
    return [Line(row.key, _sums(row)) for row in uow.execute(statement)]


def first_month(uow: UnitOfWork) -> date | None:
    """Of which anything was counted, as far as whoever asks may see."""
    kept = select(func.min(figure_kept.c.first)).where(figure_kept.c.dimension == ALL, figure_kept.c.grain == "month")
    added = select(func.min(figure_increment.c.day))
    found: date | None = uow.execute(select(func.least(kept.scalar_subquery(), added.scalar_subquery()))).scalar_one()
    return found and month_of(found)


def _sums(row: Row[Any]) -> Sums:
    return {figure: int(row._mapping[figure.value] or 0) for figure in Figure}


def _key(by: Group | None, paths: Sequence[str]) -> Any:
    """What tells the groups apart, of either table."""

    def key(table: Any) -> ColumnElement[Any]:
        is_kept = table is figure_kept
        day = table.c.first if is_kept else table.c.day
        match by:
            case None:
                return literal("", Text)
            case Group.PLACE:
                return _below(table.c.path, paths)
            case Group.MONTH:
                return cast(cast(func.date_trunc("month", day), Date), Text)
            case Group.DAY:
                return cast(day, Text)
            case _:
                value: ColumnElement[Any] = table.c.value if is_kept else table.c[by.value]
                return value

    return key


def _below(path: ColumnElement[str], paths: Sequence[str]) -> ColumnElement[Any]:
    """The place right below that which is asked for, on the way to the row's; or that itself."""
    whens = [
        (within(path, each), func.coalesce(_segment(path, each.count("/")), _segment(path, each.count("/") - 1)))
        for each in paths
    ]
    return case(*whens) if whens else literal(None, Text)


def _segment(path: ColumnElement[str], depth: int) -> ColumnElement[Any]:
    return func.nullif(func.split_part(path, "/", depth + 1), "")


def _kept(
    period: Period,
    paths: Sequence[str],
    dimension: Group | None,
    of: tuple[Group, str] | None,
    key: ColumnElement[Any],
    *,
    months: bool,
) -> Select[Any]:
    kept = figure_kept.c
    whole, beside = period.split() if months else ([], _days(period))
    spans = [
        and_(kept.grain == grain, kept.first == any_(cast(firsts, ARRAY(Date))))
        for grain, firsts in (("month", whole), ("day", beside))
        if firsts
    ]
    sums = [kept[figure.value] for figure in Figure]
    statement = select(key.label("key"), *sums).where(within(kept.path, *paths), or_(*spans))
    statement = statement.where(kept.dimension == (dimension.value if dimension else ALL))
    return statement.where(_is_of(kept.value, of)) if of else statement


def _days(period: Period) -> list[date]:
    return [date.fromordinal(period.since.toordinal() + ahead) for ahead in range(period.days)]


def _unsummed(
    period: Period,
    paths: Sequence[str],
    dimension: Group | None,
    of: tuple[Group, str] | None,
    key: ColumnElement[Any],
) -> Select[Any]:
    added = figure_increment.c
    sums = [case((added.figure == figure.value, added.amount), else_=0).label(figure.value) for figure in Figure]
    statement = select(key.label("key"), *sums).where(
        within(added.path, *paths), added.day.between(period.since, period.until)
    )
    if dimension is not None:
        statement = statement.where(added[dimension.value].is_not(None))
    return statement.where(_is_of(added[of[0].value], of)) if of else statement


def _is_of(column: ColumnElement[str], of: tuple[Group, str]) -> ColumnElement[bool]:
    group, value = of
    if group is not Group.CATEGORY:
        return column == value
    # '/' follows '.' in ASCII.
    return or_(column == value, and_(column > f"{value}.", column < f"{value}/"))


def list_kept(uow: UnitOfWork) -> dict[Cell, Sums]:
    """All cells, with what is not summed up yet: for a comparison with the histories."""
    return {
        Cell(*(row._mapping[name] for name in KEY)): _sums(row)
        for row in uow.execute(_ALL_CELLS)
        if any(row._mapping[figure.value] for figure in Figure)
    }


def add_to_kept(uow: UnitOfWork, additions: Iterable[tuple[Cell, Figure, int]]) -> None:
    cells: dict[Cell, dict[str, int]] = {}
    for cell, figure, amount in additions:
        cells.setdefault(cell, {})[figure.value] = amount
    rows = [{**asdict(cell), **sums} for cell, sums in cells.items()]
    uow.execute(_GIVEN, {"cells": json.dumps(rows, default=str)})


_ALL_CELLS = text(f"""
select place_id, dimension, value, grain, first, {", ".join(f"sum({f.value})::int as {f.value}" for f in Figure)} from (
    select place_id, dimension, value, grain, first, {SUMS} from figure_kept
    union all
    select place_id, dimension, value, grain, first, {PIVOT} from figure_increment {_SPREAD} where value is not null
    group by place_id, dimension, value, grain, first
) as cells
group by place_id, dimension, value, grain, first
""")

_GIVEN = text(f"""
with cells as (
    select given.place_id, dimension, value, grain, first, coalesce(p.path, '/') as path,
        {", ".join(f"coalesce({f.value}, 0) as {f.value}" for f in Figure)}
    from jsonb_populate_recordset(cast(null as figure_kept), cast(:cells as jsonb)) as given
    left join place_copy p on p.place_id = given.place_id
)
{_ADD_TO_KEPT}
""").bindparams(bindparam("cells", type_=Text))
