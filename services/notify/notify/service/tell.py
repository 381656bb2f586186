"""From a step of a case to the notices that it owes, each once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from contracts.intake import Language, Means, PersonContactChangedV1, Reach
from contracts.rating import PURPOSE, subject_of
from contracts.routing import CaseFact
from kit.crypto import CannotOpen, DataKey, encrypt_field, make_ticket, open_text_from_transport
from kit.db import UnitOfWork
from kit.errors import NotYet
from kit.ids import new_id

from notify import repository
from notify.domain.owed import Audience, Owed, Question, owed_by
from notify.domain.sending import State
from notify.errors import ContactUnreadable, WordingMissing
from notify.events import message_withheld
from notify.repository import Wording
from notify.service.contacts import reach_of
from notify.service.office import Office
from notify.service.traces import in_trace
from notify.service.words import rendered, shortened, spoken_facts

Wordings = Mapping[tuple[str, str], Wording]
Reaches = Mapping[UUID | None, tuple[DataKey | None, Reach]]

#: Staff without a contact of their own still have their inbox.
INBOX = Reach(means=Means.INBOX)

#: Of a message that has just been added.
FIRST_VERSION = 1

#: An answer in a text message; the progress page has the whole. Each further appeal that its reader is asked about
#: takes room for its number and its link, so that none is cut: of so many at the most.
LONGEST_ANSWER, LEAST_ANSWER, ROOM_OF_LINK, MOST_ASKED = 600, 60, 100, 7


class About(Protocol):
    """The step of a case that owes a notice, and where whoever sees the notice must look."""

    @property
    def case_id(self) -> UUID: ...
    @property
    def number(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def place_id(self) -> UUID | None: ...
    @property
    def placed_path(self) -> str: ...


@dataclass(frozen=True)
class Draft:
    """A notice on its way to a row: what it is about, to whom, and in whose trace."""

    message_id: UUID
    about: About
    notice: Owed
    traceparent: str | None


def tell(uow: UnitOfWork, office: Office, events: Sequence[CaseFact], *, traceparents: Sequence[str | None]) -> None:
    """Queue what the events owe. A resident's contact that has not come yet is waited for."""
    drafts = [
        Draft(new_id(uow.now), event, notice, traceparent)
        for event, traceparent in zip(events, traceparents, strict=True)
        for notice in owed_by(event)
    ]
    queue(uow, office, drafts, reaches_of(uow, office, drafts))
    _seal(uow, events)


def _seal(uow: UnitOfWork, events: Sequence[CaseFact]) -> None:
    """As each case says last that it is, if it was ever sealed."""
    said = {event.case_id: event for event in events if event.sealed is not None}
    rows = [{"case_id": case, "sealed": last.sealed, "seen_by": last.seen_by} for case, last in said.items()]
    repository.seal_messages(uow, rows)


def queue(uow: UnitOfWork, office: Office, drafts: Sequence[Draft], reaches: Reaches) -> None:
    """Write the notices: what is to be sent is due at once, what is for staff stands in their inbox."""
    if not drafts:
        return
    wordings = repository.list_wordings(uow, {draft.notice.template.value for draft in drafts})
    written = [_write(uow, office, draft, reaches, wordings) for draft in drafts]
    added = repository.add_messages(uow, [row for row, _ in written])
    repository.add_inbox_items(uow, [item for row, item in written if item and row["message_id"] in added])
    _say_withheld(uow, [d for d, (row, _) in zip(drafts, written, strict=True) if _is_withheld(d, row, added)])


def queue_again(uow: UnitOfWork, office: Office, drafts: Sequence[Draft], reaches: Reaches) -> None:
    """Notices that have been written, under the ids that they have, in other words: to be read, and sent, once more."""
    if not drafts:
        return
    wordings = repository.list_wordings(uow, {draft.notice.template.value for draft in drafts})
    written = [_write(uow, office, draft, reaches, wordings) for draft in drafts]
    repository.rewrite_messages(uow, [row for row, _ in written])
    repository.rewrite_inbox_items(uow, [item for _, item in written if item])


def _is_withheld(draft: Draft, row: Mapping[str, Any], added: Collection[UUID]) -> bool:
    """It asks its resident for a word, and they want none by message. A second coming of the event says nothing."""
    is_wanted = row["state"] != State.NONE_WANTED.value
    return bool(draft.notice.asked) and not is_wanted and draft.message_id in added


def _say_withheld(uow: UnitOfWork, withheld: Sequence[Draft]) -> None:
    for draft in withheld:
        notice = draft.notice
        with in_trace(draft.traceparent):
            uow.publish(
                message_withheld(
                    draft.message_id,
                    case_id=draft.about.case_id,
                    appeal_id=notice.appeal_id,
                    template=notice.template.value,
                    version=FIRST_VERSION,
                    at=uow.now,
                )
            )


def reaches_of(uow: UnitOfWork, office: Office, drafts: Sequence[Draft]) -> Reaches:
    """How those are reached whose contact is known and not erased, opened once however much they are told."""
    contacts = repository.list_contacts(uow, {d.notice.contact_id for d in drafts if d.notice.contact_id})
    for draft in drafts:
        if draft.notice.audience is Audience.RESIDENT and draft.notice.contact_id not in contacts:
            raise NotYet(PersonContactChangedV1.TOPIC, draft.notice.contact_id)
    return {known.contact_id: reach_of(office, known) for known in contacts.values() if not known.is_erased}


