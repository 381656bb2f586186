"""What the platform consists of on one machine, how each part comes up, and on what it waits."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
from kit import topics
from pydantic import SecretStr

from local import gateway, ports, processes, schemas
from local import home as homes
from local.home import SERVICES, Home, Secrets
from local.kafka import ADMIN, Front, Kafka
from local.postgres import Postgres
from local.processes import Child, Closing

#: Who is stopped before whom: first what takes requests, last what keeps data.
STOPPING = (("gateway",), SERVICES, ("identity",), ("kafka",), ("postgres",))

#: What lets HAProxy answer what it has taken, and PostgreSQL not wait for its sessions.
_STOPS_BY = {"gateway": signal.SIGUSR1, "postgres": signal.SIGINT}


class Children:
    """Every process of one supervisor. After ``close`` none is started, so that stopping has an end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._running: dict[str, Child] = {}

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        home: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
    ) -> Child:
        with self._lock:
            if self._closed:
                raise Closing(name)
            child = processes.start(name, command, home=home, env=env, cwd=cwd, user=user)
            self._running[name] = child
            return child

    def ended(self, name: str) -> Child | None:
        child = self._running.get(name)
        return child if child and child.has_ended else None

    def forget(self, name: str) -> None:
        """It has ended and is about to be started again."""
        with self._lock:
            self._running.pop(name, None)

    def close(self) -> None:
        with self._lock:
            self._closed = True

    def stop_all(self, *, patience: float) -> None:
        """In order; parts of one rank at the same time."""
        self.close()
        ranked = {name for rank in STOPPING for name in rank}
        passing = tuple(name for name in self._running if name not in ranked)
        for rank in (passing, *STOPPING):
            threads = [
                threading.Thread(target=_stop, args=(self._running[name], patience))
                for name in rank
                if name in self._running
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def kill_all(self) -> None:
        self.close()
        for child in self._running.values():
            child.kill()


def _stop(child: Child, patience: float) -> None:
    child.stop(by=_STOPS_BY.get(child.name, signal.SIGTERM), patience=patience)


@dataclass
class Part:
    """``bring_up`` returns when the part answers; it is called again when its process has ended."""

    name: str
    bring_up: Callable[[], None]
    failures: int = 0
    since: float = 0


class Platform:
    """The parts of one home, wired."""

    def __init__(self, home: Home, known: Secrets) -> None:
        self.home = home
        self.known = known
        self.children = Children()
        self.postgres = Postgres(
            home.path,
            port=home.ports["postgres"],
            host=home.host,
            password=known.superuser,
            starter=self.children.start,
        )
        self.kafka = Kafka(
            home.path,
            port=home.ports["kafka"],
            host=home.host,
            controller_port=home.ports["kafka-controller"],
            password=known.kafka[ADMIN],
            front=Front(f"{home.host}:{home.told['kafka']}", home.behind_front["kafka"]) if home.front else None,
            starter=self.children.start,
        )

    def parts(self) -> dict[str, Part]:
        every = [
            Part("postgres", self.bring_up_postgres),
            Part("kafka", self.bring_up_kafka),
            Part("identity", self.bring_up_identity),
            *(Part(service, partial(self.bring_up_service, service)) for service in SERVICES),
            Part("gateway", self.bring_up_gateway),
        ]
        return {part.name: part for part in every}

    def bring_up_postgres(self) -> None:
        self.postgres.start()
        for service in SERVICES:
            self.postgres.lay_roles(service, homes.passwords_of(service, self.known))
            self.postgres.lay_database(service)

    def bring_up_kafka(self) -> None:
        """With its topics, users and rights: the disk may be new. A node that cannot have them is begun again."""
        self.kafka.start()
        try:
            topics.lay(
                topics.Access(self.kafka.bootstrap_servers, ADMIN, SecretStr(self.known.kafka[ADMIN])),
                {user: word for user, word in self.known.kafka.items() if user != ADMIN},
            )
        except Exception:
            self.kafka.stop()
            raise

    def bring_up_identity(self) -> None:
        child = self._python("identity", ["-m", "local", "identity"], {})
        _wait_for(child, f"{self.home.issuer}/.well-known/openid-configuration")

    def migrate(self) -> None:
        """Before any service starts; each as the owner of its own tables."""
        services = schemas.behind(self.postgres)
        if not services:
            return
        told = homes.operator_environment(self.home, self.known)
        child = self._python("migrate", ["-m", "local", "migrate", *services], told)
        code = child.popen.wait()
        child.stop()
        if code != 0:
            raise processes.NotStarted(f"The tables could not be laid: {processes.last_words(child.log)}")

    def bring_up_service(self, service: str) -> None:
        """Ahead of PostgreSQL and Kafka: all requests to it wait for its one thread, theirs have many."""
        child = self._python(service, ["-m", service, "all"], self._told(service))
        processes.put_ahead(child)
        _wait_for(child, f"http://127.0.0.1:{self.home.ports[service]}/readyz")

    def bring_up_gateway(self) -> None:
        told = gateway.environment({name: self.home.ports[name] for name in ("gateway", *SERVICES)})
        child = self.children.start("gateway", gateway.command(), home=self.home.path, env=told)
        _wait_for(child, f"{self.home.address}/healthz")

    def make_city(self) -> None:
        """The demonstration city, by the same command that an operator has; what it says is shown."""
        child = self._python("demo", ["-m", "cli", "demo"], {})
        code = child.popen.wait()
        child.stop()
        if code != 0:
            raise processes.NotStarted(f"the demonstration city was not made: {processes.last_words(child.log)}")
        self.home.has_city.touch()

    def restore(self, place: str) -> tuple[int, str]:
        """By the same command that an operator has; its exit code, and what it said."""
        log = self.home.path / "log" / "restore.log"
        log.unlink(missing_ok=True)
        child = self._python("restore", ["-m", "cli", "backup", "restore", place], {})
        code = child.popen.wait()
        child.stop()
        return code, log.read_text().rstrip()

    def _told(self, service: str) -> dict[str, str]:
        passwords = {"PGPASSFILE": str(self.home.path / "passwords" / service)}
        return homes.service_environment(self.home, self.known, service) | passwords

    def _python(self, name: str, arguments: Sequence[str], told: Mapping[str, str]) -> Child:
        env = {
            "BAIYANG_HOME": str(self.home.path),
            "PORT": str(self.home.port),
            "SERVERS_HOST": self.home.host,
            "PYTHONUNBUFFERED": "1",
            "MALLOC_ARENA_MAX": "2",
            **told,
        }
        return self.children.start(name, [sys.executable, *arguments], home=self.home.path, env=env, cwd=Path.cwd())


def _wait_for(child: Child, address: str) -> None:
    with httpx.Client(timeout=2) as http:
        processes.wait_for(child, lambda: _is_ready(http, address), seconds=90)


def _is_ready(http: httpx.Client, address: str) -> bool:
    try:
        return http.get(address).is_success
    except httpx.HTTPError:
        return False


def ports_taken(home: Home) -> list[str]:
    """What is in the way, each with the remedy."""
    taken = [f"Port {port} ({name}) is in use." for name, port in home.ports.items() if not ports.is_free(port)]
    if not taken:
        return []
    for base in range(home.port + 100, 60000, 100):
        if all(ports.is_free(port) for port in Home(home.path, base).ports.values()):
            command = os.environ.get("BAIYANG_COMMAND", "run")
            return [*taken, f"End what uses it, or choose another place: PORT={base} make {command}"]
    return taken
