"""What stands in the registry's topics, and what has come to stand there since."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.topics import TOPICS
from kafka.consumer import KafkaConsumer
from kafka.structs import TopicPartition

from kit.kafka.security import client_settings
from kit.topics.cluster import Access, Cluster

#: A topic's id, and the end of each of its partitions.
Ends = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Published:
    """An event as it stands in a topic; ``body`` is None for a tombstone."""

    topic: str
    key: str
    event_id: UUID
    type: str
    body: bytes | None


def positions(access: Access) -> dict[str, Ends]:
    """The registry's topics that are there."""
    with Cluster(access) as cluster:
        there = {name: found for name, found in cluster.topics().items() if name in TOPICS}
        partitions = [TopicPartition(name, number) for name, f in there.items() for number in range(f.partitions)]
        ends = cluster.ends(partitions)
        return {
            name: (str(found.id), tuple(ends[TopicPartition(name, number)] for number in range(found.partitions)))
            for name, found in there.items()
        }


def published_since(access: Access, names: Iterable[str], since: Mapping[str, Ends]) -> Iterator[Published]:
    """What was published in these topics behind ``since``; all of a topic that is not there, or was another then."""
    now = {name: ends for name, ends in positions(access).items() if name in set(names)}
    until = {TopicPartition(name, n): end for name, (_, ends) in now.items() for n, end in enumerate(ends)}
    starts = {
        TopicPartition(name, n): s for name, ends in now.items() for n, s in enumerate(_starts(ends, since.get(name)))
    }
    settings = client_settings(access) | {"isolation_level": "read_committed", "enable_auto_commit": False}
    with KafkaConsumer(client_id="baiyang-admin", **settings) as consumer:
        consumer.assign(list(until))
        beginnings = consumer.beginning_offsets(list(until))
        for partition in until:
            consumer.seek(partition, max(starts[partition], beginnings[partition]))
        while any(consumer.position(partition) < end for partition, end in until.items()):
            for records in consumer.poll(timeout_ms=500).values():
                yield from filter(None, map(_published, records))


def _starts(now: Ends, since: Ends | None) -> tuple[int, ...]:
    topic_id, ends = now
    return since[1] if since and since[0] == topic_id else (0,) * len(ends)


def _published(record: Any) -> Published | None:
    """None of what no relay has written."""
    headers = dict(record.headers)
    try:
        event_id, type_ = UUID(headers["ce_id"].decode()), headers["ce_type"].decode()
    except (KeyError, ValueError):
        return None
    return Published(record.topic, (record.key or b"").decode(errors="replace"), event_id, type_, record.value)
