"""Records that nobody can take: each must become one dead letter with each consumer, and cost nothing else."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg
from contracts.topics import TOPICS, Topic
from kafka.errors import KafkaError
from kafka.producer import KafkaProducer
from kit.ids import new_id
from kit.kafka.security import client_settings
from kit.topics import Access
from pydantic import SecretStr

from tests.chaos.fault import MISSED, ChaosCity
from tests.chaos.faults.database import as_superuser

Headers = dict[str, bytes]

#: How long the dead letters are waited for before the next fault: a wiped Kafka has no poison any more.
PATIENCE = 30.0

_TOPICS = tuple(topic for topic in TOPICS.values() if topic.consumers)


@dataclass(frozen=True)
class Record:
    key: bytes
    value: bytes
    headers: Headers
    is_known_by_id: bool = True
    dies: bool = True


def _good(topic: Topic) -> Headers:
    """Of an event that every consumer of the topic takes."""
    return {
        "ce_specversion": b"1.0",
        "ce_id": str(new_id(datetime.now(UTC))).encode(),
        "ce_type": topic.events[0].TYPE.encode(),
        "ce_source": f"/{topic.owner}".encode(),
        "ce_time": datetime.now(UTC).isoformat().encode(),
        "ce_subjectversion": b"1",
        "content-type": b"application/json",
    }


def _key(random: Random) -> bytes:
    return str(UUID(int=random.getrandbits(128), version=4)).encode()


def _no_text(topic: Topic, random: Random) -> Record:
    return Record(_key(random), b"{}", _good(topic) | {"ce_type": b"\xff\xfe"}, is_known_by_id=False)


def _no_type(topic: Topic, random: Random) -> Record:
    headers = _good(topic)
    del headers["ce_type"]
    return Record(_key(random), b"{}", headers)


def _no_json(topic: Topic, random: Random) -> Record:
    return Record(_key(random), random.randbytes(200), _good(topic))


def _wrong_shape(topic: Topic, random: Random) -> Record:
    return Record(_key(random), json.dumps([{"version": {}}, None, 1e300]).encode(), _good(topic))


def _nul(topic: Topic, random: Random) -> Record:
    return Record(_key(random) + b"\x00", b'{"version": 1, "\\u0000": "\\u0000"}', _good(topic) | {"odd": b"\x00"})


def _huge(topic: Topic, random: Random) -> Record:
    return Record(_key(random), b"{}", _good(topic) | {f"x{n}": b"x" * 6_000 for n in range(100)})


def _no_number(topic: Topic, random: Random) -> Record:
    return Record(_key(random), b"{}", _good(topic) | {"ce_subjectversion": b"many"})


def _no_id(topic: Topic, random: Random) -> Record:
    return Record(_key(random), b"{}", _good(topic) | {"ce_id": b"nobody"}, is_known_by_id=False)


def _unknown_type(topic: Topic, random: Random) -> Record:
    """No poison at all: what a newer release says is passed over."""
    return Record(_key(random), b"{}", _good(topic) | {"ce_type": b"city.unheard.of.v9"}, dies=False)


KINDS: tuple[Callable[[Topic, Random], Record], ...] = (
    *(_no_text, _no_type, _no_json, _wrong_shape, _nul, _huge, _no_number, _no_id, _unknown_type),
)


@dataclass(frozen=True)
class Poison:
    """A record of each kind, to a topic of its owner's, as if the owner had sent it."""

    name: str = "poison"
    weight: int = 1
    is_kill: bool = False

    def strike(self, city: ChaosCity, random: Random) -> str:
        topic = random.choice(_TOPICS)
        records = [kind(topic, random) for kind in KINDS]
        keys = [record.key.decode() for record in records]
        city.note("poisoned", topic=topic.name, keys=keys)
        try:
            letters = _send(city, topic, records)
        except KafkaError as error:
            return f"{MISSED}{type(error).__name__}"
        for consumer in topic.consumers:
            for letter in letters:
                city.note("poison", consumer=consumer, topic=topic.name, event_id=str(letter))
            _wait_for(city, consumer, letters)
        return f"{topic.name}: poisoned with {len(records)} records for {', '.join(topic.consumers)}"


def _send(city: ChaosCity, topic: Topic, records: Sequence[Record]) -> list[UUID]:
    """The ids of the dead letters that each consumer must make of them."""
    letters = []
    producer = KafkaProducer(**client_settings(access_of(city, topic.owner)), acks="all", max_block_ms=10_000)
    try:
        for record in records:
            sent = producer.send(
                topic.name, key=record.key, value=record.value, headers=list(record.headers.items())
            ).get(timeout=15)
            if record.dies:
                letters.append(_letter_of(record, sent))
    finally:
        producer.close(timeout=5)
    return letters


def _letter_of(record: Record, sent: Any) -> UUID:
    if record.is_known_by_id:
        return UUID(record.headers["ce_id"].decode())
    return uuid5(NAMESPACE_URL, f"{sent.topic}/None/{sent.partition}/{sent.offset}")


def access_of(city: ChaosCity, owner: str) -> Access:
    settings = city.settings()
    return Access(
        settings["KAFKA_BOOTSTRAP_SERVERS"],
        settings[f"{owner.upper()}_KAFKA_USERNAME"],
        SecretStr(settings[f"{owner.upper()}_KAFKA_PASSWORD"]),
    )


def _wait_for(city: ChaosCity, consumer: str, letters: Sequence[UUID]) -> None:
    """Within bounds: what is still missing at the end is found by the checks."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            with as_superuser(city, consumer) as connection:
                row = connection.execute("select count(*) from dead_letter where id = any(%s)", [letters]).fetchone()
        except psycopg.Error:
            row = None
        if row and row[0] == len(letters):
            return
        time.sleep(0.2)
