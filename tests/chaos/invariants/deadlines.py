"""Each promise is as its inputs explain it, and was missed, kept or dropped once.

Counted here day by day from the stored inputs and the stored calendar, without routing's own reckoning.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tests.chaos.invariants.finding import Finding
from tests.chaos.record import History
from tests.chaos.world import Row, World

_DAY = timedelta(days=1)
_NEVER = datetime.max.replace(tzinfo=UTC)
_SATURDAY = 5

#: What keeps a promise: the answer, as it was handed in where it is reviewed; of what is for a centre, the hand-over.
_KEEPS = ("answered", "drafted", "accompanied", "planned")

Days = Mapping[str, Row]


def due(deadline: Row, days: Days) -> datetime:
    if deadline["unit"] == "clock_hours":
        return deadline["start_at"] + timedelta(hours=deadline["count"])  # type: ignore[no-any-return]
    zone = ZoneInfo(deadline["zone"])
    began = deadline["start_at"].astimezone(zone)
    last = _last_day(deadline, began, days)
    closes = _closing(last, deadline["hours"], days)
    midnight = datetime.combine(last + _DAY, time(0), zone)
    return (datetime.combine(last, closes, zone) if closes else midnight).astimezone(UTC)


def _last_day(deadline: Row, began: datetime, days: Days) -> date:
    day: date = began.date()
    count: int = deadline["count"]
    if deadline["unit"] == "same_day" or (deadline["unit"] == "remaining_working_days" and not count):
        return _day_of_business(began, deadline["hours"], days)
    if deadline["unit"] == "calendar_days":
        day += count * _DAY
        while not _is_working(day, days):
            day += _DAY
        return day
    while count:
        day += _DAY
        count -= _is_working(day, days)
    return day


def _day_of_business(began: datetime, hours: Sequence[Row], days: Days) -> date:
    """Today while the station is open; else the first of the next seven working days on which it opens."""
    today = began.date()
    closes = _closing(today, hours, days)
    if _is_working(today, days) and closes and began.time() < closes:
        return today
    ahead: list[date] = []
    day = today
    while len(ahead) < 7:
        day += _DAY
        if _is_working(day, days):
            ahead.append(day)
    return next((day for day in ahead if _closing(day, hours, days)), ahead[0])


def _is_working(day: date, days: Days) -> bool:
    known = days.get(day.isoformat())
    return bool(known["working"]) if known else day.weekday() < _SATURDAY


def _closing(day: date, hours: Sequence[Row], days: Days) -> time | None:
    known = days.get(day.isoformat())
    weekday = day.weekday() if known is None or known["stands_for"] is None else known["stands_for"]
    begun = [row["since"] for row in hours if row.get("since", "9") <= day.isoformat()]
    of_season = [row for row in hours if "date" not in row and row.get("since") == max(begun, default=None)]
    parts = [row for row in of_season if row.get("weekday") == weekday]
    closed = [row["closes"] for row in hours if row.get("date") == day.isoformat()]
    ends = _cut(parts, closed[0]) if closed else [row["closes"] for row in parts]
    return time.fromisoformat(max(ends)) if ends else None


def _cut(parts: Sequence[Row], closes: str | None) -> list[str]:
    """When each part ends that has begun before it is closed."""
    return [min(part["closes"], closes) for part in parts if closes and part["opens"] < closes]


def each_promise_is_as_explained(history: History, world: World) -> Iterator[Finding]:
    """One promise a case that was accepted, another in its place where it was sorted wrongly, extended, suspended,
    resumed, or moved by another calendar: by the rule of its matter, from the right moment, to the right day.
    """
    del history
    for case_id, case in world.cases.items():
        made = [e for e in world.entries.get(case_id, []) if _makes_a_promise(e)]
        promises = _in_order(world.deadlines.get(case_id, []), made)
        if len(promises) != len(made) or sum(entry["step"] == "accepted" for entry in made) > 1:
            name = "promise_missing" if len(promises) < len(made) else "promise_twice"
            yield Finding(name, f"case {case_id}", f"{len(promises)} promises, {len(made)} made")
            continue
        for before, deadline, entry in zip([None, *promises], promises, made, strict=False):
            explained = _as_planned if deadline["unit"] == "given" else _explained
            yield from explained(world, case, deadline, entry, before)
        if promises and case["promise_due"] != _told(world, case_id):
            yield Finding("promise_differs", f"case {case_id}", f"{case['promise_due']} is not what was told last")
        steps = zip(pairwise(promises), made[1:], strict=True)
        if any(later["due_at"] >= _at_most(world, earlier, e) for (earlier, later), e in steps):
            yield Finding("promise_grew", f"case {case_id}")


def _at_most(world: World, before: Row, made: Row) -> datetime:
    """Before when the next must end: what lengthens it ends whenever it was said, and what comes out of a plan once the
    first promise is over no later than the day that was planned, as long as that is ahead.
    """
    if _lengthens(made):
        return _NEVER
    if "out_of_plan" not in made["facts"] or before["due_at"] >= made["at"]:
        return before["due_at"]  # type: ignore[no-any-return]
    planned = _planned_until(world, before["case_id"], made)
    return planned + timedelta(microseconds=1) if planned >= made["at"] else _NEVER


def _planned_until(world: World, case_id: str, made: Row) -> datetime:
    """The end of the day that was planned last before this."""
    plans = [e for e in world.entries[case_id] if e["step"] == "planned" and e["seq"] < made["seq"]]
    return datetime.fromisoformat(plans[-1]["facts"]["due_at"]) if plans else _NEVER


def _told(world: World, case_id: str, *, before: float = math.inf) -> datetime | None:
    """By when it is due as its residents were told last: by its promise, or by the limit for doing it again. What was
    split off was told what the other was.
    """
    due: datetime | None = None
    for entry in world.entries.get(case_id, []):
        if entry["seq"] >= before:
            break
        if entry["step"] == "split_off":
            split = _split_of(world, entry["facts"]["from"], case_id)
            due = _told(world, entry["facts"]["from"], before=split)
        elif entry["step"] == "deadline_moved":
            due = _moved(entry, due)
        elif _makes_a_promise(entry) or entry["step"] == "redone" or _is_sent_again(entry):
            due = datetime.fromisoformat(entry["facts"]["due_at"])
    return due


def _moved(entry: Row, told: datetime | None) -> datetime | None:
    """What was told moves where it is what the calendar moves."""
    facts = entry["facts"]
    is_told = facts["kind"] in ("promise", "redo") and datetime.fromisoformat(facts["due_before"]) == told
    return datetime.fromisoformat(facts["due_at"]) if is_told else told


def _split_of(world: World, origin: str, case_id: str) -> float:
    splits = (e for e in world.entries.get(origin, []) if e["step"] == "split" and e["facts"]["into"] == case_id)
    return next((float(entry["seq"]) for entry in splits), math.inf)


def _is_sent_again(entry: Row) -> bool:
    return bool(entry["step"] == "verified" and not entry["facts"]["passed"])


#: What the resident was told lengthens it; what makes a promise at all, but for what makes it earlier.
_LENGTHEN = ("extended", "suspended", "deadline_moved")
_MAKE = ("accepted", *_LENGTHEN)


def _in_order(promises: Sequence[Row], made: Sequence[Row]) -> list[Row]:
    """As the history made them: where clocks are wrong, a later one may have the smaller id."""
    told = [entry["facts"].get("deadline") for entry in made]
    place = {deadline_id: place for place, deadline_id in enumerate(told)}
    return sorted(promises, key=lambda promise: place.get(promise.get("deadline_id"), 0))


def _makes_a_promise(entry: Row) -> bool:
    if entry["step"] == "deadline_moved":
        return bool(entry["facts"]["kind"] == "promise")
    return entry["step"] in _MAKE or _is_replaced(entry) or _is_brought(entry) or _is_of_papers(entry)


def _is_of_papers(entry: Row) -> bool:
    """It waits for papers that are missing, or counts from when they came."""
    return bool(entry["step"] == "recorded" and "due_at" in entry["facts"])


def _lengthens(entry: Row) -> bool:
    return entry["step"] in _LENGTHEN or bool(_is_of_papers(entry) and entry["facts"]["record"] == "papers_missing")


def _is_brought(entry: Row) -> bool:
    """The promise of another case: split off from it, or merged and due earlier."""
    if entry["step"] == "split_off":
        return "due_at" in entry["facts"]
    return bool(entry["step"] == "joined" and entry["facts"]["earlier"])


def _is_replaced(entry: Row) -> bool:
    """Sorted anew, or resumed, with a promise that counts from then."""
    return bool(entry["step"] in ("resorted", "resumed") and entry["facts"]["earlier"])


def _explained(world: World, case: Row, deadline: Row, made: Row, before: Row | None) -> Iterator[Finding]:
    about = f"case {case['case_id']}"
    counted = due(deadline, world.calendars.get(deadline["calendar_version"], {}))
    noted = datetime.fromisoformat(made["facts"]["due_at"])
    if not counted == deadline["due_at"] == noted:
        yield Finding("promise_differs", about, f"{deadline['due_at']}, counted {counted}")
    if _is_brought(made):
        return
    if made["step"] == "deadline_moved":
        yield from _counts_again(world, deadline, made, before)
        return
    if made["step"] == "extended":
        last_day = before["due_at"] - timedelta(microseconds=1) if before else None
        if deadline["start_at"] != last_day or deadline["unit"] != "more_working_days":
            yield Finding("promise_from_elsewhere", about, f"extended from {deadline['start_at']}")
        return
    if made["step"] in ("suspended", "resumed"):
        yield from _runs_on(deadline, made, before, world.calendars.get(deadline["calendar_version"], {}))
        return
    yield from _as_ruled(world, case, deadline, made)


def _as_ruled(world: World, case: Row, deadline: Row, made: Row) -> Iterator[Finding]:
    """By the rule of its matter, from the right moment."""
    about, entries = f"case {case['case_id']}", world.entries[case["case_id"]]
    since = _since(case, entries, made)
    urgent = {case["urgent"] and not _is_on_the_spot(entries)}
    if any(entry["seq"] > made["seq"] and entry["step"] == "joined" for entry in entries):
        urgent.add(False)  # it may have become urgent by what was merged into it
    promised = [
        found
        for each in urgent
        if (found := _promised(world, case, deadline, made, since=since, is_urgent=each)) is not None
    ]
    starts = {each["start_at"] for each in promised} or {since}
    if deadline["start_at"] not in starts:
        yield Finding("promise_from_elsewhere", about, f"from {deadline['start_at']}, not {since}")
    if not any((each["unit"], each["count"]) == (deadline["unit"], deadline["count"]) for each in promised):
        yield Finding("promise_of_another_rule", about, f"{deadline['unit']} {deadline['count']}")


def _since(case: Row, entries: Sequence[Row], made: Row) -> datetime:
    """From when it counts, where its rule does not say that it does from when the resident came."""
    if _is_of_papers(made) and _lengthens(made):
        return case["papers_awaited_until"]  # type: ignore[no-any-return]
    begins_there = _is_replaced(made) or _is_of_papers(made) or entries[0]["facts"].get("queue")
    return made["at"] if begins_there else case["received_at"]  # type: ignore[no-any-return]


def _as_planned(world: World, case: Row, deadline: Row, made: Row, before: Row | None) -> Iterator[Finding]:
    """Out of its plan, whose day comes before what would be counted."""
    del before
    if _planned_until(world, case["case_id"], made) != deadline["due_at"]:
        yield Finding("promise_differs", f"case {case['case_id']}", f"{deadline['due_at']} is not the day planned")


def _promised(world: World, case: Row, deadline: Row, made: Row, *, since: datetime, is_urgent: bool) -> Row | None:
    """As the documents that it is under promise it, the city's and those of narrower places: the earliest of them."""
    found: list[Row] = []
    for version in (deadline["rule_version"], *deadline.get("rule_layers", ())):
        rule = _rule(world, version, made, is_urgent=is_urgent)
        if rule is None:
            continue
        came = rule.get("starts") == "received" and not (_is_replaced(made) or _is_of_papers(made))
        start = case["received_at"] if came else since
        found.append({**deadline, "start_at": start, "unit": rule["unit"], "count": rule["count"]})
    days = world.calendars.get(deadline["calendar_version"], {})
    return _earliest(found, days) if found else None


