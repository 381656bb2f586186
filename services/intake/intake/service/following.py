"""The progress page's copy of a case: each step in the order in which routing says it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.routing import (
    CaseAcceptedV1,
    CaseAccompaniedV1,
    CaseAnsweredV1,
    CaseAssignedV1,
    CaseCalledBackV1,
    CaseCentreReportedV1,
    CaseClosedV1,
    CaseExtendedV1,
    CaseFact,
    CaseHelperCalledV1,
    CaseJoinedV1,
    CaseOpenedV1,
    CasePlannedV1,
    CaseRecordedV1,
    CaseRedoneV1,
    CaseReportReviewedV1,
    CaseResortedV1,
    CaseResumedV1,
    CaseSplitOffV1,
    CaseStartedV1,
    CaseSuspendedV1,
    CaseVerifiedV1,
    CategoryChangedV1,
    DeadlineKind,
    DeadlineMovedV1,
    Handler,
    Party,
)
from kit.db import UnitOfWork

from intake.repository import appeals, copies, progress
from intake.service.telling import told


def follow_cases(uow: UnitOfWork, facts: Sequence[CaseFact]) -> None:
    """Several cases' steps at once, each case's in order: every appeal's first step, then every appeal's second. What
    changes the same columns is written together.
    """
    nth: Counter[UUID] = Counter()
    alike: dict[tuple[int, tuple[str, ...]], list[dict[str, Any]]] = {}
    for row in (row for fact in facts for row in _rows(fact)):
        nth[row["appeal_id"]] += 1
        alike.setdefault((nth[row["appeal_id"]], tuple(sorted(row))), []).append(row)
    for turn in sorted(alike):
        progress.put(uow, alike[turn])
    progress.wait_alike(uow, *_joined(facts))
    appeals.seal(uow, _seals(facts))
    progress.grant(uow, {given for fact in facts for given in _given(fact)})


def copy_category(uow: UnitOfWork, event: CategoryChangedV1, *, version: int) -> None:
    copies.put_category(uow, event, version=version)


def move_place(uow: UnitOfWork, place_id: UUID, path: str) -> None:
    appeals.move_place(uow, place_id, path)


def _rows(fact: CaseFact) -> list[dict[str, Any]]:
    common = {
        "case_id": fact.case_id,
        "case_number": fact.number,
        "version": fact.version,
        "state": fact.state.value,
        **_changes(fact),
    }
    return [
        {"appeal_id": party.appeal_id, "moves": party.moves, **common, **_done(fact, party), **_of_party(fact, party)}
        for party in fact.parties
    ]


def _of_party(fact: CaseFact, party: Party) -> dict[str, Any]:
    """Which answer its resident is asked about; whoever has told a caller is asked no more, nor is anybody of what was
    no answer after all.
    """
    match fact:
        case CaseAnsweredV1():
            return {"answer": party.answer, "rate_by": fact.rate_by}
        case DeadlineMovedV1(deadline=DeadlineKind.RATING) if party.answer is not None:
            return {"answer": party.answer, "rate_by": fact.due_at}
        case CaseCalledBackV1(solved=bool()) if fact.appeal_id == party.appeal_id:
            return {"rate_by": None}
        case CaseVerifiedV1(passed=False) | CaseReportReviewedV1(accepted=False):
            return {"rate_by": None}
        case _:
            return {}


def _seals(facts: Sequence[CaseFact]) -> list[dict[str, Any]]:
    """What each case says last of each appeal: whether it is sealed, and to whom it is open. An appeal may have left
    one of them.
    """
    said = {
        (party.appeal_id, fact.case_id): {
            "appeal_id": party.appeal_id,
            "case_id": fact.case_id,
            "version": fact.version,
            "sealed": fact.sealed,
            "seen_by": fact.seen_by,
        }
        for fact in facts
        for party in fact.parties
        if fact.sealed is not None
    }
    return list(said.values())


def _changes(fact: CaseFact) -> dict[str, Any]:
    return _whom_to_ask(fact) | _by_when(fact)


def _whom_to_ask(fact: CaseFact) -> dict[str, Any]:
    match fact:
        case CaseOpenedV1():
            return {**_who(fact.dispatcher), "holder_post_id": None}
        case (
            CaseAcceptedV1()
            | CaseAssignedV1()
            | CaseRedoneV1()
            | CaseJoinedV1()
            | CaseSplitOffV1()
            | CaseVerifiedV1(passed=False)
        ):
            return _who(fact.handler)
        case CaseAccompaniedV1() | CaseCentreReportedV1(final=False):
            return _centre(fact)
        case CaseStartedV1() | CaseRecordedV1() | CaseCentreReportedV1() | CaseAnsweredV1() | CaseClosedV1():
            return _who(fact.handler) if fact.handler else {}
        case _:
            return {}


def _by_when(fact: CaseFact) -> dict[str, Any]:
    """And while it waits: why, and until when. What is done again, or turns out to be urgent, waits for nothing that it
    waited for before.
    """
    match fact:
        case CaseResumedV1() | CaseRedoneV1() | CaseVerifiedV1(passed=False) | CaseResortedV1(out_of_plan=True):
            runs = dict.fromkeys(("suspended_until", "suspended_for", "planned_for", "planned_who"))
            return {"due": fact.promise_due, "promise": fact.promise_text, **runs}
        case (
            CaseAcceptedV1()
            | CaseResortedV1()
            | CaseExtendedV1()
            | CaseJoinedV1()
            | CaseSplitOffV1()
            | CaseRecordedV1(promise_due=datetime())
            | DeadlineMovedV1(promise_due=datetime())
        ):
            return {"due": fact.promise_due, "promise": fact.promise_text}
        case CaseAssignedV1():
            return {"due": fact.promise_due}
        case CaseSuspendedV1():
            suspended = {"suspended_until": fact.until, "suspended_for": fact.reason_text}
            return {"due": fact.promise_due, "promise": fact.promise_text, **suspended}
        case CasePlannedV1():
            return {"due": fact.due_at, "promise": None, "planned_for": fact.day, "planned_who": fact.who}
        case _:
            return {}


def _done(fact: CaseFact, party: Party) -> dict[str, Any]:
    """What this adds to what was done so far."""
    step = told(fact, party)
    return {"steps": [{"at": fact.at.isoformat(), **step}]} if step else {}


def _joined(facts: Sequence[CaseFact]) -> tuple[list[UUID], list[UUID]]:
    """(cases, appeals): what waits for a day was asked about again."""
    came = [fact for fact in facts if isinstance(fact, CaseJoinedV1)]
    return [fact.case_id for fact in came], [appeal_id for fact in came for appeal_id in fact.joined]


def _given(fact: CaseFact) -> list[tuple[UUID, UUID]]:
    """(appeal, office): who is given a case in an office's name, or a part of it, reads its words with that office."""
    match fact:
        case (
            CaseAssignedV1(handler=Handler(office_id=UUID() as office))
            | CaseJoinedV1(handler=Handler(office_id=UUID() as office))
            | CaseSplitOffV1(handler=Handler(office_id=UUID() as office))
            | CaseAccompaniedV1(at_centre=Handler(office_id=UUID() as office))
            | CaseHelperCalledV1(helper=Handler(office_id=UUID() as office))
        ):
            return [(party.appeal_id, office) for party in fact.parties]
        case _:
            return []


def _centre(fact: CaseAccompaniedV1 | CaseCentreReportedV1) -> dict[str, Any]:
    """The centre is whom to talk to; who answers for it here does so still."""
    phone = fact.at_centre.phone if fact.at_centre else None
    return {"talk_to": fact.centre, "phone": phone, "handler": fact.handler.name if fact.handler else None}


def _who(handler: Handler | None) -> dict[str, Any]:
    if handler is None:
        return {"talk_to": None, "phone": None, "handler": None, "holder_post_id": None}
    who = {"talk_to": handler.title, "phone": handler.phone, "handler": handler.name}
    return {**who, "holder_post_id": handler.post_id}
