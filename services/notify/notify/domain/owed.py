"""Who is told what: the notices that each step of a case owes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts.routing import (
    Ask,
    CallBackOwedV1,
    CaseAcceptedV1,
    CaseAccompaniedV1,
    CaseAnsweredV1,
    CaseAskedV1,
    CaseAssignedV1,
    CaseClosedV1,
    CaseCorrectedV1,
    CaseDraftedV1,
    CaseExclusionReviewedV1,
    CaseExtendedV1,
    CaseFact,
    CaseGrantedV1,
    CaseHandedToHotlineV1,
    CaseHelperCalledV1,
    CaseHelperReleasedV1,
    CaseHelperReportedV1,
    CaseHolderLeftV1,
    CaseHotlineRepliedV1,
    CaseIncidentV1,
    CaseJoinedV1,
    CaseOpenedV1,
    CasePlannedV1,
    CasePressedV1,
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
    CaseSplitOffV1,
    CaseState,
    CaseSuspendedV1,
    CaseVerifiedV1,
    ContactDeadlineApproachingV1,
    ContactDeadlineBreachedV1,
    ContactDeadlineMovedV1,
    DeadlineApproachingV1,
    DeadlineBreachedV1,
    DeadlineMovedV1,
    Handler,
    JoinKind,
    Party,
    PressingEnded,
    PressingKind,
    RecordKind,
    SupervisionClimbedV1,
)


class Audience(StrEnum):
    RESIDENT = "resident"
    STAFF = "staff"
    HOUSEHOLD = "household"


class Template(StrEnum):
    CASE_ACCEPTED = "case_accepted"
    CASE_REASSIGNED = "case_reassigned"
    CASE_EXTENDED = "case_extended"
    CASE_SUSPENDED = "case_suspended"
    CASE_RESUMED = "case_resumed"
    CASE_PLANNED = "case_planned"
    CASE_ANSWERED = "case_answered"
    CASE_CORRECTED = "case_corrected"
    CASE_UNVERIFIED = "case_unverified"
    CASE_UNVERIFIED_STAFF = "case_unverified_staff"
    CASE_DRAFTED = "case_drafted"
    CASE_SENT_BACK = "case_sent_back"
    CASE_CLOSED = "case_closed"
    CASE_WITHDRAWN = "case_withdrawn"
    CASE_DECLINED = "case_declined"
    CASE_INTERIM = "case_interim"
    CASE_ACCOMPANIED = "case_accompanied"
    PAPERS_MISSING = "papers_missing"
    CASE_JOINED = "case_joined"
    CASE_SPLIT_OFF = "case_split_off"
    CASE_WAITING = "case_waiting"
    CASE_ASSIGNED = "case_assigned"
    CASE_GONE_ON = "case_gone_on"
    CASE_CLOSED_STAFF = "case_closed_staff"
    CASE_RESORTED = "case_resorted"
    APPEAL_CORRECTED = "appeal_corrected"
    CASE_ASKED = "case_asked"
    CASE_RULED = "case_ruled"
    CASE_RESUMED_STAFF = "case_resumed_staff"
    CASE_PLANNED_STAFF = "case_planned_staff"
    CASE_NUDGED = "case_nudged"
    CASE_ORDERED = "case_ordered"
    CASE_INSTRUCTED = "case_instructed"
    PRESSING_REPORTED = "pressing_reported"
    CASE_BROUGHT = "case_brought"
    REPORT_BACK_READY = "report_back_ready"
    REPORT_BACK_ACCEPTED = "report_back_accepted"
    REPORT_BACK_REJECTED = "report_back_rejected"
    HELPER_CALLED = "helper_called"
    HELPER_REPORTED = "helper_reported"
    HELPER_RELEASED = "helper_released"
    HELPER_RECUSED = "helper_recused"
    HELPED_CLOSED = "helped_closed"
    CASE_AT_HOTLINE = "case_at_hotline"
    HOTLINE_REPLIED = "hotline_replied"
    CASE_REDONE = "case_redone"
    CASE_REDONE_STAFF = "case_redone_staff"
    CASE_REDONE_SUPERIOR = "case_redone_superior"
    CALL_BACK_OWED = "call_back_owed"
    PRESSING_ENDED = "pressing_ended"
    POST_VACANT = "post_vacant"
    INCIDENT_PARTY = "incident_party"
    INCIDENT_HOUSEHOLD = "incident_household"
    INCIDENT_VISITS = "incident_visits"
    CASE_JOINED_STAFF = "case_joined_staff"
    CASE_GRANTED = "case_granted"
    DEADLINE_APPROACHING = "deadline_approaching"
    DEADLINE_APPROACHING_SUPERIOR = "deadline_approaching_superior"
    DEADLINE_MISSED = "deadline_missed"
    DEADLINE_MISSED_SUPERIOR = "deadline_missed_superior"
    SUPERVISION_CLIMBED = "supervision_climbed"
    SUPERVISION_LAPSED = "supervision_lapsed"
    DEADLINE_MOVED = "deadline_moved"
    DEADLINE_EARLIER = "deadline_earlier"
    BREACH_CORRECTED = "breach_corrected"
    BREACH_CORRECTED_SUPERIOR = "breach_corrected_superior"
    EXCLUSION_REVIEWED = "exclusion_reviewed"


#: Who is told by such a message and is not reached by it is told in person.
TOLD_AT_HOME = frozenset({Template.INCIDENT_HOUSEHOLD})

#: The notices that ask their resident for a word: where one goes to nobody, a person has to ask.
ASKS = frozenset({Template.CASE_ANSWERED, Template.CASE_CORRECTED})


@dataclass(frozen=True)
class Question:
    """What its resident is asked of an appeal: about which of its answers."""

    appeal_id: UUID
    number: str
    answer: int


@dataclass(frozen=True)
class Owed:
    """One notice to one reader. ``recipient`` is a person's or household's id, or a sign-in subject of staff."""

    audience: Audience
    template: Template
    recipient: str
    contact_id: UUID | None
    facts: Mapping[str, Any]
    appeal_id: UUID | None = None
    query_code: str | None = None
    asked: tuple[Question, ...] = ()
    """Of each of the reader's appeals that it answers; none: nobody is asked."""


