"""Figures that are counted as it happens: a step adds rows, the clock sums them up, and reading never reads cases.

What is not summed up yet is read beside the sums, in one statement, so that figures are true at every instant. The sums
of a place by itself lie in ``figure_kept``; those of all below it in ``figure_above``.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork, after
from sqlalchemy import (
    ColumnElement,
    Date,
    Executable,
    Integer,
    Row,
    Select,
    Table,
    Text,
    TextClause,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    delete,
    false,
    func,
    literal,
    literal_column,
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
    NOWHERE,
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
from routing.models import (
    figure_above,
    figure_correction,
    figure_frozen,
    figure_increment,
    figure_kept,
    figure_recounted,
)

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


#: In the statement that saves a case. The path is that of the place now, looked up for each: joined, the whole tree was
#: read at every step, since a plan for all values takes a hundred rows to be given.
ADD_COUNTED = f"""
insert into figure_increment (case_id, seq, at, figure, amount, day, place_id, path, {", ".join(DIMENSIONS)})
select given.case_id, given.seq, given.at, given.figure, given.amount, given.day, given.place_id,
    coalesce((select path from place_copy where place_copy.place_id = given.place_id), '/'),
    {", ".join(f"given.{name}" for name in DIMENSIONS)}
from jsonb_populate_recordset(cast(null as figure_increment), cast(:counted as jsonb)) as given
"""

_SPREAD = f"""
cross join lateral (values ('{ALL}', ''), {", ".join(f"('{d}', {d})" for d in DIMENSIONS)}) as v (dimension, value)
cross join lateral (values ('day', day), ('month', date_trunc('month', day)::date)) as g (grain, first)
"""

#: Of the places above a path, the root of the tree among them.
_PLACES_ABOVE = f"""
cross join lateral (
    select coalesce(cast(parts[n] as uuid), '{NOWHERE}') as above,
        case when n = 0 then '/' else '/' || array_to_string(parts[\\:n], '/') || '/' end as above_path
    from string_to_array(trim(both '/' from path), '/') as parts, generate_series(0, cardinality(parts) - 1) as n
) as places_above
"""


def _add_to(table: str, cells: str) -> str:
    return f"""
    insert into {table} ({", ".join(KEY)}, path, {SUMS})
    select {", ".join(KEY)}, path, {SUMS} from {cells} order by {", ".join(KEY)}
    on conflict ({", ".join(KEY)}) do update set
        {", ".join(f"{f.value} = {table}.{f.value} + excluded.{f.value}" for f in Figure)}
    """


def _above(cells: str, *, sign: str = "1") -> str:
    """What the cells come to at the places above them, which go by their own paths."""
    return f"""
    select above as place_id, dimension, value, grain, first, coalesce(max(p.path), max(above_path)) as path,
        {", ".join(f"sum({sign} * {f})::int as {f}" for f in Figure)}
    from {cells} {_PLACES_ABOVE} left join place_copy p on p.place_id = above
    group by above, dimension, value, grain, first
    """


_BY_KEY = ", ".join(KEY)
_AS_KEPT = f"(select {_BY_KEY}, added.path, {SUMS} from cells join added using ({_BY_KEY})) as c"
#: Of ``cells``: to the places' own sums, and to those of the places above.
_ADD_CELLS = f"""
added as ({_add_to("figure_kept", "cells")} returning {_BY_KEY}, path),
lifted as ({_above(_AS_KEPT)}),
added_above as ({_add_to("figure_above", "lifted")})
"""

#: What is of a month that is frozen is noted beside it too.
_FOLD = text(f"""
with taken as (
    delete from figure_increment
    where ctid = any(array(select ctid from figure_increment order by increment_id limit :most))
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
{_ADD_CELLS},
summed as (
    select p.code, figure, sum(amount)::int as amount from placed join place_copy p on p.place_id = placed.place_id
    where amount > 0 and figure = any(cast(:watched as text[])) group by p.code, figure
)
select (select count(*) from taken) as taken,
    coalesce((select jsonb_agg(jsonb_build_array(code, figure, amount)) from summed), '[]') as sums
""")

#: Of a place, for who watches from hour to hour.
WATCHED = (Figure.RECEIVED, Figure.ACCEPTED, Figure.ANSWERED, Figure.CLOSED, Figure.MISSED, Figure.NOT_SOLVED)
#: The code of a place, one of these figures, and what was added to it.
Seen = list[tuple[str, str, int]]


def lock(uow: UnitOfWork) -> None:
    uow.execute(text(LOCK))


def try_lock(uow: UnitOfWork) -> bool:
    return bool(uow.execute(_TRY_LOCK).scalar_one())


def fold(uow: UnitOfWork, *, limit: int, seen: Seen | None = None) -> int:
    """Add the oldest up; how many there were. Under the lock. ``seen`` is told what is watched of it."""
    row = uow.execute(_FOLD, {"most": limit, "now": uow.now, "watched": [each.value for each in WATCHED]}).one()
    if seen is not None:
        seen += [(place, figure, amount) for place, figure, amount in row.sums]
    return int(row.taken)


def move_place(uow: UnitOfWork, place_id: UUID, path: str) -> None:
    """Its figures go with it: out of the sums of the places above that it leaves, into those that it comes to."""
    lock(uow)
    uow.execute(_MOVE_ABOVE, {"place": place_id, "path": path})
    for table in (figure_increment, figure_kept, figure_above, figure_frozen, figure_correction):
        uow.execute(update(table).where(table.c.place_id == place_id).values(path=path))


_ASTRAY = text("""
select distinct place_id, code from (
    select place_id, path from figure_kept where dimension = 'all' and grain = 'month'
    union all
    select place_id, path from figure_above where dimension = 'all' and grain = 'month'
) as summed join place_copy using (place_id) where summed.path <> place_copy.path order by code limit :most
""")
_BRING_HOME = [
    text(f"""
    update {table.name} as summed set path = place_copy.path from place_copy
    where place_copy.place_id = summed.place_id and summed.place_id = any(:places)
    """).bindparams(bindparam("places", type_=ARRAY(Uuid)))
    for table in (figure_kept, figure_above)
]


def bring_home(uow: UnitOfWork, *, limit: int) -> list[str]:
    """Put sums that lie where their place lay before to where it lies now; the codes of these places."""
    found = uow.execute(_ASTRAY, {"most": limit}).all()
    for statement in _BRING_HOME if found else []:
        uow.execute(statement, {"places": [row.place_id for row in found]})
    return [row.code for row in found]


@dataclass(frozen=True)
class _Shape:
    """What of a question makes another statement; all else are its parameters. ``of``: of one value of that dimension
    alone. ``grains``: which of the sums hold the period. ``places``: how many, none within another.
    """

    by: Group | None
    of: Group | None
    grains: tuple[str, ...]
    places: int
    goes_on: bool

    @property
    def dimension(self) -> Group | None:
        return self.of or (self.by if self.by in DIMENSIONS else None)


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
    outermost = _outermost(paths)
    months, days = ([], _days(period)) if by is Group.DAY else period.split()
    grains = tuple(grain for grain, firsts in (("month", months), ("day", days)) if firsts)
    shape = _Shape(by, of[0] if of else None, grains, len(outermost), after_key is not None)
    asked = {"month": months, "day": days, "since": period.since, "until": period.until, "most": limit}
    asked |= {"after": after_key, "of": of[1] if of else None, **_places(uow, shape, outermost)}
    return [Line(row.key, _sums(row)) for row in uow.execute(_statement(shape), asked)]


def _places(uow: UnitOfWork, shape: _Shape, paths: Sequence[str]) -> dict[str, Any]:
    """The few rows that hold it: a place's own, and those of all below it."""
    below = _right_below(uow, paths) if shape.by is Group.PLACE else list(paths)
    told: dict[str, Any] = {"at": sorted({*paths, *below}), "below": below}
    for n, path in enumerate(paths):
        told |= {f"lo{n}": path, f"hi{n}": after(path), f"depth{n}": path.count("/") + 1}
    return told


@lru_cache(maxsize=512)
def _statement(shape: _Shape) -> Select[Any]:
    """Built once: to build it takes longer than to answer it."""
    summed = [
        _summed(shape, table, at, grain)
        for table, at in ((figure_kept, "at"), (figure_above, "below"))
        for grain in shape.grains
    ]
    found = union_all(*summed, _unsummed(shape)).subquery("found")
    sums = [func.sum(found.c[figure.value]).label(figure.value) for figure in Figure]
    statement = select(found.c.key, *sums).group_by(found.c.key).order_by(found.c.key.nulls_last())
    if shape.goes_on:
        statement = statement.where(found.c.key > bindparam("after", type_=Text))
    return statement.limit(bindparam("most", type_=Integer))


def _outermost(paths: Sequence[str]) -> list[str]:
    """None that another holds, so that nothing is summed twice."""
    return [path for path in sorted(set(paths)) if not any(path != each and path.startswith(each) for each in paths)]


def _within(path: ColumnElement[str], shape: _Shape) -> ColumnElement[bool]:
    return or_(false(), *(_within_one(path, n) for n in range(shape.places)))


def _within_one(path: ColumnElement[str], n: int) -> ColumnElement[bool]:
    return and_(path >= bindparam(f"lo{n}", type_=Text), path < bindparam(f"hi{n}", type_=Text))


#: From one place to the next beside it, however many lie below each.
_RIGHT_BELOW = text("""
with recursive below (path) as (
    (select path from place_copy where path > :above and path < :behind order by path limit 1)
    union all
    select (select c.path from place_copy c where c.path >= left(b.path, -1) || '0' and c.path < :behind
        order by c.path limit 1)
    from below b where b.path is not null
)
select path from below where path is not null
""")


def _right_below(uow: UnitOfWork, paths: Sequence[str]) -> list[str]:
    asked = [{"above": path, "behind": after(path)} for path in paths]
    return [path for each in asked for path in uow.execute(_RIGHT_BELOW, each).scalars()]


def first_month(uow: UnitOfWork) -> date | None:
    """Of which anything was counted, as far as whoever asks may see."""
    kept = select(func.min(figure_kept.c.first)).where(figure_kept.c.dimension == ALL, figure_kept.c.grain == "month")
    added = select(func.min(figure_increment.c.day))
    found: date | None = uow.execute(select(func.least(kept.scalar_subquery(), added.scalar_subquery()))).scalar_one()
    return found and month_of(found)


def _sums(row: Row[Any]) -> Sums:
    return {figure: int(row._mapping[figure.value] or 0) for figure in Figure}


def _key(shape: _Shape, table: Any) -> ColumnElement[Any]:
    """What tells the groups apart, of either table."""
    is_kept = table is not figure_increment
    day = table.c.first if is_kept else table.c.day
    match shape.by:
        case None:
            return literal("", Text)
        case Group.PLACE:
            return _below(table.c.path, shape)
        case Group.MONTH:
            return cast(cast(func.date_trunc("month", day), Date), Text)
        case Group.DAY:
            return cast(day, Text)
        case by:
            value: ColumnElement[Any] = table.c.value if is_kept else table.c[by.value]
            return value


def _below(path: ColumnElement[str], shape: _Shape) -> ColumnElement[Any]:
    """The place right below that which is asked for, on the way to the row's; or that itself."""
    depths = [bindparam(f"depth{n}", type_=Integer) for n in range(shape.places)]
    whens = [
        (_within_one(path, n), func.coalesce(_segment(path, depth), _segment(path, depth - 1)))
        for n, depth in enumerate(depths)
    ]
    return case(*whens) if whens else literal(None, Text)


def _segment(path: ColumnElement[str], nth: ColumnElement[int]) -> ColumnElement[Any]:
    return func.nullif(func.split_part(path, "/", nth), "")


def _summed(shape: _Shape, table: Table, at: str, grain: str) -> Select[Any]:
    kept, there = table.c, table.c.path == any_(bindparam(at, type_=ARRAY(Text)))
    span = and_(kept.grain == grain, kept.first == any_(bindparam(grain, type_=ARRAY(Date))))
    sums = [kept[figure.value] for figure in Figure]
    statement = select(_key(shape, table).label("key"), *sums)
    statement = statement.where(there, span, kept.dimension == (shape.dimension or ALL))
    return statement.where(_is_of(kept.value, shape.of)) if shape.of else statement


def _days(period: Period) -> list[date]:
    return [date.fromordinal(period.since.toordinal() + ahead) for ahead in range(period.days)]


def _unsummed(shape: _Shape) -> Select[Any]:
    added = figure_increment.c
    since, until = (bindparam(name, type_=Date) for name in ("since", "until"))
    sums = [literal_column(f"case figure when '{f}' then amount else 0 end", Integer).label(f.value) for f in Figure]
    statement = select(_key(shape, figure_increment).label("key"), *sums)
    statement = statement.where(_within(added.path, shape), added.day.between(since, until))
    if shape.dimension is not None:
        statement = statement.where(added[shape.dimension.value].is_not(None))
    return statement.where(_is_of(added[shape.of.value], shape.of)) if shape.of else statement


def _is_of(column: ColumnElement[str], of: Group) -> ColumnElement[bool]:
    value = bindparam("of", type_=Text)
    return column == value if of is not Group.CATEGORY else func.starts_with(column + ".", value + ".")


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


def list_differences_above(uow: UnitOfWork, *, since: date = date.min) -> list[tuple[Cell, Sums, Sums]]:
    """The same of all that is below a place."""
    return _differences(uow, _ABOVE_AND_RECOUNTED, since=since)


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


Additions = Iterable[tuple[Cell, Figure, int]]


def add_to_kept(uow: UnitOfWork, additions: Additions) -> None:
    """To places' own sums alone."""
    uow.execute(_ADD_GIVEN, {"cells": _given(additions)})


def add_to_above(uow: UnitOfWork, additions: Additions) -> None:
    """To those of all below a place alone."""
    uow.execute(_ADD_GIVEN_ABOVE, {"cells": _given(additions)})


def _given(additions: Additions) -> str:
    cells: dict[Cell, dict[str, int]] = {}
    for cell, figure, amount in additions:
        cells.setdefault(cell, {})[figure.value] = amount
    return json.dumps([{**asdict(cell), **sums} for cell, sums in cells.items()], default=str)


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


def _lifted(table: str, side: str) -> str:
    """Of single counts, what they come to at the places above."""
    return f"""
    select side, above as place_id, dimension, value, grain, first, {SUMS} from (
        select c.*, coalesce(p.path, '/') as path
        from ({_cells_of(table, side, "first >= :since")}) as c left join place_copy p on p.place_id = c.place_id
    ) as placed {_PLACES_ABOVE}
    """


_ABOVE_AND_RECOUNTED = _odd(
    f"select 'kept' as side, {', '.join(KEY)}, {SUMS} from figure_above where first >= :since",
    _lifted("figure_increment", "kept"),
    _lifted("figure_recounted", "counted"),
)

_IS_FROZEN = "grain = 'month' and first in (select month from figure_freeze)"
_FROZEN_AND_RECOUNTED = _odd(
    f"select 'kept' as side, place_id, dimension, value, 'month' as grain, month as first, {SUMS} from figure_frozen",
    _cells_of("figure_correction", "kept", _IS_FROZEN),
    _cells_of("figure_recounted", "counted", _IS_FROZEN),
)

_GIVEN = f"""
with cells as (
    select given.place_id, dimension, value, grain, first, coalesce(p.path, '/') as path,
        {", ".join(f"coalesce({f.value}, 0) as {f.value}" for f in Figure)}
    from jsonb_populate_recordset(cast(null as figure_kept), cast(:cells as jsonb)) as given
    left join place_copy p on p.place_id = given.place_id
)
"""
_ADD_GIVEN = text(f"{_GIVEN} {_add_to('figure_kept', 'cells')}")
_ADD_GIVEN_ABOVE = text(f"{_GIVEN} {_add_to('figure_above', 'cells')}")

_CELLS_THAT_MOVE = f"""
select {", ".join(KEY)}, 1 as way, cast(:path as text) as path, {SUMS} from figure_kept where place_id = :place
union all
select {", ".join(KEY)}, -1 as way, path, {SUMS} from figure_kept where place_id = :place
"""
_MOVE_ABOVE = text(f"""
with cells as ({_above(f"({_CELLS_THAT_MOVE}) as moving", sign="way")} having sum(way) <> 0)
{_add_to("figure_above", "cells")}
""")
