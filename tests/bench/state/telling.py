"""What the steps of a case owed, told: messages, inboxes and the sandbox's log, as notify leaves them once sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any
from uuid import UUID

from contracts.intake import Means, PersonContactChangedV1, Reach
from intake.domain.appeal import Asker
from kit.crypto import DataKey, encrypt_field
from kit.ids import new_id
from notify.domain.owed import Audience, owed_by
from notify.domain.sending import State, key_of
from notify.models import contact, inbox_item, message, sandbox_message
from notify.repository import sandbox
from notify.service import tell
from notify.service.contacts import reach_of
from notify.service.words import rendered, shortened

from tests.bench.state.course import Moment
from tests.bench.state.ground import CityGround
from tests.bench.state.lives import Life
from tests.bench.state.sheets import Sheets

#: Of the notices to staff, how many have been read; the latest day's are still unread.
READ = 0.97

#: Facts that a wording compares; of the others it asks at most whether they are there.
_DECIDING = ("queue", "reason")

Keyed = tuple[DataKey | None, Reach]

_UNSENT = dict.fromkeys(("sent_to", "reason", "called_at", "provider_ref", "retried_by"))
_FIRST = {"turn": 0, "attempts": 0, "claim": 0, "version": 1, "sealed": False, "seen_by": []}


@dataclass(frozen=True)
class Teller:
    ground: CityGround
    now: datetime
    notify: Sheets
    _staff: dict[UUID, Keyed] = field(default_factory=dict, repr=False)

    def tell_of(self, life: Life, chance: Random) -> None:
        resident = self._keep_contact(life.asker, life.case.received_at) if life.asker else None
        for fact in life.facts:
            for notice in owed_by(fact):
                at = fact.at + timedelta(seconds=chance.uniform(0.2, 1.2))
                reached = resident if notice.audience is Audience.RESIDENT else self._staff_of(notice.contact_id)
                draft = tell.Draft(new_id(at), fact, notice, life.traceparent)
                self._tell(Moment(at), draft, reached or (None, tell.INBOX), chance)

    def _keep_contact(self, asker: Asker, at: datetime) -> Keyed:
        """As notify.service.contacts stores what intake said of the person."""
        key = DataKey.new(self.ground.office.keys)
        reach = Reach(name=asker.name, means=asker.means, address=asker.address, language=asker.language)
        row = {
            "contact_id": asker.id,
            "topic": PersonContactChangedV1.TOPIC,
            "subject": None,
            "place_id": None,
            "room": None,
            "wrapped_key": key.wrap(self.ground.office.keys, owner=asker.id),
            "reach": encrypt_field(key, reach.model_dump_json(), table="contact", column="reach", row=asker.id),
            "version": asker.version,
            "changed_at": at + timedelta(seconds=0.5),
        }
        self.notify.add(contact, row)
        return key, reach

    def _staff_of(self, contact_id: UUID | None) -> Keyed | None:
        if contact_id not in self.ground.staff or contact_id is None:
            return None
        if contact_id not in self._staff:
            self._staff[contact_id] = reach_of(self.ground.office, self.ground.staff[contact_id])
        return self._staff[contact_id]

    def _tell(self, moment: Moment, draft: tell.Draft, reached: Keyed, chance: Random) -> None:
        """As notify.service.tell writes it; and, where it goes out, as notify.service.send has it gone out."""
        notice, (key, reach) = draft.notice, reached
        wording = tell._wording(self.ground.wordings, notice.template.value, reach.language)
        facts = tell._facts(self.ground.office, notice, wording.language)
        body = shortened(_said(wording.body, facts))
        way = tell._way(moment, notice, reach, is_reachable=key is not None)
        row = _UNSENT | _FIRST | tell._row(moment, draft, wording) | way
        row["body"] = tell._sealed(key, body, draft.message_id, way["state"])
        if key is not None and way["state"] == State.QUEUED.value:
            sent_at = moment.now + timedelta(seconds=chance.uniform(0.05, 1))
            row |= self._send(draft.message_id, (key, reach), body, sent_at)
        self.notify.add(message, row)
        if notice.audience is Audience.STAFF:
            item = tell._item(moment, draft, wording, {"title": _said(wording.title, facts), "body": body})
            self.notify.add(inbox_item, item | {"read_at": self._read_at(moment.now, chance)})

    def _send(self, message_id: UUID, reached: tuple[DataKey, Reach], body: str, at: datetime) -> dict[str, Any]:
        key, reach = reached
        address, letter = reach.address or "", key_of(message_id, turn=0)
        self._put_sandbox(at, message_id, letter, {"address": address, "text": body})
        return {
            "state": State.SENT.value,
            "means": reach.means.value,
            "provider": Means.SANDBOX.value,
            "provider_ref": letter,
            "sent_to": encrypt_field(key, address, table="message", column="sent_to", row=message_id),
            "attempts": 1,
            "claim": 1,
            "due_at": None,
            "sent_at": at,
            "changed_at": at,
            "version": 2,
        }

    def _put_sandbox(self, at: datetime, message_id: UUID, letter: str, said: dict[str, str]) -> None:
        """As notify.repository.sandbox logs it; written out, since a statement a message takes longer than the rest."""
        keys = self.ground.office.keys
        sealed = {name: keys.seal(text.encode(), sandbox._bound(name, letter)) for name, text in said.items()}
        row = {"sandbox_id": new_id(at), "idempotency_key": letter, "message_id": message_id, "received_at": at}
        self.notify.add(sandbox_message, row | sealed)

    def _read_at(self, told: datetime, chance: Random) -> datetime | None:
        read = told + timedelta(minutes=chance.uniform(1, 480))
        return read if self.now - told > timedelta(days=1) and chance.random() < READ else None


def _said(source: str, facts: Mapping[str, Any]) -> str:
    """As notify renders it: once for each shape that the wording takes, with the facts put in afterwards."""
    put_in = {name: fact for name, fact in facts.items() if fact and isinstance(fact, str) and name not in _DECIDING}
    text = _shaped(source, tuple((name, f"\0{name}\0" if name in put_in else fact) for name, fact in facts.items()))
    for name, fact in put_in.items():
        text = text.replace(f"\0{name}\0", fact)
    return text


@lru_cache(maxsize=1024)
def _shaped(source: str, shape: tuple[tuple[str, Any], ...]) -> str:
    return rendered(source, dict(shape))
