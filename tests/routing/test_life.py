"""Any steps by anybody in any order: whatever happens, a case has one holder, loses nothing, and promises no later."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.intake import AppealRatedV1
from contracts.routing import Ask, CaseState, HandoverMeans, LinkKind, Outcome, RecordKind
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.auth import EVERYWHERE
from kit.errors import ServiceError
from kit.testing.servers import NOW, RolledBackUnitOfWork
from network import consumers as network
from network import posts
from routing.domain.assignment import Owing
from routing.domain.case import Case, ClosedReason, DeadlineKind
from routing.domain.chain import list_faults
from routing.domain.figures import EXCLUDABLE
from routing.domain.origin import Cause, Source
from routing.domain.promise import Unit
from routing.domain.recording import Work
from routing.domain.steps import Step
from routing.domain.waiting import Plan
from routing.errors import (
    AlreadyExcluded,
    AlreadyGranted,
    AlreadyThere,
    AssignedFromAbove,
    CaseNotFound,
    GrantNotFound,
    HadItBefore,
    HelpsAlready,
    LinkedAlready,
    NobodyHolds,
    NobodyRules,
    NotYoursToName,
    NudgedAlready,
    PlaceNamedAlready,
    PromiseMissed,
    SealedLinksSealed,
    StillFollowed,
    SuspendedStill,
    SuspensionOver,
    UnfitGrant,
    UnfitPartLimit,
    UnfitPost,
    UnfitTarget,
    WhereToMissing,
)
from routing.repository import accompaniments, call_backs, cases, joint, links, pressings, seals
from routing.repository import incidents as incident_places
from routing.service import (
    accompanying,
    answering,
    asking,
    calling_back,
    dispatching,
    excluding,
    explaining,
    helping,
    hotline,
    incidents,
    linking,
    merging,
    opening,
    planning,
    pressing,
    rating,
    reading,
    recording,
    recusing,
    reporting_back,
    sealing,
    splitting,
    steps,
    suspending,
)

from tests.conftest import UnitOfWorkOf
from tests.routing.auditing import faults_of, misfigured
from tests.routing.conftest import City, make_appeal, make_place, subject_of
from tests.routing.documents import as_document, put_into_force
from tests.routing.test_reporting_back import make_assignment
from tests.routing.test_steps import make_case

PEOPLE = (
    *("municipal", "window", "legal", "dispatcher"),
    *("district_dispatcher", "district_supervisor", "city_dispatcher", "other_dispatcher"),
)
CATEGORIES = (
    *("municipal.street_lights", "municipal.water", "administrative.hukou", "legal.aid"),
    *("stability.petition", "stability.discipline"),
)

#: How a case comes in: sorted or not, assigned from above or not, sealed by who took it or as it complains of staff.
UNSORTED, ASSIGNED = {"suggested_category": None}, {"assignment": make_assignment()}
SEALED, COMPLAINT = {"sealed": True}, {"complained_of": [subject_of("window")]}
OPENED: tuple[dict[str, Any], ...] = (
    *({}, UNSORTED, ASSIGNED, {**UNSORTED, **ASSIGNED}),
    *(SEALED, COMPLAINT, {**COMPLAINT, **UNSORTED}, {**COMPLAINT, **ASSIGNED}),
)

#: What may still be wrong with a step that is this person's to take now: where it is to go, or what they grant.
UNFIT = (
    *(AlreadyThere, UnfitPost, WhereToMissing, PromiseMissed, NudgedAlready),
    *(NobodyHolds, NobodyRules, StillFollowed, HadItBefore, SuspendedStill, SuspensionOver),
    *(AssignedFromAbove, UnfitTarget),
    *(HelpsAlready, NotYoursToName, UnfitPartLimit, LinkedAlready),
    PlaceNamedAlready,
    *(AlreadyGranted, GrantNotFound, UnfitGrant),
    *(AlreadyExcluded, SealedLinksSealed),
)


@dataclass(frozen=True)
class Act:
    """Somebody tries a step; what a step does not need is left unused."""

    who: str
    step: Step
    category: str
    to: str
    granted: bool
    hours: int


ACTS = st.builds(
    Act,
    who=st.sampled_from(PEOPLE),
    step=st.sampled_from(Step),
    category=st.sampled_from(CATEGORIES),
    to=st.sampled_from(PEOPLE),
    granted=st.booleans(),
    hours=st.integers(0, 30),
)


def take(uow: RolledBackUnitOfWork, city: City, case: Case, act: Act, other: Case) -> object:
    common: dict[str, Any] = {"case_id": case.case_id, "version": case.version}
    moves = act.granted and case.ask is Ask.RETURN
    post = city.posts[act.to].post_id
    mine = {city.posts[act.who].post_id}
    helping_now = [each for each in joint.list_of_case(uow, case.case_id) if each.is_open]
    helping_now.sort(key=lambda each: each.post_id not in mine)
    part = helping_now[0].helper_id if helping_now else uuid4()
    linked = next((each.link.link_id for each in links.list_of_case(uow, case.case_id)), uuid4())
    owed = next((each.pressing_id for each in pressings.list_of_case(uow, case.case_id) if each.is_owed), uuid4())
    asked = {"words": "申请", **common}
    part_due = uow.now + timedelta(hours=1 + act.hours)
    ahead = uow.now.date() + timedelta(days=2 + act.hours)
    parties = [appeal.appeal_id for appeal in case.parties]
    take: dict[Step, Callable[[], object]] = {
        Step.ACCEPT: lambda: steps.accept_case(uow, **common, category=act.category),
        Step.START: lambda: steps.start_case(uow, **common),
        Step.ANSWER: lambda: steps.answer_case(
            uow, **common, outcome=Outcome.SOLVED, answer="已修好", evidence="照片1"
        ),
        Step.HAND_OVER: lambda: steps.hand_over_case(uow, **common, means=HandoverMeans.COLLECTED),
        Step.CLOSE: lambda: steps.close_case(uow, **common),
        Step.RE_SORT: lambda: dispatching.re_sort_case(uow, **asked, category=act.category),
        Step.RE_DISPATCH: lambda: dispatching.re_dispatch_case(uow, **asked, to=post),
        Step.ASK_RETURN: lambda: asking.ask_dispatcher(uow, **asked, ask=Ask.RETURN, reason="not_our_remit"),
        Step.ASK_DECLINE: lambda: asking.ask_dispatcher(uow, **asked, ask=Ask.DECLINE, reason="in_court"),
        Step.ASK_EXTENSION: lambda: asking.ask_dispatcher(
            uow, **asked, ask=Ask.EXTENSION, reason="materials", days=1 + act.hours % 5
        ),
        Step.ASK_SUSPENSION: lambda: asking.ask_dispatcher(
            uow, **asked, ask=Ask.SUSPENSION, reason="testing", until=ahead
        ),
        Step.RESUME: lambda: suspending.resume_case(uow, **asked),
        Step.TRANSFER: lambda: dispatching.transfer_case(uow, **asked, to=post),
        Step.TAKE_OVER: lambda: dispatching.take_over_case(uow, **asked),
        Step.PLAN: lambda: planning.plan_case(uow, plan=Plan(ahead, "列入计划"), **common),
        Step.RE_PLAN: lambda: planning.re_plan_case(uow, plan=Plan(ahead, "改期"), **common),
        Step.RULE: lambda: asking.rule_on_case(uow, **asked, granted=act.granted, to=post if moves else None),
        Step.RECORD: lambda: recording.record_work(uow, case.case_id, Work(RecordKind.CALL, words="已电话说明")).case,
        Step.NUDGE: lambda: pressing.nudge_case(uow, **asked),
        Step.ORDER: lambda: pressing.order_report(uow, **asked, due_at=uow.now + timedelta(days=1)),
        Step.INSTRUCT: lambda: pressing.enter_instruction(uow, **asked, leader="区长"),
        Step.GRANT: lambda: sealing.grant_case(uow, **asked, subject=subject_of(act.to)),
        Step.ASK_EXCLUSION: lambda: excluding.ask_exclusion(uow, **asked, rate=EXCLUDABLE[act.hours % 4]),
        Step.REVIEW_EXCLUSION: lambda: excluding.review_exclusion(uow, **asked, granted=act.granted),
        Step.REVOKE_GRANT: lambda: sealing.revoke_grant(uow, grant_id=_granted(uow, case), **common),
        Step.RECUSE: lambda: recusing.recuse(uow, **asked),
        Step.ACCOMPANY: lambda: accompanying.accompany(uow, **asked, centre="法律援助中心", with_whom="社区干部"),
        Step.CENTRE_REPORT: lambda: accompanying.enter_centre_report(uow, **asked, final=act.granted),
        Step.NAME_AFFECTED: lambda: incidents.name_affected(
            uow, **common, place_ids=[city.ids[("area", "area2")[act.hours % 2]]], words="停水检修"
        ),
        Step.TELL_AFFECTED: lambda: incidents.tell_affected(uow, **common, words="已恢复"),
        Step.MERGE: lambda: merging.merge_case(uow, **asked, into=other.number),
        Step.SPLIT: lambda: splitting.split_case(uow, **asked, appeal_ids=parties[1:] or [uuid4()]),
        Step.REPORT: lambda: pressing.report_on_pressing(uow, owed, version=case.version, words="已办"),
        Step.REPORT_BACK: lambda: reporting_back.report_back(uow, **asked),
        Step.ENTER_REVIEW: lambda: reporting_back.enter_review(
            uow, **asked, accepted=act.granted, due_at=None if act.granted else uow.now + timedelta(days=1)
        ),
        Step.CALL_IN: lambda: helping.call_in_helper(uow, **asked, to=post, due_at=part_due),
        Step.REPORT_PART: lambda: helping.report_part(uow, case.case_id, part, version=case.version, words="已办"),
        Step.RELEASE: lambda: helping.release_helper(uow, case.case_id, part, version=case.version, words="不用了"),
        Step.LINK: lambda: linking.link_cases(uow, **asked, number=other.number, kind=LinkKind.SAME_CAUSE),
        Step.UNLINK: lambda: linking.unlink_cases(uow, case.case_id, linked, version=case.version, words="误连"),
        Step.HAND_TO_HOTLINE: lambda: hotline.hand_to_hotline(uow, **asked),
        Step.REVIEW: lambda: answering.review_answer(uow, **asked, approved=act.granted),
        Step.VERIFY: lambda: answering.verify_case(uow, **asked, passed=act.granted),
        Step.CALL_BACK: lambda: rating.call_back_resident(
            uow, **common, words="已回访", solved=act.granted if act.hours % 2 else None
        ),
    }
    return take[act.step]()


def _granted(uow: RolledBackUnitOfWork, case: Case) -> UUID:
    """One that is in force, or none that there is."""
    grants = seals.list_grants(uow, case.case_id)
    return next((each.grant_id for each in grants if each.is_in_force), uuid4())


@pytest.fixture
def auditor(uow_of: UnitOfWorkOf) -> RolledBackUnitOfWork:
    return uow_of("routing", role="auditor")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(opened=st.sampled_from(OPENED), acts=st.lists(ACTS, min_size=1, max_size=14))
def test_no_steps_in_any_order_break_a_case(  # noqa: PLR0917  # fixtures, and what is drawn
    uow: RolledBackUnitOfWork,
    city: City,
    auditor: RolledBackUnitOfWork,
    uow_of: UnitOfWorkOf,
    opened: dict[str, Any],
    acts: list[Act],
) -> None:
    if "area2" not in city.ids:
        network.handlers(moved=lambda *_: None)[0](uow, [make_place(city, "area2", "area", "community")], versions=[1])
        put_into_force(_at(uow_of), as_document(uow, settings={"contact": "1 working day"}, contact="20 hours"))
    case, other = make_case(uow, city, **opened), make_case(uow, city)
    opening.open_cases(uow, [make_appeal(city, repeat_of=case.appeals[0].appeal_id)])
    case = cases.get_case(uow, case.case_id)
    everybody = {appeal.appeal_id for appeal in case.appeals}
    said, now = case.version, NOW
    for act in acts:
        now += timedelta(hours=act.hours)
        person = uow_of("routing", person=city.person(act.who), now=now)
        before = cases.get_case(uow, case.case_id)
        if not _may(person, case, act.step):
            with pytest.raises(ServiceError):
                take(person, city, before, act, other)
            assert cases.get_case(uow, case.case_id).version == before.version
            continue
        try:
            take(person, city, before, act, other)
        except UNFIT:
            assert cases.get_case(uow, case.case_id).version == before.version
            continue
        after = cases.get_case(uow, case.case_id)
        said += _said(person, case)
        _stands(before, after)
        _is_shut(after, city, uow_of)
        _keeps_apart(uow_of("routing", person=city.person(act.who), role="auditor", scope=EVERYWHERE), after)
        _helps(uow, after)
        assert after.linked == len(links.list_of_case(auditor, case.case_id))
        said += _residents_turn(uow_of("routing", role="consumer", now=now), after, act)
        after = cases.get_case(uow, case.case_id)
        waiting = [each for each in call_backs.list_of_case(uow, case.case_id) if each.is_to_be_called]
        assert after.calls_owed == len(waiting)
        assert after.reports_owed == sum(each.is_owed for each in pressings.list_of_case(uow, case.case_id))
        _tells(person, before, after)
        assert after.version == said
    entries = cases.list_entries(uow, cases.get_case(uow, case.case_id))
    after = cases.get_case(uow, case.case_id)
    assert list_faults(entries, head=after.head, length=after.version) == []
    assert faults_of(uow, case.case_id) == []
    assert misfigured(auditor) == []
    found = cases.find_cases_of_appeals_for_change(uow, everybody)
    looking = uow_of("routing", now=now)
    assert [
        doubt for case_id in {each.case_id for each in (*found.values(), after)} for doubt in doubts(looking, case_id)
    ] == []
    assert found.keys() == everybody, "each is in one case still"
    assert all(appeal in {party.appeal_id for party in found[appeal].appeals} for appeal in everybody)


def _at(uow_of: UnitOfWorkOf) -> Callable[..., RolledBackUnitOfWork]:
    return lambda person, *, now: uow_of("routing", person=person, now=now)


def doubts(uow: RolledBackUnitOfWork, case_id: UUID) -> list[tuple[DeadlineKind, Cause, object]]:
    """What the explanations of a case's deadlines do not agree with, or cannot say."""
    of_case = [
        explaining.explain_deadline(uow, case_id, each.deadline_id)[1] for each in cases.list_deadlines(uow, case_id)
    ]
    return [
        (each.kind, each.cause, each.differences)
        for each in of_case
        if not each.agrees or each.cause in (Cause.UNKNOWN, Cause.OTHER) or each.source is Source.UNKNOWN
    ]


