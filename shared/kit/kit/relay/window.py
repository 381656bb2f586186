"""What a shard has to send next: pending rows in the order of their ids.

Rows are deleted when they are sent, never passed by a cursor: ids are taken before commit, so that a lower id may
appear after a higher one has been sent. Within a key ids and commits agree, since writers of one subject wait for one
another.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import text

from kit.db import PLANNING, UnitOfWork
from kit.ids import time_of
from kit.relay.leases import Lease

#: The longest that an event which Kafka refuses rests between two tries.
LONGEST_REST = timedelta(minutes=5)

#: A relay's statements are planned when all has been sent. For empty tables PostgreSQL chooses to read and to sort
#: whatever is there, and goes on so for each window of the backlog that comes then, until it has looked at them again:
#: a relay's go along the indexes.
WALKING = {**PLANNING, "enable_seqscan": "off", "enable_sort": "off"}


@dataclass(frozen=True)
class Pending:
    id: int
    event_id: UUID
    topic: str
    type: str
    key: str
    version: int
    body: str | None
    headers: dict[str, str]

    def wire_headers(
        self, service: str, topic_id: str, headers: Mapping[str, str] | None = None
    ) -> list[tuple[str, bytes]]:
        """CloudEvents 1.0, Kafka binding, binary mode; with ``headers`` in place of its own."""
        more = self.headers if headers is None else headers
        return [
            *_constant(service, self.type, topic_id),
            ("ce_id", str(self.event_id).encode()),
            ("ce_time", time_of(self.event_id).isoformat().replace("+00:00", "Z").encode()),
            ("ce_subject", self.key.encode()),
            ("ce_subjectversion", b"%d" % self.version),
            *[(name, value.encode()) for name, value in more.items()],
        ]


@cache
def _constant(service: str, event_type: str, topic_id: str) -> list[tuple[str, bytes]]:
    return [
        ("ce_specversion", b"1.0"),
        ("ce_type", event_type.encode()),
        ("ce_source", f"/{service}".encode()),
        ("content-type", b"application/json"),
        ("ce_topicid", topic_id.encode()),
    ]


# One row without an event: nothing is pending. None at all: the lease is another's.
# A key that has a refused event rests with it: what follows must not overtake.
# The two "offset 0" hold the plan to walking the shard's index and looking each event up, whatever the statistics say:
# a backlog that has just come is not in them yet, and joined otherwise each window would read the whole log.
_READ = text("""
with held as (
    select from relay_lease where shard = :shard and holder = :holder and fence = :fence
),
resting as materialized (
    select refused_key, id from event_pending
    where shard = :shard and refused is not null and next_at > :now
)
select e.* from held left join lateral (
    select p.id, l.event_id, l.topic, l.type, l.key, l.version, l.body, l.headers
    from (select id, recorded_at from event_pending where shard = :shard order by id offset 0) p
    cross join lateral (
        select * from event_log logged where logged.recorded_at = p.recorded_at and logged.id = p.id offset 0
    ) l
    where l.topic = any(cast(:topics as text[]))
      and not exists (select from resting r where r.refused_key = l.topic || ' ' || l.key and r.id <= p.id)
    order by p.id limit :size
) e on true
order by e.id
""")

# Nobody may delete what another has made pending again: the share lock waits for who is just taking the lease away.
_SENT = text("""
with held as (
    select 1 as one from relay_lease where shard = :shard and holder = :holder and fence = :fence for share
)
delete from event_pending where id = any(cast(:ids as bigint[])) and exists (select from held) returning id
""")

_REFUSE = text("""
update event_pending set attempts = attempts + 1, refused = :reason, refused_key = :key,
    next_at = cast(:now as timestamptz) + least(:longest, interval '1 second' * power(2, least(attempts, 20)))
where id = :id returning attempts
""")

_AGE = text("""
select count(*) as pending, min(recorded_at) as oldest, count(refused) as refused from event_pending
""")


def read(uow: UnitOfWork, lease: Lease, topics: Collection[str], size: int) -> list[Pending] | None:
    """The next events of the shard, of topics that are there; None when the lease is another's."""
    values = {**lease.fields, "topics": sorted(topics), "size": size, "now": uow.now}
    rows = uow.execute(_READ, values).all()
    return [Pending(*tuple(row)) for row in rows if row.id is not None] if rows else None


def mark_sent(uow: UnitOfWork, lease: Lease, events: Sequence[Pending]) -> bool:
    """They are sent. False when the lease is another's, who will send them again."""
    return len(uow.execute(_SENT, {**lease.fields, "ids": [e.id for e in events]}).all()) == len(events)


def mark_refused(uow: UnitOfWork, event: Pending, reason: str) -> int:
    """Kafka will not have it as it is: it rests, longer each time, and its key with it. The attempts so far."""
    values: dict[str, Any] = {
        "id": event.id,
        "reason": reason,
        "key": f"{event.topic} {event.key}",
        "now": uow.now,
        "longest": LONGEST_REST,
    }
    return uow.execute(_REFUSE, values).scalar_one_or_none() or 0


def measure(uow: UnitOfWork) -> tuple[int, float, int]:
    """How many are pending, how old the oldest is (seconds), how many are refused."""
    row = uow.execute(_AGE).one()
    age = (uow.now - row.oldest).total_seconds() if row.oldest else 0.0
    return row.pending, max(0.0, age), row.refused
