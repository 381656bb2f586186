"""What falls due: its holder is warned before; it is marked once, and told to the holder and the superior, who has to
see to it; the holder keeps the case.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id
from network.posts import Seat, choose

from routing import events
from routing.domain import supervising as duties
from routing.domain.calendar import Calendar
from routing.domain.case import HELD_TO, Case, Deadline, DeadlineKind
from routing.domain.promise import Promise, Term, Unit, counted_like, make_promise
from routing.domain.rules import Category, Limit, Rule, RuleSet, Tier
from routing.domain.steps import OVERSEEING
from routing.domain.supervising import Supervision
from routing.repository import network, policy, supervisions
from routing.repository.network import Network
from routing.service import placing, supervising
from routing.service.on_duty import is_closed, read_rosters
from routing.service.superiors import stands_over, superiors_of
from routing.service.taking import list_holders

_BESIDE_THE_PROMISE = [kind for kind in DeadlineKind if kind in HELD_TO and kind is not DeadlineKind.PROMISE]


def mark_if_missed(uow: UnitOfWork, case: Case) -> None:
    """Whoever ends a case that is late counts the same, whether or not a clock came by in between."""
    if case.deadline is not None and case.deadline.is_missed_at(uow.now):
        mark_missed(uow, [(case, case.deadline)])
    for kind in _BESIDE_THE_PROMISE:
        mark_limit_if_missed(uow, case, kind)


def note_contact(uow: UnitOfWork, case: Case) -> None:
    """The resident is reached: by when the rules say, or late, which is marked first. Where nothing of the case is late
    nor done again, nobody above has to see to it any more, be it for one who came to it by a merger.
    """
    mark_limit_if_missed(uow, case, DeadlineKind.CONTACT)
    case.contact(at=uow.now)
    if not case.is_late_besides(uow.now) and not case.is_redone:
        supervising.end(uow, case)


def mark_limit_if_missed(uow: UnitOfWork, case: Case, kind: DeadlineKind) -> None:
    """The same of a limit beside the promise."""
    limit = case.limit(kind)
    if limit is not None and limit.is_missed_at(uow.now):
        mark_missed(uow, [(case, limit)])


def count_by_rules(uow: UnitOfWork, case: Case, kind: DeadlineKind, limit: Limit) -> Deadline:
    """One that the rules say, in working days."""
    return count_from_now(uow, case, kind, Term(Unit.WORKING_DAYS, placing.allowed(uow, case, limit)))


def count_redo(uow: UnitOfWork, case: Case) -> Deadline:
    """For what is done again: days that the rules say; of danger, the hours that were promised first."""
    assert case.deadline is not None
    promised = case.deadline.promise.term
    if promised.unit is Unit.CLOCK_HOURS:
        return count_from_now(uow, case, DeadlineKind.REDO, promised)
    return count_by_rules(uow, case, DeadlineKind.REDO, Limit.REDO)


def count_from_now(uow: UnitOfWork, case: Case, kind: DeadlineKind, term: Term) -> Deadline:
    """A limit beside the promise, by the hours and under the rules of that."""
    assert case.deadline is not None
    like, calendar = case.deadline.promise, policy.get_calendar(uow)
    promise = counted_like(term, uow.now, like=like, calendar=calendar, path=case.placed_path)
    return Deadline(new_id(uow.now), kind, promise, changed=True)


@dataclass(frozen=True)
class Above:
    """Who is above whoever holds these cases, and how long they have: read once, however many cases they are."""

    holders: Mapping[UUID, Seat]
    network: Network
    rules: RuleSet
    calendar: Calendar
    categories: Mapping[str, Category]

    def superiors(self, case: Case) -> list[Seat]:
        """From the narrowest up; in the tree, or in the office that holds it. What is done again is so under the eye of
        the next tier.
        """
        seats = [seat for seat in self.network.seats_on(case.placed_path) if seat.office_id in (None, case.office_id)]
        late, rule = self.holders.get(case.case_id), self._rule(case)
        named = self._named(seats, case, late, rule.climbs_to) if rule and case.seal is None else []
        return named or superiors_of(seats, case, late, redone=case.limit(DeadlineKind.REDO) is not None)

    def _named(self, seats: list[Seat], case: Case, late: Seat | None, tiers: Sequence[Tier]) -> list[Seat]:
        """Those whom its rule names, from the narrowest up; never who is late, below them, or has an interest in it."""
        line: list[Seat] = []
        never = {*case.barred, *([late.subject] if late and late.subject else [])}
        for each in tiers:
            of_tier = [seat for seat in seats if seat.path in self.network.places and self._is_of(seat, each, late)]
            found = choose(of_tier, each.duty, never=never)
            if found is not None and found.duty is each.duty:
                line.append(found)
                never.add(found.subject or "")
        return line

    def _is_of(self, seat: Seat, named: Tier, late: Seat | None) -> bool:
        is_over = late is None or (seat.post_id != late.post_id and stands_over(seat, late))
        return is_over and self.network.places[seat.path].tier == named.tier

    def _rule(self, case: Case) -> Rule | None:
        category = self.categories.get(case.category) if case.category else None
        return self.rules.at(case.placed_path).rule_for(category, urgent=case.urgent) if category else None

    def superior(self, case: Case) -> Seat | None:
        return next(iter(self.superiors(case)), None)

    def limits(self, case: Case) -> tuple[Term | None, Term | None]:
        """How long a superior has, and after how long it comes back to the last: by the rules of today, since the rule
        that a case began under is what was promised to its resident.
        """
        return self.rules.at(case.placed_path).limits_of(self._rule(case))

    def begin(
        self,
        uow: UnitOfWork,
        case: Case,
        seat: Seat,
        term: Term,
        *,
        repeats: int = 0,
        late_at: datetime | None = None,
    ) -> Supervision:
        """``late_at``: when what it is about is late; none: it is."""
        case.supervisor_post_id = seat.post_id
        limit = self.count(case, term, since=max(uow.now, late_at or uow.now))
        place = self.network.places.get(seat.path)
        tier = place.tier if place else ""
        return duties.begin(
            *(new_id(uow.now), case.case_id, seat.post_id), tier=tier, since=uow.now, limit=limit, repeats=repeats
        )

    def count(self, case: Case, term: Term, *, since: datetime) -> Promise:
        return make_promise(
            term,
            since,
            rule_version=self.rules.version,
            calendar=self.calendar,
            hours=self.network.station_hours(case.placed_path, self.calendar),
            zone=self.rules.zone,
        )


def look_above(uow: UnitOfWork, held: Collection[Case]) -> Above:
    codes, paths = {case.category for case in held if case.category}, {case.placed_path for case in held}
    rules, calendar, categories, _ = policy.get_policy(uow, codes, paths)
    known = network.get_network(uow, {case.placed_path for case in held}, OVERSEEING)
    return Above(_acting(uow, held, known, rules, calendar), known, rules, calendar, categories)


def _acting(
    uow: UnitOfWork, held: Collection[Case], known: Network, rules: RuleSet, calendar: Calendar
) -> dict[UUID, Seat]:
    """Who is told of each case: who answers in the post that it lies with; of what is urgent while its station is
    closed, whoever is on duty there.
    """
    holders = list_holders(uow, held)
    closed = [
        case.case_id
        for case in held
        if case.by_the_clock
        and is_closed(calendar, known.station_hours(case.placed_path, calendar), rules.zone, uow.now)
    ]
    if not closed:
        return holders
    on_duty = read_rosters(uow, {holders[each].post_id for each in closed if each in holders}).on_duty
    found = {each: on_duty.get(holders[each].post_id) for each in closed if each in holders}
    return holders | {each: seat for each, seat in found.items() if seat is not None and not seat.is_vacant}


def warn_of(uow: UnitOfWork, approaching: Sequence[tuple[Case, Deadline]]) -> None:
    """Its holder, and with the last warning the superior too."""
    above = look_above(uow, [case for case, _ in approaching])
    for case, limit in approaching:
        limit.warn(at=uow.now)
        superior = above.superior(case) if limit.is_warned_last else None
        _tell_warned(uow, Held(case, limit, above.holders.get(case.case_id), superior))


@dataclass(frozen=True)
class Held:
    """Somebody to a limit: who answers for it now, and whoever is above them; ``post_id``: whose it is, where not the
    holder's of the case.
    """

    case: Case
    limit: Deadline
    holder: Seat | None
    superior: Seat | None
    post_id: UUID | None = None


def warn_each(uow: UnitOfWork, held: Sequence[Held]) -> None:
    """Whoever is held to it, and with the last warning whoever is above them."""
    for each in held:
        each.limit.warn(at=uow.now)
        _tell_warned(uow, each if each.limit.is_warned_last else replace(each, superior=None))


def _tell_warned(uow: UnitOfWork, held: Held) -> None:
    holder, superior = held.holder, held.superior
    held.case.approach(
        held.limit, at=uow.now, holder=_subject(holder), superior=_subject(superior), post_id=held.post_id
    )
    uow.publish(events.deadline_approaching(uow, held.case, held.limit, holder=holder, superior=superior))


def miss_each(uow: UnitOfWork, held: Sequence[Held]) -> None:
    """Both are told; no duty begins."""
    for each in held:
        holder, superior = each.holder, each.superior
        each.case.miss(
            each.limit, at=uow.now, holder=_subject(holder), superior=_subject(superior), post_id=each.post_id
        )
        uow.publish(events.deadline_breached(uow, each.case, each.limit, holder=holder, superior=superior))


def mark_missed(uow: UnitOfWork, missed: Sequence[tuple[Case, Deadline]]) -> None:
    """The promise, or a limit beside it."""
    above = look_above(uow, [case for case, _ in missed])
    begun = [duty for case, limit in missed if (duty := _mark(uow, above, case, limit)) is not None]
    supervisions.save_supervisions(uow, begun)


def _mark(uow: UnitOfWork, above: Above, case: Case, limit: Deadline) -> Supervision | None:
    """A duty begins, unless one stands already, or it is answered: then no list of duties has it."""
    holder, superior = above.holders.get(case.case_id), above.superior(case)
    climb, _ = above.limits(case)
    begins = limit.kind in HELD_TO and case.is_unsettled and case.supervisor_post_id is None
    duty = above.begin(uow, case, superior, climb) if begins and superior and climb else None
    by = duty.due_at if duty else None
    case.miss(limit, at=uow.now, holder=_subject(holder), superior=_subject(superior), supervise_by=by)
    uow.publish(events.deadline_breached(uow, case, limit, holder=holder, superior=superior, supervise_by=by))
    return duty


def watch_redo(uow: UnitOfWork, case: Case, eye: Seat | None, due: Deadline) -> None:
    """Whoever is to have an eye on it has it on their list from the first; it climbs from them once it is late and they
    have let that pass.
    """
    above = look_above(uow, [case])
    climb, _ = above.limits(case)
    if eye is not None and climb is not None:
        duty = above.begin(uow, case, eye, climb, late_at=due.promise.due_at)
        supervisions.save_supervisions(uow, [duty])


def _subject(seat: Seat | None) -> str | None:
    return seat.subject if seat else None
