"""The steps of a case's life: from which state, to which, and who may take them. The API, what a person is offered, the
documentation's diagram and the tests come from this table.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts.grid import Duty
from contracts.routing import Ask, CaseState, Kind

from routing.domain.assignment import Owing
from routing.domain.case import (
    ANSWERED,
    ASSIGNED,
    DRAFTED,
    HELPER_REPORTED,
    RECORDED,
    REDONE,
    SPLIT_OFF,
    STARTED,
    VERIFIED,
    Case,
    ClosedReason,
    DeadlineKind,
    DeadlineState,
)
from routing.domain.chain import Entry
from routing.domain.pressing import BETWEEN_NUDGES
from routing.domain.promise import Unit
from routing.domain.rules import Demand
from routing.errors import (
    AnswerDrafted,
    AssignedFromAbove,
    CallBackOwed,
    ClockRuns,
    DoneAgain,
    HouseholdsTold,
    LateAlready,
    NoCallBackOwed,
    NoReportBackOwed,
    NoReportOwed,
    NotForACentre,
    NotSealed,
    NotYourStep,
    NotYoursToName,
    NudgedAlready,
    PapersAwaited,
    PapersInCustody,
    PromiseKept,
    PromiseMissed,
    ReportBackOwed,
    ReportOwed,
    RulingBinds,
    SealedStaysHere,
    StepNotAllowed,
    StillFollowed,
    VerificationOwed,
)


class Actor(StrEnum):
    HOLDER = "holder"
    """Who holds the post that the case lies with, or stands in for it."""
    HELPER = "helper"
    """Who holds a post that was called in, while its part is open."""
    DISPATCHER = "dispatcher"
    """The dispatcher of the case's place or of a tier above it."""
    RULER = "ruler"
    """The dispatcher who is asked, or one above them; never who asked, nor whoever holds the case by now."""
    COLLEAGUE = "colleague"
    """Who holds a post on the line of the case's place or of where it was taken; never its holder."""
    OVERSEER = "overseer"
    """The dispatcher or supervisor of the case's place or of a tier above it; never its holder."""
    SUPERIOR = "superior"
    """A dispatcher or supervisor of a tier above the holder; over an office, the supervisor of its own place too. And
    whoever has to see to it, since it is late or done again.
    """
    TAKER = "taker"
    """Who has taken it over, while it lies with them."""
    ABOVE_STATION = "above_station"
    """While an office holds it, wherever that stands: a dispatcher or supervisor of a tier above the station of the
    case's place.
    """
    CALLER = "caller"
    """A window clerk or dispatcher of the case's place or of a tier above; neither who holds it nor who answered it."""
    REVIEWER = "reviewer"
    """A dispatcher of the case's place or of a tier above; neither who holds it nor who wrote the answer."""
    SECOND = "second"
    """A dispatcher or supervisor of a tier above the holder, and not who applied."""
    VERIFIER = "verifier"
    """Who holds a post on the line of the case's place; neither who holds or held it, nor answered, approved the
    answer, helped, or entered work on it.
    """


#: Whose matters are handed over to a centre, the resident accompanied.
FOR_CENTRES = frozenset({Kind.LEGAL, Kind.STABILITY})

#: In words, for whom a step is refused.
WHO: dict[Actor, str] = {
    Actor.HOLDER: "whoever holds the case",
    Actor.HELPER: "who helps with it, while that part is open",
    Actor.DISPATCHER: "a dispatcher of its place or of a tier above",
    Actor.RULER: "the dispatcher who is asked or one above, but not who asked",
    Actor.COLLEAGUE: "who holds a post on the line of its place, but not whoever holds the case",
    Actor.OVERSEER: "a dispatcher or supervisor of its place or of a tier above, but not whoever holds the case",
    Actor.SUPERIOR: (
        "a dispatcher or supervisor of a tier above whoever holds the case; where an office does, "
        "the supervisor of the office's own place too; and whoever has to see to what is late or done again"
    ),
    Actor.TAKER: "who has taken it over, while it lies with them",
    Actor.ABOVE_STATION: (
        "while an office holds it, a dispatcher or supervisor of a tier above the station of the case's place"
    ),
    Actor.CALLER: (
        "a window clerk or dispatcher of its place or of a tier above who neither holds the case nor answered it"
    ),
    Actor.REVIEWER: "a dispatcher of its place or of a tier above who neither holds the case nor wrote the answer",
    Actor.SECOND: "a dispatcher or supervisor of a tier above whoever holds the case, but not who applied",
    Actor.VERIFIER: (
        "who holds a post on the line of its place, but neither holds nor held the case, answered it, approved its "
        "answer, helped with it nor entered work that they did on it"
    ),
}


