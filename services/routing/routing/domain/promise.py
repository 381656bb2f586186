"""What is promised, and when it falls due.

Days are counted by the Civil Code: the day on which the term begins is not counted (article 201), a last day that is a
holiday is followed by the next working day, and the last day ends when business ends (article 203).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from routing.domain.calendar import ONE_DAY, Calendar, Hours


class Unit(StrEnum):
    SAME_DAY = "same_day"
    WORKING_DAYS = "working_days"
    MORE_WORKING_DAYS = "more_working_days"
    """Of an extension: from the day on which the promise before it fell due."""
    REMAINING_WORKING_DAYS = "remaining_working_days"
    """Of a promise that was suspended: those that remained, from the day on which it runs again."""
    CALENDAR_DAYS = "calendar_days"
    CLOCK_HOURS = "clock_hours"
    GIVEN = "given"
    """Not counted: somebody named the instant."""


@dataclass(frozen=True)
class Term:
    unit: Unit
    count: int = 0


COUNTED_IN_WORKING_DAYS = (Unit.WORKING_DAYS, Unit.MORE_WORKING_DAYS, Unit.REMAINING_WORKING_DAYS)

#: Of a promise that goes on from another.
GONE_ON = (Unit.MORE_WORKING_DAYS, Unit.REMAINING_WORKING_DAYS)

#: What was suspended on the day on which it fell due has the rest of a day.
NO_MORE_THAN_THAT_DAY = Term(Unit.REMAINING_WORKING_DAYS, 0)


#: With a promise go the hours that its station had since so long: what it goes on from began before it.
REMEMBERED = timedelta(days=400)


def is_no_longer(term: Term, than: Term) -> bool:
    """Whether a promise may stand in the place of another. Terms of two units are compared by whole days, where days of
    the one are never more than as many of the other.
    """
    match term.unit, than.unit:
        case Unit.SAME_DAY, Unit.WORKING_DAYS | Unit.CALENDAR_DAYS:
            return True
        case Unit.CLOCK_HOURS, Unit.WORKING_DAYS | Unit.CALENDAR_DAYS:
            return term.count <= 24 * than.count
        case Unit.CALENDAR_DAYS, Unit.WORKING_DAYS:
            return term.count <= than.count
    return term.unit is than.unit and term.count <= than.count


@dataclass(frozen=True)
class WarningAt:
    """When a share of the allowed time, in hundredths, has passed."""

    share: int
    at: datetime


#: A term, and from when it runs.
Offer = tuple[Term, datetime]

#: Stretches of time that count, in order.
Spans = Sequence[tuple[datetime, datetime]]


@dataclass(frozen=True)
class Promise:
    """A promise with the inputs that explain it and by which it can be counted again. ``rule_layers``: the sets of
    narrower places that it is under besides the city's, widest first. ``path``: of the place by whose station's hours
    it was counted, wherever its case is now. ``others``: what its other rules promise, none of which ends sooner by
    that calendar.
    """

    term: Term
    start_at: datetime
    due_at: datetime
    rule_version: int
    calendar_version: int
    forecast: bool
    hours: Hours
    zone: str
    warnings: tuple[WarningAt, ...] = ()
    rule_layers: tuple[int, ...] = ()
    path: str = ""
    others: tuple[Offer, ...] = ()

    @property
    def offers(self) -> tuple[Offer, ...]:
        """All that was promised; the earliest holds."""
        return ((self.term, self.start_at), *self.others)

    @property
    def shares(self) -> tuple[int, ...]:
        return tuple(each.share for each in self.warnings)


def make_promise(
    term: Term,
    start_at: datetime,
    *,
    rule_version: int,
    calendar: Calendar,
    hours: Hours,
    zone: str,
    shares: Iterable[int] = (),
    rule_layers: tuple[int, ...] = (),
    path: str = "",
) -> Promise:
    """``shares``: of its time, in hundredths, at which whoever is to keep it is warned."""
    due_at = due(term, start_at, calendar=calendar, hours=hours, zone=zone)
    spans = _counting(term, start_at, due_at, calendar=calendar, hours=hours, zone=zone)
    made = Promise(
        *(term, start_at, due_at, rule_version, calendar.version),
        forecast=False,
        hours=hours.since(day_of(start_at, zone=zone) - REMEMBERED),
        zone=zone,
        warnings=warnings_in(spans, shares),
        rule_layers=rule_layers,
        path=path,
    )
    return replace(made, forecast=is_forecast(made, calendar))


def is_forecast(promise: Promise, calendar: Calendar) -> bool:
    """Whether it touches a year whose notice was not out by that calendar."""
    first, last = (day_of(moment, zone=promise.zone) for moment in (promise.start_at, last_day(promise)))
    return promise.term.unit is not Unit.CLOCK_HOURS and calendar.is_forecast(first, last)


def counted_like(term: Term, start_at: datetime, *, like: Promise, calendar: Calendar, path: str) -> Promise:
    """Another term at a place, under the rules of a promise that was made, and by its hours where the calendar knows
    none.
    """
    return make_promise(
        term,
        start_at,
        rule_version=like.rule_version,
        calendar=calendar,
        hours=calendar.hours_at(path, otherwise=like.hours),
        zone=like.zone,
        shares=like.shares,
        rule_layers=like.rule_layers,
        path=path,
    )


def earliest_of(offers: Iterable[Offer], count: Callable[[Term, datetime], Promise]) -> Promise:
    """Of all that is promised, what ends first; of what ends alike, what began first. It keeps the others, which
    another calendar may turn round.
    """
    first, *others = sorted((count(*offer) for offer in offers), key=ending)
    return replace(first, others=tuple((each.term, each.start_at) for each in others))


def ending(promise: Promise) -> tuple[datetime, datetime, Unit, int]:
    """By which the earliest is known."""
    return promise.due_at, promise.start_at, promise.term.unit, promise.term.count


def given_until(due_at: datetime, start_at: datetime, *, like: Promise) -> Promise:
    """A limit that somebody named, under the rules of the case's promise."""
    warnings = warnings_in([(start_at, due_at)], like.shares)
    named = replace(like, term=Term(Unit.GIVEN), start_at=start_at, due_at=due_at)
    return replace(named, forecast=False, warnings=warnings, others=())