def owed_by(event: CaseFact) -> list[Owed]:
    """The notices that the event owes: one a person and template, however many appeals of theirs the case joins. What
    is asked is asked of each.
    """
    rule = _RULES.get(type(event))
    if rule is None or event.silent:
        return []
    once: dict[tuple[str, Template], Owed] = {}
    for notice in rule(event):
        first = once.get((notice.recipient, notice.template))
        asked = (*first.asked, *notice.asked) if first is not None else notice.asked
        once[notice.recipient, notice.template] = replace(first or notice, asked=asked)
    return list(once.values())


def _opened(event: CaseOpenedV1) -> list[Owed]:
    if event.queue is None:
        return []
    waits = {"gist": event.gist, "queue": event.queue.value, "conflict": event.conflict}
    return _staff(event, Template.CASE_WAITING, event.dispatcher, **waits)


def _accepted(event: CaseAcceptedV1) -> list[Owed]:
    promise = dict(event.promise_text)
    return _residents(event, Template.CASE_ACCEPTED, event.handler, due=event.promise_due, promise=promise)


def _assigned(event: CaseAssignedV1) -> list[Owed]:
    told = [] if event.first else _reassigned(event)
    mine = {"gist": event.gist, "due": event.promise_due, "reports": event.reports_owed}
    told += _staff(event, Template.CASE_ASSIGNED, event.handler, **mine)
    shown = None if event.sealed else _shown(event.handler)
    return told + _staff(event, Template.CASE_GONE_ON, event.former, gist=event.gist, handler=shown)


def _reassigned(event: CaseAssignedV1) -> list[Owed]:
    late = event.promise_due < event.at
    return _residents(event, Template.CASE_REASSIGNED, event.handler, due=event.promise_due, late=late)


