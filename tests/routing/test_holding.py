"""The clock of whoever was given a case by its holder before them: for their part alone, where the rules say so."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from contracts.routing import (
    Ask,
    ContactOutcome,
    DeadlineApproachingV1,
    DeadlineBreachedV1,
    DeadlineKind,
    RecordKind,
)
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.case import Case, DeadlineState, Standing
from routing.domain.case import DeadlineKind as Kind
from routing.domain.origin import Cause, Source
from routing.domain.promise import Term, Unit
from routing.domain.reading_aloud import read_aloud
from routing.domain.recording import Work
from routing.domain.rule_document import RuleDocument, SettingLine
from routing.domain.rules import Limit
from routing.domain.waiting import Plan
from routing.repository import cases, policy
from routing.service import (
    asking,
    dispatching,
    opening,
    planning,
    recording,
    recusing,
    splitting,
    supervising,
    suspending,
)
from sqlalchemy import Connection, text

from tests.routing import test_calendars as moving
from tests.routing.conftest import City, lay_city, local, make_appeal, subject_of
from tests.routing.documents import as_document, put_into_force
from tests.routing.test_climbing import PAGE
from tests.routing.test_contact import At, answer, at, is_sound, receive, sweep, told
from tests.routing.test_explained import standing

__all__ = ["at"]

#: What is given on on Monday the 23rd is due when Tuesday's business ends; its promise on Thursday.
DUE = local("2026-11-24T17:00")
LATE = DUE + timedelta(seconds=1)


@pytest.fixture
def city(at: At) -> City:
    """In which whoever is given a case has a working day for it."""
    city = lay_city(at())
    put_into_force(at, as_document(at(moving.ONE), settings={"holding": "1"}))
    return city


def transfer(by: RolledBackUnitOfWork, case: Case, city: City, to: str = "legal") -> Case:
    post_id = city.posts[to].post_id
    return dispatching.transfer_case(by, case.case_id, version=case.version, to=post_id, words="转办")


def give(by: RolledBackUnitOfWork, case: Case, city: City, to: str = "legal") -> Case:
    post_id = city.posts[to].post_id
    return dispatching.re_dispatch_case(by, case.case_id, version=case.version, to=post_id, words="改派")


def holding_of(at: At, case: Case) -> list[tuple[DeadlineState, datetime]]:
    """As they began."""
    found = sorted(
        cases.list_deadlines(at(role="auditor"), case.case_id), key=lambda deadline: deadline.promise.start_at
    )
    return [(each.state, each.promise.due_at) for each in found if each.kind is Kind.HOLDING]


@pytest.fixture
def given(at: At, city: City) -> Case:
    return transfer(at(city.person("municipal")), receive(at, city), city)


def test_whoever_is_given_it_has_a_clock_of_their_own_and_the_promise_stays(at: At, city: City) -> None:
    case = receive(at, city)
    after = transfer(at(city.person("municipal")), case, city)
    assert holding_of(at, case) == [(DeadlineState.OPEN, DUE)]
    assert (after.deadline, after.promise_due) == (case.deadline, case.promise_due)
    assert is_sound(at, case)


def test_whoever_has_it_first_has_none(at: At, city: City) -> None:
    assert holding_of(at, receive(at, city)) == []


def test_where_no_rule_says_so_there_is_none(at: At) -> None:
    city = lay_city(at())
    case = transfer(at(city.person("municipal")), receive(at, city), city)
    assert holding_of(at, case) == []


def test_a_new_city_has_two_working_days_for_it(at: At, database_of: Callable[[str], Connection]) -> None:
    seeds = import_module("routing.migrations.versions.0042_holding")
    database_of("routing").execute(text(seeds.HOLDING))
    assert policy.get_policy(at(), [], [])[0].find_limit(Limit.HOLDING) == 2
    receive(at, lay_city(at()))
    database_of("routing").execute(text("update rule_set set limits = limits - 'holding'"))
    database_of("routing").execute(text(seeds.HOLDING))
    found = database_of("routing").execute(text("select count(*) from rule_set where limits ? 'holding'"))
    assert found.scalar_one() == 0, "what was promised by stays as it is"


def test_where_the_promise_ends_no_later_there_is_none(at: At, city: City) -> None:
    case = receive(at, city, suggested_category="municipal.water", urgent=True)
    assert holding_of(at, transfer(at(city.person("municipal")), case, city)) == []


@pytest.mark.parametrize("who", ["dispatcher", "district_supervisor"])
def test_so_has_who_is_given_it_by_a_dispatcher_or_takes_it_over(at: At, city: City, given: Case, who: str) -> None:
    by, later = at(city.person(who), now=NOW + timedelta(hours=1)), city.posts["window"].post_id
    if who == "dispatcher":
        dispatching.re_dispatch_case(by, given.case_id, version=given.version, to=later, words="改派")
    else:
        dispatching.take_over_case(by, given.case_id, version=given.version, words="提级办理")
    assert holding_of(at, given) == [(DeadlineState.CANCELLED, DUE), (DeadlineState.OPEN, DUE)]
    assert is_sound(at, given)


def test_and_who_takes_the_place_of_who_has_an_interest_in_it(at: At, city: City, given: Case) -> None:
    holder = at(city.person("legal"), now=NOW + timedelta(hours=1))
    recusing.recuse(holder, given.case_id, version=given.version, words="亲属")
    assert [state for state, _ in holding_of(at, given)] == [DeadlineState.CANCELLED, DeadlineState.OPEN]
    assert is_sound(at, given)


def test_they_are_warned_and_what_is_missed_stays_so_and_climbs(at: At, city: City, given: Case) -> None:
    (half,) = told(sweep(at, now=local("2026-11-24T13:00:01")), DeadlineApproachingV1)
    (last,) = told(sweep(at, now=local("2026-11-24T16:00")), DeadlineApproachingV1)
    assert [(each.deadline, each.own, each.share, each.handler.subject) for each in (half, last)] == [
        (DeadlineKind.PART, True, 50, subject_of("legal")),
        (DeadlineKind.PART, True, 80, subject_of("legal")),
    ]
    assert (half.superior, last.superior.subject) == (None, subject_of("district_supervisor"))
    (missed,) = told(sweep(at, now=LATE), DeadlineBreachedV1)
    assert (missed.own, missed.due_at, missed.superior.subject) == (True, DUE, subject_of("district_supervisor"))
    (line,) = supervising.list_mine(at(city.person("district_supervisor"), now=LATE), PAGE).items
    assert (line.supervision.case_id, line.supervision.due_at) == (given.case_id, missed.supervise_by)
    late = cases.get_case(at(role="auditor"), given.case_id)
    assert (late.standing, late.promise_met) == (Standing.LATE, None)
    assert is_sound(at, given)


def test_what_is_missed_before_the_clock_comes_by_is_missed_too(at: At, city: City, given: Case) -> None:
    answer(at(city.person("legal"), now=LATE), given)
    assert holding_of(at, given) == [(DeadlineState.BREACHED, DUE)]
    assert is_sound(at, given)


def test_so_it_is_where_it_goes_to_another_and_that_one_is_in_time(at: At, city: City, given: Case) -> None:
    after = give(at(city.person("dispatcher"), now=LATE), given, city, "window")
    assert [state for state, _ in holding_of(at, given)] == [DeadlineState.BREACHED, DeadlineState.OPEN]
    assert after.standing is Standing.IN_TIME
    assert is_sound(at, given)


def test_what_is_split_off_has_the_promise_alone_and_nobody_above_sees_to_it(at: At, city: City) -> None:
    case = receive(at, city)
    opening.open_cases(at(), [make_appeal(city, "area", repeat_of=case.appeals[0].appeal_id)])
    case = transfer(at(city.person("municipal")), cases.get_case(at(role="auditor"), case.case_id), city)
    sweep(at, now=LATE)
    case = cases.get_case(at(role="auditor"), case.case_id)
    going = [case.appeals[1].appeal_id]
    by = at(city.person("dispatcher"), now=LATE)
    new = splitting.split_case(by, case.case_id, version=case.version, appeal_ids=going, words="分案").new
    assert (new.standing, new.supervisor_post_id) == (Standing.IN_TIME, None)
    lines = supervising.list_mine(at(city.person("district_supervisor"), now=LATE), PAGE).items
    assert [line.supervision.case_id for line in lines] == [case.case_id]
    assert is_sound(at, case)


def test_whoever_is_given_what_is_planned_is_held_to_its_day_alone(at: At, city: City) -> None:
    """Planned late, by a dispatcher: its promise stays missed."""
    case, late = receive(at, city), local("2026-12-01T10:00")
    planned = plan(at(city.person("dispatcher"), now=late), case, now=late)
    after = give(at(city.person("dispatcher"), now=late), planned, city)
    assert (after.promise_met, after.planned_for is not None, holding_of(at, after)) == (False, True, [])
    assert is_sound(at, after)


def test_a_resident_who_is_reached_ends_no_duty_to_see_to_it(at: At) -> None:
    """Nobody has reached them in time, and whoever was given it is late as well: of that their word changes nothing."""
    city = lay_city(at())
    put_into_force(at, as_document(at(moving.ONE), settings={"holding": "1", "contact": "1 working day"}))
    case = transfer(at(city.person("municipal")), receive(at, city), city)
    sweep(at, now=LATE)
    work = Work(RecordKind.CONTACT_ATTEMPT, words="已联系", outcome=ContactOutcome.REACHED)
    after = recording.record_work(at(city.person("legal"), now=LATE), case.case_id, work).case
    assert (after.standing, after.supervisor_post_id) == (Standing.LATE, city.posts["district_supervisor"].post_id)
    assert is_sound(at, case)


def plan(uow: RolledBackUnitOfWork, case: Case, *, now: datetime = NOW) -> Case:
    return planning.plan_case(
        uow, case.case_id, Plan((now + timedelta(days=9)).date(), "列入计划"), version=case.version
    )


@pytest.mark.parametrize("way", [answer, plan])
def test_what_settles_the_promise_keeps_it(at: At, city: City, given: Case, way: Callable[..., Case]) -> None:
    way(at(city.person("legal")), given)
    assert holding_of(at, given) == [(DeadlineState.MET, DUE)]
    assert told(sweep(at, now=LATE), DeadlineBreachedV1) == []
    assert is_sound(at, given)


def suspend(at: At, city: City, case: Case) -> Case:
    facts: dict[str, Any] = {"reason": "appraisal", "words": "等待鉴定", "until": date(2026, 11, 30)}
    asked = asking.ask_dispatcher(
        at(city.person("legal")), case.case_id, ask=Ask.SUSPENSION, version=case.version, **facts
    )
    by = at(city.person("dispatcher"))
    return asking.rule_on_case(by, case.case_id, version=asked.version, granted=True, words="同意")


def test_it_stands_still_as_the_promise_does_and_begins_anew(at: At, city: City, given: Case) -> None:
    case = suspend(at, city, given)
    assert holding_of(at, case) == [(DeadlineState.CANCELLED, DUE), (DeadlineState.OPEN, local("2026-12-01T17:00"))]
    assert is_sound(at, case)
    by, sooner = at(city.person("legal"), now=local("2026-11-25T10:00")), "已出结果"
    suspending.resume_case(by, case.case_id, version=case.version, words=sooner)
    (running,) = [each for each in holding_of(at, case) if each[0] is DeadlineState.OPEN]
    assert running == (DeadlineState.OPEN, local("2026-11-26T17:00"))
    assert is_sound(at, case)


def test_a_place_may_say_less_and_never_more(at: At, city: City) -> None:
    put_into_force(at, as_document(at(moving.ONE), settings={"holding": "2"}))
    put_into_force(at, RuleDocument([], [SettingLine(2, "holding", "1")], place="community"))
    case = transfer(at(city.person("municipal")), receive(at, city), city)
    assert holding_of(at, case) == [(DeadlineState.OPEN, DUE)]


def test_it_is_explained(at: At, given: Case) -> None:
    explained = standing(at(role="auditor"), given, Kind.HOLDING)
    assert explained.agrees, explained.differences
    assert (explained.cause, explained.source) == (Cause.HANDED_ON, Source.PLATFORM)
    assert explained.promise.term == Term(Unit.WORKING_DAYS, 1)
    said = read_aloud(explained)
    assert said["en"][0].startswith("By then whoever was given it is to have done their part")
    assert said["zh"][0].startswith("这是接办岗位办理其部分的期限")
