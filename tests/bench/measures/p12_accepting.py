"""P12: appeals accepted a second by eight clients that ask again as soon as they are answered."""

from tests.bench.backlog import Watch, await_calm, watching
from tests.bench.bench import Bench
from tests.bench.driving import run_load
from tests.bench.figures import Figure, percentile
from tests.bench.load.plan import Load, Phase

TITLE = "appeals accepted a second with 8 clients, all of it on"
AIM = ">= 150/s, p99 < 200 ms"

CLIENTS = 8
SECONDS = 30.0
PARTS = 6


def run(bench: Bench) -> list[Figure]:
    city = bench.city
    run_load(bench, city, Phase(0, 5), work="filing", clients=CLIENTS)
    await_calm(city, say=bench.say)
    with watching(city) as watch:
        load = run_load(bench, city, Phase(0, SECONDS), work="filing", clients=CLIENTS)
        left = _left(watch)
        drained = await_calm(city, say=bench.say, seconds=600)
    if not load.finished:
        raise RuntimeError(f"nothing was accepted: {load.errors_told()}")
    taken = [1000 * seconds for seconds in load.seconds_of("file")]
    detail = {"accepted": len(load.finished), "backlog_afterwards": left, **load.told_of_itself()}
    return [
        Figure(
            "P12",
            "appeals accepted a second",
            round(len(load.finished) / load.seconds, 1),
            "/s",
            aim=">= 150",
            spread=_spread(load),
            detail=detail,
        ),
        Figure("P12", "p50", round(percentile(taken, 50), 1), "ms"),
        Figure("P12", "p99", round(percentile(taken, 99), 1), "ms", aim="< 200", spread=load.spread("file", 99)),
        Figure("P12", "errors", len(load.errors), "", aim="= 0", detail=load.errors_told()),
        Figure("P12", "left to do when the clients ended", left),
        Figure("P12", "seconds until all of it was done", round(drained, 1), "s"),
        Figure("P12", "cores of the load generator itself", load.told_of_itself()["generator_cores"]),
    ]


def _left(watch: Watch) -> int:
    return watch.seen[-1].total if watch.seen else 0


def _spread(load: Load) -> tuple[float, float]:
    part = load.seconds / PARTS
    counts = [sum(n * part <= at < (n + 1) * part for at in load.finished) / part for n in range(PARTS)]
    return round(min(counts), 1), round(max(counts), 1)
