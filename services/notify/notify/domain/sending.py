"""How a message comes to be sent: its states, what a provider may answer, and when it is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class State(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NONE_WANTED = "none_wanted"
    ERASED = "erased"


#: Needs a person: surely not delivered, or nobody can tell.
TROUBLED = (State.FAILED, State.UNKNOWN)


#: It has reached nobody, and is not tried any more.
IN_VAIN = (State.FAILED, State.NONE_WANTED, State.ERASED)


class Result(StrEnum):
    """What is known after a call: taken; refused for good; not taken now; or no answer that tells."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True)
class Outcome:
    """``reason`` is a code of ours, never the provider's words, which may hold the address."""

    result: Result
    reason: str | None = None
    ref: str | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class Letter:
    """What a provider needs. ``key`` is the same however often the same telling is tried."""

    message_id: UUID
    key: str
    address: str
    text: str


FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(hours=1)
FACTOR = 3
MOST_ATTEMPTS = 24


def delay_after(attempts: int) -> timedelta:
    """10 s, 30 s, 90 s … at most an hour: a gateway that is away for a night is waited for."""
    return min(FIRST_DELAY * int(FACTOR ** min(attempts - 1, 10)), LONGEST_DELAY)


def key_of(message_id: UUID, turn: int) -> str:
    """A turn begins when a person sends again what had surely failed; within it the provider sees one key."""
    return str(message_id) if turn == 0 else f"{message_id}.{turn}"


@dataclass(frozen=True)
class Settled:
    """What becomes of a message after a call."""

    state: State
    reason: str | None = None
    due_at: datetime | None = None
    ref: str | None = None


@dataclass(frozen=True)
class Finished:
    """A message as a settlement left it."""

    message_id: UUID
    case_id: UUID
    appeal_id: UUID | None
    template: str
    means: str
    state: State
    reason: str | None
    version: int
    traceparent: str | None


def settle(outcome: Outcome, *, attempts: int, is_idempotent: bool, now: datetime) -> Settled:
    """A call without a clear answer is repeated only where the provider tells a repetition from a new message."""
    if outcome.result is Result.ACCEPTED:
        return Settled(State.SENT, ref=outcome.ref)
    if outcome.result is Result.REFUSED:
        return Settled(State.FAILED, outcome.reason)
    if outcome.result is Result.UNCERTAIN and not is_idempotent:
        return Settled(State.UNKNOWN, outcome.reason)
    if attempts >= MOST_ATTEMPTS:
        return Settled(State.UNKNOWN if outcome.result is Result.UNCERTAIN else State.FAILED, outcome.reason)
    wait = max(delay_after(attempts), min(outcome.retry_after or timedelta(), LONGEST_DELAY))
    return Settled(State.QUEUED, outcome.reason, due_at=now + wait)
