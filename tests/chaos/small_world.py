"""A sound history and world of two cases, for tests that spoil one thing in it and see which invariant says so."""

import json
from collections import Counter
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chaos.invariants import figures
from tests.chaos.record import OK, History, Op, Outcome
from tests.chaos.world import Row, World

RECEIVED = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # a Friday, ten o'clock in Shanghai
DUE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)  # two working days on, when the station closes
HOURS = [{"weekday": day, "opens": "08:30", "closes": "17:30"} for day in range(5)]
PERSON, HOLDER = "person-1", {"subject": "sun.yong"}
DONE, MISSED, MERGED, SHARED, SPLIT_OFF = "case-1", "case-2", "case-3", "case-4", "case-5"
HOME, DOOR = "home-1", "home-2"


def small_world() -> tuple[History, World]:
    """Case 1 was filed, corrected, started, answered and closed; case 2 filed, due at once, missed, spoken of, and
    climbed a tier; case 3 merged into case 4 and split off again as case 5. Case 4 names a building, is among many
    that are given to another post, has a letter sent about it, and is answered after a review.
    """
    history, world = History(), World()
    _lay_policy(world)
    _file(history, world, 1, DONE)
    _file(history, world, 2, MISSED)
    _correct(history, world)
    for number, (kind, step) in enumerate([("start", "started"), ("answer", "answered"), ("close", "closed")]):
        _step(history, world, op=10 + number, kind=kind, step=step, version=5 + number)
    _miss(world)
    _record(history, world)
    _keep_papers(history, world)
    _climb(world)
    history.ops[30] = _op(30, "lay", {"body": {"code": "HZ-1"}}, {"id": "place-1"}, by="operator")
    world.places = [{"id": "place-1", "code": "HZ-1", "path": "/1/"}]
    _deal(history, world)
    _copy(world)
    history.notes += [
        {"what": "seen", "t": 5.0, "case_id": DONE, "version": 6, "state": "answered"},
        {"what": "progress", "t": 5.0, "appeal_id": "appeal-1", "standing": "answered"},
        {"what": "looked", "t": 9.0, "at": (RECEIVED + timedelta(hours=1)).timestamp()},
    ]
    world.figures = kept(world)
    return history, world


def kept(world: World) -> list[Row]:
    """The sums of these histories, as a city that has lost none keeps them."""
    cells: Counter[tuple[str, ...]] = Counter()
    for entries in world.entries.values():
        for counted, amount in figures.count(entries).items():
            for cell in figures.cells(counted):
                cells[cell] += amount
    return [{**dict(zip(figures.CELL, cell, strict=True)), "amount": amount} for cell, amount in cells.items()]


def _lay_policy(world: World) -> None:
    common = {"version": 1, "category": None, "urgent": False}
    world.rules = [
        {**common, "kind": "municipal", "remit": "district", "unit": "working_days", "count": 1},
        {**common, "kind": "public_service", "remit": "community", "unit": "clock_hours", "count": 0},
    ]
    lights = {"kind": "municipal", "remit": "district", "line": ["municipal", "municipal.street_lights"]}
    repair = {"kind": "public_service", "remit": "community", "line": ["public_service", "public_service.repair"]}
    world.categories = {("municipal.street_lights", 1): lights, ("public_service.repair", 1): repair}
    world.calendars = {1: {}}
    in_force = [(1, "/"), (2, "/city/"), (3, "/town/")]
    world.rule_sets = [
        {"version": version, "path": path, "effective_from": RECEIVED - timedelta(days=1)} for version, path in in_force
    ]


