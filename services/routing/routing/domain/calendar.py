"""The working-day calendar and a station's hours."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

SATURDAY = 5
ONE_DAY = timedelta(days=1)


class Status(StrEnum):
    """Whether a year's notice is out."""

    FORECAST = "forecast"
    OFFICIAL = "official"


@dataclass(frozen=True)
class CalendarDay:
    """A day that the State Council's notice, or the city, made different from its weekday."""

    date: date
    working: bool
    note: str
    stands_for: int | None = None
    """Of a make-up day: the weekday whose hours it runs on."""
    own: bool = False
    """The city's; else the nation's."""


@dataclass(frozen=True)
class DayChange:
    """A day that is another by a calendar than by the one before; none: as its weekday is."""

    date: date
    before: CalendarDay | None
    after: CalendarDay | None


Span = tuple[time, time]


@dataclass(frozen=True)
class Season:
    """A station's hours from a day on: each part of a weekday (0 is Monday) on which it opens."""

    since: date
    parts: tuple[tuple[int, time, time], ...]


@dataclass(frozen=True)
class Closure:
    """A day on which a station does not open, or closes at an hour before its own."""

    date: date
    closes: time | None = None
    note: str = ""


@dataclass(frozen=True)
class Hours:
    """Opening hours by weekday (0 is Monday), where a weekday that is not listed is closed; from a day on, those of a
    season instead; and dated closures.
    """

    weekdays: Mapping[int, Span]
    seasons: tuple[Season, ...] = ()
    """In their order."""
    closures: Mapping[date, Closure] = field(default_factory=dict)

    def closing(self, day: date, *, weekday: int) -> time | None:
        """When business ends on a day that runs on the hours of a weekday; none: it does not open."""
        return max((closes for _, closes in self.on(day, weekday=weekday)), default=None)

    def on(self, day: date, *, weekday: int) -> list[Span]:
        """The parts of such a day in which business is done, in their order; none: it does not open."""
        until = self.closures[day].closes if day in self.closures else time.max
        if until is None:
            return []
        return [(opens, min(closes, until)) for opens, closes in self._parts(day, weekday) if opens < until]

    def _parts(self, day: date, weekday: int) -> list[Span]:
        begun = [season for season in self.seasons if season.since <= day]
        if begun:
            return [(opens, closes) for listed, opens, closes in begun[-1].parts if listed == weekday]
        return [self.weekdays[weekday]] if weekday in self.weekdays else []

    def instead_of(self, above: "Hours") -> "Hours":
        """What is known of a station, where else those above hold."""
        first = self.seasons[0].since if self.seasons else date.max
        seasons = (*(season for season in above.seasons if season.since < first), *self.seasons)
        return Hours(above.weekdays, seasons, {**above.closures, **self.closures})

    def since(self, day: date) -> "Hours":
        """Without what was over by then."""
        begun = [season for season in self.seasons if season.since <= day]
        seasons = (*begun[-1:], *self.seasons[len(begun) :])
        return Hours(self.weekdays, seasons, {each: self.closures[each] for each in self.closures if each >= day})

    def first_change_from(self, before: "Hours") -> date | None:
        """Until then both count alike."""
        seasons = {season.since for season in {*self.seasons} ^ {*before.seasons}}
        closures = {closure.date for closure in {*self.closures.values()} ^ {*before.closures.values()}}
        return min(seasons | closures, default=None)

    @classmethod
    def of(cls, listed: Sequence[Mapping[str, Any]]) -> "Hours":
        """From ``[{weekday, opens, closes}, …]``; with ``since`` it is of a season, with ``date`` a closure. But in a
        season, a midday break is passed over: first opening to last close.
        """
        parts: dict[date | None, list[tuple[int, time, time]]] = {}
        for row in listed:
            since = date.fromisoformat(row["since"]) if row.get("since") else None
            if "date" not in row:
                parts.setdefault(since, []).extend(_part(row))
        weekdays = _from_first_to_last(parts.pop(None, []))
        seasons = tuple(Season(since, tuple(parts[since])) for since in sorted(each for each in parts if each))
        closures = (_closure(row) for row in listed if "date" in row)
        return cls(weekdays, seasons, {closure.date: closure for closure in closures})

    def listed(self) -> list[dict[str, object]]:
        """A season in which it never opens is a row that names no weekday."""
        weekly = [_row(day, *span) for day, span in sorted(self.weekdays.items())]
        seasonal = [
            {"since": season.since.isoformat(), **row}
            for season in self.seasons
            for row in ([_row(*part) for part in season.parts] or [{}])
        ]
        return [*weekly, *seasonal, *(_closure_row(self.closures[day]) for day in sorted(self.closures))]


def _from_first_to_last(parts: Iterable[tuple[int, time, time]]) -> dict[int, Span]:
    weekdays: dict[int, Span] = {}
    for weekday, opens, closes in parts:
        before = weekdays.get(weekday, (opens, closes))
        weekdays[weekday] = (min(opens, before[0]), max(closes, before[1]))
    return weekdays


