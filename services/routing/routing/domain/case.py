"""A case: one trouble, one or many residents' appeals, one holder, one promise."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts.intake import Channel, Language
from contracts.routing import Ask, CaseState, HandoverMeans, Kind, Outcome, Queue, Remit

from routing.domain.assignment import Owing
from routing.domain.chain import GENESIS, Entry, link
from routing.domain.figures import Rate, Tally
from routing.domain.paths import last_of
from routing.domain.promise import Promise, WarningAt
from routing.domain.rules import Demand


class DeadlineKind(StrEnum):
    """What it is the limit of: as events say it, and what they tell by types of its own."""

    PROMISE = "promise"
    """To the resident."""
    PLANNED = "planned"
    """What was planned is due."""
    PART = "part"
    """A helper's."""
    REDO = "redo"
    RATING = "rating"
    """Until then the resident may say whether it is solved."""
    ASSIGNED = "assigned"
    """Set by who assigned it from above."""
    ORDER = "order"
    """The report on a supervision order."""
    REPLY = "reply"
    """Of the city hotline, to which it was handed."""
    CONTACT = "contact"
    """Until then the resident is to be reached for the first time."""
    HOLDING = "holding"
    """Of whoever was given it by its holder before them: by when their part is done."""


class DeadlineState(StrEnum):
    OPEN = "open"
    MET = "met"
    BREACHED = "breached"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    """Another stands in its place."""


class Standing(StrEnum):
    """How a case, or one of its deadlines, stands in every list: what is late first, then what is at risk."""

    LATE = "late"
    """Something that is owed on it was missed, whatever it is the limit of."""
    AT_RISK = "at_risk"
    """Its holder has had the last warning of something that falls due."""
    IN_TIME = "in_time"

    @property
    def rank(self) -> int:
        return list(Standing).index(self)

    @classmethod
    def ranked(cls, rank: int) -> "Standing":
        return list(cls)[rank]


class ClosedReason(StrEnum):
    DONE = "done"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    HISTORIC = "historic"
    MERGED = "merged"
    """Its appeals go on in another case."""


class Seal(StrEnum):
    """Why a case is shown only to those who must see it."""

    ASKED = "asked"
    """By who took it."""
    COMPLAINT = "complaint"
    """It complains of staff."""
    CATEGORY = "category"
    MERGED = "merged"
    """A sealed case was merged into it, or it asks about one again: it stays so, however it is sorted."""


#: What is said of a sealed case where nobody has opened it.
SEALED_GIST = "密件"

#: What a case's history calls that which is no step of a person.
OPENED, ACCEPTED, ASSIGNED = "opened", "accepted", "assigned"
STARTED, ANSWERED, HANDED_OVER, CLOSED = "started", "answered", "handed_over", "closed"
CORRECTED, WITHDRAWN = "corrected", "withdrawn"
RESORTED, ASKED, RULED, EXTENDED = "resorted", "asked", "ruled", "extended"
RECORDED = "recorded"
PRESSED, REPORTED = "pressed", "reported"
RECUSED = "recused"
ACCOMPANIED, CENTRE_REPORTED = "accompanied", "centre_reported"
REPORTED_BACK, REPORT_REVIEWED = "reported_back", "report_reviewed"
HELPER_CALLED, HELPER_REPORTED, HELPER_RELEASED = "helper_called", "helper_reported", "helper_released"
LINKED, UNLINKED = "linked", "unlinked"
HANDED_TO_HOTLINE, HOTLINE_REPLIED = "handed_to_hotline", "hotline_replied"
DRAFTED, REVIEWED, VERIFIED = "drafted", "reviewed", "verified"
CALL_BACK_OWED, CALLED_BACK, RATED, REDONE = "call_back_owed", "called_back", "rated", "redone"
HOLDER_LEFT = "holder_left"
AFFECTED_NAMED, AFFECTED_TOLD = "affected_named", "affected_told"
SUSPENDED, RESUMED, PLANNED = "suspended", "resumed", "planned"
JOINED, SPLIT, SPLIT_OFF = "joined", "split", "split_off"
GRANTED, GRANT_REVOKED, SEALED = "granted", "grant_revoked", "sealed"
APPROACHING, BREACHED, DEADLINE_MOVED = "deadline_approaching", "deadline_breached", "deadline_moved"
CLIMBED = "supervision_climbed"
EXCLUSION_ASKED, EXCLUSION_REVIEWED = "exclusion_asked", "exclusion_reviewed"
NOTICE_NOT_DELIVERED = "notice_not_delivered"

#: The limits that whoever holds a case is held to: of these they are warned, and what is missed of them is supervised.
HELD_TO = frozenset(
    {
        *(DeadlineKind.PROMISE, DeadlineKind.REDO, DeadlineKind.PLANNED, DeadlineKind.ASSIGNED),
        *(DeadlineKind.CONTACT, DeadlineKind.HOLDING),
    }
)


#: Those of which somebody is warned: a helper's part and the report on an order too, that no duty is made of.
WARNED_OF = HELD_TO | {DeadlineKind.PART, DeadlineKind.ORDER}


