"""Figures that are counted as it happens, a place and a day each: reading them never reads cases."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from kit.db import UnitOfWork, within
from network.places import prefixes
from sqlalchemy import func, select, text, update

from routing.domain.case import Case
from routing.models import first_dispatch_day

_COUNT = text("select count_first_dispatch(cast(:line as text[]), :day, :was_first)")


def count_first_dispatch(uow: UnitOfWork, case: Case, day: date, *, was_first: bool) -> None:
    """For the place of the narrowest dispatcher on its line."""
    uow.execute(_COUNT, {"line": prefixes(case.placed_path), "day": day, "was_first": was_first})


def sum_first_dispatch(uow: UnitOfWork, paths: Sequence[str], since: date, until: date) -> tuple[int, int]:
    """How many were answered, and how many of them by whom they were sent to first; both days among them."""
    counted = first_dispatch_day.c
    sums = [func.coalesce(func.sum(column), 0).label(column.name) for column in (counted.answered, counted.at_first)]
    row = uow.execute(select(*sums).where(counted.day.between(since, until), within(counted.path, *paths))).one()
    return int(row.answered), int(row.at_first)


def move_place(uow: UnitOfWork, place_id: UUID, path: str) -> None:
    uow.execute(update(first_dispatch_day).where(first_dispatch_day.c.place_id == place_id).values(path=path))
