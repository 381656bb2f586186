"""By which rules a case was promised: those that held where it lies as it was accepted, the city's and narrower."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from tests.chaos.invariants.finding import Finding
from tests.chaos.record import History
from tests.chaos.world import Row, World

#: Who was at work, or had a wrong clock, as a set was put into force may not have seen it: days pass quickly here.
_UNSEEN = timedelta(hours=12)


def each_case_is_under_the_rules_that_held(history: History, world: World) -> Iterator[Finding]:
    """Of each place on its line, one set: the last, or one that has come just now."""
    del history
    promises = {d.get("deadline_id"): d for listed in world.deadlines.values() for d in listed}
    for case_id, entries in world.entries.items():
        for entry in (entry for entry in entries if entry["step"] == "accepted"):
            promise = promises.get(entry["facts"].get("deadline"))
            if promise is None:
                continue
            under = [promise["rule_version"], *promise["rule_layers"]]
            ways = _ways(world.rule_sets, world.cases[case_id]["placed_path"], entry["at"])
            chosen = [next((version for version in under if version in way), None) for way in ways]
            if not all(one in way for one, way in zip(chosen, ways, strict=True)) or under != [v for v in chosen if v]:
                yield Finding("rules_differ", f"case {case_id}", f"under {under}, of {ways}")


def _ways(rule_sets: Sequence[Row], path: str, at: datetime) -> list[set[int | None]]:
    """By which sets of each place it may be, widest place first; none: by none of that place."""
    by_place: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rule_sets, key=lambda row: int(row["version"])):
        if path.startswith(row["path"]) and row["effective_from"] <= at:
            by_place[row["path"]].append(row)
    return [_of_a_place(by_place[place], at) for place in sorted(by_place, key=len)]


def _of_a_place(came: Sequence[Row], at: datetime) -> set[int | None]:
    seen = [row["version"] for row in came if row["effective_from"] <= at - _UNSEEN]
    return {row["version"] for row in came if row["version"] not in seen} | {seen[-1] if seen else None}


INVARIANTS = (each_case_is_under_the_rules_that_held,)
