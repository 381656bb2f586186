"""Figures: counted in the transaction of the step that they count, so that they are true at every instant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from kit.paging import Page, Sheet

from routing.domain.figures import DIMENSIONS, STOCKS, Figure, Group, Line, Period
from routing.domain.promise import day_of
from routing.errors import FiguresElsewhere, NotKeptSo, UnfitPeriod
from routing.repository import figures, policy
from routing.repository.figures import Seen
from routing.service.reading import paths_of

USUAL_PERIOD = timedelta(days=30)
LONGEST_PERIOD = timedelta(days=366)
#: Day by day, less of it: each day is a line.
LONGEST_BY_DAY = timedelta(days=92)

#: What steps have counted is added up so many at a time.
BATCH = 1000

Stocks = Mapping[Figure, int]
_NO_STOCKS: Stocks = dict.fromkeys(STOCKS, 0)


@dataclass(frozen=True)
class Figures:
    """What was asked, and the lines of it."""

    place_id: UUID | None
    period: Period
    by: Group | None
    sheet: Sheet[Line]


def get_figures(
    uow: UnitOfWork,
    page: Page,
    *,
    place_id: UUID | None = None,
    since: date | None = None,
    until: date | None = None,
    by: Group | None = None,
    only: Mapping[Group, str] | None = None,
) -> Figures:
    """At a place and below it, or wherever I may look; the last thirty days, unless others are asked for. ``only``: of
    one category, channel, office or post.
    """
    paths, period = paths_at(uow, place_id), _period(uow, since, until, by=by)
    of = _one_of(only or {}, by)
    after_key = page.after_one(str)
    lines = figures.sum_up(uow, paths, period, by=by, of=of, after_key=after_key, limit=page.fetch)
    if by in (Group.MONTH, Group.DAY):
        before = Period(date.min, period.since - timedelta(days=1))
        lines = _going_on(lines, _stocks(uow, paths, before, of=of))
    else:
        standing = _stocks(uow, paths, period, by=by, of=of, after_key=after_key, limit=page.fetch)
        lines = _with(lines, standing)[: page.fetch]
    return Figures(place_id, period, by, page.sheet(lines, position=lambda line: (line.key,)))


def _one_of(only: Mapping[Group, str], by: Group | None) -> tuple[Group, str] | None:
    if len(only) > 1:
        raise NotKeptSo("Figures are kept by one of category, channel, office and post: name one.", field="/category")
    if not only:
        return None
    (of,) = only.items()
    if by in DIMENSIONS and by is not of[0]:
        raise NotKeptSo(f"Figures of one {of[0]} are not kept by {by}: ask by place, month or day.", field="/by")
    return of


def _stocks(uow: UnitOfWork, paths: Sequence[str], period: Period, **asked: Any) -> dict[str | None, Stocks]:
    """What stood at the end of the period, group by group: all that was counted until then."""
    first = min(figures.first_month(uow) or period.until, period.until)
    lines = figures.sum_up(uow, paths, Period(first, period.until), **asked)
    return {line.key: {figure: line.sums[figure] for figure in STOCKS} for line in lines}


def _going_on(lines: Sequence[Line], standing: Mapping[str | None, Stocks]) -> list[Line]:
    """Period by period, from what stood before the first."""
    stands, shown = standing.get("", _NO_STOCKS), []
    for line in lines:
        stands = {figure: stands[figure] + line.sums[figure] for figure in STOCKS}
        shown.append(Line(line.key, {**line.sums, **stands}))
    return shown


def _with(lines: Sequence[Line], standing: Mapping[str | None, Stocks]) -> list[Line]:
    """Groups of which nothing but a stock is left among them."""
    sums = {line.key: line.sums for line in lines}
    keys = {*sums, *(key for key, stocks in standing.items() if any(stocks.values()))}
    in_order = sorted(keys, key=lambda key: (key is None, key or ""))
    return [Line(key, {**sums.get(key, {}), **standing.get(key, _NO_STOCKS)}) for key in in_order]


@dataclass(frozen=True)
class FirstDispatch:
    """Of the cases that were answered, those that the post answered to which they were first assigned."""

    place_id: UUID | None
    since: date
    until: date
    answered: int
    at_first: int

    @property
    def share(self) -> float | None:
        return self.at_first / self.answered if self.answered else None


def get_first_dispatch(
    uow: UnitOfWork, *, place_id: UUID | None = None, since: date | None = None, until: date | None = None
) -> FirstDispatch:
    """The one share by itself."""
    paths, period = paths_at(uow, place_id), _period(uow, since, until, by=None)
    sums = next((line.sums for line in figures.sum_up(uow, paths, period)), {})
    counted = (sums.get(figure, 0) for figure in (Figure.DISPATCHED, Figure.AT_FIRST))
    return FirstDispatch(place_id, period.since, period.until, *counted)


def sweep_increments(uow: UnitOfWork, *, limit: int = BATCH, seen: Seen | None = None) -> int:
    """Add up what steps have counted; how many there were. One at a time does it: who comes meanwhile passes by."""
    return figures.fold(uow, limit=limit, seen=seen) if figures.try_lock(uow) else 0


def _period(uow: UnitOfWork, since: date | None, until: date | None, *, by: Group | None) -> Period:
    until = until or _today(uow)
    since = since or until - USUAL_PERIOD + timedelta(days=1)
    longest = LONGEST_BY_DAY if by is Group.DAY else LONGEST_PERIOD
    if not since <= until < since + longest:
        raise UnfitPeriod(longest.days)
    return Period(since, until)


def _today(uow: UnitOfWork) -> date:
    return day_of(uow.now, zone=policy.get_zone(uow))


def paths_at(uow: UnitOfWork, place_id: UUID | None) -> list[str]:
    """Which figures are mine to see."""
    asked, mine = paths_of(uow, place_id), uow.person.scope.paths
    if not all(path.startswith(mine) for path in asked):
        raise FiguresElsewhere
    return asked
