"""P4: what accepting an appeal as the service does costs over doing the same inserts by hand.

Both are one process, asked without the gateway, by the same clients, over the same PostgreSQL; each in its own
database, both of which begin empty but for the demonstration city. The service's is its api aspect: the bare handler
relays nothing and takes no events either. What accepting costs with all else running is P12.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from kit.testing import servers

from tests.bench import aspects
from tests.bench.aspects import Aspect
from tests.bench.bench import Bench
from tests.bench.figures import Figure, of_samples
from tests.bench.stage import Stage, stage
from tests.bench.straight import CLERK, Order, Tally, send

TITLE = "accepted appeals a second ÷ a bare handler that does the same inserts"
AIM = ">= 0.6"

CLIENTS = 8
ROUNDS = 5
SECONDS = 15.0
WARM_UP = 300

_DATABASE = "bare"
_ROWS = ("person", "appeal", "event_log", "event_pending", "event_snapshot", "idempotency")


def run(bench: Bench) -> list[Figure]:
    with stage(bench) as here, here.running("intake", "api") as service:
        token = here.token(CLERK)
        _lay_bare_database(here)
        with _bare(here, _one_appeal(here, service[0], token)) as bare:
            sides = {"service": service[0], "bare": bare}
            for name, side in sides.items():
                _insist_on_all(send(Order((side.port,), token, CLIENTS, appeals=WARM_UP)), side)
                bench.say(f"{name}: warm")
            _insist_on_the_same(here)
            rounds = [_round(bench, here, sides, token, number) for number in range(ROUNDS)]
    return _figures(rounds)


def _lay_bare_database(here: Stage) -> None:
    """The service's own tables with their indexes, keys and partitions; the policies are taken away."""
    server = here.platform.postgres
    server.lay_database("intake", name=_DATABASE)
    owner = server.url(_DATABASE, "intake_owner", driver="postgresql+psycopg")
    servers.migrate("intake", f"{owner}?passfile={here.settings['PGPASSFILE']}")
    with here.connect(_DATABASE) as connection:
        for (table,) in connection.execute("select relname from pg_class where relrowsecurity").fetchall():
            connection.execute(f"alter table {table} disable row level security".encode())


def _one_appeal(here: Stage, service: Aspect, token: str) -> str:
    """What the bare handler writes again and again."""
    send(Order((service.port,), token, 1, appeals=1))
    with here.connect("intake") as connection:
        row = connection.execute("select id::text from appeal order by id desc limit 1").fetchone()
    assert row is not None
    return str(row[0])


@contextmanager
def _bare(here: Stage, appeal_id: str) -> Iterator[Aspect]:
    url = here.platform.postgres.url("{database}", "postgres", driver="postgresql")
    told = {
        "BARE_URL": url.format(database=_DATABASE),
        "TEMPLATE_URL": url.format(database="intake"),
        "TEMPLATE_APPEAL": appeal_id,
    }
    port = here.free_port + 1
    command = [sys.executable, "-m", "tests.bench.measures.p04_accepting_ratio.bare", str(port)]
    bare = aspects.start(command, "bare", port, settings=here.settings | told, logs=here.home.path / "log")
    try:
        aspects.await_ready([bare])
        yield bare
    finally:
        aspects.end([bare.popen])


def _insist_on_the_same(here: Stage) -> None:
    """Else the ratio says nothing: an appeal has left as many rows in either database."""
    for table in _ROWS:
        query = (
            f"select count(*) from {table} where xmin::text = (select xmin::text from appeal order by id desc limit 1)"
        )
        by_service, by_hand = (here.count(database, query) for database in ("intake", _DATABASE))
        if by_service != by_hand:
            raise RuntimeError(f"{table}: {by_service} rows an appeal by the service, {by_hand} by hand")


def _round(bench: Bench, here: Stage, sides: dict[str, Aspect], token: str, number: int) -> dict[str, Any]:
    """Both sides, now the one first and now the other."""
    found: dict[str, Any] = {}
    for name in sorted(sides, reverse=number % 2 == 0):
        here.checkpoint()
        found[name] = _side(here, sides[name], token, number)
    found["ratio"] = found["service"]["rate"] / found["bare"]["rate"]
    bench.say(f"round {number + 1}: {found['service']['rate']:.0f}/s ÷ {found['bare']['rate']:.0f}/s")
    return found


def _side(here: Stage, side: Aspect, token: str, number: int) -> dict[str, Any]:
    before = side.cpu, here.cpu("postgres")
    tally = send(Order((side.port,), token, CLIENTS, seconds=SECONDS, seed=number + 2))
    _insist_on_all(tally, side)
    used, by_postgres = side.cpu - before[0], here.cpu("postgres") - before[1]
    return {"rate": tally.taken / tally.seconds, **_costs(tally, used, by_postgres)}


def _insist_on_all(tally: Tally, side: Aspect) -> None:
    if tally.refused:
        raise RuntimeError(f"{side.name} refused {tally.refused} of {tally.refused + tally.taken} appeals")


def _costs(tally: Tally, used: float, by_postgres: float) -> dict[str, float]:
    each = 1000 / tally.taken
    return {
        "p50_ms": tally.p50_ms,
        "p99_ms": tally.p99_ms,
        "process_cpu_ms": round(used * each, 2),
        "postgres_cpu_ms": round(by_postgres * each, 2),
        "sender_cpu_ms": round(tally.cpu * each, 2),
    }


def _figures(rounds: list[dict[str, Any]]) -> list[Figure]:
    ratio = of_samples("P4", "accepted a second ÷ by hand", [each["ratio"] for each in rounds], aim=AIM)
    ratio.detail = {"clients": CLIENTS, "seconds": SECONDS, "through": "the process itself, not the gateway"}
    rates = [
        of_samples("P4", f"accepted a second, {named}", [each[side]["rate"] for each in rounds], "/s")
        for side, named in (("service", "by the service"), ("bare", "by hand"))
    ]
    for figure, side in zip(rates, ("service", "bare"), strict=True):
        costs = [name for name in rounds[0][side] if name != "rate"]
        figure.detail = {name: median(each[side][name] for each in rounds) for name in costs}
    work = [each["bare"]["process_cpu_ms"] / each["service"]["process_cpu_ms"] for each in rounds]
    return [ratio, *rates, of_samples("P4", "CPU of the process by hand ÷ by the service", work)]
