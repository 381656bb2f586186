"""Incidents: every household of what a case names is told of each telling, once: by its own message, by the notice
about an appeal that gave its very number, or in person.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.chaos.homes import numbers_by_code
from tests.chaos.invariants.finding import Finding
from tests.chaos.invariants.owed import Owed
from tests.chaos.record import History
from tests.chaos.world import Row, World

_INCIDENT = "routing.case.incident.v1"


def tellings(world: World) -> Iterator[Row]:
    return (e for e in world.log.get("routing.case.v1", []) if e["type"] == _INCIDENT and not e["body"]["silent"])


def owed_at_home(world: World) -> Iterator[Owed]:
    """To whom a message reaches by itself, and to who goes to the others."""
    messages = {message["message_id"]: message for message in world.messages}
    for event in tellings(world):
        for row in world.tellings.get((event["key"], event["body"]["telling"]), []):
            if row["way"] == "message":
                yield Owed(event["key"], event["version"], row["household_id"], "incident_household")
            elif row["way"] == "visit" and (task := messages.get(row["message_id"])):
                yield Owed(event["key"], event["version"], task["recipient"], "incident_visits")


def each_household_is_told_once(history: History, world: World) -> Iterator[Finding]:
    """All were in the register before the drive began: those of the places that are named, and no others."""
    numbers, given = numbers_by_code(), _numbers_given(history, world)
    paths = {place["id"]: place["path"] for place in world.places}
    homes = {home["id"]: home for home in world.homes}
    messages = {message["message_id"]: message for message in world.messages}
    for event in tellings(world):
        about = f"case {event['key']} telling {event['body']['telling']}"
        named = [paths[place] for place in event["body"]["place_ids"] if place in paths]
        must = {home["id"] for home in world.homes if any(home["placed_path"].startswith(path) for path in named)}
        must -= _told_before(world, event)
        rows = world.tellings.get((event["key"], event["body"]["telling"]), [])
        listed = Counter(row["household_id"] for row in rows)
        yield from (Finding("household_untold", about, home) for home in sorted(must - listed.keys()))
        yield from (Finding("household_elsewhere", about, home) for home in sorted(listed.keys() - must))
        yield from (Finding("household_told_twice", about, home) for home, times in listed.items() if times > 1)
        theirs = {given[party["appeal_id"]] for party in event["body"]["parties"] if party["appeal_id"] in given}
        for row in (row for row in rows if row["household_id"] in homes):
            number = numbers.get(homes[row["household_id"]]["code"], "")
            wanted = "appeal" if number in theirs else "message" if number else "visit"
            if row["way"] != wanted:
                name = "household_told_twice" if wanted == "appeal" else "household_told_otherwise"
                yield Finding(name, about, f"{row['household_id']}: {row['way']}, not {wanted}")
            elif wanted != "appeal" and not _is_of(event, wanted, messages.get(row["message_id"])):
                yield Finding(
                    "household_untold", about, f"{row['household_id']}: {row['message_id']} is another message"
                )


def _told_before(world: World, event: Row) -> set[str]:
    """Whom earlier tellings of the case told, where this one names its places."""
    if not event["body"].get("named_now"):
        return set()
    earlier = [world.tellings.get((event["key"], nth), []) for nth in range(1, event["body"]["telling"])]
    return {row["household_id"] for rows in earlier for row in rows}


def _is_of(event: Row, way: str, message: Row | None) -> bool:
    wanted = (event["key"], event["version"], {"message": "incident_household", "visit": "incident_visits"}[way])
    return message is not None and (message["case_id"], message["case_version"], message["template"]) == wanted


def _numbers_given(history: History, world: World) -> Mapping[str, str]:
    """By appeal, of those who are told by a message: as its resident gave it, whether that was acknowledged or not."""
    who = {op.asked["body"]["words"]: op.asked["body"]["who"] for op in history.of_kind("file")}
    found = {appeal["id"]: who.get(appeal["words"], {}) for appeal in world.appeals.values()}
    return {appeal: given["address"] for appeal, given in found.items() if given.get("means") == "sandbox"}


INVARIANTS = (each_household_is_told_once,)
