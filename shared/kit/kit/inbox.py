"""What has been taken: one row an event and consumer, in the same transaction as its effect."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from kit.db import UnitOfWork

# Sorted, so that two batches that share events (after a rebalance) wait for one another instead of dying in a deadlock.
_CLAIM = text("""
insert into inbox (event_id, consumer)
select distinct id, cast(:consumer as text) from unnest(cast(:ids as uuid[])) as id order by id
on conflict do nothing returning event_id
""")


def claim(uow: UnitOfWork, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """Mark the events as taken; those that nobody had taken before."""
    if not event_ids:
        return set()
    return set(uow.execute(_CLAIM, {"consumer": consumer, "ids": list(event_ids)}).scalars())
