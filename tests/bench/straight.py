"""``python -m tests.bench.straight``: appeals sent straight to processes, as fast as they are taken; its own process.

Reads an Order as JSON, writes a Tally as JSON.
"""

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from itertools import count
from random import Random
from uuid import UUID, uuid4

import uvloop

from tests.bench.figures import percentile
from tests.bench.load import words
from tests.bench.load.client import Client

#: Where the demonstration city's clerk takes appeals, and what they are about: each finds its holder by itself.
CLERK, CATEGORY = "lin.yue", "municipal.street_lights"
PLACES = ("HZ-BY-1-02", "HZ-BY-2-03", "HZ-BY-3-02")


@dataclass(frozen=True)
class Order:
    """So many appeals, or as many as fit into the seconds, by so many clients, to each port in turn, ``in_a_row`` at a
    time.
    """

    ports: tuple[int, ...]
    token: str
    clients: int
    seconds: float = 0
    appeals: int = 0
    in_a_row: int = 1
    seed: int = 1


@dataclass(frozen=True)
class Tally:
    """``cpu`` is the sender's own."""

    taken: int
    refused: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu: float


def send(order: Order) -> Tally:
    """In a process of its own, until it has ended."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.straight"],
        input=json.dumps(asdict(order)),
        capture_output=True,
        text=True,
        check=False,
        timeout=order.seconds + order.appeals / 10 + 120,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return Tally(**json.loads(done.stdout))


async def _send(order: Order) -> Tally:
    targets = [Client("127.0.0.1", port) for port in order.ports]
    random, numbers = Random(order.seed), count()
    took: list[float] = []
    refused = 0
    begun, cpu = time.perf_counter(), time.process_time()

    def goes_on(number: int) -> bool:
        return number < order.appeals if order.appeals else time.perf_counter() - begun < order.seconds

    async def client() -> None:
        nonlocal refused
        while goes_on(number := next(numbers)):
            target = targets[number // order.in_a_row % len(targets)]
            body, key = _appeal(random)
            sent = time.perf_counter()
            answer = await target.ask(
                "POST", "/intake/v1/appeals", token=order.token, body=body, more=f"Idempotency-Key: {key}\r\n"
            )
            took.append(time.perf_counter() - sent)
            refused += answer.status != 201

    await asyncio.gather(*(client() for _ in range(order.clients)))
    seconds = time.perf_counter() - begun
    p50, p99 = (round(1000 * percentile(took, percent), 2) for percent in (50, 99))
    return Tally(len(took) - refused, refused, seconds, p50, p99, time.process_time() - cpu)


def _appeal(random: Random) -> tuple[bytes, UUID]:
    body = words.appeal(random, words.new_token(), place=random.choice(PLACES), category=CATEGORY, channel="window")
    return json.dumps(body, ensure_ascii=False).encode(), uuid4()


def _order(given: str) -> Order:
    whole = json.loads(given)
    return Order(**{**whole, "ports": tuple(whole["ports"])})


def main() -> int:
    print(json.dumps(asdict(uvloop.run(_send(_order(sys.stdin.read()))))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
