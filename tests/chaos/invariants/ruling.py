"""By which rules a case was promised: those that held where it lies as it was accepted, the city's and narrower."""

from collections.abc import Iterator
from datetime import datetime

from tests.chaos.invariants.finding import Finding
from tests.chaos.record import History
from tests.chaos.world import World


def each_case_is_under_the_rules_that_held(history: History, world: World) -> Iterator[Finding]:
    del history
    promises = {d.get("deadline_id"): d for listed in world.deadlines.values() for d in listed}
    for case_id, entries in world.entries.items():
        for entry in (entry for entry in entries if entry["step"] == "accepted"):
            promise = promises.get(entry["facts"].get("deadline"))
            if promise is None:
                continue
            under = [promise["rule_version"], *promise["rule_layers"]]
            held = _held(world, world.cases[case_id]["placed_path"], entry["at"])
            if under != held:
                yield Finding("rules_differ", f"case {case_id}", f"under {under}, not {held}")


def _held(world: World, path: str, at: datetime) -> list[int]:
    """Of each place on the line the last that was in force by then, widest first."""
    last: dict[str, int] = {}
    for row in sorted(world.rule_sets, key=lambda row: int(row["version"])):
        if path.startswith(row["path"]) and row["effective_from"] <= at:
            last[row["path"]] = row["version"]
    return [last[path] for path in sorted(last, key=len)]


INVARIANTS = (each_case_is_under_the_rules_that_held,)
