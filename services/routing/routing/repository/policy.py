"""The versioned data that decide: categories, rules, calendars. Always as in effect at an instant."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from functools import lru_cache
from itertools import groupby
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from contracts.grid import Duty
from contracts.routing import Kind, Remit
from kit.db import UnitOfWork
from network.models import place
from network.places import prefixes
from sqlalchemy import Engine, Integer, Row, Text, any_, bindparam, func, insert, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, distinct_on

from routing.domain.calendar import Calendar, CalendarDay, Closure, Hours, Season, Status
from routing.domain.precedent import Precedent
from routing.domain.promise import Term, Unit
from routing.domain.rules import EVERYWHERE, Category, Demand, Limit, Rule, RuleSet, Start, Tier
from routing.models import calendar_closure, calendar_day, calendar_hours, calendar_year, category, rule, rule_set
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
    at these places or above. The rules are the city's with the layers of these places: ``at`` picks those of one.

    Which versions are in effect is asked each time; what a version says never changes, and is kept in memory.
    """
    lines = sorted({prefix for path in paths for prefix in prefixes(path)})
    heads = uow.execute(_HEADS, {"now": uow.now, "codes": sorted(set(codes)), "lines": lines}).one()
    memory = _memories.setdefault(uow.connection.engine, _Memory())
    rules = _rules_of(uow, memory, heads.rules)
    calendar = _calendar_of(uow, memory, heads.calendar)
    unread = {code: head for code, head in heads.categories.items() if memory.categories.get(code, _NONE)[0] != head}
    for item in _read_categories(uow, unread) if unread else []:
        memory.categories[item.code] = unread[item.code], item
    categories = {code: memory.categories[code][1] for code in heads.categories}
    precedents = [precedent_of(each) for each in heads.precedents]
    return rules, calendar, categories, precedents


def get_calendar(uow: UnitOfWork) -> Calendar:
    """The one in effect now."""
    return get_policy(uow, [], [])[1]


def get_calendar_of(uow: UnitOfWork, version: int) -> Calendar:
    """A version, whether it is in effect or not: the one by which a deadline was counted, or a draft."""
    head = uow.execute(_HEAD_OF_CALENDAR, {"version": version}).scalar_one()
    return _calendar_of(uow, _memories.setdefault(uow.connection.engine, _Memory()), head)


def get_zone(uow: UnitOfWork) -> str:
    """The city's, by the rules in effect now."""
    return str(uow.execute(_ZONE, {"now": uow.now}).scalar_one())


def get_category(uow: UnitOfWork, code: str, version: int) -> Category:
    """As a case was sorted then."""
    return _read_categories(uow, {code: str(version)})[0]


def list_categories_as_of(uow: UnitOfWork, these: Collection[tuple[str, int]]) -> dict[tuple[str, int], Category]:
    """Each as of a version."""
    found = [_category(row) for row in uow.execute(_CATEGORIES.where(_CODE_AND_VERSION.in_(these)))] if these else []
    return {(item.code, item.version): item for item in found}


def list_calendars_in_force(uow: UnitOfWork) -> list[Calendar]:
    """All that were ever in effect by now, the one that is last."""
    memory = _memories.setdefault(uow.connection.engine, _Memory())
    return [_calendar_of(uow, memory, head) for head in uow.execute(_IN_FORCE, {"now": uow.now}).scalars()]


def get_rules(uow: UnitOfWork, version: int, layers: Sequence[int] = ()) -> RuleSet:
    """The rules that a case began under: the city's, with those of narrower places."""
    memory = _memories.get(uow.connection.engine)
    known = {each.version: each for each in memory.rules.values()} if memory else {}
    read = _read_rules(uow, {version, *layers} - known.keys())
    sets = known | {each.version: each for each in read}
    return replace(sets[version], layers=tuple(sets[each] for each in layers))


def find_place_of_rules(uow: UnitOfWork, version: int | None) -> str | None:
    """The name of the place whose rules they are; none of the city's."""
    of_set = select(place.c.name).join(rule_set, rule_set.c.place_id == place.c.place_id)
    return uow.execute(of_set.where(rule_set.c.version == version)).scalar_one_or_none()


