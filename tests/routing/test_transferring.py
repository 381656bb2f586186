"""A holder passes a case on to whose remit it is: to whom, to whom not, and who sees it to its end."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty
from contracts.routing import Ask, CaseAssignedV1, CaseState
from kit.crypto import KeyRing, new_key
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from network import consumers as network
from routing.domain.case import Case
from routing.errors import AlreadyThere, HadItBefore, NotYourStep, StepNotAllowed, UnfitPost
from routing.repository import cases
from routing.service import asking, dispatching, opening, reading, splitting, steps

from tests.routing.conftest import City, make_appeal, make_post, put_post, subject_of
from tests.routing.test_steps import As, make_case

RING = KeyRing.parse(new_key("k1"))
OFFICES: tuple[tuple[str, Duty, str, list[str]], ...] = (
    ("lights", Duty.BUREAU, "city", ["municipal.street_lights"]),
    ("water", Duty.BUREAU, "city", ["municipal.water"]),
    ("all", Duty.DEPARTMENT, "district", []),
)


@pytest.fixture
def city(uow: RolledBackUnitOfWork, city: City) -> City:
    posts = [
        make_post(city, code, duty, place, office_id=uuid4(), matters=matters) for code, duty, place, matters in OFFICES
    ]
    posts.append(make_post(city, "chief", Duty.AREA_CHIEF, "area"))
    posts.append(make_post(city, "vacant", Duty.AREA_CHIEF, "area", filled=False))
    network.copy_posts(uow, posts, versions=[1] * len(posts))
    return city


def transfer(uow: RolledBackUnitOfWork, case: Case, to: UUID) -> Case:
    return dispatching.transfer_case(uow, case.case_id, version=case.version, to=to, words="属路灯管理")


def page(*, limit: int = 9, cursor: str | None = None) -> Page:
    return Page(limit=limit, of_list="transferred", ring=RING, cursor=cursor)


def passed_on_by(uow: RolledBackUnitOfWork) -> list[UUID]:
    return [line.case.case_id for line in reading.list_transferred(uow, page()).items]


@pytest.mark.parametrize("to", ["legal", "chief", "district_supervisor", "lights", "all"])
def test_a_holder_passes_it_on_and_the_promise_stays(
    uow: RolledBackUnitOfWork, city: City, as_person: As, to: str
) -> None:
    case = make_case(uow, city)
    case = steps.start_case(as_person(city.person("municipal")), case.case_id, version=case.version)
    holder = as_person(city.person("municipal"))
    after = transfer(holder, case, city.posts[to].post_id)
    assert (after.state, after.holder_post_id, after.promise_due) == (
        CaseState.ASSIGNED,
        city.posts[to].post_id,
        case.promise_due,
    )
    assert after.first_holder_post_id == city.posts["municipal"].post_id
    assert [event.type for event in holder.published] == [CaseAssignedV1.TYPE, "city.case.progressed.v1"]
    event = CaseAssignedV1.model_validate_json(holder.published[0].body or "")
    assert (event.handler.subject, event.first, event.transferred, event.former) == (subject_of(to), False, True, None)
    entry = cases.list_entries(uow, after)[-1]
    assert (entry.step, entry.words, entry.facts["transferred"]) == ("assigned", "属路灯管理", True)
    taker = as_person(city.person(to))
    assert steps.start_case(taker, case.case_id, version=after.version).state is CaseState.IN_PROGRESS
    assert cases.get_case(uow, case.case_id).first_holder_post_id == city.posts["municipal"].post_id


def test_it_goes_to_nobody_who_cannot_take_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, complained_of=[subject_of("agency")])
    holder = as_person(city.person("municipal"))
    refused: dict[str, tuple[type[Exception], str]] = {
        "municipal": (AlreadyThere, "lies already"),
        "vacant": (UnfitPost, "nobody holds it"),
        "other_dispatcher": (UnfitPost, "another place"),
        "water": (UnfitPost, "does not answer for such matters"),
        "agency": (UnfitPost, "complains"),
    }
    for code, (error, why) in refused.items():
        with pytest.raises(error, match=why):
            transfer(holder, case, city.posts[code].post_id)
    put_post(uow, city.posts["window"].model_copy(update={"holders": city.posts["municipal"].holders}))
    with pytest.raises(UnfitPost, match="you answer there yourself"):
        transfer(holder, case, city.posts["window"].post_id)
    assert cases.get_case(uow, case.case_id).version == case.version
    assert holder.published == []


def test_nor_is_what_was_split_off_passed_back(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    opening.open_cases(uow, [make_appeal(city, repeat_of=case.appeals[0].appeal_id)])
    second = city.posts["legal"].post_id
    case = transfer(as_person(city.person("municipal")), cases.get_case(uow, case.case_id), second)
    dispatcher, going = as_person(city.person("dispatcher")), [case.appeals[1].appeal_id]
    new = splitting.split_case(dispatcher, case.case_id, version=case.version, appeal_ids=going, words="分案").new
    with pytest.raises(HadItBefore):
        transfer(as_person(city.person("legal")), new, city.posts["municipal"].post_id)


def test_it_is_not_passed_back_but_returned(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    first, second, third = (city.posts[code] for code in ("municipal", "legal", "window"))
    case = transfer(as_person(city.person("municipal")), make_case(uow, city), second.post_id)
    with pytest.raises(HadItBefore, match="returns"):
        transfer(as_person(city.person("legal")), case, first.post_id)
    case = transfer(as_person(city.person("legal")), case, third.post_id)
    for had_it in (first, second):
        with pytest.raises(HadItBefore):
            transfer(as_person(city.person("window")), case, had_it.post_id)
    put_post(uow, city.posts["agency"].model_copy(update={"holders": first.holders}))
    with pytest.raises(HadItBefore):
        transfer(as_person(city.person("window")), case, city.posts["agency"].post_id)
    assert case.first_holder_post_id == first.post_id, "whoever took it first, however often it is passed on"
    asked = asking.ask_dispatcher(
        *(as_person(city.person("window")), case.case_id),
        ask=Ask.RETURN,
        version=case.version,
        reason="not_our_remit",
        words="不属本岗",
    )
    dispatcher = as_person(city.person("dispatcher"))
    after = asking.rule_on_case(
        dispatcher, case.case_id, version=asked.version, granted=True, to=first.post_id, words="同意"
    )
    assert after.holder_post_id == first.post_id


def test_only_its_holder_passes_it_on_and_not_while_something_is_asked_or_ruled(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    to = city.posts["legal"].post_id
    for who in ("dispatcher", "window"):
        with pytest.raises(NotYourStep):
            transfer(as_person(city.person(who)), case, to)
    holder = as_person(city.person("municipal"))
    for ruler in ("dispatcher", "district_dispatcher"):
        case = asking.ask_dispatcher(
            *(holder, case.case_id), ask=Ask.RETURN, version=case.version, reason="not_our_remit", words="不属"
        )
        with pytest.raises(StepNotAllowed, match="asked"):
            transfer(holder, case, to)
        case = asking.rule_on_case(
            as_person(city.person(ruler)), case.case_id, version=case.version, granted=False, words="仍由你岗"
        )
    with pytest.raises(StepNotAllowed, match="ruled"):
        transfer(holder, case, to)


def test_an_office_that_is_given_it_sees_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    after = transfer(as_person(city.person("municipal")), case, city.posts["lights"].post_id)
    bureau = as_person(city.person("lights"))
    assert reading.get_case(bureau, case.case_id).case.office_id == city.posts["lights"].office_id
    back = dispatching.re_dispatch_case(
        as_person(city.person("dispatcher")),
        case.case_id,
        version=after.version,
        to=city.posts["municipal"].post_id,
        words="改派",
    )
    assert back.office_id is None


@pytest.mark.parametrize("begun", [True, False])
def test_who_had_begun_follows_what_a_dispatcher_gives_to_another(
    uow: RolledBackUnitOfWork, city: City, as_person: As, begun: bool
) -> None:
    """Who was given it wrongly, and had not, took nothing."""
    holder, case = as_person(city.person("municipal")), make_case(uow, city)
    if begun:
        case = steps.start_case(holder, case.case_id, version=case.version)
    to, dispatcher = city.posts["legal"].post_id, as_person(city.person("dispatcher"))
    after = dispatching.re_dispatch_case(dispatcher, case.case_id, version=case.version, to=to, words="改派")
    assert after.first_holder_post_id == (city.posts["municipal"].post_id if begun else None)
    assert passed_on_by(holder) == ([case.case_id] if begun else [])
    after = transfer(as_person(city.person("legal")), after, city.posts["chief"].post_id)
    assert after.first_holder_post_id == city.posts["municipal" if begun else "legal"].post_id


def test_who_returned_it_and_was_agreed_with_did_not_take_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    holder, case = as_person(city.person("municipal")), make_case(uow, city)
    case = steps.start_case(holder, case.case_id, version=case.version)
    facts: dict[str, Any] = {"ask": Ask.RETURN, "reason": "not_our_remit", "words": "不属"}
    case = asking.ask_dispatcher(holder, case.case_id, version=case.version, **facts)
    to, dispatcher = city.posts["legal"].post_id, as_person(city.person("dispatcher"))
    after = asking.rule_on_case(dispatcher, case.case_id, version=case.version, granted=True, to=to, words="同意")
    assert (after.holder_post_id, after.first_holder_post_id) == (to, None)


def test_who_took_it_first_follows_it_until_it_is_closed(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    holder, taker = as_person(city.person("municipal")), as_person(city.person("legal"))
    make_case(uow, city)
    passed_on = [
        transfer(holder, make_case(uow, city, suggested_category=category), city.posts["legal"].post_id)
        for category in ("municipal.water", "municipal.street_lights")
    ]
    later, sooner = passed_on
    assert passed_on_by(holder) == [sooner.case_id, later.case_id], "what falls due first before the rest"
    assert passed_on_by(taker) == []
    first = reading.list_transferred(holder, page(limit=1))
    rest = reading.list_transferred(holder, page(limit=1, cursor=first.next))
    assert [line.case.case_id for line in (*first.items, *rest.items)] == [sooner.case_id, later.case_id]
    late = as_person(city.person("municipal"), now=NOW + timedelta(days=30))
    assert all(line.case.is_overdue(line.now) for line in reading.list_transferred(late, page()).items)
    facts: dict[str, Any] = {"ask": Ask.DECLINE, "reason": "in_court", "words": "已立案"}
    asked = asking.ask_dispatcher(taker, sooner.case_id, version=sooner.version, **facts)
    dispatcher = as_person(city.person("dispatcher"))
    asking.rule_on_case(dispatcher, sooner.case_id, version=asked.version, granted=True, words="同意")
    assert passed_on_by(holder) == [later.case_id]
