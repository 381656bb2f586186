"""Who handles a case and by when: category × remit × place → post, and the promise."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from uuid import UUID

from contracts.grid import Duty
from contracts.routing import CaseState, Queue
from kit.db import UnitOfWork
from kit.ids import new_id
from network import posts
from network.posts import Seat, choose

from routing import events
from routing.domain.calendar import Calendar, Hours
from routing.domain.case import ACCEPTED, ASSIGNED, Case, Deadline, DeadlineKind, DeadlineState, Seal
from routing.domain.paths import last_of
from routing.domain.precedent import Precedent
from routing.domain.promise import (
    GONE_ON,
    Promise,
    Term,
    Unit,
    begin_of,
    counted_like,
    day_of,
    earliest_of,
    given_until,
    last_day,
    make_promise,
    warnings_in,
    working_days_left,
)
from routing.domain.rules import Category, Limit, Rule, RuleSet, Start
from routing.domain.steps import find_bar_to_more_time
from routing.errors import BeyondTheLaw
from routing.repository import cases, network, policy
from routing.repository.network import Network
from routing.service.on_duty import Rosters, is_closed, read_rosters

OFFICES = (Duty.BUREAU, Duty.DEPARTMENT)

#: By when a case's resident is reached to count as contacted in time, where no rule says so; or sooner, where the
#: promise ends sooner.
CONTACT_TERM = Term(Unit.WORKING_DAYS, 1)


@dataclass(frozen=True)
class Ground:
    """What stands, at one instant, for all cases of a transaction: read once, however many they are."""

    network: Network
    rules: RuleSet
    calendar: Calendar
    categories: dict[str, Category]
    precedents: list[Precedent]
    settled: dict[UUID, Seat]
    """Who answers in the posts that precedents name."""
    blamed: list[Seat] = field(default_factory=list)
    """The posts of those whom the matters complain of."""
    rosters: Callable[[], Rosters] | None = None
    """Read where something runs by the clock."""

    def rosters_for(self, case: Case, rule: Rule) -> Rosters | None:
        """By which it goes: of what runs by the clock, while its station is closed."""
        if self.rosters is None or not rule.runs_by_the_clock:
            return None
        rosters = self.rosters()
        return rosters if is_closed(self.calendar, self.hours_of(case), self.rules.zone, rosters.now) else None

    def hours_of(self, case: Case) -> Hours:
        return self.network.station_hours(case.placed_path, self.calendar)

    def rules_at(self, path: str) -> RuleSet:
        """The city's, with what the places on that line tighten."""
        return self.rules.at(path)

    def category(self, code: str | None) -> Category | None:
        found = self.categories.get(code) if code else None
        return None if found is None or found.retired else found


def survey(uow: UnitOfWork, *, paths: Iterable[str], codes: Iterable[str], blamed: Iterable[str] = ()) -> Ground:
    """Three queries; one more where a precedent holds, one where staff are complained of, and one where something runs
    by the clock.
    """
    lines = set(paths)
    rules, calendar, categories, precedents = policy.get_policy(uow, list(codes), lines)
    duties = {rule.duty for rule in rules.rules} | {Duty.DISPATCHER, Duty.SUPERVISOR, *OFFICES}
    settled = posts.list_seats_of(uow, {each.post_id for each in precedents}) if precedents else {}
    known = network.get_network(uow, lines, duties)
    rosters = cache(lambda: read_rosters(uow, [*settled, *(seat.post_id for seat in known.seats)]))
    held = posts.list_seats_held(uow, set(blamed))
    return Ground(known, rules, calendar, categories, precedents, settled, held, rosters)


def find_handler(
    ground: Ground, case: Case, category: Category, *, never: Collection[str] = ()
) -> tuple[Rule, Seat | None]:
    """The rule for the matter and who is to handle it: never somebody with an interest in it, nor one of ``never``.

    What a ruling has settled goes first. Then the tree's own post of the duty, since the station looks and calls in
    the owner; where no tier of the place has one, the office that answers for the matter takes it; where none does, the
    narrowest dispatcher. Outside opening hours, whoever is on duty acts in the post for what is urgent; where its
    roster has nobody, it goes on as if the post were vacant.
    """
    rule = ground.rules_at(case.placed_path).rule_for(category, urgent=case.urgent)
    barred, rosters = case.barred.union(never), ground.rosters_for(case, rule)
    if (settled := _settled(ground, case, category, rosters, never=barred)) is not None:
        return rule, settled
    seats = ground.network.seats_on(case.placed_path)
    return rule, answering_for(rosters.acting(seats) if rosters else seats, rule, category, never=barred)


