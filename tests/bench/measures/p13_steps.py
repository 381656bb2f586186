"""P13: each step of a case's life, as staff of one street take what cases offer them, among all the others' cases."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep

from tests.bench.backlog import await_calm
from tests.bench.bench import Bench
from tests.bench.figures import Figure, percentile
from tests.chaos import record
from tests.chaos.driver import Drive
from tests.chaos.homes import lay_homes
from tests.chaos.people import People, find_people
from tests.chaos.record import History, Record
from tests.system.city import City

TITLE = "each step of a case's life"
AIM = "p95 < 300 ms"

#: Requests a second, looking included.
RATE = 30.0

#: Whose people take part: the demonstration's own district, beside which the others are laid.
DISTRICT = "HZ"

#: Of fewer a p95 says nothing.
_FEWEST = 20


def run(bench: Bench) -> list[Figure]:
    city = bench.city
    people = lay_homes(city, find_people(city, district=DISTRICT))
    await_calm(city)
    found = took(drive(city, people, seed=bench.settings.seed, seconds=bench.settings.hold))
    return [_figure(step, times) for step, times in sorted(found.items())]


def drive(city: City, people: People, *, seed: int, seconds: float) -> History:
    with TemporaryDirectory(prefix="baiyang-bench-") as folder:
        kept = Record(Path(folder) / "record.jsonl")
        work = Drive(city.address, people, kept, seed=seed, rate=RATE)
        work.start()
        try:
            sleep(seconds)
        finally:
            work.stop(patience=30)
            kept.close()
        return record.read(Path(folder) / "record.jsonl")


def took(history: History) -> Mapping[str, Sequence[float]]:
    """Seconds from asking to the answer, by step; of what was done, sent once and answered."""
    times = defaultdict(list)
    for op in history.ops.values():
        if op.outcomes and op.outcomes[0].outcome == record.OK:
            times[op.kind].append(op.outcomes[0].t - op.t)
    return times


def _figure(step: str, times: Sequence[float]) -> Figure:
    p50, p95, p99 = (round(1000 * percentile(times, share), 1) for share in (50, 95, 99))
    told = {"count": len(times), "p50": p50, "p99": p99, "slowest": round(1000 * max(times), 1)}
    aim = AIM.removeprefix("p95 ").removesuffix(" ms") if len(times) >= _FEWEST else ""
    return Figure("P13", f"{step}: p95", p95, "ms", aim=aim, detail=told)