def _resorted(event: CaseResortedV1) -> list[Owed]:
    sorted_anew = {"gist": event.gist, "due": event.promise_due, "out_of_plan": event.out_of_plan}
    return _staff(event, Template.CASE_RESORTED, event.handler, **sorted_anew)


def _corrected(event: CaseCorrectedV1) -> list[Owed]:
    """What was corrected is read on the appeal."""
    if event.handler is None or event.handler.subject == event.by:
        return []
    return _staff(event, Template.APPEAL_CORRECTED, event.handler, gist=event.gist)


def _answered(event: CaseAnsweredV1) -> list[Owed]:
    template = Template.CASE_CORRECTED if event.corrects else Template.CASE_ANSWERED
    handover = event.handover.value if event.handover else ""
    said = {"answer": event.answer, "basis": event.basis, "handover": handover, "until": event.rate_by}
    told = _residents(event, template, event.handler, **said)
    return told + _each(event, Template.HELPER_RELEASED, event.helpers, answered=True)


def _closed(event: CaseClosedV1) -> list[Owed]:
    ended = {"reason": event.reason, "papers": event.papers_held, "into": event.into_number or ""}
    told = _ended(event) + _staff(event, Template.CASE_CLOSED_STAFF, event.handler, **ended)
    told += _each(event, Template.HELPED_CLOSED, event.helpers, reason=event.reason)
    return told + _pressers(event)


def _pressers(event: CaseClosedV1) -> list[Owed]:
    """Whoever pressed and has no report: all that were theirs, in one notice."""
    theirs: dict[str | None, list[PressingEnded]] = {}
    for ended in event.pressings_ended:
        theirs.setdefault(ended.presser.subject if ended.presser else None, []).append(ended)
    return [
        notice
        for of_one in theirs.values()
        for notice in _staff(
            *(event, Template.PRESSING_ENDED, of_one[0].presser),
            pressing_numbers=[ended.pressing_number for ended in of_one],
            reason=event.reason,
        )
    ]


def _ended(event: CaseClosedV1) -> list[Owed]:
    match event.reason:
        case "declined":
            why = {"why": dict(event.reason_text)} if event.reason_text else {}
            return _residents(event, Template.CASE_DECLINED, event.handler, answer=event.answer or "", **why)
        case "merged":
            return []  # the case in which it goes on tells them
        case "withdrawn":
            return _residents(event, Template.CASE_WITHDRAWN, event.handler)
        case _:
            return _residents(event, Template.CASE_CLOSED, event.handler)


def _extended(event: CaseExtendedV1) -> list[Owed]:
    return _residents(event, Template.CASE_EXTENDED, event.handler, due=event.promise_due)


def _suspended(event: CaseSuspendedV1) -> list[Owed]:
    """Its holder is told by the ruling."""
    told = {"why": dict(event.reason_text), "day": event.runs_again_on, "due": event.promise_due}
    return _residents(event, Template.CASE_SUSPENDED, event.handler, **told)


def _resumed(event: CaseResumedV1) -> list[Owed]:
    told = _residents(event, Template.CASE_RESUMED, event.handler, due=event.promise_due)
    return told + _unless_their_own(event, Template.CASE_RESUMED_STAFF, event.handler, event.gist, event.promise_due)


def _planned(event: CasePlannedV1) -> list[Owed]:
    plan = {"day": event.day, "answer": event.answer, "planned_who": event.who, "again": event.again}
    told = _residents(event, Template.CASE_PLANNED, event.handler, **plan)
    return told + _unless_their_own(event, Template.CASE_PLANNED_STAFF, event.handler, event.gist, event.day)


def _unless_their_own(
    event: CaseFact, template: Template, holder: Handler | None, gist: str, due: datetime | date
) -> list[Owed]:
    """The holder, of what somebody else did on their case."""
    if holder is None or holder.subject == event.by:
        return []
    return _staff(event, template, holder, gist=gist, due=due)


def _asked(event: CaseAskedV1) -> list[Owed]:
    asked = {"ask": event.ask.value, "gist": event.gist, "handler": _shown(event.asker)}
    return _staff(event, Template.CASE_ASKED, event.ruler, **asked)


