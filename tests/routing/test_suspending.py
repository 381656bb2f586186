"""Suspending a promise: for what, until when, what is left of it then, and what ends it early."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from contracts.routing import (
    Ask,
    CaseResumedV1,
    CaseState,
    CaseSuspendedV1,
    ContactOutcome,
    Outcome,
    RecordKind,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.crypto import KeyRing, new_key
from kit.errors import ServiceError
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.case import Case, DeadlineState
from routing.domain.chain import Entry
from routing.domain.promise import Unit
from routing.domain.recording import Work
from routing.domain.steps import Step
from routing.domain.waiting import days_not_reached
from routing.errors import (
    ClockRuns,
    NotTriedEnough,
    NotYourStep,
    PromiseMissed,
    StepNotAllowed,
    SuspendedStill,
    SuspensionOver,
    UnfitDay,
    UnknownReason,
)
from routing.repository import cases
from routing.service import asking, dispatching, reading, recording, steps, suspending, sweeping

from tests.conftest import UnitOfWorkOf
from tests.routing.auditing import faults_of
from tests.routing.conftest import City, local
from tests.routing.test_steps import As, make_case

PAGE = Page(9, "a list", KeyRing.parse(new_key("k1")))

TODAY = date(2026, 11, 23)
"""A Monday; what is made then of street lights falls due on Monday the 30th, five working days on."""
UNTIL = date(2026, 12, 7)
DUE = local("2026-11-30T17:00")


def ask(uow: RolledBackUnitOfWork, case: Case, *, until: date = UNTIL, reason: str = "testing") -> Case:
    facts = {"version": case.version, "reason": reason, "words": "送检"}
    return asking.ask_dispatcher(uow, case.case_id, ask=Ask.SUSPENSION, until=until, **facts)  # type: ignore[arg-type]


def rule(uow: RolledBackUnitOfWork, case: Case, *, granted: bool = True) -> Case:
    return asking.rule_on_case(uow, case.case_id, version=case.version, granted=granted, words="已核")


def resume(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return suspending.resume_case(uow, case.case_id, version=case.version, words="报告已出")


def suspended(uow: RolledBackUnitOfWork, city: City, as_person: As, *, until: date = UNTIL) -> Case:
    case = ask(as_person(city.person("municipal")), make_case(uow, city), until=until)
    return rule(as_person(city.person("dispatcher")), case)


def said(uow: RolledBackUnitOfWork, kind: type[Any]) -> list[Any]:
    return [kind.model_validate_json(event.body or "") for event in uow.published if event.type == kind.TYPE]


def test_what_is_left_of_a_suspended_promise_runs_on_afterwards_and_the_resident_is_told(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    asked = ask(as_person(city.person("municipal")), case)
    assert (asked.promise_due, asked.asked_until, asked.suspended_until) == (DUE, UNTIL, None)
    dispatcher = as_person(city.person("dispatcher"))
    after = rule(dispatcher, asked)
    # Five working days are left: from Tuesday 8 to Monday 14 December.
    due = local("2026-12-14T17:00")
    assert (after.promise_due, after.suspended_until) == (due, local("2026-12-07T00:00"))
    assert (after.suspension_reason, after.ask, after.asked_until) == ("testing", None, None)
    assert [event.type for event in dispatcher.published] == ["routing.case.ruled.v1", "routing.case.suspended.v1"]
    (event,) = said(dispatcher, CaseSuspendedV1)
    assert (event.until, event.runs_again_on, event.promise_due) == (after.suspended_until, UNTIL, due)
    assert event.reason_text == {"zh": "检测", "en": "Testing"}
    assert event.promise_text["zh"] == "恢复办理后5个工作日，2026年12月14日17:00前"
    seen = cases.get_case(uow, case.case_id)
    assert seen.deadline is not None
    assert seen.deadline.promise.term.unit is Unit.REMAINING_WORKING_DAYS
    assert (seen.deadline.promise.due_at, seen.promise_due, seen.suspended_until) == (due, due, after.suspended_until)


def test_a_suspension_that_is_refused_leaves_the_promise(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    asked = ask(as_person(city.person("municipal")), make_case(uow, city))
    after = rule(as_person(city.person("dispatcher")), asked, granted=False)
    assert (after.promise_due, after.suspended_until, after.ask, after.asked_until) == (DUE, None, None, None)


def test_when_its_end_has_come_it_is_suspended_no_more_though_nothing_fired(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = suspended(uow, city, as_person)
    assert case.suspended_until is not None
    ends = case.suspended_until
    for now, stands in ((ends - timedelta(microseconds=1), ends), (ends, None)):
        holder = as_person(city.person("municipal"), now=now)
        (line,) = reading.list_worklist(holder, PAGE).items
        assert line.case.suspended_until == reading.get_case(holder, case.case_id).case.suspended_until == stands
        assert (Step.RESUME in reading.get_case(holder, case.case_id).steps) == (stands is not None)
    again = ask(as_person(city.person("municipal"), now=ends), case, until=date(2026, 12, 9))
    assert again.ask is Ask.SUSPENSION


@pytest.mark.parametrize("who", ["municipal", "dispatcher", "district_dispatcher"])
def test_resumed_early_the_promise_moves_back_accordingly_and_the_resident_is_told(
    uow: RolledBackUnitOfWork, city: City, as_person: As, who: str
) -> None:
    case = suspended(uow, city, as_person)
    by = as_person(city.person(who), now=local("2026-11-25T10:00"))
    after = resume(by, case)
    assert (after.suspended_until, after.suspension_reason) == (None, None)
    assert after.promise_due == local("2026-12-02T17:00")
    (event,) = said(by, CaseResumedV1)
    assert (event.promise_due, event.handler.subject) == (after.promise_due, "holder.of.municipal")
    entry = cases.list_entries(uow, after)[-1]
    assert (entry.step, entry.words) == ("resumed", "报告已出")
    assert entry.facts["holder"] == (None if who == "municipal" else "holder.of.municipal")
    assert cases.get_case(uow, case.case_id).deadline.promise.due_at == after.promise_due  # type: ignore[union-attr]


def test_resumed_on_the_day_on_which_it_was_suspended_the_promise_is_what_it_was(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = suspended(uow, city, as_person)
    assert resume(as_person(city.person("municipal"), now=NOW + timedelta(hours=3)), case).promise_due == DUE


def test_what_falls_due_on_the_day_of_its_suspension_has_the_rest_of_a_day(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, suggested_category="administrative.hukou")
    assert case.promise_due == local("2026-11-23T17:00")
    asked = ask(as_person(city.person("window")), case, until=date(2026, 12, 5))
    case = rule(as_person(city.person("dispatcher")), asked)
    # Saturday 5 December is no working day.
    assert case.promise_due == local("2026-12-07T17:00")
    late = as_person(city.person("window"), now=local("2026-11-25T20:00"))
    after = resume(late, case)
    assert after.promise_due == local("2026-11-26T17:00"), "not missed by being resumed after closing time"
    assert sweeping.sweep_due(late) == 0


DAYS = st.integers(1, 60)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(began=st.integers(0, 24 * 7 + 7), length=DAYS, part=st.floats(0, 1))
def test_neither_a_suspension_nor_its_end_changes_how_much_is_left(
    uow: RolledBackUnitOfWork, city: City, as_person: As, *, began: int, length: int, part: float
) -> None:
    """Suspended it never falls due before it runs again; resumed it is never later than it stood, nor due already."""
    case, now = make_case(uow, city), NOW + timedelta(hours=began)
    until = now.astimezone(DUE.tzinfo).date() + timedelta(days=length)
    asked = ask(as_person(city.person("municipal"), now=now), case, until=until)
    stood = rule(as_person(city.person("dispatcher"), now=now), asked)
    assert stood.suspended_until is not None
    assert stood.promise_due is not None
    assert stood.promise_due >= DUE
    assert stood.promise_due > stood.suspended_until
    then = now + (stood.suspended_until - timedelta(microseconds=1) - now) * part
    after = resume(as_person(city.person("municipal"), now=then), stood)
    assert after.promise_due is not None
    assert then < after.promise_due <= stood.promise_due
    if then == now:
        assert after.promise_due == DUE
    assert cases.get_case(uow, case.case_id).deadline.promise.due_at == after.promise_due  # type: ignore[union-attr]
    assert faults_of(uow, case.case_id) == []


@pytest.mark.parametrize("until", [TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=61)])
def test_a_suspension_ends_ahead_and_within_sixty_days(
    uow: RolledBackUnitOfWork, city: City, as_person: As, until: date
) -> None:
    case = make_case(uow, city)
    with pytest.raises(UnfitDay, match="from 2026-11-24 to 2027-01-22"):
        ask(as_person(city.person("municipal")), case, until=until)
    assert cases.get_case(uow, case.case_id).version == case.version


def test_a_reason_that_is_on_no_list_is_refused(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    with pytest.raises(UnknownReason, match="appraisal"):
        ask(as_person(city.person("municipal")), make_case(uow, city), reason="busy")


def test_what_is_missed_or_urgent_is_not_suspended(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    late = DUE + timedelta(seconds=1)
    with pytest.raises(PromiseMissed):
        ask(as_person(city.person("municipal"), now=late), case)
    asked = ask(as_person(city.person("municipal")), case)
    with pytest.raises(PromiseMissed):
        rule(as_person(city.person("dispatcher"), now=late), asked)
    urgent = make_case(uow, city, urgent=True, suggested_category="municipal.emergency")
    with pytest.raises(ClockRuns):
        ask(as_person(city.person("municipal")), urgent)


def test_an_end_that_has_come_before_it_is_ruled_on_is_not_granted(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    asked = ask(as_person(city.person("municipal")), make_case(uow, city), until=date(2026, 11, 25))
    dispatcher = as_person(city.person("dispatcher"), now=local("2026-11-25T00:00"))
    with pytest.raises(SuspensionOver):
        rule(dispatcher, asked)
    assert rule(dispatcher, cases.get_case(uow, asked.case_id), granted=False).ask is None


def test_only_its_holder_asks_and_only_they_or_a_dispatcher_resume(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    for who in ("window", "dispatcher"):
        with pytest.raises(NotYourStep):
            ask(as_person(city.person(who)), case)
    case = suspended(uow, city, as_person)
    with pytest.raises(NotYourStep):
        resume(as_person(city.person("window")), case)


def test_while_it_is_suspended_what_counts_from_now_is_not_done(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = suspended(uow, city, as_person)
    holder, dispatcher = as_person(city.person("municipal")), as_person(city.person("dispatcher"))
    with pytest.raises(StepNotAllowed, match="suspended"):
        ask(holder, case)
    with pytest.raises(StepNotAllowed, match="suspended"):
        dispatching.re_sort_case(
            dispatcher, case.case_id, version=case.version, category="municipal.water", words="改类"
        )
    returned = asking.ask_dispatcher(
        holder, case.case_id, ask=Ask.RETURN, version=case.version, reason="wrong_category", words="属供水"
    )
    with pytest.raises(SuspendedStill):
        asking.rule_on_case(
            dispatcher, case.case_id, version=returned.version, granted=True, words="同意", category="municipal.water"
        )


def test_answering_or_closing_ends_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = suspended(uow, city, as_person)
    holder = as_person(city.person("municipal"))
    after = steps.answer_case(holder, case.case_id, version=case.version, outcome=Outcome.SOLVED, answer="已修好")
    assert (after.state, after.suspended_until, after.promise_met) == (CaseState.ANSWERED, None, True)
    with pytest.raises(StepNotAllowed):
        resume(holder, after)


def test_a_suspended_promise_that_is_not_kept_afterwards_is_missed_once(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = suspended(uow, city, as_person)
    assert case.promise_due is not None
    for now, count in ((DUE + timedelta(hours=1), 0), (case.promise_due + timedelta(seconds=1), 1)):
        assert sweeping.sweep_due(uow_of("routing", role="clock", now=now)) == count
    assert cases.get_case(uow, case.case_id).deadline.state is DeadlineState.BREACHED  # type: ignore[union-attr]


def tried(uow_of: UnitOfWorkOf, city: City, case: Case, at: str, outcome: ContactOutcome) -> None:
    holder = uow_of("routing", person=city.person("municipal"), now=local(at))
    recording.record_work(holder, case.case_id, Work(RecordKind.CONTACT_ATTEMPT, outcome=outcome))


def test_a_resident_is_waited_for_only_after_attempts_on_three_days_since_they_were_reached(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = make_case(uow, city)
    missed, reached = ContactOutcome.NOT_REACHED, ContactOutcome.REACHED

    def waits(at: str) -> Case:
        holder = as_person(city.person("municipal"), now=local(at))
        return ask(holder, cases.get_case(uow, case.case_id), reason="awaiting_resident")

    for at in ("2026-11-23T09:30", "2026-11-23T16:00", "2026-11-24T09:00"):
        tried(uow_of, city, case, at, missed)
    with pytest.raises(NotTriedEnough, match="on record: 2") as refused:
        waits("2026-11-24T10:00")
    assert refused.value.field == "/reason"
    tried(uow_of, city, case, "2026-11-24T11:00", reached)
    with pytest.raises(NotTriedEnough, match="on record: 0"):
        waits("2026-11-24T12:00")
    for at in ("2026-11-25T09:00", "2026-11-26T09:00", "2026-11-27T09:00"):
        tried(uow_of, city, case, at, missed)
    assert waits("2026-11-27T10:00").ask_reason == "awaiting_resident"


def test_waiting_for_a_resident_who_was_reached_meanwhile_is_not_granted(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = make_case(uow, city)
    for at in ("2026-11-23T09:30", "2026-11-24T09:00", "2026-11-25T09:00"):
        tried(uow_of, city, case, at, ContactOutcome.NOT_REACHED)
    holder = as_person(city.person("municipal"), now=local("2026-11-25T10:00"))
    ask(holder, cases.get_case(uow, case.case_id), reason="awaiting_resident")
    tried(uow_of, city, case, "2026-11-25T11:00", ContactOutcome.REACHED)
    dispatcher = as_person(city.person("dispatcher"), now=local("2026-11-25T12:00"))
    with pytest.raises(NotTriedEnough, match="on record: 0") as refused:
        rule(dispatcher, cases.get_case(uow, case.case_id))
    assert refused.value.field == "/granted", "of what the dispatcher sends"
    assert rule(dispatcher, cases.get_case(uow, case.case_id), granted=False).suspended_until is None


def attempt(at: datetime, outcome: ContactOutcome) -> Entry:
    facts = {"record": RecordKind.CONTACT_ATTEMPT.value, "outcome": outcome.value}
    return Entry(uuid4(), 1, at, "recorded", None, None, facts, None, None, None)


@given(
    hours=st.lists(st.integers(1, 12), min_size=1, max_size=30),
    reached=st.sets(st.integers(0, 29)),
)
def test_days_are_counted_by_the_citys_clock_since_the_last_contact(hours: list[int], reached: set[int]) -> None:
    """Attempts around midnight UTC, which is eight in the morning in the city."""
    now, entries = datetime(2026, 11, 22, 14, tzinfo=UTC), []
    for place, step in enumerate(hours):
        now += timedelta(hours=step)
        entries.append(attempt(now, ContactOutcome.REACHED if place in reached else ContactOutcome.NOT_REACHED))
    last = max((place for place in reached if place < len(hours)), default=-1)
    days = {(entry.at + timedelta(hours=8)).date() for entry in entries[last + 1 :]}
    assert days_not_reached(entries, zone="Asia/Shanghai") == len(days)


@pytest.mark.parametrize("error", [NotTriedEnough(1, 3, "/granted"), SuspensionOver(), SuspendedStill()])
def test_a_refusal_says_what_to_do(error: ServiceError) -> None:
    assert any(word in error.detail for word in ("Record", "refuse", "resume"))
