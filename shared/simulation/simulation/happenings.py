"""What the city itself changes while it goes on: a rule is tightened in June, a calendar is revised in October."""

from datetime import date, timedelta
from functools import partial

from kit.auth import OPERATOR
from kit.db import UnitOfWork
from routing.domain.calendar import Calendar, CalendarDay, Status
from routing.domain.notice import OFF, WORK, Notice, NoticeRow
from routing.repository import policy
from routing.service import calendars

from simulation.agenda import Agenda
from simulation.city import City, Claimant
from simulation.days import Days, midnight_of

#: One drafts, another puts it into force.
_DRAFTS, _ACTIVATES = (Claimant(name, frozenset({OPERATOR})) for name in ("operator", "operator.second"))

_JUNE, _OCTOBER = 6, 10
#: The first day on which the long holiday is over everywhere.
_AFTER_THE_HOLIDAY = 12
#: From the Monday on which the notice comes.
_WEDNESDAY_OFF, _SATURDAY_WORKED = timedelta(days=9), timedelta(days=12)

#: Another version of all rules, in which one promises less time.
_TIGHTENED = (
    "create temporary table next_set on commit drop as select * from rule_set order by version desc limit 1",
    "create temporary table next_rule on commit drop as table rule",
    "delete from next_rule where version <> (select version from next_set)",
    "update next_set set version = version + 1, effective_from = %(now)s, note = 'Public services: two working days.'",
    "update next_rule set version = version + 1",
    "update next_rule set count = 2 where (kind, remit) = ('public_service', 'community') and category is null",
    "insert into rule_set select * from next_set",
    "insert into rule select * from next_rule",
)


class Happenings:
    def __init__(self, city: City, agenda: Agenda, days: Days) -> None:
        self._city = city
        self._agenda = agenda
        self._days = days

    def plan_day(self, day: date) -> None:
        """On the first of June a release tightens a rule; on a Monday of October a notice says that a Wednesday is off,
        and the Saturday after it worked in its place.
        """
        if (day.month, day.day) == (_JUNE, 1):
            self._agenda.plan(midnight_of(day), self._tighten)
        if day.month == _OCTOBER and day.weekday() == 0 and 0 <= day.day - _AFTER_THE_HOLIDAY < 7:
            self._agenda.plan(midnight_of(day) + timedelta(hours=9), partial(self._revise, day))

    async def _tighten(self) -> None:
        """Public services within a community are promised in two working days and no longer in three."""
        self._city.migrate("routing", *_TIGHTENED)

    async def _revise(self, day: date) -> None:
        drafted = await self._city.ask("routing", _DRAFTS, partial(_draft, day=day))
        activate = partial(calendars.activate_calendar, version=drafted.version.version)
        await self._city.ask("routing", _ACTIVATES, activate)
        self._days.calendar = await self._city.database("routing", "api").run_everywhere(policy.get_calendar)


def _draft(uow: UnitOfWork, *, day: date) -> calendars.Changes:
    """The year's notice as it stands, with two days more."""
    off, worked = day + _WEDNESDAY_OFF, day + _SATURDAY_WORKED
    rows = [row for row in _rows(policy.get_calendar(uow), day.year) if row.date not in (f"{off}", f"{worked}")]
    rows += [
        NoticeRow(len(rows) + 2, f"{off}", OFF, "调整"),
        NoticeRow(len(rows) + 3, f"{worked}", WORK, "调整", f"{off}"),
    ]
    return calendars.draft_calendar(uow, Notice(day.year, Status.OFFICIAL, rows, note="The year's notice, revised."))


def _rows(calendar: Calendar, year: int) -> list[NoticeRow]:
    known = sorted((day for day in calendar.days.values() if day.date.year == year), key=lambda each: each.date)
    return [
        NoticeRow(line, f"{day.date}", WORK if day.working else OFF, day.note, f"{_made_up_for(day, known) or ''}")
        for line, day in enumerate(known, start=2)
    ]


def _made_up_for(worked: CalendarDay, known: list[CalendarDay]) -> date | None:
    """Of a make-up day: the day off of that weekday which lies nearest."""
    if worked.stands_for is None:
        return None
    off = [day.date for day in known if not day.working and day.date.weekday() == worked.stands_for]
    return min(off, key=lambda each: abs(each - worked.date))
