"""P2: what grows when the city's past does.

Buffers and rows: the same lifecycles in a small city and in the large one, a step at a time for all of them. Of each
step the statements of the api that answers it; of what follows from it, those of each consumer, relay and clock. A
statement counts in both cities as often as it ran in the small one, so that a poll more or less says nothing.

p95: both cities run at once, and the same low rate of lifecycles goes now to the one and now to the other.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.bench.bench import Bench, name_of
from tests.bench.driving import drive, plan_of
from tests.bench.figures import Figure, of_samples
from tests.bench.load.plan import Load, Phase
from tests.bench.measures.p02_growth.counters import Counters, Statement
from tests.bench.measures.p02_growth.steps import ANSWERED_BY, LIVES, Lives
from tests.system.city import City

TITLE = "buffers and rows of each step, and its p95, in a large city ÷ a small one"
AIM = "buffers and rows <= 1.3, p95 <= 1.2"

_BUFFERS, _P95 = "<= 1.3", "<= 1.2"

SMALL, MIDDLE = 10_000, 100_000

#: Lifecycles a second, far below what the city bears.
RATE = 3.0
SECONDS = 60.0
ROUNDS = 4

#: Growth below so many buffers a call is a level of a small index, and no scan.
_NEGLIGIBLE = 2.0

#: Tables that are named of each step: those of which most was read.
_SHOWN = 6


@dataclass(frozen=True)
class Growth:
    """One statement in both cities: buffers a call."""

    role: str
    text: str
    calls: int
    small: float
    large: float

    @property
    def detail(self) -> dict[str, Any]:
        calls = {"calls": self.calls, "small": round(self.small, 1), "large": round(self.large, 1)}
        return {"role": self.role, **calls, "query": self.text[:240]}


def run(bench: Bench) -> list[Figure]:
    small, middle = min(SMALL, bench.scale // 10), min(MIDDLE, bench.scale // 10)
    with bench.state(small) as city:
        before = _live(bench, city, small)
    with bench.state(bench.scale) as city:
        after = _live(bench, city, bench.scale)
    figures = _of_counters(before, after, f"{name_of(bench.scale)} ÷ {name_of(small)}")
    with bench.state(middle, alone=False) as smaller, bench.state(bench.scale, alone=False) as larger:
        rounds = _race(bench, smaller, larger)
    return figures + _of_times(rounds, f"{name_of(bench.scale)} ÷ {name_of(middle)}")


def _live(bench: Bench, city: City, scale: int) -> dict[str, Counters]:
    bench.say(f"{LIVES} lifecycles in the city of {name_of(scale)}, step by step")
    return Lives(bench, city).live()


def _of_counters(small: Mapping[str, Counters], large: Mapping[str, Counters], scales: str) -> list[Figure]:
    figures = [_buffers_of_step(step, small[step], large[step], scales) for step in small]
    figures += _buffers_of_roles(small, large, scales)
    return figures + [_rows_of_step(step, small[step], large[step], scales) for step in small]


def _buffers_of_step(step: str, small: Counters, large: Counters, scales: str) -> Figure:
    pairs = _pairs(small, large, role=f"{ANSWERED_BY[step]}_api")
    return _buffers(f"{step}, buffers, {scales}", pairs, a_time=LIVES)


def _buffers_of_roles(small: Mapping[str, Counters], large: Mapping[str, Counters], scales: str) -> list[Figure]:
    """What no request waits for: all steps together, since a batch may hold the events of several.

    Relays and clocks mostly look for what is not there: their few buffers are shown, and held against nothing.
    """
    both = _together(small.values()), _together(large.values())
    roles = sorted({what.role for what in both[0].touched if not what.role.endswith("_api")})
    pairs = {role: _pairs(*both, role=role) for role in roles}
    return [
        _buffers(
            f"{role.replace('_', 's ')}, buffers, {scales}", found, aim=_BUFFERS if role.endswith("_consumer") else ""
        )
        for role, found in pairs.items()
        if found
    ]


def _together(steps: Any) -> Counters:
    touched: dict[Statement, Any] = {}
    for step in steps:
        for what, added in step.touched.items():
            touched[what] = touched[what] + added if what in touched else added
    return Counters(touched, {})


def _pairs(small: Counters, large: Counters, *, role: str) -> list[Growth]:
    return [
        Growth(role, what.text, now.calls, now.each, large.touched[what].each)
        for what, now in small.touched.items()
        if what.role == role and what in large.touched
    ]


def _buffers(name: str, pairs: Sequence[Growth], *, a_time: int = 0, aim: str = _BUFFERS) -> Figure:
    """Of ``a_time`` steps; 0: of a call."""
    small, large = (sum(pair.calls * getattr(pair, city) for pair in pairs) for city in ("small", "large"))
    many = a_time or sum(pair.calls for pair in pairs)
    grown = [pair for pair in pairs if pair.large > 1.3 * pair.small and pair.large - pair.small > _NEGLIGIBLE]
    grown.sort(key=lambda pair: pair.calls * (pair.large - pair.small), reverse=True)
    detail = {"small": round(small / many, 1), "large": round(large / many, 1), "statements": len(pairs)}
    above = {"above": [pair.detail for pair in grown]} if grown else {}
    return Figure("P2", name, large / small if small else None, aim=aim, detail={**detail, **above})


def _rows_of_step(step: str, small: Counters, large: Counters, scales: str) -> Figure:
    """Index entries and rows of sequential scans, with all that follows from the step."""
    before, after = (sum(city.rows.values()) / LIVES for city in (small, large))
    grown = {
        table: (round(small.rows.get(table, 0) / LIVES, 1), round(read / LIVES, 1))
        for table, read in large.rows.items()
        if read > 1.3 * small.rows.get(table, 0) and (read - small.rows.get(table, 0)) / LIVES > _NEGLIGIBLE
    }
    most = sorted(large.rows.items(), key=lambda read: -read[1])[:_SHOWN]
    shown = {table: round(read / LIVES, 1) for table, read in most}
    detail = {"small": round(before, 1), "large": round(after, 1), "most": shown, **({"above": grown} if grown else {})}
    name = f"{step} and what follows, rows read, {scales}"
    return Figure("P2", name, after / before if before else None, aim=_BUFFERS, detail=detail)


def _race(bench: Bench, smaller: City, larger: City) -> list[tuple[Load, Load]]:
    rounds = []
    for number in range(-1, ROUNDS):
        loads = {}
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            loads[which] = drive(plan_of(bench, (smaller, larger)[which], [Phase(RATE, SECONDS)]))
            if loads[which].errors:
                raise RuntimeError(f"errors at {RATE}/s: {loads[which].errors_told()}")
        bench.say(f"round {number + 1} of {ROUNDS}" if number >= 0 else "both are warm")
        if number >= 0:
            rounds.append((loads[0], loads[1]))
    return rounds


def _of_times(rounds: Sequence[tuple[Load, Load]], scales: str) -> list[Figure]:
    ratios: dict[str, list[float]] = defaultdict(list)
    told: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for smaller, larger in rounds:
        before, after = smaller.percentiles(95), larger.percentiles(95)
        for step in before:
            ratios[step].append(after[step]["p95"] / before[step]["p95"])
            told[step].append((before[step]["p95"], after[step]["p95"]))
    return [_of_time(step, ratios[step], told[step], scales) for step in ratios]


def _of_time(step: str, ratios: Sequence[float], told: Sequence[tuple[float, float]], scales: str) -> Figure:
    small, large = (median(pair[which] for pair in told) for which in (0, 1))
    detail = {"small_p95_ms": small, "large_p95_ms": large, "rate": RATE}
    return of_samples("P2", f"{step}, p95, {scales}", ratios, aim=_P95, detail=detail)
