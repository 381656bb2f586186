"""From notify's rows to what it says."""

from datetime import datetime

from contracts.notify import MessageFailedV1

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
