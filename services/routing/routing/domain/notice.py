"""A year's notice from a file: the nation's holidays and make-up days, or the city's own days."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from routing.domain.calendar import SATURDAY, Calendar, CalendarDay, Status
from routing.errors import UnfitNotice, UnfitYear, YearIsOfficial

#: How many working days a year may have: outside of that something was left out, or came twice.
FEWEST, MOST = 240, 260

OFF, WORK = "off", "work"


@dataclass(frozen=True)
class NoticeRow:
    """A line of the file, as it is written: ``stands_for`` is the day off that a make-up day makes up for."""

    line: int
    date: str
    kind: str
    note: str = ""
    stands_for: str = ""


@dataclass(frozen=True)
class Notice:
    """All days of a year that are not as their weekday: the nation's, or with ``own`` the city's."""

    year: int
    status: Status
    rows: Sequence[NoticeRow]
    own: bool = False
    note: str = ""


def draft(notice: Notice, before: Calendar, *, version: int) -> Calendar:
    """The calendar with the notice in the place of what it had of that year. Raises what is wrong, line by line."""
    if notice.status is Status.FORECAST and notice.year in before.official:
        raise YearIsOfficial(notice.year)
    kept = {day.date: day for day in before.days.values() if day.date.year != notice.year or day.own != notice.own}
    reading = _Reading(notice, kept)
    read = dict(reading.days())
    official, forecast = before.official - {notice.year}, before.forecast - {notice.year}
    if notice.status is Status.OFFICIAL:
        official |= {notice.year}
    else:
        forecast |= {notice.year}
    drafted = Calendar(version, kept | read, official, forecast)
    reading.check_stands_for(drafted)
    if reading.faults:
        raise UnfitNotice(sorted(reading.faults))
    if not FEWEST <= (count := drafted.working_days_in(notice.year)) <= MOST:
        raise UnfitYear(notice.year, count, FEWEST, MOST)
    return drafted


@dataclass
class _Reading:
    notice: Notice
    kept: Mapping[date, CalendarDay]
    faults: list[tuple[int, str]] = field(default_factory=list)
    made_up: dict[date, tuple[int, date]] = field(default_factory=dict)
    """By make-up day: its line, and the day off that it makes up for."""

    def days(self) -> Iterator[tuple[date, CalendarDay]]:
        """A day off that is a weekend anyway is passed over: notices name whole holidays."""
        lines: dict[date, int] = {}
        for row in self.notice.rows:
            day = self._day(row, row.date)
            if day is None or self._is_misplaced(row, day, lines):
                continue
            if row.kind == WORK:
                yield from self._make_up_day(row, day)
            elif row.stands_for:
                self._fault(row, "a day off stands for none: leave stands_for empty")
            elif day.weekday() < SATURDAY:
                yield day, CalendarDay(day, working=False, note=row.note, own=self.notice.own)

    def check_stands_for(self, drafted: Calendar) -> None:
        """A make-up day makes up for a day off."""
        for line, off in self.made_up.values():
            if off.weekday() >= SATURDAY or drafted.is_working(off):
                self.faults.append((line, f"{off} is no weekday off that could be made up for"))

    def _day(self, row: NoticeRow, written: str) -> date | None:
        try:
            return date.fromisoformat(written)
        except ValueError:
            self._fault(row, f"{written[:40] or 'nothing'} is no day: write it as {self.notice.year}-10-01")
            return None

    def _is_misplaced(self, row: NoticeRow, day: date, lines: dict[date, int]) -> bool:
        before = len(self.faults)
        if row.kind not in (OFF, WORK):
            self._fault(row, f"the kind is {OFF} or {WORK}")
        elif day.year != self.notice.year:
            self._fault(row, f"{day} is no day of {self.notice.year}")
        elif lines.setdefault(day, row.line) != row.line:
            self._fault(row, f"repeats line {lines[day]}")
        elif day in self.kept:
            whose = "the nation's" if self.notice.own else "the city's own"
            self._fault(row, f"{day} is {whose} already: leave it out, or import those without it first")
        return len(self.faults) > before

    def _make_up_day(self, row: NoticeRow, day: date) -> Iterator[tuple[date, CalendarDay]]:
        if day.weekday() < SATURDAY:
            self._fault(row, f"{day} is a {day:%A}, no weekend that could make up for a holiday")
        elif not row.stands_for:
            self._fault(row, "a make-up day needs the day off that it stands for")
        elif (off := self._day(row, row.stands_for)) is not None:
            self.made_up[day] = row.line, off
            yield day, CalendarDay(day, working=True, note=row.note, stands_for=off.weekday(), own=self.notice.own)

    def _fault(self, row: NoticeRow, why: str) -> None:
        self.faults.append((row.line, why))
