"""Incidents: which buildings a case may name, what their households are told, and how often."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty, PlaceState
from contracts.routing import CaseIncidentV1, CaseState
from kit.auth import NOWHERE, Scope
from kit.testing.servers import RolledBackUnitOfWork
from network import consumers as network
from routing.domain.case import Case
from routing.domain.chain import list_faults
from routing.domain.incident import MOST_PLACES, is_named
from routing.domain.steps import Step
from routing.errors import (
    CaseChanged,
    NotYourStep,
    PlaceNamedAlready,
    SealedStaysHere,
    StepNotAllowed,
    TooManyPlaces,
    UnfitPlace,
)
from routing.repository import cases
from routing.service import dispatching, incidents, reading, recusing
from sqlalchemy import text

from tests.conftest import UnitOfWorkOf
from tests.routing.conftest import City, make_place, make_post, subject_of
from tests.routing.test_steps import As, make_case, make_case_in

WORDS = "本楼污水管道堵塞，抢修队今晚到场。"

#: Two buildings of the area that the tests' cases lie in, one of another area, one of another community.
MORE_PLACES = (
    ("b1", "building", "area"),
    ("b2", "building", "area"),
    ("area2", "area", "community"),
    ("b3", "building", "area2"),
    ("far", "building", "other"),
)
MORE_POSTS: tuple[tuple[str, Duty, str, dict[str, Any]], ...] = (
    ("area_chief", Duty.AREA_CHIEF, "area", {}),
    ("water", Duty.BUREAU, "city", {"office_id": uuid4(), "matters": ["municipal.water"]}),
)


@pytest.fixture
def city(uow: RolledBackUnitOfWork, city: City) -> City:
    copy_places, copy_posts = network.handlers(moved=lambda *_: None)
    copy_places(uow, [make_place(city, *facts) for facts in MORE_PLACES], versions=[1] * len(MORE_PLACES))
    gone = make_place(city, "gone", "building", "area", state=PlaceState.RETIRED)
    copy_places(uow, [gone], versions=[1])
    posts = [make_post(city, code, duty, place, **more) for code, duty, place, more in MORE_POSTS]
    copy_posts(uow, posts, versions=[1] * len(posts))
    return city


def name(uow: RolledBackUnitOfWork, city: City, case: Case, *codes: str) -> Case:
    ids = [city.ids[code] for code in codes]
    return incidents.name_affected(uow, case.case_id, version=case.version, place_ids=ids, words=WORDS)


def say_more(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return incidents.tell_affected(uow, case.case_id, version=case.version, words="管道已更换。")


def told(uow: RolledBackUnitOfWork) -> list[CaseIncidentV1]:
    bodies = [event.body or "" for event in uow.published if event.type == CaseIncidentV1.TYPE]
    return [CaseIncidentV1.model_validate_json(body) for body in bodies]


def held_by(holder: str, uow: RolledBackUnitOfWork, city: City, as_person: As, **overrides: Any) -> Case:
    case = make_case(uow, city, **overrides)
    to = city.posts[holder].post_id
    if case.holder_post_id == to:
        return case
    by = as_person(city.person("dispatcher"))
    return dispatching.re_dispatch_case(by, case.case_id, version=case.version, to=to, words="改派")


def test_naming_buildings_makes_it_an_incident_and_tells_their_households(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, place="b1")
    holder = as_person(city.person("municipal"))
    after = name(holder, city, case, "b1", "b2")
    assert (after.tellings, after.state) == (1, case.state)
    (event,) = told(holder)
    assert (event.telling, event.place_ids, event.words) == (1, [city.ids["b1"], city.ids["b2"]], WORDS)
    assert event.handler is not None
    assert event.handler.post_id == city.posts["municipal"].post_id
    assert (event.version, event.gist) == (after.version, case.gist)
    assert [party.appeal_id for party in event.parties] == [appeal.appeal_id for appeal in case.appeals]
    entry = cases.list_entries(uow, after)[-1]
    assert (entry.step, entry.words) == ("affected_named", WORDS)
    assert entry.facts == {"telling": 1, "places": [str(city.ids[code]) for code in ("b1", "b2")]}
    detail = reading.get_case(holder, case.case_id)
    assert {(each.place_id, each.telling) for each in detail.incident} == {(city.ids[c], 1) for c in ("b1", "b2")}


def test_later_words_go_to_all_that_is_named_and_more_buildings_are_told_alone(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    by = as_person(city.person("dispatcher"))
    case = name(by, city, case, "b1")
    case = name(by, city, case, "b3")
    case = say_more(by, case)
    assert [(event.telling, set(event.place_ids)) for event in told(by)] == [
        (1, {city.ids["b1"]}),
        (2, {city.ids["b3"]}),
        (3, {city.ids["b1"], city.ids["b3"]}),
    ]
    entries = cases.list_entries(uow, cases.get_case(uow, case.case_id))
    assert [entry.step for entry in entries[-3:]] == ["affected_named", "affected_named", "affected_told"]
    assert list_faults(entries, head=case.head, length=case.version) == []


def test_nothing_of_it_is_said_to_the_whole_city(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    by = as_person(city.person("dispatcher"))
    name(by, city, make_case(uow, city), "b1")
    assert [event.topic for event in by.published] == ["routing.case.v1"]


def test_who_has_an_interest_in_it_is_not_sent_to_tell_anybody(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    above = as_person(city.person("district_dispatcher"))
    case = recusing.recuse(above, case.case_id, version=case.version, words="诉求人是我的亲属")
    by = as_person(city.person("dispatcher"))
    name(by, city, case, "b1")
    assert told(by)[0].barred == [subject_of("district_dispatcher")]


def test_of_what_is_sealed_no_household_is_told(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, complained_of=["chief.of.b1"])
    by = as_person(city.person("dispatcher"))
    with pytest.raises(SealedStaysHere):
        name(by, city, case, "b1")
    assert by.published == []


#: Where each may name buildings: within the place that they act for and, whoever holds it, within the case's station.
REACH = {
    ("municipal", "municipal"): {"b1", "area", "b3", "area2"},
    ("municipal", "dispatcher"): {"b1", "area", "b3", "area2"},
    ("municipal", "district_dispatcher"): {"b1", "area", "b3", "area2", "far"},
    ("area_chief", "area_chief"): {"b1", "area"},
    ("water", "water"): {"b1", "area", "b3", "area2"},
}
PLACES = ("b1", "area", "b3", "area2", "far", "community", "other", "district", "bare")


@pytest.mark.parametrize("holder, who", REACH)
def test_buildings_are_named_within_the_reach_of_the_case_and_of_who_names_them(
    uow: RolledBackUnitOfWork, city: City, as_person: As, holder: str, who: str
) -> None:
    """What has a station of its own is no building."""
    case = held_by(holder, uow, city, as_person)
    person = as_person(city.person(who))
    fit = set()
    for code in PLACES:
        savepoint = person.connection.begin_nested()
        try:
            name(person, city, case, code)
            fit.add(code)
        except UnfitPlace:
            pass
        savepoint.rollback()
    assert fit == REACH[holder, who]


@pytest.mark.parametrize("unfit", ["gone", "nowhere"])
def test_a_place_that_is_not_open_is_named_in_the_refusal_and_nobody_is_told(
    uow: RolledBackUnitOfWork, city: City, as_person: As, unfit: str
) -> None:
    city.ids["nowhere"] = UUID(int=9)
    by = as_person(city.person("dispatcher"))
    case = make_case(uow, city)
    with pytest.raises(UnfitPlace, match="no open place") as refused:
        name(by, city, case, "b1", unfit)
    assert refused.value.field == "/place_ids/1"
    assert by.published == []
    assert cases.get_case(uow, case.case_id).version == case.version


@pytest.mark.parametrize("again", [("b1",), ("b2", "b2"), ("area", "b2"), ("b2", "b1")])
def test_no_building_is_named_twice(uow: RolledBackUnitOfWork, city: City, as_person: As, again: Sequence[str]) -> None:
    by = as_person(city.person("dispatcher"))
    case = name(by, city, make_case(uow, city), "b1")
    with pytest.raises(PlaceNamedAlready) as refused:
        name(by, city, case, *again)
    assert refused.value.field == f"/place_ids/{len(again) - 1}"
    assert cases.get_case(uow, case.case_id).version == case.version


def test_an_area_may_be_named_after_one_of_its_buildings(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    by = as_person(city.person("dispatcher"))
    case = name(by, city, make_case(uow, city), "b1")
    assert name(by, city, case, "area").tellings == 2


def test_a_case_names_few_buildings(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    by, case = as_person(city.person("dispatcher")), make_case(uow, city)
    many = [uuid4() for _ in range(MOST_PLACES + 1)]
    with pytest.raises(TooManyPlaces, match="at most 200 more"):
        incidents.name_affected(by, case.case_id, version=case.version, place_ids=many, words=WORDS)


STATES = (CaseState.RECEIVED, CaseState.ASSIGNED, CaseState.IN_PROGRESS, CaseState.ANSWERED, CaseState.CLOSED)
TELLING = {CaseState.ASSIGNED, CaseState.IN_PROGRESS, CaseState.ANSWERED}


@pytest.mark.parametrize("state", STATES)
def test_households_are_told_of_what_is_under_way_or_answered(
    uow: RolledBackUnitOfWork, city: City, as_person: As, state: CaseState
) -> None:
    case = make_case_in(state, uow, city, as_person)
    by = as_person(city.person("dispatcher"))
    if state in TELLING:
        assert say_more(by, name(by, city, case, "b1")).tellings == 2
        return
    with pytest.raises(StepNotAllowed, match="name_affected"):
        name(by, city, case, "b1")


def test_a_case_that_names_no_buildings_has_no_households_to_tell(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, by = make_case(uow, city), as_person(city.person("dispatcher"))
    assert Step.TELL_AFFECTED not in reading.get_case(by, case.case_id).steps
    with pytest.raises(StepNotAllowed, match="tell_affected"):
        say_more(by, case)
    name(by, city, case, "b1")
    assert Step.TELL_AFFECTED in reading.get_case(by, case.case_id).steps


@pytest.mark.parametrize("who", ["window", "legal", "district_supervisor"])
def test_naming_and_telling_are_for_its_holder_and_its_dispatchers(
    uow: RolledBackUnitOfWork, city: City, as_person: As, who: str
) -> None:
    case = make_case(uow, city)
    with pytest.raises(NotYourStep):
        name(as_person(city.person(who)), city, case, "b1")
    case = name(as_person(city.person("dispatcher")), city, case, "b1")
    with pytest.raises(NotYourStep):
        say_more(as_person(city.person(who)), case)


def test_an_old_version_names_nothing(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    by = as_person(city.person("dispatcher"))
    case = make_case(uow, city)
    with pytest.raises(CaseChanged):
        incidents.name_affected(by, case.case_id, version=case.version - 1, place_ids=[city.ids["b1"]], words=WORDS)


def test_what_is_named_is_seen_by_who_sees_the_case(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    name(as_person(city.person("dispatcher")), city, make_case(uow, city), "b1", "b2")

    def seen(scope: Scope, role: str = "api") -> int:
        query = text("select count(*) from incident_place")
        return int(uow_of("routing", role=role, scope=scope).execute(query).scalar_one())

    assert seen(Scope(paths=(city.paths["community"],))) == 2
    assert seen(Scope(paths=(city.paths["other"],))) == 0
    assert seen(NOWHERE) == 0
    assert seen(Scope(paths=("/",)), "auditor") == 2


def test_a_place_is_named_where_it_or_what_it_lies_in_is() -> None:
    assert is_named("/a/b/", ["/a/b/"])
    assert is_named("/a/b/c/", ["/x/", "/a/b/"])
    assert not is_named("/a/", ["/a/b/"])
    assert not is_named("/a/bc/", ["/a/b/"])
