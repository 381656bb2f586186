"""The working-day calendar and a station's hours."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta

SATURDAY = 5
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CalendarDay:
    """A day that the State Council's notice made different from its weekday."""

    date: date
    working: bool
    note: str
    stands_for: int | None = None
    """Of a make-up day: the weekday whose hours it runs on."""


@dataclass(frozen=True)
class Calendar:
    """One version of the calendar. ``official`` are the years whose notice is out; all others are a forecast."""

    version: int
    days: Mapping[date, CalendarDay] = field(default_factory=dict)
    official: frozenset[int] = frozenset()

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
