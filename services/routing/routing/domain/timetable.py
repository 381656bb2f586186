"""Opening hours from a file: from which day on a place's station opens when, and on which days it is closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time

from routing.domain.calendar import Calendar, Closure, Hours, Season
from routing.errors import UnfitTimetable

HOURS, CLOSED, OPEN = "hours", "closed", "open"

#: Those of which a calendar may know.
YEARS = range(2014, 2200)

_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAYS: Mapping[str, int] = {
    spelling: weekday
    for weekday, (english, chinese) in enumerate(zip(_NAMES, "一二三四五六日", strict=True))
    for spelling in (english, f"周{chinese}", f"星期{chinese}")
}


@dataclass(frozen=True)
class TimetableRow:
    """A line of the file, as it is written. ``place``: its code; ``day``: from which on these are its hours, or on
    which it is closed, from ``closes`` on where that is named.
    """

    line: int
    place: str
    kind: str
    day: str
    weekday: str = ""
    opens: str = ""
    closes: str = ""
    note: str = ""


@dataclass(frozen=True)
class Timetable:
    """What is said anew; what it does not name stays."""

    rows: Sequence[TimetableRow]
    note: str = ""

    @property
    def places(self) -> set[str]:
        return {row.place for row in self.rows}


def draft(timetable: Timetable, before: Calendar, places: Mapping[str, str], *, version: int) -> Calendar:
    """The calendar with these hours. ``places``: by code, as a path spells it. Raises what is wrong, line by line."""
    reading = _Reading(before, places)
    for row in timetable.rows:
        reading.read(row)
    if reading.faults:
        raise UnfitTimetable(sorted(reading.faults))
    return replace(before, version=version, stations={**before.stations, **reading.stations()})


@dataclass(frozen=True)
class _Part:
    line: int
    opens: time
    closes: time


@dataclass
class _Reading:
    before: Calendar
    places: Mapping[str, str]
    faults: list[tuple[int, str]] = field(default_factory=list)
    seasons: dict[tuple[str, date], dict[int, list[_Part]]] = field(default_factory=dict)
    closures: dict[tuple[str, date], Closure | None] = field(default_factory=dict)
    """None: it is open after all."""
    lines: dict[tuple[str, date], int] = field(default_factory=dict)

    def read(self, row: TimetableRow) -> None:
        place, day = self._place(row), self._day(row)
        if row.kind not in (HOURS, CLOSED, OPEN):
            self._fault(row, f"the kind is {HOURS}, {CLOSED} or {OPEN}")
        elif place is None or day is None:
            return
        elif row.kind == HOURS:
            self._read_hours(row, self.seasons.setdefault((place, day), {}))
        elif self._is_fit_closure(row, place, day):
            closes = self._clock(row, "closes") if row.closes else None
            self.closures[place, day] = Closure(day, closes, row.note) if row.kind == CLOSED else None

    def stations(self) -> dict[str, Hours]:
        touched = {place for place, _ in (*self.seasons, *self.closures)}
        return {place: self._station(place, self.before.stations.get(place, Hours({}))) for place in touched}

    def _station(self, place: str, before: Hours) -> Hours:
        seasons = {season.since: season for season in before.seasons}
        seasons |= {since: _season(since, parts) for (of, since), parts in self.seasons.items() if of == place}
        closures = {**before.closures, **{day: each for (of, day), each in self.closures.items() if of == place}}
        standing = {day: each for day, each in closures.items() if each is not None}
        return Hours({}, tuple(seasons[since] for since in sorted(seasons)), standing)

    def _read_hours(self, row: TimetableRow, season: dict[int, list[_Part]]) -> None:
        """A line without a weekday says that it opens on none; one without hours, that it does not on that."""
        if not (row.weekday or row.opens or row.closes):
            return
        weekday = WEEKDAYS.get(row.weekday.casefold())
        if weekday is None:
            self._fault(row, f"{row.weekday or 'nothing'} is no weekday: write it as monday or 周一")
            return
        parts = season.setdefault(weekday, [])
        if not (row.opens or row.closes):
            return
        opens, closes = self._clock(row, "opens"), self._clock(row, "closes")
        if opens is None or closes is None:
            return
        if closes <= opens:
            self._fault(row, f"it closes at {row.closes}, before it opens at {row.opens}")
        for part in parts:
            if opens < part.closes and part.opens < closes:
                self._fault(row, f"these hours overlap those of line {part.line}")
        parts.append(_Part(row.line, opens, closes))

    def _is_fit_closure(self, row: TimetableRow, place: str, day: date) -> bool:
        faults = len(self.faults)
        if row.weekday or row.opens or (row.closes and row.kind == OPEN):
            self._fault(row, "only the hour from which it is closed may be named, in closes")
        if self.lines.setdefault((place, day), row.line) != row.line:
            self._fault(row, f"repeats line {self.lines[place, day]}")
        known = self.before.stations.get(place)
        if row.kind == OPEN and (known is None or day not in known.closures):
            self._fault(row, f"{row.place} is not closed on {day}")
        return len(self.faults) == faults

    def _place(self, row: TimetableRow) -> str | None:
        found = self.places.get(row.place)
        if found is None:
            self._fault(row, f"there is no place with the code {row.place[:64] or 'nothing'}")
        return found

    def _day(self, row: TimetableRow) -> date | None:
        try:
            day = date.fromisoformat(row.day)
        except ValueError:
            self._fault(row, f"{row.day[:40] or 'nothing'} is no day: write it as 2026-12-01")
            return None
        if day.year not in YEARS:
            self._fault(row, f"{day} is no day of {YEARS[0]} to {YEARS[-1]}")
        return day

    def _clock(self, row: TimetableRow, name: str) -> time | None:
        written = str(getattr(row, name))
        try:
            if len(written) == len("09:00"):
                return time.fromisoformat(written)
        except ValueError:
            pass
        self._fault(row, f"{written[:40] or 'nothing'} is no hour, under {name}: write it as 09:00")
        return None

    def _fault(self, row: TimetableRow, why: str) -> None:
        self.faults.append((row.line, why))


def _season(since: date, weekdays: Mapping[int, Sequence[_Part]]) -> Season:
    parts = ((weekday, part.opens, part.closes) for weekday, parts in weekdays.items() for part in parts)
    return Season(since, tuple(sorted(parts)))
