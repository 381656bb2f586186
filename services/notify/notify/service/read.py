"""What staff and operators see of telling, and what they may do about it."""

from datetime import datetime
from uuid import UUID

from contracts.grid import Duty
from kit.auth import OPERATOR, Person
from kit.db import UnitOfWork
from kit.paging import Page, Sheet

from notify import repository
from notify.domain.sending import TROUBLED
from notify.errors import InboxItemNotFound, MessageNotFound, MessageNotRetryable, NotYoursToRetry
from notify.repository import InboxItem, Message

#: Who sees to the telling of their place's cases.
RETRYING = (Duty.DISPATCHER.value, Duty.SUPERVISOR.value)


def list_case_messages(uow: UnitOfWork, case_id: UUID, page: Page) -> Sheet[Message]:
    """Oldest first."""
    rows = repository.list_messages_of_case(uow, case_id, after=page.after(datetime, UUID), limit=page.fetch)
    return page.sheet(rows, position=lambda message: (message.created_at, message.message_id))


def list_troubled_messages(uow: UnitOfWork, page: Page) -> Sheet[Message]:
    """What failed or is unknown, latest first: everywhere for operators, of their places for everybody else."""
    everywhere = OPERATOR in uow.person.roles
    find = repository.list_troubled_anywhere if everywhere else repository.list_troubled_in_scope
    rows = find(uow, before=page.after(datetime, UUID), limit=page.fetch)
    return page.sheet(rows, position=lambda message: (message.changed_at, message.message_id))


def retry_message(uow: UnitOfWork, message_id: UUID) -> UUID:
    """Send again what failed or is unknown. That somebody may be told twice is the person's decision and on record."""
    _check_retry(uow, uow.person, message_id)
    found_in = repository.take_up_again(uow, message_id, by=uow.person.subject)
    if found_in is None:
        raise MessageNotFound
    if found_in not in TROUBLED:
        raise MessageNotRetryable(found_in.value)
    return message_id


def _check_retry(uow: UnitOfWork, person: Person, message_id: UUID) -> None:
    if OPERATOR in person.roles:
        return
    if repository.find_message(uow, message_id) is None:
        raise MessageNotFound
    if not any(person.has_duty(duty) for duty in RETRYING):
        raise NotYoursToRetry


def list_inbox(uow: UnitOfWork, page: Page) -> Sheet[InboxItem]:
    """Unread first, latest first."""
    rows = repository.list_inbox(uow, uow.person.subject, after=page.after(bool, UUID), limit=page.fetch)
    return page.sheet(rows, position=lambda item: (item.read_at is None, item.item_id))


def read_item(uow: UnitOfWork, item_id: UUID) -> InboxItem:
    """The item, read; the first reading counts."""
    item = repository.mark_read(uow, item_id, subject=uow.person.subject)
    if item is None:
        raise InboxItemNotFound
    return item
