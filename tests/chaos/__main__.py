"""``make chaos``: ``python -m tests.chaos [prove]``; the environment says how much.

KILLS (50), SEED (1), SECONDS (the longest that the faults may take), CHAOS_HOME (.chaos), CHAOS_PORT (the first free
range), MERGE=1 (only merge what has been run). More than a hundred kills are runs of a hundred, a seed and a city each;
a seed whose result is there is not run again. TARGET=cluster strikes the pods of a city in the cluster that KUBECONFIG
names (tests.cluster).
"""

import os
import sys
import time
from pathlib import Path

from tests.asked import asked_for
from tests.chaos import report
from tests.chaos.faults import FAULTS, LONG_FAULTS
from tests.chaos.harness import Plan, Result, run
from tests.cluster.__main__ import main as cluster
from tests.system.city import ROOT, free_port_range

#: The kills of one run.
MOST = 100

#: What the harness must find, each within fifty kills, or it proves nothing.
BUGS = ("ack_before_commit", "delete_before_acks", "skip_inbox")


def main() -> int:
    if os.environ.get("TARGET") == "cluster":
        os.environ["ONLY"] = "kills"
        return cluster()
    home = Path(os.environ.get("CHAOS_HOME") or ROOT / ".chaos").resolve()
    if sys.argv[1:] == ["prove"]:
        return prove(home)
    if sys.argv[1:]:
        print(__doc__)
        return 2
    return strike(home)


def strike(home: Path) -> int:
    kills, first = _number("KILLS", 50), _number("SEED", 1)
    results = home / "results"
    seeds = range(first, first + max(1, -(-kills // MOST)))
    if not os.environ.get("MERGE"):
        for seed in seeds:
            file = results / f"{seed}.json"
            if len(seeds) > 1 and file.exists():
                print(f"seed {seed} has been run: {file}", flush=True)
                continue
            report.save(run(plan(home, seed=seed, kills=min(kills, MOST)), say), file)
    found = report.load_all(results) if len(seeds) > 1 else [report.load(results / f"{first}.json")]
    text = report.text_of(found)
    (results / "report.txt").write_text(text + "\n")
    print(text)
    return int(any(result.exceptions for result in found))


def prove(home: Path) -> int:
    """The harness proves itself: each deliberate bug is found by its invariants."""
    blind = []
    for bug in BUGS:
        result = run(plan(home, seed=_number("SEED", 1), kills=_number("KILLS", 50), bug=bug), say)
        report.save(result, home / "results" / f"proof-{bug}.json")
        found = _found(result)
        print(f"{bug}: {', '.join(found) or 'NOT FOUND'}", flush=True)
        blind += [] if found else [bug]
    return int(bool(blind))


def _found(result: Result) -> list[str]:
    """By name; that the faults could not be struck as planned finds nothing."""
    of_the_run = {"fault_not_healed", "too_few_kills", "too_little_work", "not_put_into_force"}
    return sorted({exception["name"] for exception in result.exceptions} - of_the_run)


def plan(home: Path, *, seed: int, kills: int, bug: str = "") -> Plan:
    return Plan(
        seed=seed,
        kills=kills,
        home=home / (bug or f"seed-{seed}"),
        port=_number("CHAOS_PORT", 0) or free_port_range(),
        faults=FAULTS if kills < MOST else LONG_FAULTS,
        seconds=_number("SECONDS", 15 * kills),
        template=home / "template",
        extra={"BAIYANG_CHAOS_BUG": bug} if bug else {},
    )


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def _number(name: str, otherwise: int) -> int:
    return asked_for(name, int, str(otherwise), as_in="50")


if __name__ == "__main__":
    sys.exit(main())
