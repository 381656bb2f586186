"""A sound history and world of two cases, for tests that spoil one thing in it and see which invariant says so."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chaos.record import OK, History, Op, Outcome
from tests.chaos.world import World

RECEIVED = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # a Friday, ten o'clock in Shanghai
DUE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)  # two working days on, when the station closes
HOURS = [{"weekday": day, "opens": "08:30", "closes": "17:30"} for day in range(5)]
PERSON, HOLDER = "person-1", {"subject": "sun.yong"}
DONE, MISSED = "case-1", "case-2"


def small_world() -> tuple[History, World]:
    """Case 1 was filed, corrected, started, answered and closed; case 2 filed, due at once, missed, and spoken of."""
    history, world = History(), World()
    _lay_policy(world)
    _file(history, world, 1, DONE)
    _file(history, world, 2, MISSED)
    _correct(history, world)
    for number, (kind, step) in enumerate([("start", "started"), ("answer", "answered"), ("close", "closed")]):
        _step(history, world, op=10 + number, kind=kind, step=step, version=5 + number)
    _miss(world)
    _record(history, world)
    history.ops[30] = _op(30, "lay", {"body": {"code": "HZ-1"}}, {"id": "place-1"}, by="operator")
    world.places = [{"id": "place-1", "code": "HZ-1"}]
    _copy(world)
    history.notes += [
        {"what": "seen", "t": 5.0, "case_id": DONE, "version": 6, "state": "answered"},
        {"what": "progress", "t": 5.0, "appeal_id": "appeal-1", "standing": "answered"},
        {"what": "looked", "t": 9.0, "at": (RECEIVED + timedelta(hours=1)).timestamp()},
    ]
    return history, world


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


def _file(history: History, world: World, number: int, case_id: str) -> None:
    appeal, is_late = f"appeal-{number}", case_id == MISSED
    ack = {"appeal_id": appeal, "number": f"A{number}", "query_code": f"code-{number}"}
    words = f"路灯坏了（第{number}件）"
    body = {"words": words, "who": {"kind": "outsider", "means": "sandbox"}}
    history.ops[number] = _op(number, "file", {"body": body}, ack, by="lin.yue")
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
        "version": 0,
        "state": "assigned",
        "received_at": RECEIVED,
        "urgent": False,
        "promise_due": due,
        "promise_met": None,
        "closed_reason": None,
    }
    facts = {"due_at": due.isoformat(), "category": category, "category_version": 1}
    world.deadlines[case_id] = [
        {
            "unit": unit,
            "count": 0 if is_late else 1,
            "start_at": RECEIVED,
            "due_at": due,
            "state": "open",
            "zone": "Asia/Shanghai",
            "hours": HOURS,
            "calendar_version": 1,
            "rule_version": 1,
        }
    ]
    _say(world, "intake.appeal.received.v1", appeal, 1)
    add(world, case_id, "opened", by="lin.yue", facts={"queue": None}, queue=None)
    add(world, case_id, "accepted", facts=facts)
    add(world, case_id, "assigned", first=True)


def _correct(history: History, world: World) -> None:
    asked = {"appeal_id": "appeal-1", "body": {"words": "补充说明1。"}}
    history.ops[3] = _op(3, "correct", asked, {"version": 2}, by="lin.yue")
    entry = {"kind": "corrected", "version": 2, "words": "补充说明1。"}
    world.appeals["appeal-1"] = {**world.appeals["appeal-1"], "version": 2, "entries": [entry]}
    _say(world, "intake.appeal.corrected.v1", "appeal-1", 2)
    add(world, DONE, "corrected", facts={"appeal": "appeal-1"})


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


def _miss(world: World) -> None:
    add(world, MISSED, "deadline_breached", at=RECEIVED + timedelta(seconds=2), superior={"subject": "zhou.lan"})
    world.cases[MISSED] = {**world.cases[MISSED], "promise_met": False}
    world.deadlines[MISSED][0] = {**world.deadlines[MISSED][0], "state": "breached"}


def _record(history: History, world: World) -> None:
    body = {"kind": "interim_word", "words": "记录1。"}
    asked = {"case_id": MISSED, "version": None, "body": body}
    history.ops[20] = _op(20, "record", asked, {"case_id": MISSED, "version": 5}, by="sun.yong")
    add(world, MISSED, "recorded", by="sun.yong", words="记录1。", record="interim_word")


def add(world: World, case_id: str, step: str, **more: Any) -> None:
    """One more entry with its event, its notices and their deliveries."""
    entries = world.entries.setdefault(case_id, [])
    version = len(entries) + 1
    entry = {"seq": version, "step": step, "at": RECEIVED + timedelta(minutes=version), "by": None, "words": None}
    entries.append(
        {**entry, "facts": {}, **{name: more[name] for name in more.keys() & {"at", "by", "words", "facts"}}}
    )
    world.cases[case_id] = {**world.cases[case_id], "version": version}
    if step == "corrected":
        return
    party = next(party for party in world.parties if party["case_id"] == case_id)
    body = {"silent": False, "parties": [{"person_id": party["person_id"]}], "handler": HOLDER, **more}
    _say(world, f"routing.case.{step}.v1", case_id, version, body)
    for recipient, template in _TOLD.get(step, ()):
        _tell(world, case_id, version, recipient, template)


_TOLD = {
    "accepted": ((PERSON, "case_accepted"),),
    "assigned": (("sun.yong", "case_assigned"),),
    "answered": ((PERSON, "case_answered"),),
    "closed": ((PERSON, "case_closed"), ("sun.yong", "case_closed_staff")),
    "recorded": ((PERSON, "case_interim"),),
    "deadline_breached": (("sun.yong", "deadline_missed"), ("zhou.lan", "deadline_missed_superior")),
}


def _tell(world: World, case_id: str, version: int, recipient: str, template: str) -> None:
    message_id, is_resident = f"message-{len(world.messages) + 1}", recipient == PERSON
    world.messages.append(
        {
            "message_id": message_id,
            "case_id": case_id,
            "case_version": version,
            "recipient": recipient,
            "template": template,
            "state": "sent",
            "means": "sandbox" if is_resident else "inbox",
            "audience": "resident" if is_resident else "staff",
            "appeal_id": f"appeal-{case_id[-1]}",
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
        "appeal-2": {"case_id": MISSED, "version": 5, "state": "assigned"},
    }
    world.snapshots = {"grid.place.v1": {"place-1": 2}}
    world.copies = {("intake", "grid.place.v1"): {"place-1": 2}}


def _op(number: int, kind: str, asked: dict[str, Any], answer: dict[str, Any], *, by: str) -> Op:
    outcomes = [Outcome(number + 0.5, OK, 201, answer=answer)]
    return Op(number, kind, by, deepcopy(asked), float(number), sent=1, outcomes=outcomes)
