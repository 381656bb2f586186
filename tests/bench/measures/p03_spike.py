"""P3: from 1/s to two and a half times what is held, and back; twice."""

from dataclasses import dataclass

from tests.bench import bearing
from tests.bench.backlog import Backlog, await_calm, watching
from tests.bench.bench import Bench
from tests.bench.driving import run_load
from tests.bench.figures import Figure
from tests.bench.load.plan import Load, Phase

TITLE = "a spike from 1/s to 2.5 times the held rate, twice"
AIM = "no error; backlog gone and p95 under 500 ms within 60 s"

TIMES = 2.5
QUIET = 1.0
BEFORE, SPIKE, AFTER = 20.0, 30.0, 90.0

LIMIT = 500
WINDOW = 5.0

#: At 1/s a few events are always under way.
UNDER_WAY = 30


@dataclass(frozen=True)
class Recovery:
    """Seconds after the spike's end; None: not until the next began."""

    backlog: float | None
    latency: float | None


def run(bench: Bench) -> list[Figure]:
    city = bench.city
    rate = bearing.rate_of(bench, city) * TIMES
    phases = [Phase(QUIET, BEFORE), Phase(rate, SPIKE), Phase(QUIET, AFTER), Phase(rate, SPIKE), Phase(QUIET, AFTER)]
    with watching(city) as watch:
        load = run_load(bench, city, *phases)
    await_calm(city, say=bench.say)
    ends = [BEFORE + SPIKE, BEFORE + SPIKE + AFTER + SPIKE]
    recoveries = [
        Recovery(
            backlog_gone(watch.between(load.began + end, load.began + end + AFTER), load.began + end),
            latency_back(load, end),
        )
        for end in ends
    ]
    detail = {
        "spike_rate": round(rate, 2),
        "begun": load.begun,
        "finished": len(load.finished),
        "backlog_most": watch.most(),
        "steps_ms": load.percentiles(50, 95, 99),
        "steps_ms_in_the_spikes": [load.percentiles(50, 95, 99, since=end - SPIKE, until=end) for end in ends],
        **load.told_of_itself(),
    }
    figures = [Figure("P3", "errors", len(load.errors), "", aim="= 0", detail=detail | load.errors_told())]
    for number, recovery in enumerate(recoveries, start=1):
        figures += [
            _seconds(f"spike {number}: backlog gone after", recovery.backlog),
            _seconds(f"spike {number}: p95 under {LIMIT} ms after", recovery.latency),
        ]
    figures.append(Figure("P3", "cores of the load generator itself", load.told_of_itself()["generator_cores"]))
    return figures


def _seconds(name: str, value: float | None) -> Figure:
    if value is None:
        return Figure("P3", f"{name} (not within {AFTER:.0f} s)", AFTER, "s", aim="<= 60", met=False)
    return Figure("P3", name, round(value, 1), "s", aim="<= 60")


def backlog_gone(seen: list[Backlog], end: float) -> float | None:
    """From when on it stayed as small as it is at 1/s."""
    large = [each.at for each in seen if each.total > UNDER_WAY]
    if not large:
        return 0.0
    later = [each.at for each in seen if each.at > large[-1]]
    return later[0] - end if later else None


def latency_back(load: Load, end: float) -> float | None:
    """From when on every window's p95 was under the limit; windows in which nothing was asked say nothing."""
    back: float | None = 0.0
    for number in range(int(AFTER / WINDOW)):
        since = end + number * WINDOW
        if load.worst(95, since=since, until=since + WINDOW) >= LIMIT:
            back = (number + 1) * WINDOW
    return None if back == int(AFTER / WINDOW) * WINDOW else back