def _file(history: History, world: World, number: int, case_id: str, *, op: int = 0) -> None:
    appeal, is_late = f"appeal-{number}", case_id == MISSED
    ack = {"appeal_id": appeal, "number": f"A{number}", "query_code": f"code-{number}"}
    words = f"路灯坏了（第{number}件）"
    body = {"words": words, "who": {"kind": "outsider", "means": "sandbox", "address": f"chaos-{number}"}}
    op = op or number
    history.ops[op] = _op(op, "file", {"body": body}, ack, by="lin.yue")
    world.appeals[appeal] = {
        "id": appeal,
        "number": f"A{number}",
        "source": None,
        "external_id": None,
        "taken_by": "lin.yue",
        "version": 1,
        "words": words,
        "entries": [],
        "received_at": RECEIVED,
        "withdrawn_at": None,
    }
    world.standings[appeal] = "assigned"
    world.parties.append({"appeal_id": appeal, "case_id": case_id, "person_id": PERSON})
    unit, due, category = ("working_days", DUE, "municipal.street_lights")
    if is_late:
        unit, due, category = ("clock_hours", RECEIVED, "public_service.repair")
    world.cases[case_id] = {
        "case_id": case_id,
        "placed_path": "/city/district/",
        "version": 0,
        "state": "assigned",
        "received_at": RECEIVED,
        "urgent": False,
        "promise_due": due,
        "promise_met": None,
        "closed_reason": None,
        "merged_into": None,
        "repeats": 0,
        "papers_held": 0,
        "supervisor_post_id": None,
    }
    facts = {
        "due_at": due.isoformat(),
        "category": category,
        "category_version": 1,
        "deadline": f"promise of {case_id}",
    }
    world.deadlines[case_id] = [
        {
            "unit": unit,
            "count": 0 if is_late else 1,
            "start_at": RECEIVED,
            "due_at": due,
            "state": "open",
            "zone": "Asia/Shanghai",
            "hours": HOURS,
            "deadline_id": f"promise of {case_id}",
            "calendar_version": 1,
            "rule_version": 1,
            "rule_layers": [2],
        }
    ]
    _say(world, "intake.appeal.received.v1", appeal, 1)
    add(world, case_id, "opened", by="lin.yue", facts={"queue": None, "appeal": appeal}, queue=None)
    add(world, case_id, "accepted", facts=facts)
    add(world, case_id, "assigned", first=True)


def _correct(history: History, world: World) -> None:
    asked = {"appeal_id": "appeal-1", "body": {"words": "补充说明1。"}}
    history.ops[3] = _op(3, "correct", asked, {"version": 2}, by="lin.yue")
    entry = {"kind": "corrected", "version": 2, "words": "补充说明1。"}
    world.appeals["appeal-1"] = {**world.appeals["appeal-1"], "version": 2, "entries": [entry]}
    _say(world, "intake.appeal.corrected.v1", "appeal-1", 2)
    add(world, DONE, "corrected", by="lin.yue", facts={"appeal": "appeal-1"})


def _step(history: History, world: World, *, op: int, kind: str, step: str, version: int) -> None:
    words = "已经办结。" if kind == "answer" else None
    body = {"answer": words} if words else None
    asked = {"case_id": DONE, "version": version - 1, "body": body}
    history.ops[op] = _op(op, kind, asked, {"case_id": DONE, "version": version}, by="sun.yong")
    add(world, DONE, step, by="sun.yong", words=words, reason="done")
    state = {"started": "in_progress"}.get(step, step)
    met = True if version > 5 else None
    world.cases[DONE] = {**world.cases[DONE], "state": state, "promise_met": met}
    world.deadlines[DONE][0] = {**world.deadlines[DONE][0], "state": "met" if met else "open"}
    world.standings["appeal-1"] = state


def _deal(history: History, world: World) -> None:
    for number, case_id in ((3, MERGED), (4, SHARED)):
        _file(history, world, number, case_id, op=48 + number)
    _merge_and_split(history, world)
    _tell_homes(history, world)
    _dispatch_many(history, world)
    _send_letter(history, world)
    _review(history, world)
    history.ops[45] = _op(45, "dismiss", {"case_id": SHARED, "other_id": DONE}, {"items": []}, by="chen.jing")
    world.dismissals = [{"case_id": DONE, "other_id": SHARED, "dismissed_by": "chen.jing"}]


