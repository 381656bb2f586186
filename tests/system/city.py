"""A whole city on this machine, started as `make up` starts it, for tests that kill its processes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psutil
import psycopg
from local import ports
from local.home import Home

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("BAIYANG_DATA", ROOT.parent / "shared" / "data"))
SERVICES = ("intake", "routing", "grid", "notify")


def wait_until(claim: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll until the claim holds; a test that waits in vain says for what."""
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.02)


@dataclass
class City:
    home: Path
    port: int
    otlp_endpoint: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "BAIYANG_HOME": str(self.home),
            "PORT": str(self.port),
            "OTLP_ENDPOINT": self.otlp_endpoint,
        }

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def local(self, command: str) -> None:
        subprocess.run([sys.executable, "-m", "local", command], env=self.environment, check=True, timeout=300)

    def baiyang(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*arguments), check=False, env=self.environment, capture_output=True, text=True, timeout=900
        )
        if check:
            assert done.returncode == 0, f"baiyang {' '.join(arguments)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done

    def start_baiyang(self, *arguments: str, log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as out:
            return subprocess.Popen(
                self.command(*arguments), env=self.environment, stdout=out, stderr=subprocess.STDOUT
            )

    @staticmethod
    def command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "cli", *arguments]

    def settings(self) -> dict[str, str]:
        """What the supervisor wrote for the command line: BAIYANG_HOME/env."""
        lines = (self.home / "env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def pid_of(self, process: str) -> int:
        return int((self.home / "run" / f"{process}.pid").read_text().split()[0])

    def connect(self, service: str, user: str) -> psycopg.Connection:
        settings = self.settings()
        url = settings[f"{service.upper()}_DATABASE_URL"].replace("postgresql+asyncpg://", "postgresql://")
        return psycopg.connect(url.format(role=user), passfile=settings["PGPASSFILE"], autocommit=True)

    def count(self, service: str, query: LiteralString, *, user: str = "") -> int:
        """What the query counts, seen from everywhere."""
        with self.connect(service, user or f"{service}_auditor") as connection:
            connection.execute("select set_config('app.lo1', '/', false), set_config('app.hi1', '0', false)")
            row = connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])


def assert_reconciled(city: City, *, grace: int = 5) -> None:
    """``grace`` is how many of the last seconds are set aside; none where nothing goes on beside the test."""
    told = city.baiyang("reconcile", "--wait", "180", "--grace", str(grace), check=False)
    assert told.returncode == 0, told.stdout[-6000:] + told.stderr[-2000:]


def free_port_range() -> int:
    """A port with the hundred after it unused, as the supervisor lays its processes out behind PORT. Each of the
    processes that share the tests looks in a range of its own.
    """
    first = 21000 + 2000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for port in range(first, first + 2000, 200):
        if all(ports.is_free(one) for one in Home(Path(), port).ports.values()):
            return port
    raise AssertionError("no free range of ports")


@contextmanager
def running_city(home: Path, *, otlp_endpoint: str = "") -> Iterator[City]:
    city = City(home=home, port=free_port_range(), otlp_endpoint=otlp_endpoint)
    try:
        city.local("up")
        yield city
    finally:
        city.local("down")
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Hold a process still, so that what it has begun can be looked at; it goes on afterwards, if it still lives."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGCONT)


def kill_in_the_act(pid: int, has_begun: Callable[[], bool], *, seconds: float = 60) -> None:
    """``kill -9`` while the process has uncommitted or unacknowledged work: held still, looked at, then killed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with stopped(pid):
            if has_begun():
                os.kill(pid, signal.SIGKILL)
                return
        time.sleep(0.013)
    raise AssertionError(f"process {pid} was never seen with work begun within {seconds} s")
