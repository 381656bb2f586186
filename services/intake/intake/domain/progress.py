"""What anybody who holds the query code may see: whom to talk to, who does it, how it stands, by when."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from contracts.routing import HandoverMeans

#: So many codes that do not exist may one client try, in each window.
GUESSES = 10
GUESS_WINDOW = timedelta(minutes=15)


class Standing(StrEnum):
    """How it stands, in the resident's words."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Done(StrEnum):
    """What has been done, as a resident is told."""

    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    PASSED_ON = "passed_on"
    STARTED = "started"
    CALL = "call"
    SITE_VISIT = "site_visit"
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    CONTACT_ATTEMPT = "contact_attempt"
    INTERIM_WORD = "interim_word"
    LETTER_SENT = "letter_sent"
    LETTER_REPLY = "letter_reply"
    PAPERS_MISSING = "papers_missing"
    PAPERS_RECEIVED = "papers_received"
    PAPERS_COMPLETE = "papers_complete"
    PAPERS_RETURNED = "papers_returned"
    NUDGED = "nudge"
    ORDERED = "order"
    INSTRUCTED = "instruction"
    REPEATED = "repeat"
    MERGED = "merged"
    HELPER_CALLED = "helper_called"
    ACCOMPANIED = "accompanied"
    CENTRE_REPORTED = "centre_reported"
    HANDED_TO_HOTLINE = "handed_to_hotline"
    HOTLINE_REPLIED = "hotline_replied"
    EXTENDED = "extended"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    PLANNED = "planned"
    OUT_OF_PLAN = "out_of_plan"
    ANSWERED = "answered"
    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"
    HANDED_OVER = "handed_over"
    REDONE = "redone"
    REOPENED = "reopened"
    CLOSED = "closed"
    DECLINED = "declined"


@dataclass(frozen=True)
class DoneStep:
    """``who``: a post or a centre, by title; ``until`` and ``why``: of a suspension, and ``why`` of what was declined;
    ``missing``: after a step of papers, which have yet to come, and ``until``: from when the promise runs though none
    come; ``handover``: of an answer with which something is ready for them.
    """

    at: datetime
    done: Done
    who: str | None = None
    until: datetime | None = None
    why: dict[str, str] | None = None
    missing: tuple[str, ...] | None = None
    handover: HandoverMeans | None = None


@dataclass(frozen=True)
class Pause:
    """While the promise did not run; ``why`` none: for papers."""

    since: datetime
    until: datetime
    why: dict[str, str] | None = None


_ENDS = frozenset({Done.CLOSED, Done.DECLINED})
#: What ends every pause before its time.
_GOES_ON = _ENDS | {Done.RESUMED, Done.OUT_OF_PLAN, Done.ANSWERED, Done.NOT_VERIFIED, Done.REDONE}


def pauses_of(steps: Sequence[DoneStep]) -> list[Pause]:
    """Each from when it began, to when it ended or is to end."""
    found: list[Pause] = []
    for step in steps:
        if step.done in (Done.SUSPENDED, Done.PAPERS_MISSING) and step.until is not None:
            found.append(Pause(step.at, step.until, step.why))
        elif found and (step.done in _GOES_ON or step.missing == ()):
            found[-1] = _ended(found[-1], step)
    return found


def _ended(pause: Pause, step: DoneStep) -> Pause:
    """Papers that have all come end the wait for papers, and nothing else."""
    if step.missing == () and pause.why is not None:
        return pause
    return pause if pause.until <= step.at else replace(pause, until=step.at)


#: While it is worked on, it may be suspended or planned.
UNDER_WAY = (Standing.ASSIGNED, Standing.IN_PROGRESS)


@dataclass(frozen=True)
class Asking:
    """Which answer its resident may still say something of, and until when."""

    appeal_id: UUID
    answer: int
    rate_by: datetime


@dataclass(frozen=True)
class Papers:
    """Missing papers: since when they were named, which have yet to come, and since when none has."""

    named_at: datetime
    missing: tuple[str, ...]
    complete_at: datetime | None


@dataclass(frozen=True)
class Progress:
    """``talk_to`` is the post to turn to and its public number; ``handler`` the person who does it; ``rated``: its
    resident has said what they think of the answer that stands.
    """

    number: str
    standing: Standing
    received_at: datetime
    talk_to: str | None = None
    phone: str | None = None
    handler: str | None = None
    due: datetime | None = None
    promise: dict[str, str] | None = None
    asked: Asking | None = None
    rated: bool = False
    suspended_until: datetime | None = None
    """While the promise does not run: when it runs again; and why, by language."""
    suspended_for: dict[str, str] | None = None
    planned_for: date | None = None
    """The day for which it is planned, since it could not be done before, and who does it then, in words."""
    planned_who: str | None = None
    steps: tuple[DoneStep, ...] = ()
    """What was done so far, oldest first."""
    said: str | None = None
    """What they were told, or what was done, on the spot."""
    now: datetime | None = None

    @property
    def ended(self) -> DoneStep | None:
        """By what it is closed."""
        ends = (step for step in reversed(self.steps) if step.done in _ENDS)
        return next(ends, None) if self.standing is Standing.CLOSED else None

    @property
    def is_declined(self) -> bool:
        return self.ended is not None and self.ended.done is Done.DECLINED

    @property
    def elapsed(self) -> timedelta | None:
        """The whole time since they came, in whole seconds, to its end; none: it was withdrawn."""
        ended = self.ended.at if self.ended else None
        until = ended if self.standing is Standing.CLOSED else self.now
        if until is None or self.standing is Standing.WITHDRAWN:
            return None
        return timedelta(seconds=int((until - self.received_at).total_seconds()))

    @property
    def pauses(self) -> list[Pause]:
        return pauses_of(self.steps)

    @property
    def papers(self) -> Papers | None:
        """As they were named last; none: none were, or the case to which they came waits for none."""
        named = [step for step in self.steps if step.done is Done.PAPERS_MISSING]
        last = next((step for step in reversed(self.steps) if step.missing is not None), None)
        if not named or last is None or last.done is Done.MERGED:
            return None
        return Papers(named[-1].at, last.missing or (), None if last.missing else last.at)


@dataclass(frozen=True)
class TooManyGuesses:
    retry_after: timedelta


def window_of(now: datetime) -> datetime:
    """When the window began that this instant lies in; the same for everybody."""
    seconds = int(GUESS_WINDOW.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


def wait_of(now: datetime) -> timedelta:
    return window_of(now) + GUESS_WINDOW - now
