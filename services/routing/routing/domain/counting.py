"""What each entry of a case's history counts. The same function keeps the figures as entries are made, and counts them
again from the whole history; nothing but entries is looked at.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from contracts.routing import Ask, Remit

from routing.domain.case import (
    ACCEPTED,
    ACCOMPANIED,
    ANSWERED,
    ASKED,
    ASSIGNED,
    BREACHED,
    CALLED_BACK,
    CLOSED,
    DEADLINE_MOVED,
    DRAFTED,
    EXCLUSION_REVIEWED,
    EXTENDED,
    JOINED,
    OPENED,
    PLANNED,
    RATED,
    RECORDED,
    RECUSED,
    REDONE,
    RESORTED,
    REVIEWED,
    SEALED,
    SPLIT_OFF,
    SUSPENDED,
    VERIFIED,
    ClosedReason,
    DeadlineKind,
)
from routing.domain.chain import Entry
from routing.domain.figures import RATES, Count, Figure, Mark, Rate, Tally, Where, net
from routing.domain.promise import day_of
from routing.domain.recording import reaches

#: From this rating on a resident is satisfied.
SATISFIED_FROM = 3


def count(tally: Tally | None, entries: Iterable[Entry], *, zone: str) -> tuple[Tally, list[Count]]:
    """Go on from ``tally`` (none: the history begins) over these entries. ``zone``: of days, where a history that was
    begun before figures were kept does not say.
    """
    counting = _Counting(tally.copy() if tally else Tally(), zone)
    for entry in entries:
        counting.take(entry)
    return counting.tally, counting.counts


def taken_out(rate: Rate, counts: Sequence[Count]) -> list[dict[str, Any]]:
    """What a case has counted for a rate so far, as an entry that excludes it says."""
    theirs = [count for count in counts if count.figure in RATES[rate].figures]
    return [
        {"figure": figure.value, "day": mark.day, "where": asdict(mark.where), "amount": amount}
        for (figure, mark), amount in net(theirs).items()
    ]


@dataclass
class _Counting:
    tally: Tally
    zone: str
    counts: list[Count] = field(default_factory=list)
    entry: Entry = field(init=False)

    def take(self, entry: Entry) -> None:
        self.entry = entry
        if not self.tally.historic and entry.step in _TAKES:
            _TAKES[entry.step](self, entry.facts)

    # What there is to count with.

    def today(self) -> Mark:
        return Mark(self.day(self.entry.at), self.tally.where)

    def day(self, moment: datetime) -> str:
        return day_of(moment, zone=self.tally.told.get("zone") or self.zone).isoformat()

    def add(self, figure: Figure, mark: Mark | None = None, amount: int = 1) -> None:
        """Nothing of a rate that it was taken out of."""
        if amount and not any(figure in RATES[Rate(rate)].figures for rate in self.tally.excluded):
            self.counts.append(Count(self.entry.seq, figure, mark or self.today(), amount))

    def see(self, facts: Mapping[str, Any]) -> None:
        """Where it is counted from now on. Histories that were begun before figures were kept say the place alone."""
        if "counted" in facts:
            self.tally.told = dict(facts["counted"])
        elif "zone" not in self.tally.told:
            said = {name: facts[name] for name in ("place", "category", "channel") if facts.get(name)}
            self.tally.told = {**self.tally.told, **said}

    # What entries of each step count.

    def opened(self, facts: Mapping[str, Any]) -> None:
        if facts.get("historic"):
            self.tally.historic = True
            return
        self.see(facts)
        self.add(Figure.RECEIVED)

    def accepted(self, facts: Mapping[str, Any]) -> None:
        self.see(facts)
        self.tally.promise, self.tally.contact_by = "open", facts.get("contact_by")

    def assigned(self, facts: Mapping[str, Any]) -> None:
        tally = self.tally
        tally.post, tally.office = facts["post"], facts.get("office")
        above = [tier for tier in (Remit.COMMUNITY, Remit.DISTRICT) if _is_above(facts.get("path"), tally.told, tier)]
        tally.left = tuple(dict.fromkeys((*tally.left, *above)))
        if facts.get("first") or tally.is_first is not None:
            tally.is_first = facts.get("first")
        if not facts.get("first"):
            return
        self.add(Figure.ACCEPTED)
        if tally.contact_by is not None:
            tally.contact = self.today()
            self.add(Figure.TO_CONTACT)

    def resorted(self, facts: Mapping[str, Any]) -> None:
        """What turns out to be urgent is planned no more: its promise counts again, where nothing had kept it."""
        if "out_of_plan" in facts:
            self.end_plan()
            if self.tally.promise == "planned" and facts["promise_met"] is None:
                self.tally.promise = "open"
        self.tally.contact_by = facts.get("contact_by", self.tally.contact_by)
        self.see(facts)

    def end_plan(self) -> None:
        if self.tally.planned is not None:
            self.add(Figure.PLANS_OPEN, Mark(self.day(self.entry.at), self.tally.planned), -1)
        self.tally.plan = self.tally.planned = None

    def recorded(self, facts: Mapping[str, Any]) -> None:
        if reaches(facts):
            self.contacted()

    def contacted(self) -> None:
        tally = self.tally
        if tally.contact is not None and self.entry.at <= datetime.fromisoformat(tally.contact_by or ""):
            self.add(Figure.CONTACTED, tally.contact)
        elif tally.contact is not None:
            tally.contact_late = tally.contact
        tally.contact = None

    def accompanied(self, facts: Mapping[str, Any]) -> None:
        self.contacted()
        self.kept(facts)

    def kept(self, facts: Mapping[str, Any]) -> None:
        if self.tally.promise == "open" and facts.get("promise_met"):
            self.tally.promise = "kept"
            self.add(Figure.KEPT)

    def planned(self, facts: Mapping[str, Any]) -> None:
        """It puts the promise off: neither kept nor missed, unless it was missed by then."""
        self.contacted()
        tally = self.tally
        if facts["again"]:
            if tally.plan == "open" and facts.get("put_off", True):
                tally.plan = "moved"
                self.add(Figure.PLANS_MOVED)
            return
        if tally.promise == "open":
            tally.promise = "planned"
        tally.put_off = tally.promise == "missed"
        tally.plan, tally.planned = "open", tally.where
        self.add(Figure.PLANNED)
        self.add(Figure.PLANS_OPEN)

    def breached(self, facts: Mapping[str, Any]) -> None:
        """On the day that it fell due, however late that was noticed."""
        mark = Mark(self.day(datetime.fromisoformat(facts["due_at"])), self.tally.where)
        kind = facts.get("kind", DeadlineKind.PROMISE)
        if kind == DeadlineKind.PROMISE:
            self.tally.promise, self.tally.missed = "missed", mark
            self.add(Figure.MISSED, mark)
            self.fall_overdue(mark)
        elif kind == DeadlineKind.PLANNED:
            self.tally.plan = "missed"
            self.add(Figure.PLANS_MISSED, mark)

    def fall_overdue(self, mark: Mark) -> None:
        self.tally.overdue = mark.where
        self.add(Figure.OVERDUE, mark)

    def end_stocks(self) -> None:
        """Where they were counted: whoever missed it has it in their stock, though another answers."""
        if self.tally.overdue is not None:
            self.add(Figure.OVERDUE, Mark(self.day(self.entry.at), self.tally.overdue), -1)
        self.tally.overdue = None
        self.end_plan()

    def drafted(self, facts: Mapping[str, Any]) -> None:
        del facts
        self.tally.drafted_by = _text(self.entry.post_id)

    def draft_ended(self, facts: Mapping[str, Any]) -> None:
        """Sent back, or its author has an interest in the case."""
        if facts.get("approved") is False or facts.get("draft_falls"):
            self.tally.drafted_by = None

    def answered(self, facts: Mapping[str, Any]) -> None:
        tally = self.tally
        author, tally.drafted_by = tally.drafted_by or _text(self.entry.post_id), None
        if facts.get("corrects"):
            return
        self.contacted()
        self.kept(facts)
        self.add(Figure.ANSWERED)
        if tally.plan == "open":
            self.add(Figure.PLANS_KEPT)
        tally.plan, tally.unrated = None, 0
        self.end_stocks()
        if tally.is_first is not None and not facts.get("on_the_spot"):
            self.add(Figure.DISPATCHED)
            self.add(Figure.AT_FIRST, amount=int(tally.is_first and author == tally.post))
            tally.is_first = None

    def rated(self, facts: Mapping[str, Any]) -> None:
        """Not of an answer that another has followed."""
        if facts.get("counts", True):
            self.word(solved=facts["solved"], rating=facts.get("rating"))

    def called_back(self, facts: Mapping[str, Any]) -> None:
        if facts["solved"] is not None:
            self.word(solved=facts["solved"], rating=facts.get("rating"))

    def word(self, *, solved: bool, rating: int | None) -> None:
        tally = self.tally
        self.add(Figure.SOLVED if solved else Figure.NOT_SOLVED)
        if rating is not None:
            self.add(Figure.SATISFIED if rating >= SATISFIED_FROM else Figure.DISSATISFIED)
        if tally.unrated and tally.closed is not None:
            tally.unrated -= 1
            self.add(Figure.UNRATED, tally.closed, -1)

    def redone(self, facts: Mapping[str, Any]) -> None:
        if facts.get("passed") is not True:
            self.add(Figure.REDONE)

    def asked(self, facts: Mapping[str, Any]) -> None:
        if facts["ask"] == Ask.RETURN:
            self.add(Figure.RETURNS)

    def joined(self, facts: Mapping[str, Any]) -> None:
        """Asked again; or merged: a promise that was missed before is counted there, and is overdue here from now."""
        if facts["how"] == "repeat":
            self.add(Figure.REPEATS)
            return
        self.see(facts)
        if facts["earlier"] and facts["promise_met"] is False and self.tally.promise == "open":
            self.tally.promise = "missed"
            self.fall_overdue(self.today())

    def split_off(self, facts: Mapping[str, Any]) -> None:
        """As the other case stands; what that has counted is not counted anew."""
        self.see(facts)
        tally = self.tally
        tally.post, tally.office = facts.get("post"), facts.get("office")
        tally.left = tuple(facts.get("left", ()))
        met = facts["promise_met"]
        tally.promise = {True: "kept", False: "missed", None: "open"}[met] if "due_at" in facts else None
        if facts.get("planned"):
            tally.promise, tally.plan, tally.planned = "planned", "moved", tally.where
            self.add(Figure.PLANS_OPEN)
        if met is False and facts["state"] in _UNSETTLED:
            self.fall_overdue(self.today())

    def closed(self, facts: Mapping[str, Any]) -> None:
        reason, tally = facts["reason"], self.tally
        if reason in (ClosedReason.DECLINED, ClosedReason.MERGED):
            self.contacted()
        if reason == ClosedReason.WITHDRAWN:
            self.withdraw_contact()
        self.end_stocks()
        tally.contact, tally.plan, tally.drafted_by = None, None, None
        self.add(_ENDINGS[reason])
        if reason == ClosedReason.DONE:
            tally.closed, tally.unrated = self.today(), facts.get("unrated", 0)
            self.add(Figure.UNRATED, amount=tally.unrated)
            self.contain()

    def withdraw_contact(self) -> None:
        """Before anybody was late in reaching them: nobody had to any more."""
        tally = self.tally
        if tally.contact is not None and self.entry.at <= datetime.fromisoformat(tally.contact_by or ""):
            self.add(Figure.TO_CONTACT, tally.contact, -1)

    def contain(self) -> None:
        remit = self.tally.told.get("remit")
        if remit in _CONTAINED:
            of, within = _CONTAINED[remit]
            self.add(of)
            self.add(within, amount=int(remit not in self.tally.left))

    def suspended(self, facts: Mapping[str, Any]) -> None:
        del facts
        self.add(Figure.SUSPENSIONS)

    def extended(self, facts: Mapping[str, Any]) -> None:
        del facts
        self.add(Figure.EXTENSIONS)

    def deadline_moved(self, facts: Mapping[str, Any]) -> None:
        """By the right calendar it was not missed: where that was counted, it is taken back."""
        tally = self.tally
        if facts["kind"] == DeadlineKind.CONTACT:
            self.contact_moved(facts)
        if not facts["corrects"] or facts["kind"] != DeadlineKind.PROMISE or tally.promise != "missed":
            return
        if tally.missed is not None:
            self.add(Figure.MISSED, tally.missed, -1)
            if facts["promise_met"] and not tally.put_off:
                self.add(Figure.KEPT, tally.missed)
        if tally.overdue is not None:
            self.add(Figure.OVERDUE, Mark(self.day(self.entry.at), tally.overdue), -1)
        kept = "planned" if tally.put_off else "kept"
        tally.promise = kept if facts["promise_met"] else "open"
        tally.missed, tally.overdue, tally.put_off = None, None, False

    def contact_moved(self, facts: Mapping[str, Any]) -> None:
        """Who was reached late by the calendar before may have been reached in time."""
        tally = self.tally
        tally.contact_by = facts["due_at"]
        if facts["met"] and tally.contact_late is not None:
            self.add(Figure.CONTACTED, tally.contact_late)
            tally.contact_late = None

    def excluded(self, facts: Mapping[str, Any]) -> None:
        """Taken out of a rate, on the days and at the places where it had been counted."""
        if not facts["granted"]:
            return
        rate, taken = Rate(facts["rate"]), facts["taken"]
        marks = [Mark(each["day"], Where(**each["where"])) for each in taken]
        for mark, each in zip(marks, taken, strict=True):
            self.add(Figure(each["figure"]), mark, -each["amount"])
        excluded = RATES[rate].excluded
        assert excluded is not None
        self.add(excluded, marks[0] if marks else None)
        self.tally.excluded = (*self.tally.excluded, rate.value)


def _is_above(path: str | None, told: Mapping[str, Any], tier: Remit) -> bool:
    """Whether the post stands outside the matter's own community or district; unknown where nobody says."""
    place = told.get(tier.value)
    return path is not None and place is not None and place.replace("-", "") not in path


