"""Messages on their way out: claimed, prepared, settled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from sqlalchemy import Integer, Row, Uuid, column, text, update, values

from notify.domain.sending import Finished, Settled, State
from notify.models import message


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
    """How a claimed message goes out; or, settled, why it does not."""

    message_id: UUID
    claim: int
    means: str
    provider: str | None = None
    sent_to: str | None = None
    settled: Settled | None = None


# Locked and not yet written: ``hold`` writes the claim together with how the message goes out.
_DUE = text("""
select count(*) as due, min(due_at) as since from (
    select due_at from message where state in ('queued', 'sending') and due_at <= :now order by due_at limit :most
) as waiting
""")

_CLAIM = text("""
select m.message_id, m.case_id, m.case_version, m.claim + 1 as claim, m.turn, m.attempts + 1 as attempts, m.body,
       m.provider, m.called_at, m.traceparent, m.contact_id, c.wrapped_key, c.reach
from message m left join contact c on c.contact_id = m.contact_id
where m.state in ('queued', 'sending') and m.due_at <= :now
order by m.due_at, m.message_id limit :limit for update of m skip locked
""")

_HOLD = text("""
update message m set state = 'sending', due_at = :until, claim = m.claim + 1, attempts = m.attempts + 1,
    means = coalesce(h.means, m.means), provider = coalesce(h.provider, m.provider),
    sent_to = coalesce(h.sent_to, m.sent_to)
from unnest(cast(:ids as uuid[]), cast(:means as text[]), cast(:providers as text[]), cast(:addresses as text[]))
    as h(message_id, means, provider, sent_to)
where m.message_id = h.message_id
""")


def claim_due(uow: UnitOfWork, *, limit: int) -> list[Claimed]:
    """Lock what is due, oldest first, also what a dead sender left; ``hold`` is to follow in this transaction."""
    rows = uow.execute(_CLAIM, {"now": uow.now, "limit": limit})
    return [Claimed(**row._mapping) for row in rows]


def find_due(uow: UnitOfWork, *, most: int) -> tuple[int, datetime | None]:
    """How many messages are due, of ``most`` at the most, and since when the oldest."""
    row = uow.execute(_DUE, {"now": uow.now, "most": most}).one()
    return row.due, row.since


def hold(uow: UnitOfWork, claimed: Sequence[Prepared], *, until: datetime) -> None:
    """Nobody else gets what was claimed until then; how each goes out is noted."""
    if not claimed:
        return
    goes = [(p.means, p.provider, p.sent_to) if p.settled is None else (None, None, None) for p in claimed]
    means, providers, addresses = zip(*goes, strict=True)
    values = {"means": list(means), "providers": list(providers), "addresses": list(addresses)}
    uow.execute(_HOLD, {**values, "ids": [p.message_id for p in claimed], "until": until})


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


#: The states in a case: else the indexes of what is under way and of what is troubled offer themselves, and all of that
#: was read, however little was settled.
_SETTLE = text("""
update message m set state = e.state, reason = e.reason, due_at = e.due_at, provider_ref = e.ref,
    sent_at = case when e.state = 'sent' then cast(:now as timestamptz) end,
    called_at = case when e.state <> 'queued' then m.called_at end,
    version = m.version + 1, changed_at = :now
from unnest(cast(:ids as uuid[]), cast(:claims as int[]), cast(:states as text[]), cast(:reasons as text[]),
            cast(:dues as timestamptz[]), cast(:refs as text[])) as e(message_id, claim, state, reason, due_at, ref)
where m.message_id = e.message_id
  and case m.state when 'sending' then m.claim = e.claim when 'unknown' then e.state = 'sent' end
returning m.message_id, m.case_id, m.appeal_id, m.template, m.means, m.state, m.reason, m.version, m.traceparent
""")


def settle(uow: UnitOfWork, settled: Mapping[tuple[UUID, int], Settled]) -> list[Finished]:
    """Write what became of messages by id and claim, unless another claim has taken them since.

    A late answer still counts for a message that was given up as unknown meanwhile.
    """
    if not settled:
        return []
    ends = list(settled.values())
    values = {
        "ids": [message_id for message_id, _ in settled],
        "claims": [claim for _, claim in settled],
        "states": [end.state.value for end in ends],
        "reasons": [end.reason for end in ends],
        "dues": [end.due_at for end in ends],
        "refs": [end.ref for end in ends],
    }
    return [_finished(row) for row in uow.execute(_SETTLE, {**values, "now": uow.now})]


def _finished(row: Row[Any]) -> Finished:
    return Finished(**{**row._mapping, "state": State(row.state)})
