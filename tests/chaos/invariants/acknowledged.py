"""Nothing that was acknowledged is missing, nothing is there twice, and what was refused has not been done.

Every request can be told from all others by its words, or by the case, version and person that it names.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from cli.demo.cases import SOURCE
from cli.demo.stories import HOTLINE

from tests.chaos.desk import MANY
from tests.chaos.invariants.finding import Finding
from tests.chaos.record import REFUSED, History, Op, source_of
from tests.chaos.world import Row, World

#: What a step of the API is called in the case's history: its entries in their order, the last ones may be missing.
ENTRIES = {
    "accept": ("accepted", "assigned"),
    "start": ("started",),
    "answer": ("answered",),
    "hand_over": ("handed_over",),
    "close": ("closed",),
    "re_sort": ("resorted", "assigned"),
    "re_sort_many": ("resorted", "assigned"),
    "re_dispatch": ("assigned",),
    "re_dispatch_many": ("assigned",),
    "take_over": ("assigned",),
    "ask_return": ("asked",),
    "ask_decline": ("asked",),
    "ask_extension": ("asked",),
    "recuse": ("recused", "assigned"),
    "accompany": ("accompanied",),
    "centre_report": ("centre_reported",),
    "call_in": ("helper_called",),
    "report_part": ("helper_reported",),
    "call_back": ("called_back", "split"),
    "ask_suspension": ("asked",),
    "rule": ("ruled", "resorted", "assigned", "extended", "suspended", "closed"),
    "resume": ("resumed",),
    "transfer": ("assigned",),
    "plan": ("planned",),
    "hand_to_hotline": ("handed_to_hotline",),
    "verify": ("verified",),
    "review": ("reviewed", "answered"),
    "report_back": ("reported_back",),
    "enter_review": ("report_reviewed",),
    "nudge": ("pressed",),
    "order": ("pressed",),
    "instruct": ("pressed",),
    "report": ("reported",),
    "release": ("helper_released",),
    "grant": ("granted",),
    "revoke_grant": ("grant_revoked",),
    "ask_exclusion": ("exclusion_asked",),
    "review_exclusion": ("exclusion_reviewed",),
    "re_plan": ("planned",),
    "link": ("linked",),
    "unlink": ("unlinked",),
    "name_affected": ("affected_named",),
    "tell_affected": ("affected_told",),
    "merge": ("closed",),
    "split": ("split",),
}

#: An answer that its rule has reviewed waits for that first.
_HANDED_IN = {"answer": ("drafted",)}

#: What follows at once what a person does: whoever reads no messages is owed a call with the answer; a call finds that
#: it did not solve it; or nothing is waited for any more.
_BY_ITSELF = {
    "answered": {"call_back_owed"},
    "called_back": {"redone", "closed"},
    "verified": {"closed"},
    "split": {"closed"},
}

#: What stands in the histories of both cases, by the id that both have of it.
_ON_BOTH = ("linked", "unlinked")

#: A case that is given to somebody else begins with them anew.
_RANKS = {"received": 0, "accepted": 1, "assigned": 2, "in_progress": 2, "answered": 3, "closed": 4, "withdrawn": 5}

_STEPS = {step for steps in (*ENTRIES.values(), *_HANDED_IN.values()) for step in steps}

#: The most entries that one request makes, with a missed promise and missed parts before them.
_LONGEST = 8

#: How a well-behaved client may be refused while others work on the same things.
_FAIR = {
    *("changed", "case_changed", "step_not_allowed", "withdrawn", "case_not_found", "no_such_appeal"),
    *("not_your_step", "not_your_place", "nobody_holds", "nobody_rules"),
    *("held_by_you", "households_told", "not_yours_to_withdraw"),
    *("already_there", "unfit_post", "had_it_before", "ruling_binds", "promise_missed", "clock_runs", "late_already"),
    *("still_followed", "suspension_over"),
    *("helps_already", "not_yours_to_name", "unfit_part_limit", "part_ended"),
    *("call_back_owed", "no_call_back_owed", "rated_already", "verification_owed"),
    *("rating_over", "answered_anew", "answer_drafted", "suspended", "done_again", "unfit_target"),
    *("report_owed", "no_report_owed", "report_back_owed", "no_report_back_owed", "nudged_already"),
    *("unfit_limit", "their_limit_missing", "linked_already", "link_not_found", "other_case_unseen"),
    "unknown_case",  # the one that was named was sealed meanwhile, for whoever named it
    *("sealed_stays_here", "not_sealed", "already_granted", "unfit_grant", "one_is_sealed"),
    "already_excluded",
    *("place_named_already", "papers_in_custody", "papers_named_already", "letter_answered", "not_in_custody"),
    *("no_papers_missing", "not_of_the_case", "whose_papers_missing"),
}

#: How a fault of clocks is called, and how long an answer may be on its way.
_CLOCK, _ON_ITS_WAY = "clock is wrong", 8.0

#: Sources of what nobody of the drive filed.
DEMONSTRATION = (SOURCE, HOTLINE)


def appeals_are_there_once(history: History, world: World) -> Iterator[Finding]:
    """As acknowledged: there, once, with what was said. Of unknown ones at most one; of refused ones none."""
    found: dict[str, list[Row]] = defaultdict(list)
    for appeal in world.appeals.values():
        found[appeal["words"]].append(appeal)
    asked: dict[str, list[Op]] = defaultdict(list)
    for op in history.of_kind("file"):
        asked[op.asked["body"]["words"]].append(op)
    for words, ops in asked.items():
        yield from _appeal(ops, found.get(words, []))
    for words in found.keys() - asked.keys():
        for appeal in found[words]:
            if appeal["source"] not in DEMONSTRATION:
                yield Finding("appeal_from_nowhere", appeal["id"], "nobody filed these words")


def _appeal(ops: Sequence[Op], found: Sequence[Row]) -> Iterator[Finding]:
    about = " ".join(f"op {op.op}" for op in ops)
    acknowledged = [op for op in ops if op.is_acknowledged]
    ids = {op.ack["appeal_id"] for op in acknowledged}
    if len(found) > 1 or len(ids) > 1:
        yield Finding("appeal_twice", about, f"{len(found)} in intake, acknowledged as {sorted(ids)}")
    for op in acknowledged:
        ack = op.ack
        same = next((appeal for appeal in found if appeal["id"] == ack["appeal_id"]), None)
        if same is None:
            yield Finding("appeal_lost", f"op {op.op}", f"acknowledged as {ack['number']}")
        elif any(same[name] != value for name, value in _said(op).items()) or same["number"] != ack["number"]:
            yield Finding("appeal_differs", f"op {op.op}", f"appeal {same['id']}")
    if found and not acknowledged and not any(op.is_unknown for op in ops):
        yield Finding("refused_but_done", about, f"appeal {found[0]['id']}")


def _said(op: Op) -> Mapping[str, Any]:
    source, external_id = source_of(op.asked["body"])
    return {"taken_by": op.by, "source": source, "external_id": external_id}


def places_are_there_once(history: History, world: World) -> Iterator[Finding]:
    found: dict[str, list[str]] = defaultdict(list)
    for place in world.places:
        found[place["code"]].append(place["id"])
    for op in history.of_kind("lay"):
        ids = found[op.asked["body"]["code"]]
        if op.is_acknowledged and ids != [op.ack["id"]]:
            yield Finding("place_differs" if ids else "place_lost", f"op {op.op}", f"{op.ack['id']}, found {ids}")
        if ids and not op.is_acknowledged and not op.is_unknown:
            yield Finding("refused_but_done", f"op {op.op}", f"place {ids}")


def a_repeated_request_gets_the_same_answer(history: History, world: World) -> Iterator[Finding]:
    del world
    for op in history.ops.values():
        answers = {(ack.status, repr(sorted(ack.answer.items()))) for ack in op.acks}
        if len(answers) > 1:
            yield Finding("answer_differs", f"op {op.op}", f"{op.kind} was answered in {len(answers)} ways")


def refusals_are_fair(history: History, world: World) -> Iterator[Finding]:
    """A fault must never look like a mistake of the person's: not signed in, not theirs, malformed.

    But who took up a post a minute ago has none yet by a clock that is behind.
    """
    del world
    wrong = [(n["t"] - n["seconds"], n["t"] + _ON_ITS_WAY) for n in history.noted("struck") if _CLOCK in n["fault"]]
    for op in history.ops.values():
        for outcome in op.outcomes:
            if any(since <= outcome.t <= until for since, until in wrong):
                continue
            refusals = [(outcome.status, outcome.code)] if outcome.outcome == REFUSED else []
            refusals += [(problem["status"], problem["code"]) for problem in _problems(outcome.answer)]
            for status, code in refusals:
                if code not in _FAIR:
                    yield Finding("refused_oddly", f"op {op.op}", f"{op.kind}: {status} {code}")


def _problems(answer: Mapping[str, Any]) -> Iterator[Row]:
    """Of what was asked of many cases at once: why some of them were refused."""
    return (item["problem"] for item in answer.get("items", ()) if item.get("problem"))


def each_appeal_has_one_case(history: History, world: World) -> Iterator[Finding]:
    del history
    cases: dict[str, list[str]] = defaultdict(list)
    for party in world.parties:
        cases[party["appeal_id"]].append(party["case_id"])
    for appeal_id in world.appeals:
        held = cases.pop(appeal_id, [])
        if not held:
            yield Finding("appeal_in_no_case", appeal_id)
        elif len(held) > 1:
            yield Finding("appeal_in_several_cases", appeal_id, ", ".join(held))
    for appeal_id, held in cases.items():
        yield Finding("case_of_no_appeal", ", ".join(held), appeal_id)
    told = {party["case_id"] for party in world.parties}
    for case_id, case in world.cases.items():
        if case_id not in told and case["closed_reason"] != "merged":
            yield Finding("case_of_no_appeal", case_id, "no appeal")


def amendments_are_there_once(history: History, world: World) -> Iterator[Finding]:
    """Corrections by their words, the withdrawal and the rating by themselves; each stands on the case too."""
    for op in history.of_kind("correct", "withdraw", "rate"):
        appeal = world.appeals.get(op.asked["appeal_id"])
        entries = [entry for entry in (appeal or {"entries": []})["entries"] if _is_of(op, entry)]
        # Each answer may be rated, once.
        if len(entries) > len({entry.get("answer") for entry in entries}):
            yield Finding("amendment_twice", f"op {op.op}", f"{len(entries)} entries")
        if op.is_acknowledged and not any(entry["version"] == op.ack["version"] for entry in entries):
            yield Finding("amendment_lost", f"op {op.op}", f"{op.kind}, version {op.ack['version']}")
        if entries and op.kind == "correct" and not op.is_acknowledged and not op.is_unknown:
            yield Finding("refused_but_done", f"op {op.op}", "correct")
    on_cases = Counter(
        (entry["facts"].get("appeal"), entry["step"])
        for entries in world.entries.values()
        for entry in entries
        if entry["step"] in ("corrected", "withdrawn", "rated")
    )
    in_intake = Counter((a["id"], entry["kind"]) for a in world.appeals.values() for entry in a["entries"])
    for about in on_cases.keys() | in_intake.keys():
        if on_cases[about] != in_intake[about]:
            detail = f"{in_intake[about]} in intake, {on_cases[about]} on the case"
            yield Finding("amendment_not_on_case", f"{about[1]} {about[0]}", detail)


def _is_of(op: Op, entry: Row) -> bool:
    if op.kind in ("withdraw", "rate"):
        return bool(entry["kind"] == {"withdraw": "withdrawn", "rate": "rated"}[op.kind])
    return bool(entry["kind"] == "corrected" and entry["words"] == op.asked["body"]["words"])


class _Step(NamedTuple):
    """One step that somebody asked for, alone or as one of many; ``done``: the version that was acknowledged."""

    op: Op
    case_id: str
    read: int
    done: int | None


def _asked(history: History) -> Iterator[_Step]:
    """But for what was refused."""
    for op in history.of_kind(*ENTRIES):
        if op.kind in MANY:
            yield from _asked_of_many(op)
        elif op.is_acknowledged or op.is_unknown:
            done = op.ack["version"] if op.is_acknowledged else None
            yield _Step(op, op.asked["case_id"], op.asked["version"], done)


def _asked_of_many(op: Op) -> Iterator[_Step]:
    read = {case["case_id"]: case["version"] for case in op.asked["body"]["cases"]}
    if op.is_acknowledged:
        done = {item["case_id"]: item["case"]["version"] for item in op.ack["items"] if item["case"]}
        yield from (_Step(op, case_id, read[case_id], version) for case_id, version in done.items() if case_id in read)
    elif op.is_unknown:
        yield from (_Step(op, case_id, version, None) for case_id, version in read.items())


def each_of_many_is_done_or_refused(history: History, world: World) -> Iterator[Finding]:
    """Each case that was named is answered for, once, in its place: as it stands by then, or with a reason."""
    del world
    for op in (op for op in history.of_kind(*MANY) if op.is_acknowledged):
        named = [case["case_id"] for case in op.asked["body"]["cases"]]
        items = op.ack["items"]
        if [item["case_id"] for item in items] != named:
            yield Finding("item_unanswered", f"op {op.op}", f"{len(named)} were named, {len(items)} answered")
        for item in items:
            if bool(item["case"]) == bool(item["problem"]) or (item["problem"] and not item["problem"]["detail"]):
                yield Finding("item_undecided", f"op {op.op}", f"case {item['case_id']}")
        done = sum(bool(item["case"]) for item in items)
        if (op.ack["done"], op.ack["refused"]) != (done, len(items) - done):
            yield Finding("item_miscounted", f"op {op.op}", f"{op.ack['done']} done, {op.ack['refused']} refused")


def steps_are_there_once(history: History, world: World) -> Iterator[Finding]:
    """Each acknowledged step is the entry that its answer names; each entry of a person's is one such step."""
    claimed: dict[tuple[str, int], int] = {}
    asked = list(_asked(history))
    for op, case_id, read, version in asked:
        if version is None:
            continue
        if first := claimed.get((case_id, version)):
            yield Finding("step_acknowledged_twice", f"ops {first} and {op.op}", f"case {case_id} version {version}")
        claimed |= {(case_id, seq): op.op for seq in range(read + 1, version + 1)}
        done = [e for e in world.entries.get(case_id, []) if read < e["seq"] <= version]
        entries = [e for e in done if e["by"]]
        if not entries or not _follows_by_itself(entries[-1], done) or done[-1]["seq"] != version:
            yield Finding("step_lost", f"op {op.op}", f"{op.kind} of case {case_id}, version {version}")
        elif not _is_as_said(op, entries):
            steps = ", ".join(entry["step"] for entry in entries)
            yield Finding("step_differs", f"op {op.op}", f"case {case_id} version {version} is {steps}")
    yield from _steps_of_nobody([step for step in asked if step.done is None], world, claimed)


