"""Pressing whoever holds a case: a nudge, a supervision order, an instruction: three different things."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from contracts.routing import PressingKind

BETWEEN_NUDGES = timedelta(hours=24)
LONGEST_LIMIT = timedelta(days=30)

#: Behind everything that has a limit.
NO_LIMIT = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass
class Pressing:
    """``number``: of a nudge the how-manieth it is on its case, of the others their own in the city. ``by_post_id``
    none: the resident has asked again; ``by`` is then who took that down, if anybody did.
    """

    pressing_id: UUID
    kind: PressingKind
    number: str
    case_id: UUID
    by: str | None
    by_post_id: UUID | None
    words: str
    made_at: datetime
    leader: str | None = None
    due_at: datetime | None = None
    reported_at: datetime | None = None
    reported_by: str | None = None
    report: str | None = None
    settled_at: datetime | None = None
    """Since when nothing is owed on it: reported, or ended with its case; a nudge owes nothing from the first."""

    @property
    def is_owed(self) -> bool:
        return self.settled_at is None

    @property
    def comes_up_at(self) -> datetime:
        """Where it stands in lists of what falls due."""
        return self.due_at or NO_LIMIT

    def is_overdue(self, now: datetime) -> bool:
        return self.is_owed and self.comes_up_at < now

    def answer(self, report: str, *, by: str, at: datetime) -> None:
        self.report, self.reported_by = report, by
        self.reported_at = self.settled_at = at


@dataclass(frozen=True)
class PressingLine:
    """A pressing in a list, with what whoever reads it needs of its case, as of now."""

    pressing: Pressing
    case_number: str
    gist: str
    version: int
    now: datetime
