"""Each invariant holds of a sound history, and says so when one thing in it is spoiled."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.chaos.invariants import judge
from tests.chaos.record import REFUSED, UNKNOWN, History, Op, Outcome
from tests.chaos.small_world import DONE, DUE, MERGED, MISSED, RECEIVED, SHARED, SPLIT_OFF, add, small_world
from tests.chaos.world import World

Spoil = Callable[[History, World], object]


def test_a_sound_history_is_found_sound() -> None:
    assert judge(*small_world()) == []


def _lose_appeal(history: History, world: World) -> None:
    del history, world.appeals["appeal-2"]


def _double_appeal(history: History, world: World) -> None:
    del history
    world.appeals["appeal-9"] = {**world.appeals["appeal-1"], "id": "appeal-9"}


def _set(rows: str, key: str, **values: object) -> Spoil:
    def spoil(history: History, world: World) -> None:
        del history
        found = getattr(world, rows)
        found[key] = {**found[key], **values}

    return spoil


def _set_first(rows: str, key: str, **values: object) -> Spoil:
    def spoil(history: History, world: World) -> None:
        del history
        found = getattr(world, rows)[key]
        found[0] = {**found[0], **values}

    return spoil


def _set_first_of(rows: str, **values: object) -> Spoil:
    def spoil(history: History, world: World) -> None:
        del history
        found = getattr(world, rows)
        found[0] = {**found[0], **values}

    return spoil


def _outcome(op: int, outcome: str, **facts: object) -> Spoil:
    """What was acknowledged came to something else: that it was done all the same is now unknown or wrong."""

    def spoil(history: History, world: World) -> None:
        del world
        history.ops[op].outcomes = [Outcome(1.0, outcome, **facts)]  # type: ignore[arg-type]

    return spoil


def _drop(rows: str, key: str, place: int) -> Spoil:
    def spoil(history: History, world: World) -> None:
        del history
        del getattr(world, rows)[key][place]

    return spoil


def _swap_wire(history: History, world: World) -> None:
    del history
    events = world.wire["routing.case.v1"]
    events[0], events[1] = events[1], events[0]


def _answer_otherwise(history: History, world: World) -> None:
    del world
    history.ops[1].outcomes.append(Outcome(2.0, "ok", 201, answer={"appeal_id": "another"}))


def _case_of_two(history: History, world: World) -> None:
    del history
    world.parties.append({**world.parties[0], "case_id": MISSED})


def _one_entry_for_two(history: History, world: World) -> None:
    del world
    history.ops[20] = Op(20, "start", "sun.yong", history.ops[10].asked, 3.0, 1, history.ops[10].outcomes)


def _note(**note: object) -> Spoil:
    def spoil(history: History, world: World) -> None:
        del world
        history.notes.append({"t": 6.0, **note})

    return spoil


def _bury(history: History, world: World) -> None:
    del history
    letter = {"id": "1", "consumer": "notify", "topic": "t", "event_id": "e", "type": "x", "reason": "r"}
    world.dead_letters.append(letter)


def _append(rows: str, *values: object) -> Spoil:
    def spoil(history: History, world: World) -> None:
        del history
        getattr(world, rows).extend(values)

    return spoil


def _miss_again(history: History, world: World) -> None:
    del history
    add(world, MISSED, "deadline_breached", at=RECEIVED + timedelta(seconds=9), superior=None)


def _warn(*shares: int, minutes: int = 30) -> Spoil:
    """Of a promise half of whose time has passed after twenty minutes."""

    def spoil(history: History, world: World) -> None:
        del history
        half = {"share": 50, "at": (RECEIVED + timedelta(minutes=20)).isoformat()}
        world.deadlines[DONE][0] = {**world.deadlines[DONE][0], "deadline_id": "deadline-1", "warnings": [half]}
        for share in shares:
            facts = {"deadline": "deadline-1", "share": share}
            add(world, DONE, "deadline_approaching", at=RECEIVED + timedelta(minutes=minutes), facts=facts)

    return spoil


def _duty(place: int, **values: object) -> Spoil:
    def spoil(history: History, world: World) -> None:
        del history
        world.duties[place] = {**world.duties[place], **values}

    return spoil


def _log_again(history: History, world: World) -> None:
    del history
    world.log["routing.case.v1"].append({**world.log["routing.case.v1"][0], "event_id": "again"})


def _fact(case_id: str, place: int, **facts: object) -> Spoil:
    """An entry of a case's history says something else."""

    def spoil(history: History, world: World) -> None:
        del history
        entry = world.entries[case_id][place]
        world.entries[case_id][place] = {**entry, "facts": {**entry["facts"], **facts}}

    return spoil


