"""A rule set from a document: read and checked line by line. Nothing of it is taken while one line is wrong."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

from contracts.grid import Duty
from contracts.routing import Kind, Remit

from routing.domain.promise import Term, Unit, is_no_longer
from routing.domain.rules import (
    EVERYWHERE,
    GIVEN_TO_RESIDENTS,
    RANGES,
    Category,
    Demand,
    Key,
    Limit,
    Rule,
    RuleSet,
    Start,
    Tier,
    length_of,
)
from routing.errors import UnfitDocument

#: The longest that a document may promise or allow, in days.
LONGEST = 365

#: Whom what is missed may climb to: who may give a case to another.
OVERSEERS = (Duty.DISPATCHER, Duty.SUPERVISOR)
NOBODY: Mapping[Tier, int] = {}

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
    superior: str = ""
    again: str = ""
    contact: str = ""
    statutory: str = ""
    statute: str = ""
    climbs_to: Sequence[str] = ()


class Setting(StrEnum):
    """What is said once for all matters, beside the limits in days."""

    WARNINGS = "warnings"
    """Of a limit's time, in hundredths, when whoever holds the case is warned."""
    SUPERIOR = "superior"
    """How long a superior has to see to what was missed, where the rule does not say."""
    AGAIN = "again"
    """After how long it comes back to the last tier."""
    CONTACT = "contact"
    """By when residents are reached for the first time, where the rule does not say."""


@dataclass(frozen=True)
class SettingLine:
    line: int
    name: str
    value: str


@dataclass(frozen=True)
class RuleDocument:
    """``place``: the code of the place whose rules it tightens; none: it is the city's. ``begins``: the first day on
    which it holds; none: from when it is put into force.
    """

    rules: Sequence[RuleLine]
    settings: Sequence[SettingLine] = ()
    note: str = ""
    begins: date | None = None
    place: str | None = None


def read(
    document: RuleDocument,
    above: RuleSet,
    categories: Mapping[str, Category],
    *,
    version: int,
    path: str,
    posts: Mapping[Tier, int] = NOBODY,
) -> RuleSet:
    """The set that the document says. ``above``: what holds at its place without it; of the city's, what does today.
    ``posts``: what it may climb to, with how deep in the tree that tier is. Raises all that is wrong, by line.
    """
    reading = _Reading(above, categories, path, version, posts)
    for setting in document.settings:
        reading.read_setting(setting)
    rules = [rule for line in document.rules if (rule := reading.rule(line)) is not None]
    reading.check_laws(rules)
    if path == EVERYWHERE and not reading.faults:
        reading.check_complete(rules)
    if reading.faults:
        raise UnfitDocument(sorted(reading.faults))
    held = (reading.shares, reading.climb, reading.repeat, reading.contact, reading.limits)
    return RuleSet(version, above.zone, None, rules, *held, path=path)


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


def written_rules(rules: RuleSet) -> list[RuleLine]:
    """Those of a set itself, as its document writes them, one a line."""
    return [
        RuleLine(
            line=line,
            kind=rule.kind,
            remit=rule.remit,
            category=rule.category or "",
            urgent=rule.urgent,
            handler=rule.duty,
            promise=written(rule.term),
            runs_from=rule.starts,
            needs=sorted(rule.demands),
            superior=written(rule.climb) if rule.climb else "",
            again=written(rule.repeat) if rule.repeat else "",
            contact=written(rule.contact) if rule.contact else "",
            statutory=written(rule.law) if rule.law else "",
            statute=rule.statute or "",
            climbs_to=tuple(map(str, rule.climbs_to)),
        )
        for line, rule in enumerate(rules.rules, start=1)
    ]