def _runs_on(deadline: Row, made: Row, before: Row | None, days: Days) -> Iterator[Finding]:
    """With what was left of it when it was suspended: from the day that was named, or from when it was resumed."""
    about = f"case {deadline['case_id']}"
    assert before is not None
    resumes = made["step"] == "resumed"
    start = made["at"] if resumes else datetime.fromisoformat(made["facts"]["until"])
    if deadline["start_at"] != start or deadline["unit"] != "remaining_working_days":
        yield Finding("promise_from_elsewhere", about, f"{made['step']} from {deadline['start_at']}")
    zone = ZoneInfo(deadline["zone"])
    day: date = made["at"].astimezone(zone).date()
    last: date = (before["due_at"] - timedelta(microseconds=1)).astimezone(zone).date()
    left = before["count"] if resumes else 0
    while day < last and not resumes:
        day += _DAY
        left += _is_working(day, days)
    if deadline["count"] != left:
        yield Finding("promise_differs", about, f"{deadline['count']} days were left, counted {left}")


def _counts_again(world: World, deadline: Row, made: Row, before: Row | None) -> Iterator[Finding]:
    """The same inputs, by a later calendar; what it goes on from, if it was extended or suspended, is counted first."""
    about = f"case {deadline['case_id']}"
    assert before is not None
    if made["facts"]["replaces"] != before["deadline_id"] or deadline["calendar_version"] <= before["calendar_version"]:
        yield Finding("promise_from_elsewhere", about, "moved from another promise, or by an older calendar")
    days = world.calendars.get(deadline["calendar_version"], {})
    again = _inputs(world, {**before, "hours": deadline["hours"]}, days)
    if any(deadline[each] != again[each] for each in ("unit", "start_at", "count")):
        yield Finding("promise_from_elsewhere", about, f"moved from {deadline['start_at']}, {deadline['count']} days")


