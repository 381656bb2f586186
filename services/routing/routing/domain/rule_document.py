"""A rule set from a document: read and checked line by line. Nothing of it is taken while one line is wrong."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar

from contracts.grid import Duty
from contracts.routing import Kind, Remit

from routing.domain.promise import Term, Unit, is_no_longer
from routing.domain.rules import EVERYWHERE, GIVEN_TO_RESIDENTS, Category, Demand, Key, Limit, Rule, RuleSet, Start
from routing.errors import UnfitDocument

#: The longest that a document may promise or allow, in days.
LONGEST = 365

E = TypeVar("E", bound=StrEnum)
Faults = list[tuple[int, str]]


@dataclass(frozen=True)
class RuleLine:
    """As it is written; what is left out is empty. ``line``: where its file has it."""

    line: int
    kind: str
    remit: str
    category: str = ""
    urgent: bool = False
    handler: str = ""
    promise: str = ""
    runs_from: str = ""
    needs: Sequence[str] = ()


@dataclass(frozen=True)
class LimitLine:
    line: int
    limit: str
    days: int


@dataclass(frozen=True)
class RuleDocument:
    """``place``: the code of the place whose rules it tightens; none: it is the city's. ``begins``: the first day on
    which it holds; none: from when it is put into force.
    """

    rules: Sequence[RuleLine]
    limits: Sequence[LimitLine] = ()
    note: str = ""
    begins: date | None = None
    place: str | None = None


def read(
    document: RuleDocument, above: RuleSet, categories: Mapping[str, Category], *, version: int, path: str
) -> RuleSet:
    """The set that the document says. ``above``: what holds at its place without it; of the city's, what does today.
    Raises all that is wrong, by line.
    """
    reading = _Reading(above, categories, path, version)
    rules = [rule for line in document.rules if (rule := reading.rule(line)) is not None]
    limits = {limit: days for line in document.limits for limit, days in reading.limit(line)}
    if path == EVERYWHERE and not reading.faults:
        reading.check_complete(rules)
    if reading.faults:
        raise UnfitDocument(sorted(reading.faults))
    return RuleSet(version, above.zone, None, rules, limits, path)


def term_of(written: str) -> Term | None:
    """``3 working days`` or ``3个工作日``; none: it is no term."""
    for pattern, unit in _TERMS:
        if found := re.fullmatch(pattern, written.strip()):
            return Term(unit, int(found[1]) if found.groups() else 0)
    return None


def written(term: Term) -> str:
    """As ``term_of`` reads it."""
    if term.unit is Unit.SAME_DAY:
        return "same day"
    name = {Unit.WORKING_DAYS: "working day", Unit.CALENDAR_DAYS: "calendar day", Unit.CLOCK_HOURS: "hour"}[term.unit]
    return f"{term.count} {name}{'' if term.count == 1 else 's'}"


_TERMS = (
    (r"same day|当日", Unit.SAME_DAY),
    (r"(\d{1,4}) ?(?:working days?|个工作日)", Unit.WORKING_DAYS),
    (r"(\d{1,4}) ?(?:calendar days?|日)", Unit.CALENDAR_DAYS),
    (r"(\d{1,4}) ?(?:hours?|小时)", Unit.CLOCK_HOURS),
)


def matter_of(key: Key, categories: Mapping[str, Category]) -> Category:
    """What falls under a rule: its item, or whatever else is of the kind and the remit."""
    kind, remit, code, _ = key
    if code is not None:
        return categories[code]

    no_time = datetime.min.replace(tzinfo=UTC)
    return Category("", 0, None, "", "", kind, remit, (), (), retired=False, effective_from=no_time)


@dataclass(frozen=True)
class _Said:
    """What a line says of a matter; none: nothing."""

    duty: Duty | None
    term: Term | None
    starts: Start | None
    demands: frozenset[Demand]


@dataclass
class _Reading:
    above: RuleSet
    categories: Mapping[str, Category]
    path: str
    version: int
    faults: Faults = field(default_factory=list)
    lines: dict[Key | Limit, int] = field(default_factory=dict)

    def rule(self, line: RuleLine) -> Rule | None:
        before = len(self.faults)
        kind, remit = self._word(line, "kind", line.kind, Kind), self._word(line, "remit", line.remit, Remit)
        said = _Said(
            duty=self._word(line, "handler", line.handler, Duty) if line.handler else None,
            term=self._term(line) if line.promise else None,
            starts=self._word(line, "runs_from", line.runs_from, Start) if line.runs_from else None,
            demands=frozenset(d for need in line.needs if (d := self._word(line, "needs", need, Demand)) is not None),
        )
        self._check_category(line, kind, remit)
        if len(self.faults) > before or kind is None or remit is None:
            return None
        key = (kind, remit, line.category or None, line.urgent)
        if self._is_repeated(line.line, key):
            return None
        return self._tightening(line, key, said) if self.path != EVERYWHERE else self._whole(line, key, said)

    def limit(self, line: LimitLine) -> Iterator[tuple[Limit, int]]:
        limit = self._word(line, "limit", line.limit, Limit)
        if limit is None or self._is_repeated(line.line, limit):
            return
        if not 1 <= line.days <= LONGEST:
            self._fault(line.line, f"{limit} is a number of days from 1 to {LONGEST}")
            return
        now = self.above.limit(limit)
        if self.path != EVERYWHERE and (line.days < now if limit in GIVEN_TO_RESIDENTS else line.days > now):
            self._fault(line.line, f"{limit} of {line.days} days loosens the {now} days above it")
            return
        yield limit, line.days

    def check_complete(self, rules: Sequence[Rule]) -> None:
        """Each kind and remit has a rule that holds where nothing more exact does."""
        there = {(rule.kind, rule.remit) for rule in rules if rule.category is None and not rule.urgent}
        missing = [f"{kind}, {remit}" for kind in Kind for remit in Remit if (kind, remit) not in there]
        if missing:
            self._fault(1, f"no rule that is not urgent and for no category alone is there for: {', '.join(missing)}")

    def _whole(self, line: RuleLine, key: Key, said: "_Said") -> Rule | None:
        if said.duty is None or said.term is None:
            missing = [name for name, there in (("handler", said.duty), ("promise", said.term)) if there is None]
            self._fault(line.line, f"a rule of the city's needs a {' and a '.join(missing)}")
            return None
        starts = said.starts or Start.ACCEPTED
        return Rule(*key, said.duty, said.term, said.demands, starts, line.line, self.version)

    def _tightening(self, line: RuleLine, key: Key, said: "_Said") -> Rule | None:
        """What it leaves out is as above it."""
        base = self.above.rule_for(matter_of(key, self.categories), urgent=line.urgent)
        if (why := self._why_not(line, said, base)) is not None:
            self._fault(line.line, why)
            return None
        term, starts = said.term or base.tightest, said.starts or base.starts_first
        return Rule(*key, base.duty, term, said.demands, starts, line.line, self.version)

    def _why_not(self, line: RuleLine, said: "_Said", base: Rule) -> str | None:
        if said.duty is not None:
            return "who handles a matter is for the city to say: leave the handler out"
        if not (said.term or said.starts or said.demands):
            return "it tightens nothing: give it a promise, runs_from or needs"
        for each in base.all:
            if said.term is not None and not is_no_longer(said.term, each.term):
                return f"{line.promise} loosens the {written(each.term)} {_whose(each)}"
            if said.starts is not None and _is_later(said.starts, each.starts):
                return f"runs_from {said.starts} loosens {each.starts} {_whose(each)}"
        return None

    def _term(self, line: RuleLine) -> Term | None:
        term = term_of(line.promise)
        if term is None:
            self._fault(
                line.line,
                f"{line.promise[:40]} is no promise: write same day, 3 working days, 3 calendar days or 12 hours",
            )
        elif term.unit is not Unit.SAME_DAY and not 1 <= term.count <= LONGEST * _A_DAY[term.unit]:
            self._fault(line.line, f"a promise is from 1 to {LONGEST} days: {line.promise[:40]}")
        return term

    def _check_category(self, line: RuleLine, kind: Kind | None, remit: Remit | None) -> None:
        if not line.category or kind is None or remit is None:
            return
        known = self.categories.get(line.category)
        if known is None or known.retired:
            self._fault(line.line, f"there is no category {line.category[:80]}")
        elif (known.kind, known.remit) != (kind, remit):
            self._fault(line.line, f"{line.category} is of {known.kind}, {known.remit}")

    def _is_repeated(self, line: int, what: Key | Limit) -> bool:
        if what in self.lines:
            self._fault(line, f"repeats line {self.lines[what]}")
            return True
        self.lines[what] = line
        return False

    def _word(self, line: RuleLine | LimitLine, name: str, said: str, words: type[E]) -> E | None:
        if said in list(words):
            return words(said)
        self._fault(line.line, f"{name} is {said[:40] or 'missing'}; it may be {', '.join(words)}")
        return None

    def _fault(self, line: int, why: str) -> None:
        self.faults.append((line, why))


def _is_later(start: Start, than: Start) -> bool:
    order = list(Start)
    return order.index(start) > order.index(than)


def _whose(rule: Rule) -> str:
    if rule.version is None or rule.line is None:
        return "above it"
    return f"of line {rule.line} of rule set {rule.version}"


_A_DAY = {Unit.WORKING_DAYS: 1, Unit.CALENDAR_DAYS: 1, Unit.CLOCK_HOURS: 24}
