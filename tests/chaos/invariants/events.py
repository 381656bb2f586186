"""What was done was said once and in order; what was said was taken by all; what needs a person stands in a list."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from contracts.topics import TOPICS

from tests.chaos.invariants.finding import Finding
from tests.chaos.record import History
from tests.chaos.world import ORDERED, Row, World

_CASES, _APPEALS = "routing.case.v1", "intake.appeal.v1"

#: Entries of a case that are told to nobody: what they lead to is told by itself.
_UNTOLD = ("withdrawn", "notice_not_delivered")

#: What a resident is shown nothing of.
_OF_LIMITS = (
    "routing.case.deadline_approaching.v1",
    "routing.case.deadline_breached.v1",
    "routing.case.supervision_climbed.v1",
    "routing.case.contact_deadline_approaching.v1",
    "routing.case.contact_deadline_breached.v1",
    "routing.case.contact_deadline_moved.v1",
)

#: What is said by another name.
_SAID_AS = {"affected_named": "incident", "affected_told": "incident"}


def each_version_is_said_once(history: History, world: World) -> Iterator[Finding]:
    """A snapshot's state may be said again; of anything else each version stands in the log once, in order."""
    del history
    for topic, events in world.log.items():
        ids: dict[tuple[str, int], list[str]] = defaultdict(list)
        last: dict[str, int] = {}
        for event in events:
            ids[event["key"], event["version"]].append(event["event_id"])
            if not TOPICS[topic].compacted and last.get(event["key"], 0) > event["version"]:
                yield Finding("log_out_of_order", f"{topic} {event['key']}", f"version {event['version']}")
            last[event["key"]] = event["version"]
        for (key, version), said in ids.items():
            if len(set(said) if TOPICS[topic].compacted else said) > 1:
                yield Finding("event_twice", f"{topic} {key}", f"version {version}: {len(said)} times")


def _said_as(entry: Row) -> str:
    """What comes of the limit of first contact is told by types of its own."""
    step: str = entry["step"]
    is_of_contact = step.startswith("deadline_") and entry["facts"].get("kind") == "contact"
    return f"contact_{step}" if is_of_contact else _SAID_AS.get(step, step)


def each_step_is_said(history: History, world: World) -> Iterator[Finding]:
    """A case's history and its events tell the same, version by version; so do an appeal's."""
    del history
    done = {
        (case_id, entry["seq"], f"routing.case.{_said_as(entry)}.v1")
        for case_id, entries in world.entries.items()
        for entry in entries
        if entry["step"] not in _UNTOLD
    }
    done |= {(appeal_id, 1, "intake.appeal.received.v1") for appeal_id in world.appeals}
    done |= {
        (appeal["id"], entry["version"], f"intake.appeal.{entry['kind']}.v1")
        for appeal in world.appeals.values()
        for entry in appeal["entries"]
    }
    said = {(e["key"], e["version"], e["type"]) for topic in (_CASES, _APPEALS) for e in world.log.get(topic, [])}
    for key, version, type_ in sorted(done - said):
        yield Finding("event_missing", f"{key} version {version}", type_)
    for key, version, type_ in sorted(said - done):
        yield Finding("event_of_no_step", f"{key} version {version}", type_)


def the_wire_tells_the_log(history: History, world: World) -> Iterator[Finding]:
    """Per key, what stands on the topic is the log's events in their order; what comes again, comes again in order.

    A position may be followed by the next one, or by an earlier one from which everything is said again; never by one
    that leaves something out.
    """
    poison = {key for note in history.noted("poisoned") for key in note["keys"]}
    for topic in ORDERED:
        logged: dict[str, list[Row]] = defaultdict(list)
        for event in world.log.get(topic, []):
            logged[event["key"]].append(event)
        wired: dict[str, list[Row]] = defaultdict(list)
        for event in world.wire.get(topic, []):
            if event["key"] not in poison:
                wired[event["key"]].append(event)
        for key in logged.keys() | wired.keys():
            yield from _same_order(f"{topic} {key}", logged[key], wired[key])


