"""The relay over a real broker and real processes: whatever dies, is stopped or is refused, nothing is lost."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from contracts.intake import AppealCorrectedV1, AppealWithdrawnV1
from kit.db import Database, UnitOfWork
from kit.kafka.security import client_settings
from kit.outbox import SHARDS, shard_of
from kit.relay import leases, window
from kit.relay.leases import Lease
from kit.testing.servers import NOW
from kit.testing.waiting import running, until
from sqlalchemy import Connection, text

LEASE = timedelta(seconds=1.5)
PROCESS = Path(__file__).with_name("relay_process.py")


def withdrawn(appeal: UUID, version: int) -> AppealWithdrawnV1:
    return AppealWithdrawnV1(appeal_id=appeal, version=version, withdrawn_at=NOW, reason="mistake")


def huge(appeal: UUID, version: int) -> AppealCorrectedV1:
    event = AppealCorrectedV1(appeal_id=appeal, version=version, corrected_at=NOW, gist="x", placed_path="/")
    return event.model_copy(update={"gist": "x" * 2_000_000})


def key_of(shard: int) -> UUID:
    return next(key for key in iter(uuid4, None) if shard_of(str(key)) == shard)


async def read_all(node: Any, count: int) -> list[tuple[str, int]]:
    """(key, version) of every committed record of the topic, once there are at least that many."""
    consumer = AIOKafkaConsumer(
        "intake.appeal.v1",
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        **client_settings(node.admin),
    )
    found: list[tuple[str, int]] = []
    await consumer.start()
    try:

        async def enough() -> bool:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found.extend((r.key.decode(), int(dict(r.headers)["ce_subjectversion"])) for r in records)
            return len(found) >= count

        await until(enough, f"{count} records are there")
        await consumer.getmany(timeout_ms=500)
        for records in (await consumer.getmany(timeout_ms=500)).values():
            found.extend((r.key.decode(), int(dict(r.headers)["ce_subjectversion"])) for r in records)
    finally:
        await consumer.stop()
    return found


@asynccontextmanager
async def relay_process(node: Any, url: str, *more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(PROCESS), node.server.bootstrap_servers, "for-tests", url, str(LEASE.total_seconds())),
        *more,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()


async def says(process: asyncio.subprocess.Process, what: str) -> None:
    assert process.stdout
    line = await asyncio.wait_for(process.stdout.readline(), 30)
    assert line.decode().strip() == what


async def test_a_relay_that_was_stopped_past_its_lease_writes_nothing(
    real: Any, node: Any, event_url_of: Callable[[str], str], event_tables_of: Callable[[str], Connection]
) -> None:
    key = key_of(0)
    await real.publish(*(withdrawn(key, version) for version in range(1, 11)))
    async with relay_process(node, event_url_of("intake"), "hold") as zombie:
        await says(zombie, "holding")
        os.kill(zombie.pid, signal.SIGSTOP)
        async with running(real.make_relay("intake", lease=LEASE)):
            await until(real._is_sent, "another relay has sent what the stopped one holds")
            os.kill(zombie.pid, signal.SIGCONT)
            assert zombie.stdin
            zombie.stdin.write(b"\n")
            await says(zombie, "ProducerFenced")
            await real.publish(withdrawn(key, 11))
            await until(real._is_sent, "the rightful relay goes on")
    assert await read_all(node, 11) == [(str(key), version) for version in range(1, 12)]


async def test_a_relay_that_was_killed_before_its_commit_is_followed_by_another(
    real: Any, node: Any, event_url_of: Callable[[str], str]
) -> None:
    keys = [key_of(shard) for shard in range(SHARDS)]
    await real.publish(*(withdrawn(key, version) for version in range(1, 6) for key in keys))
    async with relay_process(node, event_url_of("intake"), "hold") as killed:
        await says(killed, "holding")
        killed.kill()
        await killed.wait()
    assert not await real._is_sent()
    async with running(real.make_relay("intake", lease=LEASE)):
        await until(real._is_sent, "all is sent")
    found = await read_all(node, 5 * SHARDS)
    assert {key: [v for k, v in found if k == key] for key in map(str, keys)} == {
        str(key): [1, 2, 3, 4, 5] for key in keys
    }


async def test_a_failed_publish_stays_pending_and_is_sent_when_kafka_is_back(real_alone: Any, own_node: Any) -> None:
    await asyncio.to_thread(own_node.server.kill)
    await real_alone.publish(withdrawn(uuid4(), 1))
    relay = real_alone.make_relay("intake", lease=LEASE)
    async with running(relay):

        async def waits() -> bool:
            return "Kafka" in relay.check().detail

        await until(waits, "the relay says that it waits for Kafka")
        assert relay.check().alive
        assert not await real_alone._is_sent()
        await asyncio.to_thread(own_node.server.start)
        await until(real_alone._is_sent, "the event is sent")


async def test_a_record_that_kafka_refuses_holds_up_its_key_only_and_is_seen(
    real: Any, node: Any, event_tables_of: Callable[[str], Connection]
) -> None:
    bad, shard = key_of(1), 1
    good = key_of(shard)
    await real.publish(withdrawn(bad, 1), huge(bad, 2), withdrawn(bad, 3), withdrawn(good, 1))
    tables = event_tables_of("intake")

    async def only_the_refused_wait() -> bool:
        return bool(tables.execute(text("select count(*) from event_pending")).scalar_one() == 2)

    async with running(real.make_relay("intake", lease=LEASE)):
        await until(only_the_refused_wait, "all but the refused event and what follows it is sent")
    assert sorted(await read_all(node, 2)) == sorted([(str(bad), 1), (str(good), 1)])
    refused = tables.execute(text("select refused, attempts from event_pending where refused is not null")).one()
    assert refused.refused == "MessageSizeTooLargeError"
    tables.execute(text("delete from event_pending where refused is not null"))
    async with running(real.make_relay("intake", lease=LEASE)):
        await until(real._is_sent, "what followed goes on when the refused event is gone")


async def test_a_missing_topic_holds_up_no_other_and_is_never_made(real: Any, node: Any) -> None:
    await asyncio.to_thread(node.delete, "intake.contact.v1")
    relay = real.make_relay("intake", lease=LEASE, check_topics_every=timedelta(seconds=0.2))

    async def says_what_is_missing() -> bool:
        return "intake.contact.v1" in relay.check().detail

    async with running(relay):
        await until(says_what_is_missing, "the relay says which topic is missing")
        assert relay.check().alive
        await real.publish(withdrawn(uuid4(), 1))
        await until(real._is_sent, "the other topic's events are sent")
    assert any("intake.contact.v1" in line for line in node.lay())


async def test_nothing_is_sent_to_a_topic_of_other_partitions(real: Any, node: Any) -> None:
    await asyncio.to_thread(node.lay_with, "intake.appeal.v1", partitions=3)
    relay = real.make_relay("intake", lease=LEASE, check_topics_every=timedelta(seconds=0.2))
    line = "topics have another number of partitions (intake.appeal.v1, not 24): see `baiyang topics drift`"

    async def says_so() -> bool:
        return bool(relay.check().detail == line)

    async with running(relay):
        await until(says_so, "the relay says which topic it is")
        await real.publish(withdrawn(uuid4(), 1))
        await asyncio.sleep(0)
        assert await asyncio.to_thread(node.ends, "intake.appeal.v1", 3) == 0
        await asyncio.to_thread(node.delete, "intake.appeal.v1")
        await asyncio.to_thread(node.lay)
        await until(real._is_sent, "what waited goes on when the topic is as declared")


async def test_relays_share_the_shards_fairly(real: Any, event_tables_of: Callable[[str], Connection]) -> None:
    tables = event_tables_of("intake")

    async def shares() -> list[int]:
        rows = tables.execute(text("select count(*) from relay_lease where holder is not null group by holder"))
        return sorted(rows.scalars())

    def shared_as(*expected: int) -> Any:
        async def look() -> bool:
            return await shares() == list(expected)

        return look

    first, second = (real.make_relay("intake", lease=LEASE) for _ in range(2))
    async with running(first):
        await until(shared_as(2), "one relay holds all shards")
        async with running(second):
            await until(shared_as(1, 1), "two relays hold half each")
        await until(shared_as(2), "what one has given up the other takes")


@pytest.fixture
def relay_work(event_database: Callable[[str, str], Database]) -> Callable[..., Any]:
    database = event_database("intake", "relay")

    async def relay_work(work: Callable[[UnitOfWork], Any]) -> Any:
        return await database.run(work)

    return relay_work


async def hold(relay_work: Callable[..., Any], holder: str = "one") -> dict[int, Lease]:
    found: dict[int, Lease] = await relay_work(lambda uow: leases.take(uow, holder, timedelta(hours=1), wanted=SHARDS))
    return found


async def test_an_id_that_was_taken_before_and_committed_after_is_sent(
    real: Any, relay_work: Callable[..., Any], event_database: Callable[[str, str], Database]
) -> None:
    key, other = key_of(0), key_of(0)
    late = event_database("intake", "api")
    async with late.engine.connect() as slow:
        await slow.run_sync(lambda c: _append(c, withdrawn(key, 1)))
        await real.publish(withdrawn(other, 1))
        lease = (await hold(relay_work))[0]
        [seen] = await relay_work(lambda uow: window.read(uow, lease, ["intake.appeal.v1"], 10))
        assert seen.key == str(other)
        assert await relay_work(lambda uow: window.mark_sent(uow, lease, [seen]))
        await slow.commit()
    [late_one] = await relay_work(lambda uow: window.read(uow, lease, ["intake.appeal.v1"], 10))
    assert late_one.key == str(key)
    assert late_one.id < seen.id


def _append(connection: Connection, event: AppealWithdrawnV1) -> None:
    uow = UnitOfWork(connection, now=NOW)
    uow.publish(event)
    uow.flush()


async def test_who_has_lost_the_lease_neither_reads_nor_deletes(real: Any, relay_work: Callable[..., Any]) -> None:
    await real.publish(withdrawn(key_of(0), 1))
    lease = (await hold(relay_work))[0]
    events = await relay_work(lambda uow: window.read(uow, lease, ["intake.appeal.v1"], 10))
    await relay_work(lambda uow: leases.give_up(uow, lease))
    await hold(relay_work, "two")
    assert await relay_work(lambda uow: window.read(uow, lease, ["intake.appeal.v1"], 10)) is None
    assert not await relay_work(lambda uow: window.mark_sent(uow, lease, events))
    assert not await real._is_sent()


async def test_a_lease_in_force_is_not_taken(relay_work: Callable[..., Any]) -> None:
    await hold(relay_work)
    assert await hold(relay_work, "two") == {}


async def test_a_batch_goes_to_the_partition_of_each_key(real: Any, node: Any) -> None:
    """Batches of aiokafka's own put every key on one partition: the relay must not use them."""
    keys = [uuid4() for _ in range(40)]
    await real.publish(*(withdrawn(key, 1) for key in keys))
    async with running(real.make_relay("intake", lease=LEASE)):
        await until(real._is_sent, "all is sent")
    consumer = AIOKafkaConsumer("intake.appeal.v1", auto_offset_reset="earliest", **client_settings(node.admin))
    await consumer.start()
    seen: dict[str, int] = {}

    async def all_seen() -> bool:
        for tp, records in (await consumer.getmany(timeout_ms=200)).items():
            seen.update({r.key.decode(): tp.partition for r in records})
        return len(seen) == 40

    await until(all_seen, "all are read")
    await consumer.stop()
    assert len(set(seen.values())) > 10
