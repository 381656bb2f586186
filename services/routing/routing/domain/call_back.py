"""After an answer the resident is asked whether it solved the matter: by message, or by a person (domain.md, 4)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from routing.domain.case import Appeal, Standing

#: So often a person tries; then it is not rated.
MOST_ATTEMPTS = 3

#: From this redo on, the tier above takes it over.
TAKEN_OVER = 2


class Way(StrEnum):
    """How the resident is asked."""

    MESSAGE = "message"
    """By the notice of the answer."""
    PERSON = "person"
    """By somebody who did not handle it, where no message reaches them."""
    PAGE = "page"
    """Whoever gave no name is asked by the progress page alone."""


def way_to_ask(appeal: Appeal) -> Way:
    if appeal.person_id is None:
        return Way.PAGE
    return Way.MESSAGE if appeal.reached_by_message else Way.PERSON


@dataclass
class CallBack:
    """One answer to one appeal, and what its resident says of it. ``answer``: which of the appeal's answers this is;
    ``seq``: the entry of the case's history that has it. Neither solved nor unsolved: not rated.
    """

    appeal_id: UUID
    answer: int
    case_id: UUID
    seq: int
    way: Way
    asked_at: datetime
    rate_by: datetime
    attempts: int = 0
    rated_at: datetime | None = None
    rated_by: str | None = None
    """Who called; none: the resident."""
    solved: bool | None = None
    rating: int | None = None
    settled_at: datetime | None = None
    """Since when nobody is asked any more: rated, tried in vain, or answered anew."""

    @property
    def is_open(self) -> bool:
        return self.settled_at is None

    @property
    def is_to_be_called(self) -> bool:
        return self.is_open and self.way is Way.PERSON

    def rate(self, *, solved: bool, rating: int | None, at: datetime, by: str | None = None) -> None:
        self.solved, self.rating, self.rated_by = solved, rating, by
        self.rated_at = self.settled_at = at

    def try_in_vain(self, *, at: datetime) -> None:
        """They were not reached; the last time ends it as not rated."""
        self.attempts += 1
        if self.attempts >= MOST_ATTEMPTS:
            self.settled_at = at

    def reach(self, *, solved: bool, rating: int | None, at: datetime, by: str) -> None:
        self.attempts += 1
        self.rate(solved=solved, rating=rating, at=at, by=by)


@dataclass(frozen=True)
class CallBackLine:
    """A call-back in a list, with what whoever calls needs of its case."""

    call_back: CallBack
    case_number: str
    gist: str
    version: int
    placed_path: str
    standing: Standing
    falls_due: datetime

    @property
    def position(self) -> tuple[int, str, datetime, UUID, UUID]:
        asked = self.call_back
        return self.standing.rank, self.placed_path, self.falls_due, asked.case_id, asked.appeal_id