def _party(place: int, **values: object) -> Spoil:
    def spoil(history: History, world: World) -> None:
        del history
        world.parties[place] = {**world.parties[place], **values}

    return spoil


def _answer(op: int, **told: object) -> Spoil:
    """What was acknowledged said something else."""

    def spoil(history: History, world: World) -> None:
        del world
        first = history.ops[op].outcomes[0]
        history.ops[op].outcomes = [Outcome(first.t, first.outcome, first.status, answer={**first.answer, **told})]

    return spoil


def _item(place: int, **values: object) -> Spoil:
    """What was answered of one of many cases."""

    def spoil(history: History, world: World) -> None:
        items = [dict(item) for item in history.ops[43].ack["items"]]
        items[place] |= values
        _answer(43, items=items)(history, world)

    return spoil


def _home(place: int, **values: object) -> Spoil:
    def spoil(history: History, world: World) -> None:
        del history
        rows = world.tellings[SHARED, 1]
        rows[place] = {**rows[place], **values}

    return spoil


def _give_their_number(history: History, world: World) -> None:
    del world
    history.ops[52].asked["body"]["who"]["address"] = "home HZ-BY-6-H2/1-101"


def _reword(history: History, world: World) -> None:
    del history
    world.entries[SHARED][-1] = {**world.entries[SHARED][-1], "words": "别的"}


def _withdraw_unsaid(history: History, world: World) -> None:
    """The other appeal that stays in the shared case had been withdrawn before the answer; the event names it."""
    del history
    world.entries[SHARED].insert(0, {**world.entries[SHARED][0], "seq": 0, "facts": {"appeal": "appeal-1"}})
    world.parties[0] = {**world.parties[0], "person_id": "person-9"}
    gone = {"seq": 0, "step": "withdrawn", "facts": {"appeal": "appeal-1"}, "by": None, "words": None, "at": RECEIVED}
    world.entries[SHARED].insert(1, gone)
    message = next(m for m in world.messages if m["template"] == "case_answered" and m["case_id"] == SHARED)
    world.messages.append({**message, "recipient": "person-9", "message_id": "m"})
    said = next(event for event in world.log["routing.case.v1"] if (event["key"], event["version"]) == (SHARED, 11))
    said["body"]["parties"].append({"person_id": "person-9", "appeal_id": "appeal-1"})


def _tell_home_again(history: History, world: World) -> None:
    del history
    message = next(message for message in world.messages if message["audience"] == "household")
    world.messages.append({**message, "template": "incident_party"})


ABOVE = {"path": "/", "figure": "kept", "dimension": "all", "value": "", "grain": "day", "first": "2026-11-23"} | {
    "kept": 2,
    "counted": 1,
}

