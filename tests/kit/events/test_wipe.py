"""The log outlives Kafka."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from aiokafka.client import AIOKafkaClient
from contracts.grid import PlaceChangedV1, PlaceState
from contracts.intake import AppealWithdrawnV1
from contracts.topics import TOPICS
from kit.db import UnitOfWork
from kit.kafka import consumes
from kit.relay.destinations import Destinations
from kit.testing.servers import NOW
from kit.testing.waiting import running, until
from sqlalchemy import Connection, text

LEASE = timedelta(seconds=1.5)
CHECK = timedelta(seconds=1)


def withdrawn(appeal: UUID, version: int) -> AppealWithdrawnV1:
    return AppealWithdrawnV1(appeal_id=appeal, version=version, withdrawn_at=NOW, reason="mistake")


@consumes(AppealWithdrawnV1)
def take_withdrawal(uow: UnitOfWork, event: AppealWithdrawnV1) -> None:
    statement = text("insert into effect (key, version, what) values (:key, :version, 'withdrawn')")
    uow.execute(statement, {"key": str(event.appeal_id), "version": event.version})


@consumes(PlaceChangedV1, snapshot=True)
def copy_place(uow: UnitOfWork, event: PlaceChangedV1, *, version: int) -> None:
    statement = text("insert into effect (key, version, what) values (:key, :version, 'place')")
    uow.execute(statement, {"key": str(event.place_id), "version": version})


def place(place_id: UUID, version: int) -> PlaceChangedV1:
    return PlaceChangedV1(
        place_id=place_id,
        version=version,
        code="B1",
        name="Birch",
        tier="building",
        parent_id=None,
        path=f"/{place_id.hex}/",
        depth=1,
        state=PlaceState.ACTIVE,
    )


def by_key(effects: list[tuple[str, int, str]]) -> dict[str, list[int]]:
    return {key: [v for k, v, _ in effects if k == key] for key, _, _ in effects}


async def test_a_wiped_cluster_loses_and_doubles_nothing_and_keeps_the_order(real_alone: Any, own_node: Any) -> None:
    keys = [uuid4() for _ in range(8)]
    relay = real_alone.make_relay("intake", lease=LEASE, check_topics_every=CHECK, window_size=5)
    consumers = real_alone.consumers = real_alone.make_consumers(take_withdrawal, batch=5)
    async with running(relay), running(consumers):
        for version in range(1, 21):
            await real_alone.publish(*(withdrawn(key, version) for key in keys))

        async def some_are_taken() -> bool:
            return len(await real_alone.effects()) > 30

        await until(some_are_taken, "the stream runs")
        await asyncio.to_thread(own_node.server.wipe)
        before = len(await real_alone.effects())
        assert 0 < before < 160, "the disks were to be lost mid-stream"
        for version in range(21, 26):
            await real_alone.publish(*(withdrawn(key, version) for key in keys))
        assert relay.check().alive
        assert consumers.check().alive
        await asyncio.to_thread(own_node.lay)

        async def all_are_taken() -> bool:
            return len(await real_alone.effects()) >= 200

        async def nothing_is_left() -> bool:
            return bool(await real_alone._is_sent() and await consumers.behind() == 0)

        await until(all_are_taken, "all events have taken effect", patience=90)
        await until(nothing_is_left, "what is sent again has been read again")
        assert relay.check().alive
        assert consumers.check().alive
    assert by_key(await real_alone.effects()) == {str(key): list(range(1, 26)) for key in keys}


async def test_a_topic_laid_anew_is_sent_again_whole_and_a_live_consumer_reads_it_from_its_start(
    real: Any, node: Any, event_tables_of: Callable[[str], Connection]
) -> None:
    key, missed = uuid4(), uuid4()
    relay = real.make_relay("intake", lease=LEASE, check_topics_every=CHECK)
    real.consumers = real.make_consumers(take_withdrawal)
    async with running(relay), running(real.consumers):
        await real.publish(*(withdrawn(key, version) for version in range(1, 21)))
        await real.settle()
        # What was in the old topic and had not been taken when it went: sent, and nowhere in the consumer.
        await real.publish(withdrawn(missed, 1))
        await real.settle()
        _forget(missed, event_tables_of)
        await asyncio.to_thread(node.delete, "intake.appeal.v1")

        async def laid() -> bool:
            return any("intake.appeal.v1" in line for line in await asyncio.to_thread(node.lay))

        await until(laid, "the topic is laid anew")

        async def sent_again() -> bool:
            return bool(await asyncio.to_thread(node.ends, "intake.appeal.v1") >= 21)

        await until(sent_again, "the log is sent again")
        await real.publish(withdrawn(key, 21), withdrawn(missed, 2))
        await real.settle()
    found = by_key(await real.effects())
    assert found == {str(key): list(range(1, 22)), str(missed): [1, 2]}


def _forget(key: UUID, tables_of: Callable[[str], Connection]) -> None:
    event = text("select event_id from event_log where key = :key")
    found = tables_of("intake").execute(event, {"key": str(key)}).scalar_one()
    tables = tables_of("routing")
    tables.execute(text("delete from effect where key = :key"), {"key": str(key)})
    tables.execute(text("delete from inbox where event_id = :id"), {"id": found})


async def test_snapshots_older_than_the_log_are_logged_again(
    real: Any, node: Any, event_tables_of: Callable[[str], Connection]
) -> None:
    old, young = uuid4(), uuid4()
    relay = real.make_relay("grid", lease=LEASE, check_topics_every=CHECK)
    async with running(relay):
        await real.publish(place(old, 1), place(old, 2), place(young, 1), service="grid")
        await until(real._is_sent, "the places are sent")
        tables = event_tables_of("grid")
        tables.execute(text("delete from event_log where key = :key"), {"key": str(old)})
        await asyncio.to_thread(node.delete, "grid.place.v1")

        async def laid() -> bool:
            return any("grid.place.v1" in line for line in await asyncio.to_thread(node.lay))

        await until(laid, "the topic is laid anew")
        real.consumers = real.make_consumers(copy_place)
        async with running(real.consumers):

            async def both_there() -> bool:
                return len(by_key(await real.effects())) == 2

            await until(both_there, "both places are copied")
    assert by_key(await real.effects()) == {str(old): [2], str(young): [1]}


class SlowDatabase:
    """As long as a large log takes."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = asyncio.Event()

    async def run(self, work: object, *, longest: timedelta) -> list[str]:
        del work
        assert longest > timedelta(minutes=10)
        self.begun += 1
        await self.ended.wait()
        return ["intake.appeal.v1"]


async def test_a_log_that_takes_longer_than_a_relay_waits_is_made_pending_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def topics_there(*_: object) -> dict[str, tuple[str, int]]:
        return {"intake.appeal.v1": ("another", TOPICS["intake.appeal.v1"].partitions)}

    monkeypatch.setattr("kit.relay.destinations.topics_there", topics_there)
    database: Any = SlowDatabase()
    destinations, client = Destinations("intake", database), cast("AIOKafkaClient", None)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await destinations.check(client, now=True)
    assert destinations.ids == {}
    database.ended.set()
    await destinations.check(client, now=True)
    assert destinations.ids == {"intake.appeal.v1": "another"}
    assert database.begun == 1