def _merge_and_split(history: History, world: World) -> None:
    promise = {"due_at": DUE.isoformat(), "promise_met": None}
    body, dispatcher = {"into": SHARED, "words": "同一件事。"}, "chen.jing"
    _dispatch(history, 40, "merge", (MERGED, 3), body=body, merged_into=SHARED)
    moved = {"appeals": ["appeal-3"]}
    world.parties[2] = {**world.parties[2], "case_id": SHARED}
    facts = {"how": "merged", "from": MERGED, "earlier": False, **moved, **promise}
    add(world, SHARED, "joined", by=dispatcher, facts=facts, words="同一件事。", joined=["appeal-3"])
    closed = {"reason": "merged", "into": SHARED, **moved}
    staff = (("sun.yong", "case_closed_staff"),)
    add(world, MERGED, "closed", by=dispatcher, facts=closed, words="同一件事。", told=staff, reason="merged")
    world.cases[MERGED] |= {"state": "closed", "closed_reason": "merged", "merged_into": SHARED}  # type: ignore[operator]
    world.deadlines[MERGED][0] = {**world.deadlines[MERGED][0], "state": "cancelled"}
    asked = {"appeal_ids": ["appeal-3"], "words": "另一件事。"}
    _dispatch(history, 41, "split", (SHARED, 4), body=asked, split_off=SPLIT_OFF)
    add(world, SHARED, "split", by=dispatcher, facts={"into": SPLIT_OFF, **moved}, words="另一件事。")
    world.parties[2] = {**world.parties[2], "case_id": SPLIT_OFF}
    world.cases[SPLIT_OFF] = {**world.cases[SHARED], "case_id": SPLIT_OFF}
    world.deadlines[SPLIT_OFF] = [dict(world.deadlines[SHARED][0])]
    facts = {"from": SHARED, "state": "assigned", "queue": None, **moved, **promise}
    add(world, SPLIT_OFF, "split_off", by=dispatcher, facts=facts, state="assigned", queue=None)


def _tell_homes(history: History, world: World) -> None:
    """One home is reached by a message; to the other the chief of the building goes."""
    world.places = [*world.places, {"id": "building", "code": "HZ-BY-6-H2", "path": "/b/"}]
    codes = {HOME: "HZ-BY-6-H2/1-101", DOOR: "HZ-BY-6-H2/1-104"}
    world.homes = [{"id": home, "code": code, "placed_path": "/b/"} for home, code in codes.items()]
    body = {"place_ids": ["building"], "words": "停水1。"}
    _dispatch(history, 42, "name_affected", (SHARED, 5), body=body)
    told = ((PERSON, "incident_party"), (HOME, "incident_household"), ("he.lan", "incident_visits"))
    about = {"said_as": "incident", "told": told, "telling": 1, "place_ids": ["building"]}
    add(world, SHARED, "affected_named", by="chen.jing", words="停水1。", facts={"telling": 1}, **about)
    message, task = world.messages[-2:]
    world.tellings[SHARED, 1] = [
        {"household_id": HOME, "way": "message", "message_id": message["message_id"]},
        {"household_id": DOOR, "way": "visit", "message_id": task["message_id"]},
    ]


def _dispatch_many(history: History, world: World) -> None:
    named = [{"case_id": SHARED, "version": 6}, {"case_id": DONE, "version": 7}]
    problem = {"status": 409, "code": "step_not_allowed", "detail": "It is closed."}
    items = [
        {"case_id": SHARED, "case": {"case_id": SHARED, "version": 7}, "problem": None},
        {"case_id": DONE, "case": None, "problem": problem},
    ]
    body = {"cases": named, "words": "批量改派1。"}
    answer = {"done": 1, "refused": 1, "items": items}
    history.ops[43] = _op(43, "re_dispatch_many", {"body": body}, answer, by="chen.jing")
    add(world, SHARED, "assigned", by="chen.jing", words="批量改派1。", first=True)


def _send_letter(history: History, world: World) -> None:
    body = {"kind": "letter_sent", "office": "市水务集团", "words": "去函1。"}
    asked = {"case_id": SHARED, "version": None, "body": body}
    history.ops[44] = _op(44, "record", asked, {"case_id": SHARED, "version": 8, "letter": "H1"}, by="sun.yong")
    facts = {"record": "letter_sent", "letter": "H1"}
    add(world, SHARED, "recorded", by="sun.yong", words="去函1。", facts=facts, record="letter_sent", told=())
    world.letters = {"H1": {"number": "H1", "case_id": SHARED, "seq": 8, "replied_at": None}}


