"""Posts in which nobody acts while cases lie with them: the next tier up sees to those (domain.md, section 1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.routing import Ask, Queue

from routing.domain.case import Case


@dataclass
class Looked:
    """A post that was looked at. ``next_at``: when somebody's term in it begins or ends next."""

    post_id: UUID
    path: str
    title: str
    dispatches: bool
    held: bool
    found_at: datetime | None
    next_at: datetime | None
    dispatcher_post_id: UUID | None = None

    @property
    def is_new(self) -> bool:
        return not self.held and self.found_at is None

    @property
    def is_over(self) -> bool:
        return self.held and self.found_at is not None


@dataclass(frozen=True)
class Waiting:
    """What lies with a vacant post: the case that falls due first, and how many there are."""

    post_id: UUID
    case_id: UUID
    cases: int


class Section(StrEnum):
    """Of a dispatcher's queue."""

    WAITING = "waiting"
    """To be placed, sorted, or given to somebody."""
    ASKED = "asked"
    """By its holder."""
    DRAFTED = "drafted"
    """An answer is to be reviewed."""
    LEFT = "left"
    """By its holder: nobody acts in the post that it lies with."""


class Beside(StrEnum):
    """Why a case waits for a dispatcher, beside its queue's reasons and what is asked."""

    CONFLICT = "conflict"
    """Those who could take it must not."""
    DRAFTED = "drafted"
    """An answer is to be reviewed."""
    HOLDER_LEFT = "holder_left"


Why = Queue | Ask | Beside


def why_it_waits(case: Case, *, holder_left: bool) -> list[Why]:
    """All that holds: a holder may leave what they have asked about."""
    reasons: Iterable[Why | None] = (
        Beside.CONFLICT if case.is_conflict else case.queue,
        case.ask if case.is_unsettled else None,
        Beside.DRAFTED if case.draft is not None else None,
        Beside.HOLDER_LEFT if holder_left else None,
    )
    return [reason for reason in reasons if reason is not None]
