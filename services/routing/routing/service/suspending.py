"""A promise that waits for what law or nature prescribes, until a day that is named; or less, where it is resumed."""

from datetime import date, timedelta
from uuid import UUID

from contracts.routing import Ask
from kit.db import UnitOfWork
from network.posts import Seat

from routing import events
from routing.domain.case import RESUMED, SUSPENDED, Case, DeadlineKind
from routing.domain.promise import begin_of, day_of
from routing.domain.rules import Limit
from routing.domain.steps import Step, find_bar_to_more_time
from routing.domain.waiting import AWAITING_RESIDENT, DAYS_TRIED, check_day, days_not_reached
from routing.errors import NotTriedEnough, SuspensionOver
from routing.repository import cases, reasons
from routing.service import deadlines, placing, supervising
from routing.service.taking import take


def check_asked(uow: UnitOfWork, case: Case, *, reason: str, until: date) -> None:
    zone = _zone(case)
    longest = timedelta(days=placing.allowed(uow, case, Limit.SUSPENSION))
    check_day(until, today=day_of(uow.now, zone=zone), longest=longest, field="/until")
    _check_tried(uow, case, reason, field="/reason")


def _check_tried(uow: UnitOfWork, case: Case, reason: str, *, field: str) -> None:
    """When it is asked and when it is granted: the resident may have been reached in between."""
    if reason != AWAITING_RESIDENT:
        return
    tried = days_not_reached(cases.list_entries(uow, case), zone=_zone(case))
    if tried < DAYS_TRIED:
        raise NotTriedEnough(tried, DAYS_TRIED, field)


def suspend(uow: UnitOfWork, case: Case, holder: Seat | None, *, until: date, reason: str, post_id: UUID) -> None:
    """The end is known, so the promise is moved at once, and the resident is told why, until when, and the new one."""
    if bar := find_bar_to_more_time(case, uow.now):
        raise bar
    zone = _zone(case)
    if until <= day_of(uow.now, zone=zone):
        raise SuspensionOver
    _check_tried(uow, case, reason, field="/granted")
    runs_again = begin_of(until, zone=zone)
    placing.suspend(uow, case, until=runs_again)
    case.suspend(runs_again, reason=reason)
    supervising.end(uow, case)
    deadlines.mark_limit_if_missed(uow, case, DeadlineKind.HOLDING)
    holding = placing.hold_on(uow, case, since=runs_again)
    facts = {"reason": reason, "until": runs_again.isoformat(), **placing.promise_facts(case), **holding}
    case.record(SUSPENDED, at=uow.now, by=uow.by, post_id=post_id, facts=facts)
    known = next(each for each in reasons.list_reasons(uow, Ask.SUSPENSION) if each.code == reason)
    uow.publish(events.case_suspended(uow, case, known, runs_again_on=until, holder=holder))


def resume_case(uow: UnitOfWork, case_id: UUID, *, version: int, words: str) -> Case:
    """Before its end: what is left of the promise runs on from today. The resident is told, and its holder where
    somebody else resumes it.
    """
    case, holder, post_id = take(uow, case_id, Step.RESUME, version)
    go_on(uow, case, holder, post_id=post_id, words=words)
    cases.save_cases(uow, [case])
    return case


def go_on(
    uow: UnitOfWork, case: Case, holder: Seat | None, *, post_id: UUID | None = None, words: str | None = None
) -> None:
    """``post_id`` none: by itself, since it is urgent."""
    is_earlier = placing.resume(uow, case)
    case.resume()
    holding = placing.hold_on(uow, case, since=uow.now)
    told = holder.subject if holder and holder.subject != uow.by else None
    facts = {"earlier": is_earlier, "holder": told, **placing.promise_facts(case), **holding}
    case.record(RESUMED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_resumed(uow, case, holder=holder))


def _zone(case: Case) -> str:
    assert case.deadline is not None
    return case.deadline.promise.zone
