"""A case as contract events: one function an event; the caller has recorded the step, so the version is the event's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.envelope import Event
from contracts.intake import AppealRatedV1
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
    CaseJoinedV1,
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
    CaseSuspendedV1,
    CaseUnlinkedV1,
    CaseVerifiedV1,
    CategoryChangedV1,
    CityCaseClosedV1,
    CityCaseOpenedV1,
    CityCaseProgressedV1,
    ContactDeadlineApproachingV1,
    ContactDeadlineBreachedV1,
    ContactDeadlineMovedV1,
    ContactOutcome,
    DeadlineApproachingV1,
    DeadlineBreachedV1,
    DeadlineMovedV1,
    ExcludableRate,
    Handler,
    HandoverMeans,
    HotlineStanding,
    JoinKind,
    Party,
    PressingEnded,
    RecordKind,
    SupervisionClimbedV1,
)
from contracts.routing import DeadlineKind as PublishedKind
from kit.db import UnitOfWork
from network.posts import Seat

from routing.domain.accompanying import Accompaniment
from routing.domain.assignment import ReportBack
from routing.domain.call_back import CallBack
from routing.domain.case import Appeal, Case, Deadline, DeadlineKind
from routing.domain.figures import Rate
from routing.domain.helping import Helper
from routing.domain.linking import Link
from routing.domain.pressing import Pressing
from routing.domain.promise import Promise, Term, Unit, in_words
from routing.domain.reasons import Reason
from routing.domain.recording import Letter, Work
from routing.domain.recounting import Move
from routing.domain.rules import Category
from routing.domain.sealing import Grant
from routing.domain.supervising import Supervision


def handler_of(seat: Seat | None) -> Handler | None:
    return None if seat is None else _handler(seat)


def case_opened(uow: UnitOfWork, case: Case, *, dispatcher: Seat | None) -> CaseOpenedV1:
    waits_for = handler_of(dispatcher) if case.queue else None
    return CaseOpenedV1(
        **_fact(uow, case),
        gist=case.told_gist,
        channel=case.channel,
        queue=case.queue,
        conflict=case.is_conflict,
        dispatcher=waits_for,
    )


def case_accepted(uow: UnitOfWork, case: Case, *, holder: Seat) -> CaseAcceptedV1:
    return CaseAcceptedV1(**_fact(uow, case), **_promised(case), handler=_handler(holder))


def case_assigned(
    uow: UnitOfWork, case: Case, *, holder: Seat, first: bool, transferred: bool = False, former: Seat | None = None
) -> CaseAssignedV1:
    assert case.due is not None
    return CaseAssignedV1(
        **_fact(uow, case),
        handler=_handler(holder),
        gist=case.told_gist,
        promise_due=case.due,
        first=first,
        reports_owed=case.reports_owed,
        transferred=transferred,
        former=_handler(former) if former else None,
    )


def case_started(uow: UnitOfWork, case: Case, *, holder: Seat) -> CaseStartedV1:
    return CaseStartedV1(**_fact(uow, case), handler=_handler(holder))


def case_answered(
    uow: UnitOfWork,
    case: Case,
    *,
    holder: Seat | None,
    answer: str,
    asked: Mapping[UUID, int],
    basis: str | None = None,
    handover: HandoverMeans | None = None,
    corrects: bool = False,
    helpers: Sequence[Seat] = (),
) -> CaseAnsweredV1:
    """``asked``: by appeal, which of its answers this is, for those whose residents are asked what they say of it."""
    assert case.outcome is not None
    until = case.limit(DeadlineKind.RATING)
    parties = [_party(appeal, answer=asked.get(appeal.appeal_id)) for appeal in case.parties]
    return CaseAnsweredV1(
        **_fact(uow, case) | {"parties": parties},
        outcome=case.outcome,
        answer=answer,
        handler=handler_of(holder),
        promise_met=bool(case.promise_met),
        helpers=[_handler(seat) for seat in helpers],
        rate_by=until.promise.due_at if until else None,
        basis=basis,
        handover=handover,
        corrects=corrects,
    )


def case_drafted(uow: UnitOfWork, case: Case, *, holder: Seat | None, reviewer: Seat) -> CaseDraftedV1:
    return CaseDraftedV1(
        **_fact(uow, case), gist=case.told_gist, handler=handler_of(holder), reviewer=handler_of(reviewer)
    )


def case_reviewed(uow: UnitOfWork, case: Case, *, approved: bool, holder: Seat | None) -> CaseReviewedV1:
    return CaseReviewedV1(**_fact(uow, case), approved=approved, gist=case.told_gist, handler=handler_of(holder))


def case_verified(
    uow: UnitOfWork, case: Case, *, passed: bool, due: Promise | None, holder: Seat | None
) -> CaseVerifiedV1:
    return CaseVerifiedV1(
        **_fact(uow, case),
        passed=passed,
        gist=case.told_gist,
        promise_due=due.due_at if due else None,
        promise_text=in_words(due) if due else None,
        handler=handler_of(holder),
    )


def call_back_owed(uow: UnitOfWork, case: Case, asked: CallBack, *, dispatcher: Seat | None) -> CallBackOwedV1:
    return CallBackOwedV1(**_fact(uow, case), **_rating(asked), gist=case.told_gist, dispatcher=handler_of(dispatcher))


def case_called_back(
    uow: UnitOfWork, case: Case, asked: CallBack, outcome: ContactOutcome, *, holder: Seat | None
) -> CaseCalledBackV1:
    return CaseCalledBackV1(
        **_fact(uow, case),
        **_rating(asked),
        outcome=outcome,
        attempt=asked.attempts,
        solved=asked.solved,
        rating=asked.rating,
        handler=handler_of(holder),
    )


def case_rated(uow: UnitOfWork, case: Case, said: AppealRatedV1) -> CaseRatedV1:
    return CaseRatedV1(
        **_fact(uow, case), appeal_id=said.appeal_id, answer=said.answer, solved=said.solved, rating=said.rating
    )


def case_redone(
    uow: UnitOfWork,
    case: Case,
    asked: CallBack,
    due: Promise,
    *,
    redos: int,
    holder: Seat | None,
    superior: Seat | None,
) -> CaseRedoneV1:
    return CaseRedoneV1(
        **_fact(uow, case),
        **_rating(asked),
        redos=redos,
        gist=case.told_gist,
        promise_due=due.due_at,
        promise_text=in_words(due),
        handler=handler_of(holder),
        superior=handler_of(superior),
    )


def case_handed_over(uow: UnitOfWork, case: Case) -> CaseHandedOverV1:
    assert case.handover is not None
    return CaseHandedOverV1(**_fact(uow, case), means=case.handover)


def case_closed(
    uow: UnitOfWork,
    case: Case,
    *,
    holder: Seat | None,
    answer: str | None = None,
    helpers: Sequence[Seat] = (),
    ended: Sequence[tuple[Pressing, Seat | None]] = (),
    into: Case | None = None,
    declined_for: Reason | None = None,
) -> CaseClosedV1:
    assert case.closed_reason is not None
    return CaseClosedV1(
        **_fact(uow, case),
        handler=handler_of(holder),
        reason=case.closed_reason.value,
        answer=answer,
        papers_held=case.papers_held,
        helpers=[_handler(seat) for seat in helpers],
        pressings_ended=[
            PressingEnded(pressing=each.kind, pressing_number=each.number, presser=handler_of(seat))
            for each, seat in ended
        ],
        into_number=into.number if into else None,
        reason_text={"zh": declined_for.name_zh, "en": declined_for.name_en} if declined_for else None,
    )


def case_resorted(
    uow: UnitOfWork, case: Case, *, before: str, holder: Seat | None, out_of_plan: bool = False
) -> CaseResortedV1:
    return CaseResortedV1(
        **_fact(uow, case),
        **_promised(case),
        category_before=before,
        gist=case.told_gist,
        handler=handler_of(holder),
        out_of_plan=out_of_plan,
    )


def case_corrected(
    uow: UnitOfWork, case: Case, appeal_id: UUID, *, by: str | None, holder: Seat | None
) -> CaseCorrectedV1:
    facts = _fact(uow, case) | {"by": by}
    return CaseCorrectedV1(**facts, appeal_id=appeal_id, gist=case.told_gist, handler=handler_of(holder))


def case_extended(uow: UnitOfWork, case: Case, *, reason: str, holder: Seat | None) -> CaseExtendedV1:
    return CaseExtendedV1(**_fact(uow, case), **_promised(case), reason=reason, handler=handler_of(holder))


def case_suspended(
    uow: UnitOfWork, case: Case, reason: Reason, *, runs_again_on: date, holder: Seat | None
) -> CaseSuspendedV1:
    assert case.suspended_until is not None
    return CaseSuspendedV1(
        **_fact(uow, case),
        **_promised(case),
        until=case.suspended_until,
        runs_again_on=runs_again_on,
        reason=reason.code,
        reason_text={"zh": reason.name_zh, "en": reason.name_en},
        handler=handler_of(holder),
    )


def case_resumed(uow: UnitOfWork, case: Case, *, holder: Seat | None) -> CaseResumedV1:
    return CaseResumedV1(**_fact(uow, case), **_promised(case), gist=case.told_gist, handler=handler_of(holder))


def case_planned(uow: UnitOfWork, case: Case, *, holder: Seat | None, answer: str, again: bool) -> CasePlannedV1:
    assert case.planned_for is not None
    assert case.planned_due is not None
    return CasePlannedV1(
        **_fact(uow, case),
        day=case.planned_for,
        due_at=case.planned_due,
        answer=answer,
        who=case.planned_who,
        again=again,
        gist=case.told_gist,
        handler=handler_of(holder),
    )


def case_asked(uow: UnitOfWork, case: Case, *, asker: Seat, ruler: Seat) -> CaseAskedV1:
    assert case.ask is not None
    assert case.ask_reason is not None
    return CaseAskedV1(
        **_fact(uow, case),
        ask=case.ask,
        reason=case.ask_reason,
        gist=case.told_gist,
        asker=_handler(asker),
        ruler=_handler(ruler),
    )


def case_ruled(
    uow: UnitOfWork, case: Case, ask: Ask, *, granted: bool, binding: bool, asker: Seat | None
) -> CaseRuledV1:
    return CaseRuledV1(
        **_fact(uow, case), ask=ask, granted=granted, binding=binding, gist=case.told_gist, asker=handler_of(asker)
    )


def case_recused(
    uow: UnitOfWork,
    case: Case,
    *,
    dispatcher: Seat | None,
    ruler: Seat | None,
    reviewer: Seat | None,
    helper: Seat | None,
    lead: Seat | None,
) -> CaseRecusedV1:
    return CaseRecusedV1(
        **_fact(uow, case),
        gist=case.told_gist,
        queue=case.queue,
        dispatcher=handler_of(dispatcher),
        ask=case.ask if ruler else None,
        ruler=handler_of(ruler),
        reviewer=handler_of(reviewer),
        helper=handler_of(helper),
        handler=handler_of(lead),
    )


def case_accompanied(
    uow: UnitOfWork, case: Case, accompaniment: Accompaniment, *, centre: Seat | None, holder: Seat | None
) -> CaseAccompaniedV1:
    return CaseAccompaniedV1(
        **_fact(uow, case),
        gist=case.told_gist,
        centre=accompaniment.centre,
        at_centre=handler_of(centre),
        with_whom=accompaniment.with_whom,
        handler=handler_of(holder),
        promise_met=bool(case.promise_met),
    )


def case_centre_reported(
    uow: UnitOfWork, case: Case, accompaniment: Accompaniment, *, centre: Seat | None, holder: Seat | None
) -> CaseCentreReportedV1:
    return CaseCentreReportedV1(
        **_fact(uow, case),
        centre=accompaniment.centre,
        at_centre=handler_of(centre),
        final=accompaniment.final_at is not None,
        handler=handler_of(holder),
    )


def case_granted(uow: UnitOfWork, case: Case, grant: Grant, *, to: Seat) -> CaseGrantedV1:
    return CaseGrantedV1(**_fact(uow, case), grant_id=grant.grant_id, granted=_handler(to))


def case_sealed(uow: UnitOfWork, case: Case) -> CaseSealedV1:
    return CaseSealedV1(**_fact(uow, case))


def case_grant_revoked(uow: UnitOfWork, case: Case, grant: Grant) -> CaseGrantRevokedV1:
    return CaseGrantRevokedV1(**_fact(uow, case), grant_id=grant.grant_id)


def case_recorded(
    uow: UnitOfWork,
    case: Case,
    work: Work,
    *,
    concerns: Sequence[UUID],
    letter: Letter | None,
    holder: Seat | None,
    moved: bool,
) -> CaseRecordedV1:
    """Words only where the resident is told them; the others stay in the history. ``moved``: its promise is by that."""
    return CaseRecordedV1(
        **_fact(uow, case),
        record=work.kind,
        handler=handler_of(holder),
        outcome=work.outcome,
        words=work.words if work.kind is RecordKind.INTERIM_WORD else None,
        papers=list(work.papers),
        copies=work.copies,
        concerns=list(concerns),
        still_missing=list(case.papers_missing) if _ticks_off(case, work, concerns) else None,
        papers_awaited_until=case.awaits_papers_at(uow.now) if moved else None,
        office=letter.office if letter else None,
        letter=letter.number if letter else None,
        **(_promised(case) if moved else {}),
    )


def _ticks_off(case: Case, work: Work, concerns: Sequence[UUID]) -> bool:
    """Whether it is said anew which papers are missing, to whoever was told of them."""
    of_papers = work.kind in (RecordKind.PAPERS_RECEIVED, RecordKind.PAPERS_MISSING)
    return of_papers and case.papers_missing_of in (None, *concerns)


def case_pressed(uow: UnitOfWork, case: Case, pressing: Pressing, *, holder: Seat, presser_title: str) -> CasePressedV1:
    return CasePressedV1(
        **_fact(uow, case),
        **_pressing(case, pressing),
        due_at=pressing.due_at,
        handler=_handler(holder),
        presser_title=presser_title,
        leader=pressing.leader,
    )


def case_reported(
    uow: UnitOfWork, case: Case, pressing: Pressing, *, holder: Seat | None, presser: Seat | None
) -> CaseReportedV1:
    return CaseReportedV1(
        **_fact(uow, case),
        **_pressing(case, pressing),
        handler=handler_of(holder),
        presser=handler_of(presser),
    )


def case_reported_back(
    uow: UnitOfWork, case: Case, report: ReportBack, *, holder: Seat | None, dispatcher: Seat | None
) -> CaseReportedBackV1:
    return CaseReportedBackV1(
        **_fact(uow, case),
        **_report_back(case, report),
        handler=handler_of(holder),
        dispatcher=handler_of(dispatcher),
    )


def case_report_reviewed(
    uow: UnitOfWork, case: Case, report: ReportBack, *, due_at: datetime | None, holder: Seat | None
) -> CaseReportReviewedV1:
    return CaseReportReviewedV1(
        **_fact(uow, case),
        **_report_back(case, report),
        accepted=bool(report.accepted),
        due_at=due_at,
        handler=handler_of(holder),
    )


def helper_called(uow: UnitOfWork, case: Case, helper: Helper, *, seat: Seat, lead: Seat) -> CaseHelperCalledV1:
    return CaseHelperCalledV1(
        **_fact(uow, case), **_helper(case, helper, seat), due_at=helper.due_at, handler=_handler(lead)
    )


def helper_reported(
    uow: UnitOfWork, case: Case, helper: Helper, *, seat: Seat | None, lead: Seat | None
) -> CaseHelperReportedV1:
    return CaseHelperReportedV1(**_fact(uow, case), **_helper(case, helper, seat), handler=handler_of(lead))


def helper_released(uow: UnitOfWork, case: Case, helper: Helper, *, seat: Seat | None) -> CaseHelperReleasedV1:
    return CaseHelperReleasedV1(**_fact(uow, case), **_helper(case, helper, seat))


def case_linked(uow: UnitOfWork, case: Case, link: Link) -> CaseLinkedV1:
    return CaseLinkedV1(**_fact(uow, case), **_link(link))


def case_unlinked(uow: UnitOfWork, case: Case, link: Link) -> CaseUnlinkedV1:
    return CaseUnlinkedV1(**_fact(uow, case), **_link(link))


def exclusion_asked(uow: UnitOfWork, case: Case, rate: Rate) -> CaseExclusionAskedV1:
    return CaseExclusionAskedV1(**_fact(uow, case), rate=ExcludableRate(rate.value))


def exclusion_reviewed(
    uow: UnitOfWork, case: Case, rate: Rate, *, granted: bool, asked_by: str, applicant: Seat | None
) -> CaseExclusionReviewedV1:
    return CaseExclusionReviewedV1(
        **_fact(uow, case),
        rate=ExcludableRate(rate.value),
        granted=granted,
        asked_by=asked_by,
        gist=case.told_gist,
        applicant=handler_of(applicant),
    )


def case_handed_to_hotline(
    uow: UnitOfWork, case: Case, *, reply_due: datetime, holder: Seat | None
) -> CaseHandedToHotlineV1:
    return CaseHandedToHotlineV1(
        **_fact(uow, case), reply_due=reply_due, gist=case.told_gist, handler=handler_of(holder)
    )


def case_hotline_replied(
    uow: UnitOfWork, case: Case, *, their_number: str, standing: HotlineStanding, holder: Seat | None
) -> CaseHotlineRepliedV1:
    return CaseHotlineRepliedV1(
        **_fact(uow, case),
        their_number=their_number,
        standing=standing,
        gist=case.told_gist,
        handler=handler_of(holder),
    )


def case_holder_left(
    uow: UnitOfWork, case: Case, *, post_title: str, waiting: int, dispatcher: Seat | None
) -> CaseHolderLeftV1:
    return CaseHolderLeftV1(
        **_fact(uow, case), gist=case.told_gist, post_title=post_title, cases=waiting, dispatcher=handler_of(dispatcher)
    )


def case_incident(
    uow: UnitOfWork, case: Case, *, place_ids: Sequence[UUID], words: str, holder: Seat | None, named_now: bool
) -> CaseIncidentV1:
    return CaseIncidentV1(
        **_fact(uow, case),
        telling=case.tellings,
        place_ids=list(place_ids),
        words=words,
        named_now=named_now,
        gist=case.told_gist,
        handler=handler_of(holder),
        barred=sorted(case.barred),
    )


def case_joined(
    uow: UnitOfWork,
    case: Case,
    how: JoinKind,
    joined: Sequence[Appeal],
    *,
    holder: Seat | None,
    origin: Case | None = None,
    urgent: bool = False,
) -> CaseJoinedV1:
    """Whether the promise waits for papers concerns those alone whose papers they are."""
    came = [appeal.appeal_id for appeal in joined]
    return CaseJoinedV1(
        **_fact(uow, case),
        how=how,
        joined=came,
        from_number=origin.number if origin else None,
        repeats=case.repeats,
        gist=case.told_gist,
        handler=handler_of(holder),
        urgent=urgent,
        papers_awaited_until=case.awaits_papers_at(uow.now) if case.awaits_papers_of(came) else None,
        **_promised_yet(case),
    )


def case_split(uow: UnitOfWork, case: Case, new: Case) -> CaseSplitV1:
    appeals = [appeal.appeal_id for appeal in new.appeals]
    return CaseSplitV1(**_fact(uow, case), appeals=appeals, into_case_id=new.case_id, into_number=new.number)


def case_split_off(uow: UnitOfWork, new: Case, *, origin: Case, holder: Seat | None) -> CaseSplitOffV1:
    return CaseSplitOffV1(
        **_fact(uow, new),
        from_case_id=origin.case_id,
        from_number=origin.number,
        gist=new.told_gist,
        handler=handler_of(holder),
        queue=new.queue,
        **_promised_yet(new),
    )


def deadline_breached(
    uow: UnitOfWork,
    case: Case,
    missed: Deadline,
    *,
    holder: Seat | None,
    superior: Seat | None,
    supervise_by: datetime | None = None,
) -> DeadlineBreachedV1 | ContactDeadlineBreachedV1:
    """Of a first contact's limit by a type of its own, as readers of the others know the kinds that there were."""
    facts = _fact(uow, case) | _limit(case, missed)
    told: dict[str, Any] = {"handler": handler_of(holder), "superior": handler_of(superior)}
    if missed.kind is DeadlineKind.CONTACT:
        return ContactDeadlineBreachedV1(**facts, **told, supervise_by=supervise_by)
    return DeadlineBreachedV1(**facts, **told, **_of_kind(missed), supervise_by=supervise_by)


