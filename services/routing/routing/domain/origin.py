"""Where a deadline comes from, by its case's own history, and what of that and of the rules it does not agree with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain, takewhile
from typing import Any
from uuid import UUID

from contracts.routing import RecordKind

from routing.domain.calendar import Calendar
from routing.domain.case import (
    ACCEPTED,
    ANSWERED,
    APPROACHING,
    ASSIGNED,
    BREACHED,
    DEADLINE_MOVED,
    EXTENDED,
    HANDED_TO_HOTLINE,
    HELPER_CALLED,
    JOINED,
    OPENED,
    PLANNED,
    PRESSED,
    RECORDED,
    REDONE,
    REPORT_REVIEWED,
    RESORTED,
    RESUMED,
    SPLIT_OFF,
    SUSPENDED,
    VERIFIED,
    Case,
    Deadline,
    DeadlineKind,
)
from routing.domain.chain import Entry
from routing.domain.explaining import Reckoning, kinds_after, reckon
from routing.domain.promise import Offer, Promise, Term, Unit, day_of, ending, last_day
from routing.domain.rules import Category, Rule, RuleSet


class Cause(StrEnum):
    """What made a deadline, and so from when it runs."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    RESORTED = "resorted"
    EXTENDED = "extended"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    MERGED = "merged"
    SPLIT_OFF = "split_off"
    REDONE = "redone"
    NOT_VERIFIED = "not_verified"
    AWAITING_PAPERS = "awaiting_papers"
    PAPERS_COMPLETE = "papers_complete"
    ANSWERED = "answered"
    PLANNED = "planned"
    ORDERED = "ordered"
    HELPER_CALLED = "helper_called"
    HANDED_TO_HOTLINE = "handed_to_hotline"
    HANDED_ON = "handed_on"
    ASSIGNED_FROM_ABOVE = "assigned_from_above"
    REPORT_REJECTED = "report_rejected"
    OTHER = "other"
    """An entry of another kind names it."""
    UNKNOWN = "unknown"
    """No entry does."""


_CAUSES = {
    ACCEPTED: Cause.ACCEPTED,
    RESORTED: Cause.RESORTED,
    EXTENDED: Cause.EXTENDED,
    SUSPENDED: Cause.SUSPENDED,
    RESUMED: Cause.RESUMED,
    JOINED: Cause.MERGED,
    SPLIT_OFF: Cause.SPLIT_OFF,
    REDONE: Cause.REDONE,
    VERIFIED: Cause.NOT_VERIFIED,
    ANSWERED: Cause.ANSWERED,
    PLANNED: Cause.PLANNED,
    PRESSED: Cause.ORDERED,
    HELPER_CALLED: Cause.HELPER_CALLED,
    HANDED_TO_HOTLINE: Cause.HANDED_TO_HOTLINE,
    ASSIGNED: Cause.HANDED_ON,
    OPENED: Cause.ASSIGNED_FROM_ABOVE,
    REPORT_REVIEWED: Cause.REPORT_REJECTED,
}

_OF_PAPERS: Mapping[str | None, Cause] = {
    RecordKind.PAPERS_MISSING: Cause.AWAITING_PAPERS,
    RecordKind.PAPERS_RECEIVED: Cause.PAPERS_COMPLETE,
}

#: Entries that do not name the limit which they set: it runs from the same instant.
_SET_BY = {
    DeadlineKind.REDO: (REDONE, VERIFIED),
    DeadlineKind.RATING: (ANSWERED,),
    DeadlineKind.ASSIGNED: (OPENED, REPORT_REVIEWED),
    DeadlineKind.REPLY: (HANDED_TO_HOTLINE,),
}


