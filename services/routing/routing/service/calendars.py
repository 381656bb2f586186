"""The working-day calendar and stations' hours: one operator drafts a version with a year's notice or a timetable,
another puts it into force, who has seen what it changes. What it moves, the clock moves (service/recounting.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from kit.auth import OPERATOR
from kit.db import UnitOfWork
from kit.paging import Page, Sheet

from routing.domain import notice as notices
from routing.domain import timetable as timetables
from routing.domain.calendar import Calendar, CalendarVersion, DayChange, Hours
from routing.domain.notice import Notice
from routing.domain.promise import begin_of
from routing.domain.recounting import Move, find_move, recount
from routing.domain.timetable import Timetable
from routing.errors import (
    CalendarInForce,
    CalendarNotFound,
    CalendarOutdated,
    ClockSetBack,
    NothingChanges,
    NotTheOperator,
    SecondPersonNeeded,
)
from routing.repository import calendars, network, policy, recounts
from routing.service import releases

#: So many deadlines are counted again at once: other requests come in between.
AT_ONCE = 500


@dataclass(frozen=True)
class StationChange:
    """The hours of a place's station, from the first day on which they are others. ``place``: its code."""

    place: str
    since: date
    before: Hours
    after: Hours


@dataclass(frozen=True)
class Changes:
    """A version, and what it makes different from the one that it is based on. ``earlier`` and ``later``: how many
    deadlines of the whole city it would move; none once it is in force, or where it came too late for that.
    """

    version: CalendarVersion
    working_days: int | None
    days: list[DayChange]
    stations: list[StationChange]
    earlier: int | None = None
    later: int | None = None


@dataclass(frozen=True)
class CityMove:
    """A deadline that a draft would move, by its case's number alone."""

    case_number: str
    move: Move


def draft_calendar(uow: UnitOfWork, notice: Notice) -> Changes:
    """A new version, in force for nothing yet: all of the file or nothing."""
    before = _begin_draft(uow)
    drafted = notices.draft(notice, before, version=calendars.next_version(uow))
    return _keep_draft(uow, before, drafted, note=notice.note, year=notice.year, own=notice.own)


def draft_hours(uow: UnitOfWork, timetable: Timetable) -> Changes:
    """The same of opening hours and closures."""
    before = _begin_draft(uow)
    found = network.list_open_by_code(uow, timetable.places)
    places = {code: place_id.hex for code, place_id in found.items()}
    drafted = timetables.draft(timetable, before, places, version=calendars.next_version(uow))
    return _keep_draft(uow, before, drafted, note=timetable.note)


def _begin_draft(uow: UnitOfWork) -> Calendar:
    _check_operator(uow)
    calendars.lock_calendars(uow)
    return policy.get_calendar(uow)


def _keep_draft(
    uow: UnitOfWork, before: Calendar, drafted: Calendar, *, note: str, year: int | None = None, own: bool = False
) -> Changes:
    if drafted.first_change_from(before) is None and drafted.forecast == before.forecast:
        raise NothingChanges(before.version)
    version = CalendarVersion(
        version=drafted.version,
        note=note,
        years=drafted.years,
        year=year,
        own=own,
        based_on=before.version,
        drafted_by=uow.by,
        drafted_at=uow.now,
    )
    calendars.add_draft(uow, drafted, version)
    return _changes(uow, version)


def activate_calendar(uow: UnitOfWork, version: int) -> Changes:
    """From now on it counts; what was counted by the one before is counted again by the clock."""
    _check_operator(uow)
    calendars.lock_calendars(uow)
    draft, in_force = _get(uow, version), calendars.get_last_in_force(uow)
    if draft.effective_from is not None or draft.drafted_at is None:
        raise CalendarInForce(version)
    if draft.drafted_by == uow.by:
        raise SecondPersonNeeded
    if draft.based_on != in_force.version:
        raise CalendarOutdated(version, in_force.version)
    if uow.now < max(moment for moment in (draft.drafted_at, in_force.effective_from) if moment is not None):
        raise ClockSetBack
    releases.check_known(uow, policy.get_calendar_of(uow, version).form)
    calendars.activate(uow, version)
    return _changes(uow, _get(uow, version))


def list_calendars(uow: UnitOfWork, page: Page) -> Sheet[CalendarVersion]:
    """Drafts among them, the newest first. The working days of a city are no secret."""
    position = page.after(int)
    found = calendars.list_versions(uow, before=position[0] if position else None, limit=page.fetch)
    return page.sheet(found, position=lambda item: (item.version,))


def get_calendar(uow: UnitOfWork, version: int) -> Changes:
    _check_operator(uow)
    return _changes(uow, _get(uow, version))


def list_moves(uow: UnitOfWork, page: Page, version: int) -> Sheet[CityMove]:
    """What a draft would move, by when it falls due now; nothing of one that would move nothing any more."""
    _check_operator(uow)
    position = page.after(datetime, UUID)
    found: list[CityMove] = []
    for move in _moves(uow, _get(uow, version), after_key=(position[0], position[1]) if position else None):
        found.append(move)
        if len(found) == page.fetch:
            break
    return page.sheet(found, position=lambda each: (each.move.before.promise.due_at, each.move.before.deadline_id))


def _changes(uow: UnitOfWork, version: CalendarVersion) -> Changes:
    calendar = policy.get_calendar_of(uow, version.version)
    before = policy.get_calendar_of(uow, version.based_on) if version.based_on else calendar
    working_days = calendar.working_days_in(version.year) if version.year else None
    changes = Changes(version, working_days, calendar.changes_from(before), _stations(uow, calendar, before))
    if not _may_come(uow, version):
        return changes
    later = [each.move.is_later for each in _moves(uow, version)]
    return replace(changes, earlier=later.count(False), later=later.count(True))


def _stations(uow: UnitOfWork, calendar: Calendar, before: Calendar) -> list[StationChange]:
    changed = calendar.hours_changed_from(before)
    places = network.list_places(uow, [UUID(place) for place in changed])
    found = [
        StationChange(places[UUID(place)].code, since, before.station_of(place), calendar.station_of(place))
        for place, since in changed.items()
    ]
    return sorted(found, key=lambda each: each.place)


def _may_come(uow: UnitOfWork, version: CalendarVersion) -> bool:
    """A draft that nothing has overtaken."""
    return version.effective_from is None and version.based_on == calendars.get_last_in_force(uow).version


def _moves(
    uow: UnitOfWork, version: CalendarVersion, *, after_key: tuple[datetime, UUID] | None = None
) -> Iterator[CityMove]:
    """Counted in parts, so that whatever else is asked of the service comes in between."""
    if not _may_come(uow, version):
        return
    drafted = policy.get_calendar_of(uow, version.version)
    day = drafted.first_change_from(policy.get_calendar(uow))
    while day is not None:
        since = begin_of(day, zone=policy.get_zone(uow))
        touched = recounts.list_touched(uow, since, after_key=after_key, limit=AT_ONCE)
        gone = recounts.list_gone_on_from(uow, [each for _, each in touched])
        for case_number, each in touched:
            move = find_move(each, recount(each, gone, calendar=drafted), now=uow.now)
            if move is not None:
                yield CityMove(case_number, move)
        if len(touched) < AT_ONCE:
            return
        last = touched[-1][1]
        after_key = last.promise.due_at, last.deadline_id


def _get(uow: UnitOfWork, version: int) -> CalendarVersion:
    found = calendars.find_version(uow, version)
    if found is None:
        raise CalendarNotFound(version)
    return found


def _check_operator(uow: UnitOfWork) -> None:
    if OPERATOR not in uow.person.roles:
        raise NotTheOperator