def written_settings(rules: RuleSet) -> dict[str, str]:
    """Those that a set says itself, as its document writes them."""
    said: dict[Limit | Setting, str] = {
        Setting.WARNINGS: ", ".join(str(share) for share in rules.shares),
        Setting.SUPERIOR: written(rules.climb) if rules.climb else "",
        Setting.AGAIN: written(rules.repeat) if rules.repeat else "",
        Setting.CONTACT: written(rules.contact) if rules.contact else "",
        **{limit: str(days) for limit, days in rules.limits.items()},
    }
    return {name.value: value for name, value in said.items() if value}


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
    climb: Term | None
    repeat: Term | None
    contact: Term | None
    law: Term | None
    climbs_to: tuple[Tier, ...]


@dataclass
class _Reading:
    above: RuleSet
    categories: Mapping[str, Category]
    path: str
    version: int
    posts: Mapping[Tier, int]
    faults: Faults = field(default_factory=list)
    lines: dict[Key | str, int] = field(default_factory=dict)
    limits: dict[Limit, int] = field(default_factory=dict)
    shares: tuple[int, ...] = ()
    climb: Term | None = None
    repeat: Term | None = None
    contact: Term | None = None

    @property
    def is_of_the_city(self) -> bool:
        return self.path == EVERYWHERE

    def rule(self, line: RuleLine) -> Rule | None:
        before = len(self.faults)
        kind, remit = self._word(line, "kind", line.kind, Kind), self._word(line, "remit", line.remit, Remit)
        said = _Said(
            duty=self._word(line, "handler", line.handler, Duty) if line.handler else None,
            term=self._term(line.line, line.promise),
            starts=self._word(line, "runs_from", line.runs_from, Start) if line.runs_from else None,
            demands=frozenset(d for need in line.needs if (d := self._word(line, "needs", need, Demand)) is not None),
            climb=self._term(line.line, line.superior),
            repeat=self._term(line.line, line.again),
            contact=self._term(line.line, line.contact),
            law=self._term(line.line, line.statutory),
            climbs_to=self._tiers(line),
        )
        self._check_category(line, kind, remit)
        self._check_law(line)
        if len(self.faults) > before or kind is None or remit is None:
            return None
        key = (kind, remit, line.category or None, line.urgent)
        if self._is_repeated(line.line, key):
            return None
        rule = self._whole(line, key, said) if self.is_of_the_city else self._tightening(line, key, said)
        return rule and replace(rule, contact=said.contact, law=said.law, statute=line.statute or None)

    def read_setting(self, line: SettingLine) -> None:
        if self._is_repeated(line.line, line.name):
            return
        if line.name in list(Limit):
            self._read_limit(line, Limit(line.name))
        elif line.name not in list(Setting):
            self._fault(line.line, f"there is no {line.name[:40]}; it may be {', '.join([*Setting, *Limit])}")
        elif line.name == Setting.CONTACT:
            self._read_contact(line)
        elif not self.is_of_the_city:
            self._fault(line.line, f"{line.name} is for the city to say: leave it out")
        elif line.name == Setting.WARNINGS:
            self._read_warnings(line)
        elif line.name == Setting.SUPERIOR:
            self.climb = self._term(line.line, line.value)
        else:
            self.repeat = self._term(line.line, line.value)

    def _read_contact(self, line: SettingLine) -> None:
        """For all matters; where the promise ends sooner, that holds."""
        self.contact = self._term(line.line, line.value)
        said = () if self.is_of_the_city else (self.above, *self.above.layers)
        for now in (rules.contact for rules in said):
            if self.contact is not None and now is not None and not is_no_longer(self.contact, now):
                self._fault(line.line, f"contact within {written(self.contact)} loosens the {written(now)} above it")

    def _read_limit(self, line: SettingLine, limit: Limit) -> None:
        said, now = int(line.value) if re.fullmatch(r"\d{1,4}", line.value) else -1, self.above.find_limit(limit)
        (least, most), unit = RANGES[limit], "" if limit is Limit.RETURNS else " days"
        if not least <= said <= most:
            self._fault(line.line, f"{limit} is a number{unit and ' of days'} from {least} to {most}")
        elif now is not None and not self.is_of_the_city and _is_looser(limit, said, now):
            self._fault(line.line, f"{limit} of {said}{unit} loosens the {now}{unit} above it")
        else:
            self.limits[limit] = said

    def _read_warnings(self, line: SettingLine) -> None:
        said = line.value.replace("，", ",").split(",") if line.value.strip() else []
        shares = [int(each) if re.fullmatch(r" *\d{1,3} *", each) else 0 for each in said]
        if all(earlier < later for earlier, later in pairwise((0, *shares, 100))):
            self.shares = tuple(shares)
        else:
            self._fault(
                line.line, "warnings are hundredths of the time, one after the other and before the limit: 50, 80"
            )

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
        why = _why_too_long(said.climb or self.climb, said.term) or _why_too_late(said.contact, said.term)
        if (why := why or _why_not_waiting(said.term, starts)) is not None:
            self._fault(line.line, why)
            return None
        rule = Rule(*key, said.duty, said.term, said.demands, starts, line.line, self.version)
        return replace(rule, climb=said.climb, repeat=said.repeat, climbs_to=said.climbs_to)

    def _tightening(self, line: RuleLine, key: Key, said: "_Said") -> Rule | None:
        """What it leaves out is as above it."""
        matter = matter_of(key, self.categories)
        base = self.above.rule_for(matter, urgent=line.urgent)
        term, starts = said.term or base.tightest, said.starts or base.starts_first
        climb = self.above.limits_of(base)[0]
        why = self._why_not(said) or self._why_looser(said, base, matter) or _why_too_long(said.climb or climb, term)
        why = why or _why_too_late(said.contact, term) or _why_not_waiting(term, starts)
        if why is not None:
            self._fault(line.line, why)
            return None
        return Rule(*key, base.duty, term, said.demands, starts, line.line, self.version, said.climb)

    def _why_not(self, said: "_Said") -> str | None:
        """What a place that tightens has no say in."""
        if said.duty is not None:
            return "who handles a matter is for the city to say: leave the handler out"
        if said.repeat is not None:
            return "again is for the city to say: leave it out"
        if said.climbs_to:
            return "whom it climbs to is for the city to say: leave climbs_to out"
        if not (said.term or said.starts or said.demands or said.climb or said.contact or said.law):
            return "it tightens nothing: give it a promise, runs_from, needs, superior, contact or statutory"
        return None

    def _why_looser(self, said: "_Said", base: Rule, matter: Category) -> str | None:
        for each in base.all:
            if said.term is not None and not is_no_longer(said.term, each.term):
                return f"{written(said.term)} loosens the {written(each.term)} {_whose(each)}"
            if said.starts is not None and _is_later(said.starts, each.starts):
                return f"runs_from {said.starts} loosens {each.starts} {_whose(each)}"
        for each in self.above.contacts_of(base):
            if said.contact is not None and not is_no_longer(said.contact, each.term):
                return f"contact within {written(said.contact)} loosens the {written(each.term)} {_whose(each)}"
        law = self.above.law_of(matter)
        if said.law is not None and law is not None and law.law is not None and not is_no_longer(said.law, law.law):
            return f"statutory {written(said.law)} loosens the {written(law.law)} of {law.statute}, {_whose(law)}"
        now = self.above.limits_of(base)[0]
        if said.climb is not None and now is not None and length_of(said.climb) > length_of(now):
            return f"a superior's {written(said.climb)} loosens the {written(now)} above it"
        return None

    def _term(self, line: int, said: str) -> Term | None:
        """None of what is left out, and of what is wrong."""
        if not said:
            return None
        term = term_of(said)
        if term is None:
            self._fault(line, f"{said[:40]} is no time: write same day, 3 working days, 3 calendar days or 12 hours")
        elif term.unit is not Unit.SAME_DAY and not 1 <= term.count <= LONGEST * _A_DAY[term.unit]:
            self._fault(line, f"{said[:40]} is not from 1 to {LONGEST} days")
        return term

    def _tiers(self, line: RuleLine) -> tuple[Tier, ...]:
        """Each a tier and a duty that are there, each of a wider tier than the one before."""
        named = [Tier.of(each) for each in line.climbs_to if each.rpartition(" ")[2] in OVERSEERS]
        if len(named) < len(line.climbs_to):
            self._fault(line.line, f"climbs_to names a tier and one of {', '.join(OVERSEERS)}: district supervisor")
        for each in named if self.is_of_the_city else ():
            if each not in self.posts:
                self._fault(line.line, f"climbs_to: there is no post of a {each}: make it first, or name another")
        for lower, higher in pairwise(each for each in named if each in self.posts):
            if self.posts[higher] >= self.posts[lower]:
                self._fault(line.line, f"climbs_to: {higher} is not above {lower}: name the narrower tier first")
        return tuple(named)

    def _check_law(self, line: RuleLine) -> None:
        if bool(line.statutory) != bool(line.statute):
            self._fault(line.line, "a statutory limit and its statute go together: name the law with its article")
        elif line.statute and not line.category:
            self._fault(line.line, "a statutory limit is of an item: name its category")

    def check_laws(self, rules: Sequence[Rule]) -> None:
        """No promise for what falls under a statutory limit is longer."""
        for law in (each for each in rules if each.law is not None):
            for rule in (each for each in rules if self._may_fall_under(each, law)):
                if law.law is not None and not is_no_longer(rule.term, law.law):
                    why = f"{written(rule.term)} is longer than the {written(law.law)} of {law.statute}, {_whose(law)}"
                    self._fault(rule.line or 1, why)

    def _may_fall_under(self, rule: Rule, law: Rule) -> bool:
        """A branch of the item; or the table, where that is urgent and goes before."""
        if rule.category is not None:
            return law.category in self.categories[rule.category].line
        return rule.urgent and (rule.kind, rule.remit) == (law.kind, law.remit)

    def _check_category(self, line: RuleLine, kind: Kind | None, remit: Remit | None) -> None:
        if not line.category or kind is None or remit is None:
            return
        known = self.categories.get(line.category)
        if known is None or known.retired:
            self._fault(line.line, f"there is no category {line.category[:80]}")
        elif (known.kind, known.remit) != (kind, remit):
            self._fault(line.line, f"{line.category} is of {known.kind}, {known.remit}")

    def _is_repeated(self, line: int, what: Key | str) -> bool:
        if what in self.lines:
            self._fault(line, f"repeats line {self.lines[what]}")
            return True
        self.lines[what] = line
        return False

    def _word(self, line: RuleLine, name: str, said: str, words: type[E]) -> E | None:
        if said in list(words):
            return words(said)
        self._fault(line.line, f"{name} is {said[:40] or 'missing'}; it may be {', '.join(words)}")
        return None

    def _fault(self, line: int, why: str) -> None:
        self.faults.append((line, why))