def _residents_turn(uow: RolledBackUnitOfWork, case: Case, act: Act) -> int:
    """Whom no message reaches, or who says something of the answer; how many events that makes."""
    if case.state in (CaseState.ANSWERED, CaseState.CLOSED) and case.appeals:
        appeal = max(case.appeals, key=lambda appeal: appeal.number)
        if act.hours % 3 == 0:
            calling_back.have_called(uow, appeal.appeal_id)
        if act.hours % 5 == 0:
            theirs = [each for each in call_backs.list_of_case(uow, case.case_id) if each.appeal_id == appeal.appeal_id]
            number = max((each.answer for each in theirs), default=1)
            said: dict[str, Any] = {"answer": number, "solved": act.granted, "rating": 3, "rated_at": uow.now}
            rating.take_rating(uow, AppealRatedV1(version=2, appeal_id=appeal.appeal_id, **said))
    return _said(uow, case)


def _said(uow: RolledBackUnitOfWork, case: Case) -> int:
    mine = [event for event in uow.published if event.key == str(case.case_id)]
    return sum(event.topic == "routing.case.v1" for event in mine)


def _may(person: RolledBackUnitOfWork, case: Case, step: Step) -> bool:
    try:
        return step in reading.get_case(person, case.case_id).steps
    except CaseNotFound:
        return False