OVERSEEING = (Duty.DISPATCHER, Duty.SUPERVISOR)
CALLING = (Duty.WINDOW_CLERK, Duty.DISPATCHER)


class Step(StrEnum):
    ACCEPT = "accept"
    START = "start"
    ANSWER = "answer"
    HAND_OVER = "hand_over"
    CLOSE = "close"
    RE_SORT = "re_sort"
    RE_DISPATCH = "re_dispatch"
    ASK_RETURN = "ask_return"
    ASK_DECLINE = "ask_decline"
    ASK_EXTENSION = "ask_extension"
    ASK_SUSPENSION = "ask_suspension"
    RULE = "rule"
    RESUME = "resume"
    TRANSFER = "transfer"
    TAKE_OVER = "take_over"
    PLAN = "plan"
    RE_PLAN = "re_plan"
    RECORD = "record"
    NUDGE = "nudge"
    ORDER = "order"
    INSTRUCT = "instruct"
    REPORT = "report"
    RECUSE = "recuse"
    ACCOMPANY = "accompany"
    CENTRE_REPORT = "centre_report"
    REPORT_BACK = "report_back"
    ENTER_REVIEW = "enter_review"
    CALL_IN = "call_in"
    REPORT_PART = "report_part"
    RELEASE = "release"
    LINK = "link"
    UNLINK = "unlink"
    HAND_TO_HOTLINE = "hand_to_hotline"
    CALL_BACK = "call_back"
    NAME_AFFECTED = "name_affected"
    TELL_AFFECTED = "tell_affected"
    MERGE = "merge"
    SPLIT = "split"
    REVIEW = "review"
    VERIFY = "verify"
    GRANT = "grant"
    REVOKE_GRANT = "revoke_grant"
    ASK_EXCLUSION = "ask_exclusion"
    REVIEW_EXCLUSION = "review_exclusion"


class Circumstance(StrEnum):
    """What stands on a case beside its state, and opens or bars steps."""

    ASKED = "asked"
    """Its holder asks something of a dispatcher."""
    RULED = "ruled"
    """A ruling has bound it to its holder."""
    EXTENDED = "extended"
    SUSPENDED = "suspended"
    """Its promise does not run."""
    PLANNED = "planned"
    """For a later day; its promise is settled."""
    HANDED_OVER = "handed_over"
    ENDED_OTHERWISE = "ended_otherwise"
    """Closed, but not as done: withdrawn, declined, merged or of a finished past."""
    OVER = "over"
    """Closed, nothing of the resident's is left in custody, and no letter waits for its reply."""
    REPORT_OWED = "report_owed"
    """On a supervision order or an instruction."""
    FOR_A_CENTRE = "for_a_centre"
    """Legal, stability or petition: a centre of the district's settles it."""
    FOLLOWED = "followed"
    """Handed over to a centre that has not reported finally."""
    REPORT_BACK_OWED = "report_back_owed"
    """To whoever assigned it from above."""
    UNDER_REVIEW = "under_review"
    """They have the report back, and have not said anything yet."""
    JOINT = "joint"
    """Somebody helps with it."""
    LINKED = "linked"
    """With another case."""
    AT_HOTLINE = "at_hotline"
    """A reply of the city hotline is expected."""
    CALL_BACK_OWED = "call_back_owed"
    """Its resident has been answered, and somebody has to ask them whether that solved it."""
    INCIDENT = "incident"
    """It names buildings or areas whose every household is told."""
    SHARED = "shared"
    """By the appeals of several who still ask."""
    ANSWER_DRAFTED = "answer_drafted"
    """An answer waits for its review."""
    VERIFICATION_OWED = "verification_owed"
    """Somebody has to look on site whether it was done."""
    EXCLUSION_ASKED = "exclusion_asked"
    """Its holder has applied that it not count in a rate."""
    SEALED = "sealed"
    """Shown only to those who must see it, and to whom a grant opens it."""


@dataclass(frozen=True)
class StepRule:
    """``to`` none: the state stays as it is. ``reasons``: whose list a reason must come from."""

    step: Step
    states: frozenset[CaseState]
    to: CaseState | None
    actors: frozenset[Actor]
    needs: frozenset[Circumstance] = frozenset()
    bars: frozenset[Circumstance] = frozenset()
    reasons: Ask | None = None

    def allows(self, case: Case) -> bool:
        there = circumstances_of(case)
        return case.state in self.states and self.needs <= there and not self.bars & there


def _rule(
    step: Step,
    states: Collection[CaseState],
    to: CaseState | None,
    actors: Collection[Actor],
    *,
    needs: Collection[Circumstance] = (),
    bars: Collection[Circumstance] = (),
    reasons: Ask | None = None,
) -> StepRule:
    return StepRule(step, frozenset(states), to, frozenset(actors), frozenset(needs), frozenset(bars), reasons)


