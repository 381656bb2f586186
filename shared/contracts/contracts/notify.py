"""What notify says: a message that could not be delivered, and one that its reader wants none of."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.envelope import Event, Moment


class MessageFailedV1(Event):
    TYPE: ClassVar[str] = "notify.message.failed.v1"
    TOPIC: ClassVar[str] = "notify.message.v1"
    SUBJECT: ClassVar[str] = "message_id"

    message_id: UUID
    case_id: UUID
    appeal_id: UUID | None = Field(
        default=None, description="Whose appeal it was about; none: to staff or a household."
    )
    template: str = Field(max_length=64)
    means: str = Field(max_length=32)
    reason: str = Field(max_length=64, description="The reason's code, not the provider's words.")
    failed_at: Moment


class MessageWithheldV1(Event):
    """A notice that asks its resident for a word is not sent: they want none by message. Somebody has to ask them."""

    TYPE: ClassVar[str] = "notify.message.withheld.v1"
    TOPIC: ClassVar[str] = "notify.message.v1"
    SUBJECT: ClassVar[str] = "message_id"

    message_id: UUID
    case_id: UUID
    appeal_id: UUID | None = None
    template: str = Field(max_length=64)
    withheld_at: Moment