def answering_for(seats: list[Seat], rule: Rule, category: Category, *, never: Collection[str] = ()) -> Seat | None:
    """Of those on the line of a place, where nothing has settled it."""
    line = [seat for seat in seats if seat.duty not in OFFICES]
    if not any(seat.duty is rule.duty for seat in line):
        office = _office_for(seats, category, never=never)
        if office is not None:
            return office
    return choose(line, rule.duty, never=never)


def _settled(
    ground: Ground, case: Case, category: Category, rosters: Rosters | None, *, never: Collection[str]
) -> Seat | None:
    """By the narrowest precedent whose post is held by somebody who may take it."""
    fitting = [
        each
        for each in ground.precedents
        if (each.category, each.remit) == (category.code, category.remit) and case.placed_path.startswith(each.path)
    ]
    known = (ground.settled.get(each.post_id) for each in sorted(fitting, key=lambda each: -len(each.path)))
    seats = [seat for seat in known if seat is not None]
    return next((seat for seat in (rosters.acting(seats) if rosters else seats) if _may_take(seat, case, never)), None)


def _may_take(seat: Seat, case: Case, never: Collection[str]) -> bool:
    """Somebody holds it, sees the case, and has no interest in it."""
    held = seat.subject is not None and seat.subject not in never
    return held and case.placed_path.startswith(seat.path)


def rule_of_the_spot(ground: Ground, path: str, category: Category | None, *, urgent: bool = False) -> Rule:
    """For what was settled while it was taken: the matter's rule, or the counter's where nobody sorted it."""
    rules = ground.rules_at(path)
    return rules.rule_of_the_counter if category is None else rules.rule_for(category, urgent=urgent)


def find_dispatcher(ground: Ground, case: Case, *, never: Collection[str] = ()) -> Seat | None:
    """Who looks at what could not be placed, sorted or filled: the narrowest tier's that is known; of what is sealed,
    who keeps it. An office's own dispatcher could not accept it.
    """
    if case.seal is not None:
        return _keeper(ground.network, ground.blamed, case, never=never)
    of_tree = [seat for seat in ground.network.seats_on(case.placed_path) if seat.office_id is None]
    return choose(of_tree, Duty.DISPATCHER, never=case.barred.union(never))


def appoint_keeper(ground: Ground, case: Case, *, never: Collection[str] = ()) -> None:
    """A sealed case is shown to one dispatcher, who rules on it."""
    keeper = _keeper(ground.network, ground.blamed, case, never=never) if case.seal is not None else None
    case.keeper_post_id = keeper.post_id if keeper else case.keeper_post_id


def _keeper(known: Network, blamed: Sequence[Seat], case: Case, *, never: Collection[str] = ()) -> Seat | None:
    """The narrowest dispatcher of a tier above those whom it complains of; where none is there, one beside them; or a
    post that nobody holds now, so that it waits for whoever will.
    """
    seats = [seat for seat in known.seats_on(case.placed_path) if seat.duty is Duty.DISPATCHER]
    of_tree = [seat for seat in seats if seat.office_id is None]
    theirs = [seat for seat in blamed if seat.subject in case.complained_of]
    highest = min((len(seat.path) for seat in theirs if case.placed_path.startswith(seat.path)), default=None)
    above = [seat for seat in of_tree if highest is None or len(seat.path) < highest]
    barred = case.barred.union(never)
    found = choose(above, Duty.DISPATCHER, never=barred) or choose(of_tree, Duty.DISPATCHER, never=barred)
    return found or next((seat for seat in above if seat.is_vacant), None)