def _ruled(event: CaseRuledV1) -> list[Owed]:
    if event.granted and event.ask is Ask.DECLINE:
        return []  # closing it tells them
    ruled = {"ask": event.ask.value, "granted": event.granted, "binding": event.binding, "gist": event.gist}
    return _staff(event, Template.CASE_RULED, event.asker, **ruled)


def _exclusion_reviewed(event: CaseExclusionReviewedV1) -> list[Owed]:
    """The words are read on the case."""
    ruled = {"rate": event.rate.value, "granted": event.granted, "gist": event.gist}
    return _staff(event, Template.EXCLUSION_REVIEWED, event.applicant, **ruled)


def _recorded(event: CaseRecordedV1) -> list[Owed]:
    match event.record:
        case RecordKind.INTERIM_WORD:
            return _residents(event, Template.CASE_INTERIM, event.handler, answer=event.words or "")
        case RecordKind.PAPERS_MISSING:
            named = {"papers": event.papers, "due": event.promise_due}
            return _residents(_of_whom(event), Template.PAPERS_MISSING, event.handler, **named)
        case _:
            return []


def _of_whom(event: CaseRecordedV1) -> CaseRecordedV1:
    """Whose papers are missing is nobody else's to know: where several ask, those alone whom it concerns."""
    if len(event.parties) == 1:
        return event
    return event.model_copy(update={"parties": [each for each in event.parties if each.appeal_id in event.concerns]})


def _pressed(event: CasePressedV1) -> list[Owed]:
    """The words are read on the case."""
    template = {
        PressingKind.NUDGE: Template.CASE_NUDGED,
        PressingKind.ORDER: Template.CASE_ORDERED,
        PressingKind.INSTRUCTION: Template.CASE_INSTRUCTED,
    }[event.pressing]
    pressed = {"pressing_number": event.pressing_number, "gist": event.gist, "due": event.due_at}
    return _staff(event, template, event.handler, **pressed, presser=event.presser_title, leader=event.leader)


def _reported(event: CaseReportedV1) -> list[Owed]:
    reported = {"pressing": event.pressing.value, "pressing_number": event.pressing_number, "gist": event.gist}
    return _staff(event, Template.PRESSING_REPORTED, event.presser, **reported, handler=_shown(event.handler))


def _incident(event: CaseIncidentV1) -> list[Owed]:
    """Those who have reported it; the households of the buildings are found when it is told (service.tellings)."""
    return _residents(event, Template.INCIDENT_PARTY, event.handler, words=event.words)


def _recused(event: CaseRecusedV1) -> list[Owed]:
    """Who is to look at it, to rule on it or to review its answer, instead, and who leads without that helper; a new
    holder is told by the assignment.
    """
    told: list[Owed] = []
    if event.queue is not None:
        waits = {"gist": event.gist, "queue": event.queue.value, "conflict": True}
        told += _staff(event, Template.CASE_WAITING, event.dispatcher, **waits)
    if event.ask is not None:
        told += _staff(event, Template.CASE_ASKED, event.ruler, ask=event.ask.value, gist=event.gist, handler=None)
    if event.reviewer is not None:
        told += _staff(event, Template.CASE_DRAFTED, event.reviewer, gist=event.gist, handler=None)
    told += _staff(event, Template.HELPER_RECUSED, event.handler, gist=event.gist, handler=_shown(event.helper))
    return told


def _accompanied(event: CaseAccompaniedV1) -> list[Owed]:
    """The resident learns whom to ask there, and who goes on answering for it here."""
    at_centre = _shown(event.at_centre)
    facts = {"centre": event.centre, "centre_phone": (at_centre or {}).get("phone", ""), "with_whom": event.with_whom}
    told = _residents(event, Template.CASE_ACCOMPANIED, event.handler, **facts)
    return told + _staff(event, Template.CASE_BROUGHT, event.at_centre, gist=event.gist, handler=_shown(event.handler))


