"""Sending what is due: claimed, called, settled, in transactions of their own.

What dies between them leaves a row whose lease ends. It is taken up again where that tells nobody twice: the provider
was not called yet, or it knows our key. Where it was called and has no keys, the message becomes ``unknown`` and waits
for a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from contracts.intake import Means
from kit.crypto import decrypt_field, encrypt_field
from kit.db import UnitOfWork

from notify import events, repository
from notify.domain.owed import ASKS, TOLD_AT_HOME
from notify.domain.sending import IN_VAIN, Finished, Letter, Outcome, Settled, State, key_of, settle
from notify.repository import Claimed, Contact, Prepared
from notify.service.contacts import reach_of
from notify.service.office import Office
from notify.service.traces import in_trace

#: Longer than any call may take, so that a lease ends only when its sender has died or stands still.
LEASE = timedelta(seconds=30)
#: What is due is counted so far.
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Way:
    """A provider as the rules see it: does it tell a repeated call from a new message?"""

    name: str
    is_idempotent: bool


@dataclass(frozen=True)
class Sending:
    """A claimed message on its way."""

    letter: Letter
    claim: int
    attempts: int
    way: Way
    traceparent: str | None


@dataclass(frozen=True)
class TakenUp:
    """How many rows were, those of them that are to be sent, and those that ended unsent."""

    count: int
    sendings: Sequence[Sending]
    ended: Sequence[Finished]


def claim_due(
    uow: UnitOfWork, office: Office, ways: Mapping[Means, Way], *, limit: int, lease: timedelta = LEASE
) -> TakenUp:
    """Claim what is due."""
    claimed = repository.claim_due(uow, limit=limit)
    # What is due together goes out in the order of the case's steps: nobody reads of an answer before the acceptance.
    claimed.sort(key=lambda c: (c.case_id, c.case_version))
    prepared = [(c, *_prepare(office, ways, c)) for c in claimed]
    repository.hold(uow, [p for _, p, _ in prepared], until=uow.now + lease)
    ended = {(p.message_id, p.claim): p.settled for _, p, _ in prepared if p.settled is not None}
    sendings = [sending for _, _, sending in prepared if sending is not None]
    return TakenUp(len(claimed), sendings, _finish(uow, repository.settle(uow, ended)))


def find_due(uow: UnitOfWork) -> tuple[int, timedelta]:
    """How many messages are due, and for how long the oldest has been."""
    count, since = repository.find_due(uow, most=MOST_COUNTED)
    return count, uow.now - since if since else timedelta()


def mark_called(uow: UnitOfWork, sendings: Sequence[Sending], *, lease: timedelta = LEASE) -> set[UUID]:
    """Before a provider without keys is called: those that are still ours to send."""
    return repository.mark_called(uow, {s.letter.message_id: s.claim for s in sendings}, lease=lease)


def settle_sent(uow: UnitOfWork, outcomes: Sequence[tuple[Sending, Outcome]]) -> list[Finished]:
    """Write what the providers answered."""
    ended = {
        (sending.letter.message_id, sending.claim): settle(
            outcome, attempts=sending.attempts, is_idempotent=sending.way.is_idempotent, now=uow.now
        )
        for sending, outcome in outcomes
    }
    return _finish(uow, repository.settle(uow, ended))


def _prepare(office: Office, ways: Mapping[Means, Way], claimed: Claimed) -> tuple[Prepared, Sending | None]:
    if claimed.wrapped_key is None or claimed.body is None or claimed.contact_id is None:
        return _ends(claimed, Means.NONE, Settled(State.ERASED)), None
    contact = Contact(claimed.contact_id, claimed.wrapped_key, claimed.reach, version=0)
    key, reach = reach_of(office, contact)
    way = ways.get(reach.means)
    if claimed.called_at is not None and not (way and way.is_idempotent and way.name == claimed.provider):
        return _ends(claimed, reach.means, Settled(State.UNKNOWN, "sender_died")), None
    if reach.means not in (Means.SMS, Means.SANDBOX):
        return _ends(claimed, reach.means, Settled(State.NONE_WANTED)), None
    if way is None:
        return _ends(claimed, reach.means, Settled(State.FAILED, "no_provider")), None
    if not reach.address:
        return _ends(claimed, reach.means, Settled(State.FAILED, "no_address")), None
    row = claimed.message_id
    letter = Letter(
        message_id=row,
        key=key_of(row, claimed.turn),
        address=reach.address,
        text=decrypt_field(key, claimed.body, table="message", column="body", row=row),
    )
    sent_to = encrypt_field(key, reach.address, table="message", column="sent_to", row=row)
    prepared = Prepared(row, claimed.claim, reach.means.value, way.name, sent_to)
    return prepared, Sending(letter, claimed.claim, claimed.attempts, way, claimed.traceparent)


def _ends(claimed: Claimed, means: Means, settled: Settled) -> Prepared:
    return Prepared(claimed.message_id, claimed.claim, means.value, settled=settled)


def _finish(uow: UnitOfWork, finished: Sequence[Finished]) -> list[Finished]:
    """Say what failed, and what its resident wants none of and was asked in, in the trace of the step that owed it.
    A household that was not reached is told in person.
    """
    at_home = [m.message_id for m in finished if m.template in TOLD_AT_HOME and m.state in IN_VAIN]
    if at_home:
        repository.hand_to_chiefs(uow, at_home)
    for message in finished:
        if message.state is State.FAILED:
            with in_trace(message.traceparent):
                uow.publish(events.message_failed(message, at=uow.now))
        if message.state is State.NONE_WANTED and message.template in ASKS:
            with in_trace(message.traceparent):
                uow.publish(
                    events.message_withheld(
                        message.message_id,
                        case_id=message.case_id,
                        appeal_id=message.appeal_id,
                        template=message.template,
                        version=message.version,
                        at=uow.now,
                    )
                )
    return list(finished)
