"""What is kept of figures is what the histories come to: counted here by looking back over a whole history for each
figure, without routing's own counting, which goes on from entry to entry.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.chaos.invariants.finding import Finding
from tests.chaos.record import History
from tests.chaos.world import Row, World

Entries = Sequence[Row]

NO_PLACE = "00000000-0000-0000-0000-000000000000"
#: What a sum is kept of.
CELL = ("figure", "place_id", "dimension", "value", "grain", "first")
DIMENSIONS = ("category", "channel", "office", "post")


class Counted(NamedTuple):
    """``day`` and where: as an entry that was there then says."""

    figure: str
    day: str
    place: str
    category: str | None
    channel: str | None
    office: str | None
    post: str | None


Sums = Counter[Counted]


def figures_are_those_of_the_histories(history: History, world: World) -> Iterator[Finding]:
    """Every sum, for all together and by each dimension, day by day and month by month."""
    del history
    wanted: Counter[tuple[str, ...]] = Counter()
    for entries in world.entries.values():
        for counted, amount in count(entries).items():
            for cell in cells(counted):
                wanted[cell] += amount
    kept = Counter({_named(row): row["amount"] for row in world.figures})
    for cell in sorted({*wanted, *kept}):
        if wanted[cell] != kept[cell]:
            yield Finding("figure_differs", " ".join(cell), f"kept {kept[cell]}, counted {wanted[cell]}")


def sums_above_are_those_of_the_places_below(history: History, world: World) -> Iterator[Finding]:
    del history
    for row in world.figures_above:
        about = " ".join(str(row[name]) for name in ("figure", "path", "dimension", "value", "grain", "first"))
        yield Finding("figure_above_differs", about, f"kept {row['kept']}, counted {row['counted']}")


def _named(row: Row) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in CELL)


def cells(counted: Counted) -> Iterator[tuple[str, ...]]:
    values = [("all", ""), *((name, getattr(counted, name)) for name in DIMENSIONS)]
    for dimension, value in values:
        if value is not None:
            for grain, first in (("day", counted.day), ("month", f"{counted.day[:8]}01")):
                yield (counted.figure, counted.place, dimension, value, grain, first)


def count(entries: Entries) -> Sums:
    """All that one case's history comes to."""
    if entries[0]["facts"].get("historic"):
        return Counter()
    sums: Sums = Counter()
    for figures in _FIGURES:
        for figure, entry, day, amount in figures(entries):
            sums[_at(entries, figure, entry, day or _day(entries, entry["at"]))] += amount
    _take_out(entries, sums)
    return Counter({counted: amount for counted, amount in sums.items() if amount})


Found = tuple[str, Row, str | None, int]


def _at(entries: Entries, figure: str, entry: Row, day: str) -> Counted:
    told = _told(entries, entry)
    place = told.get("place") or NO_PLACE
    if told.get("sealed"):
        return Counted(figure, day, place, told.get("category"), None, None, None)
    given = [e["facts"] for e in _until(entries, entry) if e["step"] in ("assigned", "split_off")]
    last: Mapping[str, Any] = given[-1] if given else {}
    return Counted(
        *(figure, day, place, told.get("category"), told.get("channel")),
        office=last.get("office"),
        post=last.get("post"),
    )


def _told(entries: Entries, entry: Row) -> Mapping[str, Any]:
    told = [e["facts"]["counted"] for e in _until(entries, entry) if "counted" in e["facts"]]
    return told[-1] if told else {}


def _until(entries: Entries, entry: Row) -> list[Row]:
    return [e for e in entries if e["seq"] <= entry["seq"]]


def _day(entries: Entries, moment: datetime) -> str:
    zones = [e["facts"]["counted"]["zone"] for e in entries if "counted" in e["facts"]]
    return moment.astimezone(ZoneInfo(zones[0] if zones else "Asia/Shanghai")).date().isoformat()


def _due_day(entries: Entries, breach: Row) -> str:
    due = breach["facts"].get("due_at")
    return _day(entries, _instant(due) if due else breach["at"])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _steps(entries: Entries, *steps: str, **facts: object) -> list[Row]:
    return [e for e in entries if e["step"] in steps and all(e["facts"].get(n) == f for n, f in facts.items())]


def _answers(entries: Entries) -> list[Row]:
    return [e for e in _steps(entries, "answered") if not e["facts"].get("corrects")]


