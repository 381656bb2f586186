"""The progress page's copy of a case."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.intake import Channel
from contracts.routing import (
    CaseAcceptedV1,
    CaseAnsweredV1,
    CaseAssignedV1,
    CaseClosedV1,
    CaseHelperCalledV1,
    CaseJoinedV1,
    CaseOpenedV1,
    CasePlannedV1,
    CasePressedV1,
    CaseRecordedV1,
    CaseResortedV1,
    CaseResumedV1,
    CaseSplitOffV1,
    CaseState,
    CaseSuspendedV1,
    ContactOutcome,
    DeadlineKind,
    DeadlineMovedV1,
    Handler,
    HandoverMeans,
    JoinKind,
    Outcome,
    Party,
    PressingKind,
    RecordKind,
)
from intake.consumers import follow_cases
from intake.domain.appeal import Receipt, WithdrawalReason
from intake.domain.progress import Done, DoneStep, Papers, Progress, Standing
from intake.errors import AppealNotFound, NotYours
from intake.service import amending, reading, receiving
from intake.service.following import move_place
from intake.service.station import Station
from kit.auth import NOWHERE, Person, Post
from kit.db import UnitOfWork
from kit.testing.servers import NOW
from sqlalchemy import event, text

from tests.conftest import UnitOfWorkOf
from tests.intake.factories import copy_place, id_of, make_clerk, make_place, make_submission, path_of

CASE, OTHER = uuid4(), uuid4()
DUE = NOW + timedelta(days=5)
HANDLER = Handler(post_id=uuid4(), title="白杨社区一号窗口", name="王敏", phone="0500-1234567", subject="wang.min")


@pytest.fixture
def receipt(uow_of: UnitOfWorkOf, station: Station) -> Receipt:
    return receiving.receive_appeal(uow_of("intake", person=make_clerk()), make_submission(), station=station)


def facts(appeal_id: UUID, version: int, state: CaseState) -> dict[str, Any]:
    return {
        "case_id": CASE,
        "number": "C7K2",
        "version": version,
        "at": NOW,
        "state": state,
        "placed_path": path_of("HZ1-1"),
        "parties": [Party(appeal_id=appeal_id, appeal_number="A1")],
    }


def opened(appeal_id: UUID) -> CaseOpenedV1:
    return CaseOpenedV1(**facts(appeal_id, 1, CaseState.RECEIVED), gist="停水", channel=Channel.WINDOW)


def accepted(appeal_id: UUID) -> CaseAcceptedV1:
    promise = {"zh": "五个工作日内办结", "en": "within 5 working days"}
    return CaseAcceptedV1(
        **facts(appeal_id, 2, CaseState.ACCEPTED), promise_due=DUE, promise_text=promise, handler=HANDLER
    )


def answered(appeal_id: UUID) -> CaseAnsweredV1:
    return CaseAnsweredV1(
        **facts(appeal_id, 3, CaseState.ANSWERED),
        outcome=Outcome.SOLVED,
        answer="已修好，请李小华来取",
        handler=HANDLER,
        promise_met=True,
    )


def suspended(appeal_id: UUID) -> CaseSuspendedV1:
    return CaseSuspendedV1(
        **facts(appeal_id, 4, CaseState.IN_PROGRESS),
        until=NOW + timedelta(days=10),
        runs_again_on=(NOW + timedelta(days=10)).date(),
        reason="testing",
        reason_text={"zh": "检测", "en": "Testing"},
        promise_due=DUE + timedelta(days=10),
        promise_text={"zh": "恢复办理后3个工作日", "en": "3 working days after it goes on"},
        handler=HANDLER,
    )


def planned(appeal_id: UUID) -> CasePlannedV1:
    return CasePlannedV1(
        **facts(appeal_id, 4, CaseState.IN_PROGRESS),
        day=date(2027, 4, 30),
        due_at=NOW + timedelta(days=158),
        answer="列入明年春季改造",
        who="海州区住建局",
        gist="停水",
        handler=HANDLER,
    )


def resorted(appeal_id: UUID, *, out_of_plan: bool) -> CaseResortedV1:
    return CaseResortedV1(
        **facts(appeal_id, 5, CaseState.IN_PROGRESS),
        category_before="water",
        promise_due=DUE,
        promise_text={"zh": "12小时内处置", "en": "within 12 hours"},
        out_of_plan=out_of_plan,
    )


def closed(appeal_id: UUID) -> CaseClosedV1:
    return CaseClosedV1(**facts(appeal_id, 4, CaseState.CLOSED), handler=None, reason="done")


def look(uow_of: UnitOfWorkOf, station: Station, receipt: Receipt, *, now: datetime = NOW) -> Progress:
    assert receipt.query_code
    uow = uow_of("intake", scope=NOWHERE, now=now)
    found = reading.find_progress(uow, receipt.query_code, client="203.0.113.1", station=station)
    assert isinstance(found, Progress)
    return found


@pytest.mark.parametrize("urgent", [True, False])
def test_what_is_out_of_its_plan_shows_its_promise_again(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt, urgent: bool
) -> None:
    follow_cases(consumer, [opened(receipt.appeal_id), accepted(receipt.appeal_id), planned(receipt.appeal_id)])
    follow_cases(consumer, [resorted(receipt.appeal_id, out_of_plan=urgent)])
    seen = look(uow_of, station, receipt)
    assert (seen.planned_for, seen.planned_who) == ((None, None) if urgent else (date(2027, 4, 30), "海州区住建局"))


def test_each_step_shows(uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt) -> None:
    assert look(uow_of, station, receipt).standing is Standing.RECEIVED
    follow_cases(consumer, [opened(receipt.appeal_id)])
    follow_cases(consumer, [accepted(receipt.appeal_id)])
    found = look(uow_of, station, receipt)
    assert (found.standing, found.talk_to, found.phone, found.handler, found.due) == (
        Standing.ACCEPTED,
        HANDLER.title,
        HANDLER.phone,
        HANDLER.name,
        DUE,
    )
    follow_cases(consumer, [answered(receipt.appeal_id)])
    assert look(uow_of, station, receipt).standing is Standing.ANSWERED
    follow_cases(consumer, [closed(receipt.appeal_id)])
    found = look(uow_of, station, receipt)
    assert (found.standing, found.due, found.talk_to) == (Standing.CLOSED, None, HANDLER.title)


def test_several_steps_at_once_show_the_last(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    steps = (opened, accepted, answered, closed)
    follow_cases(consumer, [step(receipt.appeal_id) for step in steps])
    found = look(uow_of, station, receipt)
    assert (found.standing, found.talk_to) == (Standing.CLOSED, HANDLER.title)


def test_steps_of_several_cases_are_written_together(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    clerk = uow_of("intake", person=make_clerk())
    receipts = [receipt, *(receiving.receive_appeal(clerk, make_submission(), station=station) for _ in range(4))]
    steps = (opened, accepted, answered, closed)
    written: list[str] = []
    event.listen(consumer.connection, "before_cursor_execute", lambda *call: written.append(call[2]))
    follow_cases(consumer, [step(each.appeal_id) for each in receipts for step in steps])
    assert len([each for each in written if each.lower().startswith("insert into progress")]) == len(steps), (
        "one a step, not a case"
    )
    for each in receipts:
        found = look(uow_of, station, each)
        assert (found.standing, found.talk_to) == (Standing.CLOSED, HANDLER.title)


def test_that_the_holder_is_pressed_shows_and_nothing_of_by_whom(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    follow_cases(consumer, [opened(receipt.appeal_id), accepted(receipt.appeal_id)])
    before = look(uow_of, station, receipt)
    pressed = CasePressedV1(
        **facts(receipt.appeal_id, 3, CaseState.ACCEPTED),
        pressing_id=uuid4(),
        pressing=PressingKind.INSTRUCTION,
        pressing_number="P3KT-9ZC6-NEB6",
        gist="停水",
        handler=HANDLER,
        presser_title="海州区督办",
        leader="区长",
    )
    follow_cases(consumer, [pressed])
    shown = look(uow_of, station, receipt)
    assert shown == replace(before, steps=(*before.steps, DoneStep(NOW, Done.INSTRUCTED)))


def worked(appeal_id: UUID, version: int, record: RecordKind, **told: Any) -> CaseRecordedV1:
    return CaseRecordedV1(**facts(appeal_id, version, CaseState.IN_PROGRESS), record=record, handler=HANDLER, **told)


def test_what_was_done_shows_in_order_once_and_without_words(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    appeal_id = receipt.appeal_id
    passed_on = CaseAssignedV1(
        **facts(appeal_id, 3, CaseState.ASSIGNED), handler=HANDLER, gist="停水", promise_due=DUE, first=False
    )
    done = [
        passed_on,
        worked(appeal_id, 4, RecordKind.SITE_VISIT),
        worked(appeal_id, 5, RecordKind.LETTER_SENT, office="临江市自来水公司"),
        worked(appeal_id, 6, RecordKind.INTERIM_WORD, words="请李小华放心"),
        worked(appeal_id, 7, RecordKind.CONTACT_ATTEMPT, outcome=ContactOutcome.NOT_REACHED),
    ]
    follow_cases(consumer, [opened(appeal_id), accepted(appeal_id), *done[:2]])
    follow_cases(consumer, [done[1], *done[2:]])
    assert [(step.done, step.who) for step in look(uow_of, station, receipt).steps] == [
        (Done.ACCEPTED, None),
        (Done.PASSED_ON, HANDLER.title),
        (Done.SITE_VISIT, None),
        (Done.LETTER_SENT, None),
        (Done.INTERIM_WORD, None),
        (Done.NOT_REACHED, None),
    ]
    kept = consumer.execute(text("select steps::text from progress")).scalar_one()
    assert not any(words in kept for words in ("自来水公司", "李小华"))


def test_of_what_is_sealed_nobody_is_named_to_whom_it_went(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    assigned = CaseAssignedV1(
        **facts(receipt.appeal_id, 3, CaseState.ASSIGNED) | {"sealed": True},
        handler=HANDLER,
        gist="密件",
        promise_due=DUE,
        first=True,
    )
    follow_cases(consumer, [assigned])
    assert look(uow_of, station, receipt).steps == (DoneStep(NOW, Done.ASSIGNED),)


def test_papers_show_which_are_missing_since_when_and_when_they_were_complete(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    named = worked(receipt.appeal_id, 4, RecordKind.PAPERS_MISSING, papers=["户口簿"], still_missing=["户口簿"])
    follow_cases(consumer, [accepted(receipt.appeal_id), named])
    assert look(uow_of, station, receipt).papers == Papers(NOW, ("户口簿",), None)
    come = worked(receipt.appeal_id, 5, RecordKind.PAPERS_RECEIVED, papers=["户口簿"], still_missing=[])
    follow_cases(consumer, [come.model_copy(update={"at": DUE})])
    assert look(uow_of, station, receipt).papers == Papers(NOW, (), DUE)


def test_that_no_more_papers_are_waited_for_is_not_said_to_be_papers_that_came(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    named = worked(receipt.appeal_id, 4, RecordKind.PAPERS_MISSING, papers=["户口簿"], still_missing=["户口簿"])
    complete = worked(receipt.appeal_id, 5, RecordKind.PAPERS_RECEIVED, still_missing=[])
    follow_cases(consumer, [accepted(receipt.appeal_id), named, complete])
    found = look(uow_of, station, receipt)
    assert found.steps[-1] == DoneStep(NOW, Done.PAPERS_COMPLETE, missing=())
    assert found.papers == Papers(NOW, (), NOW)


def test_of_several_residents_each_is_shown_what_concerns_them_alone(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    theirs = worked(
        *(receipt.appeal_id, 4, RecordKind.PAPERS_MISSING),
        papers=["户口簿"],
        still_missing=["户口簿"],
        papers_awaited_until=DUE,
    )
    clerk = uow_of("intake", person=make_clerk())
    other = receiving.receive_appeal(clerk, make_submission(), station=station)
    parties = [*theirs.parties, Party(appeal_id=other.appeal_id, appeal_number="A2")]
    of_another = theirs.model_copy(update={"parties": parties, "concerns": [parties[1].appeal_id]})
    reached = worked(receipt.appeal_id, 5, RecordKind.CONTACT_ATTEMPT, outcome=ContactOutcome.REACHED)
    of_nobody = reached.model_copy(update={"parties": parties})
    follow_cases(consumer, [accepted(receipt.appeal_id), of_another, of_nobody])
    assert look(uow_of, station, receipt).steps == (DoneStep(NOW, Done.ACCEPTED),)
    now = {"version": 6, "parties": parties, "concerns": [receipt.appeal_id]}
    follow_cases(consumer, [theirs.model_copy(update=now)])
    assert look(uow_of, station, receipt).steps[1:] == (
        DoneStep(NOW, Done.PAPERS_MISSING, until=DUE, missing=("户口簿",)),
    )


def test_what_was_missing_is_shown_after_a_merger_while_the_promise_waits_for_it(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    appeal_id = receipt.appeal_id
    named = worked(appeal_id, 4, RecordKind.PAPERS_MISSING, papers=["户口簿"], still_missing=["户口簿"])
    merged = CaseJoinedV1(
        **facts(appeal_id, 5, CaseState.IN_PROGRESS),
        how=JoinKind.MERGED,
        joined=[appeal_id],
        gist="停水",
        handler=HANDLER,
        promise_due=DUE,
        papers_awaited_until=DUE,
    )
    follow_cases(consumer, [accepted(appeal_id), named, merged])
    assert look(uow_of, station, receipt).papers == Papers(NOW, ("户口簿",), None)
    follow_cases(consumer, [merged.model_copy(update={"version": 6, "papers_awaited_until": None})])
    assert look(uow_of, station, receipt).papers is None


def test_what_was_said_on_the_spot_is_read_by_the_code(uow_of: UnitOfWorkOf, station: Station) -> None:
    given = make_submission(done_on_the_spot=True, answer="周六上午开门，已告知。")
    receipt = receiving.receive_appeal(uow_of("intake", person=make_clerk()), given, station=station)
    assert look(uow_of, station, receipt).said == "周六上午开门，已告知。"


def test_a_suspended_promise_shows_why_and_until_when_and_no_longer_than_that(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    case = suspended(receipt.appeal_id)
    follow_cases(consumer, [accepted(receipt.appeal_id), case])
    found = look(uow_of, station, receipt)
    assert (found.standing, found.due, found.promise) == (Standing.IN_PROGRESS, case.promise_due, case.promise_text)
    assert (found.suspended_until, found.suspended_for) == (case.until, case.reason_text)
    found = look(uow_of, station, receipt, now=case.until)
    assert (found.suspended_until, found.suspended_for, found.due) == (None, None, case.promise_due)


def test_a_promise_that_waits_for_papers_is_shown_as_it_is_then(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    missing = CaseRecordedV1(
        **facts(receipt.appeal_id, 4, CaseState.IN_PROGRESS),
        record=RecordKind.PAPERS_MISSING,
        papers=["户口簿"],
        handler=HANDLER,
        promise_due=DUE + timedelta(days=9),
        promise_text={"zh": "3个工作日内答复或办结"},
    )
    follow_cases(consumer, [accepted(receipt.appeal_id), missing])
    found = look(uow_of, station, receipt)
    assert (found.due, found.promise) == (missing.promise_due, missing.promise_text)
    call = CaseRecordedV1(**facts(receipt.appeal_id, 5, CaseState.IN_PROGRESS), record=RecordKind.CALL, handler=HANDLER)
    follow_cases(consumer, [call])
    assert look(uow_of, station, receipt).due == missing.promise_due


def test_a_resumption_shows_the_promise_as_it_is_then(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    resumed = CaseResumedV1(
        **facts(receipt.appeal_id, 5, CaseState.IN_PROGRESS),
        gist="停水",
        promise_due=DUE + timedelta(days=2),
        promise_text={"zh": "恢复办理后3个工作日"},
        handler=HANDLER,
    )
    follow_cases(consumer, [accepted(receipt.appeal_id), suspended(receipt.appeal_id), resumed])
    found = look(uow_of, station, receipt)
    assert (found.suspended_until, found.suspended_for, found.due) == (None, None, resumed.promise_due)


@pytest.mark.parametrize("waits", [True, False])
def test_another_calendar_shows_the_promise_that_it_moved_while_its_resident_waits_for_it(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt, waits: bool
) -> None:
    due = DUE + timedelta(days=2)
    moved = DeadlineMovedV1(
        **facts(receipt.appeal_id, 5, CaseState.IN_PROGRESS),
        deadline_id=uuid4(),
        deadline=DeadlineKind.PROMISE,
        due_before=DUE,
        due_at=due,
        calendar_version=2,
        promise_due=due if waits else None,
        promise_text={"zh": "3个工作日内答复或办结"} if waits else None,
        gist="停水",
        handler=HANDLER,
    )
    case = suspended(receipt.appeal_id)
    follow_cases(consumer, [accepted(receipt.appeal_id), case, moved])
    found = look(uow_of, station, receipt)
    assert (found.due, found.suspended_until) == (due if waits else case.promise_due, case.until)


def test_a_rating_that_moves_is_asked_until_then_of_those_who_have_said_nothing(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    follow_cases(consumer, [accepted(receipt.appeal_id), answered(receipt.appeal_id)])
    common = facts(receipt.appeal_id, 9, CaseState.ANSWERED)
    until = NOW + timedelta(days=9)
    for version, said, rate_by in ((9, None, None), (10, 1, until)):
        parties = [party.model_copy(update={"answer": said}) for party in common["parties"]]
        moved = DeadlineMovedV1(
            **common | {"version": version, "parties": parties},
            deadline_id=uuid4(),
            deadline=DeadlineKind.RATING,
            due_before=NOW + timedelta(days=8),
            due_at=until,
            calendar_version=2,
            gist="停水",
            handler=HANDLER,
        )
        follow_cases(consumer, [moved])
        found = look(uow_of, station, receipt)
        assert (found.asked.rate_by if found.asked else None) == rate_by


def test_a_plan_shows_its_day_and_who_does_it_until_it_is_answered(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    follow_cases(consumer, [accepted(receipt.appeal_id), planned(receipt.appeal_id)])
    found = look(uow_of, station, receipt)
    assert (found.standing, found.planned_for, found.planned_who) == (
        Standing.IN_PROGRESS,
        date(2027, 4, 30),
        "海州区住建局",
    )
    assert (found.due, found.promise) == (planned(receipt.appeal_id).due_at, None)
    later = answered(receipt.appeal_id).model_copy(update={"version": 5})
    follow_cases(consumer, [later])
    found = look(uow_of, station, receipt)
    assert (found.standing, found.planned_for, found.planned_who) == (Standing.ANSWERED, None, None)


@pytest.mark.parametrize("waiting", [suspended, planned])
def test_what_is_asked_again_waits_as_its_case_does_for_the_same_day(
    uow_of: UnitOfWorkOf,
    consumer: UnitOfWork,
    station: Station,
    receipt: Receipt,
    waiting: Callable[[UUID], CaseSuspendedV1 | CasePlannedV1],
) -> None:
    again = receiving.receive_appeal(uow_of("intake", person=make_clerk()), make_submission(), station=station)
    both = [Party(appeal_id=each.appeal_id, appeal_number=each.number) for each in (receipt, again)]
    follow_cases(consumer, [accepted(receipt.appeal_id), waiting(receipt.appeal_id)])
    came = {"case_id": CASE, "number": "C7K2", "parties": both, "how": JoinKind.REPEAT, "joined": [again.appeal_id]}
    follow_cases(consumer, [joined(again).model_copy(update=came)])
    first, second = (look(uow_of, station, each) for each in (receipt, again))
    assert (second.suspended_until, second.suspended_for) == (first.suspended_until, first.suspended_for)
    assert (second.planned_for, second.planned_who) == (first.planned_for, first.planned_who)
    assert second.suspended_until or second.planned_for


def test_what_is_declined_says_so_with_its_reason(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    why = {"zh": "已进入诉讼程序", "en": "Before a court already"}
    declined = closed(receipt.appeal_id).model_copy(update={"reason": "declined", "reason_text": why})
    follow_cases(consumer, [declined])
    found = look(uow_of, station, receipt)
    assert found.is_declined
    assert found.steps == (DoneStep(NOW, Done.DECLINED, why=why),)


def test_an_old_step_changes_nothing(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    follow_cases(consumer, [answered(receipt.appeal_id)])
    follow_cases(consumer, [accepted(receipt.appeal_id)])
    assert look(uow_of, station, receipt).standing is Standing.ANSWERED


def test_every_appeal_of_a_case_shows_it(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    clerk = uow_of("intake", person=make_clerk())
    other = receiving.receive_appeal(clerk, make_submission(), station=station)
    both = [Party(appeal_id=each.appeal_id, appeal_number=each.number) for each in (receipt, other)]
    follow_cases(consumer, [accepted(receipt.appeal_id).model_copy(update={"parties": both})])
    assert look(uow_of, station, receipt).due == look(uow_of, station, other).due == DUE


def joined(appeal: Receipt, *, version: int = 9, office_id: UUID | None = None) -> CaseJoinedV1:
    """It has come to another case, from that in which it was."""
    party = Party(appeal_id=appeal.appeal_id, appeal_number=appeal.number, moves=1)
    return CaseJoinedV1(
        **facts(appeal.appeal_id, version, CaseState.IN_PROGRESS) | {"case_id": OTHER, "parties": [party]},
        how=JoinKind.MERGED,
        joined=[appeal.appeal_id],
        gist="停水",
        handler=HANDLER.model_copy(update={"title": "市水务局", "office_id": office_id}),
        promise_due=DUE - timedelta(days=2),
        promise_text={"zh": "三日内", "en": "within 3 days"},
    )


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_has_gone_to_another_case_shows_that_in_whatever_order_the_two_are_heard_of(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt, order: tuple[int, ...]
) -> None:
    """Their topics' partitions are read each at its own pace."""
    said = [accepted(receipt.appeal_id), answered(receipt.appeal_id), joined(receipt)]
    for place in order:
        follow_cases(consumer, [said[place]])
    found = look(uow_of, station, receipt)
    assert (found.standing, found.talk_to, found.due) == (Standing.IN_PROGRESS, "市水务局", DUE - timedelta(days=2))
    later = joined(receipt, version=10).model_copy(update={"state": CaseState.ANSWERED})
    follow_cases(consumer, [later])
    assert look(uow_of, station, receipt).standing is Standing.ANSWERED


