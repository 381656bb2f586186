"""What is assigned from above: their number and limit beside ours, the report that they want, what they say of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from contracts.intake import AppealCorrectedV1, AppealWithdrawnV1, Assignment, Channel, Placing
from contracts.routing import (
    Ask,
    CaseReportedBackV1,
    CaseReportReviewedV1,
    CaseState,
    DeadlineBreachedV1,
    Outcome,
    Queue,
)
from kit.numbers import new_number, parse_number
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.assignment import Owing
from routing.domain.case import Case, ClosedReason, DeadlineKind
from routing.domain.chain import list_faults
from routing.domain.promise import Unit
from routing.domain.steps import STEPS, Step
from routing.errors import (
    NoReportBackOwed,
    NotYourStep,
    ReportBackNotFound,
    ReportBackOwed,
    StepNotAllowed,
    TheirLimitMissing,
    TheirLimitUnasked,
)
from routing.repository import call_backs, cases
from routing.service import (
    asking,
    calling_back,
    dispatching,
    opening,
    printing,
    reading,
    reporting_back,
    steps,
    sweeping,
)

from tests.conftest import UnitOfWorkOf
from tests.routing.conftest import City, make_appeal, put_post, subject_of
from tests.routing.test_steps import TAKE, As, make_case

HOTLINE, THEIRS = "临江市12345热线", "GD2026112300017"
IN_A_DAY, IN_A_WEEK = NOW + timedelta(days=1), NOW + timedelta(days=7)
REPORT = "路灯已于今日修复，居民确认。"


def make_assignment(**overrides: Any) -> Assignment:
    return Assignment(**{"office": HOTLINE, "number": THEIRS, "due_at": IN_A_DAY, "report_owed": True, **overrides})


@pytest.fixture
def holder(city: City, as_person: As) -> RolledBackUnitOfWork:
    return as_person(city.person("municipal"))


@pytest.fixture
def dispatcher(city: City, as_person: As) -> RolledBackUnitOfWork:
    return as_person(city.person("dispatcher"))


@pytest.fixture
def clock_at(uow_of: UnitOfWorkOf) -> Callable[[datetime], RolledBackUnitOfWork]:
    return lambda now: uow_of("routing", role="clock", now=now)


def assigned(uow: RolledBackUnitOfWork, city: City, *, order: Assignment | None = None, **overrides: Any) -> Case:
    facts = {"channel": Channel.ASSIGNED, "assignment": order or make_assignment(), **overrides}
    return make_case(uow, city, **facts)


def report(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return reporting_back.report_back(uow, case.case_id, version=case.version, words=REPORT)


def review(uow: RolledBackUnitOfWork, case: Case, *, accepted: bool, due_at: datetime | None = None) -> Case:
    return reporting_back.enter_review(
        uow, case.case_id, version=case.version, accepted=accepted, words="来文意见", due_at=due_at
    )


def now_of(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return cases.get_case(uow, case.case_id)


def theirs(case: Case) -> datetime | None:
    limit = case.limit(DeadlineKind.ASSIGNED)
    return limit.promise.due_at if limit else None


def told(uow: RolledBackUnitOfWork, kind: type[Any]) -> list[Any]:
    return [kind.model_validate_json(event.body or "") for event in uow.published if event.type == kind.TYPE]


def whole(uow: RolledBackUnitOfWork, case: Case) -> bool:
    after = now_of(uow, case)
    return list_faults(cases.list_entries(uow, after), head=after.head, length=after.version) == []


# Their number and limit beside ours.


def test_their_number_and_limit_stand_beside_ours(uow: RolledBackUnitOfWork, city: City) -> None:
    ordinary, case = make_case(uow, city), assigned(uow, city)
    after = now_of(uow, case)
    assert (after.assigned_by, after.assigned_number, after.assigned_due) == (HOTLINE, THEIRS, IN_A_DAY)
    assert after.report_back is Owing.OWED
    assert after.promise_due == ordinary.promise_due != IN_A_DAY
    (limit,) = after.limits
    assert (limit.kind, limit.promise.term.unit, limit.promise.due_at) == (DeadlineKind.ASSIGNED, Unit.GIVEN, IN_A_DAY)
    opened = cases.list_entries(uow, after)[0]
    assert (opened.facts["assigned"]["office"], opened.facts["assigned"]["number"]) == (HOTLINE, THEIRS)


def test_lists_and_the_case_show_them(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = assigned(uow, city)
    late = as_person(city.person("municipal"), now=IN_A_DAY + timedelta(minutes=1))
    found = cases.list_worklist(late, [city.posts["municipal"].post_id], answered=False, after_key=None, limit=9)
    (line,) = found
    assert (line.assigned_number, line.assigned_due) == (THEIRS, IN_A_DAY)
    assert line.is_assigned_overdue(late.now)
    assert not line.is_assigned_overdue(IN_A_DAY)
    detail = reading.get_case(late, case.case_id)
    assert [limit.kind for limit in detail.case.limits] == [DeadlineKind.ASSIGNED]


def test_what_waits_for_a_dispatcher_is_due_to_them_all_the_same(
    uow: RolledBackUnitOfWork, city: City, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    case = assigned(uow, city, suggested_category=None)
    assert (case.queue, case.deadline, theirs(case)) == (Queue.UNSORTED, None, IN_A_DAY)
    clock = clock_at(IN_A_DAY + timedelta(seconds=1))
    assert sweeping.sweep_due(clock) == 1
    (missed,) = told(clock, DeadlineBreachedV1)
    assert (missed.deadline, missed.handler.subject) == (DeadlineKind.ASSIGNED, subject_of("dispatcher"))


def test_their_limit_goes_on_when_it_is_placed_and_sorted_later(uow: RolledBackUnitOfWork, city: City) -> None:
    event = make_appeal(city, place=None, placing=Placing.NONE, channel=Channel.ASSIGNED, assignment=make_assignment())
    opening.open_cases(uow, [event])
    found: dict[str, Any] = {"place_id": city.ids["area"], "placed_path": city.paths["area"]}
    corrected = AppealCorrectedV1(
        version=2, appeal_id=event.appeal_id, corrected_at=NOW, gist=event.gist, category=event.category, **found
    )
    opening.correct_appeal(uow, corrected)
    case = cases.find_cases_of_appeals_for_change(uow, [event.appeal_id])[event.appeal_id]
    assert (case.state, theirs(case)) == (CaseState.ASSIGNED, IN_A_DAY)


def test_their_limit_missed_is_told_to_the_holder_and_the_superior_and_ours_stays(
    uow: RolledBackUnitOfWork, city: City, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    case = assigned(uow, city)
    clock = clock_at(IN_A_DAY + timedelta(seconds=1))
    assert (sweeping.sweep_due(clock), sweeping.sweep_due(clock)) == (1, 0)
    (missed,) = told(clock, DeadlineBreachedV1)
    assert (missed.deadline, missed.due_at) == (DeadlineKind.ASSIGNED, IN_A_DAY)
    assert missed.handler.subject == subject_of("municipal")
    assert missed.superior.subject == subject_of("district_supervisor")
    after = now_of(uow, case)
    assert (after.promise_met, after.holder_post_id) == (None, case.holder_post_id)


def test_a_finished_past_has_no_limit_of_theirs_and_owes_no_report(uow: RolledBackUnitOfWork, city: City) -> None:
    case = now_of(uow, assigned(uow, city, historic=True))
    assert (case.state, case.assigned_number, case.report_back) == (CaseState.CLOSED, THEIRS, None)
    assert case.limits == []


# Where they want no report, an answer is what they want.


@pytest.mark.parametrize("at, breaches", [(NOW, 0), (IN_A_DAY + timedelta(seconds=1), 1)])
def test_where_they_want_no_report_the_answer_keeps_their_limit_or_not(
    uow: RolledBackUnitOfWork, city: City, as_person: As, at: datetime, breaches: int
) -> None:
    case = assigned(uow, city, order=make_assignment(report_owed=False))
    mine = as_person(city.person("municipal"), now=at)
    case = TAKE[Step.ANSWER](mine, case)
    assert len(told(mine, DeadlineBreachedV1)) == breaches
    assert theirs(now_of(uow, case)) is None
    assert not case.is_assigned_overdue(IN_A_WEEK)
    for step in (Step.REPORT_BACK, Step.ENTER_REVIEW):
        assert not STEPS[step].allows(case)
    with pytest.raises(NoReportBackOwed):
        report(mine, case)
    assert TAKE[Step.CLOSE](mine, case).state is CaseState.CLOSED


def test_where_they_want_a_report_an_answer_does_not_keep_their_limit(
    uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork
) -> None:
    case = TAKE[Step.ANSWER](holder, assigned(uow, city))
    assert (theirs(now_of(uow, case)), case.promise_met) == (IN_A_DAY, True)


# The report.


def test_the_holder_reports_back_and_the_dispatcher_is_told_to_send_it_up(
    uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork
) -> None:
    case = report(holder, TAKE[Step.ANSWER](holder, assigned(uow, city)))
    assert (case.state, case.report_back, theirs(now_of(uow, case))) == (CaseState.ANSWERED, Owing.GIVEN, None)
    (event,) = told(holder, CaseReportedBackV1)
    assert (event.office, event.their_number) == (HOTLINE, THEIRS)
    assert event.dispatcher.subject == subject_of("dispatcher")
    assert REPORT not in event.model_dump_json()
    (sent,) = reading.get_case(holder, case.case_id).reports_back
    assert parse_number(sent.number, reporting_back.REPORT_PREFIX, reporting_back.REPORT_LENGTH) == sent.number
    assert (sent.number, sent.accepted) == (event.report, None)
    entry = cases.list_entries(uow, case)[-1]
    assert (entry.step, entry.words, entry.facts["dispatcher"]) == ("reported_back", REPORT, subject_of("dispatcher"))
    assert whole(uow, case)


def test_a_dispatcher_who_reports_back_is_not_told_of_it(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    report(dispatcher, TAKE[Step.ANSWER](dispatcher, assigned(uow, city)))
    (event,) = told(dispatcher, CaseReportedBackV1)
    assert event.dispatcher is None


def test_a_report_that_comes_late_is_late_whether_or_not_a_clock_came_by(
    uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork, as_person: As
) -> None:
    case = TAKE[Step.ANSWER](holder, assigned(uow, city))
    late = as_person(city.person("municipal"), now=IN_A_DAY + timedelta(seconds=1))
    case = report(late, case)
    assert [event.deadline for event in told(late, DeadlineBreachedV1)] == [DeadlineKind.ASSIGNED]
    assert (case.report_back, case.promise_met) == (Owing.GIVEN, True)
    assert whole(uow, case)


def test_a_report_in_time_is_not_late_however_long_they_take_over_it(
    uow: RolledBackUnitOfWork,
    city: City,
    holder: RolledBackUnitOfWork,
    clock_at: Callable[[datetime], RolledBackUnitOfWork],
) -> None:
    case = report(holder, TAKE[Step.ANSWER](holder, assigned(uow, city)))
    assert sweeping.sweep_due(clock_at(IN_A_WEEK)) == 0
    assert not now_of(uow, case).is_assigned_overdue(IN_A_WEEK)


@pytest.mark.parametrize("way", [[], [Step.START]])
def test_what_is_not_answered_is_not_reported_back(
    uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork, way: list[Step]
) -> None:
    case = assigned(uow, city)
    for step in way:
        case = TAKE[step](holder, case)
    with pytest.raises(StepNotAllowed):
        report(holder, case)
    assert now_of(uow, case).version == case.version


def test_it_is_reported_back_once(uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork) -> None:
    case = report(holder, TAKE[Step.ANSWER](holder, assigned(uow, city)))
    with pytest.raises(NoReportBackOwed):
        report(holder, case)


def test_a_report_is_printed_with_their_number_and_ours(
    uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork
) -> None:
    case = report(holder, TAKE[Step.ANSWER](holder, assigned(uow, city)))
    (sent,) = reading.get_case(holder, case.case_id).reports_back
    page = printing.print_report_back(holder, case.case_id, sent.number.lower())
    for said in (HOTLINE, THEIRS, case.number, sent.number, REPORT, "办理结果报告"):
        assert said in page
    assert "转办函" not in page
    other = new_number(reporting_back.REPORT_PREFIX, reporting_back.REPORT_LENGTH)
    with pytest.raises(ReportBackNotFound):
        printing.print_report_back(holder, case.case_id, other)


# What they say of it.


def test_what_they_accept_may_be_closed_and_not_before(
    uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork, dispatcher: RolledBackUnitOfWork
) -> None:
    case = TAKE[Step.ANSWER](holder, assigned(uow, city))
    with pytest.raises(ReportBackOwed, match="wants a report back"):
        TAKE[Step.CLOSE](holder, case)
    case = report(holder, case)
    with pytest.raises(ReportBackOwed, match="has not accepted it yet"):
        TAKE[Step.CLOSE](holder, case)
    assert now_of(uow, case).version == case.version
    case = review(dispatcher, case, accepted=True)
    (event,) = told(dispatcher, CaseReportReviewedV1)
    assert (event.accepted, event.due_at, event.handler.subject) == (True, None, subject_of("municipal"))
    assert (case.state, case.report_back) == (CaseState.ANSWERED, Owing.ACCEPTED)
    assert case.limit(DeadlineKind.ASSIGNED) is None
    (sent,) = reading.get_case(holder, case.case_id).reports_back
    assert (sent.accepted, sent.reviewed_at) == (True, NOW)
    assert TAKE[Step.CLOSE](holder, case).closed_reason is ClosedReason.DONE
    assert now_of(uow, case).report_back is Owing.ACCEPTED
    assert whole(uow, case)


@pytest.mark.parametrize("reports", [False, True])
def test_a_resident_who_says_nothing_does_not_close_what_they_have_not_accepted(  # noqa: PLR0917  # a table's columns
    uow: RolledBackUnitOfWork,
    city: City,
    holder: RolledBackUnitOfWork,
    dispatcher: RolledBackUnitOfWork,
    clock_at: Callable[[datetime], RolledBackUnitOfWork],
    reports: bool,
) -> None:
    case = TAKE[Step.ANSWER](holder, assigned(uow, city, order=make_assignment(due_at=NOW + timedelta(days=60))))
    if reports:
        case = report(holder, case)
    sweeping.sweep_due(clock_at(NOW + timedelta(days=30)))
    case = now_of(uow, case)
    assert (case.state, case.report_back) == (CaseState.ANSWERED, Owing.GIVEN if reports else Owing.OWED)
    case = review(dispatcher, case if reports else report(holder, case), accepted=True)
    assert TAKE[Step.CLOSE](holder, case).state is CaseState.CLOSED


def test_what_they_reject_is_open_again_with_its_holder_by_their_new_limit(
    uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork, dispatcher: RolledBackUnitOfWork
) -> None:
    before = report(holder, TAKE[Step.ANSWER](holder, assigned(uow, city)))
    case = now_of(uow, review(dispatcher, before, accepted=False, due_at=IN_A_WEEK))
    assert (case.state, case.holder_post_id) == (CaseState.ASSIGNED, before.holder_post_id)
    assert (case.report_back, case.assigned_due, theirs(case)) == (Owing.OWED, IN_A_WEEK, IN_A_WEEK)
    assert (case.promise_due, case.promise_met) == (before.promise_due, True)
    assert (case.outcome, case.answered_at) == (None, None)
    (event,) = told(dispatcher, CaseReportReviewedV1)
    assert (event.accepted, event.due_at, event.state) == (False, IN_A_WEEK, CaseState.ASSIGNED)
    assert event.handler.subject == subject_of("municipal")
    assert [each.type for each in dispatcher.published] == [CaseReportReviewedV1.TYPE, "city.case.progressed.v1"]


def test_what_they_reject_is_followed_by_whoever_had_it_first_when_it_goes_to_another(
    uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork, dispatcher: RolledBackUnitOfWork
) -> None:
    answered = TAKE[Step.ANSWER](holder, assigned(uow, city))
    after = review(dispatcher, report(holder, answered), accepted=False, due_at=IN_A_WEEK)
    to = city.posts["window"].post_id
    given = dispatching.re_dispatch_case(dispatcher, after.case_id, version=after.version, to=to, words="改派")
    assert given.first_holder_post_id == answered.holder_post_id


def test_nobody_is_called_about_what_they_reject(
    uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork, dispatcher: RolledBackUnitOfWork
) -> None:
    answered = TAKE[Step.ANSWER](holder, assigned(uow, city))
    calling_back.have_called(uow, answered.appeals[0].appeal_id)
    assert call_backs.list_owed(uow, ["/"], handled_by=("nobody", []), after_key=None, limit=9) != []
    after = review(dispatcher, report(holder, now_of(uow, answered)), accepted=False, due_at=IN_A_WEEK)
    assert (after.state, after.calls_owed) == (CaseState.ASSIGNED, 0)
    assert call_backs.list_owed(uow, ["/"], handled_by=("nobody", []), after_key=None, limit=9) == []
    assert now_of(uow, after).limit(DeadlineKind.RATING) is None
    again = TAKE[Step.ANSWER](holder, now_of(uow, after))
    assert [asked.answer for asked in call_backs.list_of_case(uow, again.case_id) if asked.is_open] == [2]
    assert whole(uow, again)


def test_after_a_rejection_it_is_answered_and_reported_back_again(
    uow: RolledBackUnitOfWork,
    city: City,
    holder: RolledBackUnitOfWork,
    dispatcher: RolledBackUnitOfWork,
    clock_at: Callable[[datetime], RolledBackUnitOfWork],
) -> None:
    case = report(holder, TAKE[Step.ANSWER](holder, assigned(uow, city)))
    case = review(dispatcher, case, accepted=False, due_at=IN_A_WEEK)
    assert sweeping.sweep_due(clock_at(IN_A_WEEK - timedelta(seconds=1))) == 1, "a warning"
    assert sweeping.sweep_due(clock_at(IN_A_WEEK)) == 0
    assert sweeping.sweep_due(clock_at(IN_A_WEEK + timedelta(seconds=1))) == 1
    case = TAKE[Step.ANSWER](holder, now_of(uow, case))
    assert case.promise_met is True
    case = review(dispatcher, report(holder, case), accepted=True)
    assert [each.accepted for each in reading.get_case(holder, case.case_id).reports_back] == [False, True]
    assert TAKE[Step.CLOSE](holder, case).state is CaseState.CLOSED
    assert whole(uow, case)


@pytest.mark.parametrize("who", ["municipal", "window", "district_supervisor"])
def test_only_a_dispatcher_enters_what_they_say(
    uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork, as_person: As, who: str
) -> None:
    case = report(holder, TAKE[Step.ANSWER](holder, assigned(uow, city)))
    with pytest.raises(NotYourStep):
        review(as_person(city.person(who)), case, accepted=True)


def test_what_they_do_not_have_they_do_not_review(
    uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork, dispatcher: RolledBackUnitOfWork
) -> None:
    case = TAKE[Step.ANSWER](holder, assigned(uow, city))
    with pytest.raises(NoReportBackOwed):
        review(dispatcher, case, accepted=True)
    case = review(dispatcher, report(holder, case), accepted=True)
    with pytest.raises(NoReportBackOwed):
        review(dispatcher, case, accepted=False, due_at=IN_A_WEEK)


@pytest.mark.parametrize(
    "accepted, due_at, refused",
    [
        (False, None, TheirLimitMissing),
        (False, NOW, TheirLimitMissing),
        (True, IN_A_WEEK, TheirLimitUnasked),
    ],
)
def test_a_new_limit_is_named_for_what_they_reject_and_for_nothing_else(  # noqa: PLR0917  # a table's columns
    uow: RolledBackUnitOfWork,
    city: City,
    holder: RolledBackUnitOfWork,
    dispatcher: RolledBackUnitOfWork,
    accepted: bool,
    due_at: datetime | None,
    refused: type[Exception],
) -> None:
    case = report(holder, TAKE[Step.ANSWER](holder, assigned(uow, city)))
    with pytest.raises(refused):
        review(dispatcher, case, accepted=accepted, due_at=due_at)
    assert now_of(uow, case).version == case.version


# How it may end otherwise.


def test_what_owes_them_a_report_is_not_declined_but_answered(
    uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork
) -> None:
    case = assigned(uow, city)
    with pytest.raises(ReportBackOwed):
        asking.ask_dispatcher(
            holder, case.case_id, ask=Ask.DECLINE, version=case.version, reason="in_court", words="已起诉"
        )
    explained = steps.answer_case(
        holder, case.case_id, version=case.version, outcome=Outcome.EXPLAINED, answer="法院已受理，请向法院询问。"
    )
    assert report(holder, explained).report_back is Owing.GIVEN


@pytest.mark.parametrize("reports", [False, True])
def test_a_resident_who_withdraws_ends_it_and_what_they_wanted(
    uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork, reports: bool
) -> None:
    event = make_appeal(city, channel=Channel.ASSIGNED, assignment=make_assignment())
    opening.open_cases(uow, [event])
    case = cases.find_cases_of_appeals_for_change(uow, [event.appeal_id])[event.appeal_id]
    if reports:
        case = report(holder, TAKE[Step.ANSWER](holder, case))
    withdrawn = AppealWithdrawnV1(version=2, appeal_id=event.appeal_id, withdrawn_at=NOW, reason="settled")
    opening.withdraw_appeal(uow, withdrawn)
    after = now_of(uow, case)
    assert (after.state, after.report_back, theirs(after)) == (CaseState.CLOSED, Owing.DROPPED, None)


def test_what_was_settled_on_the_spot_without_a_report_keeps_their_limit(uow: RolledBackUnitOfWork, city: City) -> None:
    on_the_spot: dict[str, Any] = {"done_on_the_spot": True, "taken_by": subject_of("window")}
    order = make_assignment(report_owed=False)
    case = now_of(uow, assigned(uow, city, order=order, taken_path=city.paths["community"], **on_the_spot))
    assert (case.state, case.limits) == (CaseState.CLOSED, [])
    owing = now_of(uow, assigned(uow, city, taken_path=city.paths["community"], **on_the_spot))
    assert (owing.state, owing.report_back) == (CaseState.ASSIGNED, Owing.OWED)


def test_it_is_reviewed_though_its_post_is_vacant_by_now(
    uow: RolledBackUnitOfWork, city: City, holder: RolledBackUnitOfWork, dispatcher: RolledBackUnitOfWork
) -> None:
    case = report(holder, TAKE[Step.ANSWER](holder, assigned(uow, city)))
    put_post(uow, city.posts["municipal"].model_copy(update={"holders": []}))
    case = review(dispatcher, case, accepted=False, due_at=IN_A_WEEK)
    assert case.holder_post_id == city.posts["municipal"].post_id