def _follows_by_itself(last: Row, done: Sequence[Row]) -> bool:
    return {entry["step"] for entry in done if entry["seq"] > last["seq"]} <= _BY_ITSELF.get(last["step"], set())


def _is_as_said(op: Op, entries: Sequence[Row]) -> bool:
    first, *more = [entry["step"] for entry in entries]
    whole = _HANDED_IN.get(op.kind, ()) if first in _HANDED_IN.get(op.kind, ()) else ENTRIES[op.kind]
    return (
        first == whole[0]
        and set(more) <= set(whole)
        and all(entry["by"] == op.by for entry in entries)
        and _their_words(op, entries) == ([_words(op)] if _words(op) else [])
    )


def _their_words(op: Op, entries: Sequence[Row]) -> list[str]:
    """What a review lets out are the words of who handed it in."""
    said = [entry for entry in entries if (op.kind, entry["step"]) != ("review", "answered")]
    return [entry["words"] for entry in said if entry["words"] is not None]


def _words(op: Op) -> str | None:
    body = op.asked["body"] or {}
    if op.kind == "accompany":
        return f"{body['centre']}，{body['with_whom']}：{body['words']}"
    if op.kind == "instruct":
        return f"{body['leader']}：{body['words']}"
    return body.get("answer") or body.get("words")


