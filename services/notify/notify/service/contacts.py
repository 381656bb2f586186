"""How people are reached: kept sealed under a key of each person's own, forgotten by destroying it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.intake import Reach
from kit.crypto import CannotOpen, DataKey, decrypt_field, encrypt_field, open_from_transport
from kit.db import UnitOfWork

from notify import repository
from notify.errors import ContactUnreadable
from notify.repository import Contact
from notify.service.office import Office


@dataclass(frozen=True)
class Change:
    """How somebody is reached, sealed for the way, as of a version. ``subject`` is whom staff sign in as; a household
    lives at a place, behind a door.
    """

    contact_id: UUID
    sealed: str
    version: int
    subject: str | None = None
    place_id: UUID | None = None
    room: str | None = None


def keep_contacts(uow: UnitOfWork, office: Office, changes: Sequence[Change], *, topic: str) -> None:
    """Store how people are reached, unless something later is known. Each one's key stays the same."""
    latest = {change.contact_id: change for change in sorted(changes, key=lambda change: change.version)}
    stored = repository.list_contacts(uow, latest)
    rows = [_kept(uow, office, change, stored.get(change.contact_id)) for change in latest.values()]
    repository.put_contacts(uow, [{**row, "topic": topic} for row in rows])


def _kept(uow: UnitOfWork, office: Office, change: Change, stored: Contact | None) -> dict[str, Any]:
    try:
        reach = open_from_transport(office.transport, change.sealed, Reach, key=change.contact_id)
    except CannotOpen as error:
        raise ContactUnreadable from error
    key = key_of(office, stored) if stored and not stored.is_erased else DataKey.new(office.keys)
    row = change.contact_id
    return {
        "contact_id": row,
        "subject": change.subject,
        "place_id": change.place_id,
        "room": change.room,
        "wrapped_key": key.wrap(office.keys, owner=row),
        "reach": encrypt_field(key, reach.model_dump_json(), table="contact", column="reach", row=row),
        "version": change.version,
        "changed_at": uow.now,
    }


def erase_contact(uow: UnitOfWork, contact_id: UUID, *, topic: str, version: int) -> None:
    """Destroy the person's key and blank what was written to them; what is unsent is not sent."""
    row = {
        "contact_id": contact_id,
        "topic": topic,
        "subject": None,
        "wrapped_key": None,
        "reach": None,
        "version": version,
        "changed_at": uow.now,
    }
    if repository.put_contacts(uow, [row]):
        repository.blank_messages_of(uow, contact_id)


def key_of(office: Office, contact: Contact) -> DataKey:
    return DataKey.unwrap(office.keys, contact.wrapped_key or "", owner=contact.contact_id)


def reach_of(office: Office, contact: Contact) -> tuple[DataKey, Reach]:
    key = key_of(office, contact)
    plain = decrypt_field(key, contact.reach or "", table="contact", column="reach", row=contact.contact_id)
    return key, Reach.model_validate_json(plain)