def _inputs(world: World, deadline: Row, days: Days) -> Row:
    """From when, and how long: of all that was promised, what ends first. What it goes on from is counted again first,
    by the same hours.
    """
    found = _find_origin(world, deadline)
    if found is None:
        others = ({**each, "start_at": datetime.fromisoformat(each["start_at"])} for each in deadline.get("others", ()))
        return _earliest([deadline, *({**deadline, **other} for other in others)], days)
    origin = _inputs(world, {**found, "hours": deadline["hours"]}, days)
    last = due(origin, days) - timedelta(microseconds=1)
    if deadline["unit"] == "more_working_days":
        return {**deadline, "start_at": last}
    if origin["settled_at"] == deadline["start_at"]:
        return {**deadline, "count": origin["count"]}
    zone = ZoneInfo(deadline["zone"])
    day, last_day = (moment.astimezone(zone).date() for moment in (origin["settled_at"], last))
    ahead = range(1, (last_day - day).days + 1)
    return {**deadline, "count": sum(_is_working(day + step * _DAY, days) for step in ahead)}


def _earliest(promised: Sequence[Row], days: Days) -> Row:
    """Of what ends alike, what began first."""
    return min(promised, key=lambda row: (due(row, days), row["start_at"], row["unit"], row["count"]))


def _find_origin(world: World, deadline: Row) -> Row | None:
    every = (each for listed in world.deadlines.values() for each in listed)
    return next((each for each in every if each["deadline_id"] == deadline.get("goes_on_from")), None)