def keep_anew(known: Network, blamed: Sequence[Seat], case: Case) -> bool:
    """Where nobody is in the post that keeps a sealed case, rules on it or reviews its answer, the next one up does.
    Whether anybody else does now. ``known`` has the dispatchers of its place, ``blamed`` those whom it complains of.
    """
    held = {seat.post_id for seat in known.seats_on(case.placed_path) if not seat.is_vacant}
    keeper = _keeper(known, blamed, case)
    if keeper is None or keeper.is_vacant:
        return False
    before = (case.keeper_post_id, case.ruler_post_id, case.reviewer_post_id)
    if case.keeper_post_id not in held:
        if case.queue is not None and case.holder_post_id in (None, case.keeper_post_id):
            case.holder_post_id = keeper.post_id
        case.keeper_post_id = keeper.post_id
    above = [seat for seat in _dispatchers_of(known, case) if seat.post_id != case.holder_post_id]
    if case.ruler_post_id not in (None, *held):
        ruler = choose(above, Duty.DISPATCHER, never={*case.barred, case.asked_by or ""})
        if ruler is not None:
            case.ruler_post_id, case.ruler_path = ruler.post_id, ruler.path
    if case.reviewer_post_id not in (None, *held):
        reviewer = choose(above, Duty.DISPATCHER, never={*case.barred, case.answered_by or ""})
        case.reviewer_post_id = reviewer.post_id if reviewer else case.reviewer_post_id
    return before != (case.keeper_post_id, case.ruler_post_id, case.reviewer_post_id)


def list_dispatchers(uow: UnitOfWork, case: Case) -> list[Seat]:
    """The tree's, of its place and of the tiers above; of a sealed case, whoever keeps it and those above."""
    return _dispatchers_of(network.get_network(uow, [case.placed_path], [Duty.DISPATCHER]), case)


def _dispatchers_of(known: Network, case: Case) -> list[Seat]:
    of_tree = [seat for seat in known.seats_on(case.placed_path) if seat.office_id is None]
    keeper = next((seat for seat in of_tree if seat.post_id == case.keeper_post_id), None)
    if case.seal is None or keeper is None:
        return of_tree
    return [seat for seat in of_tree if keeper.path.startswith(seat.path)]


def dispatcher_of(uow: UnitOfWork, case: Case) -> Seat | None:
    """Who dispatches it now."""
    return choose(list_dispatchers(uow, case), Duty.DISPATCHER, never=case.barred)


def _office_for(seats: list[Seat], category: Category, *, never: Collection[str]) -> Seat | None:
    """The office that answers for the matter: the most exact branch, the narrowest district, the first post by code."""
    answering = [
        (-closeness, -len(seat.path), seat.code, seat)
        for seat in seats
        if seat.duty in OFFICES and not seat.is_vacant and seat.subject not in never
        if (closeness := _closeness(seat, category)) is not None
    ]
    return min(answering, key=lambda found: found[:3])[3] if answering else None


def answers_for(seat: Seat, category: Category) -> bool:
    """Whether an office's post answers for the matter; one of the tree's does for all of its place."""
    return seat.duty not in OFFICES or _closeness(seat, category) is not None


def _closeness(seat: Seat, category: Category) -> int | None:
    """How near the office's list comes to the matter; 0 where it answers for all, None where it does not."""
    if not seat.matters:
        return 0
    return max((depth for depth, code in enumerate(category.line, start=1) if code in seat.matters), default=None)


def sort_case(ground: Ground, case: Case, category: Category, *, suggested: bool = False) -> None:
    """``suggested``: by the words alone. A sealed category seals the case, and opens it again when it is sorted
    otherwise; other seals stay.
    """
    case.category_suggested = suggested
    case.category, case.category_version = category.code, category.version
    case.kind, case.remit = category.kind, category.remit
    if category.sealed:
        case.seal = case.seal or Seal.CATEGORY
    elif case.seal is Seal.CATEGORY:
        case.seal = None
    appoint_keeper(ground, case)


def sort_anew(uow: UnitOfWork, ground: Ground, case: Case, category: Category) -> None:
    """Of a case that is stored: what hangs on it is sealed or opened with it."""
    was_sealed = case.seal is not None
    sort_case(ground, case, category)
    if was_sealed != (case.seal is not None):
        cases.seal_what_hangs_on(uow, case)


def queue_case(case: Case, reason: Queue, dispatcher: Seat | None) -> None:
    case.queue = reason
    case.holder_post_id = dispatcher.post_id if dispatcher else None


