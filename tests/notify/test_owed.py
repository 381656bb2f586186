"""The table of owed notices: each step, each person, once."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.intake import Channel
from contracts.routing import (
    CaseAcceptedV1,
    CaseAnsweredV1,
    CaseAssignedV1,
    CaseClosedV1,
    CaseFact,
    CaseHandedOverV1,
    CaseOpenedV1,
    CaseStartedV1,
    CaseState,
    DeadlineBreachedV1,
    DeadlineKind,
    Handler,
    HandoverMeans,
    Outcome,
    Party,
    Queue,
)
from notify.domain.owed import Template, owed_by

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LI = UUID(int=1)
WANG = UUID(int=2)


def make_handler(subject: str | None = "wang.min", **overrides: Any) -> Handler:
    return Handler(**{"post_id": uuid4(), "title": "窗口", "subject": subject, "name": "王敏", **overrides})


def make_party(person_id: UUID | None = LI) -> Party:
    return Party(appeal_id=uuid4(), appeal_number="A7K2-9QXM-4", person_id=person_id)


def make_event(kind: type[CaseFact], **overrides: Any) -> CaseFact:
    common = {
        "version": 1,
        "case_id": uuid4(),
        "number": "C7K2-9QXM-4",
        "at": NOW,
        "state": CaseState.ACCEPTED,
        "placed_path": "/",
        "parties": [make_party()],
    }
    return kind(**{**common, **_OWN[kind], **overrides})


_OWN: dict[type[CaseFact], dict[str, Any]] = {
    CaseOpenedV1: {"gist": "路灯不亮", "channel": Channel.WEB},
    CaseAcceptedV1: {"promise_due": NOW, "promise_text": {"zh": "三日内"}, "handler": make_handler()},
    CaseAssignedV1: {"handler": make_handler(), "gist": "路灯不亮", "promise_due": NOW, "first": True},
    CaseStartedV1: {"handler": make_handler()},
    CaseAnsweredV1: {"outcome": Outcome.SOLVED, "answer": "修好了", "handler": make_handler(), "promise_met": True},
    CaseHandedOverV1: {"means": HandoverMeans.COLLECTED},
    CaseClosedV1: {"handler": make_handler(), "reason": "done"},
    DeadlineBreachedV1: {
        "deadline_id": uuid4(),
        "deadline": DeadlineKind.PROMISE,
        "due_at": NOW,
        "gist": "路灯不亮",
        "handler": make_handler(),
        "superior": make_handler("li.na"),
    },
}


def told(event: CaseFact) -> set[tuple[str, str]]:
    return {(notice.recipient, notice.template.value) for notice in owed_by(event)}


RESIDENT = str(LI)

TABLE: list[tuple[CaseFact, set[tuple[str, str]]]] = [
    (make_event(CaseOpenedV1), set()),
    (
        make_event(CaseOpenedV1, queue=Queue.UNPLACED, dispatcher=make_handler("zhao.jun")),
        {("zhao.jun", "case_waiting")},
    ),
    (make_event(CaseOpenedV1, queue=Queue.VACANT, dispatcher=None), set()),
    (make_event(CaseAcceptedV1), {(RESIDENT, "case_accepted")}),
    (make_event(CaseAcceptedV1, handler=None), {(RESIDENT, "case_accepted")}),
    (make_event(CaseAssignedV1, first=True), {("wang.min", "case_assigned")}),
    (make_event(CaseAssignedV1, first=False), {("wang.min", "case_assigned"), (RESIDENT, "case_reassigned")}),
    (make_event(CaseAssignedV1, handler=make_handler(None)), set()),
    (make_event(CaseStartedV1), set()),
    (make_event(CaseAnsweredV1), {(RESIDENT, "case_answered")}),
    (make_event(CaseHandedOverV1), set()),
    (make_event(CaseClosedV1), {(RESIDENT, "case_closed"), ("wang.min", "case_closed_staff")}),
    (
        make_event(CaseClosedV1, reason="withdrawn"),
        {(RESIDENT, "case_withdrawn"), ("wang.min", "case_closed_staff")},
    ),
    (make_event(CaseClosedV1, handler=None), {(RESIDENT, "case_closed")}),
    (
        make_event(DeadlineBreachedV1),
        {("wang.min", "deadline_missed"), ("li.na", "deadline_missed_superior")},
    ),
    (make_event(DeadlineBreachedV1, handler=None), {("li.na", "deadline_missed_superior")}),
]


@pytest.mark.parametrize(("event", "owed"), TABLE, ids=lambda value: getattr(value, "TYPE", None))
def test_each_step_owes_what_the_table_says(event: CaseFact, owed: set[tuple[str, str]]) -> None:
    assert told(event) == owed


def test_every_template_is_owed_by_some_step() -> None:
    assert {template for event, _ in TABLE for _, template in told(event)} == {t.value for t in Template}


@pytest.mark.parametrize("kind", _OWN)
def test_a_finished_past_tells_nobody(kind: type[CaseFact]) -> None:
    assert told(make_event(kind, silent=True)) == set()


def test_who_gave_no_name_is_owed_nothing() -> None:
    assert told(make_event(CaseAcceptedV1, parties=[make_party(None)])) == set()


def test_a_person_with_two_appeals_in_a_case_is_told_once_about_the_first() -> None:
    first, second, other = make_party(LI), make_party(LI), make_party(WANG)
    owed = owed_by(make_event(CaseAnsweredV1, parties=[first, second, other]))
    assert [(notice.recipient, notice.appeal_id) for notice in owed] == [
        (str(LI), first.appeal_id),
        (str(WANG), other.appeal_id),
    ]