def _rule(world: World, rule_version: int, made: Row, *, is_urgent: bool) -> Row | None:
    """Where it is urgent, what is urgent first; then the nearest branch's own; then the table's."""
    rules = [rule for rule in world.rules if rule["version"] == rule_version]
    code, version = made["facts"]["category"], made["facts"]["category_version"]
    known = world.categories.get((code, version)) if code else None
    line, matter = (known["line"], (known["kind"], known["remit"])) if known else ([], ("administrative", "community"))
    for urgent in (True, False) if is_urgent else (False,):
        fitting = [rule for rule in rules if rule["urgent"] == urgent]
        for branch in reversed(line):
            if own := next((rule for rule in fitting if rule["category"] == branch), None):
                return own
        table = (rule for rule in fitting if rule["category"] is None and (rule["kind"], rule["remit"]) == matter)
        if common := next(table, None):
            return common
    return None


def _is_on_the_spot(entries: Sequence[Row]) -> bool:
    return any(entry["facts"].get("on_the_spot") for entry in entries)


def each_deadline_is_settled_once(history: History, world: World) -> Iterator[Finding]:
    """Missed and said so once, after it was due; or kept; or dropped; or it still runs, and is not due yet."""
    ended = datetime.fromtimestamp(max((note["at"] for note in history.noted("looked")), default=0), UTC)
    for case_id, deadlines in world.deadlines.items():
        entries = world.entries.get(case_id, [])
        said = [entry for entry in _breaches(entries) if entry["facts"].get("kind", "promise") == "promise"]
        missed = [entry for entry in said if entry["facts"].get("deadline") not in _corrected(entries)]
        if len(missed) > 1:
            yield Finding("deadline_fired_twice", f"case {case_id}", f"{len(missed)} times")
        standing = [deadline for deadline in deadlines if deadline["state"] != "replaced"]
        if len(standing) != 1:
            yield Finding("deadline_differs", f"case {case_id}", f"{len(standing)} promises stand")
        for deadline in standing:
            yield from _settled(world.cases[case_id], deadline, entries, missed, ended)


