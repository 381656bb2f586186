"""Events out: sends what is pending, in order per key, whatever dies."""

import asyncio
import logging
import os
import time
from datetime import timedelta
from functools import partial
from uuid import uuid4

from kit import outbox
from kit.away import told
from kit.db import Database
from kit.frames import where
from kit.health import Health
from kit.kafka.security import KafkaSettings, client_settings
from kit.relay import leases, metrics, window
from kit.relay.destinations import Destinations
from kit.relay.leases import Lease
from kit.relay.shards import Sender

log = logging.getLogger("kit.relay")

HOURLY = 3600.0


class Relay:
    """A service's relay, as a running part of a process. Any number of replicas share the shards."""

    name = "relay"

    def __init__(
        self,
        *,
        service: str,
        database: Database,
        settings: KafkaSettings,
        lease: timedelta = timedelta(seconds=10),
        window_size: int = 500,
        check_topics_every: timedelta = timedelta(seconds=10),
        stuck_after: timedelta = timedelta(seconds=90),
    ) -> None:
        self.service = service
        self.holder = f"{os.uname().nodename}-{os.getpid()}-{uuid4().hex[:8]}"
        self._database = database
        self._settings = settings
        self._length = lease
        self._window_size = window_size
        self._stuck_after = stuck_after.total_seconds()
        self._destinations = Destinations(service, database, every=check_topics_every.total_seconds())
        self._senders: dict[int, tuple[Sender, asyncio.Task[None]]] = {}
        self._valid_until = 0.0
        self._stopping = asyncio.Event()
        self._last_pass = time.monotonic()
        self._maintained = float("-inf")
        self._database_away: str | None = None

    async def run(self) -> None:
        """Run until stopped. Waits for Kafka and the database while they are away."""
        tasks = [asyncio.create_task(self._holding()), asyncio.create_task(self._stopping.wait())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._let_go(list(self._senders))
            await self._leave()

    async def stop(self) -> None:
        self._stopping.set()

    def check(self) -> Health:
        """Unlive only when a loop hangs: each pass has its own bound, so that one which lasts longer never ends."""
        now = time.monotonic()
        hung = [s.lease.shard for s, _ in self._senders.values() if now - s.last_pass > self._stuck_after]
        if hung or now - self._last_pass > self._stuck_after:
            return Health(alive=False, ready=False, detail=f"the relay hangs (shards {hung}): restart it")
        if self._database_away:
            return Health(ready=False, detail=f"waits for the database ({self._database_away})")
        if unfit := self._destinations.unfit():
            return Health(ready=False, detail=unfit)
        if trouble := next((s.trouble for s, _ in self._senders.values() if s.trouble), None):
            return Health(ready=False, detail=f"does not send ({trouble})")
        return Health()

    async def _holding(self) -> None:
        """Renew leases, take what nobody holds, give up what is more than a fair share; now and then measure."""
        while True:
            try:
                async with asyncio.timeout(30):
                    await self._hold()
                    await self._measure()
                    await self._maintain()
                self._database_away = None
            except Exception as error:  # noqa: BLE001  # tried again in a moment
                self._database_away = told(error)
                log.warning(
                    "relay.cannot_hold",
                    extra={"service": self.service, "error": self._database_away, "at": where(error)},
                )
            self._last_pass = time.monotonic()
            await asyncio.sleep(self._length.total_seconds() / 3)

    async def _hold(self) -> None:
        # Counted from before the statement: the lease in the database ends no earlier than this.
        asked = time.monotonic()
        held, share = await self._database.run(lambda uow: leases.renew(uow, self.holder, self._length))
        self._valid_until = asked + self._length.total_seconds()
        await self._drop_lost(held)
        excess = sorted(self._senders)[share:]
        if excess:
            await self._let_go(excess)
        elif len(self._senders) < share:
            wanted = share - len(self._senders)
            taken = await self._database.run(lambda uow: leases.take(uow, self.holder, self._length, wanted=wanted))
            for lease in [*(held[s] for s in held if s not in self._senders), *taken.values()]:
                self._send(lease)
        metrics.SHARDS_HELD.labels(self.service).set(len(self._senders))

    async def _drop_lost(self, held: dict[int, Lease]) -> None:
        """Forget senders that have ended, or whose shard has been taken since; a new lease gets a new sender."""
        for shard, (sender, task) in list(self._senders.items()):
            if task.done() or held.get(shard) != sender.lease:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                del self._senders[shard]

    def _send(self, lease: Lease) -> None:
        sender = Sender(
            self.service,
            lease,
            database=self._database,
            destinations=self._destinations,
            producer_settings=client_settings(self._settings),
            valid_until=lambda: self._valid_until,
            window_size=self._window_size,
            window_timeout=timedelta(seconds=20),
        )
        task = asyncio.create_task(sender.run(), name=f"{self.service}-relay-{lease.shard}")
        task.add_done_callback(_report)
        self._senders[lease.shard] = (sender, task)

    async def _let_go(self, shards: list[int]) -> None:
        """Finish what is in hand, then let another have the shards at once."""
        going = {shard: self._senders.pop(shard) for shard in shards}
        for sender, _ in going.values():
            sender.stop()
        tasks = [task for _, task in going.values()]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=5)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            async with asyncio.timeout(5):
                for sender, _ in going.values():
                    await self._database.run(partial(leases.give_up, lease=sender.lease))
        except Exception as error:  # noqa: BLE001  # the lease ends by itself
            log.warning("relay.cannot_give_up", extra={"service": self.service, "error": type(error).__name__})

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(5):
                await self._database.run(lambda uow: leases.leave(uow, self.holder))
        except Exception as error:  # noqa: BLE001  # the lease ends by itself
            log.debug("relay.cannot_leave", extra={"error": type(error).__name__})

    async def _measure(self) -> None:
        pending, oldest, refused = await self._database.run(window.measure)
        metrics.PENDING.labels(self.service).set(pending)
        metrics.OLDEST.labels(self.service).set(oldest)
        metrics.REFUSED.labels(self.service).set(refused)

    async def _maintain(self) -> None:
        if time.monotonic() - self._maintained > HOURLY:
            await self._database.run(outbox.maintain)
            self._maintained = time.monotonic()


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("relay.sender_ended", extra={"error": type(error).__name__})