def test_what_is_split_off_shows_its_own_case(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    follow_cases(consumer, [accepted(receipt.appeal_id)])
    party = Party(appeal_id=receipt.appeal_id, appeal_number=receipt.number, moves=1)
    new = CaseSplitOffV1(
        **facts(receipt.appeal_id, 1, CaseState.ASSIGNED) | {"case_id": OTHER, "parties": [party]},
        from_case_id=CASE,
        from_number="C7K2",
        gist="停水",
        handler=HANDLER,
        promise_due=DUE,
        promise_text={"zh": "五个工作日内办结", "en": "within 5 working days"},
    )
    follow_cases(consumer, [new])
    assert look(uow_of, station, receipt).standing is Standing.ASSIGNED
    follow_cases(consumer, [answered(receipt.appeal_id)])
    assert look(uow_of, station, receipt).standing is Standing.ASSIGNED


def test_an_office_reads_the_words_of_what_joins_its_case(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    water = uuid4()
    follow_cases(consumer, [joined(receipt, office_id=water)])
    assert reading.get_appeal(uow_of("intake", person=liaison(water)), receipt.appeal_id, station=station).appeal.words


def test_an_answer_says_that_something_is_ready_and_how_it_comes(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    ready = answered(receipt.appeal_id).model_copy(update={"handover": HandoverMeans.BROUGHT_HOME})
    follow_cases(consumer, [ready])
    (step,) = look(uow_of, station, receipt).steps
    assert step == DoneStep(NOW, Done.ANSWERED, handover=HandoverMeans.BROUGHT_HOME)


def test_the_answer_is_not_kept_here(uow_of: UnitOfWorkOf, consumer: UnitOfWork, receipt: Receipt) -> None:
    follow_cases(consumer, [answered(receipt.appeal_id)])
    rows = consumer.execute(text("select t::text from progress as t")).scalars().all()
    assert rows
    assert not any("已修好" in row for row in rows)


def test_a_place_that_moves_takes_its_appeals_along(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    new = f"{path_of('HZ2')}{id_of('HZ1-1').hex}/"
    building = f"{new}{id_of('HZ1-1-1-1').hex}/"
    move_place(consumer, id_of("HZ1-1"), new)
    move_place(consumer, id_of("HZ1-1-1-1"), building)
    row = consumer.execute(text("select placed_path, taken_path from appeal")).one()
    assert (row.placed_path, row.taken_path) == (building, new)


def liaison(office_id: UUID) -> Person:
    """Whoever holds the post of an office: no place's line, so nothing by scope."""
    post = Post(uuid4(), "bureau", "供水局联络员", id_of("HZ"), path_of("HZ"), office_id=office_id)
    return Person("he.rui", frozenset(), (post,))


def assigned(appeal_id: UUID, office_id: UUID | None) -> CaseAssignedV1:
    handler = HANDLER.model_copy(update={"office_id": office_id})
    return CaseAssignedV1(
        **facts(appeal_id, 3, CaseState.ASSIGNED), handler=handler, gist="停水", promise_due=DUE, first=True
    )


def test_an_office_that_was_given_the_case_reads_the_words_and_no_other_does(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    water, gas = uuid4(), uuid4()
    given = [assigned(receipt.appeal_id, water), assigned(receipt.appeal_id, None)]
    follow_cases(consumer, given)
    follow_cases(consumer, given)
    seen = reading.get_appeal(uow_of("intake", person=liaison(water)), receipt.appeal_id, station=station)
    assert seen.appeal.words
    with pytest.raises(AppealNotFound):
        reading.get_appeal(uow_of("intake", person=liaison(gas)), receipt.appeal_id, station=station)


def test_an_office_that_helps_reads_the_words_too(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station, receipt: Receipt
) -> None:
    water = uuid4()
    called = CaseHelperCalledV1(
        **facts(receipt.appeal_id, 4, CaseState.ASSIGNED),
        helper_id=uuid4(),
        helper=HANDLER.model_copy(update={"office_id": water}),
        gist="停水",
        due_at=DUE,
        handler=HANDLER,
    )
    for step in (called.model_copy(update={"helper": None}), called):
        with pytest.raises(AppealNotFound):
            reading.get_appeal(uow_of("intake", person=liaison(water)), receipt.appeal_id, station=station)
        follow_cases(consumer, [step])
    seen = reading.get_appeal(uow_of("intake", person=liaison(water)), receipt.appeal_id, station=station)
    assert seen.appeal.words


def test_what_an_office_reads_it_cannot_change(uow_of: UnitOfWorkOf, consumer: UnitOfWork, receipt: Receipt) -> None:
    water = uuid4()
    follow_cases(consumer, [assigned(receipt.appeal_id, water)])
    office = uow_of("intake", person=liaison(water))
    changed = office.execute(text("update appeal set gist = 'x' where id = :id"), {"id": receipt.appeal_id})
    assert changed.rowcount == 0


def test_who_holds_the_case_does_not_withdraw_it_for_the_resident(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, receipt: Receipt, station: Station
) -> None:
    post_id = make_clerk().posts[0].post_id
    held = accepted(receipt.appeal_id).model_copy(update={"handler": HANDLER.model_copy(update={"post_id": post_id})})
    follow_cases(consumer, [held])
    reason = WithdrawalReason.UNWANTED
    window_too = replace(make_clerk().posts[0], post_id=uuid4())
    of_two = replace(make_clerk(), posts=(*make_clerk().posts, window_too)).under(window_too.post_id)
    for holder in (make_clerk(), of_two):
        with pytest.raises(NotYours) as refused:
            amending.withdraw_appeal(
                uow_of("intake", person=holder), receipt.appeal_id, version=1, reason=reason, station=station
            )
        assert refused.value.code == "held_by_you"
    another = replace(make_clerk(subject="li.na").posts[0], post_id=uuid4())
    chief = uow_of("intake", person=Person("li.na", frozenset(), (replace(another, duty="area_chief"),)))
    with pytest.raises(NotYours) as refused:
        amending.withdraw_appeal(chief, receipt.appeal_id, version=1, reason=reason, station=station)
    assert refused.value.code == "not_yours_to_withdraw"
    window = uow_of("intake", person=Person("li.na", frozenset(), (another,)))
    assert amending.withdraw_appeal(window, receipt.appeal_id, version=1, reason=reason, station=station).withdrawn_at


def test_who_took_it_withdraws_it_while_another_holds_it(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, receipt: Receipt, station: Station
) -> None:
    follow_cases(consumer, [accepted(receipt.appeal_id)])
    uow = uow_of("intake", person=make_clerk())
    reason = WithdrawalReason.UNWANTED
    assert amending.withdraw_appeal(uow, receipt.appeal_id, version=1, reason=reason, station=station).withdrawn_at


def test_an_appeal_lies_where_its_place_is_now_though_the_station_has_not_heard_that_it_moved(
    uow_of: UnitOfWorkOf, consumer: UnitOfWork, station: Station
) -> None:
    before = {code: path_of(code) for code in ("HZ1-1", "HZ1-1-1-1")}
    moved = {code: path.replace(id_of("HZ1").hex, id_of("HZ2").hex) for code, path in before.items()}
    for code, path in moved.items():
        copy_place(consumer, make_place(code, path=path, version=2))
    clerk = uow_of("intake", person=make_clerk())
    receipt = receiving.receive_appeal(clerk, make_submission(place="HZ1-1-1-1"), station=station)
    lies = consumer.execute(
        text("select placed_path, taken_path from appeal where id = :id"), {"id": receipt.appeal_id}
    ).one()
    assert tuple(lies) == (moved["HZ1-1-1-1"], moved["HZ1-1"])
