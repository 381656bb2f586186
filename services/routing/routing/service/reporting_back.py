"""Reporting back to whoever assigned a case from above, and what they say of it (domain.md, section 2).

A report keeps their limit if it comes in time, however long they take over it; what they reject is under way again by
another limit of theirs, and the promise to the resident stays as it was.
"""

from datetime import datetime
from uuid import UUID

from kit.db import UnitOfWork
from kit.numbers import new_number
from network.posts import Seat

from routing import events
from routing.domain.assignment import Owing, ReportBack
from routing.domain.case import REPORT_REVIEWED, REPORTED_BACK, Case, DeadlineKind, DeadlineState
from routing.domain.steps import Step
from routing.errors import TheirLimitMissing, TheirLimitUnasked
from routing.repository import cases, reports_back
from routing.service import calling_back, deadlines, placing
from routing.service.taking import take

#: 报. Short, since it is written on paper and read out over the telephone.
REPORT_PREFIX, REPORT_LENGTH = "B", 6


def report_back(uow: UnitOfWork, case_id: UUID, *, version: int, words: str) -> Case:
    """What came of it, for whoever assigned it. A dispatcher sends it up."""
    case, holder, post_id = take(uow, case_id, Step.REPORT_BACK, version)
    assert case.assigned_by is not None
    deadlines.mark_if_missed(uow, case)
    case.settle_limit(DeadlineKind.ASSIGNED, DeadlineState.MET, at=uow.now)
    case.report_back = Owing.GIVEN
    number = new_number(REPORT_PREFIX, REPORT_LENGTH)
    report = ReportBack(number, case.case_id, case.version + 1, case.assigned_by, uow.now)
    dispatcher = _sender(uow, case)
    facts = {"report": number, "dispatcher": dispatcher.subject if dispatcher else None}
    case.record(REPORTED_BACK, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_reported_back(uow, case, report, holder=holder, dispatcher=dispatcher))
    cases.save_cases(uow, [case])
    reports_back.add_report(uow, report)
    return case


def _sender(uow: UnitOfWork, case: Case) -> Seat | None:
    """The dispatcher who has to send it up; none where they have reported themselves, and know."""
    dispatcher = placing.dispatcher_of(uow, case)
    return None if dispatcher is None or dispatcher.subject == uow.by else dispatcher


def enter_review(
    uow: UnitOfWork, case_id: UUID, *, version: int, accepted: bool, words: str, due_at: datetime | None = None
) -> Case:
    """What they say of the report that they have, by whoever dispatches the case. ``due_at``: of one they reject."""
    case, holder, post_id = take(uow, case_id, Step.ENTER_REVIEW, version)
    _check_limit(uow, due_at, accepted=accepted)
    report = next(each for each in reports_back.list_of_case(uow, case_id) if each.accepted is None)
    report.review(accepted=accepted, at=uow.now)
    if due_at is None:
        case.report_back = Owing.ACCEPTED
    else:
        calling_back.ask_nobody(uow, case)
        case.open_again(placing.limit_until(uow, case, DeadlineKind.ASSIGNED, due_at))
    facts = {
        "report": report.number,
        "accepted": accepted,
        "due_at": due_at.isoformat() if due_at else None,
        "holder": holder.subject if holder else None,
    }
    case.record(REPORT_REVIEWED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_report_reviewed(uow, case, report, due_at=due_at, holder=holder))
    if not accepted:
        uow.publish(events.city_case_progressed(uow, case))
    cases.save_cases(uow, [case])
    reports_back.save_reviewed(uow, report)
    return case


def _check_limit(uow: UnitOfWork, due_at: datetime | None, *, accepted: bool) -> None:
    if accepted and due_at is not None:
        raise TheirLimitUnasked
    if not accepted and (due_at is None or due_at <= uow.now):
        raise TheirLimitMissing
