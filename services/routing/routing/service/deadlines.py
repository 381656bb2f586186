"""Missed promises and limits: marked once, told to the holder and the superior; the holder keeps the case."""

from collections.abc import Iterator, Sequence

from contracts.grid import Duty
from contracts.routing import DeadlineKind
from kit.db import UnitOfWork
from kit.ids import new_id
from network.posts import Seat, choose

from routing import events
from routing.domain.case import Case, Deadline
from routing.domain.promise import Term, counted_like
from routing.repository import network, policy
from routing.service.taking import list_holders


def mark_if_missed(uow: UnitOfWork, case: Case) -> None:
    """Whoever ends a case that is late counts the same, whether or not a clock came by in between."""
    if case.deadline is not None and case.deadline.is_missed_at(uow.now):
        mark_promises_missed(uow, [(case, case.deadline)])
    mark_limit_if_missed(uow, case, DeadlineKind.ASSIGNED)


def mark_limit_if_missed(uow: UnitOfWork, case: Case, kind: DeadlineKind) -> None:
    """The same of a limit beside the promise."""
    limit = case.limit(kind)
    if limit is not None and limit.is_missed_at(uow.now):
        mark_limits_missed(uow, [(case, limit)])


def count_from_now(uow: UnitOfWork, case: Case, kind: DeadlineKind, term: Term) -> Deadline:
    """A limit beside the promise, by the hours and under the rules of that."""
    assert case.deadline is not None
    like, calendar = case.deadline.promise, policy.get_calendar(uow)
    promise = counted_like(term, uow.now, like=like, calendar=calendar, path=case.placed_path)
    return Deadline(new_id(uow.now), kind, promise, changed=True)


def mark_promises_missed(uow: UnitOfWork, missed: Sequence[tuple[Case, Deadline]]) -> None:
    for case, deadline, holder, superior in with_whom_to_tell(uow, missed):
        case.miss(at=uow.now, holder=_subject(holder), superior=_subject(superior))
        uow.publish(events.deadline_breached(uow, case, deadline, holder=holder, superior=superior))


def mark_limits_missed(uow: UnitOfWork, missed: Sequence[tuple[Case, Deadline]]) -> None:
    """Limits beside the promise, which is not touched."""
    for case, limit, holder, superior in with_whom_to_tell(uow, missed):
        case.miss_limit(limit, at=uow.now, holder=_subject(holder), superior=_subject(superior))
        uow.publish(events.deadline_breached(uow, case, limit, holder=holder, superior=superior))


def with_whom_to_tell(
    uow: UnitOfWork, missed: Sequence[tuple[Case, Deadline]]
) -> Iterator[tuple[Case, Deadline, Seat | None, Seat | None]]:
    holders = list_holders(uow, (case for case, _ in missed))
    superiors = network.get_network(uow, {case.placed_path for case, _ in missed}, [Duty.SUPERVISOR, Duty.DISPATCHER])
    for case, deadline in missed:
        holder = holders.get(case.case_id)
        yield case, deadline, holder, superior_of(superiors.seats_on(case.placed_path), case, holder)


def _subject(seat: Seat | None) -> str | None:
    return seat.subject if seat else None


def superior_of(seats: list[Seat], case: Case, late: Seat | None) -> Seat | None:
    """The narrowest supervisor, or else a dispatcher; never who is late, nor one with an interest in the case. Of
    what is sealed, who keeps it.
    """
    never = {*case.barred, *([late.subject] if late and late.subject else [])}
    others = [seat for seat in seats if late is None or seat.post_id != late.post_id]
    if case.seal is not None:
        others = [seat for seat in others if seat.post_id == case.keeper_post_id]
    supervisors = [seat for seat in others if seat.duty is Duty.SUPERVISOR]
    return choose(supervisors, Duty.SUPERVISOR, never=never) or choose(others, Duty.DISPATCHER, never=never)