_EITHER = (Actor.HOLDER, Actor.DISPATCHER)
_UNDER_WAY = (CaseState.ASSIGNED, CaseState.IN_PROGRESS)
#: What was assigned from above ends only once they have accepted the report that they want.
_REPORT_BACK = (Circumstance.REPORT_BACK_OWED, Circumstance.UNDER_REVIEW)
#: A dispatcher has to say something first.
_PENDING = (Circumstance.ASKED, Circumstance.ANSWER_DRAFTED)
_UNSETTLED = (CaseState.RECEIVED, CaseState.ACCEPTED, *_UNDER_WAY)

STEPS: dict[Step, StepRule] = {
    rule.step: rule
    for rule in (
        _rule(Step.ACCEPT, [CaseState.RECEIVED], CaseState.ASSIGNED, [Actor.DISPATCHER]),
        _rule(Step.START, [CaseState.ASSIGNED], CaseState.IN_PROGRESS, [Actor.HOLDER]),
        # Once given, an answer is never edited: a correction is another.
        _rule(
            *(Step.ANSWER, [*_UNDER_WAY, CaseState.ANSWERED], CaseState.ANSWERED, _EITHER),
            bars=[Circumstance.FOLLOWED, Circumstance.ANSWER_DRAFTED],
        ),
        # Who collects may come long after the end.
        _rule(
            *(Step.HAND_OVER, [CaseState.ANSWERED, CaseState.CLOSED], None, _EITHER),
            bars=[Circumstance.HANDED_OVER, Circumstance.ENDED_OTHERWISE],
        ),
        _rule(
            *(Step.CLOSE, [CaseState.ANSWERED], CaseState.CLOSED, _EITHER),
            bars=[
                *(Circumstance.REPORT_OWED, Circumstance.CALL_BACK_OWED, Circumstance.VERIFICATION_OWED),
                *(Circumstance.ANSWER_DRAFTED, *_REPORT_BACK),
            ],
        ),
        _rule(Step.RE_SORT, _UNDER_WAY, None, [Actor.DISPATCHER], bars=[*_PENDING, Circumstance.SUSPENDED]),
        _rule(Step.RE_DISPATCH, _UNDER_WAY, CaseState.ASSIGNED, [Actor.DISPATCHER, Actor.TAKER], bars=_PENDING),
        _rule(
            *(Step.ASK_RETURN, _UNDER_WAY, None, [Actor.HOLDER]),
            bars=[*_PENDING, Circumstance.RULED],
            reasons=Ask.RETURN,
        ),
        _rule(
            *(Step.ASK_DECLINE, _UNDER_WAY, None, [Actor.HOLDER]),
            bars=[*_PENDING, Circumstance.FOLLOWED, *_REPORT_BACK],
            reasons=Ask.DECLINE,
        ),
        _rule(
            *(Step.ASK_EXTENSION, _UNDER_WAY, None, [Actor.HOLDER]),
            bars=[*_PENDING, Circumstance.EXTENDED, Circumstance.SUSPENDED, Circumstance.PLANNED],
            reasons=Ask.EXTENSION,
        ),
        _rule(
            *(Step.ASK_SUSPENSION, _UNDER_WAY, None, [Actor.HOLDER]),
            bars=[*_PENDING, Circumstance.SUSPENDED, Circumstance.PLANNED],
            reasons=Ask.SUSPENSION,
        ),
        _rule(Step.RULE, _UNDER_WAY, None, [Actor.RULER], needs=[Circumstance.ASKED]),
        _rule(
            *(Step.RESUME, _UNDER_WAY, None, _EITHER),
            needs=[Circumstance.SUSPENDED],
            bars=[Circumstance.ANSWER_DRAFTED],
        ),
        # Not back and forth: who would be rid of what a ruling binds to them, or of what they were passed, asks.
        _rule(
            *(Step.TRANSFER, _UNDER_WAY, CaseState.ASSIGNED, [Actor.HOLDER]),
            bars=[*_PENDING, Circumstance.RULED],
        ),
        # What its holder asks is asked no more; an answer that waits for its review is nearly one.
        _rule(
            *(Step.TAKE_OVER, _UNDER_WAY, CaseState.ASSIGNED, [Actor.SUPERIOR]),
            bars=[Circumstance.ANSWER_DRAFTED],
        ),
        _rule(
            *(Step.PLAN, _UNDER_WAY, CaseState.IN_PROGRESS, _EITHER),
            bars=[*_PENDING, Circumstance.SUSPENDED, Circumstance.PLANNED, Circumstance.FOLLOWED],
        ),
        _rule(Step.RE_PLAN, _UNDER_WAY, None, [Actor.DISPATCHER], needs=[Circumstance.PLANNED], bars=_PENDING),
        # What was closed before originals were back, or a letter had its reply, goes on being recorded until then.
        _rule(
            *(Step.RECORD, [CaseState.RECEIVED, *_UNDER_WAY, CaseState.ANSWERED, CaseState.CLOSED], None),
            (*_EITHER, Actor.HELPER),
            bars=[Circumstance.OVER],
        ),
        _rule(Step.NUDGE, _UNSETTLED, None, [Actor.COLLEAGUE]),
        _rule(Step.ORDER, _UNSETTLED, None, [Actor.SUPERIOR, Actor.ABOVE_STATION]),
        _rule(Step.INSTRUCT, _UNSETTLED, None, [Actor.OVERSEER]),
        _rule(
            *(Step.REPORT, [*_UNSETTLED, CaseState.ANSWERED], None, _EITHER),
            needs=[Circumstance.REPORT_OWED],
        ),
        _rule(Step.RECUSE, [CaseState.RECEIVED, *_UNDER_WAY], None, (*_EITHER, Actor.HELPER)),
        # Handing it over closes nothing: the case stays in progress and is followed.
        _rule(
            *(Step.ACCOMPANY, _UNDER_WAY, CaseState.IN_PROGRESS, _EITHER),
            needs=[Circumstance.FOR_A_CENTRE],
            bars=[Circumstance.FOLLOWED, Circumstance.SUSPENDED, Circumstance.PLANNED, Circumstance.ANSWER_DRAFTED],
        ),
        _rule(Step.CENTRE_REPORT, _UNDER_WAY, None, _EITHER, needs=[Circumstance.FOLLOWED]),
        _rule(
            *(Step.REPORT_BACK, [CaseState.ANSWERED], None, _EITHER),
            needs=[Circumstance.REPORT_BACK_OWED],
        ),
        _rule(
            *(Step.ENTER_REVIEW, [*_UNDER_WAY, CaseState.ANSWERED], None, [Actor.DISPATCHER]),
            needs=[Circumstance.UNDER_REVIEW],
        ),
        _rule(Step.CALL_IN, _UNDER_WAY, None, _EITHER),
        _rule(Step.REPORT_PART, _UNDER_WAY, None, [Actor.HELPER], needs=[Circumstance.JOINT]),
        _rule(Step.RELEASE, _UNDER_WAY, None, _EITHER, needs=[Circumstance.JOINT]),
        _rule(Step.LINK, list(CaseState), None, _EITHER),
        _rule(Step.UNLINK, list(CaseState), None, _EITHER, needs=[Circumstance.LINKED]),
        # It stays with its holder: passed to another office is no answer.
        _rule(
            *(Step.HAND_TO_HOTLINE, _UNDER_WAY, None, [Actor.DISPATCHER]),
            bars=[Circumstance.AT_HOTLINE, Circumstance.SEALED],
        ),
        # What was closed before it was known that no message comes through.
        _rule(
            *(Step.CALL_BACK, [CaseState.ANSWERED, CaseState.CLOSED], None, [Actor.CALLER]),
            needs=[Circumstance.CALL_BACK_OWED],
        ),
        _rule(Step.NAME_AFFECTED, [*_UNDER_WAY, CaseState.ANSWERED], None, _EITHER, bars=[Circumstance.SEALED]),
        _rule(
            *(Step.TELL_AFFECTED, [*_UNDER_WAY, CaseState.ANSWERED], None, _EITHER),
            needs=[Circumstance.INCIDENT],
            bars=[Circumstance.SEALED],
        ),
        _rule(
            *(Step.MERGE, _UNSETTLED, CaseState.CLOSED, [Actor.DISPATCHER]),
            bars=[
                *(Circumstance.ASKED, Circumstance.REPORT_OWED, Circumstance.FOLLOWED, Circumstance.AT_HOTLINE),
                *(Circumstance.SUSPENDED, Circumstance.PLANNED, Circumstance.ANSWER_DRAFTED),
            ],
        ),
        _rule(
            *(Step.SPLIT, [CaseState.RECEIVED, *_UNDER_WAY, CaseState.ANSWERED], None, [Actor.DISPATCHER]),
            needs=[Circumstance.SHARED],
            bars=[Circumstance.ASKED, Circumstance.FOLLOWED, Circumstance.ANSWER_DRAFTED],
        ),
        _rule(
            *(Step.REVIEW, [*_UNDER_WAY, CaseState.ANSWERED], None, [Actor.REVIEWER]),
            needs=[Circumstance.ANSWER_DRAFTED],
        ),
        _rule(
            *(Step.VERIFY, [CaseState.ANSWERED], None, [Actor.VERIFIER]),
            needs=[Circumstance.VERIFICATION_OWED],
        ),
        _rule(Step.GRANT, list(CaseState), None, [Actor.DISPATCHER, Actor.OVERSEER], needs=[Circumstance.SEALED]),
        _rule(
            Step.REVOKE_GRANT, list(CaseState), None, [Actor.DISPATCHER, Actor.OVERSEER], needs=[Circumstance.SEALED]
        ),
        # A figure may be asked to leave a case out long after its end.
        _rule(
            *(Step.ASK_EXCLUSION, [*_UNDER_WAY, CaseState.ANSWERED, CaseState.CLOSED], None, [Actor.HOLDER]),
            bars=[Circumstance.EXCLUSION_ASKED],
        ),
        _rule(
            *(Step.REVIEW_EXCLUSION, [*_UNDER_WAY, CaseState.ANSWERED, CaseState.CLOSED], None, [Actor.SECOND]),
            needs=[Circumstance.EXCLUSION_ASKED],
        ),
    )
}


