"""P7: many promises fall due at the same instant, among as many open ones as the scale says.

The city runs as ``make run`` starts it; in a second pass more sweepers run beside its own. A breach is late by what
lies between its due instant and the commit of the transaction that marks it; its notices by what lies between that
instant and the commit in which notify takes the breach and writes what it owes to holder and superior.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from tests.bench import aspects, instruments, state
from tests.bench.backlog import await_calm
from tests.bench.bench import Bench, name_of
from tests.bench.figures import Figure, percentile
from tests.bench.state.loading import CASES_A_COMMUNITY, grow
from tests.system.city import City

TITLE = "so many open deadlines, many of them due at one instant: how late each is marked, and whether any is twice"
AIM = "10,000 due: p99 < 15 s; 0 twice"

#: Fewer where the scale is smaller.
DUE, MANY_DUE = 10_000, 100_000

#: Beside the city's own.
MORE_SWEEPERS = 2

#: The open ones that do not fall due meanwhile.
_FAR = timedelta(days=60)

#: Ports of a home that the platform leaves to others.
_FREE_PORTS = 50

#: What is to fall due is loaded beforehand: the city is read within so long, then at least so many a second come.
_SURVEYED, _LOADED_A_SECOND = 60, 500

_LATE: LiteralString = """
select extract(epoch from pg_xact_commit_timestamp(xmin) - due_at)::float
from deadline where due_at = %s and state = 'breached'
"""
_STILL_OPEN: LiteralString = "select count(*) from deadline where due_at = %s and state = 'open'"
_EVENTS: LiteralString = """
select l.event_id from event_log l join deadline d on l.key = d.case_id::text
where l.type = 'routing.case.deadline_breached.v1' and l.recorded_at >= %s and d.due_at = %s
"""
_TAKEN: LiteralString = """
select extract(epoch from pg_xact_commit_timestamp(xmin))::float from inbox where event_id = any(%s)
"""

#: By database, what is more than once of what may be once only: breaches of a deadline, events, notices of one breach.
_TWICE: tuple[tuple[str, str, LiteralString], ...] = (
    (
        "entries",
        "routing",
        """select count(*) from (
            select facts->>'deadline' from case_entry where step = 'deadline_breached' and at >= %s
            group by 1 having count(*) > 1) as twice""",
    ),
    (
        "events",
        "routing",
        """select count(*) from (
            select body::jsonb->>'deadline_id' from event_log
            where type = 'routing.case.deadline_breached.v1' and recorded_at >= %s
            group by 1 having count(*) > 1) as twice""",
    ),
    (
        "notices",
        "notify",
        """select count(*) from (
            select case_id, recipient, template from message
            where template like 'deadline_missed%%' and created_at >= %s
            group by 1, 2, 3 having count(*) > 1) as twice""",
    ),
)


@dataclass
class Wave:
    """What became of the deadlines that fell due at one instant: seconds late, each."""

    due: int
    sweepers: int
    marked: list[float]
    told: list[float]
    twice: dict[str, int]

    @property
    def detail(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"due": self.due, "sweepers": self.sweepers, "marked": len(self.marked)}
        for name, late in (("marked", self.marked), ("told", self.told)):
            facts |= {f"{name}_p50_s": round(percentile(late, 50), 2), f"{name}_max_s": round(max(late), 2)}
        return facts | {"told": len(self.told), "twice": self.twice}


def run(bench: Bench) -> list[Figure]:
    with _city_of_deadlines(bench) as city:
        few, many = min(DUE, bench.scale // 10), min(MANY_DUE, bench.scale)
        waves = [_wave(bench, city, due, more) for due, more in ((few, 0), (few, MORE_SWEEPERS), (many, 0))]
    return [*(figure for wave in waves for figure in _figures(wave)), _fired_twice(waves)]


def _figures(wave: Wave) -> list[Figure]:
    name = f"{wave.due:,} due at once, {wave.sweepers} sweeper{'s' * (wave.sweepers > 1)}"
    aim = "< 15" if wave.due == DUE and wave.sweepers == 1 else ""
    marked, told = percentile(wave.marked, 99), percentile(wave.told, 99)
    return [
        Figure("P7", f"{name}: marked late, p99", marked, "s", aim=aim, detail=wave.detail),
        Figure("P7", f"{name}: told late, p99", told, "s"),
    ]


def _fired_twice(waves: list[Wave]) -> Figure:
    return Figure(
        "P7",
        "fired twice",
        float(sum(sum(wave.twice.values()) for wave in waves)),
        aim="= 0",
        detail={f"{wave.due} due, {wave.sweepers} sweepers": wave.twice for wave in waves},
    )


@contextmanager
def _city_of_deadlines(bench: Bench) -> Iterator[City]:
    """A city of its own, whose cases are all open: what breaches in it is in nobody else's lists."""
    bench.close()
    home = bench.home / f"{name_of(bench.scale)}-open"
    city, stamp = City(home=home, port=bench.port), home.with_suffix(".state")
    if not stamp.exists() and home.exists():
        city.local("reset")
    bench.say(f"starting a city of {bench.scale:,} open deadlines in {home}")
    city.local("up")
    try:
        instruments.lay(city)
        if not stamp.exists():
            grow(city, max(2, bench.scale // CASES_A_COMMUNITY), bench.say)
        _fill_up(bench, city)
        stamp.touch()
        yield city
    finally:
        city.local("down")


def _fill_up(bench: Bench, city: City) -> None:
    """To as many open ones as the scale says; what earlier runs have let fall due is no longer open."""
    open_now = city.count("routing", "select count(*) from deadline where state = 'open'")
    if (missing := bench.scale - open_now) > 0:
        state.add_open(city, missing, due_at=datetime.now(UTC) + _FAR)
        for service in ("routing", "intake", "notify"):
            with city.connect(service, "postgres") as connection:
                connection.execute("vacuum analyze")


def _wave(bench: Bench, city: City, due: int, more: int) -> Wave:
    begun = datetime.now(UTC)
    due_at = (begun + timedelta(seconds=_SURVEYED + due / _LOADED_A_SECOND)).replace(microsecond=0)
    state.add_open(city, due, due_at=due_at)
    await_calm(city, seconds=900)
    if (early := due_at - datetime.now(UTC)) < timedelta(seconds=3):
        raise RuntimeError(f"{due:,} deadlines were loaded {-early} too late to fall due together")
    settings, logs = city.settings(), city.home / "log"
    with aspects.running("routing", "clock", more, settings=settings, first_port=city.port + _FREE_PORTS, logs=logs):
        bench.say(f"{due:,} deadlines fall due in {(due_at - datetime.now(UTC)).total_seconds():.0f} s")
        time.sleep(max(0.0, (due_at - datetime.now(UTC)).total_seconds()))
        _await_marked(city, due, due_at)
    await_calm(city, seconds=900)
    wave = _read(city, due, 1 + more, due_at)
    bench.say(f"marked within {max(wave.marked):.1f} s, told within {max(wave.told):.1f} s")
    return wave


def _await_marked(city: City, due: int, due_at: datetime) -> None:
    until = time.monotonic() + 120 + due / 50
    with city.connect("routing", "postgres") as connection:
        while (row := connection.execute(_STILL_OPEN, [due_at]).fetchone()) and row[0]:
            if time.monotonic() > until:
                raise TimeoutError(f"{row[0]} of {due} deadlines are not marked")
            time.sleep(0.5)


def _read(city: City, due: int, sweepers: int, due_at: datetime) -> Wave:
    with city.connect("routing", "postgres") as connection:
        marked = [row[0] for row in connection.execute(_LATE, [due_at])]
        events = [row[0] for row in connection.execute(_EVENTS, [due_at, due_at])]
    if len(marked) != due or len(events) != due:
        raise RuntimeError(f"of {due} deadlines {len(marked)} are marked and {len(events)} said")
    told = _await_told(city, events)
    return Wave(due, sweepers, marked, [each - due_at.timestamp() for each in told], _twice(city, due_at))


def _await_told(city: City, events: list[UUID]) -> list[float]:
    """When notify's transaction that took each breach was committed."""
    with city.connect("notify", "postgres") as connection:
        until = time.monotonic() + 300
        while len(told := [row[0] for row in connection.execute(_TAKEN, [events])]) < len(events):
            if time.monotonic() > until:
                raise TimeoutError(f"notify has taken {len(told)} of {len(events)} breaches")
            time.sleep(1)
    return told


def _twice(city: City, due_at: datetime) -> dict[str, int]:
    found = {}
    for name, service, query in _TWICE:
        with city.connect(service, "postgres") as connection:
            row = connection.execute(query, [due_at]).fetchone()
            found[name] = int(row[0]) if row else 0
    return found
