"""Aspects of services as processes of their own (``python -m intake relay``), and the CPU that processes take."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

_READY_WITHIN = 120.0
_END_WITHIN = 40.0


@dataclass
class Aspect:
    """A running process; ``cpu`` is what it has taken so far, in seconds."""

    name: str
    port: int
    popen: "subprocess.Popen[bytes]"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cpu(self) -> float:
        return cpu_of(self.popen.pid)


@contextmanager
def running(
    service: str, aspect: str, count: int, *, settings: Mapping[str, str], first_port: int, logs: Path
) -> Iterator[list[Aspect]]:
    """So many replicas, each on its own port, from when all are ready until they have ended as they are asked to."""
    started: list[Aspect] = []
    try:
        started.extend(_start(service, aspect, first_port + number, settings, logs) for number in range(count))
        await_ready(started)
        yield started
    finally:
        end(each.popen for each in started)


def _start(service: str, aspect: str, port: int, settings: Mapping[str, str], logs: Path) -> Aspect:
    told = {**settings, f"{service.upper()}_PORT": str(port), "PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"}
    return start([sys.executable, "-m", service, aspect], f"{service}-{aspect}", port, settings=told, logs=logs)


def start(command: Sequence[str], name: str, port: int, *, settings: Mapping[str, str], logs: Path) -> Aspect:
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"{name}-{port}.log").open("ab") as out:
        popen = subprocess.Popen(
            command,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Aspect(name, port, popen)


def await_ready(started: Sequence[Aspect]) -> None:
    until = time.monotonic() + _READY_WITHIN
    with httpx.Client(timeout=2) as http:
        for each in started:
            while not _is_ready(http, each):
                if each.popen.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{each.name} on port {each.port} did not become ready ({each.popen.poll()})")
                time.sleep(0.05)


def _is_ready(http: httpx.Client, each: Aspect) -> bool:
    try:
        return http.get(f"{each.address}/readyz").is_success
    except httpx.HTTPError:
        return False


def end(started: Iterable["subprocess.Popen[bytes]"]) -> None:
    each = list(started)
    for popen in each:
        popen.terminate()
    for popen in each:
        try:
            popen.wait(_END_WITHIN)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()


def cpu_of(pid: int) -> float:
    """Seconds of the process, of the children that it has, and of those that have ended.

    PostgreSQL's sessions come and go: one that ends is its postmaster's from then on. One that ended between two looks
    is looked for again, so that nothing is counted twice or not at all.
    """
    process = psutil.Process(pid)
    while True:
        before = process.cpu_times()
        try:
            live = sum(_own(child) for child in process.children(recursive=True))
        except psutil.NoSuchProcess:
            continue
        after = process.cpu_times()
        if (before.children_user, before.children_system) == (after.children_user, after.children_system):
            return float(after.user + after.system + after.children_user + after.children_system + live)


def _own(process: psutil.Process) -> float:
    taken = process.cpu_times()
    return float(taken.user + taken.system)
