"""The same work on every core, a chunk at a time."""

import multiprocessing
import os
import secrets
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import psycopg

from tests.bench.state.ground import SUPERUSER
from tests.system.city import City

#: Cases of one transaction: the smaller it is, the better the workers' rows lie in the order of time.
CHUNK = 500

#: The first case of a chunk, and the first that is not in it; how many rows each table got.
Work = Callable[[int, int], dict[str, int]]


def each_chunk(total: int, prepare: Callable[[], Work]) -> Iterator[dict[str, int]]:
    """Forked, so that what has been read is read once; ``prepare`` runs in each worker and opens its connections."""
    context = multiprocessing.get_context("fork")
    chunks = [(first, min(first + CHUNK, total)) for first in range(0, total, CHUNK)]
    with context.Pool(os.cpu_count(), _begin, [prepare]) as pool:
        yield from pool.imap_unordered(_do, chunks)
        # They end by themselves: one that is ended while it waits for work keeps the others waiting for ever.
        pool.close()
        pool.join()


def dealt(seed: str) -> Random:
    """A chunk's own chance, from which this process draws ids, numbers, codes, keys and salts too.

    So a seed makes the same city twice, and no draw is a call of the kernel.
    """
    chance = Random(seed)
    os.urandom = chance.randbytes
    secrets.choice = chance.choice
    return chance


def open_for_copying(city: City, service: str) -> "psycopg.Connection[Any]":
    """Without foreign keys being looked up row by row: the rows come with what they point to."""
    connection = city.connect(service, SUPERUSER)
    connection.execute("set session_replication_role = replica")
    connection.execute("set synchronous_commit = off")
    return connection


_work: Work | None = None


def _begin(prepare: Callable[[], Work]) -> None:
    global _work  # noqa: PLW0603  # one a process, made when the pool makes the process
    _work = prepare()


def _do(chunk: tuple[int, int]) -> dict[str, int]:
    assert _work is not None
    return _work(*chunk)
