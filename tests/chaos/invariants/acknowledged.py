"""Nothing that was acknowledged is missing, nothing is there twice, and what was refused has not been done.

Every request can be told from all others by its words, or by the case, version and person that it names.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.chaos.invariants.finding import Finding
from tests.chaos.record import REFUSED, History, Op
from tests.chaos.world import Row, World

#: What a step of the API is called in the case's history; accepting adds two entries, the second is the version.
ENTRY = {
    "accept": "assigned",
    "start": "started",
    "answer": "answered",
    "hand_over": "handed_over",
    "close": "closed",
}

_STANDINGS = ("received", "accepted", "assigned", "in_progress", "answered", "closed", "withdrawn")

#: How a well-behaved client may be refused while others work on the same things.
_FAIR = {
    *("changed", "case_changed", "step_not_allowed", "withdrawn", "case_not_found", "no_such_appeal"),
    *("not_your_step", "not_your_place", "nobody_holds"),
}

#: How a fault of clocks is called, and how long an answer may be on its way.
_CLOCK, _ON_ITS_WAY = "clock is wrong", 8.0

DEMONSTRATION = "demonstration"


def appeals_are_there_once(history: History, world: World) -> Iterator[Finding]:
    """As acknowledged: there, once, with what was said. Of unknown ones at most one; of refused ones none."""
    found: dict[str, list[Row]] = defaultdict(list)
    for appeal in world.appeals.values():
        found[appeal["words"]].append(appeal)
    asked: dict[str, list[Op]] = defaultdict(list)
    for op in history.of_kind("file"):
        asked[op.asked["body"]["words"]].append(op)
    for words, ops in asked.items():
        yield from _appeal(ops, found.get(words, []))
    for words in found.keys() - asked.keys():
        for appeal in found[words]:
            if appeal["source"] != DEMONSTRATION:
                yield Finding("appeal_from_nowhere", appeal["id"], "nobody filed these words")


def _appeal(ops: Sequence[Op], found: Sequence[Row]) -> Iterator[Finding]:
    about = " ".join(f"op {op.op}" for op in ops)
    acknowledged = [op for op in ops if op.is_acknowledged]
    ids = {op.ack["appeal_id"] for op in acknowledged}
    if len(found) > 1 or len(ids) > 1:
        yield Finding("appeal_twice", about, f"{len(found)} in intake, acknowledged as {sorted(ids)}")
    for op in acknowledged:
        ack = op.ack
        same = next((appeal for appeal in found if appeal["id"] == ack["appeal_id"]), None)
        if same is None:
            yield Finding("appeal_lost", f"op {op.op}", f"acknowledged as {ack['number']}")
        elif any(same[name] != value for name, value in _said(op).items()) or same["number"] != ack["number"]:
            yield Finding("appeal_differs", f"op {op.op}", f"appeal {same['id']}")
    if found and not acknowledged and not any(op.is_unknown for op in ops):
        yield Finding("refused_but_done", about, f"appeal {found[0]['id']}")


def _said(op: Op) -> Mapping[str, Any]:
    body = op.asked["body"]
    return {"taken_by": op.by, "source": body.get("source"), "external_id": body.get("external_id")}


def places_are_there_once(history: History, world: World) -> Iterator[Finding]:
    found: dict[str, list[str]] = defaultdict(list)
    for place in world.places:
        found[place["code"]].append(place["id"])
    for op in history.of_kind("lay"):
        ids = found[op.asked["body"]["code"]]
        if op.is_acknowledged and ids != [op.ack["id"]]:
            yield Finding("place_differs" if ids else "place_lost", f"op {op.op}", f"{op.ack['id']}, found {ids}")
        if ids and not op.is_acknowledged and not op.is_unknown:
            yield Finding("refused_but_done", f"op {op.op}", f"place {ids}")


def a_repeated_request_gets_the_same_answer(history: History, world: World) -> Iterator[Finding]:
    del world
    for op in history.ops.values():
        answers = {(ack.status, repr(sorted(ack.answer.items()))) for ack in op.acks}
        if len(answers) > 1:
            yield Finding("answer_differs", f"op {op.op}", f"{op.kind} was answered in {len(answers)} ways")


def refusals_are_fair(history: History, world: World) -> Iterator[Finding]:
    """A fault must never look like a mistake of the person's: not signed in, not theirs, malformed.

    But who took up a post a minute ago has none yet by a clock that is behind.
    """
    del world
    wrong = [(n["t"] - n["seconds"], n["t"] + _ON_ITS_WAY) for n in history.noted("struck") if _CLOCK in n["fault"]]
    for op in history.ops.values():
        for outcome in op.outcomes:
            if any(since <= outcome.t <= until for since, until in wrong):
                continue
            if outcome.outcome == REFUSED and outcome.code not in _FAIR:
                yield Finding("refused_oddly", f"op {op.op}", f"{op.kind}: {outcome.status} {outcome.code}")


def each_appeal_has_one_case(history: History, world: World) -> Iterator[Finding]:
    del history
    cases: dict[str, list[str]] = defaultdict(list)
    for party in world.parties:
        cases[party["appeal_id"]].append(party["case_id"])
    for appeal_id in world.appeals:
        held = cases.pop(appeal_id, [])
        if not held:
            yield Finding("appeal_in_no_case", appeal_id)
        elif len(held) > 1:
            yield Finding("appeal_in_several_cases", appeal_id, ", ".join(held))
    for appeal_id, held in cases.items():
        yield Finding("case_of_no_appeal", ", ".join(held), appeal_id)
    told = Counter(party["case_id"] for party in world.parties)
    for case_id in world.cases:
        if told[case_id] != 1:
            yield Finding("case_of_no_appeal", case_id, f"{told[case_id]} appeals")


def amendments_are_there_once(history: History, world: World) -> Iterator[Finding]:
    """Corrections by their words, the withdrawal by itself; each stands on the case too."""
    for op in history.of_kind("correct", "withdraw"):
        appeal = world.appeals.get(op.asked["appeal_id"])
        entries = [entry for entry in (appeal or {"entries": []})["entries"] if _is_of(op, entry)]
        if len(entries) > 1:
            yield Finding("amendment_twice", f"op {op.op}", f"{len(entries)} entries")
        if op.is_acknowledged and not any(entry["version"] == op.ack["version"] for entry in entries):
            yield Finding("amendment_lost", f"op {op.op}", f"{op.kind}, version {op.ack['version']}")
        if entries and op.kind == "correct" and not op.is_acknowledged and not op.is_unknown:
            yield Finding("refused_but_done", f"op {op.op}", "correct")
    on_cases = Counter(
        (entry["facts"].get("appeal"), entry["step"])
        for entries in world.entries.values()
        for entry in entries
        if entry["step"] in ("corrected", "withdrawn")
    )
    in_intake = Counter((a["id"], entry["kind"]) for a in world.appeals.values() for entry in a["entries"])
    for about in on_cases.keys() | in_intake.keys():
        if on_cases[about] != in_intake[about]:
            detail = f"{in_intake[about]} in intake, {on_cases[about]} on the case"
            yield Finding("amendment_not_on_case", f"{about[1]} {about[0]}", detail)


def _is_of(op: Op, entry: Row) -> bool:
    if op.kind == "withdraw":
        return bool(entry["kind"] == "withdrawn")
    return bool(entry["kind"] == "corrected" and entry["words"] == op.asked["body"]["words"])


def steps_are_there_once(history: History, world: World) -> Iterator[Finding]:
    """Each acknowledged step is the entry that its answer names; each entry of a person's is one such step."""
    claimed: dict[tuple[str, int], int] = {}
    ops = list(history.of_kind(*ENTRY))
    for op in (op for op in ops if op.is_acknowledged):
        case_id, version = op.asked["case_id"], op.ack["version"]
        if first := claimed.get((case_id, version)):
            yield Finding("step_acknowledged_twice", f"ops {first} and {op.op}", f"case {case_id} version {version}")
        claimed[case_id, version] = op.op
        entry = next((e for e in world.entries.get(case_id, []) if e["seq"] == version), None)
        if entry is None:
            yield Finding("step_lost", f"op {op.op}", f"{op.kind} of case {case_id}, version {version}")
        elif (entry["step"], entry["by"], entry["words"]) != (ENTRY[op.kind], op.by, _words(op)):
            yield Finding("step_differs", f"op {op.op}", f"case {case_id} version {version} is {entry['step']}")
    yield from _steps_of_nobody(ops, world, claimed)


