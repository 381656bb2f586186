"""Processes that die at any instant: as a machine loses its power, and in the middle of a transaction."""

import signal
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import psutil
import psycopg
from local.home import SERVICES

from tests.chaos.fault import MISSED, ChaosCity, Fault
from tests.chaos.faults.database import as_superuser
from tests.system.city import kill_in_the_act, wait_until

#: How long a process is watched for a transaction of which it is in the middle.
IN_THE_ACT = 8.0


@dataclass(frozen=True)
class Kill:
    """``kill -9``; the supervisor starts it again."""

    process: str
    weight: int = 1
    is_kill: bool = True

    @property
    def name(self) -> str:
        return f"kill {self.process}"

    def strike(self, city: ChaosCity, random: Random) -> str:
        del random
        identity = city.identity_of(self.process)
        if identity is None:
            return f"{MISSED}{self.process} is not running"
        identity.send(signal.SIGKILL, group=True)
        return f"{self.process}: killed"


@dataclass(frozen=True)
class KillInTheAct:
    """``kill -9`` of a service that holds a transaction with something written in it."""

    process: str
    weight: int = 1
    is_kill: bool = True

    @property
    def name(self) -> str:
        return f"kill {self.process} in the act"

    def strike(self, city: ChaosCity, random: Random) -> str:
        del random
        identity = city.identity_of(self.process)
        if identity is None:
            return f"{MISSED}{self.process} is not running"
        try:
            with as_superuser(city) as connection:
                statement = "select 1 from pg_stat_activity where backend_xid is not null and usename like %s"
                pattern = f"{self.process}\\_%"
                kill_in_the_act(
                    identity.pid,
                    lambda: connection.execute(statement, [pattern]).fetchone() is not None,
                    seconds=IN_THE_ACT,
                )
        except (AssertionError, OSError, psycopg.Error) as error:
            return f"{MISSED}{self.process}: {error}"
        return f"{self.process}: killed with something written and not committed"


@dataclass(frozen=True)
class KillBackend:
    """One of PostgreSQL's own processes dies by -9: the server throws all out and recovers."""

    name: str = "kill a backend"
    weight: int = 1
    is_kill: bool = True

    def strike(self, city: ChaosCity, random: Random) -> str:
        identity = city.identity_of("postgres")
        if identity is None:
            return f"{MISSED}postgres is not running"
        try:
            backends = _backends(identity.pid)
            if not backends:
                return f"{MISSED}postgres has no backend"
            victim, told = random.choice(backends)
            victim.kill()
        except psutil.NoSuchProcess as gone:
            return f"{MISSED}postgres: {gone}"
        return f"postgres: killed its process “{told.split(' 127.')[0]}”"


def _backends(pid: int) -> list[tuple[psutil.Process, str]]:
    """With what each says that it does; one that has just ended says nothing any more."""
    found = []
    for child in psutil.Process(pid).children():
        with suppress(psutil.NoSuchProcess):
            found.append((child, " ".join(child.cmdline())))
    return [(child, told) for child, told in found if " " in told]


@dataclass(frozen=True)
class KillSupervisor:
    """What starts the others dies; what it has left behind is taken down, and everything comes up anew."""

    name: str = "kill the supervisor"
    weight: int = 0
    is_kill: bool = True

    def strike(self, city: ChaosCity, random: Random) -> str:
        del random
        identity = city.identity_of("supervisor")
        if identity is None:
            return f"{MISSED}the supervisor is not running"
        identity.send(signal.SIGKILL)
        city.wait_for_another("supervisor", identity)
        wait_until((city.home / "ready").exists, seconds=180, what="the city comes up over what was left")
        return "supervisor: killed, and all begun again over what it had left"


KILLS: tuple[Fault, ...] = (
    *(Kill(service, weight=3) for service in SERVICES if service != "grid"),
    *(Kill(process) for process in ("grid", "gateway", "identity")),
    *(Kill(process, weight=2) for process in ("kafka", "postgres")),
    *(KillInTheAct(service, weight=2) for service in ("intake", "routing", "notify")),
    KillBackend(),
    KillSupervisor(),
)
