"""The working-day calendar and a station's hours."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

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


@dataclass(frozen=True)
class Calendar:
    """One version of the calendar. ``official`` are the years whose notice is out; all others are a forecast,
    ``forecast`` those of them that it has days of.
    """

    version: int
    days: Mapping[date, CalendarDay] = field(default_factory=dict)
    official: frozenset[int] = frozenset()
    forecast: frozenset[int] = frozenset()

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
        return min([*days, *years], default=None)

    def is_working(self, day: date) -> bool:
        known = self.days.get(day)
        return known.working if known else day.weekday() < SATURDAY

    def weekday_of(self, day: date) -> int:
        """The weekday whose opening hours count on that day."""
        known = self.days.get(day)
        return known.stands_for if known and known.stands_for is not None else day.weekday()

    def is_forecast(self, first: date, last: date) -> bool:
        return any(year not in self.official for year in range(first.year, last.year + 1))

    def working_days_after(self, day: date) -> Iterator[date]:
        while True:
            day += ONE_DAY
            if self.is_working(day):
                yield day


@dataclass(frozen=True)
class CalendarVersion:
    """What is known of a version besides its days. ``year``: the one that it brings, none of the first."""

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


@dataclass(frozen=True)
class Hours:
    """Opening hours by weekday (0 is Monday); a weekday that is not listed is closed."""

    weekdays: Mapping[int, tuple[time, time]]

    def on(self, weekday: int) -> tuple[time, time] | None:
        return self.weekdays.get(weekday)

    @classmethod
    def of(cls, listed: Sequence[Mapping[str, object]]) -> "Hours":
        """From ``[{weekday, opens, closes}, …]``; a midday break is passed over: first opening to last close."""
        weekdays: dict[int, tuple[time, time]] = {}
        for row in listed:
            weekday = int(str(row["weekday"]))
            opens, closes = time.fromisoformat(str(row["opens"])), time.fromisoformat(str(row["closes"]))
            before = weekdays.get(weekday, (opens, closes))
            weekdays[weekday] = (min(opens, before[0]), max(closes, before[1]))
        return cls(weekdays)

    def listed(self) -> list[dict[str, object]]:
        return [
            {"weekday": day, "opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}"}
            for day, (opens, closes) in sorted(self.weekdays.items())
        ]


#: Where neither the place nor any above it has hours of its own.
ORDINARY_HOURS = Hours(dict.fromkeys(range(5), (time(9), time(17))))
