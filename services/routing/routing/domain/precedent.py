"""What a ruling on a second return has settled: who handles such a matter at a place and below it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.routing import Remit


@dataclass(frozen=True)
class Precedent:
    """``path`` is the place's, ``ruled_path`` where the dispatcher stands who ruled; ``case_id`` is its source."""

    precedent_id: UUID
    category: str
    remit: Remit
    place_id: UUID
    path: str
    post_id: UUID
    case_id: UUID
    case_number: str
    ruled_place_id: UUID
    ruled_path: str
    ruled_by: str
    ruled_at: datetime
    revoked_by: str | None = None
    revoked_at: datetime | None = None