def _review(history: History, world: World) -> None:
    asked = {"case_id": SHARED, "version": 8, "body": {"answer": "修好了。"}}
    history.ops[46] = _op(46, "answer", asked, {"case_id": SHARED, "version": 9}, by="sun.yong")
    reviewer = {"subject": "chen.jing"}
    told = (("chen.jing", "case_drafted"),)
    add(world, SHARED, "drafted", by="sun.yong", words="修好了。", reviewer=reviewer, told=told)
    body = {"approved": True, "words": "可以。"}
    _dispatch(history, 47, "review", (SHARED, 9), body=body, version=11)
    add(world, SHARED, "reviewed", by="chen.jing", words="可以。", facts={"approved": True}, approved=True)
    add(world, SHARED, "answered", by="chen.jing", words="修好了。")
    world.cases[SHARED] = {**world.cases[SHARED], "state": "answered", "promise_met": True}
    world.deadlines[SHARED][0] = {**world.deadlines[SHARED][0], "state": "met"}


def _dispatch(history: History, op: int, kind: str, about: tuple[str, int], *, body: Any, **answer: Any) -> None:
    """By the dispatcher, on a case as it was read. ``into``: of a merge."""
    case_id, read = about
    asked = {"case_id": case_id, "version": read, "body": body, "into": body.get("into")}
    told = {"case_id": case_id, "version": read + 1, **answer}
    history.ops[op] = _op(op, kind, asked, told, by="chen.jing")


def _miss(world: World) -> None:
    add(world, MISSED, "deadline_breached", at=RECEIVED + timedelta(seconds=2), superior={"subject": "zhou.lan"})
    world.cases[MISSED] = {**world.cases[MISSED], "promise_met": False}
    world.deadlines[MISSED][0] = {**world.deadlines[MISSED][0], "state": "breached"}


def _record(history: History, world: World) -> None:
    body = {"kind": "interim_word", "words": "记录1。"}
    asked = {"case_id": MISSED, "version": None, "body": body}
    history.ops[20] = _op(20, "record", asked, {"case_id": MISSED, "version": 5}, by="sun.yong")
    add(world, MISSED, "recorded", by="sun.yong", words="记录1。", record="interim_word")


def _keep_papers(history: History, world: World) -> None:
    """They are given back under the names under which they came."""
    for op, (kind, version) in enumerate([("papers_received", 6), ("papers_returned", 7)], start=21):
        asked = {"case_id": MISSED, "version": None, "body": {"kind": kind, "papers": ["证件1", "证件2"]}}
        history.ops[op] = _op(op, "record", asked, {"case_id": MISSED, "version": version}, by="sun.yong")
        facts = {"record": kind, "papers": 2}
        add(world, MISSED, "recorded", by="sun.yong", words="证件1、证件2", facts=facts, record=kind, told=())


def _climb(world: World) -> None:
    """The district's supervisor lets it pass; the city's dispatcher has it since."""
    lapsed = RECEIVED + timedelta(minutes=8)
    facts = {"supervision": "duty-2", "repeats": 0}
    told = (("qin.feng", "supervision_climbed"), ("zhou.lan", "supervision_lapsed"))
    superior, late = {"subject": "qin.feng"}, {"subject": "zhou.lan"}
    add(world, MISSED, "supervision_climbed", at=lapsed, facts=facts, superior=superior, late=late, told=told)
    world.cases[MISSED] = {**world.cases[MISSED], "supervisor_post_id": "post-1"}
    duty = {"case_id": MISSED, "settled_at": None}
    world.duties = [
        {**duty, "supervision_id": "duty-1", "due_at": RECEIVED + timedelta(minutes=1), "lapsed_at": lapsed},
        {**duty, "supervision_id": "duty-2", "due_at": RECEIVED + timedelta(days=1), "lapsed_at": None},
    ]


