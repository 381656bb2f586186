"""What was not solved is done again by whoever holds it, under the next tier's eye; contested again, that tier takes it
over (domain.md, section 4). The resident's total goes on.
"""

from contracts.grid import Duty
from kit.db import UnitOfWork
from network.posts import Seat

from routing import events
from routing.domain.call_back import TAKEN_OVER, CallBack
from routing.domain.case import REDONE, Case, DeadlineKind, DeadlineState
from routing.domain.steps import OVERSEEING
from routing.repository import call_backs, cases, network
from routing.service import deadlines, placing, splitting
from routing.service.superiors import superior_of


def redo(uow: UnitOfWork, case: Case, asked: CallBack, *, holder: Seat | None) -> Case:
    """Its resident says that the answer did not solve it. Of a case of several residents, theirs alone is done again:
    all the appeals that they have in it together, about which nobody asks them any more.
    """
    theirs = case.appeals_of_the_same(asked.appeal_id)
    case.calls_owed -= call_backs.end_of_appeals(uow, theirs)
    if len(theirs) < len(case.parties):
        case = splitting.split_off(uow, case, theirs)
    due = deadlines.count_redo(uow, case)
    case.settle_limit(DeadlineKind.RATING, DeadlineState.CANCELLED, at=uow.now)
    case.reopen(due)
    seats = network.get_network(uow, [case.placed_path], OVERSEEING).seats_on(case.placed_path)
    redos = call_backs.count_unsolved(uow, theirs)
    above = _above(seats, case, holder) if redos >= TAKEN_OVER else None
    doer = above or holder
    superior = superior_of(seats, case, doer, redone=True)
    facts = {
        "appeal": str(asked.appeal_id),
        "redos": redos,
        "due_at": due.promise.due_at.isoformat(),
        "holder": doer.subject if doer else None,
        "superior": superior.subject if superior else None,
    }
    case.record(REDONE, at=uow.now, by=None, facts=facts)
    uow.publish(events.case_redone(uow, case, asked, due.promise, redos=redos, holder=doer, superior=superior))
    if above is not None:
        case.keep_first_holder()
        case.bind_from(above.path)
        placing.assign(uow, case, above, post_id=None, former=holder)
    deadlines.watch_redo(uow, case, superior, due)
    uow.publish(events.city_case_progressed(uow, case))
    cases.save_cases(uow, [case])
    return case


def _above(seats: list[Seat], case: Case, holder: Seat | None) -> Seat | None:
    """The narrowest dispatcher or supervisor of a tier above whoever answered; over an office, of its own place too. Of
    what is sealed, nobody below who keeps it.
    """
    keeper = next((seat for seat in seats if seat.post_id == case.keeper_post_id), None) if case.seal else None
    held_at = holder.path if holder is not None else case.placed_path
    never = {*case.barred, case.answered_by, holder.subject if holder else None}
    above = [
        seat
        for seat in seats
        if seat.office_id is None
        and seat.post_id != case.holder_post_id
        and held_at.startswith(seat.path)
        and (keeper is None or keeper.path.startswith(seat.path))
        and (case.office_id is not None or seat.path != held_at)
        and seat.subject is not None
        and seat.subject not in never
    ]
    return min(
        above,
        key=lambda seat: (-len(seat.path), seat.duty is not Duty.DISPATCHER, seat.code, not seat.stand_in),
        default=None,
    )
