"""Appeals go from case to case by merging and splitting: each is in one case, and both histories tell of it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tests.chaos.invariants.finding import Finding
from tests.chaos.record import History
from tests.chaos.world import Row, World


def appeals_move_whole(history: History, world: World) -> Iterator[Finding]:
    """By the histories alone: what has come to a case and not left it again is there, once, and nothing else is."""
    del history
    come = Counter[tuple[str, str]]()
    for case_id, entries in world.entries.items():
        for entry in entries:
            come.update({(case_id, appeal): turn for appeal, turn in _moved(entry)})
    there = Counter((party["case_id"], party["appeal_id"]) for party in world.parties)
    finished = {party["case_id"] for party in world.parties} - {case_id for case_id, _ in come}
    for case_id, appeal in come.keys() | there.keys():
        told, found = come[case_id, appeal], there[case_id, appeal]
        if case_id in finished or told == found == 1 or told == found == 0:
            continue
        name = "appeal_lost_on_the_way" if found < 1 else "appeal_counted_twice"
        yield Finding(name, f"appeal {appeal}", f"case {case_id}: {told} by its history, {found} there")


def _moved(entry: Row) -> Iterator[tuple[str, int]]:
    """An appeal, and 1 where it came by this step, -1 where it left."""
    facts = entry["facts"]
    if entry["step"] == "opened" and facts.get("appeal"):
        yield facts["appeal"], 1
    if entry["step"] in ("joined", "split_off"):
        yield from ((appeal, 1) for appeal in facts["appeals"])
    if entry["step"] == "split" or facts.get("reason") == "merged":
        yield from ((appeal, -1) for appeal in facts["appeals"])


def both_sides_tell_the_same(history: History, world: World) -> Iterator[Finding]:
    """A merge, a split and a link stand in two histories, or in none."""
    del history
    seen: dict[tuple[str, object], list[str]] = defaultdict(list)
    for case_id, entries in world.entries.items():
        for entry in entries:
            if pair := _pair(case_id, entry):
                seen[pair].append(entry["step"])
    for (kind, about), steps in seen.items():
        if sorted(steps) != sorted(_BOTH[kind]):
            yield Finding(f"{kind}_one_sided", str(about), f"told by {', '.join(steps)}")


#: What a step is called in one history and in the other.
_BOTH = {
    "merge": ("closed", "joined"),
    "split": ("split", "split_off"),
    "link": ("linked", "linked"),
    "unlink": ("unlinked", "unlinked"),
}


def _pair(case_id: str, entry: Row) -> tuple[str, object] | None:
    """What both sides have in common: from which case to which, and whose appeals; or the link's id."""
    facts = entry["facts"]
    match entry["step"]:
        case "closed" if facts.get("reason") == "merged":
            return "merge", (case_id, facts["into"], *facts["appeals"])
        case "joined" if facts["how"] == "merged":
            return "merge", (facts["from"], case_id, *facts["appeals"])
        case "split":
            return "split", (case_id, facts["into"], *facts["appeals"])
        case "split_off":
            return "split", (facts["from"], case_id, *facts["appeals"])
        case "linked" | "unlinked" as step:
            return {"linked": "link", "unlinked": "unlink"}[step], facts["link_id"]
    return None


def merges_and_splits_are_as_asked(history: History, world: World) -> Iterator[Finding]:
    """Into the case that was named, and of the appeals that were named."""
    for op in (op for op in history.of_kind("merge", "split") if op.is_acknowledged):
        entry = _entry(world, op.asked["case_id"], op.ack["version"])
        if op.kind == "merge":
            wanted, found = op.asked["into"], {op.ack["merged_into"], entry.get("into")}
            is_so = found == {wanted} and world.cases[op.asked["case_id"]]["merged_into"] == wanted
        else:
            is_so = (op.ack["split_off"], sorted(op.asked["body"]["appeal_ids"])) == (
                *(entry.get("into"), sorted(entry.get("appeals", []))),
            )
        if not is_so:
            yield Finding(f"{op.kind}_differs", f"op {op.op}", f"case {op.asked['case_id']}")


def _entry(world: World, case_id: str, version: int) -> Mapping[str, Any]:
    entries = world.entries.get(case_id, [])
    return next((entry["facts"] for entry in entries if entry["seq"] == version), {})


def repeats_are_counted_once(history: History, world: World) -> Iterator[Finding]:
    """An appeal that asks again goes on in the case of the earlier one, or in one of its own, and is counted where it
    has joined.
    """
    del history
    for case_id, case in world.cases.items():
        joined = [entry["facts"] for entry in world.entries.get(case_id, []) if entry["step"] == "joined"]
        again = [appeal for facts in joined if facts["how"] == "repeat" for appeal in facts["appeals"]]
        if not len(again) == len(set(again)) == case["repeats"]:
            yield Finding("repeat_miscounted", f"case {case_id}", f"{case['repeats']} counted, {len(again)} came")


INVARIANTS = (
    appeals_move_whole,
    both_sides_tell_the_same,
    merges_and_splits_are_as_asked,
    repeats_are_counted_once,
)