SPOILED: dict[str, tuple[str, Spoil]] = {
    "an acknowledged appeal is gone": ("appeal_lost", _lose_appeal),
    "an appeal is there twice": ("appeal_twice", _double_appeal),
    "an appeal says something else": ("appeal_differs", _set("appeals", "appeal-1", number="A9")),
    "nobody filed it": ("appeal_from_nowhere", _set("appeals", "appeal-1", words="别的")),
    "it was refused and is there": ("refused_but_done", _outcome(1, REFUSED, status=409, code="withdrawn")),
    "a place is gone": ("place_lost", lambda _, w: w.places.clear()),
    "a place is another": ("place_differs", lambda _, w: w.places.append(
        {"id": "place-2", "code": "HZ-1", "path": "/2/"})),
    "a repetition is answered otherwise": ("answer_differs", _answer_otherwise),
    "somebody signed in is told that they are not": ("refused_oddly", _outcome(1, REFUSED, status=401, code="token")),
    "an appeal is in no case": ("appeal_in_no_case", lambda _, w: w.parties.pop()),
    "an appeal is lost by a split": ("appeal_lost_on_the_way", _party(2, case_id=DONE)),
    "an appeal has stayed where it was split off": ("appeal_counted_twice", lambda _, w: w.parties.append(
        {**w.parties[2], "case_id": SHARED})),
    "an appeal has come twice": ("appeal_lost_on_the_way", _fact(SHARED, 3, appeals=["appeal-3", "appeal-9"])),
    "a merge is told by one history": ("merge_one_sided", _fact(SHARED, 3, **{"from": "case-9"})),
    "a split is told by one history": ("split_one_sided", _fact(SPLIT_OFF, 0, appeals=["appeal-4"])),
    "a link is told by one history": ("link_one_sided", lambda _, w: add(w, DONE, "linked", facts={"link_id": "l"})),
    "a case was merged into another": ("merge_differs", _set("cases", MERGED, merged_into=DONE)),
    "others were split off than was asked": ("split_differs", _answer(41, split_off="case-9")),
    "a repetition is counted that never came": ("repeat_miscounted", _set("cases", SHARED, repeats=1)),
    "one of many is answered for another": ("item_unanswered", _item(1, case_id=MISSED)),
    "one of many is neither done nor refused": ("item_undecided", _item(1, problem=None)),
    "many are counted wrongly": ("item_miscounted", _answer(43, done=2)),
    "one of many is refused oddly": ("refused_oddly", _item(
        1, problem={"status": 500, "code": "internal_error", "detail": "d"})),
    "one of many was done and is gone": ("step_lost", _item(0, case={"case_id": SHARED, "version": 99})),
    "one of many was refused and is there": ("step_from_nowhere", _item(
        0, case=None, problem={"status": 409, "code": "step_not_allowed", "detail": "d"})),
    "what goes out is not what was reviewed": ("draft_differs", _reword),
    "a letter is gone": ("letter_lost", lambda _, w: w.letters.clear()),
    "a letter was sent twice": ("letter_differs", lambda _, w: w.entries[SHARED].append(w.entries[SHARED][7])),
    "originals are nowhere": ("papers_differ", _fact(MISSED, 4, record="papers_received", papers=2)),
    "a dismissal is gone": ("dismissal_lost", lambda _, w: w.dismissals.clear()),
    "a dismissal is there twice": ("dismissal_twice", lambda _, w: w.dismissals.append(w.dismissals[0])),
    "nobody dismissed it": ("dismissal_from_nowhere", lambda h, _: h.ops.pop(45)),
    "an appeal is in two cases": ("appeal_in_several_cases", _case_of_two),
    "a case is of nobody": ("case_of_no_appeal", lambda _, w: w.cases.update({"case-9": w.cases[DONE]})),
    "a correction is gone": ("amendment_lost", _set("appeals", "appeal-1", entries=[])),
    "a correction did not reach the case": ("amendment_not_on_case", _drop("entries", DONE, 3)),
    "an acknowledged step is gone": ("step_lost", _drop("entries", DONE, 6)),
    "an acknowledged step is another's": ("step_differs", _outcome(10, "ok", status=201, answer={"version": 6})),
    "a step of nobody": ("step_from_nowhere", lambda h, _: h.ops.pop(10)),
    "a refused step is there": ("step_from_nowhere", _outcome(10, REFUSED, status=412, code="case_changed")),
    "two were told that the step is theirs": ("step_acknowledged_twice", _one_entry_for_two),
    "recorded work is gone": ("work_lost", _drop("entries", MISSED, 4)),
    "work is recorded twice": ("work_twice", lambda _, w: add(w, MISSED, "recorded", words="记录1。", record="call")),
    "what is given back is given back twice": ("work_twice", lambda _, w: add(
        w, MISSED, "recorded", words="证件1、证件2", facts={"record": "papers_returned"}, record="papers_returned")),
    "nobody recorded it": ("work_from_nowhere", lambda h, _: h.ops.pop(20)),
    "a case is older than it was": ("case_went_back", _note(what="seen", case_id=DONE, version=8, state="closed")),
    "a page is older than it was": (
        "progress_went_back", _note(what="progress", appeal_id="appeal-2", standing="closed")),
    "a notice is missing": ("notice_missing", lambda _, w: w.messages.pop(0)),
    "whoever has withdrawn is told": ("notice_not_owed", _withdraw_unsaid),
    "a notice was made twice": ("notice_twice", lambda _, w: w.messages.append(w.messages[0])),
    "a notice is owed by nothing": ("notice_not_owed", lambda _, w: w.messages.append(
        {**w.messages[0], "template": "case_waiting", "message_id": "m"})),
    "a notice stays unsent": ("notice_not_sent", lambda _, w: w.messages.append({**w.messages[0], "state": "sending"})),
    "a notice never left": ("delivery_missing", lambda _, w: w.deliveries.pop()),
    "a resident is told twice": ("delivered_twice", lambda _, w: w.deliveries.append(w.deliveries[0])),
    "staff's inbox lacks it": ("inbox_differs", lambda _, w: w.inbox_items.pop()),
    "a delivery of nothing": ("delivery_from_nowhere", _append("deliveries", "message-99")),
    "it went another way than was asked for": ("notice_by_other_means", lambda _, w: w.messages.append(
        {**w.messages[0], "means": "sms"})),
    "somebody is told two things of one step": ("told_twice", _tell_home_again),
    "a household is on no list": ("household_untold", lambda _, w: w.tellings[SHARED, 1].pop()),
    "a household is on the list twice": ("household_told_twice", lambda _, w: w.tellings[SHARED, 1].append(
        w.tellings[SHARED, 1][0])),
    "a household lives elsewhere": ("household_elsewhere", _home(1, household_id="home-9")),
    "a household's turn has not come": ("household_told_otherwise", _home(0, way=None)),
    "a household has another's message": ("household_untold", _home(0, message_id="message-1")),
    "a household is told at the number of an appeal, too": ("household_told_twice", _give_their_number),
    "a version is said twice": ("event_twice", _log_again),
    "the log goes back": ("log_out_of_order", _log_again),
    "a step is not said": ("event_missing", lambda _, w: w.log["routing.case.v1"].pop()),
    "what was not done is said": ("event_of_no_step", _drop("entries", DONE, 6)),
    "the wire leaves something out": ("wire_out_of_order", lambda _, w: w.wire["routing.case.v1"].pop(1)),
    "the wire is turned round": ("wire_out_of_order", _swap_wire),
    "the wire ends early": ("wire_missing", lambda _, w: w.wire["routing.case.v1"].pop()),
    "the wire says something else": ("wire_differs", _set_first("wire", "routing.case.v1", body=b"{}")),
    "the wire says what the log does not": ("wire_from_nowhere", _set_first("wire", "routing.case.v1", event_id="z")),
    "an event is not taken": ("event_not_taken", lambda _, w: w.untaken.update({"edge": ["event-1"]})),
    "an event is not sent": ("event_unsent", lambda _, w: w.pending.update({"intake": 2})),
    "a key is parked": ("parked", _append(
        "parked", {"consumer": "notify", "topic": "t", "key": "k", "waits_for_topic": "u"})),
    "poison is in no list": ("poison_unlisted", _note(what="poison", consumer="notify", event_id="e")),
    "a good event is a dead letter": ("dead_letter", _bury),
    "the progress page is another's": ("progress_differs", _set("progress", "appeal-1", version=6)),
    "a copy is old": ("copy_differs", lambda _, w: w.copies.update({("intake", "grid.place.v1"): {"place-1": 1}})),
    "a promise is gone": ("promise_missing", lambda _, w: w.deadlines[DONE].clear()),
    "a promise is made twice": ("promise_twice", lambda _, w: w.deadlines[DONE].append(w.deadlines[DONE][0])),
    "a promise is counted wrongly": (
        "promise_differs", _set_first("deadlines", DONE, due_at=DUE + timedelta(days=1))),
    "a case is held to another limit": ("promise_differs", _set("cases", DONE, promise_due=DUE + timedelta(days=1))),
    "a promise begins elsewhere": ("promise_from_elsewhere", _set("cases", DONE, received_at=RECEIVED - timedelta(1))),
    "a promise is by another rule": ("promise_of_another_rule", lambda _, w: w.rules.pop(0)),
    "a case is under another place's rules": ("rules_differ", _set_first("deadlines", DONE, rule_layers=[2, 3])),
    "a case is under rules that came later": (
        "rules_differ", _set_first_of("rule_sets", effective_from=RECEIVED + timedelta(days=1))),
    "a promise is missed twice": ("deadline_fired_twice", _miss_again),
    "a promise is missed before it is due": (
        "deadline_fired_early", _set_first("deadlines", MISSED, due_at=RECEIVED + timedelta(hours=3))),
    "a late answer keeps the promise": (
        "deadline_not_fired", _set_first("deadlines", DONE, due_at=RECEIVED - timedelta(days=1))),
    "nobody missed what is overdue": ("deadline_not_fired", _drop("entries", MISSED, 3)),
    "a warning is given twice": ("warned_twice", _warn(50, 50)),
    "a warning is given too early": ("warned_out_of_time", _warn(50, minutes=10)),
    "a warning is given too late": ("warned_out_of_time", _warn(50, minutes=30 * 24 * 60)),
    "a warning is of no share": ("warned_of_nothing", _warn(70)),
    "nobody gave a warning": ("warning_not_given", _set_first("deadlines", DONE, state="open", warn_at=RECEIVED)),
    "a duty climbs twice": ("climbed_twice", lambda _, w: w.entries[MISSED].append(w.entries[MISSED][-1])),
    "it climbs to a tier that has no duty": ("climbed_to_nobody", lambda _, w: w.duties.pop()),
    "a duty climbs before its limit": ("climbed_early", _duty(0, due_at=RECEIVED + timedelta(hours=1))),
    "a duty is left when its case has ended": ("duty_left", _duty(1, case_id=DONE)),
    "a duty does not climb": ("duty_not_climbed", _duty(1, due_at=RECEIVED)),
    "a duty is no post's": ("duty_of_nobody", _set("cases", MISSED, supervisor_post_id=None)),
    "a figure counts what nobody did": ("figure_differs", _set_first_of("figures", amount=9)),
    "a figure is lost": ("figure_differs", lambda _, w: w.figures.pop()),
    "a city's figure is not its places'": ("figure_above_differs", lambda _, w: w.figures_above.append(ABOVE)),
    "a deadline is settled otherwise": ("deadline_differs", _set_first("deadlines", DONE, state="cancelled")),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILED)