def deadline_approaching(
    uow: UnitOfWork, case: Case, limit: Deadline, *, holder: Seat | None, superior: Seat | None
) -> DeadlineApproachingV1 | ContactDeadlineApproachingV1:
    facts = _fact(uow, case) | _limit(case, limit) | {"share": limit.warned}
    told: dict[str, Any] = {"handler": handler_of(holder), "superior": handler_of(superior)}
    if limit.kind is DeadlineKind.CONTACT:
        return ContactDeadlineApproachingV1(**facts, **told)
    return DeadlineApproachingV1(**facts, **told, **_of_kind(limit))


def supervision_climbed(
    uow: UnitOfWork,
    case: Case,
    duty: Supervision,
    *,
    superior: Seat | None,
    late: Seat | None,
    holder: Seat | None,
) -> SupervisionClimbedV1:
    return SupervisionClimbedV1(
        **_fact(uow, case),
        supervision_id=duty.supervision_id,
        due_at=duty.due_at,
        repeats=duty.repeats,
        gist=case.told_gist,
        handler=handler_of(holder),
        superior=handler_of(superior),
        late=handler_of(late),
    )


def deadline_moved(
    uow: UnitOfWork,
    case: Case,
    move: Move,
    after: Deadline,
    *,
    holder: Seat | None,
    superior: Seat | None,
    asked: Mapping[UUID, int],
) -> DeadlineMovedV1 | ContactDeadlineMovedV1:
    """``asked``: as of an answer, where it is the time for saying something of that."""
    facts = {
        **_fact(uow, case),
        **_limit(case, after),
        "due_before": move.before.promise.due_at,
        "calendar_version": after.promise.calendar_version,
        "corrects": move.corrects,
        "handler": handler_of(holder),
        "superior": handler_of(superior) if move.corrects else None,
    }
    if after.kind is DeadlineKind.CONTACT:
        return ContactDeadlineMovedV1(**facts)
    parties = [_party(appeal, answer=asked.get(appeal.appeal_id)) for appeal in case.parties]
    return DeadlineMovedV1(
        **facts | {"parties": parties},
        **_of_kind(after),
        promise_due=after.promise.due_at if move.is_awaited else None,
        promise_text=in_words(after.promise) if move.is_awaited else None,
        promise_met=case.promise_met,
    )


