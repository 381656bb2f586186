"""Events out: written with the change that they tell of, in the same transaction.

``event_log`` keeps every event for 14 days in day partitions, so that the log outlives Kafka; ``event_pending`` holds
the ids of what is unsent; ``event_snapshot`` keeps the last state of each subject of a compacted topic for good.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID
from weakref import WeakSet
from zlib import crc32

from contracts.envelope import Event, Tombstone
from contracts.topics import TOPICS
from opentelemetry import propagate
from sqlalchemy import Connection, TextClause, text

from kit import metrics
from kit.ids import new_id

if TYPE_CHECKING:
    from kit.db import UnitOfWork

COMMITTED = metrics.counter("baiyang_events_committed")

#: Relays share the pending events by shard. Two are enough to go on with half of the keys when a relay dies; each more
#: is a Kafka transaction more for the same events (ADR 2).
SHARDS = 2

#: A service restored from a backup raises its epoch, so that its new versions lead all that it ever published.
EPOCH_SHIFT = 40


@dataclass(frozen=True)
class Outgoing:
    """A row of the log before it is written; ``body`` is None for a tombstone."""

    event_id: UUID
    topic: str
    type: str
    key: str
    version: int
    body: str | None
    headers: dict[str, str]

    @property
    def shard(self) -> int:
        return shard_of(self.key)


def shard_of(key: str) -> int:
    return crc32(key.encode()) % SHARDS


def outgoing(event: Event | Tombstone, *, now: datetime) -> Outgoing:
    headers: dict[str, str] = {}
    propagate.inject(headers)
    if isinstance(event, Tombstone):
        return Outgoing(new_id(now), event.topic, event.type, event.key, event.version, None, headers)
    return Outgoing(new_id(now), event.TOPIC, event.TYPE, event.key, event.version, event.model_dump_json(), headers)


@dataclass(frozen=True)
class Beside:
    """What is written in the same round trip: ``name as (insert …)``, one or more, with its parameters."""

    sql: str
    values: Mapping[str, Any]


_APPEND = """
epoch as (select epoch::bigint << :shift as lead from event_epoch),
rows as (
    select * from unnest(
        cast(:ids as uuid[]), cast(:shards as smallint[]), cast(:topics as text[]), cast(:types as text[]),
        cast(:keys as text[]), cast(:versions as bigint[]), cast(:bodies as text[]), cast(:headers as text[]),
        cast(:compacted as boolean[])
    ) with ordinality as r(event_id, shard, topic, type, key, version, body, headers, compacted, place)
),
logged as (
    insert into event_log (event_id, shard, topic, type, key, version, body, headers, recorded_at)
    select event_id, shard, topic, type, key, lead | version, body, headers::jsonb, :now
    from rows, epoch order by place
    returning id, shard, recorded_at
),
kept as (
    insert into event_snapshot (topic, key, event_id, shard, type, version, body, headers, recorded_at)
    select distinct on (topic, key) topic, key, event_id, shard, type, lead | version, body, headers::jsonb, :now
    from rows, epoch where compacted order by topic, key, place desc
    on conflict (topic, key) do update set event_id = excluded.event_id, type = excluded.type,
        version = excluded.version, body = excluded.body, headers = excluded.headers, recorded_at = excluded.recorded_at
        where event_snapshot.version < excluded.version
)
insert into event_pending (id, shard, recorded_at) select id, shard, recorded_at from logged
"""


@cache
def _appending(beside: str, *, events: bool) -> TextClause:
    parts = [part for part in (beside, _APPEND if events else "") if part]
    return text(f"with {', '.join(parts)} {'' if events else 'select 1'}")


def append(connection: Connection, events: list[Outgoing], *, now: datetime, beside: Beside | None = None) -> None:
    """Write the events of one transaction, in their order, in one round trip."""
    if not events and beside is None:
        return
    statement = _appending(beside.sql if beside else "", events=bool(events))
    values = dict(beside.values) if beside else {}
    if events:
        connection.info.setdefault("events_written", Counter()).update(event.type for event in events)
        values |= _rows(events, now)
    connection.execute(statement, values)


def _rows(events: list[Outgoing], now: datetime) -> dict[str, Any]:
    return {
        "shift": EPOCH_SHIFT,
        "now": now,
        "ids": [e.event_id for e in events],
        "shards": [e.shard for e in events],
        "topics": [e.topic for e in events],
        "types": [e.type for e in events],
        "keys": [e.key for e in events],
        "versions": [e.version for e in events],
        "bodies": [e.body for e in events],
        "headers": [json.dumps(e.headers) for e in events],
        "compacted": [TOPICS[e.topic].compacted for e in events],
    }


_listeners: WeakSet[asyncio.Event] = WeakSet()


def listen(bell: asyncio.Event) -> None:
    """A relay in this process asks to be woken when events have been committed; others find them by polling."""
    _listeners.add(bell)


def begun(connection: Connection) -> None:
    """What was written on the connection and rolled back is forgotten."""
    connection.info.pop("events_written", None)


def committed(connection: Connection) -> None:
    """Count the events that were written on the connection and wake the relays of this process. Never by the database's
    NOTIFY, which would cost two thirds of its commits.
    """
    written: Counter[str] | None = connection.info.pop("events_written", None)
    if written:
        for type_, count in written.items():
            COMMITTED.labels(type_).inc(count)
        for bell in _listeners:
            bell.set()


def maintain(uow: "UnitOfWork") -> None:
    """Make the partitions of the days to come, and drop those past keeping; never one that has unsent events."""
    uow.execute(text("select maintain_event_partitions(:now)"), {"now": uow.now})


_REPUBLISH = text("""
with logged as (
    insert into event_log (event_id, shard, topic, type, key, version, body, headers, recorded_at)
    select event_id, shard, topic, type, key, version, body, headers, :now
    from event_snapshot where topic = :topic order by key
    returning id, shard, recorded_at
)
insert into event_pending (id, shard, recorded_at) select id, shard, recorded_at from logged
""")


def republish(uow: "UnitOfWork", topic: str) -> int:
    """Say the last state of every subject of a compacted topic again, so that copies are rebuilt; how many there are.

    What is said meanwhile may come before or after it: copies go by the version.
    """
    return uow.execute(_REPUBLISH, {"topic": topic, "now": uow.now}).rowcount