def _rules_of(uow: UnitOfWork, memory: "_Memory", heads: Mapping[str, str]) -> RuleSet:
    unread = {_version(head): head for head in heads.values() if head not in memory.rules}
    for each in _read_rules(uow, unread):
        memory.rules[unread[each.version]] = each
    layers = tuple(memory.rules[head] for path, head in heads.items() if path != EVERYWHERE)
    rules = memory.rules[heads[EVERYWHERE]]
    return replace(rules, layers=layers) if layers else rules


def _read_rules(uow: UnitOfWork, versions: Collection[int]) -> list[RuleSet]:
    if not versions:
        return []
    rows = uow.execute(_RULES, {"versions": sorted(versions)}).all()
    return [_rule_set(list(of_set)) for _, of_set in groupby(rows, key=lambda row: row.version)]


def _calendar_of(uow: UnitOfWork, memory: "_Memory", head: str) -> Calendar:
    if head not in memory.calendars:
        memory.calendars[head] = _read_calendar(uow, head)
    return memory.calendars[head]


def _read_calendar(uow: UnitOfWork, head: str) -> Calendar:
    version = {"version": _version(head)}
    rows, seasons, closures = (uow.execute(each, version).all() for each in (_CALENDAR, _SEASONS, _CLOSURES))
    return replace(_calendar(rows), stations=_stations(seasons, closures))


def _read_categories(uow: UnitOfWork, heads: Mapping[str, str]) -> list[Category]:
    these = [(code, _version(head)) for code, head in heads.items()]
    return [_category(row) for row in uow.execute(_CATEGORIES.where(_CODE_AND_VERSION.in_(these)))]


@dataclass
class _Memory:
    """What one database's versions say, by their heads: requests that run beside one another may be under two."""

    rules: dict[str, RuleSet] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    categories: dict[str, tuple[str, Category]] = field(default_factory=dict)
    """By code, each beside its head."""


_memories: WeakKeyDictionary[Engine, _Memory] = WeakKeyDictionary()
_NONE: tuple[str | None, None] = (None, None)


def _version(head: str) -> int:
    return int(head.partition(" ")[0])


# A head is a version and the transaction that wrote it: a number given anew (after a rollback, in a restored database)
# is not taken for the one that was read.
_HEADS = text("""
select
    (select jsonb_object_agg(path, head) from (
        select distinct on (path) path, version || ' ' || xmin as head from rule_set
        where path = any(cast(:lines as text[]) || array['/']) and effective_from <= :now order by path, version desc
    ) as latest) as rules,
    (select version || ' ' || xmin from calendar where effective_from <= :now order by version desc limit 1)
        as calendar,
    (select coalesce(jsonb_object_agg(code, head), '{}') from (
        select distinct on (code) code, version || ' ' || xmin as head from category
        where code = any(cast(:codes as text[])) and effective_from <= :now order by code, version desc
    ) as latest) as categories,
    (select coalesce(jsonb_agg(to_jsonb(p)), '[]') from precedent p
        where p.category = any(cast(:codes as text[])) and p.path = any(cast(:lines as text[])) and revoked_at is null
    ) as precedents
""").columns(rules=JSONB, calendar=Text, categories=JSONB, precedents=JSONB)

_ZONE = text("""
select zone from rule_set where path = '/' and effective_from <= :now order by version desc limit 1
""")
_IN_FORCE = text(
    "select version || ' ' || xmin as head from calendar where effective_from <= :now order by version"
).columns(head=Text)
_HEAD_OF_CALENDAR = text("select version || ' ' || xmin as head from calendar where version = :version").columns(
    head=Text
)

