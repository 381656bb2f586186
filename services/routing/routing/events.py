"""A case as contract events: one function an event; the caller has recorded the step, so the version is the event's."""

from typing import Any

from contracts.envelope import Event
from contracts.routing import (
    CaseAcceptedV1,
    CaseAnsweredV1,
    CaseAssignedV1,
    CaseClosedV1,
    CaseHandedOverV1,
    CaseOpenedV1,
    CaseStartedV1,
    CategoryChangedV1,
    CityCaseClosedV1,
    CityCaseOpenedV1,
    CityCaseProgressedV1,
    DeadlineBreachedV1,
    Handler,
    Party,
)
from kit.db import UnitOfWork
from network.posts import Seat

from routing.domain.case import Appeal, Case
from routing.domain.promise import in_words
from routing.domain.rules import Category


def handler_of(seat: Seat | None) -> Handler | None:
    return None if seat is None else _handler(seat)


def case_opened(uow: UnitOfWork, case: Case, *, dispatcher: Seat | None) -> CaseOpenedV1:
    waits_for = handler_of(dispatcher) if case.queue else None
    return CaseOpenedV1(
        **_fact(uow, case), gist=case.gist, channel=case.channel, queue=case.queue, dispatcher=waits_for
    )


def case_accepted(uow: UnitOfWork, case: Case, *, holder: Seat) -> CaseAcceptedV1:
    assert case.deadline is not None
    promise = case.deadline.promise
    return CaseAcceptedV1(
        **_fact(uow, case), promise_due=promise.due_at, promise_text=in_words(promise), handler=_handler(holder)
    )


def case_assigned(uow: UnitOfWork, case: Case, *, holder: Seat, first: bool) -> CaseAssignedV1:
    assert case.promise_due is not None
    return CaseAssignedV1(
        **_fact(uow, case), handler=_handler(holder), gist=case.gist, promise_due=case.promise_due, first=first
    )


def case_started(uow: UnitOfWork, case: Case, *, holder: Seat) -> CaseStartedV1:
    return CaseStartedV1(**_fact(uow, case), handler=_handler(holder))


def case_answered(uow: UnitOfWork, case: Case, *, holder: Seat | None, answer: str) -> CaseAnsweredV1:
    assert case.outcome is not None
    return CaseAnsweredV1(
        **_fact(uow, case),
        outcome=case.outcome,
        answer=answer,
        handler=handler_of(holder),
        promise_met=bool(case.promise_met),
    )


def case_handed_over(uow: UnitOfWork, case: Case) -> CaseHandedOverV1:
    assert case.handover is not None
    return CaseHandedOverV1(**_fact(uow, case), means=case.handover)


def case_closed(uow: UnitOfWork, case: Case, *, holder: Seat | None) -> CaseClosedV1:
    assert case.closed_reason is not None
    return CaseClosedV1(**_fact(uow, case), handler=handler_of(holder), reason=case.closed_reason.value)


def deadline_breached(uow: UnitOfWork, case: Case, *, holder: Seat | None, superior: Seat | None) -> DeadlineBreachedV1:
    assert case.deadline is not None
    return DeadlineBreachedV1(
        **_fact(uow, case),
        deadline_id=case.deadline.deadline_id,
        deadline=case.deadline.kind,
        due_at=case.deadline.promise.due_at,
        gist=case.gist,
        handler=handler_of(holder),
        superior=handler_of(superior),
    )


def city_case_opened(uow: UnitOfWork, case: Case) -> CityCaseOpenedV1:
    return CityCaseOpenedV1(**_city(uow, case))


def city_case_progressed(uow: UnitOfWork, case: Case) -> CityCaseProgressedV1:
    return CityCaseProgressedV1(**_city(uow, case))


def city_case_closed(uow: UnitOfWork, case: Case) -> CityCaseClosedV1:
    return CityCaseClosedV1(**_city(uow, case), promise_met=case.promise_met, outcome=case.outcome)


def category_changed(category: Category) -> CategoryChangedV1:
    return CategoryChangedV1(
        version=category.version,
        code=category.code,
        parent=category.parent,
        name={"zh": category.name_zh, "en": category.name_en},
        kind=category.kind,
        remit=category.remit,
        words=list(category.words),
        retired=category.retired,
    )


def publish(uow: UnitOfWork, *told: Event) -> None:
    for event in told:
        uow.publish(event)


def _handler(seat: Seat) -> Handler:
    return Handler(
        post_id=seat.post_id,
        title=seat.title,
        subject=seat.subject,
        contact_id=seat.contact_id,
        name=seat.name,
        phone=seat.phone,
        stand_in=seat.stand_in,
        office_id=seat.office_id,
    )


def _fact(uow: UnitOfWork, case: Case) -> dict[str, Any]:
    return {
        "version": case.version,
        "case_id": case.case_id,
        "number": case.number,
        "at": uow.now,
        "by": uow.by,
        "state": case.state,
        "category": case.category,
        "kind": case.kind,
        "remit": case.remit,
        "place_id": case.place_id,
        "placed_path": case.placed_path,
        "parties": [_party(appeal) for appeal in case.appeals],
        "silent": case.silent,
    }


def _party(appeal: Appeal) -> Party:
    return Party(
        appeal_id=appeal.appeal_id,
        appeal_number=appeal.number,
        person_id=appeal.person_id,
        language=appeal.language,
        query_code=appeal.query_code,
    )


def _city(uow: UnitOfWork, case: Case) -> dict[str, Any]:
    """What the whole city may know: no words, no people, no place narrower than the district."""
    return {
        "version": case.version,
        "case_id": case.case_id,
        "number": case.number,
        "at": uow.now,
        "state": case.state,
        "category": case.category,
        "kind": case.kind,
        "remit": case.remit,
        "district": case.district,
        "channel": case.channel,
    }