def _simple(entries: Entries) -> Iterator[Found]:
    """One entry, one count."""
    found = {
        "received": _steps(entries, "opened"),
        "repeats": _steps(entries, "joined", how="repeat"),
        "accepted": _steps(entries, "assigned", first=True),
        "answered": _answers(entries),
        "redone": [*_steps(entries, "redone"), *_steps(entries, "verified", passed=False)],
        "returns": _steps(entries, "asked", ask="return"),
        "suspensions": _steps(entries, "suspended"),
        "extensions": _steps(entries, "extended"),
        "planned": _steps(entries, "planned", again=False),
        "closed": _steps(entries, "closed", reason="done"),
        "withdrawn": _steps(entries, "closed", reason="withdrawn"),
        "declined": _steps(entries, "closed", reason="declined"),
        "merged": _steps(entries, "closed", reason="merged"),
    }
    for figure, listed in found.items():
        yield from ((figure, entry, None, 1) for entry in listed)


def _contacts(entries: Entries) -> Iterator[Found]:
    accepted, given = _steps(entries, "accepted"), _steps(entries, "assigned", first=True)
    if not given or "contact_by" not in accepted[0]["facts"]:
        return
    begun = given[0]
    yield ("to_contact", begun, None, 1)
    reached = [e for e in entries if e["seq"] > begun["seq"] and _reaches(e)]
    withdrawn = _steps(entries, "closed", reason="withdrawn")
    limit = _contact_limit(entries, before=min(e["seq"] for e in (*reached, *withdrawn, entries[-1])))
    if reached and (not withdrawn or reached[0]["seq"] < withdrawn[0]["seq"]):
        yield from [("contacted", begun, None, 1)] if reached[0]["at"] <= limit else []
    elif withdrawn and withdrawn[0]["at"] <= limit:
        yield ("to_contact", begun, None, -1)


def _contact_limit(entries: Entries, *, before: int) -> datetime:
    """As it was told last by then; what a calendar has shown to be wrong afterwards, as it is by that."""
    told = [e["facts"]["contact_by"] for e in entries if "contact_by" in e["facts"] and e["seq"] <= before]
    moved = _steps(entries, "deadline_moved", kind="contact")
    told += [e["facts"]["due_at"] for e in moved if e["seq"] <= before or e["facts"]["corrects"]]
    return _instant(told[-1])


def _reaches(entry: Row) -> bool:
    facts = entry["facts"]
    if entry["step"] == "recorded":
        attempt = facts["record"] == "contact_attempt" and facts.get("outcome") == "reached"
        return bool(attempt or facts["record"] == "interim_word")
    if entry["step"] == "closed":
        return facts["reason"] in ("declined", "merged")
    return entry["step"] in ("planned", "accompanied") or (entry["step"] == "answered" and not facts.get("corrects"))


def _promises(entries: Entries) -> Iterator[Found]:
    wrong = {e["facts"]["replaces"]: e for e in _steps(entries, "deadline_moved", kind="promise", corrects=True)}
    missed = [e for e in _steps(entries, "deadline_breached") if e["facts"].get("kind", "promise") == "promise"]
    stand = []
    for entry in missed:
        day = _due_day(entries, entry)
        yield ("overdue", entry, day, 1)
        if (moved := wrong.get(entry["facts"].get("deadline"))) is None:
            stand.append(entry)
            yield ("missed", entry, day, 1)
        elif moved["facts"]["promise_met"] and not _steps(_between(entries, entry, moved), "planned", again=False):
            yield ("kept", entry, day, 1)
        yield from _ends("overdue", entries, entry, moved)
    brought = [e for e in entries if _brings_a_missed_one(entries, e)]
    for entry in brought:
        yield ("overdue", entry, None, 1)
        yield from _ends("overdue", entries, entry, _correction_after(entries, entry))
    yield from _keeps(entries, stand)


def _between(entries: Entries, first: Row, last: Row) -> list[Row]:
    return [e for e in entries if first["seq"] < e["seq"] < last["seq"]]


def _correction_after(entries: Entries, brought: Row) -> Row | None:
    """Of what was missed elsewhere, by another calendar: none where it was missed here meanwhile."""
    after = [e for e in entries if e["seq"] > brought["seq"]]
    told = [e for e in after if e["step"] in ("deadline_breached", "deadline_moved")]
    of_promise = [e for e in told if e["facts"].get("kind", "promise") == "promise"]
    first = next((e for e in of_promise if e["step"] == "deadline_breached" or e["facts"]["corrects"]), None)
    return first if first is not None and first["step"] == "deadline_moved" else None


