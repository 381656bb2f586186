"""Which steps of a case its resident is shown: without anybody's words, and without a name but that of a post or a
centre that is theirs to turn to.
"""

from typing import Any

from contracts.routing import (
    RECORDS_OF_ONE,
    CaseAcceptedV1,
    CaseAccompaniedV1,
    CaseAnsweredV1,
    CaseAssignedV1,
    CaseCentreReportedV1,
    CaseClosedV1,
    CaseExtendedV1,
    CaseFact,
    CaseHandedOverV1,
    CaseHandedToHotlineV1,
    CaseHelperCalledV1,
    CaseHotlineRepliedV1,
    CaseJoinedV1,
    CasePlannedV1,
    CasePressedV1,
    CaseRecordedV1,
    CaseRedoneV1,
    CaseReportReviewedV1,
    CaseResortedV1,
    CaseResumedV1,
    CaseStartedV1,
    CaseSuspendedV1,
    CaseVerifiedV1,
    HandoverMeans,
    JoinKind,
    Party,
    RecordKind,
)

from intake.domain.progress import Done

#: Those that are the same thing done, whatever they say.
_PLAIN: dict[type[CaseFact], Done] = {
    CaseAcceptedV1: Done.ACCEPTED,
    CaseStartedV1: Done.STARTED,
    CaseExtendedV1: Done.EXTENDED,
    CasePlannedV1: Done.PLANNED,
    CaseResumedV1: Done.RESUMED,
    CaseSuspendedV1: Done.SUSPENDED,
    CaseHandedToHotlineV1: Done.HANDED_TO_HOTLINE,
    CaseHotlineRepliedV1: Done.HOTLINE_REPLIED,
    CaseCentreReportedV1: Done.CENTRE_REPORTED,
    CaseAnsweredV1: Done.ANSWERED,
    CaseHandedOverV1: Done.HANDED_OVER,
    CaseRedoneV1: Done.REDONE,
}


def told(fact: CaseFact, party: Party) -> dict[str, Any] | None:
    """As it is kept for this resident; none: it is nothing that they are shown."""
    match fact:
        case CaseAccompaniedV1() | CaseHandedOverV1() if len(fact.parties) > 1:
            return None  # it was one of them
        case CaseAssignedV1() | CaseHelperCalledV1() | CaseAccompaniedV1():
            return _passed_on(fact)
        case CaseRecordedV1():
            return _recorded(fact) if _concerns(fact, party) else None
        case CaseJoinedV1(how=JoinKind.MERGED) if party.appeal_id in fact.joined:
            return _came(fact)
        case _:
            done = _PLAIN.get(type(fact)) or _by_what_it_says(fact)
            return {"done": done.value, **_besides(fact)} if done else None


def _besides(fact: CaseFact) -> dict[str, Any]:
    match fact:
        case CaseAnsweredV1(handover=HandoverMeans() as means):
            return {"handover": means.value}
        case CaseSuspendedV1():
            return {"until": fact.until.isoformat(), "why": fact.reason_text}
        case CaseClosedV1(reason_text=dict() as why):
            return {"why": why}
        case _:
            return {}


def _by_what_it_says(fact: CaseFact) -> Done | None:
    done: Done | None = None
    match fact:
        case CasePressedV1():
            done = Done(fact.pressing.value)
        case CaseJoinedV1():
            done = Done(fact.how.value)
        case CaseVerifiedV1():
            done = Done.VERIFIED if fact.passed else Done.NOT_VERIFIED
        case CaseReportReviewedV1(accepted=False):
            done = Done.REOPENED
        case CaseResortedV1() if fact.out_of_plan:
            done = Done.OUT_OF_PLAN
        case CaseClosedV1() if fact.reason != "merged":
            done = Done.DECLINED if fact.reason == "declined" else Done.CLOSED
    return done


def _passed_on(fact: CaseAssignedV1 | CaseHelperCalledV1 | CaseAccompaniedV1) -> dict[str, Any]:
    """To whom; but not of what is sealed."""
    who: str | None
    match fact:
        case CaseAssignedV1():
            done, who = Done.ASSIGNED if fact.first else Done.PASSED_ON, fact.handler.title
        case CaseHelperCalledV1():
            done, who = Done.HELPER_CALLED, fact.helper.title if fact.helper else None
        case CaseAccompaniedV1():
            done, who = Done.ACCOMPANIED, fact.centre
    return {"done": done.value, "who": None if fact.sealed else who}


def _concerns(fact: CaseRecordedV1, party: Party) -> bool:
    return fact.record not in RECORDS_OF_ONE or len(fact.parties) == 1 or party.appeal_id in fact.concerns


def _came(fact: CaseJoinedV1) -> dict[str, Any]:
    """The promise waits for their papers no more, unless they brought that with them."""
    step: dict[str, Any] = {"done": Done.MERGED.value}
    return step if fact.papers_awaited_until else step | {"missing": []}


def _recorded(fact: CaseRecordedV1) -> dict[str, Any]:
    """Of papers, which are still missing, and how long the promise waits for them. That no more are waited for is said
    without any that came.
    """
    if fact.record is RecordKind.CONTACT_ATTEMPT and fact.outcome is not None:
        return {"done": Done(fact.outcome.value).value}
    none_came = fact.record is RecordKind.PAPERS_RECEIVED and not fact.papers
    step: dict[str, Any] = {"done": (Done.PAPERS_COMPLETE if none_came else Done(fact.record.value)).value}
    if fact.still_missing is not None:
        step["missing"] = fact.still_missing
    if fact.papers_awaited_until is not None:
        step["until"] = fact.papers_awaited_until.isoformat()
    return step
