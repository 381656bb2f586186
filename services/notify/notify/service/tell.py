"""From a step of a case to the notices that it owes, each once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.intake import Language, Means, Reach
from contracts.routing import CaseFact
from kit.crypto import CannotOpen, DataKey, encrypt_field, open_text_from_transport
from kit.db import UnitOfWork
from kit.errors import NotYet
from kit.ids import new_id
from opentelemetry import propagate

from notify import repository
from notify.domain.owed import Audience, Owed, owed_by
from notify.domain.sending import State
from notify.errors import ContactUnreadable, WordingMissing
from notify.repository import Contact, Wording
from notify.service.contacts import reach_of
from notify.service.office import Office
from notify.service.words import rendered, shortened, spoken_facts

Wordings = Mapping[tuple[str, str], Wording]

RESIDENT_CONTACTS = "intake.contact.v1"

#: Staff without a contact of their own still have their inbox.
INBOX = Reach(means=Means.INBOX)


def tell(uow: UnitOfWork, office: Office, events: Sequence[CaseFact]) -> None:
    """Queue what the events owe. A resident's contact that has not come yet is waited for."""
    owed = [(event, notice) for event in events for notice in owed_by(event)]
    if not owed:
        return
    contacts = repository.list_contacts(uow, {n.contact_id for _, n in owed if n.contact_id})
    for _, notice in owed:
        if notice.audience is Audience.RESIDENT and notice.contact_id not in contacts:
            raise NotYet(RESIDENT_CONTACTS, notice.contact_id)
    wordings = repository.list_wordings(uow, {notice.template.value for _, notice in owed})
    written = [_write(uow, office, event, notice, contacts, wordings) for event, notice in owed]
    added = repository.add_messages(uow, [row for row, _ in written])
    repository.add_inbox_items(uow, [item for row, item in written if item and row["message_id"] in added])


def _write(
    uow: UnitOfWork,
    office: Office,
    event: CaseFact,
    notice: Owed,
    contacts: Mapping[UUID, Contact],
    wordings: Wordings,
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The message's row; and, for staff, the inbox item."""
    message_id = new_id(uow.now)
    contact = contacts.get(notice.contact_id) if notice.contact_id else None
    key, reach = reach_of(office, contact) if contact and not contact.is_erased else (None, INBOX)
    wording = _wording(wordings, notice.template.value, reach.language)
    facts = _facts(office, notice, wording.language)
    body = shortened(rendered(wording.body, facts))
    row = _row(uow, event, notice, wording, message_id) | _way(uow, notice, reach, is_reachable=key is not None)
    row["body"] = _sealed(key, body, message_id) if key and row["state"] == State.QUEUED.value else None
    if notice.audience is not Audience.STAFF:
        return row, None
    return row, _item(uow, event, notice, message_id, wording, title=rendered(wording.title, facts), body=body)


def _facts(office: Office, notice: Owed, language: str) -> dict[str, Any]:
    facts = spoken_facts(notice.facts, language=language, zone=office.zone)
    if "answer" in facts:
        facts["answer"] = shortened(facts["answer"], 600)
    if notice.audience is Audience.RESIDENT:
        code = _open_code(office, notice)
        facts |= {"query_code": code, "progress": f"{office.address}/{code}"}
    return facts


def _open_code(office: Office, notice: Owed) -> str:
    if notice.query_code is None:
        return ""
    try:
        return open_text_from_transport(office.transport, notice.query_code, key=notice.appeal_id)
    except CannotOpen as error:
        raise ContactUnreadable from error


def _wording(wordings: Wordings, code: str, language: Language) -> Wording:
    found = wordings.get((code, language.value)) or wordings.get((code, Language.CHINESE.value))
    if found is None:
        raise WordingMissing(code)
    return found


def _way(uow: UnitOfWork, notice: Owed, reach: Reach, *, is_reachable: bool) -> dict[str, Any]:
    """By which means, and whether anything is left to send: staff read their inbox, whatever else they chose."""
    if notice.audience is Audience.RESIDENT and not is_reachable:
        return _closed_at_once(State.ERASED, Means.NONE)
    if reach.means in (Means.SMS, Means.SANDBOX):
        return {"state": State.QUEUED.value, "means": reach.means.value, "due_at": uow.now, "sent_at": None}
    if notice.audience is Audience.STAFF:
        return {**_closed_at_once(State.SENT, Means.INBOX), "sent_at": uow.now, "provider": "inbox"}
    return _closed_at_once(State.NONE_WANTED, Means.NONE)


def _closed_at_once(state: State, means: Means) -> dict[str, Any]:
    return {"state": state.value, "means": means.value, "due_at": None, "sent_at": None}


def _row(uow: UnitOfWork, event: CaseFact, notice: Owed, wording: Wording, message_id: UUID) -> dict[str, Any]:
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return {
        "message_id": message_id,
        "case_id": event.case_id,
        "case_number": event.number,
        "case_version": event.version,
        "appeal_id": notice.appeal_id,
        "audience": notice.audience.value,
        "recipient": notice.recipient,
        "contact_id": notice.contact_id,
        "template": notice.template.value,
        "template_version": wording.version,
        "language": wording.language,
        "provider": None,
        "traceparent": carrier.get("traceparent"),
        "place_id": event.place_id,
        "placed_path": event.placed_path,
        "created_at": uow.now,
        "changed_at": uow.now,
    }


def _sealed(key: DataKey, body: str, message_id: UUID) -> str:
    return encrypt_field(key, body, table="message", column="body", row=message_id)


def _item(
    uow: UnitOfWork,
    event: CaseFact,
    notice: Owed,
    message_id: UUID,
    wording: Wording,
    *,
    title: str,
    body: str,
) -> dict[str, Any]:
    return {
        "item_id": new_id(uow.now),
        "message_id": message_id,
        "subject": notice.recipient,
        "case_id": event.case_id,
        "case_number": event.number,
        "template": notice.template.value,
        "language": wording.language,
        "title": title,
        "body": body,
        "created_at": uow.now,
        "read_at": None,
    }
