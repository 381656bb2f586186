"""The sandbox's own log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from sqlalchemy import (
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from notify.models import sandbox_message


@dataclass(frozen=True)
class SandboxMessage:
    sandbox_id: UUID
    idempotency_key: str
    address: str | None
    text: str | None
    received_at: datetime


def add_sandbox_messages(uow: UnitOfWork, rows: Iterable[Mapping[str, Any]]) -> None:
    """As a provider with idempotency keys does: what it has had before, it takes and does not send again."""
    statement = upsert(sandbox_message).values(list(rows))
    uow.execute(statement.on_conflict_do_nothing(index_elements=[sandbox_message.c.idempotency_key]))


def list_sandbox(uow: UnitOfWork, *, before: UUID | None, limit: int) -> list[SandboxMessage]:
    """Latest first."""
    statement = select(*[sandbox_message.c[name] for name in SandboxMessage.__dataclass_fields__])
    if before is not None:
        statement = statement.where(sandbox_message.c.sandbox_id < before)
    rows = uow.execute(statement.order_by(sandbox_message.c.sandbox_id.desc()).limit(limit))
    return [SandboxMessage(**row._mapping) for row in rows]
