"""What rate of lifecycles the city bears: each trial is one load with its backlog, judged by the same rules."""

from dataclasses import dataclass, field

from tests.bench.backlog import Watch, await_calm, is_growing, watching
from tests.bench.bench import Bench
from tests.bench.driving import run_load
from tests.bench.load.plan import Load, Phase
from tests.system.city import City

#: Milliseconds that 95 of 100 of each step must stay under.
LIMIT = 300

#: The first seconds of a load open connections and warm nothing but them.
WARM_UP = 3.0

#: Events of one lifecycle, roughly; what comes in within a second is no growth.
EVENTS = 12

TRIAL = 20.0
FIRST_RATE = 4.0
MOST = 256.0

#: Bisected until the step is smaller than this part of the rate.
CLOSE_ENOUGH = 0.12


@dataclass
class Trial:
    rate: float
    seconds: float
    load: Load
    watch: Watch
    faults: list[str] = field(default_factory=list)

    @property
    def is_borne(self) -> bool:
        return not self.faults

    @property
    def achieved(self) -> float:
        """Lifecycles that came to their end, of each second in which some were begun."""
        return len(self.load.finished) / self.load.seconds


def attempt(bench: Bench, city: City, rate: float, seconds: float) -> Trial:
    with watching(city) as watch:
        load = run_load(bench, city, Phase(rate, seconds))
    trial = Trial(rate, seconds, load, watch)
    totals = [each.total for each in watch.between(load.began + WARM_UP, load.began + load.seconds)]
    trial.faults = faults_of(load, totals, rate)
    bench.say(f"{rate:.1f}/s for {seconds:.0f} s: {', '.join(trial.faults) or 'borne'}")
    await_calm(city, say=bench.say)
    if load.errors:
        bench.tidy()
    return trial


def faults_of(load: Load, totals: list[int], rate: float) -> list[str]:
    """Why a load was not borne; nothing when it was."""
    faults = []
    if load.errors:
        faults.append(f"{len(load.errors)} errors ({_most(load.errors_told())})")
    worst = load.worst(95, since=WARM_UP)
    if worst >= LIMIT:
        faults.append(f"p95 of the slowest step {worst:.0f} ms")
    if is_growing(totals, allowed=rate * EVENTS):
        faults.append("the backlog grows")
    return faults


def _most(told: dict[str, int]) -> str:
    return max(told, key=lambda each: told[each])


def find_rate(bench: Bench, city: City) -> float:
    """The highest rate that short trials bear: doubled until one fails, then halved in between."""
    attempt(bench, city, FIRST_RATE, 10)
    low, high = 0.0, FIRST_RATE
    while high <= MOST and attempt(bench, city, high, TRIAL).is_borne:
        low, high = high, 2 * high
    while low == 0 and high > 0.25:
        high /= 2
        low = high if attempt(bench, city, high, TRIAL).is_borne else 0.0
        high = 2 * high if low else high
    while high - low > CLOSE_ENOUGH * high:
        middle = (low + high) / 2
        low, high = (middle, high) if attempt(bench, city, middle, TRIAL).is_borne else (low, middle)
    return low


def rate_of(bench: Bench, city: City) -> float:
    """As asked for, or as P1 has found it, or found now."""
    if bench.settings.rate:
        return bench.settings.rate
    if "rate" not in bench.found:
        bench.found["rate"] = find_rate(bench, city)
    rate: float = bench.found["rate"]
    return rate
