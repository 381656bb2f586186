"""One window as few large batches: each event's partition by its key, each partition's events in their order.

The producer's own ``send`` awaits and resolves a future for every record, and hashes its key byte by byte.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from struct import Struct

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

#: What a batch is filled to. A broker refuses one of more than 1 MiB by default (``max.message.bytes``).
BATCH_BYTES = 131_072

#: The largest body of an event: a broker's limit, with room for what surrounds it.
BODY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Record:
    topic: str
    key: bytes
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]

    @property
    def is_too_large(self) -> bool:
        return self.value is not None and len(self.value) > BODY_BYTES


@dataclass
class Line:
    """What goes to one partition, in its order."""

    batches: list[BatchBuilder] = field(default_factory=list)

    def append(self, producer: AIOKafkaProducer, record: Record) -> None:
        if not (self.batches and _append(self.batches[-1], record)):
            self.batches.append(producer.create_batch())
            _append(self.batches[-1], record)


async def send(producer: AIOKafkaProducer, records: Iterable[Record]) -> list[BaseException]:
    """Send them within the producer's open transaction; what went wrong, by batch."""
    lines: dict[tuple[str, int], Line] = {}
    for record in records:
        partitions = len(await producer.partitions_for(record.topic))
        lines.setdefault((record.topic, partition_of(record.key, partitions)), Line()).append(producer, record)
    outcomes = await asyncio.gather(*(_send_line(producer, *to, line) for to, line in lines.items()))
    return [error for line in outcomes for error in line]


async def _send_line(producer: AIOKafkaProducer, topic: str, partition: int, line: Line) -> list[BaseException]:
    sent = [await producer.send_batch(batch, topic, partition=partition) for batch in line.batches]
    outcomes = await asyncio.gather(*sent, return_exceptions=True)
    return [outcome for outcome in outcomes if isinstance(outcome, BaseException)]


def _append(batch: BatchBuilder, record: Record) -> bool:
    kept = batch.append(timestamp=None, key=record.key, value=record.value, headers=record.headers)
    return kept is not None


_WORDS = {length: Struct(f"<{length}I") for length in range(32)}
_MASK, _M = 0xFFFFFFFF, 0x5BD1E995


def partition_of(key: bytes, partitions: int) -> int:
    """As every client of Kafka reckons it, so that keys stay where they are."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """MurmurHash2, 32 bits, with Kafka's seed."""
    whole, rest = divmod(len(data), 4)
    mixed = 0x9747B28C ^ len(data)
    words = _WORDS[whole] if whole in _WORDS else Struct(f"<{whole}I")
    for taken in words.unpack_from(data):
        word = taken * _M & _MASK
        mixed = (mixed * _M ^ (word ^ word >> 24) * _M) & _MASK
    if rest:
        mixed = (mixed ^ int.from_bytes(data[-rest:], "little")) * _M & _MASK
    mixed = (mixed ^ mixed >> 13) * _M & _MASK
    return mixed ^ mixed >> 15
