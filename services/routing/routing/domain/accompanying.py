"""Handed over to a district's centre, the resident accompanied (引領、移交): it closes nothing, and is followed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from routing.domain.case import Standing


@dataclass
class Accompaniment:
    """``with_whom``: who went there with the resident. ``centre_post_id``: where the centre is on the platform."""

    accompaniment_id: UUID
    case_id: UUID
    centre: str
    centre_post_id: UUID | None
    with_whom: str
    by: str
    made_at: datetime
    reports: int = 0
    reported_at: datetime | None = None
    final_at: datetime | None = None

    def report(self, *, at: datetime, final: bool) -> None:
        self.reports += 1
        self.reported_at = at
        self.final_at = at if final else None


@dataclass(frozen=True)
class FollowedLine:
    """An accompaniment in the list of what is followed, with what whoever reads it needs of its case."""

    accompaniment: Accompaniment
    case_number: str
    gist: str
    version: int
    holder_post_id: UUID | None
    followed_since: datetime
    standing: Standing

    @property
    def position(self) -> tuple[int, datetime, UUID]:
        return self.standing.rank, self.followed_since, self.accompaniment.case_id