def due(term: Term, start_at: datetime, *, calendar: Calendar, hours: Hours, zone: str) -> datetime:
    """The last instant, in UTC, at which the promise is still kept."""
    if term.unit is Unit.CLOCK_HOURS:
        return start_at + timedelta(hours=term.count)
    local = start_at.astimezone(ZoneInfo(zone))
    if term.unit is Unit.SAME_DAY or term == NO_MORE_THAN_THAT_DAY:
        return _same_day(local, calendar, hours)
    if term.unit in COUNTED_IN_WORKING_DAYS:
        last = next(islice(calendar.working_days_after(local.date()), term.count - 1, None))
    else:
        last = _working_day_from(local.date() + timedelta(days=term.count), calendar)
    return _end_of_business(last, local, calendar, hours)


def warnings_in(spans: Spans, shares: Iterable[int]) -> tuple[WarningAt, ...]:
    """The first instants at which these shares of the time that counts have passed."""
    allowed = sum((end - begin for begin, end in spans), timedelta())
    if allowed <= timedelta():
        return ()
    return tuple(WarningAt(share, _after(allowed * share // 100, spans)) for share in shares)


def _after(passed: timedelta, spans: Spans) -> datetime:
    for begin, end in spans:
        if passed <= end - begin:
            return begin + passed
        passed -= end - begin
    return spans[-1][1]


def _counting(
    term: Term, start_at: datetime, due_at: datetime, *, calendar: Calendar, hours: Hours, zone: str
) -> Spans:
    """The time that a promise allows, as its rule counts it: hours as they are, calendar days whole, of working days
    those on which business is done, and of the same day what is left of that.
    """
    local = start_at.astimezone(ZoneInfo(zone))
    if term.unit in (Unit.CLOCK_HOURS, Unit.GIVEN):
        return [(start_at, due_at)]
    if term.unit is Unit.CALENDAR_DAYS:
        begun = _at(local.date() + ONE_DAY, time(0), local)
        return [(begun if begun < due_at else start_at, due_at)]
    last = day_of(due_at - timedelta(microseconds=1), zone=zone)
    if term.unit is Unit.SAME_DAY or term == NO_MORE_THAN_THAT_DAY:
        parts = _business(last, local, calendar, hours)
        return [(max(opens, start_at), closes) for opens, closes in parts if start_at < closes]
    days = takewhile(lambda day: day <= last, calendar.working_days_after(local.date()))
    return [part for day in days for part in _business(day, local, calendar, hours)]


def last_day(promise: Promise) -> datetime:
    """An instant of the day on which it falls due, since a day without a closing hour ends as the next begins."""
    return _instant_before(promise.due_at)


def _instant_before(moment: datetime) -> datetime:
    return moment - timedelta(microseconds=1)


def working_days_left(promise: Promise, now: datetime, *, calendar: Calendar) -> int:
    """Those after today, up to the day on which it falls due."""
    zone = ZoneInfo(promise.zone)
    today, last = (moment.astimezone(zone).date() for moment in (now, last_day(promise)))
    return sum(calendar.is_working(today + timedelta(days=ahead)) for ahead in range(1, (last - today).days + 1))


def day_of(moment: datetime, *, zone: str) -> date:
    """By the city's clock."""
    return moment.astimezone(ZoneInfo(zone)).date()


def begin_of(day: date, *, zone: str) -> datetime:
    """Its first instant by the city's clock, in UTC."""
    return datetime.combine(day, time(0), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _same_day(local: datetime, calendar: Calendar, hours: Hours) -> datetime:
    today = local.date()
    closes = _closing(today, calendar, hours)
    if closes is not None and calendar.is_working(today) and local < (closing := _at(today, closes, local)):
        return closing
    # A station that opens on no working day at all is held to the next one.
    days = islice(calendar.working_days_after(today), 7)
    ahead = list(days)
    opening = next((day for day in ahead if _closing(day, calendar, hours) is not None), ahead[0])
    return _end_of_business(opening, local, calendar, hours)


def _working_day_from(day: date, calendar: Calendar) -> date:
    return day if calendar.is_working(day) else next(calendar.working_days_after(day))


def _closing(day: date, calendar: Calendar, hours: Hours) -> time | None:
    return hours.closing(day, weekday=calendar.weekday_of(day))


def _end_of_business(day: date, local: datetime, calendar: Calendar, hours: Hours) -> datetime:
    """When business ends, or at midnight where none was done that day."""
    closes = _closing(day, calendar, hours)
    return _at(day, closes, local) if closes else _at(day + ONE_DAY, time(0), local)


def _business(day: date, local: datetime, calendar: Calendar, hours: Hours) -> Spans:
    """In which parts of that day it is done; where in none, the whole day counts."""
    parts = hours.on(day, weekday=calendar.weekday_of(day))
    if not parts:
        return [(_at(day, time(0), local), _at(day + ONE_DAY, time(0), local))]
    return [(_at(day, opens, local), _at(day, closes, local)) for opens, closes in parts]


def _at(day: date, clock: time, local: datetime) -> datetime:
    return datetime.combine(day, clock, tzinfo=local.tzinfo).astimezone(UTC)


def in_words(promise: Promise) -> dict[str, str]:
    """The promise as the resident reads it, by language."""
    due_at = promise.due_at.astimezone(ZoneInfo(promise.zone))
    count = promise.term.count
    chinese = f"{due_at.year}年{due_at.month}月{due_at.day}日{due_at:%H:%M}前"
    english = f"by {due_at:%H:%M} on {due_at.day} {MONTHS[due_at.month - 1]} {due_at.year}"
    term = {
        Unit.SAME_DAY: _same_day_in_words(promise),
        Unit.WORKING_DAYS: (f"{count}个工作日内答复或办结", f"within {count} working days"),
        Unit.MORE_WORKING_DAYS: (f"延期{count}个工作日", f"{count} working days more"),
        Unit.REMAINING_WORKING_DAYS: _remaining_in_words(count),
        Unit.CALENDAR_DAYS: (f"{count}日内答复或办结", f"within {count} days"),
        Unit.CLOCK_HOURS: (f"{count}小时内处置", f"within {count} hours"),
        Unit.GIVEN: ("限期", "as named"),
    }[promise.term.unit]
    return {"zh": f"{term[0]}，{chinese}", "en": f"{term[1]}, {english}"}


def _same_day_in_words(promise: Promise) -> tuple[str, str]:
    """What comes when the station is closed is done on the next day on which it opens."""
    last = day_of(promise.due_at - timedelta(microseconds=1), zone=promise.zone)
    if day_of(promise.start_at, zone=promise.zone) < last:
        return "下一工作日办结", "the next working day"
    return "当日办结", "the same working day"


def _remaining_in_words(count: int) -> tuple[str, str]:
    if not count:
        return "恢复办理当日", "the day on which it goes on"
    return f"恢复办理后{count}个工作日", f"{count} working {'day' if count == 1 else 'days'} after it goes on"


MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
