"""Putting many cases right at once: each by itself, whole or not at all, and what was only suggested confirmed."""

from uuid import uuid4

import pytest
from contracts.routing import CaseResortedV1
from kit.testing.servers import RolledBackUnitOfWork
from routing.domain.case import Case
from routing.errors import (
    AlreadyThere,
    CaseChanged,
    CaseNotFound,
    NamedTwice,
    NobodyHolds,
    NotYourStep,
    UnknownCategory,
)
from routing.repository import cases
from routing.service import dispatching, steps
from routing.service.dispatching import Tried

from tests.routing.conftest import City, put_post
from tests.routing.test_steps import As, make_case


def give(uow: RolledBackUnitOfWork, city: City, *named: Case, to: str = "legal") -> list[Tried]:
    versions = [(str(case.case_id), case.version) for case in named]
    return dispatching.re_dispatch_cases(uow, versions, to=city.posts[to].post_id, words="改派")


def sort(uow: RolledBackUnitOfWork, category: str, *named: Case) -> list[Tried]:
    versions = [(str(case.case_id), case.version) for case in named]
    return dispatching.re_sort_cases(uow, versions, category=category, words="分类有误")


def refusals(tried: list[Tried]) -> list[type[Exception] | None]:
    return [type(each.refusal) if each.refusal else None for each in tried]


def test_each_is_done_or_refused_by_itself_in_the_order_in_which_they_were_named(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    good, stale, there, last = (make_case(uow, city) for _ in range(4))
    stale.version -= 1
    dispatcher = as_person(city.person("dispatcher"))
    there = dispatching.re_dispatch_case(
        dispatcher, there.case_id, version=there.version, to=city.posts["legal"].post_id, words="改派"
    )
    elsewhere = make_case(uow, city, place="other")
    before = len(dispatcher.published)
    tried = give(dispatcher, city, last, stale, elsewhere, there, good)
    assert [each.case_id for each in tried] == [each.case_id for each in (last, stale, elsewhere, there, good)]
    assert refusals(tried) == [None, CaseChanged, CaseNotFound, AlreadyThere, None]
    for case in (good, last):
        assert cases.get_case(uow, case.case_id).holder_post_id == city.posts["legal"].post_id
    assert cases.get_case(uow, stale.case_id).holder_post_id == city.posts["municipal"].post_id
    said = [event.key for event in dispatcher.published[before:] if event.topic == "routing.case.v1"]
    assert said == sorted(str(case.case_id) for case in (good, last))


def test_they_are_named_by_number_too_and_what_is_not_seen_is_refused_alone(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    one, other, elsewhere = make_case(uow, city), make_case(uow, city), make_case(uow, city, place="other")
    named = [(one.number.lower(), 3), (other.appeals[0].number, 3), (elsewhere.number, 3)]
    dispatcher = as_person(city.person("dispatcher"))
    tried = dispatching.re_dispatch_cases(dispatcher, named, to=city.posts["legal"].post_id, words="改派")
    assert [(each.named, each.case_id) for each in tried] == [
        (one.number.lower(), one.case_id),
        (other.appeals[0].number, other.case_id),
        (elsewhere.number, None),
    ]
    assert refusals(tried) == [None, None, CaseNotFound]


def test_one_that_is_named_twice_by_two_names_is_refused_with_all(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    named = [(str(case.case_id), case.version), (case.number, case.version + 1)]
    with pytest.raises(NamedTwice, match="at 2 the same case as at 1"):
        dispatching.re_sort_cases(as_person(city.person("dispatcher")), named, category="legal.aid", words="改类")
    assert cases.get_case(uow, case.case_id).version == case.version


def test_what_is_refused_half_way_leaves_neither_entries_nor_events(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    refused, done = make_case(uow, city), make_case(uow, city)
    for code in ("window", "dispatcher", "district_dispatcher"):
        put_post(uow, city.posts[code].model_copy(update={"holders": []}))
    top = as_person(city.person("city_dispatcher"))
    put_post(uow, city.posts["city_dispatcher"].model_copy(update={"holders": []}))
    tried = sort(top, "administrative.hukou", refused)
    assert refusals(tried) == [NobodyHolds]
    assert top.published == []
    assert cases.get_case(uow, refused.case_id).version == refused.version
    assert refusals(sort(top, "legal.aid", done)) == [None]


def test_whose_step_it_is_is_asked_case_by_case(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    mine, below = make_case(uow, city), make_case(uow, city, place="other")
    assert refusals(give(as_person(city.person("window")), city, mine)) == [NotYourStep]
    tried = sort(as_person(city.person("district_dispatcher")), "legal.aid", mine, below)
    assert refusals(tried) == [None, None]
    assert refusals(sort(as_person(city.person("dispatcher")), "no.such", mine)) == [CaseChanged]
    stands = cases.get_case(uow, mine.case_id)
    assert refusals(sort(as_person(city.person("dispatcher")), "no.such", stands)) == [UnknownCategory]
    nowhere = dispatching.re_sort_cases(
        as_person(city.person("dispatcher")), [(str(uuid4()), 1)], category="x", words="y"
    )
    assert refusals(nowhere) == [CaseNotFound]


def test_what_was_only_suggested_is_confirmed_by_sorting_it_as_it_is(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    assert case.category_suggested
    assert case.category is not None
    dispatcher = as_person(city.person("dispatcher"))
    (tried,) = sort(dispatcher, case.category, case)
    assert tried.case is not None
    after = cases.get_case(uow, case.case_id)
    assert (after.category_suggested, after.category) == (False, case.category)
    assert (after.holder_post_id, after.promise_due, after.state) == (case.holder_post_id, case.promise_due, case.state)
    (told,) = [
        CaseResortedV1.model_validate_json(event.body or "")
        for event in dispatcher.published
        if event.type == CaseResortedV1.TYPE
    ]
    assert (told.category_before, told.handler) == (case.category, None)
    assert refusals(sort(dispatcher, case.category, after)) == [AlreadyThere]


def test_what_a_person_has_sorted_is_not_suggested(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    assert not make_case(uow, city, category="municipal.water").category_suggested
    assert not make_case(uow, city, suggested_category=None).category_suggested
    dispatcher = as_person(city.person("dispatcher"))
    waiting = make_case(uow, city, placing="candidates")
    assert waiting.category_suggested
    accepted = steps.accept_case(dispatcher, waiting.case_id, version=waiting.version, place_id=city.ids["area"])
    assert not accepted.category_suggested
    (sorted_anew,) = sort(dispatcher, "legal.aid", make_case(uow, city))
    assert sorted_anew.case is not None
    assert not sorted_anew.case.category_suggested


def test_only_what_was_suggested_can_be_listed(uow: RolledBackUnitOfWork, city: City) -> None:
    suggested = make_case(uow, city)
    make_case(uow, city, category="municipal.water")
    found = cases.list_open_cases(uow, [city.paths["community"]], suggested=True, after_key=None, limit=9)
    assert [case.case_id for case in found] == [suggested.case_id]
