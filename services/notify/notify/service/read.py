"""What staff and operators see of telling, and what they may do about it."""

from datetime import datetime
from uuid import UUID

from contracts.grid import Duty
from kit.auth import AUDITOR, OPERATOR, Person
from kit.db import UnitOfWork

from notify import repository
from notify.domain.sending import TROUBLED
from notify.errors import InboxItemNotFound, MessageNotFound, MessageNotRetryable, NotYoursToRetry
from notify.repository import InboxItem, Message

#: Who sees to the telling of their place's cases.
RETRYING = (Duty.DISPATCHER.value, Duty.SUPERVISOR.value)


def list_case_messages(
    uow: UnitOfWork, case_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[Message]:
    return repository.list_messages_of_case(uow, case_id, after=after, limit=limit)


def list_troubled_messages(uow: UnitOfWork, *, before: tuple[datetime, UUID] | None, limit: int) -> list[Message]:
    """What failed or is unknown: everywhere for operators, of their places for everybody else."""
    if OPERATOR in uow.person.roles:
        return repository.list_troubled_anywhere(uow, before=before, limit=limit)
    return repository.list_troubled_in_scope(uow, before=before, limit=limit)


def retry_message(uow: UnitOfWork, message_id: UUID) -> UUID:
    """Send again what failed or is unknown. That somebody may be told twice is the person's decision and on record."""
    _check_retry(uow, uow.person, message_id)
    found = repository.take_up_again(uow, message_id, by=uow.person.subject)
    if found is None:
        raise MessageNotFound
    if found not in TROUBLED:
        raise MessageNotRetryable(found.value)
    return message_id


def _check_retry(uow: UnitOfWork, person: Person, message_id: UUID) -> None:
    if OPERATOR in person.roles:
        return
    if repository.find_message(uow, message_id) is None:
        raise MessageNotFound
    if AUDITOR in person.roles or not any(person.has_duty(duty) for duty in RETRYING):
        raise NotYoursToRetry


def list_inbox(uow: UnitOfWork, *, after: tuple[bool, UUID] | None, limit: int) -> list[InboxItem]:
    """Unread first, latest first."""
    return repository.list_inbox(uow, uow.person.subject, after=after, limit=limit)


def read_item(uow: UnitOfWork, item_id: UUID) -> InboxItem:
    item = repository.mark_read(uow, item_id, subject=uow.person.subject)
    if item is None:
        raise InboxItemNotFound
    return item
