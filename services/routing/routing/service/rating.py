"""What residents say of an answer, to who calls them or by the link; what is not solved is done again."""

from collections.abc import Sequence
from uuid import UUID

from contracts.intake import AppealRatedV1, AppealReceivedV1
from contracts.routing import CaseState, ContactOutcome
from kit.db import UnitOfWork
from kit.errors import NotYet

from routing import events
from routing.domain.call_back import CallBack
from routing.domain.case import CALLED_BACK, RATED, Case
from routing.domain.steps import Step
from routing.errors import NoCallBackOwed, WhoseMissing
from routing.repository import call_backs, cases
from routing.service import redoing
from routing.service.calling_back import close_if_over, named
from routing.service.taking import find_holder, take


def call_back_resident(
    uow: UnitOfWork,
    case_id: UUID,
    *,
    version: int,
    words: str | None,
    solved: bool | None = None,
    rating: int | None = None,
    appeal_id: UUID | None = None,
) -> Case:
    """One attempt; ``solved`` none: they were not reached, and the last time ends the asking as not rated. What is not
    solved is done again.
    """
    case, holder, post_id = take(uow, case_id, Step.CALL_BACK, version)
    asked = _whose(call_backs.list_of_case(uow, case_id), appeal_id)
    if solved is None:
        asked.try_in_vain(at=uow.now)
    else:
        asked.reach(solved=solved, rating=rating, at=uow.now, by=uow.person.subject)
    case.calls_owed -= not asked.is_open
    call_backs.save_call_back(uow, asked)
    outcome = ContactOutcome.NOT_REACHED if solved is None else ContactOutcome.REACHED
    facts = {**named(asked), "outcome": outcome.value, "attempt": asked.attempts, "solved": solved, "rating": rating}
    case.record(CALLED_BACK, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_called_back(uow, case, asked, outcome, holder=holder))
    if solved is False:
        redoing.redo(uow, case, asked, holder=holder)
        return case
    close_if_over(uow, case, holder)
    cases.save_cases(uow, [case])
    return case


def _whose(known: Sequence[CallBack], appeal_id: UUID | None) -> CallBack:
    waiting = [each for each in known if each.is_to_be_called and appeal_id in (None, each.appeal_id)]
    if not waiting:
        raise NoCallBackOwed
    if len(waiting) > 1:
        raise WhoseMissing([each.appeal_id for each in waiting])
    return waiting[0]


def take_rating(uow: UnitOfWork, event: AppealRatedV1) -> None:
    """What the resident says by the link. It stands on the case whatever has become of that meanwhile; where it is of
    the answer that stands, what is not solved is done again, though the case has been closed.
    """
    case = cases.find_cases_of_appeals_for_change(uow, [event.appeal_id]).get(event.appeal_id)
    if case is None:
        raise NotYet(AppealReceivedV1.TOPIC, event.appeal_id)
    asked = call_backs.find_open(uow, event.appeal_id)
    counts = asked is not None and asked.answer == event.answer
    said = {"answer": event.answer, "solved": event.solved, "rating": event.rating, "counts": counts}
    case.record(RATED, at=uow.now, by=None, facts={"appeal": str(event.appeal_id), **said})
    uow.publish(events.case_rated(uow, case, event))
    if asked is not None and counts:
        case.calls_owed -= asked.is_to_be_called
        asked.rate(solved=event.solved, rating=event.rating, at=event.rated_at)
        call_backs.save_call_back(uow, asked)
        if not event.solved and case.state in (CaseState.ANSWERED, CaseState.CLOSED):
            holder = find_holder(uow, case)
            redoing.redo(uow, case, asked, holder=holder)
            return
    cases.save_cases(uow, [case])
