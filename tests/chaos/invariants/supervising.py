"""What is late is somebody's to see to until it goes on: it climbs once from each tier, and never too early."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from tests.chaos.invariants.finding import Finding
from tests.chaos.record import History
from tests.chaos.world import Row, World

_ENDED = ("answered", "closed")


def each_duty_climbs_once(history: History, world: World) -> Iterator[Finding]:
    """Said once of each duty that a tier got by it, and of each time that one came back; of one that was moved by a
    merge, in the other case's history.
    """
    del history
    known = {duty["supervision_id"] for duty in world.duties}
    climbs = [entry for entries in world.entries.values() for entry in entries if _is_climb(entry)]
    said = Counter((entry["facts"]["supervision"], entry["facts"]["repeats"]) for entry in climbs)
    yield from (Finding("climbed_twice", f"duty {duty}", f"{n} times") for (duty, _), n in said.items() if n > 1)
    yield from (Finding("climbed_to_nobody", f"duty {duty}") for duty, _ in said if duty not in known)


def each_duty_ends_with_its_case(history: History, world: World) -> Iterator[Finding]:
    """Not before its limit does the next tier have it, and not behind the case's end."""
    ended = datetime.fromtimestamp(max((note["at"] for note in history.noted("looked")), default=0), UTC)
    for duty in world.duties:
        case, about = world.cases[duty["case_id"]], f"duty {duty['supervision_id']}"
        if duty["lapsed_at"] is not None and duty["lapsed_at"] <= duty["due_at"]:
            yield Finding("climbed_early", about, f"due {duty['due_at']}")
        if duty["settled_at"] is None and case["state"] in _ENDED:
            yield Finding("duty_left", about, str(case["state"]))
        if duty["settled_at"] is None and duty["lapsed_at"] is None and duty["due_at"] < ended:
            yield Finding("duty_not_climbed", about, f"due {duty['due_at']}")
        if duty["settled_at"] is None and case["supervisor_post_id"] is None:
            yield Finding("duty_of_nobody", about)


def _is_climb(entry: Row) -> bool:
    return bool(entry["step"] == "supervision_climbed")


INVARIANTS = (each_duty_climbs_once, each_duty_ends_with_its_case)
