"""The steps that people take on a case: each checks duty, version and state, adds one entry, and is told once."""

from uuid import UUID

from contracts.routing import CaseState, HandoverMeans, Outcome, Queue
from kit.db import UnitOfWork

from routing import events
from routing.domain.case import HANDED_OVER, STARTED, Case, ClosedReason
from routing.domain.rules import Demand
from routing.domain.steps import Step
from routing.errors import (
    CategoryMissing,
    EvidenceMissing,
    NobodyHolds,
    PlaceMissing,
    UnknownCategory,
)
from routing.repository import call_backs, cases
from routing.service import answering, deadlines, placing
from routing.service.answering import Answer
from routing.service.dispatching import place_case
from routing.service.ending import end_case
from routing.service.taking import take


def accept_case(
    uow: UnitOfWork, case_id: UUID, *, version: int, place_id: UUID | None = None, category: str | None = None
) -> Case:
    """The dispatcher places and sorts what the platform could not, and so makes the promise."""
    case, _, post_id = take(uow, case_id, Step.ACCEPT, version)
    if place_id is not None:
        place_case(uow, case, place_id)
    elif case.place_id is None or case.queue is Queue.UNPLACED:
        raise PlaceMissing
    code = category or case.category
    if code is None:
        raise CategoryMissing
    ground = placing.survey(uow, paths=[case.placed_path], codes=[code], blamed=case.complained_of)
    known = ground.category(code)
    if known is None:
        raise UnknownCategory(code)
    placing.sort_anew(uow, ground, case, known)
    case.district = ground.network.district_of(case.placed_path)
    rule, holder = placing.find_handler(ground, case, known)
    if holder is None:
        raise NobodyHolds
    case.dispatch_from(uow.person.post(post_id).path)
    placing.accept(uow, ground, case, rule, holder, since=uow.now, post_id=post_id)
    cases.save_cases(uow, [case])
    cases.grant_to_offices(uow, [case])
    uow.publish(events.city_case_progressed(uow, case))
    return case


def start_case(uow: UnitOfWork, case_id: UUID, *, version: int) -> Case:
    case, holder, post_id = take(uow, case_id, Step.START, version)
    case.state, case.queue = CaseState.IN_PROGRESS, None
    case.record(STARTED, at=uow.now, by=uow.by, post_id=post_id)
    if holder is not None:
        uow.publish(events.case_started(uow, case, holder=holder))
    uow.publish(events.city_case_progressed(uow, case))
    cases.save_cases(uow, [case])
    return case


def answer_case(
    uow: UnitOfWork,
    case_id: UUID,
    *,
    version: int,
    outcome: Outcome,
    answer: str,
    evidence: str | None = None,
    basis: str | None = None,
    handover: HandoverMeans | None = None,
) -> Case:
    """What was done or why it cannot be, in words for the resident. In time, it keeps the promise; late, the promise
    is marked as missed first, so that it counts the same whether or not a clock came by in between. One that follows
    another is a correction of that.
    """
    case, holder, post_id = take(uow, case_id, Step.ANSWER, version)
    said = Answer(outcome, answer, evidence, basis, handover)
    if Demand.EVIDENCE in case.demands and not evidence:
        raise EvidenceMissing
    deadlines.mark_if_missed(uow, case)
    case.drop_ask()
    case.answered_by = uow.by
    if Demand.REVIEW in case.demands:
        answering.hand_in(uow, case, said, holder, post_id)
    else:
        answering.give(uow, case, said, holder, post_id)
    cases.save_cases(uow, [case])
    return case


def hand_over_case(uow: UnitOfWork, case_id: UUID, *, version: int, means: HandoverMeans) -> Case:
    """What is finished is given back once, though the case has been closed: the resident collects it, or it is brought
    home.
    """
    case, _, post_id = take(uow, case_id, Step.HAND_OVER, version)
    case.handover = means
    case.record(HANDED_OVER, at=uow.now, by=uow.by, post_id=post_id, facts={"means": means.value})
    uow.publish(events.case_handed_over(uow, case))
    cases.save_cases(uow, [case])
    return case


def close_case(uow: UnitOfWork, case_id: UUID, *, version: int) -> Case:
    case, holder, post_id = take(uow, case_id, Step.CLOSE, version)
    unrated = {"unrated": call_backs.count_unrated(uow, [case]).get(case.case_id, 0)}
    end_case(uow, case, ClosedReason.DONE, holder=holder, by=uow.by, post_id=post_id, facts=unrated)
    cases.save_cases(uow, [case])
    return case