def city_case_opened(uow: UnitOfWork, case: Case) -> CityCaseOpenedV1:
    return CityCaseOpenedV1(**_city(uow, case))


def city_case_progressed(uow: UnitOfWork, case: Case) -> CityCaseProgressedV1:
    return CityCaseProgressedV1(**_city(uow, case))


def city_case_closed(uow: UnitOfWork, case: Case) -> CityCaseClosedV1:
    return CityCaseClosedV1(**_city(uow, case), promise_met=case.promise_met, outcome=case.outcome)


def category_changed(category: Category) -> CategoryChangedV1:
    return CategoryChangedV1(
        version=category.version,
        code=category.code,
        parent=category.parent,
        name={"zh": category.name_zh, "en": category.name_en},
        kind=category.kind,
        remit=category.remit,
        words=list(category.words),
        retired=category.retired,
        sealed=category.sealed,
    )


def publish(uow: UnitOfWork, *told: Event) -> None:
    for event in told:
        uow.publish(event)


def _handler(seat: Seat) -> Handler:
    return Handler(
        post_id=seat.post_id,
        title=seat.title,
        subject=seat.subject,
        contact_id=seat.contact_id,
        name=seat.name,
        phone=seat.phone,
        stand_in=seat.stand_in,
        office_id=seat.office_id,
    )


