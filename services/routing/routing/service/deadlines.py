"""Missed promises: marked once, told to the holder and the superior; the holder keeps the case."""

from collections.abc import Sequence

from contracts.grid import Duty
from kit.db import UnitOfWork
from network import posts
from network.posts import Seat, choose

from routing import events
from routing.domain.case import Case
from routing.repository import cases, network

BATCH = 200


def sweep_missed(uow: UnitOfWork, *, limit: int = BATCH) -> int:
    """Claim what fell due before now, oldest first, and mark it in this transaction; how many there were."""
    missed = cases.claim_missed(uow, limit=limit)
    if missed:
        mark_missed(uow, missed)
        cases.save_cases(uow, missed)
    return len(missed)


def mark_if_missed(uow: UnitOfWork, case: Case) -> None:
    """Whoever ends a case that is late counts the same, whether or not a clock came by in between."""
    if case.deadline is not None and case.deadline.is_missed_at(uow.now):
        mark_missed(uow, [case])


def mark_missed(uow: UnitOfWork, missed: Sequence[Case]) -> None:
    holders = posts.list_seats_of(uow, {case.holder_post_id for case in missed if case.holder_post_id})
    superiors = network.get_network(uow, {case.placed_path for case in missed}, [Duty.SUPERVISOR, Duty.DISPATCHER])
    for case in missed:
        holder = holders.get(case.holder_post_id) if case.holder_post_id else None
        superior = _superior(superiors.seats_on(case.placed_path), case, holder)
        case.miss(
            at=uow.now,
            holder=holder.subject if holder else None,
            superior=superior.subject if superior else None,
        )
        uow.publish(events.deadline_breached(uow, case, holder=holder, superior=superior))


def _superior(seats: list[Seat], case: Case, holder: Seat | None) -> Seat | None:
    """The narrowest supervisor, or else a dispatcher; never the holder, nor one whom the case complains of."""
    never = {*case.complained_of, *([holder.subject] if holder and holder.subject else [])}
    others = [seat for seat in seats if seat.post_id != case.holder_post_id]
    supervisors = [seat for seat in others if seat.duty is Duty.SUPERVISOR]
    return choose(supervisors, Duty.SUPERVISOR, never=never) or choose(others, Duty.DISPATCHER, never=never)
