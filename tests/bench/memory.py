"""Megabytes of each process, again and again, and whether they grow."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil
from local.__main__ import memory_of

from tests.bench.spending import PROCESSES
from tests.system.city import City


@dataclass
class Memory:
    """By process: (seconds since the first look, megabytes)."""

    seen: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def last(self, process: str) -> float:
        return self.seen[process][-1][1]

    def most(self, process: str) -> float:
        return max(megabytes for _, megabytes in self.seen[process])

    def growth(self, process: str) -> float:
        """Megabytes an hour over the last two thirds; what is built up at the beginning is no growth."""
        return 3600 * slope(self.seen[process][len(self.seen[process]) // 3 :])


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the straight line nearest to the points."""
    if len(points) < 2:
        return 0.0
    middle = sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    wide = sum((x - middle[0]) ** 2 for x, _ in points)
    return sum((x - middle[0]) * (y - middle[1]) for x, y in points) / wide if wide else 0.0


def megabytes(city: City) -> dict[str, float]:
    """Resident, each by itself; PostgreSQL's sessions share most of theirs: its sum is of proportional parts."""
    found = {name: psutil.Process(city.pid_of(name)).memory_info().rss / 2**20 for name in PROCESSES}
    return {**found, "postgres": memory_of(city.pid_of("postgres"))}


@contextmanager
def remembering(city: City, *, every: float = 10.0) -> Iterator[Memory]:
    memory, over, begun = Memory(), threading.Event(), time.monotonic()

    def look_on() -> None:
        while not over.is_set():
            for name, found in megabytes(city).items():
                memory.seen.setdefault(name, []).append((time.monotonic() - begun, found))
            over.wait(every)

    thread = threading.Thread(target=look_on, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        over.set()
        thread.join(30)
