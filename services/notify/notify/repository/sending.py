"""Messages on their way out: claimed, prepared, settled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from sqlalchemy import (
    DateTime,
    Integer,
    Row,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    column,
    null,
    select,
    update,
    values,
)

from notify.domain.sending import Finished, Settled, State
from notify.models import contact, message


@dataclass(frozen=True)
class Claimed:
    """A message that this clock holds until its lease ends, with what it takes to send it."""

    message_id: UUID
    case_id: UUID
    case_version: int
    claim: int
    turn: int
    attempts: int
    body: str | None
    provider: str | None
    called_at: datetime | None
    traceparent: str | None
    contact_id: UUID | None
    wrapped_key: str | None
    reach: str | None


@dataclass(frozen=True)
class Prepared:
    """How a claimed message goes out; or, with a state, why it does not."""

    message_id: UUID
    claim: int
    means: str
    provider: str | None = None
    sent_to: str | None = None
    settled: Settled | None = None


def claim_due(uow: UnitOfWork, *, limit: int, lease: timedelta) -> list[Claimed]:
    """Take what is due, oldest first, also what a dead sender left. Nobody else gets it until the lease ends."""
    due = _due(uow.now, limit).cte("due")
    taken = (
        update(message)
        .where(message.c.message_id == due.c.message_id)
        .values(
            state=State.SENDING.value,
            due_at=uow.now + lease,
            claim=message.c.claim + 1,
            attempts=message.c.attempts + 1,
        )
        .returning(message)
        .cte("taken")
    )
    fields = [name for name in Claimed.__dataclass_fields__ if name not in {"wrapped_key", "reach"}]
    statement = select(*[taken.c[name] for name in fields], contact.c.wrapped_key, contact.c.reach).outerjoin(
        contact, contact.c.contact_id == taken.c.contact_id
    )
    return [Claimed(**row._mapping) for row in uow.execute(statement)]


def _due(now: datetime, limit: int) -> Any:
    return (
        select(message.c.message_id)
        .where(message.c.state.in_([State.QUEUED.value, State.SENDING.value]), message.c.due_at <= now)
        .order_by(message.c.due_at, message.c.message_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


_PREPARE = (
    update(message)
    .where(message.c.message_id == bindparam("id"), message.c.claim == bindparam("of_claim"))
    .values(means=bindparam("to_means"), provider=bindparam("by_provider"), sent_to=bindparam("to_address"))
)


def prepare(uow: UnitOfWork, prepared: Sequence[Prepared]) -> None:
    """Note how each claimed message goes out."""
    rows = [
        {
            "id": p.message_id,
            "of_claim": p.claim,
            "to_means": p.means,
            "by_provider": p.provider,
            "to_address": p.sent_to,
        }
        for p in prepared
    ]
    if rows:
        uow.execute(_PREPARE, rows)


def mark_called(uow: UnitOfWork, claims: Mapping[UUID, int], *, lease: timedelta) -> set[UUID]:
    """Note that the provider is about to be called with these; those that are still ours."""
    pairs = values(column("message_id", Uuid), column("claim", Integer), name="mine").data(list(claims.items()))
    statement = (
        update(message)
        .where(
            message.c.message_id == pairs.c.message_id,
            message.c.claim == pairs.c.claim,
            message.c.state == State.SENDING.value,
        )
        .values(called_at=uow.now, due_at=uow.now + lease)
        .returning(message.c.message_id)
    )
    return set(uow.execute(statement).scalars())


def settle(uow: UnitOfWork, settled: Mapping[tuple[UUID, int], Settled]) -> list[Finished]:
    """Write what became of messages by id and claim, unless another claim has taken them since.

    A late answer still counts for a message that was given up as unknown meanwhile.
    """
    if not settled:
        return []
    ends = values(
        column("message_id", Uuid),
        column("claim", Integer),
        column("state", Text),
        column("reason", Text),
        column("due_at", DateTime(timezone=True)),
        column("ref", Text),
        name="ends",
    ).data([(i, claim, s.state.value, s.reason, s.due_at, s.ref) for (i, claim), s in settled.items()])
    is_sent = ends.c.state == State.SENT.value
    is_ours = (message.c.state == State.SENDING.value) & (message.c.claim == ends.c.claim)
    statement = (
        update(message)
        .where(
            message.c.message_id == ends.c.message_id,
            is_ours | ((message.c.state == State.UNKNOWN.value) & is_sent),
        )
        .values(
            state=ends.c.state,
            reason=ends.c.reason,
            due_at=cast(ends.c.due_at, DateTime(timezone=True)),
            provider_ref=ends.c.ref,
            sent_at=case((is_sent, uow.now), else_=null()),
            called_at=case((ends.c.state == State.QUEUED.value, null()), else_=message.c.called_at),
            version=message.c.version + 1,
            changed_at=uow.now,
        )
        .returning(*[message.c[name] for name in Finished.__dataclass_fields__])
    )
    return [_finished(row) for row in uow.execute(statement)]


def _finished(row: Row[Any]) -> Finished:
    return Finished(**{**row._mapping, "state": State(row.state)})