def _write(
    uow: UnitOfWork, office: Office, draft: Draft, reaches: Reaches, wordings: Wordings
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The message's row; and, for staff, the inbox item."""
    notice = draft.notice
    key, reach = reaches.get(notice.contact_id, (None, INBOX))
    wording = _wording(wordings, notice.template.value, reach.language)
    facts = _facts(office, notice, wording.language)
    body = shortened(rendered(wording.body, facts))
    way = _way(uow, notice, reach, is_reachable=key is not None)
    row = _row(uow, draft, wording) | way | {"body": _sealed(key, body, draft.message_id, way["state"])}
    if notice.audience is not Audience.STAFF:
        return row, None
    return row, _item(uow, draft, wording, {"title": rendered(wording.title, facts), "body": body})


def _wording(wordings: Wordings, code: str, language: Language) -> Wording:
    found = wordings.get((code, language.value)) or wordings.get((code, Language.CHINESE.value))
    if found is None:
        raise WordingMissing(code)
    return found


def _facts(office: Office, notice: Owed, language: str) -> dict[str, Any]:
    facts = spoken_facts(notice.facts, language=language, zone=office.zone)
    if notice.audience is Audience.RESIDENT:
        code = _open_code(office, notice)
        facts |= {"query_code": code, "progress": f"{office.address}/{code}"}
        facts |= _ask_to_rate(office, notice, language)
    if "answer" in facts:
        others = max(len(notice.asked) - 1, 0)
        facts["answer"] = shortened(facts["answer"], max(LONGEST_ANSWER - ROOM_OF_LINK * others, LEAST_ANSWER))
    return facts


def _ask_to_rate(office: Office, notice: Owed, language: str) -> dict[str, str]:
    """Where this resident says what they think of this answer, without an account; nothing where nobody is asked. Of
    several appeals each has a link of its own, beside its number.
    """
    links = {each.number: _link_to_rate(office, each, language) for each in notice.asked[:MOST_ASKED]}
    if len(links) < 2:
        return {"rate": "".join(links.values())}
    first, others = notice.facts["number"], len(notice.asked) - 1
    if language == Language.CHINESE:
        named = "；".join(f"{number}：{link}" for number, link in links.items())
        return {"number": f"{first} 等{others + 1}件", "rate": named}
    named = "; ".join(f"{number}: {link}" for number, link in links.items())
    return {"number": f"{first} and {others} more", "rate": named}


def _link_to_rate(office: Office, asked: Question, language: str) -> str:
    ticket = make_ticket(office.transport, PURPOSE, subject_of(asked.appeal_id, asked.answer))
    return f"{office.ratings}/{ticket}" + ("" if language == Language.CHINESE else f"?lang={language}")


def _open_code(office: Office, notice: Owed) -> str:
    if notice.query_code is None:
        return ""
    try:
        return open_text_from_transport(office.transport, notice.query_code, key=notice.appeal_id)
    except CannotOpen as error:
        raise ContactUnreadable from error


def _way(uow: UnitOfWork, notice: Owed, reach: Reach, *, is_reachable: bool) -> dict[str, Any]:
    """By which means, and whether anything is left to send: staff read their inbox, whatever else they chose."""
    if notice.audience is not Audience.STAFF and not is_reachable:
        return _closed_at_once(State.ERASED, Means.NONE)
    if reach.means in {Means.SMS, Means.SANDBOX}:
        queued = _closed_at_once(State.QUEUED, reach.means)
        return {**queued, "due_at": uow.now}
    if notice.audience is Audience.STAFF:
        return {**_closed_at_once(State.SENT, Means.INBOX), "sent_at": uow.now, "provider": Means.INBOX.value}
    return _closed_at_once(State.NONE_WANTED, Means.NONE)


def _closed_at_once(state: State, means: Means) -> dict[str, Any]:
    return {"state": state.value, "means": means.value, "due_at": None, "sent_at": None, "provider": None}


def _row(uow: UnitOfWork, draft: Draft, wording: Wording) -> dict[str, Any]:
    about, notice = draft.about, draft.notice
    return {
        "message_id": draft.message_id,
        "case_id": about.case_id,
        "case_number": about.number,
        "case_version": about.version,
        "appeal_id": notice.appeal_id,
        "audience": notice.audience.value,
        "recipient": notice.recipient,
        "contact_id": notice.contact_id,
        "template": notice.template.value,
        "template_version": wording.version,
        "language": wording.language,
        "traceparent": draft.traceparent,
        "place_id": about.place_id,
        "placed_path": about.placed_path,
        "created_at": uow.now,
        "changed_at": uow.now,
    }


def _sealed(key: DataKey | None, body: str, message_id: UUID, state: str) -> str | None:
    """Only what is still to be sent needs its words here: staff's stand in their inbox."""
    if key is None or state != State.QUEUED.value:
        return None
    return encrypt_field(key, body, table="message", column="body", row=message_id)


def _item(uow: UnitOfWork, draft: Draft, wording: Wording, said: Mapping[str, str]) -> dict[str, Any]:
    return {
        "item_id": new_id(uow.now),
        "message_id": draft.message_id,
        "subject": draft.notice.recipient,
        "case_id": draft.about.case_id,
        "case_number": draft.about.number,
        "template": draft.notice.template.value,
        "language": wording.language,
        "title": said["title"],
        "body": said["body"],
        "created_at": uow.now,
        "read_at": None,
    }
