"""Rule sets: one operator drafts a document, another puts it into force, who has seen what it changes. A case keeps
those that it began under.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from contracts.grid import Duty
from kit.auth import OPERATOR
from kit.db import UnitOfWork
from kit.paging import Page, Sheet
from network import places
from network.posts import Seat

from routing.domain.promise import begin_of, day_of
from routing.domain.rule_changes import (
    Numbers,
    RuleChange,
    SettingChange,
    count_changes,
    list_changes,
    list_setting_changes,
)
from routing.domain.rule_document import OVERSEERS, RuleDocument, matter_of, read
from routing.domain.rules import EVERYWHERE, Category, Rule, RuleSet, RuleSetVersion, Tier
from routing.errors import (
    ClockSetBack,
    NoPlaceWithCode,
    NoRuleChanges,
    NotTheOperator,
    RulesBeginTooEarly,
    RuleSetInForce,
    RuleSetNotFound,
    RuleSetOutdated,
    SecondPersonNeeded,
)
from routing.repository import network, policy, rule_sets
from routing.service import placing, releases


@dataclass(frozen=True)
class RuleSetSeen:
    """A version, what it says, and what it makes different where it holds. ``numbers``: over last month's cases, of
    which ``looked_at`` were tried; none once it is in force, or where it came too late for that.
    """

    version: RuleSetVersion
    rules: RuleSet
    changes: list[RuleChange]
    settings: list[SettingChange]
    numbers: Numbers | None = None
    looked_at: int | None = None


@dataclass(frozen=True)
class Gap:
    """A rule whose handler a community has not got: ``instead`` takes it, or nobody. ``category``: the first of the
    matters of which it is so.
    """

    rule: Rule
    category: str | None
    instead: Duty | None


@dataclass(frozen=True)
class Community:
    name: str
    path: str
    gaps: list[Gap]


def draft_rule_set(uow: UnitOfWork, document: RuleDocument) -> RuleSetSeen:
    """A new version, in force for nothing yet: all of the document or nothing."""
    _check_operator(uow)
    rule_sets.lock_rule_sets(uow)
    place = _find_place(uow, document.place) if document.place else None
    path = place.path if place and place.parent_id else EVERYWHERE
    last = rule_sets.list_last(uow, _line(path))
    before = _stacked(uow, [each.version for each in last])
    above = before if path == EVERYWHERE else _without(before, path)
    categories = {item.code: item for item in policy.list_categories(uow)}
    version, posts = rule_sets.next_version(uow), _overseers(uow, document)
    drafted = read(document, above, categories, version=version, path=path, posts=posts)
    _check_begin(uow, document, next((each for each in last if each.path == path), None), zone=before.zone)
    after = drafted if path == EVERYWHERE else _with(above, drafted)
    if not list_changes(before, after, categories) and not list_setting_changes(before, after):
        raise NoRuleChanges(last[-1].version)
    drafted_as = RuleSetVersion(
        version=drafted.version,
        note=document.note,
        path=path,
        place_id=place.place_id if place and path != EVERYWHERE else None,
        begins=document.begins,
        based_on=tuple(each.version for each in last),
        drafted_by=uow.by,
        drafted_at=uow.now,
        place=place.code if place and path != EVERYWHERE else None,
    )
    rule_sets.add_draft(uow, drafted, drafted_as)
    return _seen(uow, drafted_as)


def _overseers(uow: UnitOfWork, document: RuleDocument) -> dict[Tier, int]:
    """Looked for where a line says whom what is missed climbs to."""
    if not any(line.climbs_to for line in document.rules):
        return {}
    return {Tier(tier, duty): depth for tier, duty, depth in network.list_tiers_with(uow, OVERSEERS)}


def activate_rule_set(uow: UnitOfWork, version: int) -> RuleSetSeen:
    """It holds from the day that it names, or from now; for what begins from then on."""
    _check_operator(uow)
    rule_sets.lock_rule_sets(uow)
    draft = _get(uow, version)
    last = rule_sets.list_last(uow, _line(draft.path))
    if draft.effective_from is not None or draft.drafted_at is None:
        raise RuleSetInForce(version)
    if draft.drafted_by == uow.by:
        raise SecondPersonNeeded
    if draft.based_on != tuple(each.version for each in last):
        raise RuleSetOutdated(version, max(each.version for each in last))
    releases.check_known(uow, policy.get_rules(uow, version).form)
    own = [each.effective_from for each in last if each.path == draft.path and each.effective_from is not None]
    named = [begin_of(draft.begins, zone=policy.get_rules(uow, version).zone)] if draft.begins else []
    if uow.now < draft.drafted_at or max([uow.now, *named]) < max(own, default=draft.drafted_at):
        raise ClockSetBack
    rule_sets.activate(uow, version, effective_from=max([uow.now, *named]))
    return _seen(uow, _get(uow, version))


def list_rule_sets(uow: UnitOfWork, page: Page) -> Sheet[RuleSetVersion]:
    """Drafts among them, the newest first. By which rules a city works is no secret."""
    found = rule_sets.list_versions(uow, before=page.after_one(int), limit=page.fetch)
    return page.sheet(found, position=lambda item: (item.version,))


def get_rule_set(uow: UnitOfWork, version: int) -> RuleSetSeen:
    _check_operator(uow)
    return _seen(uow, _get(uow, version))


def list_gaps(uow: UnitOfWork, page: Page, version: int) -> Sheet[Community]:
    """Of each community where it would hold: which rules find nobody of their duty there."""
    _check_operator(uow)
    found = _get(uow, version)
    rules = _both(uow, found)[1]
    communities = rule_sets.list_communities(uow, found.path, after=page.after_one(str), limit=page.fetch)
    duties = {rule.duty for rule in rules.rules} | {Duty.DISPATCHER, *placing.OFFICES}
    known = network.get_network(uow, [path for path, _ in communities], duties)
    categories = [item for item in policy.list_categories(uow) if not item.retired]
    seen = [Community(name, path, list(_gaps(rules, known.seats_on(path), categories))) for path, name in communities]
    return page.sheet(seen, position=lambda each: (each.path,))


def _gaps(rules: RuleSet, seats: list[Seat], categories: Sequence[Category]) -> Iterator[Gap]:
    for rule in rules.rules:
        for category in _matters(rule, rules, categories):
            seat = placing.answering_for(seats, rule, category)
            if seat is None or seat.duty not in (rule.duty, *placing.OFFICES):
                yield Gap(rule, category.code or None, seat.duty if seat else None)
                break


def _matters(rule: Rule, rules: RuleSet, categories: Sequence[Category]) -> list[Category]:
    """The categories that it decides; where there is none yet, whatever might come under it."""
    decided = [item for item in categories if rules.rule_for(item, urgent=rule.urgent).key == rule.key]
    return decided or [matter_of((*rule.key[:2], None, rule.urgent), {})]


def _seen(uow: UnitOfWork, version: RuleSetVersion) -> RuleSetSeen:
    before, after = _both(uow, version)
    categories = {item.code: item for item in policy.list_categories(uow)}
    seen = RuleSetSeen(
        version,
        policy.get_rules(uow, version.version),
        list_changes(before, after, categories),
        list_setting_changes(before, after),
    )
    return _tried(uow, seen, before, after) if _may_come(uow, version) else seen


def _tried(uow: UnitOfWork, seen: RuleSetSeen, before: RuleSet, after: RuleSet) -> RuleSetSeen:
    """Over last month's cases of the place; what narrower places tighten besides is left out of it."""
    cases = rule_sets.list_past_cases(uow, seen.version.path)
    sorted_as = policy.list_categories_as_of(uow, {(case.category, case.category_version) for case in cases})
    numbers = count_changes(cases, before, after, sorted_as, policy.get_calendar(uow))
    return replace(seen, numbers=numbers, looked_at=len(cases))


