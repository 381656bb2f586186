"""An answer: what it needs besides words, who reviews it before it goes out, who looks on site, how it is corrected."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from contracts.intake import AppealRatedV1
from contracts.routing import CaseAnsweredV1, CaseState, ContactOutcome, HandoverMeans, Outcome, RecordKind
from kit.auth import Person
from kit.crypto import KeyRing, new_key
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.case import Case, DeadlineKind, DeadlineState
from routing.domain.chain import list_faults
from routing.domain.promise import Unit
from routing.domain.recording import Work
from routing.domain.rules import Demand
from routing.domain.steps import Step
from routing.errors import (
    AnswerDrafted,
    CaseChanged,
    CaseNotFound,
    EvidenceMissing,
    NobodyRules,
    NotYourStep,
    StepNotAllowed,
    UnfitTarget,
    VerificationOwed,
)
from routing.repository import call_backs, cases
from routing.service import (
    answering,
    calling_back,
    dispatching,
    opening,
    rating,
    reading,
    recording,
    recusing,
    sealing,
    steps,
    sweeping,
)

from tests.conftest import UnitOfWorkOf
from tests.routing.auditing import faults_of
from tests.routing.conftest import City, make_appeal, put_post, subject_of
from tests.routing.test_accompanying import accompany
from tests.routing.test_helping import call_in, report
from tests.routing.test_merging import merge, split
from tests.routing.test_steps import TAKE, WAY, As, make_case, make_case_in
from tests.routing.test_vacancies import leave, sweep

RING = KeyRing.parse(new_key("k1"))
ANSWER, WORDS = "经核实，反映属实，已处理。", "请补充依据"

#: What the first rules ask of these.
URGENT = {"suggested_category": "municipal.emergency", "urgent": True}
DISCIPLINE = {"suggested_category": "stability.discipline"}


def now_of(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return cases.get_case(uow, case.case_id)


def holder_of(city: City, case: Case) -> Person:
    code = next(code for code, post in city.posts.items() if post.post_id == case.holder_post_id)
    return city.person(code)


def answer(by: RolledBackUnitOfWork, case: Case, **more: Any) -> Case:
    said = {"version": case.version, "outcome": Outcome.SOLVED, "answer": ANSWER, **more}
    return steps.answer_case(by, case.case_id, **said)


def drafted(uow: RolledBackUnitOfWork, city: City, as_person: As, **more: Any) -> Case:
    """On officials' conduct; the community's dispatcher holds it, since nobody is there for petitions."""
    case = make_case(uow, city, **DISCIPLINE)
    return answer(as_person(holder_of(city, case), **more), case)


def opened_to(code: str, case: Case, city: City, as_person: As) -> Case:
    """It is sealed: whoever reviews it opens it to them."""
    reviewer = as_person(city.person("district_dispatcher"))
    if code == "dispatcher":
        return case
    return sealing.grant_case(reviewer, case.case_id, version=case.version, words="供其查阅", subject=subject_of(code))


def review(by: RolledBackUnitOfWork, case: Case, *, approved: bool, version: int | None = None) -> Case:
    read = case.version if version is None else version
    return answering.review_answer(by, case.case_id, version=read, approved=approved, words=WORDS)


def verify(by: RolledBackUnitOfWork, case: Case, *, passed: bool) -> Case:
    return answering.verify_case(by, case.case_id, version=case.version, passed=passed, words="已到场查看")


def queued_for(uow: RolledBackUnitOfWork) -> list[UUID]:
    page = Page(limit=9, of_list="queue", ring=RING, cursor=None)
    return [line.case.case_id for line in reading.list_queue(uow, page).items]


def steps_of(uow: RolledBackUnitOfWork, case: Case) -> list[str]:
    now = now_of(uow, case)
    entries = cases.list_entries(uow, now)
    assert list_faults(entries, head=now.head, length=now.version) == []
    return [entry.step for entry in entries]


def told_by(uow: RolledBackUnitOfWork, kind: str) -> list[dict[str, Any]]:
    return [json.loads(event.body or "") for event in uow.published if event.type == f"routing.case.{kind}.v1"]


# What it needs ---------------------------------------------------------------------------------------------------


def test_a_case_is_under_what_its_rule_asks(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    assert now_of(uow, make_case(uow, city)).demands == frozenset()
    assert now_of(uow, make_case(uow, city, **DISCIPLINE)).demands == {Demand.REVIEW}
    urgent = now_of(uow, make_case(uow, city, **URGENT))
    assert urgent.demands == {Demand.EVIDENCE, Demand.VERIFICATION}
    assert urgent.rule_version == 3


def test_evidence_is_named_where_the_rule_asks_for_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, **URGENT)
    mine = as_person(holder_of(city, case))
    with pytest.raises(EvidenceMissing):
        answer(mine, case)
    assert (now_of(uow, case).version, mine.published) == (case.version, [])
    after = answer(mine, case, evidence="照片 2026-1123")
    entry = cases.list_entries(uow, after)[-1]
    assert (entry.step, entry.facts["evidence"], entry.words) == ("answered", "照片 2026-1123", ANSWER)


def test_the_basis_of_what_cannot_be_done_is_told_and_kept(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    mine = as_person(city.person("municipal"))
    after = answer(mine, case, outcome=Outcome.EXPLAINED, basis="《物业管理条例》第五十条")
    assert cases.list_entries(uow, after)[-1].facts["basis"] == "《物业管理条例》第五十条"
    assert told_by(mine, "answered")[0]["basis"] == "《物业管理条例》第五十条"


@pytest.mark.parametrize("reviewed", [False, True])
def test_with_the_answer_its_resident_is_told_how_what_came_of_it_reaches_them(
    uow: RolledBackUnitOfWork, city: City, as_person: As, reviewed: bool
) -> None:
    case = make_case(uow, city, **(DISCIPLINE if reviewed else {}))
    by = as_person(holder_of(city, case))
    after = answer(by, case, handover=HandoverMeans.BROUGHT_HOME)
    if reviewed:
        by = as_person(city.person("district_dispatcher"))
        after = review(by, after, approved=True)
    assert told_by(by, "answered")[0]["handover"] == "brought_home"
    assert cases.list_entries(uow, after)[-1].facts["handover"] == "brought_home"
    assert after.handover is None, "it has not reached them yet"


# Reviewed --------------------------------------------------------------------------------------------------------


def test_an_answer_that_is_reviewed_goes_to_nobody_before(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, **DISCIPLINE)
    mine = as_person(holder_of(city, case))
    after = answer(mine, case)
    assert (after.state, after.draft, after.answered_at) == (CaseState.ASSIGNED, after.version, None)
    assert [event.type for event in mine.published] == ["routing.case.drafted.v1"]
    assert ANSWER not in (mine.published[0].body or "")
    assert call_backs.list_of_case(uow, case.case_id) == []
    (told,) = told_by(mine, "drafted")
    assert told["reviewer"]["subject"] == subject_of("district_dispatcher")


def test_approved_it_goes_out_as_it_was_handed_in(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = drafted(uow, city, as_person)
    above = as_person(city.person("district_dispatcher"), now=NOW + timedelta(hours=3))
    assert queued_for(above) == [case.case_id]
    after = review(above, case, approved=True)
    assert (after.state, after.draft, queued_for(above)) == (CaseState.ANSWERED, None, [])
    assert steps_of(uow, after)[-3:] == ["drafted", "reviewed", "answered"]
    said = CaseAnsweredV1.model_validate(told_by(above, "answered")[0])
    assert (said.answer, said.outcome, [party.answer for party in said.parties]) == (ANSWER, Outcome.SOLVED, [1])
    assert after.answered_by == subject_of("dispatcher")


def test_the_promise_is_kept_when_it_was_handed_in(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = drafted(uow, city, as_person)
    assert case.promise_due is not None
    late = as_person(city.person("district_dispatcher"), now=case.promise_due + timedelta(days=1))
    after = review(late, case, approved=True)
    assert (after.promise_met, after.deadline and after.deadline.settled_at) == (True, NOW)
    assert told_by(late, "answered")[0]["promise_met"] is True


def test_sent_back_it_counts_as_not_handed_in(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = drafted(uow, city, as_person)
    assert case.promise_due is not None
    above = as_person(city.person("district_dispatcher"))
    after = review(above, case, approved=False)
    assert (after.state, after.draft, after.promise_met) == (CaseState.ASSIGNED, None, None)
    assert [event.type for event in above.published] == ["routing.case.reviewed.v1"]
    assert told_by(above, "reviewed")[0]["handler"]["subject"] == subject_of("dispatcher")
    clock = uow_of("routing", role="clock", now=case.promise_due + timedelta(seconds=1))
    assert sweeping.sweep_due(clock) == 1
    assert now_of(uow, case).promise_met is False
    again = answer(as_person(city.person("dispatcher"), now=clock.now), now_of(uow, case))
    assert (again.draft, again.promise_met) == (again.version, False)


def test_what_was_late_when_it_was_handed_in_stays_late(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, **DISCIPLINE)
    assert case.promise_due is not None
    mine = as_person(holder_of(city, case), now=case.promise_due + timedelta(seconds=1))
    after = answer(mine, case)
    assert after.promise_met is False
    back = review(as_person(city.person("district_dispatcher")), after, approved=False)
    assert back.promise_met is False
    assert back.deadline is not None
    assert back.deadline.state is DeadlineState.BREACHED


@pytest.mark.parametrize("who", ["dispatcher", "window", "municipal", "district_supervisor"])
def test_nobody_reviews_what_they_wrote_or_hold_nor_who_does_not_dispatch(
    uow: RolledBackUnitOfWork, city: City, as_person: As, who: str
) -> None:
    case = opened_to(who, drafted(uow, city, as_person), city, as_person)
    with pytest.raises(NotYourStep):
        review(as_person(city.person(who)), case, approved=True)
    assert now_of(uow, case).version == case.version


def test_another_place_reviews_nothing(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = drafted(uow, city, as_person)
    with pytest.raises(CaseNotFound):
        review(as_person(city.person("other_dispatcher")), case, approved=True)


def test_a_tier_above_may_review_in_their_place(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = drafted(uow, city, as_person)
    with pytest.raises(CaseNotFound):
        review(as_person(city.person("city_dispatcher")), case, approved=True)
    case = opened_to("city_dispatcher", case, city, as_person)
    assert review(as_person(city.person("city_dispatcher")), case, approved=True).state is CaseState.ANSWERED


def test_where_nobody_can_review_nothing_is_handed_in(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    for code in ("district_dispatcher", "city_dispatcher"):
        put_post(uow, city.posts[code].model_copy(update={"holders": []}))
    case = make_case(uow, city, **DISCIPLINE)
    with pytest.raises(NobodyRules):
        answer(as_person(holder_of(city, case)), case)
    assert now_of(uow, case).version == case.version


@pytest.mark.parametrize("step", [Step.ANSWER, Step.RE_SORT, Step.RE_DISPATCH, Step.ASK_RETURN, Step.ASK_DECLINE])
def test_while_it_waits_nothing_is_asked_answered_or_given_away(
    uow: RolledBackUnitOfWork, city: City, as_person: As, step: Step
) -> None:
    case = drafted(uow, city, as_person)
    with pytest.raises(AnswerDrafted):
        TAKE[step](as_person(city.person("dispatcher")), case)
    assert now_of(uow, case).version == case.version


def test_while_it_waits_it_is_not_handed_over_to_a_centre(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    """That would keep the promise, which an answer that is sent back opens again; and it would be answered while the
    centre has it in hand.
    """
    case = drafted(uow, city, as_person)
    with pytest.raises(AnswerDrafted):
        accompany(as_person(holder_of(city, case)), case)
    back = review(as_person(city.person("district_dispatcher")), case, approved=False)
    assert accompany(as_person(holder_of(city, back)), back).promise_met is True


def test_while_it_waits_it_is_not_merged_split_or_merged_into(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    by = as_person(city.person("dispatcher"))
    case = drafted(uow, city, as_person)
    with pytest.raises(AnswerDrafted):
        merge(by, case, make_case(uow, city))
    with pytest.raises(UnfitTarget, match="waits for its review"):
        merge(by, make_case(uow, city), case)
    into = make_case(uow, city, **DISCIPLINE)
    merge(by, make_case(uow, city), into)
    shared = answer(as_person(holder_of(city, into)), now_of(uow, into))
    with pytest.raises(AnswerDrafted):
        split(by, shared, shared.appeals[0].appeal_id)


def test_what_is_merged_is_under_what_either_rule_asks(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    into = make_case(uow, city)
    merge(as_person(city.person("dispatcher")), make_case(uow, city, **URGENT), into)
    assert now_of(uow, into).demands == {Demand.EVIDENCE, Demand.VERIFICATION}


def test_a_correction_under_review_stays_where_it_is_when_one_resident_s_appeal_is_done_again(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    into = make_case(uow, city, **DISCIPLINE)
    merge(as_person(city.person("dispatcher")), make_case(uow, city), into)
    mine, above = as_person(holder_of(city, into)), as_person(city.person("district_dispatcher"))
    given = review(above, answer(mine, now_of(uow, into)), approved=True)
    corrected = answer(mine, given)
    whose = corrected.appeals[-1].appeal_id
    contested = AppealRatedV1(version=2, appeal_id=whose, answer=1, rated_at=NOW, solved=False, rating=1)
    rating.take_rating(uow_of("routing", role="consumer"), contested)
    left = now_of(uow, corrected)
    new = cases.find_cases_of_appeals_for_change(uow, [whose])[whose]
    assert (left.state, left.draft, len(left.appeals)) == (CaseState.ANSWERED, corrected.draft, 1)
    assert (new.state, new.draft, new.reviewer_post_id) == (CaseState.ASSIGNED, None, None)
    assert new.demands == left.demands == {Demand.REVIEW}
    assert review(above, left, approved=True).draft is None


def test_a_correction_under_review_falls_when_what_it_corrects_is_done_again(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    mine, above = as_person(city.person("dispatcher")), as_person(city.person("district_dispatcher"))
    corrected = answer(mine, review(above, drafted(uow, city, as_person), approved=True))
    whose = corrected.appeals[0].appeal_id
    contested = AppealRatedV1(version=2, appeal_id=whose, answer=1, rated_at=NOW, solved=False, rating=1)
    rating.take_rating(uow_of("routing", role="consumer"), contested)
    again = now_of(uow, corrected)
    assert (again.state, again.draft, again.reviewer_post_id) == (CaseState.ASSIGNED, None, None)
    with pytest.raises(CaseNotFound):
        review(above, again, approved=True)
    assert answer(mine, again).draft is not None


def test_a_review_of_an_old_version_is_refused(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = drafted(uow, city, as_person)
    with pytest.raises(CaseChanged):
        review(as_person(city.person("district_dispatcher")), case, approved=True, version=case.version - 1)


@pytest.mark.parametrize("state", WAY)
def test_where_nothing_waits_nothing_is_reviewed_or_verified(
    uow: RolledBackUnitOfWork, city: City, as_person: As, state: CaseState
) -> None:
    case = make_case_in(state, uow, city, as_person)
    above = as_person(city.person("city_dispatcher"))
    with pytest.raises(StepNotAllowed):
        review(above, case, approved=True)
    with pytest.raises(StepNotAllowed):
        verify(above, case, passed=True)
    assert now_of(uow, case).version == case.version


def reviewed(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    """Not sealed, and to be reviewed; handed in by its holder."""
    case = make_case(uow, city)
    case.demands = frozenset({Demand.REVIEW})
    cases.save_cases(uow, [case])
    return answer(as_person(city.person("municipal")), now_of(uow, case))


def test_a_reviewer_who_recuses_hands_on_the_review(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = reviewed(uow, city, as_person)
    assert case.reviewer_post_id == city.posts["dispatcher"].post_id
    mine = as_person(city.person("dispatcher"))
    after = recusing.recuse(mine, case.case_id, version=case.version, words=WORDS)
    assert after.reviewer_post_id == city.posts["district_dispatcher"].post_id
    (told,) = told_by(mine, "recused")
    assert told["reviewer"]["subject"] == subject_of("district_dispatcher")
    with pytest.raises(NotYourStep):
        review(mine, after, approved=True)
    assert review(as_person(city.person("district_dispatcher")), after, approved=True).state is CaseState.ANSWERED
    assert faults_of(uow, case.case_id) == []


def test_what_waits_for_a_reviewer_who_left_stands_in_the_queue_above(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = reviewed(uow, city, as_person)
    above, top = as_person(city.person("district_dispatcher")), as_person(city.person("city_dispatcher"))
    assert queued_for(above) == []
    leave(uow, city, "dispatcher")
    sweep(uow_of("routing", role="clock", now=NOW))
    assert (queued_for(above), queued_for(top)) == ([case.case_id], [])
    review(above, case, approved=True)
    assert queued_for(above) == []


def test_what_waits_for_a_reviewer_who_left_stands_above_whoever_wrote_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = make_case(uow, city)
    case.demands = frozenset({Demand.REVIEW})
    cases.save_cases(uow, [case])
    author, top = as_person(city.person("district_dispatcher")), as_person(city.person("city_dispatcher"))
    handed_in = answer(author, now_of(uow, case))
    assert handed_in.reviewer_post_id == city.posts["dispatcher"].post_id
    leave(uow, city, "dispatcher")
    sweep(uow_of("routing", role="clock", now=NOW))
    assert (queued_for(author), queued_for(top)) == ([], [case.case_id])
    assert review(top, handed_in, approved=True).state is CaseState.ANSWERED


def done_again(uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf) -> Case:
    """Of what is to be reviewed: its resident says that the answer has not solved it."""
    given = review(as_person(city.person("dispatcher")), reviewed(uow, city, as_person), approved=True)
    whose = given.appeals[0].appeal_id
    contested = AppealRatedV1(version=2, appeal_id=whose, answer=1, rated_at=NOW, solved=False, rating=1)
    rating.take_rating(uow_of("routing", role="consumer"), contested)
    return now_of(uow, given)


def test_what_is_done_again_and_handed_in_in_time_is_not_late_though_its_reviewer_is(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = done_again(uow, city, as_person, uow_of)
    (redo,) = case.limits
    handed_in = answer(as_person(holder_of(city, case)), case)
    late = redo.promise.due_at + timedelta(hours=1)
    clock = uow_of("routing", role="clock", now=late)
    sweeping.sweep_due(clock)
    assert not now_of(uow, case).is_overdue(late)
    given = review(as_person(city.person("dispatcher"), now=late), now_of(uow, handed_in), approved=True)
    missed = [entry.facts["kind"] for entry in cases.list_entries(uow, given) if entry.step == "deadline_breached"]
    assert (given.state, missed) == (CaseState.ANSWERED, [])
    assert faults_of(uow, case.case_id) == []


def test_what_is_done_again_is_under_its_eye_while_its_answer_waits_for_review(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = done_again(uow, city, as_person, uow_of)
    assert case.supervisor_post_id is not None
    mine = as_person(holder_of(city, case), now=NOW + timedelta(hours=1))
    handed_in = answer(mine, case)
    reached = Work(RecordKind.CONTACT_ATTEMPT, words="已联系", outcome=ContactOutcome.REACHED)
    recording.record_work(mine, handed_in.case_id, reached)
    assert now_of(uow, case).supervisor_post_id == case.supervisor_post_id


def test_what_is_done_again_runs_on_where_it_is_sent_back(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = done_again(uow, city, as_person, uow_of)
    (redo,) = case.limits
    handed_in = answer(as_person(holder_of(city, case), now=NOW + timedelta(hours=1)), case)
    assert [limit.state for limit in handed_in.limits if limit.kind is DeadlineKind.REDO] == [DeadlineState.MET]
    back = review(as_person(city.person("dispatcher")), now_of(uow, handed_in), approved=False)
    assert back.promise_met is True
    assert now_of(uow, back).limits == [redo]
    late = redo.promise.due_at + timedelta(seconds=1)
    sweeping.sweep_due(uow_of("routing", role="clock", now=late))
    assert now_of(uow, back).is_overdue(late)
    missed = [entry.facts["kind"] for entry in cases.list_entries(uow, back) if entry.step == "deadline_breached"]
    assert missed == ["redo"]


def test_the_draft_of_a_holder_who_recuses_falls(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = reviewed(uow, city, as_person)
    assert case.promise_met is True
    after = recusing.recuse(as_person(city.person("municipal")), case.case_id, version=case.version, words=WORDS)
    assert (after.draft, after.reviewer_post_id, after.promise_met) == (None, None, None)
    assert now_of(uow, case).deadline.state is DeadlineState.OPEN  # type: ignore[union-attr]
    assert faults_of(uow, case.case_id) == []


# Looked at on site -----------------------------------------------------------------------------------------------


def urgent_answered(uow: RolledBackUnitOfWork, city: City, as_person: As) -> Case:
    case = make_case(uow, city, **URGENT)
    return answer(as_person(holder_of(city, case)), case, evidence="照片1")


def test_what_is_to_be_verified_closes_only_after_that(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = urgent_answered(uow, city, as_person)
    mine = as_person(holder_of(city, case))
    with pytest.raises(VerificationOwed):
        TAKE[Step.CLOSE](mine, case)
    after = verify(as_person(city.person("window")), case, passed=True)
    assert (after.state, after.verified) == (CaseState.ANSWERED, True)
    assert TAKE[Step.CLOSE](mine, after).state is CaseState.CLOSED


def test_who_held_it_before_does_not_verify_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, **URGENT)
    before = holder_of(city, case)
    case = dispatching.re_dispatch_case(
        *(as_person(city.person("dispatcher")), case.case_id),
        version=case.version,
        to=city.posts["legal"].post_id,
        words=WORDS,
    )
    case = answer(as_person(city.person("legal")), case, evidence="照片1")
    with pytest.raises(NotYourStep):
        verify(as_person(before), case, passed=True)
    assert verify(as_person(city.person("window")), case, passed=True).verified


def test_who_held_it_before_it_was_split_off_does_not_verify_that(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, **URGENT)
    opening.open_cases(uow, [make_appeal(city, repeat_of=case.appeals[0].appeal_id)])
    before, dispatcher = holder_of(city, case), as_person(city.person("dispatcher"))
    given: dict[str, Any] = {"version": now_of(uow, case).version, "to": city.posts["legal"].post_id, "words": WORDS}
    case = dispatching.re_dispatch_case(dispatcher, case.case_id, **given)
    case = answer(as_person(city.person("legal")), case, evidence="照片1")
    new = split(dispatcher, case, case.appeals[1].appeal_id).new
    with pytest.raises(NotYourStep):
        verify(as_person(before), now_of(uow, new), passed=True)
    assert verify(as_person(city.person("window")), now_of(uow, new), passed=True).verified


def test_who_did_a_part_of_it_does_not_verify_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, **URGENT)
    mine = as_person(holder_of(city, case))
    part = call_in(mine, city, case, "window", due_at=NOW + timedelta(hours=1))
    report(as_person(city.person("window")), part)
    case = answer(mine, now_of(uow, case), evidence="照片1")
    with pytest.raises(NotYourStep):
        verify(as_person(city.person("window")), case, passed=True)


def test_who_entered_what_they_did_on_it_does_not_verify_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, **URGENT)
    helper, holder = as_person(city.person("legal")), as_person(holder_of(city, case))
    call_in(holder, city, case, "legal")
    seen = recording.record_work(helper, case.case_id, Work(RecordKind.SITE_VISIT, words="我到场修好了")).case
    answered = answer(holder, seen, evidence="照片")
    with pytest.raises(NotYourStep):
        verify(helper, answered, passed=True)
    assert verify(as_person(city.person("dispatcher")), answered, passed=True).verified


def test_danger_is_done_again_within_the_hours_that_were_promised(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = urgent_answered(uow, city, as_person)
    assert case.deadline is not None
    promised = case.deadline.promise.term
    assert promised.unit is Unit.CLOCK_HOURS
    verify(as_person(city.person("dispatcher")), now_of(uow, case), passed=False)
    (redo,) = now_of(uow, case).limits
    assert redo.promise.term == promised
    assert redo.promise.due_at == NOW + timedelta(hours=promised.count)
    assert faults_of(uow, case.case_id) == []


def test_who_wrote_an_answer_before_does_not_verify_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, **URGENT)
    case = answer(as_person(city.person("dispatcher")), case, evidence="照片1")
    case = answer(as_person(holder_of(city, case)), case, evidence="照片2")
    with pytest.raises(NotYourStep):
        verify(as_person(city.person("dispatcher")), case, passed=True)


@pytest.mark.parametrize("who", ["municipal", "legal", "window", "dispatcher", "district_dispatcher"])
def test_who_is_offered_to_verify_may_and_who_is_not_may_not(
    uow: RolledBackUnitOfWork, city: City, as_person: As, who: str
) -> None:
    """The municipal post held it, the window did a part, the dispatcher wrote an answer, and legal has it now."""
    case = make_case(uow, city, **URGENT)
    part = call_in(as_person(holder_of(city, case)), city, case, "window", due_at=NOW + timedelta(hours=1))
    report(as_person(city.person("window")), part)
    dispatcher = as_person(city.person("dispatcher"))
    legal = city.posts["legal"].post_id
    version = now_of(uow, case).version
    case = dispatching.re_dispatch_case(dispatcher, case.case_id, version=version, to=legal, words=WORDS)
    case = answer(as_person(city.person("dispatcher")), case, evidence="照片1")
    case = answer(as_person(city.person("legal")), case, evidence="照片2")
    person = as_person(city.person(who))
    offered = Step.VERIFY in reading.get_case(person, case.case_id).steps
    assert offered == (who == "district_dispatcher")
    if offered:
        assert verify(person, case, passed=True).verified
    else:
        with pytest.raises(NotYourStep):
            verify(person, case, passed=True)


@pytest.mark.parametrize("who", ["municipal"])
def test_who_handled_it_does_not_verify_it(uow: RolledBackUnitOfWork, city: City, as_person: As, who: str) -> None:
    case = urgent_answered(uow, city, as_person)
    with pytest.raises(NotYourStep):
        verify(as_person(city.person(who)), case, passed=True)
    both = as_person(city.person(who, "dispatcher"))
    with pytest.raises(NotYourStep):
        verify(both, case, passed=True)


def test_what_does_not_pass_is_under_way_again_with_a_limit(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = urgent_answered(uow, city, as_person)
    calling_back.have_called(uow, case.appeals[0].appeal_id)
    above = as_person(city.person("dispatcher"))
    after = verify(above, now_of(uow, case), passed=False)
    assert (after.state, after.calls_owed, after.promise_met) == (CaseState.ASSIGNED, 0, True)
    assert [limit.kind for limit in now_of(uow, case).limits] == [DeadlineKind.REDO]
    assert all(not asked.is_open for asked in call_backs.list_of_case(uow, case.case_id))
    (told,) = told_by(above, "verified")
    assert (told["passed"], told["handler"]["subject"]) == (False, subject_of("municipal"))
    assert told["promise_due"] is not None
    assert faults_of(uow, case.case_id) == []
    again = answer(as_person(holder_of(city, after)), after, evidence="照片2")
    assert (again.state, again.verified) == (CaseState.ANSWERED, False)
    with pytest.raises(VerificationOwed):
        TAKE[Step.CLOSE](as_person(holder_of(city, again)), again)


def test_silence_does_not_close_what_is_to_be_verified(
    uow: RolledBackUnitOfWork, city: City, as_person: As, uow_of: UnitOfWorkOf
) -> None:
    case = urgent_answered(uow, city, as_person)
    later = NOW + timedelta(days=30)
    assert sweeping.sweep_due(uow_of("routing", role="clock", now=later)) == 1
    assert now_of(uow, case).state is CaseState.ANSWERED
    after = verify(as_person(city.person("dispatcher"), now=later), now_of(uow, case), passed=True)
    assert after.state is CaseState.CLOSED


# Corrected -------------------------------------------------------------------------------------------------------


def test_a_correction_is_a_new_answer_told_as_one_and_rated_instead(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    mine = as_person(city.person("municipal"))
    first = answer(mine, make_case(uow, city))
    calling_back.have_called(uow, first.appeals[0].appeal_id)
    second = answer(mine, now_of(uow, first), answer="更正：已于今日修好。")
    assert (second.state, second.calls_owed) == (CaseState.ANSWERED, 0)
    before, after = call_backs.list_of_case(uow, first.case_id)
    assert (before.is_open, after.is_open, after.answer) == (False, True, 2)
    words = [entry.words for entry in cases.list_entries(uow, second) if entry.step == "answered"]
    assert words == [ANSWER, "更正：已于今日修好。"]
    said = [(told["corrects"], told["parties"][0]["answer"]) for told in told_by(mine, "answered")]
    assert said == [(False, 1), (True, 2)]
    assert [limit.kind for limit in now_of(uow, first).limits] == [DeadlineKind.RATING]


def test_a_correction_too_is_reviewed(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = drafted(uow, city, as_person)
    above = as_person(city.person("district_dispatcher"))
    given = review(above, case, approved=True)
    again = answer(as_person(city.person("dispatcher")), given)
    assert (again.state, again.draft) == (CaseState.ANSWERED, again.version)
    with pytest.raises(AnswerDrafted):
        TAKE[Step.CLOSE](as_person(city.person("dispatcher")), again)
    back = review(above, again, approved=False)
    assert (back.state, back.promise_met, back.draft) == (CaseState.ANSWERED, True, None)