def _reported_back(event: CaseReportedBackV1) -> list[Owed]:
    told = {"gist": event.gist, "office": event.office, "their_number": event.their_number, "report": event.report}
    return _staff(event, Template.REPORT_BACK_READY, event.dispatcher, **told, handler=_shown(event.handler))


def _report_reviewed(event: CaseReportReviewedV1) -> list[Owed]:
    """What they say is read on the case."""
    template = Template.REPORT_BACK_ACCEPTED if event.accepted else Template.REPORT_BACK_REJECTED
    told = {"gist": event.gist, "office": event.office, "their_number": event.their_number, "due": event.due_at}
    return _staff(event, template, event.handler, **told)


def _helper_called(event: CaseHelperCalledV1) -> list[Owed]:
    """What the part is, is read on the case."""
    lead = _shown(event.handler)
    return _staff(event, Template.HELPER_CALLED, event.helper, gist=event.gist, due=event.due_at, handler=lead)


def _helper_reported(event: CaseHelperReportedV1) -> list[Owed]:
    return _staff(event, Template.HELPER_REPORTED, event.handler, gist=event.gist, handler=_shown(event.helper))


def _helper_released(event: CaseHelperReleasedV1) -> list[Owed]:
    return _staff(event, Template.HELPER_RELEASED, event.helper, answered=False)


def _handed_to_hotline(event: CaseHandedToHotlineV1) -> list[Owed]:
    return _staff(event, Template.CASE_AT_HOTLINE, event.handler, gist=event.gist, due=event.reply_due)


def _hotline_replied(event: CaseHotlineRepliedV1) -> list[Owed]:
    """What they reply is read on the case."""
    told = {"gist": event.gist, "their_number": event.their_number, "standing": event.standing.value}
    return _staff(event, Template.HOTLINE_REPLIED, event.handler, **told)


def _drafted(event: CaseDraftedV1) -> list[Owed]:
    return _staff(event, Template.CASE_DRAFTED, event.reviewer, gist=event.gist, handler=_shown(event.handler))


def _reviewed(event: CaseReviewedV1) -> list[Owed]:
    """Of what is approved the answer tells."""
    return [] if event.approved else _staff(event, Template.CASE_SENT_BACK, event.handler, gist=event.gist)


def _verified(event: CaseVerifiedV1) -> list[Owed]:
    if event.passed:
        return []
    told = _residents(event, Template.CASE_UNVERIFIED, event.handler, due=event.promise_due)
    return told + _staff(event, Template.CASE_UNVERIFIED_STAFF, event.handler, gist=event.gist, due=event.promise_due)


def _call_back_owed(event: CallBackOwedV1) -> list[Owed]:
    return _staff(event, Template.CALL_BACK_OWED, event.dispatcher, gist=event.gist)


def _redone(event: CaseRedoneV1) -> list[Owed]:
    again = {"gist": event.gist, "due": event.promise_due, "redos": event.redos}
    told = _residents(event, Template.CASE_REDONE, event.handler, due=event.promise_due)
    told += _staff(event, Template.CASE_REDONE_STAFF, event.handler, **again)
    return told + _staff(event, Template.CASE_REDONE_SUPERIOR, event.superior, **again, handler=_shown(event.handler))


def _holder_left(event: CaseHolderLeftV1) -> list[Owed]:
    left = {"post": event.post_title, "cases": event.cases, "gist": event.gist}
    return _staff(event, Template.POST_VACANT, event.dispatcher, **left)


def _joined(event: CaseJoinedV1) -> list[Owed]:
    """Whoever has come, and whoever handles it."""
    come = event.model_copy(update={"parties": [p for p in event.parties if p.appeal_id in event.joined]})
    joined: dict[str, Any] = {"repeat": event.how is JoinKind.REPEAT, "due": event.promise_due}
    told = _residents(come, Template.CASE_JOINED, event.handler, **joined)
    come_with = {"origin": event.from_number or "", "joined": len(event.joined), "urgent": event.urgent}
    joined |= {"gist": event.gist, **come_with}
    return told + _staff(event, Template.CASE_JOINED_STAFF, event.handler, **joined, repeats=event.repeats)


