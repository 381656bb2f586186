"""What cannot be done now is planned: an interim answer with a day and who will do it, kept on a list, followed to the
day, counted apart, never as solved (domain.md, section 3).
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from contracts.routing import CaseState
from kit.db import UnitOfWork
from network.posts import Seat

from routing import events
from routing.domain.case import ACCOMPANIED, ANSWERED, PLANNED, Case, Deadline, DeadlineKind, DeadlineState
from routing.domain.promise import begin_of, day_of
from routing.domain.steps import Step
from routing.domain.waiting import LONGEST_PLAN, Plan, check_day
from routing.errors import AlreadyThere
from routing.repository import cases
from routing.service import deadlines, placing, supervising
from routing.service.taking import take


def plan_case(uow: UnitOfWork, case_id: UUID, plan: Plan, *, version: int) -> Case:
    """It settles the promise, since the resident has been told how it goes; but it answers nothing. Not what
    runs by the clock, nor what is done again.
    """
    case, holder, post_id = take(uow, case_id, Step.PLAN, version)
    limit = _limit(uow, case, plan.day)
    deadlines.mark_if_missed(uow, case)
    deadlines.note_contact(uow, case)
    case.keep(at=uow.now)
    case.state, case.queue = CaseState.IN_PROGRESS, None
    _put_off(uow, case, holder, plan, limit, post_id=post_id, again=False)
    uow.publish(events.city_case_progressed(uow, case))
    return case


def re_plan_case(uow: UnitOfWork, case_id: UUID, plan: Plan, *, version: int) -> Case:
    """For another day, by the same hands where no others are named, or by others: a dispatcher's step, or it would be
    put off for ever. A day that was missed stays missed.
    """
    case, holder, post_id = take(uow, case_id, Step.RE_PLAN, version)
    limit = _limit(uow, case, plan.day)
    if plan.day == case.planned_for and plan.who in (None, case.planned_who):
        raise AlreadyThere("/day")
    plan = replace(plan, who=plan.who or case.planned_who)
    deadlines.mark_limit_if_missed(uow, case, DeadlineKind.PLANNED)
    _put_off(uow, case, holder, plan, limit, post_id=post_id, again=True)
    return case


def bring_out(uow: UnitOfWork, case: Case) -> datetime | None:
    """What turns out to be urgent waits for no day: the promise that the plan had settled counts again. The end of the
    day that was told; none: it was not planned.
    """
    told = case.planned_due
    if told is None:
        return None
    deadlines.mark_limit_if_missed(uow, case, DeadlineKind.PLANNED)
    case.settle_limit(DeadlineKind.PLANNED, DeadlineState.CANCELLED, at=uow.now)
    case.stop_waiting()
    if not any(entry.step in _KEPT_BEFORE for entry in cases.list_entries(uow, case)):
        case.count_again()
    return told


#: What has kept a promise before the case was planned.
_KEPT_BEFORE = (ACCOMPANIED, ANSWERED)


def _limit(uow: UnitOfWork, case: Case, day: date) -> Deadline:
    """The end of that day by the city's clock."""
    assert case.deadline is not None
    promise = case.deadline.promise
    today = day_of(uow.now, zone=promise.zone)
    check_day(day, today=today, longest=LONGEST_PLAN, field="/day")
    ends = begin_of(day + timedelta(days=1), zone=promise.zone)
    return placing.limit_until(uow, case, DeadlineKind.PLANNED, ends)


def _put_off(
    uow: UnitOfWork, case: Case, holder: Seat | None, plan: Plan, limit: Deadline, *, post_id: UUID, again: bool
) -> None:
    put_off = case.planned_for is not None and plan.day > case.planned_for
    case.plan(limit, day=plan.day, who=plan.who)
    supervising.end_from_above(uow, case, post_id)
    told = holder.subject if holder and holder.subject != uow.person.subject else None
    facts = {
        "day": plan.day.isoformat(),
        "due_at": limit.promise.due_at.isoformat(),
        "deadline": str(limit.deadline_id),
        "again": again,
        **({"put_off": put_off} if again else {}),
        "promise_met": case.promise_met,
        "holder": told,
    }
    words = f"{plan.who}：{plan.answer}" if plan.who else plan.answer
    case.record(PLANNED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_planned(uow, case, holder=holder, answer=plan.answer, again=again))
    cases.save_cases(uow, [case])