def _is_shut(case: Case, city: City, uow_of: UnitOfWorkOf) -> None:
    """A sealed case is seen by those alone whom it is open to; the others see what lies at their place or above it."""
    for code in PEOPLE:
        person = city.person(code)
        mine = {person.subject, str(city.posts[code].post_id)}
        is_open = bool(mine & set(case.seen_by)) if case.seal else case.placed_path.startswith(city.posts[code].path)
        assert _sees(uow_of("routing", person=person), case) is (is_open and person.subject not in case.complained_of)


def _sees(uow: RolledBackUnitOfWork, case: Case) -> bool:
    try:
        return cases.get_case(uow, case.case_id).case_id == case.case_id
    except CaseNotFound:
        return False


def _keeps_apart(uow: RolledBackUnitOfWork, case: Case) -> None:
    """Nobody who has an interest in it holds it or rules on it; what is followed is with one centre, and is open."""
    for post_id in (case.holder_post_id, case.ruler_post_id) if case.is_open else ():
        seat = posts.find_seat(uow, post_id) if post_id else None
        assert seat is None or seat.subject not in case.barred
    still = [each for each in accompaniments.list_of_case(uow, case.case_id) if each.final_at is None]
    assert len(still) == (case.followed_since is not None)
    assert case.followed_since is None or case.state in (CaseState.ASSIGNED, CaseState.IN_PROGRESS)


