"""Who may take which step in which state, and what each leaves behind."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty
from contracts.intake import AppealWithdrawnV1
from contracts.routing import Ask, CaseHandedOverV1, CaseState, HandoverMeans, Outcome, Queue, RecordKind
from kit.auth import Person
from kit.db import UnitOfWork
from kit.errors import ServiceError
from kit.testing.servers import NOW, RolledBackUnitOfWork
from network import consumers as network
from network.posts import list_seats_held
from routing.domain.case import Case, DeadlineState
from routing.domain.recording import Work
from routing.domain.steps import STEPS, Hindrance, Seated, Step, post_for
from routing.domain.waiting import Plan
from routing.errors import (
    CaseChanged,
    CaseNotFound,
    CategoryMissing,
    NobodyHolds,
    NotYourPlace,
    NotYourStep,
    PlaceMissing,
    StepNotAllowed,
    UnknownCategory,
    UnknownPlace,
)
from routing.repository import cases
from routing.service import asking, dispatching, opening, planning, reading, recording, steps, suspending

from tests.routing.conftest import City, make_appeal, make_place, make_post, put_post, subject_of

Take = Callable[[RolledBackUnitOfWork, Case], Case]

IN_A_WEEK = NOW.date() + timedelta(days=7)

TAKE: dict[Step, Take] = {
    Step.ACCEPT: lambda uow, case: steps.accept_case(uow, case.case_id, version=case.version),
    Step.START: lambda uow, case: steps.start_case(uow, case.case_id, version=case.version),
    Step.ANSWER: lambda uow, case: steps.answer_case(
        uow, case.case_id, version=case.version, outcome=Outcome.SOLVED, answer="灯已修好"
    ),
    Step.HAND_OVER: lambda uow, case: steps.hand_over_case(
        uow, case.case_id, version=case.version, means=HandoverMeans.COLLECTED
    ),
    Step.CLOSE: lambda uow, case: steps.close_case(uow, case.case_id, version=case.version),
    Step.RE_SORT: lambda uow, case: dispatching.re_sort_case(
        uow, case.case_id, version=case.version, category="municipal.water", words="属供水"
    ),
    Step.RE_DISPATCH: lambda uow, case: dispatching.re_dispatch_case(
        uow, case.case_id, version=case.version, to=post_of(uow, "legal"), words="由司法联络员办理"
    ),
    Step.ASK_RETURN: lambda uow, case: asking.ask_dispatcher(
        uow, case.case_id, ask=Ask.RETURN, version=case.version, reason="not_our_remit", words="非本岗职责"
    ),
    Step.ASK_DECLINE: lambda uow, case: asking.ask_dispatcher(
        uow, case.case_id, ask=Ask.DECLINE, version=case.version, reason="in_court", words="已起诉"
    ),
    Step.ASK_EXTENSION: lambda uow, case: asking.ask_dispatcher(
        *(uow, case.case_id), ask=Ask.EXTENSION, version=case.version, reason="materials", words="等灯具", days=3
    ),
    Step.RULE: lambda uow, case: asking.rule_on_case(
        uow, case.case_id, version=case.version, granted=False, words="仍由你岗办理"
    ),
    Step.ASK_SUSPENSION: lambda uow, case: asking.ask_dispatcher(
        *(uow, case.case_id), ask=Ask.SUSPENSION, version=case.version, reason="testing", words="送检", until=IN_A_WEEK
    ),
    Step.RESUME: lambda uow, case: suspending.resume_case(uow, case.case_id, version=case.version, words="报告已出"),
    Step.TRANSFER: lambda uow, case: dispatching.transfer_case(
        uow, case.case_id, version=case.version, to=post_of(uow, "legal"), words="属司法"
    ),
    Step.PLAN: lambda uow, case: planning.plan_case(
        uow, case.case_id, Plan(IN_A_WEEK, "列入计划"), version=case.version
    ),
    Step.RE_PLAN: lambda uow, case: planning.re_plan_case(
        uow, case.case_id, Plan(IN_A_WEEK, "改期"), version=case.version
    ),
    Step.RECORD: lambda uow, case: (
        recording.record_work(uow, case.case_id, Work(RecordKind.CALL, words="已电话说明")).case
    ),
}


#: Those of others than the holder and the dispatchers stand in test_pressing.py, test_calling_back.py and
#: test_answering.py; what leads elsewhere in test_recusing.py and test_taking_over.py; what is for some kinds of
#: matter in test_accompanying.py; what was assigned from above in test_reporting_back.py; what several do together in
#: test_helping.py; what names another case in test_linking.py; what is handed to the city hotline in test_hotline.py;
#: what names places in test_incidents.py; what is sealed in test_sealing.py; what does not count in
#: test_excluding.py.
ELSEWHERE = (
    *(Step.NUDGE, Step.ORDER, Step.INSTRUCT, Step.REPORT, Step.CALL_BACK, Step.REVIEW, Step.VERIFY),
    *(Step.TAKE_OVER, Step.RECUSE, Step.ACCOMPANY, Step.CENTRE_REPORT),
    *(Step.REPORT_BACK, Step.ENTER_REVIEW),
    *(Step.CALL_IN, Step.REPORT_PART, Step.RELEASE, Step.LINK, Step.UNLINK),
    Step.HAND_TO_HOTLINE,
    *(Step.NAME_AFFECTED, Step.TELL_AFFECTED),
    *(Step.MERGE, Step.SPLIT),
    *(Step.GRANT, Step.REVOKE_GRANT),
    *(Step.ASK_EXCLUSION, Step.REVIEW_EXCLUSION),
)


def post_of(uow: RolledBackUnitOfWork, code: str) -> UUID:
    return list_seats_held(uow, [subject_of(code)])[0].post_id


#: How a case comes into each state, by steps after it was opened.
WAY: dict[CaseState, list[Step]] = {
    CaseState.RECEIVED: [],
    CaseState.ASSIGNED: [],
    CaseState.IN_PROGRESS: [Step.START],
    CaseState.ANSWERED: [Step.ANSWER],
    CaseState.CLOSED: [Step.ANSWER, Step.CLOSE],
}


As = Callable[..., RolledBackUnitOfWork]


def make_case(uow: UnitOfWork, city: City, **overrides: Any) -> Case:
    event = make_appeal(city, **overrides)
    opening.open_cases(uow, [event])
    return cases.find_cases_of_appeals_for_change(uow, [event.appeal_id])[event.appeal_id]


def make_case_in(state: CaseState, uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    waits = {"suggested_category": None} if state is CaseState.RECEIVED else {}
    case = make_case(uow, city, **waits)
    for step in WAY[state]:
        case = TAKE[step](as_person(city.person("municipal")), case)
    assert case.state is state
    return case


def test_every_step_is_tried() -> None:
    assert {*TAKE, *ELSEWHERE} == set(Step)


@pytest.mark.parametrize("state", WAY)
@pytest.mark.parametrize("step", TAKE)
def test_each_step_from_each_state_is_as_the_table_says(
    uow: RolledBackUnitOfWork, city: City, as_person: As, state: CaseState, step: Step
) -> None:
    case = make_case_in(state, uow, city, as_person)
    posts = ("district_dispatcher",) if step is Step.RULE else ("municipal", "dispatcher")
    both = as_person(city.person(*posts, subject="both"))
    if STEPS[step].allows(case):
        if step is Step.ACCEPT:
            after = steps.accept_case(both, case.case_id, version=case.version, category="municipal.water")
        else:
            after = TAKE[step](both, case)
        assert after.state is (STEPS[step].to or state)
        assert after.version > case.version
    else:
        with pytest.raises(StepNotAllowed, match=step.value):
            TAKE[step](both, case)
        assert cases.get_case(uow, case.case_id).version == case.version
        assert both.published == []


def test_a_refusal_names_the_steps_that_whoever_asks_may_take(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    with pytest.raises(StepNotAllowed) as refused:
        steps.accept_case(as_person(city.person("dispatcher")), case.case_id, version=case.version)
    theirs = refused.value.detail.partition("you may now: ")[2]
    assert "re_dispatch" in theirs
    assert "start" not in theirs


def test_a_refusal_says_what_lacks_or_is_in_the_way(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    both = as_person(city.person("municipal", "dispatcher", subject="both"))
    with pytest.raises(StepNotAllowed, match="the step accept, which is taken while it is received; you may now: "):
        steps.accept_case(both, case.case_id, version=case.version)
    with pytest.raises(StepNotAllowed, match="the step resume, which needs that it is suspended; you"):
        suspending.resume_case(both, case.case_id, version=case.version, words="恢复")
    asked = TAKE[Step.ASK_RETURN](as_person(city.person("municipal")), case)
    with pytest.raises(StepNotAllowed, match="the step ask_decline, which is not taken while it is asked; you"):
        TAKE[Step.ASK_DECLINE](as_person(city.person("municipal")), asked)


@pytest.mark.parametrize("step", TAKE)
@pytest.mark.parametrize("who", ["window", "legal", "other_dispatcher"])
def test_a_step_is_only_for_its_holder_or_dispatcher(
    uow: RolledBackUnitOfWork, city: City, as_person: As, step: Step, who: str
) -> None:
    state = next(state for state in WAY if state in STEPS[step].states)
    case = make_case_in(state, uow, city, as_person)
    # The dispatcher of another community does not even see it.
    refused = CaseNotFound if who == "other_dispatcher" else NotYourStep
    with pytest.raises(refused):
        TAKE[step](as_person(city.person(who)), case)
    assert cases.get_case(uow, case.case_id).version == case.version


#: What is refused by what the case tells, or by who asks; what else is wrong, is in what is sent.
REFUSED = (NotYourStep, StepNotAllowed, *get_args(Hindrance))


def is_refused(by: RolledBackUnitOfWork, case: Case, step: Step) -> bool:
    with by.connection.begin_nested() as tried:
        try:
            TAKE[step](by, case)
        except REFUSED:
            return True
        except ServiceError:
            return False
        finally:
            tried.rollback()
    return False


@pytest.mark.parametrize("state", WAY)
@pytest.mark.parametrize("who", ["municipal", "window", "dispatcher", "district_dispatcher", "municipal dispatcher"])
def test_what_is_offered_is_allowed_and_what_is_not_offered_is_refused(
    uow: RolledBackUnitOfWork, city: City, as_person: As, state: CaseState, who: str
) -> None:
    case = make_case_in(state, uow, city, as_person)
    by = as_person(city.person(*who.split()))
    offered = {*reading.get_case(by, case.case_id).steps} & {*TAKE}
    assert offered == {step for step in TAKE if not is_refused(by, case, step)}


@pytest.mark.parametrize("step", [Step.ANSWER, Step.HAND_OVER, Step.CLOSE])
@pytest.mark.parametrize("who", ["dispatcher", "district_dispatcher", "city_dispatcher"])
def test_the_dispatchers_of_the_place_and_above_may_answer_and_end(
    uow: RolledBackUnitOfWork, city: City, as_person: As, step: Step, who: str
) -> None:
    state = next(state for state in WAY if state in STEPS[step].states)
    case = make_case_in(state, uow, city, as_person)
    after = TAKE[step](as_person(city.person(who)), case)
    assert cases.list_entries(uow, after)[-1].post_id == city.posts[who].post_id


@pytest.mark.parametrize("step", TAKE)
def test_whom_a_case_complains_of_takes_no_step_by_any_post(uow: RolledBackUnitOfWork, city: City, step: Step) -> None:
    case = make_case(uow, city)
    assert case.holder_post_id is not None
    both = [
        Seated(case.holder_post_id, Duty.MUNICIPAL.value, city.paths["community"]),
        Seated(uuid4(), Duty.DISPATCHER.value, city.paths["city"]),
    ]
    both = both[1:] if step is Step.RULE else both
    assert post_for(step, case, both, subject="somebody") in {post.post_id for post in both}
    case.complained_of = ("somebody",)
    with pytest.raises(NotYourStep):
        post_for(step, case, both, subject="somebody")


def test_who_is_complained_of_takes_no_step_and_sees_no_case(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, complained_of=[subject_of("municipal"), subject_of("dispatcher")])
    for who in ("municipal", "dispatcher"):
        person = as_person(city.person(who))
        with pytest.raises(CaseNotFound):
            TAKE[Step.ANSWER](person, case)
        assert cases.list_open_cases(person, [case.placed_path], after_key=None, limit=9) == []


def test_a_stale_version_is_refused_and_changes_nothing(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    mine = as_person(city.person("municipal"))
    for step, stale in ((Step.START, case.version - 1), (Step.START, case.version + 1)):
        case.version = stale
        with pytest.raises(CaseChanged, match="version 3"):
            TAKE[step](mine, case)
    assert cases.get_case(uow, case.case_id).state is CaseState.ASSIGNED


def test_a_person_without_any_post_sees_no_case(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    with pytest.raises(CaseNotFound):
        TAKE[Step.START](as_person(Person("nobody")), case)


def test_answering_in_time_keeps_the_promise(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    mine = as_person(city.person("municipal"), now=case.promise_due)
    after = TAKE[Step.ANSWER](mine, case)
    assert after.promise_met is True
    assert after.deadline is not None
    assert after.deadline.state is DeadlineState.MET
    assert [event.type for event in mine.published] == ["routing.case.answered.v1", "city.case.progressed.v1"]


def test_answering_late_marks_the_missed_promise_first(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    assert case.promise_due is not None
    mine = as_person(city.person("municipal"), now=case.promise_due + timedelta(seconds=1))
    after = TAKE[Step.ANSWER](mine, case)
    assert (after.state, after.promise_met) == (CaseState.ANSWERED, False)
    assert [event.type for event in mine.published] == [
        "routing.case.deadline_breached.v1",
        "routing.case.answered.v1",
        "city.case.progressed.v1",
    ]
    assert [entry.step for entry in cases.list_entries(uow, after)][-2:] == ["deadline_breached", "answered"]
    assert cases.get_case(uow, case.case_id).deadline.state is DeadlineState.BREACHED  # type: ignore[union-attr]


def test_the_answer_goes_to_the_history_and_to_the_resident_alone(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    mine = as_person(city.person("municipal"))
    after = TAKE[Step.ANSWER](mine, case)
    assert cases.list_entries(uow, after)[-1].words == "灯已修好"
    said = {event.topic: event.body or "" for event in mine.published}
    assert "灯已修好" in said["routing.case.v1"]
    assert "灯已修好" not in said["city.case.v1"]


def test_what_was_handed_over_is_not_handed_over_again(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case_in(CaseState.ANSWERED, uow, city, as_person)
    mine = as_person(city.person("municipal"))
    after = TAKE[Step.HAND_OVER](mine, case)
    with pytest.raises(StepNotAllowed):
        TAKE[Step.HAND_OVER](mine, after)
    assert TAKE[Step.CLOSE](mine, after).state is CaseState.CLOSED


def test_who_collects_after_the_end_is_recorded_and_nothing_is_reopened(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    mine = as_person(city.person("municipal"))
    closed = make_case_in(CaseState.CLOSED, uow, city, as_person)
    after = cases.get_case(uow, TAKE[Step.HAND_OVER](mine, closed).case_id)
    assert (after.state, after.closed_at) == (CaseState.CLOSED, closed.closed_at)
    assert after.handover is HandoverMeans.COLLECTED
    assert [event.type for event in mine.published] == [CaseHandedOverV1.TYPE]
    assert Step.HAND_OVER not in reading.get_case(mine, closed.case_id).steps


def test_of_what_did_not_end_as_done_nothing_is_handed_over(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    withdrawn = AppealWithdrawnV1(version=2, appeal_id=case.appeals[0].appeal_id, withdrawn_at=NOW, reason="settled")
    opening.withdraw_appeal(uow, withdrawn)
    with pytest.raises(StepNotAllowed):
        TAKE[Step.HAND_OVER](as_person(city.person("municipal")), cases.get_case(uow, case.case_id))


def unplaced(uow: RolledBackUnitOfWork, city: City) -> Case:
    case = make_case(uow, city, place=None, suggested_category=None)
    assert case.queue is Queue.UNPLACED
    return case


def test_a_dispatcher_places_and_sorts_what_waits(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = unplaced(uow, city)
    mine = as_person(city.person("city_dispatcher"))
    after = steps.accept_case(
        mine, case.case_id, version=case.version, place_id=city.ids["area"], category="administrative.hukou"
    )
    assert (after.state, after.queue, after.district) == (CaseState.ASSIGNED, None, "district")
    assert after.holder_post_id == city.posts["window"].post_id
    seen = cases.get_case(uow, case.case_id)
    assert (seen.placed_path, seen.promise_due) == (city.paths["area"], after.promise_due)
    assert [event.type for event in mine.published] == [
        "routing.case.accepted.v1",
        "routing.case.assigned.v1",
        "city.case.progressed.v1",
    ]


def test_a_dispatcher_may_give_it_to_an_office_outside_the_tree(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    office = uuid4()
    water = make_post(city, "water", Duty.BUREAU, "city", office_id=office, matters=["municipal.water"])
    network.copy_posts(uow, [water], versions=[1])
    case = unplaced(uow, city)
    mine = as_person(city.person("city_dispatcher"))
    case = steps.accept_case(
        mine, case.case_id, version=case.version, place_id=city.ids["bare"], category="municipal.water"
    )
    bureau = as_person(city.person("water"))
    assert TAKE[Step.START](bureau, case).state is CaseState.IN_PROGRESS


@pytest.mark.parametrize(
    "facts, error",
    [
        ({"category": "municipal.water"}, PlaceMissing),
        ({"place_id": "area"}, CategoryMissing),
        ({"place_id": "area", "category": "no.such"}, UnknownCategory),
        ({"place_id": uuid4(), "category": "municipal.water"}, UnknownPlace),
        ({"place_id": "retired", "category": "municipal.water"}, UnknownPlace),
    ],
)
def test_an_acceptance_that_cannot_be_names_what_is_wrong(
    uow: RolledBackUnitOfWork, city: City, as_person: As, facts: dict[str, Any], error: type[ServiceError]
) -> None:
    copy_places, _ = network.handlers(moved=lambda *_: None)
    copy_places(uow, [make_place(city, "retired", "area", "community", state="retired")], versions=[1])
    case = unplaced(uow, city)
    body = {key: city.ids.get(value, value) if key == "place_id" else value for key, value in facts.items()}
    mine = as_person(city.person("city_dispatcher"))
    with pytest.raises(error):
        steps.accept_case(mine, case.case_id, version=case.version, **body)
    assert cases.get_case(uow, case.case_id).version == case.version


def test_what_waits_to_be_placed_is_not_accepted_where_it_is_assumed(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, place="community", placing="none")
    mine = as_person(city.person("dispatcher"))
    with pytest.raises(PlaceMissing):
        steps.accept_case(mine, case.case_id, version=case.version)
    after = steps.accept_case(mine, case.case_id, version=case.version, place_id=city.ids["community"])
    assert after.state is CaseState.ASSIGNED


def test_a_dispatcher_places_nothing_outside_their_own_place(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, suggested_category=None)
    mine = as_person(city.person("dispatcher"))
    with pytest.raises(NotYourPlace):
        steps.accept_case(
            mine, case.case_id, version=case.version, place_id=city.ids["other"], category="municipal.water"
        )


def test_an_acceptance_needs_somebody_to_handle_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, place="bare", suggested_category=None)
    put_post(uow, city.posts["city_dispatcher"].model_copy(update={"holders": []}))
    mine = as_person(city.person("city_dispatcher"))
    with pytest.raises(NobodyHolds):
        steps.accept_case(mine, case.case_id, version=case.version, category="municipal.water")


def test_a_promise_made_by_a_dispatcher_runs_from_their_acceptance(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, suggested_category=None)
    later = NOW + timedelta(days=2)
    mine = as_person(city.person("dispatcher"), now=later)
    after = steps.accept_case(mine, case.case_id, version=case.version, category="administrative.hukou")
    assert after.promise_due is not None
    assert after.promise_due > later
