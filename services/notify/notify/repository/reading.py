"""What people see of messages and inboxes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from sqlalchemy import (
    DateTime,
    Integer,
    Text,
    Uuid,
    bindparam,
    func,
    literal_column,
    select,
    text,
    update,
)

from notify.domain.sending import TROUBLED, State
from notify.models import inbox_item, message


@dataclass(frozen=True)
class Message:
    """What may be seen of a message: not its words, nor where it went."""

    message_id: UUID
    case_id: UUID
    case_number: str
    appeal_id: UUID | None
    audience: str
    template: str
    means: str
    state: str
    reason: str | None
    attempts: int
    provider: str | None
    created_at: datetime
    changed_at: datetime
    sent_at: datetime | None
    version: int


@dataclass(frozen=True)
class InboxItem:
    item_id: UUID
    case_id: UUID
    case_number: str
    template: str
    language: str
    title: str
    body: str
    created_at: datetime
    read_at: datetime | None


_SEEN = [message.c[name] for name in Message.__dataclass_fields__]
#: In full, so that a plan made for all values finds the index that has these alone.
_IS_TROUBLED = message.c.state.in_([literal_column(f"'{state.value}'") for state in TROUBLED])


def find_case(uow: UnitOfWork, number: str) -> UUID | None:
    """The id of the case with this number, as far as somebody was told of it where the scope lets see."""
    return uow.execute(select(message.c.case_id).where(message.c.case_number == number).limit(1)).scalar_one_or_none()


def list_messages_of_case(
    uow: UnitOfWork, case_id: UUID | None, *, after: tuple[Any, ...] | None, limit: int
) -> list[Message]:
    """Oldest first."""
    statement = select(*_SEEN).where(message.c.case_id == case_id)
    if after is not None:
        statement = statement.where(func.row(message.c.created_at, message.c.message_id) > func.row(*after))
    rows = uow.execute(statement.order_by(message.c.created_at, message.c.message_id).limit(limit))
    return [Message(**row._mapping) for row in rows]


def list_troubled_in_scope(uow: UnitOfWork, *, before: tuple[Any, ...] | None, limit: int) -> list[Message]:
    """Latest first, of what the scope lets see."""
    statement = select(*_SEEN).where(_IS_TROUBLED)
    if before is not None:
        statement = statement.where(func.row(message.c.changed_at, message.c.message_id) < func.row(*before))
    rows = uow.execute(statement.order_by(message.c.changed_at.desc(), message.c.message_id.desc()).limit(limit))
    return [Message(**row._mapping) for row in rows]


_TROUBLED_ANYWHERE = text("select * from list_troubled_messages(:before_at, :before_id, :most)").bindparams(
    bindparam("before_at", type_=DateTime(timezone=True)),
    bindparam("before_id", type_=Uuid),
    bindparam("most", type_=Integer),
)


def list_troubled_anywhere(uow: UnitOfWork, *, before: tuple[Any, ...] | None, limit: int) -> list[Message]:
    """Latest first, through the narrow function for operators."""
    at, identity = before if before is not None else (None, None)
    rows = uow.execute(_TROUBLED_ANYWHERE, {"before_at": at, "before_id": identity, "most": limit})
    return [Message(**row._mapping) for row in rows]


def find_message(uow: UnitOfWork, message_id: UUID) -> Message | None:
    row = uow.execute(select(*_SEEN).where(message.c.message_id == message_id)).first()
    return Message(**row._mapping) if row else None


_AGAIN = text("select take_up_again(:which, :who, :at)").bindparams(
    bindparam("which", type_=Uuid), bindparam("who", type_=Text), bindparam("at", type_=DateTime(timezone=True))
)


def take_up_again(uow: UnitOfWork, message_id: UUID, *, by: str) -> State | None:
    """Queue a message that failed or is unknown; the state that it was found in."""
    state = uow.execute(_AGAIN, {"which": message_id, "who": by, "at": uow.now}).scalar_one()
    return State(state) if state is not None else None


_ITEM = [inbox_item.c[name] for name in InboxItem.__dataclass_fields__]


def list_inbox(uow: UnitOfWork, subject: str, *, after: tuple[Any, ...] | None, limit: int) -> list[InboxItem]:
    """Unread first, latest first. ``after`` is whether the last item seen was unread, and its id."""
    is_unread = inbox_item.c.read_at.is_(None)
    statement = select(*_ITEM).where(inbox_item.c.subject == subject)
    if after is not None:
        statement = statement.where(func.row(is_unread, inbox_item.c.item_id) < func.row(*after))
    rows = uow.execute(statement.order_by(is_unread.desc(), inbox_item.c.item_id.desc()).limit(limit))
    return [InboxItem(**row._mapping) for row in rows]


def mark_read(uow: UnitOfWork, item_id: UUID, *, subject: str) -> InboxItem | None:
    """The item as read; the first reading counts."""
    uow.execute(
        update(inbox_item)
        .where(inbox_item.c.item_id == item_id, inbox_item.c.subject == subject, inbox_item.c.read_at.is_(None))
        .values(read_at=uow.now)
    )
    row = uow.execute(select(*_ITEM).where(inbox_item.c.item_id == item_id, inbox_item.c.subject == subject)).first()
    return InboxItem(**row._mapping) if row else None
