"""The table of owed notices: each step, each person, once."""

from datetime import timedelta

import pytest
from contracts.routing import (
    Ask,
    CallBackOwedV1,
    CaseAcceptedV1,
    CaseAccompaniedV1,
    CaseAnsweredV1,
    CaseAskedV1,
    CaseAssignedV1,
    CaseCalledBackV1,
    CaseCentreReportedV1,
    CaseClosedV1,
    CaseCorrectedV1,
    CaseDraftedV1,
    CaseExclusionAskedV1,
    CaseExclusionReviewedV1,
    CaseExtendedV1,
    CaseFact,
    CaseGrantedV1,
    CaseGrantRevokedV1,
    CaseHandedOverV1,
    CaseHandedToHotlineV1,
    CaseHelperCalledV1,
    CaseHelperReleasedV1,
    CaseHelperReportedV1,
    CaseHolderLeftV1,
    CaseHotlineRepliedV1,
    CaseIncidentV1,
    CaseLinkedV1,
    CaseOpenedV1,
    CasePlannedV1,
    CasePressedV1,
    CaseRatedV1,
    CaseRecordedV1,
    CaseRecusedV1,
    CaseRedoneV1,
    CaseReportedBackV1,
    CaseReportedV1,
    CaseReportReviewedV1,
    CaseResortedV1,
    CaseResumedV1,
    CaseReviewedV1,
    CaseRuledV1,
    CaseSealedV1,
    CaseSplitOffV1,
    CaseSplitV1,
    CaseStartedV1,
    CaseState,
    CaseSuspendedV1,
    CaseUnlinkedV1,
    CaseVerifiedV1,
    ContactDeadlineApproachingV1,
    ContactDeadlineBreachedV1,
    ContactDeadlineMovedV1,
    DeadlineApproachingV1,
    DeadlineBreachedV1,
    DeadlineKind,
    DeadlineMovedV1,
    HotlineStanding,
    JoinKind,
    PressingEnded,
    PressingKind,
    Queue,
    RecordKind,
    SupervisionClimbedV1,
)
from notify.domain.owed import Template, owed_by

from tests.notify.factories import LI, NOW, OWN, WANG, make_event, make_handler, make_joined, make_party


def told(event: CaseFact) -> set[tuple[str, str]]:
    return {(notice.recipient, notice.template.value) for notice in owed_by(event)}


RESIDENT = str(LI)
EARLIER = NOW - timedelta(days=1)

#: Work that nobody is told of.
UNTOLD = [kind for kind in RecordKind if kind not in {RecordKind.INTERIM_WORD, RecordKind.PAPERS_MISSING}]

#: Two that one person pressed, one of somebody else, and one of a post that nobody holds by now.
ENDED = [
    PressingEnded(pressing=PressingKind.ORDER, pressing_number=number, presser=make_handler(subject))
    for number, subject in (("D1", "sun.yue"), ("D2", "sun.yue"), ("P3", "li.na"), ("P4", None))
]