def add(world: World, case_id: str, step: str, **more: Any) -> None:
    """One more entry with its event, its notices and their deliveries."""
    entries = world.entries.setdefault(case_id, [])
    version = len(entries) + 1
    entry = {"seq": version, "step": step, "at": RECEIVED + timedelta(minutes=version), "by": None, "words": None}
    entries.append(
        {**entry, "facts": {}, **{name: more[name] for name in more.keys() & {"at", "by", "words", "facts"}}}
    )
    world.cases[case_id] = {**world.cases[case_id], "version": version}
    parties = [
        {"person_id": party["person_id"], "appeal_id": party["appeal_id"]}
        for party in world.parties
        if party["case_id"] == case_id
    ]
    body = {"silent": False, "parties": parties, "handler": HOLDER, **more}
    _say(world, f"routing.case.{more.get('said_as', step)}.v1", case_id, version, body)
    for recipient, template in more.get("told", _TOLD.get(step, ())):
        _tell(world, case_id, version, recipient, template)


_TOLD = {
    "accepted": ((PERSON, "case_accepted"),),
    "assigned": (("sun.yong", "case_assigned"),),
    "answered": ((PERSON, "case_answered"),),
    "closed": ((PERSON, "case_closed"), ("sun.yong", "case_closed_staff")),
    "corrected": (("sun.yong", "appeal_corrected"),),
    "recorded": ((PERSON, "case_interim"),),
    "joined": ((PERSON, "case_joined"), ("sun.yong", "case_joined_staff")),
    "split_off": ((PERSON, "case_split_off"), ("sun.yong", "case_assigned")),
    "deadline_breached": (("sun.yong", "deadline_missed"), ("zhou.lan", "deadline_missed_superior")),
}


def _tell(world: World, case_id: str, version: int, recipient: str, template: str) -> None:
    message_id, is_resident = f"message-{len(world.messages) + 1}", recipient in {PERSON, HOME}
    audience = {PERSON: "resident", HOME: "household"}.get(recipient, "staff")
    world.messages.append(
        {
            "message_id": message_id,
            "case_id": case_id,
            "case_version": version,
            "recipient": recipient,
            "template": template,
            "state": "sent",
            "means": "sandbox" if is_resident else "inbox",
            "audience": audience,
            "appeal_id": None if recipient == HOME else f"appeal-{case_id[-1]}",
        }
    )
    (world.deliveries if is_resident else world.inbox_items).append(message_id)


def _say(world: World, type_: str, key: str, version: int, body: Any = None) -> None:
    event_id, topic = f"{key}-{version}", f"{type_.rsplit('.', 2)[0]}.v1"
    event = {"event_id": event_id, "type": type_, "key": key, "version": version}
    world.log.setdefault(topic, []).append({**event, "body": body})
    wired = {**event, "version": str(version), "body": None, "offset": version, "partition": 0}
    world.wire.setdefault(topic, []).append(wired)


def _copy(world: World) -> None:
    """What intake's progress and the others' copies have."""
    for topic, events in world.log.items():
        for logged, wired in zip(events, world.wire[topic], strict=True):
            logged["body"] = json.loads(json.dumps(logged["body"], default=str))  # type: ignore[index]
            wired["body"] = None if logged["body"] is None else json.dumps(logged["body"]).encode()  # type: ignore[index]
    world.progress = {
        "appeal-1": {"case_id": DONE, "version": 7, "state": "closed"},
        "appeal-2": {"case_id": MISSED, "version": 7, "state": "assigned"},
        "appeal-3": {"case_id": SPLIT_OFF, "version": 1, "state": "assigned"},
        "appeal-4": {"case_id": SHARED, "version": 11, "state": "answered"},
    }
    world.snapshots = {"grid.place.v1": {"place-1": 2}}
    world.copies = {("intake", "grid.place.v1"): {"place-1": 2}}


def _op(number: int, kind: str, asked: dict[str, Any], answer: dict[str, Any], *, by: str) -> Op:
    outcomes = [Outcome(number + 0.5, OK, 201, answer=answer)]
    return Op(number, kind, by, deepcopy(asked), float(number), sent=1, outcomes=outcomes)