@dataclass(frozen=True)
class Seated:
    """A post by which somebody acts, and as what. An office's own dispatcher or supervisor is none of the tree's."""

    post_id: UUID
    duty: str
    path: str
    office_id: UUID | None = None

    @property
    def dispatches(self) -> bool:
        return self.duty == Duty.DISPATCHER and self.office_id is None

    @property
    def oversees(self) -> bool:
        return self.duty in OVERSEEING and self.office_id is None

    @property
    def calls_back(self) -> bool:
        return self.duty in CALLING and self.office_id is None


@dataclass(frozen=True)
class Holder:
    """Where the post stands that a case lies with, and who answers in it now."""

    path: str
    subject: str | None


def circumstances_of(case: Case) -> frozenset[Circumstance]:
    found = {
        Circumstance.ASKED: case.ask is not None,
        Circumstance.RULED: case.ruled_path is not None,
        Circumstance.EXTENDED: case.extended,
        Circumstance.SUSPENDED: case.suspended_until is not None,
        Circumstance.PLANNED: case.planned_for is not None,
        Circumstance.HANDED_OVER: case.handover is not None,
        Circumstance.ENDED_OTHERWISE: case.closed_reason not in (None, ClosedReason.DONE),
        Circumstance.OVER: not (case.is_open or case.papers_held or case.letters_unanswered),
        Circumstance.REPORT_OWED: case.reports_owed > 0,
        Circumstance.FOR_A_CENTRE: case.kind in FOR_CENTRES,
        Circumstance.FOLLOWED: case.followed_since is not None,
        Circumstance.REPORT_BACK_OWED: case.report_back is Owing.OWED,
        Circumstance.UNDER_REVIEW: case.report_back is Owing.GIVEN,
        Circumstance.JOINT: bool(case.helper_post_ids),
        Circumstance.LINKED: case.links_seen > 0,
        Circumstance.AT_HOTLINE: case.at_hotline,
        Circumstance.CALL_BACK_OWED: case.calls_owed > 0,
        Circumstance.INCIDENT: case.tellings > 0,
        Circumstance.SHARED: sum(appeal.stands for appeal in case.appeals) > 1,
        Circumstance.ANSWER_DRAFTED: case.draft is not None,
        Circumstance.VERIFICATION_OWED: _is_to_be_verified(case),
        Circumstance.EXCLUSION_ASKED: case.excluding is not None,
        Circumstance.SEALED: case.seal is not None,
    }
    return frozenset(each for each, holds in found.items() if holds)