def _words(op: Op) -> str | None:
    return op.asked["body"]["answer"] if op.kind == "answer" else None


def _steps_of_nobody(ops: Sequence[Op], world: World, claimed: Mapping[tuple[str, int], int]) -> Iterator[Finding]:
    unknown = defaultdict(set)
    for op in (op for op in ops if op.is_unknown):
        unknown[op.asked["case_id"], ENTRY[op.kind], op.by].add(op.asked["version"])
    for case_id, entries in world.entries.items():
        if _is_not_ours(world, case_id, entries):
            continue
        for entry in entries:
            by_person = entry["step"] in ENTRY.values() and entry["by"] and entry["facts"].get("reason") != "withdrawn"
            if not by_person or (case_id, entry["seq"]) in claimed:
                continue
            read = unknown[case_id, entry["step"], entry["by"]]
            # It follows what was read; a missed promise or the acceptance may stand between.
            if not read & {entry["seq"] - 1, entry["seq"] - 2}:
                yield Finding("step_from_nowhere", f"case {case_id} entry {entry['seq']}", f"{entry['step']}")


def _is_not_ours(world: World, case_id: str, entries: Sequence[Row]) -> bool:
    """Settled while it was taken, or of the demonstration: nobody of the drive took its steps."""
    if any(entry["facts"].get("on_the_spot") for entry in entries):
        return True
    appeals = [world.appeals.get(party["appeal_id"]) for party in world.parties if party["case_id"] == case_id]
    return any(appeal is not None and appeal["source"] == DEMONSTRATION for appeal in appeals)


def what_was_seen_stays(history: History, world: World) -> Iterator[Finding]:
    """Neither a case nor a progress page ever goes back behind what somebody has read."""
    for note in history.noted("seen"):
        case = world.cases.get(note["case_id"])
        if case is None or case["version"] < note["version"]:
            yield Finding("case_went_back", note["case_id"], f"version {note['version']} was seen")
    for note in history.noted("progress"):
        now = world.standings.get(note["appeal_id"])
        if now is None or _STANDINGS.index(now) < _STANDINGS.index(note["standing"]):
            yield Finding("progress_went_back", note["appeal_id"], f"{note['standing']} was seen, now {now}")


INVARIANTS = (
    appeals_are_there_once,
    places_are_there_once,
    a_repeated_request_gets_the_same_answer,
    refusals_are_fair,
    each_appeal_has_one_case,
    amendments_are_there_once,
    steps_are_there_once,
    what_was_seen_stays,
)
