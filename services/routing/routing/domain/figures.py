"""What is counted, and which shares are made of it: the definitions that docs/figures.md explains to a supervisor.

A figure is a sum over entries of cases' histories, each counted once, on one day, at one place, under one category,
channel, office and post (``Where``). What an entry counts is in counting.py. A rate is a share of two figures, and its
number of exclusions stands beside it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID


class Figure(StrEnum):
    RECEIVED = "received"
    """Cases that were opened; on the day when they came in."""
    REPEATS = "repeats"
    """How often a resident asked again about one that there was already."""
    ACCEPTED = "accepted"
    TO_CONTACT = "to_contact"
    """Accepted: somebody had to reach the resident. On the day of the acceptance, as ``contacted``."""
    CONTACTED = "contacted"
    """By their limit: the end of the next working day, or the promise where that ends sooner."""
    KEPT = "kept"
    """Promises, on the day when they were kept."""
    MISSED = "missed"
    """Promises, on the day when they fell due, whether or not the case is answered by now."""
    OVERDUE = "overdue"
    """A stock: missed and not answered yet, at the end of the period."""
    ANSWERED = "answered"
    """But for corrections of an answer."""
    REDONE = "redone"
    """Answers that did not solve it, or did not pass the look on site."""
    DISPATCHED = "dispatched"
    """Answered for the first time, and not settled while it was taken."""
    AT_FIRST = "at_first"
    """Of those, by the post that they were assigned to first."""
    SOLVED = "solved"
    """What residents say of an answer; one word an answer and appeal."""
    NOT_SOLVED = "not_solved"
    SATISFIED = "satisfied"
    """3 to 5."""
    DISSATISFIED = "dissatisfied"
    UNRATED = "unrated"
    """Residents who had said nothing of the answer when the case closed, but for those who said it later."""
    RETURNS = "returns"
    """Asked for, granted or not."""
    SUSPENSIONS = "suspensions"
    EXTENSIONS = "extensions"
    PLANNED = "planned"
    """Put on the list of what is done later: neither kept nor missed."""
    PLANS_OPEN = "plans_open"
    """A stock."""
    PLANS_KEPT = "plans_kept"
    """Answered by the day that was planned first."""
    PLANS_MOVED = "plans_moved"
    """The day was put off."""
    PLANS_MISSED = "plans_missed"
    CLOSED = "closed"
    """After an answer."""
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    MERGED = "merged"
    OF_COMMUNITY = "of_community"
    """Closed, and within the community's remit."""
    IN_COMMUNITY = "in_community"
    """Of those, what lay with nobody above the community."""
    OF_DISTRICT = "of_district"
    IN_DISTRICT = "in_district"
    NOT_CONTACTED_EXCLUDED = "excluded_contacted"
    """Cases that a review has taken out of the rate: applied for, and granted by a second person of the tier above."""
    NOT_ON_TIME_EXCLUDED = "excluded_on_time"
    NOT_SOLVED_EXCLUDED = "excluded_solved"
    NOT_SATISFIED_EXCLUDED = "excluded_satisfied"


#: What stands at an instant, and is summed from the beginning.
STOCKS = (Figure.OVERDUE, Figure.PLANS_OPEN)


class Rate(StrEnum):
    CONTACTED = "contacted"
    ON_TIME = "on_time"
    SOLVED = "solved"
    SATISFIED = "satisfied"
    REDONE = "redone"
    FIRST_DISPATCH = "first_dispatch"
    CONTAINED_COMMUNITY = "contained_community"
    CONTAINED_DISTRICT = "contained_district"
    PLANS_KEPT = "plans_kept"


class Share(NamedTuple):
    """``part`` of the sum of ``whole``; ``excluded`` counts what was taken out, where that can be."""

    part: Figure
    whole: tuple[Figure, ...]
    excluded: Figure | None = None

    @property
    def figures(self) -> frozenset[Figure]:
        return frozenset((self.part, *self.whole))


RATES: Mapping[Rate, Share] = {
    Rate.CONTACTED: Share(Figure.CONTACTED, (Figure.TO_CONTACT,), Figure.NOT_CONTACTED_EXCLUDED),
    Rate.ON_TIME: Share(Figure.KEPT, (Figure.KEPT, Figure.MISSED), Figure.NOT_ON_TIME_EXCLUDED),
    Rate.SOLVED: Share(Figure.SOLVED, (Figure.SOLVED, Figure.NOT_SOLVED), Figure.NOT_SOLVED_EXCLUDED),
    Rate.SATISFIED: Share(Figure.SATISFIED, (Figure.SATISFIED, Figure.DISSATISFIED), Figure.NOT_SATISFIED_EXCLUDED),
    Rate.REDONE: Share(Figure.REDONE, (Figure.ANSWERED,)),
    Rate.FIRST_DISPATCH: Share(Figure.AT_FIRST, (Figure.DISPATCHED,)),
    Rate.CONTAINED_COMMUNITY: Share(Figure.IN_COMMUNITY, (Figure.OF_COMMUNITY,)),
    Rate.CONTAINED_DISTRICT: Share(Figure.IN_DISTRICT, (Figure.OF_DISTRICT,)),
    Rate.PLANS_KEPT: Share(Figure.PLANS_KEPT, (Figure.PLANS_KEPT, Figure.PLANS_MOVED, Figure.PLANS_MISSED)),
}

#: Those that a case can be taken out of.
EXCLUDABLE = tuple(rate for rate, share in RATES.items() if share.excluded is not None)

Sums = Mapping[Figure, int]