def _may_come(uow: UnitOfWork, version: RuleSetVersion) -> bool:
    """A draft that nothing has overtaken."""
    last = rule_sets.list_last(uow, _line(version.path))
    return version.effective_from is None and version.based_on == tuple(each.version for each in last)


def _both(uow: UnitOfWork, version: RuleSetVersion) -> tuple[RuleSet, RuleSet]:
    """What held, or was to hold, at its place as it was drafted; and with it."""
    own = policy.get_rules(uow, version.version)
    before = _stacked(uow, version.based_on or [version.version])
    return before, own if own.path == EVERYWHERE else _with(_without(before, own.path), own)


def _stacked(uow: UnitOfWork, versions: Sequence[int]) -> RuleSet:
    return policy.get_rules(uow, versions[0], versions[1:])


def _without(rules: RuleSet, path: str) -> RuleSet:
    return replace(rules, layers=tuple(layer for layer in rules.layers if layer.path != path))


def _with(above: RuleSet, own: RuleSet) -> RuleSet:
    return replace(above, layers=(*above.layers, own))


def _line(path: str) -> list[str]:
    return [EVERYWHERE, *places.prefixes(path)]


def _find_place(uow: UnitOfWork, code: str) -> places.Place:
    found = places.find_place_by_code(uow, code)
    if found is None or not found.is_open:
        raise NoPlaceWithCode(code)
    return found


def _check_begin(uow: UnitOfWork, document: RuleDocument, last: RuleSetVersion | None, *, zone: str) -> None:
    if document.begins is None:
        return
    days = [day_of(uow.now, zone=zone)]
    if last is not None and last.effective_from is not None:
        days.append(day_of(last.effective_from, zone=zone))
    if document.begins < max(days):
        raise RulesBeginTooEarly(document.begins, max(days))


def _get(uow: UnitOfWork, version: int) -> RuleSetVersion:
    found = rule_sets.find_version(uow, version)
    if found is None:
        raise RuleSetNotFound(version)
    return found


def _check_operator(uow: UnitOfWork) -> None:
    if OPERATOR not in uow.person.roles:
        raise NotTheOperator