@dataclass
class Deadline:
    """``about``: which of several things of its kind on a case it is the limit of; the promise has none."""

    deadline_id: UUID
    kind: DeadlineKind
    promise: Promise
    about: UUID | None = None
    state: DeadlineState = DeadlineState.OPEN
    settled_at: datetime | None = None
    warned: int = 0
    """The last share of its time that its holder has been told of."""
    goes_on_from: UUID | None = None
    """The promise in whose place it stands, extended, suspended or resumed."""
    recounted_by: int | None = None
    """The last calendar by which it was counted again, and stayed as it was: by that it is a forecast, or none."""
    changed: bool = False

    @property
    def warnings(self) -> tuple[WarningAt, ...]:
        return self.promise.warnings if self.kind in WARNED_OF else ()

    @property
    def warn_at(self) -> datetime | None:
        """When the next warning is due; none: nobody is warned of it any more."""
        if self.state is not DeadlineState.OPEN:
            return None
        return next((each.at for each in self.warnings if each.share > self.warned), None)

    def warn(self, *, at: datetime) -> None:
        """Of the share that has passed by now; a smaller one that nobody was told of in time is not told any more."""
        self.warned = max(each.share for each in self.warnings if each.at < at)
        self.changed = True

    @property
    def is_warned_last(self) -> bool:
        return bool(self.warnings) and self.warned >= self.warnings[-1].share

    @property
    def standing(self) -> Standing:
        """While it runs; what is missed stands with its case."""
        at_risk = self.state is DeadlineState.OPEN and self.is_warned_last
        return Standing.AT_RISK if at_risk else Standing.IN_TIME

    def follow(self, before: "Deadline") -> None:
        """It stands in the place of another: what was said of that is said again only where this one ends later."""
        if self.promise.due_at <= before.promise.due_at:
            self.warned = max(self.warned, before.warned)

    def told_by(self, promise: Promise, *, now: datetime) -> int:
        """The last share that its holder was told of and that has passed by another count of its time too."""
        return min(self.warned, max((each.share for each in promise.warnings if each.at < now), default=0))

    def settle(self, state: DeadlineState, *, at: datetime) -> None:
        """A missed promise stays missed, whatever comes later."""
        if self.state is DeadlineState.OPEN:
            self.state, self.settled_at, self.changed = state, at, True

    def run_again(self) -> None:
        """What kept it is taken back."""
        self.state, self.settled_at, self.changed = DeadlineState.OPEN, None, True

    def is_missed_at(self, now: datetime) -> bool:
        return self.state is DeadlineState.OPEN and self.promise.due_at < now

    def give_way(self, *, at: datetime) -> None:
        """A calendar was wrong by which it ran, or was missed."""
        self.state, self.settled_at, self.changed = DeadlineState.REPLACED, at, True


@dataclass
class Appeal:
    """One resident's appeal in a case, with what it takes to tell them."""

    appeal_id: UUID
    number: str
    person_id: UUID | None
    language: Language
    query_code: str | None
    withdrawn_at: datetime | None = None
    moves: int = 0
    """How often it has gone from one case to another."""
    reached_by_message: bool = True
    """As far as intake knew when it came: whom no message reaches, a person asks back."""
    asker: UUID | None = None
    """The same for all appeals of one person, as far as is known; none: by ``person_id``, or it is the only one."""

    @property
    def stands(self) -> bool:
        return self.withdrawn_at is None

    @property
    def whose(self) -> UUID:
        return self.asker or self.person_id or self.appeal_id


#: What stands on one case, and is counted on it, does not go along where appeals are split off.
_STAYS = (
    *("papers_named_at", "papers_missing_of", "followed_since", "tally", "excluding", "excluding_by"),
    *("assigned_by", "assigned_number", "assigned_due", "report_back"),
)
_OF_ONE_CASE = (
    *("letters", "papers_held", "pressings", "reports_owed", "helpers", "linked", "links_hidden", "undelivered"),
    *("repeats", "hotline_handovers", "calls_owed", "tellings", "version"),
)


#: What an answer keeps beside the promise, given or handed in; sent back, it has kept nothing.
KEPT_BY_AN_ANSWER = (DeadlineKind.REDO, DeadlineKind.PLANNED, DeadlineKind.HOLDING)

#: Of the limits beside the promise, those that are of what is owed to the resident.
_GO_ALONG = (DeadlineKind.REDO, DeadlineKind.PLANNED, DeadlineKind.CONTACT, DeadlineKind.RATING)


