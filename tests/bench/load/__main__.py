"""``python -m tests.bench.load PLAN RESULT``: its own process, so that its CPU is nobody else's."""

import asyncio
import gc
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import cycle
from pathlib import Path

import uvloop

from tests.bench.load.client import Client
from tests.bench.load.errands import Errand, Errands
from tests.bench.load.plan import Load, Phase, Plan


def arrivals(phases: Sequence[Phase]) -> Iterator[float]:
    """When each errand is meant to begin, whatever became of those before: an open loop."""
    begun = 0.0
    for phase in phases:
        count = round(phase.rate * phase.seconds)
        yield from (begun + number / phase.rate for number in range(count))
        begun += phase.seconds


async def open_loop(errands: Errands, each: Iterator[Errand], phases: Sequence[Phase]) -> None:
    running: set[asyncio.Task[None]] = set()
    for meant in arrivals(phases):
        if (wait := meant - errands.now()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.ensure_future(next(each)(meant))
        running.add(task)
        task.add_done_callback(running.discard)
        errands.load.begun += 1
    rest = sum(phase.seconds for phase in phases) - errands.now()
    await asyncio.sleep(max(rest, 0))
    errands.load.seconds = errands.now()
    if running:
        await asyncio.gather(*running)


async def closed_loop(errands: Errands, each: Iterator[Errand], seconds: float, clients: int) -> None:
    """Each client begins the next when it has ended the last."""

    async def client() -> None:
        while errands.now() < seconds:
            errands.load.begun += 1
            await next(each)(errands.now())

    await asyncio.gather(*(client() for _ in range(clients)))
    errands.load.seconds = errands.now()


async def drive(plan: Plan) -> Load:
    load, client = Load(), Client("127.0.0.1", plan.port)
    gc.collect()
    gc.freeze()
    load.began, cpu = time.time(), time.process_time()
    errands = Errands(plan, client, load, time.perf_counter())
    if plan.clients:
        await closed_loop(errands, _errands(errands, plan), plan.phases[0].seconds, plan.clients)
    else:
        await open_loop(errands, _errands(errands, plan), plan.phases)
    load.cpu, load.requests = time.process_time() - cpu, client.asked
    client.close()
    return load


def _errands(errands: Errands, plan: Plan) -> Iterator[Errand]:
    if plan.work == "looking":
        return cycle([partial(errands.looking, look=look) for look in plan.looks])
    return cycle([errands.lifecycle if plan.work == "lifecycles" else errands.filing])


def main() -> int:
    plan, result = map(Path, sys.argv[1:3])
    uvloop.run(drive(Plan.read(plan))).write(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