def _helps(uow: RolledBackUnitOfWork, after: Case) -> None:
    """Each open part has its own limit, nobody who leads helps, and nothing is open once it is answered."""
    open_parts = [each for each in joint.list_of_case(uow, after.case_id) if each.is_open]
    assert {each.post_id for each in open_parts} == set(after.helper_post_ids)
    assert after.holder_post_id not in after.helper_post_ids
    assert not open_parts or after.state in (CaseState.ASSIGNED, CaseState.IN_PROGRESS)
    limits = {limit.about for limit in after.limits if limit.kind is DeadlineKind.PART}
    assert limits == {each.helper_id for each in open_parts if each.missed_at is None}


def _tells(uow: RolledBackUnitOfWork, before: Case, after: Case) -> None:
    """Tellings are numbered on; each place is named once, in one of them."""
    assert after.tellings in (before.tellings, before.tellings + 1)
    named = incident_places.list_named(uow, after.case_id)
    assert len({each.place_id for each in named}) == len(named)
    assert all(1 <= each.telling <= after.tellings for each in named)
    assert (after.tellings > 0) == bool(named)


def _stands(before: Case, after: Case) -> None:
    if after.state is not CaseState.RECEIVED:
        assert after.holder_post_id is not None
    if before.promise_due is not None:
        assert after.promise_due is not None
        is_redone = after.limit(DeadlineKind.REDO) is not None and before.limit(DeadlineKind.REDO) is None
        suspended = after.suspended_until not in (None, before.suspended_until)
        lengthened = is_redone or suspended or (after.extended and not before.extended)
        assert after.promise_due <= before.promise_due or lengthened
    if after.suspended_until is not None:
        assert after.is_unsettled
        assert after.deadline is not None
        assert after.deadline.promise.term.unit is Unit.REMAINING_WORKING_DAYS
        assert after.suspended_until < after.deadline.promise.due_at
    planned = after.limit(DeadlineKind.PLANNED)
    assert (planned.promise.due_at if planned else None) == after.planned_due
    if before.first_holder_post_id is not None:
        assert after.first_holder_post_id == before.first_holder_post_id
    if after.state is CaseState.CLOSED:
        ended = before.state in (CaseState.ANSWERED, CaseState.CLOSED)
        assert ended or after.closed_reason in (ClosedReason.DECLINED, ClosedReason.MERGED)
        assert after.report_back in (None, Owing.ACCEPTED)
        assert after.ask is None
    if before.promise_met is not None:
        assert after.promise_met is before.promise_met
    assert after.recused[: len(before.recused)] == before.recused
    if after.report_back is Owing.OWED and before.is_open:
        assert after.assigned_due is not None
    assert after.at_hotline <= after.is_open
    assert len([limit for limit in after.limits if limit.kind is DeadlineKind.REPLY]) <= after.at_hotline