def _is_to_be_verified(case: Case) -> bool:
    return case.state is CaseState.ANSWERED and Demand.VERIFICATION in case.demands and not case.verified


def steps_for(
    case: Case, posts: Collection[Seated], *, subject: str, holder: Holder | None = None, now: datetime
) -> list[Step]:
    """What this person may do with the case now."""
    allowed = [step for step, rule in STEPS.items() if rule.allows(case)]
    theirs = [step for step in allowed if find_post(step, case, posts, subject, holder)]
    is_holder = holds(posts, case, subject, holder)
    return [step for step in theirs if find_hindrance(step, case, posts, now, is_holder=is_holder) is None]


Hindrance = (
    RulingBinds
    | PromiseMissed
    | PromiseKept
    | ClockRuns
    | PapersAwaited
    | PapersInCustody
    | DoneAgain
    | AssignedFromAbove
    | HouseholdsTold
    | LateAlready
    | NudgedAlready
    | NotYoursToName
)


def find_hindrance(
    step: Step, case: Case, posts: Collection[Seated], now: datetime, *, is_holder: bool
) -> Hindrance | None:
    """What else stands in the way of a step that is theirs by state and duty, as far as the case itself tells."""
    if reserved := _find_reserve(step, case, posts):
        return reserved
    match step:
        case Step.ASK_EXTENSION | Step.ASK_SUSPENSION:
            return find_bar_to_more_time(case, now)
        case Step.PLAN:
            return find_bar_to_planning(case, now, is_holder=is_holder)
        case Step.CLOSE if case.papers_held:
            return PapersInCustody(case.papers_held)
        case Step.MERGE:
            return find_bar_to_merging(case)
    return find_bar_to_nudging(case, posts, now) if step is Step.NUDGE else None