def await_dispatcher(case: Case) -> None:
    """Nobody of the duty may take it: it lies with a dispatcher, who does it or gives it to another."""
    case.queue = Queue.VACANT


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
    rules = ground.rules_at(case.placed_path)
    promise = _promised(rule, partial(_counted, ground, rules, case), since=since, came=case.received_at)
    case.deadline = Deadline(new_id(uow.now), DeadlineKind.PROMISE, promise, changed=True)
    case.promise_due, case.rule_version, case.rule_layers = promise.due_at, rules.version, rules.layer_versions
    _put_under(case, rule)
    case.state, case.queue, case.accepted_at = CaseState.ACCEPTED, None, uow.now
    case.holder_post_id, case.office_id = holder.post_id, holder.office_id
    contact = _begin_contact(uow, ground, rules, case, rule)
    facts = {**promise_facts(case), **counted(ground, case), **contact}
    case.record(ACCEPTED, at=uow.now, by=uow.by, post_id=post_id, facts=facts)
    uow.publish(events.case_accepted(uow, case, holder=holder))
    assign(uow, case, holder, post_id=post_id, first=True)
    if holder.duty is Duty.DISPATCHER and case.barred:
        await_dispatcher(case)


def assign(
    uow: UnitOfWork,
    case: Case,
    holder: Seat,
    *,
    post_id: UUID | None,
    first: bool = False,
    transferred: bool = False,
    former: Seat | None = None,
    words: str | None = None,
) -> None:
    """It is the holder's from now on; but with the acceptance, the resident is told whom to ask. ``former``: who had
    it, and hears that they have it no more.
    """
    holding = {} if first else begin_holding(uow, case, since=uow.now)
    left = former if former is not None and _is_to_hear(uow, case, former, holder) else None
    case.state, case.queue = CaseState.ASSIGNED, None
    case.holder_post_id, case.office_id = holder.post_id, holder.office_id
    facts = {
        "post": str(holder.post_id),
        "holder": holder.subject,
        "stand_in": holder.stand_in,
        "duty": holder.duty.value,
        "first": first,
        "transferred": transferred,
        "path": holder.path,
        **({"office": str(holder.office_id)} if holder.office_id else {}),
        **({"former": left.subject} if left else {}),
        **holding,
    }
    case.record(ASSIGNED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_assigned(uow, case, holder=holder, first=first, transferred=transferred, former=left))


def begin_holding(uow: UnitOfWork, case: Case, *, since: datetime) -> dict[str, object]:
    """Whoever is given it has a clock of their own, by the rules of its promise, which it never moves; none where that
    ends sooner, or was kept, or where it is done again by a limit of its own, planned, or in a centre's hands. What its
    entry says of it.
    """
    case.settle_limit(DeadlineKind.HOLDING, DeadlineState.CANCELLED, at=uow.now)
    if case.deadline is None or case.deadline.state is DeadlineState.MET or case.waits_by_its_own:
        return {}
    promise, days = case.deadline.promise, _rules_of_promise(uow, case).find_limit(Limit.HOLDING)
    if days is None:
        return {}
    begins, term = max(since, case.suspended_until or since), Term(Unit.WORKING_DAYS, days)
    limit = counted_like(term, begins, like=promise, calendar=policy.get_calendar(uow), path=case.placed_path)
    if case.deadline.state is DeadlineState.OPEN and promise.due_at <= limit.due_at:
        return {}
    holding = Deadline(new_id(uow.now), DeadlineKind.HOLDING, limit, changed=True)
    case.limits.append(holding)
    return {"holding": {"deadline": str(holding.deadline_id), **inputs_of(limit)}}


def hold_on(uow: UnitOfWork, case: Case, *, since: datetime) -> dict[str, object]:
    """The clock of whoever was given it stands still as the promise does, and begins anew when that runs again."""
    return begin_holding(uow, case, since=since) if case.limit(DeadlineKind.HOLDING) is not None else {}


def _is_to_hear(uow: UnitOfWork, case: Case, former: Seat, holder: Seat) -> bool:
    """That it went to another: not whose own doing it is, who has it still, or who must not be told of it."""
    return former.subject not in {None, uow.by, holder.subject, *case.barred}


