"""Many people, one case: cases are merged and taken apart again, and nobody is answered later than they were told."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.intake import AppealRatedV1, AppealWithdrawnV1, Channel, Language
from contracts.routing import (
    Ask,
    CaseClosedV1,
    CaseJoinedV1,
    CaseSplitOffV1,
    CaseSplitV1,
    CaseState,
    CityCaseClosedV1,
    CityCaseOpenedV1,
    JoinKind,
    Outcome,
    Queue,
    RecordKind,
)
from hypothesis import given
from hypothesis import strategies as st
from kit.auth import Person, Scope
from kit.clock import DrivenClock
from kit.db import UnitOfWork
from kit.errors import ServiceError
from kit.ids import new_id
from kit.numbers import Mistyped
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.calendar import ORDINARY_HOURS
from routing.domain.call_back import Way
from routing.domain.case import Appeal, Case, ClosedReason, Deadline, DeadlineKind, DeadlineState
from routing.domain.chain import list_faults
from routing.domain.promise import Promise, Term, Unit
from routing.domain.recording import Work
from routing.domain.steps import STEPS, Step
from routing.errors import (
    AlreadyThere,
    AssignedFromAbove,
    CaseNotFound,
    DoneAgain,
    HouseholdsTold,
    LastAppeal,
    NotOfTheCase,
    NotYourStep,
    PapersInCustody,
    ReportOwed,
    RulingBinds,
    StepNotAllowed,
    StillFollowed,
    UnfitTarget,
    UnknownTarget,
)
from routing.repository import call_backs, cases
from routing.service import (
    accompanying,
    asking,
    incidents,
    merging,
    opening,
    pressing,
    rating,
    recording,
    recusing,
    splitting,
    steps,
    sweeping,
)
from routing.service.naming import find_id
from routing.service.splitting import Split
from sqlalchemy import text

from tests.conftest import AsyncDatabase, UnitOfWorkOf
from tests.routing.auditing import faults_of
from tests.routing.conftest import WAITED_FOR, At, City, lay_city, make_appeal, subject_of
from tests.routing.test_planning import answer, plan
from tests.routing.test_reporting_back import make_assignment
from tests.routing.test_steps import As, make_case, make_case_in
from tests.routing.test_suspending import suspended

WORDS = "同一处污水外溢"
LATER = NOW + timedelta(days=1)


@pytest.fixture
def dispatcher(city: City, as_person: As) -> RolledBackUnitOfWork:
    return as_person(city.person("dispatcher"))


def merge(by: UnitOfWork, case: Case, into: Case | str) -> Case:
    named = into if isinstance(into, str) else into.number
    return merging.merge_case(by, case.case_id, version=case.version, into=named, words=WORDS)


def split(by: UnitOfWork, case: Case, *appeals: UUID) -> Split:
    return splitting.split_case(by, case.case_id, version=case.version, appeal_ids=list(appeals), words="并非一事")


@pytest.mark.parametrize("name", ["id", "number", "appeal"])
def test_the_case_that_goes_on_is_named_by_id_or_number_or_the_number_of_an_appeal_in_it(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork, name: str
) -> None:
    case, into = make_case(uow, city), make_case(uow, city)
    names = {"id": str(into.case_id), "number": into.number, "appeal": into.appeals[0].number}
    assert merge(dispatcher, case, names[name]).merged_into == into.case_id
    assert find_id(dispatcher, case.appeals[0].number, field="/into") == into.case_id, "its appeal goes on there"


def now_of(uow: UnitOfWork, case: Case) -> Case:
    return cases.get_case(uow, case.case_id)


def appeals_of(case: Case) -> set[UUID]:
    return {appeal.appeal_id for appeal in case.appeals}


def said(uow: RolledBackUnitOfWork, kind: type[Any]) -> Any:
    """The one event of this type."""
    (event,) = [event for event in uow.published if event.type == kind.TYPE]
    return kind.model_validate_json(event.body or "")


def planned(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    return plan(as_person(city.person("municipal")), make_case(uow, city))


def make_shared(uow: RolledBackUnitOfWork, city: City, by: RolledBackUnitOfWork, **overrides: Any) -> Case:
    """A case of two residents."""
    into = make_case(uow, city, **overrides)
    merge(by, make_case(uow, city), into)
    return now_of(uow, into)


def withdraw(uow: UnitOfWork, appeal_id: UUID) -> None:
    event = AppealWithdrawnV1(version=2, appeal_id=appeal_id, withdrawn_at=NOW, reason="settled")
    opening.withdraw_appeal(uow, event)


# Merging


def test_its_appeals_go_on_in_the_other_and_it_closes(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    into, case = make_case(uow, city), make_case(uow, city)
    (theirs,) = case.appeals
    after = merge(dispatcher, case, into)
    assert (after.state, after.closed_reason) == (CaseState.CLOSED, ClosedReason.MERGED)
    assert after.merged_into == into.case_id
    seen, whole = now_of(uow, case), now_of(uow, into)
    assert (seen.appeals, seen.deadline and seen.deadline.state) == ([], DeadlineState.CANCELLED)
    assert appeals_of(whole) == appeals_of(into) | {theirs.appeal_id}
    assert {appeal.query_code for appeal in whole.appeals} == {"v1.sealed"}
    assert [(appeal.moves, appeal.number) for appeal in whole.appeals if appeal.appeal_id == theirs.appeal_id] == [
        (1, theirs.number)
    ]


def test_both_histories_say_from_where_and_into_what(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    into, case = make_case(uow, city), make_case(uow, city)
    merge(dispatcher, case, into)
    for merged, step, other in ((case, "closed", into), (into, "joined", case)):
        entries = cases.list_entries(uow, now_of(uow, merged))
        assert list_faults(entries, head=now_of(uow, merged).head, length=len(entries)) == []
        assert (entries[-1].step, entries[-1].words) == (step, WORDS)
        assert other.number in entries[-1].facts.values()
        assert entries[-1].facts["appeals"] == [str(case.appeals[0].appeal_id)]


def test_whoever_came_and_whoever_holds_it_can_be_told(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    into, case = make_case(uow, city), make_case(uow, city)
    merge(dispatcher, case, into)
    joined, closed = said(dispatcher, CaseJoinedV1), said(dispatcher, CaseClosedV1)
    assert (joined.how, joined.joined, joined.from_number) == (
        JoinKind.MERGED,
        [case.appeals[0].appeal_id],
        case.number,
    )
    assert (joined.promise_due, joined.handler.subject) == (into.promise_due, subject_of("municipal"))
    assert {party.appeal_id: party.moves for party in joined.parties} == {
        into.appeals[0].appeal_id: 0,
        case.appeals[0].appeal_id: 1,
    }
    assert (closed.parties, closed.reason, closed.into_number) == ([], "merged", into.number)
    assert said(dispatcher, CityCaseClosedV1).case_id == case.case_id


@pytest.mark.parametrize("by", ["number", "typed", "id"])
def test_the_other_is_named_by_its_number_however_typed_or_its_id(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork, by: str
) -> None:
    into, case = make_case(uow, city), make_case(uow, city)
    named = {"number": into.number, "typed": into.number.lower().replace("-", " "), "id": str(into.case_id)}[by]
    assert merge(dispatcher, case, named).merged_into == into.case_id


def test_what_was_done_again_late_is_not_merged(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = answer(as_person(city.person("municipal")), make_case(uow, city))
    told = AppealRatedV1(version=2, appeal_id=case.appeals[0].appeal_id, answer=1, rated_at=NOW, solved=False, rating=1)
    rating.take_rating(uow, told)
    later = NOW + timedelta(days=30)
    sweeping.sweep_due(uow_of("routing", role="clock", now=later))
    late = now_of(uow, case)
    assert late.limit(DeadlineKind.REDO) is None
    into = make_case(uow, city, received_at=later)
    with pytest.raises(DoneAgain):
        merge(as_person(city.person("dispatcher"), now=later), late, into)


def test_what_whole_buildings_were_told_of_takes_in_the_other(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    into, case = make_case(uow, city), make_case(uow, city)
    case = incidents.name_affected(
        dispatcher, case.case_id, version=case.version, place_ids=[city.ids["area"]], words=WORDS
    )
    with pytest.raises(HouseholdsTold):
        merge(dispatcher, case, into)
    assert merge(dispatcher, into, case).merged_into == case.case_id


def test_what_was_extended_once_stays_so_in_the_other(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    into, case = make_case(uow, city), make_case(uow, city)
    case.extended = True
    cases.save_cases(uow, [case])
    merge(dispatcher, case, into)
    assert now_of(uow, into).extended


def test_what_is_bound_by_a_ruling_is_not_merged_below(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork, as_person: As
) -> None:
    into, case = make_case(uow, city), make_case(uow, city)
    case.ruled_path = city.paths["district"]
    cases.save_cases(uow, [case])
    with pytest.raises(RulingBinds):
        merge(dispatcher, case, into)
    assert merge(as_person(city.person("district_dispatcher")), case, into).merged_into == into.case_id


def test_what_waits_to_be_sorted_may_be_merged_into_what_is_promised(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    into, case = make_case(uow, city), make_case(uow, city, suggested_category=None)
    merge(dispatcher, case, into)
    assert now_of(uow, into).promise_due == into.promise_due
    assert (now_of(uow, case).queue, now_of(uow, case).state) == (None, CaseState.CLOSED)


def test_the_earlier_of_two_promises_counts(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    soon, late = make_case(uow, city, category="legal.aid"), make_case(uow, city)
    assert soon.promise_due is not None
    assert late.promise_due is not None
    assert soon.promise_due < late.promise_due
    merge(dispatcher, soon, late)
    after = now_of(uow, late)
    assert after.promise_due == soon.promise_due
    assert after.deadline is not None
    assert soon.deadline is not None
    assert (after.deadline.promise, after.deadline.state) == (
        soon.deadline.promise,
        DeadlineState.OPEN,
    )
    assert cases.list_entries(uow, after)[-1].facts["earlier"] is True
    assert said(dispatcher, CaseJoinedV1).promise_due == soon.promise_due


def test_a_later_promise_changes_nothing(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    soon, late = make_case(uow, city, category="legal.aid"), make_case(uow, city)
    merge(dispatcher, late, soon)
    assert now_of(uow, soon).deadline == soon.deadline
    assert cases.list_entries(uow, now_of(uow, soon))[-1].facts["earlier"] is False


def test_a_missed_promise_stays_missed_in_the_case_that_goes_on(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, category="legal.aid")
    assert case.promise_due is not None
    late = as_person(city.person("dispatcher"), now=case.promise_due + timedelta(seconds=1))
    into = make_case(uow, city)
    merge(late, case, into)
    after = now_of(uow, into)
    assert after.deadline is not None
    assert (after.promise_due, after.promise_met, after.deadline.state) == (
        case.promise_due,
        False,
        DeadlineState.BREACHED,
    )
    assert [entry.step for entry in cases.list_entries(uow, now_of(uow, case))][-2:] == ["deadline_breached", "closed"]
    assert "deadline_breached" not in {entry.step for entry in cases.list_entries(uow, after)}


def test_a_merged_case_is_of_all_whom_either_complains_of_and_as_urgent_as_either(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    into, case = make_case(uow, city), make_case(uow, city, complained_of=["zhou.wei"], urgent=True)
    merge(dispatcher, case, into)
    after = now_of(uow, into)
    assert (after.complained_of, after.urgent) == (("zhou.wei",), True)


def test_what_was_withdrawn_stays_behind(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    shared, into = make_shared(uow, city, dispatcher), make_case(uow, city)
    first, second = shared.appeals
    withdraw(uow, first.appeal_id)
    merge(dispatcher, now_of(uow, shared), into)
    assert appeals_of(now_of(uow, shared)) == {first.appeal_id}
    assert second.appeal_id in appeals_of(now_of(uow, into))


def unfit(uow: RolledBackUnitOfWork, city: City, as_person: As) -> dict[str, tuple[Case | str, type[ServiceError]]]:
    """What cannot be merged into, and why."""
    asked = make_case(uow, city)
    holder = as_person(city.person("municipal"))
    more: dict[str, Any] = {"reason": "in_court", "words": "已起诉"}
    asking.ask_dispatcher(holder, asked.case_id, ask=Ask.DECLINE, version=asked.version, **more)
    return {
        "received": (make_case_in(CaseState.RECEIVED, uow, city, as_person), UnfitTarget),
        "answered": (make_case_in(CaseState.ANSWERED, uow, city, as_person), UnfitTarget),
        "closed": (make_case_in(CaseState.CLOSED, uow, city, as_person), UnfitTarget),
        "asked": (now_of(uow, asked), UnfitTarget),
        "another community's": (make_case(uow, city, place="other"), UnknownTarget),
        "complains of me": (make_case(uow, city, complained_of=[subject_of("dispatcher")]), UnknownTarget),
        "never there": (str(uuid4()), UnknownTarget),
        "mistyped": ("C000-0000-0002", Mistyped),
    }


@pytest.mark.parametrize(
    "which",
    ["received", "answered", "closed", "asked", "another community's", "complains of me", "never there", "mistyped"],
)
def test_what_a_case_cannot_go_on_in_is_said_with_the_field(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork, which: str
) -> None:
    case = make_case(uow, city)
    into, error = unfit(uow, city, as_person)[which]
    with pytest.raises(error) as refused:
        merge(dispatcher, case, into)
    assert refused.value.field == "/into"
    assert now_of(uow, case).version == case.version
    assert dispatcher.published == []


def test_a_case_is_not_merged_into_itself(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    case = make_case(uow, city)
    with pytest.raises(AlreadyThere):
        merge(dispatcher, case, case)


def test_who_dispatches_only_one_of_them_merges_neither_way(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    """Whose station took it sees it, and does not dispatch it."""
    mine, seen = make_case(uow, city), make_case(uow, city, place="other", taken_path=city.paths["community"])
    for case, into in ((mine, seen), (seen, mine)):
        with pytest.raises(NotYourStep):
            merge(as_person(city.person("dispatcher")), case, into)
    assert merge(as_person(city.person("district_dispatcher")), seen, mine).merged_into == mine.case_id


def test_what_complains_of_who_holds_the_other_does_not_go_to_them(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    into, case = make_case(uow, city), make_case(uow, city, complained_of=[subject_of("municipal")])
    with pytest.raises(UnfitTarget, match="who holds that takes no part"):
        merge(as_person(city.person("district_dispatcher")), case, into)


def hold_papers(uow: RolledBackUnitOfWork, city: City, as_person: As, case: Case) -> None:
    papers = Work(RecordKind.PAPERS_RECEIVED, papers=("户口簿",), appeal_id=case.appeals[-1].appeal_id)
    recording.record_work(as_person(city.person("municipal")), case.case_id, papers)


def order(uow: RolledBackUnitOfWork, city: City, as_person: As, case: Case) -> None:
    above = as_person(city.person("district_supervisor"))
    pressing.order_report(above, case.case_id, version=case.version, words="速办", due_at=NOW + timedelta(days=3))


def ask(uow: RolledBackUnitOfWork, city: City, as_person: As, case: Case) -> None:
    holder = as_person(city.person("municipal"))
    more: dict[str, Any] = {"ask": Ask.RETURN, "reason": "not_our_remit", "words": "非本岗"}
    asking.ask_dispatcher(holder, case.case_id, version=case.version, **more)


HANGS: tuple[tuple[Callable[..., None], type[ServiceError]], ...] = (
    (hold_papers, PapersInCustody),
    (order, ReportOwed),
    (ask, StepNotAllowed),
)


@pytest.mark.parametrize("what", HANGS, ids=lambda what: what[0].__name__)
def test_what_hangs_on_a_case_is_settled_before_it_is_merged(
    uow: RolledBackUnitOfWork,
    city: City,
    as_person: As,
    dispatcher: RolledBackUnitOfWork,
    what: tuple[Callable[..., None], type[ServiceError]],
) -> None:
    hangs, error = what
    into, case = make_case(uow, city), make_case(uow, city)
    hangs(uow, city, as_person, case)
    before = now_of(uow, case)
    with pytest.raises(error):
        merge(dispatcher, before, into)
    assert now_of(uow, case) == before


def test_what_a_centre_has_in_hand_is_neither_merged_nor_merged_into(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork
) -> None:
    case, other = make_case(uow, city, category="legal.aid"), make_case(uow, city)
    liaison = as_person(city.person("legal"))
    more: dict[str, Any] = {"centre": "海州区法律援助中心", "with_whom": "社区干部", "words": "已陪同前往"}
    followed = accompanying.accompany(liaison, case.case_id, version=case.version, **more)
    with pytest.raises(StillFollowed):
        merge(dispatcher, followed, other)
    with pytest.raises(UnfitTarget, match="its promise is kept already"):
        merge(dispatcher, other, followed)


def test_what_is_assigned_from_above_keeps_its_number_and_takes_in_others(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    case, other = make_case(uow, city, assignment=make_assignment()), make_case(uow, city)
    with pytest.raises(AssignedFromAbove):
        merge(dispatcher, case, other)
    merge(dispatcher, other, case)
    whole = now_of(uow, case)
    assert (whole.assigned_number, len(whole.appeals)) == (case.assigned_number, 2)
    new = now_of(uow, split(dispatcher, whole, other.appeals[0].appeal_id).new)
    assert (new.assigned_by, new.assigned_due, new.report_back, new.limits) == (None, None, None, [])
    assert now_of(uow, case).report_back is case.report_back


@pytest.mark.parametrize("wait", [suspended, planned], ids=["suspended", "planned"])
def test_what_waits_until_a_day_that_was_told_is_neither_merged_nor_merged_into(
    uow: RolledBackUnitOfWork, city: City, as_person: As, wait: Callable[..., Case]
) -> None:
    waiting, other = wait(uow, city, as_person), make_case(uow, city)
    by = as_person(city.person("dispatcher"))
    with pytest.raises(StepNotAllowed):
        merge(by, waiting, other)
    with pytest.raises(UnfitTarget, match="waits until a day"):
        merge(by, other, waiting)


def test_what_is_split_off_waits_as_the_case_does(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    by = as_person(city.person("dispatcher"))
    shared = make_shared(uow, city, by)
    waiting = plan(as_person(city.person("municipal")), shared)
    new = now_of(uow, split(by, waiting, shared.appeals[0].appeal_id).new)
    assert (new.planned_for, new.due) == (waiting.planned_for, waiting.due)
    both = [case.limit(DeadlineKind.PLANNED) for case in (new, now_of(uow, waiting))]
    assert [limit and limit.promise.due_at for limit in both] == [waiting.due, waiting.due]
    assert said(by, CaseSplitOffV1).promise_due == waiting.due


def test_who_has_declared_an_interest_in_either_takes_no_part_in_both(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, into = make_case(uow, city), make_case(uow, city)
    left = recusing.recuse(as_person(city.person("municipal")), case.case_id, version=case.version, words="亲属")
    above = as_person(city.person("district_dispatcher"))
    with pytest.raises(UnfitTarget, match="takes no part"):
        merge(above, left, into)
    merge(above, into, left)
    assert now_of(uow, left).recused == (subject_of("municipal"),)


@pytest.mark.parametrize("state", [CaseState.ANSWERED, CaseState.CLOSED])
def test_what_is_answered_is_not_merged(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork, state: CaseState
) -> None:
    case, into = make_case_in(state, uow, city, as_person), make_case(uow, city)
    with pytest.raises(StepNotAllowed):
        merge(dispatcher, case, into)


def test_orders_and_papers_of_the_case_that_goes_on_stand(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork
) -> None:
    into, case = make_case(uow, city), make_case(uow, city)
    hold_papers(uow, city, as_person, into)
    order(uow, city, as_person, now_of(uow, into))
    merge(dispatcher, case, into)
    after = now_of(uow, into)
    assert (after.papers_held, after.reports_owed) == (1, 1)


def test_everybody_of_a_merged_case_is_answered(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork
) -> None:
    shared = make_shared(uow, city, dispatcher)
    holder = as_person(city.person("municipal"))
    steps.answer_case(holder, shared.case_id, version=shared.version, outcome=Outcome.SOLVED, answer="管道已疏通")
    (answered,) = [event for event in holder.published if event.type == "routing.case.answered.v1"]
    assert all(str(appeal.appeal_id) in (answered.body or "") for appeal in shared.appeals)


def test_whoever_has_withdrawn_from_a_shared_case_is_not_told_its_answer(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork
) -> None:
    shared = make_shared(uow, city, dispatcher)
    first, second = shared.appeals
    withdraw(uow, first.appeal_id)
    version, holder = now_of(uow, shared).version, as_person(city.person("municipal"))
    steps.answer_case(holder, shared.case_id, version=version, outcome=Outcome.SOLVED, answer="管道已疏通")
    (answered,) = [event for event in holder.published if event.type == "routing.case.answered.v1"]
    assert str(second.appeal_id) in (answered.body or "")
    assert str(first.appeal_id) not in (answered.body or "")


def test_of_a_shared_case_one_withdrawal_leaves_the_others(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork
) -> None:
    shared = make_shared(uow, city, dispatcher)
    first, second = shared.appeals
    withdraw(uow, first.appeal_id)
    after = now_of(uow, shared)
    assert after.is_open
    assert after.parties == [appeal for appeal in after.appeals if appeal.appeal_id == second.appeal_id]
    withdraw(uow, second.appeal_id)
    assert now_of(uow, shared).closed_reason is ClosedReason.WITHDRAWN


async def test_an_appeal_that_goes_over_while_its_case_is_waited_for_is_changed_where_it_goes_on(
    async_database: AsyncDatabase,
) -> None:
    consumer = async_database("routing", "consumer", clock=DrivenClock(NOW))
    case, into, person = await consumer.run_everywhere(_lay_two)
    is_merged = asyncio.Event()

    def merge_until_somebody_waits(uow: UnitOfWork) -> None:
        merge(uow, case, into)
        is_merged.set()
        while not uow.execute(WAITED_FOR).scalar_one():
            pass

    def find(uow: UnitOfWork) -> tuple[UUID, bool]:
        found = cases.find_cases_of_appeals_for_change(uow, appeals_of(case)).values()
        (case_id,) = {each.case_id for each in found}
        return case_id, uow.execute(_LOCKED_BY_ME, {"case_id": case_id}).scalar_one()

    api = async_database("routing", clock=DrivenClock(NOW))
    async with asyncio.timeout(20), asyncio.TaskGroup() as both:
        both.create_task(api.run(merge_until_somebody_waits, scope=person.scope, person=person))
        await is_merged.wait()
        finding = both.create_task(consumer.run_everywhere(find))
    assert finding.result() == (into.case_id, True)


def _lay_two(uow: UnitOfWork) -> tuple[Case, Case, Person]:
    city = lay_city(uow)
    return make_case(uow, city), make_case(uow, city), city.person("dispatcher")


_LOCKED_BY_ME = text("select xmax = pg_current_xact_id()\\:\\:xid from cases where case_id = :case_id")


# Splitting


def test_appeals_go_on_by_themselves_as_the_case_stood(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    shared = make_shared(uow, city, dispatcher)
    first, second = shared.appeals
    done = split(dispatcher, shared, second.appeal_id)
    left, new = now_of(uow, shared), now_of(uow, done.new)
    assert (appeals_of(left), appeals_of(new)) == ({first.appeal_id}, {second.appeal_id})
    assert new.number not in {shared.number, None}
    for same in (
        *("category", "kind", "remit", "place_id", "placed_path", "taken_path", "district", "state", "gist"),
        *("holder_post_id", "office_id", "promise_due", "promise_met", "received_at", "accepted_at", "rule_version"),
    ):
        assert getattr(new, same) == getattr(shared, same), same
    assert new.deadline is not None
    assert shared.deadline is not None
    assert (new.deadline.promise, new.deadline.state) == (shared.deadline.promise, shared.deadline.state)
    assert new.deadline.deadline_id != shared.deadline.deadline_id
    assert [appeal.moves for appeal in new.appeals] == [second.moves + 1]


def test_both_histories_say_what_was_split_off(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    shared = make_shared(uow, city, dispatcher)
    second = shared.appeals[1].appeal_id
    new = split(dispatcher, shared, second).new
    old, fresh = (cases.list_entries(uow, now_of(uow, case)) for case in (shared, new))
    assert (old[-1].step, old[-1].facts["into_number"], old[-1].words) == ("split", new.number, "并非一事")
    assert [(entry.step, entry.facts["from_number"]) for entry in fresh] == [("split_off", shared.number)]
    assert old[-1].facts["appeals"] == fresh[0].facts["appeals"] == [str(second)]
    for case, entries in ((shared, old), (new, fresh)):
        assert list_faults(entries, head=now_of(uow, case).head, length=now_of(uow, case).version) == []


def test_who_enters_something_may_have_begun_before_the_case_was_split_off(
    uow: RolledBackUnitOfWork, city: City, at: At
) -> None:
    by = at(city.person("dispatcher"), now=NOW + timedelta(seconds=1))
    shared = make_shared(uow, city, by)
    second = shared.appeals[1].appeal_id
    new = split(by, shared, second).new
    withdraw(at(role="consumer"), second)
    after = now_of(uow, new)
    entries = cases.list_entries(uow, after)
    assert [entry.step for entry in entries] == ["split_off", "withdrawn", "closed"]
    assert list_faults(entries, head=after.head, length=after.version) == []


def test_the_parties_of_what_is_said_follow(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork
) -> None:
    shared = make_shared(uow, city, dispatcher)
    first, second = shared.appeals
    new = split(dispatcher, shared, second.appeal_id).new
    left, gone = said(dispatcher, CaseSplitV1), said(dispatcher, CaseSplitOffV1)
    assert [party.appeal_id for party in left.parties] == [first.appeal_id]
    assert (left.into_case_id, left.appeals) == (new.case_id, [second.appeal_id])
    assert [(party.appeal_id, party.moves) for party in gone.parties] == [(second.appeal_id, second.moves + 1)]
    assert (gone.from_number, gone.promise_due) == (shared.number, shared.promise_due)
    assert gone.handler.subject == subject_of("municipal")
    assert said(dispatcher, CityCaseOpenedV1).case_id == new.case_id
    holder = as_person(city.person("municipal"))
    started = steps.start_case(holder, new.case_id, version=new.version)
    assert (started.state, appeals_of(now_of(uow, new))) == (CaseState.IN_PROGRESS, {second.appeal_id})
    assert now_of(uow, shared).state is CaseState.ASSIGNED


def test_what_hangs_on_the_case_stays_with_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork
) -> None:
    shared = make_shared(uow, city, dispatcher)
    hold_papers(uow, city, as_person, shared)
    order(uow, city, as_person, now_of(uow, shared))
    new = now_of(uow, split(dispatcher, now_of(uow, shared), shared.appeals[0].appeal_id).new)
    assert (new.papers_held, new.reports_owed, new.pressings, new.letters) == (0, 0, 0, 0)
    assert (now_of(uow, shared).papers_held, now_of(uow, shared).reports_owed) == (1, 1)


def test_a_waiting_case_is_split_and_both_wait(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    first = make_appeal(city, suggested_category=None)
    opening.open_cases(uow, [first])
    again = make_appeal(city, repeat_of=first.appeal_id)
    opening.open_cases(uow, [again])
    case = cases.find_cases_of_appeals_for_change(uow, [first.appeal_id])[first.appeal_id]
    by = as_person(city.person("dispatcher"))
    new = now_of(uow, split(by, case, again.appeal_id).new)
    assert (new.queue, new.deadline, new.holder_post_id) == (Queue.UNSORTED, None, case.holder_post_id)
    assert said(by, CaseSplitOffV1).queue is Queue.UNSORTED


def test_a_missed_promise_stays_missed_in_what_is_split_off(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork
) -> None:
    shared = make_shared(uow, city, dispatcher)
    assert shared.promise_due is not None
    holder = as_person(city.person("municipal"), now=shared.promise_due + timedelta(seconds=1))
    steps.answer_case(holder, shared.case_id, version=shared.version, outcome=Outcome.SOLVED, answer="已疏通")
    new = now_of(uow, split(dispatcher, now_of(uow, shared), shared.appeals[0].appeal_id).new)
    assert (new.state, new.promise_met) == (CaseState.ANSWERED, False)
    assert new.deadline is not None
    assert new.deadline.state is DeadlineState.BREACHED


def answered_for_two(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork
) -> tuple[Case, UUID, UUID]:
    """With the appeal of whom a message asks, and of whom somebody has to call."""
    shared = make_case(uow, city, reached_by_message=True)
    merge(dispatcher, make_case(uow, city, reached_by_message=False), shared)
    holder = as_person(city.person("municipal"))
    given = now_of(uow, shared)
    steps.answer_case(holder, given.case_id, version=given.version, outcome=Outcome.SOLVED, answer="已疏通")
    by_way = {asked.way: asked.appeal_id for asked in call_backs.list_of_case(uow, shared.case_id)}
    return now_of(uow, shared), by_way[Way.MESSAGE], by_way[Way.PERSON]


def rate_by(case: Case) -> datetime:
    limit = case.limit(DeadlineKind.RATING)
    assert limit is not None
    return limit.promise.due_at


def test_what_is_answered_is_split_and_each_appeal_keeps_its_answer_and_whom_to_ask_of_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork
) -> None:
    shared, written, called = answered_for_two(uow, city, as_person, dispatcher)
    done = split(dispatcher, shared, called)
    left, new = now_of(uow, done.case), now_of(uow, done.new)
    assert (left.state, new.state, new.outcome) == (CaseState.ANSWERED, CaseState.ANSWERED, Outcome.SOLVED)
    assert (left.calls_owed, new.calls_owed) == (0, 1)
    ((of_left,), (of_new,)) = (call_backs.list_of_case(uow, each.case_id) for each in (left, new))
    assert (of_left.appeal_id, of_new.appeal_id) == (written, called)
    assert rate_by(left) == rate_by(new) == of_left.rate_by == of_new.rate_by
    caller = as_person(city.person("window"))
    rating.call_back_resident(caller, new.case_id, version=new.version, words="已回访", solved=True, rating=5)
    assert now_of(uow, new).calls_owed == 0


def test_by_the_link_of_what_was_split_off_its_own_answer_is_contested(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork
) -> None:
    shared, written, _ = answered_for_two(uow, city, as_person, dispatcher)
    done = split(dispatcher, shared, written)
    contested = AppealRatedV1(version=2, appeal_id=written, answer=1, rated_at=NOW, solved=False, rating=1)
    rating.take_rating(uow, contested)
    assert (now_of(uow, done.new).state, now_of(uow, done.case).state) == (CaseState.ASSIGNED, CaseState.ANSWERED)
    assert faults_of(uow, done.new.case_id) == faults_of(uow, done.case.case_id) == []


@pytest.mark.parametrize("stays", ["written", "called"])
def test_what_waited_only_for_the_call_that_the_other_is_owed_ends_when_they_part(
    uow: RolledBackUnitOfWork, city: City, as_person: As, at: At, stays: str
) -> None:
    dispatcher = as_person(city.person("dispatcher"))
    shared, written, called = answered_for_two(uow, city, as_person, dispatcher)
    over = rate_by(shared) + timedelta(seconds=1)
    sweeping.sweep_due(at(now=over))
    waits = now_of(uow, shared)
    assert (waits.state, waits.limit(DeadlineKind.RATING)) == (CaseState.ANSWERED, None)
    by = at(city.person("dispatcher"), now=over)
    done = split(by, waits, called if stays == "written" else written)
    ended, owed = (done.case, done.new) if stays == "written" else (done.new, done.case)
    assert (now_of(uow, ended).closed_reason, now_of(uow, owed).state) == (ClosedReason.DONE, CaseState.ANSWERED)


def test_the_office_that_handles_it_sees_what_is_split_off(
    uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf, dispatcher: RolledBackUnitOfWork
) -> None:
    shared = make_shared(uow, city, dispatcher)
    office = uuid4()
    shared.office_id = office
    new = splitting.split_off(dispatcher, shared, [shared.appeals[0].appeal_id])
    assert cases.get_case(uow_of("routing", scope=Scope(offices=(office,))), new.case_id).number == new.number


def test_never_the_last_appeal_nor_a_strangers(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    shared = make_shared(uow, city, dispatcher)
    both = [appeal.appeal_id for appeal in shared.appeals]
    with pytest.raises(LastAppeal):
        split(dispatcher, shared, *both)
    with pytest.raises(NotOfTheCase, match=str(UUID(int=7))):
        split(dispatcher, shared, UUID(int=7))
    withdraw(uow, both[0])
    with pytest.raises(StepNotAllowed):
        split(dispatcher, now_of(uow, shared), both[1])
    with pytest.raises(LastAppeal):
        splitting.split_off(dispatcher, now_of(uow, shared), [both[1]])


@pytest.mark.parametrize("who", ["municipal", "window", "other_dispatcher"])
def test_only_a_dispatcher_merges_and_splits(uow: RolledBackUnitOfWork, city: City, as_person: As, who: str) -> None:
    by = as_person(city.person("dispatcher"))
    shared, case = make_shared(uow, city, by), make_case(uow, city)
    other = as_person(city.person(who))
    refused = CaseNotFound if who == "other_dispatcher" else NotYourStep
    with pytest.raises(refused):
        merge(other, case, shared)
    with pytest.raises(refused):
        split(other, shared, shared.appeals[0].appeal_id)


def test_what_was_merged_is_split_off_again_and_ends_by_itself(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork
) -> None:
    shared = make_shared(uow, city, dispatcher)
    new = split(dispatcher, shared, shared.appeals[0].appeal_id).new
    again = merge(dispatcher, now_of(uow, new), now_of(uow, shared))
    assert again.closed_reason is ClosedReason.MERGED
    assert appeals_of(now_of(uow, shared)) == appeals_of(shared)
    assert sorted(appeal.moves for appeal in now_of(uow, shared).appeals) == [1, 2]


@pytest.mark.parametrize("state", CaseState)
def test_from_which_states_is_as_the_table_says(state: CaseState) -> None:
    case = make_domain_case(state, appeals=2)
    assert STEPS[Step.SPLIT].allows(case) is (state not in {CaseState.ACCEPTED, CaseState.CLOSED})
    assert STEPS[Step.MERGE].allows(case) is (state not in {CaseState.ANSWERED, CaseState.CLOSED})


# The rule, whatever the cases


def make_domain_case(state: CaseState = CaseState.ASSIGNED, *, appeals: int = 1, due: datetime | None = None) -> Case:
    promise = Promise(Term(Unit.WORKING_DAYS, 5), NOW, due or LATER, 1, 1, False, ORDINARY_HOURS, "Asia/Shanghai")
    return Case(
        case_id=new_id(NOW),
        number="C1",
        gist="",
        channel=Channel.WEB,
        received_at=NOW,
        opened_at=NOW,
        placed_path="/",
        taken_path="/",
        state=state,
        promise_due=promise.due_at,
        deadline=Deadline(new_id(NOW), DeadlineKind.PROMISE, promise),
        appeals=[Appeal(new_id(NOW), f"A{n}", None, Language.CHINESE, None) for n in range(appeals)],
    )


DUES = st.timedeltas(timedelta(0), timedelta(days=30)).map(lambda ahead: NOW + ahead)


@given(dues=st.lists(st.tuples(DUES, st.booleans()), min_size=2, max_size=6))
def test_however_many_are_merged_nobody_is_answered_later_than_they_were_told(
    dues: list[tuple[datetime, bool]],
) -> None:
    (first, is_missed), *others = dues
    whole = make_domain_case(due=first)
    assert whole.deadline is not None
    if is_missed:
        whole.deadline.state, whole.promise_met = DeadlineState.BREACHED, False
    everybody = appeals_of(whole)
    for due, other_missed in others:
        other = make_domain_case(due=due)
        assert other.deadline is not None
        if other_missed:
            other.deadline.state = DeadlineState.BREACHED
        everybody |= appeals_of(other)
        before = replace(whole.deadline)
        whole.take_over(other, deadline_id=uuid4(), at=NOW)
        assert whole.promise_due is not None
        assert whole.promise_due <= before.promise.due_at
        assert other.appeals == []
        assert before.state is not DeadlineState.BREACHED or whole.promise_met is False
    assert appeals_of(whole) == everybody
    assert whole.promise_due is not None
    assert whole.promise_due <= first
    if not is_missed and not any(missed for _, missed in others):
        assert whole.promise_due == min(due for due, _ in dues)


@given(count=st.integers(2, 6), data=st.data())
def test_taken_apart_every_appeal_is_in_one_of_both(count: int, data: st.DataObject) -> None:
    case = make_domain_case(appeals=count)
    every = [appeal.appeal_id for appeal in case.appeals]
    going = data.draw(st.sets(st.sampled_from(every), min_size=1, max_size=count - 1))
    new = case.split_off(going, number="C2", new_id=uuid4, at=LATER)
    assert (appeals_of(new), appeals_of(case)) == (going, set(every) - going)
    assert new.promise_due == case.promise_due
    assert (new.version, new.entries) == (0, [])
