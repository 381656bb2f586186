"""Nudges, supervision orders and instructions: who may press whom, what is owed for it, and to whom it goes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty
from contracts.intake import AppealWithdrawnV1
from contracts.routing import (
    Ask,
    CaseAssignedV1,
    CaseClosedV1,
    CasePressedV1,
    CaseReportedV1,
    CaseState,
    DeadlineBreachedV1,
    DeadlineKind,
    PressingKind,
)
from kit.crypto import KeyRing, new_key
from kit.numbers import parse_number
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from network import consumers as network
from routing.domain.case import Case
from routing.domain.chain import list_faults
from routing.domain.pressing import Pressing, PressingLine
from routing.domain.steps import STEPS, Step
from routing.errors import (
    CaseNotFound,
    NobodyHolds,
    NoReportOwed,
    NotYourStep,
    NudgedAlready,
    PressingNotFound,
    ReportOwed,
    StepNotAllowed,
    UnfitLimit,
)
from routing.repository import cases
from routing.service import asking, dispatching, opening, pressing, printing, reading, steps, sweeping
from sqlalchemy import text

from tests.conftest import UnitOfWorkOf
from tests.routing.conftest import City, make_post, put_post, statements_of, subject_of
from tests.routing.test_steps import TAKE, WAY, As, make_case, make_case_in

WORDS, LEADER = "群众反映强烈，请速办", "区长"
IN_A_WEEK = NOW + timedelta(days=7)
RING = KeyRing.parse(new_key("k1"))

MORE_POSTS: tuple[tuple[str, Duty, str, dict[str, Any]], ...] = (
    ("supervisor", Duty.SUPERVISOR, "community", {}),
    ("area_chief", Duty.AREA_CHIEF, "area", {}),
    ("city_supervisor", Duty.SUPERVISOR, "city", {}),
    ("water", Duty.BUREAU, "city", {"office_id": uuid4(), "matters": ["municipal.water"]}),
    ("department", Duty.DEPARTMENT, "district", {"office_id": uuid4(), "matters": ["municipal.water"]}),
)


@pytest.fixture
def city(uow: RolledBackUnitOfWork, city: City) -> City:
    posts = [make_post(city, code, duty, place, **more) for code, duty, place, more in MORE_POSTS]
    network.copy_posts(uow, posts, versions=[1] * len(posts))
    return city


def nudge(uow: RolledBackUnitOfWork, case: Case) -> PressingLine:
    return pressing.nudge_case(uow, case.case_id, version=case.version, words=WORDS)


def order(uow: RolledBackUnitOfWork, case: Case, *, due_at: datetime = IN_A_WEEK) -> PressingLine:
    return pressing.order_report(uow, case.case_id, version=case.version, words=WORDS, due_at=due_at)


def instruct(uow: RolledBackUnitOfWork, case: Case) -> PressingLine:
    return pressing.enter_instruction(uow, case.case_id, version=case.version, words=WORDS, leader=LEADER)


def report(uow: RolledBackUnitOfWork, line: PressingLine, *, version: int | None = None) -> PressingLine:
    read = line.version if version is None else version
    return pressing.report_on_pressing(uow, line.pressing.pressing_id, version=read, words="管道已换")


PRESS = {Step.NUDGE: nudge, Step.ORDER: order, Step.INSTRUCT: instruct}


def now_of(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return cases.get_case(uow, case.case_id)


def case_of(uow: RolledBackUnitOfWork, line: PressingLine) -> Case:
    return cases.get_case(uow, line.pressing.case_id)


def page(*, limit: int = 9, cursor: str | None = None) -> Page:
    return Page(limit=limit, of_list="pressings", ring=RING, cursor=cursor)


def owed_by(uow: RolledBackUnitOfWork) -> list[UUID]:
    return [line.pressing.pressing_id for line in pressing.list_owed(uow, page()).items]


def given_by(uow: RolledBackUnitOfWork) -> list[UUID]:
    return [line.pressing.pressing_id for line in pressing.list_given(uow, page()).items]


def pressings_of(uow: RolledBackUnitOfWork, case: Case) -> list[Pressing]:
    return reading.get_case(uow, case.case_id).pressings


def held_by(holder: str, uow: RolledBackUnitOfWork, city: City, as_person: As, **overrides: Any) -> Case:
    """A case of the area that lies with this post."""
    case = make_case(uow, city, **overrides)
    to = city.posts[holder].post_id
    if case.holder_post_id == to:
        return case
    by = as_person(city.person("dispatcher"))
    return dispatching.re_dispatch_case(by, case.case_id, version=case.version, to=to, words="改派")


#: Who may press whom, by the post that holds the case. All of them see it.
WHO: dict[tuple[Step, str], tuple[set[str], set[str]]] = {
    (Step.NUDGE, "municipal"): (
        {
            "dispatcher",
            "window",
            "legal",
            "area_chief",
            "district_dispatcher",
            "district_supervisor",
            "city_dispatcher",
        },
        {"municipal"},
    ),
    (Step.NUDGE, "water"): ({"dispatcher", "window", "municipal", "city_supervisor"}, {"water"}),
    (Step.ORDER, "municipal"): (
        {"district_dispatcher", "district_supervisor", "city_dispatcher", "city_supervisor"},
        {"municipal", "window", "area_chief", "dispatcher", "supervisor"},
    ),
    (Step.ORDER, "area_chief"): ({"dispatcher", "supervisor", "district_supervisor"}, {"area_chief", "window"}),
    (Step.ORDER, "water"): (
        {"district_dispatcher", "district_supervisor", "city_dispatcher", "city_supervisor"},
        {"water", "dispatcher", "supervisor", "area_chief", "municipal"},
    ),
    (Step.ORDER, "department"): (
        {"district_dispatcher", "district_supervisor", "city_dispatcher", "city_supervisor"},
        {"department", "dispatcher", "supervisor"},
    ),
    (Step.INSTRUCT, "municipal"): (
        {"dispatcher", "supervisor", "district_dispatcher", "district_supervisor", "city_dispatcher"},
        {"municipal", "window", "area_chief"},
    ),
    (Step.INSTRUCT, "water"): ({"dispatcher", "supervisor", "city_supervisor"}, {"water", "window"}),
}
ROWS = [
    (step, holder, who, may)
    for (step, holder), (allowed, refused) in WHO.items()
    for may, people in ((True, allowed), (False, refused))
    for who in sorted(people)
]


@pytest.mark.parametrize("step, holder, who, may", ROWS)
def test_who_may_press_whom(  # noqa: PLR0917  # a table's columns
    uow: RolledBackUnitOfWork, city: City, as_person: As, step: Step, holder: str, who: str, may: bool
) -> None:
    case = held_by(holder, uow, city, as_person)
    person = as_person(city.person(who))
    assert (step in reading.get_case(person, case.case_id).steps) is may
    if may:
        line = PRESS[step](person, case)
        assert line.pressing.by_post_id == city.posts[who].post_id
        assert [event.type for event in person.published] == [CasePressedV1.TYPE]
    else:
        with pytest.raises(NotYourStep):
            PRESS[step](person, case)
        assert now_of(uow, case).version == case.version


def test_a_refusal_says_for_whom_it_is(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = held_by("water", uow, city, as_person)
    with pytest.raises(
        NotYourStep, match="while an office holds it, a dispatcher or supervisor of a tier above the station"
    ):
        order(as_person(city.person("dispatcher")), case)
    waits = make_case(uow, city, suggested_category=None)
    with pytest.raises(NotYourStep, match="of a tier above, but not whoever holds the case"):
        instruct(as_person(city.person("dispatcher")), waits)


@pytest.mark.parametrize("step", PRESS)
def test_another_communitys_staff_see_nothing_to_press(
    uow: RolledBackUnitOfWork, city: City, as_person: As, step: Step
) -> None:
    case = make_case(uow, city)
    with pytest.raises(CaseNotFound):
        PRESS[step](as_person(city.person("other_dispatcher")), case)


def test_where_it_was_taken_may_nudge_but_neither_order_nor_instruct(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, taken_path=city.paths["other"])
    taker = as_person(city.person("other_dispatcher"))
    line = nudge(taker, case)
    assert [each.pressing_id for each in pressings_of(taker, case)] == [line.pressing.pressing_id]
    for step in (Step.ORDER, Step.INSTRUCT):
        with pytest.raises(NotYourStep):
            PRESS[step](taker, now_of(uow, case))


def test_who_holds_it_does_not_nudge_by_another_of_their_posts(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    put_post(uow, city.posts["dispatcher"].model_copy(update={"holders": city.posts["municipal"].holders}))
    case = make_case(uow, city)
    both = city.person("municipal", "dispatcher")
    under_one = replace(both, posts=tuple(post for post in both.posts if post.duty == Duty.DISPATCHER))
    for person in (both, under_one):
        with pytest.raises(NotYourStep):
            nudge(as_person(person), case)


def test_whom_it_complains_of_presses_nobody(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, complained_of=[subject_of("district_supervisor")])
    for press in PRESS.values():
        with pytest.raises(CaseNotFound):
            press(as_person(city.person("district_supervisor")), case)


@pytest.mark.parametrize("state", WAY)
@pytest.mark.parametrize("step", PRESS)
def test_a_case_is_pressed_while_somebody_still_has_to_answer_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, state: CaseState, step: Step
) -> None:
    case = make_case_in(state, uow, city, as_person)
    supervisor = as_person(city.person("district_supervisor"))
    assert STEPS[step].allows(case) is case.is_unsettled
    if case.is_unsettled:
        PRESS[step](supervisor, case)
        after = now_of(uow, case)
        assert (after.state, after.version) == (state, case.version + 1)
        assert (after.holder_post_id, after.promise_due) == (case.holder_post_id, case.promise_due)
    else:
        with pytest.raises(StepNotAllowed, match=step.value):
            PRESS[step](supervisor, case)
        assert supervisor.published == []


def test_nudges_are_counted_on_the_case_and_a_post_nudges_once_a_day(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    dispatcher = as_person(city.person("dispatcher"))
    assert nudge(dispatcher, case).pressing.number == "1"
    (told,) = [CasePressedV1.model_validate_json(event.body or "") for event in dispatcher.published]
    assert (told.pressing, told.pressing_number) == (PressingKind.NUDGE, "1")
    assert (told.handler.subject, told.presser_title) == (subject_of("municipal"), "post dispatcher")
    with pytest.raises(NudgedAlready, match="2026-11-24T01:00:00"):
        nudge(as_person(city.person("dispatcher"), now=NOW + timedelta(hours=23, minutes=59)), now_of(uow, case))
    assert nudge(as_person(city.person("window")), now_of(uow, case)).pressing.number == "2"
    next_day = as_person(city.person("dispatcher"), now=NOW + timedelta(hours=24))
    assert nudge(next_day, now_of(uow, case)).pressing.number == "3"
    assert nudge(as_person(city.person("dispatcher")), make_case(uow, city)).pressing.number == "1"


def test_a_nudge_is_offered_to_who_may_nudge_and_again_after_a_day(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = case_of(uow, nudge(as_person(city.person("dispatcher")), make_case(uow, city)))
    for who, later, offered in (
        ("dispatcher", timedelta(0), False),
        ("dispatcher", timedelta(hours=23, minutes=59), False),
        ("dispatcher", timedelta(hours=24), True),
        ("window", timedelta(0), True),
    ):
        reader = as_person(city.person(who), now=NOW + later)
        assert (Step.NUDGE in reading.get_case(reader, case.case_id).steps) is offered, (who, later)


def test_a_nudge_owes_no_report_and_bars_nothing(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    line = nudge(as_person(city.person("dispatcher")), make_case(uow, city))
    holder = as_person(city.person("municipal"))
    assert (owed_by(holder), given_by(as_person(city.person("dispatcher")))) == ([], [])
    with pytest.raises(NoReportOwed):
        report(holder, line)
    case = case_of(uow, line)
    for step in (Step.ANSWER, Step.CLOSE):
        case = TAKE[step](holder, case)
    assert case.state is CaseState.CLOSED


def test_an_order_is_numbered_and_tells_its_holder_all_but_the_words(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    supervisor = as_person(city.person("district_supervisor"))
    line = order(supervisor, case)
    assert parse_number(line.pressing.number, pressing.ORDER_PREFIX) == line.pressing.number
    (said,) = [event.body or "" for event in supervisor.published]
    told = CasePressedV1.model_validate_json(said)
    assert (told.pressing, told.pressing_number, told.due_at) == (PressingKind.ORDER, line.pressing.number, IN_A_WEEK)
    assert told.handler.subject == subject_of("municipal")
    assert WORDS not in said
    entry = cases.list_entries(uow, case)[-1]
    assert (entry.step, entry.words, entry.facts["number"]) == ("pressed", WORDS, line.pressing.number)
    assert [each.words for each in pressings_of(as_person(city.person("municipal")), case)] == [WORDS]


def test_an_instruction_is_its_leaders_word_and_has_no_limit(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    dispatcher = as_person(city.person("dispatcher"))
    line = instruct(dispatcher, case)
    assert (line.pressing.leader, line.pressing.due_at) == (LEADER, None)
    assert parse_number(line.pressing.number, pressing.INSTRUCTION_PREFIX) == line.pressing.number
    (told,) = [CasePressedV1.model_validate_json(event.body or "") for event in dispatcher.published]
    assert (told.pressing, told.leader, told.due_at) == (PressingKind.INSTRUCTION, LEADER, None)
    entry = cases.list_entries(uow, case)[-1]
    assert entry.words == f"{LEADER}：{WORDS}"
    assert LEADER not in str(entry.facts)
    assert owed_by(as_person(city.person("municipal"))) == [line.pressing.pressing_id]


def test_an_order_is_printed_to_be_signed_with_its_limit_and_later_its_report(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    supervisor, holder = as_person(city.person("district_supervisor")), as_person(city.person("municipal"))
    line = order(supervisor, case, due_at=datetime(2026, 12, 7, 9, 30, tzinfo=UTC))
    page = printing.print_pressing(supervisor, case.case_id, line.pressing.pressing_id)
    for said in ("督办单", line.pressing.number, case.number, WORDS, "2026年12月7日17:30", "签发人签名"):
        assert said in page
    assert "办理报告" not in page
    report(holder, line)
    page = printing.print_pressing(holder, case.case_id, line.pressing.pressing_id)
    for said in ("办理报告", "报告日期", f"{NOW.year}年{NOW.month}月{NOW.day}日</time></td>"):
        assert said in page


def test_what_waits_to_be_accepted_is_ordered_and_instructed_on_paper_too(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    """It is under no rules yet."""
    case = make_case_in(CaseState.RECEIVED, uow, city, as_person)
    supervisor = as_person(city.person("district_supervisor"))
    line = order(supervisor, case, due_at=datetime(2026, 12, 7, 9, 30, tzinfo=UTC))
    assert "2026年12月7日17:30" in printing.print_pressing(supervisor, case.case_id, line.pressing.pressing_id)
    written = instruct(supervisor, case_of(uow, line))
    assert LEADER in printing.print_pressing(supervisor, case.case_id, written.pressing.pressing_id)


def test_an_instruction_is_printed_with_its_leader_and_a_nudge_is_not(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    dispatcher = as_person(city.person("dispatcher"))
    line = instruct(dispatcher, case)
    page = printing.print_pressing(dispatcher, case.case_id, line.pressing.pressing_id)
    assert "领导批示" in page
    assert LEADER in page
    assert "报告期限" not in page
    nudged = nudge(dispatcher, case_of(uow, line))
    with pytest.raises(PressingNotFound):
        printing.print_pressing(dispatcher, case.case_id, nudged.pressing.pressing_id)
    with pytest.raises(PressingNotFound):
        printing.print_pressing(dispatcher, make_case(uow, city).case_id, line.pressing.pressing_id)


@pytest.mark.parametrize("limit", [timedelta(0), timedelta(seconds=-1), timedelta(days=30, seconds=1)])
def test_an_orders_limit_lies_ahead_and_within_thirty_days(
    uow: RolledBackUnitOfWork, city: City, as_person: As, limit: timedelta
) -> None:
    case = make_case(uow, city)
    supervisor = as_person(city.person("district_supervisor"))
    with pytest.raises(UnfitLimit):
        order(supervisor, case, due_at=NOW + limit)
    assert now_of(uow, case).version == case.version
    assert order(supervisor, case, due_at=NOW + timedelta(days=30)).pressing.is_owed


def test_the_holder_reports_once_and_whoever_pressed_is_told(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    line = order(as_person(city.person("district_supervisor")), make_case(uow, city))
    for who in ("window", "district_supervisor", "legal"):
        with pytest.raises(NotYourStep):
            report(as_person(city.person(who)), line)
    holder = as_person(city.person("municipal"))
    answered = report(holder, line)
    assert (answered.pressing.report, answered.pressing.reported_by) == ("管道已换", subject_of("municipal"))
    (said,) = [event.body or "" for event in holder.published]
    told = CaseReportedV1.model_validate_json(said)
    assert (told.pressing, told.pressing_number) == (PressingKind.ORDER, line.pressing.number)
    assert told.presser is not None
    assert told.presser.subject == subject_of("district_supervisor")
    assert "管道已换" not in said
    assert (owed_by(holder), given_by(as_person(city.person("district_supervisor")))) == ([], [])
    (seen,) = pressings_of(as_person(city.person("district_supervisor")), case_of(uow, line))
    assert (seen.report, seen.reported_at) == ("管道已换", NOW)
    with pytest.raises(NoReportOwed):
        report(holder, answered)


def test_one_of_two_that_was_reported_on_is_not_reported_on_again(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    supervisor, holder = as_person(city.person("district_supervisor")), as_person(city.person("municipal"))
    first = order(supervisor, case)
    second = instruct(supervisor, now_of(uow, case))
    answered = report(holder, first, version=second.version)
    with pytest.raises(NoReportOwed):
        report(holder, first, version=answered.version)
    assert now_of(uow, case).reports_owed == 1
    assert owed_by(holder) == [second.pressing.pressing_id]


def test_who_holds_the_post_that_pressed_by_now_is_told(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    line = order(as_person(city.person("district_supervisor")), make_case(uow, city))
    after_them = city.posts["district_supervisor"].holders[0].model_copy(update={"subject": "who.came.after"})
    put_post(uow, city.posts["district_supervisor"].model_copy(update={"holders": [after_them]}))
    holder = as_person(city.person("municipal"))
    report(holder, line)
    (told,) = [CaseReportedV1.model_validate_json(event.body or "") for event in holder.published]
    assert told.presser is not None
    assert told.presser.subject == "who.came.after"


def test_what_is_owed_goes_with_the_case_to_another_holder(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    line = order(as_person(city.person("district_supervisor")), make_case(uow, city))
    before, after = as_person(city.person("municipal")), as_person(city.person("legal"))
    assert (owed_by(before), owed_by(after)) == ([line.pressing.pressing_id], [])
    moved = dispatching.re_dispatch_case(
        as_person(city.person("dispatcher")),
        line.pressing.case_id,
        version=line.version,
        to=city.posts["legal"].post_id,
        words="改派",
    )
    assert (owed_by(before), owed_by(after)) == ([], [line.pressing.pressing_id])
    with pytest.raises(NotYourStep):
        report(before, line, version=moved.version)
    report(after, line, version=moved.version)
    assert owed_by(after) == []


def test_a_bureau_reads_what_it_owes_and_reports(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    line = order(as_person(city.person("city_supervisor")), held_by("water", uow, city, as_person))
    bureau = as_person(city.person("water"))
    assert owed_by(bureau) == [line.pressing.pressing_id]
    assert not report(bureau, line).pressing.is_owed


@pytest.mark.parametrize("press", [order, instruct])
def test_it_may_be_answered_while_a_report_is_owed_but_not_closed(
    uow: RolledBackUnitOfWork, city: City, as_person: As, press: Callable[..., PressingLine]
) -> None:
    case = make_case(uow, city)
    line = press(as_person(city.person("district_supervisor")), case)
    holder = as_person(city.person("municipal"))
    answered = TAKE[Step.ANSWER](holder, now_of(uow, case))
    assert Step.CLOSE not in reading.get_case(holder, case.case_id).steps
    with pytest.raises(ReportOwed):
        TAKE[Step.CLOSE](holder, answered)
    with pytest.raises(ReportOwed):
        TAKE[Step.CLOSE](as_person(city.person("city_dispatcher")), answered)
    reported = report(holder, line, version=answered.version)
    assert Step.REPORT not in reading.get_case(holder, case.case_id).steps
    closed = steps.close_case(holder, case.case_id, version=reported.version)
    assert closed.state is CaseState.CLOSED
    entries = cases.list_entries(uow, closed)
    assert [entry.step for entry in entries][-4:] == ["pressed", "answered", "reported", "closed"]
    assert list_faults(entries, head=closed.head, length=closed.version) == []


def test_what_is_owed_ends_when_the_case_is_withdrawn(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    line = order(as_person(city.person("district_supervisor")), case)
    (appeal,) = case.appeals
    withdrawn = AppealWithdrawnV1(version=2, appeal_id=appeal.appeal_id, withdrawn_at=NOW, reason="settled")
    opening.withdraw_appeal(uow, withdrawn)
    check_ended(uow, city, as_person, line)


def test_what_is_owed_ends_when_the_case_is_declined(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    line = order(as_person(city.person("district_supervisor")), case)
    asked = asking.ask_dispatcher(
        as_person(city.person("municipal")),
        case.case_id,
        ask=Ask.DECLINE,
        version=line.version,
        reason="in_court",
        words="已起诉",
    )
    dispatcher = as_person(city.person("dispatcher"))
    asking.rule_on_case(dispatcher, case.case_id, version=asked.version, granted=True, words="请向法院询问")
    check_ended(uow, city, as_person, line)


def pressers_told(uow: RolledBackUnitOfWork) -> list[tuple[str, str | None]]:
    (said,) = [event.body or "" for event in uow.published if event.type == CaseClosedV1.TYPE]
    told = CaseClosedV1.model_validate_json(said)
    return [(each.pressing_number, each.presser.subject if each.presser else None) for each in told.pressings_ended]


def test_who_pressed_is_told_when_the_case_ends_before_the_report(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    supervisor, dispatcher = as_person(city.person("district_supervisor")), as_person(city.person("dispatcher"))
    ordered = order(supervisor, case)
    nudge(as_person(city.person("window")), now_of(uow, case))
    instructed = instruct(dispatcher, now_of(uow, case))
    reported = instruct(as_person(city.person("city_dispatcher")), now_of(uow, case))
    report(as_person(city.person("municipal")), reported)
    appeal_id = case.appeals[0].appeal_id
    opening.withdraw_appeal(uow, AppealWithdrawnV1(version=2, appeal_id=appeal_id, withdrawn_at=NOW, reason="settled"))
    assert set(pressers_told(uow)) == {
        (ordered.pressing.number, subject_of("district_supervisor")),
        (instructed.pressing.number, subject_of("dispatcher")),
    }
    entry = cases.list_entries(uow, now_of(uow, case))[-1]
    assert entry.facts["pressers"] == sorted([subject_of("dispatcher"), subject_of("district_supervisor")])


def test_a_case_on_which_nothing_is_owed_ends_without_a_statement_more(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    withdrawn = AppealWithdrawnV1(version=2, appeal_id=case.appeals[0].appeal_id, withdrawn_at=NOW, reason="settled")
    sent = statements_of(uow, lambda: opening.withdraw_appeal(uow, withdrawn))
    assert not any("pressing" in statement.split("where")[0] and "UPDATE" in statement for statement, _ in sent)
    assert "pressers" not in cases.list_entries(uow, now_of(uow, case))[-1].facts
    assert pressers_told(uow) == []


def test_a_new_holder_is_told_how_many_reports_go_with_the_case(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    supervisor = as_person(city.person("district_supervisor"))
    order(supervisor, case)
    instruct(supervisor, now_of(uow, case))
    dispatcher = as_person(city.person("dispatcher"))
    version, to = now_of(uow, case).version, city.posts["legal"].post_id
    dispatching.re_dispatch_case(dispatcher, case.case_id, version=version, to=to, words="改派")
    (said,) = [event.body or "" for event in dispatcher.published if event.type == CaseAssignedV1.TYPE]
    assert CaseAssignedV1.model_validate_json(said).reports_owed == 2


def swept(uow_of: UnitOfWorkOf, now: datetime) -> list[DeadlineBreachedV1]:
    clock = uow_of("routing", role="clock", now=now)
    sweeping.sweep_due(clock)
    missed = [event for event in clock.published if event.type == DeadlineBreachedV1.TYPE]
    return [DeadlineBreachedV1.model_validate_json(event.body or "") for event in missed]


LIMIT, AFTER_IT = NOW + timedelta(hours=2), NOW + timedelta(hours=2, seconds=1)


def test_an_order_that_nobody_has_reported_on_is_told_of_once_its_limit_passes(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = make_case(uow, city)
    line = order(as_person(city.person("district_supervisor")), case, due_at=LIMIT)
    assert swept(uow_of, LIMIT) == []
    (told,) = swept(uow_of, AFTER_IT)
    assert (told.deadline, told.due_at) == (DeadlineKind.ORDER, LIMIT)
    assert told.handler is not None
    assert told.superior is not None
    assert (told.handler.subject, told.superior.subject) == (
        *(subject_of("municipal"), subject_of("district_supervisor")),
    )
    assert swept(uow_of, AFTER_IT) == []
    after = now_of(uow, case)
    assert (after.promise_met, after.reports_owed) == (None, 1)
    assert cases.list_entries(uow, after)[-1].facts["kind"] == "order"
    report(as_person(city.person("municipal"), now=AFTER_IT), line, version=after.version)
    assert swept(uow_of, AFTER_IT + timedelta(days=1)) == []


def test_an_order_that_was_reported_on_in_time_is_not_told_of(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    line = order(as_person(city.person("district_supervisor")), make_case(uow, city), due_at=LIMIT)
    report(as_person(city.person("municipal"), now=LIMIT), line)
    assert swept(uow_of, AFTER_IT) == []
    states = uow.execute(text("select state from deadline where kind = 'order'")).scalars().all()
    assert states == ["met"]


def test_a_report_that_comes_late_counts_as_late_whether_or_not_a_clock_came_by(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = make_case(uow, city)
    line = order(as_person(city.person("district_supervisor")), case, due_at=LIMIT)
    holder = as_person(city.person("municipal"), now=AFTER_IT)
    report(holder, line)
    assert [event.type for event in holder.published] == [DeadlineBreachedV1.TYPE, CaseReportedV1.TYPE]
    assert [entry.step for entry in cases.list_entries(uow, now_of(uow, case))][-2:] == [
        "deadline_breached",
        "reported",
    ]
    assert swept(uow_of, AFTER_IT) == []


def test_each_order_on_a_case_has_a_limit_of_its_own_which_ends_with_the_case(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = make_case(uow, city)
    supervisor = as_person(city.person("district_supervisor"))
    order(supervisor, case, due_at=LIMIT)
    order(as_person(city.person("city_dispatcher")), now_of(uow, case), due_at=LIMIT + timedelta(hours=1))
    assert len(swept(uow_of, AFTER_IT)) == 1
    (told,) = swept(uow_of, AFTER_IT + timedelta(hours=1))
    assert told.superior is not None
    assert told.superior.subject == subject_of("city_dispatcher")
    order(supervisor, now_of(uow, case), due_at=NOW + timedelta(hours=9))
    withdrawn = AppealWithdrawnV1(version=2, appeal_id=case.appeals[0].appeal_id, withdrawn_at=NOW, reason="settled")
    opening.withdraw_appeal(uow, withdrawn)
    assert swept(uow_of, NOW + timedelta(days=9)) == []


def test_what_waits_to_be_accepted_is_ordered_with_a_limit_too(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = make_case(uow, city, suggested_category=None)
    order(as_person(city.person("district_supervisor")), case, due_at=LIMIT)
    (told,) = swept(uow_of, AFTER_IT)
    assert told.handler is not None
    assert told.handler.subject == subject_of("dispatcher")


def check_ended(uow: RolledBackUnitOfWork, city: City, as_person: As, line: PressingLine) -> None:
    holder = as_person(city.person("municipal"))
    assert (owed_by(holder), given_by(as_person(city.person("district_supervisor")))) == ([], [])
    after = case_of(uow, line)
    assert (after.state, after.reports_owed) == (CaseState.CLOSED, 0)
    (ended,) = pressings_of(holder, after)
    assert (ended.settled_at, ended.reported_at) == (NOW, None)
    with pytest.raises(StepNotAllowed):
        report(holder, line, version=after.version)


def test_lists_show_what_falls_due_first_page_by_page(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    supervisor, holder = as_person(city.person("district_supervisor")), as_person(city.person("municipal"))
    last = instruct(supervisor, make_case(uow, city))
    late, soon = (order(supervisor, make_case(uow, city), due_at=NOW + timedelta(days=days)) for days in (9, 2))
    expected = [line.pressing.pressing_id for line in (soon, late, last)]
    order(as_person(city.person("city_dispatcher")), held_by("legal", uow, city, as_person))
    for listed, uow_of_reader in ((pressing.list_owed, holder), (pressing.list_given, supervisor)):
        seen: list[UUID] = []
        cursor = None
        while len(seen) == 0 or cursor is not None:
            sheet = listed(uow_of_reader, page(limit=1, cursor=cursor))
            seen += [line.pressing.pressing_id for line in sheet.items]
            cursor = sheet.next
        assert seen == expected
    after_the_first = as_person(city.person("municipal"), now=NOW + timedelta(days=3))
    assert [line.pressing.is_overdue(line.now) for line in pressing.list_owed(after_the_first, page()).items] == [
        *(True, False, False),
    ]


def test_a_case_that_lies_with_nobody_is_not_pressed(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    for code in ("city_dispatcher", "water"):
        put_post(uow, city.posts[code].model_copy(update={"holders": []}))
    case = make_case(uow, city, place="bare", suggested_category="legal.aid")
    assert case.holder_post_id is None
    for press in PRESS.values():
        with pytest.raises(NobodyHolds):
            press(as_person(city.person("city_supervisor")), case)


def test_what_was_never_pressed_or_is_not_to_be_seen_is_not_found(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    line = order(as_person(city.person("district_supervisor")), make_case(uow, city))
    with pytest.raises(PressingNotFound):
        report(as_person(city.person("other_dispatcher")), line)
    with pytest.raises(PressingNotFound):
        pressing.report_on_pressing(as_person(city.person("municipal")), uuid4(), version=1, words="已办")