def hold_to(
    uow: UnitOfWork, ground: Ground, rules: RuleSet, case: Case, rule: Rule, *, planned: datetime | None = None
) -> bool:
    """Put right what was sorted wrongly: the promise of the right category counts from now, and never ends later than
    what the resident was told (domain.md, section 4). One that was missed stays missed. Whether another stands now.

    ``planned``: of what has come out of a plan, the end of the day that they were told instead of the promise.
    """
    assert case.deadline is not None
    _put_under(case, rule)
    if case.deadline.state is not DeadlineState.OPEN:
        return False
    since = (case.awaits_papers_at(uow.now) if rule.awaits_papers else None) or uow.now
    before, promise = case.deadline.promise, _promised(rule, partial(_counted, ground, rules, case), since=since)
    if planned is not None and uow.now < planned < promise.due_at:
        promise = given_until(planned, uow.now, like=promise)
    is_over = planned is not None and before.due_at < uow.now
    if is_replaced := is_over or promise.due_at < before.due_at:
        _replace(uow, case, promise)
    return is_replaced


def _begin_contact(uow: UnitOfWork, ground: Ground, rules: RuleSet, case: Case, rule: Rule) -> dict[str, object]:
    """By when the resident is to be reached, as figures count it; a limit where the rules say so, and they were not
    reached while it waited for a dispatcher.
    """
    assert case.deadline is not None
    contact = _contact(uow, ground, rules, case, rule)
    if contact is not None and case.first_contact_at is None:
        case.limits.append(contact)
        return contact_facts(contact)
    by = contact.promise if contact else _counted(ground, rules, case, CONTACT_TERM, since=uow.now)
    return {"contact_by": min(case.deadline.promise.due_at, by.due_at).isoformat()}


def contact_anew(uow: UnitOfWork, ground: Ground, rules: RuleSet, case: Case, rule: Rule) -> Deadline | None:
    """Sorted otherwise, its resident is to be reached as soon as the right rule says, and no later than before. None:
    nothing of that is earlier.
    """
    contact = _contact(uow, ground, rules, case, rule)
    return contact if contact is not None and case.hold_contact_to(contact, at=uow.now) else None


def _contact(uow: UnitOfWork, ground: Ground, rules: RuleSet, case: Case, rule: Rule) -> Deadline | None:
    """The limit of first contact, the earliest that is said; never beyond the promise."""
    assert case.deadline is not None
    said = [_counted(ground, rules, case, each.term, since=uow.now) for each in rules.contacts_of(rule)]
    if not said:
        return None
    earliest = min(*said, case.deadline.promise, key=lambda each: each.due_at)
    return Deadline(new_id(uow.now), DeadlineKind.CONTACT, earliest, changed=True)


def contact_facts(contact: Deadline) -> dict[str, object]:
    told = {"deadline": str(contact.deadline_id), **inputs_of(contact.promise)}
    return {"contact_by": contact.promise.due_at.isoformat(), "contact": told}


def _put_under(case: Case, rule: Rule) -> None:
    case.demands, case.by_the_clock = rule.demands, rule.runs_by_the_clock


def limit_counted(ground: Ground, case: Case, kind: DeadlineKind, term: Term, *, now: datetime) -> Deadline:
    """A limit of ours beside the promise, on the same calendar."""
    rules = ground.rules_at(case.placed_path)
    return Deadline(new_id(now), kind, _counted(ground, rules, case, term, now), changed=True)


def limit_given(ground: Ground, case: Case, kind: DeadlineKind, due_at: datetime, *, now: datetime) -> Deadline:
    """A limit that others named, of a case that has no promise yet."""
    limit = Promise(
        Term(Unit.GIVEN),
        start_at=now,
        due_at=due_at,
        rule_version=ground.rules.version,
        calendar_version=ground.calendar.version,
        forecast=False,
        hours=ground.hours_of(case),
        zone=ground.rules.zone,
        warnings=warnings_in([(now, due_at)], ground.rules.shares),
        rule_layers=ground.rules_at(case.placed_path).layer_versions,
        path=case.placed_path,
    )
    return Deadline(new_id(now), kind, limit, changed=True)


def extend(uow: UnitOfWork, case: Case, *, days: int) -> None:
    """The promise goes on for so many working days, counted from the day on which it falls due."""
    _replace(uow, case, _extended(uow, case, days))