def _brings_a_missed_one(entries: Entries, entry: Row) -> bool:
    """Split off while somebody still has to answer it; or merged into what was still to be kept."""
    facts = entry["facts"]
    if facts.get("promise_met") is not False:
        return False
    if entry["step"] == "split_off":
        return facts["state"] not in ("answered", "closed")
    merged = entry["step"] == "joined" and facts["how"] == "merged" and facts["earlier"]
    return bool(merged and _is_open_before(entries, entry))


def _is_open_before(entries: Entries, entry: Row) -> bool:
    before = [e for e in entries if e["seq"] < entry["seq"]]
    return not any(_settles(e) for e in _but_for_ended_plans(before))


def _but_for_ended_plans(entries: Entries) -> list[Row]:
    """What was planned, and turned out to be urgent before anything had kept its promise."""
    ended = [e["seq"] for e in entries if _is_out_of_plan(e) and e["facts"]["promise_met"] is None]
    until = max(ended, default=0)
    return [e for e in entries if e["seq"] > until or not _is_planned(e)]


def _is_planned(entry: Row) -> bool:
    return entry["step"] == "planned" or (entry["step"] == "split_off" and bool(entry["facts"].get("planned")))


def _is_out_of_plan(entry: Row) -> bool:
    return entry["step"] == "resorted" and "out_of_plan" in entry["facts"]


def _settles(entry: Row) -> bool:
    facts, step = entry["facts"], entry["step"]
    if step == "deadline_breached":
        return facts.get("kind", "promise") == "promise"  # type: ignore[no-any-return]
    if step == "split_off":
        return facts.get("promise_met") is not None or bool(facts.get("planned")) or "due_at" not in facts
    if step == "joined":
        return facts["how"] == "merged" and facts["earlier"] and facts["promise_met"] is False
    return step == "planned" or (step in ("answered", "accompanied") and bool(facts.get("promise_met")))


def _keeps(entries: Entries, missed: Sequence[Row]) -> Iterator[Found]:
    settled = next((e for e in _but_for_ended_plans(entries) if _settles(e)), None)
    keeps = settled is not None and settled["step"] in ("answered", "accompanied")
    if keeps and settled is not None and not missed and not settled["facts"].get("corrects"):
        yield ("kept", settled, None, 1)


def _ends(stock: str, entries: Entries, begun: Row, moved: Row | None) -> Iterator[Found]:
    """Where it was counted, on the day on which it is none any more."""
    after = [e for e in entries if e["seq"] > begun["seq"]]
    ends = [e for e in after if e["step"] == "closed" or (e["step"] == "answered" and not e["facts"].get("corrects"))]
    first = min([*ends[:1], *([moved] if moved else [])], key=lambda e: e["seq"], default=None)
    if first is not None:
        yield (stock, begun, _day(entries, first["at"]), -1)


def _plans(entries: Entries) -> Iterator[Found]:
    for entry in _steps(entries, "deadline_breached", kind="planned"):
        yield ("plans_missed", entry, _due_day(entries, entry), 1)
    for entry in (*_steps(entries, "planned", again=False), *_steps(entries, "split_off", planned=True)):
        yield ("plans_open", entry, None, 1)
        ended = next((e for e in entries if e["seq"] > entry["seq"] and _is_out_of_plan(e)), None)
        yield from _ends("plans_open", entries, entry, ended)
    for plan in _steps(entries, "planned", again=False):
        yield from (("plans_moved", entry, None, 1) for entry in _first_put_off(entries, plan))
    for answer in _answers(entries):
        since = [e for e in entries if e["seq"] < answer["seq"]]
        ends = (*_answers(entries), *(e for e in since if e["step"] == "closed" or _is_out_of_plan(e)))
        last = [e["seq"] for e in since if e in ends]
        since = [e for e in since if e["seq"] > max(last, default=0)]
        missed = _steps(since, "deadline_breached", kind="planned")
        if _steps(since, "planned", again=False) and not missed and not any(map(_puts_off, since)):
            yield ("plans_kept", answer, None, 1)


def _first_put_off(entries: Entries, plan: Row) -> list[Row]:
    """A plan that is put off is so once, and not if it was missed before."""
    after = [e for e in entries if e["seq"] > plan["seq"]]
    next_plan = next((e["seq"] for e in _steps(after, "planned", again=False)), len(entries) + 1)
    missed = next((e["seq"] for e in _steps(after, "deadline_breached", kind="planned")), next_plan)
    return [e for e in after if _puts_off(e) and e["seq"] < min(next_plan, missed)][:1]


