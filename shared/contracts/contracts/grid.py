"""What grid says: the full state of each place and post, and how holders and households are reached, each time it
changes.
"""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.envelope import Event, Fact, Moment, Path, Personal, Sealed


class PlaceState(StrEnum):
    ACTIVE = "active"
    RETIRED = "retired"
    MERGED = "merged"


class Duty(StrEnum):
    """What a post is for."""

    DISPATCHER = "dispatcher"
    SUPERVISOR = "supervisor"
    WINDOW_CLERK = "window_clerk"
    AGENCY = "agency"
    FOLLOW_UP = "follow_up"
    MUNICIPAL = "municipal"
    PUBLIC_SERVICE = "public_service"
    LEGAL = "legal"
    PETITION = "petition"
    AREA_CHIEF = "area_chief"
    BUILDING_CHIEF = "building_chief"
    TEAM_LEADER = "team_leader"
    DEPARTMENT = "department"
    BUREAU = "bureau"


class OpeningHours(Fact):
    """Opening hours of one weekday; a weekday that is not listed is closed."""

    weekday: int = Field(ge=0, le=6, strict=True, description="0 is Monday.")
    opens: str = Field(pattern=r"^\d\d:\d\d$")
    closes: str = Field(pattern=r"^\d\d:\d\d$")


class PlaceChangedV1(Event):
    TYPE: ClassVar[str] = "grid.place.changed.v1"
    TOPIC: ClassVar[str] = "grid.place.v1"
    SUBJECT: ClassVar[str] = "place_id"

    place_id: UUID
    code: str = Field(max_length=64)
    name: str = Field(max_length=200)
    aliases: list[str] = Field(default=[], description="Other and former names by which people call it.")
    tier: str = Field(
        max_length=32, description="city, district, street, community, area, building, …: tiers are data."
    )
    parent_id: UUID | None
    path: Path
    depth: int = Field(ge=1)
    state: PlaceState
    merged_into: UUID | None = None
    opening_hours: list[OpeningHours] = Field(
        default=[], description="Of the place's own station; empty: as its parent's."
    )
    phone: str | None = Field(default=None, max_length=40, description="The office's public number.")


class Holding(Fact):
    """Who holds a post or stands in: the sign-in subject and the name that residents are told."""

    subject: str = Field(max_length=120)
    name: str = Field(max_length=120, json_schema_extra={"x-pii": True})
    contact_id: UUID = Field(description="The key on grid.contact.")
    since: Moment
    until: Moment | None = None


class PostChangedV1(Event):
    TYPE: ClassVar[str] = "grid.post.changed.v1"
    TOPIC: ClassVar[str] = "grid.post.v1"
    SUBJECT: ClassVar[str] = "post_id"

    post_id: UUID
    code: str = Field(max_length=64)
    title: str = Field(max_length=200)
    duty: Duty
    place_id: UUID
    path: Path = Field(description="The place's path: for this the post answers.")
    office_id: UUID | None = Field(default=None, description="The bureau or department that the post belongs to.")
    matters: list[str] = Field(default=[], description="Category codes that the office answers for; empty: all.")
    phone: str | None = Field(default=None, max_length=40, description="The post's public number.")
    holders: list[Holding] = Field(default=[], description="At most one at an instant.")
    stand_ins: list[Holding] = Field(default=[], description="Who holds it while the holder is away.")
    on_duty: list[Holding] = Field(
        default=[],
        description="By the duty roster: who acts in it for urgent matters while its station is closed, at most one at "
        "an instant. Not empty though all of it is over: the post has a roster.",
    )
    retired: bool = False


class ContactChangedV1(Event):
    """How a holder or a household is reached. Every household is said, also one that no message reaches."""

    TYPE: ClassVar[str] = "grid.contact.changed.v1"
    TOPIC: ClassVar[str] = "grid.contact.v1"
    SUBJECT: ClassVar[str] = "contact_id"

    contact_id: UUID
    subject: str | None = Field(default=None, max_length=120, description="The sign-in subject of a member of staff.")
    sealed: Sealed = Field(description="contracts.intake.Reach as sealed JSON.")
    place_id: UUID | None = Field(default=None, description="Of a household: where it lives; none: of a holder.")
    room: Personal | None = Field(default=None, description="Of a household: its door, as neighbours say it.")