def _find_reserve(step: Step, case: Case, posts: Collection[Seated]) -> RulingBinds | NotYoursToName | None:
    """What a tier above theirs alone may do: where that has ruled, or it alone stands above all who lead and help."""
    if _is_bound(step, case, posts):
        return RulingBinds()
    if step is Step.TAKE_OVER:
        return None if oversees_above_all(posts, case.across) else NotYoursToName(field=None)
    names_lead = step in (Step.RE_DISPATCH, Step.TRANSFER)
    return NotYoursToName() if names_lead and not dispatches_above_all(posts, case.across) else None


def _has_taken(post: Seated, case: Case) -> bool:
    """By themselves or since it was not solved twice; what a ruling on a return binds goes on being bound."""
    return post.post_id == case.holder_post_id and post.oversees and post.path == case.ruled_path and not case.returns


def _is_bound(step: Step, case: Case, posts: Collection[Seated]) -> bool:
    """By the ruling of a tier above theirs."""
    if case.ruled_path is None:
        return False
    if step is Step.TAKE_OVER:
        return not oversees_above_all(posts, [case.ruled_path])
    if dispatches_above(posts, case.ruled_path) or any(_has_taken(post, case) for post in posts):
        return False
    holds_it = any(post.post_id == case.holder_post_id for post in posts)
    instead_of_holder = step in (Step.ANSWER, Step.PLAN, Step.RE_PLAN) and not holds_it
    return instead_of_holder or step in (Step.RE_SORT, Step.RE_DISPATCH, Step.MERGE)


def find_bar_to_more_time(case: Case, now: datetime) -> PromiseMissed | PromiseKept | ClockRuns | PapersAwaited | None:
    """A promise is moved before it falls due, and not while it waits for papers; one in hours is for danger, which does
    not wait either.
    """
    deadline = case.deadline
    if deadline is not None and deadline.state is DeadlineState.MET:
        return PromiseKept()
    if deadline is None or deadline.state is not DeadlineState.OPEN or deadline.is_missed_at(now):
        return PromiseMissed()
    if case.awaits_papers_at(now) is not None:
        return PapersAwaited()
    return ClockRuns() if _runs_by_the_clock(case) else None


def find_bar_to_planning(case: Case, now: datetime, *, is_holder: bool) -> ClockRuns | DoneAgain | LateAlready | None:
    """Danger does not wait for a day, nor whoever has waited once and was not satisfied; and who is late names no other
    day by themselves.
    """
    if _runs_by_the_clock(case):
        return ClockRuns()
    if case.done_again or case.limit(DeadlineKind.REDO) is not None:
        return DoneAgain()
    return LateAlready() if is_holder and case.is_overdue(now) else None


def _runs_by_the_clock(case: Case) -> bool:
    """By its promise, or by the rule of what it was found to be later, whose promise would have ended no earlier."""
    promised = case.deadline.promise.term.unit if case.deadline is not None else None
    return case.by_the_clock or promised is Unit.CLOCK_HOURS


def find_bar_to_merging(case: Case) -> AssignedFromAbove | DoneAgain | HouseholdsTold | PapersInCustody | None:
    """What is owed to others than its residents, or to one who was not satisfied, is not lost among others."""
    if case.assigned_by is not None:
        return AssignedFromAbove(case.assigned_by)
    if case.done_again or case.limit(DeadlineKind.REDO) is not None:
        return DoneAgain()
    if case.tellings:
        return HouseholdsTold()
    return PapersInCustody(case.papers_held) if case.papers_held else None


def find_bar_to_nudging(case: Case, posts: Collection[Seated], now: datetime) -> NudgedAlready | None:
    """Once a day by each post; whoever has several nudges by the narrowest."""
    post = _narrowest(each for each in posts if _on_line(each, case))
    last = case.nudged.get(post.post_id) if post is not None else None
    if last is None or now >= last + BETWEEN_NUDGES:
        return None
    return NudgedAlready(last + BETWEEN_NUDGES)


def asks_its_history(case: Case) -> bool:
    """Whether what has become of it before decides what may be done with it now."""
    return _is_to_be_verified(case) or (case.answered_at is not None and case.is_unsettled)


