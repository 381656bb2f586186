"""A calendar is drafted by one and put into force by another; what it moves is moved once, and told."""

import asyncio
import csv
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from contracts.grid import Duty
from contracts.intake import AppealRatedV1, AppealWithdrawnV1
from contracts.routing import Ask, CaseState, CityCaseClosedV1, DeadlineBreachedV1, DeadlineMovedV1, Outcome
from contracts.routing import DeadlineKind as PublishedKind
from kit.auth import OPERATOR, Person
from kit.clock import DrivenClock
from kit.crypto import KeyRing, new_key
from kit.db import Database, UnitOfWork
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.clock import ASIDE_FOR, make_recounter
from routing.domain.calendar import Status
from routing.domain.case import Case, DeadlineKind, DeadlineState
from routing.domain.chain import list_faults
from routing.domain.notice import Notice, NoticeRow
from routing.domain.origin import Cause, Source, Witness
from routing.domain.reading_aloud import read_aloud
from routing.errors import (
    CalendarInForce,
    CalendarNotFound,
    CalendarOutdated,
    ClockSetBack,
    NothingChanges,
    NotTheOperator,
    SecondPersonNeeded,
    UnfitNotice,
)
from routing.repository import call_backs, cases, policy
from routing.repository.claims import Claim
from routing.service import (
    answering,
    asking,
    calendars,
    dispatching,
    hotline,
    opening,
    rating,
    reading,
    recounting,
    steps,
    suspending,
    sweeping,
)
from sqlalchemy import text

from tests.conftest import AsyncDatabase
from tests.routing import test_merging as merging
from tests.routing.auditing import faults_of
from tests.routing.conftest import (
    POSTS,
    At,
    City,
    lay_city,
    local,
    make_appeal,
    make_post,
    mend,
    put_post,
    set_aside,
    spoil,
    subject_of,
)
from tests.routing.test_explained import standing
from tests.routing.test_life import doubts
from tests.routing.test_recounting import ROWS

PAGE = Page(9, "a list", KeyRing.parse(new_key("k1")))

ONE, OTHER = (Person(subject, frozenset({OPERATOR})) for subject in ("operator.one", "operator.other"))

#: Street lights are promised in five working days; what is made on this Monday falls due on Monday the 30th.
DUE = local("2026-11-30T17:00")
#: The rest of 2026, as its notice has it.
REST_OF_2026: Sequence[tuple[str, ...]] = (
    *(("2026-01-01", "off"), ("2026-01-02", "off"), ("2026-01-04", "work", "", "2026-01-02")),
    *((f"2026-02-{day}", "off") for day in (16, 17, 18, 19, 20, 23)),
    *(("2026-02-14", "work", "", "2026-02-20"), ("2026-02-28", "work", "", "2026-02-23")),
    *(("2026-04-06", "off"), *((f"2026-05-0{day}", "off") for day in (1, 4, 5))),
    *(("2026-05-09", "work", "", "2026-05-05"), ("2026-06-19", "off"), ("2026-09-25", "off")),
    *((f"2026-10-0{day}", "off") for day in (1, 2, 5, 6, 7)),
    *(("2026-09-20", "work", "", "2026-10-06"), ("2026-10-10", "work", "", "2026-10-07")),
)


def rows_of(*listed: Sequence[str]) -> list[NoticeRow]:
    return [
        NoticeRow(line, row[0], row[1], *(row[2:3] or ("",)), *(row[3:4] or ("",)))
        for line, row in enumerate(listed, start=2)
    ]


def notice_of_2026(*more: Sequence[str]) -> Notice:
    """The year that runs, revised."""
    return Notice(2026, Status.OFFICIAL, rows_of(*REST_OF_2026, *more))


def put_into_force(at: At, notice: Notice, *, now: datetime = NOW) -> int:
    version = calendars.draft_calendar(at(ONE, now=now), notice).version.version
    calendars.activate_calendar(at(OTHER, now=now), version)
    return version


def sweep(at: At, *, now: datetime = NOW) -> RolledBackUnitOfWork:
    """Until nothing is left."""
    clock = at(now=now)
    while recounting.sweep_calendar(clock):
        pass
    return clock


def make_case(uow: RolledBackUnitOfWork, city: City, **overrides: Any) -> Case:
    event = make_appeal(city, **overrides)
    opening.open_cases(uow, [event])
    return cases.find_cases_of_appeals_for_change(uow, [event.appeal_id])[event.appeal_id]


def said(uow: RolledBackUnitOfWork, kind: type[Any]) -> list[Any]:
    return [kind.model_validate_json(event.body or "") for event in uow.published if event.type == kind.TYPE]


def doubts_of(at: At, case_id: UUID, *, by: Person | None = None) -> list[object]:
    """What the harness's reckoning of its deadlines finds, and what their explanations do not agree with."""
    looking = at(by, role="api")
    return [*faults_of(looking, case_id), *doubts(looking, case_id)]


