"""Conflict of interest: whoever has an interest in a matter takes no part in it, and it never comes back to them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from contracts.grid import Duty, Holding
from contracts.intake import Channel
from contracts.routing import Ask, CaseAssignedV1, CaseOpenedV1, CaseRecusedV1, CaseState, Queue
from hypothesis import given
from hypothesis import strategies as st
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.case import Case
from routing.domain.steps import STEPS, Seated, Step, steps_for
from routing.errors import CaseNotFound, NobodyHolds, NobodyRules, NotYourStep, StepNotAllowed, UnfitPost
from routing.repository import cases
from routing.service import asking, dispatching, reading, recusing, steps

from tests.routing.conftest import City, make_post, put_post, subject_of
from tests.routing.test_pressing import RING
from tests.routing.test_steps import TAKE, WAY, As, make_case, make_case_in

WORDS = "诉求人是我的亲属"


def recuse(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return recusing.recuse(uow, case.case_id, version=case.version, words=WORDS)


def said(uow: RolledBackUnitOfWork, event: type[Any]) -> Any:
    (found,) = [each.body or "" for each in uow.published if each.type == event.TYPE]
    return event.model_validate_json(found)


def queue_of(uow: RolledBackUnitOfWork) -> list[Case]:
    page = Page(limit=9, of_list="queue", ring=RING, cursor=None)
    return [line.case for line in reading.list_queue(uow, page).items]


def ask_return(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return asking.ask_dispatcher(
        uow, case.case_id, ask=Ask.RETURN, version=case.version, reason="not_our_remit", words="非本岗职责"
    )


def test_a_case_goes_across_to_another_post_of_its_duty(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    put_post(uow, make_post(city, "municipal_two", Duty.MUNICIPAL, "community"))
    case = TAKE[Step.START](as_person(city.person("municipal")), make_case(uow, city))
    holder = as_person(city.person("municipal"))
    after = recuse(holder, case)
    assert (after.state, after.holder_post_id) == (CaseState.ASSIGNED, city.posts["municipal_two"].post_id)
    assert (after.queue, after.promise_due) == (None, case.promise_due)
    assert [event.type for event in holder.published] == [
        "routing.case.recused.v1",
        "routing.case.assigned.v1",
        "city.case.progressed.v1",
    ]
    assert WORDS not in "".join(event.body or "" for event in holder.published)
    told = said(holder, CaseAssignedV1)
    assert (told.handler.subject, told.first) == (subject_of("municipal_two"), False)
    entries = cases.list_entries(uow, after)
    assert [(entry.step, entry.words) for entry in entries[-2:]] == [("recused", WORDS), ("assigned", None)]


def test_where_nobody_else_has_the_duty_it_waits_for_the_dispatcher_above_as_a_conflict(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    after = recuse(as_person(city.person("municipal")), case)
    assert after.holder_post_id == city.posts["district_dispatcher"].post_id
    assert (after.state, after.queue, after.is_conflict) == (CaseState.ASSIGNED, Queue.VACANT, True)
    dispatcher = as_person(city.person("district_dispatcher"))
    assert [each.is_conflict for each in queue_of(dispatcher)] == [True]
    case = dispatching.re_dispatch_case(
        dispatcher, case.case_id, version=after.version, to=city.posts["legal"].post_id, words="由他人办理"
    )
    assert (case.queue, case.is_conflict) == (None, False)
    assert queue_of(dispatcher) == []


@pytest.mark.parametrize("step", [Step.START, Step.ANSWER])
def test_a_dispatcher_who_does_it_themselves_has_it_off_their_queue(
    uow: RolledBackUnitOfWork, city: City, as_person: As, step: Step
) -> None:
    case = recuse(as_person(city.person("municipal")), make_case(uow, city))
    dispatcher = as_person(city.person("district_dispatcher"))
    assert TAKE[step](dispatcher, case).queue is None
    assert queue_of(dispatcher) == []


def test_it_never_comes_back_by_any_way(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = recuse(as_person(city.person("municipal")), make_case(uow, city))
    dispatcher = as_person(city.person("district_dispatcher"))
    with pytest.raises(UnfitPost, match="interest"):
        dispatching.re_dispatch_case(
            dispatcher, case.case_id, version=case.version, to=city.posts["municipal"].post_id, words="改派"
        )
    resorted = dispatching.re_sort_case(
        dispatcher, case.case_id, version=case.version, category="municipal.water", words="属供水"
    )
    assert resorted.holder_post_id != city.posts["municipal"].post_id
    for step in TAKE:
        if STEPS[step].allows(resorted):
            with pytest.raises(NotYourStep):
                TAKE[step](as_person(city.person("municipal", "dispatcher", "city_dispatcher")), resorted)
    assert reading.get_case(as_person(city.person("municipal")), case.case_id).steps == []


def test_a_stand_in_and_whom_they_stand_in_for_are_one_post(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    standing_in = Holding(
        subject="somebody", name="某人", contact_id=case.case_id, since=NOW - timedelta(days=1), until=None
    )
    put_post(uow, city.posts["municipal"].model_copy(update={"stand_ins": [standing_in]}))
    after = recuse(as_person(city.person("municipal", subject="somebody")), case)
    assert after.holder_post_id == city.posts["district_dispatcher"].post_id


def test_a_dispatcher_hands_on_what_waits_for_them(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, suggested_category=None)
    dispatcher = as_person(city.person("dispatcher"))
    after = recuse(dispatcher, case)
    assert (after.state, after.queue) == (CaseState.RECEIVED, Queue.UNSORTED)
    assert after.holder_post_id == city.posts["district_dispatcher"].post_id
    told = said(dispatcher, CaseRecusedV1)
    assert (told.queue, told.dispatcher.subject) == (Queue.UNSORTED, subject_of("district_dispatcher"))
    assert [each.case_id for each in queue_of(as_person(city.person("district_dispatcher")))] == [case.case_id]
    with pytest.raises(NotYourStep):
        steps.accept_case(
            as_person(city.person("dispatcher")), case.case_id, version=after.version, category="municipal.water"
        )


def test_who_is_asked_to_rule_hands_on_the_ruling(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = ask_return(as_person(city.person("municipal")), make_case(uow, city))
    ruler = as_person(city.person("dispatcher"))
    after = recuse(ruler, case)
    assert (after.holder_post_id, after.ask) == (case.holder_post_id, Ask.RETURN)
    assert after.ruler_post_id == city.posts["district_dispatcher"].post_id
    told = said(ruler, CaseRecusedV1)
    assert (told.ask, told.ruler.subject, told.dispatcher) == (Ask.RETURN, subject_of("district_dispatcher"), None)
    with pytest.raises(NotYourStep):
        TAKE[Step.RULE](as_person(city.person("dispatcher")), after)
    assert TAKE[Step.RULE](as_person(city.person("district_dispatcher")), after).ask is None


def test_where_nobody_else_rules_it_cannot_be_handed_on(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = ask_return(as_person(city.person("municipal")), make_case(uow, city))
    for code in ("district_dispatcher", "city_dispatcher"):
        put_post(uow, city.posts[code].model_copy(update={"holders": []}))
    with pytest.raises(NobodyRules):
        recuse(as_person(city.person("dispatcher")), case)
    assert cases.get_case(uow, case.case_id).version == case.version


def test_what_its_holder_asked_goes_with_them(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = ask_return(as_person(city.person("municipal")), make_case(uow, city))
    after = recuse(as_person(city.person("municipal")), case)
    assert (after.ask, after.ruler_post_id) == (None, None)


def test_a_dispatcher_whom_it_does_not_lie_with_only_steps_aside(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    after = recuse(as_person(city.person("city_dispatcher")), case)
    assert (after.holder_post_id, after.state) == (case.holder_post_id, case.state)
    asked = ask_return(as_person(city.person("municipal")), after)
    assert asked.ruler_post_id == city.posts["dispatcher"].post_id
    assert reading.get_case(as_person(city.person("city_dispatcher")), case.case_id).steps == []


def test_where_nobody_else_may_take_it_that_is_said(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    for code in ("dispatcher", "district_dispatcher", "city_dispatcher"):
        put_post(uow, city.posts[code].model_copy(update={"holders": []}))
    with pytest.raises(NobodyHolds):
        recuse(as_person(city.person("municipal")), case)
    assert cases.get_case(uow, case.case_id).version == case.version


@pytest.mark.parametrize("state", WAY)
def test_one_recuses_oneself_while_it_is_to_be_answered(
    uow: RolledBackUnitOfWork, city: City, as_person: As, state: CaseState
) -> None:
    case = make_case_in(state, uow, city, as_person)
    who = as_person(city.person("dispatcher" if state is CaseState.RECEIVED else "municipal"))
    if case.is_unsettled:
        recuse(who, case)
    else:
        with pytest.raises(StepNotAllowed, match="recuse"):
            recuse(who, case)
        assert who.published == []


@pytest.mark.parametrize("who, refused", [("window", NotYourStep), ("other_dispatcher", CaseNotFound)])
def test_who_has_nothing_to_do_with_it_has_nothing_to_hand_on(
    uow: RolledBackUnitOfWork, city: City, as_person: As, who: str, refused: type[Exception]
) -> None:
    case = make_case(uow, city)
    with pytest.raises(refused):
        recuse(as_person(city.person(who)), case)


def test_what_complains_of_its_handler_waits_above_as_a_conflict(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, complained_of=[subject_of("municipal")])
    assert case.holder_post_id == city.posts["district_dispatcher"].post_id
    assert (case.state, case.is_conflict) == (CaseState.ASSIGNED, True)
    assert [each.case_id for each in queue_of(as_person(city.person("district_dispatcher")))] == [case.case_id]


def test_where_nobody_is_left_the_event_says_that_it_is_a_conflict(uow: RolledBackUnitOfWork, city: City) -> None:
    put_post(uow, city.posts["city_dispatcher"].model_copy(update={"holders": []}))
    put_post(uow, city.posts["district_dispatcher"].model_copy(update={"holders": []}))
    case = make_case(uow, city, complained_of=[subject_of("municipal"), subject_of("dispatcher")])
    assert (case.state, case.queue) == (CaseState.RECEIVED, Queue.VACANT)
    assert case.holder_post_id == city.posts["district_dispatcher"].post_id
    assert said(uow, CaseOpenedV1).conflict is True


@given(st.sampled_from(list(WAY)), st.sampled_from(["complained_of", "recused"]), st.booleans())
def test_nobody_with_an_interest_is_offered_any_step(state: CaseState, why: str, is_holder: bool) -> None:
    post = Seated(uuid4(), Duty.DISPATCHER.value, path="/")
    case = Case(uuid4(), "C1", "路灯不亮", Channel.WEB, NOW, NOW, "/", "/", state=state, papers_held=1)
    case.holder_post_id = post.post_id if is_holder else None
    assert steps_for(case, [post], subject="me", now=NOW) != []
    setattr(case, why, ("somebody", "me"))
    assert steps_for(case, [post], subject="me", now=NOW) == []
