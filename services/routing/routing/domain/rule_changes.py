"""What a rule set makes different from the one before it: line by line, in words, and over cases that there were."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.grid import Duty

from routing.domain.calendar import Calendar, Hours
from routing.domain.promise import Term, due, is_no_longer
from routing.domain.reading_aloud import KINDS_OF_MATTER, REMITS, Said, term_in_words
from routing.domain.rule_document import Setting, matter_of, written
from routing.domain.rules import Category, Demand, Key, Limit, Rule, RuleSet, Start, Tier


@dataclass(frozen=True)
class RuleChange:
    """What holds for a matter before and after: of each the city's rule with what narrower places tighten. ``line``:
    where the document says so; none: it does not speak of it any more.
    """

    key: Key
    category: Category | None
    before: Rule
    after: Rule
    line: int | None
    climbs: tuple[Term | None, Term | None] = (None, None)
    """How long a superior had, and has."""
    contacts: tuple[Term | None, Term | None] = (None, None)
    """By when its resident was reached for the first time, and is."""
    laws: tuple[Rule | None, Rule | None] = (None, None)
    """What named its statutory limit, and does."""

    @property
    def parts(self) -> list[Said]:
        """What is different, one by one; empty: nothing."""
        told = (*_climb(*self.climbs), *_contact(*self.contacts), *_law(*self.laws))
        return [*_parts(self.before, self.after), *told]

    @property
    def said(self) -> Said:
        matter, parts = _matter(self), self.parts
        at = (f"第{self.line}行，", f"line {self.line}, ") if self.line else ("", "")
        chinese, english = "；".join(zh for zh, _ in parts), "; ".join(en for _, en in parts)
        told = f"{at[1]}{matter[1]}: {english}."
        return f"{at[0]}{matter[0]}：{chinese}。", told[0].upper() + told[1:]


@dataclass(frozen=True)
class SettingChange:
    name: Limit | Setting
    before: str
    after: str

    @property
    def said(self) -> Said:
        chinese, english = _SETTINGS[self.name]
        then, now = self.before or "-", self.after or "-"
        return f"{chinese}：由{then}改为{now}。", f"{english}: {now} instead of {then}."


@dataclass(frozen=True)
class PastCase:
    """A case that there was, with what its promise was counted from."""

    category: str
    category_version: int
    urgent: bool
    received_at: datetime
    start_at: datetime
    answered_at: datetime | None
    hours: Hours


@dataclass(frozen=True)
class Numbers:
    """Of the cases looked at, those that fall under what changes. ``newly_late``: answered in time by the rules before,
    and not by these; ``newly_kept``: the other way round.
    """

    cases: int = 0
    earlier: int = 0
    later: int = 0
    newly_late: int = 0
    newly_kept: int = 0
    other_handler: int = 0


def list_changes(before: RuleSet, after: RuleSet, categories: Mapping[str, Category]) -> list[RuleChange]:
    """In the order of the document; then what it leaves out."""
    lines: dict[Key, int | None] = {}
    for rule in _own(after):
        lines.setdefault(rule.key, rule.line)
    keys = dict.fromkeys([*lines, *(rule.key for rule in _own(before))])
    known = [key for key in keys if key[2] is None or key[2] in categories]
    found = (_change(key, before, after, categories, lines.get(key)) for key in known)
    return [change for change in found if change.parts]


def list_setting_changes(before: RuleSet, after: RuleSet) -> list[SettingChange]:
    then, now = _settings(before), _settings(after)
    return [SettingChange(name, then[name], now[name]) for name in then if then[name] != now[name]]


def _settings(rules: RuleSet) -> dict[Limit | Setting, str]:
    """As a document writes them. How long a superior has, and by when residents are reached, is told rule by rule."""
    return {
        Setting.WARNINGS: ", ".join(str(share) for share in rules.shares),
        Setting.AGAIN: written(rules.repeat) if rules.repeat else "",
        **{limit: "" if (days := rules.find_limit(limit)) is None else str(days) for limit in Limit},
    }


def count_changes(
    cases: Sequence[PastCase],
    before: RuleSet,
    after: RuleSet,
    categories: Mapping[tuple[str, int], Category],
    calendar: Calendar,
) -> Numbers:
    """Each is promised a second time by both, on the calendar of today."""
    counts = dict.fromkeys(Numbers.__dataclass_fields__, 0)
    for case in cases:
        category = categories[case.category, case.category_version]
        then, now = (rules.rule_for(category, urgent=case.urgent) for rules in (before, after))
        if next(_parts(then, now), None) is None:
            continue
        counts["cases"] += 1
        counts["other_handler"] += then.duty is not now.duty
        due_then, due_now = (earliest(rule, case, calendar, before.zone) for rule in (then, now))
        counts["earlier"] += due_now < due_then
        counts["later"] += due_now > due_then
        if case.answered_at is not None:
            counts["newly_late"] += due_now < case.answered_at <= due_then
            counts["newly_kept"] += due_then < case.answered_at <= due_now
    return Numbers(**counts)


def earliest(rule: Rule, case: PastCase, calendar: Calendar, zone: str) -> datetime:
    """When the first of its promises falls due; when papers were complete is not known of what was under another."""
    starts = {each: case.received_at if each.starts is Start.RECEIVED else case.start_at for each in rule.all}
    return min(due(each.term, starts[each], calendar=calendar, hours=case.hours, zone=zone) for each in rule.all)


def _own(rules: RuleSet) -> Iterator[Rule]:
    """The narrowest place's first."""
    for layer in reversed(rules.layers):
        yield from layer.rules
    yield from rules.rules


