"""An answer: given, or handed in for review where the rule asks for that; and verified on site before the end."""

from dataclasses import dataclass
from uuid import UUID

from contracts.routing import CaseState, HandoverMeans, Outcome
from kit.db import UnitOfWork
from network.posts import Seat

from routing import events
from routing.domain.case import ANSWERED, DRAFTED, REVIEWED, VERIFIED, Case
from routing.domain.chain import Entry
from routing.domain.steps import Step
from routing.repository import cases
from routing.service import asking, calling_back, deadlines, parts, placing, supervising
from routing.service.calling_back import close_if_over
from routing.service.taking import subjects_of, take


@dataclass(frozen=True)
class Answer:
    """``evidence``: the number of what shows that it was done; ``basis``: the rule by which it cannot be;
    ``handover``: how what came of it reaches the resident, where there is something.
    """

    outcome: Outcome
    words: str
    evidence: str | None = None
    basis: str | None = None
    handover: HandoverMeans | None = None

    def facts(self) -> dict[str, object]:
        told = {
            "outcome": self.outcome.value,
            "evidence": self.evidence,
            "basis": self.basis,
            "handover": self.handover.value if self.handover else None,
        }
        return {name: fact for name, fact in told.items() if fact}


def hand_in(uow: UnitOfWork, case: Case, said: Answer, holder: Seat | None, post_id: UUID) -> None:
    """Nothing of it goes to the resident yet; what its holder is held to is kept by it, if it is approved."""
    case.keep_by_answer(at=uow.now)
    reviewer = asking.choose_ruler(placing.list_dispatchers(uow, case), case, asker=uow.by)
    facts = {**said.facts(), "reviewer": reviewer.subject}
    case.record(DRAFTED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=said.words)
    case.hand_in(reviewer.post_id)
    uow.publish(events.case_drafted(uow, case, holder=holder, reviewer=reviewer))


def give(
    uow: UnitOfWork,
    case: Case,
    said: Answer,
    holder: Seat | None,
    post_id: UUID,
) -> None:
    corrects = case.state is CaseState.ANSWERED
    helping = parts.end_parts(uow, case)
    case.keep_by_answer(at=uow.now)
    case.keep_theirs(at=uow.now)
    case.contact(at=uow.now)
    case.stop_waiting()
    supervising.end(uow, case)
    case.state, case.queue, case.outcome = CaseState.ANSWERED, None, said.outcome
    case.answered_at, case.verified = uow.now, False
    facts = {**said.facts(), "promise_met": case.promise_met, **({"corrects": True} if corrects else {})}
    if helping:
        facts["helpers"] = subjects_of(helping)
    case.record(ANSWERED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=said.words)
    asked = calling_back.ask_residents(uow, case)
    told = events.case_answered(
        *(uow, case),
        holder=holder,
        helpers=helping,
        answer=said.words,
        basis=said.basis,
        handover=said.handover,
        corrects=corrects,
        asked=asked,
    )
    uow.publish(told)
    calling_back.owe_calls(uow, case)
    uow.publish(events.city_case_progressed(uow, case))


def review_answer(uow: UnitOfWork, case_id: UUID, *, version: int, approved: bool, words: str) -> Case:
    """Approved, it goes out as it was handed in; sent back, it counts as not handed in."""
    case, holder, post_id = take(uow, case_id, Step.REVIEW, version)
    assert case.draft is not None
    draft = cases.get_entry(uow, case, case.draft)
    facts = {"approved": approved, "holder": holder.subject if holder else None}
    case.record(REVIEWED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_reviewed(uow, case, approved=approved, holder=holder))
    if approved:
        case.end_draft()
        deadlines.mark_if_missed(uow, case)
        give(uow, case, _answer_in(draft), holder, post_id)
    else:
        case.send_back(handed_in_at=draft.at)
    cases.save_cases(uow, [case])
    return case


def _answer_in(draft: Entry) -> Answer:
    facts = draft.facts
    handover = HandoverMeans(facts["handover"]) if "handover" in facts else None
    return Answer(Outcome(facts["outcome"]), draft.words or "", facts.get("evidence"), facts.get("basis"), handover)


def verify_case(uow: UnitOfWork, case_id: UUID, *, version: int, passed: bool, words: str) -> Case:
    """Looked at on site, by nobody who has worked on it. What does not pass is under way again, with the limit of a
    redo, and nobody is asked of it.
    """
    case, holder, post_id = take(uow, case_id, Step.VERIFY, version)
    facts: dict[str, object] = {"passed": passed, "holder": holder.subject if holder else None}
    due = None
    if passed:
        case.verified = True
    else:
        limit = deadlines.count_redo(uow, case)
        due = limit.promise
        calling_back.ask_nobody(uow, case)
        case.reopen(limit)
        facts["due_at"] = due.due_at.isoformat()
    case.record(VERIFIED, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    uow.publish(events.case_verified(uow, case, passed=passed, due=due, holder=holder))
    if passed:
        close_if_over(uow, case, holder)
    else:
        uow.publish(events.city_case_progressed(uow, case))
    cases.save_cases(uow, [case])
    return case
