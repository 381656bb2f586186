"""``python -m tests.bench.measures.p06_relay_ratio.raw``: the same records by aiokafka's transactional producer alone.

As many producers at a time as the relay has shards, transactions of the same size, the same keys, bodies and headers,
made ready beforehand; nothing is read, leased, compared or deleted meanwhile. Reads an Order, writes a Sent, as JSON.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import Any

import psycopg
import uvloop
from aiokafka import AIOKafkaProducer
from kit.kafka.security import client_settings
from kit.outbox import SHARDS
from kit.relay.window import Pending
from psycopg.rows import dict_row
from pydantic import SecretStr

Record = dict[str, Any]

_EVENTS = """
select l.shard, l.id, l.event_id, l.topic, l.type, l.key, l.version, l.body, l.headers, d.topic_id
from event_log l join event_destination d using (topic) where l.id > %s and l.id <= %s order by l.id
"""


@dataclass(frozen=True)
class Order:
    """Of the service's log what lies behind ``after``: the first ``warm_up`` events are not timed."""

    service: str
    database: str
    kafka: str
    password: str
    window: int
    after: int
    warm_up: int
    events: int


@dataclass(frozen=True)
class Sent:
    seconds: float
    cpu: float


def send(order: Order) -> Sent:
    """In a process of its own, until it has ended."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.measures.p06_relay_ratio.raw"],
        input=json.dumps(asdict(order)),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return Sent(**json.loads(done.stdout))


def records(order: Order, after: int, many: int) -> list[list[Record]]:
    """By shard, as the relay sends them."""
    shards: list[list[Record]] = [[] for _ in range(SHARDS)]
    with psycopg.connect(order.database, row_factory=dict_row) as connection:
        for row in connection.execute(_EVENTS, [after, after + many]):
            shards[row.pop("shard")].append(_record(order.service, row.pop("topic_id"), Pending(**row)))
    return shards


def _record(service: str, topic_id: str, event: Pending) -> Record:
    return {
        "topic": event.topic,
        "key": event.key.encode(),
        "value": None if event.body is None else event.body.encode(),
        "headers": event.wire_headers(service, topic_id),
    }


async def _send_shard(producer: AIOKafkaProducer, events: Sequence[Record], window: int) -> None:
    for begin in range(0, len(events), window):
        async with producer.transaction():
            await asyncio.gather(*[await producer.send(**event) for event in events[begin : begin + window]])


async def _send_all(producers: Sequence[AIOKafkaProducer], shards: Sequence[Sequence[Record]], window: int) -> None:
    pairs = zip(producers, shards, strict=True)
    await asyncio.gather(*(_send_shard(producer, events, window) for producer, events in pairs))


async def _measure(order: Order) -> Sent:
    access = SimpleNamespace(
        kafka_bootstrap_servers=order.kafka,
        kafka_username=order.service,
        kafka_password=SecretStr(order.password),
        kafka_ca_file="",
    )
    names = [f"{order.service}-relay-{shard}" for shard in range(SHARDS)]
    producers = [
        AIOKafkaProducer(transactional_id=n, client_id=n, acks="all", **client_settings(access)) for n in names
    ]
    warm_up = records(order, order.after, order.warm_up)
    timed = records(order, order.after + order.warm_up, order.events)
    await asyncio.gather(*(producer.start() for producer in producers))
    try:
        await _send_all(producers, warm_up, order.window)
        begun, cpu = time.perf_counter(), time.process_time()
        await _send_all(producers, timed, order.window)
        return Sent(time.perf_counter() - begun, time.process_time() - cpu)
    finally:
        await asyncio.gather(*(producer.stop() for producer in producers))


def main() -> int:
    print(json.dumps(asdict(uvloop.run(_measure(Order(**json.loads(sys.stdin.read())))))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