def _steps_of_nobody(
    unknown: Sequence[_Step], world: World, claimed: Mapping[tuple[str, int], int]
) -> Iterator[Finding]:
    perhaps = defaultdict(set)
    for op, case_id, read, _ in unknown:
        for step in (*ENTRIES[op.kind], *_HANDED_IN.get(op.kind, ())):
            perhaps[case_id, step, op.by].add(read)

    def is_anybodys(case_id: str, entry: Row) -> bool:
        read = perhaps[case_id, entry["step"], entry["by"]]
        # It follows what was read; a missed promise or entries of the same step may stand between.
        return (case_id, entry["seq"]) in claimed or bool(read & set(range(entry["seq"] - _LONGEST, entry["seq"])))

    both = _on_both(world)
    for case_id, entries in world.entries.items():
        if _is_not_ours(world, case_id, entries):
            continue
        for entry in entries:
            by_person = entry["step"] in _STEPS and entry["by"] and not _is_by_an_appeal(entry)
            sides = both.get((entry["step"], entry["facts"].get("link_id")), [(case_id, entry)])
            if by_person and not any(is_anybodys(*side) for side in sides):
                yield Finding("step_from_nowhere", f"case {case_id} entry {entry['seq']}", f"{entry['step']}")


def _is_by_an_appeal(entry: Row) -> bool:
    """Closed by a withdrawal, or made urgent by who filed a repeat: the filing was asked for, no step."""
    facts = entry["facts"]
    return facts.get("reason") == "withdrawn" or (entry["step"] == "resorted" and facts.get("urgent") is True)


