"""The sandbox's own log. What it holds is sealed under the service's keys, as a message store should."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kit.crypto import KeyRing
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.rows import insert_rows
from sqlalchemy import select

from notify.domain.sending import Letter
from notify.models import sandbox_message


@dataclass(frozen=True)
class SandboxMessage:
    """A message as it would stand on a phone; blank once its reader has been erased."""

    sandbox_id: UUID
    address: str
    text: str
    received_at: datetime


def add_sandbox_messages(uow: UnitOfWork, keys: KeyRing, letters: Sequence[Letter]) -> None:
    """As a provider with idempotency keys does: what it has had before, it takes and does not send again.

    Ids grow in the order given, though it all happens at one instant.
    """
    rows = [
        {
            "sandbox_id": new_id(uow.now + timedelta(milliseconds=place)),
            "idempotency_key": letter.key,
            "message_id": letter.message_id,
            "address": keys.seal(letter.address.encode(), _bound("address", letter.key)),
            "text": keys.seal(letter.text.encode(), _bound("text", letter.key)),
            "received_at": uow.now,
        }
        for place, letter in enumerate(letters)
    ]
    if rows:
        insert_rows(uow, sandbox_message, rows, then="on conflict (idempotency_key) do nothing")


def list_sandbox(uow: UnitOfWork, keys: KeyRing, *, before: UUID | None, limit: int) -> list[SandboxMessage]:
    """Latest first."""
    statement = select(sandbox_message).order_by(sandbox_message.c.sandbox_id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(sandbox_message.c.sandbox_id < before)
    return [
        SandboxMessage(
            sandbox_id=row.sandbox_id,
            address=_opened(keys, row.address, "address", row.idempotency_key),
            text=_opened(keys, row.text, "text", row.idempotency_key),
            received_at=row.received_at,
        )
        for row in uow.execute(statement)
    ]


def _opened(keys: KeyRing, sealed: str | None, column: str, key: str) -> str:
    return "" if sealed is None else keys.open(sealed, _bound(column, key)).decode()


def _bound(column: str, key: str) -> str:
    """What a sealed value is bound to."""
    return f"sandbox_message {column} {key}"
