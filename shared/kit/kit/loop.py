"""The clock aspect: work that falls due, done until nothing is due, then again after a while."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from kit import metrics
from kit.away import told
from kit.frames import where
from kit.health import Health

log = logging.getLogger("kit.loop")

MEASURES_EVERY = timedelta(seconds=15)

DONE = metrics.counter("baiyang_loop_done")
FAILURES = metrics.counter("baiyang_loop_failures")
LAST_PASS = metrics.gauge("baiyang_loop_last_pass_seconds")


class Loop:
    """Calls ``work`` until it returns less than ``full`` (how many things it did), waits ``every``, and begins again:
    what comes in singly is done together.

    Any number of replicas may run it: ``work`` claims what it does. A pass that fails is tried again with growing
    pauses, for ever. The loop is alive while passes end, well or badly, within ``stuck_after``.
    """

    def __init__(
        self,
        name: str,
        every: timedelta,
        work: Callable[[], Awaitable[int]],
        *,
        full: int = 1,
        stuck_after: timedelta = timedelta(minutes=2),
        longest_pause: timedelta = timedelta(seconds=30),
    ) -> None:
        self.name = name
        self._every = every.total_seconds()
        self._work = work
        self._full = full
        self._stuck_after = stuck_after.total_seconds()
        self._longest_pause = longest_pause.total_seconds()
        self._stopping = asyncio.Event()
        self._began: float | None = None
        self._failures = 0
        self._trouble = ""

    async def run(self) -> None:
        while not self._stopping.is_set():
            pause = await self._pass()
            if pause:
                await self._rest(pause)

    async def catch_up(self) -> int:
        """All that is due at this instant, for whoever drives the clock; how many things that were."""
        done = count = await self._work()
        while count >= self._full:
            count = await self._work()
            done += count
        return done

    async def stop(self) -> None:
        self._stopping.set()

    def check(self) -> Health:
        if self._began is not None and time.monotonic() - self._began > self._stuck_after:
            return Health(alive=False, ready=False, detail=f"{self.name} hangs in a pass: restart it")
        if self._failures:
            return Health(ready=False, detail=f"{self.name} failed {self._failures} times ({self._trouble})")
        return Health()

    async def _pass(self) -> float:
        """One call of the work; the seconds to rest after it."""
        self._began = time.monotonic()
        try:
            done = await self._work()
        except Exception as error:  # noqa: BLE001  # whatever it is, what is due stays due
            self._failures += 1
            self._trouble = told(error)
            FAILURES.labels(self.name, type(error).__name__).inc()
            log.warning(
                "loop.failed",
                extra={"loop": self.name, "error": self._trouble, "at": where(error), "times": self._failures},
            )
            return float(min(self._every * 2 ** min(self._failures, 10), self._longest_pause))
        finally:
            self._began = None
            LAST_PASS.labels(self.name).set_to_current_time()
        self._failures = 0
        DONE.labels(self.name).inc(done)
        return 0 if done >= self._full else self._every

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def make_measurer(
    find_due: Callable[[], Awaitable[tuple[int, timedelta]]],
    *,
    count: Callable[[float], None],
    oldest: Callable[[float], None],
) -> Loop:
    """How much waits for a clock, and for how many seconds the oldest has: for who watches."""

    async def measure() -> int:
        number, waited = await find_due()
        count(number)
        oldest(waited.total_seconds())
        return 0

    return Loop("measure_due", MEASURES_EVERY, measure)
