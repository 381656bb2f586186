"""Months that were frozen, what their figures were, and what came later."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from kit.db import UnitOfWork, within
from sqlalchemy import Row, func, insert, select, text

from routing.domain.figures import ALL, DIMENSIONS, Count, Figure, Mark, Sums, Where
from routing.domain.freezing import Cells, Correction, Freeze, Key
from routing.models import cases, figure_correction, figure_freeze, figure_frozen
from routing.repository.figures import SUMS

_FREEZE = [figure_freeze.c[field.name] for field in fields(Freeze)]

_FREEZE_CELLS = text(f"""
insert into figure_frozen (month, place_id, dimension, value, path, {SUMS})
select first, place_id, dimension, value, path, {SUMS} from figure_kept where grain = 'month' and first = :month
    and ({" or ".join(f"{figure.value} <> 0" for figure in Figure)})
""")


def list_freezes(uow: UnitOfWork) -> list[Freeze]:
    """In the order in which they were frozen."""
    return [Freeze(**row._mapping) for row in uow.execute(select(*_FREEZE).order_by(figure_freeze.c.nth))]


def find_freeze(uow: UnitOfWork, month: date) -> Freeze | None:
    row = uow.execute(select(*_FREEZE).where(figure_freeze.c.month == month)).first()
    return Freeze(**row._mapping) if row else None


def add_freeze(uow: UnitOfWork, new: Freeze) -> None:
    uow.execute(insert(figure_freeze), [asdict(new)])


def freeze_cells(uow: UnitOfWork, month: date) -> None:
    uow.execute(_FREEZE_CELLS, {"month": month})


def list_kept_of(uow: UnitOfWork, month: date) -> Cells:
    """As they are by now, for whoever is about to freeze them. Under the lock, with nothing left to add up."""
    return _cells(
        uow,
        text(f"""
        select place_id, dimension, value, {SUMS} from figure_kept where grain = 'month' and first = :month
    """),
        month,
    )


def list_frozen(uow: UnitOfWork, month: date) -> Cells:
    return _cells(
        uow, text(f"select place_id, dimension, value, {SUMS} from figure_frozen where month = :month"), month
    )


def _cells(uow: UnitOfWork, statement: Any, month: date) -> dict[Key, Sums]:
    found = uow.execute(statement, {"month": month})
    cells = {(row.place_id, row.dimension, row.value): _sums(row) for row in found}
    return {key: sums for key, sums in cells.items() if any(sums.values())}


def _sums(row: Row[Any]) -> Sums:
    return {figure: int(row._mapping[figure.value] or 0) for figure in Figure}


def sum_frozen(uow: UnitOfWork, month: date, paths: Sequence[str]) -> Sums:
    """Of all together at these places and below."""
    frozen = figure_frozen.c
    sums = [func.sum(frozen[figure.value]).label(figure.value) for figure in Figure]
    statement = select(*sums).where(frozen.month == month, frozen.dimension == ALL, within(frozen.path, *paths))
    return _sums(uow.execute(statement).one())


_CORRECTION = [
    *(figure_correction.c[name] for name in ("correction_id", "noted_at", "figure", "amount", "day", "place_id")),
    *(figure_correction.c[name.value] for name in DIMENSIONS),
]


def list_corrections(
    uow: UnitOfWork, month: date, paths: Sequence[str], *, after_id: int | None = None, limit: int | None = None
) -> list[Correction]:
    """What came to a month after it was frozen, oldest first; the case's number where it is to be seen."""
    statement = (
        select(*_CORRECTION, cases.c.number, figure_correction.c.seq)
        .outerjoin(cases, cases.c.case_id == figure_correction.c.case_id)
        .where(figure_correction.c.month == month, within(figure_correction.c.path, *paths))
        .order_by(figure_correction.c.correction_id)
        .limit(limit)
    )
    if after_id is not None:
        statement = statement.where(figure_correction.c.correction_id > after_id)
    return [_correction(row) for row in uow.execute(statement)]


def _correction(row: Row[Any]) -> Correction:
    values = (getattr(row, name.value) for name in DIMENSIONS)
    mark = Mark(row.day.isoformat(), Where(str(row.place_id), *values))
    count = Count(row.seq or 0, Figure(row.figure), mark, row.amount)
    return Correction(row.correction_id, row.noted_at, row.number, count)
