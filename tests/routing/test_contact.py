"""By when a resident is to be reached for the first time: a limit of its own, where the rules say one."""

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from contracts.routing import (
    ContactDeadlineApproachingV1,
    ContactDeadlineBreachedV1,
    ContactDeadlineMovedV1,
    ContactOutcome,
    Outcome,
    RecordKind,
)
from contracts.routing import DeadlineKind as PublishedKind
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.case import Case, DeadlineKind, DeadlineState, Standing
from routing.domain.figures import Figure
from routing.domain.origin import Cause
from routing.domain.promise import Term, Unit
from routing.domain.reading_aloud import read_aloud
from routing.domain.recording import Work
from routing.domain.rule_document import RuleDocument, RuleLine, SettingLine
from routing.domain.waiting import Plan
from routing.repository import cases
from routing.service import (
    accompanying,
    dispatching,
    merging,
    opening,
    planning,
    pressing,
    recording,
    splitting,
    steps,
    supervising,
)
from routing.service.sweeping import sweep_due
from sqlalchemy import Connection, text

from tests.conftest import UnitOfWorkOf
from tests.routing import test_calendars as moving
from tests.routing.auditing import faults_of, misfigured
from tests.routing.conftest import City, lay_city, local, make_appeal, subject_of
from tests.routing.documents import as_document, put_into_force
from tests.routing.test_climbing import PAGE
from tests.routing.test_explained import standing
from tests.routing.test_life import doubts
from tests.routing.test_opening import withdrawn

At = Callable[..., RolledBackUnitOfWork]

#: What begins on Monday the 23rd: a working day is over when Tuesday's business ends.
A_DAY = local("2026-11-24T17:00")
LATE = A_DAY + timedelta(seconds=1)


@pytest.fixture
def at(uow_of: UnitOfWorkOf) -> At:
    def at(person: Any = None, *, now: datetime = NOW, role: str = "consumer") -> RolledBackUnitOfWork:
        return uow_of("routing", role="api" if person else role, person=person, now=now)

    return at


@pytest.fixture
def city(at: At) -> City:
    """In which every resident is to be reached within a working day."""
    city = lay_city(at())
    put_into_force(at, as_document(at(moving.ONE), settings={"contact": "1 working day"}))
    return city


def receive(at: At, city: City, *, now: datetime = NOW, place: str = "area", **more: Any) -> Case:
    uow = at(now=now)
    appeal = make_appeal(city, place, **{"received_at": now, **more})
    opening.open_cases(uow, [appeal])
    return cases.find_cases_of_appeals_for_change(uow, [appeal.appeal_id])[appeal.appeal_id]


def sweep(at: At, *, now: datetime) -> RolledBackUnitOfWork:
    clock = at(now=now, role="clock")
    sweep_due(clock)
    return clock


def told(clock: RolledBackUnitOfWork, event: type[Any]) -> list[Any]:
    return [event.model_validate_json(each.body or "") for each in clock.published if each.type == event.TYPE]


def reach(at: At, city: City, case: Case, *, now: datetime = NOW) -> Case:
    holder = at(city.person("municipal"), now=now)
    work = Work(RecordKind.CONTACT_ATTEMPT, words="已联系", outcome=ContactOutcome.REACHED)
    return recording.record_work(holder, case.case_id, work).case


def contact_of(at: At, case: Case) -> Any:
    """The one in whose place no other stands."""
    found = cases.list_deadlines(at(role="auditor"), case.case_id)
    of_kind = [each for each in found if each.kind is DeadlineKind.CONTACT]
    return next((each for each in of_kind if each.state is not DeadlineState.REPLACED), None)


def counted(at: At, figure: Figure) -> int:
    query = text("select coalesce(sum(amount), 0) from figure_increment where figure = :figure")
    return int(at(role="auditor").execute(query, {"figure": figure.value}).scalar_one())