#: Who took such a step has worked on it, or entered what they did.
_WORK = frozenset({STARTED, RECORDED, DRAFTED, ANSWERED, HELPER_REPORTED})


def recall(case: Case, entries: Iterable[Entry]) -> None:
    """What its history says of who has worked on it, and whether it was done again."""
    known = list(entries)
    did = {entry.by for entry in known if entry.step in _WORK and entry.by}
    case.worked_by = frozenset(did | had_it(known))
    case.done_again = bool(_before(known).get("done_again")) or any(
        entry.step == REDONE or (entry.step == VERIFIED and not entry.facts["passed"]) for entry in known
    )


def had_it(entries: Iterable[Entry]) -> set[str]:
    """The posts and people to whom it was given; and who had worked on what it was split off from."""
    known = list(entries)
    given = [entry.facts for entry in known if entry.step == ASSIGNED]
    return {
        *_before(known).get("worked_by", ()),
        *(who for had in given for who in (had["holder"], had["post"]) if who),
    }


def _before(known: Iterable[Entry]) -> Mapping[str, Any]:
    """What it was split off with; nothing where it was not."""
    return next((entry.facts for entry in known if entry.step == SPLIT_OFF), {})


def dispatches_above(posts: Collection[Seated], path: str) -> bool:
    """Whether they are the tree's dispatcher where the path stands, or of a tier above."""
    return any(post.dispatches and path.startswith(post.path) for post in posts)


def dispatches_above_all(posts: Collection[Seated], paths: Collection[str]) -> bool:
    """By one of their posts; above nothing, anybody does."""
    return _is_above_all((post for post in posts if post.dispatches), paths)


def oversees_above_all(posts: Collection[Seated], paths: Collection[str]) -> bool:
    """The same of the tree's supervisors too."""
    return _is_above_all((post for post in posts if post.oversees), paths)


def _is_above_all(posts: Iterable[Seated], paths: Collection[str]) -> bool:
    return not paths or any(all(path.startswith(post.path) for path in paths) for post in posts)


def check_state(
    step: Step, case: Case, posts: Collection[Seated], *, subject: str, holder: Holder | None, now: datetime
) -> None:
    """What is refused names the steps that this person may take instead."""
    rule, there = STEPS[step], circumstances_of(case)
    if rule.allows(case):
        return
    barring, missing = rule.bars & there, rule.needs - there
    if case.state in rule.states:
        _check_circumstances(case, barring=barring, missing=missing)
    theirs = steps_for(case, posts, subject=subject, holder=holder, now=now)
    why = _why_not(rule, case, barring=barring, missing=missing)
    raise StepNotAllowed(step, " and ".join((case.state, *sorted(there))), theirs, why=why)


def _why_not(
    rule: StepRule, case: Case, *, barring: Collection[Circumstance], missing: Collection[Circumstance]
) -> str:
    """In the words of the table."""
    parts: tuple[tuple[str, Collection[str]], ...] = (
        ("which is taken while it is", () if case.state in rule.states else rule.states),
        ("which needs that it is", missing),
        ("which is not taken while it is", barring),
    )
    return " and ".join(f"{said} {' or '.join(sorted(names))}" for said, names in parts if names)


def _check_circumstances(case: Case, *, barring: Collection[Circumstance], missing: Collection[Circumstance]) -> None:
    """What has a remedy of its own."""
    if Circumstance.REPORT_OWED in barring:
        raise ReportOwed(case.reports_owed)
    if Circumstance.FOLLOWED in barring:
        raise StillFollowed
    if Circumstance.REPORT_OWED in missing:
        raise NoReportOwed
    if Circumstance.FOR_A_CENTRE in missing:
        raise NotForACentre
    if Circumstance.SEALED in barring:
        raise SealedStaysHere
    if Circumstance.SEALED in missing:
        raise NotSealed
    _check_report_back(case, barring=barring, missing=missing)


def _check_report_back(case: Case, *, barring: Collection[Circumstance], missing: Collection[Circumstance]) -> None:
    if not {*barring}.isdisjoint(_REPORT_BACK):
        raise ReportBackOwed(case.assigned_by or "", is_given=Circumstance.UNDER_REVIEW in barring)
    if not {*missing}.isdisjoint(_REPORT_BACK):
        raise NoReportBackOwed
    if Circumstance.CALL_BACK_OWED in barring:
        raise CallBackOwed(case.calls_owed)
    if Circumstance.CALL_BACK_OWED in missing:
        raise NoCallBackOwed
    if Circumstance.ANSWER_DRAFTED in barring:
        raise AnswerDrafted
    if Circumstance.VERIFICATION_OWED in barring:
        raise VerificationOwed


