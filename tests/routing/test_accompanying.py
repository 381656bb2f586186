"""Handed over to a centre, the resident accompanied: it keeps the promise, closes nothing, and is followed."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty
from contracts.intake import AppealWithdrawnV1
from contracts.routing import CaseAccompaniedV1, CaseCentreReportedV1, CaseState, Outcome
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from network import consumers as network
from routing.domain.case import Case, DeadlineState
from routing.domain.steps import Step
from routing.domain.waiting import Plan
from routing.errors import (
    AlreadyThere,
    CaseNotFound,
    CentreMissing,
    NotForACentre,
    NotYourStep,
    PromiseKept,
    StepNotAllowed,
    StillFollowed,
    UnfitPost,
)
from routing.repository import accompaniments, cases
from routing.service import accompanying, asking, dispatching, opening, planning, reading, steps

from tests.routing.auditing import faults_of
from tests.routing.conftest import City, make_post, put_post, subject_of
from tests.routing.test_pressing import RING
from tests.routing.test_steps import TAKE, As, make_case

CENTRE, WITH, WORDS = "海州区法律援助中心", "社区干部李娜", "材料已当面移交"
OFFICE = uuid4()


@pytest.fixture
def city(uow: RolledBackUnitOfWork, city: City) -> City:
    aid = make_post(city, "aid", Duty.DEPARTMENT, "district", office_id=OFFICE, matters=["legal.aid"], title=CENTRE)
    network.copy_posts(uow, [aid, make_post(city, "petition", Duty.PETITION, "community")], versions=[1, 1])
    return city


def accompany(uow: RolledBackUnitOfWork, case: Case, **more: Any) -> Case:
    where = more or {"centre": CENTRE}
    return accompanying.accompany(uow, case.case_id, version=case.version, with_whom=WITH, words=WORDS, **where)


def report(uow: RolledBackUnitOfWork, case: Case, *, final: bool) -> Case:
    return accompanying.enter_centre_report(uow, case.case_id, version=case.version, words="中心已受理", final=final)


def answer(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return steps.answer_case(
        uow, case.case_id, version=case.version, outcome=Outcome.SOLVED, answer="已由中心指派律师。"
    )


def legal_case(uow: RolledBackUnitOfWork, city: City, **overrides: Any) -> Case:
    case = make_case(uow, city, suggested_category="legal.aid", **overrides)
    assert case.holder_post_id == city.posts["legal"].post_id
    return case


def page(*, limit: int = 9, cursor: str | None = None) -> Page:
    return Page(limit=limit, of_list="followed", ring=RING, cursor=cursor)


def followed_by(uow: RolledBackUnitOfWork) -> list[UUID]:
    return [line.accompaniment.case_id for line in accompanying.list_followed(uow, page()).items]


def said(uow: RolledBackUnitOfWork, event: type[Any]) -> Any:
    (found,) = [each.body or "" for each in uow.published if each.type == event.TYPE]
    return event.model_validate_json(found)


def test_the_hand_over_keeps_the_promise_and_closes_nothing(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = legal_case(uow, city)
    holder = as_person(city.person("legal"))
    after = accompany(holder, case)
    assert (after.state, after.promise_met, after.followed_since) == (CaseState.IN_PROGRESS, True, NOW)
    assert after.holder_post_id == case.holder_post_id
    assert after.deadline is not None
    assert after.deadline.state is DeadlineState.MET
    told = said(holder, CaseAccompaniedV1)
    assert (told.centre, told.at_centre, told.with_whom, told.promise_met) == (CENTRE, None, WITH, True)
    assert told.handler.subject == subject_of("legal")
    assert WORDS not in "".join(event.body or "" for event in holder.published)
    entry = cases.list_entries(uow, after)[-1]
    assert (entry.step, entry.words) == ("accompanied", f"{CENTRE}，{WITH}：{WORDS}")
    assert WITH not in str(entry.facts)
    assert not after.is_overdue(NOW + timedelta(days=30))
    (kept,) = reading.get_case(as_person(city.person("legal")), case.case_id).accompaniments
    assert (kept.centre, kept.with_whom, kept.reports, kept.final_at) == (CENTRE, WITH, 0, None)


def test_a_late_hand_over_marks_the_missed_promise_first(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = legal_case(uow, city)
    assert case.promise_due is not None
    late = as_person(city.person("legal"), now=case.promise_due + timedelta(seconds=1))
    after = accompany(late, case)
    assert after.promise_met is False
    steps_taken = [entry.step for entry in cases.list_entries(uow, after)]
    assert steps_taken[-2:] == ["deadline_breached", "accompanied"]
    assert answer(late, report(late, after, final=True)).promise_met is False


def test_it_is_answered_only_after_the_centres_final_report(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    holder = as_person(city.person("legal"))
    case = accompany(holder, legal_case(uow, city))
    for final in (False, True):
        with pytest.raises(StillFollowed, match="final"):
            answer(holder, case)
        case = report(holder, case, final=final)
    assert case.followed_since is None
    done = answer(holder, case)
    assert (done.state, done.promise_met) == (CaseState.ANSWERED, True)
    (kept,) = accompaniments.list_of_case(holder, case.case_id)
    assert (kept.reports, kept.final_at) == (2, NOW)
    reports = [each for each in holder.published if each.type == CaseCentreReportedV1.TYPE]
    assert [CaseCentreReportedV1.model_validate_json(each.body or "").final for each in reports] == [False, True]
    assert "中心已受理" not in "".join(each.body or "" for each in reports)


def test_a_promise_kept_by_the_hand_over_is_not_missed_by_a_late_answer(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = accompany(as_person(city.person("legal")), legal_case(uow, city))
    later = as_person(city.person("legal"), now=NOW + timedelta(days=40))
    assert answer(later, report(later, case, final=True)).promise_met is True


def test_a_promise_kept_by_the_hand_over_stays_kept_when_the_case_comes_out_of_a_plan(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    holder = as_person(city.person("legal"))
    case = report(holder, accompany(holder, legal_case(uow, city)), final=True)
    case = planning.plan_case(holder, case.case_id, Plan(date(2027, 4, 30), "待办"), version=case.version)
    urgent: dict[str, Any] = {"category": "municipal.emergency", "words": "墙体塌陷"}
    after = dispatching.re_sort_case(as_person(city.person("dispatcher")), case.case_id, version=case.version, **urgent)
    assert (after.planned_for, after.promise_met, faults_of(uow, case.case_id)) == (None, True, [])


def test_a_report_that_no_hand_over_is_owed_for_is_refused(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    holder = as_person(city.person("legal"))
    case = legal_case(uow, city)
    with pytest.raises(StepNotAllowed, match="centre_report"):
        report(holder, case, final=True)
    case = report(holder, accompany(holder, case), final=True)
    with pytest.raises(StepNotAllowed, match="centre_report"):
        report(holder, case, final=True)
    again = accompany(holder, case)
    with pytest.raises(StillFollowed):
        accompany(holder, again)
    assert len(accompaniments.list_of_case(holder, case.case_id)) == 2


def test_only_legal_matters_and_petitions_are_handed_over(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    with pytest.raises(NotForACentre):
        accompany(as_person(city.person("municipal")), make_case(uow, city))
    petition = make_case(uow, city, suggested_category="stability.petition")
    assert accompany(as_person(city.person("petition")), petition).followed_since == NOW


@pytest.mark.parametrize("who", ["window", "municipal"])
def test_it_is_for_the_holder_and_the_dispatchers(
    uow: RolledBackUnitOfWork, city: City, as_person: As, who: str
) -> None:
    case = legal_case(uow, city)
    with pytest.raises(NotYourStep):
        accompany(as_person(city.person(who)), case)
    case = accompany(as_person(city.person("dispatcher")), case)
    with pytest.raises(NotYourStep):
        report(as_person(city.person(who)), case, final=True)
    with pytest.raises(CaseNotFound):
        report(as_person(city.person("other_dispatcher")), case, final=True)
    assert report(as_person(city.person("district_dispatcher")), case, final=True).followed_since is None


def test_a_centre_on_the_platform_is_told_and_sees_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = legal_case(uow, city)
    holder = as_person(city.person("legal"))
    accompany(holder, case, to=city.posts["aid"].post_id)
    told = said(holder, CaseAccompaniedV1)
    assert (told.centre, told.at_centre.subject, told.at_centre.office_id) == (CENTRE, subject_of("aid"), OFFICE)
    seen = reading.get_case(as_person(city.person("aid")), case.case_id)
    assert (seen.case.holder_post_id, Step.ANSWER in seen.steps) == (city.posts["legal"].post_id, False)


def test_a_centre_that_cannot_take_it_is_refused(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    holder = as_person(city.person("legal"))
    case = legal_case(uow, city)
    put_post(uow, city.posts["aid"].model_copy(update={"holders": []}))
    for where, error in (
        ({"to": uuid4()}, UnfitPost),
        ({"to": city.posts["aid"].post_id}, UnfitPost),
        ({"to": city.posts["other_dispatcher"].post_id}, UnfitPost),
        ({"to": city.posts["legal"].post_id}, AlreadyThere),
        ({"centre": None}, CentreMissing),
    ):
        with pytest.raises(error):
            accompany(holder, case, **where)
    assert cases.get_case(uow, case.case_id).version == case.version


def test_what_is_followed_is_listed_by_how_long_nothing_was_heard(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    first, second, third = [
        accompany(as_person(city.person("legal"), now=NOW + timedelta(hours=hour)), legal_case(uow, city))
        for hour in range(3)
    ]
    report(as_person(city.person("legal"), now=NOW + timedelta(hours=5)), first, final=False)
    order = [second.case_id, third.case_id, first.case_id]
    for who in ("legal", "dispatcher", "district_supervisor"):
        assert followed_by(as_person(city.person(who))) == order
    assert followed_by(as_person(city.person("other_dispatcher"))) == []
    mine = as_person(city.person("legal"))
    one = accompanying.list_followed(mine, page(limit=2))
    assert one.next is not None
    rest = accompanying.list_followed(mine, page(limit=2, cursor=one.next))
    assert [line.accompaniment.case_id for line in (*one.items, *rest.items)] == order
    (line,) = rest.items
    assert (line.accompaniment.reports, line.followed_since) == (1, NOW + timedelta(hours=5))
    report(mine, cases.get_case(uow, second.case_id), final=True)
    assert followed_by(mine) == order[1:]


def test_a_bureau_that_holds_what_is_followed_finds_it_on_its_list(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    """It sees what it is given, and no place."""
    justice = make_post(city, "justice", Duty.BUREAU, "city", office_id=uuid4(), matters=["legal"])
    put_post(uow, justice, version=1)
    case = legal_case(uow, city)
    dispatcher = as_person(city.person("dispatcher"))
    given = dispatching.re_dispatch_case(
        dispatcher, case.case_id, version=case.version, to=justice.post_id, words="改派"
    )
    accompany(as_person(city.person("justice")), given)
    assert followed_by(as_person(city.person("justice"))) == [case.case_id]


def test_what_is_followed_leaves_the_work_list_and_comes_back_with_the_final_report(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    holder = as_person(city.person("legal"))
    case = legal_case(uow, city)

    def worklist() -> list[UUID]:
        lines = reading.list_worklist(holder, Page(limit=9, of_list="worklist", ring=RING, cursor=None))
        return [line.case.case_id for line in lines.items]

    assert worklist() == [case.case_id]
    case = accompany(holder, case)
    assert worklist() == []
    report(holder, case, final=True)
    assert worklist() == [case.case_id]


def test_what_a_centre_has_in_hand_is_not_declined_by_what_was_asked_before(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    holder = as_person(city.person("legal"))
    asked = TAKE[Step.ASK_DECLINE](holder, legal_case(uow, city))
    case = accompany(holder, asked)
    with pytest.raises(StillFollowed):
        asking.rule_on_case(
            as_person(city.person("dispatcher")), case.case_id, version=case.version, granted=True, words="同意"
        )


def test_a_followed_case_is_not_asked_to_be_declined_or_extended(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    holder = as_person(city.person("legal"))
    case = accompany(holder, legal_case(uow, city))
    with pytest.raises(StillFollowed):
        TAKE[Step.ASK_DECLINE](holder, case)
    with pytest.raises(PromiseKept):
        TAKE[Step.ASK_EXTENSION](holder, case)
    assert cases.get_case(uow, case.case_id).version == case.version


def test_whoever_it_is_given_to_goes_on_following_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = accompany(as_person(city.person("legal")), legal_case(uow, city))
    moved = dispatching.re_dispatch_case(
        as_person(city.person("dispatcher")),
        case.case_id,
        version=case.version,
        to=city.posts["window"].post_id,
        words="改派",
    )
    assert moved.followed_since == NOW
    clerk = as_person(city.person("window"))
    with pytest.raises(StillFollowed):
        answer(clerk, moved)
    assert answer(clerk, report(clerk, moved, final=True)).state is CaseState.ANSWERED


def test_a_withdrawal_ends_the_following(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = accompany(as_person(city.person("legal")), legal_case(uow, city))
    withdrawn = AppealWithdrawnV1(version=2, appeal_id=case.appeals[0].appeal_id, withdrawn_at=NOW, reason="settled")
    opening.withdraw_appeal(uow, withdrawn)
    after = cases.get_case(uow, case.case_id)
    assert (after.state, after.followed_since) == (CaseState.CLOSED, None)
    assert followed_by(as_person(city.person("legal"))) == []
