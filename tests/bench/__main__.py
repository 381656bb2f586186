"""``make bench``: measure the whole platform on this machine; a table on the screen, everything in a file."""

import importlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from tests.asked import asked_for
from tests.bench import measures
from tests.bench.bench import Bench, Settings, scale_of
from tests.bench.figures import Failure, Report
from tests.bench.surroundings import surroundings


def names() -> dict[str, str]:
    """P1 and the module that measures it."""
    found = sorted(module.name for module in iter_modules(measures.__path__))
    return {f"P{int(name[1:3])}": name for name in found if name[0] == "p" and name[1:3].isdecimal()}


def asked(only: str) -> list[str]:
    known = names()
    wanted = [name.strip().upper() for name in only.split(",") if name.strip()] or list(known)
    if strange := [name for name in wanted if name not in known]:
        raise SystemExit(f"ONLY={','.join(strange)}: known are {', '.join(known)}")
    return wanted


def run(bench: Bench, wanted: Sequence[str], report: Report) -> None:
    for name in wanted:
        module = importlib.import_module(f"tests.bench.measures.{names()[name]}")
        bench.say(f"{name}: {module.TITLE} ({module.AIM})")
        _measure(bench, name, module, report)


def _measure(bench: Bench, name: str, module: ModuleType, report: Report) -> None:
    begun = time.monotonic()
    try:
        bench.tidy()
        figures = module.run(bench)
    except Exception as error:  # noqa: BLE001  # one measure that fails is a row, and the others go on
        traceback.print_exc()
        report.failures.append(Failure(name, f"{type(error).__name__}: {error}"[:300]))
        return
    report.figures.extend(figures)
    bench.say(f"{name}: {len(figures)} figures in {time.monotonic() - begun:.0f} s")


def main() -> int:
    wanted = asked(os.environ.get("ONLY", ""))
    scale = asked_for("SCALE", scale_of, "10k", as_in="100k")
    out = Path(os.environ.get("OUT") or "bench.json")
    home = Path(os.environ.get("BENCH_HOME") or ".bench").resolve()
    port = asked_for("PORT", int, "8080", as_in="8080")
    settings = Settings.of_environment()
    bench = Bench(scale, home, port, settings, tuple(wanted))
    home.mkdir(parents=True, exist_ok=True)
    report = Report({**surroundings(), "scale": bench.scale, "only": wanted})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run(bench, wanted, report)
    finally:
        bench.close()
        report.about["seconds"] = round(time.monotonic() - bench.begun, 1)
        report.about["settings"] |= asdict(bench.settings)
        report.about["cases"] = bench.found.get("cases")
        report.write(out)
    print(f"\n{report.table()}\n\n{report.about['seconds']:.0f} s in all; everything is in {out}")
    missed = [figure for figure in report.figures if figure.met is False]
    return 1 if report.failures or (missed and os.environ.get("STRICT") == "1") else 0


if __name__ == "__main__":
    sys.exit(main())
