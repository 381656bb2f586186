"""Whether consumers move, and whether the log that they read is still the one that they began with."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from contracts.topics import TOPICS
from sqlalchemy import text

from kit.db import Database, UnitOfWork
from kit.health import Health
from kit.kafka import metrics
from kit.kafka.shape import misshapen

log = logging.getLogger("kit.kafka")


class Watch:
    """A consumer is stuck when its partition has more for it, Kafka answers, nothing it needs is away, and it does not
    move. Only that makes it unlive: a restart helps then and never otherwise.
    """

    def __init__(self, service: str, *, stuck_after: timedelta) -> None:
        self._service = service
        self._stuck_after = stuck_after.total_seconds()
        self._subscribers: Mapping[str, Any] = {}
        self._moved: dict[TopicPartition, tuple[int, float]] = {}
        self._away: str | None = "not connected yet"
        self._waits: str | None = None
        self._stuck: list[str] = []
        self._misshapen: list[str] = []

    def watch(self, subscribers: Mapping[str, Any]) -> None:
        self._subscribers = subscribers

    def unwatch(self) -> None:
        self._subscribers = {}

    def away(self, why: str) -> None:
        self._away = why

    def waits(self, why: str | None) -> None:
        self._waits = why

    def progressed(self, topic: str) -> None:
        now = time.monotonic()
        for tp, (position, _) in list(self._moved.items()):
            if tp.topic == topic:
                self._moved[tp] = (position, now)

    def check(self) -> Health:
        if self._stuck:
            return Health(alive=False, ready=False, detail=f"stuck on {', '.join(self._stuck)}: restart the consumer")
        if self._away:
            return Health(ready=False, detail=f"waits for Kafka ({self._away})")
        if self._waits:
            return Health(ready=False, detail=f"waits for the database ({self._waits})")
        if self._misshapen:
            return Health(ready=False, detail=misshapen(self._misshapen))
        return Health()

    async def look(self) -> None:
        """Compare positions with the ends of the partitions; takes a few round trips."""
        if not self._subscribers:
            return
        try:
            async with asyncio.timeout(10):
                lags = {topic: await self._lag(s.consumer) for topic, s in self._subscribers.items() if s.consumer}
        except (KafkaError, TimeoutError, OSError) as error:
            # Silence proves nothing about the consumer: its time begins anew when Kafka answers again.
            self._away, self._stuck = type(error).__name__, []
            self._moved.clear()
            return
        self._away = None
        self._misshapen = sorted(topic for topic, s in self._subscribers.items() if _is_misshapen(topic, s.consumer))
        self._stuck = [] if self._waits else sorted(tp for found in lags.values() for tp in found[1])
        for topic, (lag, _) in lags.items():
            metrics.LAG.labels(self._service, topic).set(lag)

    async def behind(self) -> int:
        return sum([(await self._lag(s.consumer))[0] for s in self._subscribers.values() if s.consumer])

    async def _lag(self, consumer: Any) -> tuple[int, list[str]]:
        partitions = sorted(consumer.assignment())
        if not partitions:
            return 0, []
        ends = await consumer.end_offsets(partitions)
        total, stuck = 0, []
        for tp in partitions:
            position = await consumer.position(tp)
            lag = max(0, ends[tp] - position)
            total += lag
            if self._is_stuck(tp, position, lag):
                stuck.append(f"{tp.topic}/{tp.partition}")
        return total, stuck

    def _is_stuck(self, tp: TopicPartition, position: int, lag: int) -> bool:
        now = time.monotonic()
        before, since = self._moved.get(tp, (-1, now))
        if position != before or lag == 0:
            self._moved[tp] = (position, now)
            return False
        return now - since > self._stuck_after


def _is_misshapen(topic: str, consumer: Any) -> bool:
    there = (consumer.partitions_for_topic(topic) or ()) if consumer else ()
    return len(there) not in (0, TOPICS[topic].partitions)


_SEEN = text(
    "select topic_id from consumer_topic where consumer = :consumer and topic = :topic and partition = :partition"
)

_SEE = text("""
insert into consumer_topic (consumer, topic, partition, topic_id)
values (:consumer, :topic, :partition, :topic_id) on conflict do nothing
""")


class Rewinder:
    """Reads a partition again from its start when its records come from another topic of the same name.

    Kafka keeps positions by name. When a topic was laid anew while a consumer stood at 500 and the new log is longer,
    the consumer would go on at 500 and miss what lies before. Relays stamp each record with the id of the topic that
    they wrote to; ids that a partition has shown are kept in the database, since a restarted consumer or another
    replica inherits the old position too. The offset is committed before the id is kept: dying in between rewinds
    twice, which the inbox makes harmless.
    """

    def __init__(self, service: str, database: Database) -> None:
        self._service = service
        self._database = database
        self._seen: dict[tuple[str, int], set[str]] = {}

    async def rewind(
        self, consumer: Any, records: Sequence[ConsumerRecord[Any, Any]]
    ) -> list[ConsumerRecord[Any, Any]]:
        """The records that are to be taken now; what lies behind a rewind comes again."""
        kept: list[ConsumerRecord[Any, Any]] = []
        rewound: set[TopicPartition] = set()
        for record in records:
            tp = TopicPartition(record.topic, record.partition)
            topic_id = _topic_id(record)
            if tp in rewound:
                continue
            if topic_id and not await self._knows(tp, topic_id) and await self._is_new_log(consumer, tp, topic_id):
                rewound.add(tp)
                continue
            kept.append(record)
        return kept

    async def _knows(self, tp: TopicPartition, topic_id: str) -> bool:
        return topic_id in self._seen.get((tp.topic, tp.partition), ())

    async def _is_new_log(self, consumer: Any, tp: TopicPartition, topic_id: str) -> bool:
        seen = await self._database.run_everywhere(lambda uow: self._load(uow, tp))
        self._seen[tp.topic, tp.partition] = seen
        if topic_id in seen:
            return False
        anew = bool(seen)
        if anew:
            start = (await consumer.beginning_offsets([tp]))[tp]
            consumer.seek(tp, start)
            await consumer.commit({tp: start})
            metrics.REWINDS.labels(self._service, tp.topic).inc()
            log.warning("consumer.rewound", extra={"topic": tp.topic, "partition": tp.partition})
        await self._database.run_everywhere(lambda uow: self._see(uow, tp, topic_id))
        seen.add(topic_id)
        return anew

    def _load(self, uow: UnitOfWork, tp: TopicPartition) -> set[str]:
        return set(uow.execute(_SEEN, self._where(tp)).scalars())

    def _see(self, uow: UnitOfWork, tp: TopicPartition, topic_id: str) -> None:
        uow.execute(_SEE, {**self._where(tp), "topic_id": topic_id})

    def _where(self, tp: TopicPartition) -> dict[str, Any]:
        return {"consumer": self._service, "topic": tp.topic, "partition": tp.partition}


def _topic_id(record: ConsumerRecord[Any, Any]) -> str | None:
    return next((v.decode(errors="replace") for k, v in record.headers if k == "ce_topicid" and v), None)
