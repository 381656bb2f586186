"""What the city's processes have used: CPU of each, PostgreSQL's sessions by role, WAL, statements, events."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from tests.bench import instruments
from tests.system.city import SERVICES, City

PROCESSES = ("gateway", *SERVICES, "postgres", "kafka", "identity")

_STATEMENTS = "select coalesce(sum(calls), 0) from pg_stat_statements"
_ROLES = "select pid, usename from pg_stat_activity where usename is not null"


@dataclass
class Spent:
    """Counters as they stand, or what was used between two of them (``new - old``). CPU in seconds."""

    cpu: dict[str, float] = field(default_factory=dict)
    sessions: dict[str, float] = field(default_factory=dict)
    machine: float = 0
    wal: int = 0
    statements: int = 0
    transactions: int = 0
    events: dict[str, int] = field(default_factory=dict)

    def __sub__(self, old: "Spent") -> "Spent":
        return Spent(
            cpu=_less(self.cpu, old.cpu),
            sessions=_less(self.sessions, old.sessions),
            machine=self.machine - old.machine,
            wal=self.wal - old.wal,
            statements=self.statements - old.statements,
            transactions=self.transactions - old.transactions,
            events={service: many - old.events.get(service, 0) for service, many in self.events.items()},
        )

    @property
    def total(self) -> float:
        return sum(self.cpu.values())


def _less(new: dict[str, float], old: dict[str, float]) -> dict[str, float]:
    return {name: seconds - old.get(name, 0) for name, seconds in new.items()}


def cpu_of(city: City) -> dict[str, float]:
    """Seconds of each process, with its children that run and those that have ended."""
    return {name: _cpu(city.pid_of(name)) for name in PROCESSES}


def _cpu(pid: int) -> float:
    process = psutil.Process(pid)
    times = process.cpu_times()
    return float(sum(times[:4])) + sum(_cpu_if_there(child.pid) for child in process.children())


def _cpu_if_there(pid: int) -> float:
    """A session that ends in between is counted among its parent's ended ones the next time."""
    try:
        return _cpu(pid)
    except psutil.NoSuchProcess:
        return 0


def machine_cpu() -> float:
    """All that the machine has worked, whoever asked for it: what the sum of our processes is held against."""
    busy = psutil.cpu_times()
    return float(busy.user + busy.nice + busy.system + busy.irq + busy.softirq)


def spent(city: City) -> Spent:
    found = Spent(cpu=cpu_of(city), machine=machine_cpu())
    with instruments.superuser(city) as connection:
        found.sessions = _sessions(connection)
        found.wal = _number(connection, "select pg_current_wal_lsn() - '0/0'::pg_lsn")
        found.transactions = _number(connection, "select sum(xact_commit + xact_rollback) from pg_stat_database")
        found.statements = _number(connection, _STATEMENTS)
    for service in SERVICES:
        with city.connect(service, "postgres") as connection:
            found.events[service] = _number(connection, "select coalesce(max(id), 0) from event_log")
    return found


def _sessions(connection: psycopg.Connection) -> dict[str, float]:
    seconds: dict[str, float] = defaultdict(float)
    for pid, role in connection.execute(_ROLES).fetchall():
        if Path(f"/proc/{pid}").exists():
            seconds[str(role)] += _cpu_if_there(int(pid))
    return dict(seconds)


def _number(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])
