"""The examples as a story: what is known of the city first, then appeals, then cases, as the broker hands them over."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
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


def opened_for(uow: UnitOfWork, case_id: str) -> str:
    """The case that routing itself opened for the appeal of an example's case: its ids are its own."""
    opened = {
        body["case_id"]: body["parties"][0]["appeal_id"] for body in examples_of("routing.case.opened.v1").values()
    }
    statement = text("select case_id from case_appeal where appeal_id = :appeal")
    return str(uow.execute(statement, {"appeal": opened[case_id]}).scalar_one())


def at_home(uow: UnitOfWork, example: Record, service: str) -> Record:
    """What notify says of a message names a case of routing's own making."""
    if service != "routing" or example.topic != "notify.message.v1":
        return example
    body = json.loads(example.value or b"")
    return replace(example, value=json.dumps(body | {"case_id": opened_for(uow, body["case_id"])}).encode())


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
