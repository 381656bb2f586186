"""The platform without its services, for measures that run each aspect as a process of its own.

PostgreSQL, Kafka and the identity provider as ``make run`` starts them, over the demonstration city alone, the same for
each measure: what is measured here is a ratio of two ways to do the same, or the same with more replicas.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import LiteralString

import psycopg
from cli.settings import Settings, read
from cli.token import bearer_of
from kit import topics
from local import home as homes
from local import processes
from local.home import Home
from local.kafka import ADMIN
from local.parts import Platform
from pydantic import SecretStr

from tests.bench import aspects
from tests.bench.aspects import Aspect
from tests.bench.bench import Bench
from tests.system.city import City

#: Beyond the ports of the cities that a run may have at the same time.
_BEHIND = 500

#: Of the hundred ports of a home, those that the platform leaves to others begin here.
_FREE_PORTS = 50


@dataclass
class Stage:
    home: Home
    platform: Platform
    settings: dict[str, str] = field(repr=False)

    def running(
        self, service: str, aspect: str, count: int = 1, *, beside: int = 0
    ) -> AbstractContextManager[list[Aspect]]:
        """``beside`` so many others that run."""
        port, logs = self.free_port + beside, self.home.path / "log"
        return aspects.running(service, aspect, count, settings=self.settings, first_port=port, logs=logs)

    @property
    def free_port(self) -> int:
        return self.home.port + _FREE_PORTS

    def token(self, name: str) -> str:
        return bearer_of(name, Settings(self.home.path, self.settings))

    def connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        """As the owner of the server, who passes by every policy; each statement is committed."""
        return self.platform.postgres.connect(database)

    def count(self, database: str, query: LiteralString) -> int:
        with self.connect(database) as connection:
            row = connection.execute(query).fetchone()
        return int(str(row[0])) if row else 0

    def execute(
        self, database: str, query: LiteralString, values: Mapping[str, object] | Sequence[object] = ()
    ) -> None:
        with self.connect(database) as connection:
            connection.execute(query, values)

    def cpu(self, part: str) -> float:
        """Seconds that ``postgres`` or ``kafka`` has taken so far."""
        child = (self.platform.postgres if part == "postgres" else self.platform.kafka).child
        return aspects.cpu_of(child.popen.pid)

    def checkpoint(self) -> None:
        """Now, so that it does not fall into what is measured next."""
        with self.connect("postgres") as connection:
            connection.execute("checkpoint")

    def leave_vacuum(self) -> None:
        """To ``vacuum`` alone: what comes by itself each minute falls into whatever is measured then."""
        self.execute("postgres", "alter system set autovacuum = off")
        self.execute("postgres", "select pg_reload_conf()")

    def vacuum(self) -> None:
        for database in homes.SERVICES:
            self.execute(database, "vacuum analyze")

    @property
    def administrator(self) -> topics.Access:
        kafka = self.platform.kafka
        return topics.Access(kafka.bootstrap_servers, ADMIN, SecretStr(kafka.password))


@contextmanager
def stage(bench: Bench) -> Iterator[Stage]:
    """The cities of the run are stopped meanwhile: it has the machine to itself."""
    bench.close()
    home = Home(bench.home / "stage", bench.port + _BEHIND)
    _set(home, bench)
    with home.held():
        known = home.secrets()
        homes.lay_passwords(home, known)
        homes.lay_environment(home, known)
        platform = Platform(home, known)
        try:
            parts = platform.parts()
            for bring_up in (parts["postgres"].bring_up, platform.migrate, parts["kafka"].bring_up):
                bring_up()
            parts["identity"].bring_up()
            yield Stage(home, platform, read(home.env_file))
        finally:
            platform.children.stop_all(patience=30)


def _set(home: Home, bench: Bench) -> None:
    """As it was when the city had just been made: made once, and laid out again for each measure."""
    made = home.path.with_name("stage.made")
    processes.take_down_leftovers(home.path)
    shutil.rmtree(home.path, ignore_errors=True)
    if not made.exists():
        bench.say(f"making a small city in {home.path}")
        _make_city(City(home=home.path, port=home.port))
        home.path.rename(made)
    subprocess.run(["cp", "-a", made, home.path], check=True)


def _make_city(city: City) -> None:
    """With all that it has said taken: then its services are stopped."""
    city.local("up")
    await_quiet(lambda: sum(city.count(name, "select count(*) from event_pending") for name in homes.SERVICES) == 0)
    city.local("down")


def await_quiet(claim: Callable[[], bool], *, seconds: float = 120, looks: int = 5) -> None:
    """Until the claim holds several times in a row, since what is taken may cause more."""
    until, held = time.monotonic() + seconds, 0
    while held < looks:
        if time.monotonic() > until:
            raise TimeoutError(f"not quiet within {seconds:.0f} s")
        held = held + 1 if claim() else 0
        time.sleep(0.5)