class Source(StrEnum):
    """What says how long it is."""

    ITEM = "item"
    """The rule for one category, which goes before the table."""
    TABLE = "table"
    """The rule for the kind of matter and whose remit it is."""
    EXTENSION = "extension"
    REMAINDER = "remainder"
    """What was left of a promise that was suspended."""
    PLATFORM = "platform"
    """The same for every case: to say what one thinks of an answer, to do it again, to reply."""
    GIVEN = "given"
    """Somebody named it."""
    UNKNOWN = "unknown"
    """It is as in another case, which is not for whoever asks to see; or nothing shows it."""


class Witness(StrEnum):
    """What says otherwise than the stored deadline."""

    RECKONING = "reckoning"
    HISTORY = "history"
    RULES = "rules"
    PROMISE_BEFORE = "promise_before"


@dataclass(frozen=True)
class Difference:
    witness: Witness
    about: str
    stored: str
    found: str


@dataclass(frozen=True)
class Pause:
    """``reason``: its code in the list of reasons; ``resumed_at``: where it ended before its day."""

    reason: str
    since: datetime
    until: datetime
    resumed_at: datetime | None


@dataclass(frozen=True)
class Extension:
    reason: str
    days: int
    granted_at: datetime


@dataclass(frozen=True)
class Recount:
    """By a later version of the calendar; until then it fell due at ``due_before``."""

    at: datetime
    calendar_version: int
    due_before: datetime


@dataclass(frozen=True)
class Story:
    """A deadline in its case, among the others of that and its whole history."""

    case: Case
    deadline: Deadline
    deadlines: Sequence[Deadline]
    entries: Sequence[Entry]

    @property
    def maker(self) -> Entry | None:
        """The entry by which it came: the first that names it or what it is about, that set it at that instant, or with
        which it came from another case.
        """
        named = (entry for entry in self.entries if entry.step not in _CAME_UP and _names(entry, self.deadline))
        there = (entry for entry in self.entries if entry.step == SPLIT_OFF)
        return next(chain(named, self._set_with_it(), there), None)

    def _set_with_it(self) -> Iterator[Entry]:
        steps = _SET_BY.get(self.deadline.kind, ())
        start_at = self.deadline.promise.start_at
        setting = (entry for entry in self.entries if entry.step in steps and entry.at == start_at)
        return (entry for entry in setting if not entry.facts.get("passed") and not entry.facts.get("accepted"))

    @property
    def moved_from(self) -> UUID | None:
        """The case from which it came as it is."""
        maker = self.maker
        return UUID(maker.facts["from"]) if maker is not None and maker.step in _MOVES else None

    @property
    def is_recounted(self) -> bool:
        """By another calendar, which moved it."""
        maker = self.maker
        return maker is not None and maker.step == DEADLINE_MOVED

    @property
    def before(self) -> "Story | None":
        """The promise of the same case that it goes on from, or the deadline that another calendar has moved."""
        maker = self.maker
        goes_on = (DEADLINE_MOVED,) if self.deadline.kind is DeadlineKind.HOLDING else (*_GO_ON, DEADLINE_MOVED)
        if maker is None or maker.step not in goes_on:
            return None
        name = maker.facts["replaces"] if self.is_recounted else self._promise_before(maker)
        found = (each for each in self.deadlines if str(each.deadline_id) == name)
        return next((replace(self, deadline=each) for each in found), None)

    def _promise_before(self, maker: Entry) -> str | None:
        """The last that the history names before."""
        promises = {str(each.deadline_id) for each in self.deadlines if each.kind is DeadlineKind.PROMISE}
        others = promises - {str(self.deadline.deadline_id)}
        named = [e.facts.get("deadline") for e in self.entries if e.seq < maker.seq and e.step not in _CAME_UP]
        return next((name for name in reversed(named) if name in others), None)

    def of_the_same(self, deadline: Deadline) -> "Story | None":
        """Of that deadline of another case, as it was before it came from this one."""
        alike = [each for each in self.deadlines if (each.kind, each.promise) == (deadline.kind, deadline.promise)]
        return replace(self, deadline=alike[-1]) if alike else None


