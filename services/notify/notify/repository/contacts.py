"""How people are reached; what erasure takes away."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from sqlalchemy import (
    case,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from notify.domain.sending import State
from notify.models import contact, message, sandbox_message


@dataclass(frozen=True)
class Contact:
    """Erased when it has no key any more."""

    contact_id: UUID
    wrapped_key: str | None
    reach: str | None
    version: int

    @property
    def is_erased(self) -> bool:
        return self.wrapped_key is None


def put_contact(uow: UnitOfWork, row: Mapping[str, Any]) -> bool:
    """Store the contact unless a later version stands. True when it was stored."""
    statement = upsert(contact).values(**row)
    statement = statement.on_conflict_do_update(
        index_elements=[contact.c.contact_id], set_=dict(row), where=contact.c.version <= statement.excluded.version
    )
    return uow.execute(statement.returning(contact.c.contact_id)).first() is not None


def list_contacts(uow: UnitOfWork, contact_ids: Collection[UUID]) -> dict[UUID, Contact]:
    columns = [contact.c[name] for name in Contact.__dataclass_fields__]
    rows = uow.execute(select(*columns).where(contact.c.contact_id.in_(list(contact_ids))))
    return {row.contact_id: Contact(**row._mapping) for row in rows}


def blank_messages_of(uow: UnitOfWork, contact_id: UUID) -> None:
    """Forget the words and the address of what was written to the contact; what is unsent stays unsent."""
    of_contact = (message.c.contact_id == contact_id) & message.c.body.is_not(None)
    ids = uow.execute(select(message.c.message_id).where(of_contact).with_for_update()).scalars().all()
    if not ids:
        return
    is_open = message.c.state == State.QUEUED.value
    uow.execute(
        update(message)
        .where(message.c.message_id.in_(ids))
        .values(
            body=None,
            sent_to=None,
            state=case((is_open, State.ERASED.value), else_=message.c.state),
            due_at=case((is_open, null()), else_=message.c.due_at),
            version=message.c.version + 1,
            changed_at=uow.now,
        )
    )
    uow.execute(update(sandbox_message).where(sandbox_message.c.message_id.in_(ids)).values(address=None, text=None))