def _split_off(event: CaseSplitOffV1) -> list[Owed]:
    """What is answered has changed for nobody."""
    if event.state in (CaseState.ANSWERED, CaseState.CLOSED):
        return []
    if event.queue is not None:
        return _staff(event, Template.CASE_WAITING, event.handler, gist=event.gist, queue=event.queue.value)
    told = _residents(event, Template.CASE_SPLIT_OFF, event.handler, due=event.promise_due)
    return told + _staff(event, Template.CASE_ASSIGNED, event.handler, gist=event.gist, due=event.promise_due)


def _granted(event: CaseGrantedV1) -> list[Owed]:
    return _staff(event, Template.CASE_GRANTED, event.granted)


OfAKind = DeadlineApproachingV1 | DeadlineBreachedV1 | DeadlineMovedV1
OfALimit = OfAKind | ContactDeadlineApproachingV1 | ContactDeadlineBreachedV1 | ContactDeadlineMovedV1


def _limit_of(event: OfALimit) -> str:
    """First contact is told by types of its own; a part is a helper's, or the holder's own."""
    if not isinstance(event, OfAKind):
        return "contact"
    return "own_part" if event.own else event.deadline.value


def _breached(event: DeadlineBreachedV1 | ContactDeadlineBreachedV1) -> list[Owed]:
    missed: dict[str, Any] = {"gist": event.gist, "limit": _limit_of(event), "due": event.due_at}
    told = _staff(event, Template.DEADLINE_MISSED, event.handler, **missed)
    missed |= {"handler": _shown(event.handler), "supervise_by": event.supervise_by}
    return told + _staff(event, Template.DEADLINE_MISSED_SUPERIOR, event.superior, **missed)


def _approaching(event: DeadlineApproachingV1 | ContactDeadlineApproachingV1) -> list[Owed]:
    ahead = {"gist": event.gist, "limit": _limit_of(event), "due": event.due_at, "share": event.share}
    told = _staff(event, Template.DEADLINE_APPROACHING, event.handler, **ahead)
    shown = _shown(event.handler)
    return told + _staff(event, Template.DEADLINE_APPROACHING_SUPERIOR, event.superior, **ahead, handler=shown)


def _climbed(event: SupervisionClimbedV1) -> list[Owed]:
    """Whose it is now, and who let it pass."""
    late = {"gist": event.gist, "handler": _shown(event.handler)}
    mine = {**late, "due": event.due_at, "repeats": event.repeats}
    told = _staff(event, Template.SUPERVISION_CLIMBED, event.superior, **mine)
    return told + _staff(event, Template.SUPERVISION_LAPSED, event.late, **late)


def _moved(event: DeadlineMovedV1) -> list[Owed]:
    """Residents, where they wait longer than they were told; staff, where they have less time or missed nothing."""
    is_later = event.due_at > event.due_before
    due = {"due": event.due_at, "due_before": event.due_before}
    told = _residents(event, Template.DEADLINE_MOVED, event.handler, **due) if is_later and event.promise_due else []
    return told + _moved_for_staff(event)


def _moved_for_staff(event: DeadlineMovedV1 | ContactDeadlineMovedV1) -> list[Owed]:
    due = {"due": event.due_at, "due_before": event.due_before}
    moved = {"gist": event.gist, "limit": _limit_of(event), **due}
    if event.corrects:
        told = _staff(event, Template.BREACH_CORRECTED, event.handler, **moved)
        shown = _shown(event.handler)
        return told + _staff(event, Template.BREACH_CORRECTED_SUPERIOR, event.superior, **moved, handler=shown)
    is_later = event.due_at > event.due_before
    return [] if is_later else _staff(event, Template.DEADLINE_EARLIER, event.handler, **moved)


def owed_to_household(household_id: UUID, *, number: str, words: str, handler: Handler | None) -> Owed:
    """What an incident's telling owes each household of its buildings that a message reaches."""
    facts = {"number": number, "words": words, "handler": _shown(handler)}
    return Owed(Audience.HOUSEHOLD, Template.INCIDENT_HOUSEHOLD, str(household_id), household_id, facts)