def share(rate: Rate, sums: Sums) -> float | None:
    """None where there is nothing of which it would be a share."""
    of = RATES[rate]
    whole = sum(sums.get(figure, 0) for figure in of.whole)
    return sums.get(of.part, 0) / whole if whole > 0 else None


@dataclass(frozen=True)
class Where:
    """Ids and codes as text. Of what is sealed, the place of its keeper and the kind of matter, and nothing else."""

    place: str | None = None
    category: str | None = None
    channel: str | None = None
    office: str | None = None
    post: str | None = None


@dataclass(frozen=True)
class Mark:
    """Something was counted on this day, there."""

    day: str
    where: Where


@dataclass(frozen=True)
class Count:
    """One addition to a figure; ``seq`` is the entry of the case's history that makes it."""

    seq: int
    figure: Figure
    mark: Mark
    amount: int = 1


@dataclass
class Tally:
    """How far a case's history has been counted: what the next entry has to know of those before."""

    told: Mapping[str, Any] = field(default_factory=dict)
    """Where it is counted, as the history said last."""
    post: str | None = None
    office: str | None = None
    historic: bool = False
    contact_by: str | None = None
    contact: Mark | None = None
    """Counted as to be contacted; none again once the resident was, or need not be."""
    contact_late: Mark | None = None
    """They were reached too late."""
    promise: str | None = None
    """``open``, ``kept``, ``missed`` or ``planned``."""
    missed: Mark | None = None
    overdue: Where | None = None
    """Where it stands in the stock of what is overdue."""
    plan: str | None = None
    """``open``, ``moved`` or ``missed``."""
    planned: Where | None = None
    put_off: bool = False
    """Planned when it was missed already."""
    is_first: bool | None = None
    """Whether it lies where it was assigned first; none: it is not assigned, or has been counted."""
    drafted_by: str | None = None
    left: tuple[str, ...] = ()
    """The tiers above which it has lain."""
    closed: Mark | None = None
    unrated: int = 0
    excluded: tuple[str, ...] = ()
    """The rates that it has been taken out of."""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Tally":
        facts = dict(stored)
        for name in ("contact", "contact_late", "missed", "closed"):
            if facts.get(name):
                facts[name] = Mark(facts[name]["day"], Where(**facts[name]["where"]))
        for name in ("overdue", "planned"):
            if facts.get(name):
                facts[name] = Where(**facts[name])
        for name in ("left", "excluded"):
            facts[name] = tuple(facts.get(name, ()))
        return cls(**facts)

    def stored(self) -> dict[str, Any]:
        """What is not as it begins; equal tallies are stored equally."""
        bare = asdict(Tally())
        facts = asdict(self) | {"told": dict(self.told)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in facts.items()
            if value != bare[name]
        }

    def copy(self) -> "Tally":
        return replace(self)

    @property
    def where(self) -> Where:
        told = self.told
        if told.get("sealed"):
            return Where(told.get("place"), told.get("category"))
        return Where(told.get("place"), told.get("category"), told.get("channel"), self.office, self.post)


@dataclass(frozen=True)
class Part:
    """A rate as it is shown: what it is a share of, and how much was taken out of that."""

    rate: Rate
    share: float | None
    part: int
    whole: int
    excluded: int | None


@dataclass(frozen=True)
class Line:
    """The figures of one group; ``key`` none: of all together, or of what has no such mark."""

    key: str | None
    sums: Sums

    @property
    def rates(self) -> list[Part]:
        return [_part(rate, self.sums) for rate in Rate]


def _part(rate: Rate, sums: Sums) -> Part:
    of = RATES[rate]
    excluded = sums.get(of.excluded, 0) if of.excluded else None
    whole = sum(sums.get(figure, 0) for figure in of.whole)
    return Part(rate, share(rate, sums), sums.get(of.part, 0), whole, excluded)


class Group(StrEnum):
    """By what figures are told apart. A place is one right below that which is asked for."""

    PLACE = "place"
    CATEGORY = "category"
    CHANNEL = "channel"
    OFFICE = "office"
    POST = "post"
    MONTH = "month"
    DAY = "day"


#: What is kept apart; two of them at once are not.
DIMENSIONS = (Group.CATEGORY, Group.CHANNEL, Group.OFFICE, Group.POST)
#: The dimension of all together.
ALL = "all"


@dataclass(frozen=True)
class Period:
    """Both days among them."""

    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def split(self) -> tuple[list[date], list[date]]:
        """Whole months by their first days, and the days beside them: so few rows are read."""
        months, days = [], []
        day = self.since
        while day <= self.until:
            following = next_month(day)
            if day.day == 1 and following - timedelta(days=1) <= self.until:
                months.append(day)
                day = following
            else:
                days.append(day)
                day += timedelta(days=1)
        return months, days


def month_of(day: date) -> date:
    return day.replace(day=1)


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


@dataclass(frozen=True)
class Cell:
    """Where a sum is kept: a place and a day or month, for all together or for one value of a dimension."""

    place_id: UUID
    dimension: str
    value: str
    grain: str
    first: date


#: Where a place is not known.
NOWHERE = UUID(int=0)


def place_of(where: Where) -> UUID:
    return UUID(where.place) if where.place else NOWHERE


def net(counts: Iterable[Count]) -> dict[tuple[Figure, Mark], int]:
    """What is left of them together, but for what cancels out."""
    sums: dict[tuple[Figure, Mark], int] = {}
    for count in counts:
        key = count.figure, count.mark
        sums[key] = sums.get(key, 0) + count.amount
    return {key: amount for key, amount in sums.items() if amount}
