"""The consumer over a real broker: each trap of acking, and what it says of its health."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import CommitFailedError, KafkaConnectionError
from contracts.grid import PlaceChangedV1
from contracts.intake import AppealWithdrawnV1
from kit.db import Database, UnitOfWork
from kit.errors import NotYet, Unavailable
from kit.kafka import Consumers, consumes, taker
from kit.kafka.record import Book, Record
from kit.kafka.security import client_settings, why_away
from kit.testing.servers import NOW
from kit.testing.waiting import running, until
from sqlalchemy import Connection, text

from tests.kit.conftest import fill_disk
from tests.kit.events.conftest import PASSWORD

PLANTED = "Lantern Street 7"


def withdrawn(appeal: UUID, version: int, reason: str = "mistake") -> AppealWithdrawnV1:
    return AppealWithdrawnV1(appeal_id=appeal, version=version, withdrawn_at=NOW, reason=reason)


def note(uow: UnitOfWork, event: AppealWithdrawnV1) -> None:
    statement = text("insert into effect (key, version, what) values (:key, :version, 'withdrawn')")
    uow.execute(statement, {"key": str(event.appeal_id), "version": event.version})


@consumes(AppealWithdrawnV1)
def take_withdrawal(uow: UnitOfWork, event: AppealWithdrawnV1) -> None:
    if event.reason.startswith("bug"):
        raise RuntimeError(event.reason)
    note(uow, event)


@consumes(PlaceChangedV1, snapshot=True)
def take_place(uow: UnitOfWork, event: PlaceChangedV1, *, version: int) -> None:
    del uow, event, version


async def send(real: Any, *events: AppealWithdrawnV1) -> None:
    await real.publish(*events)
    async with running(real.make_relay("intake")):
        await until(real._is_sent, "all is sent")


async def test_what_was_not_acked_comes_again_and_changes_nothing(real: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between the commit of the effect and the ack, and a failed ack, which the framework only logs."""
    key, failed = uuid4(), []
    commit = AIOKafkaConsumer.commit

    async def fail(self: AIOKafkaConsumer, *_: Any) -> None:
        failed.append(self)
        raise CommitFailedError("the group has moved on")

    monkeypatch.setattr(AIOKafkaConsumer, "commit", fail)
    await send(real, withdrawn(key, 1), withdrawn(key, 2))
    real.consumers = real.make_consumers(take_withdrawal)
    async with running(real.consumers):

        async def taken_and_not_acked() -> bool:
            return bool(failed) and len(await real.effects()) == 2

        await until(taken_and_not_acked, "the events are taken and not acked")
    monkeypatch.setattr(AIOKafkaConsumer, "commit", commit)
    await send(real, withdrawn(key, 3))
    async with running(real.make_consumers(take_withdrawal)):

        async def all_taken() -> bool:
            return len(await real.effects()) >= 3

        await until(all_taken, "the next consumer begins where the acks ended")
        await real.settle()
    assert [version for _, version, _ in await real.effects()] == [1, 2, 3]


async def test_a_poison_message_neither_blocks_its_partition_nor_is_tried_without_end(real: Any) -> None:
    key, calls = uuid4(), []

    @consumes(AppealWithdrawnV1)
    def choke(uow: UnitOfWork, event: AppealWithdrawnV1) -> None:
        calls.append(event.version)
        if event.reason == "bug":
            raise RuntimeError
        note(uow, event)

    await send(real, withdrawn(key, 1), withdrawn(key, 2, "bug"), withdrawn(key, 3))
    real.consumers = real.make_consumers(choke)
    async with running(real.consumers):
        await real.settle()
    assert [version for _, version, _ in await real.effects()] == [1, 3]
    assert calls.count(2) <= taker.ATTEMPTS + 3


async def test_what_is_away_is_waited_for_and_never_buried(real: Any) -> None:
    key, away = uuid4(), [True]

    @consumes(AppealWithdrawnV1)
    def take_when_there(uow: UnitOfWork, event: AppealWithdrawnV1) -> None:
        if away[0]:
            raise Unavailable("map_away", "The map service does not answer.")
        note(uow, event)

    await send(real, withdrawn(key, 1), withdrawn(key, 2))
    real.consumers = real.make_consumers(take_when_there)
    async with running(real.consumers):

        async def waits() -> bool:
            return "Unavailable" in real.consumers.check().detail

        await until(waits, "the consumer says what it waits for")
        assert real.consumers.check().alive
        away[0] = False
        await real.settle()
    assert [version for _, version, _ in await real.effects()] == [1, 2]
    assert await real.query("select 1 from dead_letter") == []


async def test_a_disk_that_is_full_is_waited_for_and_named(
    real: Any, event_tables_of: Callable[[str], Connection]
) -> None:
    tables, key = event_tables_of("routing"), uuid4()
    fill_disk(tables, "effect")
    await send(real, withdrawn(key, 1))
    real.consumers = real.make_consumers(take_withdrawal)
    async with running(real.consumers):

        async def waits() -> bool:
            return bool(real.consumers.check().detail == "waits for the database (its disk is full: make room there)")

        await until(waits, "the consumer says what it waits for")
        tables.execute(text("drop trigger no_room on effect"))
        await real.settle()
    assert len(await real.effects()) == 1
    assert await real.query("select 1 from dead_letter") == []


