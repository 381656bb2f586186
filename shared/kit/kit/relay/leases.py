"""Who sends which shard: a row with an end, renewed while its holder lives.

Ends are told by the database's clock, not by the clock that domain decisions are made by: all relays of a service share
this one database, so that its clock is one clock for all of them, whatever the clocks of their machines say; and a
simulation that drives the domain's clock must not expire leases.

A lease alone keeps nobody from writing: a relay may be stopped at any instruction and go on after its lease has passed
to another. Kafka keeps it out: each shard has its own transactional id, and who takes the shard initialises it *after*
taking the lease, which fences every producer before it. Who initialises late (stopped between taking and initialising)
fences the rightful holder, but finds the lease gone when it reads (``is_held``, after initialising) and sends nothing;
the rightful holder initialises again.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text

from kit.db import UnitOfWork
from kit.outbox import SHARDS


@dataclass(frozen=True)
class Lease:
    shard: int
    holder: str
    fence: int

    @property
    def fields(self) -> dict[str, object]:
        return {"shard": self.shard, "holder": self.holder, "fence": self.fence}


_ARRIVE = text("""
insert into relay_replica (holder, until) values (:holder, clock_timestamp() + :length)
on conflict (holder) do update set until = excluded.until
""")

_RENEW = text("""
update relay_lease set until = clock_timestamp() + :length where holder = :holder returning shard, fence
""")

_COUNT = text("select count(*) from relay_replica where until > clock_timestamp()")

_TAKE = text("""
update relay_lease set holder = :holder, fence = fence + 1, until = clock_timestamp() + :length
where shard in (
    select shard from relay_lease where until < clock_timestamp() order by until, shard limit :wanted
    for update skip locked
) returning shard, fence
""")

_IS_HELD = text("select 1 from relay_lease where shard = :shard and holder = :holder and fence = :fence")


def renew(uow: UnitOfWork, holder: str, length: timedelta) -> tuple[dict[int, Lease], int]:
    """Renew what this relay holds; the leases, and how many shards are its fair share."""
    uow.execute(_ARRIVE, {"holder": holder, "length": length})
    uow.execute(text("delete from relay_replica where until < clock_timestamp() - interval '1 minute'"))
    rows = uow.execute(_RENEW, {"holder": holder, "length": length})
    held = {row.shard: Lease(row.shard, holder, row.fence) for row in rows}
    replicas = uow.execute(_COUNT).scalar_one()
    return held, -(-SHARDS // max(1, replicas))


def take(uow: UnitOfWork, holder: str, length: timedelta, *, wanted: int) -> dict[int, Lease]:
    """Take shards that nobody holds."""
    rows = uow.execute(_TAKE, {"holder": holder, "length": length, "wanted": wanted})
    return {row.shard: Lease(row.shard, holder, row.fence) for row in rows}


def is_held(uow: UnitOfWork, lease: Lease) -> bool:
    return uow.execute(_IS_HELD, lease.fields).first() is not None


_GIVE_UP = text("""
update relay_lease set holder = null, until = '-infinity'
where shard = :shard and holder = :holder and fence = :fence
""")


def give_up(uow: UnitOfWork, lease: Lease) -> None:
    """Another may have it at once."""
    uow.execute(_GIVE_UP, lease.fields)


def leave(uow: UnitOfWork, holder: str) -> None:
    uow.execute(text("delete from relay_replica where holder = :holder"), {"holder": holder})