def _change(
    key: Key, before: RuleSet, after: RuleSet, categories: Mapping[str, Category], line: int | None
) -> RuleChange:
    matter, urgent = matter_of(key, categories), key[3]
    then, now = before.rule_for(matter, urgent=urgent), after.rule_for(matter, urgent=urgent)
    climbs = before.limits_of(then)[0], after.limits_of(now)[0]
    contacts = _first(before.contacts_of(then)), _first(after.contacts_of(now))
    laws = before.law_of(matter), after.law_of(matter)
    return RuleChange(key, categories.get(key[2]) if key[2] else None, then, now, line, climbs, contacts, laws)


def _first(said: Sequence[Rule]) -> Term | None:
    """To speak of it, as of promises."""
    return said[0].tightened_by(said[1:]).tightest if said else None


def _parts(before: Rule, after: Rule) -> Iterator[Said]:
    then, now = _binding(before), _binding(after)
    if set(then) != set(now):
        yield _promise(then, now)
    if before.starts_first is not after.starts_first:
        old, new = _STARTS[before.starts_first], _STARTS[after.starts_first]
        yield f"起算点由{old[0]}改为{new[0]}", f"counted {new[1]} instead of {old[1]}"
    if before.duty is not after.duty:
        old, new = DUTIES[before.duty], DUTIES[after.duty]
        yield f"承办由{old[0]}改为{new[0]}", f"handled by {new[1]} instead of {old[1]}"
    for demand in Demand:
        if (is_now := demand in after.demands) != (demand in before.demands):
            chinese, english = _DEMANDS[demand]
            yield (f"须{chinese}", f"needs {english}") if is_now else (f"不再须{chinese}", f"needs {english} no more")
    if before.climbs_to != after.climbs_to:
        yield _tiers(after.climbs_to)


def _binding(rule: Rule) -> list[Term]:
    """The tightest, and what may end before it in some case."""
    tightest = rule.tightest
    others = dict.fromkeys(each.term for each in rule.all if not is_no_longer(tightest, each.term))
    return [tightest, *others]


def _climb(before: Term | None, after: Term | None) -> Iterator[Said]:
    if before != after:
        then, now = (term_in_words(each) if each else ("-", "none") for each in (before, after))
        yield f"上级督办时限由{then[0]}改为{now[0]}", f"seen to by a superior within {now[1]} instead of {then[1]}"


def _contact(before: Term | None, after: Term | None) -> Iterator[Said]:
    if before != after:
        then, now = (term_in_words(each) if each else ("-", "none") for each in (before, after))
        yield f"首次联系时限由{then[0]}改为{now[0]}", f"the resident reached within {now[1]} instead of {then[1]}"


