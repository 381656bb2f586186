"""A superior takes over what whoever holds it cannot bring to an end (domain.md, section 4)."""

from uuid import uuid4

import pytest
from contracts.grid import Duty
from contracts.routing import Ask, CaseAssignedV1, CaseState, DeadlineBreachedV1
from kit.testing.servers import RolledBackUnitOfWork
from network import consumers as network
from routing.domain.case import ASSIGNED, Case, DeadlineState
from routing.domain.steps import STEPS, Step
from routing.errors import CaseNotFound, NotYourStep, NotYoursToName, RulingBinds, StepNotAllowed
from routing.repository import cases, supervisions
from routing.service import dispatching, pressing, reading, recusing, sweeping, taking

from tests.conftest import UnitOfWorkOf
from tests.routing.auditing import faults_of
from tests.routing.conftest import City, local, make_post, put_post, statements_of, subject_of
from tests.routing.test_asking import ask, rule
from tests.routing.test_climbing import CLIMBS, MISSED, SECOND
from tests.routing.test_helping import call_in
from tests.routing.test_steps import TAKE, WAY, As, make_case, make_case_in

WORDS = "由我处直接办理"
WATER = uuid4()


@pytest.fixture
def city(uow: RolledBackUnitOfWork, city: City) -> City:
    more = (
        make_post(city, "head", Duty.SUPERVISOR, "community"),
        make_post(city, "area_chief", Duty.AREA_CHIEF, "area"),
        make_post(city, "city_supervisor", Duty.SUPERVISOR, "city"),
        make_post(city, "water", Duty.BUREAU, "city", office_id=WATER, matters=["municipal.water"]),
        make_post(city, "water_head", Duty.SUPERVISOR, "city", office_id=WATER),
    )
    network.copy_posts(uow, more, versions=[1] * len(more))
    return city


def take_over(by: RolledBackUnitOfWork, case: Case) -> Case:
    return dispatching.take_over_case(by, case.case_id, version=case.version, words=WORDS)


def give(uow: RolledBackUnitOfWork, case: Case, city: City, to: str, as_person: As, *, by: str = "dispatcher") -> Case:
    """A case that lies with this post."""
    post_id = city.posts[to].post_id
    if case.holder_post_id == post_id:
        return case
    who = as_person(city.person(by))
    return dispatching.re_dispatch_case(who, case.case_id, version=case.version, to=post_id, words="改派")


@pytest.fixture
def late(uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf) -> Case:
    """With the municipal post, and missed: the head of its station has to see to it."""
    case = make_case(uow, city)
    sweeping.sweep_due(uow_of("routing", role="clock", now=MISSED))
    return cases.get_case(uow, case.case_id)


#: Who may take it over from whom, and who may not though they see it.
WHO = {
    "area_chief": ({"dispatcher", "head", "district_supervisor", "city_dispatcher"}, {"municipal"}),
    "municipal": ({"district_dispatcher", "district_supervisor", "city_supervisor"}, {"dispatcher", "head", "legal"}),
    "water": ({"city_supervisor"}, {"water_head", "city_dispatcher", "district_supervisor", "head"}),
}
ROWS = [
    (holder, who, may)
    for holder, both in WHO.items()
    for may, people in zip((True, False), both, strict=True)
    for who in sorted(people)
]


@pytest.mark.parametrize("holder, who, may", ROWS)
def test_who_takes_it_over_from_whom(  # noqa: PLR0917  # a table's columns
    uow: RolledBackUnitOfWork, city: City, as_person: As, holder: str, who: str, may: bool
) -> None:
    case = give(uow, make_case(uow, city), city, holder, as_person)
    person = as_person(city.person(who))
    assert (Step.TAKE_OVER in reading.get_case(person, case.case_id).steps) is may
    if may:
        assert take_over(person, case).holder_post_id == city.posts[who].post_id
    else:
        with pytest.raises(NotYourStep):
            take_over(person, case)