def _is_looser(limit: Limit, said: int, now: int) -> bool:
    return said < now if limit in GIVEN_TO_RESIDENTS else said > now


def _is_later(start: Start, than: Start) -> bool:
    order = list(Start)
    return order.index(start) > order.index(than)


def _why_too_long(climb: Term | None, term: Term) -> str | None:
    if climb is None or length_of(climb) <= length_of(term):
        return None
    return f"a superior's {written(climb)} is longer than the promise of {written(term)}: give it a superior of less"


def _why_too_late(contact: Term | None, term: Term) -> str | None:
    if contact is None or length_of(contact) <= length_of(term):
        return None
    return f"contact within {written(contact)} is later than the promise of {written(term)}: give it less"


def _why_not_waiting(term: Term, starts: Start) -> str | None:
    if starts is not Start.PAPERS_COMPLETE or term.unit is not Unit.CLOCK_HOURS:
        return None
    return "what is counted in hours waits for no papers: let it run from received or accepted"


def _whose(rule: Rule) -> str:
    if rule.version is None or rule.line is None:
        return "above it"
    return f"of line {rule.line} of rule set {rule.version}"


_A_DAY = {Unit.WORKING_DAYS: 1, Unit.CALENDAR_DAYS: 1, Unit.CLOCK_HOURS: 24}
