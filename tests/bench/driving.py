"""Starts the load generator beside a city and waits for what it found."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.load.plan import Load, Phase, Plan
from tests.bench.people import Cast
from tests.system.city import ROOT, City


def plan_of(city: City, cast: Cast, phases: tuple[Phase, ...], *, seed: int = 1) -> Plan:
    return Plan(port=city.port, tokens=cast.tokens, communities=cast.communities, phases=phases, seed=seed)


def drive(plan: Plan, *, meanwhile: Callable[[], None] | None = None, grace: float = 180) -> Load:
    """``meanwhile`` is called again and again, until the load has ended."""
    with tempfile.TemporaryDirectory(prefix="baiyang-bench-") as folder:
        asked, found = Path(folder) / "plan.json", Path(folder) / "load.json"
        plan.write(asked)
        command = [sys.executable, "-m", "tests.bench.load", str(asked), str(found)]
        patience = sum(phase.seconds for phase in plan.phases) + grace
        with subprocess.Popen(command, cwd=ROOT) as generator:
            try:
                _wait(generator, patience, meanwhile)
            finally:
                generator.kill()
        if generator.returncode != 0:
            raise RuntimeError(f"the load generator ended with {generator.returncode}")
        return Load.read(found)


def _wait(generator: "subprocess.Popen[bytes]", patience: float, meanwhile: Callable[[], None] | None) -> None:
    if meanwhile is None:
        generator.wait(patience)
        return
    while generator.poll() is None:
        meanwhile()
