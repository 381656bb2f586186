"""Re-sorting, re-dispatching, returns and declines: who rules, what it does to the promise, and what holds after."""

from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty
from contracts.routing import (
    Ask,
    CaseAskedV1,
    CaseAssignedV1,
    CaseClosedV1,
    CaseResortedV1,
    CaseRuledV1,
    CaseState,
    Outcome,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.auth import OPERATOR, Person
from kit.crypto import KeyRing, new_key
from kit.errors import ServiceError
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from network import consumers as network
from routing.domain.case import Case, ClosedReason, DeadlineState
from routing.domain.reasons import Reason
from routing.domain.steps import Step
from routing.errors import (
    AlreadyThere,
    CaseNotFound,
    ClockRuns,
    HelpedFromElsewhere,
    ListIsClosed,
    NobodyRules,
    NotTheOperator,
    NotYourPlace,
    NotYourPrecedent,
    NotYourStep,
    PrecedentNotFound,
    PrecedentRevoked,
    PromiseMissed,
    ReasonTaken,
    RulingBinds,
    StepNotAllowed,
    UnfitPost,
    UnknownCategory,
    UnknownReason,
    WhereToMissing,
    WhereToUnasked,
)
from routing.repository import cases
from routing.repository import precedents as precedents_of_copy
from routing.service import asking, dispatching, helping, precedents, reading, reasons, steps
from sqlalchemy import text

from tests.conftest import UnitOfWorkOf
from tests.routing.conftest import City, make_post, put_post, subject_of
from tests.routing.test_steps import As, make_case

PAGE = Page(9, "a list", KeyRing.parse(new_key("k1")))


def ask(uow: RolledBackUnitOfWork, case: Case, what: Ask = Ask.RETURN, **overrides: Any) -> Case:
    reason = {Ask.RETURN: "not_our_remit", Ask.DECLINE: "in_court", Ask.EXTENSION: "materials"}[what]
    facts: dict[str, Any] = {"ask": what, "version": case.version, "reason": reason, "words": "依据三定方案"}
    return asking.ask_dispatcher(uow, case.case_id, **facts | overrides)


def rule(uow: RolledBackUnitOfWork, case: Case, *, granted: bool, **more: Any) -> Case:
    return asking.rule_on_case(uow, case.case_id, version=case.version, granted=granted, words="已核", **more)


def re_sort(uow: RolledBackUnitOfWork, case: Case, category: str) -> Case:
    return dispatching.re_sort_case(uow, case.case_id, version=case.version, category=category, words="分类有误")


def re_dispatch(uow: RolledBackUnitOfWork, case: Case, to: UUID) -> Case:
    return dispatching.re_dispatch_case(uow, case.case_id, version=case.version, to=to, words="改派")


def types_of(uow: RolledBackUnitOfWork) -> list[str]:
    return [event.type for event in uow.published]


def test_re_sorting_moves_it_to_whom_the_right_category_leads(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    dispatcher = as_person(city.person("dispatcher"))
    after = re_sort(dispatcher, case, "administrative.hukou")
    assert (after.category, after.holder_post_id) == ("administrative.hukou", city.posts["window"].post_id)
    assert types_of(dispatcher) == [
        "routing.case.resorted.v1",
        "routing.case.assigned.v1",
        "city.case.progressed.v1",
    ]
    seen = cases.get_case(uow, case.case_id)
    assert (seen.category, seen.state, seen.promise_due) == (after.category, CaseState.ASSIGNED, after.promise_due)


def test_re_sorting_that_leads_to_the_same_handler_leaves_it_there_as_it_is(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    case = steps.start_case(as_person(city.person("municipal")), case.case_id, version=case.version)
    after = re_sort(as_person(city.person("dispatcher")), case, "municipal.water")
    assert (after.state, after.holder_post_id) == (CaseState.IN_PROGRESS, city.posts["municipal"].post_id)


CATEGORIES = ("municipal.street_lights", "administrative.hukou", "municipal.water", "administrative.relief")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(way=st.lists(st.tuples(st.sampled_from(CATEGORIES), st.integers(0, 40)), min_size=1, max_size=5))
def test_the_promise_never_grows_by_re_sorting(
    uow: RolledBackUnitOfWork, city: City, as_person: As, way: list[tuple[str, int]]
) -> None:
    case, now = make_case(uow, city), NOW
    told = case.promise_due
    assert told is not None
    for category, hours in way:
        now += timedelta(hours=hours)
        if category == case.category or now > told:
            continue
        case = re_sort(as_person(city.person("dispatcher"), now=now), case, category)
        assert case.promise_due is not None
        assert case.promise_due <= told
        assert case.deadline is not None
        assert case.deadline.promise.due_at == case.promise_due
        told = case.promise_due
    open_ones = cases.list_open_deadlines(uow, [case.placed_path], after_key=None, limit=50)
    assert [row[2].promise.due_at for row in open_ones if row[1] == case.case_id] == [told]


def test_a_missed_promise_stays_missed_when_it_is_re_sorted(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    assert case.deadline is not None
    case.miss(case.deadline, at=NOW)
    cases.save_cases(uow, [case])
    after = re_sort(as_person(city.person("dispatcher")), case, "administrative.hukou")
    seen = cases.get_case(uow, after.case_id)
    assert seen.promise_met is False
    assert seen.deadline is not None
    assert seen.deadline.state is DeadlineState.BREACHED


def test_re_dispatching_tells_the_resident_and_keeps_the_promise(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    dispatcher = as_person(city.person("dispatcher"))
    after = re_dispatch(dispatcher, case, city.posts["legal"].post_id)
    (told,) = [event for event in dispatcher.published if event.type == CaseAssignedV1.TYPE]
    event = CaseAssignedV1.model_validate_json(told.body or "")
    assert (event.first, event.handler.subject) == (False, subject_of("legal"))
    assert after.promise_due == case.promise_due


def former_of(uow: RolledBackUnitOfWork) -> str | None:
    """Who hears that it went to another by the last assignment of this person."""
    told = [event for event in uow.published if event.type == CaseAssignedV1.TYPE][-1]
    former = CaseAssignedV1.model_validate_json(told.body or "").former
    return former.subject if former else None


def test_who_had_it_hears_that_it_goes_to_another(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    dispatcher = as_person(city.person("dispatcher"))
    after = re_dispatch(dispatcher, make_case(uow, city), city.posts["legal"].post_id)
    assert former_of(dispatcher) == subject_of("municipal")
    assert cases.list_entries(uow, after)[-1].facts["former"] == subject_of("municipal")
    re_sort(dispatcher, make_case(uow, city, suggested_category="municipal.water"), "administrative.hukou")
    assert former_of(dispatcher) == subject_of("municipal")


def test_whose_own_doing_it_is_hears_nothing_of_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    """Of a return that was granted, the ruling tells."""
    dispatcher = as_person(city.person("dispatcher"))
    mine = re_dispatch(dispatcher, make_case(uow, city), city.posts["dispatcher"].post_id)
    after = re_dispatch(dispatcher, mine, city.posts["legal"].post_id)
    assert former_of(dispatcher) is None
    assert "former" not in cases.list_entries(uow, after)[-1].facts
    rule(dispatcher, ask(as_person(city.person("legal")), after), granted=True, to=city.posts["window"].post_id)
    assert former_of(dispatcher) is None


def test_who_must_not_be_told_of_it_hears_nothing_either(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case, dispatcher = make_case(uow, city), as_person(city.person("dispatcher"))
    case.complained_of = (subject_of("municipal"),)
    cases.save_cases(uow, [case])
    re_dispatch(dispatcher, case, city.posts["legal"].post_id)
    assert former_of(dispatcher) is None


@pytest.mark.parametrize(
    "to, error",
    [
        (uuid4(), UnfitPost),
        ("municipal", AlreadyThere),
        ("elsewhere", UnfitPost),
        ("empty", UnfitPost),
        ("blamed", UnfitPost),
    ],
)
def test_a_post_that_cannot_take_it_is_refused(
    uow: RolledBackUnitOfWork, city: City, as_person: As, to: str | UUID, error: type[ServiceError]
) -> None:
    posts = [
        make_post(city, "elsewhere", Duty.MUNICIPAL, "other"),
        make_post(city, "empty", Duty.PETITION, "community", filled=False),
        make_post(city, "blamed", Duty.PETITION, "community"),
    ]
    network.copy_posts(uow, posts, versions=[1, 1, 1])
    case = make_case(uow, city, complained_of=[subject_of("blamed")])
    dispatcher = as_person(city.person("district_dispatcher"))
    with pytest.raises(error):
        re_dispatch(dispatcher, case, city.posts[to].post_id if isinstance(to, str) else to)
    assert dispatcher.published == []


def test_sorting_it_as_it_is_sorted_is_refused(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, category="municipal.street_lights")
    dispatcher = as_person(city.person("dispatcher"))
    assert case.category is not None
    with pytest.raises(AlreadyThere):
        re_sort(dispatcher, case, case.category)
    with pytest.raises(UnknownCategory):
        re_sort(dispatcher, case, "no.such")


def test_a_wrong_place_is_put_right_and_the_case_goes_to_whose_it_is_there(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    network.copy_posts(uow, [make_post(city, "municipal2", Duty.MUNICIPAL, "other")], versions=[1])
    case = make_case(uow, city)
    above = as_person(city.person("district_dispatcher"))
    right: dict[str, Any] = {"version": case.version, "words": "地点有误"}
    with pytest.raises(NotYourPlace):
        dispatching.re_sort_case(
            as_person(city.person("dispatcher")), case.case_id, place_id=city.ids["other"], **right
        )
    with pytest.raises(AlreadyThere):
        dispatching.re_sort_case(above, case.case_id, place_id=case.place_id, **right)
    after = dispatching.re_sort_case(above, case.case_id, place_id=city.ids["other"], **right)
    assert (after.placed_path, after.category) == (city.paths["other"], case.category)
    assert after.holder_post_id == city.posts["municipal2"].post_id
    assert after.promise_due is not None
    assert case.promise_due is not None
    assert after.promise_due <= case.promise_due
    assert types_of(above) == ["routing.case.resorted.v1", "routing.case.assigned.v1", "city.case.progressed.v1"]
    seen = cases.get_case(as_person(city.person("municipal2")), case.case_id)
    assert (seen.place_id, seen.version) == (city.ids["other"], after.version)
    due = cases.list_open_deadlines(uow, [city.paths["other"]], after_key=None, limit=9)
    assert [row[1] for row in due] == [case.case_id]
    with pytest.raises(CaseNotFound):
        cases.get_case(as_person(city.person("dispatcher")), case.case_id)


def test_who_helps_where_it_was_is_released_before_it_goes_elsewhere(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    network.copy_posts(uow, [make_post(city, "municipal2", Duty.MUNICIPAL, "other")], versions=[1])
    case = make_case(uow, city)
    above = as_person(city.person("district_dispatcher"))
    to, due = city.posts["legal"].post_id, NOW + timedelta(hours=2)
    helping.call_in_helper(above, case.case_id, version=case.version, to=to, words="核实", due_at=due)
    with pytest.raises(HelpedFromElsewhere):
        dispatching.re_sort_case(
            above, case.case_id, version=case.version + 1, place_id=city.ids["other"], words="地点有误"
        )


def test_a_return_may_be_granted_by_putting_the_place_right(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    network.copy_posts(uow, [make_post(city, "municipal2", Duty.MUNICIPAL, "other")], versions=[1])
    asked = ask(as_person(city.person("municipal")), make_case(uow, city), reason="wrong_place")
    after = rule(as_person(city.person("district_dispatcher")), asked, granted=True, place_id=city.ids["other"])
    assert (after.placed_path, after.holder_post_id) == (city.paths["other"], city.posts["municipal2"].post_id)


def test_who_asks_to_return_it_stays_liable_until_it_is_ruled(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    holder = as_person(city.person("municipal"))
    asked = ask(holder, case)
    assert (asked.holder_post_id, asked.state) == (case.holder_post_id, CaseState.ASSIGNED)
    assert asked.ruler_post_id == city.posts["dispatcher"].post_id
    (told,) = [CaseAskedV1.model_validate_json(event.body or "") for event in holder.published]
    assert (told.ask, told.ruler.subject) == (Ask.RETURN, subject_of("dispatcher"))
    waiting = reading.list_queue(as_person(city.person("dispatcher")), PAGE)
    assert [line.case.case_id for line in waiting.items] == [case.case_id]
    with pytest.raises(StepNotAllowed):
        ask(holder, asked)


def test_answering_ends_what_was_asked(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = ask(as_person(city.person("municipal")), make_case(uow, city))
    after = steps.answer_case(
        as_person(city.person("municipal")), case.case_id, version=case.version, outcome=Outcome.SOLVED, answer="已修"
    )
    assert after.ask is None
    assert reading.list_queue(as_person(city.person("dispatcher")), PAGE).items == []


def test_a_return_that_is_granted_goes_where_the_dispatcher_says(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    asked = ask(as_person(city.person("municipal")), make_case(uow, city))
    dispatcher = as_person(city.person("dispatcher"))
    after = rule(dispatcher, asked, granted=True, to=city.posts["legal"].post_id)
    assert (after.holder_post_id, after.ask, after.ruled_path) == (city.posts["legal"].post_id, None, None)
    told = [CaseRuledV1.model_validate_json(e.body or "") for e in dispatcher.published if e.type == CaseRuledV1.TYPE]
    assert [(each.granted, each.binding, each.asker and each.asker.subject) for each in told] == [
        (True, False, subject_of("municipal"))
    ]


def test_a_return_may_be_granted_by_putting_the_category_right(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    asked = ask(as_person(city.person("municipal")), make_case(uow, city), reason="wrong_category")
    after = rule(as_person(city.person("dispatcher")), asked, granted=True, category="administrative.hukou")
    assert (after.category, after.holder_post_id) == ("administrative.hukou", city.posts["window"].post_id)


def test_a_ruling_says_where_to_only_when_it_sends_it_elsewhere(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    asked = ask(as_person(city.person("municipal")), make_case(uow, city))
    dispatcher = as_person(city.person("dispatcher"))
    with pytest.raises(WhereToMissing):
        rule(dispatcher, asked, granted=True)
    with pytest.raises(WhereToMissing):
        rule(dispatcher, asked, granted=True, category="municipal.water")
    with pytest.raises(WhereToUnasked) as where:
        rule(dispatcher, asked, granted=False, to=city.posts["legal"].post_id)
    assert where.value.field == "/post_id"
    with pytest.raises(WhereToUnasked) as where:
        rule(dispatcher, asked, granted=False, category="municipal.water")
    assert where.value.field == "/category"
    assert cases.get_case(uow, asked.case_id).version == asked.version


def ruled_twice(uow: RolledBackUnitOfWork, city: City, as_person: As, **ruling: Any) -> Case:
    """Returned, refused, returned again, ruled by the district."""
    holder = as_person(city.person("municipal"))
    case = rule(as_person(city.person("dispatcher")), ask(holder, make_case(uow, city)), granted=False)
    case = ask(holder, case)
    assert case.ruler_post_id == city.posts["district_dispatcher"].post_id
    with pytest.raises(NotYourStep):
        rule(as_person(city.person("dispatcher")), case, **ruling)
    return rule(as_person(city.person("district_dispatcher")), case, **ruling)


def test_a_second_return_is_ruled_above_and_binds(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = ruled_twice(uow, city, as_person, granted=False)
    assert case.holder_post_id == city.posts["municipal"].post_id
    with pytest.raises(StepNotAllowed, match="ruled"):
        ask(as_person(city.person("municipal")), case)
    with pytest.raises(RulingBinds):
        re_dispatch(as_person(city.person("dispatcher")), case, city.posts["legal"].post_id)
    moved = re_dispatch(as_person(city.person("district_dispatcher")), case, city.posts["legal"].post_id)
    assert moved.holder_post_id == city.posts["legal"].post_id


def test_a_second_return_after_the_citys_ruling_is_the_citys_again(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    holder = as_person(city.person("municipal"))
    case = rule(as_person(city.person("city_dispatcher")), ask(holder, make_case(uow, city)), granted=False)
    assert ask(holder, case).ruler_post_id == city.posts["city_dispatcher"].post_id


def test_a_ruling_of_a_lower_tier_binds_its_case_and_leaves_the_precedent_of_a_higher_one(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    holder, above = as_person(city.person("municipal")), as_person(city.person("city_dispatcher"))
    case = rule(as_person(city.person("district_dispatcher")), ask(holder, make_case(uow, city)), granted=False)
    rule(above, ask(holder, case), granted=True, to=city.posts["legal"].post_id)
    holder = as_person(city.person("legal"))
    case = rule(as_person(city.person("dispatcher")), ask(holder, make_case(uow, city)), granted=False)
    district = as_person(city.person("district_dispatcher"))
    case = rule(district, ask(holder, case), granted=True, to=city.posts["municipal"].post_id)
    assert (case.holder_post_id, case.ruled_path) == (city.posts["municipal"].post_id, city.paths["district"])
    (found,) = precedents.list_precedents(as_person(city.person("dispatcher")), PAGE).items
    assert (found.post_id, found.ruled_path) == (city.posts["legal"].post_id, city.paths["city"])
    assert make_case(uow, city).holder_post_id == city.posts["legal"].post_id


def test_assignment_follows_a_precedent_until_it_is_revoked(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    ruled_twice(uow, city, as_person, granted=True, to=city.posts["legal"].post_id)
    assert make_case(uow, city).holder_post_id == city.posts["legal"].post_id
    assert make_case(uow, city, suggested_category="municipal.water").holder_post_id == city.posts["municipal"].post_id
    (found,) = precedents.list_precedents(as_person(city.person("dispatcher")), PAGE).items
    assert (found.category, found.path) == ("municipal.street_lights", city.paths["community"])
    with pytest.raises(NotYourPrecedent):
        precedents.revoke_precedent(as_person(city.person("dispatcher")), found.precedent_id)
    with pytest.raises(PrecedentNotFound):
        precedents.revoke_precedent(as_person(city.person("other_dispatcher")), found.precedent_id)
    precedents.revoke_precedent(as_person(city.person("district_dispatcher")), found.precedent_id)
    with pytest.raises(PrecedentRevoked):
        precedents.revoke_precedent(as_person(city.person("district_dispatcher")), found.precedent_id)
    assert make_case(uow, city).holder_post_id == city.posts["municipal"].post_id


def test_a_precedent_of_whom_a_case_complains_is_passed_over(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    ruled_twice(uow, city, as_person, granted=True, to=city.posts["legal"].post_id)
    case = make_case(uow, city, complained_of=[subject_of("legal")])
    assert case.holder_post_id == city.posts["municipal"].post_id


def test_a_later_ruling_on_the_same_matter_takes_the_place_of_the_earlier(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    ruled_twice(uow, city, as_person, granted=True, to=city.posts["legal"].post_id)
    legal = as_person(city.person("legal"))
    case = rule(as_person(city.person("dispatcher")), ask(legal, make_case(uow, city)), granted=False)
    rule(as_person(city.person("district_dispatcher")), ask(legal, case), granted=True, to=city.posts["agency"].post_id)
    (found,) = precedents.list_precedents(as_person(city.person("dispatcher")), PAGE).items
    assert found.post_id == city.posts["agency"].post_id


def test_a_decline_that_is_granted_closes_it_and_the_resident_is_told_why(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    asked = ask(as_person(city.person("municipal")), make_case(uow, city), Ask.DECLINE)
    dispatcher = as_person(city.person("dispatcher"))
    after = rule(dispatcher, asked, granted=True)
    assert (after.state, after.closed_reason, after.ask) == (CaseState.CLOSED, ClosedReason.DECLINED, None)
    (closed,) = [e for e in dispatcher.published if e.type == CaseClosedV1.TYPE]
    said = CaseClosedV1.model_validate_json(closed.body or "")
    assert said.answer == "已核"
    assert said.reason_text == {"zh": "已进入诉讼程序", "en": "Before a court already"}
    assert "已核" not in "".join(e.body or "" for e in dispatcher.published if e.topic == "city.case.v1")


def test_not_our_remit_is_no_reason_to_decline(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    with pytest.raises(UnknownReason, match="in_court"):
        ask(as_person(city.person("municipal")), case, Ask.DECLINE, reason="not_our_remit")


def test_an_extension_moves_the_promise_once_and_the_resident_is_told(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    asked = ask(as_person(city.person("municipal")), case, Ask.EXTENSION, days=3)
    assert asked.promise_due == case.promise_due
    dispatcher = as_person(city.person("dispatcher"))
    after = rule(dispatcher, asked, granted=True)
    assert case.promise_due is not None
    # Due on Monday 30 November at the close of business; three working days later it is Thursday.
    assert after.promise_due == case.promise_due + timedelta(days=3)
    assert types_of(dispatcher) == ["routing.case.ruled.v1", "routing.case.extended.v1"]
    seen = cases.get_case(uow, case.case_id)
    assert seen.deadline is not None
    assert (seen.extended, seen.deadline.promise.due_at) == (True, after.promise_due)
    with pytest.raises(StepNotAllowed, match="extended"):
        ask(as_person(city.person("municipal")), after, Ask.EXTENSION, days=1)


def test_what_is_missed_or_urgent_is_not_extended(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    assert case.promise_due is not None
    late = case.promise_due + timedelta(seconds=1)
    with pytest.raises(PromiseMissed):
        ask(as_person(city.person("municipal"), now=late), case, Ask.EXTENSION, days=3)
    asked = ask(as_person(city.person("municipal")), case, Ask.EXTENSION, days=3)
    with pytest.raises(PromiseMissed):
        rule(as_person(city.person("dispatcher"), now=late), asked, granted=True)
    urgent = make_case(uow, city, urgent=True, suggested_category="municipal.emergency")
    with pytest.raises(ClockRuns):
        ask(as_person(city.person("municipal")), urgent, Ask.EXTENSION, days=3)


def test_nobody_rules_on_what_they_asked(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    put_post(uow, city.posts["dispatcher"].model_copy(update={"holders": city.posts["municipal"].holders}))
    case = make_case(uow, city)
    holder = as_person(city.person("municipal", "dispatcher"))
    asked = ask(holder, case)
    assert asked.ruler_post_id == city.posts["district_dispatcher"].post_id
    with pytest.raises(NotYourStep):
        rule(holder, asked, granted=False)


def test_asking_needs_somebody_who_rules(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    for code in ("dispatcher", "district_dispatcher", "city_dispatcher"):
        put_post(uow, city.posts[code].model_copy(update={"holders": []}))
    with pytest.raises(NobodyRules):
        ask(as_person(city.person("municipal")), case)


def test_a_case_says_what_whoever_looks_may_do(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)

    def steps_of(who: str) -> list[Step]:
        return reading.get_case(as_person(city.person(who)), case.case_id).steps

    asks = [Step.ASK_RETURN, Step.ASK_DECLINE, Step.ASK_EXTENSION, Step.ASK_SUSPENSION]
    presses = [Step.NUDGE, Step.INSTRUCT]
    right = [Step.RE_SORT, Step.RE_DISPATCH, Step.PLAN]
    joins = [Step.RECUSE, Step.CALL_IN, Step.LINK]
    hands_on = [*joins, Step.HAND_TO_HOTLINE, Step.NAME_AFFECTED]
    joins = [*joins, Step.NAME_AFFECTED, Step.ASK_EXCLUSION]
    mine = [Step.START, Step.ANSWER, *asks, Step.TRANSFER, Step.PLAN, Step.RECORD, *joins]
    assert steps_of("municipal") == mine
    assert steps_of("dispatcher") == [Step.ANSWER, *right, Step.RECORD, *presses, *hands_on, Step.MERGE]
    assert steps_of("window") == [Step.NUDGE]
    case = ask(as_person(city.person("municipal")), case)
    assert steps_of("dispatcher") == [Step.ANSWER, Step.RULE, Step.RECORD, *presses, *hands_on]
    assert steps_of("municipal") == [Step.START, Step.ANSWER, Step.RECORD, *joins]


def test_a_city_adds_reasons_but_none_for_declining(uow_of: UnitOfWorkOf) -> None:
    operator = uow_of("routing", person=Person("operator", frozenset({OPERATOR}), ()))
    mine = Reason(Ask.RETURN, "other_contractor", "另有承包单位", "Another contractor")
    reasons.add_reason(operator, mine)
    assert mine in reasons.list_reasons(operator)
    with pytest.raises(ReasonTaken):
        reasons.add_reason(operator, mine)
    with pytest.raises(ListIsClosed):
        reasons.add_reason(operator, Reason(Ask.DECLINE, "busy", "忙", "Busy"))
    with pytest.raises(NotTheOperator):
        reasons.add_reason(uow_of("routing", person=Person("somebody")), mine)


def test_who_sees_no_case_is_given_none_by_a_precedent(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    network.copy_posts(uow, [make_post(city, "chief", Duty.AREA_CHIEF, "area")], versions=[1])
    ruled_twice(uow, city, as_person, granted=True, to=city.posts["chief"].post_id)
    assert make_case(uow, city, place="area").holder_post_id == city.posts["chief"].post_id
    assert make_case(uow, city, place="community").holder_post_id == city.posts["municipal"].post_id


def test_a_binding_ruling_is_not_got_round_by_declining(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = ruled_twice(uow, city, as_person, granted=False)
    asked = ask(as_person(city.person("municipal")), case, Ask.DECLINE)
    assert asked.ruler_post_id == city.posts["district_dispatcher"].post_id
    with pytest.raises(NotYourStep):
        rule(as_person(city.person("dispatcher")), asked, granted=True)


def test_where_the_narrowest_dispatcher_is_missing_a_second_return_goes_higher_still(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    put_post(uow, city.posts["dispatcher"].model_copy(update={"holders": []}))
    holder = as_person(city.person("municipal"))
    first = ask(holder, make_case(uow, city))
    assert first.ruler_post_id == city.posts["district_dispatcher"].post_id
    second = ask(holder, rule(as_person(city.person("district_dispatcher")), first, granted=False))
    assert second.ruler_post_id == city.posts["city_dispatcher"].post_id


def test_what_is_asked_of_a_post_that_nobody_holds_waits_for_those_above(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = ask(as_person(city.person("municipal")), make_case(uow, city))
    above = as_person(city.person("district_dispatcher"))
    assert reading.list_queue(above, PAGE).items == []
    put_post(uow, city.posts["dispatcher"].model_copy(update={"holders": []}))
    assert [line.case.case_id for line in reading.list_queue(above, PAGE).items] == [case.case_id]
    assert rule(above, case, granted=False).ask is None


def queued(uow: RolledBackUnitOfWork) -> dict[UUID, list[str]]:
    return {line.case.case_id: list(line.why) for line in reading.list_queue(uow, PAGE).items}


def test_what_is_asked_of_whoever_holds_it_by_now_waits_for_those_above(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = ask(as_person(city.person("municipal")), make_case(uow, city))
    put_post(uow, city.posts["municipal"].model_copy(update={"holders": city.posts["dispatcher"].holders}))
    both = as_person(city.person("dispatcher", "municipal"))
    above = as_person(city.person("district_dispatcher"))
    assert queued(both) == {}
    assert queued(above) == {case.case_id: ["return"]}
    assert rule(above, case, granted=False).ask is None


def test_what_is_asked_of_whoever_asked_it_waits_for_those_above(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = ask(as_person(city.person("municipal")), make_case(uow, city), Ask.EXTENSION, days=1)
    put_post(uow, city.posts["dispatcher"].model_copy(update={"holders": city.posts["municipal"].holders}))
    put_post(uow, city.posts["municipal"].model_copy(update={"holders": city.posts["window"].holders}))
    asker = as_person(city.person("dispatcher", subject=subject_of("municipal")))
    assert queued(asker) == {}
    assert queued(as_person(city.person("district_dispatcher"))) == {case.case_id: ["extension"]}


def test_what_is_asked_above_does_not_wait_for_those_below_who_may_not_rule(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    holder = as_person(city.person("municipal"))
    case = ask(holder, rule(as_person(city.person("dispatcher")), ask(holder, make_case(uow, city)), granted=False))
    put_post(uow, city.posts["district_dispatcher"].model_copy(update={"holders": []}))
    assert queued(as_person(city.person("dispatcher"))) == {}
    assert queued(as_person(city.person("city_dispatcher"))) == {case.case_id: ["return"]}


def test_steps_that_would_be_refused_are_not_offered(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    def offered(case: Case, code: str, **more: Any) -> set[Step]:
        return set(reading.get_case(as_person(city.person(code), **more), case.case_id).steps)

    moving = {Step.RE_SORT, Step.RE_DISPATCH}
    case = make_case(uow, city)
    assert case.promise_due is not None
    assert moving < offered(case, "dispatcher")
    assert Step.ASK_EXTENSION in offered(case, "municipal", now=case.promise_due)
    assert Step.ASK_EXTENSION not in offered(case, "municipal", now=case.promise_due + timedelta(seconds=1))
    urgent = make_case(uow, city, suggested_category="municipal.water", urgent=True)
    assert Step.ASK_EXTENSION not in offered(urgent, "municipal")
    bound = ruled_twice(uow, city, as_person, granted=False)
    assert not moving & offered(bound, "dispatcher")
    assert moving < offered(bound, "district_dispatcher")


def test_what_was_late_before_it_was_declined_stays_late(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = ask(as_person(city.person("municipal")), make_case(uow, city), Ask.DECLINE)
    assert case.promise_due is not None
    after = rule(as_person(city.person("dispatcher"), now=case.promise_due + timedelta(hours=1)), case, granted=True)
    assert (after.closed_reason, after.promise_met) == (ClosedReason.DECLINED, False)


def test_a_ruling_goes_with_its_place_when_that_moves(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = ruled_twice(uow, city, as_person, granted=True, to=city.posts["legal"].post_id)
    cases.move_place(uow, city.ids["district"], "/moved/")
    precedents_of_copy.move_place(uow, city.ids["district"], "/moved/")
    asked = {"id": case.case_id}
    row = uow.execute(text("select ruled_path, dispatched_path from cases where case_id = :id"), asked).one()
    assert (row.ruled_path, row.dispatched_path) == ("/moved/", "/moved/")
    assert uow.execute(text("select ruled_path from precedent")).scalar_one() == "/moved/"


def test_who_stands_in_for_the_holder_by_now_does_not_rule(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = ask(as_person(city.person("municipal")), make_case(uow, city))
    standing_in = city.posts["dispatcher"].holders
    put_post(uow, city.posts["municipal"].model_copy(update={"holders": standing_in}))
    with pytest.raises(NotYourStep):
        rule(as_person(city.person("dispatcher", "municipal")), case, granted=False)
    with pytest.raises(NotYourStep):
        rule(as_person(city.person("dispatcher")), case, granted=False)
    assert rule(as_person(city.person("district_dispatcher")), case, granted=False).ask is None


def test_a_dispatcher_of_an_office_is_none_of_the_tree(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    office = make_post(city, "office", Duty.DISPATCHER, "district", office_id=uuid4())
    network.copy_posts(uow, [office], versions=[1])
    case = make_case(uow, city)
    person = as_person(city.person("office", "window"))
    with pytest.raises(NotYourStep):
        re_dispatch(person, case, city.posts["legal"].post_id)


def test_a_return_goes_to_the_tier_that_assigned_it_and_the_second_above_that(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    district = as_person(city.person("district_dispatcher"))
    case = re_dispatch(district, make_case(uow, city), city.posts["legal"].post_id)
    assert reading.get_case(district, case.case_id).case.dispatched_place_id == city.ids["district"]
    holder, dispatcher = as_person(city.person("legal")), as_person(city.person("dispatcher"))
    asked = ask(holder, case)
    assert asked.ruler_post_id == city.posts["district_dispatcher"].post_id
    assert (queued(dispatcher), queued(district)) == ({}, {case.case_id: ["return"]})
    with pytest.raises(NotYourStep):
        rule(dispatcher, asked, granted=False)
    again = ask(holder, rule(district, asked, granted=False))
    assert again.ruler_post_id == city.posts["city_dispatcher"].post_id


def accept(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return steps.accept_case(uow, case.case_id, version=case.version, category="municipal.street_lights")


def test_what_the_rules_or_a_dispatcher_of_the_place_assigned_comes_back_there(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    dispatcher = as_person(city.person("dispatcher"))
    for case, place in (
        (make_case(uow, city), None),
        (re_sort(dispatcher, make_case(uow, city), "legal.aid"), "community"),
        (accept(dispatcher, make_case(uow, city, suggested_category=None)), "community"),
    ):
        assert case.dispatched_place_id == (city.ids[place] if place else None)
        holder = "legal" if case.holder_post_id == city.posts["legal"].post_id else "municipal"
        assert ask(as_person(city.person(holder)), case).ruler_post_id == city.posts["dispatcher"].post_id


def test_where_the_tier_that_assigned_it_has_no_dispatcher_the_next_above_rules(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = re_dispatch(as_person(city.person("district_dispatcher")), make_case(uow, city), city.posts["legal"].post_id)
    put_post(uow, city.posts["district_dispatcher"].model_copy(update={"holders": []}))
    assert ask(as_person(city.person("legal")), case).ruler_post_id == city.posts["city_dispatcher"].post_id


def test_what_is_passed_on_comes_back_to_who_assigned_it_before(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = re_dispatch(as_person(city.person("district_dispatcher")), make_case(uow, city), city.posts["legal"].post_id)
    after = dispatching.transfer_case(
        *(as_person(city.person("legal")), case.case_id),
        version=case.version,
        to=city.posts["window"].post_id,
        words="转",
    )
    assert ask(as_person(city.person("window")), after).ruler_post_id == city.posts["district_dispatcher"].post_id


def test_who_assigned_it_is_found_for_what_was_under_way_before(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    given = re_dispatch(
        as_person(city.person("district_dispatcher")), make_case(uow, city), city.posts["legal"].post_id
    )
    by_rule = make_case(uow, city)
    uow.execute(text("update cases set dispatched_place_id = null, dispatched_path = null"))
    migration = import_module("routing.migrations.versions.0039_who_gave_it")
    uow.connection.execute(text("reset role"))
    uow.execute(text(migration.GIVEN))
    assert cases.get_case(uow, given.case_id).dispatched_path == city.paths["district"]
    assert cases.get_case(uow, by_rule.case_id).dispatched_path is None


def test_an_extension_between_two_returns_changes_nothing_of_who_rules_next(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    holder, district = as_person(city.person("municipal")), as_person(city.person("district_dispatcher"))
    case = rule(district, ask(holder, make_case(uow, city)), granted=False)
    case = rule(district, ask(holder, case, Ask.EXTENSION, days=1), granted=False)
    assert ask(holder, case).ruler_post_id == city.posts["city_dispatcher"].post_id


def test_whoever_keeps_it_is_told_when_sorting_anew_makes_it_due_earlier(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, suggested_category="municipal.water")
    dispatcher = as_person(city.person("dispatcher"))
    after = re_sort(dispatcher, case, "municipal.street_lights")
    (said,) = [event for event in dispatcher.published if event.type == CaseResortedV1.TYPE]
    event = CaseResortedV1.model_validate_json(said.body or "")
    assert after.promise_due is not None
    assert case.promise_due is not None
    assert (event.handler is not None) == (after.promise_due < case.promise_due)


def test_an_offices_dispatcher_revokes_no_precedent(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    office = make_post(city, "office", Duty.DISPATCHER, "district", office_id=uuid4())
    network.copy_posts(uow, [office], versions=[1])
    ruled_twice(uow, city, as_person, granted=True, to=city.posts["legal"].post_id)
    person = as_person(city.person("office", "district_supervisor"))
    (found,) = precedents.list_precedents(person, PAGE).items
    with pytest.raises(NotYourPrecedent):
        precedents.revoke_precedent(person, found.precedent_id)
