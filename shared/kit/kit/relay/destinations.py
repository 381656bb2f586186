"""The log outlives Kafka: when a topic is not the one that was written to, the whole log of it is sent again.

The broker gives each topic an id of its own (KIP-516). A wiped cluster, or a topic deleted and laid anew, has the same
names and other ids. Producers are initialised first, then ids are compared, then rows are read: a cluster that is wiped
after the comparison does not know the producer's transaction, so that nothing is written to it out of order.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields
from contracts.topics import TOPICS
from sqlalchemy import text

from kit.db import LONGEST_OF_A_COMMAND, Database, UnitOfWork
from kit.kafka.shape import misshapen
from kit.relay import metrics

log = logging.getLogger("kit.relay")

NO_ID = UUID(int=0)


class Destinations:
    """The topics that a service writes to, as the broker knows them now."""

    def __init__(self, service: str, database: Database, *, every: float = 10) -> None:
        self._database = database
        self._names = [topic.name for topic in TOPICS.values() if topic.owner == service]
        for name in self._names:
            metrics.RESENT.labels(name)  # there from the start: an increase from nothing to one is not seen
        self._every = every
        self._checked = float("-inf")
        self._checking = asyncio.Lock()
        self._arriving: tuple[dict[str, str], asyncio.Task[list[str]]] | None = None
        self.ids: dict[str, str] = {}
        self.missing: list[str] = []
        self.misshapen: list[str] = []

    def unfit(self) -> str:
        """In one line, what keeps events from being sent, and the remedy; empty where nothing does."""
        if self.missing:
            return f"topics are missing ({', '.join(self.missing)}): run `baiyang topics lay`"
        return misshapen(self.misshapen)

    async def check(self, client: AIOKafkaClient, *, now: bool = False) -> None:
        """Ask the broker, at once or if the last time is long ago; what has been laid anew is pending again."""
        async with self._checking:
            if not now and time.monotonic() - self._checked < self._every:
                return
            there = await topics_there(client, self._names)
            self.missing = sorted(set(self._names) - set(there))
            # Keys would go to other partitions than they did, and overtake themselves.
            self.misshapen = [name for name, (_, partitions) in there.items() if partitions != TOPICS[name].partitions]
            if unfit := self.unfit():
                log.warning("relay.topics_unfit", extra={"reason": unfit})
            found = {name: topic_id for name, (topic_id, _) in there.items() if name not in self.misshapen}
            if found != self.ids:
                again = await self._arrive(found)
                for topic in again:
                    metrics.RESENT.labels(topic).inc()
                    log.warning("relay.sends_again", extra={"topic": topic})
            self.ids = found
            self._checked = time.monotonic()

    async def _arrive(self, found: dict[str, str]) -> list[str]:
        """A large log takes longer than whoever asks may wait: it goes on without them, and they ask again."""
        if self._arriving is None or self._arriving[0] != found:
            running = self._database.run(lambda uow: arrive(uow, found), longest=LONGEST_OF_A_COMMAND)
            self._arriving = found, asyncio.create_task(running, name="relay-arrives")
        task = self._arriving[1]
        try:
            return await asyncio.shield(task)
        finally:
            if task.done():
                self._arriving = None


_KNOWN = text("select topic, topic_id from event_destination")

_KEEP = text("""
insert into event_destination (topic, topic_id) values (:topic, :topic_id)
on conflict (topic) do update set topic_id = excluded.topic_id
""")

_PENDING_AGAIN = text("""
insert into event_pending (id, shard, recorded_at)
select id, shard, recorded_at from event_log where topic = any(cast(:topics as text[]))
on conflict (id) do nothing
""")

# A subject whose last change is older than the log is logged again as it stands: nothing later of it can follow.
_LOG_SNAPSHOTS = text("""
with logged as (
    insert into event_log (event_id, shard, topic, type, key, version, body, headers, recorded_at)
    select s.event_id, s.shard, s.topic, s.type, s.key, s.version, s.body, s.headers, :now
    from event_snapshot s where s.topic = any(cast(:topics as text[]))
      and not exists (select from event_log l where l.topic = s.topic and l.event_id = s.event_id)
    returning id, shard, recorded_at
)
insert into event_pending (id, shard, recorded_at) select id, shard, recorded_at from logged
""")


def arrive(uow: UnitOfWork, found: Mapping[str, str]) -> list[str]:
    """Keep the ids; the topics whose id has changed are sent again whole and in order."""
    uow.execute(text("select pg_advisory_xact_lock(hashtextextended('event_destination', 0))"))
    known = {row.topic: row.topic_id for row in uow.execute(_KNOWN)}
    again = sorted(topic for topic, topic_id in found.items() if known.get(topic, topic_id) != topic_id)
    if again:
        send_again(uow, again)
    if fresh := [{"topic": t, "topic_id": i} for t, i in found.items() if known.get(t) != i]:
        uow.execute(_KEEP, fresh)
    return again


def send_again(uow: UnitOfWork, topics: list[str]) -> None:
    """All of the topics' log is pending again.

    Leases end with it: what a relay has in hand was read before, and must neither be sent after nor delete what has
    just become pending.
    """
    uow.execute(text("update relay_lease set holder = null, fence = fence + 1, until = '-infinity'"))
    uow.execute(_PENDING_AGAIN, {"topics": topics})
    uow.execute(_LOG_SNAPSHOTS, {"topics": topics, "now": uow.now})


class _Id:
    """A Kafka uuid; aiokafka has no such type."""

    @classmethod
    def encode(cls, value: UUID) -> bytes:
        return value.bytes

    @classmethod
    def decode(cls, data: Any) -> UUID:
        return UUID(bytes=data.read(16))

    @classmethod
    def repr(cls, value: UUID) -> str:
        return repr(value)


class _MetadataResponse(Response):  # type: ignore[misc]  # aiokafka's protocol is untyped
    """Metadata v12, the first that carries topic ids for certain; aiokafka itself stops at v5."""

    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", CompactString("utf-8")),
                ("topic_id", _Id),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _MetadataRequestV12(RequestStruct):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 12
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Id), ("name", CompactString("utf-8")), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


#: Make no topic, tell no rights, no tags.
_NO_EXTRAS: tuple[bool, bool, dict[int, bytes]] = (False, False, {})


class _MetadataRequest(Request[_MetadataRequestV12]):  # type: ignore[misc]
    API_KEY = 3

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def build(self, request_struct_class: type[_MetadataRequestV12]) -> _MetadataRequestV12:
        return request_struct_class([(NO_ID, name, {}) for name in self._names], *_NO_EXTRAS)


async def topics_there(client: AIOKafkaClient, names: list[str]) -> dict[str, tuple[str, int]]:
    """The id of each topic that is there, and how many partitions it has."""
    response: Any = await client.send(client.get_random_node(), _MetadataRequest(names))
    return {
        name: (str(topic_id), len(partitions))
        for error, name, topic_id, _, partitions, *_ in response.topics
        if error == 0 and topic_id != NO_ID
    }
