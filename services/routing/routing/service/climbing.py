"""A superior has not seen to what is late by the limit that they had: the tier above has to, and so on up; at the top
it comes back (domain.md, section 4).
"""

from collections.abc import Sequence

from kit.db import UnitOfWork
from network import posts
from network.posts import Seat

from routing import events
from routing.domain.case import CLIMBED, Case
from routing.domain.supervising import Supervision
from routing.repository import supervisions
from routing.service import deadlines
from routing.service.deadlines import Above
from routing.service.superiors import is_higher


def climb(uow: UnitOfWork, lapsed: Sequence[tuple[Case, Supervision]]) -> None:
    """Who had it keeps it, beside the tier above."""
    above = deadlines.look_above(uow, [case for case, _ in lapsed])
    seats = posts.list_seats_of(uow, {duty.post_id for _, duty in lapsed})
    begun = [_climb(uow, above, case, duty, seats.get(duty.post_id)) for case, duty in lapsed]
    supervisions.save_supervisions(uow, [*(duty for _, duty in lapsed), *(duty for duty in begun if duty)])


def count_again(uow: UnitOfWork, running: Sequence[tuple[Case, Supervision]]) -> None:
    """By the calendar that is in force now."""
    above = deadlines.look_above(uow, [case for case, _ in running])
    for case, duty in running:
        duty.count_again(above.count(case, duty.term, since=duty.counted_from))
    supervisions.save_supervisions(uow, [duty for _, duty in running])


def _climb(uow: UnitOfWork, above: Above, case: Case, duty: Supervision, late: Seat | None) -> Supervision | None:
    if not case.is_unsettled:
        duty.settled_at = uow.now
        return None
    superiors = above.superiors(case)
    higher = next((seat for seat in superiors if late is not None and is_higher(seat, late)), None)
    to = higher or next(reversed(superiors), None)
    climbs, comes_back = above.limits(case)
    if (term := climbs if higher else comes_back) is None:
        duty.lapsed_at = uow.now
        return None
    if to is None or to.post_id == duty.post_id:
        duty.come_back(above.count(case, term, since=uow.now))
        _tell(uow, above, case, duty, to=to, late=None)
        return None
    duty.lapsed_at = uow.now
    repeats = 0 if higher else duty.repeats + 1
    new = above.begin(uow, case, to, term, repeats=repeats, late_at=duty.counted_from)
    _tell(uow, above, case, new, to=to, late=late)
    return new


def _tell(uow: UnitOfWork, above: Above, case: Case, duty: Supervision, *, to: Seat | None, late: Seat | None) -> None:
    told = late if late is not None and _may_be_told(case, late, to) else None
    facts = {
        "supervision": str(duty.supervision_id),
        "tier": duty.tier,
        "due_at": duty.due_at.isoformat(),
        "repeats": duty.repeats,
        "superior": to.subject if to else None,
        "late": told.subject if told else None,
    }
    case.record(CLIMBED, at=uow.now, by=None, post_id=duty.post_id, facts=facts)
    holder = above.holders.get(case.case_id)
    uow.publish(events.supervision_climbed(uow, case, duty, superior=to, late=told, holder=holder))


def _may_be_told(case: Case, late: Seat, to: Seat | None) -> bool:
    """Who let it pass; unless it is theirs again, they have an interest in the case by now, or it is sealed to them."""
    is_theirs_again = to is not None and to.subject == late.subject
    is_open_to_them = case.seal is None or late.post_id == case.keeper_post_id
    return not is_theirs_again and late.subject not in case.barred and is_open_to_them
