"""The versioned data that decide: categories, rules, calendars. Always as in effect at an instant."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from contracts.grid import Duty
from contracts.routing import Kind, Remit
from kit.db import UnitOfWork
from sqlalchemy import Row, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from routing.domain.calendar import Calendar, CalendarDay
from routing.domain.promise import Term, Unit
from routing.domain.rules import Category, Rule, RuleSet
from routing.models import calendar, calendar_day, calendar_year, category, rule, rule_set


def list_categories(uow: UnitOfWork, codes: Collection[str] | None = None) -> list[Category]:
    """The categories with these codes, or all, as in effect now; retired ones among them."""
    statement = (
        select(category)
        .ext(distinct_on(category.c.code))
        .where(category.c.effective_from <= uow.now)
        .order_by(category.c.code, category.c.version.desc())
    )
    if codes is not None:
        statement = statement.where(category.c.code.in_(list(codes)))
    return [_category(row) for row in uow.execute(statement)]


def lock_categories(uow: UnitOfWork) -> None:
    """One change of the tree at a time: versions are numbered by what stands."""
    uow.execute(select(func.pg_advisory_xact_lock(func.hashtext("category"))))


def add_categories(uow: UnitOfWork, categories: Sequence[Category]) -> None:
    """New versions of categories; the versions before them stay for the cases that began under them."""
    rows = [_category_row(item, uow.by) for item in categories]
    if rows:
        uow.execute(insert(category), rows)


def get_rules(uow: UnitOfWork) -> RuleSet:
    latest = select(func.max(rule_set.c.version)).where(rule_set.c.effective_from <= uow.now).scalar_subquery()
    statement = (
        select(rule_set.c.version, rule_set.c.zone, rule_set.c.effective_from, *_RULE)
        .join(rule, rule.c.version == rule_set.c.version)
        .where(rule_set.c.version == latest)
    )
    rows = uow.execute(statement).all()
    head = rows[0]
    return RuleSet(head.version, head.zone, head.effective_from, [_rule(row) for row in rows])


def get_calendar(uow: UnitOfWork, first: date, last: date) -> Calendar:
    """The calendar in effect, with what it says of the days from ``first`` to ``last``."""
    latest = select(func.max(calendar.c.version)).where(calendar.c.effective_from <= uow.now).scalar_subquery()
    statement = (
        select(calendar_year.c.version, calendar_year.c.year, calendar_year.c.status, *_DAY)
        .outerjoin(
            calendar_day,
            (calendar_day.c.version == calendar_year.c.version)
            & (calendar_day.c.year == calendar_year.c.year)
            & calendar_day.c.date.between(first, last),
        )
        .where(calendar_year.c.version == latest)
    )
    return _calendar(uow.execute(statement).all())


_RULE = [rule.c[name] for name in ("kind", "remit", "category", "urgent", "duty", "unit", "count")]
_DAY = [calendar_day.c[name] for name in ("date", "working", "note", "stands_for")]


def _calendar(rows: Sequence[Row[Any]]) -> Calendar:
    days = {row.date: CalendarDay(row.date, row.working, row.note, row.stands_for) for row in rows if row.date}
    official = frozenset(row.year for row in rows if row.status == "official")
    return Calendar(rows[0].version, days, official)


def _rule(row: Row[Any]) -> Rule:
    # ``count`` is a method of a row, so it is read by its name.
    term = Term(Unit(row.unit), row._mapping["count"])
    return Rule(Kind(row.kind), Remit(row.remit), row.category, row.urgent, Duty(row.duty), term)


def _category(row: Row[Any]) -> Category:
    return Category(
        code=row.code,
        version=row.version,
        parent=row.parent,
        name_zh=row.name_zh,
        name_en=row.name_en,
        kind=Kind(row.kind),
        remit=Remit(row.remit),
        words=tuple(row.words),
        line=tuple(row.line),
        retired=row.retired,
        effective_from=row.effective_from,
    )


def _category_row(item: Category, by: str | None) -> dict[str, Any]:
    return {
        "code": item.code,
        "version": item.version,
        "parent": item.parent,
        "name_zh": item.name_zh,
        "name_en": item.name_en,
        "kind": item.kind.value,
        "remit": item.remit.value,
        "words": list(item.words),
        "line": list(item.line),
        "retired": item.retired,
        "changed_by": by,
        "effective_from": item.effective_from,
    }