def _on_both(world: World) -> Mapping[tuple[str, str], list[tuple[str, Row]]]:
    both = defaultdict(list)
    for case_id, entries in world.entries.items():
        for entry in (entry for entry in entries if entry["step"] in _ON_BOTH):
            both[entry["step"], entry["facts"]["link_id"]].append((case_id, entry))
    return both


def a_draft_goes_out_as_it_was(history: History, world: World) -> Iterator[Finding]:
    """What is approved is what was handed in last, word for word."""
    del history
    for case_id, entries in world.entries.items():
        draft = None
        for before, entry in pairwise([None, *entries]):
            assert entry is not None
            draft = entry if entry["step"] == "drafted" else draft
            is_let_out = before is not None and before["step"] == "reviewed" and before["facts"]["approved"]
            if is_let_out and (entry["step"] != "answered" or draft is None or entry["words"] != draft["words"]):
                yield Finding("draft_differs", f"case {case_id} entry {entry['seq']}", "not what was handed in")


def work_is_recorded_once(history: History, world: World) -> Iterator[Finding]:
    """By its words: acknowledged, it is the entry that its answer names; of unknown ones at most one, of refused ones
    none.
    """
    found: dict[_Work, list[int]] = defaultdict(list)
    for case_id, entries in world.entries.items():
        for entry in (entry for entry in entries if entry["step"] == "recorded"):
            found[_Work(case_id, str(entry["words"]), _is_return(entry["facts"].get("record")))].append(entry["seq"])
    asked: dict[_Work, list[Op]] = defaultdict(list)
    for op in history.of_kind("record"):
        asked[_work(op)].append(op)
    for work, ops in asked.items():
        yield from _is_there_once(ops, found.pop(work, []))
    for work, places in found.items():
        yield Finding("work_from_nowhere", f"case {work.case_id} entries {places}", "nobody recorded these words")


