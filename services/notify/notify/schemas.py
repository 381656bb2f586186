"""What notify's API answers. It takes no bodies: a reading and a retry are told by their path."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from notify.domain.owed import Audience, Template
from notify.domain.sending import State
from notify.repository import InboxItem, Message


class MessageView(BaseModel):
    """One notice to one person: how it stands; neither its words nor where it went."""

    message_id: UUID
    case_id: UUID
    case_number: str
    appeal_id: UUID | None = Field(description="Whose appeal it is about; none: a notice to staff.")
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
