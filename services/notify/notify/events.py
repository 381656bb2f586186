"""From notify's rows to what it says."""

from datetime import datetime
from uuid import UUID

from contracts.notify import MessageFailedV1, MessageWithheldV1

from notify.domain.sending import Finished


def message_failed(message: Finished, *, at: datetime) -> MessageFailedV1:
    return MessageFailedV1(
        version=message.version,
        message_id=message.message_id,
        case_id=message.case_id,
        appeal_id=message.appeal_id,
        template=message.template,
        means=message.means,
        reason=message.reason or "unknown",
        failed_at=at,
    )


def message_withheld(
    message_id: UUID, *, case_id: UUID, appeal_id: UUID | None, template: str, version: int, at: datetime
) -> MessageWithheldV1:
    return MessageWithheldV1(
        version=version,
        message_id=message_id,
        case_id=case_id,
        appeal_id=appeal_id,
        template=template,
        withheld_at=at,
    )