def _settled(
    case: Row, deadline: Row, entries: Sequence[Row], missed: Sequence[Row], ended: datetime
) -> Iterator[Finding]:
    about, due_at, state = f"case {case['case_id']}", deadline["due_at"], deadline["state"]
    wanted = _state(case, entries, missed)
    if state != wanted or case["promise_met"] != {"met": True, "breached": False}.get(wanted):
        yield Finding("deadline_differs", about, f"{state}, not {wanted}; kept: {case['promise_met']}")
    if any(entry["at"] <= due_at for entry in missed):
        yield Finding("deadline_fired_early", about, f"due {due_at}")
    kept: Any = next((entry["at"] for entry in _keeping(entries)), None)
    came_kept = any(entry["facts"]["promise_met"] for entry in entries if _is_brought(entry))
    if wanted == "met" and kept is not None and kept > due_at and not came_kept and not _is_on_the_spot(entries):
        yield Finding("deadline_not_fired", about, f"due {due_at}, kept {kept}")
    if wanted == "open" and due_at < ended:
        yield Finding("deadline_not_fired", about, f"due {due_at}")


def _corrected(entries: Sequence[Row]) -> set[str]:
    """Deadlines that were missed by a calendar that was wrong."""
    return {
        entry["facts"]["replaces"]
        for entry in entries
        if entry["step"] == "deadline_moved" and entry["facts"]["corrects"]
    }


def _state(case: Row, entries: Sequence[Row], missed: Sequence[Row]) -> str:
    brought = [entry["facts"] for entry in entries if _is_brought(entry)]
    brought = [facts for facts in brought if facts.get("deadline") not in _corrected(entries)]
    if missed or any(facts["promise_met"] is False for facts in brought):
        return "breached"
    came_kept = any(facts["promise_met"] for facts in brought) and not any(map(_is_out_of_plan, entries))
    if _keeping(entries) or came_kept:
        return "met"
    return "cancelled" if case["state"] == "closed" else "open"


