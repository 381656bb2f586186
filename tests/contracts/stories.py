"""The examples as a story: what is known of the city first, then appeals, then cases, as the broker hands them over."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from contracts.catalogue import examples_of
from contracts.topics import EVENTS, TOPICS
from kit.db import UnitOfWork
from kit.kafka.record import Book, Message, Record
from sqlalchemy import text


@dataclass(frozen=True)
class Example:
    type: str
    name: str
    record: Record


def record_of(topic: str, event_type: str, body: dict[str, Any] | None, *, key: str, version: int) -> Record:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid4()),
        "ce_type": event_type,
        "ce_source": f"/{TOPICS[topic].owner}",
        "ce_time": "2026-11-23T00:00:00Z",
        "ce_subject": key,
        "ce_subjectversion": str(version),
        "content-type": "application/json",
    }
    value = None if body is None else EVENTS[event_type].model_validate(body).model_dump_json().encode()
    return Record(topic, 0, version, key.encode(), value, tuple((k, v.encode()) for k, v in headers.items()))


@dataclass
class Home:
    """The ids by which a service knows what the examples speak of, where it makes them itself.

    Cases are of routing's own making, appeals of intake's; all other ids come with the events.
    """

    service: str
    names: dict[str, str] = field(default_factory=dict)

    def learn_cases(self, uow: UnitOfWork) -> None:
        """The cases that routing opened for the examples' appeals."""
        opened = {body["parties"][0]["appeal_id"]: body["case_id"] for body in _opened_cases()}
        for row in uow.execute(text("select appeal_id, case_id from case_appeal")):
            if str(row.appeal_id) in opened:
                self.names[opened[str(row.appeal_id)]] = str(row.case_id)

    def learn_appeals(self, receive: Callable[[], str]) -> None:
        """An appeal of intake's own for each of the examples' appeals that has a case."""
        bodies = [body for event in TOPICS["routing.case.v1"].events for body in examples_of(event.TYPE).values()]
        for appeal_id in sorted({party["appeal_id"] for body in bodies for party in body["parties"]}):
            self.names[appeal_id] = receive()

    def fit(self, record: Record) -> Record:
        value = (record.value or b"").decode()
        for name, own in self.names.items():
            value = value.replace(name, own)
        return replace(record, value=value.encode() if record.value is not None else None)


def _opened_cases() -> list[dict[str, Any]]:
    return list(examples_of("routing.case.opened.v1").values())


def story_of(book: Book) -> Iterator[Example]:
    """The examples in the order of a city's life: what is known first, then appeals, then cases, each by version."""
    topics = sorted((TOPICS[name] for name in book.topics), key=lambda topic: (not topic.compacted, topic.name))
    for topic in topics:
        bodies = [(e, name, body) for e in topic.events for name, body in examples_of(e.TYPE).items()]
        for event, name, body in sorted(bodies, key=lambda item: item[2]["version"]):
            key = event.model_validate(body).key
            yield Example(event.TYPE, name, record_of(topic.name, event.TYPE, body, key=key, version=body["version"]))


def read(book: Book, record: Record) -> Message:
    message = book.read(record)
    assert message.fault is None, message.fault
    assert message.subscription is not None
    return message


def batches_of(book: Book) -> list[list[Record]]:
    """The story as the broker would hand it over: a batch a topic."""
    wanted = [e.record for e in story_of(book) if book.find(e.record.topic, e.type)]
    return [[r for r in wanted if r.topic == topic] for topic in dict.fromkeys(r.topic for r in wanted)]
