"""The long load at half the held rate that P5, P8 and P10 share: it is run once, however many of them are asked for."""

import threading
import time
from dataclasses import dataclass, field

from tests.bench import bearing
from tests.bench.backlog import Watch, await_calm, watching
from tests.bench.bench import Bench
from tests.bench.driving import drive, plan_of, run_load
from tests.bench.load.plan import Load, Phase, Plan
from tests.bench.looks import looks_of
from tests.bench.memory import Memory, remembering
from tests.system.city import City

#: Looks a second beside the load, and for how long at most.
LOOKS = 5.0
LOOKING = 300.0


@dataclass
class Soak:
    city: City
    rate: float
    load: Load
    watch: Watch
    memory: Memory
    looked: list[Load] = field(default_factory=list)


def soak(bench: Bench) -> Soak:
    city = bench.city
    done: Soak | None = bench.found.get("soak")
    if done is None:
        done = bench.found["soak"] = _soak(bench, city)
    return done


def _soak(bench: Bench, city: City) -> Soak:
    """As long as P10 asks for, where it is asked for; P5 and P8 need no longer than a hold."""
    rate = bearing.rate_of(bench, city) / 2
    seconds = bench.settings.soak if "P10" in bench.wanted else bench.settings.hold
    looked: list[Load] = []
    threads = []
    if "P8" in bench.wanted:
        looks = Phase(LOOKS, min(LOOKING, seconds))
        plan = plan_of(bench, city, [looks], work="looking", looks=looks_of(bench, city))
        threads = [threading.Thread(target=_look, args=(plan, looked, seconds / 10))]
    bench.say(f"{rate:.1f}/s for {seconds:.0f} s")
    with watching(city, every=5) as watch, remembering(city) as memory:
        for thread in threads:
            thread.start()
        load = run_load(bench, city, Phase(rate, seconds))
        for thread in threads:
            thread.join()
    await_calm(city, say=bench.say)
    return Soak(city, rate, load, watch, memory, looked)


def _look(plan: Plan, looked: list[Load], after: float) -> None:
    time.sleep(after)
    looked.append(drive(plan))