def check_lawful(uow: UnitOfWork, case: Case, days: int) -> None:
    """Whether the law lets it be extended by so many. Of what was suspended it has pauses of its own."""
    assert case.deadline is not None
    promise, law = case.deadline.promise, _law_of(uow, case)
    if law is None or law.law is None or promise.term.unit in GONE_ON:
        return
    path, calendar = case.placed_path, policy.get_calendar(uow)
    latest = counted_like(law.law, promise.start_at, like=promise, calendar=calendar, path=path)
    if _extended(uow, case, days).due_at > latest.due_at:
        raise BeyondTheLaw(law.statute or "", day_of(last_day(latest), zone=promise.zone))


def _extended(uow: UnitOfWork, case: Case, days: int) -> Promise:
    assert case.deadline is not None
    before, term = case.deadline.promise, Term(Unit.MORE_WORKING_DAYS, days)
    calendar, path = policy.get_calendar(uow), case.placed_path
    return counted_like(term, last_day(before), like=before, calendar=calendar, path=path)


def suspend(uow: UnitOfWork, case: Case, *, until: datetime) -> None:
    """The promise runs on then, for so many working days as are left of it."""
    assert case.deadline is not None
    before, calendar = case.deadline.promise, policy.get_calendar(uow)
    term = Term(Unit.REMAINING_WORKING_DAYS, working_days_left(before, uow.now, calendar=calendar))
    _replace(uow, case, counted_like(term, until, like=before, calendar=calendar, path=case.placed_path))


def resume(uow: UnitOfWork, case: Case) -> bool:
    """The promise runs on from now, and never ends later than what the resident was told. Whether it is earlier."""
    assert case.deadline is not None
    before, calendar = case.deadline.promise, policy.get_calendar(uow)
    promise = counted_like(before.term, uow.now, like=before, calendar=calendar, path=case.placed_path)
    is_earlier = promise.due_at < before.due_at and case.deadline.state is DeadlineState.OPEN
    if is_earlier:
        _replace(uow, case, promise)
    return is_earlier


def allowed(uow: UnitOfWork, case: Case, limit: Limit) -> int:
    """In days, by the rules that its promise is under."""
    return _rules_of_promise(uow, case).limit(limit)


def _rules_of_promise(uow: UnitOfWork, case: Case) -> RuleSet:
    assert case.deadline is not None
    promise = case.deadline.promise
    return policy.get_rules(uow, promise.rule_version, promise.rule_layers)


def await_papers(uow: UnitOfWork, case: Case) -> bool:
    """Where its rule says so, the promise begins when the papers that are missing have come; at the latest when the
    rules allow no longer wait; once. Not one that others are held to as well, or that was told under another rule.
    Whether it waits.
    """
    if case.papers_awaited_until is not None or find_bar_to_more_time(case, uow.now) is not None:
        return False
    assert case.deadline is not None
    promise, rule = case.deadline.promise, rule_of(uow, case)
    is_its_own = promise.term in [each.term for each in rule.all] and sum(appeal.stands for appeal in case.appeals) == 1
    if not (rule.awaits_papers and is_its_own):
        return False
    longest = timedelta(days=allowed(uow, case, Limit.PAPERS))
    until = begin_of(day_of(uow.now, zone=promise.zone) + longest, zone=promise.zone)
    case.papers_awaited_until = until
    _replace(uow, case, _counted_again(uow, case, rule, until))
    return True


def begin_with_papers(uow: UnitOfWork, case: Case) -> bool:
    """What was missing has come: the promise counts from now, where that is earlier. Whether it is."""
    if case.awaits_papers_at(uow.now) is None:
        return False
    assert case.deadline is not None
    promise = _counted_again(uow, case, rule_of(uow, case), uow.now)
    is_earlier = promise.due_at < case.deadline.promise.due_at
    if is_earlier:
        _replace(uow, case, promise)
    return is_earlier


def rule_of(uow: UnitOfWork, case: Case) -> Rule:
    """By the rules that it began under, as what it is sorted now."""
    assert case.rule_version is not None
    rules = policy.get_rules(uow, case.rule_version, case.rule_layers)
    if case.category is None or case.category_version is None:
        return rules.rule_of_the_counter
    return rules.rule_for(policy.get_category(uow, case.category, case.category_version), urgent=case.urgent)