def _part(row: Mapping[str, Any]) -> list[tuple[int, time, time]]:
    if row.get("weekday") is None:
        return []
    return [(int(row["weekday"]), time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"]))]


def _row(weekday: int, opens: time, closes: time) -> dict[str, object]:
    return {"weekday": weekday, "opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}"}


def _closure(row: Mapping[str, Any]) -> Closure:
    closes = time.fromisoformat(row["closes"]) if row["closes"] else None
    return Closure(date.fromisoformat(row["date"]), closes, row["note"])


def _closure_row(closure: Closure) -> dict[str, object]:
    closes = f"{closure.closes:%H:%M}" if closure.closes else None
    return {"date": closure.date.isoformat(), "closes": closes, "note": closure.note}


#: Where neither the place nor any above it has hours of its own.
ORDINARY_HOURS = Hours(dict.fromkeys(range(5), (time(9), time(17))))


_NOTHING_KNOWN = Hours({})


@dataclass(frozen=True)
class Calendar:
    """One version of the calendar. ``official`` are the years whose notice is out; all others are a forecast,
    ``forecast`` those of them that it has days of. ``stations``: by place, as a path spells it, the seasons and
    closures that it knows of its station.
    """

    version: int
    days: Mapping[date, CalendarDay] = field(default_factory=dict)
    official: frozenset[int] = frozenset()
    forecast: frozenset[int] = frozenset()
    stations: Mapping[str, Hours] = field(default_factory=dict)

    @property
    def form(self) -> int:
        """What a process has to know, to count by it (domain/releases.py): stations' hours are of the second."""
        return 2 if self.stations else 1

    @property
    def years(self) -> dict[int, Status]:
        of_both = dict.fromkeys(self.official, Status.OFFICIAL) | dict.fromkeys(self.forecast, Status.FORECAST)
        return dict(sorted(of_both.items()))

    def working_days_in(self, year: int) -> int:
        first, length = date(year, 1, 1), (date(year + 1, 1, 1) - date(year, 1, 1)).days
        return sum(self.is_working(first + timedelta(days=ahead)) for ahead in range(length))

    def changes_from(self, before: "Calendar") -> list[DayChange]:
        """The days on which work or its hours are others."""
        days = sorted({*self.days, *before.days})
        return [DayChange(day, before.days.get(day), self.days.get(day)) for day in days if self._differs(before, day)]

    def _differs(self, other: "Calendar", day: date) -> bool:
        if not self.is_working(day):
            return other.is_working(day)
        return not other.is_working(day) or self.weekday_of(day) != other.weekday_of(day)

    def first_change_from(self, before: "Calendar") -> date | None:
        """Until then both count alike, and of each year say alike whether it is a forecast."""
        days = [change.date for change in self.changes_from(before)[:1]]
        years = [date(year, 1, 1) for year in self.official ^ before.official]
        return min([*days, *years, *self.hours_changed_from(before).values()], default=None)

    def hours_changed_from(self, before: "Calendar") -> dict[str, date]:
        """By place, the first day on which the hours of its station are others."""
        both = {*self.stations, *before.stations}
        first = {each: self.station_of(each).first_change_from(before.station_of(each)) for each in both}
        return {each: day for each, day in first.items() if day is not None}

    def station_of(self, place: str) -> Hours:
        """What it knows of a place by itself."""
        return self.stations.get(place, _NOTHING_KNOWN)

    def hours_at(self, path: str, *, otherwise: Hours) -> Hours:
        """The seasons of the place's own station, until the first of them those of the nearest above it; and its
        closures and all above it. ``otherwise``: its hours where no season has begun.
        """
        hours = Hours(otherwise.weekdays)
        for place in path.strip("/").split("/"):
            hours = self.stations[place].instead_of(hours) if place in self.stations else hours
        return hours

    def is_working(self, day: date) -> bool:
        known = self.days.get(day)
        return known.working if known else day.weekday() < SATURDAY

    def weekday_of(self, day: date) -> int:
        """The weekday whose opening hours count on that day."""
        known = self.days.get(day)
        return known.stands_for if known and known.stands_for is not None else day.weekday()

    def parts_of(self, day: date, hours: Hours) -> list[Span]:
        """In which business is done on it: none on a day off, whatever its weekday's are."""
        known = self.days.get(day)
        is_off = known is not None and not known.working
        return [] if is_off else hours.on(day, weekday=self.weekday_of(day))

    def is_open(self, local: datetime, hours: Hours) -> bool:
        """A station, at an instant by the city's clock."""
        return any(opens <= local.time() < closes for opens, closes in self.parts_of(local.date(), hours))

    def openings(
        self, since: datetime, until: datetime, hours: Hours, zone: tzinfo
    ) -> Iterator[tuple[datetime, datetime]]:
        """Of a station, on all days from the one to the other."""
        day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
        while day <= last:
            for part in self.parts_of(day, hours):
                opens, closes = (datetime.combine(day, clock, tzinfo=zone) for clock in part)
                yield opens, closes
            day += ONE_DAY

    def is_forecast(self, first: date, last: date) -> bool:
        return any(year not in self.official for year in range(first.year, last.year + 1))

    def working_days_after(self, day: date) -> Iterator[date]:
        while True:
            day += ONE_DAY
            if self.is_working(day):
                yield day


@dataclass(frozen=True)
class CalendarVersion:
    """What is known of a version besides its days. ``year``: the one that it brings, none of the first and of hours."""

    version: int
    note: str
    years: Mapping[int, Status]
    year: int | None = None
    own: bool = False
    based_on: int | None = None
    drafted_by: str | None = None
    drafted_at: datetime | None = None
    activated_by: str | None = None
    effective_from: datetime | None = None
    """None: a draft."""