def _law(before: Rule | None, after: Rule | None) -> Iterator[Said]:
    then, now = ((each.law, each.statute) if each else (None, None) for each in (before, after))
    if then == now:
        return
    if now[0] is None:
        yield "不再有法定期限", "no statutory limit any more"
        return
    chinese, english = term_in_words(now[0])
    yield f"法定期限{chinese}（{now[1]}）", f"statutory limit {english} ({now[1]})"


def _tiers(named: Sequence[Tier]) -> Said:
    if not named:
        return "超期逐级督办", "what is missed climbs tier by tier"
    chinese = "、".join(f"{each.tier}{DUTIES[each.duty][0]}" for each in named)
    english = ", then ".join(f"{DUTIES[each.duty][1]} of the {each.tier}" for each in named)
    return f"超期依次由{chinese}督办", f"what is missed climbs to {english}"


def _promise(before: Sequence[Term], after: Sequence[Term]) -> Said:
    """Of several, whichever ends first in a case."""
    then, now = (list(zip(*map(term_in_words, terms), strict=True)) for terms in (before, after))
    return (
        f"承诺由{'或'.join(then[0])}改为{'或'.join(now[0])}",
        f"promised within {' or '.join(now[1])} instead of {' or '.join(then[1])}",
    )


def _matter(change: RuleChange) -> Said:
    kind, remit = KINDS_OF_MATTER[change.key[0]], REMITS[change.key[1]]
    said = f"{kind[0]}，{remit[0]}", f"{kind[1]} in {remit[1]}"
    if change.category is not None:
        said = f"“{change.category.name_zh}”", f"“{change.category.name_en}”"
    return (f"{said[0]}，紧急", f"{said[1]}, urgent") if change.key[3] else said


_STARTS: Mapping[Start, Said] = {
    Start.RECEIVED: ("收到诉求时", "from when the resident came"),
    Start.ACCEPTED: ("受理时", "from the acceptance"),
    Start.PAPERS_COMPLETE: ("材料齐全时", "from when the papers are complete"),
}
_DEMANDS: Mapping[Demand, Said] = {
    Demand.EVIDENCE: ("附办结凭据", "evidence"),
    Demand.REVIEW: ("答复前审核", "a review before the answer"),
    Demand.VERIFICATION: ("现场核查", "a look on site"),
}
_SETTINGS: Mapping[Limit | Setting, Said] = {
    Setting.WARNINGS: ("预警时点（百分比）", "Warned at hundredths of the time"),
    Setting.AGAIN: ("末级上级再次督办间隔", "After how long it comes back to the last tier"),
    Limit.RATING: ("居民评价期限（工作日）", "Working days for residents to say what they think"),
    Limit.REDO: ("重办期限（工作日）", "Working days to do again what was not solved"),
    Limit.EXTENSION: ("延期上限（工作日）", "The most working days of an extension"),
    Limit.SUSPENSION: ("中止上限（日）", "The most days of a suspension"),
    Limit.PAPERS: ("等待补件上限（日）", "The most days of waiting for papers"),
    Limit.RETURNS: ("本级可裁定的退单次数", "Returns on which the tier that assigned rules"),
    Limit.HOLDING: ("转办后承办期限（工作日）", "Working days of whoever is given it by another"),
}
DUTIES: Mapping[Duty, Said] = {
    Duty.DISPATCHER: ("派单员", "the dispatcher"),
    Duty.SUPERVISOR: ("督办负责人", "the supervisor"),
    Duty.WINDOW_CLERK: ("窗口工作人员", "the window clerk"),
    Duty.AGENCY: ("代办员", "the agency clerk"),
    Duty.FOLLOW_UP: ("跟踪协调员", "who follows it up"),
    Duty.MUNICIPAL: ("市政专员", "who sees to municipal facilities"),
    Duty.PUBLIC_SERVICE: ("公共服务专员", "who sees to public services"),
    Duty.LEGAL: ("涉法涉诉专员", "who sees to legal matters"),
    Duty.PETITION: ("信访维稳专员", "who sees to petitions"),
    Duty.AREA_CHIEF: ("片长", "the area chief"),
    Duty.BUILDING_CHIEF: ("楼长", "the building chief"),
    Duty.TEAM_LEADER: ("志愿服务队队长", "the team leader"),
    Duty.DEPARTMENT: ("区级部门", "the district's department"),
    Duty.BUREAU: ("市级部门", "the bureau"),
}