_TERMS = ("climb_unit", "climb_count", "repeat_unit", "repeat_count", "contact_unit", "contact_count")
_BESIDES = ("law_unit", "law_count", "statute", "climbs_to")
_HEAD = [rule_set.c[name] for name in ("version", "zone", "effective_from", "shares", "limits", "path")]
_RULE = [
    rule.c[name]
    for name in (
        "kind",
        "remit",
        "category",
        "urgent",
        "duty",
        "unit",
        "count",
        "starts",
        "line",
        *Demand,
        *_TERMS,
        *_BESIDES,
    )
]
_DAY = [calendar_day.c[name] for name in ("date", "working", "note", "stands_for", "own")]
_RULES = (
    select(*_HEAD, *(rule_set.c[name].label(f"set_{name}") for name in _TERMS), *_RULE)
    .outerjoin(rule, rule.c.version == rule_set.c.version)
    .where(rule_set.c.version == any_(bindparam("versions", type_=ARRAY(Integer))))
    .order_by(
        *(rule_set.c.version, rule.c.line, rule.c.kind, rule.c.remit, rule.c.category.nulls_first()), rule.c.urgent
    )
)
_CALENDAR = (
    select(calendar_year.c.version, calendar_year.c.year, calendar_year.c.status, *_DAY)
    .outerjoin(
        calendar_day,
        (calendar_day.c.version == calendar_year.c.version) & (calendar_day.c.year == calendar_year.c.year),
    )
    .where(calendar_year.c.version == bindparam("version"))
)


_SEASONS = (
    select(calendar_hours)
    .where(calendar_hours.c.version == bindparam("version"))
    .order_by(calendar_hours.c.since, calendar_hours.c.weekday, calendar_hours.c.opens)
)
_CLOSURES = select(calendar_closure).where(calendar_closure.c.version == bindparam("version"))

_STATUSES = (Status.OFFICIAL.value, Status.FORECAST.value)


def _calendar(rows: Sequence[Row[Any]]) -> Calendar:
    named = [row for row in rows if row.date]
    days = {row.date: CalendarDay(row.date, row.working, row.note, row.stands_for, row.own) for row in named}
    official, forecast = (frozenset(row.year for row in rows if row.status == status) for status in _STATUSES)
    return Calendar(rows[0].version, days, official, forecast)


def _stations(seasons: Sequence[Row[Any]], closures: Sequence[Row[Any]]) -> dict[str, Hours]:
    """By place, as a path spells it."""
    parts: dict[UUID, dict[date, list[tuple[int, time, time]]]] = defaultdict(dict)
    for row in seasons:
        season = parts[row.place_id].setdefault(row.since, [])
        season += [(row.weekday, row.opens, row.closes)] if row.weekday is not None else []
    closed: dict[UUID, list[Closure]] = defaultdict(list)
    for row in closures:
        closed[row.place_id].append(Closure(row.date, row.closes, row.note))
    return {
        place.hex: _station(
            tuple((since, tuple(these)) for since, these in parts[place].items()), frozenset(closed[place])
        )
        for place in {*parts, *closed}
    }


@lru_cache(maxsize=20_000)
def _station(seasons: tuple[tuple[date, tuple[tuple[int, time, time], ...]], ...], closed: frozenset[Closure]) -> Hours:
    """Kept once for all versions that say the same of it."""
    return Hours({}, tuple(Season(*season) for season in seasons), {closure.date: closure for closure in closed})


def _rule_set(rows: Sequence[Row[Any]]) -> RuleSet:
    head = rows[0]
    limits = {Limit(name): days for name, days in head.limits.items()}
    rules = [_rule(row) for row in rows if row.kind is not None]
    return RuleSet(
        *(head.version, head.zone, head.effective_from, rules),
        shares=tuple(head.shares),
        climb=_term(head.set_climb_unit, head.set_climb_count),
        repeat=_term(head.set_repeat_unit, head.set_repeat_count),
        contact=_term(head.set_contact_unit, head.set_contact_count),
        limits=limits,
        path=head.path,
    )


def _rule(row: Row[Any]) -> Rule:
    key = Kind(row.kind), Remit(row.remit), row.category, row.urgent
    # ``count`` is a method of a row, so it is read by its name.
    term = Term(Unit(row.unit), row._mapping["count"])
    demands = frozenset(demand for demand in Demand if row._mapping[demand.value])
    return Rule(
        *(*key, Duty(row.duty), term, demands, Start(row.starts), row.line, row.version),
        climb=_term(row.climb_unit, row.climb_count),
        repeat=_term(row.repeat_unit, row.repeat_count),
        contact=_term(row.contact_unit, row.contact_count),
        law=_term(row.law_unit, row.law_count),
        statute=row.statute,
        climbs_to=tuple(map(Tier.of, row.climbs_to or ())),
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