#: What the clock notes of a deadline that is there already.
_CAME_UP = (APPROACHING, BREACHED)
_MOVES = (SPLIT_OFF, JOINED)
_GO_ON = (SUSPENDED, RESUMED, EXTENDED)
#: What begins the clock of whoever was given a case, beside whatever else it makes.
_HAND_ON = (ASSIGNED, SUSPENDED, RESUMED)
_BY_RULE = (ACCEPTED, RESORTED, RECORDED)


def _names(entry: Entry, deadline: Deadline) -> bool:
    facts = _said_of(entry, deadline)
    if deadline.about is not None:
        return str(deadline.about) in (facts.get("pressing_id"), facts.get("helper_id"))
    return bool(facts.get("deadline") == str(deadline.deadline_id))


def _said_of(entry: Entry, deadline: Deadline) -> Mapping[str, Any]:
    """What an entry says of a deadline; what makes a promise says of first contact apart."""
    if deadline.kind is DeadlineKind.CONTACT and entry.step in (ACCEPTED, RESORTED):
        contact: Mapping[str, Any] = entry.facts.get("contact", {})
        return contact
    if deadline.kind is DeadlineKind.HOLDING and entry.step in _HAND_ON:
        holding: Mapping[str, Any] = entry.facts.get("holding", {})
        return holding
    return entry.facts


@dataclass(frozen=True)
class Trail:
    """A deadline, and then what it was before, back through the cases that it came from and the promises that it goes
    on from, as far as they are to be seen.
    """

    stories: Sequence[Story]

    @property
    def own(self) -> Story:
        return self.stories[0]

    @property
    def as_it_is(self) -> Sequence[Story]:
        """Where it was made as it is, or the last case in which it is to be seen; before that, the cases to which it
        came.
        """
        came = list(takewhile(lambda story: story.moved_from is not None, self.stories))
        return self.stories[: len(came) + 1]

    @property
    def made(self) -> Story:
        return self.as_it_is[-1]

    @property
    def first_made(self) -> Story:
        """Before calendars were put right; whatever cases it came through."""
        return self.stories[min(len(self._the_same), len(self.stories) - 1)]

    @property
    def moves(self) -> Sequence[Story]:
        """In the cases to which it came, last first."""
        return [story for story in self._the_same if story.moved_from is not None]

    @property
    def recounts(self) -> list[Recount]:
        """Oldest first."""
        return [_recount(story.maker) for story in reversed(self._the_same) if story.is_recounted and story.maker]

    @property
    def _the_same(self) -> Sequence[Story]:
        return list(takewhile(lambda story: story.is_recounted or story.moved_from is not None, self.stories))

    @property
    def is_by_rule(self) -> bool:
        """Whether the making of the first promise is to be seen."""
        maker = self.stories[-1].maker
        return maker is not None and maker.step in _BY_RULE

    @property
    def sorted_as(self) -> tuple[str, int] | None:
        """The category by which that was made, and its version."""
        maker = self.stories[-1].maker
        if not self.is_by_rule or maker is None or maker.facts.get("category") is None:
            return None
        return maker.facts["category"], maker.facts["category_version"]

    @property
    def pauses(self) -> list["Pause"]:
        """Oldest first."""
        return [_pause(story, maker) for story, maker in reversed(self._made_by(SUSPENDED))]

    @property
    def extension(self) -> "Extension | None":
        """A promise is extended once."""
        granted = [maker for _, maker in self._made_by(EXTENDED)]
        return Extension(granted[0].facts["reason"], granted[0].facts["count"], granted[0].at) if granted else None

    def _made_by(self, step: str) -> list[tuple[Story, Entry]]:
        made = ((story, story.maker) for story in self.stories)
        return [(story, maker) for story, maker in made if maker is not None and maker.step == step]


def _recount(moved: Entry) -> Recount:
    facts = moved.facts
    return Recount(moved.at, facts["calendar_version"], datetime.fromisoformat(facts["due_before"]))


