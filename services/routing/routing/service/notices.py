"""What became of the telling: a notice that could not be delivered stands on its case."""

from contracts.notify import MessageFailedV1, MessageWithheldV1
from kit.db import UnitOfWork

from routing.domain.case import NOTICE_NOT_DELIVERED
from routing.repository import cases
from routing.service import calling_back

#: The notices that ask whether an answer solved it.
ASKS = frozenset({"case_answered", "case_corrected"})


def record_notice_not_delivered(uow: UnitOfWork, event: MessageFailedV1) -> None:
    case, _ = cases.get_case_for_change(uow, event.case_id)
    facts = {
        "message": str(event.message_id),
        "appeal": str(event.appeal_id) if event.appeal_id else None,
        "template": event.template,
        "means": event.means,
        "reason": event.reason,
        "failed_at": event.failed_at.isoformat(),
    }
    case.undelivered += 1
    case.record(NOTICE_NOT_DELIVERED, at=uow.now, by=None, facts=facts)
    cases.save_cases(uow, [case])
    if event.template in ASKS and event.appeal_id is not None:
        calling_back.have_called(uow, event.appeal_id)


def record_notice_withheld(uow: UnitOfWork, event: MessageWithheldV1) -> None:
    """They want none by message: that is no failure, but somebody has to ask them."""
    if event.template in ASKS and event.appeal_id is not None:
        calling_back.have_called(uow, event.appeal_id)
