"""What the city itself changes while it goes on: what it promises, from June on, and in October its calendar."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial

from kit.auth import OPERATOR
from kit.crypto import KeyRing
from kit.db import UnitOfWork
from kit.paging import Page
from routing.domain.calendar import Calendar, CalendarDay, Status
from routing.domain.notice import OFF, WORK, Notice, NoticeRow
from routing.domain.rule_document import RuleDocument
from routing.repository import policy
from routing.service import calendars, rule_sets
from routing.service.rule_sets import RuleSetSeen

from simulation import promising
from simulation.agenda import Agenda
from simulation.city import City, Claimant
from simulation.days import ONE_DAY, Days, midnight_of

#: One drafts, another puts it into force.
_DRAFTS, _ACTIVATES = (Claimant(name, frozenset({OPERATOR})) for name in ("operator", "operator.second"))

_OCTOBER = 10
#: The first day on which the long holiday is over everywhere.
_AFTER_THE_HOLIDAY = 12
#: From the Monday on which the notice comes.
_WEDNESDAY_OFF, _SATURDAY_WORKED = timedelta(days=9), timedelta(days=12)

#: By month and day on which one operator drafts what is promised anew; another puts it into force a day later.
_PROMISED: Mapping[tuple[int, int], Callable[[UnitOfWork], RuleDocument]] = {
    (5, 28): promising.of_the_city,
    (6, 15): promising.of_the_district,
    (10, 9): promising.of_a_community,
}
#: As many communities as a city can have here.
_ALL = Page(1_000, "simulation", KeyRing((("k1", bytes(32)),)))


class Happenings:
    def __init__(self, city: City, agenda: Agenda, days: Days) -> None:
        self._city = city
        self._agenda = agenda
        self._days = days
        self.counted: Counter[str] = Counter()

    def plan_day(self, day: date) -> None:
        """For the first of June the city tightens a rule, and a district and a community promise more later on; on a
        Monday of October a notice says that a Wednesday is off, and the Saturday after it worked in its place.
        """
        at = midnight_of(day) + timedelta(hours=9)
        if (document := _PROMISED.get((day.month, day.day))) is not None:
            self._agenda.plan(at, partial(self._draft_rules, document))
        if day.month == _OCTOBER and day.weekday() == 0 and 0 <= day.day - _AFTER_THE_HOLIDAY < 7:
            self._agenda.plan(at, partial(self._revise, day))

    async def _draft_rules(self, document: Callable[[UnitOfWork], RuleDocument]) -> None:
        seen = await self._city.ask("routing", _DRAFTS, partial(_draft_rules, document=document))
        self.counted["cases of a month tried with what was drafted"] += seen.looked_at or 0
        self.counted["of which it would have promised sooner"] += seen.numbers.earlier if seen.numbers else 0
        self._agenda.plan(self._city.now + ONE_DAY, partial(self._activate_rules, seen.version.version))

    async def _activate_rules(self, version: int) -> None:
        """Whoever activates has seen where a rule would find nobody, and lets an office or a dispatcher take that."""
        found = await self._city.ask("routing", _ACTIVATES, partial(rule_sets.list_gaps, page=_ALL, version=version))
        self.counted["communities where a rule finds nobody"] += sum(bool(each.gaps) for each in found.items)
        await self._city.ask("routing", _ACTIVATES, partial(rule_sets.activate_rule_set, version=version))
        self.counted["rule sets put into force"] += 1

    async def _revise(self, day: date) -> None:
        drafted = await self._city.ask("routing", _DRAFTS, partial(_draft_calendar, day=day))
        activate = partial(calendars.activate_calendar, version=drafted.version.version)
        await self._city.ask("routing", _ACTIVATES, activate)
        self.counted["calendars put into force"] += 1
        self._days.calendar = await self._city.database("routing", "api").run_everywhere(policy.get_calendar)


def _draft_rules(uow: UnitOfWork, *, document: Callable[[UnitOfWork], RuleDocument]) -> RuleSetSeen:
    return rule_sets.draft_rule_set(uow, document(uow))


def _draft_calendar(uow: UnitOfWork, *, day: date) -> calendars.Changes:
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
