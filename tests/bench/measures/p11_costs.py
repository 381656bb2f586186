"""P11: what one lifecycle costs, all processes of the city together and each by itself."""

import time
from dataclasses import dataclass
from typing import Any

from tests.bench import instruments, spending
from tests.bench.backlog import await_calm
from tests.bench.bench import Bench
from tests.bench.driving import run_load
from tests.bench.figures import Figure, of_samples
from tests.bench.load.plan import Load, Phase
from tests.bench.spending import Spent
from tests.system.city import City

TITLE = "what one lifecycle costs: CPU of each process, statements, WAL, events"
AIM = "<= 60 ms of CPU in all"

#: Where no measure has said yet what the city bears.
RATE = 10.0
SECONDS = 30.0
ROUNDS = 3
REST = 20.0

_WORST = """
select left(regexp_replace(query, '\\s+', ' ', 'g'), 160), calls, total_exec_time, wal_bytes::bigint
from pg_stat_statements order by total_exec_time desc limit 25
"""


@dataclass(frozen=True)
class Round:
    """What was used from before the first errand until nothing was left to do."""

    load: Load
    used: Spent
    seconds: float

    @property
    def lifecycles(self) -> int:
        return len(self.load.finished)

    def each(self, amount: float) -> float:
        return amount / self.lifecycles

    def milliseconds(self, process: str) -> float:
        return 1000 * self.each(self.used.cpu[process])


def run(bench: Bench) -> list[Figure]:
    city = bench.city
    rate = bench.settings.rate or bench.found.get("rate", 2 * RATE) / 2
    rest = _rest(city)
    run_load(bench, city, Phase(rate, 10))
    await_calm(city)
    with instruments.superuser(city) as connection:
        connection.execute("select pg_stat_statements_reset()")
    rounds = [_round(bench, city, rate) for _ in range(ROUNDS)]
    detail = {
        "rate": rate,
        "at_rest_ms_a_second": {name: round(1000 * used / REST, 1) for name, used in rest.cpu.items()},
        "sessions_ms": _by_role(rounds),
        "statements": _statements(city, sum(each.lifecycles for each in rounds)),
        "machine_ms": [round(1000 * each.each(each.used.machine), 1) for each in rounds],
        **rounds[-1].load.told_of_itself(),
    }
    return [*_cpu(rounds, detail), *_amounts(rounds), *_at_rest(rest, rounds)]


def _rest(city: City) -> Spent:
    await_calm(city)
    before = spending.spent(city)
    time.sleep(REST)
    return spending.spent(city) - before


def _round(bench: Bench, city: City, rate: float) -> Round:
    before, begun = spending.spent(city), time.monotonic()
    load = run_load(bench, city, Phase(rate, SECONDS))
    await_calm(city)
    used, seconds = spending.spent(city) - before, time.monotonic() - begun
    if load.errors or not load.finished:
        raise RuntimeError(f"{len(load.finished)} of {load.begun} were finished: {load.errors_told()}")
    bench.say(f"{len(load.finished)} lifecycles, {1000 * used.total / len(load.finished):.1f} ms of CPU each")
    return Round(load, used, seconds)


def _cpu(rounds: list[Round], detail: dict[str, Any]) -> list[Figure]:
    totals = [1000 * each.each(each.used.total) for each in rounds]
    parts = [
        of_samples("P11", f"CPU of a lifecycle: {name}", [each.milliseconds(name) for each in rounds], "ms")
        for name in spending.PROCESSES
    ]
    own = [1000 * each.each(each.load.cpu) for each in rounds]
    return [
        of_samples("P11", "CPU of a lifecycle, all of it", totals, "ms", aim="<= 60", detail=detail),
        *parts,
        of_samples("P11", "the load generator's own CPU of a lifecycle (not in the sum)", own, "ms"),
    ]


def _amounts(rounds: list[Round]) -> list[Figure]:
    def each(name: str, unit: str, amounts: list[float]) -> Figure:
        per = [one.each(amount) for one, amount in zip(rounds, amounts, strict=True)]
        return of_samples("P11", f"{name} of a lifecycle", per, unit)

    events = [sum(one.used.events.values()) for one in rounds]
    by_service = {service: round(rounds[-1].each(many), 2) for service, many in rounds[-1].used.events.items()}
    figures = [
        each("statements, each a round trip", "", [one.used.statements for one in rounds]),
        each("transactions", "", [one.used.transactions for one in rounds]),
        each("WAL", "bytes", [one.used.wal for one in rounds]),
        each("events", "", [float(many) for many in events]),
    ]
    figures[-1].detail = by_service
    return figures


def _at_rest(rest: Spent, rounds: list[Round]) -> list[Figure]:
    """What the city takes when nobody asks for anything, and what a lifecycle takes above that."""
    a_second = rest.total / REST
    above = [1000 * each.each(each.used.total - a_second * each.seconds) for each in rounds]
    return [
        Figure("P11", "CPU at rest, all processes, of a second", round(1000 * a_second, 1), "ms"),
        of_samples("P11", "CPU of a lifecycle above what rest takes meanwhile", above, "ms"),
    ]


def _by_role(rounds: list[Round]) -> dict[str, float]:
    last = rounds[-1]
    return {role: round(1000 * last.each(seconds), 2) for role, seconds in sorted(last.used.sessions.items())}


def _statements(city: City, lifecycles: int) -> list[dict[str, Any]]:
    """The 25 that took longest, of a lifecycle each; PostgreSQL keeps them without their values."""
    with instruments.superuser(city) as connection:
        rows = connection.execute(_WORST.encode()).fetchall()
    return [
        {
            "query": query,
            "calls": round(calls / lifecycles, 2),
            "ms": round(ms / lifecycles, 3),
            "wal": wal // lifecycles,
        }
        for query, calls, ms, wal in rows
    ]