def _same_order(about: str, logged: Sequence[Row], wired: Sequence[Row]) -> Iterator[Finding]:
    places = {event["event_id"]: place for place, event in enumerate(logged)}
    furthest, before = -1, -1
    for event in wired:
        place = places.get(event["event_id"])
        if place is None:
            yield Finding("wire_from_nowhere", about, f"{event['type']} {event['event_id']}")
            continue
        if place > furthest + 1 or (place > before + 1 and place <= furthest):
            yield Finding("wire_out_of_order", about, f"version {event['version']} at offset {event['offset']}")
        if _body(event) != logged[place]["body"] or str(event["version"]) != str(logged[place]["version"]):
            yield Finding("wire_differs", about, f"version {event['version']} at offset {event['offset']}")
        furthest, before = max(furthest, place), place
    if furthest + 1 < len(logged):
        yield Finding("wire_missing", about, f"{len(logged) - furthest - 1} of {len(logged)} events")


def _body(event: Row) -> Any:
    try:
        return None if event["body"] is None else json.loads(event["body"])
    except ValueError:
        return event["body"]


def everything_is_taken(history: History, world: World) -> Iterator[Finding]:
    del history
    for edge, ids in world.untaken.items():
        yield from (Finding("event_not_taken", event_id, edge) for event_id in ids)
    yield from (Finding("event_unsent", service, f"{n} events") for service, n in world.pending.items() if n)
    for row in world.parked:
        yield Finding("parked", f"{row['consumer']} {row['topic']} {row['key']}", f"waits for {row['waits_for_topic']}")


def dead_letters_are_the_poison(history: History, world: World) -> Iterator[Finding]:
    """Each event that cannot be taken stands in the list, and nothing else does; a wiped Kafka may have eaten some."""
    wiped = max((note["t"] for note in history.noted("kafka_wiped")), default=-1.0)
    sent = {(note["consumer"], str(note["event_id"])): note["t"] for note in history.noted("poison")}
    died = {(letter["consumer"], str(letter["id"])): letter for letter in world.dead_letters}
    for letter, t in sent.items():
        if letter not in died and t > wiped:
            yield Finding("poison_unlisted", f"{letter[0]} {letter[1]}", "neither taken nor a dead letter")
    for letter in died.keys() - sent.keys():
        yield Finding("dead_letter", f"{letter[0]} {letter[1]}", f"{died[letter]['type']}: {died[letter]['reason']}")


def copies_are_equal(history: History, world: World) -> Iterator[Finding]:
    """Intake's progress is routing's case as it was last told; each copy of a snapshot has its owner's version.

    Whoever has withdrawn from a case of several is told no more of it.
    """
    del history
    asking = {party["case_id"] for party in world.parties if not party.get("withdrawn_at")}
    told: dict[str, int] = {}
    for event in world.log.get(_CASES, []):
        if event["type"] not in _OF_LIMITS:
            told[event["key"]] = max(told.get(event["key"], 0), event["version"])
    for party in world.parties:
        case, copy = world.cases.get(party["case_id"]), world.progress.get(party["appeal_id"])
        if party.get("withdrawn_at") and party["case_id"] in asking:
            continue
        wanted = case and (party["case_id"], told.get(party["case_id"]), case["state"])
        if copy is None or (copy["case_id"], copy["version"], copy["state"]) != wanted:
            yield Finding("progress_differs", party["appeal_id"], f"case {party['case_id']}")
    for (service, topic), copy in world.copies.items():
        for key, version in world.snapshots.get(topic, {}).items():
            if copy.get(key) != version:
                yield Finding("copy_differs", f"{service} {topic} {key}", f"{copy.get(key)}, not {version}")


INVARIANTS = (
    each_version_is_said_once,
    each_step_is_said,
    the_wire_tells_the_log,
    everything_is_taken,
    dead_letters_are_the_poison,
    copies_are_equal,
)
