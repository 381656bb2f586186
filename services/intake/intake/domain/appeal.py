"""An appeal: who asks, by which channel, in what words, where; and what may still be done with it."""

import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from contracts.intake import Channel, Language, Means, Placing

from intake.errors import AppealWithdrawn


class WhoKind(StrEnum):
    """Who asks. The anonymous have no person: only the progress page tells them."""

    RESIDENT = "resident"
    ORGANISATION = "organisation"
    OUTSIDER = "outsider"
    ANONYMOUS = "anonymous"


class EntryKind(StrEnum):
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    RATED = "rated"


class WithdrawalReason(StrEnum):
    SETTLED = "settled"
    MISTAKEN = "mistaken"
    UNWANTED = "unwanted"


#: What is said of a sealed appeal in a list.
SEALED_GIST = "密件"


@dataclass(frozen=True)
class Earlier:
    """The appeal about which a resident asks again, known by its code."""

    appeal_id: UUID
    sealed: bool


@dataclass(frozen=True)
class Who:
    """``reference`` is the register's id of a resident or organisation; ``origin`` the author's name in the source."""

    kind: WhoKind
    name: str | None = None
    reference: UUID | None = None
    means: Means = Means.NONE
    address: str | None = None
    language: Language = Language.CHINESE
    origin: str | None = None

    @property
    def known_by(self) -> UUID | str | None:
        """What two appeals of one person have in common; several may be reached by one telephone."""
        return self.reference or (f"{self.address} {self.name or ''}" if self.address else None)

    @property
    def is_reached_by_message(self) -> bool:
        return self.means in (Means.SMS, Means.SANDBOX)


@dataclass(frozen=True)
class Assignment:
    """An order from above. The office is the appeal's source, and its number there the external one."""

    office: str
    number: str
    due_at: datetime
    report_owed: bool = False

    @classmethod
    def typed(cls, office: str, number: str, due_at: datetime, *, report_owed: bool) -> Self:
        """However it was typed, one office has one name and one order one number."""
        return cls(_one_form(office), _one_form(number), due_at, report_owed)


def _one_form(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


@dataclass(frozen=True)
class Submission:
    """What is handed in, before anything of it is looked up."""

    channel: Channel
    words: str
    who: Who
    title: str = ""
    place: str | None = None
    city: str | None = None
    address: str | None = None
    category: str | None = None
    language: Language = Language.CHINESE
    source: str | None = None
    external_id: str | None = None
    written_at: datetime | None = None
    received_at: datetime | None = None
    historic: bool = False
    urgent: bool = False
    done_on_the_spot: bool = False
    answer: str | None = None
    """Of what is settled on the spot: what was said or done."""
    complained_of: tuple[str, ...] = ()
    assignment: Assignment | None = None
    sealed: bool = False

    @property
    def is_another_source(self) -> bool:
        """It says that it comes from elsewhere than from who assigned it."""
        if self.assignment is None:
            return False
        theirs = ((self.source, self.assignment.office), (self.external_id, self.assignment.number))
        return any(said is not None and _one_form(said) != known for said, known in theirs)

    def under_their_number(self) -> Self:
        if self.assignment is None:
            return self
        return replace(self, source=self.assignment.office, external_id=self.assignment.number)

    repeat_of: str | None = None
    """The query code of an earlier appeal of theirs."""


@dataclass(frozen=True)
class Location:
    """Where it is, as far as is known: ``place_id`` is the narrowest place that is certain, ``path`` leads to it."""

    placing: Placing
    place_id: UUID | None
    path: str
    candidates: tuple[UUID, ...] = ()


@dataclass
class Appeal:
    """``words`` and ``title`` stay as they were said; what is found out later stands in entries."""

    id: UUID
    number: str
    channel: Channel
    words: str
    title: str
    address: str | None
    gist: str
    suggested_category: str | None
    suggestion_why: tuple[str, ...]
    category: str | None
    location: Location
    taken_path: str
    taken_by: str | None
    source: str | None
    external_id: str | None
    received_at: datetime
    written_at: datetime | None
    historic: bool
    language: Language
    person_id: UUID | None
    urgent: bool
    done_on_the_spot: bool
    complained_of: tuple[str, ...]
    assignment: Assignment | None = None
    repeat_of: UUID | None = None
    """The earlier appeal that this asks about again."""
    sealed: bool = False
    seen_by: tuple[str, ...] = ()
    """While it is sealed: the posts and persons that routing says it is open to; before, who took it."""
    answer: str | None = None
    """Of what was settled on the spot: what was said or done. As every answer, it is the case's."""
    version: int = 1
    withdrawn_at: datetime | None = None

    def correct(self, *, gist: str, category: str | None, location: Location) -> None:
        self._must_stand()
        self.gist, self.category, self.location = gist, category, location
        self.version += 1

    def seal(self, *seen_by: str) -> None:
        """Until routing says to whom its case is open."""
        self.sealed, self.seen_by = True, seen_by

    def withdraw(self, *, at: datetime) -> None:
        self._must_stand()
        self.withdrawn_at = at
        self.version += 1

    def rate(self) -> None:
        self._must_stand()
        self.version += 1

    def _must_stand(self) -> None:
        if self.withdrawn_at is not None:
            raise AppealWithdrawn(self.number)


@dataclass(frozen=True)
class Entry:
    """What was found out later. ``words`` are what the resident says now; the other values are the new ones."""

    id: UUID
    appeal_id: UUID
    at: datetime
    by: str | None
    kind: EntryKind
    version: int
    words: str | None = None
    place_id: UUID | None = None
    category: str | None = None
    reason: WithdrawalReason | None = None
    answer: int | None = None
    """Of a rating: which of the answers to the appeal it is of."""
    solved: bool | None = None
    rating: int | None = None


@dataclass(frozen=True)
class Opening:
    """Somebody has read the words of a sealed appeal."""

    opening_id: UUID
    opened_by: str
    opened_at: datetime


@dataclass(frozen=True)
class Asker:
    """Whoever asks, as staff see them who may see the appeal."""

    id: UUID
    kind: WhoKind
    name: str | None
    means: Means
    address: str | None
    language: Language
    reference: UUID | None = None
    version: int = 1


@dataclass(frozen=True)
class Receipt:
    """What the resident gets at once. Without ``query_code`` when the appeal had been taken before: it is told once."""

    appeal_id: UUID
    number: str
    received_at: datetime
    placing: Placing
    place_id: UUID | None
    suggested_category: str | None
    query_code: str | None = field(default=None, repr=False)
    repeated: bool = False