def _fact(uow: UnitOfWork, case: Case) -> dict[str, Any]:
    return {
        "version": case.version,
        "case_id": case.case_id,
        "number": case.number,
        "at": uow.now,
        "by": uow.by,
        "state": case.state,
        "category": case.category,
        "kind": case.kind,
        "remit": case.remit,
        "place_id": case.place_id,
        "placed_path": case.placed_path,
        "parties": [_party(appeal) for appeal in case.parties],
        "silent": case.silent,
        "sealed": case.seal is not None if case.seal or case.keeper_post_id else None,
        "seen_by": list(case.seen_by) if case.seal else [],
    }


def _promised(case: Case) -> dict[str, Any]:
    assert case.deadline is not None
    return {"promise_due": case.due or case.deadline.promise.due_at, "promise_text": _told(case)}


def _promised_yet(case: Case) -> dict[str, Any]:
    """By when its resident has been told, if they have been told anything."""
    text = _told(case) if case.deadline and case.planned_for is None else None
    return {"promise_due": case.due, "promise_text": text}


def _told(case: Case) -> dict[str, str]:
    """The words of what is due: the promise's, or once it is planned or done again, those of that limit."""
    assert case.deadline is not None
    promise, due_at = case.deadline.promise, case.due
    if due_at is None or due_at == promise.due_at:
        return in_words(promise)
    limits = (each.promise for each in case.limits if each.kind in (DeadlineKind.REDO, DeadlineKind.PLANNED))
    known = next((each for each in limits if each.due_at == due_at), None)
    return in_words(known or replace(promise, term=Term(Unit.GIVEN), due_at=due_at))


