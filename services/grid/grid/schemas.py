"""What is read and answered over HTTP."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from contracts.answering import Answer
from contracts.grid import Duty, OpeningHours, PlaceState
from contracts.intake import Language, Means, Reach, fits
from kit.clock import Instant
from kit.http import Body
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from grid.domain.imports import Report
from grid.domain.places import Place, PlaceChange, PlaceEntry, Tier
from grid.domain.posts import Holding, Office, OfficeKind, Post, Seat
from grid.domain.register import Counts, Household, Organisation, OrganisationKind
from grid.domain.rosters import Roster
from grid.service.rosters import RosterSeen

Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\s/;|\x00-\x1f]+$")]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$", strip_whitespace=True)
]
Phone = Annotated[str, StringConstraints(max_length=40, pattern=r"^[0-9+() -]*$")]
Named = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$"),
    Field(description="A code or an id."),
]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9._@-]+$")]
Why = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f]*$")]


class Request(Body):
    """What a request's body may hold."""


class NewTier(Request):
    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,31}$")]
    rank: int = Field(ge=0, le=1000, description="A place lies within one of a lower rank: city 10 … building 60.")
    label_zh: Name
    label_en: Name


class NewPlace(Request):
    code: Code
    name: Name
    tier: Annotated[str, StringConstraints(max_length=32, pattern=r"^[a-z_]+$")]
    parent: Named | None = Field(default=None, description="None: a root, a city.")
    aliases: list[Name] = Field(default=[], max_length=50)
    phone: Phone | None = None
    opening_hours: list[OpeningHours] = Field(default=[], max_length=14)


class ChangedPlace(Request):
    """What is left out stays as it is."""

    name: Name | None = None
    tier: Annotated[str, StringConstraints(max_length=32, pattern=r"^[a-z_]+$")] | None = None
    aliases: list[Name] | None = Field(default=None, max_length=50)
    phone: Phone | None = Field(default=None, description="Empty: no longer one.")
    opening_hours: list[OpeningHours] | None = Field(default=None, max_length=14)


class Retirement(Request):
    why: Why | None = None


class Merger(Request):
    into: Named
    why: Why | None = None


class Move(Request):
    to: Named
    why: Why | None = None


class NewPost(Request):
    code: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\s;|\x00-\x1f]+$")]
    title: Name
    duty: Duty
    place: Named
    office_id: UUID | None = None
    phone: Phone | None = None


class ChangedPost(Request):
    title: Name | None = None
    phone: Phone | None = Field(default=None, description="Empty: no longer one.")


class NewHolding(Request):
    subject: Subject = Field(description="The sign-in name.")
    name: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]+$")]
    since: Instant | None = Field(default=None, description="None: now.")
    until: Instant | None = None
    relieves: bool = Field(default=False, description="Who holds it leaves when this term begins.")
    means: Means | None = Field(
        default=None, description="How they are reached; none: as before, at first their inbox."
    )
    address: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")] | None = None
    language: Language = Language.CHINESE

    @model_validator(mode="after")
    def _reachable(self) -> "NewHolding":
        if self.means in (Means.SMS, Means.SANDBOX) and not self.address:
            raise ValueError("address is required with means sms and sandbox: add it")
        if self.means and not fits(self.means, self.address or ""):
            raise ValueError("address is no telephone number, as means sms needs it: give its 7 to 15 digits")
        return self

    @property
    def reach(self) -> Reach | None:
        if self.means is None:
            return None
        return Reach(name=self.name, means=self.means, address=self.address, language=self.language)


class Ending(Request):
    until: Instant | None = Field(default=None, description="None: now.")


class NewOffice(Request):
    code: Code
    name: Name
    kind: OfficeKind
    place: Named
    matters: list[Code] = Field(default=[], max_length=500, description="Category codes; none: all.")
    districts: list[UUID] = Field(default=[], max_length=500, description="Where it answers; none: all of its place.")
    phone: Phone | None = None


class ChangedOffice(Request):
    name: Name | None = None
    matters: list[Code] | None = Field(default=None, max_length=500)
    districts: list[UUID] | None = Field(default=None, max_length=500)
    phone: Phone | None = None


