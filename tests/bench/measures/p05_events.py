"""P5: from the commit that an event tells of to the commit of each consumer that takes it, at half the held rate."""

from tests.bench.bench import Bench
from tests.bench.commits import commit_to_commit
from tests.bench.figures import Figure, percentile
from tests.bench.soak import Soak, soak

TITLE = "commit to each consumer's commit, at half load"
AIM = "p99 < 1 s"

#: Of the load, the first seconds are left out, and after so many more nothing new is told.
WARM_UP, ENOUGH = 10.0, 300.0


def run(bench: Bench) -> list[Figure]:
    soaked = soak(bench)
    since = soaked.load.began + min(WARM_UP, soaked.load.seconds / 4)
    found = commit_to_commit(soaked.city, since, min(soaked.load.began + soaked.load.seconds, since + ENOUGH))
    if not found:
        raise RuntimeError("no event was taken by anybody")
    every = [seconds for taken in found.values() for seconds in taken]
    worst = max(percentile(taken, 99) for taken in found.values())
    figures = [
        Figure("P5", "p99 of the slowest consumer", round(worst, 3), "s", aim="< 1", detail=_detail(soaked)),
        Figure("P5", "p50 of all", round(percentile(every, 50), 3), "s"),
    ]
    for (consumer, topic), taken in sorted(found.items()):
        told = {f"p{percent}": round(percentile(taken, percent), 3) for percent in (50, 95, 99, 100)}
        detail = {**told, "n": len(taken)}
        figures.append(Figure("P5", f"{consumer} takes {topic}: p99", told["p99"], "s", aim="< 1", detail=detail))
    return figures


def _detail(soaked: Soak) -> dict[str, object]:
    return {"rate": soaked.rate, "backlog_most": soaked.watch.most(), **soaked.load.told_of_itself()}