def _pressing(case: Case, pressing: Pressing) -> dict[str, Any]:
    return {
        "pressing_id": pressing.pressing_id,
        "pressing": pressing.kind,
        "pressing_number": pressing.number,
        "gist": case.told_gist,
    }


def _report_back(case: Case, report: ReportBack) -> dict[str, Any]:
    return {
        "office": report.office,
        "their_number": case.assigned_number,
        "report": report.number,
        "gist": case.told_gist,
    }


def _limit(case: Case, limit: Deadline) -> dict[str, Any]:
    return {"deadline_id": limit.deadline_id, "due_at": limit.promise.due_at, "gist": case.told_gist}


def _kind(limit: Deadline) -> PublishedKind:
    """That of whoever was given it is told as a part, their own: readers know the kinds that there were."""
    return PublishedKind.PART if limit.kind is DeadlineKind.HOLDING else PublishedKind(limit.kind.value)


def _of_kind(limit: Deadline) -> dict[str, Any]:
    return {"deadline": _kind(limit), "own": limit.kind is DeadlineKind.HOLDING}


def _helper(case: Case, helper: Helper, seat: Seat | None) -> dict[str, Any]:
    return {"helper_id": helper.helper_id, "helper": handler_of(seat), "gist": case.told_gist}


def _link(link: Link) -> dict[str, Any]:
    return {"link_id": link.link_id, "link": link.kind, "other_number": link.other_number}


def _rating(asked: CallBack) -> dict[str, Any]:
    return {"appeal_id": asked.appeal_id, "answer": asked.answer}


def _party(appeal: Appeal, *, answer: int | None = None) -> Party:
    return Party(
        appeal_id=appeal.appeal_id,
        appeal_number=appeal.number,
        person_id=appeal.person_id,
        language=appeal.language,
        query_code=appeal.query_code,
        answer=answer,
        moves=appeal.moves,
    )


def _city(uow: UnitOfWork, case: Case) -> dict[str, Any]:
    """What the whole city may know: no words, no people, no place narrower than the district; of what is sealed, the
    kind at most.
    """
    return {
        "version": case.version,
        "case_id": case.case_id,
        "number": case.number,
        "at": uow.now,
        "state": case.state,
        "category": case.category if case.seal is None else None,
        "kind": case.kind,
        "remit": case.remit,
        "district": case.district,
        "channel": case.channel,
    }
