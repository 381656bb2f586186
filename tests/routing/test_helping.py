"""Joint handling: who calls in whom, what each owes, and that a late helper is late alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty
from contracts.intake import AppealWithdrawnV1
from contracts.routing import (
    Ask,
    CaseAnsweredV1,
    CaseClosedV1,
    CaseHelperCalledV1,
    CaseHelperReleasedV1,
    CaseHelperReportedV1,
    CaseRecusedV1,
    CaseState,
    DeadlineBreachedV1,
    RecordKind,
)
from hypothesis import given
from hypothesis import strategies as st
from kit.crypto import KeyRing, new_key
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from network import consumers as network
from routing.domain.case import Case, DeadlineKind, DeadlineState
from routing.domain.chain import list_faults
from routing.domain.helping import Helper, HelperState, Part, is_across, latest_limit, may_name
from routing.domain.recording import Work
from routing.domain.steps import STEPS, Seated, Step
from routing.errors import (
    AlreadyThere,
    CaseNotFound,
    HelperNotFound,
    HelpsAlready,
    NotYourStep,
    NotYoursToName,
    PartEnded,
    StepNotAllowed,
    UnfitPartLimit,
    UnfitPost,
)
from routing.repository import cases, joint
from routing.service import asking, dispatching, helping, opening, reading, recording, recusing, sweeping

from tests.conftest import UnitOfWorkOf
from tests.routing.conftest import At, City, make_post, put_post, subject_of
from tests.routing.test_steps import TAKE, WAY, As, make_case, make_case_in

WORDS = "请到场核实产权"
SOON = NOW + timedelta(hours=4)
RING = KeyRing.parse(new_key("k1"))
WATER, DEPARTMENT = uuid4(), uuid4()

MORE_POSTS: tuple[tuple[str, Duty, str, dict[str, Any]], ...] = (
    ("supervisor", Duty.SUPERVISOR, "community", {}),
    ("area_chief", Duty.AREA_CHIEF, "area", {}),
    ("other_chief", Duty.AREA_CHIEF, "other", {}),
    ("district_legal", Duty.LEGAL, "district", {}),
    ("city_supervisor", Duty.SUPERVISOR, "city", {}),
    ("water", Duty.BUREAU, "city", {"office_id": WATER, "matters": ["municipal.water"]}),
    ("water_crew", Duty.BUREAU, "city", {"office_id": WATER, "matters": ["municipal.water"]}),
    ("department", Duty.DEPARTMENT, "district", {"office_id": DEPARTMENT, "matters": ["municipal.property"]}),
)


@pytest.fixture
def city(uow: RolledBackUnitOfWork, city: City) -> City:
    posts = [make_post(city, code, duty, place, **more) for code, duty, place, more in MORE_POSTS]
    network.copy_posts(uow, posts, versions=[1] * len(posts))
    return city


@pytest.fixture
def clock_at(uow_of: UnitOfWorkOf) -> Callable[[datetime], RolledBackUnitOfWork]:
    return lambda now: uow_of("routing", role="clock", now=now)


def call_in(uow: RolledBackUnitOfWork, city: City, case: Case, code: str, *, due_at: datetime = SOON) -> Part:
    to = city.posts[code].post_id
    return helping.call_in_helper(uow, case.case_id, version=case.version, to=to, words=WORDS, due_at=due_at)


def report(uow: RolledBackUnitOfWork, part: Part, *, version: int | None = None) -> Part:
    helper, read = part.helper, part.version if version is None else version
    return helping.report_part(uow, helper.case_id, helper.helper_id, version=read, words="已核实")


def release(uow: RolledBackUnitOfWork, part: Part, *, version: int | None = None) -> Part:
    helper, read = part.helper, part.version if version is None else version
    return helping.release_helper(uow, helper.case_id, helper.helper_id, version=read, words="不再需要")


def now_of(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return cases.get_case(uow, case.case_id)


def helpers_of(uow: RolledBackUnitOfWork, case: Case) -> list[Helper]:
    return [seen.helper for seen in reading.get_case(uow, case.case_id).helpers]


def case_of(uow: RolledBackUnitOfWork, part: Part) -> Case:
    return cases.get_case(uow, part.helper.case_id)


def limit_of(uow: RolledBackUnitOfWork, helper: Helper) -> str:
    """How the limit of its part stands."""
    limits = cases.list_deadlines(uow, helper.case_id)
    return next(limit.state.value for limit in limits if limit.about == helper.helper_id)


def recuse(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return recusing.recuse(uow, case.case_id, version=case.version, words="相对人是我的亲属")


def by_post(uow: RolledBackUnitOfWork, city: City, case: Case) -> dict[str, Helper]:
    """The last one of each post, by its code."""
    codes = {post.post_id: code for code, post in city.posts.items()}
    return {codes[helper.post_id]: helper for helper in joint.list_of_case(uow, case.case_id)}


def page(*, limit: int = 9, cursor: str | None = None) -> Page:
    return Page(limit=limit, of_list="parts", ring=RING, cursor=cursor)


def parts_of(uow: RolledBackUnitOfWork) -> list[UUID]:
    return [part.helper.helper_id for part in helping.list_parts(uow, page()).items]


def said_by(uow: RolledBackUnitOfWork, kind: type[Any]) -> list[Any]:
    return [kind.model_validate_json(event.body or "") for event in uow.published if event.type == kind.TYPE]


def held_by(holder: str, uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    case = make_case(uow, city)
    to = city.posts[holder].post_id
    if case.holder_post_id == to:
        return case
    by = as_person(city.person("dispatcher"))
    return dispatching.re_dispatch_case(by, case.case_id, version=case.version, to=to, words="改派")


PATHS = st.sampled_from(["/", "/a/", "/a/b/", "/a/c/"])
SEATED = st.builds(
    Seated,
    post_id=st.uuids(),
    duty=st.sampled_from(Duty),
    path=PATHS,
    office_id=st.sampled_from([None, WATER, DEPARTMENT]),
)


@given(by=SEATED, lead=SEATED, helper=SEATED)
def test_between_offices_only_a_dispatcher_above_both_names_them(by: Seated, lead: Seated, helper: Seated) -> None:
    both = {"lead": lead, "helper": helper}
    assert is_across(**both) is is_across(lead=helper, helper=lead)
    if is_across(**both):
        assert may_name(by, **both) is may_name(by, lead=helper, helper=lead)
        assert may_name(by, **both) is (
            by.dispatches and lead.path.startswith(by.path) and helper.path.startswith(by.path)
        )
        assert not may_name(lead, **both) or lead.dispatches
    else:
        assert may_name(lead, **both) is (lead.dispatches or helper.path.startswith(lead.path))


@given(promise=st.timedeltas(timedelta(days=-90), timedelta(days=90)))
def test_a_part_is_never_due_after_a_promise_that_runs(promise: timedelta) -> None:
    latest = latest_limit(NOW + promise, NOW)
    assert latest > NOW
    assert latest == NOW + promise or promise <= timedelta(0)


#: Who may call in whom, by the post that leads. All of them see the case.
WHO: dict[tuple[str, str], tuple[set[str], set[str]]] = {
    ("municipal", "window"): (
        {"municipal", "dispatcher", "district_dispatcher", "city_dispatcher"},
        {"window", "legal", "area_chief", "supervisor", "district_supervisor"},
    ),
    ("municipal", "area_chief"): ({"municipal", "dispatcher"}, {"area_chief", "window"}),
    ("municipal", "district_legal"): ({"dispatcher", "district_dispatcher"}, {"municipal", "district_legal"}),
    ("municipal", "department"): (
        {"district_dispatcher", "city_dispatcher"},
        {"municipal", "dispatcher", "district_supervisor"},
    ),
    ("municipal", "water"): (
        {"city_dispatcher"},
        {"municipal", "dispatcher", "district_dispatcher", "city_supervisor"},
    ),
    ("water", "department"): ({"city_dispatcher"}, {"water", "dispatcher", "district_dispatcher"}),
    ("water", "municipal"): ({"city_dispatcher"}, {"water", "dispatcher", "municipal"}),
    ("water", "water_crew"): ({"water", "dispatcher", "city_dispatcher"}, {"municipal", "window"}),
}
ROWS = [
    (lead, helper, who, may)
    for (lead, helper), (allowed, refused) in WHO.items()
    for may, people in ((True, allowed), (False, refused))
    for who in sorted(people)
]


@pytest.mark.parametrize("lead, helper, who, may", ROWS)
def test_who_calls_in_whom(  # noqa: PLR0917  # a table's columns
    uow: RolledBackUnitOfWork, city: City, as_person: As, lead: str, helper: str, who: str, may: bool
) -> None:
    case = held_by(lead, uow, city, as_person)
    person = as_person(city.person(who))
    if not may:
        with pytest.raises((NotYourStep, NotYoursToName)):
            call_in(person, city, case, helper)
        assert now_of(uow, case).version == case.version
        assert person.published == []
        return
    part = call_in(person, city, case, helper)
    assert (part.helper.state, part.helper.called_by_post_id) == (HelperState.ASKED, city.posts[who].post_id)
    after = now_of(uow, case)
    assert (after.holder_post_id, after.promise_due, after.state) == (
        case.holder_post_id,
        case.promise_due,
        case.state,
    )
    assert after.helper_post_ids == (city.posts[helper].post_id,)


def test_who_dispatches_at_two_tiers_calls_in_by_the_one_that_may(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    both = as_person(city.person("dispatcher", "city_dispatcher"))
    assert call_in(both, city, case, "water").helper.called_by_post_id == city.posts["city_dispatcher"].post_id


def test_a_helper_is_told_all_but_the_words_and_the_deadline_is_its_own(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    lead = as_person(city.person("municipal"))
    part = call_in(lead, city, case, "window")
    (told,) = said_by(lead, CaseHelperCalledV1)
    assert (told.helper.subject, told.handler.subject, told.due_at) == (
        *(subject_of("window"), subject_of("municipal")),
        SOON,
    )
    assert WORDS not in (lead.published[0].body or "")
    entry = cases.list_entries(uow, now_of(uow, case))[-1]
    assert (entry.step, entry.words, entry.facts["helper"]) == ("helper_called", WORDS, subject_of("window"))
    (limit,) = now_of(uow, case).limits
    assert (limit.kind, limit.about, limit.promise.due_at) == (DeadlineKind.PART, part.helper.helper_id, SOON)
    (seen,) = reading.get_case(as_person(city.person("window")), case.case_id).helpers
    assert (seen.helper.words, seen.seat and seen.seat.subject) == (WORDS, subject_of("window"))


@pytest.mark.parametrize("limit", [timedelta(0), timedelta(seconds=-1), None])
def test_a_parts_limit_lies_ahead_and_not_after_the_promise(
    uow: RolledBackUnitOfWork, city: City, as_person: As, limit: timedelta | None
) -> None:
    case = make_case(uow, city)
    assert case.promise_due is not None
    due_at = NOW + limit if limit is not None else case.promise_due + timedelta(seconds=1)
    lead = as_person(city.person("municipal"))
    with pytest.raises(UnfitPartLimit) as refused:
        call_in(lead, city, case, "window", due_at=due_at)
    assert refused.value.field == "/due_at"
    assert now_of(uow, case).version == case.version
    assert call_in(lead, city, case, "window", due_at=case.promise_due).helper.is_open


def test_where_the_promise_was_missed_helpers_are_still_called_in(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    assert case.promise_due is not None
    late = case.promise_due + timedelta(hours=1)
    dispatcher = as_person(city.person("dispatcher"), now=late)
    with pytest.raises(UnfitPartLimit):
        call_in(dispatcher, city, case, "window", due_at=late + timedelta(days=31))
    assert call_in(dispatcher, city, case, "window", due_at=late + timedelta(days=1)).helper.is_open


def test_an_unfit_helper_is_refused(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    put_post(uow, city.posts["legal"].model_copy(update={"holders": []}))
    put_post(uow, city.posts["agency"].model_copy(update={"holders": city.posts["municipal"].holders}))
    case = make_case(uow, city, complained_of=[subject_of("window")])
    dispatcher = as_person(city.person("district_dispatcher"))
    for code, refused in (
        ("municipal", AlreadyThere),
        ("legal", UnfitPost),
        ("agency", UnfitPost),
        ("window", UnfitPost),
        ("other_chief", UnfitPost),
    ):
        with pytest.raises(refused):
            call_in(dispatcher, city, case, code)
    with pytest.raises(UnfitPost):
        helping.call_in_helper(dispatcher, case.case_id, version=case.version, to=uuid4(), words=WORDS, due_at=SOON)
    part = call_in(dispatcher, city, case, "area_chief")
    with pytest.raises(HelpsAlready):
        call_in(dispatcher, city, now_of(uow, case), "area_chief")
    release(dispatcher, part)
    assert call_in(dispatcher, city, now_of(uow, case), "area_chief").helper.is_open


@pytest.mark.parametrize("state", WAY)
def test_helpers_are_called_in_while_it_is_under_way(
    uow: RolledBackUnitOfWork, city: City, as_person: As, state: CaseState
) -> None:
    case = make_case_in(state, uow, city, as_person)
    dispatcher = as_person(city.person("dispatcher"))
    assert STEPS[Step.CALL_IN].allows(case) is (state in (CaseState.ASSIGNED, CaseState.IN_PROGRESS))
    if STEPS[Step.CALL_IN].allows(case):
        call_in(dispatcher, city, case, "window")
        assert now_of(uow, case).state is state
    else:
        with pytest.raises(StepNotAllowed):
            call_in(dispatcher, city, case, "window")


def test_a_helper_records_work_and_reports_its_part_once_and_the_lead_is_told(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    helper, lead = as_person(city.person("window")), as_person(city.person("municipal"))
    with pytest.raises(NotYourStep):
        recording.record_work(helper, case.case_id, Work(RecordKind.SITE_VISIT, words="已到场"))
    part = call_in(lead, city, case, "window")
    assert {Step.RECORD, Step.REPORT_PART} <= set(reading.get_case(helper, case.case_id).steps)
    assert parts_of(helper) == [part.helper.helper_id]
    recorded = recording.record_work(helper, case.case_id, Work(RecordKind.SITE_VISIT, words="已到场")).case
    done = report(helper, part, version=recorded.version)
    assert (done.helper.state, done.helper.report, done.helper.settled_by) == (
        *(HelperState.DONE, "已核实"),
        subject_of("window"),
    )
    (told,) = said_by(helper, CaseHelperReportedV1)
    assert (told.handler.subject, told.helper.subject) == (subject_of("municipal"), subject_of("window"))
    assert "已核实" not in "".join(event.body or "" for event in helper.published)
    after = now_of(uow, case)
    assert (after.helper_post_ids, after.limits, after.state) == ((), [], case.state)
    assert [entry.post_id for entry in cases.list_entries(uow, after)][-2:] == [city.posts["window"].post_id] * 2
    assert parts_of(helper) == []
    with pytest.raises(PartEnded):
        report(helper, done)
    with pytest.raises(NotYourStep):
        report(lead, done)
    with pytest.raises(NotYourStep):
        recording.record_work(helper, case.case_id, Work(RecordKind.CALL, words="补充"))


def test_a_part_is_reported_by_its_own_post_alone(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    lead = as_person(city.person("municipal"))
    first = call_in(lead, city, case, "window")
    second = call_in(lead, city, now_of(uow, case), "area_chief")
    for who in ("municipal", "dispatcher", "legal"):
        with pytest.raises(NotYourStep):
            report(as_person(city.person(who)), first, version=second.version)
    with pytest.raises(NotYourStep, match="helps with it"):
        report(as_person(city.person("area_chief")), first, version=second.version)
    with pytest.raises(HelperNotFound):
        helping.report_part(
            as_person(city.person("window")), case.case_id, uuid4(), version=second.version, words="已核实"
        )
    assert [helper.state for helper in helpers_of(lead, case)] == [HelperState.ASKED] * 2


@pytest.mark.parametrize("who", ["municipal", "dispatcher", "city_dispatcher"])
def test_a_helper_is_released_by_the_lead_or_a_dispatcher_and_told(
    uow: RolledBackUnitOfWork, city: City, as_person: As, who: str
) -> None:
    case = make_case(uow, city)
    part = call_in(as_person(city.person("municipal")), city, case, "window")
    with pytest.raises(NotYourStep):
        release(as_person(city.person("window")), part)
    by = as_person(city.person(who))
    released = release(by, part)
    assert (released.helper.state, now_of(uow, case).helper_post_ids) == (HelperState.RELEASED, ())
    (told,) = said_by(by, CaseHelperReleasedV1)
    assert told.helper.subject == subject_of("window")
    with pytest.raises(StepNotAllowed):
        release(by, released)


def test_what_has_ended_is_neither_reported_on_nor_released_while_another_part_is_open(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    lead, both = as_person(city.person("municipal")), as_person(city.person("window", "area_chief"))
    first = call_in(lead, city, case, "window")
    call_in(lead, city, now_of(uow, case), "area_chief")
    done = report(both, first, version=now_of(uow, case).version)
    with pytest.raises(PartEnded):
        report(both, done)
    with pytest.raises(PartEnded):
        release(lead, done)


def test_the_lead_answers_whatever_the_helpers_do_and_open_parts_end(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    lead = as_person(city.person("municipal"))
    done = report(as_person(city.person("window")), call_in(lead, city, case, "window"))
    call_in(lead, city, now_of(uow, case), "area_chief")
    answered = TAKE[Step.ANSWER](lead, now_of(uow, case))
    assert (answered.promise_met, answered.helper_post_ids) == (True, ())
    (told,) = said_by(lead, CaseAnsweredV1)
    assert [helper.subject for helper in told.helpers] == [subject_of("area_chief")]
    entry = cases.list_entries(uow, answered)[-1]
    assert (entry.step, entry.facts["helpers"]) == ("answered", [subject_of("area_chief")])
    states = {code: helper.state for code, helper in by_post(lead, city, case).items()}
    assert states == {"window": HelperState.DONE, "area_chief": HelperState.RELEASED}
    assert parts_of(as_person(city.person("area_chief"))) == []
    assert done.helper.missed_at is None
    closed = TAKE[Step.CLOSE](lead, answered)
    (ended,) = said_by(lead, CaseClosedV1)
    assert [helper.subject for helper in ended.helpers] == [subject_of("window")]
    assert list_faults(cases.list_entries(uow, closed), head=closed.head, length=closed.version) == []


def test_whoever_has_helped_is_told_when_silence_closes_the_case(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    case = make_case(uow, city)
    lead = as_person(city.person("municipal"))
    report(as_person(city.person("window")), call_in(lead, city, case, "window"))
    TAKE[Step.ANSWER](lead, now_of(uow, case))
    clock = clock_at(NOW + timedelta(days=90))
    sweeping.sweep_due(clock)
    check_ended(uow, case, clock)


def check_ended(uow: RolledBackUnitOfWork, case: Case, by: RolledBackUnitOfWork) -> None:
    after = now_of(uow, case)
    assert (after.state, after.helper_post_ids, after.limits) == (CaseState.CLOSED, (), [])
    (ended,) = said_by(by, CaseClosedV1)
    assert [helper.subject for helper in ended.helpers] == [subject_of("window")]
    assert cases.list_entries(uow, after)[-1].facts["helpers"] == [subject_of("window")]


def test_whoever_helps_is_told_when_the_case_is_withdrawn(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    call_in(as_person(city.person("municipal")), city, case, "window")
    (appeal,) = case.appeals
    opening.withdraw_appeal(
        uow, AppealWithdrawnV1(version=2, appeal_id=appeal.appeal_id, withdrawn_at=NOW, reason="settled")
    )
    check_ended(uow, case, uow)
    assert parts_of(as_person(city.person("window"))) == []


def test_whoever_helps_is_told_when_the_case_is_declined(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    lead, dispatcher = as_person(city.person("municipal")), as_person(city.person("dispatcher"))
    part = call_in(lead, city, case, "window")
    asked = asking.ask_dispatcher(
        lead, case.case_id, ask=Ask.DECLINE, version=part.version, reason="in_court", words="已起诉"
    )
    asking.rule_on_case(dispatcher, case.case_id, version=asked.version, granted=True, words="请向法院询问")
    check_ended(uow, case, dispatcher)


def check_late(uow: RolledBackUnitOfWork, case: Case, by: RolledBackUnitOfWork, *, superior: str) -> None:
    (told,) = said_by(by, DeadlineBreachedV1)
    assert (told.deadline, told.due_at) == (DeadlineKind.PART, SOON)
    assert (told.handler.subject, told.superior.subject) == (subject_of("window"), subject_of(superior))
    after = now_of(uow, case)
    assert after.promise_met is not False
    assert after.promise_due == case.promise_due
    (entry,) = [entry for entry in cases.list_entries(uow, after) if entry.step == "deadline_breached"]
    assert (entry.facts["kind"], entry.facts["holder"]) == ("part", subject_of("window"))


def test_a_late_helper_is_late_alone_and_once(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    case = make_case(uow, city)
    part = call_in(as_person(city.person("municipal")), city, case, "window")
    call_in(as_person(city.person("dispatcher")), city, now_of(uow, case), "legal", due_at=SOON + timedelta(hours=2))
    assert sweeping.sweep_due(clock_at(SOON)) == 2, "both are warned, and nothing is missed yet"
    assert not any(helper.missed_at for helper in by_post(as_person(city.person("municipal")), city, case).values())
    clock = clock_at(SOON + timedelta(seconds=1))
    assert (sweeping.sweep_due(clock), sweeping.sweep_due(clock)) == (1, 0)
    check_late(uow, case, clock, superior="supervisor")
    found = by_post(as_person(city.person("municipal")), city, case)
    late, other = found["window"], found["legal"]
    assert (late.is_open, late.missed_at, other.missed_at) == (True, clock.now, None)
    after = now_of(uow, case)
    assert (after.deadline and after.deadline.state, after.holder_post_id) == (DeadlineState.OPEN, case.holder_post_id)
    done = report(as_person(city.person("window"), now=clock.now), part, version=after.version)
    assert (done.helper.state, done.helper.missed_at) == (HelperState.DONE, clock.now)


@pytest.mark.parametrize("ends", ["report", "release", "answer"])
def test_a_part_that_ends_late_is_marked_late_first(
    uow: RolledBackUnitOfWork, city: City, as_person: As, ends: str
) -> None:
    case = make_case(uow, city)
    part = call_in(as_person(city.person("municipal")), city, case, "window")
    who = "window" if ends == "report" else "municipal"
    by = as_person(city.person(who), now=SOON + timedelta(minutes=1))
    if ends == "report":
        report(by, part)
    elif ends == "release":
        release(by, part)
    else:
        assert TAKE[Step.ANSWER](by, now_of(uow, case)).promise_met is True
    check_late(uow, case, by, superior="supervisor")
    (helper,) = helpers_of(as_person(city.person("municipal")), case)
    assert helper.missed_at == by.now


def test_an_offices_late_helper_is_told_with_its_own_superior(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    own = make_post(city, "water_supervisor", Duty.SUPERVISOR, "city", office_id=WATER)
    foreign = make_post(city, "a_supervisor", Duty.SUPERVISOR, "city", office_id=DEPARTMENT)
    network.copy_posts(uow, [own, foreign], versions=[1, 1])
    put_post(uow, city.posts["city_supervisor"].model_copy(update={"holders": []}))
    case = make_case(uow, city)
    call_in(as_person(city.person("city_dispatcher")), city, case, "water")
    clock = clock_at(SOON + timedelta(seconds=1))
    sweeping.sweep_due(clock)
    (told,) = said_by(clock, DeadlineBreachedV1)
    assert (told.handler.subject, told.superior.subject) == (subject_of("water"), subject_of("water_supervisor"))


def test_an_offices_helper_sees_the_case_and_another_office_does_not(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    water, department = as_person(city.person("water")), as_person(city.person("department"))
    for office in (water, department):
        with pytest.raises(CaseNotFound):
            reading.get_case(office, case.case_id)
    part = call_in(as_person(city.person("city_dispatcher")), city, case, "water")
    assert parts_of(water) == [part.helper.helper_id]
    assert parts_of(department) == []
    assert reading.get_case(water, case.case_id).case.helper_post_ids == (city.posts["water"].post_id,)
    with pytest.raises(CaseNotFound):
        reading.get_case(department, case.case_id)
    report(water, part)
    # It has read the words, and may look what came of it.
    assert reading.get_case(water, case.case_id).helpers[0].helper.report == "已核实"


def test_what_was_a_helpers_part_ends_when_it_leads(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    dispatcher = as_person(city.person("dispatcher"))
    call_in(dispatcher, city, case, "window")
    call_in(dispatcher, city, now_of(uow, case), "area_chief")
    moved = dispatching.re_dispatch_case(
        *(dispatcher, case.case_id),
        version=now_of(uow, case).version,
        to=city.posts["window"].post_id,
        words="由窗口牵头",
    )
    assert (moved.holder_post_id, moved.helper_post_ids) == (
        city.posts["window"].post_id,
        (city.posts["area_chief"].post_id,),
    )
    assert said_by(dispatcher, CaseHelperReleasedV1) == []
    states = {code: helper.state for code, helper in by_post(dispatcher, city, case).items()}
    assert states == {"window": HelperState.RELEASED, "area_chief": HelperState.ASKED}
    assert call_in(dispatcher, city, now_of(uow, case), "municipal").helper.is_open


def test_what_was_a_helpers_part_ends_when_a_recusal_leads_to_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    lead = as_person(city.person("municipal"))
    part = call_in(as_person(city.person("dispatcher")), city, case, "district_dispatcher")
    moved = recusing.recuse(lead, case.case_id, version=part.version, words="诉求人是我的亲属")
    assert (moved.holder_post_id, moved.helper_post_ids) == (city.posts["district_dispatcher"].post_id, ())
    (helper,) = helpers_of(as_person(city.person("dispatcher")), case)
    assert helper.state is HelperState.RELEASED


def test_across_offices_only_the_dispatcher_above_them_gives_it_another_lead(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    part = call_in(as_person(city.person("city_dispatcher")), city, case, "water")
    to: dict[str, Any] = {"to": city.posts["legal"].post_id, "words": "改派"}
    dispatcher = as_person(city.person("dispatcher"))
    with pytest.raises(NotYoursToName):
        dispatching.re_dispatch_case(dispatcher, case.case_id, version=part.version, **to)
    assert now_of(uow, case).holder_post_id == case.holder_post_id
    moved = dispatching.re_dispatch_case(
        as_person(city.person("city_dispatcher")), case.case_id, version=part.version, **to
    )
    released = release(dispatcher, part, version=moved.version)
    to["to"] = city.posts["municipal"].post_id
    dispatching.re_dispatch_case(dispatcher, case.case_id, version=released.version, **to)


#: Who leads, who helps and who is to lead, of more than one office taken together, and who stands above them all.
ACROSS = [
    ("water", "window", "legal", "city_dispatcher"),
    ("municipal", "water", "water", "city_dispatcher"),
    ("municipal", "water", "legal", "city_dispatcher"),
    ("municipal", "window", "water", "city_dispatcher"),
    ("department", "window", "legal", "district_dispatcher"),
]


@pytest.mark.parametrize("holder, helper, to, superior", ACROSS)
def test_across_offices_who_led_counts_as_who_is_to_lead_does(  # noqa: PLR0917  # a table's columns
    uow: RolledBackUnitOfWork, city: City, as_person: As, holder: str, helper: str, to: str, superior: str
) -> None:
    put_post(uow, city.posts["water"].model_copy(update={"matters": []}))
    case = held_by(holder, uow, city, as_person)
    call_in(as_person(city.person("city_dispatcher")), city, case, helper)
    named: dict[str, Any] = {"version": now_of(uow, case).version, "to": city.posts[to].post_id, "words": "改派"}
    with pytest.raises(NotYoursToName):
        dispatching.transfer_case(as_person(city.person(holder)), case.case_id, **named)
    with pytest.raises(NotYoursToName):
        dispatching.re_dispatch_case(as_person(city.person("dispatcher")), case.case_id, **named)
    assert now_of(uow, case).holder_post_id == case.holder_post_id
    moved = dispatching.re_dispatch_case(as_person(city.person(superior)), case.case_id, **named)
    assert moved.holder_post_id == named["to"]


@pytest.mark.parametrize("holder, helper", [("water", "window"), ("municipal", "water")])
def test_another_lead_is_offered_to_be_named_to_who_stands_above_them_all_alone(
    uow: RolledBackUnitOfWork, city: City, as_person: As, holder: str, helper: str
) -> None:
    case = held_by(holder, uow, city, as_person)
    naming = {Step.RE_DISPATCH, Step.TRANSFER}

    def offered() -> dict[str, set[Step]]:
        people = (holder, "dispatcher", "city_dispatcher")
        return {who: naming & {*reading.get_case(as_person(city.person(who)), case.case_id).steps} for who in people}

    alone = {holder: {Step.TRANSFER}, "dispatcher": {Step.RE_DISPATCH}, "city_dispatcher": {Step.RE_DISPATCH}}
    assert offered() == alone
    part = call_in(as_person(city.person("city_dispatcher")), city, case, helper)
    assert offered() == {**alone, holder: set(), "dispatcher": set()}
    release(as_person(city.person("city_dispatcher")), part)
    assert offered() == alone


def test_whom_the_case_complains_of_neither_helps_nor_calls_in(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, complained_of=[subject_of("dispatcher")])
    with pytest.raises(CaseNotFound):
        call_in(as_person(city.person("dispatcher")), city, case, "window")


def test_parts_are_listed_by_what_falls_due_first_page_by_page(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    lead, helper = as_person(city.person("municipal")), as_person(city.person("window"))
    late, soon = (
        call_in(lead, city, make_case(uow, city), "window", due_at=NOW + timedelta(hours=hours)) for hours in (9, 2)
    )
    call_in(lead, city, make_case(uow, city), "area_chief")
    seen: list[UUID] = []
    cursor = None
    while not seen or cursor is not None:
        sheet = helping.list_parts(helper, page(limit=1, cursor=cursor))
        seen += [part.helper.helper_id for part in sheet.items]
        cursor = sheet.next
    assert seen == [soon.helper.helper_id, late.helper.helper_id]
    later = as_person(city.person("window"), now=NOW + timedelta(hours=3))
    assert [part.helper.is_overdue(part.now) for part in helping.list_parts(later, page()).items] == [True, False]


def test_a_stand_in_helps_in_the_holders_place(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    part = call_in(as_person(city.person("municipal")), city, case, "window")
    stand_in = city.person("window", subject="who.stands.in")
    assert report(as_person(stand_in), part).helper.settled_by == "who.stands.in"


def test_acting_under_another_post_a_helper_does_not_report(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    part = call_in(as_person(city.person("municipal")), city, case, "window")
    both = city.person("window", "legal")
    under_one = replace(both, posts=tuple(post for post in both.posts if post.duty == Duty.LEGAL))
    with pytest.raises(NotYourStep):
        report(as_person(under_one), part)


def test_a_helper_with_an_interest_steps_aside_and_whoever_leads_is_told(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    """On record, and for good; the case stays with its lead, by the promise that it has."""
    dispatcher = as_person(city.person("dispatcher"))
    part = call_in(dispatcher, city, make_case(uow, city), "area_chief")
    before = case_of(uow, part)
    helper = as_person(city.person("area_chief"))
    assert Step.RECUSE in reading.get_case(helper, before.case_id).steps
    after = recuse(helper, before)
    assert (after.holder_post_id, after.promise_due, after.state) == (
        before.holder_post_id,
        before.promise_due,
        before.state,
    )
    assert (after.helper_post_ids, after.recused) == ((), (subject_of("area_chief"),))
    ended = by_post(uow, city, after)["area_chief"]
    assert (ended.state, ended.settled_by) == (HelperState.RELEASED, subject_of("area_chief"))
    assert limit_of(uow, ended) == "cancelled"
    (event,) = said_by(helper, CaseRecusedV1)
    assert (event.handler.subject, event.helper.subject) == (subject_of("municipal"), subject_of("area_chief"))
    entry = cases.list_entries(uow, after)[-1]
    assert (entry.step, entry.facts["lead"], entry.facts["helper_ids"]) == (
        "recused",
        subject_of("municipal"),
        [str(ended.helper_id)],
    )
    assert "亲属" not in (helper.published[0].body or "")
    with pytest.raises(UnfitPost):
        call_in(dispatcher, city, after, "area_chief")


def test_what_a_helper_had_let_pass_before_they_stepped_aside_stays_late(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    part = call_in(at(city.person("dispatcher")), city, make_case(uow, city), "area_chief")
    after = recuse(at(city.person("area_chief"), now=SOON + timedelta(hours=1)), case_of(uow, part))
    ended = by_post(uow, city, after)["area_chief"]
    assert (ended.state, limit_of(uow, ended)) == (HelperState.RELEASED, "breached")
    assert ended.missed_at is not None


def test_who_leads_by_now_and_helped_before_takes_their_part_along(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    """They act in two posts: nobody is told whom the assignment tells anyway."""
    put_post(uow, make_post(city, "municipal_two", Duty.MUNICIPAL, "community"))
    part = call_in(as_person(city.person("dispatcher")), city, make_case(uow, city), "area_chief")
    both = as_person(city.person("municipal", "area_chief"))
    after = recuse(both, case_of(uow, part))
    assert after.holder_post_id == city.posts["municipal_two"].post_id
    assert (after.helper_post_ids, by_post(uow, city, after)["area_chief"].state) == ((), HelperState.RELEASED)
    assert [event.handler for event in said_by(both, CaseRecusedV1)] == [None]