def _is_there_once(ops: Sequence[Op], entries: list[int]) -> Iterator[Finding]:
    """Requests that said the same: several only where originals are given back and an earlier request was in vain."""
    left = list(entries)
    for op in (op for op in ops if op.is_acknowledged):
        if op.ack["version"] in left:
            left.remove(op.ack["version"])
        else:
            yield Finding("work_lost", f"op {op.op}", f"case {op.asked['case_id']} version {op.ack['version']}")
    perhaps = any(op.is_unknown for op in ops)
    if len(left) > perhaps:
        kind = "work_twice" if len(entries) > 1 else "refused_but_done"
        yield Finding(kind, f"op {ops[0].op}", f"case {ops[0].asked['case_id']} entries {entries}")


class _Work(NamedTuple):
    case_id: str
    words: str
    returns: bool
    """Originals are given back under the names under which they came."""


def _work(op: Op) -> _Work:
    body = op.asked["body"]
    words = body.get("words") or "、".join(body["papers"])
    return _Work(op.asked["case_id"], str(words), _is_return(body["kind"]))


def _is_return(kind: object) -> bool:
    return kind == "papers_returned"


def letters_and_papers_are_kept(history: History, world: World) -> Iterator[Finding]:
    """Each letter that was acknowledged is there, sent by its entry and replied to by another at the most; each case
    keeps as many originals as came and were not given back.
    """
    for op in history.of_kind("record"):
        if op.is_acknowledged and op.asked["body"]["kind"] == "letter_sent":
            letter = world.letters.get(op.ack["letter"])
            if letter is None or (letter["case_id"], letter["seq"]) != (op.asked["case_id"], op.ack["version"]):
                yield Finding("letter_lost", f"op {op.op}", str(op.ack["letter"]))
    noted = {
        case_id: [entry["facts"] for entry in entries if entry["step"] == "recorded"]
        for case_id, entries in world.entries.items()
    }
    sent = Counter(facts["letter"] for of in noted.values() for facts in of if facts.get("record") == "letter_sent")
    replied = Counter(facts["letter"] for of in noted.values() for facts in of if facts.get("record") == "letter_reply")
    for number in sent.keys() | replied.keys() | world.letters.keys():
        letter = world.letters.get(number)
        wanted = (1, int(bool(letter and letter["replied_at"])))
        if (sent[number], replied[number]) != wanted:
            yield Finding("letter_differs", number, f"sent {sent[number]} times, replied to {replied[number]} times")
    for case_id, of in noted.items():
        papers = Counter[str]()
        for facts in of:
            papers[str(facts.get("record"))] += 0 if facts.get("copies") else facts.get("papers", 0)
        left = papers["papers_received"] - papers["papers_returned"]
        if not world.papers.get(case_id, 0) == left == world.cases[case_id].get("papers_held", 0):
            yield Finding(
                "papers_differ", f"case {case_id}", f"{left} by its history, {world.papers.get(case_id, 0)} kept"
            )