def _law_of(uow: UnitOfWork, case: Case) -> Rule | None:
    assert case.rule_version is not None
    if case.category is None or case.category_version is None:
        return None
    rules = policy.get_rules(uow, case.rule_version, case.rule_layers)
    return rules.law_of(policy.get_category(uow, case.category, case.category_version))


def _counted_again(uow: UnitOfWork, case: Case, rule: Rule, since: datetime) -> Promise:
    assert case.deadline is not None
    like, calendar = case.deadline.promise, policy.get_calendar(uow)
    return _promised(rule, partial(counted_like, like=like, calendar=calendar, path=case.placed_path), since=since)


def _replace(uow: UnitOfWork, case: Case, promise: Promise) -> None:
    assert case.deadline is not None
    before = case.deadline.deadline_id if promise.term.unit in GONE_ON else None
    deadline = Deadline(new_id(uow.now), DeadlineKind.PROMISE, promise, goes_on_from=before, changed=True)
    case.replace_deadline(deadline, at=uow.now)


def limit_until(
    uow: UnitOfWork, case: Case, kind: DeadlineKind, due_at: datetime, *, about: UUID | None = None
) -> Deadline:
    """A limit beside the promise, which somebody has named."""
    if case.deadline is None:
        ground = survey(uow, paths=[case.placed_path], codes=[])
        return replace(limit_given(ground, case, kind, due_at, now=uow.now), about=about)
    promise = given_until(due_at, uow.now, like=case.deadline.promise)
    return Deadline(new_id(uow.now), kind, promise, about=about, changed=True)


def _promised(
    rule: Rule, count: Callable[[Term, datetime], Promise], *, since: datetime, came: datetime | None = None
) -> Promise:
    """Of what each of its rules promises, the earliest. ``came``: from when those run that count from there."""
    return earliest_of(
        [(each.term, came if came and each.starts is Start.RECEIVED else since) for each in rule.all], count
    )


def _counted(ground: Ground, rules: RuleSet, case: Case, term: Term, since: datetime) -> Promise:
    return make_promise(
        term,
        since,
        rule_version=rules.version,
        calendar=ground.calendar,
        hours=ground.hours_of(case),
        zone=rules.zone,
        shares=rules.shares,
        rule_layers=rules.layer_versions,
        path=case.placed_path,
    )


def counted(ground: Ground, case: Case) -> dict[str, object]:
    """Where an entry says that its case is counted: at its community, or the nearest place above; what is sealed, at
    its keeper's place and as its kind alone, so that a small number shows nobody a matter.
    """
    tiers = ground.network.tiers_on(case.placed_path)
    keeper = next((seat for seat in ground.network.seats if seat.post_id == case.keeper_post_id), None)
    place = tiers.get(network.COMMUNITY) or last_of(case.placed_path)
    told = {
        "place": keeper.place_id if case.seal is not None and keeper is not None else place,
        "category": case.category if case.seal is None else case.kind and case.kind.value,
        "channel": case.channel.value,
        "remit": case.remit and case.remit.value,
        "community": tiers.get(network.COMMUNITY),
        "district": tiers.get(network.DISTRICT),
        "sealed": case.seal is not None,
        "zone": ground.rules.zone,
    }
    return {"counted": {name: str(fact) if isinstance(fact, UUID) else fact for name, fact in told.items()}}


def promise_facts(case: Case) -> dict[str, object]:
    assert case.deadline is not None
    promise = case.deadline.promise
    return {
        "category": case.category,
        "category_version": case.category_version,
        "place": str(case.place_id) if case.place_id else None,
        "deadline": str(case.deadline.deadline_id),
        **inputs_of(promise),
    }


def inputs_of(promise: Promise) -> dict[str, object]:
    """What it was counted from, and when it falls due by that."""
    return {
        "due_at": promise.due_at.isoformat(),
        "start_at": promise.start_at.isoformat(),
        "unit": promise.term.unit.value,
        "count": promise.term.count,
        "rule_version": promise.rule_version,
        **({"rule_layers": list(promise.rule_layers)} if promise.rule_layers else {}),
        "calendar_version": promise.calendar_version,
    }
