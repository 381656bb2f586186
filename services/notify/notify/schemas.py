"""What notify's API takes and answers. A reading and a retry are told by their path."""

from datetime import datetime
from uuid import UUID

from kit.http import Body
from pydantic import BaseModel, Field

from notify.domain.owed import Audience, Template
from notify.domain.sending import State
from notify.domain.tellings import Way
from notify.repository import HouseholdTold, InboxItem, Message, TellingCounts


class MessageView(BaseModel):
    """One notice to one person: how it stands; neither its words nor where it went."""

    message_id: UUID
    case_id: UUID
    case_number: str
    appeal_id: UUID | None = Field(description="Whose appeal it is about; none: to staff or a household.")
    audience: Audience
    template: Template
    means: str = Field(description="sms, sandbox, inbox or none.")
    state: State
    reason: str | None = Field(description="Why it failed, is unknown, or is tried again: a code.")
    attempts: int
    provider: str | None
    created_at: datetime
    changed_at: datetime
    sent_at: datetime | None

    @classmethod
    def of(cls, message: Message) -> "MessageView":
        return cls.model_validate(message, from_attributes=True)


class InboxItemView(BaseModel):
    """A notice to whoever asks."""

    item_id: UUID
    case_id: UUID
    case_number: str
    template: Template
    language: str
    title: str
    body: str
    created_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, item: InboxItem) -> "InboxItemView":
        return cls.model_validate(item, from_attributes=True)


class RetryView(BaseModel):
    message_id: UUID
    state: State = Field(default=State.QUEUED, description="A clock sends it within seconds.")


class TellingView(BaseModel):
    """How far a telling has come, of the households of the places that you answer for."""

    telling: int
    begun_at: datetime
    finished_at: datetime | None = Field(description="When the last household's message or task was made.")
    households: int
    told_by_message: int
    told_by_appeal: int = Field(
        description="By the notice of an appeal that was filed under the number that the household gave."
    )
    told_by_visit: int
    to_be_visited: int = Field(description="Those whom no message reaches, or has reached, and nobody has visited yet.")
    untold: int = Field(description="Those to be visited, and those whose message has not gone out or has failed.")

    @classmethod
    def of(cls, counts: TellingCounts) -> "TellingView":
        return cls.model_validate(counts, from_attributes=True)


class TellingsView(BaseModel):
    items: list[TellingView]

    @classmethod
    def of(cls, counts: list[TellingCounts]) -> "TellingsView":
        return cls(items=[TellingView.of(each) for each in counts])


class HouseholdToldView(BaseModel):
    household_id: UUID
    place_id: UUID
    room: str
    way: Way | None = Field(description="How it is told; null: its turn has not come.")
    state: State | None = Field(description="Of its message.")
    told: bool
    visited_by: str | None
    visited_at: datetime | None

    @classmethod
    def of(cls, told: HouseholdTold) -> "HouseholdToldView":
        return cls.model_validate(told, from_attributes=True)


class Visits(Body):
    """Several at once."""

    household_ids: list[UUID] = Field(min_length=1, max_length=500)
