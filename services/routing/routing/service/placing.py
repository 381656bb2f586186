"""Who handles a case and by when: category × remit × place → post, and the promise."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.grid import Duty
from contracts.routing import CaseState, DeadlineKind, Kind, Queue, Remit
from kit.db import UnitOfWork
from kit.ids import new_id
from network.posts import Seat, choose

from routing import events
from routing.domain.calendar import Calendar
from routing.domain.case import ACCEPTED, ASSIGNED, Case, Deadline
from routing.domain.promise import make_promise
from routing.domain.rules import Category, Rule, RuleSet
from routing.repository import network, policy
from routing.repository.network import Network

OFFICES = (Duty.BUREAU, Duty.DEPARTMENT)


@dataclass(frozen=True)
class Ground:
    """What stands, at one instant, for all cases of a transaction: read once, however many they are."""

    network: Network
    rules: RuleSet
    calendar: Calendar
    categories: dict[str, Category]

    def category(self, code: str | None) -> Category | None:
        found = self.categories.get(code) if code else None
        return None if found is None or found.retired else found


def survey(uow: UnitOfWork, *, paths: Iterable[str], codes: Iterable[str]) -> Ground:
    """Three queries."""
    rules, calendar, categories = policy.get_policy(uow, list(codes))
    duties = {rule.duty for rule in rules.rules} | {Duty.DISPATCHER, Duty.SUPERVISOR, *OFFICES}
    return Ground(network.get_network(uow, paths, duties), rules, calendar, categories)


def find_handler(ground: Ground, case: Case, category: Category) -> tuple[Rule, Seat | None]:
    """The rule for the matter and who is to handle it: never one of those whom it complains of.

    The tree's own post of the duty goes first, since the station looks and calls in the owner; where no tier of the
    place has one, the office that answers for the matter takes it; where none does, the narrowest dispatcher.
    """
    rule = ground.rules.rule_for(category, urgent=case.urgent)
    seats = ground.network.seats_on(case.placed_path)
    line = [seat for seat in seats if seat.duty not in OFFICES]
    if not any(seat.duty is rule.duty for seat in line):
        office = _office_for(seats, category, never=case.complained_of)
        if office is not None:
            return rule, office
    return rule, choose(line, rule.duty, never=case.complained_of)


def rule_of_the_spot(ground: Ground, category: Category | None) -> Rule:
    """For what was settled while it was taken: the matter's rule, or the counter's where nobody sorted it."""
    if category is not None:
        return ground.rules.rule_for(category, urgent=False)
    counter = (Kind.ADMINISTRATIVE, Remit.COMMUNITY, None)
    return next(rule for rule in ground.rules.rules if (rule.kind, rule.remit, rule.category) == counter)


def find_dispatcher(ground: Ground, case: Case) -> Seat | None:
    """Who looks at what could not be placed, sorted or filled: the narrowest tier's that is known."""
    return choose(ground.network.seats_on(case.placed_path), Duty.DISPATCHER, never=case.complained_of)


def _office_for(seats: list[Seat], category: Category, *, never: tuple[str, ...]) -> Seat | None:
    """The office that answers for the matter: the most exact branch, the narrowest district, the first post by code."""
    answering = [
        (-closeness, -len(seat.path), seat.code, seat)
        for seat in seats
        if seat.duty in OFFICES and not seat.is_vacant and seat.subject not in never
        if (closeness := _closeness(seat, category)) is not None
    ]
    return min(answering, key=lambda found: found[:3])[3] if answering else None


def _closeness(seat: Seat, category: Category) -> int | None:
    """How near the office's list comes to the matter; 0 where it answers for all, None where it does not."""
    if not seat.matters:
        return 0
    return max((depth for depth, code in enumerate(category.line, start=1) if code in seat.matters), default=None)


def sort_case(case: Case, category: Category) -> None:
    case.category, case.category_version = category.code, category.version
    case.kind, case.remit = category.kind, category.remit


def queue_case(case: Case, reason: Queue, dispatcher: Seat | None) -> None:
    case.queue = reason
    case.holder_post_id = dispatcher.post_id if dispatcher else None


def accept(
    uow: UnitOfWork,
    ground: Ground,
    case: Case,
    rule: Rule,
    holder: Seat,
    *,
    since: datetime,
    post_id: UUID | None = None,
) -> None:
    """Promise and assign in one: the resident is told by when and by whom, the holder that it is theirs.

    ``post_id`` is the post by which a dispatcher accepts; none: the platform does.
    """
    _promise(uow, ground, case, rule, since=since)
    case.state, case.queue, case.accepted_at = CaseState.ACCEPTED, None, uow.now
    case.holder_post_id, case.office_id = holder.post_id, holder.office_id
    case.record(ACCEPTED, at=uow.now, by=uow.by, post_id=post_id, facts=_promise_facts(case))
    uow.publish(events.case_accepted(uow, case, holder=holder))
    case.state = CaseState.ASSIGNED
    facts = {
        "post": str(holder.post_id),
        "holder": holder.subject,
        "stand_in": holder.stand_in,
        "duty": holder.duty.value,
        "first": True,
    }
    case.record(ASSIGNED, at=uow.now, by=uow.by, post_id=post_id, facts=facts)
    uow.publish(events.case_assigned(uow, case, holder=holder, first=True))


def _promise(uow: UnitOfWork, ground: Ground, case: Case, rule: Rule, *, since: datetime) -> None:
    promise = make_promise(
        rule.term,
        since,
        rule_version=ground.rules.version,
        calendar=ground.calendar,
        hours=ground.network.hours_at(case.placed_path),
        zone=ground.rules.zone,
    )
    case.deadline = Deadline(new_id(uow.now), DeadlineKind.PROMISE, promise, changed=True)
    case.promise_due, case.rule_version = promise.due_at, ground.rules.version


def _promise_facts(case: Case) -> dict[str, object]:
    assert case.deadline is not None
    promise = case.deadline.promise
    return {
        "category": case.category,
        "category_version": case.category_version,
        "place": str(case.place_id) if case.place_id else None,
        "due_at": promise.due_at.isoformat(),
        "start_at": promise.start_at.isoformat(),
        "unit": promise.term.unit.value,
        "count": promise.term.count,
        "rule_version": promise.rule_version,
        "calendar_version": promise.calendar_version,
    }
