"""The versioned data that decide: categories, rules, calendars. Always as in effect at an instant."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from contracts.grid import Duty
from contracts.routing import Kind, Remit
from kit.db import UnitOfWork
from network.places import prefixes
from sqlalchemy import Engine, Row, Text, bindparam, func, insert, select, text, tuple_
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from routing.domain.calendar import Calendar, CalendarDay, Status
from routing.domain.precedent import Precedent
from routing.domain.promise import Term, Unit
from routing.domain.rules import Category, Demand, Rule, RuleSet
from routing.models import calendar_day, calendar_year, category, rule, rule_set
from routing.repository.precedents import precedent_of

_CATEGORIES = select(category)
_CODE_AND_VERSION = tuple_(category.c.code, category.c.version)


def list_categories(uow: UnitOfWork) -> list[Category]:
    """The whole tree as in effect now; retired ones among them."""
    statement = (
        _CATEGORIES.ext(distinct_on(category.c.code))
        .where(category.c.effective_from <= uow.now)
        .order_by(category.c.code, category.c.version.desc())
    )
    return [_category(row) for row in uow.execute(statement)]


def lock_categories(uow: UnitOfWork) -> None:
    """One change of the tree at a time: versions are numbered by what stands."""
    uow.execute(select(func.pg_advisory_xact_lock(func.hashtext("category"))))


def add_categories(uow: UnitOfWork, categories: Sequence[Category]) -> None:
    """New versions of categories; the versions before them stay for the cases that began under them."""
    rows = [category_row(item, uow.by) for item in categories]
    if rows:
        uow.execute(insert(category), rows)


def get_policy(
    uow: UnitOfWork, codes: Collection[str], paths: Collection[str]
) -> tuple[RuleSet, Calendar, dict[str, Category], list[Precedent]]:
    """The rules and the calendar in effect now, the categories with these codes, and the precedents that hold for them
    at these places or above.

    Which versions are in effect is asked each time; what a version says never changes, and is kept in memory.
    """
    lines = sorted({prefix for path in paths for prefix in prefixes(path)})
    heads = uow.execute(_HEADS, {"now": uow.now, "codes": sorted(set(codes)), "lines": lines}).one()
    memory = _memories.setdefault(uow.connection.engine, _Memory())
    if memory.rules is None or memory.rules[0] != heads.rules:
        memory.rules = heads.rules, _read_rules(uow, heads.rules)
    calendar = _calendar_of(uow, memory, heads.calendar)
    unread = {code: head for code, head in heads.categories.items() if memory.categories.get(code, _NONE)[0] != head}
    for item in _read_categories(uow, unread) if unread else []:
        memory.categories[item.code] = unread[item.code], item
    categories = {code: memory.categories[code][1] for code in heads.categories}
    precedents = [precedent_of(each) for each in heads.precedents]
    return memory.rules[1], calendar, categories, precedents


def get_calendar(uow: UnitOfWork) -> Calendar:
    """The one in effect now."""
    return get_policy(uow, [], [])[1]


def get_calendar_of(uow: UnitOfWork, version: int) -> Calendar:
    """A version, whether it is in effect or not: the one by which a deadline was counted, or a draft."""
    return _read_calendar(uow, str(version))


def get_category(uow: UnitOfWork, code: str, version: int) -> Category:
    """As a case was sorted then."""
    return _read_categories(uow, {code: str(version)})[0]


def list_calendars_in_force(uow: UnitOfWork) -> list[Calendar]:
    """All that were ever in effect by now, the one that is last."""
    memory = _memories.setdefault(uow.connection.engine, _Memory())
    return [_calendar_of(uow, memory, head) for head in uow.execute(_IN_FORCE, {"now": uow.now}).scalars()]


def get_zone(uow: UnitOfWork) -> str:
    """The city's, by the rules in effect now."""
    return str(uow.execute(_ZONE, {"now": uow.now}).scalar_one())


def get_rules(uow: UnitOfWork, version: int) -> RuleSet:
    """The rules that a case began under."""
    memory = _memories.get(uow.connection.engine)
    if memory is not None and memory.rules is not None and memory.rules[1].version == version:
        return memory.rules[1]
    return _read_rules(uow, str(version))


def _read_rules(uow: UnitOfWork, head: str) -> RuleSet:
    rows = uow.execute(_RULES, {"version": _version(head)}).all()
    first = rows[0]
    return RuleSet(
        first.version,
        first.zone,
        first.effective_from,
        [_rule(row) for row in rows],
        shares=tuple(first.shares),
        climb=_term(first.set_climb_unit, first.set_climb_count),
        repeat=_term(first.set_repeat_unit, first.set_repeat_count),
    )