def _text(identity: object) -> str | None:
    return str(identity) if identity else None


_UNSETTLED = ("received", "accepted", "assigned", "in_progress")

_ENDINGS = {
    ClosedReason.DONE: Figure.CLOSED,
    ClosedReason.WITHDRAWN: Figure.WITHDRAWN,
    ClosedReason.DECLINED: Figure.DECLINED,
    ClosedReason.MERGED: Figure.MERGED,
}
_CONTAINED = {
    Remit.COMMUNITY: (Figure.OF_COMMUNITY, Figure.IN_COMMUNITY),
    Remit.DISTRICT: (Figure.OF_DISTRICT, Figure.IN_DISTRICT),
}

_TAKES: Mapping[str, Callable[[_Counting, Mapping[str, Any]], None]] = {
    OPENED: _Counting.opened,
    ACCEPTED: _Counting.accepted,
    ASSIGNED: _Counting.assigned,
    RESORTED: _Counting.resorted,
    SEALED: _Counting.resorted,
    RECORDED: _Counting.recorded,
    ACCOMPANIED: _Counting.accompanied,
    PLANNED: _Counting.planned,
    BREACHED: _Counting.breached,
    DRAFTED: _Counting.drafted,
    REVIEWED: _Counting.draft_ended,
    RECUSED: _Counting.draft_ended,
    ANSWERED: _Counting.answered,
    RATED: _Counting.rated,
    CALLED_BACK: _Counting.called_back,
    REDONE: _Counting.redone,
    VERIFIED: _Counting.redone,
    ASKED: _Counting.asked,
    JOINED: _Counting.joined,
    SPLIT_OFF: _Counting.split_off,
    CLOSED: _Counting.closed,
    SUSPENDED: _Counting.suspended,
    EXTENDED: _Counting.extended,
    DEADLINE_MOVED: _Counting.deadline_moved,
    EXCLUSION_REVIEWED: _Counting.excluded,
}
