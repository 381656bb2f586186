"""The register: households, residents, organisations, volunteers. Minimal: what the demonstration city counts."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Flag(StrEnum):
    """What the work needs to know of a resident or a household."""

    LOW_INCOME = "low_income"
    LOW_INCOME_EDGE = "low_income_edge"
    LIVING_ALONE = "living_alone"
    DISABLED = "disabled"
    RETIRED_PARTY_MEMBER = "retired_party_member"


class OrganisationKind(StrEnum):
    ENTERPRISE = "enterprise"
    INSTITUTION = "institution"
    PROPERTY_COMPANY = "property_company"
    OWNERS_COMMITTEE = "owners_committee"
    PARTY_BRANCH = "party_branch"


class VolunteerKind(StrEnum):
    VOLUNTEER = "volunteer"
    ASSISTANT = "assistant"
    BUILDING_CHIEF = "building_chief"


class Fee(StrEnum):
    FREE = "free"
    LOW = "low"


@dataclass(frozen=True)
class Organisation:
    id: UUID
    version: int
    code: str
    name: str
    kind: OrganisationKind
    place_id: UUID
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Team:
    id: UUID
    code: str
    name: str
    place_id: UUID
    skills: tuple[str, ...]
    areas: tuple[UUID, ...]
    fee: Fee


@dataclass(frozen=True)
class Household:
    id: UUID
    code: str
    place_id: UUID
    placed_path: str
    room: str
    flags: tuple[str, ...] = ()
    people: int = 0
    version: int = 1
    wrapped_key: str | None = None
    reach: str | None = None
    digest: bytes | None = None

    @property
    def has_contact(self) -> bool:
        """Whether somebody has said how it is reached."""
        return self.reach is not None


@dataclass(frozen=True)
class Counts:
    """The register of a place in numbers."""

    households: int
    residents: int
    low_income_households: int
    low_income_residents: int
    retired_party_members: int
    volunteers: int
