"""P6: what the relay's leases, reads and deletions cost over sending the same records and nothing more.

The relay is its own process, ``python -m intake relay``, that drains a backlog of the service's own events; the raw
producer is one as well. Both send to the same broker by as many transactional producers, in transactions of the same
size. Nobody takes the events meanwhile.
"""

import time
from inspect import signature
from statistics import median
from typing import Any

from kit.outbox import SHARDS
from kit.relay import Relay

from tests.bench.bench import Bench
from tests.bench.figures import Figure, of_samples
from tests.bench.measures.p06_relay_ratio.raw import Order, send
from tests.bench.stage import Stage, stage
from tests.bench.straight import CLERK
from tests.bench.straight import Order as Appeals
from tests.bench.straight import send as send_appeals

TITLE = "the relay's events a second ÷ the raw transactional producer's with the same records"
AIM = ">= 0.7"

EVENTS = 50_000
WARM_UP = 4_000
ROUNDS = 5

#: What the relay sends in one transaction at the most.
WINDOW: int = signature(Relay).parameters["window_size"].default

#: So many are filed by the real path; the backlog repeats what they said, under ids of its own.
_FILED = 200

_REPEAT = """
insert into event_log (recorded_at, event_id, shard, topic, type, key, version, body, headers)
select now(), uuidv7(), mod(row_number() over (), %(shards)s), topic, type, uuidv7()::text, version, body, headers
from (select * from event_log order by id desc limit %(said)s) as real, generate_series(1, %(times)s)
"""
_RELEASE = """
insert into event_pending (id, shard, recorded_at)
select id, shard, recorded_at from event_log where id > %s and id <= %s
"""


def run(bench: Bench) -> list[Figure]:
    with stage(bench) as here:
        after = _fill(here)
        bench.say(f"{EVENTS} events stand in the log")
        rounds = [_round(bench, here, after, number) for number in range(ROUNDS)]
    return _figures(rounds)


def _fill(here: Stage) -> int:
    """The id behind which the backlog lies."""
    with here.running("intake", "api") as (api,):
        send_appeals(Appeals((api.port,), here.token(CLERK), 4, appeals=_FILED))
    said = 2 * _FILED
    with here.connect("intake") as connection:
        connection.execute("delete from event_pending")
        row = connection.execute("select max(id) from event_log").fetchone()
        assert row is not None
        connection.execute(_REPEAT, {"said": said, "shards": SHARDS, "times": -(-(EVENTS + WARM_UP) // said)})
        connection.execute("analyze event_log")
    return int(str(row[0]))


def _round(bench: Bench, here: Stage, after: int, number: int) -> dict[str, Any]:
    """Both ways, now the one first and now the other: never at once, since Kafka would fence the one."""
    ways = {"relay": _by_relay, "raw": _by_hand}
    found: dict[str, Any] = {}
    for name in sorted(ways, reverse=number % 2 == 0):
        here.checkpoint()
        found[name] = ways[name](here, after)
    found["ratio"] = found["relay"]["rate"] / found["raw"]["rate"]
    bench.say(f"round {number + 1}: {found['relay']['rate']:.0f}/s ÷ {found['raw']['rate']:.0f}/s")
    return found


def _by_relay(here: Stage, after: int) -> dict[str, float]:
    with here.running("intake", "relay") as (relay,):
        _drain(here, after, WARM_UP)
        before = relay.cpu, here.cpu("postgres"), here.cpu("kafka")
        seconds = _drain(here, after + WARM_UP, EVENTS)
        used = relay.cpu - before[0], here.cpu("postgres") - before[1], here.cpu("kafka") - before[2]
    return _told(seconds, process=used[0], postgres=used[1], kafka=used[2])


def _drain(here: Stage, after: int, many: int) -> float:
    """From when the events are committed as pending until none is."""
    with here.connect("intake") as connection:
        connection.execute(_RELEASE, [after, after + many])
        begun = time.perf_counter()
        while connection.execute("select 1 from event_pending limit 1").fetchone():
            if time.perf_counter() - begun > 180:
                raise TimeoutError("the relay does not drain its backlog")
            time.sleep(0.02)
    return time.perf_counter() - begun


def _by_hand(here: Stage, after: int) -> dict[str, float]:
    postgres, kafka = here.platform.postgres, here.platform.kafka
    before = here.cpu("kafka")
    order = Order(
        service="intake",
        database=f"{postgres.url('intake', 'postgres', driver='postgresql')}?passfile={here.settings['PGPASSFILE']}",
        kafka=kafka.bootstrap_servers,
        password=here.settings["INTAKE_KAFKA_PASSWORD"],
        window=WINDOW,
        after=after,
        warm_up=WARM_UP,
        events=EVENTS,
    )
    sent = send(order)
    return _told(sent.seconds, process=sent.cpu, postgres=0, kafka=here.cpu("kafka") - before)


def _told(seconds: float, **cpu: float) -> dict[str, float]:
    return {
        "rate": EVENTS / seconds,
        **{f"{name}_cpu_ms": round(1000 * used / EVENTS, 4) for name, used in cpu.items()},
    }


def _figures(rounds: list[dict[str, Any]]) -> list[Figure]:
    ratio = of_samples("P6", "relayed a second ÷ by hand", [each["ratio"] for each in rounds], aim=AIM)
    ratio.detail = {"events": EVENTS, "window": WINDOW}
    figures = [ratio]
    for way, named in (("relay", "by the relay"), ("raw", "by hand")):
        figure = of_samples("P6", f"events a second, {named}", [each[way]["rate"] for each in rounds], "/s")
        costs = [name for name in rounds[0][way] if name != "rate"]
        figure.detail = {name: median(each[way][name] for each in rounds) for name in costs}
        figures.append(figure)
    return figures
