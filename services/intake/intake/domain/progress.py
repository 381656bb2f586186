"""What anybody who holds the query code may see: whom to talk to, who does it, how it stands, by when."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

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


#: While it is worked on, it may be suspended or planned.
UNDER_WAY = (Standing.ASSIGNED, Standing.IN_PROGRESS)


@dataclass(frozen=True)
class Asking:
    """Which answer its resident may still say something of, and until when."""

    appeal_id: UUID
    answer: int
    rate_by: datetime


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


@dataclass(frozen=True)
class TooManyGuesses:
    retry_after: timedelta


def window_of(now: datetime) -> datetime:
    """When the window began that this instant lies in; the same for everybody."""
    seconds = int(GUESS_WINDOW.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


def wait_of(now: datetime) -> timedelta:
    return window_of(now) + GUESS_WINDOW - now