@pytest.mark.parametrize("state", WAY)
def test_it_is_taken_over_while_somebody_works_on_it_and_the_promise_stays(
    uow: RolledBackUnitOfWork, city: City, as_person: As, state: CaseState
) -> None:
    case = make_case_in(state, uow, city, as_person)
    superior = as_person(city.person("district_supervisor"))
    if not case.is_under_way:
        with pytest.raises(StepNotAllowed, match="take_over"):
            take_over(superior, case)
        return
    after = take_over(superior, case)
    assert (after.state, after.holder_post_id) == (CaseState.ASSIGNED, city.posts["district_supervisor"].post_id)
    assert (after.promise_due, after.deadline) == (case.promise_due, case.deadline)
    assert (after.dispatched_path, after.ruled_path) == (city.paths["district"], city.paths["district"])
    has_begun = state is CaseState.IN_PROGRESS
    assert after.first_holder_post_id == (city.posts["municipal"].post_id if has_begun else None)
    (told,) = [event for event in superior.published if event.type == CaseAssignedV1.TYPE]
    said = CaseAssignedV1.model_validate_json(told.body or "")
    assert (said.first, said.handler.subject) == (False, subject_of("district_supervisor"))
    assert said.former is not None
    assert said.former.subject == subject_of("municipal")
    entry = cases.list_entries(uow, after)[-1]
    assert (entry.step, entry.words, entry.by) == (ASSIGNED, WORDS, subject_of("district_supervisor"))
    assert faults_of(uow, case.case_id) == []


