"""What may be the same trouble is put side by side with why; a person decides."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from contracts.routing import CaseState
from hypothesis import given
from hypothesis import strategies as st
from kit.auth import EVERYWHERE
from kit.crypto import KeyRing, new_key
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.case import Case
from routing.domain.likeness import MOST, Suggestion, likeness, shared_path
from routing.errors import CaseNotFound, NotYourStep
from routing.service import suggesting

from tests.conftest import UnitOfWorkOf
from tests.routing.conftest import City, make_place, subject_of
from tests.routing.test_merging import merge
from tests.routing.test_steps import As, make_case, make_case_in

RING = KeyRing.parse(new_key("k1"))
SEWAGE = {"category": "municipal.water", "gist": "二单元一楼污水外溢"}


@pytest.fixture
def reader(uow_of: UnitOfWorkOf) -> RolledBackUnitOfWork:
    return uow_of("routing", scope=EVERYWHERE)


@pytest.fixture
def city(uow: RolledBackUnitOfWork, city: City) -> City:
    from network import consumers as network

    more = (("second", "area", "community"), ("b1", "building", "area"), ("b2", "building", "area"))
    network.handlers(moved=lambda *_: None)[0](uow, [make_place(city, *facts) for facts in more], versions=[1] * 3)
    return city


def suggested(uow: RolledBackUnitOfWork, case: Case) -> list[Suggestion]:
    return suggesting.list_suggestions(uow, case.case_id).suggestions


def ids(found: list[Suggestion]) -> list[object]:
    return [each.other.case_id for each in found]


def test_the_likest_comes_first_with_why(uow: RolledBackUnitOfWork, reader: RolledBackUnitOfWork, city: City) -> None:
    case = make_case(uow, city, place="b1", **SEWAGE)
    beside = make_case(uow, city, place="b2", category="municipal.water", gist="一楼厕所污水外溢")
    same = make_case(uow, city, place="b1", category="municipal.water", gist="污水外溢到二单元门口")
    far = make_case(uow, city, place="second", category="municipal.water", gist="二单元一楼污水外溢")
    make_case(uow, city, place="b1")
    found = suggesting.list_suggestions(reader, case.case_id)
    assert ids(found.suggestions) == [same.case_id, far.case_id, beside.case_id]
    why = {each.other.case_id: (found.tiers[each.place], each.category) for each in found.suggestions}
    assert why == {
        same.case_id: ("building", 1.0),
        beside.case_id: ("area", 1.0),
        far.case_id: ("community", 1.0),
    }
    alike = [each.alike for each in found.suggestions]
    assert alike == sorted(alike, reverse=True)
    words = {each.other.case_id: each.words for each in found.suggestions}
    assert words[far.case_id] == 1.0 > words[beside.case_id] > 0


def test_what_is_sorted_otherwise_is_found_by_its_words_next_door(
    uow: RolledBackUnitOfWork, reader: RolledBackUnitOfWork, city: City
) -> None:
    case = make_case(uow, city, place="b1", **SEWAGE)
    otherwise = make_case(uow, city, place="b1", category="administrative.hukou", gist="二单元一楼污水外溢")
    waiting = make_case(uow, city, place="b1", suggested_category=None, gist="二单元污水外溢")
    assert set(ids(suggested(reader, case))) == {otherwise.case_id, waiting.case_id}


@pytest.mark.parametrize(
    "other",
    [
        {"place": "b1", "category": "legal.aid", "gist": "咨询赡养费"},
        {"place": "community", "category": "municipal.water", "gist": "小区停水"},
        {"place": "other", **SEWAGE},
        {"place": "b1", "received_at": NOW - timedelta(days=31), **SEWAGE},
        {"place": "b1", "historic": True, **SEWAGE},
    ],
    ids=["another matter", "far and otherwise", "another community", "long ago", "a finished past"],
)
def test_what_is_not_alike_is_not_suggested(
    uow: RolledBackUnitOfWork, reader: RolledBackUnitOfWork, city: City, other: dict[str, Any]
) -> None:
    case = make_case(uow, city, place="b1", **SEWAGE)
    make_case(uow, city, **other)
    assert suggested(reader, case) == []


@pytest.mark.parametrize("state", [CaseState.ANSWERED, CaseState.CLOSED])
def test_what_is_settled_is_neither_suggested_nor_has_suggestions(
    uow: RolledBackUnitOfWork, reader: RolledBackUnitOfWork, city: City, as_person: As, state: CaseState
) -> None:
    """A case of the lamps, as those others are."""
    settled, case = make_case_in(state, uow, city, as_person), make_case(uow, city)
    assert suggested(reader, case) == suggested(reader, settled) == []


def test_five_at_most(uow: RolledBackUnitOfWork, reader: RolledBackUnitOfWork, city: City) -> None:
    case = make_case(uow, city)
    for _ in range(MOST + 2):
        make_case(uow, city)
    assert len(suggested(reader, case)) == MOST


def test_of_what_may_be_seen_alone(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    make_case(uow, city, complained_of=[subject_of("dispatcher")])
    assert len(suggested(as_person(city.person("district_dispatcher")), case)) == 1
    assert suggested(as_person(city.person("dispatcher")), case) == []
    with pytest.raises(CaseNotFound):
        suggested(as_person(city.person("other_dispatcher")), case)


def test_where_only_the_district_is_known_its_own_are_compared(
    uow: RolledBackUnitOfWork, reader: RolledBackUnitOfWork, city: City
) -> None:
    case = make_case(uow, city, place="district", **SEWAGE)
    make_case(uow, city, place="b1", **SEWAGE)
    same = make_case(uow, city, place="district", **SEWAGE)
    assert ids(suggested(reader, case)) == [same.case_id]


def test_what_lies_nowhere_yet_is_compared_with_what_lies_nowhere(
    uow: RolledBackUnitOfWork, reader: RolledBackUnitOfWork, city: City
) -> None:
    case = make_case(uow, city, place=None, placed_path="/", **SEWAGE)
    same = make_case(uow, city, place=None, placed_path="/", **SEWAGE)
    assert ids(suggested(reader, case)) == [same.case_id]


def test_who_dispatches_says_that_they_are_two_and_neither_is_suggested_again(
    uow: RolledBackUnitOfWork, reader: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, other, third = (make_case(uow, city) for _ in range(3))
    dispatcher = as_person(city.person("dispatcher"))
    for _ in range(2):
        left = suggesting.dismiss_suggestion(dispatcher, case.case_id, other.case_id)
        assert ids(left.suggestions) == [third.case_id]
    assert ids(suggested(reader, other)) == [third.case_id]
    assert set(ids(suggested(reader, third))) == {case.case_id, other.case_id}


def test_dismissing_is_for_dispatchers_and_of_what_they_see(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, other, foreign = make_case(uow, city), make_case(uow, city), make_case(uow, city, place="other")
    with pytest.raises(NotYourStep):
        suggesting.dismiss_suggestion(as_person(city.person("municipal")), case.case_id, other.case_id)
    for unseen in (foreign, case):
        with pytest.raises(CaseNotFound):
            suggesting.dismiss_suggestion(as_person(city.person("dispatcher")), case.case_id, unseen.case_id)


def test_what_is_merged_is_not_suggested_any_more(
    uow: RolledBackUnitOfWork, reader: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, other = make_case(uow, city), make_case(uow, city)
    merge(as_person(city.person("dispatcher")), other, case)
    assert suggested(reader, case) == []


def alike_of(by: RolledBackUnitOfWork, *, limit: int = 9) -> list[tuple[UUID, UUID]]:
    """Each with what is likest to it, page by page to the end."""
    found: list[tuple[UUID, UUID]] = []
    cursor: str | None = None
    while True:
        sheet = suggesting.list_alike(by, Page(limit=limit, of_list="suggestions", ring=RING, cursor=cursor))
        found += [(line.case.case_id, line.suggestion.other.case_id) for line in sheet.items]
        if (cursor := sheet.next) is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 9])
def test_a_dispatcher_reads_what_may_be_one_trouble_beside_the_likest_and_nothing_that_is_like_no_other(
    uow: RolledBackUnitOfWork, city: City, as_person: As, limit: int
) -> None:
    case = make_case(uow, city, place="b1", **SEWAGE)
    beside = make_case(uow, city, place="b2", category="municipal.water", gist="一楼厕所污水外溢")
    same = make_case(uow, city, place="b1", category="municipal.water", gist="污水外溢到二单元门口")
    make_case(uow, city, place="second", category="legal.aid", gist="咨询赡养费")
    make_case(uow, city, place="other", **SEWAGE)
    likest = {case.case_id: same.case_id, same.case_id: case.case_id, beside.case_id: case.case_id}
    found = alike_of(as_person(city.person("dispatcher")), limit=limit)
    assert len(found) == len(likest)
    assert dict(found) == likest
    assert alike_of(as_person(city.person("municipal")), limit=limit) == []


def test_what_is_listed_as_likest_is_what_the_case_itself_is_beside(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, place="b1", **SEWAGE)
    make_case(uow, city, place="b2", category="municipal.water", gist="一楼厕所污水外溢")
    for place in ("district", "district"):
        make_case(uow, city, place=place, **SEWAGE)
    above = as_person(city.person("district_dispatcher"))
    page = Page(limit=9, of_list="suggestions", ring=RING, cursor=None)
    lines = suggesting.list_alike(above, page).items
    assert len(lines) == 4
    for line in lines:
        side = suggesting.list_suggestions(above, line.case.case_id)
        assert line.suggestion == side.suggestions[0]
        assert line.tiers[line.suggestion.place] == side.tiers[line.suggestion.place]
    assert case.case_id in {line.case.case_id for line in lines}


def test_what_is_two_by_a_dispatchers_word_is_listed_no_more_nor_what_is_answered(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, other = make_case(uow, city), make_case(uow, city)
    answered = make_case_in(CaseState.ANSWERED, uow, city, as_person)
    dispatcher = as_person(city.person("dispatcher"))
    assert {answered.case_id} & {each for pair in alike_of(dispatcher) for each in pair} == set()
    assert set(alike_of(dispatcher)) == {(case.case_id, other.case_id), (other.case_id, case.case_id)}
    suggesting.dismiss_suggestion(dispatcher, case.case_id, other.case_id)
    assert alike_of(dispatcher) == []


def test_the_list_holds_nothing_that_may_not_be_seen(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    make_case(uow, city)
    make_case(uow, city, complained_of=[subject_of("dispatcher")])
    assert len(alike_of(as_person(city.person("district_dispatcher")))) == 2
    assert alike_of(as_person(city.person("dispatcher"))) == []


GISTS = st.text(alphabet="污水外溢一二楼路灯 abc12，。", max_size=30)


@given(one=GISTS, other=GISTS)
def test_likeness_is_mutual_and_between_nothing_and_the_same(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, one) in (0.0, 1.0)


@pytest.mark.parametrize(
    "one, other, least, most",
    [
        ("二单元一楼污水外溢", "污水外溢到二单元门口", 0.5, 0.8),
        ("路灯不亮", "小区路灯坏了", 0.2, 0.4),
        ("路灯不亮", "咨询低保", 0.0, 0.0),
        ("Sewage floods the stairs", "The stairs are flooded with sewage", 0.6, 0.8),
        ("Sewage floods the stairs", "Asking about a permit", 0.0, 0.15),
        ("", "污水", 0.0, 0.0),
    ],
)
def test_what_says_nearly_the_same_is_more_alike(one: str, other: str, least: float, most: float) -> None:
    assert least <= likeness(one, other) <= most


def test_the_shared_place_is_the_narrowest_that_holds_both() -> None:
    assert shared_path("/a/b/c/", "/a/b/d/") == "/a/b/"
    assert shared_path("/a/b/", "/a/b/d/") == "/a/b/"
    assert shared_path("/ab/", "/a/") == shared_path("/", "/a/") == "/"
