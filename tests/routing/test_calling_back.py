"""After the answer: how residents are asked, who calls them, what silence is, and what is done again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty
from contracts.intake import AppealRatedV1, AppealReceivedV1, AppealWithdrawnV1
from contracts.notify import MessageFailedV1, MessageWithheldV1
from contracts.routing import CallBackOwedV1, CaseAnsweredV1, CaseRedoneV1, CaseResortedV1, CaseState, RecordKind
from kit.crypto import KeyRing, new_key
from kit.errors import NotYet
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from network import consumers as network
from routing.domain.call_back import MOST_ATTEMPTS, CallBack, Way
from routing.domain.case import Case, ClosedReason, DeadlineKind, DeadlineState
from routing.domain.chain import list_faults
from routing.domain.recording import Work
from routing.domain.rules import Demand
from routing.domain.steps import STEPS, Step
from routing.errors import (
    CallBackOwed,
    CaseChanged,
    CaseNotFound,
    NoCallBackOwed,
    NotYourStep,
    RulingBinds,
    StepNotAllowed,
)
from routing.repository import call_backs, cases
from routing.service import (
    answering,
    calling_back,
    dispatching,
    merging,
    notices,
    opening,
    rating,
    reading,
    recording,
    supervising,
    sweeping,
)

from tests.conftest import UnitOfWorkOf
from tests.routing.auditing import faults_of, misfigured
from tests.routing.conftest import At, City, local, make_appeal, make_post, put_post, statements_of, subject_of
from tests.routing.test_steps import TAKE, WAY, As, make_case, make_case_in

RING = KeyRing.parse(new_key("k1"))
WORDS = "居民说灯还是不亮"


@pytest.fixture
def clock_at(uow_of: UnitOfWorkOf) -> Callable[[datetime], RolledBackUnitOfWork]:
    return lambda now: uow_of("routing", role="clock", now=now)


def answered(uow: RolledBackUnitOfWork, city: City, as_person: As, *, by: str = "municipal", **overrides: Any) -> Case:
    case = make_case(uow, city, **overrides)
    return TAKE[Step.ANSWER](as_person(city.person(by)), case)


def withhold(uow: RolledBackUnitOfWork, case: Case, **overrides: Any) -> Case:
    """No message reaches its resident."""
    facts = {
        "version": 1,
        "message_id": uuid4(),
        "case_id": case.case_id,
        "appeal_id": case.appeals[0].appeal_id,
        "template": "case_answered",
        "withheld_at": NOW,
    }
    notices.record_notice_withheld(uow, MessageWithheldV1.model_validate({**facts, **overrides}))
    return cases.get_case(uow, case.case_id)


def to_be_called(uow: RolledBackUnitOfWork, city: City, as_person: As, **overrides: Any) -> Case:
    return withhold(uow, answered(uow, city, as_person, **overrides))


def call(by: RolledBackUnitOfWork, case: Case, *, solved: bool | None, **more: Any) -> Case:
    return rating.call_back_resident(
        by, case.case_id, **{"version": case.version, "words": WORDS, "solved": solved, **more}
    )


def rate(uow: RolledBackUnitOfWork, case: Case, *, solved: bool, answer: int = 1, score: int = 4) -> Case:
    event = AppealRatedV1(
        version=2,
        appeal_id=case.appeals[0].appeal_id,
        answer=answer,
        rated_at=uow.now,
        solved=solved,
        rating=score,
    )
    rating.take_rating(uow, event)
    return cases.get_case(uow, case.case_id)


def asked_of(uow: RolledBackUnitOfWork, case: Case) -> list[CallBack]:
    return call_backs.list_of_case(uow, case.case_id)


def steps_of(uow: RolledBackUnitOfWork, case: Case) -> list[str]:
    now = cases.get_case(uow, case.case_id)
    entries = cases.list_entries(uow, now)
    assert list_faults(entries, head=now.head, length=now.version) == []
    return [entry.step for entry in entries]


def owed_to(uow: RolledBackUnitOfWork) -> list[UUID]:
    page = Page(limit=9, of_list="callbacks", ring=RING, cursor=None)
    return [line.call_back.case_id for line in calling_back.list_owed(uow, page).items]


def test_of_all_that_a_message_was_about_which_reached_nobody_its_resident_is_called(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    """One who has two appeals in the case had one message; somebody else's stays as it is."""
    case, person = make_case(uow, city), uuid4()
    mine = [make_appeal(city, repeat_of=case.appeals[0].appeal_id, person_id=person) for _ in range(2)]
    opening.open_cases(uow, mine)
    case = TAKE[Step.ANSWER](as_person(city.person("municipal")), cases.get_case(uow, case.case_id))
    after = withhold(uow, case, appeal_id=mine[0].appeal_id)
    assert after.calls_owed == 2
    ways = {asked.appeal_id: asked.way for asked in asked_of(uow, after)}
    assert ways == {
        case.appeals[0].appeal_id: Way.MESSAGE,
        mine[0].appeal_id: Way.PERSON,
        mine[1].appeal_id: Way.PERSON,
    }


