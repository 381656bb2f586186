"""How people are reached; what erasure takes away."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from kit.rows import insert_rows
from sqlalchemy import case, null, select, update

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


def put_contacts(uow: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Store contacts, each once, unless a later version stands; those that were stored. In one order, so that two who
    store the same ones do not wait for each other.
    """
    changed = ", ".join(f"{name} = excluded.{name}" for name in rows[0] if name != "contact_id")
    newer = f"on conflict (contact_id) do update set {changed} where contact.version <= excluded.version"
    ordered = sorted(rows, key=lambda row: row["contact_id"])
    return set(insert_rows(uow, contact, ordered, then=f"{newer} returning contact_id").scalars())


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
