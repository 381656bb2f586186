"""How people are reached: kept sealed under a key of each person's own, forgotten by destroying it."""

from uuid import UUID

from contracts.intake import Reach
from kit.crypto import CannotOpen, DataKey, decrypt_field, encrypt_field, open_from_transport
from kit.db import UnitOfWork

from notify import repository
from notify.errors import ContactUnreadable
from notify.repository import Contact
from notify.service.office import Office


def keep_contact(
    uow: UnitOfWork, office: Office, contact_id: UUID, sealed: str, *, topic: str, subject: str | None, version: int
) -> None:
    """Store how somebody is reached, unless something later is known. Their key stays the same."""
    try:
        reach = open_from_transport(office.transport, sealed, Reach, key=contact_id)
    except CannotOpen as error:
        raise ContactUnreadable from error
    stored = repository.list_contacts(uow, [contact_id]).get(contact_id)
    key = key_of(office, stored) if stored and not stored.is_erased else DataKey.new(office.keys)
    row = {
        "contact_id": contact_id,
        "topic": topic,
        "subject": subject,
        "wrapped_key": key.wrap(office.keys, owner=contact_id),
        "reach": encrypt_field(key, reach.model_dump_json(), table="contact", column="reach", row=contact_id),
        "version": version,
        "changed_at": uow.now,
    }
    repository.put_contact(uow, row)


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
    if repository.put_contact(uow, row):
        repository.blank_messages_of(uow, contact_id)


def key_of(office: Office, contact: Contact) -> DataKey:
    return DataKey.unwrap(office.keys, contact.wrapped_key or "", owner=contact.contact_id)


def reach_of(office: Office, contact: Contact) -> tuple[DataKey, Reach]:
    key = key_of(office, contact)
    plain = decrypt_field(key, contact.reach or "", table="contact", column="reach", row=contact.contact_id)
    return key, Reach.model_validate_json(plain)
