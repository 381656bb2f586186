"""Two cases that are the same trouble become one; everybody who asked is still told."""

from collections.abc import Mapping
from uuid import UUID

from contracts.routing import JoinKind
from kit.db import UnitOfWork
from kit.ids import new_id
from network import posts
from network.posts import Seat

from routing import events
from routing.domain import steps
from routing.domain.case import JOINED, Appeal, Case, ClosedReason, DeadlineState
from routing.domain.steps import Step
from routing.errors import (
    AlreadyThere,
    CaseNotFound,
    UnfitTarget,
    UnknownTarget,
)
from routing.repository import cases
from routing.service import deadlines, placing, supervising
from routing.service.ending import end_case
from routing.service.naming import find_id
from routing.service.placing import promise_facts
from routing.service.taking import holder_in, seated, take


def merge_case(uow: UnitOfWork, case_id: UUID, *, version: int, into: str, words: str) -> Case:
    """Its appeals go on in the other case, under the earlier of the two promises, and it closes. For whoever dispatches
    both places.
    """
    target_id = find_id(uow, into, field="/into")
    cases.lock_cases(uow, {case_id, target_id or case_id})
    case, holder, post_id = take(uow, case_id, Step.MERGE, version)
    if target_id == case_id:
        raise AlreadyThere("/into")
    target, target_holder = _get_target(uow, case, target_id, into)
    for late in (case, target):
        deadlines.mark_if_missed(uow, late)
    was_sealed = target.seal is not None
    coming, is_earlier = target.take_over(case, deadline_id=new_id(uow.now), at=uow.now)
    counted = _keep_sealed(uow, target, was_sealed=was_sealed) if target.seal is not None else {}
    supervising.go_along(uow, case, target)
    facts = {**counted, "earlier": is_earlier}
    _join(uow, target, case, coming, target_holder, facts=facts, post_id=post_id, words=words)
    _close(uow, case, target, coming, holder, post_id=post_id, words=words)
    cases.save_cases(uow, [target, case])
    cases.move_appeals(uow, target, [appeal.appeal_id for appeal in coming])
    return case


def _get_target(uow: UnitOfWork, case: Case, target_id: UUID | None, into: str) -> tuple[Case, Seat | None]:
    if target_id is None:
        raise UnknownTarget(into)
    try:
        target, holder = cases.get_case_for_change(uow, target_id)
    except CaseNotFound:
        raise UnknownTarget(into) from None
    subject = uow.person.subject
    steps.post_for(Step.MERGE, target, seated(uow.person), subject=subject, holder=holder_in(holder))
    if not target.is_under_way:
        raise UnfitTarget(f"that is {target.state}: it takes in others while it is assigned or in progress")
    if target.ask is not None:
        raise UnfitTarget("its holder asks something of a dispatcher, on which somebody has to rule first")
    if target.draft is not None:
        raise UnfitTarget("an answer of it waits for its review")
    if target.suspended_until is not None or target.planned_for is not None:
        raise UnfitTarget("that waits until a day that its residents were told")
    if target.deadline is None or target.deadline.state is DeadlineState.MET:
        raise UnfitTarget("its promise is kept already: a centre has had it in hand, or it is done again")
    if holder is not None and holder.subject in case.barred:
        raise UnfitTarget("who holds that takes no part in this one")
    if case.seal is not None:
        _must_keep_silent(uow, target, case)
    return target, holder


def _must_keep_silent(uow: UnitOfWork, target: Case, case: Case) -> None:
    """What is sealed comes to nobody who is complained of, and leaves the platform in no file."""
    if target.at_hotline:
        raise UnfitTarget("the city hotline has that in hand, which is told nothing of what is sealed")
    helping = posts.list_seats_of(uow, set(target.helper_post_ids))
    if any(seat.subject in case.barred for seat in helping.values()):
        raise UnfitTarget("who helps with that takes no part in this one")


def _keep_sealed(uow: UnitOfWork, target: Case, *, was_sealed: bool) -> dict[str, object]:
    """By who keeps it above all whom it complains of by now; where it is counted from then on."""
    ground = placing.survey(uow, paths=[target.placed_path], codes=[], blamed=target.complained_of)
    placing.appoint_keeper(ground, target)
    if not was_sealed:
        cases.seal_what_hangs_on(uow, target)
    return placing.counted(ground, target)


def _join(
    uow: UnitOfWork,
    target: Case,
    case: Case,
    coming: list[Appeal],
    holder: Seat | None,
    *,
    facts: Mapping[str, object],
    post_id: UUID,
    words: str,
) -> None:
    told = {
        "how": JoinKind.MERGED.value,
        "appeals": _ids(coming),
        "from": str(case.case_id),
        "from_number": case.number,
        "holder": holder.subject if holder else None,
        "promise_met": target.promise_met,
        **promise_facts(target),
        **facts,
    }
    target.record(JOINED, at=uow.now, by=uow.by, post_id=post_id, facts=told, words=words)
    uow.publish(events.case_joined(uow, target, JoinKind.MERGED, coming, holder=holder, origin=case))


def _close(
    uow: UnitOfWork, case: Case, target: Case, gone: list[Appeal], holder: Seat | None, *, post_id: UUID, words: str
) -> None:
    facts = {"appeals": _ids(gone), "into": str(target.case_id), "into_number": target.number}
    end_case(
        *(uow, case, ClosedReason.MERGED),
        holder=holder,
        by=uow.by,
        post_id=post_id,
        into=target,
        facts=facts,
        words=words,
    )


def _ids(appeals: list[Appeal]) -> list[str]:
    return sorted(str(appeal.appeal_id) for appeal in appeals)