def dismissals_are_there_once(history: History, world: World) -> Iterator[Finding]:
    """What was said to be two is noted so, by somebody who said it."""
    said: dict[frozenset[str], set[str]] = defaultdict(set)
    for op in history.of_kind("dismiss"):
        pair = frozenset((op.asked["case_id"], op.asked["other_id"]))
        if op.is_acknowledged or op.is_unknown:
            said[pair].add(op.by)
        noted = [row for row in world.dismissals if {row["case_id"], row["other_id"]} == pair]
        if op.is_acknowledged and len(noted) != 1:
            yield Finding("dismissal_lost" if not noted else "dismissal_twice", f"op {op.op}", f"{len(noted)} rows")
    for row in world.dismissals:
        if row["dismissed_by"] not in said[frozenset((row["case_id"], row["other_id"]))]:
            yield Finding("dismissal_from_nowhere", f"cases {row['case_id']} and {row['other_id']}")


def _is_not_ours(world: World, case_id: str, entries: Sequence[Row]) -> bool:
    """Settled while it was taken, or of the demonstration: nobody of the drive took its steps."""
    if any(entry["facts"].get("on_the_spot") for entry in entries):
        return True
    opened = entries[0]["facts"].get("appeal") if entries else None
    theirs = [party["appeal_id"] for party in world.parties if party["case_id"] == case_id]
    appeals = [world.appeals.get(appeal) for appeal in ([opened] if opened else theirs)]
    return any(appeal is not None and appeal["source"] in DEMONSTRATION for appeal in appeals)


def what_was_seen_stays(history: History, world: World) -> Iterator[Finding]:
    """Neither a case nor a progress page ever goes back behind what somebody has read, but for what is done again."""
    again = _done_again(world)
    for note in history.noted("seen"):
        case = world.cases.get(note["case_id"])
        if case is None or case["version"] < note["version"]:
            yield Finding("case_went_back", note["case_id"], f"version {note['version']} was seen")
    for note in history.noted("progress"):
        now = world.standings.get(note["appeal_id"])
        is_back = now is None or _RANKS[now] < _RANKS[note["standing"]]
        if is_back and note["appeal_id"] not in again:
            yield Finding("progress_went_back", note["appeal_id"], f"{note['standing']} was seen, now {now}")


def _done_again(world: World) -> set[str]:
    """Appeals that were ever in a case that was under way again after its answer."""
    found = set()
    for entries in world.entries.values():
        if any(_is_reopened(entry) for entry in entries):
            told = [entry["facts"] for entry in entries if entry["step"] in ("opened", "joined", "split_off")]
            found |= {appeal for facts in told for appeal in (facts.get("appeals") or [facts.get("appeal")])}
    return found


def _is_reopened(entry: Row) -> bool:
    verdict = {"verified": "passed", "report_reviewed": "accepted"}.get(entry["step"])
    return bool(entry["step"] == "redone" or (verdict and not entry["facts"][verdict]))


INVARIANTS = (
    appeals_are_there_once,
    places_are_there_once,
    a_repeated_request_gets_the_same_answer,
    refusals_are_fair,
    each_appeal_has_one_case,
    amendments_are_there_once,
    each_of_many_is_done_or_refused,
    steps_are_there_once,
    a_draft_goes_out_as_it_was,
    work_is_recorded_once,
    letters_and_papers_are_kept,
    dismissals_are_there_once,
    what_was_seen_stays,
)
