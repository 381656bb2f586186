"""What entries count that few histories have: a breach that a calendar corrects, and what older entries do not say."""

from datetime import timedelta
from itertools import count as numbers
from typing import Any
from uuid import uuid4

from kit.testing.servers import NOW
from routing.domain.chain import Entry
from routing.domain.counting import count
from routing.domain.figures import Figure, Tally

PLACE, POST = str(uuid4()), str(uuid4())
DEADLINE = str(uuid4())
WHERE = {"place": PLACE, "category": "municipal.water", "channel": "web", "zone": "Asia/Shanghai", "sealed": False}
OPENED = ("opened", {"counted": WHERE})
ACCEPTED = ("accepted", {"counted": WHERE, "contact_by": (NOW + timedelta(days=1)).isoformat()})
ASSIGNED = ("assigned", {"post": POST, "first": True, "path": "/"})
MISSED = ("deadline_breached", {"deadline": DEADLINE, "kind": "promise", "due_at": NOW.isoformat()})


def history(*steps: tuple[str, dict[str, Any]]) -> list[Entry]:
    seq = numbers(1)
    case_id = uuid4()
    return [Entry(case_id, next(seq), NOW, step, None, None, facts, None, None, None) for step, facts in steps]


def counted(entries: list[Entry]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for each in count(None, entries, zone="Asia/Shanghai")[1]:
        sums[each.figure.value] = sums.get(each.figure.value, 0) + each.amount
    return {figure: amount for figure, amount in sums.items() if amount}


def moved(*, met: bool | None) -> tuple[str, dict[str, Any]]:
    return ("deadline_moved", {"kind": "promise", "corrects": True, "promise_met": met, "replaces": DEADLINE})


def test_a_breach_that_a_calendar_corrects_is_taken_back() -> None:
    late = history(OPENED, ACCEPTED, ASSIGNED, MISSED)
    assert {name: counted(late).get(name) for name in ("missed", "overdue")} == {"missed": 1, "overdue": 1}
    right = counted(history(OPENED, ACCEPTED, ASSIGNED, MISSED, moved(met=None)))
    assert not right.keys() & {"missed", "overdue", "kept"}
    again = counted(history(OPENED, ACCEPTED, ASSIGNED, MISSED, moved(met=None), MISSED))
    assert (again["missed"], again["overdue"]) == (1, 1)


def test_one_that_was_answered_by_then_was_kept_after_all() -> None:
    answered = ("answered", {"outcome": "solved", "promise_met": False})
    right = counted(history(OPENED, ACCEPTED, ASSIGNED, MISSED, answered, moved(met=True)))
    assert right["kept"] == 1
    assert not right.keys() & {"missed", "overdue"}


def test_a_correction_of_what_was_not_missed_takes_nothing_back() -> None:
    sums = counted(history(OPENED, ACCEPTED, ASSIGNED, moved(met=None)))
    assert not sums.keys() & {"missed", "overdue", "kept"}


def test_going_on_from_a_tally_that_was_stored_is_as_counting_it_all() -> None:
    answered = ("answered", {"outcome": "solved", "promise_met": False})
    entries = history(OPENED, ACCEPTED, ASSIGNED, MISSED, answered, ("closed", {"reason": "done", "unrated": 2}))
    whole, counts = count(None, entries, zone="UTC")
    for cut in range(1, len(entries)):
        first, before = count(None, entries[:cut], zone="UTC")
        second, after = count(Tally.of(first.stored()), entries[cut:], zone="UTC")
        assert [*before, *after] == counts
        assert second.stored() == whole.stored()


def test_a_history_that_does_not_say_where_counts_at_the_cases_own_place() -> None:
    old = history(
        ("opened", {"category": None, "channel": "letterbox"}), ("accepted", {"category": "a", "place": PLACE})
    )
    (received,) = count(None, old, zone="Asia/Shanghai")[1]
    assert (received.figure, received.mark.where.channel) == (Figure.RECEIVED, "letterbox")
    tally, _ = count(None, old, zone="Asia/Shanghai")
    assert (tally.where.place, tally.where.category) == (PLACE, "a")


def test_what_turns_out_to_be_urgent_is_planned_no_more() -> None:
    planned = ("planned", {"again": False, "promise_met": True})
    resorted = ("resorted", {"counted": WHERE, "out_of_plan": "2026-12-24", "promise_met": None})
    answered = ("answered", {"outcome": "solved", "promise_met": True})
    begun = (OPENED, ACCEPTED, ASSIGNED, planned, resorted)
    assert counted(history(*begun))["planned"] == 1
    assert not counted(history(*begun)).keys() & {"plans_open", "kept", "missed"}
    assert counted(history(*begun, answered))["kept"] == 1
    assert not counted(history(*begun, answered)).keys() & {"plans_open", "plans_kept"}
    assert counted(history(*begun, MISSED))["overdue"] == 1


def test_what_came_missed_from_another_case_is_overdue_no_more_once_a_calendar_corrects_it() -> None:
    facts = {"counted": WHERE, "promise_met": False, "due_at": NOW.isoformat(), "state": "assigned", "post": POST}
    brought = ("split_off", facts)
    answered = ("answered", {"outcome": "solved", "promise_met": False})
    assert counted(history(brought))["overdue"] == 1
    assert "overdue" not in counted(history(brought, moved(met=None)))
    late = counted(history(brought, moved(met=None), MISSED, answered))
    assert "overdue" not in late
    assert late["missed"] == 1


def test_what_was_planned_when_a_calendar_had_it_missed_is_neither_kept_nor_missed() -> None:
    planned = ("planned", {"again": False, "promise_met": False})
    sums = counted(history(OPENED, ACCEPTED, ASSIGNED, MISSED, planned, moved(met=True)))
    assert not sums.keys() & {"kept", "missed", "overdue"}
    assert sums["planned"] == 1


def test_a_history_that_was_begun_before_figures_goes_on_in_the_zone_that_is_given() -> None:
    old = history(("opened", {"category": None, "channel": "letterbox"}), ("accepted", {"place": PLACE}))
    tally, _ = count(None, old, zone="Asia/Shanghai")
    (_, *late) = history(OPENED, MISSED)
    assert [each.figure for each in count(tally, late, zone="Asia/Shanghai")[1]] == [Figure.MISSED, Figure.OVERDUE]
