"""What intake says: appeals come in, are corrected and withdrawn; how a person is reached."""

import re
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.envelope import Event, Fact, Moment, Path, Personal, Sealed


class Channel(StrEnum):
    """The eight ways in which an appeal comes in."""

    LETTERBOX = "letterbox"
    HOTLINE = "hotline"
    WEB = "web"
    WINDOW = "window"
    ASSIGNED = "assigned"
    DELEGATE = "delegate"
    VISIT = "visit"
    PATROL = "patrol"


class Language(StrEnum):
    CHINESE = "zh"
    ENGLISH = "en"


class Means(StrEnum):
    """How somebody wants to be told."""

    SMS = "sms"
    SANDBOX = "sandbox"
    INBOX = "inbox"
    NONE = "none"


#: As it is dialled: digits, a leading +, and what people put between.
_TELEPHONE = re.compile(r"\+?[0-9() -]+")
_DIGITS = range(7, 16)


def fits(means: Means, address: str) -> bool:
    """Whether the address is one for these means: of a text message a telephone's number; the sandbox takes any."""
    if means is not Means.SMS:
        return True
    return bool(_TELEPHONE.fullmatch(address)) and sum(map(str.isdigit, address)) in _DIGITS


class Placing(StrEnum):
    """How the place of an appeal was found."""

    GIVEN = "given"
    EXACT = "exact"
    CANDIDATES = "candidates"
    NONE = "none"


class Reach(Fact):
    """How a person is reached. Travels sealed only."""

    name: Personal | None = None
    means: Means
    address: Personal | None = None
    language: Language = Language.CHINESE


class Assignment(Fact):
    """An order from above: whose it is, under which number of theirs, and by when they want it done."""

    office: str = Field(max_length=64, description="The superior's or the city hotline's name.")
    number: str = Field(max_length=120, description="Theirs.")
    due_at: Moment
    report_owed: bool = Field(default=False, description="They want a report back, which they review.")


class AppealReceivedV1(Event):
    TYPE: ClassVar[str] = "intake.appeal.received.v1"
    TOPIC: ClassVar[str] = "intake.appeal.v1"
    SUBJECT: ClassVar[str] = "appeal_id"

    appeal_id: UUID
    number: str = Field(max_length=32, description="The appeal's number as people say it.")
    channel: Channel
    received_at: Moment
    historic: bool = Field(default=False, description="A finished past: no clock is started and nobody is told.")
    person_id: UUID | None = Field(default=None, description="The key on intake.contact; none: anonymous.")
    language: Language = Language.CHINESE
    gist: str = Field(max_length=200, description="What it is about, masked.")
    suggested_category: str | None = Field(default=None, max_length=64)
    category: str | None = Field(default=None, max_length=64, description="As confirmed by who took it.")
    placing: Placing
    place_id: UUID | None = Field(default=None, description="The narrowest place that is known.")
    placed_path: Path = Field(description="/ when nothing is known.")
    taken_path: Path = Field(description="Where it was taken; / when by nobody's station.")
    taken_by: str | None = Field(default=None, max_length=120, description="The sign-in subject of who took it.")
    source: str | None = Field(default=None, max_length=64)
    complained_of: list[str] = Field(
        default=[], description="Sign-in subjects of staff complained of; they never handle it."
    )
    sealed: bool = Field(
        default=False, description="By who took it: only those see it who must, whatever its category is."
    )
    urgent: bool = False
    done_on_the_spot: bool = Field(
        default=False, description="Settled while it was taken: opened, answered and closed in one."
    )
    answer: Personal | None = Field(
        default=None, description="Of what was settled on the spot: what was said or done, in words for the resident."
    )
    query_code: Sealed | None = Field(default=None, description="The code on the resident's receipt.")
    assignment: Assignment | None = Field(default=None, description="Of what was assigned from above.")
    repeat_of: UUID | None = Field(
        default=None, description="The earlier appeal, whose query code was named, that this asks about again."
    )
    reached_by_message: bool = Field(
        default=True,
        description="Whether a message reaches its resident, as far as is known: if not, a person asks them back.",
    )
    asker: UUID | None = Field(
        default=None,
        description="The same for all appeals of one entry of the register, or of whoever is reached at one address; "
        "made by a key of intake's alone, so that it tells nobody else who that is. None: nothing says so.",
    )


class AppealCorrectedV1(Event):
    TYPE: ClassVar[str] = "intake.appeal.corrected.v1"
    TOPIC: ClassVar[str] = "intake.appeal.v1"
    SUBJECT: ClassVar[str] = "appeal_id"

    appeal_id: UUID
    corrected_at: Moment
    corrected_by: str | None = Field(default=None, max_length=120)
    gist: str = Field(max_length=200)
    category: str | None = Field(default=None, max_length=64)
    place_id: UUID | None = None
    placed_path: Path


class AppealWithdrawnV1(Event):
    TYPE: ClassVar[str] = "intake.appeal.withdrawn.v1"
    TOPIC: ClassVar[str] = "intake.appeal.v1"
    SUBJECT: ClassVar[str] = "appeal_id"

    appeal_id: UUID
    withdrawn_at: Moment
    withdrawn_by: str | None = Field(default=None, max_length=120)
    reason: str = Field(max_length=200, description="The reason's code, not words.")


class AppealRatedV1(Event):
    """What the resident says of an answer. Their words stay in intake."""

    TYPE: ClassVar[str] = "intake.appeal.rated.v1"
    TOPIC: ClassVar[str] = "intake.appeal.v1"
    SUBJECT: ClassVar[str] = "appeal_id"

    appeal_id: UUID
    answer: int = Field(ge=1, description="Which of the answers to the appeal.")
    rated_at: Moment
    solved: bool
    rating: int = Field(ge=1, le=5)


class PersonContactChangedV1(Event):
    TYPE: ClassVar[str] = "intake.contact.changed.v1"
    TOPIC: ClassVar[str] = "intake.contact.v1"
    SUBJECT: ClassVar[str] = "person_id"

    person_id: UUID
    sealed: Sealed = Field(description="Reach as sealed JSON.")
