"""What the event tables keep, and for how long."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from contracts.grid import PlaceChangedV1, PlaceState
from contracts.intake import AppealWithdrawnV1
from kit import outbox
from kit.db import Database, UnitOfWork
from kit.ids import first_id_of, new_id
from kit.testing.servers import NOW
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

DAY = timedelta(days=1)
Tables = Callable[[str], Connection]


def publish(tables: Connection, now: datetime) -> None:
    uow = UnitOfWork(tables, now=now)
    uow.publish(AppealWithdrawnV1(appeal_id=uuid4(), version=1, withdrawn_at=NOW, reason="mistake"))
    uow.flush()


def days_of(tables: Connection, parent: str) -> list[str]:
    rows = tables.execute(text("select relid::text from pg_partition_tree(:p) where isleaf"), {"p": parent}).scalars()
    return sorted(row for row in rows if not row.endswith("default"))


def maintain(tables: Connection, now: datetime) -> None:
    tables.execute(text("select maintain_event_partitions(:now)"), {"now": now})


def test_the_days_to_come_have_partitions_and_events_go_into_their_day(event_tables_of: Tables) -> None:
    tables = event_tables_of("intake")
    now = datetime(2031, 3, 3, 12, tzinfo=UTC)
    maintain(tables, now)
    assert "event_log_20310303" in days_of(tables, "event_log")
    assert "event_log_20310310" in days_of(tables, "event_log")
    publish(tables, now)
    assert tables.execute(text("select tableoid::regclass::text from event_log")).scalar_one() == "event_log_20310303"
    tables.execute(text("insert into inbox values (:id, 'x')"), {"id": new_id(now)})
    assert tables.execute(text("select tableoid::regclass::text from inbox")).scalar_one() == "inbox_20310303"


def test_what_has_no_partition_is_caught_and_maintenance_goes_on(event_tables_of: Tables) -> None:
    tables = event_tables_of("intake")
    now = datetime(2031, 3, 3, 12, tzinfo=UTC)
    publish(tables, now)
    assert tables.execute(text("select tableoid::regclass::text from event_log")).scalar_one() == "event_log_default"
    maintain(tables, now)
    assert "event_log_20310303" not in days_of(tables, "event_log")
    assert "event_log_20310304" in days_of(tables, "event_log")


@pytest.mark.parametrize("how", ["partition", "default"])
def test_a_log_that_is_past_keeping_goes_unless_it_holds_unsent_events(event_tables_of: Tables, how: str) -> None:
    tables = event_tables_of("intake")
    then = datetime(2031, 3, 3, 12, tzinfo=UTC)
    if how == "partition":
        maintain(tables, then)
    publish(tables, then)
    count = text("select count(*) from event_log")
    maintain(tables, then + 15 * DAY)
    maintain(tables, then + 30 * DAY)
    assert tables.execute(count).scalar_one() == 1
    tables.execute(text("delete from event_pending"))
    maintain(tables, then + 14 * DAY)
    assert tables.execute(count).scalar_one() == 1
    maintain(tables, then + 15 * DAY)
    assert tables.execute(count).scalar_one() == 0
    assert "event_log_20310303" not in days_of(tables, "event_log")


def test_the_inbox_is_kept_longer_than_the_log(event_tables_of: Tables) -> None:
    tables = event_tables_of("intake")
    then = datetime(2031, 3, 3, 12, tzinfo=UTC)
    maintain(tables, then)
    tables.execute(text("insert into inbox values (:id, 'x')"), {"id": new_id(then)})
    maintain(tables, then + 35 * DAY)
    assert tables.execute(text("select count(*) from inbox")).scalar_one() == 1
    maintain(tables, then + 36 * DAY)
    assert tables.execute(text("select count(*) from inbox")).scalar_one() == 0


def test_inbox_days_end_where_the_ids_of_the_next_day_begin(event_tables_of: Tables) -> None:
    tables = event_tables_of("intake")
    day = datetime(2031, 3, 3, tzinfo=UTC)
    assert (
        tables.execute(text("select uuid7_floor(:d)"), {"d": day}).scalar_one().int >> 80 == first_id_of(day).int >> 80
    )


async def test_only_the_relay_may_maintain(event_database: Callable[[str, str], Database]) -> None:
    await event_database("intake", "relay").run(outbox.maintain)
    for role in ("api", "consumer", "clock", "auditor"):
        with pytest.raises(DBAPIError, match="permission denied"):
            await event_database("intake", role).run(outbox.maintain)


def place(version: int, place_id: Any) -> PlaceChangedV1:
    path = f"/{place_id.hex}/"
    return PlaceChangedV1(
        place_id=place_id,
        version=version,
        code="B",
        name="Birch",
        tier="building",
        parent_id=None,
        path=path,
        depth=1,
        state=PlaceState.ACTIVE,
    )


def test_republishing_says_the_last_state_of_each_subject(event_tables_of: Tables) -> None:
    tables = event_tables_of("grid")
    uow = UnitOfWork(tables, now=NOW)
    first, second = uuid4(), uuid4()
    for event in (place(1, first), place(2, first), place(1, second)):
        uow.publish(event)
    uow.flush()
    tables.execute(text("delete from event_pending"))
    assert outbox.republish(uow, "grid.place.v1") == 2
    pending = text("select l.key, l.version from event_pending join event_log l using (id, recorded_at) order by 1")
    assert [tuple(row) for row in tables.execute(pending)] == sorted([(str(first), 2), (str(second), 1)])


async def test_events_committed_in_this_process_ring_its_relays(event_database: Callable[[str, str], Database]) -> None:
    bell = asyncio.Event()
    outbox.listen(bell)
    database = event_database("intake", "api")
    await database.run(lambda uow: uow.flush())
    assert not bell.is_set()
    event = AppealWithdrawnV1(appeal_id=uuid4(), version=1, withdrawn_at=NOW, reason="mistake")
    await database.run(lambda uow: uow.publish(event))
    assert bell.is_set()