# How they are asked ----------------------------------------------------------------------------------------------


def test_an_answer_asks_its_resident_until_a_date(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    mine = as_person(city.person("municipal"))
    after = TAKE[Step.ANSWER](mine, case)
    said = CaseAnsweredV1.model_validate_json(mine.published[0].body or "")
    # NOW is Monday 23 November, 09:00: five working days on is the next Monday's close.
    assert said.rate_by == local("2026-11-30T17:00:00")
    assert [party.answer for party in said.parties] == [1]
    (asked,) = asked_of(uow, after)
    assert (asked.way, asked.seq, asked.rate_by, asked.is_open) == (Way.MESSAGE, after.version, said.rate_by, True)
    assert after.answered_by == subject_of("municipal")


def test_whoever_gave_no_name_is_asked_by_the_progress_page_alone(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = answered(uow, city, as_person, person_id=None)
    assert [asked.way for asked in asked_of(uow, case)] == [Way.PAGE]
    case = withhold(uow, case)
    assert case.calls_owed == 0
    assert TAKE[Step.CLOSE](as_person(city.person("municipal")), case).state is CaseState.CLOSED


def test_what_was_settled_on_the_spot_asks_nobody(uow: RolledBackUnitOfWork, city: City) -> None:
    event = make_appeal(city, done_on_the_spot=True, taken_by=subject_of("window"))
    opening.open_cases(uow, [event])
    case = cases.find_cases_of_appeals_for_change(uow, [event.appeal_id])[event.appeal_id]
    assert (case.state, asked_of(uow, case)) == (CaseState.CLOSED, [])


def test_who_has_withdrawn_is_not_asked(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = to_be_called(uow, city, as_person)
    event = AppealWithdrawnV1(
        version=2, appeal_id=case.appeals[0].appeal_id, withdrawn_at=NOW, withdrawn_by=None, reason="unwanted"
    )
    opening.withdraw_appeal(uow, event)
    after = cases.get_case(uow, case.case_id)
    assert (after.state, after.calls_owed, owed_to(as_person(city.person("window")))) == (CaseState.CLOSED, 0, [])


def test_a_case_closes_when_the_last_who_was_to_be_called_withdraws(
    uow: RolledBackUnitOfWork, city: City, as_person: As, at: At
) -> None:
    into, case = make_case(uow, city), make_case(uow, city, reached_by_message=False)
    dispatcher = as_person(city.person("dispatcher"))
    merging.merge_case(dispatcher, case.case_id, version=case.version, into=into.number, words="同一处")
    after = TAKE[Step.ANSWER](as_person(city.person("municipal")), cases.get_case(uow, into.case_id))
    sweeping.sweep_due(at(now=NOW + timedelta(days=30)))
    assert (cases.get_case(uow, after.case_id).state, after.calls_owed) == (CaseState.ANSWERED, 1)
    event = AppealWithdrawnV1(
        version=2, appeal_id=case.appeals[0].appeal_id, withdrawn_at=NOW, withdrawn_by=None, reason="unwanted"
    )
    opening.withdraw_appeal(at(role="consumer", now=NOW + timedelta(days=31)), event)
    assert cases.get_case(uow, after.case_id).closed_reason is ClosedReason.DONE


# Who is called, and by whom --------------------------------------------------------------------------------------


def test_a_case_closes_by_hand_once_its_resident_was_asked(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = answered(uow, city, as_person)
    assert TAKE[Step.CLOSE](as_person(city.person("municipal")), case).closed_reason is ClosedReason.DONE


def test_whom_no_message_reaches_somebody_has_to_ask_before_it_closes(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = to_be_called(uow, city, as_person)
    assert (case.calls_owed, [asked.way for asked in asked_of(uow, case)]) == (1, [Way.PERSON])
    mine = as_person(city.person("municipal"))
    with pytest.raises(CallBackOwed, match="1"):
        TAKE[Step.CLOSE](mine, case)
    case = call(as_person(city.person("window")), case, solved=True, rating=5)
    assert TAKE[Step.CLOSE](mine, case).state is CaseState.CLOSED
    (asked,) = asked_of(uow, case)
    assert (asked.solved, asked.rating, asked.rated_by, asked.attempts) == (True, 5, subject_of("window"), 1)


def unreached(uow: RolledBackUnitOfWork, city: City, as_person: As, **overrides: Any) -> Case:
    """Answered, and whoever took it knew that no message reaches its resident."""
    return answered(uow, city, as_person, reached_by_message=False, **overrides)


def test_whom_no_message_reaches_is_owed_a_call_with_the_answer_so_that_no_closing_outruns_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    mine = as_person(city.person("municipal"))
    case = TAKE[Step.ANSWER](mine, make_case(uow, city, reached_by_message=False))
    assert (case.calls_owed, [asked.way for asked in asked_of(uow, case)]) == (1, [Way.PERSON])
    assert steps_of(uow, case)[-2:] == ["answered", "call_back_owed"]
    assert cases.list_entries(uow, case)[-1].facts["dispatcher"] == subject_of("dispatcher")
    told = [event for event in mine.published if event.topic == "routing.case.v1"]
    assert [(event.type, event.version) for event in told] == [
        (CaseAnsweredV1.TYPE, case.version - 1),
        (CallBackOwedV1.TYPE, case.version),
    ]
    assert Step.CLOSE not in reading.get_case(mine, case.case_id).steps
    with pytest.raises(CallBackOwed, match="calls each"):
        TAKE[Step.CLOSE](mine, case)
    case = call(as_person(city.person("window")), case, solved=True, rating=5)
    assert Step.CLOSE in reading.get_case(mine, case.case_id).steps
    assert TAKE[Step.CLOSE](mine, case).state is CaseState.CLOSED


def test_three_attempts_in_vain_let_it_close(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = unreached(uow, city, as_person)
    for _ in range(MOST_ATTEMPTS):
        assert Step.CLOSE not in reading.get_case(as_person(city.person("municipal")), case.case_id).steps
        case = call(as_person(city.person("window")), case, solved=None)
    assert TAKE[Step.CLOSE](as_person(city.person("municipal")), case).state is CaseState.CLOSED


def test_that_their_notice_was_withheld_is_known_by_then(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = unreached(uow, city, as_person)
    assert (withhold(uow, case).version, withhold(uow, case).calls_owed) == (case.version, 1)


def test_another_answer_owes_another_call_in_place_of_the_first(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = unreached(uow, city, as_person)
    case = TAKE[Step.ANSWER](as_person(city.person("municipal")), case)
    assert (case.calls_owed, [asked.is_open for asked in asked_of(uow, case)]) == (1, [False, True])
    assert call(as_person(city.person("window")), case, solved=True, rating=5).calls_owed == 0


def test_of_a_case_of_several_those_are_called_whom_no_message_reaches(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    into, case = make_case(uow, city), make_case(uow, city, reached_by_message=False)
    dispatcher = as_person(city.person("dispatcher"))
    merging.merge_case(dispatcher, case.case_id, version=case.version, into=into.number, words="同一处")
    after = TAKE[Step.ANSWER](as_person(city.person("municipal")), cases.get_case(uow, into.case_id))
    ways = {asked.appeal_id: asked.way for asked in asked_of(uow, after)}
    assert ways == {into.appeals[0].appeal_id: Way.MESSAGE, case.appeals[0].appeal_id: Way.PERSON}
    assert after.calls_owed == 1


def test_whoever_gave_no_name_is_owed_no_call_though_no_message_reaches_them(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = unreached(uow, city, as_person, person_id=None)
    assert (case.calls_owed, [asked.way for asked in asked_of(uow, case)]) == (0, [Way.PAGE])


def test_an_appeal_that_says_nothing_of_it_is_asked_by_message() -> None:
    assert AppealReceivedV1.model_fields["reached_by_message"].default is True


def test_a_message_that_failed_is_followed_by_a_call(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = answered(uow, city, as_person)
    event = MessageFailedV1(
        version=1,
        message_id=uuid4(),
        case_id=case.case_id,
        appeal_id=case.appeals[0].appeal_id,
        template="case_answered",
        means="sms",
        reason="no_address",
        failed_at=NOW,
    )
    notices.record_notice_not_delivered(uow, event)
    assert cases.get_case(uow, case.case_id).calls_owed == 1
    assert steps_of(uow, case)[-2:] == ["notice_not_delivered", "call_back_owed"]


@pytest.mark.parametrize("template", ["case_accepted", "case_closed"])
def test_other_notices_that_reach_nobody_ask_for_no_call(
    uow: RolledBackUnitOfWork, city: City, as_person: As, template: str
) -> None:
    case = withhold(uow, answered(uow, city, as_person), template=template)
    assert case.calls_owed == 0


def test_that_no_message_reaches_them_counts_once(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = withhold(uow, to_be_called(uow, city, as_person))
    assert case.calls_owed == 1
    assert steps_of(uow, case).count("call_back_owed") == 1


def test_the_narrowest_dispatcher_who_did_not_handle_it_is_told(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = to_be_called(uow, city, as_person)
    assert cases.list_entries(uow, case)[-1].facts["dispatcher"] == subject_of("dispatcher")
    by_them = to_be_called(uow, city, as_person, by="dispatcher")
    assert cases.list_entries(uow, by_them)[-1].facts["dispatcher"] == subject_of("district_dispatcher")


@pytest.mark.parametrize("who", ["window", "dispatcher", "district_dispatcher", "city_dispatcher"])
def test_clerks_and_dispatchers_of_the_place_and_above_call(
    uow: RolledBackUnitOfWork, city: City, as_person: As, who: str
) -> None:
    case = to_be_called(uow, city, as_person)
    mine = as_person(city.person(who))
    assert owed_to(mine) == [case.case_id]
    assert Step.CALL_BACK in reading.get_case(mine, case.case_id).steps
    assert call(mine, case, solved=None).calls_owed == 1


@pytest.mark.parametrize("who", ["municipal", "legal", "district_supervisor"])
def test_nobody_else_calls(uow: RolledBackUnitOfWork, city: City, as_person: As, who: str) -> None:
    case = to_be_called(uow, city, as_person)
    mine = as_person(city.person(who))
    with pytest.raises(NotYourStep):
        call(mine, case, solved=True)
    assert owed_to(mine) == []
    assert cases.get_case(uow, case.case_id).version == case.version


def test_neither_who_answered_nor_who_holds_it_calls_by_another_post(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    by_them = to_be_called(uow, city, as_person, by="dispatcher")
    both = as_person(city.person("municipal", "window"))
    for person in (as_person(city.person("dispatcher")), both):
        with pytest.raises(NotYourStep):
            call(person, by_them, solved=True)
        assert owed_to(person) == []


def test_another_place_sees_nobody_to_call(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = to_be_called(uow, city, as_person)
    other = as_person(city.person("other_dispatcher"))
    assert owed_to(other) == []
    with pytest.raises(CaseNotFound):
        call(other, case, solved=True)


def test_the_third_time_in_vain_ends_it_as_not_rated(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = to_be_called(uow, city, as_person)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        case = call(as_person(city.person("window")), case, solved=None)
        assert cases.list_entries(uow, case)[-1].facts["attempt"] == attempt
    (asked,) = asked_of(uow, case)
    assert (asked.solved, asked.rating, asked.is_open, case.calls_owed) == (None, None, False, 0)
    with pytest.raises(NoCallBackOwed):
        call(as_person(city.person("window")), case, solved=True)
    assert TAKE[Step.CLOSE](as_person(city.person("municipal")), case).state is CaseState.CLOSED


def test_what_was_closed_before_it_was_known_is_still_asked(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = answered(uow, city, as_person)
    closed = withhold(uow, TAKE[Step.CLOSE](as_person(city.person("municipal")), case))
    again = call(as_person(city.person("window")), closed, solved=False)
    assert (again.state, again.closed_at, again.closed_reason) == (CaseState.ASSIGNED, None, None)


@pytest.mark.parametrize("state", WAY)
def test_nobody_is_called_where_no_call_is_owed(
    uow: RolledBackUnitOfWork, city: City, as_person: As, state: CaseState
) -> None:
    case = make_case_in(state, uow, city, as_person)
    refused = NoCallBackOwed if state in STEPS[Step.CALL_BACK].states else StepNotAllowed
    with pytest.raises(refused):
        call(as_person(city.person("window")), case, solved=True)
    assert cases.get_case(uow, case.case_id).version == case.version


def test_a_call_on_an_old_version_is_refused(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = to_be_called(uow, city, as_person)
    with pytest.raises(CaseChanged):
        call(as_person(city.person("window")), case, solved=True, version=case.version - 1)


def test_the_list_is_paged_place_by_place(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    places = ("area", "community", "area")
    wanted = [to_be_called(uow, city, as_person, place=place) for place in places]
    expected = [case.case_id for case in sorted(wanted, key=lambda case: (case.placed_path, case.case_id))]
    window, cursor, seen = as_person(city.person("window")), None, []
    for _ in wanted:
        sheet = calling_back.list_owed(window, Page(limit=1, of_list="callbacks", ring=RING, cursor=cursor))
        seen += [line.call_back.case_id for line in sheet.items]
        cursor = sheet.next
    assert (seen, cursor) == (expected, None)


# What they say by the link ---------------------------------------------------------------------------------------


def test_what_is_solved_stands_on_the_case(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = rate(uow, answered(uow, city, as_person), solved=True, score=5)
    (asked,) = asked_of(uow, case)
    assert (case.state, asked.solved, asked.rating, asked.rated_by) == (CaseState.ANSWERED, True, 5, None)
    assert steps_of(uow, case)[-1] == "rated"


def test_who_has_said_so_by_the_link_need_not_be_called(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = rate(uow, to_be_called(uow, city, as_person), solved=True)
    assert case.calls_owed == 0


def test_a_rating_of_an_answer_before_changes_nothing(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = rate(uow, answered(uow, city, as_person), solved=False)
    again = TAKE[Step.ANSWER](as_person(city.person("municipal")), case)
    after = rate(uow, again, solved=False, answer=1)
    assert (after.state, [asked.solved for asked in asked_of(uow, after)]) == (CaseState.ANSWERED, [False, None])
    assert rate(uow, after, solved=True, answer=2).state is CaseState.ANSWERED


def test_a_rating_before_its_appeal_waits_for_that(uow: RolledBackUnitOfWork, city: City) -> None:
    stranger = AppealRatedV1(version=2, appeal_id=uuid4(), answer=1, rated_at=NOW, solved=True, rating=3)
    with pytest.raises(NotYet):
        rating.take_rating(uow, stranger)


def test_a_closed_case_is_opened_again_by_what_is_not_solved(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = answered(uow, city, as_person)
    closed = TAKE[Step.CLOSE](as_person(city.person("municipal")), case)
    after = rate(uow, closed, solved=False)
    assert (after.state, after.holder_post_id) == (CaseState.ASSIGNED, city.posts["municipal"].post_id)
    assert TAKE[Step.START](as_person(city.person("municipal")), after).state is CaseState.IN_PROGRESS


# Silence ---------------------------------------------------------------------------------------------------------


def test_silence_closes_it_as_not_rated(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    case = answered(uow, city, as_person)
    until = asked_of(uow, case)[0].rate_by
    assert sweeping.sweep_due(clock_at(until)) == 0
    clock = clock_at(until + timedelta(seconds=1))
    assert (sweeping.sweep_due(clock), sweeping.sweep_due(clock)) == (1, 0)
    after = cases.get_case(uow, case.case_id)
    assert (after.state, after.closed_reason) == (CaseState.CLOSED, ClosedReason.DONE)
    assert [(asked.solved, asked.rating) for asked in asked_of(uow, after)] == [(None, None)]
    assert [event.type for event in clock.published] == ["routing.case.closed.v1", "city.case.closed.v1"]
    assert cases.list_entries(uow, after)[-1].by is None


def test_what_is_owed_or_in_custody_keeps_silence_from_closing_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    mine = as_person(city.person("municipal"))
    kept, called = make_case(uow, city), to_be_called(uow, city, as_person)
    recording.record_work(mine, kept.case_id, Work(RecordKind.PAPERS_RECEIVED, papers=("户口簿",)))
    kept = TAKE[Step.ANSWER](mine, cases.get_case(uow, kept.case_id))
    late = clock_at(NOW + timedelta(days=30))
    assert (sweeping.sweep_due(late), sweeping.sweep_due(late), late.published) == (2, 0, [])
    assert {cases.get_case(uow, case.case_id).state for case in (kept, called)} == {CaseState.ANSWERED}


def test_a_call_that_comes_after_the_time_closes_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    case, later = to_be_called(uow, city, as_person), NOW + timedelta(days=30)
    sweeping.sweep_due(clock_at(later))
    after = call(as_person(city.person("window"), now=later), case, solved=True)
    assert after.state is CaseState.CLOSED


def test_a_sweep_over_what_nobody_rated_costs_the_same_however_many(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    def statements(count: int) -> int:
        for _ in range(count):
            answered(uow, city, as_person)
        clock = clock_at(NOW + timedelta(days=30))
        return len(statements_of(clock, lambda: sweeping.sweep_due(clock)))

    assert statements(1) == statements(8)


# Done again ------------------------------------------------------------------------------------------------------


def test_what_is_not_solved_is_done_again_by_who_holds_it_by_a_limit_of_its_own(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = answered(uow, city, as_person)
    after = rate(uow, case, solved=False, score=1)
    assert (after.state, after.holder_post_id) == (CaseState.ASSIGNED, city.posts["municipal"].post_id)
    assert (after.received_at, after.promise_met) == (case.received_at, True)
    (limit,) = after.limits
    # Three working days from Monday morning.
    assert (limit.kind, limit.promise.due_at) == (DeadlineKind.REDO, local("2026-11-26T17:00:00"))
    assert after.promise_due == limit.promise.due_at
    assert faults_of(uow, after.case_id) == []
    assert steps_of(uow, after)[-2:] == ["rated", "redone"]
    told = next(e for e in reversed(uow.published) if e.type == CaseRedoneV1.TYPE)
    said = CaseRedoneV1.model_validate_json(told.body or "")
    assert (said.redos, said.handler and said.handler.subject) == (1, subject_of("municipal"))
    assert said.superior is not None
    assert said.superior.subject == subject_of("district_supervisor")


def test_what_is_done_again_and_sorted_anew_is_told_by_its_own_limit(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = rate(uow, answered(uow, city, as_person), solved=False, score=1)
    dispatcher = as_person(city.person("dispatcher"))
    dispatching.re_sort_case(
        dispatcher, case.case_id, version=case.version, category="administrative.hukou", words="改类"
    )
    (told,) = [event for event in dispatcher.published if event.type == CaseResortedV1.TYPE]
    said = CaseResortedV1.model_validate_json(told.body or "")
    assert said.promise_due == case.promise_due
    assert said.promise_text["zh"].endswith("2026年11月26日17:00前")


@pytest.mark.parametrize("closes", [False, True])
def test_of_a_case_of_several_only_theirs_is_done_again(
    uow: RolledBackUnitOfWork, city: City, as_person: As, closes: bool
) -> None:
    case = make_case(uow, city)
    again = make_appeal(city, repeat_of=case.appeals[0].appeal_id)
    opening.open_cases(uow, [again])
    mine = as_person(city.person("municipal"))
    shared = TAKE[Step.ANSWER](mine, cases.get_case(uow, case.case_id))
    if closes:
        shared = TAKE[Step.CLOSE](mine, shared)
    contested = AppealRatedV1(version=2, appeal_id=again.appeal_id, answer=1, rated_at=NOW, solved=False, rating=1)
    rating.take_rating(uow, contested)
    own = cases.find_cases_of_appeals_for_change(uow, [again.appeal_id])[again.appeal_id]
    left = cases.get_case(uow, case.case_id)
    assert (own.state, [party.appeal_id for party in own.parties]) == (CaseState.ASSIGNED, [again.appeal_id])
    assert (own.received_at, own.holder_post_id) == (case.received_at, case.holder_post_id)
    assert steps_of(uow, own) == ["split_off", "redone"]
    assert (left.state, [party.appeal_id for party in left.parties]) == (shared.state, [case.appeals[0].appeal_id])
    assert steps_of(uow, left)[-2:] == ["rated", "split"]
    assert [asked.appeal_id for asked in asked_of(uow, left)] == [case.appeals[0].appeal_id]
    assert [asked.solved for asked in asked_of(uow, own)] == [False]
    assert TAKE[Step.ANSWER](mine, own).state is CaseState.ANSWERED


OF_ONE: dict[str, dict[str, Any]] = {
    "of one author": {"person_id": uuid4(), "asker": None},
    "reached at one address": {"asker": uuid4()},
}


def make_doubly_asked(uow: RolledBackUnitOfWork, city: City, as_person: As, **whose: Any) -> tuple[Case, list[UUID]]:
    """A case that was answered, of somebody and of one resident with two appeals in it, which are named."""
    case, dispatcher = make_case(uow, city, reached_by_message=True), as_person(city.person("dispatcher"))
    theirs = [make_case(uow, city, **whose) for _ in range(2)]
    for each in theirs:
        merging.merge_case(dispatcher, each.case_id, version=each.version, into=case.number, words="同一处")
    answered = TAKE[Step.ANSWER](as_person(city.person("municipal")), cases.get_case(uow, case.case_id))
    return answered, [each.appeals[0].appeal_id for each in theirs]


def contest(uow: RolledBackUnitOfWork, appeal_id: UUID, *, answer: int = 1) -> Case:
    said = AppealRatedV1(version=2, appeal_id=appeal_id, answer=answer, rated_at=uow.now, solved=False, rating=1)
    rating.take_rating(uow, said)
    return cases.find_cases_of_appeals_for_change(uow, [appeal_id])[appeal_id]


@pytest.mark.parametrize("whose", OF_ONE)
def test_all_that_one_resident_asks_in_a_case_is_done_again_together_and_once(
    uow: RolledBackUnitOfWork, city: City, as_person: As, whose: str
) -> None:
    case, theirs = make_doubly_asked(uow, city, as_person, **OF_ONE[whose])
    own = contest(uow, theirs[0])
    assert {party.appeal_id for party in own.parties} == set(theirs)
    assert [party.appeal_id for party in cases.get_case(uow, case.case_id).parties] == [case.appeals[0].appeal_id]
    same = contest(uow, theirs[1])
    assert (same.case_id, steps_of(uow, same)) == (own.case_id, ["split_off", "redone", "rated"]), "by the other link"
    again = TAKE[Step.ANSWER](as_person(city.person("municipal")), same)
    after = contest(uow, theirs[1], answer=2)
    assert after.case_id == again.case_id
    assert [entry.facts["redos"] for entry in cases.list_entries(uow, after) if entry.step == "redone"] == [1, 2]
    assert after.holder_post_id == city.posts["district_dispatcher"].post_id, "the next tier, whichever link it was"
    assert misfigured(uow) == []


def test_whoever_was_called_about_one_of_their_appeals_is_not_to_be_called_about_the_other(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, theirs = make_doubly_asked(uow, city, as_person, asker=uuid4(), reached_by_message=False)
    assert case.calls_owed == 2
    call(as_person(city.person("window")), case, solved=False, appeal_id=theirs[0])
    own = cases.find_cases_of_appeals_for_change(uow, [theirs[1]])[theirs[1]]
    assert {party.appeal_id for party in own.parties} == set(theirs)
    assert (own.calls_owed, cases.get_case(uow, case.case_id).calls_owed) == (0, 0)
    assert owed_to(as_person(city.person("window"))) == []


def test_an_answer_in_time_keeps_the_limit_and_asks_anew(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = rate(uow, answered(uow, city, as_person), solved=False)
    mine = as_person(city.person("municipal"))
    again = TAKE[Step.ANSWER](mine, case)
    assert [(limit.kind, limit.state) for limit in again.limits] == [
        (DeadlineKind.REDO, DeadlineState.MET),
        (DeadlineKind.RATING, DeadlineState.OPEN),
    ]
    said = CaseAnsweredV1.model_validate_json(mine.published[0].body or "")
    assert [party.answer for party in said.parties] == [2]
    assert [asked.answer for asked in asked_of(uow, again)] == [1, 2]


@pytest.mark.parametrize("reviewed", [False, True])
def test_an_answer_after_the_limit_has_missed_it_though_no_clock_came_by(
    uow: RolledBackUnitOfWork, city: City, as_person: As, reviewed: bool
) -> None:
    case = rate(uow, answered(uow, city, as_person), solved=False)
    if reviewed:
        case.demands = frozenset({Demand.REVIEW})
        cases.save_cases(uow, [case])
    assert case.promise_due is not None
    late = case.promise_due + timedelta(seconds=1)
    again = TAKE[Step.ANSWER](as_person(city.person("municipal"), now=late), cases.get_case(uow, case.case_id))
    if reviewed:
        above = as_person(city.person("dispatcher"), now=late)
        again = answering.review_answer(above, case.case_id, version=again.version, approved=True, words=WORDS)
    limits = {each.kind: each.state for each in cases.list_deadlines(uow, case.case_id)}
    assert (again.state, limits[DeadlineKind.REDO]) == (CaseState.ANSWERED, DeadlineState.BREACHED)
    assert watched(as_person(city.person("district_supervisor"), now=late)) == []
    assert faults_of(uow, case.case_id) == []


def test_a_redo_that_is_late_is_missed_alone_and_the_superior_is_told(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    case = rate(uow, answered(uow, city, as_person), solved=False)
    assert case.promise_due is not None
    clock = clock_at(case.promise_due + timedelta(seconds=1))
    assert sweeping.sweep_due(clock) == 1
    after = cases.get_case(uow, case.case_id)
    assert (after.state, after.promise_met, after.is_overdue(clock.now)) == (CaseState.ASSIGNED, True, True)
    assert cases.list_entries(uow, after)[-1].facts["kind"] == "redo"


def watched(uow: RolledBackUnitOfWork) -> list[UUID]:
    """The cases that a superior has on their list."""
    return [line.supervision.case_id for line in supervising.list_mine(uow, Page(9, "a list", RING)).items]


def test_the_next_tier_has_what_is_done_again_on_its_list_until_it_is_answered(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    network.copy_posts(uow, [make_post(city, "head", Duty.SUPERVISOR, "community")], versions=[1])
    case = rate(uow, answered(uow, city, as_person), solved=False)
    assert case.supervisor_post_id == city.posts["district_supervisor"].post_id
    assert watched(as_person(city.person("head"))) == []
    assert watched(as_person(city.person("district_supervisor"))) == [case.case_id]
    after = TAKE[Step.ANSWER](as_person(city.person("municipal")), case)
    assert after.supervisor_post_id is None
    assert watched(as_person(city.person("district_supervisor"))) == []


def test_what_is_done_again_climbs_from_whoever_has_an_eye_on_it_once_it_is_late(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    """Due on Thursday; they have a working day more."""
    case, second = rate(uow, answered(uow, city, as_person), solved=False), timedelta(seconds=1)
    thursday, friday = local("2026-11-26T17:00"), local("2026-11-27T17:00")
    assert case.promise_due == thursday
    sweeping.sweep_due(clock_at(thursday + second))
    sweeping.sweep_due(clock_at(friday))
    assert cases.get_case(uow, case.case_id).supervisor_post_id == city.posts["district_supervisor"].post_id
    assert sweeping.sweep_due(clock_at(friday + second)) == 1
    assert cases.get_case(uow, case.case_id).supervisor_post_id == city.posts["city_dispatcher"].post_id
    assert watched(as_person(city.person("district_supervisor"), now=friday + second)) == [case.case_id]
    assert faults_of(uow, case.case_id) == []


def test_the_eye_on_what_was_taken_over_is_above_whoever_took_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = rate(uow, answered(uow, city, as_person), solved=False)
    after = rate(uow, TAKE[Step.ANSWER](as_person(city.person("municipal")), case), solved=False, answer=2)
    assert after.holder_post_id == city.posts["district_dispatcher"].post_id
    assert after.supervisor_post_id == city.posts["city_dispatcher"].post_id


def test_contested_again_the_next_tier_takes_it_over(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = rate(uow, answered(uow, city, as_person), solved=False)
    again = TAKE[Step.ANSWER](as_person(city.person("municipal")), case)
    after = rate(uow, again, solved=False, answer=2)
    assert after.holder_post_id == city.posts["district_dispatcher"].post_id
    assert steps_of(uow, after)[-3:] == ["rated", "redone", "assigned"]
    redone, taken_over = cases.list_entries(uow, after)[-2:]
    assert (redone.facts["redos"], taken_over.facts["former"]) == (2, subject_of("municipal"))
    assert TAKE[Step.ANSWER](as_person(city.person("district_dispatcher")), after).state is CaseState.ANSWERED


def test_what_the_tier_above_took_over_is_not_taken_from_it_below(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = rate(uow, answered(uow, city, as_person), solved=False)
    case = rate(uow, TAKE[Step.ANSWER](as_person(city.person("municipal")), case), solved=False, answer=2)
    for step in (Step.RE_DISPATCH, Step.RE_SORT, Step.ANSWER):
        with pytest.raises(RulingBinds):
            TAKE[step](as_person(city.person("dispatcher")), case)
    given = TAKE[Step.RE_DISPATCH](as_person(city.person("district_dispatcher")), case)
    assert (given.state, given.ruled_path, given.dispatched_path) == (CaseState.ASSIGNED, None, city.paths["district"])


def test_over_an_office_its_own_places_supervisor_takes_it_over(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    water = make_post(city, "water", Duty.BUREAU, "city", office_id=uuid4(), matters=["municipal.water"])
    network.copy_posts(uow, [water, make_post(city, "city_supervisor", Duty.SUPERVISOR, "city")], versions=[1, 1])
    put_post(uow, city.posts["city_dispatcher"].model_copy(update={"holders": []}))
    case = make_case(uow, city, place="bare", suggested_category="municipal.water")
    assert case.holder_post_id == water.post_id
    for answer in (1, 2):
        case = TAKE[Step.ANSWER](as_person(city.person("water")), case)
        case = rate(uow, case, solved=False, answer=answer)
    assert case.holder_post_id == city.posts["city_supervisor"].post_id


def test_where_nobody_is_above_it_stays_where_it_is(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, place="city", suggested_category="municipal.water")
    assert case.holder_post_id == city.posts["city_dispatcher"].post_id
    for answer in (1, 2):
        case = TAKE[Step.ANSWER](as_person(city.person("city_dispatcher")), case)
        case = rate(uow, case, solved=False, answer=answer)
    assert (case.state, case.holder_post_id) == (CaseState.ASSIGNED, city.posts["city_dispatcher"].post_id)


def test_what_was_handed_over_can_be_handed_over_again(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    mine = as_person(city.person("municipal"))
    case = TAKE[Step.HAND_OVER](mine, answered(uow, city, as_person))
    again = TAKE[Step.ANSWER](mine, rate(uow, case, solved=False))
    assert TAKE[Step.HAND_OVER](mine, again).handover is not None


def test_a_rating_of_what_is_under_way_is_kept_and_does_nothing(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    after = rate(uow, case, solved=False)
    assert (after.state, steps_of(uow, after)[-1]) == (CaseState.ASSIGNED, "rated")


def test_asking_costs_an_answer_two_statements(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    """Which calendar holds, and who is asked."""
    case = make_case(uow, city)
    mine = as_person(city.person("municipal"))
    sent = [sql for sql, _ in statements_of(mine, lambda: TAKE[Step.ANSWER](mine, case))]
    assert sum("call_back" in sql or "rule_set" in sql for sql in sent) == 2


def test_the_facts_of_the_rates_can_be_read(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    """Of each answer: solved, not solved or not rated, and how satisfied; a redone appeal has one row an answer."""
    satisfied = rate(uow, answered(uow, city, as_person), solved=True, score=3)
    contested = rate(uow, answered(uow, city, as_person), solved=False, score=1)
    silent = answered(uow, city, as_person)
    facts = {
        case.case_id: [(a.solved, a.rating) for a in asked_of(uow, case)] for case in (satisfied, contested, silent)
    }
    assert facts == {
        satisfied.case_id: [(True, 3)],
        contested.case_id: [(False, 1)],
        silent.case_id: [(None, None)],
    }
    assert call_backs.count_unsolved(uow, [contested.appeals[0].appeal_id]) == 1
