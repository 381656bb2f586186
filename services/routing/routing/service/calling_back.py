"""Residents are asked whether an answer solved the matter; who says nothing in time has not rated it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contracts.grid import Duty
from kit.db import UnitOfWork
from kit.paging import Page, Sheet
from network.posts import Seat, choose

from routing import events
from routing.domain.call_back import CallBack, CallBackLine, Way, way_to_ask
from routing.domain.case import CALL_BACK_OWED, Case, ClosedReason, Deadline, DeadlineKind, DeadlineState
from routing.domain.rules import Limit
from routing.domain.steps import STEPS, Step
from routing.repository import call_backs, cases
from routing.service import deadlines, placing
from routing.service.ending import end_case
from routing.service.taking import find_holder, list_holders, seated


def ask_residents(uow: UnitOfWork, case: Case) -> dict[UUID, int]:
    """With an answer that the history has already: each is asked by its notice, whom no message reaches by a person,
    and whoever gave no name by the progress page. Which of each appeal's answers it is; nobody is asked of a finished
    past.
    """
    asked = [appeal for appeal in case.appeals if appeal.withdrawn_at is None]
    if case.silent or not asked:
        return {}
    until = deadlines.count_by_rules(uow, case, DeadlineKind.RATING, Limit.RATING)
    case.settle_limit(DeadlineKind.RATING, DeadlineState.CANCELLED, at=uow.now)
    case.limits.append(until)
    case.calls_owed = 0
    ways = {appeal.appeal_id: way_to_ask(appeal) for appeal in asked}
    return call_backs.add_call_backs(uow, case, ways, rate_by=until.promise.due_at)


def owe_calls(uow: UnitOfWork, case: Case) -> None:
    """Once the answer has been told: whom no message reaches is owed a call from that moment, so that no closing
    outruns it.
    """
    if all(way_to_ask(appeal) is not Way.PERSON for appeal in case.appeals):
        return
    owed = [asked for asked in call_backs.list_of_case(uow, case.case_id) if asked.is_to_be_called]
    dispatcher = _dispatcher(uow, case) if owed else None
    for asked in owed:
        _owe(uow, case, asked, dispatcher)


def have_called(uow: UnitOfWork, appeal_id: UUID) -> None:
    """It turns out that no message reaches the resident: somebody who does not handle it asks them, of each of their
    appeals that the message was about.
    """
    case = cases.find_cases_of_appeals_for_change(uow, [appeal_id]).get(appeal_id)
    if case is None:
        return
    theirs = (call_backs.find_open(uow, each) for each in _appeals_of_one(case, appeal_id))
    asked = [each for each in theirs if each is not None and each.way is Way.MESSAGE]
    dispatcher = _dispatcher(uow, case) if asked else None
    for each in asked:
        each.way = Way.PERSON
        call_backs.save_call_back(uow, each)
        _owe(uow, case, each, dispatcher)
    if asked:
        cases.save_cases(uow, [case])


def _appeals_of_one(case: Case, appeal_id: UUID) -> list[UUID]:
    """All in the case that are by whoever this one is by, this one first."""
    by = next(appeal.person_id for appeal in case.appeals if appeal.appeal_id == appeal_id)
    others = (appeal.appeal_id for appeal in case.appeals if by is not None and appeal.person_id == by)
    return list(dict.fromkeys((appeal_id, *others)))


def _owe(uow: UnitOfWork, case: Case, asked: CallBack, dispatcher: Seat | None) -> None:
    """The narrowest dispatcher is told, who sees to it."""
    case.calls_owed += 1
    facts = {**named(asked), "dispatcher": dispatcher.subject if dispatcher else None}
    case.record(CALL_BACK_OWED, at=uow.now, by=None, facts=facts)
    uow.publish(events.call_back_owed(uow, case, asked, dispatcher=dispatcher))


def _dispatcher(uow: UnitOfWork, case: Case) -> Seat | None:
    holder = find_holder(uow, case)
    others = [seat for seat in placing.list_dispatchers(uow, case) if seat.post_id != case.holder_post_id]
    if case.seal is not None:
        others = [seat for seat in others if seat.post_id == case.keeper_post_id]
    handled = {subject for subject in (case.answered_by, holder.subject if holder else None) if subject}
    return choose(others, Duty.DISPATCHER, never={*case.barred, *handled})


def drop_call_back(uow: UnitOfWork, case: Case, appeal_id: UUID) -> None:
    """Whoever has withdrawn is asked nothing more."""
    asked = call_backs.find_open(uow, appeal_id)
    if asked is not None:
        case.calls_owed -= asked.is_to_be_called
        asked.settled_at = uow.now
        call_backs.save_call_back(uow, asked)


def ask_nobody(uow: UnitOfWork, case: Case) -> None:
    """What was answered is not done after all: of the answer that comes they are asked again."""
    call_backs.end_of_case(uow, case.case_id)
    case.settle_limit(DeadlineKind.RATING, DeadlineState.CANCELLED, at=uow.now)
    case.calls_owed = 0


def close_unrated(uow: UnitOfWork, fallen: Sequence[tuple[Case, Deadline]]) -> None:
    """The time for saying so is over: what was answered is closed, and who has said nothing has not rated it."""
    holders = list_holders(uow, (case for case, _ in fallen))
    for _, limit in fallen:
        limit.settle(DeadlineState.MET, at=uow.now)
    over = [case for case, _ in fallen if _is_over(case)]
    unrated = call_backs.count_unrated(uow, over)
    for case in over:
        _close(uow, case, holders.get(case.case_id), unrated=unrated.get(case.case_id, 0))


def close_if_over(uow: UnitOfWork, case: Case, holder: Seat | None) -> None:
    """Unless something still bars it: then whoever holds it closes it by hand."""
    if _is_over(case):
        _close(uow, case, holder, unrated=call_backs.count_unrated(uow, [case]).get(case.case_id, 0))


def _is_over(case: Case) -> bool:
    return case.limit(DeadlineKind.RATING) is None and not case.papers_held and STEPS[Step.CLOSE].allows(case)


def _close(uow: UnitOfWork, case: Case, holder: Seat | None, *, unrated: int) -> None:
    end_case(uow, case, ClosedReason.DONE, holder=holder, by=None, facts={"unrated": unrated})


def list_owed(uow: UnitOfWork, page: Page) -> Sheet[CallBackLine]:
    """Whom I may call, at the places that I am a window clerk or dispatcher of: of what others hold and answered."""
    mine = [post for post in seated(uow.person) if post.calls_back]
    held = uow.person.post_ids
    found = call_backs.list_owed(
        uow,
        [post.path for post in mine],
        handled_by=(uow.person.subject, held),
        after_key=page.after(int, str, datetime, UUID, UUID),
        limit=page.fetch,
    )
    return page.sheet(found, position=lambda line: line.position)


def named(asked: CallBack) -> dict[str, object]:
    return {"appeal": str(asked.appeal_id), "answer": asked.answer}