class View(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class TierView(View):
    name: str
    rank: int
    label_zh: str
    label_en: str

    @classmethod
    def of(cls, tier: Tier) -> "TierView":
        return cls.model_validate(tier)


class TiersView(View):
    items: list[TierView]


class PlaceView(View):
    id: UUID
    version: int
    code: str
    name: str
    aliases: list[str]
    tier: str
    parent_id: UUID | None
    path: str
    depth: int
    state: PlaceState
    merged_into: UUID | None
    opening_hours: list[OpeningHours]
    phone: str | None

    @classmethod
    def of(cls, place: Place) -> "PlaceView":
        return cls.model_validate(place)


class PlaceEntryView(View):
    id: UUID
    version: int
    kind: PlaceChange
    at: datetime
    by: str | None
    why: str | None
    facts: dict[str, Any]

    @classmethod
    def of(cls, entry: PlaceEntry) -> "PlaceEntryView":
        return cls.model_validate(entry)


class HoldingView(View):
    id: UUID
    subject: str
    name: str
    stand_in: bool
    on_duty: bool = Field(description="By the duty roster: for urgent matters, while the station is closed.")
    since: datetime
    until: datetime | None

    @classmethod
    def of(cls, holding: Holding) -> "HoldingView":
        return cls.model_validate(holding)


class PostView(View):
    id: UUID
    version: int
    code: str
    title: str
    duty: Duty
    place_id: UUID
    path: str
    office_id: UUID | None
    matters: list[str]
    phone: str | None
    retired: bool
    holdings: list[HoldingView] = Field(description="Past, present and future terms.")

    @classmethod
    def of(cls, post: Post) -> "PostView":
        return cls.model_validate(post)


class TurnView(View):
    line: int = Field(description="Of the file.")
    post: str
    subject: str
    since: datetime
    until: datetime


class GapView(View):
    line: int = Field(description="Of the turn behind it.")
    post: str
    since: datetime
    until: datetime


class RosterVersionView(View):
    place_id: UUID
    version: int
    note: str = Field(description="Where it comes from.")
    at: datetime
    by: str | None

    @classmethod
    def of(cls, roster: Roster) -> "RosterVersionView":
        return cls.model_validate(roster)


class RosterView(RosterVersionView):
    place: str = Field(description="Its code.")
    kept: bool = Field(description="False: a dry run, which changes nothing.")
    turns: list[TurnView]
    gaps: list[GapView] = Field(
        description="Between two turns in a post, while the station is closed by its hours of the week. What is urgent "
        "then goes to the next tier's roster, or to the dispatcher."
    )

    @classmethod
    def of_seen(cls, seen: RosterSeen) -> "RosterView":
        return cls(
            **RosterVersionView.of(seen.roster).model_dump(),
            place=seen.place.code,
            kept=seen.kept,
            turns=[TurnView.model_validate(turn) for turn in seen.roster.turns],
            gaps=[GapView.model_validate(gap) for gap in seen.gaps],
        )


class SeatView(View):
    post_id: UUID
    code: str
    title: str
    duty: Duty
    place_id: UUID
    phone: str | None
    subject: str | None
    name: str | None
    stand_in: bool

    @classmethod
    def of(cls, seat: Seat) -> "SeatView":
        return cls.model_validate(seat)


class AnswerView(View):
    answerer: SeatView | None = Field(description="Who answers now; null: nobody up to the root.")
    passed_over: list[SeatView] = Field(description="Vacant posts on the way, narrowest first.")

    @classmethod
    def of(cls, answer: Answer[Seat]) -> "AnswerView":
        passed = [SeatView.of(seat) for seat in answer.passed_over]
        return cls(answerer=SeatView.of(answer.seat) if answer.seat else None, passed_over=passed)


class OfficeView(View):
    id: UUID
    version: int
    code: str
    name: str
    kind: OfficeKind
    place_id: UUID
    matters: list[str]
    districts: list[UUID]
    phone: str | None

    @classmethod
    def of(cls, office: Office) -> "OfficeView":
        return cls.model_validate(office)


class OrganisationView(View):
    id: UUID
    code: str
    name: str
    aliases: list[str]
    kind: OrganisationKind
    place_id: UUID

    @classmethod
    def of(cls, organisation: Organisation) -> "OrganisationView":
        return cls.model_validate(organisation)


class HouseholdView(View):
    id: UUID
    code: str
    place_id: UUID
    room: str
    flags: list[str]
    people: int
    has_contact: bool = Field(description="Whether anybody has said how it is reached; how is not told.")

    @classmethod
    def of(cls, household: Household) -> "HouseholdView":
        return cls.model_validate(household)


class CountsView(View):
    households: int
    residents: int
    low_income_households: int
    low_income_residents: int
    retired_party_members: int
    volunteers: int

    @classmethod
    def of(cls, counts: Counts) -> "CountsView":
        return cls.model_validate(counts)


class RowProblemView(View):
    line: int
    column: str
    code: str
    reason: str


#: So many bad rows are named; the counts are of all.
NAMED = 1_000


class ReportView(View):
    kind: str
    dry_run: bool
    partial: bool
    rows: int
    created: int
    changed: int
    unchanged: int
    refused: int
    problems: list[RowProblemView]

    @classmethod
    def of(cls, report: Report) -> "ReportView":
        counts = {name: getattr(report, name) for name in cls.model_fields if name != "problems"}
        return cls(**counts, problems=[RowProblemView.model_validate(p) for p in report.problems[:NAMED]])


def term_of(new: NewHolding, *, stand_in: bool) -> dict[str, Any]:
    return {**new.model_dump(include={"subject", "name", "since", "until", "relieves"}), "stand_in": stand_in}
