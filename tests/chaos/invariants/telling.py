"""Everybody who is owed a notice was told once: made once, sent once, in the provider's own log once.

What is owed is reckoned here from the steps as routing published them, not by notify's rules nor by the auditor's.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.chaos.invariants.finding import Finding
from tests.chaos.record import History
from tests.chaos.world import Row, World


class Owed(NamedTuple):
    case_id: str
    version: int
    recipient: str
    template: str


def owed_by(event: Row) -> set[Owed]:
    body, kind = event["body"], event["type"].removeprefix("routing.case.").removesuffix(".v1")
    if body["silent"]:
        return set()
    residents = {str(party["person_id"]) for party in body["parties"] if party["person_id"]}
    told: set[tuple[str, str]] = set()
    match kind:
        case "opened" if body["queue"]:
            told = _staff(body["dispatcher"], "case_waiting")
        case "accepted":
            told = {(person, "case_accepted") for person in residents}
        case "assigned":
            told = _staff(body["handler"], "case_assigned")
            told |= set() if body["first"] else {(person, "case_reassigned") for person in residents}
        case "answered":
            told = {(person, "case_answered") for person in residents}
        case "closed":
            template = "case_withdrawn" if body["reason"] == "withdrawn" else "case_closed"
            told = {(person, template) for person in residents} | _staff(body["handler"], "case_closed_staff")
        case "deadline_breached":
            told = _staff(body["handler"], "deadline_missed") | _staff(body["superior"], "deadline_missed_superior")
    return {Owed(event["key"], event["version"], recipient, template) for recipient, template in told}


def _staff(handler: dict[str, Any] | None, template: str) -> set[tuple[str, str]]:
    return {(handler["subject"], template)} if handler and handler["subject"] else set()


def each_notice_owed_is_made_once(history: History, world: World) -> Iterator[Finding]:
    del history
    owed = {notice for event in world.log.get("routing.case.v1", []) for notice in owed_by(event)}
    made = Counter(Owed(m["case_id"], m["case_version"], m["recipient"], m["template"]) for m in world.messages)
    for notice in sorted(owed - made.keys()):
        yield Finding("notice_missing", f"case {notice.case_id} version {notice.version}", notice.template)
    for notice, times in made.items():
        if notice not in owed:
            yield Finding("notice_not_owed", f"case {notice.case_id} version {notice.version}", notice.template)
        if times > 1:
            yield Finding("notice_twice", f"case {notice.case_id} version {notice.version}", notice.template)


def each_notice_is_delivered_once(history: History, world: World) -> Iterator[Finding]:
    """By the provider's own log, and by the inbox for staff; by the means that was asked for."""
    delivered, items = Counter(world.deliveries), Counter(world.inbox_items)
    wanted = {
        op.ack["appeal_id"]: op.asked["body"]["who"].get("means", "none")
        for op in history.of_kind("file")
        if op.is_acknowledged
    }
    for message in world.messages:
        about, told = f"message {message['message_id']}", f"{message['template']} of case {message['case_id']}"
        if message["state"] not in ("sent", "none_wanted"):
            yield Finding("notice_not_sent", about, f"{told}: {message['state']}")
        due = int(message["means"] == "sandbox" and message["state"] == "sent")
        if (times := delivered.pop(message["message_id"], 0)) != due:
            yield Finding("delivered_twice" if times > due else "delivery_missing", about, f"{told}: {times} times")
        if items[message["message_id"]] != int(message["audience"] == "staff"):
            yield Finding("inbox_differs", about, f"{told}: {items[message['message_id']]} items")
        if message["audience"] == "resident" and wanted.get(message["appeal_id"], message["means"]) != message["means"]:
            yield Finding("notice_by_other_means", about, f"{told}: {message['means']}")
    for message_id in delivered:
        yield Finding("delivery_from_nowhere", f"message {message_id}")


INVARIANTS = (each_notice_owed_is_made_once, each_notice_is_delivered_once)