def _pause(story: Story, suspended: Entry) -> Pause:
    """Resumed before its day, and before it was suspended another time; or not."""
    behind = (entry for entry in story.entries if entry.seq > suspended.seq)
    resumed = (entry.at for entry in takewhile(lambda entry: entry.step != SUSPENDED, behind) if entry.step == RESUMED)
    until = datetime.fromisoformat(suspended.facts["until"])
    return Pause(suspended.facts["reason"], suspended.at, until, next(resumed, None))


def cause_of(story: Story) -> Cause:
    maker = story.maker
    if maker is None:
        return Cause.UNKNOWN
    cause = _OF_PAPERS.get(maker.facts.get("record")) or _CAUSES.get(maker.step, Cause.OTHER)
    is_received = cause is Cause.ACCEPTED and story.deadline.promise.start_at == story.case.received_at
    return Cause.RECEIVED if is_received else cause


def source_of(trail: Trail, rule: Rule | None) -> Source:
    deadline = trail.own.deadline
    if (by_unit := _BY_UNIT.get(deadline.promise.term.unit)) is not None:
        return by_unit
    if deadline.kind not in (DeadlineKind.PROMISE, DeadlineKind.CONTACT):
        return Source.PLATFORM
    if rule is None:
        return Source.UNKNOWN
    return Source.TABLE if rule.category is None else Source.ITEM


_BY_UNIT = {
    Unit.GIVEN: Source.GIVEN,
    Unit.MORE_WORKING_DAYS: Source.EXTENSION,
    Unit.REMAINING_WORKING_DAYS: Source.REMAINDER,
}


def term_by_rule(trail: Trail, calendar: Calendar) -> Term:
    """Of the promise with which it began, as the calendar has it by which it was counted last: of several rules another
    may be the first to end by that.
    """
    by_rule = next((story for story in trail.stories if story.deadline.promise.term.unit not in _GOING_ON), trail.own)
    again = _counted_again([by_rule], calendar) if trail.recounts and by_rule is not trail.own else None
    return (again or by_rule.deadline.promise).term


def rule_behind(rules: RuleSet, category: Category | None, kind: DeadlineKind, term: Term, *, urgent: bool) -> Rule:
    """The rule that decides by what is known of the matter now; or by what was, since a case becomes urgent by another
    that joins it, and what is settled on the spot is never urgent. Of several places' the one that it is promised by;
    of first contact what says by when, or the promise where that ends sooner.
    """
    both = [rules.rule_for(category, urgent=each) for each in (urgent, not urgent)] if category else []
    both = both or [rules.rule_of_the_counter]
    said = [each for rule in both for each in rule.all]
    if kind is DeadlineKind.CONTACT:
        said = [each for rule in both for each in rules.contacts_of(rule)] + said
    return next((each for each in said if each.term == term), both[0])


def differences(trail: Trail, reckoning: Reckoning | None, rule: Rule | None, calendar: Calendar) -> list[Difference]:
    """What the reckoning, the history, the rules and the promise before it say otherwise than is stored."""
    promise, made = trail.own.deadline.promise, trail.made
    found = [] if trail.own.maker is not None else [Difference(Witness.HISTORY, "entry", "deadline", "none")]
    if reckoning is not None:
        found += _unlike(Witness.RECKONING, promise, {"due_at": reckoning.due_at, "forecast": reckoning.forecast})
    for story in trail.as_it_is:
        found += _unlike(Witness.HISTORY, promise, _told(story))
    if rule is not None and made is trail.stories[-1]:
        found += _unlike(Witness.RULES, promise, {"unit": rule.term.unit, "count": rule.term.count})
    return found + _unlike(Witness.PROMISE_BEFORE, promise, _by_the_one_before(trail, calendar))


