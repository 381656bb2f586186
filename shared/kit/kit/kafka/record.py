"""From raw bytes to an event, or to the reason why not: what cannot be decoded becomes a dead letter, never a crash."""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from contracts.envelope import Event, Tombstone
from pydantic import ValidationError

from kit.kafka.handlers import Handler, Subscription, subscriptions_of

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True)
class Record:
    """What came over the wire, untouched."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True)
class Fault:
    """Why a record cannot be read. ``detail`` names fields, never their values."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Message:
    """A record as far as it could be read. Neither ``subscription`` nor ``fault``: nobody here wants it."""

    record: Record
    headers: dict[str, str]
    key: str | None = None
    type: str | None = None
    event_id: UUID | None = None
    version: int = 0
    time: datetime | None = None
    subscription: Subscription | None = None
    event: Event | Tombstone | None = None
    fault: Fault | None = None

    @property
    def topic_id(self) -> str | None:
        return self.headers.get("ce_topicid")

    @property
    def identity(self) -> UUID:
        """One id however often the record comes: the event's own, or one made of where it stands."""
        where = f"{self.record.topic}/{self.topic_id}/{self.record.partition}/{self.record.offset}"
        return self.event_id or uuid5(NAMESPACE_URL, where)


class Book:
    """Who takes what: the subscriptions of one service."""

    def __init__(self, handlers: Iterable[Handler]) -> None:
        self._by_type = {(s.topic, s.type): s for s in subscriptions_of(handlers)}

    @property
    def topics(self) -> list[str]:
        return sorted({topic for topic, _ in self._by_type})

    def find(self, topic: str, type_: str | None) -> Subscription | None:
        return self._by_type.get((topic, type_))

    def read(self, record: Record) -> Message:
        headers, fault = _headers(record)
        if fault:
            return Message(record, headers, fault=fault)
        try:
            return self._read(record, headers)
        except ValidationError as error:
            fault = Fault("invalid_body", _fields(error))
        except (UnicodeDecodeError, KeyError, ValueError) as error:
            fault = Fault("undecodable", _which(error))
        return Message(
            record,
            headers,
            key=_text(record.key),
            type=headers.get("ce_type"),
            event_id=_id(headers.get("ce_id")),
            subscription=self.find(record.topic, headers.get("ce_type")),
            fault=fault,
        )

    def _read(self, record: Record, headers: dict[str, str]) -> Message:
        type_ = headers["ce_type"]
        subscription = self.find(record.topic, None if record.value is None else type_)
        if subscription is None:
            return Message(record, headers, key=_text(record.key), type=type_, event_id=_id(headers.get("ce_id")))
        key = (record.key or b"").decode()
        version = int(headers["ce_subjectversion"])
        event: Event | Tombstone
        if subscription.event is None:
            event = Tombstone(topic=record.topic, type=type_, key=key, version=version)
        else:
            event = subscription.event.model_validate_json(record.value or b"")
        return Message(
            record,
            headers,
            key=key,
            type=type_,
            event_id=UUID(headers["ce_id"]),
            version=version,
            time=datetime.fromisoformat(headers["ce_time"]),
            subscription=subscription,
            event=event,
        )


def pack(headers: Headers) -> bytes:
    """Raw headers as JSON, so that a dead letter can be read again exactly as it came."""
    return json.dumps([[k, None if v is None else base64.b64encode(v).decode()] for k, v in headers]).encode()


def unpack(packed: bytes) -> Headers:
    return tuple((k, None if v is None else base64.b64decode(v)) for k, v in json.loads(packed))


def _headers(record: Record) -> tuple[dict[str, str], Fault | None]:
    found, bad = {}, []
    for name, value in record.headers:
        try:
            found[name] = (value or b"").decode()
        except UnicodeDecodeError:
            bad.append(name)
    return found, Fault("undecodable", f"header {', '.join(bad)} is not UTF-8") if bad else None


def _text(key: bytes | None) -> str | None:
    return key.decode(errors="replace").replace("\x00", "\ufffd") if key is not None else None


def _id(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None


def _fields(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'/'.join(map(str, p['loc'])) or 'body'}: {p['type']}" for p in problems[:20])


def _which(error: Exception) -> str:
    return f"header {error.args[0]} is missing" if isinstance(error, KeyError) else type(error).__name__
