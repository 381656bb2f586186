"""BAIYANG_HOME: what one installation on this machine keeps: its ports, its secrets, and what others are told of it."""

import base64
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from kit.migrations import ASPECTS

from local import ports
from local.processes import Identity, NotStarted, write

SERVICES = ("grid", "intake", "routing", "notify")

#: Who seals or opens contacts in events (kit.crypto), and so holds the transport keys.
SEALERS = ("grid", "intake", "notify")

#: The sample subscriber's Kafka user: a bureau that reads the city's public feed and nothing else.
SAMPLE_BUREAU = "bureau-sample"

AUDIENCE = "baiyang"

_KEPT = (
    *("postgres", "postgres.new", "kafka", "log", "run", "hold", "passwords", "imports"),
    *(
        "secrets.json",
        "identity.json",
        "kafka.properties",
        "env",
        "demo-city",
        "forgotten.csv",
        "ready",
        "lock",
        ".format",
        ".superuser",
    ),
)


class Busy(RuntimeError):
    """Another supervisor holds this home."""


@dataclass(frozen=True)
class Home:
    """``host``: where PostgreSQL, Kafka and the identity provider listen. ``front``: where services are told to find
    PostgreSQL, and Kafka at the port after it, when not at their own: something that is not ours to start (a proxy)
    listens there and passes on to ``behind_front``.
    """

    path: Path
    port: int
    front: int | None = None
    host: str = ports.HOST

    @classmethod
    def of_environment(cls) -> "Home":
        front = _port_of("FRONT_PORT", os.environ["FRONT_PORT"]) if os.environ.get("FRONT_PORT") else None
        path = Path(os.environ.get("BAIYANG_HOME") or ".local").resolve()
        host = os.environ.get("SERVERS_HOST") or ports.HOST
        return cls(path, _port_of("PORT", os.environ.get("PORT", "8080")), front, host)

    @property
    def address(self) -> str:
        return f"http://{ports.HOST}:{self.port}"

    @property
    def ports(self) -> dict[str, int]:
        of_services = {service: self.port + number for number, service in enumerate(SERVICES, start=1)}
        return {
            "gateway": self.port,
            **of_services,
            "postgres": self.port + 20,
            "kafka": self.port + 30,
            "kafka-controller": self.port + 31,
            **({"kafka-front": self.port + 32} if self.front else {}),
            "identity": self.port + 40,
        }

    @property
    def behind_front(self) -> dict[str, int]:
        """What stands in front passes on to these: Kafka's own listener for it names the front's address to clients."""
        return {"postgres": self.port + 20, "kafka": self.port + 32}

    @property
    def told(self) -> dict[str, int]:
        """The ports at which services look for PostgreSQL and Kafka."""
        if self.front:
            return {"postgres": self.front, "kafka": self.front + 1}
        return {name: self.ports[name] for name in ("postgres", "kafka")}

    def is_held(self, part: str) -> bool:
        """Whether ``hold/PART`` keeps the supervisor from starting the part again: its disk is being looked at."""
        return (self.path / "hold" / part).exists()

    @property
    def issuer(self) -> str:
        return f"http://{self.host}:{self.ports['identity']}"

    @property
    def env_file(self) -> Path:
        return self.path / "env"

    @property
    def ready_file(self) -> Path:
        """There while everything answers; holds what is said at the end of a start."""
        return self.path / "ready"

    @property
    def has_city(self) -> Path:
        """There once the demonstration city has been made."""
        return self.path / "demo-city"

    def supervisor(self) -> Identity | None:
        found = Identity.read(self.path / "lock")
        return found if found and found.is_running() else None

    @contextmanager
    def held(self) -> Iterator[None]:
        """One supervisor at a time; the kernel lets go of it however that one ends."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("a+") as lock:
            _take(lock)
            me = Identity.of(os.getpid())
            lock.truncate(0)
            lock.write(f"{os.getpid()} {me.started if me else 0}\n")
            lock.flush()
            yield

    def forget(self) -> None:
        """Only what an installation puts there, so that a wrong BAIYANG_HOME costs nothing."""
        for name in _KEPT:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        if self.path.is_dir() and not any(self.path.iterdir()):
            self.path.rmdir()

    def secrets(self) -> "Secrets":
        file = self.path / "secrets.json"
        if not file.exists():
            if (self.path / "postgres").exists():
                raise NotStarted(f"{file} is gone, and with it the keys to the data: `make reset` begins anew")
            write(file, json.dumps(_new_secrets(), indent=1))
        try:
            return Secrets(**json.loads(file.read_text()))
        except (ValueError, TypeError):
            raise NotStarted(f"{file} cannot be read: `make reset` begins anew") from None


def _port_of(name: str, given: str) -> int:
    if not given.isdecimal() or not 1024 <= int(given) <= 65000:
        raise NotStarted(f"{name}={given}: name a port between 1024 and 65000")
    return int(given)


def _take(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Busy from None


@dataclass(frozen=True)
class Secrets:
    """``database`` by role, ``kafka`` by user, ``service_keys`` by service; key rings as kit.crypto reads them."""

    superuser: str
    database: Mapping[str, str]
    kafka: Mapping[str, str]
    service_keys: Mapping[str, str]
    transport_keys: str


def _new_secrets() -> dict[str, object]:
    roles = [f"{service}_{name}" for service in SERVICES for name in ("owner", *ASPECTS)]
    return {
        "superuser": secrets.token_hex(20),
        "database": {role: secrets.token_hex(20) for role in roles},
        "kafka": {user: secrets.token_hex(20) for user in ("admin", *SERVICES, SAMPLE_BUREAU)},
        "service_keys": {service: _new_ring() for service in SERVICES},
        "transport_keys": _new_ring(),
    }


def _new_ring() -> str:
    return "k1:" + base64.b64encode(secrets.token_bytes(32)).decode()


def lay_passwords(home: Home, known: Secrets) -> None:
    """A password file for libpq and asyncpg: one a service with its own roles, and one with all for who operates."""
    folder = home.path / "passwords"
    folder.mkdir(exist_ok=True, mode=0o700)

    def lines(roles: Mapping[str, str]) -> str:
        servers = sorted({home.ports["postgres"], home.told["postgres"]})
        return "".join(f"{home.host}:{port}:*:{role}:{word}\n" for role, word in roles.items() for port in servers)

    for service in SERVICES:
        write(folder / service, lines(passwords_of(service, known)))
    write(folder / "all", lines({**known.database, "postgres": known.superuser}))


def passwords_of(service: str, known: Secrets) -> dict[str, str]:
    return {role: word for role, word in known.database.items() if role.startswith(f"{service}_")}


def service_environment(home: Home, known: Secrets, service: str) -> dict[str, str]:
    """What one service is told: its own secrets and no other's."""
    told = {
        "DATABASE_URL": f"postgresql+asyncpg://{{role}}@{home.host}:{home.told['postgres']}/{service}",
        "KAFKA_BOOTSTRAP_SERVERS": f"{home.host}:{home.told['kafka']}",
        "KAFKA_USERNAME": service,
        "KAFKA_PASSWORD": known.kafka[service],
        "HOST": ports.HOST,
        "PORT": str(home.ports[service]),
        "OIDC_ISSUER": home.issuer,
        "OIDC_JWKS_URL": f"{home.issuer}/jwks",
        "OIDC_AUDIENCE": AUDIENCE,
        "SERVICE_KEYS": known.service_keys[service],
        **({"TRANSPORT_KEYS": known.transport_keys} if service in SEALERS else {}),
        **({"PUBLIC_URL": home.address, "SANDBOX": "true"} if service == "notify" else {}),
        "OTLP_ENDPOINT": os.environ.get("OTLP_ENDPOINT", ""),
    }
    return {f"{service.upper()}_{name}": value for name, value in told.items()}


def operator_environment(home: Home, known: Secrets) -> dict[str, str]:
    """What the command line reads from ``env``: everything, and past what may stand in front of the servers."""
    of_services = [service_environment(replace(home, front=None), known, service) for service in SERVICES]
    return {
        "BAIYANG_URL": home.address,
        "OIDC_ISSUER": home.issuer,
        "OIDC_AUDIENCE": AUDIENCE,
        "PGPASSFILE": str(home.path / "passwords" / "all"),
        "KAFKA_BOOTSTRAP_SERVERS": f"{home.host}:{home.ports['kafka']}",
        "KAFKA_ADMIN_USERNAME": "admin",
        "KAFKA_ADMIN_PASSWORD": known.kafka["admin"],
        "KAFKA_BUREAU_USERNAME": SAMPLE_BUREAU,
        "KAFKA_BUREAU_PASSWORD": known.kafka[SAMPLE_BUREAU],
        **{name: value for told in of_services for name, value in told.items()},
    }


def lay_environment(home: Home, known: Secrets) -> None:
    values = operator_environment(home, known)
    write(home.env_file, "".join(f"{name}={value}\n" for name, value in values.items()))
