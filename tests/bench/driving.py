"""Starts the load generator beside a city and waits for what it found."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.bench.bench import Bench
from tests.bench.load.plan import Load, Phase, Plan
from tests.bench.people import Cast, gather
from tests.system.city import ROOT, City


def cast_of(bench: Bench, city: City) -> Cast:
    """Signed in once a city and run; and again when the city, and with it who signs its tokens, has moved."""
    casts: dict[tuple[Path, int], Cast] = bench.found.setdefault("casts", {})
    where = city.home, city.port
    if where not in casts:
        bench.say("signing in who takes part")
        casts[where] = gather(city, seed=bench.settings.seed)
    return casts[where]


def plan_of(bench: Bench, city: City, phases: Sequence[Phase], **more: Any) -> Plan:
    cast = cast_of(bench, city)
    seed = bench.found["seed"] = bench.found.get("seed", bench.settings.seed) + 1
    plan = Plan(port=city.port, tokens=cast.tokens, communities=cast.communities, phases=tuple(phases), seed=seed)
    return replace(plan, **more)


def drive(plan: Plan, *, grace: float = 240) -> Load:
    """``grace`` is how long the last errands may take after the last has begun."""
    with tempfile.TemporaryDirectory(prefix="baiyang-bench-") as folder:
        asked, found = Path(folder) / "plan.json", Path(folder) / "load.json"
        plan.write(asked)
        command = [sys.executable, "-m", "tests.bench.load", str(asked), str(found)]
        with subprocess.Popen(command, cwd=ROOT) as generator:
            try:
                generator.wait(sum(phase.seconds for phase in plan.phases) + grace)
            finally:
                generator.kill()
        if generator.returncode != 0:
            raise RuntimeError(f"the load generator ended with {generator.returncode}")
        return Load.read(found)


def run_load(bench: Bench, city: City, *phases: Phase, **more: Any) -> Load:
    return drive(plan_of(bench, city, phases, **more))