def is_sound(at: At, case: Case) -> bool:
    """By its history, the rules and the figures, each counted a second time."""
    looking = at(role="auditor")
    return [*doubts(looking, case.case_id), *faults_of(looking, case.case_id), *misfigured(looking)] == []


def test_every_kind_that_events_name_is_one_of_ours() -> None:
    assert {kind.value for kind in DeadlineKind} == {*(kind.value for kind in PublishedKind), "contact", "holding"}


@pytest.fixture
def seeded(database_of: Callable[[str], Connection]) -> Callable[[], dict[str, set[str]]]:
    """Give the rules what comes with a new city; by unit of the promise, by when a resident is reached."""
    seeds = import_module("routing.migrations.versions.0040_first_contact")

    def seed() -> dict[str, set[str]]:
        database_of("routing").execute(text(seeds.CONTACTS))
        rows = database_of("routing").execute(
            text("select unit, contact_unit, contact_count from rule where version = 3")
        )
        found: dict[str, set[str]] = {}
        for row in rows:
            found.setdefault(row.unit, set()).add(f"{row.contact_count} {row.contact_unit}" if row.contact_unit else "")
        return found

    return seed


def test_a_new_city_has_it_for_all_that_is_not_promised_for_the_same_day(
    seeded: Callable[[], dict[str, set[str]]], at: At
) -> None:
    assert seeded() == {"same_day": {""}, "working_days": {"1 working_days"}, "clock_hours": {"2 clock_hours"}}
    city = lay_city(at())
    case = receive(at, city)
    assert contact_of(at, case).promise.due_at == A_DAY
    urgent = receive(at, city, suggested_category="municipal.gas_heating", urgent=True)
    assert contact_of(at, urgent).promise.due_at == NOW + timedelta(hours=2)
    at_once = receive(at, city, suggested_category="administrative.hukou")
    assert contact_of(at, at_once) is None
    assert all(is_sound(at, each) for each in (case, urgent, at_once))


def test_where_anything_was_promised_or_drafted_the_rules_stay_as_they_are(
    seeded: Callable[[], dict[str, set[str]]], at: At
) -> None:
    receive(at, lay_city(at()))
    assert set().union(*seeded().values()) == {""}


def test_a_holder_is_given_it_with_the_case(at: At, city: City) -> None:
    case = receive(at, city)
    limit = contact_of(at, case)
    assert (limit.state, limit.promise.due_at, limit.promise.term) == (
        *(DeadlineState.OPEN, A_DAY),
        Term(Unit.WORKING_DAYS, 1),
    )
    assert case.contact_due == A_DAY
    assert is_sound(at, case)


def test_where_no_rule_says_so_nobody_is_held_to_it(at: At) -> None:
    case = receive(at, lay_city(at()))
    assert (contact_of(at, case), case.contact_due) == (None, None)


def test_whoever_holds_it_is_warned_and_what_is_missed_stays_so_and_climbs(at: At, city: City) -> None:
    case = receive(at, city)
    (half,) = told(sweep(at, now=local("2026-11-24T13:00:01")), ContactDeadlineApproachingV1)
    (last,) = told(sweep(at, now=local("2026-11-24T16:00")), ContactDeadlineApproachingV1)
    assert [(each.share, each.handler.subject) for each in (half, last)] == [
        (50, subject_of("municipal")),
        (80, subject_of("municipal")),
    ]
    assert (half.superior, last.superior.subject) == (None, subject_of("district_supervisor"))
    (missed,) = told(sweep(at, now=LATE), ContactDeadlineBreachedV1)
    assert (missed.due_at, missed.superior.subject) == (A_DAY, subject_of("district_supervisor"))
    (line,) = supervising.list_mine(at(city.person("district_supervisor"), now=LATE), PAGE).items
    assert (line.supervision.case_id, line.supervision.due_at) == (case.case_id, missed.supervise_by)
    reached = reach(at, city, case, now=LATE)
    assert (reached.first_contact_at, reached.contact_due, reached.supervisor_post_id) == (LATE, None, None)
    assert contact_of(at, case).state is DeadlineState.BREACHED
    assert (counted(at, Figure.TO_CONTACT), counted(at, Figure.CONTACTED)) == (1, 0)
    assert is_sound(at, case)


