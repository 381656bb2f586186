"""Rule sets by version: drafted, put into force, never changed; what one says is read by policy."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import first_id_of
from network.models import place
from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on

from routing.domain.calendar import Hours
from routing.domain.promise import Term
from routing.domain.rule_changes import PastCase
from routing.domain.rules import Demand, Rule, RuleSet, RuleSetVersion
from routing.models import rule, rule_set

#: How far back a draft is tried, and over how many cases: the newest of so many of the whole city.
A_MONTH = timedelta(days=30)
MOST_SEEN, MOST_TRIED = 50_000, 5_000


def lock_rule_sets(uow: UnitOfWork) -> None:
    """One change at a time: versions are numbered by what stands, and each place has one in force."""
    uow.execute(select(func.pg_advisory_xact_lock(func.hashtext("rule_set"))))


def next_version(uow: UnitOfWork) -> int:
    return int(uow.execute(select(func.max(rule_set.c.version))).scalar_one()) + 1


def add_draft(uow: UnitOfWork, drafted: RuleSet, of: RuleSetVersion) -> None:
    limits = {limit.value: days for limit, days in drafted.limits.items()}
    head = {**{name: getattr(of, name) for name in _NAMES}, "zone": drafted.zone, "limits": limits}
    terms = _terms(drafted)
    uow.execute(insert(rule_set), [{**head, **terms, "shares": list(drafted.shares), "based_on": list(of.based_on)}])
    if rows := [_rule_row(each, of.version) for each in drafted.rules]:
        uow.execute(insert(rule), rows)


def activate(uow: UnitOfWork, version: int, *, effective_from: datetime) -> None:
    in_force = {"effective_from": effective_from, "activated_by": uow.by}
    uow.execute(update(rule_set).where(rule_set.c.version == version).values(in_force))


def find_version(uow: UnitOfWork, version: int) -> RuleSetVersion | None:
    row = uow.execute(_VERSIONS.where(rule_set.c.version == version)).one_or_none()
    return _version(row) if row else None


def list_last(uow: UnitOfWork, paths: Sequence[str]) -> list[RuleSetVersion]:
    """Of each of these places the last that was put into force, whether it holds already or from a day ahead; widest
    first.
    """
    last = _VERSIONS.where(rule_set.c.path.in_(paths), rule_set.c.effective_from.is_not(None))
    statement = last.ext(distinct_on(rule_set.c.path)).order_by(rule_set.c.path, rule_set.c.version.desc())
    return [_version(row) for row in uow.execute(statement)]


def list_versions(uow: UnitOfWork, *, before: int | None, limit: int) -> list[RuleSetVersion]:
    """The newest first."""
    statement = _VERSIONS.order_by(rule_set.c.version.desc()).limit(limit)
    if before is not None:
        statement = statement.where(rule_set.c.version < before)
    return [_version(row) for row in uow.execute(statement)]


def list_past_cases(uow: UnitOfWork, path: str) -> list[PastCase]:
    """Of the last month, at the place and below it."""
    asked = {"lo": path, "hi": f"{path[:-1]}0", "since": first_id_of(uow.now - A_MONTH)}
    found = uow.execute(_PAST, {**asked, "seen": MOST_SEEN, "most": MOST_TRIED})
    return [PastCase(**{**row._mapping, "hours": Hours.of(row.hours)}) for row in found]


def list_communities(uow: UnitOfWork, path: str, *, after: str | None, limit: int) -> list[tuple[str, str]]:
    """By path, with their names: those at the place and below it."""
    statement = select(place.c.path, place.c.name).where(
        *(place.c.path >= (after or path), place.c.path < f"{path[:-1]}0"),
        *(place.c.path != (after or ""), place.c.tier == "community", place.c.state == "active"),
    )
    return [(row.path, row.name) for row in uow.execute(statement.order_by(place.c.path).limit(limit))]


def move_place(uow: UnitOfWork, place_id: UUID, path: str) -> None:
    uow.execute(update(rule_set).where(rule_set.c.place_id == place_id).values(path=path))


_NAMES = (
    *("version", "note", "path", "place_id", "begins", "based_on", "drafted_by", "drafted_at", "activated_by"),
    "effective_from",
)
_PLACE_CODE = select(place.c.code).where(place.c.place_id == rule_set.c.place_id).correlate(rule_set).scalar_subquery()
_VERSIONS = select(*(rule_set.c[name] for name in _NAMES), _PLACE_CODE.label("place"))
_PAST = text("select * from cases_promised(:lo, :hi, :since, :seen, :most)")


def _version(row: Row[Any]) -> RuleSetVersion:
    return RuleSetVersion(**{**row._mapping, "based_on": tuple(row.based_on)})


def _rule_row(each: Rule, version: int) -> dict[str, Any]:
    return {
        "version": version,
        "kind": each.kind.value,
        "remit": each.remit.value,
        "category": each.category,
        "urgent": each.urgent,
        "duty": each.duty.value,
        "unit": each.term.unit.value,
        "count": each.term.count,
        "starts": each.starts.value,
        "line": each.line,
        **{demand.value: demand in each.demands for demand in Demand},
        **_terms(each),
        **_term("law", each.law),
        "statute": each.statute,
        "climbs_to": list(map(str, each.climbs_to)),
    }


def _terms(of: Rule | RuleSet) -> dict[str, Any]:
    return {**_term("climb", of.climb), **_term("repeat", of.repeat), **_term("contact", of.contact)}


def _term(name: str, term: Term | None) -> dict[str, Any]:
    return {f"{name}_unit": term.unit.value if term else None, f"{name}_count": term.count if term else None}
