"""A city of many cases in minutes: stories played in parallel, copied in, and the tables left as after a long life."""

import multiprocessing
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

import psycopg

from tests.bench.state import tables
from tests.bench.state.ground import SUPERUSER, CityGround, survey
from tests.bench.state.lives import Player
from tests.bench.state.sheets import Sheets
from tests.bench.state.stories import YEARS, draw
from tests.bench.state.telling import Teller
from tests.system.city import City

#: A state has a community for so many cases, so that a holder's lists are as long in a small city as in a large one.
CASES_A_COMMUNITY = 5_000

#: Cases of one transaction: the smaller it is, the better the workers' rows lie in the order of time.
CHUNK = 500

SERVICES = ("intake", "routing", "notify")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Task:
    city: City
    ground: CityGround
    cases: int
    seed: int
    now: datetime


def load(city: City, cases: int, *, seed: int, say: Say) -> dict[str, int]:
    """Fill a freshly made, running city; how many rows each table got."""
    begun = time.monotonic()
    grow(city, max(2, cases // CASES_A_COMMUNITY), say)
    now = datetime.now(UTC)
    ground = survey(city, now=now, since=now - YEARS)
    task = Task(city, ground, cases, seed, now)
    rows: Counter[str] = Counter()
    with tables.ready_for_loading(city, since=now - YEARS, say=say):
        for done, counts in enumerate(_in_parallel(task), start=1):
            rows.update(counts)
            if done * CHUNK % max(CHUNK, cases // 10 // CHUNK * CHUNK) == 0:
                say(f"{done * CHUNK:,} cases, {rows.total():,} rows in {time.monotonic() - begun:.0f} s")
    say(f"{cases:,} cases with {rows.total():,} rows are in: {time.monotonic() - begun:.0f} s")
    return dict(rows)


def grow(city: City, communities: int, say: Say) -> None:
    """By the demonstration's own command: places, posts, holders, homes; the copies have come when it ends."""
    say(f"a city of {communities} communities")
    city.baiyang("demo", "--communities", str(communities), "--no-appeals")


def _in_parallel(task: Task) -> Iterator[dict[str, int]]:
    """Forked, so that the ground is read once."""
    context = multiprocessing.get_context("fork")
    workers = os.cpu_count() or 1
    with context.Pool(workers, _begin, [task]) as pool:
        yield from pool.imap_unordered(_load_chunk, range(0, task.cases, CHUNK))


class _Worker:
    def __init__(self, task: Task) -> None:
        self._task = task
        self._connections = {service: _open(task.city, service) for service in SERVICES}
        self._sheets = {service: Sheets() for service in SERVICES}
        self._player = Player(task.ground, task.now, self._sheets["intake"], self._sheets["routing"])
        self._teller = Teller(task.ground, task.now, self._sheets["notify"])

    def load(self, first: int) -> dict[str, int]:
        task = self._task
        chance = Random(f"{task.seed} {first}")
        _deal(chance)
        for place in range(first, min(first + CHUNK, task.cases)):
            story = draw(task.ground, chance, now=task.now, share=place / task.cases)
            self._teller.tell_of(self._player.play(story, chance), chance)
        rows: dict[str, int] = {}
        for service, sheets in self._sheets.items():
            rows |= sheets.copy_into(self._connections[service])
        return rows


_worker: _Worker | None = None


def _begin(task: Task) -> None:
    global _worker  # noqa: PLW0603  # one a process, made when the pool makes the process
    _worker = _Worker(task)


def _deal(chance: Random) -> None:
    """Ids, numbers, codes, keys and salts of this process come from the seed too, and cost no call of the kernel."""
    os.urandom = chance.randbytes
    secrets.choice = chance.choice


def _load_chunk(first: int) -> dict[str, int]:
    assert _worker is not None
    return _worker.load(first)


def _open(city: City, service: str) -> psycopg.Connection[Any]:
    """Without foreign keys being looked up row by row: the rows come with what they point to."""
    connection = city.connect(service, SUPERUSER)
    connection.execute("set session_replication_role = replica")
    connection.execute("set synchronous_commit = off")
    return connection