def test_who_reaches_them_late_before_the_clock_comes_by_has_missed_it_too(at: At, city: City) -> None:
    case = reach(at, city, receive(at, city), now=LATE)
    assert contact_of(at, case).state is DeadlineState.BREACHED
    assert case.supervisor_post_id is None
    assert is_sound(at, case)


def test_a_superior_goes_on_seeing_to_what_is_late_besides(at: At, city: City) -> None:
    case = receive(at, city)
    later = local("2026-11-30T17:00:01")
    sweep(at, now=LATE)
    sweep(at, now=later)
    assert reach(at, city, case, now=later).supervisor_post_id is not None


def answer(uow: RolledBackUnitOfWork, case: Case) -> Case:
    facts: dict[str, Any] = {"outcome": Outcome.SOLVED, "answer": "已修好", "evidence": "照片1"}
    return steps.answer_case(uow, case.case_id, version=case.version, **facts)


def interim(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return recording.record_work(uow, case.case_id, Work(RecordKind.INTERIM_WORD, words="已派人")).case


def plan(uow: RolledBackUnitOfWork, case: Case) -> Case:
    day = (NOW + timedelta(days=9)).date()
    return planning.plan_case(uow, case.case_id, Plan(day, "列入计划"), version=case.version)


@pytest.mark.parametrize("way", [answer, interim, plan])
def test_what_tells_the_resident_how_it_goes_keeps_it(at: At, city: City, way: Callable[..., Case]) -> None:
    case = way(at(city.person("municipal")), receive(at, city))
    assert (contact_of(at, case).state, case.first_contact_at) == (DeadlineState.MET, NOW)
    assert counted(at, Figure.CONTACTED) == 1
    assert told(sweep(at, now=LATE), ContactDeadlineBreachedV1) == []
    assert is_sound(at, case)


def test_so_does_accompanying_them_to_a_centre(at: At, city: City) -> None:
    case = receive(at, city, suggested_category="legal.aid")
    facts: dict[str, Any] = {"centre": "法律援助中心", "with_whom": "社区干部", "words": "已陪同"}
    accompanying.accompany(at(city.person("legal")), case.case_id, version=case.version, **facts)
    assert contact_of(at, case).state is DeadlineState.MET


def test_who_plans_it_has_told_them_and_nobody_above_has_to_see_to_that(at: At, city: City) -> None:
    case = receive(at, city)
    sweep(at, now=LATE)
    late = cases.get_case(at(role="auditor"), case.case_id)
    assert late.supervisor_post_id is not None
    after = plan(at(city.person("municipal"), now=LATE), late)
    assert after.supervisor_post_id is None
    assert is_sound(at, case)


def test_an_attempt_that_reaches_nobody_keeps_nothing(at: At, city: City) -> None:
    case = receive(at, city)
    work = Work(RecordKind.CONTACT_ATTEMPT, words="无人接听", outcome=ContactOutcome.NOT_REACHED)
    recording.record_work(at(city.person("municipal")), case.case_id, work)
    assert contact_of(at, case).state is DeadlineState.OPEN


def test_it_is_never_beyond_the_promise(at: At, city: City) -> None:
    """What is urgent is promised in hours; an explanation names the rule of that."""
    case = receive(at, city, suggested_category="municipal.water", urgent=True)
    assert case.deadline is not None
    assert case.contact_due == case.deadline.promise.due_at
    assert is_sound(at, case)


def test_who_was_reached_while_it_waited_need_not_be_again(at: At, city: City) -> None:
    case = receive(at, city, suggested_category=None)
    dispatcher = at(city.person("dispatcher"))
    work = Work(RecordKind.CONTACT_ATTEMPT, words="已问明", outcome=ContactOutcome.REACHED)
    case = recording.record_work(dispatcher, case.case_id, work).case
    sort: dict[str, Any] = {"place_id": None, "category": "municipal.street_lights"}
    case = steps.accept_case(dispatcher, case.case_id, version=case.version, **sort)
    assert (contact_of(at, case), case.contact_due) == (None, None)


def test_what_is_withdrawn_before_need_not_be_kept(at: At, city: City) -> None:
    case = receive(at, city)
    opening.withdraw_appeal(at(), withdrawn(case.appeals[0].appeal_id))
    assert contact_of(at, case).state is DeadlineState.CANCELLED
    assert is_sound(at, case)


def tightened(**more: Any) -> RuleDocument:
    return RuleDocument([RuleLine(4, "municipal", "district", **more)], note="street lights", place="community")


def test_a_place_may_say_less_and_the_explanation_names_its_line(at: At, city: City) -> None:
    version = put_into_force(at, tightened(contact="4 hours"))
    case = receive(at, city)
    assert case.contact_due == NOW + timedelta(hours=4)
    explained = standing(at(role="auditor"), case, DeadlineKind.CONTACT)
    assert explained.agrees, explained.differences
    assert (explained.cause, explained.rule_place) == (Cause.RECEIVED, "community")
    said = read_aloud(explained)
    assert said["en"][0] == "Until then the resident is to be reached for the first time."
    assert any(f"By line 4 of rule set {version} of community" in each and "4 hours" in each for each in said["en"])
    assert is_sound(at, case)


def test_a_place_may_say_so_for_all_that_is_received_there(at: At, city: City) -> None:
    version = put_into_force(at, RuleDocument([], [SettingLine(2, "contact", "3 hours")], place="community"))
    case = receive(at, city)
    assert case.contact_due == NOW + timedelta(hours=3)
    said = read_aloud(standing(at(role="auditor"), case, DeadlineKind.CONTACT))
    assert any(f"By rule set {version} of community" in each for each in said["en"])
    assert is_sound(at, case)


def test_what_is_sorted_into_a_tighter_rule_is_due_earlier(at: At, city: City) -> None:
    put_into_force(at, tightened(contact="4 hours"))
    case = receive(at, city, suggested_category="administrative.hukou", received_at=NOW)
    dispatcher = at(city.person("dispatcher"))
    dispatching.re_sort_case(
        dispatcher, case.case_id, version=case.version, category="municipal.street_lights", words="改类"
    )
    again = cases.get_case(at(role="auditor"), case.case_id)
    assert again.contact_due == NOW + timedelta(hours=4)
    case = reach(at, city, again, now=NOW + timedelta(hours=5))
    assert (contact_of(at, case).state, counted(at, Figure.CONTACTED)) == (DeadlineState.BREACHED, 0)
    assert is_sound(at, case)


def test_a_calendar_that_is_put_right_moves_it(at: At, city: City) -> None:
    case = receive(at, city)
    moving.put_into_force(at, moving.notice_of_2026(("2026-11-24", "off")))
    clock = moving.sweep(at)
    (moved,) = told(clock, ContactDeadlineMovedV1)
    assert (moved.due_before, moved.due_at, moved.corrects) == (A_DAY, local("2026-11-25T17:00"), False)
    assert told(sweep(at, now=LATE), ContactDeadlineBreachedV1) == []
    reach(at, city, case, now=LATE)
    assert (contact_of(at, case).state, counted(at, Figure.CONTACTED)) == (DeadlineState.MET, 1)
    assert is_sound(at, case)


@pytest.mark.parametrize("is_reached", [True, False])
def test_what_was_missed_by_a_wrong_calendar_alone_is_put_right(at: At, city: City, *, is_reached: bool) -> None:
    """It counts as contacted in time, and nobody above has to see to it."""
    case = receive(at, city)
    sweep(at, now=LATE)
    if is_reached:
        reach(at, city, case, now=LATE)
    moving.put_into_force(at, moving.notice_of_2026(("2026-11-24", "off")), now=LATE)
    (moved,) = told(moving.sweep(at, now=LATE), ContactDeadlineMovedV1)
    assert moved.corrects
    after = cases.get_case(at(role="auditor"), case.case_id)
    assert after.supervisor_post_id is None
    assert contact_of(at, case).state is (DeadlineState.MET if is_reached else DeadlineState.OPEN)
    assert counted(at, Figure.CONTACTED) == is_reached
    assert is_sound(at, case)


def test_who_is_merged_unreached_is_seen_to_until_somebody_reaches_them(at: At, city: City) -> None:
    into = reach(at, city, receive(at, city))
    late = receive(at, city)
    sweep(at, now=LATE)
    late = cases.get_case(at(role="auditor"), late.case_id)
    dispatcher = at(city.person("dispatcher"), now=LATE)
    merging.merge_case(dispatcher, late.case_id, version=late.version, into=into.number, words="同一处")
    assert cases.get_case(at(role="auditor"), into.case_id).supervisor_post_id is not None
    assert reach(at, city, into, now=LATE).supervisor_post_id is None
    assert is_sound(at, into)


def test_what_is_split_off_is_held_to_it_as_well(at: At, city: City) -> None:
    case = receive(at, city)
    opening.open_cases(at(), [make_appeal(city, "area", repeat_of=case.appeals[0].appeal_id)])
    case = cases.get_case(at(role="auditor"), case.case_id)
    going = [case.appeals[1].appeal_id]
    dispatcher = at(city.person("dispatcher"))
    new = splitting.split_case(dispatcher, case.case_id, version=case.version, appeal_ids=going, words="分案").new
    assert new.contact_due == A_DAY
    assert is_sound(at, case)
    assert doubts(at(role="auditor"), new.case_id) == []


def test_whom_nobody_reached_in_time_is_late_in_what_is_split_off_until_they_are(at: At, city: City) -> None:
    case = receive(at, city)
    opening.open_cases(at(), [make_appeal(city, "area", repeat_of=case.appeals[0].appeal_id)])
    sweep(at, now=LATE)
    case = cases.get_case(at(role="auditor"), case.case_id)
    going = [case.appeals[1].appeal_id]
    dispatcher = at(city.person("dispatcher"), now=LATE)
    new = splitting.split_case(dispatcher, case.case_id, version=case.version, appeal_ids=going, words="分案").new
    assert (new.standing, new.contact_due) == (Standing.LATE, A_DAY)
    after = reach(at, city, new, now=LATE)
    assert (after.standing, after.supervisor_post_id) == (Standing.IN_TIME, None)
    looking = at(role="auditor")
    assert cases.get_case(looking, case.case_id).standing is Standing.LATE
    assert is_sound(at, case)
    assert doubts(looking, new.case_id) == []
    assert [each for each in faults_of(looking, new.case_id) if each.name.startswith("deadline")] == []


def test_limits_are_shown_in_the_order_in_which_they_were_made(
    at: At, city: City, database_of: Callable[[str], Connection]
) -> None:
    case = receive(at, city)
    pressing.order_report(
        at(city.person("district_supervisor"), now=NOW + timedelta(minutes=1)),
        case.case_id,
        version=case.version,
        words="催",
        due_at=NOW + timedelta(days=7),
    )
    rewritten = text("update deadline set warn_at = warn_at - interval '1 second' where kind = 'contact'")
    database_of("routing").execute(rewritten)
    limits = cases.get_case(at(role="auditor"), case.case_id).limits
    assert [limit.kind for limit in limits] == [DeadlineKind.CONTACT, DeadlineKind.ORDER]
