"""What a deadline is by another calendar than the one by which it was made: a correction of fact, which moves it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from routing.domain.calendar import Calendar
from routing.domain.case import (
    ACCOMPANIED,
    ANSWERED,
    ASSIGNED,
    BREACHED,
    DRAFTED,
    HOTLINE_REPLIED,
    PLANNED,
    RECORDED,
    RECUSED,
    REVIEWED,
    Case,
    Deadline,
    DeadlineKind,
    DeadlineState,
)
from routing.domain.chain import Entry
from routing.domain.promise import Promise, Term, Unit, counted_like, earliest_of, last_day, working_days_left
from routing.domain.recording import reaches

#: What a calendar has no say in.
NOT_COUNTED = (Unit.CLOCK_HOURS, Unit.GIVEN)

#: What keeps a deadline that days are counted for.
_KEPT_BY: Mapping[DeadlineKind, Sequence[str]] = {
    DeadlineKind.PROMISE: (ANSWERED, ACCOMPANIED, PLANNED),
    DeadlineKind.REDO: (ANSWERED,),
    DeadlineKind.REPLY: (HOTLINE_REPLIED,),
    DeadlineKind.CONTACT: (RECORDED, PLANNED, ACCOMPANIED, ANSWERED),
    DeadlineKind.HOLDING: (ANSWERED, ACCOMPANIED, PLANNED, ASSIGNED),
}


@dataclass(frozen=True)
class Move:
    """A deadline that falls due at another instant by another calendar, and how it stands by that."""

    before: Deadline
    promise: Promise
    state: DeadlineState = DeadlineState.OPEN
    settled_at: datetime | None = None
    corrects: bool = False
    """``before`` was missed, and is not by this."""

    @property
    def is_later(self) -> bool:
        return self.promise.due_at > self.before.promise.due_at

    @property
    def is_awaited(self) -> bool:
        """By residents: the promise, or that it is done again, while it runs."""
        return self.state is DeadlineState.OPEN and self.before.kind in (DeadlineKind.PROMISE, DeadlineKind.REDO)

    @property
    def tells_residents(self) -> bool:
        """They wait longer than they were told."""
        return self.is_awaited and self.is_later

    @property
    def tells_staff(self) -> bool:
        """They have less time than they thought, or have missed nothing."""
        return self.corrects or not self.is_later


def recount(deadline: Deadline, gone: Mapping[UUID, Deadline], *, calendar: Calendar) -> Promise:
    """By the same inputs, all that was promised. ``gone``: what it goes on from, if it was extended, suspended or
    resumed: that is counted again first, since it begins where that ends, or has what is left of that.
    """
    promise = deadline.promise
    if promise.term.unit in NOT_COUNTED:
        return promise
    count = partial(counted_like, like=promise, calendar=calendar, path=promise.path)
    origin = gone.get(deadline.goes_on_from) if deadline.goes_on_from else None
    if origin is None:
        return earliest_of(promise.offers, count)
    before = recount(origin, gone, calendar=calendar)
    if promise.term.unit is Unit.MORE_WORKING_DAYS:
        return count(promise.term, last_day(before))
    return count(Term(promise.term.unit, _left(deadline, origin, before, calendar)), promise.start_at)


def _left(deadline: Deadline, origin: Deadline, before: Promise, calendar: Calendar) -> int:
    """Resumed, it has as many as it was suspended with; it begins when that gave way."""
    if origin.settled_at is None or deadline.promise.start_at == origin.settled_at:
        return before.term.count
    return working_days_left(before, origin.settled_at, calendar=calendar)


def find_move(deadline: Deadline, promise: Promise, *, now: datetime) -> Move | None:
    """Of one that runs. Nobody is held to an instant that had passed before it was known, and no resident has less time
    to say something of an answer than they were told: it stays then.
    """
    if promise.due_at == deadline.promise.due_at:
        return None
    move = Move(deadline, promise)
    if not move.is_later and (promise.due_at < now or deadline.kind is DeadlineKind.RATING):
        return None
    return move


def find_correction(
    deadline: Deadline, promise: Promise, *, case: Case, entries: Sequence[Entry], now: datetime
) -> Move | None:
    """Of one that was missed: none where it is missed by this calendar too."""
    kept_at = find_kept(deadline, entries)
    state, settled_at = DeadlineState.OPEN, None
    if kept_at is not None:
        state, settled_at = DeadlineState.MET, kept_at
    elif case.closed_at is not None:
        state, settled_at = DeadlineState.CANCELLED, case.closed_at
    is_kept = (settled_at or now) <= promise.due_at
    return Move(deadline, promise, state, settled_at, corrects=True) if is_kept else None


def find_kept(deadline: Deadline, entries: Sequence[Entry]) -> datetime | None:
    """When what it is the limit of was done after it was missed. An answer that is handed in for review keeps the
    promise as of then, unless it is sent back, or falls with its author.
    """
    handed_in: datetime | None = None
    for entry in _since_missed(deadline, entries):
        if entry.step == DRAFTED and deadline.kind in (DeadlineKind.PROMISE, DeadlineKind.HOLDING):
            handed_in = entry.at
        elif _takes_back(entry):
            handed_in = None
        elif entry.step in _KEPT_BY.get(deadline.kind, ()) and not _keeps_none(entry):
            return handed_in or entry.at
    return handed_in


def _takes_back(entry: Entry) -> bool:
    """What was handed in counts as not handed in."""
    if entry.step == RECUSED:
        return bool(entry.facts.get("draft_falls"))
    return entry.step == REVIEWED and not entry.facts["approved"]


def _keeps_none(entry: Entry) -> bool:
    """The hotline says how it stands, and is not done; or what is recorded reached nobody."""
    is_under_way = entry.step == HOTLINE_REPLIED and entry.facts["standing"] == "under_way"
    return is_under_way or (entry.step == RECORDED and not reaches(entry.facts))


def _since_missed(deadline: Deadline, entries: Sequence[Entry]) -> Iterable[Entry]:
    """All of them, where it was missed in another case, from which it came."""
    said = (
        place
        for place, entry in enumerate(entries, start=1)
        if entry.step == BREACHED and entry.facts.get("deadline") == str(deadline.deadline_id)
    )
    return entries[next(said, 0) :]