def answer(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return steps.answer_case(
        uow, case.case_id, version=cases.get_case(uow, case.case_id).version, outcome=Outcome.SOLVED, answer="办结"
    )


OFF_ON_THURSDAY = notice_of_2026(("2026-11-26", "off", "临时放假"))


def test_a_draft_counts_for_nothing_and_shows_what_it_would_change(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    later, earlier = make_case(uow, city), make_case(uow, city, received_at=local("2026-11-26T18:00"))
    before = policy.get_calendar(uow).version
    worked = notice_of_2026(("2026-11-26", "off", "临时放假"), ("2026-12-05", "work", "调休", "2026-11-26"))
    one = at(ONE)
    drafted = calendars.draft_calendar(one, worked)
    assert (drafted.version.version, drafted.version.based_on) == (before + 1, before)
    assert [(str(change.date), change.after.working if change.after else None) for change in drafted.days] == [
        ("2026-11-26", False),
        ("2026-12-05", True),
    ]
    assert (drafted.later, drafted.earlier, drafted.working_days) == (1, 0, 248)
    (move,) = calendars.list_moves(one, PAGE, drafted.version.version).items
    assert (move.case_number, move.move.promise.due_at) == (later.number, local("2026-12-01T17:00"))
    assert earlier.promise_due == local("2026-12-03T17:00")
    assert policy.get_calendar(uow).version == before
    assert sweep(at).published == []


def test_the_moves_of_a_draft_are_listed_page_by_page(
    uow: RolledBackUnitOfWork, city: City, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [make_case(uow, city, received_at=NOW + timedelta(minutes=n)) for n in range(5)]
    monkeypatch.setattr(calendars, "AT_ONCE", 2)
    one = at(ONE)
    changes = calendars.draft_calendar(one, OFF_ON_THURSDAY)
    assert (changes.later, changes.earlier) == (5, 0)
    seen: list[str] = []
    page: Page | None = Page(2, "moves", PAGE.ring)
    while page is not None:
        sheet = calendars.list_moves(one, page, changes.version.version)
        seen += [move.case_number for move in sheet.items]
        page = Page(2, "moves", PAGE.ring, sheet.next) if sheet.next else None
    assert sorted(seen) == sorted(case.number for case in made)


def test_who_drafts_it_does_not_put_it_into_force(at: At) -> None:
    version = calendars.draft_calendar(at(ONE), OFF_ON_THURSDAY).version.version
    with pytest.raises(SecondPersonNeeded):
        calendars.activate_calendar(at(ONE), version)
    activated = calendars.activate_calendar(at(OTHER), version).version
    assert (activated.drafted_by, activated.activated_by) == ("operator.one", "operator.other")
    assert activated.effective_from == NOW
    with pytest.raises(CalendarInForce):
        calendars.activate_calendar(at(OTHER), version)
    # Neither is the first, which nobody drafted.
    with pytest.raises(CalendarInForce):
        calendars.activate_calendar(at(OTHER), 1)


def test_calendars_are_for_operators_but_their_years_for_all(at: At, city: City) -> None:
    version = calendars.draft_calendar(at(ONE), OFF_ON_THURSDAY).version.version
    clerk = city.person("window")
    for refused in (
        lambda: calendars.draft_calendar(at(clerk), OFF_ON_THURSDAY),
        lambda: calendars.activate_calendar(at(clerk), version),
        lambda: calendars.get_calendar(at(clerk), version),
        lambda: calendars.list_moves(at(clerk), PAGE, version),
    ):
        with pytest.raises(NotTheOperator):
            refused()
    newest, first = calendars.list_calendars(at(clerk), PAGE).items
    assert (newest.version, newest.effective_from, first.version) == (version, None, version - 1)
    assert (first.years[2026], first.years[2027]) == (Status.OFFICIAL, Status.FORECAST)
    with pytest.raises(CalendarNotFound):
        calendars.get_calendar(at(ONE), version + 1)


def test_a_draft_that_another_overtook_is_imported_again(at: At) -> None:
    first, second = (calendars.draft_calendar(at(ONE), OFF_ON_THURSDAY).version.version for _ in range(2))
    calendars.activate_calendar(at(OTHER), second)
    with pytest.raises(CalendarOutdated):
        calendars.activate_calendar(at(OTHER), first)
    left = calendars.get_calendar(at(ONE), first)
    assert (left.later, left.earlier) == (None, None)
    assert list(calendars.list_moves(at(ONE), PAGE, first).items) == []


def test_a_clock_set_back_puts_no_calendar_into_force(at: At) -> None:
    version = calendars.draft_calendar(at(ONE), OFF_ON_THURSDAY).version.version
    with pytest.raises(ClockSetBack):
        calendars.activate_calendar(at(OTHER, now=NOW - timedelta(seconds=1)), version)


def test_what_is_wrong_or_changes_nothing_leaves_nothing(uow: RolledBackUnitOfWork, at: At) -> None:
    with pytest.raises(UnfitNotice):
        calendars.draft_calendar(at(ONE), notice_of_2026(("2026-11-31", "off")))
    with pytest.raises(NothingChanges):
        calendars.draft_calendar(at(ONE), notice_of_2026())
    assert uow.execute(text("select count(*) from calendar")).scalar_one() == 1


def test_an_open_promise_moves_once_with_its_entry_and_event_and_its_resident_is_told(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    version = put_into_force(at, OFF_ON_THURSDAY)
    assert cases.get_case(uow, case.case_id).promise_due == DUE
    clock = sweep(at)
    after = cases.get_case(uow, case.case_id)
    assert after.deadline is not None
    assert (after.promise_due, after.deadline.promise.due_at) == (local("2026-12-01T17:00"),) * 2
    assert (after.deadline.promise.calendar_version, after.deadline.state) == (version, DeadlineState.OPEN)
    entry = cases.list_entries(uow, after)[-1]
    assert (entry.step, entry.by) == ("deadline_moved", None)
    assert datetime.fromisoformat(entry.facts["due_before"]) == DUE
    assert (entry.facts["later"], entry.facts["corrects"], entry.facts["holder"]) == (True, False, None)
    assert list_faults(cases.list_entries(uow, after), head=after.head, length=after.version) == []
    (event,) = said(clock, DeadlineMovedV1)
    assert (event.deadline, event.due_before, event.due_at) == (DeadlineKind.PROMISE, DUE, after.promise_due)
    assert (event.promise_due, event.version, event.calendar_version) == (after.promise_due, after.version, version)
    assert event.promise_text["en"] == "within 5 working days, by 17:00 on 1 December 2026"
    assert doubts_of(at, case.case_id) == []
    assert recounting.sweep_calendar(at()) == 0


def test_one_that_moves_earlier_is_told_to_its_holder(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    worked = notice_of_2026(("2026-11-28", "work", "调休", "2026-10-07"))
    case = make_case(uow, city)
    put_into_force(at, worked)
    clock = sweep(at)
    # Saturday 28 November is worked: due on it, with Wednesday's hours.
    assert cases.get_case(uow, case.case_id).promise_due == local("2026-11-28T17:00")
    (event,) = said(clock, DeadlineMovedV1)
    assert (event.due_at, event.handler.subject) == (local("2026-11-28T17:00"), subject_of("municipal"))
    assert cases.list_entries(uow, case)[-1].facts["holder"] == subject_of("municipal")
    assert doubts_of(at, case.case_id) == []


def test_what_does_not_touch_the_days_that_changed_stays_as_it_is(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    before = make_case(uow, city, suggested_category="administrative.hukou")
    after = make_case(uow, city, received_at=local("2026-11-27T10:00"))
    urgent = make_case(uow, city, suggested_category="municipal.water", urgent=True)
    kept = [(_standing(case), case.version) for case in (before, after, urgent)]
    put_into_force(at, OFF_ON_THURSDAY)
    assert said(sweep(at), DeadlineMovedV1) == []
    found = [cases.get_case(uow, case.case_id) for case in (before, after, urgent)]
    assert [(_standing(case), case.version) for case in found] == kept


def _standing(case: Case) -> object:
    return case.deadline and (case.deadline.deadline_id, case.deadline.promise, case.deadline.state)


def test_nobody_is_held_to_an_instant_that_had_passed_before_it_was_known(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case, now = make_case(uow, city), local("2026-11-30T09:00")
    put_into_force(at, notice_of_2026(("2026-11-28", "work", "", "2026-10-07")), now=now)
    assert said(sweep(at, now=now), DeadlineMovedV1) == []
    assert cases.get_case(uow, case.case_id).promise_due == DUE


def test_a_forecast_that_becomes_official_is_none_any_more_though_the_promise_stays(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    late = at(ONE, now=local("2026-12-24T10:00"))
    case = make_case(uow, city, received_at=local("2026-12-28T10:00"))
    dispatcher = at(city.person("dispatcher"))
    assert case.deadline is not None
    assert case.deadline.promise.forecast
    (line,) = reading.list_open_deadlines(dispatcher, PAGE, forecast=True).items
    assert line[0] == case.case_id
    # 1 January is off by law, so that nothing moves.
    version = calendars.draft_calendar(late, Notice(2027, Status.OFFICIAL, rows_of(*ROWS))).version.version
    calendars.activate_calendar(at(OTHER, now=late.now), version)
    assert said(sweep(at, now=late.now), DeadlineMovedV1) == []
    assert list(reading.list_open_deadlines(dispatcher, PAGE, forecast=True).items) == []
    (line,) = reading.list_open_deadlines(dispatcher, PAGE).items
    assert line[1].promise.due_at == case.promise_due
    assert doubts_of(at, case.case_id) == []


def test_what_is_made_by_the_older_calendar_while_it_is_counted_again_is_counted_too(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    """An event that was taken under it is committed after the sweep went by."""
    first = make_case(uow, city)
    put_into_force(at, OFF_ON_THURSDAY, now=NOW + timedelta(minutes=1))
    assert len(said(sweep(at, now=NOW + timedelta(minutes=2)), DeadlineMovedV1)) == 1
    # The consumer's transaction began before.
    late = make_case(uow, city)
    assert late.deadline is not None
    assert late.deadline.promise.calendar_version == 1
    (event,) = said(sweep(at, now=NOW + timedelta(minutes=3)), DeadlineMovedV1)
    assert event.case_id == late.case_id
    for case in (first, late):
        assert cases.get_case(uow, case.case_id).promise_due == local("2026-12-01T17:00")
        assert doubts_of(at, case.case_id) == []


def test_an_answer_during_it_keeps_the_promise_as_it_was(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    case = make_case(uow, city)
    put_into_force(at, OFF_ON_THURSDAY)
    answered = answer(at(city.person("municipal")), case)
    events = said(sweep(at), DeadlineMovedV1)
    assert [event.deadline for event in events] == []
    found = cases.get_case(uow, case.case_id)
    assert (found.promise_met, found.promise_due, found.version) == (True, DUE, answered.version)


def make_extended(city: City, at: At, case: Case, *, holder: str = "municipal", ruler: str = "dispatcher") -> Case:
    asked = asking.ask_dispatcher(
        *(at(city.person(holder)), case.case_id),
        ask=Ask.EXTENSION,
        version=case.version,
        reason="complex",
        words="复杂",
        days=2,
    )
    return asking.rule_on_case(at(city.person(ruler)), case.case_id, version=asked.version, granted=True, words="同意")


def test_an_extended_promise_is_counted_from_where_the_one_before_it_ends_now(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    extended = make_extended(city, at, case)
    assert extended.promise_due == local("2026-12-02T17:00")
    put_into_force(at, OFF_ON_THURSDAY)
    assert len(said(sweep(at), DeadlineMovedV1)) == 1
    found = cases.get_case(uow, case.case_id)
    assert found.promise_due == local("2026-12-03T17:00")
    assert found.deadline is not None
    assert found.deadline.promise.start_at == local("2026-12-01T17:00") - timedelta(microseconds=1)
    assert doubts_of(at, case.case_id) == []


def test_what_was_sorted_anew_is_counted_by_its_own_days(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    """Not by the seven of water supply, from which it does not go on."""
    case = make_case(uow, city, suggested_category="municipal.water")
    dispatcher = at(city.person("dispatcher"))
    dispatching.re_sort_case(
        dispatcher, case.case_id, version=case.version, category="municipal.street_lights", words="路灯"
    )
    assert cases.get_case(uow, case.case_id).promise_due == DUE
    put_into_force(at, OFF_ON_THURSDAY)
    sweep(at)
    assert cases.get_case(uow, case.case_id).promise_due == local("2026-12-01T17:00")
    assert doubts_of(at, case.case_id) == []


def test_a_suspended_promise_has_as_many_days_left_as_before_and_waits_as_long(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    asked = asking.ask_dispatcher(
        *(at(city.person("municipal")), case.case_id),
        ask=Ask.SUSPENSION,
        version=case.version,
        reason="testing",
        words="送检",
        until=local("2026-12-07T00:00").date(),
    )
    suspended = asking.rule_on_case(
        at(city.person("dispatcher")), case.case_id, version=asked.version, granted=True, words="同意"
    )
    assert suspended.promise_due == local("2026-12-14T17:00")
    # What was left of it is five days still, though one of those that it would have had is off.
    put_into_force(at, OFF_ON_THURSDAY)
    assert said(sweep(at), DeadlineMovedV1) == []
    off = notice_of_2026(("2026-11-26", "off"), ("2026-12-10", "off"))
    put_into_force(at, off)
    (event,) = said(sweep(at), DeadlineMovedV1)
    assert event.due_at == local("2026-12-15T17:00")
    found = cases.get_case(uow, case.case_id)
    assert (found.suspended_until, found.suspension_reason) == (local("2026-12-07T00:00"), "testing")
    assert doubts_of(at, case.case_id) == []
    resumed = suspending.resume_case(
        at(city.person("municipal"), now=local("2026-11-25T10:00")), case.case_id, version=found.version, words="已出"
    )
    assert resumed.promise_due == local("2026-12-03T17:00")
    assert doubts_of(at, case.case_id) == []


def contest(at: At, case: Case, *, now: datetime) -> Case:
    consumer = at(now=now, role="consumer")
    appeal_id = case.appeals[0].appeal_id
    unsolved = AppealRatedV1(version=2, appeal_id=appeal_id, answer=1, rated_at=now, solved=False, rating=1)
    rating.take_rating(consumer, unsolved)
    return cases.get_case(consumer, case.case_id)


def test_what_is_done_again_moves_and_the_promise_that_was_kept_stays(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    answer(at(city.person("municipal")), case)
    redone = contest(at, case, now=NOW)
    assert redone.promise_due == local("2026-11-26T17:00")
    put_into_force(at, OFF_ON_THURSDAY)
    (event,) = said(sweep(at), DeadlineMovedV1)
    assert (event.deadline, event.promise_met) == (DeadlineKind.REDO, True)
    assert event.due_at == event.promise_due == local("2026-11-27T17:00")
    found = cases.get_case(uow, case.case_id)
    assert found.deadline is not None
    assert (found.promise_due, found.deadline.state) == (event.due_at, DeadlineState.MET)
    assert found.deadline.promise.due_at == DUE
    answer(at(city.person("municipal")), found)
    assert cases.get_case(uow, case.case_id).limit(DeadlineKind.REDO) is None
    assert doubts_of(at, case.case_id) == []


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_redo_that_was_missed_by_a_wrong_calendar_is_corrected_and_the_promise_stays_as_it_is(
    uow: RolledBackUnitOfWork, city: City, at: At, is_answered: bool
) -> None:
    case = make_case(uow, city)
    answer(at(city.person("municipal")), case)
    contest(at, case, now=NOW)
    late = local("2026-11-26T18:00")
    assert len(said(swept(at(now=late)), DeadlineBreachedV1)) == 1
    if is_answered:
        answer(at(city.person("municipal"), now=late), case)
    put_into_force(at, OFF_ON_THURSDAY, now=late)
    events = {event.deadline: event for event in said(sweep(at, now=late), DeadlineMovedV1)}
    event = events[DeadlineKind.REDO]
    assert (event.corrects, event.due_at) == (True, local("2026-11-27T17:00"))
    assert event.promise_due == (None if is_answered else event.due_at)
    found = cases.get_case(uow, case.case_id)
    assert (found.promise_met, found.limit(DeadlineKind.REDO) is None) == (True, is_answered)
    assert len(said(swept(at(now=local("2026-11-27T18:00"))), DeadlineBreachedV1)) == (not is_answered)
    assert doubts_of(at, case.case_id) == []


def test_a_promise_that_is_corrected_while_it_is_done_again_leaves_by_when_its_resident_is_told_that_is(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case, late = make_case(uow, city), local("2026-11-30T18:00")
    sweeping.sweep_due(at(now=late))
    answer(at(city.person("municipal"), now=late), case)
    redone = contest(at, case, now=late)
    assert redone.promise_due == local("2026-12-03T17:00")
    put_into_force(at, OFF_ON_THURSDAY, now=late)
    events = {event.deadline: event for event in said(sweep(at, now=late), DeadlineMovedV1)}
    assert [*events] == [DeadlineKind.PROMISE]
    assert events[DeadlineKind.PROMISE].promise_due is None
    found = cases.get_case(uow, case.case_id)
    assert (found.promise_met, found.promise_due) == (True, redone.promise_due)
    assert doubts_of(at, case.case_id) == []


def test_what_was_sent_back_has_kept_no_promise(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    case, morning = make_case(uow, city, suggested_category="stability.discipline"), local("2026-11-24T09:00")
    sweeping.sweep_due(at(now=local("2026-11-23T17:00:01")))
    drafted = answer(at(city.person("dispatcher"), now=morning), case)
    answering.review_answer(
        *(at(city.person("district_dispatcher"), now=morning), case.case_id),
        version=drafted.version,
        approved=False,
        words="请补充",
    )
    put_into_force(at, notice_of_2026(("2026-11-23", "off", "临时放假")), now=morning)
    sweep(at, now=morning)
    found = cases.get_case(uow, case.case_id)
    assert found.deadline is not None
    assert (found.promise_met, found.deadline.state) == (None, DeadlineState.OPEN)
    assert doubts_of(at, case.case_id, by=city.person("dispatcher")) == []


def test_what_waits_for_its_review_has_kept_a_promise_that_is_corrected_until_it_is_sent_back(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city, suggested_category="stability.discipline")
    assert case.promise_due == local("2026-11-23T17:00")
    sweeping.sweep_due(at(now=local("2026-11-23T17:00:01")))
    morning = local("2026-11-24T09:00")
    drafted = answer(at(city.person("dispatcher"), now=morning), case)
    assert (drafted.draft is not None, drafted.promise_met) == (True, False)
    put_into_force(at, notice_of_2026(("2026-11-23", "off", "临时放假")), now=morning)
    sweep(at, now=morning)
    found = cases.get_case(uow, case.case_id)
    assert (found.promise_met, found.promise_due) == (True, local("2026-11-24T17:00"))
    back = answering.review_answer(
        *(at(city.person("district_dispatcher"), now=morning), case.case_id),
        version=found.version,
        approved=False,
        words="请补充",
    )
    assert back.deadline is not None
    assert (back.promise_met, back.deadline.state) == (None, DeadlineState.OPEN)
    assert doubts_of(at, case.case_id, by=city.person("dispatcher")) == []


def swept(clock: RolledBackUnitOfWork) -> RolledBackUnitOfWork:
    sweeping.sweep_due(clock)
    return clock


def test_the_hotlines_reply_moves_and_a_file_that_went_out_stays_as_it_was_written(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    handed = [
        hotline.hand_to_hotline(at(city.person("dispatcher")), case.case_id, version=case.version, words="请核")
        for case in (make_case(uow, city) for _ in range(2))
    ]
    batch = hotline.next_batch(at(city.person("city_dispatcher")))
    assert len(batch.handovers) == 2
    late = make_case(uow, city)
    waiting = hotline.hand_to_hotline(at(city.person("dispatcher")), late.case_id, version=late.version, words="请核")
    dues = [case.limit(DeadlineKind.REPLY).promise.due_at for case in (*handed, waiting)]  # type: ignore[union-attr]
    put_into_force(at, OFF_ON_THURSDAY)
    moved = [event for event in said(sweep(at), DeadlineMovedV1) if event.deadline is PublishedKind.REPLY]
    assert [(event.due_before, event.promise_due) for event in moved] == [(due, None) for due in dues]
    replies = [
        reading.get_case(at(city.person("dispatcher")), case.case_id).hotline_handovers for case in (*handed, waiting)
    ]
    assert [each.reply_due for (each,) in replies] == [*dues[:2], moved[0].due_at]
    assert [doubt for each in (*handed, waiting) for doubt in doubts_of(at, each.case_id)] == []


def test_a_rating_moves_with_what_its_resident_was_told(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    case = make_case(uow, city)
    answer(at(city.person("municipal")), case)
    (asked,) = call_backs_of(uow, case)
    limit = cases.get_case(uow, case.case_id).limit(DeadlineKind.RATING)
    assert limit is not None
    assert limit.promise.due_at == asked.rate_by == DUE
    put_into_force(at, OFF_ON_THURSDAY)
    (event,) = said(sweep(at), DeadlineMovedV1)
    assert (event.deadline, event.promise_due) == (DeadlineKind.RATING, None)
    assert [party.answer for party in event.parties] == [1]
    (asked,) = call_backs_of(uow, case)
    assert asked.rate_by == event.due_at == local("2026-12-01T17:00")
    assert doubts_of(at, case.case_id) == []


def call_backs_of(uow: UnitOfWork, case: Case) -> list[Any]:
    return list(call_backs.list_of_case(uow, case.case_id))


# The notice of 2020 as it was first, and as it was revised in the night of 26 January: the Spring Festival went on to
# 2 February, and Saturday the 1st was worked by nobody.

REVISED_AT = local("2020-01-27T09:00")
_COMMON_OF_2020 = (
    *(("2020-01-01", "off", "元旦"), ("2020-01-19", "work", "调休", "2020-01-29")),
    *((f"2020-01-{day}", "off", "春节") for day in (24, 27, 28, 29, 30)),
    ("2020-04-06", "off", "清明"),
    *((f"2020-05-0{day}", "off", "劳动节") for day in (1, 4, 5)),
    *(("2020-04-26", "work", "调休", "2020-05-04"), ("2020-05-09", "work", "调休", "2020-05-05")),
    *((f"2020-06-{day}", "off", "端午") for day in (25, 26)),
    ("2020-06-28", "work", "调休", "2020-06-26"),
    *((f"2020-10-0{day}", "off", "国庆") for day in (1, 2, 5, 6, 7, 8)),
    *(("2020-09-27", "work", "调休", "2020-10-07"), ("2020-10-10", "work", "调休", "2020-10-08")),
)
FIRST_OF_2020 = Notice(
    2020,
    Status.OFFICIAL,
    rows_of(*_COMMON_OF_2020, ("2020-02-01", "work", "调休", "2020-01-30")),
    note="国办发明电〔2019〕16号",
)
REVISED_OF_2020 = Notice(
    2020, Status.OFFICIAL, rows_of(*_COMMON_OF_2020, ("2020-01-31", "off", "延长")), note="国办发明电〔2020〕1号"
)


@pytest.fixture
def old_city(uow: RolledBackUnitOfWork) -> City:
    """Its posts have been held since 2019."""
    city = lay_city(uow)
    for code, _, _ in POSTS:
        (holder,) = city.posts[code].holders
        held = holder.model_copy(update={"since": local("2019-01-01T00:00")})
        put_post(uow, city.posts[code].model_copy(update={"holders": [held]}))
    return city


def test_january_2020_is_revised_while_it_runs(uow: RolledBackUnitOfWork, old_city: City, at: At) -> None:
    """Known on the 1st of February alone: two breaches had been recorded by the calendar before."""
    began = local("2020-01-20T09:00")
    put_into_force(at, FIRST_OF_2020, now=began)
    uow.now = local("2020-01-23T20:00")
    lights = make_case(uow, old_city, received_at=local("2020-01-22T10:00"))
    errand, window = (
        make_case(uow, old_city, suggested_category="administrative.hukou", received_at=uow.now) for _ in range(2)
    )
    missed = make_case(uow, old_city, suggested_category="administrative.hukou", received_at=local("2020-01-22T10:00"))
    assert lights.promise_due == local("2020-02-04T17:00"), "23 and 31 January, Saturday 1 February, 3, 4"
    assert errand.promise_due == local("2020-01-31T17:00"), "the first day after the festival"

    night = at(now=local("2020-01-31T17:00:01"))
    assert sweeping.sweep_due(night) == 3
    assert len(said(night, DeadlineBreachedV1)) == 3
    answer(at(old_city.person("window"), now=local("2020-02-01T10:00")), window)
    answer(at(old_city.person("window"), now=local("2020-02-01T10:30")), missed)
    assert cases.get_case(uow, window.case_id).promise_met is False

    put_into_force(at, REVISED_OF_2020, now=local("2020-02-01T11:00"))
    clock = sweep(at, now=local("2020-02-01T11:00:05"))
    told = {(event.case_id, event.deadline): event for event in said(clock, DeadlineMovedV1)}

    # What runs is due two working days later, and its resident is told.
    promise = told[lights.case_id, DeadlineKind.PROMISE]
    assert (promise.due_before, promise.due_at, promise.corrects) == (
        lights.promise_due,
        local("2020-02-06T17:00"),
        False,
    )

    # What was recorded as late runs on.
    promise = told[errand.case_id, DeadlineKind.PROMISE]
    assert (promise.corrects, promise.due_at, promise.promise_due) == (True, local("2020-02-03T17:00"), promise.due_at)
    assert (promise.handler.subject, promise.superior.subject) == (
        subject_of("window"),
        subject_of("district_supervisor"),
    )
    found = cases.get_case(uow, errand.case_id)
    assert (found.promise_met, found.is_overdue(clock.now)) == (None, False)
    assert [entry.step for entry in cases.list_entries(uow, found)][-2:] == ["deadline_breached", "deadline_moved"]

    # What was answered late by the calendar before was answered in time.
    promise = told[window.case_id, DeadlineKind.PROMISE]
    assert (promise.corrects, promise.promise_met, promise.promise_due) == (True, True, None)
    found = cases.get_case(uow, window.case_id)
    assert found.deadline is not None
    assert (found.promise_met, found.deadline.state) == (True, DeadlineState.MET)
    assert found.deadline.settled_at == found.answered_at == local("2020-02-01T10:00")

    # What was late before the festival is late.
    assert (missed.case_id, DeadlineKind.PROMISE) not in told
    assert cases.get_case(uow, missed.case_id).promise_met is False

    # The one that runs on is missed once more, if it is not answered.
    late = at(now=local("2020-02-03T17:00:01"))
    assert sweeping.sweep_due(late) == 1
    assert said(late, DeadlineBreachedV1)[0].case_id == errand.case_id
    for case in (lights, errand, window, missed):
        assert doubts_of(at, case.case_id) == []
    assert recounting.sweep_calendar(at(now=late.now)) == 0


def test_a_corrected_breach_of_what_is_closed_is_corrected_for_the_city_too(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    late = local("2026-11-30T18:00")
    sweeping.sweep_due(at(now=late))
    answered = answer(at(city.person("municipal"), now=late), case)
    steps.close_case(at(city.person("municipal"), now=late), case.case_id, version=answered.version)
    assert cases.get_case(uow, case.case_id).promise_met is False
    put_into_force(at, OFF_ON_THURSDAY, now=late + timedelta(hours=1))
    clock = sweep(at, now=late + timedelta(hours=1))
    found = cases.get_case(uow, case.case_id)
    assert (found.state, found.promise_met) == (CaseState.CLOSED, True)
    (city_event,) = said(clock, CityCaseClosedV1)
    assert (city_event.promise_met, city_event.version) == (True, found.version)
    assert doubts_of(at, case.case_id) == []


def test_a_breach_of_what_was_withdrawn_before_it_would_have_been_due_is_none(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    late = local("2026-11-30T18:00")
    sweeping.sweep_due(at(now=late))
    appeal_id, consumer = case.appeals[0].appeal_id, at(now=late, role="consumer")
    withdrawn = AppealWithdrawnV1(version=2, appeal_id=appeal_id, withdrawn_at=late, reason="unwanted")
    opening.withdraw_appeal(consumer, withdrawn)
    put_into_force(at, OFF_ON_THURSDAY, now=late + timedelta(hours=1))
    sweep(at, now=late + timedelta(hours=1))
    found = cases.get_case(uow, case.case_id)
    assert found.deadline is not None
    assert (found.promise_met, found.deadline.state) == (None, DeadlineState.CANCELLED)
    assert doubts_of(at, case.case_id) == []


def _open(uow: UnitOfWork, *, count: int) -> list[UUID]:
    city = lay_city(uow)
    received = [make_appeal(city, received_at=NOW + timedelta(minutes=n)) for n in range(count)]
    opening.open_cases(uow, received)
    found = cases.find_cases_of_appeals_for_change(uow, [event.appeal_id for event in received])
    return [case.case_id for case in found.values()]


def _due_as_before(uow: UnitOfWork) -> list[UUID]:
    return list(uow.execute(text("select case_id from cases where promise_due = :due"), {"due": DUE}).scalars())


async def _put_into_force(api: Database, notice: Notice) -> None:
    drafted = await api.run(lambda uow: calendars.draft_calendar(uow, notice), person=ONE)
    await api.run(lambda uow: calendars.activate_calendar(uow, drafted.version.version), person=OTHER)


async def test_a_crash_in_the_middle_leaves_each_moved_once(
    async_database: AsyncDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = DrivenClock(NOW)

    ids = await async_database("routing", "consumer", clock=clock).run_everywhere(partial(_open, count=12))
    await _put_into_force(async_database("routing", "api", clock=clock), OFF_ON_THURSDAY)

    saved = cases.save_cases
    died: list[int] = []

    def save_and_die(uow: UnitOfWork, changed: Sequence[Case]) -> None:
        saved(uow, changed)
        if len(died) < 3:
            died.append(1)
            raise ConnectionError("the process died before its commit")

    monkeypatch.setattr(cases, "save_cases", save_and_die)
    databases = [async_database("routing", "clock", clock=clock) for _ in range(2)]

    async def work(database: Database) -> int:
        try:
            return await database.run_everywhere(lambda uow: recounting.sweep_calendar(uow, Claim(4)))
        except ConnectionError:
            return 1

    while sum(await asyncio.gather(*map(work, databases))):
        pass
    assert died == [1, 1, 1]

    def look(uow: UnitOfWork) -> list[tuple[int, int, datetime | None]]:
        return [
            (
                sum(entry.step == "deadline_moved" for entry in cases.list_entries(uow, case)),
                uow.execute(
                    text("select count(*) from deadline where case_id = :id"), {"id": case.case_id}
                ).scalar_one(),
                case.promise_due,
            )
            for case in (cases.get_case(uow, case_id) for case_id in ids)
        ]

    found = await databases[0].run_everywhere(look)
    assert found == [(1, 2, local("2026-12-01T17:00"))] * 12
    told = "select count(*) from event_log where type = 'routing.case.deadline_moved.v1'"
    assert await databases[0].run_everywhere(lambda uow: uow.execute(text(told)).scalar_one()) == 12


async def test_a_case_that_makes_the_count_fail_is_set_aside_and_no_other_waits_behind_it(
    async_database: AsyncDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    clock = DrivenClock(NOW)
    consumer = async_database("routing", "consumer", clock=clock)
    ids = await consumer.run_everywhere(partial(_open, count=4))
    await consumer.run_everywhere(partial(spoil, case_id=ids[1]))
    await _put_into_force(async_database("routing", "api", clock=clock), OFF_ON_THURSDAY)
    recounter = async_database("routing", "clock", clock=clock)
    loop = make_recounter(recounter)

    async def left() -> tuple[list[UUID], list[UUID]]:
        await loop.catch_up()
        return await recounter.run_everywhere(_due_as_before), set_aside(caplog)

    assert await left() == ([ids[1]], [ids[1]])
    assert await left() == ([ids[1]], [ids[1]]), "it is left alone for a while"
    await consumer.run_everywhere(partial(mend, case_id=ids[1]))
    clock.set(clock.now() + ASIDE_FOR)
    assert await left() == ([], [ids[1]])


def test_the_example_of_a_notice_is_a_whole_year_that_is_taken(at: At) -> None:
    example = Path(__file__).parents[2] / "docs" / "examples" / "notice-2027.csv"
    _, *lines = csv.reader(example.read_text().splitlines())
    drafted = calendars.draft_calendar(at(ONE), Notice(2027, Status.OFFICIAL, rows_of(*lines))).version
    after = policy.get_calendar_of(at(ONE), drafted.version)
    assert after.working_days_in(2027) == 248


# Why it falls due then. ----------------------------------------------------------------------------------------------


def test_an_explanation_says_by_which_calendars_it_was_counted_again(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    version = put_into_force(at, OFF_ON_THURSDAY)
    sweep(at)
    put_into_force(at, notice_of_2026(("2026-11-26", "off"), ("2026-11-27", "off", "临时放假")))
    sweep(at)
    found = standing(at(role="api"), case)
    assert (found.cause, found.source, found.agrees) == (Cause.RECEIVED, Source.TABLE, True)
    assert [(each.calendar_version, each.due_before) for each in found.recounts] == [
        (version, DUE),
        (version + 1, local("2026-12-01T17:00")),
    ]
    aloud = read_aloud(found)
    assert "自收到诉求时起算：2026年11月23日（星期一）09:00。" in aloud["zh"]
    assert (
        f"The calendar has changed: on Monday 23 November 2026 it was counted again on version {version}; before: "
        "17:00 on Monday 30 November 2026."
    ) in aloud["en"]
    assert (
        f"工作日历更新，2026年11月23日（星期一）按第{version}版重新计算；原期限为2026年11月30日（星期一）17:00。"
    ) in aloud["zh"]


@pytest.mark.parametrize(
    "change, about",
    [
        ("start_at = start_at + interval '1 day'", "start_at"),
        ("count = count - 1", "count"),
        ("unit = 'working_days'", "unit"),
    ],
)
def test_what_was_not_counted_again_from_where_the_one_before_it_ends_now_is_found(
    uow: RolledBackUnitOfWork, city: City, at: At, change: str, about: str
) -> None:
    case = make_case(uow, city)
    make_extended(city, at, case)
    put_into_force(at, OFF_ON_THURSDAY)
    sweep(at)
    assert standing(at(role="api"), case).agrees
    open_of_it = {"case": case.case_id}
    uow.execute(text(f"update deadline set {change} where case_id = :case and state = 'open'"), open_of_it)
    found = {(each.witness, each.about) for each in standing(at(role="api"), case).differences}
    assert (Witness.PROMISE_BEFORE, about) in found


def test_what_goes_on_from_what_is_not_to_be_seen_is_held_against_the_rest(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    """A promise that was extended came from another case, which not everybody sees."""
    put_post(uow, make_post(city, "other_municipal", Duty.MUNICIPAL, "other"), version=1)
    elsewhere = {"place_id": city.ids["other"], "placed_path": city.paths["other"]}
    into, other = make_case(uow, city), make_case(uow, city, received_at=local("2026-11-17T10:00"), **elsewhere)
    make_extended(city, at, other, holder="other_municipal", ruler="other_dispatcher")
    merging.merge(at(city.person("city_dispatcher")), cases.get_case(uow, other.case_id), into)
    assert cases.get_case(uow, into.case_id).promise_due == local("2026-11-26T17:00")
    put_into_force(at, notice_of_2026(("2026-11-24", "off", "临时放假")))
    sweep(at)
    assert cases.get_case(uow, into.case_id).promise_due == local("2026-11-27T17:00")
    unseen = standing(at(city.person("dispatcher")), into)
    assert (unseen.cause, unseen.agrees, unseen.moved_through) == (Cause.MERGED, True, [other.number])
    assert standing(at(role="api"), into).cause is Cause.EXTENDED
    assert doubts(at(role="api"), into.case_id) == []


def test_what_is_extended_goes_on_from_the_promise_whatever_limit_was_moved_last(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    late = at(city.person("dispatcher"), now=local("2026-11-25T09:00"))
    hotline.hand_to_hotline(late, case.case_id, version=case.version, words="请核")
    put_into_force(at, notice_of_2026(("2026-12-01", "off", "临时放假")))
    (event,) = said(sweep(at), DeadlineMovedV1)
    assert event.deadline is PublishedKind.REPLY
    extended = make_extended(city, at, cases.get_case(uow, case.case_id))
    assert extended.promise_due == local("2026-12-03T17:00")
    assert doubts_of(at, case.case_id) == []