def post_for(step: Step, case: Case, posts: Collection[Seated], *, subject: str, holder: Holder | None = None) -> UUID:
    """The post by which this person may take the step; their narrowest, the holder's before a dispatcher's."""
    post = find_post(step, case, posts, subject, holder)
    if post is None:
        raise NotYourStep(step, [WHO[actor] for actor in Actor if actor in STEPS[step].actors])
    return post.post_id


def find_post(step: Step, case: Case, posts: Collection[Seated], subject: str, holder: Holder | None) -> Seated | None:
    """Nobody acts on what complains of them, or in what they have an interest."""
    if subject in case.barred:
        return None
    actors = STEPS[step].actors
    found = (_acting_as(actor, case, posts, subject, holder) for actor in Actor if actor in actors)
    return next((post for post in found if post is not None), None)


def _acting_as(
    actor: Actor, case: Case, posts: Collection[Seated], subject: str, holder: Holder | None
) -> Seated | None:
    if actor is Actor.HOLDER:
        return next((post for post in posts if post.post_id == case.holder_post_id), None)
    if actor is Actor.TAKER:
        return next((post for post in posts if _has_taken(post, case)), None)
    if actor is Actor.HELPER:
        return next((post for post in posts if post.post_id in case.helper_post_ids), None)
    if actor is not Actor.DISPATCHER and holds(posts, case, subject, holder):
        return None
    if actor is Actor.VERIFIER and _has_worked(posts, case, subject):
        return None
    return _narrowest(post for post in posts if _is(actor, post, case, subject, holder))


def _is(actor: Actor, post: Seated, case: Case, subject: str, holder: Holder | None) -> bool:
    match actor:
        case Actor.DISPATCHER:
            return post.dispatches and case.placed_path.startswith(post.path)
        case Actor.RULER:
            return subject != case.asked_by and _rules_on(post, case)
        case Actor.OVERSEER:
            return post.oversees and case.placed_path.startswith(post.path)
        case Actor.SUPERIOR | Actor.SECOND | Actor.ABOVE_STATION:
            return _is_superior(actor, post, case, subject, holder)
        case Actor.CALLER | Actor.REVIEWER | Actor.VERIFIER:
            return _is_beside(actor, post, case, subject)
        case _:
            return _on_line(post, case)


def _is_superior(actor: Actor, post: Seated, case: Case, subject: str, holder: Holder | None) -> bool:
    """By a tier above the holder's; or, but for a second opinion, by the duty to see to it. Or by one above the station
    that calls in an office.
    """
    if actor is Actor.ABOVE_STATION:
        return post.oversees and _is_above_station(post, case)
    if actor is Actor.SUPERIOR and post.post_id in case.seen_to_by:
        return True
    is_other = actor is Actor.SUPERIOR or subject != case.excluding_by
    return is_other and post.oversees and _is_above(post, case, holder)


def _rules_on(post: Seated, case: Case) -> bool:
    path = case.placed_path if case.ask is None or case.ruler_path is None else case.ruler_path
    return post.dispatches and (post.post_id == case.ruler_post_id or path.startswith(post.path))


def holds(posts: Collection[Seated], case: Case, subject: str, holder: Holder | None) -> bool:
    """By a post that they act under, or another."""
    return any(p.post_id == case.holder_post_id for p in posts) or (holder is not None and holder.subject == subject)


def _has_worked(posts: Collection[Seated], case: Case, subject: str) -> bool:
    """Held it once, wrote an answer of it, or did a part of it."""
    return not case.worked_by.isdisjoint({subject, *(str(post.post_id) for post in posts)})


def _is_beside(actor: Actor, post: Seated, case: Case, subject: str) -> bool:
    """Of its place or of a tier above, and not who answered it."""
    fits = {Actor.CALLER: post.calls_back, Actor.REVIEWER: post.dispatches, Actor.VERIFIER: post.office_id is None}
    return fits[actor] and subject != case.answered_by and case.placed_path.startswith(post.path)


def _on_line(post: Seated, case: Case) -> bool:
    return case.placed_path.startswith(post.path) or case.taken_path.startswith(post.path)


def _is_above(post: Seated, case: Case, holder: Holder | None) -> bool:
    held_at = holder.path if holder is not None else case.placed_path
    beside_office = case.office_id is not None and post.duty == Duty.SUPERVISOR
    return held_at.startswith(post.path) and (beside_office or post.path != held_at)


def _is_above_station(post: Seated, case: Case) -> bool:
    station = case.station_path
    return station is not None and station.startswith(post.path) and post.path != station


def _narrowest(posts: Iterable[Seated]) -> Seated | None:
    return max(posts, key=lambda post: len(post.path), default=None)
