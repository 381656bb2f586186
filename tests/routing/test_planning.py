"""What cannot be done now is planned: it settles the promise, is no answer, and is followed to its day."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from contracts.intake import AppealRatedV1, AppealWithdrawnV1
from contracts.routing import Ask, CaseAssignedV1, CasePlannedV1, CaseResortedV1, CaseState, DeadlineBreachedV1, Outcome
from kit.auth import Person
from kit.crypto import KeyRing, new_key
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.case import Case, DeadlineKind, DeadlineState
from routing.domain.chain import list_faults
from routing.domain.steps import Step
from routing.domain.waiting import Plan
from routing.errors import AlreadyThere, ClockRuns, DoneAgain, LateAlready, NotYourStep, StepNotAllowed, UnfitDay
from routing.repository import cases
from routing.service import asking, dispatching, merging, opening, planning, rating, reading, splitting, steps, sweeping
from sqlalchemy import text

from tests.conftest import UnitOfWorkOf
from tests.routing.auditing import faults_of
from tests.routing.conftest import At, City, local, make_appeal, put_post
from tests.routing.test_steps import As, make_case

RING = KeyRing.parse(new_key("k1"))
SPRING = date(2027, 4, 30)
SPRING_ENDS = local("2027-05-01T00:00")
ANSWER = "列入明年春季改造"


def plan(uow: RolledBackUnitOfWork, case: Case, *, day: date = SPRING, who: str | None = None) -> Case:
    return planning.plan_case(uow, case.case_id, Plan(day, ANSWER, who), version=case.version)


def re_plan(uow: RolledBackUnitOfWork, case: Case, *, day: date) -> Case:
    return planning.re_plan_case(uow, case.case_id, Plan(day, ANSWER), version=case.version)


def answer(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return steps.answer_case(uow, case.case_id, version=case.version, outcome=Outcome.SOLVED, answer="已改造")


def said(uow: RolledBackUnitOfWork, kind: type[Any]) -> list[Any]:
    return [kind.model_validate_json(event.body or "") for event in uow.published if event.type == kind.TYPE]


def limits_of(uow: RolledBackUnitOfWork, case: Case) -> list[tuple[str, Any]]:
    """State and instant of each plan, by its day."""
    statement = text("select state, due_at from deadline where case_id = :id and kind = 'planned' order by due_at")
    return [(row.state, row.due_at) for row in uow.execute(statement, {"id": case.case_id})]


@pytest.fixture
def planned(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    return plan(as_person(city.person("municipal")), make_case(uow, city))


def test_a_plan_settles_the_promise_and_answers_nothing(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    holder = as_person(city.person("municipal"))
    after = plan(holder, case, who="海州区住建局")
    assert (after.state, after.promise_met, after.outcome, after.answered_at) == (
        CaseState.IN_PROGRESS,
        True,
        None,
        None,
    )
    assert (after.planned_for, after.planned_due, after.planned_who) == (SPRING, SPRING_ENDS, "海州区住建局")
    assert after.first_contact_at == NOW
    (event,) = said(holder, CasePlannedV1)
    assert (event.day, event.due_at, event.answer, event.who) == (SPRING, SPRING_ENDS, ANSWER, "海州区住建局")
    assert ANSWER not in "".join(e.body or "" for e in holder.published if e.topic == "city.case.v1")
    seen = cases.get_case(uow, case.case_id)
    assert seen.deadline is not None
    assert seen.deadline.state is DeadlineState.MET
    (limit,) = seen.limits
    assert (limit.kind, limit.promise.due_at) == (DeadlineKind.PLANNED, SPRING_ENDS)
    entries = cases.list_entries(uow, seen)
    assert entries[-1].words == f"海州区住建局：{ANSWER}"
    assert "海州区住建局" not in str(entries[-1].facts), "a name is personal, and stands in the words alone"
    assert list_faults(entries, head=seen.head, length=seen.version) == []


@pytest.mark.parametrize("missed", [False, True])
def test_what_runs_by_the_clock_is_not_planned(
    uow: RolledBackUnitOfWork, city: City, as_person: As, missed: bool
) -> None:
    case = make_case(uow, city, suggested_category="municipal.emergency", urgent=True)
    late = {"now": NOW + timedelta(days=9)} if missed else {}
    with pytest.raises(ClockRuns):
        plan(as_person(city.person("municipal"), **late), case)


def test_what_is_done_again_is_not_planned_away(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = answer(as_person(city.person("municipal")), make_case(uow, city))
    said = AppealRatedV1(version=2, appeal_id=case.appeals[0].appeal_id, answer=1, rated_at=NOW, solved=False, rating=1)
    rating.take_rating(uow, said)
    again = cases.get_case(uow, case.case_id)
    with pytest.raises(DoneAgain):
        plan(as_person(city.person("municipal")), again)
    assert cases.get_case(uow, case.case_id).limit(DeadlineKind.REDO) is not None


def test_what_is_done_again_late_is_not_planned_away_either(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    """Its limit is over and stands open no more: that it was done again is read in its history."""
    holder = city.person("municipal")
    case = answer(at(holder), make_case(uow, city))
    said = AppealRatedV1(version=2, appeal_id=case.appeals[0].appeal_id, answer=1, rated_at=NOW, solved=False, rating=1)
    rating.take_rating(uow, said)
    later = NOW + timedelta(days=30)
    sweeping.sweep_due(at(now=later))
    late = cases.get_case(uow, case.case_id)
    assert late.limit(DeadlineKind.REDO) is None
    assert Step.PLAN not in reading.get_case(at(holder, now=later), case.case_id).steps
    with pytest.raises(DoneAgain):
        plan(at(holder, now=later), late, day=(later + timedelta(days=90)).date())


def test_what_is_split_off_what_is_done_again_late_is_not_planned_away_either(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case, holder = make_case(uow, city), city.person("municipal")
    first = case.appeals[0]
    opening.open_cases(uow, [make_appeal(city, repeat_of=first.appeal_id, asker=first.asker)])
    case = answer(at(holder), cases.get_case(uow, case.case_id))
    said = AppealRatedV1(version=2, appeal_id=first.appeal_id, answer=1, rated_at=NOW, solved=False, rating=1)
    rating.take_rating(uow, said)
    later = NOW + timedelta(days=30)
    sweeping.sweep_due(at(now=later))
    late, dispatcher = cases.get_case(uow, case.case_id), at(city.person("dispatcher"), now=later)
    going = [late.appeals[1].appeal_id]
    new = splitting.split_case(dispatcher, late.case_id, version=late.version, appeal_ids=going, words="分案").new
    with pytest.raises(DoneAgain):
        plan(dispatcher, new, day=(later + timedelta(days=90)).date())


def test_what_is_late_is_planned_by_a_dispatcher_and_not_by_its_holder_alone(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    assert case.promise_due is not None
    in_time, late = case.promise_due, case.promise_due + timedelta(seconds=1)

    def offered(who: Person, now: datetime) -> bool:
        return Step.PLAN in reading.get_case(at(who, now=now), case.case_id).steps

    holder, dispatcher = city.person("municipal"), city.person("dispatcher")
    assert (offered(holder, in_time), offered(holder, late), offered(dispatcher, late)) == (True, False, True)
    with pytest.raises(LateAlready):
        plan(at(holder, now=late), case)
    put_post(uow, city.posts["municipal"].model_copy(update={"holders": city.posts["dispatcher"].holders}))
    assert not offered(dispatcher, late), "who holds it by another of their posts"
    after = plan(at(city.person("district_dispatcher"), now=late), case)
    assert (after.planned_for, after.promise_met) == (SPRING, False)


def test_another_day_keeps_who_will_do_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = plan(as_person(city.person("municipal")), make_case(uow, city), who="海州区住建局")
    dispatcher = as_person(city.person("dispatcher"))
    assert re_plan(dispatcher, case, day=SPRING + timedelta(days=1)).planned_who == "海州区住建局"
    (event,) = said(dispatcher, CasePlannedV1)
    assert event.who == "海州区住建局"


def test_the_same_day_by_the_same_hands_is_no_other_plan(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = plan(as_person(city.person("municipal")), make_case(uow, city), who="海州区住建局")
    dispatcher = as_person(city.person("dispatcher"))
    with pytest.raises(AlreadyThere) as refused:
        re_plan(dispatcher, case, day=SPRING)
    assert refused.value.field == "/day"
    assert dispatcher.published == []
    other = Plan(SPRING, "列入计划", who="海州区城管局")
    after = planning.re_plan_case(dispatcher, case.case_id, other, version=case.version)
    assert (after.planned_for, after.planned_who) == (SPRING, "海州区城管局")


def test_a_late_plan_marks_the_missed_promise_first(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    assert case.promise_due is not None
    dispatcher = as_person(city.person("dispatcher"), now=case.promise_due + timedelta(seconds=1))
    after = plan(dispatcher, case)
    assert after.promise_met is False
    assert [event.type for event in dispatcher.published][:2] == [DeadlineBreachedV1.TYPE, CasePlannedV1.TYPE]


def test_what_is_planned_is_not_overdue_until_its_day_is_over(
    uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case, uow_of: UnitOfWorkOf
) -> None:
    assert sweeping.sweep_due(uow_of("routing", role="clock", now=SPRING_ENDS - timedelta(days=1))) == 1, "a warning"
    for now, is_overdue in ((SPRING_ENDS, False), (SPRING_ENDS + timedelta(microseconds=1), True)):
        assert planned.is_overdue(now) is is_overdue
        assert sweeping.sweep_due(uow_of("routing", role="clock", now=now)) == is_overdue
    assert sweeping.sweep_due(uow_of("routing", role="clock", now=SPRING_ENDS + timedelta(days=1))) == 0


def test_a_day_that_was_missed_is_told_to_holder_and_superior_and_stays_missed(
    uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case, uow_of: UnitOfWorkOf
) -> None:
    clock = uow_of("routing", role="clock", now=SPRING_ENDS + timedelta(minutes=1))
    sweeping.sweep_due(clock)
    (event,) = said(clock, DeadlineBreachedV1)
    assert (event.deadline, event.due_at) == (DeadlineKind.PLANNED, SPRING_ENDS)
    assert (event.handler.subject, event.superior.subject) == ("holder.of.municipal", "holder.of.district_supervisor")
    case = cases.get_case(uow, planned.case_id)
    assert (case.promise_met, case.planned_for) == (True, SPRING), "the promise was kept, and it is still planned"
    later = as_person(city.person("dispatcher"), now=clock.now)
    case = re_plan(later, case, day=date(2027, 6, 30))
    assert limits_of(uow, case) == [("breached", SPRING_ENDS), ("open", local("2027-07-01T00:00"))]
    assert faults_of(uow, case.case_id) == []
    assert cases.get_case(uow, case.case_id).planned_for == date(2027, 6, 30)


def test_answered_in_time_the_plan_is_kept_and_late_it_is_missed_first(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    for now, state in ((SPRING_ENDS, "met"), (SPRING_ENDS + timedelta(seconds=1), "breached")):
        case = plan(as_person(city.person("municipal")), make_case(uow, city))
        holder = as_person(city.person("municipal"), now=now)
        after = answer(holder, case)
        assert (after.state, after.promise_met) == (CaseState.ANSWERED, True)
        assert (after.planned_for, after.planned_due, after.planned_who) == (None, None, None)
        assert limits_of(uow, case) == [(state, SPRING_ENDS)]
        assert len(said(holder, DeadlineBreachedV1)) == (state == "breached")


def test_a_plan_ends_with_its_case(uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case) -> None:
    (appeal,) = planned.appeals
    withdrawn = AppealWithdrawnV1(version=2, appeal_id=appeal.appeal_id, withdrawn_at=NOW, reason="settled")
    opening.withdraw_appeal(uow, withdrawn)
    assert limits_of(uow, planned) == [("cancelled", SPRING_ENDS)]
    assert reading.list_planned(as_person(city.person("municipal")), page()).items == []


def test_a_decline_that_is_granted_ends_a_plan_and_leaves_it_late_where_it_was(
    uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case
) -> None:
    late = SPRING_ENDS + timedelta(hours=1)
    holder = as_person(city.person("municipal"), now=late)
    facts: dict[str, Any] = {"ask": Ask.DECLINE, "reason": "in_court", "words": "已立案"}
    asked = asking.ask_dispatcher(holder, planned.case_id, version=planned.version, **facts)
    dispatcher = as_person(city.person("dispatcher"), now=late)
    asking.rule_on_case(dispatcher, planned.case_id, version=asked.version, granted=True, words="同意")
    assert limits_of(uow, planned) == [("breached", SPRING_ENDS)]


def test_another_day_is_for_the_dispatcher(uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case) -> None:
    holder, dispatcher = as_person(city.person("municipal")), as_person(city.person("dispatcher"))
    with pytest.raises(StepNotAllowed, match="planned"):
        plan(holder, planned, day=date(2027, 5, 30))
    with pytest.raises(NotYourStep):
        re_plan(holder, planned, day=date(2027, 5, 30))
    after = re_plan(dispatcher, planned, day=date(2027, 5, 30))
    assert limits_of(uow, planned) == [("replaced", SPRING_ENDS), ("open", local("2027-05-31T00:00"))]
    (event,) = said(dispatcher, CasePlannedV1)
    assert (event.again, event.day) == (True, date(2027, 5, 30))
    assert cases.list_entries(uow, after)[-1].facts["holder"] == "holder.of.municipal"
    with pytest.raises(StepNotAllowed, match="re_plan"):
        re_plan(dispatcher, make_case(uow, city), day=SPRING)


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2026, 11, 23), date(2028, 11, 24)])
def test_a_plan_is_for_a_day_ahead_within_two_years(
    uow: RolledBackUnitOfWork, city: City, as_person: As, day: date
) -> None:
    case = make_case(uow, city)
    holder = as_person(city.person("municipal"))
    with pytest.raises(UnfitDay, match="from 2026-11-24 to 2028-11-23"):
        plan(holder, case, day=day)
    assert holder.published == []


def test_what_is_planned_is_neither_extended_nor_suspended_nor_on_the_work_list(
    uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case
) -> None:
    holder = as_person(city.person("municipal"))
    more: dict[Ask, dict[str, Any]] = {
        Ask.EXTENSION: {"reason": "materials", "days": 2},
        Ask.SUSPENSION: {"reason": "testing", "until": date(2026, 12, 7)},
    }
    for ask, facts in more.items():
        with pytest.raises(StepNotAllowed, match="planned"):
            asking.ask_dispatcher(holder, planned.case_id, ask=ask, version=planned.version, words="等", **facts)
    other = make_case(uow, city)
    assert [line.case.case_id for line in reading.list_worklist(holder, page()).items] == [other.case_id]


def test_a_plan_goes_with_its_case_to_whoever_gets_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case
) -> None:
    dispatcher = as_person(city.person("dispatcher"))
    to = city.posts["legal"].post_id
    dispatching.re_dispatch_case(dispatcher, planned.case_id, version=planned.version, to=to, words="改派")
    (event,) = said(dispatcher, CaseAssignedV1)
    assert event.promise_due == SPRING_ENDS, "what the resident has been told, and not a promise that was kept"
    (line,) = reading.list_planned(as_person(city.person("legal")), page()).items
    assert (line.case.state, line.case.planned_for) == (CaseState.ASSIGNED, SPRING)


def page(*, limit: int = 9, cursor: str | None = None) -> Page:
    return Page(limit=limit, of_list="planned", ring=RING, cursor=cursor)


def test_the_planned_are_listed_by_their_day_for_my_posts_or_my_place(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    days = [date(2027, 3, 1), date(2026, 12, 1), date(2027, 1, 15)]
    holder = as_person(city.person("municipal"))
    made = {day: plan(holder, make_case(uow, city), day=day).case_id for day in days}
    elsewhere = plan(as_person(city.person("city_dispatcher")), make_case(uow, city, place="other"))
    in_order = [made[day] for day in sorted(days)]

    def seen(who: str, place: str | None = None, **more: Any) -> list[Any]:
        place_id = city.ids[place] if place else None
        found = reading.list_planned(as_person(city.person(who)), page(**more), place_id=place_id)
        return [line.case.case_id for line in found.items]

    assert seen("municipal") == in_order
    assert seen("window") == seen("dispatcher") == []
    assert seen("dispatcher", "community") == in_order
    assert seen("district_dispatcher", "district") == [*in_order, elsewhere.case_id]
    assert seen("other_dispatcher", "other") == [elsewhere.case_id]
    first = reading.list_planned(holder, page(limit=2))
    rest = reading.list_planned(holder, page(limit=2, cursor=first.next))
    assert [line.case.case_id for line in (*first.items, *rest.items)] == in_order
    assert rest.next is None


# What turns out to be urgent ---------------------------------------------------------------------------------------


def re_sort(uow: RolledBackUnitOfWork, case: Case, category: str = "municipal.emergency") -> Case:
    return dispatching.re_sort_case(uow, case.case_id, version=case.version, category=category, words="路面塌陷")


def promises_of(uow: RolledBackUnitOfWork, case: Case) -> list[tuple[str, str, Any]]:
    statement = text(
        "select state, unit, due_at from deadline where case_id = :id and kind = 'promise' order by 3 desc"
    )
    return [(row.state, row.unit, row.due_at) for row in uow.execute(statement, {"id": case.case_id})]


def test_what_turns_out_to_be_urgent_waits_for_its_day_no_more(
    uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case
) -> None:
    now = NOW + timedelta(hours=1)
    dispatcher = as_person(city.person("dispatcher"), now=now)
    after = re_sort(dispatcher, planned)
    assert (after.planned_for, after.planned_due, after.planned_who, after.promise_met) == (None, None, None, None)
    assert (after.state, after.due) == (CaseState.IN_PROGRESS, now + timedelta(hours=12))
    assert promises_of(uow, after) == [
        ("replaced", "working_days", planned.promise_due),
        ("open", "clock_hours", now + timedelta(hours=12)),
    ]
    assert limits_of(uow, after) == [("cancelled", SPRING_ENDS)]
    assert faults_of(uow, after.case_id) == []
    assert reading.list_planned(as_person(city.person("municipal")), page()).items == []
    assert sweeping.sweep_due(as_person(city.person("municipal"), role="clock", now=SPRING_ENDS)) == 1


def test_that_it_is_out_of_its_plan_is_entered_and_said_and_told_to_who_keeps_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case
) -> None:
    dispatcher = as_person(city.person("dispatcher"))
    after = re_sort(dispatcher, planned)
    entry = cases.list_entries(uow, after)[-1]
    assert (entry.step, entry.words, entry.facts["out_of_plan"]) == ("resorted", "路面塌陷", SPRING.isoformat())
    assert (entry.facts["holder"], entry.facts["promise_met"]) == ("holder.of.municipal", None)
    (event,) = said(dispatcher, CaseResortedV1)
    assert (event.out_of_plan, event.promise_due) == (True, after.promise_due)
    assert event.handler.subject == "holder.of.municipal"


def test_what_is_urgent_is_not_planned_another_time(
    uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case
) -> None:
    after = re_sort(as_person(city.person("dispatcher")), planned)
    holder = as_person(city.person("municipal"))
    assert "plan" not in reading.get_case(holder, after.case_id).steps
    with pytest.raises(ClockRuns):
        plan(holder, after)


def test_what_was_promised_first_and_is_still_ahead_is_not_outlived(
    uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case
) -> None:
    assert planned.promise_due is not None
    after = re_sort(as_person(city.person("dispatcher"), now=planned.promise_due - timedelta(hours=2)), planned)
    assert promises_of(uow, after) == [("open", "working_days", planned.promise_due)]
    assert (after.promise_met, faults_of(uow, after.case_id)) == (None, [])
    with pytest.raises(ClockRuns):
        plan(as_person(city.person("municipal"), now=planned.promise_due - timedelta(hours=1)), after)


def test_once_that_is_over_the_hours_run_from_now(
    uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case
) -> None:
    assert planned.promise_due is not None
    now = planned.promise_due + timedelta(days=9)
    after = re_sort(as_person(city.person("dispatcher"), now=now), planned)
    assert (after.promise_due, after.promise_met) == (now + timedelta(hours=12), None)
    assert faults_of(uow, after.case_id) == []


def test_the_day_that_was_planned_is_not_outlived_either(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = plan(as_person(city.person("municipal")), make_case(uow, city), day=date(2026, 12, 2))
    ends = local("2026-12-03T00:00")
    after = re_sort(as_person(city.person("dispatcher"), now=ends - timedelta(hours=4)), case)
    assert (after.promise_due, faults_of(uow, after.case_id)) == (ends, [])
    with pytest.raises(ClockRuns):
        plan(as_person(city.person("municipal"), now=ends - timedelta(hours=3)), after)


def test_a_day_that_was_missed_stays_so_and_the_hours_run(
    uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case
) -> None:
    late = SPRING_ENDS + timedelta(hours=1)
    after = re_sort(as_person(city.person("dispatcher"), now=late), planned)
    assert limits_of(uow, after) == [("breached", SPRING_ENDS)]
    assert (after.promise_due, after.promise_met) == (late + timedelta(hours=12), None)
    assert faults_of(uow, after.case_id) == []


def test_a_promise_that_was_missed_before_the_plan_stays_missed(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    assert case.promise_due is not None
    late = case.promise_due + timedelta(hours=1)
    dispatcher = as_person(city.person("dispatcher"), now=late)
    after = re_sort(dispatcher, plan(dispatcher, case))
    assert (after.planned_for, after.promise_met, after.is_overdue(late)) == (None, False, True)
    assert faults_of(uow, after.case_id) == []
    with pytest.raises(ClockRuns):
        plan(as_person(city.person("municipal"), now=late), after)


def test_what_is_sorted_otherwise_and_is_not_urgent_stays_planned(
    uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case
) -> None:
    dispatcher = as_person(city.person("dispatcher"))
    after = re_sort(dispatcher, planned, "municipal.water")
    assert (after.planned_for, after.promise_met, limits_of(uow, after)) == (SPRING, True, [("open", SPRING_ENDS)])
    assert said(dispatcher, CaseResortedV1)[0].out_of_plan is False
    assert "out_of_plan" not in cases.list_entries(uow, after)[-1].facts


def test_a_return_that_leads_to_what_is_urgent_ends_the_plan_too(
    uow: RolledBackUnitOfWork, city: City, as_person: As, planned: Case
) -> None:
    holder = as_person(city.person("municipal"))
    facts: dict[str, Any] = {"ask": Ask.RETURN, "reason": "not_our_remit", "words": "塌陷归抢险"}
    asked = asking.ask_dispatcher(holder, planned.case_id, version=planned.version, **facts)
    ruled: dict[str, Any] = {"category": "municipal.emergency", "to": city.posts["legal"].post_id, "words": "同意"}
    dispatcher = as_person(city.person("dispatcher"))
    after = asking.rule_on_case(dispatcher, planned.case_id, version=asked.version, granted=True, **ruled)
    assert (after.planned_for, after.due) == (None, NOW + timedelta(hours=12))
    (assigned,) = said(dispatcher, CaseAssignedV1)
    assert (assigned.handler.subject, assigned.promise_due) == ("holder.of.legal", after.due)


def test_what_takes_in_something_urgent_is_by_the_clock_from_then_on(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    into, case = make_case(uow, city), make_case(uow, city, suggested_category="municipal.emergency")
    dispatcher = as_person(city.person("dispatcher"))
    merging.merge_case(dispatcher, case.case_id, version=case.version, into=into.number, words="同一处")
    after = cases.get_case(uow, into.case_id)
    assert (into.by_the_clock, after.by_the_clock) == (False, True)
    with pytest.raises(ClockRuns):
        plan(as_person(city.person("municipal")), after)
