"""Who has to see to it that what is late, or not solved, is done: a superior; if that does not help, the tier above
(domain.md, section 4).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.routing import CaseState

from routing.domain.case import Standing
from routing.domain.promise import Promise, Term


@dataclass
class Supervision:
    """One tier's duty on one case. It stands until the case goes on, whether or not its own limit has passed."""

    supervision_id: UUID
    case_id: UUID
    post_id: UUID
    tier: str
    since: datetime
    counted_from: datetime
    due_at: datetime
    term: Term
    rule_version: int
    calendar_version: int
    repeats: int = 0
    """How often it has come back, since nobody is above."""
    lapsed_at: datetime | None = None
    """Since when the tier above has it too."""
    settled_at: datetime | None = None

    @property
    def rank(self) -> int:
        """What nobody is above stands before the others of its post."""
        return 0 if self.repeats else 1

    @property
    def position(self) -> tuple[int, datetime, UUID]:
        """Where it stands in its list."""
        return self.rank, self.since, self.supervision_id

    def count_again(self, limit: Promise) -> None:
        """By another calendar. Nobody has less time than they were told."""
        self.due_at, self.calendar_version = max(self.due_at, limit.due_at), limit.calendar_version

    def come_back(self, limit: Promise) -> None:
        """To the same post, by another limit, since nobody is above."""
        self.repeats += 1
        self.counted_from, self.due_at, self.term = limit.start_at, limit.due_at, limit.term
        self.rule_version, self.calendar_version = limit.rule_version, limit.calendar_version


def begin(
    supervision_id: UUID,
    case_id: UUID,
    post_id: UUID,
    *,
    tier: str,
    since: datetime,
    limit: Promise,
    repeats: int = 0,
) -> Supervision:
    return Supervision(
        supervision_id=supervision_id,
        case_id=case_id,
        post_id=post_id,
        tier=tier,
        since=since,
        counted_from=limit.start_at,
        due_at=limit.due_at,
        term=limit.term,
        rule_version=limit.rule_version,
        calendar_version=limit.calendar_version,
        repeats=repeats,
    )


@dataclass(frozen=True)
class SupervisionLine:
    """A duty in a list, with what whoever reads it needs of its case."""

    supervision: Supervision
    case_number: str
    gist: str
    version: int
    state: CaseState
    holder_post_id: UUID | None
    promise_due: datetime | None
    standing: Standing