async def test_topics_of_other_partitions_are_taken_and_named(real: Any, node: Any) -> None:
    await asyncio.to_thread(node.lay_with, "intake.appeal.v1", partitions=3)
    real.consumers = real.make_consumers(take_withdrawal)
    async with running(real.consumers):

        async def says_so() -> bool:
            await real.consumers._watch.look()
            return "(intake.appeal.v1, not 24): see `baiyang topics drift`" in real.consumers.check().detail

        await until(says_so, "the consumer says which topic it is")
        assert real.consumers.check().alive
    await asyncio.to_thread(node.delete, "intake.appeal.v1")
    await asyncio.to_thread(node.lay)


async def test_a_wrong_password_is_told_from_a_kafka_that_is_away(node: Any) -> None:
    away = KafkaConnectionError()
    wrong, right = (client_settings(node.access("intake", word)) for word in ("wrong", PASSWORD))
    assert await why_away("intake", wrong, away) == (
        "Kafka refuses the password: set INTAKE_KAFKA_PASSWORD, or run `baiyang topics lay`"
    )
    assert await why_away("intake", right, away) == "KafkaConnectionError"
    assert await why_away("intake", right | {"bootstrap_servers": ["127.0.0.1:1"]}, away) == "KafkaConnectionError"


async def test_what_is_given_back_to_the_broker_is_waited_over_first_and_longer_each_time() -> None:
    """The broker hands it out again at once: without a pause a database that is away makes thousands of tries."""
    nothing: Any = None
    consumers = Consumers(service="routing", database=nothing, settings=nothing, handlers=[take_withdrawal])
    waited: list[int] = []

    async def pause(attempt: int) -> bool:
        waited.append(attempt)
        return True

    consumers._taker.pause = pause  # type: ignore[method-assign]
    for _ in range(3):
        with pytest.raises(taker.GivenBack):
            await consumers._take_records("intake.appeal.v1", nothing, nothing)
    assert waited == [1, 2, 3]


async def test_what_was_parked_lately_is_tried_again_before_the_sweep(
    event_database: Callable[[str, str], Database], event_tables_of: Callable[[str], Connection]
) -> None:
    """What it needs was taken by who saw nothing waiting yet, and committed after it had been tried."""
    key, has_come = uuid4(), False

    @consumes(AppealWithdrawnV1)
    def wait_for_a_place(uow: UnitOfWork, event: AppealWithdrawnV1) -> None:
        if not has_come:
            raise NotYet("grid.place.v1", key)
        note(uow, event)

    async def at_once(_: float) -> bool:
        return True

    book = Book([wait_for_a_place])
    taking = taker.Taker("routing", book, event_database("routing", "consumer"), pause=at_once)
    event = withdrawn(key, 1)
    headers = {
        "ce_type": event.TYPE,
        "ce_id": str(uuid4()),
        "ce_subjectversion": "1",
        "ce_time": NOW.isoformat(),
    }
    wire = tuple((name, value.encode()) for name, value in headers.items())
    await taking.take([book.read(Record(event.TOPIC, 0, 0, str(key).encode(), event.model_dump_json().encode(), wire))])
    has_come = True
    await taking.try_lately_parked()
    rows = event_tables_of("routing").execute(text("select key from effect")).scalars().all()
    assert rows == [str(key)]


async def test_a_database_that_was_away_loses_no_event(real: Any, event_tables_of: Callable[[str], Connection]) -> None:
    key = uuid4()
    real.consumers = real.make_consumers(take_withdrawal)
    tables, beside = event_tables_of("routing"), event_tables_of("intake")
    async with running(real.consumers):
        await send(real, withdrawn(key, 1))
        await real.settle()
        name = tables.execute(text("select current_database()")).scalar_one()
        beside.execute(text(f"alter database {name} allow_connections false"))
        tables.execute(
            text("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'routing_consumer'")
        )
        await real.publish(withdrawn(key, 2))
        async with running(real.make_relay("intake")):
            await until(real._is_sent, "the event is sent")

            async def waits() -> bool:
                return "database" in real.consumers.check().detail

            await until(waits, "the consumer says that it waits")
            assert real.consumers.check().alive
            beside.execute(text(f"alter database {name} allow_connections true"))
            found = text("select version from effect order by n")

            async def both() -> bool:
                return list(tables.execute(found).scalars()) == [1, 2]

            await until(both, "the event is taken when the database is back")
    assert tables.execute(text("select count(*) from dead_letter")).scalar_one() == 0


