"""P9: 1, 2 and 4 replicas of each aspect, each a process of its own: what an event or a request costs in CPU.

Each way begins when all its replicas are ready and have divided the work (leases, partitions), so that starting costs
nothing here; then a prepared backlog is let go, or so many requests are sent, to each replica in turn. Counted is what
the replicas and PostgreSQL have taken when the last of it is done. Ways and counts are interleaved. Tables are vacuumed
before each: what comes by itself takes a second or two of each minute, as much as half of what a way counts.

Replicas that share a core find its caches cold whenever another has had it. What that costs is seen by sending the same
requests once more, many in a row to each replica.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import LiteralString

from kafka.admin import KafkaAdminClient
from kit.kafka.security import client_settings
from kit.outbox import SHARDS

from tests.bench.aspects import Aspect
from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.bench.measures.p06_relay_ratio import raw
from tests.bench.stage import Stage, await_quiet, stage
from tests.bench.straight import CLERK, Order, send

TITLE = "1, 2, 4 replicas of each aspect: CPU of an event and of a request"
AIM = "constant within 10 %"

COUNTS = (1, 2, 4)
ROUNDS = 3

APPEALS = 1_500
RELAYED = 20_000
BREACHED = 1_500
MESSAGES = 1_500

IN_A_ROW = 100

_CLIENTS = 8
_GROUP = "routing-intake.appeal.v1"
_PIPELINE = (("intake", "relay"), ("routing", "consumer"), ("routing", "relay"), ("notify", "consumer"))


@dataclass(frozen=True)
class Cost:
    """CPU seconds of one way to run an aspect; ``kafka`` is shown, not counted: an idle broker works too."""

    replicas: float
    postgres: float
    kafka: float
    many: int

    @property
    def each(self) -> float:
        """Milliseconds of one event or request."""
        return 1000 * (self.replicas + self.postgres) / self.many


Way = Callable[[int], Cost]


def run(bench: Bench) -> list[Figure]:
    with stage(bench) as here:
        aspects = Replicas(here)
        here.leave_vacuum()
        bench.say("filing what the backlogs are made of")
        aspects.prepare()
        found: dict[str, dict[int, list[Cost]]] = {name: {n: [] for n in COUNTS} for name in aspects.ways}
        for number in range(ROUNDS):
            for count in COUNTS if number % 2 == 0 else reversed(COUNTS):
                for name, way in aspects.ways.items():
                    found[name][count].append(way(count))
                costs = ", ".join(f"{name} {found[name][count][-1].each:.2f}" for name in found)
                bench.say(f"round {number + 1}, {count} of each: ms {costs}")
    return [figure for name, costs in found.items() for figure in _figures(name, costs)]


def _figures(name: str, costs: dict[int, list[Cost]]) -> Iterator[Figure]:
    each = {count: median(cost.each for cost in taken) for count, taken in costs.items()}
    worst = max(each.values()) / min(each.values())
    for count, taken in costs.items():
        seen = [cost.each for cost in taken]
        detail = {
            part: round(median(1000 * getattr(cost, part) / cost.many for cost in taken), 3)
            for part in ("replicas", "postgres", "kafka")
        }
        yield Figure(
            "P9", f"{name}, {count} of it", each[count], "ms", spread=(min(seen), max(seen)), detail={"ms": detail}
        )
    yield Figure("P9", f"{name}: dearest ÷ cheapest", worst, aim="<= 1.1")


class Replicas:
    """The ways in which each aspect works off what is prepared for it."""

    def __init__(self, here: Stage) -> None:
        self._here = here
        self._token = here.token(CLERK)
        self._filed = 0
        self._relayed = (0, 0)
        self.ways: dict[str, Way] = {
            "api: a request": self._api,
            f"api: a request, {IN_A_ROW} in a row": partial(self._api, in_a_row=IN_A_ROW),
            "consumer: an event": self._consumer,
            "relay: an event": self._relay,
            "routing's clock: a breach": self._clock,
            "notify's clock: a message": self._sender,
        }

    def prepare(self) -> None:
        """Cases with promises, messages to residents, and events to relay: each by the path by which it comes."""
        here = self._here
        with here.running("intake", "api") as (api,):
            send(Order((api.port,), self._token, _CLIENTS, appeals=max(BREACHED, MESSAGES)))
        with ExitStack() as stack:
            for number, (service, aspect) in enumerate(_PIPELINE):
                stack.enter_context(here.running(service, aspect, beside=number))
            await_quiet(self._is_told)
        first = self._last_event()
        here.execute("intake", _REPEAT, {"many": RELAYED, "shards": SHARDS})
        self._relayed = (first, self._last_event())

    def _is_told(self) -> bool:
        here = self._here
        unsent = sum(here.count(service, "select count(*) from event_pending") for service in ("intake", "routing"))
        return unsent == 0 and here.count("notify", "select count(*) from message where body is not null") >= MESSAGES

    def _api(self, count: int, *, in_a_row: int = 1) -> Cost:
        with self._here.running("intake", "api", count) as replicas:
            ports = tuple(each.port for each in replicas)
            send(Order(ports, self._token, _CLIENTS, appeals=20 * count))
            self._empty("intake")
            self._filed = self._last_event()
            with self._counting(replicas, APPEALS) as costs:
                tally = send(Order(ports, self._token, _CLIENTS, appeals=APPEALS, in_a_row=in_a_row))
        if tally.refused:
            raise RuntimeError(f"{tally.refused} appeals were refused")
        return costs[0]

    def _consumer(self, count: int) -> Cost:
        """What the round's appeals said, sent all at once."""
        here = self._here
        self._empty("intake")
        order = replace(self._records(), after=self._filed, events=self._last_event() - self._filed)
        with here.running("routing", "consumer", count) as replicas:
            self._await_members(count)
            before = self._taken_at_rest()
            with self._counting(replicas, APPEALS) as costs:
                raw.send(order)
                _await(lambda: here.count("routing", _TAKEN) == before + APPEALS)
        return costs[0]

    def _relay(self, count: int) -> Cost:
        here, share = self._here, -(-SHARDS // count)
        with here.running("intake", "relay", count) as replicas:
            _await(
                lambda: here.count("intake", _HOLDERS) == min(count, SHARDS) and here.count("intake", _LARGEST) == share
            )
            with self._counting(replicas, RELAYED) as costs:
                here.execute("intake", _RELEASE, self._relayed)
                _await(lambda: here.count("intake", _PENDING) == 0)
        return costs[0]

    def _clock(self, count: int) -> Cost:
        here = self._here
        with here.running("routing", "clock", count) as replicas, self._counting(replicas, BREACHED) as costs:
            here.execute("routing", _DUE_AGAIN, {"many": BREACHED})
            _await(lambda: here.count("routing", _OVERDUE) == 0)
        self._empty("routing")
        return costs[0]

    def _sender(self, count: int) -> Cost:
        here = self._here
        with here.running("notify", "clock", count) as replicas, self._counting(replicas, MESSAGES) as costs:
            here.execute("notify", _SEND_AGAIN, {"many": MESSAGES})
            _await(lambda: here.count("notify", _UNSENT) == 0)
        return costs[0]

    @contextmanager
    def _counting(self, replicas: list[Aspect], many: int) -> Iterator[list[Cost]]:
        """Holds the cost once the block has ended."""
        here = self._here

        def now() -> tuple[float, float, float]:
            return sum(each.cpu for each in replicas), here.cpu("postgres"), here.cpu("kafka")

        costs: list[Cost] = []
        here.vacuum()
        here.checkpoint()
        before = now()
        yield costs
        replicas_used, postgres, kafka = (after - earlier for after, earlier in zip(now(), before, strict=True))
        costs.append(Cost(replicas_used, postgres, kafka, many))

    def _records(self) -> raw.Order:
        here = self._here
        url = here.platform.postgres.url("intake", "postgres", driver="postgresql")
        return raw.Order(
            service="intake",
            database=f"{url}?passfile={here.settings['PGPASSFILE']}",
            kafka=here.platform.kafka.bootstrap_servers,
            password=here.settings["INTAKE_KAFKA_PASSWORD"],
            window=500,
            after=0,
            warm_up=0,
            events=0,
        )

    def _last_event(self) -> int:
        return self._here.count("intake", "select coalesce(max(id), 0) from event_log")

    def _empty(self, service: str) -> None:
        """What waits for a relay that does not run is no backlog of the next way."""
        self._here.execute(service, "delete from event_pending")

    def _taken_at_rest(self) -> int:
        """How much, once it is no more from look to look. The group's positions do not tell: they have been short of
        the ends for three minutes where nothing was left to take.
        """
        looks = [-1]

        def is_still() -> bool:
            looks.append(self._here.count("routing", _TAKEN))
            return looks[-1] == looks[-2]

        await_quiet(is_still)
        return looks[-1]

    def _await_members(self, count: int) -> None:
        admin = KafkaAdminClient(**client_settings(self._here.administrator))
        try:
            _await(lambda: _is_divided(admin.describe_groups([_GROUP])[_GROUP], count))
        finally:
            admin.close()


def _is_divided(group: dict[str, object], count: int) -> bool:
    members = group["members"]
    return group["group_state"] == "Stable" and isinstance(members, list) and len(members) == count


def _await(claim: Callable[[], bool], seconds: float = 180) -> None:
    until = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > until:
            raise TimeoutError("a backlog is not worked off")
        time.sleep(0.1)


_TAKEN: LiteralString = "select count(*) from inbox"
_HOLDERS: LiteralString = "select count(distinct holder) from relay_lease where until > now()"
_LARGEST: LiteralString = """
select max(held) from (select count(*) as held from relay_lease where until > now() group by holder) as shares
"""
_REPEAT: LiteralString = """
insert into event_log (recorded_at, event_id, shard, topic, type, key, version, body, headers)
select now(), uuidv7(), mod(number, %(shards)s), topic, type, uuidv7()::text, version, body, headers
from generate_series(1, %(many)s) as number
join lateral (select * from event_log where topic = 'intake.contact.v1' order by id desc limit 1) as real on true
"""
_PENDING: LiteralString = "select count(*) from (select from event_pending limit 1) as one"
_RELEASE: LiteralString = """
insert into event_pending (id, shard, recorded_at)
select id, shard, recorded_at from event_log where id > %s and id <= %s
"""
_DUE_AGAIN: LiteralString = """
with due as (
    update deadline set state = 'open', settled_at = null, due_at = now() - interval '1 second'
    where deadline_id in (select deadline_id from deadline order by deadline_id limit %(many)s) returning case_id
)
update cases set promise_met = null where case_id in (select case_id from due)
"""
_OVERDUE: LiteralString = "select count(*) from deadline where state = 'open' and due_at < now()"
_SEND_AGAIN: LiteralString = """
update message set state = 'queued', due_at = now(), turn = turn + 1, attempts = 0
where message_id in (select message_id from message where body is not null order by message_id limit %(many)s)
"""
_UNSENT: LiteralString = "select count(*) from message where state in ('queued', 'sending')"