def test_what_is_spoiled_is_found(what: str) -> None:
    name, spoil = SPOILED[what]
    history, world = small_world()
    spoil(history, world)
    assert name in {finding.name for finding in judge(history, world)}


@pytest.mark.parametrize("hours, is_found", [(11, False), (13, True)])
def test_rules_that_have_come_just_now_may_not_have_been_seen(hours: int, is_found: bool) -> None:
    history, world = small_world()
    accepted = world.entries[DONE][1]["at"]
    came = {"version": 4, "path": "/city/district/", "effective_from": accepted - timedelta(hours=hours)}
    world.rule_sets.append(came)
    assert ("rules_differ" in {finding.name for finding in judge(history, world)}) == is_found


def test_an_unknown_step_may_be_there_or_not() -> None:
    history, world = small_world()
    history.ops[12].outcomes = [Outcome(1.0, UNKNOWN)]
    assert judge(history, world) == []


def test_poison_on_the_wire_is_nobodys_whatever_id_it_has() -> None:
    history, world = small_world()
    history.notes.append({"what": "poisoned", "t": 1.0, "topic": "routing.case.v1", "keys": ["poison"]})
    world.wire["routing.case.v1"].append({**world.wire["routing.case.v1"][0], "key": "poison", "event_id": "nobody"})
    assert judge(history, world) == []


def test_what_kafka_lost_comes_again_in_order() -> None:
    history, world = small_world()
    world.wire["routing.case.v1"] = world.wire["routing.case.v1"] * 2
    assert judge(history, world) == []