def _unlike(witness: Witness, promise: Promise, told: Mapping[str, Any]) -> list[Difference]:
    stored = {name: getattr(promise.term if name in _OF_TERM else promise, name) for name in told}
    unlike = (name for name, value in told.items() if stored[name] != value)
    return [Difference(witness, name, _text(stored[name]), _text(told[name])) for name in unlike]


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


_OF_TERM = ("unit", "count")
_TOLD: Mapping[str, Callable[[Any], Any]] = {
    "due_at": datetime.fromisoformat,
    "start_at": datetime.fromisoformat,
    "unit": Unit,
    "count": int,
    "rule_version": int,
    "calendar_version": int,
}


def _told(story: Story) -> dict[str, Any]:
    """What the entry that made it says of it; of a limit that came along from another case it says nothing."""
    maker = story.maker
    if maker is None or (maker.step in _MOVES and not _names(maker, story.deadline)):
        return {}
    facts = maker.facts.get("assigned", {}) if maker.step == OPENED else _said_of(maker, story.deadline)
    told = {name: read(facts[name]) for name, read in _TOLD.items() if facts.get(name) is not None}
    return told | ({"rule_layers": tuple(facts.get("rule_layers", ()))} if "rule_version" in told else {})


def _by_the_one_before(trail: Trail, calendar: Calendar) -> dict[str, Any]:
    """What it takes from what it goes on from; of one that a calendar has moved, all but its end."""
    before = trail.stories[len(trail.as_it_is) :]
    if not before or trail.made.maker is None:
        return {}
    if not trail.made.is_recounted:
        return _gone_on(before[0].deadline.promise, trail.made.maker, calendar)
    again = _counted_again(before, calendar)
    return {"unit": again.term.unit, "count": again.term.count, "start_at": again.start_at} if again else {}


def _gone_on(before: Promise, maker: Entry, calendar: Calendar) -> dict[str, Any]:
    """What is left of it on the day on which it is suspended, or the day from which it is extended."""
    if maker.step == EXTENDED:
        return {"start_at": last_day(before)}
    if maker.step == SUSPENDED:
        return {"count": working_days_left(before, maker.at, calendar)}
    return {"count": before.term.count}


def _counted_again(stories: Sequence[Story], calendar: Calendar) -> Promise | None:
    """What the first comes to by another calendar, by the hours that it gives the station by which that was counted:
    what it goes on from is counted again before; none, where that is not to be seen.
    """
    (story, *behind), maker = stories, stories[0].maker
    promise, before = story.deadline.promise, _counted_again(behind, calendar) if behind else None
    if before is None and promise.term.unit in _GOING_ON:
        return None
    if before is not None and (story.is_recounted or story.moved_from is not None):
        return before
    gone_on = _gone_on(before, maker, calendar) if before is not None and maker is not None else {}
    term = replace(promise.term, count=gone_on.get("count", promise.term.count))
    offers = ((term, gone_on.get("start_at", promise.start_at)), *promise.others)
    return min((_reckoned(promise, offer, calendar) for offer in offers), key=ending)


def _reckoned(promise: Promise, offer: Offer, calendar: Calendar) -> Promise:
    (term, start_at), hours = offer, calendar.hours_at(promise.path, otherwise=promise.hours)
    again = reckon(term, start_at, calendar=calendar, hours=hours, zone=promise.zone)
    return replace(promise, term=term, start_at=start_at, due_at=again.due_at)


_GOING_ON = (Unit.MORE_WORKING_DAYS, Unit.REMAINING_WORKING_DAYS)


def working_days_left(before: Promise, suspended_at: datetime, calendar: Calendar) -> int:
    """Those behind the day on which it is suspended, up to its last; counted as ``explaining`` counts."""
    today, last = (day_of(moment, zone=before.zone) for moment in (suspended_at, last_day(before)))
    return sum(day.counted for day in takewhile(lambda day: day.date <= last, kinds_after(today, calendar)))