def _puts_off(entry: Row) -> bool:
    return entry["step"] == "planned" and entry["facts"]["again"] and bool(entry["facts"].get("put_off", True))


def _dispatches(entries: Entries) -> Iterator[Found]:
    first = _steps(entries, "assigned", first=True)
    answers = [e for e in _answers(entries) if not e["facts"].get("on_the_spot")]
    if not first or not answers or answers[0]["seq"] < first[0]["seq"]:
        return
    answer = answers[0]
    yield ("dispatched", answer, None, 1)
    given = [e for e in _steps(entries, "assigned") if e["seq"] < answer["seq"]]
    if len(given) == 1 and _author(entries, answer) == given[0]["facts"]["post"]:
        yield ("at_first", answer, None, 1)


def _author(entries: Entries, answer: Row) -> str:
    before = [e for e in entries if e["seq"] < answer["seq"]]
    if before[-1]["step"] == "reviewed" or _breach_between(before):
        return str([e for e in before if e["step"] == "drafted"][-1]["post_id"])
    return str(answer["post_id"])


def _breach_between(before: Entries) -> bool:
    """Something that the answer brings about stands between its review and the answer."""
    rest = [e for e in before if e["step"] not in ("deadline_breached", "helper_released")]
    return bool(rest) and rest[-1]["step"] == "reviewed" and bool(rest[-1]["facts"]["approved"])


def _words(entries: Entries) -> Iterator[Found]:
    """Who speaks after the end was counted as one who had said nothing."""
    rated = [e for e in _steps(entries, "rated") if e["facts"].get("counts", True)]
    called = [e for e in _steps(entries, "called_back") if e["facts"]["solved"] is not None]
    for entry in (*rated, *called):
        yield ("solved" if entry["facts"]["solved"] else "not_solved", entry, None, 1)
        if (rating := entry["facts"].get("rating")) is not None:
            yield ("satisfied" if rating >= 3 else "dissatisfied", entry, None, 1)
    for closed in _steps(entries, "closed", reason="done"):
        later = [e for e in _answers(entries) if e["seq"] > closed["seq"]]
        until = min((e["seq"] for e in later), default=float("inf"))
        silent = closed["facts"].get("unrated", 0)
        spoke = [e for e in (*rated, *called) if closed["seq"] < e["seq"] < until]
        yield ("unrated", closed, None, silent - min(silent, len(spoke)))


def _contained(entries: Entries) -> Iterator[Found]:
    for closed in _steps(entries, "closed", reason="done"):
        remit = _told(entries, closed).get("remit")
        if remit not in ("community", "district"):
            continue
        yield (f"of_{remit}", closed, None, 1)
        had = [e for e in _until(entries, closed) if e["step"] == "assigned"]
        above = any(_is_above(e["facts"].get("path"), _told(entries, e).get(remit)) for e in had)
        brought = any(remit in e["facts"].get("left", ()) for e in _steps(entries, "split_off"))
        if not above and not brought:
            yield (f"in_{remit}", closed, None, 1)


def _is_above(path: str | None, place: str | None) -> bool:
    return path is not None and place is not None and f"/{place.replace('-', '')}/" not in path


#: What a rate is made of: an exclusion takes out what was counted before, and bars what would be counted later.
_OF_RATE = {
    "contacted": ("to_contact", "contacted"),
    "on_time": ("kept", "missed"),
    "solved": ("solved", "not_solved"),
    "satisfied": ("satisfied", "dissatisfied"),
}


def _take_out(entries: Entries, sums: Sums) -> None:
    for entry in _steps(entries, "exclusion_reviewed", granted=True):
        rate = entry["facts"]["rate"]
        taken = entry["facts"]["taken"]
        for counted in [each for each in sums if each.figure in _OF_RATE[rate]]:
            del sums[counted]
        figure = f"excluded_{rate}"
        if taken:
            where = taken[0]["where"]
            place = where["place"] or NO_PLACE
            sums[Counted(figure, taken[0]["day"], place, *(where[name] for name in DIMENSIONS))] += 1
        else:
            sums[_at(entries, figure, entry, _day(entries, entry["at"]))] += 1


_FIGURES: tuple[Callable[[Entries], Iterator[Found]], ...] = (
    *(_simple, _contacts, _promises, _plans, _dispatches, _words, _contained),
)

INVARIANTS = (figures_are_those_of_the_histories, sums_above_are_those_of_the_places_below)
