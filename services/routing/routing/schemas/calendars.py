"""Years' notices, opening hours, duty rosters."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from routing.domain.calendar import CalendarDay, CalendarVersion, DayChange, Status
from routing.domain.case import DeadlineKind
from routing.domain.notice import Notice, NoticeRow
from routing.domain.timetable import Timetable, TimetableRow
from routing.schemas.typed import PRINTABLE, Request
from routing.service.calendars import Changes, CityMove, StationChange
from routing.service.rosters import RosterAhead


class CalendarRow(Request):
    """A line of the file, as it is written: what is wrong with it is said by its number."""

    line: int = Field(ge=1, le=1_000_000, description="Of the file, for what is said about it.")
    date: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(examples=["2027-02-08"])
    kind: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(
        description="`off`, or `work` for a make-up day.", examples=["off", "work"]
    )
    note: Annotated[str, StringConstraints(max_length=200, pattern=PRINTABLE)] = Field(default="", examples=["春节"])
    stands_for: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(
        default="", description="Of a make-up day: the day off that it makes up for.", examples=["2027-02-10"]
    )


class YearsNotice(Request):
    """All days of a year that are not as their weekday; what the calendar had of that year gives way."""

    year: int = Field(ge=2014, le=2199)
    status: Status = Field(description="`official` once the State Council's notice is out.")
    own: bool = Field(default=False, description="The city's own days instead of the nation's.")
    note: Annotated[str, StringConstraints(max_length=200, pattern=PRINTABLE)] = Field(
        default="", description="Where it comes from.", examples=["国办发明电〔2026〕7号"]
    )
    rows: list[CalendarRow] = Field(max_length=366)

    def notice(self) -> Notice:
        rows = [NoticeRow(**row.model_dump()) for row in self.rows]
        return Notice(self.year, self.status, rows, own=self.own, note=self.note)


class HoursRow(Request):
    """A line of the file, as it is written: what is wrong with it is said by its number."""

    line: int = Field(ge=1, le=1_000_000, description="Of the file, for what is said about it.")
    place: Annotated[str, StringConstraints(max_length=64, pattern=PRINTABLE)] = Field(
        description="The code of the place whose station it is; of the city's, for all that have none of their own."
    )
    kind: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(
        description="`hours` from a day on; `closed` on it, or from an hour on; `open` after all.",
        examples=["hours"],
    )
    day: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(examples=["2026-12-01"])
    weekday: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(
        default="", description="Of hours; twice for two parts of a day.", examples=["monday", "周一"]
    )
    opens: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(default="", examples=["09:00"])
    closes: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(default="", examples=["12:00"])
    note: Annotated[str, StringConstraints(max_length=200, pattern=PRINTABLE)] = Field(default="", examples=["停电"])


class HoursSheet(Request):
    """Opening hours and closures of stations; whatever it does not name stays. The hours of a place from a day on are
    all those that it names for that day.
    """

    note: Annotated[str, StringConstraints(max_length=200, pattern=PRINTABLE)] = Field(
        default="", description="Where it comes from."
    )
    rows: list[HoursRow] = Field(min_length=1, max_length=5000)

    def timetable(self) -> Timetable:
        return Timetable([TimetableRow(**row.model_dump()) for row in self.rows], note=self.note)


class CalendarVersionView(BaseModel):
    """A draft until ``effective_from``; of those in force, the highest counts."""

    calendar_version: int
    note: str
    years: dict[int, Status] = Field(description="By year; all others are forecasts without a day of their own.")
    year: int | None = Field(description="The one that it brings; null of the first, and of opening hours.")
    own: bool = Field(description="It brings the city's own days.")
    based_on: int | None = Field(
        description="What was in force when it was drafted; it may be put into force after that."
    )
    drafted_by: str | None
    drafted_at: AwareDatetime | None
    activated_by: str | None
    effective_from: AwareDatetime | None

    @classmethod
    def of(cls, item: CalendarVersion) -> "CalendarVersionView":
        same = CalendarVersionView.model_fields.keys() - {"calendar_version"}
        return cls(calendar_version=item.version, **{name: getattr(item, name) for name in same})


class CalendarDayView(BaseModel):
    working: bool
    note: str
    stands_for: int | None = Field(description="Of a make-up day: the weekday whose hours it runs on; 0 is Monday.")
    own: bool

    @classmethod
    def of(cls, day: CalendarDay | None) -> "CalendarDayView | None":
        return cls.model_validate(day, from_attributes=True) if day else None


class DayChangeView(BaseModel):
    date: date
    before: CalendarDayView | None = Field(description="Null: as its weekday is.")
    after: CalendarDayView | None

    @classmethod
    def of(cls, change: DayChange) -> "DayChangeView":
        return cls(date=change.date, before=CalendarDayView.of(change.before), after=CalendarDayView.of(change.after))


class StationChangeView(BaseModel):
    """What a version knows of a station: with `since`, its hours from that day on; with `date`, a closure."""

    place: str = Field(description="Its code.")
    since: date = Field(description="The first day on which they are others.")
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]

    @classmethod
    def of(cls, change: StationChange) -> "StationChangeView":
        before, after = change.before.listed(), change.after.listed()
        return cls(place=change.place, since=change.since, before=before, after=after)


class CalendarChangesView(CalendarVersionView):
    working_days: int | None = Field(description="Of its year.")
    days: list[DayChangeView] = Field(description="Those that differ from the version that it is based on.")
    stations: list[StationChangeView] = Field(description="And those whose hours do.")
    earlier: int | None = Field(
        description="How many deadlines of the city it would move to an earlier instant; null where it may not be put "
        "into force any more."
    )
    later: int | None = Field(description="And to a later one.")

    @classmethod
    def of_changes(cls, changes: Changes) -> "CalendarChangesView":
        return cls(
            **CalendarVersionView.of(changes.version).model_dump(),
            working_days=changes.working_days,
            days=[DayChangeView.of(change) for change in changes.days],
            stations=[StationChangeView.of(change) for change in changes.stations],
            earlier=changes.earlier,
            later=changes.later,
        )


class CityMoveView(BaseModel):
    """A deadline that a draft would move: by its case's number, of which anything more is for who may see it."""

    case_number: str
    kind: DeadlineKind
    due_at: AwareDatetime
    would_be_due_at: AwareDatetime

    @classmethod
    def of(cls, each: CityMove) -> "CityMoveView":
        before, promise = each.move.before, each.move.promise
        return cls(
            case_number=each.case_number,
            kind=before.kind,
            due_at=before.promise.due_at,
            would_be_due_at=promise.due_at,
        )


class RosterGapView(BaseModel):
    since: AwareDatetime
    until: AwareDatetime


class RosterView(BaseModel):
    """A post that has a duty roster; the turns themselves are `/grid/v1/rosters/{place}`."""

    post_id: UUID
    code: str
    title: str
    place_id: UUID
    gaps: list[RosterGapView] = Field(
        description="Of the next 14 days: when nobody is on duty though the station is closed. What is urgent then "
        "goes to the next tier's, or to the dispatcher."
    )
    left: list[str] = Field(
        description="Who has turns in these days and holds no post when they come: nobody is on duty then. Import the "
        "roster again with somebody else."
    )

    @classmethod
    def of(cls, ahead: RosterAhead) -> "RosterView":
        told = {name: getattr(ahead.post, name) for name in ("post_id", "code", "title", "place_id", "left")}
        return cls(**told, gaps=[RosterGapView(since=since, until=until) for since, until in ahead.gaps])
