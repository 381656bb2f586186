"""What a holder asks of a dispatcher: to take a case back, to decline it, for more time, or to suspend it. Whoever
asks stays liable until it is ruled.

A second return goes to the tier above, whose ruling binds and becomes a precedent (domain.md, section 4).
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from contracts.grid import Duty
from contracts.routing import Ask
from kit.db import UnitOfWork
from kit.ids import new_id
from network.posts import Seat, choose

from routing import events
from routing.domain.case import ASKED, EXTENDED, RULED, Case, ClosedReason
from routing.domain.precedent import Precedent
from routing.domain.rules import Limit
from routing.domain.steps import Step, find_bar_to_more_time
from routing.errors import (
    LongerThanTheRules,
    NobodyHolds,
    NobodyRules,
    PapersInCustody,
    StillFollowed,
    UnknownReason,
    WhereToMissing,
    WhereToUnasked,
)
from routing.repository import cases, precedents, reasons
from routing.service import deadlines, placing, supervising, suspending
from routing.service.dispatching import give, re_sort, seat_for
from routing.service.ending import end_case
from routing.service.taking import take

_STEPS = {
    Ask.RETURN: Step.ASK_RETURN,
    Ask.DECLINE: Step.ASK_DECLINE,
    Ask.EXTENSION: Step.ASK_EXTENSION,
    Ask.SUSPENSION: Step.ASK_SUSPENSION,
}


def ask_dispatcher(
    uow: UnitOfWork,
    case_id: UUID,
    *,
    ask: Ask,
    version: int,
    reason: str,
    words: str,
    days: int | None = None,
    until: date | None = None,
) -> Case:
    """It lies with its holder until the dispatcher has ruled. ``days``: of an extension, working days; ``until``: of a
    suspension, the day on which the promise runs again.
    """
    case, holder, post_id = take(uow, case_id, _STEPS[ask], version)
    if holder is None:
        raise NobodyHolds
    known = [each.code for each in reasons.list_reasons(uow, ask)]
    if reason not in known:
        raise UnknownReason(reason, known)
    if until is not None:
        suspending.check_asked(uow, case, reason=reason, until=until)
    if days is not None and days > (most := placing.allowed(uow, case, Limit.EXTENSION)):
        raise LongerThanTheRules(most, "/days")
    if days is not None:
        placing.check_lawful(uow, case, days)
    ruler = _ruler(uow, case, ask)
    by = uow.person.subject
    case.ask_for(ask, reason=reason, by=by, ruler_post_id=ruler.post_id, ruler_path=ruler.path, days=days, until=until)
    facts = {
        "ask": ask.value,
        "reason": reason,
        "days": days,
        "until": until.isoformat() if until else None,
        "ruler_post": str(ruler.post_id),
        "ruler": ruler.subject,
    }
    case.record(ASKED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_asked(uow, case, asker=holder, ruler=ruler))
    cases.save_cases(uow, [case])
    return case


def _goes_above(uow: UnitOfWork, case: Case, nth: int) -> bool:
    """Whether the rules of the case have its nth return ruled on by the tier above, for good."""
    return nth > placing.allowed(uow, case, Limit.RETURNS)


def _ruler(uow: UnitOfWork, case: Case, ask: Ask) -> Seat:
    """The narrowest dispatcher of the place who does not ask himself; of a return, of the tier that it goes to; and
    after a binding ruling never below who made it.
    """
    seats, asker = placing.list_dispatchers(uow, case), uow.person.subject
    if case.ruled_path is not None:
        seats = _from(case.ruled_path, seats)
    elif ask is Ask.RETURN:
        seats = _for_return(uow, case, seats)
    return choose_ruler(seats, case, asker=asker)


def _for_return(uow: UnitOfWork, case: Case, seats: list[Seat]) -> list[Seat]:
    """From the tier on that gave it to its holder: the rules do in the name of the narrowest. A second goes above that,
    and above who ruled on the last; where nobody is above, to that tier.
    """
    if case.dispatched_path is not None:
        seats = _from(case.dispatched_path, seats)
    if not _goes_above(uow, case, case.returns + 1):
        return seats
    gave = choose_ruler(seats, case, asker=uow.person.subject).path
    below = min(gave, case.returned_path or gave, key=len)
    seats = [seat for seat in seats if len(seat.path) <= len(below)]
    return [seat for seat in seats if len(seat.path) < len(below)] or seats


def _from(path: str, seats: list[Seat]) -> list[Seat]:
    """Of those of a line, where the path leads to and above."""
    return [seat for seat in seats if path.startswith(seat.path)]


def ruler_instead(uow: UnitOfWork, case: Case) -> Seat:
    """For whoever was asked and has an interest in it: another dispatcher beside or above them."""
    path = case.ruler_path or case.placed_path
    seats = [seat for seat in placing.list_dispatchers(uow, case) if path.startswith(seat.path)]
    return choose_ruler([seat for seat in seats if seat.post_id != case.ruler_post_id], case, asker=case.asked_by)


def choose_ruler(seats: Sequence[Seat], case: Case, *, asker: str | None) -> Seat:
    others = [seat for seat in seats if seat.post_id != case.holder_post_id]
    ruler = choose(others, Duty.DISPATCHER, never={*case.barred, asker or ""})
    if ruler is None:
        raise NobodyRules
    return ruler


def rule_on_case(
    uow: UnitOfWork,
    case_id: UUID,
    *,
    version: int,
    granted: bool,
    words: str,
    to: UUID | None = None,
    category: str | None = None,
    place_id: UUID | None = None,
) -> Case:
    """Grant what is asked, or refuse it. A return that is granted goes to a post, or to whom another category or place
    leads.
    """
    case, holder, post_id = take(uow, case_id, Step.RULE, version)
    assert case.ask is not None
    ask, asked_by, days, until, reason = case.ask, case.asked_by, case.asked_days, case.asked_until, case.ask_reason
    moves = granted and ask is Ask.RETURN
    named = [
        name for name, asked in (("post_id", to), ("category", category), ("place_id", place_id)) if asked is not None
    ]
    if moves and not named:
        raise WhereToMissing
    if not moves and named:
        raise WhereToUnasked(named[0])
    binding = ask is Ask.RETURN and _goes_above(uow, case, case.returns)
    if ask is Ask.RETURN:
        case.returned_path = uow.person.post(post_id).path
    case.drop_ask()
    subject = holder.subject if holder else None
    facts = {"ask": ask.value, "granted": granted, "binding": binding, "asked_by": asked_by, "holder": subject}
    case.record(RULED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_ruled(uow, case, ask, granted=granted, binding=binding, asker=holder))
    if moves:
        _move(uow, case, to=to, category=category, place_id=place_id, post_id=post_id)
    if granted and ask is Ask.EXTENSION:
        _extend(uow, case, holder, days=days or 0, reason=reason or "", post_id=post_id)
    if granted and until is not None:
        suspending.suspend(uow, case, holder, until=until, reason=reason or "", post_id=post_id)
    if granted and ask is Ask.DECLINE:
        _decline(uow, case, holder, reason=reason or "", post_id=post_id, words=words)
    if binding:
        _bind(uow, case, post_id)
    cases.save_cases(uow, [case])
    cases.grant_to_offices(uow, [case])
    return case


def _extend(uow: UnitOfWork, case: Case, holder: Seat | None, *, days: int, reason: str, post_id: UUID) -> None:
    """So many working days from the day on which the promise falls due; once, and the resident is told."""
    if bar := find_bar_to_more_time(case, uow.now):
        raise bar
    placing.extend(uow, case, days=days)
    case.extended = True
    facts = {"reason": reason, **placing.promise_facts(case)}
    case.record(EXTENDED, at=uow.now, by=uow.by, post_id=post_id, facts=facts)
    uow.publish(events.case_extended(uow, case, reason=reason, holder=holder))


def _move(
    uow: UnitOfWork, case: Case, *, to: UUID | None, category: str | None, place_id: UUID | None, post_id: UUID
) -> None:
    by_rule = None
    if category is not None or place_id is not None:
        by_rule = re_sort(uow, case, category, place_id=place_id, post_id=post_id, words=None)
    seat = seat_for(uow, case, to) if to is not None else by_rule
    if seat is None:
        raise NobodyHolds
    if seat.post_id == case.holder_post_id:
        raise WhereToMissing
    give(uow, case, seat, post_id=post_id)
    supervising.end(uow, case)
    uow.publish(events.city_case_progressed(uow, case))


def _decline(uow: UnitOfWork, case: Case, holder: Seat | None, *, reason: str, post_id: UUID, words: str) -> None:
    """The resident is told for which reason, and in the ruling's words who can help; and has their originals back by
    then. What was late stays late; reports that are owed end with the case. What a centre has in hand is not declined.
    """
    if case.followed_since is not None:
        raise StillFollowed
    if case.papers_held:
        raise PapersInCustody(case.papers_held)
    deadlines.mark_if_missed(uow, case)
    known = next((each for each in reasons.list_reasons(uow, Ask.DECLINE) if each.code == reason), None)
    end_case(
        *(uow, case, ClosedReason.DECLINED),
        holder=holder,
        by=uow.by,
        post_id=post_id,
        answer=words,
        declined_for=known,
    )


def _bind(uow: UnitOfWork, case: Case, post_id: UUID) -> None:
    """It cannot be returned again, and such matters go the same way from now on, in the community that it is of."""
    mine = uow.person.post(post_id)
    case.ruled_path = mine.path
    if case.seal is not None:
        return  # a precedent names its case, and all of its place read it
    narrowest = max(placing.list_dispatchers(uow, case), key=lambda seat: len(seat.path))
    assert case.category is not None
    assert case.remit is not None
    assert case.holder_post_id is not None
    precedents.add_precedent(
        uow,
        Precedent(
            precedent_id=new_id(uow.now),
            category=case.category,
            remit=case.remit,
            place_id=narrowest.place_id,
            path=narrowest.path,
            post_id=case.holder_post_id,
            case_id=case.case_id,
            case_number=case.number,
            ruled_place_id=mine.place_id,
            ruled_path=mine.path,
            ruled_by=uow.person.subject,
            ruled_at=uow.now,
        ),
    )
