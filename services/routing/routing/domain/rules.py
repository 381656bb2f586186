"""The remit and promise rules: who is to handle a matter, and by when. Versioned data.

The city's set holds everywhere. A district's, a street's or a community's tightens it for its place: whatever it says,
the earlier promise holds, and all that any of them asks of an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from contracts.grid import Duty
from contracts.routing import Kind, Remit

from routing.domain.promise import Term, Unit, is_no_longer
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


class Start(StrEnum):
    """From when a promise runs, the earliest for the resident first."""

    RECEIVED = "received"
    """From when they came, however long it waited to be placed or sorted."""
    ACCEPTED = "accepted"
    """From when it was accepted; what is accepted as it comes, from when it came."""
    PAPERS_COMPLETE = "papers_complete"
    """As from the acceptance; where papers were missing, from when they have come."""


class Limit(StrEnum):
    """What is the same for every matter: in days, but for returns, which are counted."""

    RATING = "rating"
    """Working days that residents have to say what they think of an answer."""
    REDO = "redo"
    """Working days in which what was not solved is done again."""
    EXTENSION = "extension"
    """The most working days by which a promise is extended."""
    SUSPENSION = "suspension"
    """The most days for which a promise is suspended."""
    PAPERS = "papers"
    """The most days for which a promise waits for missing papers."""
    RETURNS = "returns"
    """How many returns of a case the dispatcher who assigned it rules on, before the tier above does, which binds."""
    HOLDING = "holding"
    """Working days that whoever is given a case by its holder before them has for it; none where no set says so."""


#: Of a set that does not say; of what is not here there is none then.
ORDINARY_LIMITS: Mapping[Limit, int] = {
    Limit.RATING: 5,
    Limit.REDO: 3,
    Limit.EXTENSION: 15,
    Limit.SUSPENSION: 60,
    Limit.PAPERS: 30,
    Limit.RETURNS: 1,
}

#: Residents are given more time by more days, and are made to wait longer by all others.
GIVEN_TO_RESIDENTS = frozenset({Limit.RATING})

#: The least that a set may say, and the most.
RANGES: Mapping[Limit, tuple[int, int]] = dict.fromkeys(Limit, (1, 365)) | {Limit.RETURNS: (0, 9)}

Key = tuple[Kind, Remit, str | None, bool]

#: Of the city's set; every place's path begins with it.
EVERYWHERE = "/"


@dataclass(frozen=True)
class Tier:
    """Whoever has the duty at the tier of a case's own line, as ``district supervisor``."""

    tier: str
    duty: Duty

    def __str__(self) -> str:
        return f"{self.tier} {self.duty}"

    @classmethod
    def of(cls, written: str) -> "Tier":
        tier, _, duty = written.rpartition(" ")
        return cls(tier, Duty(duty))


@dataclass(frozen=True)
class Rule:
    """``category`` none: for every category of the kind and remit; else an item's own limit, which goes before.

    ``tighter``: the rules of narrower places for the same matter, widest first. ``line``: where the document has it;
    none: it came with the platform. ``climb``, ``repeat`` and ``contact``: its own, before those of its set. ``law``:
    how long ``statute``, by name and article, allows for the item; no promise within it is longer. ``climbs_to``: whose
    it is to see to what is missed, one behind the other; none: tier by tier.
    """

    kind: Kind
    remit: Remit
    category: str | None
    urgent: bool
    duty: Duty
    term: Term
    demands: frozenset[Demand] = frozenset()
    starts: Start = Start.ACCEPTED
    line: int | None = None
    version: int | None = None
    climb: Term | None = None
    repeat: Term | None = None
    contact: Term | None = None
    law: Term | None = None
    statute: str | None = None
    climbs_to: tuple[Tier, ...] = ()
    tighter: "tuple[Rule, ...]" = ()

    @property
    def key(self) -> Key:
        return self.kind, self.remit, self.category, self.urgent

    @property
    def all(self) -> "tuple[Rule, ...]":
        """Each promises; the earliest of these promises holds."""
        return (self, *self.tighter)

    @property
    def tightest(self) -> Term:
        """To speak of it; which of them ends first is counted case by case."""
        best = self.term
        for rule in self.tighter:
            best = rule.term if is_no_longer(rule.term, best) else best
        return best

    @property
    def runs_by_the_clock(self) -> bool:
        """Whether any of them promises hours: danger, which waits for nothing."""
        return any(rule.term.unit is Unit.CLOCK_HOURS for rule in self.all)

    @property
    def starts_first(self) -> Start:
        return min((rule.starts for rule in self.all), key=list(Start).index)

    @property
    def awaits_papers(self) -> bool:
        return self.starts_first is Start.PAPERS_COMPLETE

    def tightened_by(self, tighter: "Sequence[Rule]") -> "Rule":
        demands = self.demands.union(*(rule.demands for rule in tighter))
        return replace(self, demands=demands, tighter=tuple(tighter))