@dataclass
class Case:
    case_id: UUID
    number: str
    gist: str
    channel: Channel
    received_at: datetime
    opened_at: datetime
    placed_path: str
    taken_path: str
    place_id: UUID | None = None
    district: str | None = None
    category: str | None = None
    category_version: int | None = None
    category_suggested: bool = False
    """By the words alone: nobody has sorted it yet, nor confirmed what was suggested."""
    kind: Kind | None = None
    remit: Remit | None = None
    urgent: bool = False
    silent: bool = False
    complained_of: tuple[str, ...] = ()
    recused: tuple[str, ...] = ()
    """Who has declared an interest in it, and takes no part any more."""
    seal: Seal | None = None
    keeper_post_id: UUID | None = None
    """Of a sealed case: the dispatcher's post that rules on it, above those whom it complains of."""
    granted_to: tuple[str, ...] = ()
    """Posts and persons that a grant opens it to."""
    state: CaseState = CaseState.RECEIVED
    queue: Queue | None = None
    holder_post_id: UUID | None = None
    office_id: UUID | None = None
    rule_version: int | None = None
    rule_layers: tuple[int, ...] = ()
    """The rule sets of narrower places that it began under too."""
    promise_due: datetime | None = None
    promise_met: bool | None = None
    outcome: Outcome | None = None
    handover: HandoverMeans | None = None
    closed_reason: ClosedReason | None = None
    accepted_at: datetime | None = None
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    ask: Ask | None = None
    """What its holder asks of a dispatcher; the holder stays liable until that is ruled on."""
    ask_reason: str | None = None
    asked_by: str | None = None
    asked_days: int | None = None
    """Working days by which an extension would move the promise."""
    asked_until: date | None = None
    """The day on which it would run again after a suspension."""
    ruler_post_id: UUID | None = None
    ruler_path: str | None = None
    returns: int = 0
    """How often one was asked for, since a superior took it over."""
    returned_path: str | None = None
    """Where the dispatcher stands who ruled on the last return: another goes to a tier above."""
    ruled_path: str | None = None
    """Where the dispatcher stands whose ruling on a second return binds it to its holder; or, until it is given on,
    whoever of a tier above took it over, by themselves or since it was not solved twice.
    """
    dispatched_path: str | None = None
    """Where the dispatcher stands who gave it to its holder, and to whom that returns it; none: the rules gave it."""
    extended: bool = False
    first_contact_at: datetime | None = None
    """When the resident was first reached, or told how it goes."""
    letters: int = 0
    """How many have been sent about it to offices that are not on the platform."""
    letters_unanswered: bool = False
    """Whether the reply to one of them has yet to come. Read where that decides a step: once the case is over."""
    papers_held: int = 0
    """How many of the resident's originals are in custody."""
    papers_named_at: datetime | None = None
    """When the missing papers were named; none again once they have all come."""
    papers_missing: tuple[str, ...] = ()
    """Which of them have yet to come."""
    papers_missing_of: UUID | None = None
    """From whom, by an appeal of theirs; none: from whoever asks."""
    papers_awaited_until: datetime | None = None
    """When its promise begins though papers are missing; it has waited for papers once where this is there."""
    pressings: int = 0
    reports_owed: int = 0
    """On supervision orders and instructions; while one is, the case is not closed."""
    followed_since: datetime | None = None
    """While a centre has it in hand: since when it has not said a word."""
    assigned_by: str | None = None
    """Who assigned it from above, by name; none: nobody did."""
    assigned_number: str | None = None
    """Theirs."""
    assigned_due: datetime | None = None
    """By their limit as it is now; the promise to the resident is another."""
    report_back: Owing | None = None
    """None: they want none."""
    helpers: int = 0
    """How many have been called in."""
    helper_post_ids: tuple[UUID, ...] = ()
    """The posts whose part is open."""
    behind: tuple[UUID, ...] = ()
    """The helpers' parts, and the orders to be reported on, that were missed and are owed yet; and its own id, where
    whoever was given it has missed theirs.
    """
    linked: int = 0
    """How many other cases it is linked with."""
    links_hidden: int = 0
    """Of those, the ones that whoever looks may not know of."""
    hotline_handovers: int = 0
    """How often it was handed to the city hotline."""
    at_hotline: bool = False
    """A reply of theirs is expected; it stays with its holder."""
    answered_by: str | None = None
    """Who gave the last answer: neither they nor whoever holds the case call its resident back."""
    calls_owed: int = 0
    """Residents whom no message reaches and whom somebody has to ask; while there is one, the case is not closed."""
    tellings: int = 0
    """How often all households of the buildings that it names have been told something; more than 0: an incident."""
    suspended_until: datetime | None = None
    """While its promise does not run: when it runs again. None once that has come."""
    suspension_reason: str | None = None
    planned_for: date | None = None
    """By when it is done, since it cannot be done now; ``planned_due`` is the end of that day."""
    planned_due: datetime | None = None
    planned_who: str | None = None
    """Who will do it, in words for the resident; none: whoever holds the case."""
    first_holder_post_id: UUID | None = None
    """Of a case that went on to another: the post that took it up first, and sees it to its end."""
    demands: frozenset[Demand] = frozenset()
    """What the rule that it is under asks of its answer."""
    by_the_clock: bool = False
    """The rule that it is under counts in hours, day and night: danger, which waits for no day."""
    supervisor_post_id: UUID | None = None
    """Of what is late or done again: the post that has to see to it that it is done, the widest by now."""
    draft: int | None = None
    """The entry of the history that has an answer which waits for its review; nothing of it has gone out."""
    reviewer_post_id: UUID | None = None
    verified: bool = False
    """Somebody who did not handle it has looked on site since its last answer."""
    undelivered: int = 0
    repeats: int = 0
    """How often a resident has asked about it again, and has joined it by that."""
    merged_into: UUID | None = None
    """The case in which its appeals went on."""
    merged_hidden: bool = False
    """Whoever looks may not know of that case."""
    excluding: Rate | None = None
    """The rate that its holder asks to take it out of; none: nothing is asked, or it was reviewed."""
    excluding_by: str | None = None
    standing: Standing = Standing.IN_TIME
    """As of when it was saved last: whatever warns of it or makes it late saves it."""
    falls_due: datetime | None = None
    """What of it falls due first; where nothing does yet, when it was opened."""
    tally: Tally | None = None
    """How far its history has been counted; none: not at all, since it was begun before figures were kept."""
    version: int = 0
    head: str = GENESIS
    appeals: list[Appeal] = field(default_factory=list)
    deadline: Deadline | None = None
    """The promise to the resident."""
    limits: list[Deadline] = field(default_factory=list)
    """The deadlines beside the promise that are open, and those that this transaction has settled; of first contact,
    what was missed too, and while an answer waits for its review what was kept by it.
    """
    replaced: list[Deadline] = field(default_factory=list)
    """Deadlines that this transaction has put another in the place of."""
    entries: list[Entry] = field(default_factory=list)
    """Those that this transaction adds; the others stay where they are."""
    worked_by: frozenset[str] = frozenset()
    """The sign-in subjects and ids of posts that have worked on it. Read from its history where that decides a step."""
    done_again: bool = False
    """Whether a resident, or who looked on site, has found it not done before. Read in the same way."""
    nudged: Mapping[UUID, datetime] = field(default_factory=dict)
    """When each post has nudged it last. Read where it has been pressed."""
    across: tuple[str, ...] = ()
    """Where its lead and its helpers stand, once they are of more than one office. Read where somebody helps."""
    seen_to_by: frozenset[UUID] = frozenset()
    """The posts whose duty it is to see to it, of every tier that it has climbed to. Read where somebody has to."""
    station_path: str | None = None
    """From where its place is dispatched. Read while an office holds it."""

    @property
    def parties(self) -> list[Appeal]:
        """Whoever is told: those who still ask; of what was withdrawn by the last of them, all."""
        return [appeal for appeal in self.appeals if appeal.stands] or self.appeals

    def appeals_of_the_same(self, appeal_id: UUID) -> list[UUID]:
        """Of whoever asks by this one: those that still ask, and this one itself."""
        (whose,) = [appeal.whose for appeal in self.appeals if appeal.appeal_id == appeal_id]
        theirs = [appeal.appeal_id for appeal in self.appeals if appeal.stands and appeal.whose == whose]
        return theirs if appeal_id in theirs else [appeal_id, *theirs]

    @property
    def dispatched_place_id(self) -> UUID | None:
        return last_of(self.dispatched_path)

    @property
    def links_seen(self) -> int:
        return self.linked - self.links_hidden

    @property
    def merged_seen(self) -> UUID | None:
        return None if self.merged_hidden else self.merged_into

    @property
    def is_open(self) -> bool:
        return self.state is not CaseState.CLOSED

    @property
    def is_under_way(self) -> bool:
        return self.state in (CaseState.ASSIGNED, CaseState.IN_PROGRESS)

    def awaits_papers_at(self, now: datetime) -> datetime | None:
        """When its promise begins though no papers come, while it has yet to begin; none: it runs, or is settled."""
        if self.deadline is None or self.deadline.state is not DeadlineState.OPEN:
            return None
        begins = self.deadline.promise.start_at
        return begins if now < begins and begins == self.papers_awaited_until else None

    def awaits_papers_of(self, appeals: Collection[UUID]) -> bool:
        """Whether some are missing that whoever asks by these appeals was told of."""
        return self.papers_named_at is not None and self.papers_missing_of in (None, *appeals)

    @property
    def waits_by_its_own(self) -> bool:
        """Done again by a limit of its own, planned for a day of its own, or followed while a centre has it in hand."""
        is_redone = self.limit(DeadlineKind.REDO) is not None
        return is_redone or self.planned_for is not None or self.followed_since is not None

    @property
    def is_unsettled(self) -> bool:
        """Somebody still has to answer it."""
        return self.state not in (CaseState.ANSWERED, CaseState.CLOSED)

    @property
    def barred(self) -> frozenset[str]:
        """Who must not handle it, rule on it or be told of it as their own: conflict of interest."""
        return frozenset((*self.complained_of, *self.recused))

    @property
    def seen_by(self) -> tuple[str, ...]:
        """The ids of posts, and sign-in subjects, that it is open to while it is sealed."""
        ruling = (self.ruler_post_id, self.reviewer_post_id)
        must = (self.holder_post_id, self.keeper_post_id, *ruling, *self.helper_post_ids)
        return tuple(dict.fromkeys((*(str(post_id) for post_id in must if post_id), *self.granted_to)))

    @property
    def told_gist(self) -> str:
        """What is said of it in lists, notices and events."""
        return SEALED_GIST if self.seal is not None else self.gist

    @property
    def is_conflict(self) -> bool:
        """It waits since those who could take it must not."""
        return self.queue is Queue.VACANT and bool(self.barred)

    @property
    def due(self) -> datetime | None:
        """By when the resident has been told that it is done: what was planned has settled its promise."""
        return self.planned_due or self.promise_due

    def is_overdue(self, now: datetime) -> bool:
        """What was kept before the answer, by handing it over accompanied, is not late; what was planned may be, and
        what is done again.
        """
        is_due = self.due is not None and self.due < now
        is_kept = self.promise_met is True and self.answered_at is None and self.planned_due is None
        return self.is_unsettled and is_due and not is_kept and not self._is_handed_in

    @property
    def _is_handed_in(self) -> bool:
        """What it is done again by, or was planned for, was kept by the answer that waits for its review."""
        met = (each.promise.due_at for each in self.limits if each.state is DeadlineState.MET)
        return self.draft is not None and any(due_at == self.due for due_at in met)

    def is_assigned_overdue(self, now: datetime) -> bool:
        """Past the limit of whoever assigned it, as long as they have not got what they want by it."""
        is_due = self.is_unsettled if self.report_back is None else self.report_back is Owing.OWED
        return is_due and self.is_open and self.assigned_due is not None and self.assigned_due < now

    @property
    def position(self) -> tuple[int, datetime | None, UUID]:
        """In every list: what is late before what is at risk and the rest, and of each what falls due first."""
        return self.standing.rank, self.falls_due, self.case_id

    @property
    def position_by_place(self) -> tuple[int, str, datetime | None, UUID]:
        """In those of a place."""
        return self.standing.rank, self.placed_path, self.falls_due, self.case_id

    def stand(self, now: datetime) -> None:
        """How it stands in every list from now on, and by what it is sorted there."""
        running = [each for each in (self.deadline, *self.limits) if each and each.state is DeadlineState.OPEN]
        at_risk = any(each.standing is Standing.AT_RISK for each in running)
        in_time = Standing.AT_RISK if at_risk else Standing.IN_TIME
        self.standing = Standing.LATE if self._is_late(now) else in_time
        due = [each.promise.due_at for each in running] + ([self.due] if self.due and self.is_unsettled else [])
        self.falls_due = min(due, default=self.opened_at)

    def _is_late(self, now: datetime) -> bool:
        """By any limit whatever."""
        unreached = self.is_unsettled and self.is_contact_missed
        unheard = self.at_hotline and self.limit(DeadlineKind.REPLY) is None
        return self.is_late_besides(now) or unreached or unheard or bool(self.behind)

    def is_late_besides(self, now: datetime) -> bool:
        """By what its holder is held to, whether or not the resident was reached in time."""
        return self.is_overdue(now) or self.is_assigned_overdue(now) or self.case_id in self.behind

    def record(
        self,
        step: str,
        *,
        at: datetime,
        by: str | None,
        post_id: UUID | None = None,
        facts: Mapping[str, Any] | None = None,
        words: str | None = None,
    ) -> None:
        """Add an entry to the history; the case's version is the number of its entries. It begins with the case: who
        enters something may have begun before another split it off.
        """
        self.version += 1
        entry = link(
            self.head,
            case_id=self.case_id,
            seq=self.version,
            at=max(at, self.opened_at),
            step=step,
            by=by,
            post_id=post_id,
            facts=facts or {},
            words=words,
        )
        self.entries.append(entry)
        self.head = entry.hash

    def keep_first_holder(self, *, passes_it_on: bool = False) -> None:
        """It goes to another: who took it up first follows it to its end, as whoever passes it on has done; not who was
        given it wrongly and had not begun.
        """
        has_begun = self.state is CaseState.IN_PROGRESS or self.answered_by is not None
        if passes_it_on or has_begun:
            self.first_holder_post_id = self.first_holder_post_id or self.holder_post_id

    def dispatch_from(self, path: str | None) -> None:
        """The dispatcher who stands there gives it to its holder; none: the rules do. What a superior took over is
        given on, and returned, as any other; a ruling on a return goes on binding it.
        """
        self.dispatched_path = path
        if not self.returns:
            self.ruled_path = None

    def bind_from(self, path: str) -> None:
        """A superior who stands there takes it over: nobody below takes it back, and its returns are counted anew,
        unless a ruling on one binds it already.
        """
        if self.ruled_path is None:
            self.returns, self.returned_path = 0, None
        self.ruled_path = self.dispatched_path = path

    def hand_in(self, reviewer_post_id: UUID) -> None:
        """The answer that has just been entered waits for its review; approved, it has kept the promise."""
        self.draft, self.reviewer_post_id = self.version, reviewer_post_id

    def end_draft(self) -> None:
        self.draft = self.reviewer_post_id = None

    def send_back(self, *, handed_in_at: datetime) -> None:
        """As if it had not been handed in: what was kept by it runs on. A correction kept nothing."""
        self.end_draft()
        if self.state is CaseState.ANSWERED:
            return
        if self.deadline is not None and self.deadline.settled_at == handed_in_at:
            self.count_again()
        for limit in self.limits:
            if limit.state is DeadlineState.MET and limit.settled_at == handed_in_at:
                limit.run_again()

    def count_again(self) -> None:
        """What has kept its promise does so no more; one that was missed stays missed."""
        if self.deadline is not None and self.deadline.state is DeadlineState.MET:
            self.deadline.run_again()
            self.promise_met = None

    def reopen(self, due: Deadline) -> None:
        """It was not solved: whoever holds it does it again, by a limit of its own. What was promised first stays as it
        was kept or missed. A correction that waits for its review is of what was answered before.
        """
        self.state, self.handover = CaseState.ASSIGNED, None
        self.end_draft()
        self.closed_reason = self.closed_at = None
        self.limits.append(due)
        self.promise_due = due.promise.due_at

    def ask_for(
        self,
        ask: Ask,
        *,
        reason: str,
        by: str,
        ruler_post_id: UUID,
        ruler_path: str,
        days: int | None = None,
        until: date | None = None,
    ) -> None:
        self.ask, self.ask_reason, self.asked_by, self.asked_days, self.asked_until = ask, reason, by, days, until
        self.ruler_post_id, self.ruler_path = ruler_post_id, ruler_path
        self.returns += ask is Ask.RETURN

    def drop_ask(self) -> None:
        self.ask = self.ask_reason = self.asked_by = self.asked_days = self.asked_until = None
        self.ruler_post_id = self.ruler_path = None

    def suspend(self, until: datetime, *, reason: str) -> None:
        self.suspended_until, self.suspension_reason = until, reason

    def resume(self) -> None:
        self.suspended_until = self.suspension_reason = None

    def plan(self, deadline: Deadline, *, day: date, who: str | None) -> None:
        """Put it on the list of what is done later; a plan that runs is replaced."""
        if (before := self.limit(DeadlineKind.PLANNED)) is not None:
            before.settle(DeadlineState.REPLACED, at=deadline.promise.start_at)
            deadline.follow(before)
        self.limits.append(deadline)
        self.planned_for, self.planned_due, self.planned_who = day, deadline.promise.due_at, who

    def stop_waiting(self) -> None:
        """Answered, closed or urgent: it waits for nothing any more. Whoever ends a plan settles its limit."""
        self.resume()
        self.planned_for = self.planned_due = self.planned_who = None

    def split_off(
        self, appeal_ids: Collection[UUID], *, number: str, new_id: Callable[[], UUID], at: datetime
    ) -> "Case":
        """These appeals as a case of their own, as this one stands; what hangs on this one alone stays with it."""
        going = [appeal for appeal in self.appeals if appeal.appeal_id in appeal_ids]
        self.appeals = [appeal for appeal in self.appeals if appeal.appeal_id not in appeal_ids]
        for appeal in going:
            appeal.moves += 1
        deadline = self.deadline and replace(self.deadline, deadline_id=new_id(), changed=True)
        along = [each for each in self.limits if self._goes_along(each)]
        limits = [replace(each, deadline_id=new_id(), changed=True) for each in along]
        fresh: dict[str, Any] = dict.fromkeys(_OF_ONE_CASE, 0)
        lists: dict[str, Any] = {"limits": limits, "replaced": [], "entries": []}
        own: dict[str, Any] = {"case_id": new_id(), "number": number, "opened_at": at, "head": GENESIS}
        none: dict[str, Any] = dict.fromkeys(_STAYS) | {"at_hotline": False}
        none |= dict.fromkeys(("helper_post_ids", "behind", "granted_to", "papers_missing"), ())
        if self.awaits_papers_at(at) is not None:
            kept = ("papers_named_at", "papers_missing", "papers_missing_of")
            none |= {name: getattr(self, name) for name in kept}
        new = replace(self, appeals=going, deadline=deadline, **own, **fresh, **lists, **none)
        new.drop_ask()
        new.end_draft()
        if not new.is_for_a_superior(at):
            new.supervisor_post_id = None
        return new

    def is_for_a_superior(self, now: datetime) -> bool:
        """To see to, for what is owed to its residents was missed, or is done again."""
        is_late = self.promise_met is False or self.is_overdue(now) or self.is_contact_missed
        return is_late or self.limit(DeadlineKind.REDO) is not None

    def _goes_along(self, limit: Deadline) -> bool:
        """What is owed to the resident, and that they have not been reached though that was missed."""
        is_unreached = limit.kind is DeadlineKind.CONTACT and self.is_contact_missed
        return limit.kind in _GO_ALONG and (limit.state is DeadlineState.OPEN or is_unreached)

    def take_over(self, other: "Case", *, deadline_id: UUID, at: datetime) -> tuple[list[Appeal], bool]:
        """Everybody who still asks in the other case asks in this one from now on; and whether its promise ends earlier
        by that: whoever came, nobody is answered later than they were told. What was missed stays missed.
        """
        coming = [appeal for appeal in other.appeals if appeal.stands]
        other.appeals = [appeal for appeal in other.appeals if not appeal.stands]
        for appeal in coming:
            appeal.moves += 1
        self.appeals += coming
        self.urgent, self.demands = self.urgent or other.urgent, self.demands | other.demands
        self.by_the_clock = self.by_the_clock or other.by_the_clock
        self.extended = self.extended or other.extended
        self.complain_as(other)
        self.recused = tuple(dict.fromkeys((*self.recused, *other.recused)))
        other.merged_into = self.case_id
        is_earlier = self._hold_to(other.deadline, deadline_id=deadline_id, at=at)
        self._wait_like(other, is_earlier=is_earlier)
        return coming, is_earlier

    def _wait_like(self, other: "Case", *, is_earlier: bool) -> None:
        """Whoever of them has waited for papers, it has waited once; a promise that waits for them goes on waiting."""
        self.papers_awaited_until = self.papers_awaited_until or other.papers_awaited_until
        if is_earlier and self.papers_named_at is None:
            self.papers_named_at, self.papers_missing = other.papers_named_at, other.papers_missing
            self.papers_missing_of = other.papers_missing_of

    def complain_as(self, other: "Case") -> None:
        """Of whom the other complains, and sealed if it is: what it says is no less so in another case."""
        self.complained_of = tuple(dict.fromkeys((*self.complained_of, *other.complained_of)))
        if other.seal is not None and self.seal in (None, Seal.CATEGORY):
            self.seal = Seal.MERGED if other.seal is Seal.CATEGORY else other.seal

    def _hold_to(self, earlier: Deadline | None, *, deadline_id: UUID, at: datetime) -> bool:
        assert self.deadline is not None
        runs = self.deadline.state is DeadlineState.OPEN
        if earlier is None or not runs or self.deadline.promise.due_at <= earlier.promise.due_at:
            return False
        if earlier.state is DeadlineState.MET:
            return False
        self.replace_deadline(replace(earlier, deadline_id=deadline_id, changed=True), at=at)
        if earlier.state is DeadlineState.BREACHED:
            self.promise_met = False
        return True

    def contact(self, *, at: datetime) -> None:
        """The resident was reached, or told how it goes. Only the first time counts."""
        self.first_contact_at = self.first_contact_at or at
        self.settle_limit(DeadlineKind.CONTACT, DeadlineState.MET, at=at)

    @property
    def is_redone(self) -> bool:
        """It is done again, though an answer has been handed in by which that is kept."""
        return any(each.kind is DeadlineKind.REDO for each in self.limits)

    @property
    def contact_due(self) -> datetime | None:
        """By when the resident is, or was, to be reached; none: they were, or nothing says so."""
        due = [each.promise.due_at for each in self.limits if each.kind is DeadlineKind.CONTACT]
        return due[-1] if due and self.is_unsettled and self.first_contact_at is None else None

    @property
    def is_contact_missed(self) -> bool:
        """And the resident has not been reached since."""
        missed = (each.state is DeadlineState.BREACHED for each in self.limits if each.kind is DeadlineKind.CONTACT)
        return self.first_contact_at is None and any(missed)

    def hold_contact_to(self, deadline: Deadline, *, at: datetime) -> bool:
        """Whether the resident is to be reached earlier by it than by the limit that runs, which gives way then."""
        before = self.limit(DeadlineKind.CONTACT)
        if before is None or before.promise.due_at <= deadline.promise.due_at:
            return False
        before.settle(DeadlineState.REPLACED, at=at)
        deadline.follow(before)
        self.limits.append(deadline)
        return True

    def ask_exclusion(self, rate: Rate | None, *, by: str | None) -> None:
        self.excluding, self.excluding_by = rate, by

    def replace_deadline(self, deadline: Deadline, *, at: datetime) -> None:
        """Put another promise in the place of one that still runs."""
        assert self.deadline is not None
        self.deadline.settle(DeadlineState.REPLACED, at=at)
        deadline.follow(self.deadline)
        self.replaced.append(self.deadline)
        self.deadline, self.promise_due = deadline, deadline.promise.due_at

    def put_right(self, before: Deadline, after: Deadline, *, at: datetime) -> None:
        """By another calendar it falls due at another instant: ``after`` stands in its place, even of one that was
        missed. What the resident was told by it moves with it.
        """
        was_told = self.promise_due == before.promise.due_at
        before.give_way(at=at)
        if before is self.deadline:
            self.replaced.append(before)
            self.deadline = after
            self.promise_met = True if after.state is DeadlineState.MET else None
        else:
            self.limits = [*(each for each in self.limits if each is not before), before, after]
        if before.kind is DeadlineKind.HOLDING and after.state is DeadlineState.OPEN:
            self._catch_up(before.kind, before.about)
        if was_told and before.kind in (DeadlineKind.PROMISE, DeadlineKind.REDO):
            self.promise_due = after.promise.due_at

    def find_deadline(self, deadline_id: UUID) -> Deadline | None:
        """The promise, or a limit that runs."""
        both = (each for each in (self.deadline, *self.limits) if each is not None)
        return next((each for each in both if each.deadline_id == deadline_id), None)

    @property
    def changed_deadlines(self) -> list[Deadline]:
        """Those that were replaced before the one that stands in their place."""
        return [d for d in (*self.replaced, self.deadline, *self.limits) if d is not None and d.changed]

    def limit(self, kind: DeadlineKind, about: UUID | None = None) -> Deadline | None:
        """The open one."""
        of_kind = (each for each in self.limits if (each.kind, each.about) == (kind, about))
        return next((each for each in of_kind if each.state is DeadlineState.OPEN), None)

    def _owed_by(self, kind: DeadlineKind, about: UUID | None) -> UUID | None:
        """What is owed yet where such a limit is missed, as ``behind`` names it; none: what another fact tells."""
        match kind:
            case DeadlineKind.PART | DeadlineKind.ORDER:
                return about
            case DeadlineKind.HOLDING:
                return self.case_id
        return None

    def _catch_up(self, kind: DeadlineKind, about: UUID | None) -> None:
        done = self._owed_by(kind, about)
        self.behind = tuple(each for each in self.behind if each != done)

    def settle_limit(
        self, kind: DeadlineKind, state: DeadlineState, *, at: datetime, about: UUID | None = None
    ) -> None:
        """Nothing where none is open: what was missed stays missed."""
        self._catch_up(kind, about)
        if (found := self.limit(kind, about)) is not None:
            found.settle(state, at=at)

    def approach(
        self, limit: Deadline, *, at: datetime, holder: str | None, superior: str | None, post_id: UUID | None = None
    ) -> None:
        """Who is warned of it by now. ``superior``: with the last warning alone; ``post_id``: whose it is, where not
        the holder's.
        """
        facts = {**_facts_of(limit), "share": limit.warned, "holder": holder, "superior": superior}
        self.record(APPROACHING, at=at, by=None, post_id=post_id or self.holder_post_id, facts=facts)

    def miss(
        self,
        limit: Deadline,
        *,
        at: datetime,
        post_id: UUID | None = None,
        holder: str | None = None,
        superior: str | None = None,
        supervise_by: datetime | None = None,
    ) -> None:
        """Record for good that it was not kept; the holder keeps the case. ``post_id``: whose, where not the holder's;
        ``supervise_by``: until when the superior has to see to it.
        """
        limit.settle(DeadlineState.BREACHED, at=at)
        if limit.kind is DeadlineKind.PROMISE:
            self.promise_met = False
        if (owed := self._owed_by(limit.kind, limit.about)) is not None:
            self.behind = (*self.behind, owed)
        facts = {**_facts_of(limit), "holder": holder, "superior": superior}
        duty = {"supervise_by": supervise_by.isoformat()} if supervise_by else {}
        self.record(BREACHED, at=at, by=None, post_id=post_id or self.holder_post_id, facts=facts | duty)

    def keep(self, *, at: datetime, limits: Collection[DeadlineKind] = (DeadlineKind.HOLDING,)) -> None:
        """``limits``: which of those beside the promise are kept by the same."""
        if self.deadline is not None and self.deadline.state is DeadlineState.OPEN:
            self.deadline.settle(DeadlineState.MET, at=at)
            self.promise_met = True
        for kind in limits:
            self.settle_limit(kind, DeadlineState.MET, at=at)

    def keep_by_answer(self, *, at: datetime) -> None:
        """Given, or handed in for review: then whoever reviews it late makes nothing of it late."""
        self.keep(at=at, limits=KEPT_BY_AN_ANSWER)

    def keep_theirs(self, *, at: datetime) -> None:
        """Where whoever assigned it wants no report, the answer is what they want by their limit."""
        if self.report_back is None:
            self.settle_limit(DeadlineKind.ASSIGNED, DeadlineState.MET, at=at)

    def hand_to_hotline(self, reply: Deadline) -> None:
        self.at_hotline = True
        self.hotline_handovers += 1
        self.limits.append(reply)

    def end_at_hotline(self, *, at: datetime) -> None:
        """They have done their part, or given it back."""
        self.at_hotline = False
        self.settle_limit(DeadlineKind.REPLY, DeadlineState.MET, at=at)

    def open_again(self, limit: Deadline) -> None:
        """Whoever assigned it wants it done otherwise, by another limit of theirs: it is under way again with the
        holder that it has. What was promised to the resident stays as it was.
        """
        self.state = CaseState.ASSIGNED
        self.outcome = self.answered_at = None
        self.report_back, self.assigned_due = Owing.OWED, limit.promise.due_at
        self.limits.append(limit)

    def close(
        self,
        reason: ClosedReason,
        *,
        at: datetime,
        by: str | None,
        post_id: UUID | None = None,
        holder: str | None = None,
        helpers: Sequence[str] = (),
        pressers: Sequence[str] = (),
        facts: Mapping[str, Any] | None = None,
        words: str | None = None,
    ) -> None:
        """``holder``, ``helpers`` and ``pressers`` are told: the history itself shows who was owed a notice."""
        self.state, self.queue = CaseState.CLOSED, None
        self.drop_ask()
        self.stop_waiting()
        self.end_draft()
        self.reports_owed, self.followed_since, self.at_hotline, self.behind = 0, None, False, ()
        if self.report_back not in (None, Owing.ACCEPTED):
            self.report_back = Owing.DROPPED
        self.closed_reason, self.closed_at = reason, at
        for deadline in (self.deadline, *self.limits):
            if deadline is not None:
                deadline.settle(DeadlineState.CANCELLED, at=at)
        others = {"helpers": list(helpers), "pressers": list(pressers)}
        told = {who: subjects for who, subjects in others.items() if subjects}
        why = {"reason": reason.value, "holder": holder, **told, **(facts or {})}
        self.record(CLOSED, at=at, by=by, post_id=post_id, facts=why, words=words)


def _facts_of(deadline: Deadline) -> dict[str, str]:
    return {
        "deadline": str(deadline.deadline_id),
        "kind": deadline.kind.value,
        "due_at": deadline.promise.due_at.isoformat(),
    }
