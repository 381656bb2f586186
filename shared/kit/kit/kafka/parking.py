"""What waits: a subject whose event needs something that has not come is parked whole, in order, until it comes."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from kit.db import UnitOfWork
from kit.kafka.record import Message, Record, pack, unpack

#: What a parked event waits for: another subject (topic, key), or a dead letter of its own key ("", the letter's id).
Waits = tuple[str, str]


@dataclass(frozen=True)
class Parked:
    id: int
    record: Record
    attempts: int


_LOCK = text("""
select pg_advisory_xact_lock(hashtextextended(place, 0))
from (select distinct unnest(cast(:places as text[])) as place order by 1) as places
""")

# And a row without a key when anything of the consumer is parked at all.
_HELD = text("""
(select null as key, null as waits_for_topic, null as waits_for_key from parked where consumer = :consumer limit 1)
union all
(select distinct on (key) key, waits_for_topic, waits_for_key from (
    select key, waits_for_topic, waits_for_key, id from parked
    where consumer = :consumer and topic = :topic and key = any(cast(:keys as text[]))
    union all
    select key, '', id::text, 0 from dead_letter
    where consumer = :consumer and topic = :topic and key = any(cast(:keys as text[]))
      and blocks and state in ('open', 'requested')
) as held order by key, id)
""")

_PARK = text("""
insert into parked (consumer, topic, partition, "offset", key, event_id, type, headers, body,
                    waits_for_topic, waits_for_key, parked_at)
values (:consumer, :topic, :partition, :offset, :key, :event_id, :type, cast(:headers as jsonb), :body,
        :waits_for_topic, :waits_for_key, :now)
on conflict (consumer, event_id) do nothing
""")

_FIRST = text("""
select p.id, p.topic, p.partition, p."offset", p.key, p.headers, p.body, p.attempts from parked p
where p.consumer = :consumer and p.topic = :topic and p.key = :key
  and not exists (select from dead_letter d where d.consumer = p.consumer and d.topic = p.topic and d.key = p.key
                  and d.blocks and d.state in ('open', 'requested'))
order by p.id limit 1
""")

_WAITING_FOR = text("""
select distinct topic, partition, key from parked
where consumer = :consumer and (waits_for_topic, waits_for_key) in
    (select * from unnest(cast(:topics as text[]), cast(:keys as text[])))
""")

_ALL = text("select distinct topic, partition, key from parked where consumer = :consumer order by 1, 2, 3 limit 5000")


@dataclass(frozen=True)
class Place:
    """Where a parked subject stands."""

    topic: str
    partition: int
    key: str


def lock(uow: UnitOfWork, consumer: str, places: Iterable[tuple[str, int]]) -> None:
    """One at a time a partition: a batch, a zombie's batch after a rebalance, and what takes parked events up again."""
    names = [f"{consumer}/{topic}/{partition}" for topic, partition in places]
    uow.execute(_LOCK, {"places": names})


def held(uow: UnitOfWork, consumer: str, topic: str, keys: Iterable[str]) -> tuple[dict[str, Waits], bool]:
    """Of these keys those that are parked or stand behind a dead letter, with what they wait for; and whether anything
    is parked at all.
    """
    rows = uow.execute(_HELD, {"consumer": consumer, "topic": topic, "keys": sorted(set(keys))}).all()
    found = {row.key: (row.waits_for_topic, row.waits_for_key) for row in rows if row.key is not None}
    return found, len(found) < len(rows)


def park(uow: UnitOfWork, consumer: str, messages: Sequence[tuple[Message, Waits]]) -> None:
    if messages:
        uow.execute(_PARK, [_row(uow, consumer, message, waits) for message, waits in messages])


def _row(uow: UnitOfWork, consumer: str, message: Message, waits: Waits) -> dict[str, object]:
    record = message.record
    return {
        "consumer": consumer,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": message.key,
        "event_id": message.event_id,
        "type": message.type,
        "headers": json.dumps(json.loads(pack(record.headers))),
        "body": record.value,
        "waits_for_topic": waits[0],
        "waits_for_key": waits[1],
        "now": uow.now,
    }


def first_of(uow: UnitOfWork, consumer: str, place: Place) -> Parked | None:
    """The first event of a parked subject; None while a dead letter stands before it."""
    row = uow.execute(_FIRST, {"consumer": consumer, "topic": place.topic, "key": place.key}).one_or_none()
    if row is None:
        return None
    headers = unpack(json.dumps(row.headers).encode())
    record = Record(row.topic, row.partition, row.offset, row.key.encode(), row.body, headers)
    return Parked(row.id, record, row.attempts)


def remove(uow: UnitOfWork, parked: Parked) -> None:
    uow.execute(text("delete from parked where id = :id"), {"id": parked.id})


def keep(uow: UnitOfWork, parked: Parked, waits: Waits) -> None:
    uow.execute(
        text("update parked set waits_for_topic = :topic, waits_for_key = :key where id = :id"),
        {"id": parked.id, "topic": waits[0], "key": waits[1]},
    )


def count_attempt(uow: UnitOfWork, parked: Parked) -> None:
    uow.execute(text("update parked set attempts = attempts + 1 where id = :id"), {"id": parked.id})


def waiting_for(uow: UnitOfWork, consumer: str, applied: Iterable[tuple[str, str]]) -> list[Place]:
    pairs = sorted(set(applied))
    if not pairs:
        return []
    parameters = {"consumer": consumer, "topics": [t for t, _ in pairs], "keys": [k for _, k in pairs]}
    return [Place(**row._mapping) for row in uow.execute(_WAITING_FOR, parameters)]


def all_places(uow: UnitOfWork, consumer: str) -> list[Place]:
    return [Place(**row._mapping) for row in uow.execute(_ALL, {"consumer": consumer})]
