"""What staff and operators see of telling, and what they may do about it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contracts.grid import Duty
from kit.auth import OPERATOR, Person
from kit.db import UnitOfWork
from kit.numbers import parse_name
from kit.paging import Page, Sheet

from notify import repository
from notify.domain.sending import TROUBLED
from notify.errors import (
    InboxItemNotFound,
    MessageNotFound,
    MessageNotRetryable,
    NotACase,
    NotYoursToRetry,
    NotYoursToVisit,
    TellingNotFound,
    UnknownHousehold,
)
from notify.repository import HouseholdTold, InboxItem, Message, TellingCounts

CASE_PREFIX, APPEAL_PREFIX = "C", "A"
#: Who sees to the telling of their place's cases.
RETRYING = (Duty.DISPATCHER.value, Duty.SUPERVISOR.value)


def find_case(uow: UnitOfWork, named: str, *, field: str) -> UUID | None:
    """By its id, or its number however it is typed; none: nobody was told of it whom whoever asks may see."""
    name = parse_name(named, CASE_PREFIX, APPEAL_PREFIX, field=field)
    if isinstance(name, UUID):
        return name
    if name.startswith(APPEAL_PREFIX):
        raise NotACase(field)
    return repository.find_case(uow, name)


def list_case_messages(uow: UnitOfWork, case_id: UUID | None, page: Page) -> Sheet[Message]:
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


def list_tellings(uow: UnitOfWork, case_id: UUID | None) -> list[TellingCounts]:
    """How far each telling of a case has come, in the order of the tellings."""
    return repository.count_tellings(uow, case_id) if case_id else []


def list_households(
    uow: UnitOfWork, case_id: UUID | None, telling: int, page: Page, *, told: bool | None
) -> Sheet[HouseholdTold]:
    """Whom a telling concerns: all, or those who have been told, or those who have not."""
    if case_id is None:
        raise TellingNotFound
    _telling(uow, case_id, telling)
    rows = repository.list_households(uow, case_id, telling, told=told, after=page.after_one(UUID), limit=page.fetch)
    return page.sheet(rows, position=lambda row: (row.household_id,))


def record_visits(uow: UnitOfWork, case_id: UUID | None, telling: int, household_ids: Sequence[UUID]) -> TellingCounts:
    """These households have been told in person. Saying so twice changes nothing."""
    if case_id is None:
        raise TellingNotFound
    _telling(uow, case_id, telling)
    paths = repository.list_paths(uow, case_id, telling, household_ids)
    for index, household_id in enumerate(household_ids):
        if household_id not in paths:
            raise UnknownHousehold(index)
    mine = [post.path for post in uow.person.posts if post.office_id is None]
    if not all(any(path.startswith(post) for post in mine) for path in paths.values()):
        raise NotYoursToVisit
    repository.save_visits(uow, case_id, telling, household_ids, by=uow.person.subject)
    return _telling(uow, case_id, telling)


def _telling(uow: UnitOfWork, case_id: UUID, telling: int) -> TellingCounts:
    found = repository.count_tellings(uow, case_id, telling)
    if not found:
        raise TellingNotFound
    return found[0]


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
