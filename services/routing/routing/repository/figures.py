"""Figures that are counted as it happens: a step adds rows, the clock sums them up, and reading never reads cases.

What is not summed up yet is read beside the sums, in one statement, so that figures are true at every instant.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork, within
from sqlalchemy import (
    ColumnElement,
    Date,
    Executable,
    Row,
    Select,
    Text,
    TextClause,
    and_,
    any_,
    bindparam,
    case,
    cast,
    delete,
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
    net,
    place_of,
)
from routing.models import figure_correction, figure_frozen, figure_increment, figure_kept, figure_recounted

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
added as ({_ADD_TO_KEPT})
select count(*) from taken
""")


def lock(uow: UnitOfWork) -> None:
    uow.execute(text(LOCK))


def try_lock(uow: UnitOfWork) -> bool:
    return bool(uow.execute(_TRY_LOCK).scalar_one())


def fold(uow: UnitOfWork, *, limit: int) -> int:
    """Add the oldest up; how many there were. Under the lock."""
    return int(uow.execute(_FOLD, {"most": limit, "now": uow.now}).scalar_one())


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


_CLEAR_RECOUNTED = delete(figure_recounted)
_ADD_RECOUNTED = text(f"""
insert into figure_recounted (figure, amount, day, place_id, {", ".join(DIMENSIONS)})
select figure, amount, day, place_id, {", ".join(DIMENSIONS)}
from jsonb_populate_recordset(cast(null as figure_recounted), cast(:counted as jsonb))
""")


def begin_recount(uow: UnitOfWork) -> None:
    """What histories come to lies in a table of its own; whoever asked for it undoes it when it was looked at."""
    uow.execute(_CLEAR_RECOUNTED)


def add_recounted(uow: UnitOfWork, counts: Iterable[Count]) -> None:
    """What cancels out is left out."""
    rows = [counted_row(Count(0, figure, mark, amount)) for (figure, mark), amount in net(counts).items()]
    uow.execute(_ADD_RECOUNTED, {"counted": json.dumps(rows, default=str)})


def list_differences(uow: UnitOfWork, *, since: date = date.min) -> list[tuple[Cell, Sums, Sums]]:
    """Cells from then on of which what is kept, added up or not, is not what was recounted: both."""
    return _differences(uow, _KEPT_AND_RECOUNTED, since=since)


def list_frozen_differences(uow: UnitOfWork) -> list[tuple[Cell, Sums, Sums]]:
    """The same of the months that were frozen: what they were then, with what came later."""
    return _differences(uow, _FROZEN_AND_RECOUNTED)


def _differences(uow: UnitOfWork, statement: Executable, **asked: Any) -> list[tuple[Cell, Sums, Sums]]:
    return [
        (Cell(*(row._mapping[name] for name in KEY)), _side_of(row, "kept"), _side_of(row, "counted"))
        for row in uow.execute(statement, asked)
    ]


def _side_of(row: Row[Any], side: str) -> Sums:
    return {figure: row._mapping[f"{side}_{figure}"] for figure in Figure}


def add_to_kept(uow: UnitOfWork, additions: Iterable[tuple[Cell, Figure, int]]) -> None:
    cells: dict[Cell, dict[str, int]] = {}
    for cell, figure, amount in additions:
        cells.setdefault(cell, {})[figure.value] = amount
    rows = [{**asdict(cell), **sums} for cell, sums in cells.items()]
    uow.execute(_GIVEN, {"cells": json.dumps(rows, default=str)})


def _side(side: str) -> str:
    return ", ".join(f"coalesce(sum({f}) filter (where side = '{side}'), 0)::int as {side}_{f}" for f in Figure)


def _cells_of(table: str, side: str, which: str) -> str:
    """Of single counts, the cells that they add to."""
    return f"""
    select '{side}' as side, {", ".join(KEY)}, {PIVOT} from {table} {_SPREAD}
    where value is not null and {which} group by {", ".join(KEY)}
    """


def _odd(*parts: str) -> TextClause:
    return text(f"""
    select {", ".join(KEY)}, {_side("kept")}, {_side("counted")} from ({" union all ".join(parts)}) as both_sides
    group by {", ".join(KEY)}
    having {" or ".join(f"sum(case side when 'kept' then {f} else -{f} end) <> 0" for f in Figure)}
    order by first, grain, dimension, value, place_id
    """)


_KEPT_AND_RECOUNTED = _odd(
    f"select 'kept' as side, {', '.join(KEY)}, {SUMS} from figure_kept where first >= :since",
    _cells_of("figure_increment", "kept", "first >= :since"),
    _cells_of("figure_recounted", "counted", "first >= :since"),
)

_IS_FROZEN = "grain = 'month' and first in (select month from figure_freeze)"
_FROZEN_AND_RECOUNTED = _odd(
    f"select 'kept' as side, place_id, dimension, value, 'month' as grain, month as first, {SUMS} from figure_frozen",
    _cells_of("figure_correction", "kept", _IS_FROZEN),
    _cells_of("figure_recounted", "counted", _IS_FROZEN),
)

_GIVEN = text(f"""
with cells as (
    select given.place_id, dimension, value, grain, first, coalesce(p.path, '/') as path,
        {", ".join(f"coalesce({f.value}, 0) as {f.value}" for f in Figure)}
    from jsonb_populate_recordset(cast(null as figure_kept), cast(:cells as jsonb)) as given
    left join place_copy p on p.place_id = given.place_id
)
{_ADD_TO_KEPT}
""").bindparams(bindparam("cells", type_=Text))
