"""Who asks again about the same joins the case that there is, and reminds whoever holds it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.intake import AppealReceivedV1
from contracts.routing import (
    Ask,
    CaseJoinedV1,
    CasePressedV1,
    CaseResortedV1,
    CaseResumedV1,
    CaseState,
    JoinKind,
    Outcome,
    PressingKind,
)
from kit.errors import NotYet
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.case import Case
from routing.domain.chain import list_faults
from routing.domain.waiting import Plan
from routing.repository import cases
from routing.service import asking, explaining, opening, planning, pressing, reading, steps
from sqlalchemy import text

from tests.routing.conftest import At, City, make_appeal, statements_of, subject_of
from tests.routing.test_merging import merge, said
from tests.routing.test_reporting_back import make_assignment
from tests.routing.test_steps import As, make_case

SPRING = date(2027, 4, 30)


def again(city: City, case: Case, **overrides: Any) -> AppealReceivedV1:
    return make_appeal(city, **{"repeat_of": case.appeals[0].appeal_id, **overrides})


def case_of(uow: RolledBackUnitOfWork, event: AppealReceivedV1) -> Case:
    return cases.find_cases_of_appeals_for_change(uow, [event.appeal_id])[event.appeal_id]


def test_it_joins_the_case_and_is_counted_with_one_entry_and_one_event(uow: RolledBackUnitOfWork, city: City) -> None:
    case = make_case(uow, city)
    before = len(uow.published)
    repeat = again(city, case, taken_by="window.clerk")
    opening.open_cases(uow, [repeat])
    after = case_of(uow, repeat)
    assert (after.case_id, after.repeats, after.version) == (case.case_id, 1, case.version + 1)
    assert [(appeal.appeal_id, appeal.moves) for appeal in after.appeals] == [
        (case.appeals[0].appeal_id, 0),
        (repeat.appeal_id, 0),
    ]
    assert [event.type for event in uow.published[before:]] == [CaseJoinedV1.TYPE]
    entries = cases.list_entries(uow, after)
    assert list_faults(entries, head=after.head, length=after.version) == []
    assert (entries[-1].step, entries[-1].by, entries[-1].facts["holder"]) == (
        "joined",
        "window.clerk",
        subject_of("municipal"),
    )


def test_it_is_a_nudge_on_record_by_the_resident_and_told_once(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    case = make_case(uow, city)
    clerk = at(city.person("window"))
    pressing.nudge_case(clerk, case.case_id, version=case.version, words="请尽快")
    repeats = [again(city, case, taken_by="window.clerk", gist="再次反映"), again(city, case)]
    opening.open_cases(uow, repeats)
    seen = reading.get_case(at(city.person("municipal")), case.case_id)
    nudges = sorted(seen.pressings, key=lambda each: each.number)
    assert [(each.number, each.by, each.by_post_id is None, each.words) for each in nudges][1:] == [
        ("2", "window.clerk", True, "再次反映"),
        ("3", repeats[1].taken_by, True, repeats[1].gist),
    ]
    nobodys = text("select count(*) from pressing where by_post_id = '00000000-0000-0000-0000-000000000000'")
    assert uow.execute(nobodys).scalar_one() == 2, "the release before reads no nulls"
    assert all(each.kind is PressingKind.NUDGE and not each.is_owed for each in seen.pressings)
    assert (seen.case.pressings, seen.case.reports_owed) == (3, 0)
    entry = cases.list_entries(uow, seen.case)[-1]
    assert (entry.facts["number"], entry.facts["pressing_id"]) == ("3", str(nudges[-1].pressing_id))
    assert CasePressedV1.TYPE not in [event.type for event in uow.published], "they are told by the repeat"


def test_a_resident_who_asks_again_keeps_no_colleague_from_nudging(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    opening.open_cases(uow, [again(city, case)])
    line = pressing.nudge_case(at(city.person("window")), case.case_id, version=case.version + 1, words="请尽快")
    assert line.pressing.number == "2"


@pytest.mark.parametrize("known", [None, uuid4()], ids=["nobody", "another"])
def test_who_asks_again_is_who_asked_unless_they_are_known_to_be_another(
    uow: RolledBackUnitOfWork, city: City, known: UUID | None
) -> None:
    case = make_case(uow, city)
    repeat = again(city, case, person_id=None, asker=known)
    opening.open_cases(uow, [repeat])
    first, second = (appeal.whose for appeal in case_of(uow, repeat).appeals)
    assert (first == second) == (known is None)


def test_holder_and_resident_can_be_told_of_promise_and_handler(uow: RolledBackUnitOfWork, city: City) -> None:
    case = make_case(uow, city)
    repeat = again(city, case)
    opening.open_cases(uow, [repeat])
    joined = said(uow, CaseJoinedV1)
    assert (joined.how, joined.joined, joined.repeats) == (JoinKind.REPEAT, [repeat.appeal_id], 1)
    assert (joined.handler.subject, joined.promise_due) == (subject_of("municipal"), case.promise_due)
    assert joined.promise_text["zh"].startswith("5个工作日内")


def urgent_again(uow: RolledBackUnitOfWork, city: City, case: Case) -> Case:
    repeat = again(city, case, urgent=True, taken_by="window.clerk")
    opening.open_cases(uow, [repeat])
    return case_of(uow, repeat)


def test_what_is_said_to_be_urgent_makes_its_case_urgent_and_due_earlier(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city)
    after = urgent_again(uow, city, case)
    assert (after.urgent, after.by_the_clock, after.category, after.holder_post_id) == (
        True,
        True,
        case.category,
        case.holder_post_id,
    )
    assert after.promise_due == NOW + timedelta(hours=24)
    joined = said(uow, CaseJoinedV1)
    assert (joined.urgent, joined.promise_due, joined.handler.subject) == (
        True,
        after.promise_due,
        subject_of("municipal"),
    )
    assert said(uow, CaseResortedV1).handler is None, "they are told by the repeat"
    steps_taken = [entry.step for entry in cases.list_entries(uow, after)][-2:]
    assert steps_taken == ["resorted", "joined"]
    assert after.deadline is not None
    _, explained = explaining.explain_deadline(at(role="auditor"), after.case_id, after.deadline.deadline_id)
    assert explained.differences == []


@pytest.mark.parametrize("sorted_by", ["category", "suggested_category"])
def test_what_is_asked_again_as_a_matter_that_is_counted_in_hours_makes_its_case_urgent_too(
    uow: RolledBackUnitOfWork, city: City, sorted_by: str
) -> None:
    case = make_case(uow, city)
    repeat = again(city, case, **{sorted_by: "municipal.emergency"})
    opening.open_cases(uow, [repeat])
    after = case_of(uow, repeat)
    assert (after.urgent, after.by_the_clock, after.category) == (True, True, case.category)
    assert after.promise_due == NOW + timedelta(hours=24)
    assert said(uow, CaseJoinedV1).urgent is True


def test_what_is_urgent_by_then_is_not_due_later_by_one_more(uow: RolledBackUnitOfWork, city: City) -> None:
    case = make_case(uow, city, urgent=True)
    after = urgent_again(uow, city, case)
    assert (after.promise_due, after.version) == (case.promise_due, case.version + 1)
    assert said(uow, CaseJoinedV1).urgent is False


def test_a_matter_that_no_rule_counts_in_hours_keeps_its_promise_and_is_urgent(
    uow: RolledBackUnitOfWork, city: City
) -> None:
    case = make_case(uow, city, suggested_category="administrative.hukou")
    after = urgent_again(uow, city, case)
    assert (after.urgent, after.promise_due, after.version) == (True, case.promise_due, case.version + 1)
    assert said(uow, CaseJoinedV1).urgent is True


def test_what_is_urgent_waits_for_no_day_that_it_was_planned_for(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    case = make_case(uow, city)
    planning.plan_case(at(city.person("municipal")), case.case_id, Plan(SPRING, "列入计划"), version=case.version)
    after = urgent_again(uow, city, case)
    assert (after.planned_for, after.promise_met) == (None, None)
    assert after.promise_due == NOW + timedelta(hours=24)
    assert said(uow, CaseResortedV1).out_of_plan is True


def test_what_is_urgent_is_suspended_no_more(uow: RolledBackUnitOfWork, city: City, at: At) -> None:
    case = suspended(at, uow, city)
    after = urgent_again(uow, city, case)
    assert after.suspended_until is None
    assert after.promise_due == NOW + timedelta(hours=24)
    assert [entry.step for entry in cases.list_entries(uow, after)][-3:] == ["resumed", "resorted", "joined"]
    assert said(uow, CaseResumedV1).handler is not None


def test_what_waits_for_its_dispatcher_is_urgent_when_it_is_accepted(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    case = make_case(uow, city, suggested_category=None)
    after = urgent_again(uow, city, case)
    assert (after.urgent, after.version) == (True, case.version + 1)
    dispatcher = at(city.person("dispatcher"))
    accepted = steps.accept_case(dispatcher, case.case_id, version=after.version, category="municipal.street_lights")
    assert accepted.promise_due == NOW + timedelta(hours=24)


def suspended(at: At, uow: RolledBackUnitOfWork, city: City) -> Case:
    case = make_case(uow, city)
    until: dict[str, Any] = {"until": (NOW + timedelta(days=9)).date(), "reason": "testing", "words": "检测"}
    asked = asking.ask_dispatcher(
        at(city.person("municipal")), case.case_id, ask=Ask.SUSPENSION, version=case.version, **until
    )
    dispatcher = at(city.person("dispatcher"))
    return asking.rule_on_case(dispatcher, case.case_id, version=asked.version, granted=True, words="同意")


def test_of_what_waits_its_dispatcher_is_told_and_no_promise_is_made(uow: RolledBackUnitOfWork, city: City) -> None:
    case = make_case(uow, city, suggested_category=None)
    opening.open_cases(uow, [again(city, case)])
    joined = said(uow, CaseJoinedV1)
    assert (joined.handler.subject, joined.promise_due) == (subject_of("dispatcher"), None)


def test_several_in_a_batch_join_each_their_case(uow: RolledBackUnitOfWork, city: City) -> None:
    """One about an appeal of the same batch, one about another that asks again itself."""
    case, first = make_case(uow, city), make_appeal(city)
    second, third = again(city, case), make_appeal(city, repeat_of=first.appeal_id)
    fourth = make_appeal(city, repeat_of=second.appeal_id)
    opening.open_cases(uow, [second, first, third, fourth])
    assert case_of(uow, second).case_id == case_of(uow, fourth).case_id == case.case_id
    assert case_of(uow, second).repeats == 2
    assert case_of(uow, first).case_id == case_of(uow, third).case_id != case.case_id


def test_it_waits_for_the_earlier_appeal(uow: RolledBackUnitOfWork, city: City) -> None:
    with pytest.raises(NotYet):
        opening.open_cases(uow, [make_appeal(city, repeat_of=uuid4())])


@pytest.mark.parametrize("closes", [False, True])
def test_about_what_is_settled_it_opens_a_case_whose_history_names_that_one(
    uow: RolledBackUnitOfWork, city: City, as_person: As, closes: bool
) -> None:
    case = make_case(uow, city)
    holder = as_person(city.person("municipal"))
    case = steps.answer_case(holder, case.case_id, version=case.version, outcome=Outcome.SOLVED, answer="已修好")
    if closes:
        case = steps.close_case(holder, case.case_id, version=case.version)
    repeat = again(city, cases.get_case(uow, case.case_id))
    opening.open_cases(uow, [repeat])
    fresh = case_of(uow, repeat)
    assert (fresh.case_id != case.case_id, fresh.state, fresh.repeats) == (True, CaseState.ASSIGNED, 0)
    first = cases.list_entries(uow, fresh)[0]
    assert (first.facts["follows"], first.facts["follows_number"]) == (str(case.case_id), case.number)
    assert cases.get_case(uow, case.case_id).version == case.version


def test_about_what_is_settled_it_is_where_that_was(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    holder = as_person(city.person("municipal"))
    steps.answer_case(holder, case.case_id, version=case.version, outcome=Outcome.SOLVED, answer="已修好")
    repeat = again(city, case, place_id=None, placing="none", placed_path=city.paths["city"])
    opening.open_cases(uow, [repeat])
    after = case_of(uow, repeat)
    assert after.case_id != case.case_id
    assert (after.placed_path, after.state) == (case.placed_path, CaseState.ASSIGNED)
    elsewhere = again(city, case, place_id=city.ids["other"], placed_path=city.paths["other"])
    opening.open_cases(uow, [elsewhere])
    assert case_of(uow, elsewhere).placed_path == city.paths["other"]


def test_nobody_handles_what_complains_of_them_because_it_asks_again(uow: RolledBackUnitOfWork, city: City) -> None:
    case = make_case(uow, city)
    repeat = again(city, case, complained_of=[subject_of("municipal")])
    opening.open_cases(uow, [repeat])
    fresh = case_of(uow, repeat)
    assert fresh.case_id != case.case_id
    assert fresh.holder_post_id != case.holder_post_id


def test_what_is_assigned_from_above_is_answered_under_its_own_number(uow: RolledBackUnitOfWork, city: City) -> None:
    case = make_case(uow, city)
    repeat = again(city, case, assignment=make_assignment())
    opening.open_cases(uow, [repeat])
    fresh = case_of(uow, repeat)
    assert (fresh.case_id != case.case_id, fresh.assigned_by is not None) == (True, True)


def test_it_joins_where_the_earlier_appeal_is_by_now(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    into, case = make_case(uow, city), make_case(uow, city)
    merge(as_person(city.person("dispatcher")), case, into)
    repeat = again(city, case)
    opening.open_cases(uow, [repeat])
    assert case_of(uow, repeat).case_id == into.case_id


def test_what_comes_twice_joins_once(uow: RolledBackUnitOfWork, city: City) -> None:
    case = make_case(uow, city)
    repeat = again(city, case)
    for _ in range(2):
        opening.open_cases(uow, [repeat])
    assert (case_of(uow, repeat).repeats, len(case_of(uow, repeat).appeals)) == (1, 2)


def test_what_asks_nothing_again_costs_no_statement_more(uow: RolledBackUnitOfWork, city: City) -> None:
    """And those that do: as many statements as there are cases that they join, and a few."""
    make_case(uow, city)
    plain = [make_appeal(city) for _ in range(3)]
    sent = statements_of(uow, lambda: opening.open_cases(uow, plain))
    assert not any("for update" in statement.lower() for statement, _ in sent)
    case = case_of(uow, plain[0])

    def cost(count: int) -> int:
        repeats = [again(city, case) for _ in range(count)]
        return len(statements_of(uow, lambda: opening.open_cases(uow, repeats)))

    assert cost(3) - cost(1) == 2
