"""How long a consumer at rest leaves a record lying, told by a loop whose time passes only as far as somebody waits."""

import asyncio
import selectors
from contextlib import suppress

import pytest
from contracts.intake import AppealWithdrawnV1
from kit.db import Database, UnitOfWork
from kit.kafka import Consumers, consumes
from kit.settings import ServiceSettings
from pydantic import SecretStr

#: Nobody asks it for anything.
NOWHERE = "postgresql+asyncpg://{role}@nowhere/routing"


@consumes(AppealWithdrawnV1)
def take_withdrawal(uow: UnitOfWork, event: AppealWithdrawnV1) -> None:
    """Takes nothing."""


class Leaping(selectors.DefaultSelector):
    """Whoever would sleep finds that the time has passed."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.passed += timeout or 0
        return super().select(0)


class LeapingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.leaping = Leaping()
        super().__init__(self.leaping)

    def time(self) -> float:
        return self.leaping.passed


class Partition:
    """What aiokafka does: a poll ends with what comes, or with nothing when its time is over."""

    def __init__(self) -> None:
        self.records: list[str] = []
        self.arrival = asyncio.Event()

    def bring(self, record: str) -> None:
        self.records.append(record)
        self.arrival.set()

    async def getmany(self, *, timeout_ms: float, max_records: int) -> dict[str, list[str]]:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.arrival.wait(), timeout_ms / 1000)
        taken, self.records = self.records[:max_records], []
        self.arrival.clear()
        return {"partition": taken} if taken else {}


@pytest.mark.parametrize("comes", [0.5, 1.5, 2.5, 3600.25])
def test_a_record_that_comes_while_the_consumer_rests_does_not_lie(comes: float) -> None:
    async def poll() -> float:
        partition = Partition()
        consumers = Consumers(
            service="routing",
            database=Database(NOWHERE, role="routing"),
            settings=ServiceSettings(database_url=NOWHERE, service_keys=SecretStr("")),
            handlers=[take_withdrawal],
        )
        (subscriber,) = consumers._make_broker().subscribers
        loop = asyncio.get_running_loop()
        loop.call_later(comes, partition.bring, "a record")
        while not await subscriber.get_msg(partition):  # type: ignore[attr-defined]  # as the framework's loop does
            pass
        return loop.time()

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        assert runner.run(poll()) == pytest.approx(comes, abs=0.01)