async def test_a_topic_that_is_missing_is_never_made_and_found_when_it_is_laid(real: Any, node: Any) -> None:
    await asyncio.to_thread(node.delete, "intake.appeal.v1")
    real.consumers = real.make_consumers(take_withdrawal)
    async with running(real.consumers):
        assert any("topic intake.appeal.v1" in line for line in await asyncio.to_thread(node.lay))
        await send(real, withdrawn(uuid4(), 1))
        await real.settle()
    assert len(await real.effects()) == 1


async def test_a_kafka_outage_makes_nothing_unlive_and_is_survived(real_alone: Any, own_node: Any) -> None:
    key, real = uuid4(), real_alone
    real.consumers = real.make_consumers(take_withdrawal, stuck_after=timedelta(seconds=1))
    async with running(real.consumers), running(real.make_relay("intake")):
        await real.publish(withdrawn(key, 1))
        await real.settle()
        await asyncio.to_thread(own_node.server.kill)

        async def noticed() -> bool:
            return not real.consumers.check().ready

        await until(noticed, "the consumer says that Kafka is away")
        await real.consumers._watch.look()
        assert real.consumers.check().alive
        await real.publish(withdrawn(key, 2))
        await asyncio.to_thread(own_node.server.start)

        async def both() -> bool:
            return len(await real.effects()) == 2

        await until(both, "what was published meanwhile is taken", patience=90)


async def test_a_consumer_that_does_not_move_is_not_alive(real: Any) -> None:
    stop = asyncio.Event()
    real.consumers = real.make_consumers(take_withdrawal, stuck_after=timedelta(seconds=0.2))
    taken = real.consumers._taker.take

    async def hang(messages: Any) -> None:
        await stop.wait()
        await taken(messages)

    real.consumers._taker.take = hang
    async with running(real.consumers):
        await send(real, *(withdrawn(uuid4(), 1) for _ in range(50)))
        await send(real, *(withdrawn(uuid4(), 1) for _ in range(50)))

        async def unlive() -> bool:
            await real.consumers._watch.look()
            return not real.consumers.check().alive

        await until(unlive, "a hanging consumer is not alive")
        stop.set()

        async def alive() -> bool:
            await real.consumers._watch.look()
            return bool(real.consumers.check().alive)

        await until(alive, "it is alive when it moves")


async def test_one_that_is_cut_off_does_not_keep_the_others_from_leaving(
    real: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client raises CancelledError where it is stopped between two tries to fetch. In the framework's group that
    ended the stopping of all others: they went on as members of their groups, and held partitions that nobody read.
    """
    close = Fetcher.close

    async def cut_off(self: Fetcher) -> None:
        await close(self)
        raise asyncio.CancelledError

    monkeypatch.setattr(Fetcher, "close", cut_off)
    busy, done = asyncio.Event(), asyncio.Event()
    consumers = real.consumers = real.make_consumers(take_withdrawal, take_place)
    taken = consumers._taker.take

    async def take(messages: Any) -> None:
        busy.set()
        await done.wait()
        await taken(messages)

    consumers._taker.take = take
    run = asyncio.create_task(consumers.run())
    await send(real, withdrawn(uuid4(), 1))
    await asyncio.wait_for(busy.wait(), 30)
    held = [subscriber.consumer for subscriber in consumers._broker.subscribers]
    await consumers.stop()
    await asyncio.sleep(1)
    assert not run.done()
    done.set()
    await run
    assert [(one._closed, one._client._sync_task) for one in held] == [(True, None)] * 2
    assert len(await real.effects()) == 1
    assert await real._is_taken()


async def test_none_waits_until_another_has_joined_its_group(real: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as who is in the group needs to hear of it, for each of a service's topics."""
    start, joining = AIOKafkaConsumer.start, asyncio.Barrier(2)

    async def together(self: AIOKafkaConsumer) -> None:
        await asyncio.wait_for(joining.wait(), 10)  # else it hangs where it should fail
        await start(self)

    monkeypatch.setattr(AIOKafkaConsumer, "start", together)
    consumers = real.make_consumers(take_withdrawal, take_place)
    async with running(consumers):

        async def ready() -> bool:
            return bool(consumers.check().ready)

        await until(ready, "it is ready")


async def test_nothing_of_a_body_is_logged_or_kept_as_a_reason(
    real: Any, node: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="kit")
    key = uuid4()
    headers = (
        ("ce_id", str(uuid4()).encode()),
        ("ce_type", b"intake.appeal.withdrawn.v1"),
        ("ce_subjectversion", b"1"),
        ("ce_time", b"2026-11-23T00:00:00Z"),
    )
    await node.put(Record("intake.appeal.v1", 0, 0, b"k", f'{{"reason": ["{PLANTED}"]}}'.encode(), headers))
    await send(real, withdrawn(key, 1, f"bug at {PLANTED}"))
    real.consumers = real.make_consumers(take_withdrawal)
    async with running(real.consumers):
        await real.settle()
    letters = await real.query("select reason, detail from dead_letter")
    assert len(letters) == 2
    assert PLANTED not in str(letters)
    logged = "\n".join(str({**record.__dict__, "said": record.getMessage()}) for record in caplog.records)
    assert "consumer.dead_letter" in logged
    assert PLANTED not in logged
