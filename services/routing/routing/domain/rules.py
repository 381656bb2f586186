"""The remit and promise rules: who is to handle a matter, and by when. Versioned data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from contracts.grid import Duty
from contracts.routing import Kind, Remit

from routing.domain.promise import Term, Unit
from routing.errors import UnfitRules


@dataclass(frozen=True)
class Category:
    """A branch or leaf of the tree as of its version. ``line`` are the codes from the root down to it."""

    code: str
    version: int
    parent: str | None
    name_zh: str
    name_en: str
    kind: Kind
    remit: Remit
    words: tuple[str, ...]
    line: tuple[str, ...]
    retired: bool
    effective_from: datetime
    sealed: bool = False


class Demand(StrEnum):
    """What an answer to such a matter needs besides."""

    EVIDENCE = "evidence"
    """The number of what shows that it was done."""
    REVIEW = "review"
    """A dispatcher approves it before it goes out."""
    VERIFICATION = "verification"
    """Somebody who did not handle it looks on site before the case is closed."""


@dataclass(frozen=True)
class Rule:
    """``category`` none: for every category of the kind and remit; else an item's own limit, which goes before.
    ``climb`` and ``repeat``: its own, before those of its set.
    """

    kind: Kind
    remit: Remit
    category: str | None
    urgent: bool
    duty: Duty
    term: Term
    demands: frozenset[Demand] = frozenset()
    climb: Term | None = None
    repeat: Term | None = None


@dataclass(frozen=True)
class RuleSet:
    """``zone``: the city's time zone, in which its days begin and end. ``shares``: of a limit's time, in hundredths, at
    which its holder is warned. ``climb``: how long a superior has to see to it that what was missed is done, before the
    next tier has to; ``repeat``: after how long it comes back where no tier is above. None: nobody has to.
    """

    version: int
    zone: str
    effective_from: datetime
    rules: Sequence[Rule]
    shares: tuple[int, ...] = ()
    climb: Term | None = None
    repeat: Term | None = None

    def __post_init__(self) -> None:
        """Bad rules are refused as they are read, before anything is promised by them."""
        for earlier, later in pairwise((0, *self.shares, 100)):
            if not earlier < later:
                raise UnfitRules(self.version, "warnings come one after the other, and before the limit")
        climbs = ((rule, self.limits_of(rule)[0]) for rule in self.rules)
        if any(climb is not None and _length(climb) > _length(rule.term) for rule, climb in climbs):
            raise UnfitRules(self.version, "a superior's limit is no longer than the promise that was missed")

    def limits_of(self, rule: Rule | None) -> tuple[Term | None, Term | None]:
        """How long a superior has, and after how long it comes back to the last; none: of what no rule is for."""
        if rule is None:
            return self.climb, self.repeat
        return rule.climb or self.climb, rule.repeat or self.repeat

    def rule_for(self, category: Category, *, urgent: bool) -> Rule:
        """Where it is urgent, an urgent rule goes first; then an item's own before the table's."""
        fitting = [rule for rule in self.rules if _fits(rule, category) and (urgent or not rule.urgent)]
        return max(fitting, key=lambda rule: (rule.urgent, _depth(rule, category)))

    @property
    def rule_of_the_counter(self) -> Rule:
        """For what was settled while it was taken, and nobody sorted."""
        counter = (Kind.ADMINISTRATIVE, Remit.COMMUNITY, None)
        return next(rule for rule in self.rules if (rule.kind, rule.remit, rule.category) == counter)


def _fits(rule: Rule, category: Category) -> bool:
    if rule.category is not None:
        return rule.category in category.line
    return (rule.kind, rule.remit) == (category.kind, category.remit)


def _depth(rule: Rule, category: Category) -> int:
    return category.line.index(rule.category) + 1 if rule.category else 0


def _length(term: Term) -> timedelta:
    """To compare terms of several units: in days, of which the same day is half of one."""
    match term.unit:
        case Unit.CLOCK_HOURS:
            return timedelta(hours=term.count)
        case Unit.SAME_DAY:
            return timedelta(days=0.5)
        case _:
            return timedelta(days=term.count)
