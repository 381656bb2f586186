"""A case: one trouble, one or many residents' appeals, one holder, one promise."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts.intake import Channel, Language
from contracts.routing import CaseState, DeadlineKind, HandoverMeans, Kind, Outcome, Queue, Remit

from routing.domain.chain import GENESIS, Entry, link
from routing.domain.promise import Promise


class DeadlineState(StrEnum):
    OPEN = "open"
    MET = "met"
    BREACHED = "breached"
    CANCELLED = "cancelled"


class ClosedReason(StrEnum):
    DONE = "done"
    WITHDRAWN = "withdrawn"
    HISTORIC = "historic"


#: What a case's history calls that which is no step of a person.
OPENED, ACCEPTED, ASSIGNED = "opened", "accepted", "assigned"
STARTED, ANSWERED, HANDED_OVER, CLOSED = "started", "answered", "handed_over", "closed"
CORRECTED, WITHDRAWN = "corrected", "withdrawn"
BREACHED, NOTICE_NOT_DELIVERED = "deadline_breached", "notice_not_delivered"


@dataclass
class Deadline:
    deadline_id: UUID
    kind: DeadlineKind
    promise: Promise
    state: DeadlineState = DeadlineState.OPEN
    settled_at: datetime | None = None
    changed: bool = False

    def settle(self, state: DeadlineState, *, at: datetime) -> None:
        """A missed promise stays missed, whatever comes later."""
        if self.state is DeadlineState.OPEN:
            self.state, self.settled_at, self.changed = state, at, True

    def is_missed_at(self, now: datetime) -> bool:
        return self.state is DeadlineState.OPEN and self.promise.due_at < now


@dataclass
class Appeal:
    """One resident's appeal in a case, with what it takes to tell them."""

    appeal_id: UUID
    number: str
    person_id: UUID | None
    language: Language
    query_code: str | None
    withdrawn_at: datetime | None = None


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
    kind: Kind | None = None
    remit: Remit | None = None
    urgent: bool = False
    silent: bool = False
    complained_of: tuple[str, ...] = ()
    state: CaseState = CaseState.RECEIVED
    queue: Queue | None = None
    holder_post_id: UUID | None = None
    office_id: UUID | None = None
    rule_version: int | None = None
    promise_due: datetime | None = None
    promise_met: bool | None = None
    outcome: Outcome | None = None
    handover: HandoverMeans | None = None
    closed_reason: ClosedReason | None = None
    accepted_at: datetime | None = None
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    undelivered: int = 0
    version: int = 0
    head: str = GENESIS
    appeals: list[Appeal] = field(default_factory=list)
    deadline: Deadline | None = None
    entries: list[Entry] = field(default_factory=list)
    """Those that this transaction adds; the others stay where they are."""

    @property
    def is_open(self) -> bool:
        return self.state is not CaseState.CLOSED

    @property
    def is_unsettled(self) -> bool:
        """Somebody still has to answer it."""
        return self.state not in (CaseState.ANSWERED, CaseState.CLOSED)

    def is_overdue(self, now: datetime) -> bool:
        return self.is_unsettled and self.promise_due is not None and self.promise_due < now

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
        """Add an entry to the history; the case's version is the number of its entries."""
        self.version += 1
        entry = link(
            self.head,
            case_id=self.case_id,
            seq=self.version,
            at=at,
            step=step,
            by=by,
            post_id=post_id,
            facts=facts or {},
            words=words,
        )
        self.entries.append(entry)
        self.head = entry.hash

    def miss(self, *, at: datetime, holder: str | None = None, superior: str | None = None) -> None:
        """Record for good that the promise was not kept; the holder keeps the case."""
        assert self.deadline is not None
        self.deadline.settle(DeadlineState.BREACHED, at=at)
        self.promise_met = False
        self.record(
            BREACHED,
            at=at,
            by=None,
            post_id=self.holder_post_id,
            facts={
                "deadline": str(self.deadline.deadline_id),
                "due_at": self.deadline.promise.due_at.isoformat(),
                "holder": holder,
                "superior": superior,
            },
        )

    def keep(self, *, at: datetime) -> None:
        if self.deadline is not None and self.deadline.state is DeadlineState.OPEN:
            self.deadline.settle(DeadlineState.MET, at=at)
            self.promise_met = True

    def close(
        self,
        reason: ClosedReason,
        *,
        at: datetime,
        by: str | None,
        post_id: UUID | None = None,
        holder: str | None = None,
    ) -> None:
        """``holder`` is who is told, so that the history itself shows who was owed a notice."""
        self.state, self.queue = CaseState.CLOSED, None
        self.closed_reason, self.closed_at = reason, at
        if self.deadline is not None:
            self.deadline.settle(DeadlineState.CANCELLED, at=at)
        self.record(CLOSED, at=at, by=by, post_id=post_id, facts={"reason": reason.value, "holder": holder})
