"""What routing says: every step of a case in one order, the category tree, and the city's public feed."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.envelope import Event, Fact, Moment, Path, Personal, Sealed
from contracts.intake import Channel, Language


class Kind(StrEnum):
    """The five kinds of matter, each with a promise of its own."""

    ADMINISTRATIVE = "administrative"
    MUNICIPAL = "municipal"
    PUBLIC_SERVICE = "public_service"
    LEGAL = "legal"
    STABILITY = "stability"


class Remit(StrEnum):
    COMMUNITY = "community"
    DISTRICT = "district"
    CITY = "city"


class CaseState(StrEnum):
    RECEIVED = "received"
    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"
    CLOSED = "closed"


class Queue(StrEnum):
    """Why a dispatcher has to look at a case."""

    UNPLACED = "unplaced"
    UNSORTED = "unsorted"
    VACANT = "vacant"


class Outcome(StrEnum):
    SOLVED = "solved"
    EXPLAINED = "explained"


class HandoverMeans(StrEnum):
    """How what is finished is handed back: collected, or brought home."""

    COLLECTED = "collected"
    BROUGHT_HOME = "brought_home"


class DeadlineKind(StrEnum):
    PROMISE = "promise"


class Handler(Fact):
    """Who does it, as the resident is told. ``subject`` is the person's sign-in, for staff notices."""

    post_id: UUID
    title: str = Field(max_length=200)
    subject: str | None = Field(default=None, max_length=120)
    contact_id: UUID | None = None
    name: Personal | None = None
    phone: str | None = Field(default=None, max_length=40)
    stand_in: bool = False
    office_id: UUID | None = Field(
        default=None,
        description="The bureau or department whose post it is: it is given the case, and reads its words.",
    )


class Party(Fact):
    """One resident's appeal in a case, with what it takes to tell them."""

    appeal_id: UUID
    appeal_number: str = Field(max_length=32)
    person_id: UUID | None = None
    language: Language = Language.CHINESE
    query_code: Sealed | None = None


class CaseFact(Event):
    """What every event of a case carries, so that no reader needs another topic or a call back."""

    TOPIC: ClassVar[str] = "routing.case.v1"
    SUBJECT: ClassVar[str] = "case_id"

    case_id: UUID
    number: str = Field(max_length=32)
    at: Moment
    by: str | None = Field(
        default=None, max_length=120, description="The sign-in subject of who did it; none: the platform."
    )
    state: CaseState
    category: str | None = Field(default=None, max_length=64)
    kind: Kind | None = None
    remit: Remit | None = None
    place_id: UUID | None = None
    placed_path: Path
    parties: list[Party]
    silent: bool = Field(default=False, description="A finished past: nobody is told.")


class CaseOpenedV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.opened.v1"

    gist: str = Field(max_length=200)
    channel: Channel
    queue: Queue | None = Field(
        default=None, description="Why it waits for a dispatcher; none: it was accepted at once."
    )
    dispatcher: Handler | None = Field(default=None, description="Who is to look at it, when it waits.")


class CaseAcceptedV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.accepted.v1"

    promise_due: Moment
    promise_text: dict[str, str] = Field(description="The promise in words, by language (zh, en).")
    handler: Handler | None


class CaseAssignedV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.assigned.v1"

    handler: Handler
    gist: str = Field(max_length=200)
    promise_due: Moment
    first: bool = Field(description="Assigned with its acceptance, which has told the resident who does it.")


class CaseStartedV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.started.v1"

    handler: Handler


class CaseAnsweredV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.answered.v1"

    outcome: Outcome
    answer: Personal
    handler: Handler | None
    promise_met: bool


class CaseHandedOverV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.handed_over.v1"

    means: HandoverMeans


class CaseClosedV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.closed.v1"

    handler: Handler | None
    reason: str = Field(max_length=64, description="done, withdrawn or historic.")


class DeadlineBreachedV1(CaseFact):
    TYPE: ClassVar[str] = "routing.case.deadline_breached.v1"

    deadline_id: UUID
    deadline: DeadlineKind
    due_at: Moment
    gist: str = Field(max_length=200)
    handler: Handler | None
    superior: Handler | None


class CategoryChangedV1(Event):
    """A branch or leaf of the category tree, with the words by which an appeal is recognised."""

    TYPE: ClassVar[str] = "routing.category.changed.v1"
    TOPIC: ClassVar[str] = "routing.category.v1"
    SUBJECT: ClassVar[str] = "code"

    code: str = Field(max_length=64)
    parent: str | None = Field(max_length=64)
    name: dict[str, str] = Field(description="By language (zh, en).")
    kind: Kind
    remit: Remit
    words: list[str] = Field(default=[], description="Words that suggest it; a longer one weighs more.")
    retired: bool = False


class CityCase(Event):
    """The city's public feed: masked, classified, stable; no personal data."""

    TOPIC: ClassVar[str] = "city.case.v1"
    SUBJECT: ClassVar[str] = "case_id"

    case_id: UUID
    number: str = Field(max_length=32)
    at: Moment
    state: CaseState
    category: str | None = Field(max_length=64)
    kind: Kind | None
    remit: Remit | None
    district: str | None = Field(max_length=64, description="The place code of the district, at most.")
    channel: Channel


class CityCaseOpenedV1(CityCase):
    TYPE: ClassVar[str] = "city.case.opened.v1"


class CityCaseProgressedV1(CityCase):
    TYPE: ClassVar[str] = "city.case.progressed.v1"


class CityCaseClosedV1(CityCase):
    TYPE: ClassVar[str] = "city.case.closed.v1"

    promise_met: bool | None = Field(description="None where no promise was made.")
    outcome: Outcome | None
