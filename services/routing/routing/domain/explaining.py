"""A term counted a second time, day by day, so that a clerk can follow it and a fault of the first count shows.

Nothing of ``promise.due`` is used, nor what that counts by: of a calendar its listed days alone are read, of a
station's hours the span of a weekday.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from routing.domain.calendar import Calendar, Hours
from routing.domain.promise import Term, Unit

#: A station that opens on none of so many working days in a row is held to the first of them.
LOOKS_AHEAD = 7


class Counting(StrEnum):
    """Why a day is counted, or passed over."""

    WORKING_DAY = "working_day"
    MAKE_UP_DAY = "make_up_day"
    """A weekend day that is worked in place of a weekday."""
    CALENDAR_DAY = "calendar_day"
    """Of a term in calendar days: whatever day it is."""
    SAME_DAY = "same_day"
    """The day on which it is to be done."""
    CLOCK_HOURS = "clock_hours"
    """The clock runs, whatever day it is."""
    FIRST_DAY = "first_day"
    """The day on which a term begins is not counted (Civil Code, article 201)."""
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    AFTER_CLOSING = "after_closing"
    CLOSED = "closed"
    """A working day on which the station does not open."""
    MOVED_TO = "moved_to"
    """The working day behind a last day that was none (article 203)."""
    MANY = "many"
    """Days of a long count that are summed up."""


PASSED_OVER = frozenset(
    {Counting.FIRST_DAY, Counting.WEEKEND, Counting.HOLIDAY, Counting.AFTER_CLOSING, Counting.CLOSED, Counting.MOVED_TO}
)


@dataclass(frozen=True)
class Day:
    """``note``: of a day that a notice made different, which holiday it is or what it makes up for; ``stands_for``: the
    weekday on whose hours it runs.
    """

    date: date
    why: Counting
    note: str | None = None
    stands_for: int | None = None

    @property
    def counted(self) -> bool:
        return self.why not in PASSED_OVER


@dataclass(frozen=True)
class Run:
    """Days one behind the other with the same reason. ``number``: which counted day the last of them is."""

    first: date
    last: date
    why: Counting
    note: str | None
    stands_for: int | None
    counted: int
    number: int


@dataclass(frozen=True)
class Reckoning:
    """Every day from the first to the last. ``closes``: when business ends on it; none: it is over at midnight, or runs
    by the clock.
    """

    days: Sequence[Day]
    due_at: datetime
    closes: time | None
    forecast: bool

    def by(self, later: Calendar) -> "Reckoning":
        """Over the years whose notices are out by a later calendar. What runs by the clock hangs on none."""
        years = {day.date.year for day in self.days if day.why is not Counting.CLOCK_HOURS}
        return replace(self, forecast=not years <= set(later.official))

    @property
    def last(self) -> Day:
        return self.days[-1]

    @property
    def counted(self) -> int:
        return sum(day.counted for day in self.days)


def reckon(term: Term, start_at: datetime, *, calendar: Calendar, hours: Hours, zone: str) -> Reckoning:
    """Not for what somebody named: that is not counted."""
    local = ZoneInfo(zone)
    first = start_at.astimezone(local)
    if term.unit is Unit.CLOCK_HOURS:
        due_at = start_at.astimezone(UTC) + timedelta(hours=term.count)
        return Reckoning(list(_clock_days(first.date(), due_at.astimezone(local))), due_at, None, forecast=False)
    days = list(_walk(term, first, calendar, hours))
    closes = _closing(days[-1], hours)
    due_at = _ending(days[-1], hours, local)
    return Reckoning(days, due_at, closes, forecast=False).by(calendar)


def _walk(term: Term, first: datetime, calendar: Calendar, hours: Hours) -> Iterator[Day]:
    if term.unit is Unit.SAME_DAY or (term.unit is Unit.REMAINING_WORKING_DAYS and term.count == 0):
        return iter(_to_an_open_day(first, calendar, hours))
    if term.unit is Unit.CALENDAR_DAYS:
        return _calendar_days(first.date(), term.count, calendar)
    return _working_days(first.date(), term.count, calendar)


def _kind_of(day: date, calendar: Calendar) -> Day:
    """What whoever counts working days sees in it."""
    known = calendar.days.get(day)
    if known is None:
        return Day(day, Counting.WEEKEND if day.isoweekday() > 5 else Counting.WORKING_DAY)
    why = (
        Counting.HOLIDAY
        if not known.working
        else Counting.WORKING_DAY
        if known.stands_for is None
        else Counting.MAKE_UP_DAY
    )
    return Day(day, why, known.note or None, known.stands_for)


def kinds_after(day: date, calendar: Calendar) -> Iterator[Day]:
    """The days behind that one, without end."""
    while True:
        day += timedelta(days=1)
        yield _kind_of(day, calendar)


def _working_days(first: date, count: int, calendar: Calendar) -> Iterator[Day]:
    yield Day(first, Counting.FIRST_DAY)
    for day in kinds_after(first, calendar):
        yield day
        count -= day.counted
        if count <= 0 and day.counted:
            return


def _calendar_days(first: date, count: int, calendar: Calendar) -> Iterator[Day]:
    yield Day(first, Counting.FIRST_DAY)
    last = _kind_of(first, calendar)
    for ahead in range(1, count + 1):
        last = _kind_of(first + timedelta(days=ahead), calendar)
        yield replace(last, why=Counting.CALENDAR_DAY)
    if last.counted:
        return
    for day in kinds_after(last.date, calendar):
        yield replace(day, why=Counting.MOVED_TO) if day.counted else day
        if day.counted:
            return


def _to_an_open_day(now: datetime, calendar: Calendar, hours: Hours) -> list[Day]:
    """Today while the station is open, else the next working day on which it opens."""
    today = _kind_of(now.date(), calendar)
    opens = _closing(today, hours) is not None
    if today.counted and opens and now < _ending(today, hours, now.tzinfo):
        return [replace(today, why=Counting.SAME_DAY)]
    if today.counted:
        today = replace(today, why=Counting.AFTER_CLOSING if opens else Counting.CLOSED)
    days, closed = [today], 0
    for day in kinds_after(now.date(), calendar):
        is_open = day.counted and _closing(day, hours) is not None
        closed += day.counted and not is_open
        days.append(replace(day, why=Counting.SAME_DAY if is_open else Counting.CLOSED) if day.counted else day)
        if is_open or closed == LOOKS_AHEAD:
            break
    return days if days[-1].counted else _to_the_first_closed(days)


def _to_the_first_closed(days: list[Day]) -> list[Day]:
    """It never opens: the first working day behind today has to do."""
    ahead = next(place for place, day in enumerate(days) if place and day.why is Counting.CLOSED)
    return [*days[:ahead], replace(days[ahead], why=Counting.SAME_DAY)]


def _clock_days(first: date, end: datetime) -> Iterator[Day]:
    last = max(first, (end - timedelta(microseconds=1)).date())
    for ahead in range((last - first).days + 1):
        yield Day(first + timedelta(days=ahead), Counting.CLOCK_HOURS)


def _closing(day: Day, hours: Hours) -> time | None:
    weekday = day.date.weekday() if day.stands_for is None else day.stands_for
    span = hours.on(weekday)
    return span[1] if span is not None else None


def _ending(day: Day, hours: Hours, local: tzinfo | None) -> datetime:
    """When business ends on it, or it does."""
    closes = _closing(day, hours)
    if closes is not None:
        return datetime.combine(day.date, closes, tzinfo=local).astimezone(UTC)
    return datetime.combine(day.date + timedelta(days=1), time(0), tzinfo=local).astimezone(UTC)


def summed_up(days: Sequence[Day], *, most: int) -> list[Run]:
    """Days that are passed over or run by the clock, together; then, of more runs than ``most``, the middle as one."""
    runs = list(_runs(days))
    if len(runs) <= most:
        return runs
    head, tail = runs[: most // 2], runs[most // 2 - most + 1 :]
    middle = runs[len(head) : len(runs) - len(tail)]
    many = Run(
        *(middle[0].first, middle[-1].last, Counting.MANY, None, None),
        counted=sum(run.counted for run in middle),
        number=middle[-1].number,
    )
    return [*head, many, *tail]


def _runs(days: Sequence[Day]) -> Iterator[Run]:
    number = 0
    for (why, note, stands_for, _), group in groupby(days, key=_alike):
        together = list(group)
        counted = sum(day.counted for day in together)
        number += counted
        yield Run(together[0].date, together[-1].date, why, note, stands_for, counted, number)


def _alike(day: Day) -> tuple[Counting, str | None, int | None, date | None]:
    """What is counted stands by itself, so that it can be ticked off."""
    alone = day.counted and day.why is not Counting.CLOCK_HOURS
    return day.why, day.note, day.stands_for, day.date if alone else None
