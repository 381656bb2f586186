"""Versions of the calendar: drafted, put into force, never changed; what a version says is read by policy."""

from typing import Any

from kit.db import UnitOfWork
from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB

from routing.domain.calendar import Calendar, CalendarVersion, Status
from routing.models import calendar, calendar_day, calendar_year

_YEARS = (
    select(func.jsonb_object_agg(calendar_year.c.year, calendar_year.c.status, type_=JSONB))
    .where(calendar_year.c.version == calendar.c.version)
    .correlate(calendar)
    .scalar_subquery()
)
_VERSIONS = select(calendar, _YEARS.label("years"))


def lock_calendars(uow: UnitOfWork) -> None:
    """One change at a time: versions are numbered by what stands, and one is in force."""
    uow.execute(select(func.pg_advisory_xact_lock(func.hashtext("calendar"))))


def next_version(uow: UnitOfWork) -> int:
    return int(uow.execute(select(func.max(calendar.c.version))).scalar_one()) + 1


def add_draft(uow: UnitOfWork, drafted: Calendar, of: CalendarVersion) -> None:
    """Whole, so that whatever was counted by a version can be counted again by it alone."""
    version = drafted.version
    uow.execute(insert(calendar), [_head_row(of)])
    years = [{"version": version, "year": year, "status": status.value} for year, status in drafted.years.items()]
    uow.execute(insert(calendar_year), years)
    days = [{"version": version, "year": day.date.year, **vars(day)} for day in drafted.days.values()]
    uow.execute(insert(calendar_day), days)


def activate(uow: UnitOfWork, version: int) -> None:
    in_force = {"effective_from": uow.now, "activated_by": uow.by}
    uow.execute(update(calendar).where(calendar.c.version == version).values(in_force))


def find_version(uow: UnitOfWork, version: int) -> CalendarVersion | None:
    row = uow.execute(_VERSIONS.where(calendar.c.version == version)).one_or_none()
    return _version(row) if row else None


def get_last_in_force(uow: UnitOfWork) -> CalendarVersion:
    """Whatever this server's clock says."""
    in_force = _VERSIONS.where(calendar.c.effective_from.is_not(None))
    return _version(uow.execute(in_force.order_by(calendar.c.version.desc()).limit(1)).one())


def list_versions(uow: UnitOfWork, *, before: int | None, limit: int) -> list[CalendarVersion]:
    """The newest first."""
    statement = _VERSIONS.order_by(calendar.c.version.desc()).limit(limit)
    if before is not None:
        statement = statement.where(calendar.c.version < before)
    return [_version(row) for row in uow.execute(statement)]


_NAMES = ("version", "note", "year", "own", "based_on", "drafted_by", "drafted_at", "activated_by", "effective_from")


def _version(row: Row[Any]) -> CalendarVersion:
    facts = dict(row._mapping)
    years = {int(year): Status(status) for year, status in sorted((facts["years"] or {}).items())}
    return CalendarVersion(years=years, **{name: facts[name] for name in _NAMES})


def _head_row(of: CalendarVersion) -> dict[str, Any]:
    return {name: getattr(of, name) for name in _NAMES}