def _keeping(entries: Sequence[Row]) -> list[Row]:
    """An answer that is sent back, or whose author recuses, counts as not handed in; nor does a plan that was ended."""
    kept: list[Row] = []
    for entry in entries:
        is_sent_back = entry["step"] == "reviewed" and not entry["facts"]["approved"]
        if is_sent_back or (entry["step"] == "recused" and entry["facts"].get("draft_falls")):
            kept.remove(next(draft for draft in reversed(kept) if draft["step"] == "drafted"))
        elif _is_out_of_plan(entry):
            kept = [plan for plan in kept if plan["step"] != "planned"]
        elif entry["step"] in _KEEPS:
            kept.append(entry)
    return kept


def _is_out_of_plan(entry: Row) -> bool:
    """It was planned, and is urgent: what the plan had settled runs."""
    return "out_of_plan" in entry["facts"] and entry["facts"]["promise_met"] is None


def each_limit_is_missed_once(history: History, world: World) -> Iterator[Finding]:
    """Of the deadlines beside the promise: missed and said so once, after it was due; or it is not missed."""
    ended = datetime.fromtimestamp(max((note["at"] for note in history.noted("looked")), default=0), UTC)
    for case_id, limits in world.limits.items():
        for limit in limits:
            told = [
                e for e in _breaches(world.entries.get(case_id, [])) if e["facts"]["deadline"] == limit["deadline_id"]
            ]
            about = f"{limit['kind']} of case {case_id}"
            is_none = limit["deadline_id"] in _corrected(world.entries.get(case_id, []))
            is_missed = limit["state"] == "breached" and not _came_missed(limit, world.entries.get(case_id, []))
            if len(told) != (is_missed or is_none):
                yield Finding("deadline_differs", about, f"{limit['state']}, said {len(told)} times")
            if any(entry["at"] <= limit["due_at"] for entry in told):
                yield Finding("deadline_fired_early", about, f"due {limit['due_at']}")
            if limit["state"] == "open" and limit["due_at"] < ended:
                yield Finding("deadline_not_fired", about, f"due {limit['due_at']}")


def _came_missed(limit: Row, entries: Sequence[Row]) -> bool:
    """From the case that this was split off, whose history says so."""
    return any(entry["step"] == "split_off" and limit["settled_at"] <= entry["at"] for entry in entries[:1])


def each_warning_is_given_once(history: History, world: World) -> Iterator[Finding]:
    """In its time: when its share has passed and before the limit; a smaller one alone may be left out."""
    ended = datetime.fromtimestamp(max((note["at"] for note in history.noted("looked")), default=0), UTC)
    for case_id, entries in world.entries.items():
        given = [entry for entry in entries if entry["step"] == "deadline_approaching"]
        told = [(entry["facts"]["deadline"], entry["facts"]["share"]) for entry in given]
        about = f"case {case_id}"
        yield from (Finding("warned_twice", about, str(each)) for each in set(told) if told.count(each) > 1)
        known = {d.get("deadline_id"): d for d in (*world.deadlines.get(case_id, []), *world.limits.get(case_id, []))}
        for entry in given:
            limit, share = known.get(entry["facts"]["deadline"], {}), entry["facts"]["share"]
            at = next((each["at"] for each in limit.get("warnings", []) if each["share"] == share), None)
            if at is None:
                yield Finding("warned_of_nothing", about, str(share))
            elif not datetime.fromisoformat(at) < entry["at"] <= limit["due_at"]:
                yield Finding("warned_out_of_time", about, f"{share} at {entry['at']}, due {at}")
        for limit in known.values():
            if limit["state"] == "open" and limit.get("warn_at") is not None and limit["warn_at"] < ended:
                yield Finding("warning_not_given", about, f"due {limit['warn_at']}")


def _breaches(entries: Sequence[Row]) -> list[Row]:
    return [entry for entry in entries if entry["step"] == "deadline_breached"]


INVARIANTS = (
    each_promise_is_as_explained,
    each_deadline_is_settled_once,
    each_limit_is_missed_once,
    each_warning_is_given_once,
)
