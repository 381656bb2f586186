"""The remit and promise rules: who is to handle a matter, and by when. Versioned data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.grid import Duty
from contracts.routing import Kind, Remit

from routing.domain.promise import Term


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
    """``category`` none: for every category of the kind and remit; else an item's own limit, which goes before."""

    kind: Kind
    remit: Remit
    category: str | None
    urgent: bool
    duty: Duty
    term: Term
    demands: frozenset[Demand] = frozenset()


@dataclass(frozen=True)
class RuleSet:
    """``zone``: the city's time zone, in which its days begin and end."""

    version: int
    zone: str
    effective_from: datetime
    rules: Sequence[Rule]

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