@dataclass(frozen=True)
class RuleSet:
    """``zone``: the city's time zone, in which its days begin and end. ``path``: the place that it is for; ``layers``:
    the sets of narrower places, widest first.

    ``shares``: of a limit's time, in hundredths, at which its holder is warned. ``climb``: how long a superior has to
    see to it that what was missed is done, before the next tier has to; ``repeat``: after how long it comes back where
    no tier is above; ``contact``: by when the resident is reached for the first time. None: nobody has to.
    """

    version: int
    zone: str
    effective_from: datetime | None
    rules: Sequence[Rule]
    shares: tuple[int, ...] = ()
    climb: Term | None = None
    repeat: Term | None = None
    contact: Term | None = None
    limits: Mapping[Limit, int] = field(default_factory=dict)
    path: str = EVERYWHERE
    layers: "tuple[RuleSet, ...]" = ()

    def __post_init__(self) -> None:
        """Bad rules are refused as they are read, before anything is promised by them."""
        for earlier, later in pairwise((0, *self.shares, 100)):
            if not earlier < later:
                raise UnfitRules(self.version, "warnings come one after the other, and before the limit")
        climbs = ((rule, self.limits_of(rule)[0]) for rule in self.rules)
        if any(climb is not None and length_of(climb) > length_of(rule.term) for rule, climb in climbs):
            raise UnfitRules(self.version, "a superior's limit is no longer than the promise that was missed")

    def at(self, path: str) -> "RuleSet":
        """With the layers of that place alone."""
        if not self.layers:
            return self
        on_line = [layer for layer in self.layers if path.startswith(layer.path)]
        return replace(self, layers=tuple(sorted(on_line, key=lambda layer: len(layer.path))))

    @property
    def form(self) -> int:
        """What a process has to know, to read it for what it says (domain/releases.py)."""
        if Limit.HOLDING in self.limits:
            return 4
        if self.contact or Limit.RETURNS in self.limits or any(map(_is_of_the_third, self.rules)):
            return 3
        is_of_the_first = self.path == EVERYWHERE and not self.limits
        return 1 if is_of_the_first and all(rule.starts is Start.ACCEPTED for rule in self.rules) else 2

    @property
    def layer_versions(self) -> tuple[int, ...]:
        return tuple(layer.version for layer in self.layers)

    def limits_of(self, rule: Rule | None) -> tuple[Term | None, Term | None]:
        """How long a superior has, and after how long it comes back to the last; none: of what no rule is for."""
        if rule is None:
            return self.climb, self.repeat
        own = (rule.climb or self.climb, *(each.climb for each in rule.tighter))
        return min((each for each in own if each), key=length_of, default=None), rule.repeat or self.repeat

    def contacts_of(self, rule: Rule) -> "list[Rule]":
        """What says by when its resident is reached for the first time, each as a rule of that term: a set's own rule
        for the matter, or else the set for all matters. The earliest holds, and none beyond the promise.
        """
        own = {each.version: each for each in rule.tighter}
        found = [(self, rule), *((layer, own.get(layer.version)) for layer in self.layers)]
        said = [_contact(rules, mine, rule) for rules, mine in found]
        return [each for each in said if each is not None]

    def law_of(self, category: Category) -> Rule | None:
        """The rule that names the statutory limit of an item: the shortest, of those of all branches that it is in."""
        sets = (self, *self.layers)
        found = [rule for each in sets for rule in each.rules if rule.law and rule.category in category.line]
        return min(found, key=lambda rule: length_of(rule.law or rule.term), default=None)

    def rule_for(self, category: Category, *, urgent: bool) -> Rule:
        """Where it is urgent, an urgent rule goes first; then an item's own before the table's."""
        rule = self.find_rule(category, urgent=urgent)
        assert rule is not None, f"rule set {self.version} has no rule for {category.kind}, {category.remit}"
        found = (layer.find_rule(category, urgent=urgent) for layer in self.layers)
        return rule.tightened_by([each for each in found if each is not None])

    def limit(self, limit: Limit) -> int:
        """Of one that there is in any case."""
        found = self.find_limit(limit)
        assert found is not None
        return found

    def find_limit(self, limit: Limit) -> int | None:
        """The city's, or the tightest of the layers."""
        said = [self.limits.get(limit, ORDINARY_LIMITS.get(limit)), *(each.limits.get(limit) for each in self.layers)]
        known = [each for each in said if each is not None]
        return (max if limit in GIVEN_TO_RESIDENTS else min)(known, default=None)

    @property
    def rule_of_the_counter(self) -> Rule:
        """For what was settled while it was taken, and nobody sorted."""
        counter = (Kind.ADMINISTRATIVE, Remit.COMMUNITY, None, False)
        found = (rule for layer in self.layers for rule in layer.rules if rule.key == counter)
        return next(rule for rule in self.rules if rule.key == counter).tightened_by(list(found))

    def find_rule(self, category: Category, *, urgent: bool) -> Rule | None:
        """Of its own; a layer need not have one."""
        fitting = [rule for rule in self.rules if _fits(rule, category) and (urgent or not rule.urgent)]
        return max(fitting, key=lambda rule: (rule.urgent, _depth(rule, category)), default=None)


