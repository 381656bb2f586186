"""Everybody who is owed a notice was told once: made once, sent once, in the provider's own log once.

What is owed is reckoned here from the steps as routing published them, not by notify's rules nor by the auditor's.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

from tests.chaos.invariants.finding import Finding
from tests.chaos.invariants.households import owed_at_home
from tests.chaos.invariants.owed import Owed
from tests.chaos.record import History
from tests.chaos.world import Row, World

#: What each step owes residents, and which of those that it names among staff.
_RESIDENTS = {
    "accepted": "case_accepted",
    "extended": "case_extended",
    "suspended": "case_suspended",
    "resumed": "case_resumed",
    "planned": "case_planned",
    "answered": "case_answered",
    "accompanied": "case_accompanied",
    "redone": "case_redone",
    "joined": "case_joined",
    "incident": "incident_party",
    "verified": "case_unverified",
    "deadline_moved": "deadline_moved",
}
_ENDS = {"withdrawn": "case_withdrawn", "declined": "case_declined"}
_STAFF = {
    "opened": {"dispatcher": "case_waiting"},
    "assigned": {"handler": "case_assigned", "former": "case_gone_on"},
    "answered": {"helpers": "helper_released"},
    "closed": {"handler": "case_closed_staff", "helpers": "helped_closed"},
    "resorted": {"handler": "case_resorted"},
    "asked": {"ruler": "case_asked"},
    "ruled": {"asker": "case_ruled"},
    "exclusion_reviewed": {"applicant": "exclusion_reviewed"},
    "reported": {"presser": "pressing_reported"},
    "recused": {
        "dispatcher": "case_waiting",
        "ruler": "case_asked",
        "reviewer": "case_drafted",
        "handler": "helper_recused",
    },
    "accompanied": {"at_centre": "case_brought"},
    "reported_back": {"dispatcher": "report_back_ready"},
    "helper_called": {"helper": "helper_called"},
    "helper_reported": {"handler": "helper_reported"},
    "helper_released": {"helper": "helper_released"},
    "handed_to_hotline": {"handler": "case_at_hotline"},
    "hotline_replied": {"handler": "hotline_replied"},
    "drafted": {"reviewer": "case_drafted"},
    "call_back_owed": {"dispatcher": "call_back_owed"},
    "redone": {"handler": "case_redone_staff", "superior": "case_redone_superior"},
    "holder_left": {"dispatcher": "post_vacant"},
    "joined": {"handler": "case_joined_staff"},
    "granted": {"granted": "case_granted"},
    "deadline_approaching": {"handler": "deadline_approaching", "superior": "deadline_approaching_superior"},
    "deadline_breached": {"handler": "deadline_missed", "superior": "deadline_missed_superior"},
    "supervision_climbed": {"superior": "supervision_climbed", "late": "supervision_lapsed"},
    "deadline_moved": {"superior": "breach_corrected_superior"},
}
#: Of what is worked on a case, what residents are told, and by which template.
TOLD_OF_WORK = {"interim_word": "case_interim", "papers_missing": "papers_missing"}
#: What a holder is told of where somebody else did it.
_OF_OTHERS = {"resumed": "case_resumed_staff", "planned": "case_planned_staff", "corrected": "appeal_corrected"}
_PRESSED = {"nudge": "case_nudged", "order": "case_ordered", "instruction": "case_instructed"}


#: What the handler is told by the fact that says how it went: of what it grants, and of what it does not.
_VERDICTS = {
    "report_reviewed": ("accepted", "report_back_accepted", "report_back_rejected"),
    "reviewed": ("approved", "", "case_sent_back"),
    "verified": ("passed", "", "case_unverified_staff"),
    "deadline_moved": ("corrects", "breach_corrected", "deadline_earlier"),
}


#: Of some steps, only where this holds.
_WHERE: dict[str, Callable[[Row], bool]] = {
    "verified": lambda body: not body["passed"],
    "deadline_moved": lambda body: bool(body.get("promise_due")) and _is_later(body),
}


def concerned(entries: Sequence[Row]) -> Iterator[tuple[int, set[str]]]:
    """By version, the appeals of those whom the step is told: of a step by which appeals come, those; of what concerns
    one resident, theirs; else of those that the case has by its history, what is not withdrawn, unless all is. Not by
    the parties that its event names.
    """
    here: set[str] = set()
    gone: set[str] = set()
    for entry in entries:
        facts = entry["facts"]
        named = {*facts.get("appeals", ()), *([facts["appeal"]] if facts.get("appeal") else [])}
        come = named if entry["step"] in ("opened", "joined", "split_off") else set()
        here |= come
        here -= named if entry["step"] in ("split", "closed") else set()
        gone |= named if entry["step"] == "withdrawn" else set()
        whom = named if entry["step"] == "recorded" else set()
        yield entry["seq"], come or whom or (here - gone) or here


def owed_by(event: Row, residents: Collection[str]) -> set[Owed]:
    """``residents``: who is told, of those who gave a name."""
    body, kind = event["body"], event["type"].removeprefix("routing.case.").removesuffix(".v1")
    kind = kind.removeprefix("contact_")
    if body["silent"]:
        return set()
    told = {(resident, template) for template in _to_residents(kind, body) for resident in residents}
    told |= {
        (each["subject"], template) for who, template in _to_staff(kind, body).items() for each in _named(body, who)
    }
    in_vain = [ended["presser"] for ended in body.get("pressings_ended", [])]
    told |= {(presser["subject"], "pressing_ended") for presser in in_vain if presser}
    return {Owed(event["key"], event["version"], *each) for each in told if each[0] not in (None, "None")}


def _named(body: Row, who: str) -> list[Row]:
    """One, several, or nobody."""
    found = body.get(who) or []
    return found if isinstance(found, list) else [found]


def _to_staff(kind: str, body: Row) -> dict[str, str]:
    if kind == "pressed":
        return {"handler": _PRESSED[body["pressing"]]}
    if kind in _VERDICTS and not (_is_later(body) and not body["corrects"]):
        name, *templates = _VERDICTS[kind]
        template = templates[not body[name]]
        return ({"handler": template} if template else {}) | _STAFF.get(kind, {})
    if kind in _OF_OTHERS:
        return {} if (body["handler"] or {}).get("subject") == body["by"] else {"handler": _OF_OTHERS[kind]}
    is_told_by_closing = kind == "ruled" and body["granted"] and body["ask"] == "decline"
    if is_told_by_closing or (kind == "opened" and not body["queue"]) or (kind == "split_off" and not _goes_on(body)):
        return {}
    if kind == "split_off":
        return {"handler": "case_waiting" if body["queue"] else "case_assigned"}
    return _STAFF.get(kind, {})


def _is_later(body: Row) -> bool:
    """Of a deadline that another calendar has moved."""
    return "due_before" in body and datetime.fromisoformat(body["due_at"]) > datetime.fromisoformat(body["due_before"])


def _goes_on(body: Row) -> bool:
    return body["state"] not in ("answered", "closed")


def _to_residents(kind: str, body: Row) -> list[str]:
    if kind == "split_off":
        return ["case_split_off"] if _goes_on(body) and not body["queue"] else []
    if kind == "closed":
        return [] if body["reason"] == "merged" else [_ENDS.get(body["reason"], "case_closed")]
    if kind == "assigned":
        return [] if body["first"] else ["case_reassigned"]
    if kind == "answered" and body.get("corrects"):
        return ["case_corrected"]
    if kind in _WHERE:
        return [_RESIDENTS[kind]] if _WHERE[kind](body) else []
    told = TOLD_OF_WORK.get(body["record"]) if kind == "recorded" else _RESIDENTS.get(kind)
    return [told] if told else []


def each_notice_owed_is_made_once(history: History, world: World) -> Iterator[Finding]:
    del history
    persons = {party["appeal_id"]: party["person_id"] for party in world.parties if party["person_id"]}
    residents = {
        (case_id, version): {persons[appeal] for appeal in appeals if appeal in persons}
        for case_id, entries in world.entries.items()
        for version, appeals in concerned(entries)
    }
    said = world.log.get("routing.case.v1", [])
    owed = {owed for event in said for owed in owed_by(event, residents.get((event["key"], event["version"]), set()))}
    owed |= set(owed_at_home(world))
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


def nobody_is_told_twice(history: History, world: World) -> Iterator[Finding]:
    """Of one step each resident and each household is told one thing, by one message."""
    del history
    told: dict[tuple[str, int, str], list[str]] = defaultdict(list)
    for message in (message for message in world.messages if message["audience"] != "staff"):
        told[message["case_id"], message["case_version"], message["recipient"]].append(message["template"])
    for (case_id, version, recipient), templates in told.items():
        if len(templates) > 1:
            yield Finding("told_twice", f"case {case_id} version {version}", f"{recipient}: {', '.join(templates)}")


INVARIANTS = (each_notice_owed_is_made_once, each_notice_is_delivered_once, nobody_is_told_twice)
