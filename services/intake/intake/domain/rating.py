"""What a resident is asked of an answer, by a link that needs no account."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Over(StrEnum):
    """Why nothing can be said of the answer any more."""

    WITHDRAWN = "withdrawn"
    RATED = "rated"
    ANSWERED_ANEW = "answered_anew"
    NOT_ASKED = "not_asked"
    """Somebody has called them about it, or it was no answer after all and is handled again."""
    TOO_LATE = "too_late"


@dataclass(frozen=True)
class Asked:
    """One answer to one appeal. ``newest`` and ``rate_by`` are of the copy of its case, which may not know it yet."""

    appeal_id: UUID
    answer: int
    number: str
    withdrawn: bool
    newest: int | None
    rate_by: datetime | None
    rated: bool
    placed_path: str
    taken_path: str

    def over(self, now: datetime) -> Over | None:
        if self.withdrawn:
            return Over.WITHDRAWN
        if self.rated:
            return Over.RATED
        if self.newest is not None and self.newest > self.answer:
            return Over.ANSWERED_ANEW
        return self._over_of_newest(now) if self.newest == self.answer else None

    def _over_of_newest(self, now: datetime) -> Over | None:
        if self.rate_by is None:
            return Over.NOT_ASKED
        return Over.TOO_LATE if self.rate_by < now else None


@dataclass(frozen=True)
class Said:
    """``words`` stay in intake, as the appeal's own."""

    solved: bool
    rating: int
    words: str | None = None