@dataclass(frozen=True)
class RuleSetVersion:
    """A set's own facts. ``place``: the code of the place whose it is; none: the city's. ``begins``: the first day on
    which it is meant to hold; ``effective_from``: since when it does, none of a draft. ``based_on``: the sets that
    held, or were to hold, at its place as it was drafted, widest first.
    """

    version: int
    note: str
    path: str
    place_id: UUID | None
    begins: date | None
    based_on: tuple[int, ...]
    drafted_by: str | None
    drafted_at: datetime | None
    activated_by: str | None = None
    effective_from: datetime | None = None
    place: str | None = None


def _is_of_the_third(rule: Rule) -> bool:
    return bool(rule.contact or rule.law or rule.climbs_to)


def _contact(rules: RuleSet, own: Rule | None, matter: Rule) -> Rule | None:
    if own is not None and own.contact is not None:
        return replace(own, term=own.contact, tighter=())
    if rules.contact is None:
        return None
    return replace(matter, term=rules.contact, line=None, version=rules.version, tighter=())


def _fits(rule: Rule, category: Category) -> bool:
    if rule.category is not None:
        return rule.category in category.line
    return (rule.kind, rule.remit) == (category.kind, category.remit)


def _depth(rule: Rule, category: Category) -> int:
    return category.line.index(rule.category) + 1 if rule.category else 0


def length_of(term: Term) -> timedelta:
    """To compare terms of several units: in days, of which the same day is half of one."""
    match term.unit:
        case Unit.CLOCK_HOURS:
            return timedelta(hours=term.count)
        case Unit.SAME_DAY:
            return timedelta(days=0.5)
        case _:
            return timedelta(days=term.count)