def _calendar_of(uow: UnitOfWork, memory: "_Memory", head: str) -> Calendar:
    if head not in memory.calendars:
        memory.calendars[head] = _read_calendar(uow, head)
    return memory.calendars[head]


def _read_calendar(uow: UnitOfWork, head: str) -> Calendar:
    return _calendar(uow.execute(_CALENDAR, {"version": _version(head)}).all())


def _read_categories(uow: UnitOfWork, heads: Mapping[str, str]) -> list[Category]:
    these = [(code, _version(head)) for code, head in heads.items()]
    return [_category(row) for row in uow.execute(_CATEGORIES.where(_CODE_AND_VERSION.in_(these)))]


@dataclass
class _Memory:
    """What one database's versions say, each beside its head."""

    rules: tuple[str, RuleSet] | None = None
    calendars: dict[str, Calendar] = field(default_factory=dict)
    categories: dict[str, tuple[str, Category]] = field(default_factory=dict)


_memories: WeakKeyDictionary[Engine, _Memory] = WeakKeyDictionary()
_NONE: tuple[str | None, None] = (None, None)


def _version(head: str) -> int:
    return int(head.partition(" ")[0])


# A head is a version and the transaction that wrote it: a number given anew (after a rollback, in a restored database)
# is not taken for the one that was read.
_HEADS = text("""
select
    (select version || ' ' || xmin from rule_set where effective_from <= :now order by version desc limit 1) as rules,
    (select version || ' ' || xmin from calendar where effective_from <= :now order by version desc limit 1)
        as calendar,
    (select coalesce(jsonb_object_agg(code, head), '{}') from (
        select distinct on (code) code, version || ' ' || xmin as head from category
        where code = any(cast(:codes as text[])) and effective_from <= :now order by code, version desc
    ) as latest) as categories,
    (select coalesce(jsonb_agg(to_jsonb(p)), '[]') from precedent p
        where p.category = any(cast(:codes as text[])) and p.path = any(cast(:lines as text[])) and revoked_at is null
    ) as precedents
""").columns(rules=Text, calendar=Text, categories=JSONB, precedents=JSONB)

_ZONE = text("select zone from rule_set where effective_from <= :now order by version desc limit 1")
_IN_FORCE = text(
    "select version || ' ' || xmin as head from calendar where effective_from <= :now order by version"
).columns(head=Text)

_LIMITS = ("climb_unit", "climb_count", "repeat_unit", "repeat_count")
_RULE = [rule.c[name] for name in ("kind", "remit", "category", "urgent", "duty", "unit", "count", *Demand, *_LIMITS)]
_SET = [rule_set.c[name] for name in ("version", "zone", "effective_from", "shares")]
_DAY = [calendar_day.c[name] for name in ("date", "working", "note", "stands_for", "own")]
_RULES = (
    select(*_SET, *(rule_set.c[name].label(f"set_{name}") for name in _LIMITS), *_RULE)
    .join(rule, rule.c.version == rule_set.c.version)
    .where(rule_set.c.version == bindparam("version"))
)
_CALENDAR = (
    select(calendar_year.c.version, calendar_year.c.year, calendar_year.c.status, *_DAY)
    .outerjoin(
        calendar_day,
        (calendar_day.c.version == calendar_year.c.version) & (calendar_day.c.year == calendar_year.c.year),
    )
    .where(calendar_year.c.version == bindparam("version"))
)


_STATUSES = (Status.OFFICIAL.value, Status.FORECAST.value)


def _calendar(rows: Sequence[Row[Any]]) -> Calendar:
    named = [row for row in rows if row.date]
    days = {row.date: CalendarDay(row.date, row.working, row.note, row.stands_for, row.own) for row in named}
    official, forecast = (frozenset(row.year for row in rows if row.status == status) for status in _STATUSES)
    return Calendar(rows[0].version, days, official, forecast)


def _rule(row: Row[Any]) -> Rule:
    # ``count`` is a method of a row, so it is read by its name.
    term = Term(Unit(row.unit), row._mapping["count"])
    demands = frozenset(demand for demand in Demand if row._mapping[demand.value])
    return Rule(
        *(Kind(row.kind), Remit(row.remit), row.category, row.urgent, Duty(row.duty), term, demands),
        climb=_term(row.climb_unit, row.climb_count),
        repeat=_term(row.repeat_unit, row.repeat_count),
    )


def _term(unit: str | None, count: int | None) -> Term | None:
    return Term(Unit(unit), count or 0) if unit else None


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
        sealed=row.sealed,
    )


def category_row(item: Category, by: str | None) -> dict[str, Any]:
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
        "sealed": item.sealed,
    }
