"""What died here: rows with the reason and the raw bytes; they survive Kafka until somebody settles them."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from kit.db import UnitOfWork
from kit.errors import Conflict, NotFound
from kit.kafka.record import Fault, Message, Record, pack, unpack


@dataclass(frozen=True)
class DeadLetter:
    id: UUID
    consumer: str
    topic: str
    partition: int
    offset: int
    key: str | None
    type: str | None
    reason: str
    detail: str
    attempts: int
    blocks: bool
    died_at: datetime
    state: str
    settled_by: str | None
    settled_reason: str | None


_BURY = text("""
insert into dead_letter (id, consumer, topic, partition, "offset", key, event_id, type, headers, raw_headers, raw_key,
                         body, reason, detail, attempts, blocks, died_at)
values (:id, :consumer, :topic, :partition, :offset, :key, :event_id, :type, cast(:headers as jsonb), :raw_headers,
        :raw_key, :body, :reason, :detail, :attempts, :blocks, :now)
on conflict (id) do update set state = 'open', reason = excluded.reason, detail = excluded.detail,
    attempts = dead_letter.attempts + excluded.attempts, died_at = excluded.died_at
    where dead_letter.state <> 'discarded'
""")

_COLUMNS = """id, consumer, topic, partition, "offset", key, type, reason, detail, attempts, blocks, died_at, state,
    settled_by, settled_reason"""

_LIST = text(f"""
select {_COLUMNS} from dead_letter where state in ('open', 'requested') order by died_at, id limit :limit
""")

_GET = text(f"select {_COLUMNS} from dead_letter where id = :id")

_REQUESTED = text("""
select id, topic, partition, "offset", raw_key, raw_headers, body from dead_letter
where consumer = :consumer and state = 'requested' order by died_at, id limit 100
""")

_SETTLE = text("""
update dead_letter set state = :state, settled_at = :now, settled_by = :by, settled_reason = :reason
where id = :id and state in ('open', 'requested')
""")


def bury(uow: UnitOfWork, consumer: str, message: Message, fault: Fault, *, attempts: int) -> None:
    record, subscription = message.record, message.subscription
    uow.execute(
        _BURY,
        {
            "id": message.identity,
            "consumer": consumer,
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "key": message.key,
            "event_id": message.event_id,
            "type": message.type and message.type.replace("\x00", "\ufffd"),
            "headers": json.dumps(message.headers).replace("\\u0000", "\\ufffd"),
            "raw_headers": pack(record.headers),
            "raw_key": record.key,
            "body": record.value,
            "reason": fault.reason,
            "detail": fault.detail,
            "attempts": attempts,
            "blocks": bool(subscription and subscription.on_failure == "park" and message.key),
            "now": uow.now,
        },
    )


def list_dead_letters(uow: UnitOfWork, *, limit: int = 1000) -> list[DeadLetter]:
    """Those that nobody has settled, oldest first."""
    return [DeadLetter(**row._mapping) for row in uow.execute(_LIST, {"limit": limit})]


def get_dead_letter(uow: UnitOfWork, letter_id: UUID) -> DeadLetter:
    row = uow.execute(_GET, {"id": letter_id}).one_or_none()
    if row is None:
        raise NotFound("no_such_dead_letter", f"There is no dead letter {letter_id}: see `baiyang dead-letters list`.")
    return DeadLetter(**row._mapping)


def request_replay(uow: UnitOfWork, letter_id: UUID, *, by: str, reason: str) -> None:
    """Ask the consumer to take it again; it does so within seconds. Asking twice is asking once."""
    _settle(uow, letter_id, "requested", by=by, reason=reason)


def discard(uow: UnitOfWork, letter_id: UUID, *, by: str, reason: str) -> None:
    """Give it up, with the reason; what was parked behind it goes on."""
    _settle(uow, letter_id, "discarded", by=by, reason=reason)


def _settle(uow: UnitOfWork, letter_id: UUID, state: str, *, by: str, reason: str) -> None:
    letter = get_dead_letter(uow, letter_id)
    if letter.state == state or (state == "requested" and letter.state == "replayed"):
        return
    values: dict[str, Any] = {"id": letter_id, "state": state, "now": uow.now, "by": by, "reason": reason}
    if uow.execute(_SETTLE, values).rowcount == 0:
        raise Conflict("dead_letter_settled", f"The dead letter {letter_id} has been {letter.state} already.")


def requested(uow: UnitOfWork, consumer: str) -> list[tuple[UUID, Record]]:
    return [
        (row.id, Record(row.topic, row.partition, row.offset, row.raw_key, row.body, unpack(row.raw_headers)))
        for row in uow.execute(_REQUESTED, {"consumer": consumer})
    ]


def claim_replay(uow: UnitOfWork, letter_id: UUID) -> bool:
    """Whether it is still to be replayed; if so it is, with this transaction."""
    statement = text(
        "update dead_letter set state = 'replayed', settled_at = :now where id = :id and state = 'requested'"
    )
    return uow.execute(statement, {"id": letter_id, "now": uow.now}).rowcount == 1


def reopen(uow: UnitOfWork, letter_id: UUID, fault: Fault) -> None:
    statement = text("""
        update dead_letter set state = 'open', attempts = attempts + 1, reason = :reason, detail = :detail
        where id = :id and state = 'requested'
    """)
    uow.execute(statement, {"id": letter_id, "reason": fault.reason, "detail": fault.detail})


def count(uow: UnitOfWork, consumer: str) -> tuple[int, int]:
    """How many dead letters are open, and how many events are parked."""
    statement = text("""
        select (select count(*) from dead_letter where consumer = :consumer and state in ('open', 'requested')) as open,
               (select count(*) from parked where consumer = :consumer) as parked
    """)
    row = uow.execute(statement, {"consumer": consumer}).one()
    return row.open, row.parked
