"""What was assigned from above: their number and limit, the report back that they want, and what they say of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Owing(StrEnum):
    """How the report back stands that whoever assigned a case wants."""

    OWED = "owed"
    GIVEN = "given"
    """They have it, and have not said anything yet."""
    ACCEPTED = "accepted"
    DROPPED = "dropped"
    """The case ended before: the resident withdrew."""


@dataclass
class ReportBack:
    """A report to whoever assigned the case. ``seq`` is the entry of the case's history that has its words."""

    number: str
    case_id: UUID
    seq: int
    office: str
    sent_at: datetime
    accepted: bool | None = None
    """None: they have said nothing yet."""
    reviewed_at: datetime | None = None

    def review(self, *, accepted: bool, at: datetime) -> None:
        self.accepted, self.reviewed_at = accepted, at
