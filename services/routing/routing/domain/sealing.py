"""Sealed matters: discipline, complaints about staff, violence at home. Who sees one, why, and who has opened it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from routing.domain.case import Case


class Sight(StrEnum):
    """By what somebody sees a sealed case."""

    HOLDER = "holder"
    KEEPER = "keeper"
    RULER = "ruler"
    REVIEWER = "reviewer"
    HELPER = "helper"
    GRANT = "grant"


class Opened(StrEnum):
    """What was looked at."""

    CASE = "case"
    HISTORY = "history"
    LETTER = "letter"
    RECEIPT = "receipt"


@dataclass
class Grant:
    """Opens a sealed case to a person, by their sign-in subject, or to whoever holds a post."""

    grant_id: UUID
    case_id: UUID
    subject: str | None
    post_id: UUID | None
    words: str
    by: str
    by_post_id: UUID
    granted_at: datetime
    revoked_by: str | None = None
    revoked_at: datetime | None = None

    @property
    def whom(self) -> str:
        return self.subject or str(self.post_id)

    @property
    def is_in_force(self) -> bool:
        return self.revoked_at is None

    def revoke(self, *, by: str, at: datetime) -> None:
        self.revoked_by, self.revoked_at = by, at


@dataclass(frozen=True)
class Opening:
    """Somebody has looked at a sealed case."""

    opening_id: UUID
    case_id: UUID
    what: Opened
    opened_by: str
    opened_at: datetime
    way: Sight
    grant_id: UUID | None


def way_of(case: Case, posts: Collection[UUID]) -> Sight:
    """The first by which it is open to whoever holds these posts."""
    ways = [(case.holder_post_id, Sight.HOLDER), (case.keeper_post_id, Sight.KEEPER), (case.ruler_post_id, Sight.RULER)]
    ways += [(case.reviewer_post_id, Sight.REVIEWER)]
    ways += [(post_id, Sight.HELPER) for post_id in case.helper_post_ids]
    return next((way for post_id, way in ways if post_id in posts), Sight.GRANT)