TABLE: list[tuple[CaseFact, set[tuple[str, str]]]] = [
    (make_event(CaseOpenedV1), set()),
    (
        make_event(CaseOpenedV1, queue=Queue.UNPLACED, dispatcher=make_handler("zhao.jun")),
        {("zhao.jun", "case_waiting")},
    ),
    (make_event(CaseOpenedV1, queue=Queue.VACANT, dispatcher=None), set()),
    (make_event(CaseAcceptedV1), {(RESIDENT, "case_accepted")}),
    (make_event(CaseAcceptedV1, handler=None), {(RESIDENT, "case_accepted")}),
    (make_event(CaseAssignedV1, first=True), {("wang.min", "case_assigned")}),
    (make_event(CaseAssignedV1, first=False), {("wang.min", "case_assigned"), (RESIDENT, "case_reassigned")}),
    (
        make_event(CaseAssignedV1, first=False, former=make_handler("li.na")),
        {("wang.min", "case_assigned"), ("li.na", "case_gone_on"), (RESIDENT, "case_reassigned")},
    ),
    (make_event(CaseAssignedV1, handler=make_handler(None)), set()),
    (make_event(CaseStartedV1), set()),
    (make_event(CaseAnsweredV1), {(RESIDENT, "case_answered")}),
    (make_event(CaseHandedOverV1), set()),
    (make_event(CaseAnsweredV1, corrects=True, basis="规定"), {(RESIDENT, "case_corrected")}),
    (make_event(CaseDraftedV1), {("zhao.jun", "case_drafted")}),
    (make_event(CaseReviewedV1), set()),
    (make_event(CaseReviewedV1, approved=False), {("wang.min", "case_sent_back")}),
    (make_event(CaseExclusionReviewedV1, applicant=make_handler("li.na")), {("li.na", "exclusion_reviewed")}),
    (make_event(CaseExclusionReviewedV1, applicant=None), set()),
    (make_event(CaseVerifiedV1), set()),
    (
        make_event(CaseVerifiedV1, passed=False, promise_due=NOW),
        {(RESIDENT, "case_unverified"), ("wang.min", "case_unverified_staff")},
    ),
    (make_event(CallBackOwedV1), {("zhao.jun", "call_back_owed")}),
    (make_event(CallBackOwedV1, dispatcher=None), set()),
    (make_event(CaseCalledBackV1), set()),
    (make_event(CaseRatedV1), set()),
    (
        make_event(CaseRedoneV1),
        {
            (RESIDENT, "case_redone"),
            ("wang.min", "case_redone_staff"),
            ("li.na", "case_redone_superior"),
        },
    ),
    (make_event(CaseRedoneV1, handler=None, superior=None), {(RESIDENT, "case_redone")}),
    (make_event(CaseIncidentV1), {(RESIDENT, "incident_party")}),
    (make_event(CaseClosedV1), {(RESIDENT, "case_closed"), ("wang.min", "case_closed_staff")}),
    (
        make_event(CaseClosedV1, reason="withdrawn"),
        {(RESIDENT, "case_withdrawn"), ("wang.min", "case_closed_staff")},
    ),
    (make_event(CaseClosedV1, handler=None), {(RESIDENT, "case_closed")}),
    (
        make_event(CaseClosedV1, reason="declined", answer="请向法院询问"),
        {(RESIDENT, "case_declined"), ("wang.min", "case_closed_staff")},
    ),
    # Where its appeals go on, their residents are told.
    (make_event(CaseClosedV1, reason="merged", into_number="C7K2-9QXM-4"), {("wang.min", "case_closed_staff")}),
    (make_joined(), {(str(WANG), "case_joined"), ("wang.min", "case_joined_staff")}),
    (make_joined(JoinKind.REPEAT, come=LI), {(RESIDENT, "case_joined"), ("wang.min", "case_joined_staff")}),
    (make_joined(handler=None, promise_due=None), {(str(WANG), "case_joined")}),
    (make_joined(come=None), {("wang.min", "case_joined_staff")}),
    (make_event(CaseSplitV1), set()),
    (make_event(CaseSplitOffV1), {(RESIDENT, "case_split_off"), ("wang.min", "case_assigned")}),
    (make_event(CaseSplitOffV1, queue=Queue.UNSORTED, promise_due=None), {("wang.min", "case_waiting")}),
    (make_event(CaseSplitOffV1, state=CaseState.ANSWERED), set()),
    (make_event(CaseResortedV1), set()),
    (make_event(CaseResortedV1, handler=make_handler()), {("wang.min", "case_resorted")}),
    (make_event(CaseResortedV1, handler=make_handler(), out_of_plan=True), {("wang.min", "case_resorted")}),
    (make_event(CaseCorrectedV1, by="zhao.jun", handler=make_handler()), {("wang.min", "appeal_corrected")}),
    (make_event(CaseCorrectedV1, by="wang.min", handler=make_handler()), set()),
    (make_event(CaseCorrectedV1, handler=None), set()),
    (make_event(CaseRuledV1, ask=Ask.DECLINE), set()),
    (make_event(CaseExtendedV1), {(RESIDENT, "case_extended")}),
    (make_event(CaseAskedV1, ask=Ask.EXTENSION), {("zhao.jun", "case_asked")}),
    (make_event(CaseRuledV1, ask=Ask.EXTENSION), {("wang.min", "case_ruled")}),
    (make_event(CaseSuspendedV1), {(RESIDENT, "case_suspended")}),
    (make_event(CaseSuspendedV1, handler=None), {(RESIDENT, "case_suspended")}),
    (make_event(CaseResumedV1, by="wang.min"), {(RESIDENT, "case_resumed")}),
    (make_event(CaseResumedV1, by="zhao.jun"), {(RESIDENT, "case_resumed"), ("wang.min", "case_resumed_staff")}),
    (make_event(CaseResumedV1, handler=None), {(RESIDENT, "case_resumed")}),
    (make_event(CasePlannedV1, by="wang.min", who=None), {(RESIDENT, "case_planned")}),
    (
        make_event(CasePlannedV1, by="zhao.jun", again=True),
        {(RESIDENT, "case_planned"), ("wang.min", "case_planned_staff")},
    ),
    (make_event(CaseAskedV1, ask=Ask.SUSPENSION), {("zhao.jun", "case_asked")}),
    (make_event(CaseRuledV1, ask=Ask.SUSPENSION, granted=False), {("wang.min", "case_ruled")}),
    (make_event(CaseAskedV1), {("zhao.jun", "case_asked")}),
    (make_event(CaseAskedV1, ask=Ask.DECLINE, asker=make_handler(None)), {("zhao.jun", "case_asked")}),
    (make_event(CaseRuledV1), {("wang.min", "case_ruled")}),
    (make_event(CaseRuledV1, ask=Ask.DECLINE, granted=False, binding=True), {("wang.min", "case_ruled")}),
    (make_event(CaseRuledV1, asker=None), set()),
    *((make_event(CaseRecordedV1, record=kind), set()) for kind in UNTOLD),
    (make_event(CaseRecordedV1, record=RecordKind.INTERIM_WORD, words="备件已订购"), {(RESIDENT, "case_interim")}),
    (make_event(CaseRecordedV1, record=RecordKind.PAPERS_MISSING, papers=["户口簿"]), {(RESIDENT, "papers_missing")}),
    (make_event(CasePressedV1), {("wang.min", "case_ordered")}),
    (
        make_event(CasePressedV1, pressing=PressingKind.NUDGE, pressing_number="2", due_at=None),
        {("wang.min", "case_nudged")},
    ),
    (
        make_event(CasePressedV1, pressing=PressingKind.INSTRUCTION, due_at=None, leader="区长"),
        {("wang.min", "case_instructed")},
    ),
    (make_event(CasePressedV1, handler=make_handler(None)), set()),
    (make_event(CaseReportedV1), {("sun.yue", "pressing_reported")}),
    (
        make_event(CaseReportedV1, pressing=PressingKind.INSTRUCTION, handler=None),
        {("sun.yue", "pressing_reported")},
    ),
    (make_event(CaseReportedV1, presser=None), set()),
    (make_event(CaseRecusedV1), set()),
    (make_event(CaseRecusedV1, helper=make_handler("li.na"), handler=make_handler()), {("wang.min", "helper_recused")}),
    (
        make_event(CaseRecusedV1, queue=Queue.UNSORTED, dispatcher=make_handler("zhao.jun")),
        {("zhao.jun", "case_waiting")},
    ),
    (make_event(CaseRecusedV1, queue=Queue.VACANT, dispatcher=None), set()),
    (make_event(CaseRecusedV1, ask=Ask.DECLINE, ruler=make_handler("sun.yue")), {("sun.yue", "case_asked")}),
    (
        make_event(CaseOpenedV1, queue=Queue.VACANT, conflict=True, dispatcher=make_handler("zhao.jun")),
        {("zhao.jun", "case_waiting")},
    ),
    (make_event(CaseAccompaniedV1), {(RESIDENT, "case_accompanied"), ("he.jian", "case_brought")}),
    (make_event(CaseAccompaniedV1, at_centre=None, handler=None), {(RESIDENT, "case_accompanied")}),
    (make_event(CaseCentreReportedV1), set()),
    (make_event(CaseReportedBackV1), {("li.na", "report_back_ready")}),
    (make_event(CaseReportedBackV1, dispatcher=None), set()),
    (make_event(CaseReportReviewedV1), {("wang.min", "report_back_rejected")}),
    (make_event(CaseReportReviewedV1, accepted=True, due_at=None), {("wang.min", "report_back_accepted")}),
    (make_event(CaseReportReviewedV1, handler=None), set()),
    (make_event(CaseHelperCalledV1), {("li.na", "helper_called")}),
    (make_event(CaseHelperCalledV1, helper=None), set()),
    (make_event(CaseHelperReportedV1), {("wang.min", "helper_reported")}),
    (make_event(CaseHelperReportedV1, helper=None), {("wang.min", "helper_reported")}),
    (make_event(CaseHelperReportedV1, handler=None), set()),
    (make_event(CaseHelperReleasedV1), {("li.na", "helper_released")}),
    (
        make_event(CaseAnsweredV1, helpers=[make_handler("li.na"), make_handler(None), make_handler("zhou.tao")]),
        {(RESIDENT, "case_answered"), ("li.na", "helper_released"), ("zhou.tao", "helper_released")},
    ),
    (
        make_event(CaseClosedV1, helpers=[make_handler("li.na")]),
        {(RESIDENT, "case_closed"), ("wang.min", "case_closed_staff"), ("li.na", "helped_closed")},
    ),
    (
        make_event(CaseClosedV1, reason="withdrawn", handler=None, helpers=[make_handler("li.na")]),
        {(RESIDENT, "case_withdrawn"), ("li.na", "helped_closed")},
    ),
    (
        make_event(DeadlineBreachedV1, deadline=DeadlineKind.PART, handler=make_handler("li.na"), superior=None),
        {("li.na", "deadline_missed")},
    ),
    (make_event(CaseLinkedV1), set()),
    (make_event(CaseUnlinkedV1), set()),
    (make_event(CaseHandedToHotlineV1), {("wang.min", "case_at_hotline")}),
    (make_event(CaseHandedToHotlineV1, handler=None), set()),
    *(
        (make_event(CaseHotlineRepliedV1, standing=standing), {("wang.min", "hotline_replied")})
        for standing in HotlineStanding
    ),
    (make_event(CaseHotlineRepliedV1, handler=None), set()),
    (make_event(CaseHolderLeftV1), {("zhao.jun", "post_vacant")}),
    (make_event(CaseHolderLeftV1, dispatcher=None), set()),
    (
        make_event(CaseClosedV1, reason="declined", answer="请向法院询问", pressings_ended=ENDED),
        {
            *((RESIDENT, "case_declined"), ("wang.min", "case_closed_staff")),
            *(("sun.yue", "pressing_ended"), ("li.na", "pressing_ended")),
        },
    ),
    (
        make_event(CaseClosedV1, reason="withdrawn", handler=None, parties=[], pressings_ended=ENDED),
        {("sun.yue", "pressing_ended"), ("li.na", "pressing_ended")},
    ),
    (make_event(CaseAssignedV1, first=True, reports_owed=2), {("wang.min", "case_assigned")}),
    (make_event(CaseGrantedV1), {("gu.min", "case_granted")}),
    (make_event(CaseGrantRevokedV1), set()),
    (make_event(CaseSealedV1), set()),
    (make_event(CaseExclusionAskedV1), set()),
    (make_event(CaseExclusionReviewedV1), set()),
    (
        make_event(DeadlineBreachedV1),
        {("wang.min", "deadline_missed"), ("li.na", "deadline_missed_superior")},
    ),
    (make_event(DeadlineBreachedV1, handler=None), {("li.na", "deadline_missed_superior")}),
    (make_event(DeadlineBreachedV1, handler=None, supervise_by=NOW), {("li.na", "deadline_missed_superior")}),
    (
        make_event(DeadlineApproachingV1),
        {("wang.min", "deadline_approaching"), ("li.na", "deadline_approaching_superior")},
    ),
    (make_event(DeadlineApproachingV1, share=50, superior=None), {("wang.min", "deadline_approaching")}),
    (make_event(DeadlineApproachingV1, handler=None, superior=None), set()),
    (make_event(SupervisionClimbedV1), {("han.mei", "supervision_climbed"), ("li.na", "supervision_lapsed")}),
    (make_event(SupervisionClimbedV1, repeats=2, late=None), {("han.mei", "supervision_climbed")}),
    (make_event(SupervisionClimbedV1, handler=None, superior=None, late=None), set()),
    (make_event(DeadlineMovedV1), {(RESIDENT, "deadline_moved")}),
    (make_event(DeadlineMovedV1, due_at=EARLIER, promise_due=EARLIER), {("wang.min", "deadline_earlier")}),
    (make_event(DeadlineMovedV1, due_at=EARLIER, promise_due=EARLIER, handler=None), set()),
    (make_event(DeadlineMovedV1, deadline=DeadlineKind.RATING, promise_due=None), set()),
    (make_event(ContactDeadlineApproachingV1), {("wang.min", "deadline_approaching")}),
    (
        make_event(ContactDeadlineBreachedV1),
        {("wang.min", "deadline_missed"), ("li.na", "deadline_missed_superior")},
    ),
    (make_event(ContactDeadlineMovedV1), set()),
    (make_event(ContactDeadlineMovedV1, due_at=EARLIER), {("wang.min", "deadline_earlier")}),
    (make_event(ContactDeadlineMovedV1, corrects=True), {("wang.min", "breach_corrected")}),
    (
        make_event(DeadlineMovedV1, corrects=True, superior=make_handler("li.na")),
        {
            *((RESIDENT, "deadline_moved"), ("wang.min", "breach_corrected")),
            ("li.na", "breach_corrected_superior"),
        },
    ),
    (
        make_event(DeadlineMovedV1, corrects=True, promise_due=None, promise_met=True, handler=None),
        set(),
    ),
]