def test_nobody_below_takes_it_back(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = take_over(as_person(city.person("district_supervisor")), make_case(uow, city))
    with pytest.raises(RulingBinds):
        TAKE[Step.RE_DISPATCH](as_person(city.person("dispatcher")), case)
    assert TAKE[Step.RE_DISPATCH](as_person(city.person("district_dispatcher")), case).state is CaseState.ASSIGNED


def test_nobody_below_puts_it_off(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = take_over(as_person(city.person("district_supervisor")), make_case(uow, city))
    with pytest.raises(RulingBinds):
        TAKE[Step.PLAN](as_person(city.person("dispatcher")), case)
    assert TAKE[Step.PLAN](as_person(city.person("district_supervisor")), case).planned_for


def test_what_was_missed_stays_so_and_is_nobodys_to_see_to_any_more(
    uow: RolledBackUnitOfWork, city: City, as_person: As, late: Case
) -> None:
    assert late.supervisor_post_id == city.posts["head"].post_id
    after = take_over(as_person(city.person("district_supervisor"), now=MISSED + SECOND), late)
    assert (after.supervisor_post_id, after.promise_met) == (None, False)
    assert after.deadline is not None
    assert after.deadline.state is DeadlineState.BREACHED
    assert faults_of(uow, late.case_id) == []


def test_what_is_late_from_then_on_climbs_from_whoever_took_it_over(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = take_over(as_person(city.person("district_supervisor")), make_case(uow, city))
    clock = uow_of("routing", role="clock", now=MISSED)
    sweeping.sweep_due(clock)
    (breached,) = [event for event in clock.published if event.type == DeadlineBreachedV1.TYPE]
    told = DeadlineBreachedV1.model_validate_json(breached.body or "")
    assert told.superior is not None
    assert told.superior.subject == subject_of("city_supervisor")
    assert cases.get_case(uow, case.case_id).supervisor_post_id == city.posts["city_supervisor"].post_id


def test_whoever_has_to_see_to_it_may_order_it_or_take_it_over(
    uow: RolledBackUnitOfWork, city: City, as_person: As, late: Case
) -> None:
    """The head of the station is of the holder's own tier."""
    head = as_person(city.person("head"), now=MISSED + SECOND)
    assert {Step.ORDER, Step.TAKE_OVER} <= set(reading.get_case(head, late.case_id).steps)
    due_at = local("2026-12-02T17:00")
    line = pressing.order_report(head, late.case_id, version=late.version, words=WORDS, due_at=due_at)
    after = dispatching.take_over_case(head, late.case_id, version=line.version, words=WORDS)
    assert (after.holder_post_id, after.supervisor_post_id) == (city.posts["head"].post_id, None)


@pytest.fixture
def climbed(uow: RolledBackUnitOfWork, late: Case, uow_of: UnitOfWorkOf) -> Case:
    """The head of the station has let it pass: the district has to see to it too."""
    sweeping.sweep_due(uow_of("routing", role="clock", now=CLIMBS))
    return cases.get_case(uow, late.case_id)


def test_who_let_it_pass_may_order_it_and_take_it_over_yet(
    uow: RolledBackUnitOfWork, city: City, as_person: As, climbed: Case
) -> None:
    assert climbed.supervisor_post_id == city.posts["district_supervisor"].post_id
    head = as_person(city.person("head"), now=CLIMBS + SECOND)
    assert {Step.ORDER, Step.TAKE_OVER} <= set(reading.get_case(head, climbed.case_id).steps)
    due_at = local("2026-12-03T17:00")
    line = pressing.order_report(head, climbed.case_id, version=climbed.version, words=WORDS, due_at=due_at)
    after = dispatching.take_over_case(head, climbed.case_id, version=line.version, words=WORDS)
    assert after.holder_post_id == city.posts["head"].post_id
    assert faults_of(uow, climbed.case_id) == []


@pytest.mark.parametrize("who, left", [("head", ["district_supervisor"]), ("district_supervisor", [])])
def test_whoever_takes_it_over_ends_what_their_tier_and_those_below_have_to_see_to(  # noqa: PLR0917  # a table's columns
    uow: RolledBackUnitOfWork, city: City, as_person: As, climbed: Case, who: str, left: list[str]
) -> None:
    after = take_over(as_person(city.person(who), now=CLIMBS + SECOND), climbed)
    theirs = {city.posts[each].post_id for each in left}
    assert supervisions.list_posts(uow, climbed.case_id) == theirs
    assert {after.supervisor_post_id} - {None} == theirs


def test_what_nobody_has_to_see_to_is_read_without_a_statement_more(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, holder = make_case(uow, city), as_person(city.person("municipal"))
    assert statements_of(holder, lambda: taking.recall(holder, case)) == []


def test_an_offices_own_head_takes_over_what_their_office_is_late_with(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = give(uow, make_case(uow, city), city, "water", as_person)
    sweeping.sweep_due(uow_of("routing", role="clock", now=MISSED))
    own = as_person(city.person("water_head"), now=MISSED + SECOND)
    after = take_over(own, cases.get_case(uow, case.case_id))
    assert (after.holder_post_id, after.office_id) == (city.posts["water_head"].post_id, WATER)


def test_what_its_holder_asks_is_asked_no_more(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    asked = ask(as_person(city.person("municipal")), make_case(uow, city), Ask.EXTENSION, days=2)
    after = take_over(as_person(city.person("district_supervisor")), asked)
    assert (after.ask, after.ruler_post_id) == (None, None)


def test_an_answer_that_waits_for_its_review_is_not_taken_over(uow: RolledBackUnitOfWork, city: City) -> None:
    case = make_case(uow, city)
    assert STEPS[Step.TAKE_OVER].allows(case)
    case.hand_in(city.posts["dispatcher"].post_id)
    assert not STEPS[Step.TAKE_OVER].allows(case)


def test_nobody_takes_over_what_they_hold_by_another_of_their_posts(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    put_post(uow, city.posts["district_supervisor"].model_copy(update={"holders": city.posts["municipal"].holders}))
    case = make_case(uow, city)
    both = as_person(city.person("municipal", "district_supervisor"))
    assert Step.TAKE_OVER not in reading.get_case(both, case.case_id).steps
    with pytest.raises(NotYourStep):
        take_over(both, case)


def test_who_has_an_interest_in_it_or_is_complained_of_does_not_take_it_over(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    dispatcher = as_person(city.person("district_dispatcher"))
    case = give(uow, make_case(uow, city), city, "area_chief", as_person)
    chief = as_person(city.person("dispatcher"))
    case = recusing.recuse(chief, case.case_id, version=case.version, words="亲属")
    with pytest.raises(NotYourStep):
        take_over(chief, case)
    complaint = make_case(uow, city, complained_of=[subject_of("district_supervisor")])
    with pytest.raises(CaseNotFound):
        take_over(as_person(city.person("district_supervisor")), complaint)
    assert take_over(dispatcher, case).holder_post_id == city.posts["district_dispatcher"].post_id


def test_what_a_ruling_binds_to_its_holder_is_taken_over_from_that_tier_on_alone(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = give(uow, make_case(uow, city), city, "area_chief", as_person)
    for ruler in ("dispatcher", "district_dispatcher"):
        asked = ask(as_person(city.person("area_chief")), case)
        case = rule(as_person(city.person(ruler)), asked, granted=False)
    head = as_person(city.person("head"))
    assert Step.TAKE_OVER not in reading.get_case(head, case.case_id).steps
    with pytest.raises(RulingBinds):
        take_over(head, case)
    case = take_over(as_person(city.person("district_supervisor")), case)
    assert case.ruled_path == city.paths["district"]
    case = give(uow, case, city, "municipal", as_person, by="district_dispatcher")
    assert case.ruled_path == city.paths["district"], "the ruling binds whoever has it"
    assert Step.ASK_RETURN not in reading.get_case(as_person(city.person("municipal")), case.case_id).steps


def test_what_was_taken_over_and_is_given_on_is_returned_to_who_gave_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    """As any other: the first return since, and it is passed on too."""
    asked = ask(as_person(city.person("municipal")), make_case(uow, city))
    case = rule(as_person(city.person("dispatcher")), asked, granted=False)
    case = take_over(as_person(city.person("district_supervisor")), case)
    district, holder = as_person(city.person("district_dispatcher")), as_person(city.person("legal"))
    case = give(uow, case, city, "legal", as_person, by="district_dispatcher")
    assert {Step.TRANSFER, Step.ASK_RETURN} <= set(reading.get_case(holder, case.case_id).steps)
    asked = ask(holder, case)
    assert asked.ruler_post_id == city.posts["district_dispatcher"].post_id
    assert rule(district, asked, granted=False).ruled_path is None


def test_whoever_took_it_over_gives_it_on_though_they_dispatch_nothing(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    superior = as_person(city.person("district_supervisor"))
    case = take_over(superior, make_case(uow, city))
    assert Step.RE_DISPATCH in reading.get_case(superior, case.case_id).steps
    back = dispatching.re_dispatch_case(
        superior, case.case_id, version=case.version, to=city.posts["municipal"].post_id, words="发还原承办人"
    )
    assert (back.holder_post_id, back.ruled_path) == (city.posts["municipal"].post_id, None)
    with pytest.raises(NotYourStep):
        dispatching.re_dispatch_case(
            superior, case.case_id, version=back.version, to=city.posts["legal"].post_id, words="改派"
        )


def test_what_was_taken_over_by_who_has_an_interest_in_it_is_returned_as_the_rules_gave_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    superior = as_person(city.person("district_supervisor"))
    case = take_over(superior, make_case(uow, city))
    case = recusing.recuse(superior, case.case_id, version=case.version, words="亲属")
    assert case.holder_post_id == city.posts["municipal"].post_id
    assert ask(as_person(city.person("municipal")), case).ruler_post_id == city.posts["dispatcher"].post_id


def test_where_an_office_helps_whoever_stands_above_it_too_takes_it_over(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    call_in(as_person(city.person("city_dispatcher")), city, case, "water")
    case = cases.get_case(uow, case.case_id)
    district = as_person(city.person("district_supervisor"))
    assert Step.TAKE_OVER not in reading.get_case(district, case.case_id).steps
    with pytest.raises(NotYoursToName):
        take_over(district, case)
    assert take_over(as_person(city.person("city_supervisor")), case).helper_post_ids == case.helper_post_ids


def test_what_was_a_part_of_whoever_takes_it_over_is_the_whole_now(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    call_in(as_person(city.person("city_dispatcher")), city, case, "district_supervisor")
    case = cases.get_case(uow, case.case_id)
    assert case.helper_post_ids == (city.posts["district_supervisor"].post_id,)
    assert take_over(as_person(city.person("district_supervisor")), case).helper_post_ids == ()
