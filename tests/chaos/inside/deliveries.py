"""Events twice, late and in another order: all that at-least-once allows, and never a key's own order broken."""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from tests.chaos.inside.arming import Arming

Function = Callable[..., Any]

#: How far a rewound partition goes back, and how many batches of a topic are kept to be handed out again.
REWIND, KEPT = 200, 8


def _sent_twice(send: Function, arming: Arming) -> Function:
    """A window goes to Kafka, and all of it once more: as when a relay dies between publish and delete."""

    async def sending(self: Any, producer: Any, events: Sequence[Any], ids: dict[str, str]) -> None:
        await send(self, producer, events, ids)
        if arming.take("double"):
            await send(self, producer, events, ids)
            arming.tell("doubled", topics=sorted({event.topic for event in events}), events=len(events))

    return sending


def _handed_out(take_records: Function, arming: Arming) -> Function:
    """A batch comes behind an older one that is known, or with its keys shuffled, or its partitions start over."""
    past: defaultdict[str, deque[list[Any]]] = defaultdict(lambda: deque(maxlen=KEPT))
    chance = Random()

    async def taking(self: Any, topic: str, consumer: Any, raw: Sequence[Any]) -> None:
        records = list(raw)
        if past[topic] and arming.take("redeliver"):
            records = [*records, *chance.choice(past[topic]), *records]
            _tell(arming, "doubled", records)
        if len({r.key for r in records}) > 1 and arming.take("reorder"):
            records = shuffled(records, chance)
            _tell(arming, "reordered", records)
        past[topic].append(list(raw))
        await take_records(self, topic, consumer, records)
        if arming.take("rewind"):
            await _rewind(consumer, raw)
            _tell(arming, "doubled", raw)

    return taking


def _tell(arming: Arming, what: str, records: Sequence[Any]) -> None:
    arming.tell(what, topics=sorted({record.topic for record in records}), events=len(records))


async def _rewind(consumer: Any, raw: Sequence[Any]) -> None:
    from aiokafka import TopicPartition

    partitions = {TopicPartition(r.topic, r.partition): r.offset for r in reversed(raw)}
    starts = await consumer.beginning_offsets(list(partitions))
    for partition, offset in partitions.items():
        if partition in consumer.assignment():
            consumer.seek(partition, max(starts[partition], offset - REWIND))


def shuffled(records: Sequence[Any], chance: Random) -> list[Any]:
    """Any order in which each key's records keep theirs."""
    by_key: defaultdict[Any, deque[Any]] = defaultdict(deque)
    for record in records:
        by_key[record.key].append(record)
    turns = [record.key for record in records]
    chance.shuffle(turns)
    return [by_key[key].popleft() for key in turns]


DELIVERIES = (
    ("kit.relay.shards", "Sender._send", _sent_twice),
    ("kit.kafka.consumers", "Consumers._take_records", _handed_out),
)