@pytest.mark.parametrize("sealed", [None, True])
def test_who_had_it_is_told_who_has_it_now_but_of_what_is_sealed(sealed: bool | None) -> None:
    event = make_event(CaseAssignedV1, first=False, former=make_handler("li.na"), sealed=sealed)
    (notice,) = [each for each in owed_by(event) if each.template is Template.CASE_GONE_ON]
    assert (notice.facts["handler"] is None) is bool(sealed)


@pytest.mark.parametrize("event, owed", TABLE, ids=lambda value: getattr(value, "TYPE", None))
def test_each_step_owes_what_the_table_says(event: CaseFact, owed: set[tuple[str, str]]) -> None:
    assert told(event) == owed


def test_every_template_is_owed_by_some_step() -> None:
    """But for what households and their chiefs are told, one by one."""
    apart = {Template.INCIDENT_HOUSEHOLD, Template.INCIDENT_VISITS}
    assert {template for event, _ in TABLE for _, template in told(event)} == {t.value for t in Template} - apart


@pytest.mark.parametrize("kind", OWN)
def test_a_finished_past_tells_nobody(kind: type[CaseFact]) -> None:
    assert told(make_event(kind, silent=True)) == set()


def test_who_gave_no_name_is_owed_nothing() -> None:
    assert told(make_event(CaseAcceptedV1, parties=[make_party(None)])) == set()


def test_a_person_with_two_appeals_in_a_case_is_told_once_and_asked_of_each() -> None:
    first, second, other = (make_party(who).model_copy(update={"answer": n}) for n, who in enumerate((LI, LI, WANG), 1))
    owed = owed_by(make_event(CaseAnsweredV1, parties=[first, second, other]))
    assert [(notice.recipient, notice.appeal_id) for notice in owed] == [
        (str(LI), first.appeal_id),
        (str(WANG), other.appeal_id),
    ]
    asked = [[(each.appeal_id, each.answer) for each in notice.asked] for notice in owed]
    assert asked == [[(first.appeal_id, 1), (second.appeal_id, 2)], [(other.appeal_id, 3)]]


def test_of_several_residents_those_are_told_of_papers_who_lack_them() -> None:
    theirs, other = make_party(), make_party()
    missing = {"record": RecordKind.PAPERS_MISSING, "papers": ["户口簿"], "parties": [theirs, other]}
    (notice,) = owed_by(make_event(CaseRecordedV1, **missing, concerns=[theirs.appeal_id]))
    assert notice.appeal_id == theirs.appeal_id
    assert owed_by(make_event(CaseRecordedV1, **missing)) == []