def owed_to_chief(subject: str, contact_id: UUID | None, *, number: str, **facts: Any) -> Owed:
    """Whom no message reaches is told in person: by this chief, those behind these doors."""
    return Owed(Audience.STAFF, Template.INCIDENT_VISITS, subject, contact_id, {"number": number, **facts})


_RULES: dict[type[CaseFact], Callable[[Any], list[Owed]]] = {
    CaseOpenedV1: _opened,
    CaseAcceptedV1: _accepted,
    CaseAssignedV1: _assigned,
    CaseAnsweredV1: _answered,
    CaseClosedV1: _closed,
    CaseResortedV1: _resorted,
    CaseCorrectedV1: _corrected,
    CaseExtendedV1: _extended,
    CaseSuspendedV1: _suspended,
    CaseResumedV1: _resumed,
    CasePlannedV1: _planned,
    CaseAskedV1: _asked,
    CaseRuledV1: _ruled,
    CaseExclusionReviewedV1: _exclusion_reviewed,
    CaseRecordedV1: _recorded,
    CasePressedV1: _pressed,
    CaseReportedV1: _reported,
    CaseRecusedV1: _recused,
    CaseAccompaniedV1: _accompanied,
    CaseReportedBackV1: _reported_back,
    CaseReportReviewedV1: _report_reviewed,
    CaseHelperCalledV1: _helper_called,
    CaseHelperReportedV1: _helper_reported,
    CaseHelperReleasedV1: _helper_released,
    CaseHandedToHotlineV1: _handed_to_hotline,
    CaseHotlineRepliedV1: _hotline_replied,
    CaseDraftedV1: _drafted,
    CaseReviewedV1: _reviewed,
    CaseVerifiedV1: _verified,
    CallBackOwedV1: _call_back_owed,
    CaseRedoneV1: _redone,
    CaseHolderLeftV1: _holder_left,
    CaseIncidentV1: _incident,
    CaseJoinedV1: _joined,
    CaseSplitOffV1: _split_off,
    CaseGrantedV1: _granted,
    DeadlineApproachingV1: _approaching,
    DeadlineBreachedV1: _breached,
    SupervisionClimbedV1: _climbed,
    DeadlineMovedV1: _moved,
    ContactDeadlineApproachingV1: _approaching,
    ContactDeadlineBreachedV1: _breached,
    ContactDeadlineMovedV1: _moved_for_staff,
}


def _residents(event: CaseFact, template: Template, handler: Handler | None, **facts: Any) -> list[Owed]:
    """Whoever gave no name is owed nothing: they have their query code."""
    return [
        Owed(
            audience=Audience.RESIDENT,
            template=template,
            recipient=str(party.person_id),
            contact_id=party.person_id,
            appeal_id=party.appeal_id,
            query_code=party.query_code,
            asked=_asked_of(party) if template in ASKS else (),
            facts={"number": party.appeal_number, "handler": _shown(handler), **facts},
        )
        for party in event.parties
        if party.person_id is not None
    ]


def _asked_of(party: Party) -> tuple[Question, ...]:
    if party.answer is None:
        return ()
    return (Question(party.appeal_id, party.appeal_number, party.answer),)


def _staff(event: CaseFact, template: Template, to: Handler | None, **facts: Any) -> list[Owed]:
    if to is None or to.subject is None:
        return []
    notice = Owed(
        audience=Audience.STAFF,
        template=template,
        recipient=to.subject,
        contact_id=to.contact_id,
        facts={"number": event.number, **facts},
    )
    return [notice]


def _each(event: CaseFact, template: Template, told: Sequence[Handler], **facts: Any) -> list[Owed]:
    return [notice for handler in told for notice in _staff(event, template, handler, **facts)]


def _shown(handler: Handler | None) -> dict[str, str] | None:
    """What others are told of who does it: their post, their name, the post's public number."""
    if handler is None:
        return None
    return {"title": handler.title, "name": handler.name or "", "phone": handler.phone or ""}
