"""An explanation in sentences, Chinese and English, that a clerk can read to whoever asks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from contracts.routing import Ask, Kind, Remit

from routing.domain.calendar import ONE_DAY, Closure
from routing.domain.case import DeadlineKind
from routing.domain.explaining import Counting, Reckoning, Run, summed_up
from routing.domain.origin import Cause, Difference, Extension, Pause, Recount, Source, Witness
from routing.domain.promise import MONTHS, Promise, Term, Unit, day_of
from routing.domain.reasons import Reason
from routing.domain.rules import Category, Rule

Said = tuple[str, str]
"""A sentence in Chinese and in English."""

#: So many lines of days are read out; a longer count is summed up in the middle.
MOST_RUNS = 60


@dataclass(frozen=True)
class Explanation:
    """All that is known of why a deadline falls due when it does.

    ``rule_place``: whose rules tighten the city's, where it is by one of theirs; ``moved_through``: the numbers of the
    cases from which it came, last first; ``recounts``: by calendars that were put right; ``named``: of a limit that
    somebody named, the number or the office; ``station``: by whose hours it was counted, where its case is elsewhere
    now.
    """

    kind: DeadlineKind
    promise: Promise
    cause: Cause
    made_at: datetime | None
    made_by: str | None
    moved_through: Sequence[str]
    recounts: Sequence[Recount]
    named: str | None
    source: Source
    rule: Rule | None
    law: Rule | None
    rule_place: str | None
    category: Category | None
    reckoning: Reckoning | None
    station: str | None
    pauses: Sequence[Pause]
    extension: Extension | None
    differences: Sequence[Difference]
    reasons: Mapping[tuple[Ask, str], Reason]

    @property
    def agrees(self) -> bool:
        return not self.differences

    @property
    def forecast(self) -> bool:
        return self.promise.forecast or (self.reckoning is not None and self.reckoning.forecast)

    @property
    def runs(self) -> list[Run]:
        return summed_up(self.reckoning.days, most=MOST_RUNS) if self.reckoning is not None else []


def read_aloud(explained: Explanation) -> dict[str, list[str]]:
    """By language."""
    said = list(_sentences(explained))
    return {"zh": [chinese for chinese, _ in said], "en": [english for _, english in said]}


def _sentences(explained: Explanation) -> Iterator[Said]:
    yield _KINDS[explained.kind]
    yield from _why_so_long(explained)
    yield _since(explained)
    yield from (_moved(number) for number in explained.moved_through)
    yield from (_pause(explained, pause) for pause in explained.pauses)
    if explained.extension is not None:
        yield _extended(explained, explained.extension)
    yield from (_recounted(recount, explained.promise.zone) for recount in explained.recounts)
    if explained.reckoning is not None:
        yield from _days(explained.runs)
        yield from _calendar(explained)
        yield from (_closed(closure) for closure in explained.reckoning.closures)
    yield _ends(explained)
    yield from _agreement(explained)


_KINDS: Mapping[DeadlineKind, Said] = {
    DeadlineKind.PROMISE: ("这是对居民承诺的期限。", "This is what the resident was promised."),
    DeadlineKind.PLANNED: ("这是列入计划的办理期限。", "This is the day for which it is planned."),
    DeadlineKind.PART: ("这是协办岗位办理其部分的期限。", "This is the limit of a helper's part."),
    DeadlineKind.REDO: ("这是重办的期限。", "This is the limit for doing it again."),
    DeadlineKind.RATING: ("这是居民评价答复的期限。", "Until then the resident may say what they think of the answer."),
    DeadlineKind.ASSIGNED: ("这是上级交办的期限。", "This is the limit set by who assigned it from above."),
    DeadlineKind.ORDER: ("这是督办单要求报告的期限。", "By then a report on a supervision order is owed."),
    DeadlineKind.CONTACT: (
        "这是首次联系居民的期限。",
        "Until then the resident is to be reached for the first time.",
    ),
    DeadlineKind.HOLDING: (
        "这是接办岗位办理其部分的期限，不改变对居民的承诺。",
        "By then whoever was given it is to have done their part; the resident's promise stays as it is.",
    ),
    DeadlineKind.REPLY: ("这是等待市民热线回复的期限。", "By then a reply of the city hotline is expected."),
}
KINDS_OF_MATTER: Mapping[Kind, Said] = {
    Kind.ADMINISTRATIVE: ("行政事务", "administrative matters"),
    Kind.MUNICIPAL: ("市政设施", "municipal facilities"),
    Kind.PUBLIC_SERVICE: ("公共服务", "public services"),
    Kind.LEGAL: ("涉法涉诉", "legal matters"),
    Kind.STABILITY: ("维稳信访", "stability and petitions"),
}
REMITS: Mapping[Remit, Said] = {
    Remit.COMMUNITY: ("社区权限", "the community's remit"),
    Remit.DISTRICT: ("管理区权限", "the district's remit"),
    Remit.CITY: ("管理区以上权限", "the remit of a tier above the district"),
}


def _why_so_long(explained: Explanation) -> Iterator[Said]:
    """What says how long it is; the rule of the promise from which it goes on, first."""
    if explained.rule is not None:
        yield _rule(explained)
    if explained.law is not None:
        yield _law(explained.law)
    term, version = explained.promise.term.count, explained.promise.rule_version
    if explained.kind is DeadlineKind.REDO and explained.promise.term.unit is Unit.CLOCK_HOURS:
        yield (
            f"险情重办不按工作日，仍按原先承诺的{term}小时。",
            f"Danger waits for no working day: it is done again within the {term} hours that were promised first.",
        )
    elif explained.source is Source.PLATFORM and explained.kind in _SAID_BY_RULES:
        yield (
            f"依第{version}版规则，每个事项一律{term}个工作日。",
            f"Rule set {version} gives every case {_days_long(term)} for this.",
        )
    elif explained.source is Source.PLATFORM:
        yield f"平台对每个事项一律规定{term}个工作日。", f"The platform gives every case {_days_long(term)} for this."
    if explained.source is Source.UNKNOWN:
        yield _OF_ANOTHER_CASE if explained.moved_through else _OF_NO_RULE


_SAID_BY_RULES = (DeadlineKind.RATING, DeadlineKind.REDO, DeadlineKind.HOLDING)
_OF_ANOTHER_CASE = (
    "期限沿用另一事项，您无权查看该事项，故不能说明其规则。",
    "It is as in another case, which is not for you to see; so its rule cannot be shown.",
)
_OF_NO_RULE = ("事项记录没有说明它依哪条规则。", "The history does not show by which rule it was made.")


def _rule(explained: Explanation) -> Said:
    rule = explained.rule
    assert rule is not None
    chinese, english = _matter(rule, explained.category)
    if rule.urgent:
        chinese, english = f"{chinese}，紧急", f"{english}, urgent"
    document, long = _document(rule, explained), term_in_words(rule.term)
    return f"依{document[0]}，{chinese}：{long[0]}。", f"By {document[1]}, for {english}: {long[1]}."


def _law(rule: Rule) -> Said:
    chinese, english = term_in_words(rule.law or rule.term)
    return (
        f"法定期限为{chinese}（{rule.statute}），承诺不得超过。",
        f"The law allows {english} ({rule.statute}), which no promise exceeds.",
    )


def _document(rule: Rule, explained: Explanation) -> Said:
    """Whose rules, of which version, and where they say it."""
    version, whose = rule.version or explained.promise.rule_version, explained.rule_place
    chinese, english = f"第{version}版规则", f"rule set {version}"
    if whose is not None:
        chinese, english = f"{whose}{chinese}", f"{english} of {whose}"
    return (f"{chinese}第{rule.line}行", f"line {rule.line} of {english}") if rule.line else (chinese, english)


def _matter(rule: Rule, category: Category | None) -> Said:
    """What the rule is for, and what fell under it."""
    name = (category.name_zh, category.name_en) if category is not None else ("未分类事项", "what nobody sorted")
    if rule.category is not None:
        return f"“{name[0]}”有专门规定", f"“{name[1]}”, which has a rule of its own"
    kind, remit = KINDS_OF_MATTER[rule.kind], REMITS[rule.remit]
    return f"“{name[0]}”属{kind[0]}、{remit[0]}", f"“{name[1]}”, which is of {kind[1]} and in {remit[1]}"


_TERMS: Mapping[Unit, Callable[[int], Said]] = {
    Unit.SAME_DAY: lambda _: ("当日办结", "the same working day"),
    Unit.WORKING_DAYS: lambda count: (f"{count}个工作日", _days_long(count)),
    Unit.CALENDAR_DAYS: lambda count: (f"{count}日", _days_long(count, "calendar")),
    Unit.CLOCK_HOURS: lambda count: (f"{count}小时", f"{count} hours by the clock, day and night"),
}


def term_in_words(term: Term) -> Said:
    return _TERMS[term.unit](term.count)


def _days_long(count: int, which: str = "working") -> str:
    return f"{count} {which} {'day' if count == 1 else 'days'}"


def _since(explained: Explanation) -> Said:
    promise, named = explained.promise, explained.named or ""
    chinese, english = _SINCE[explained.cause]
    start = _moment(promise.start_at, promise.zone)
    if promise.term.unit is Unit.MORE_WORKING_DAYS:
        start = _day(day_of(promise.start_at, zone=promise.zone))
    return (
        chinese.format(start=start[0], named=named and f"（{named}）"),
        english.format(start=start[1], named=named and f" ({named})"),
    )


_SINCE: Mapping[Cause, Said] = {
    Cause.RECEIVED: ("自收到诉求时起算：{start}。", "It runs from when the appeal was received: {start}."),
    Cause.ACCEPTED: ("自受理时起算：{start}。", "It runs from when the case was accepted: {start}."),
    Cause.RESORTED: ("自改正分类时起算：{start}。", "It runs from when the category was put right: {start}."),
    Cause.EXTENDED: (
        "自原期限届满之日{start}起延长。",
        "It goes on from the day on which it fell due before, {start}.",
    ),
    Cause.SUSPENDED: (
        "中止期满后，剩余期限自恢复之时起算：{start}。",
        "What was left of it runs from when it goes on: {start}.",
    ),
    Cause.RESUMED: (
        "提前恢复，剩余期限自恢复时起算：{start}。",
        "It was resumed early, and what was left runs from then: {start}.",
    ),
    Cause.MERGED: (
        "并案后，按较早的期限，自{start}起算。",
        "Of merged cases the earlier limit counts; it runs from {start}.",
    ),
    Cause.SPLIT_OFF: ("分案后期限不变，自{start}起算。", "It was split off as it stood; it runs from {start}."),
    Cause.REDONE: (
        "自居民表示未解决、退回重办时起算：{start}。",
        "It runs from when the resident said that it was not solved: {start}.",
    ),
    Cause.NOT_VERIFIED: (
        "自现场核查未通过时起算：{start}。",
        "It runs from when it did not pass the look on site: {start}.",
    ),
    Cause.AWAITING_PAPERS: (
        "所缺材料尚待补齐，最迟自{start}起算。",
        "It waits for papers that are missing, and runs at the latest from {start}.",
    ),
    Cause.PAPERS_COMPLETE: ("自材料补齐时起算：{start}。", "It runs from when the papers were complete: {start}."),
    Cause.ANSWERED: ("自答复时起算：{start}。", "It runs from the answer: {start}."),
    Cause.PLANNED: ("于{start}列入计划。", "It was planned on {start}."),
    Cause.ORDERED: ("督办单{named}于{start}发出。", "The supervision order{named} was given on {start}."),
    Cause.HELPER_CALLED: ("协办岗位于{start}加入。", "The helper was called in on {start}."),
    Cause.HANDED_TO_HOTLINE: (
        "自移交市民热线时起算：{start}。",
        "It runs from when it was handed to the city hotline: {start}.",
    ),
    Cause.ASSIGNED_FROM_ABOVE: (
        "上级{named}交办，于{start}立案。",
        "It was assigned from above{named}; the case was opened on {start}.",
    ),
    Cause.REPORT_REJECTED: (
        "上级于{start}退回报告，另定期限。",
        "The report was sent back on {start}, with another limit.",
    ),
    Cause.HANDED_ON: ("自转办时起算：{start}。", "It runs from when the case was handed on: {start}."),
    Cause.OTHER: ("自{start}起算。", "It runs from {start}."),
    Cause.UNKNOWN: (
        "自{start}起算；事项记录中没有设定它的一步。",
        "It runs from {start}; no entry of the history sets it.",
    ),
}


def _moved(number: str) -> Said:
    return f"该期限原属事项{number}。", f"It came over from case {number}."


def _pause(explained: Explanation, pause: Pause) -> Said:
    zone = explained.promise.zone
    since, until = (_day(day_of(moment, zone=zone)) for moment in (pause.since, pause.resumed_at or pause.until))
    chinese, english = _reason(explained, Ask.SUSPENSION, pause.reason)
    early = ("提前恢复", "when it was resumed early") if pause.resumed_at else ("恢复", "when it goes on")
    return (
        f"期限因“{chinese}”中止：自{since[0]}，至{until[0]}{early[0]}；其间不计。",
        f"It stood still ({english}) from {since[1]} until {until[1]}, {early[1]}; nothing between is counted.",
    )


def _reason(explained: Explanation, ask: Ask, code: str) -> Said:
    known = explained.reasons.get((ask, code))
    return (known.name_zh, known.name_en) if known else (code, code)


def _extended(explained: Explanation, extension: Extension) -> Said:
    chinese, english = _reason(explained, Ask.EXTENSION, extension.reason)
    granted = _day(day_of(extension.granted_at, zone=explained.promise.zone))
    return (
        f"{granted[0]}同意延期一次，延长{extension.days}个工作日，理由：{chinese}。",
        f"On {granted[1]} it was extended once, by {_days_long(extension.days)} ({english}).",
    )


def _recounted(recount: Recount, zone: str) -> Said:
    day, due_before = _day(day_of(recount.at, zone=zone)), _moment(recount.due_before, zone)
    version = recount.calendar_version
    return (
        f"工作日历更新，{day[0]}按第{version}版重新计算；原期限为{due_before[0]}。",
        f"The calendar has changed: on {day[1]} it was counted again on version {version}; before: {due_before[1]}.",
    )


def _days(runs: Sequence[Run]) -> Iterator[Said]:
    """What is counted one behind the other goes in one sentence."""
    counted: list[Run] = []
    for run in runs:
        if run.counted and run.why in _TICKED_OFF:
            counted.append(run)
            continue
        yield from _ticked_off(counted)
        counted = []
        yield _run(run)
    yield from _ticked_off(counted)


_TICKED_OFF = (Counting.WORKING_DAY, Counting.MAKE_UP_DAY, Counting.CALENDAR_DAY)


def _ticked_off(runs: Sequence[Run]) -> Iterator[Said]:
    if not runs:
        return
    days = [_ticked(run) for run in runs]
    yield "、".join(chinese for chinese, _ in days) + "。", "; ".join(english for _, english in days) + "."


def _ticked(run: Run) -> Said:
    """``第3日：11月26日（星期四）``."""
    chinese, english = _short(run.first)
    if run.why is Counting.MAKE_UP_DAY and run.stands_for is not None:
        weekday = _WEEKDAYS[run.stands_for]
        chinese, english = (
            f"{chinese}调休上班，按{weekday[0]}的时间",
            f"{english}, worked in place of a {weekday[1]}",
        )
    return f"第{run.number}日：{chinese}", f"day {run.number}: {english}"


def _run(run: Run) -> Said:
    chinese, english = _span(run)
    why = _WHY[run.why]
    note = run.note or ""
    return (
        why[0].format(days=chinese, note=note, count=run.counted, number=run.number),
        why[1].format(days=english, note=note, count=run.counted, number=run.number),
    )


_WHY: Mapping[Counting, Said] = {
    Counting.FIRST_DAY: (
        "{days}为起算之日，不计入（民法典第二百零一条）。",
        "{days}: the day on which it begins is not counted (Civil Code, 201).",
    ),
    Counting.WEEKEND: ("{days}为周末，不计。", "{days}: the weekend is not counted."),
    Counting.HOLIDAY: (
        "{days}放假（{note}），不计。",
        "{days}: off by notice ({note}), not counted.",
    ),
    Counting.AFTER_CLOSING: ("{days}收到时窗口已下班，顺延。", "{days}: it came after closing time."),
    Counting.CLOSED: ("{days}窗口不开，顺延。", "{days}: the station does not open."),
    Counting.SAME_DAY: ("{days}为应办结之日。", "{days}: the day on which it is to be done."),
    Counting.CLOCK_HOURS: (
        "{days}按钟点连续计算，昼夜、节假日均计入。",
        "{days}: the clock runs day and night, holidays too.",
    ),
    Counting.MOVED_TO: (
        "最后一日不是工作日，顺延至{days}（民法典第二百零三条）。",
        "The last day is no working day: {days} stands in its place (Civil Code, 203).",
    ),
    Counting.MANY: ("{days}计{count}日，至第{number}日。", "{days}: {count} days are counted, up to day {number}."),
}


def _calendar(explained: Explanation) -> Iterator[Said]:
    promise, reckoning = explained.promise, explained.reckoning
    if reckoning is None or promise.term.unit is Unit.CLOCK_HOURS:
        return
    version = promise.calendar_version
    yield f"按第{version}版工作日历计算。", f"Counted on version {version} of the working-day calendar."
    if explained.station is not None:
        yield (
            f"按事项当时所在地“{explained.station}”的窗口时间计算。",
            f"Counted by the hours of the station of {explained.station}, where the case was then.",
        )
    if explained.forecast:
        yield (
            "其中有年份的放假安排尚未公布，此期限为预计。",
            "The notice of a year that it touches is not out yet: this is a forecast.",
        )


def _closed(closure: Closure) -> Said:
    chinese, english = _short(closure.date)
    note = (f"（{closure.note}）", f" ({closure.note})") if closure.note else ("", "")
    if closure.closes is None:
        return f"{chinese}窗口临时不开{note[0]}。", f"{english}: the station is closed on that day{note[1]}."
    hour = f"{closure.closes:%H:%M}"
    return f"{chinese}窗口提前至{hour}下班{note[0]}。", f"{english}: the station closes early, at {hour}{note[1]}."


def _ends(explained: Explanation) -> Said:
    """By the reckoning where there is one, so that whoever follows it gets there."""
    promise, reckoning = explained.promise, explained.reckoning
    due_at = reckoning.due_at if reckoning is not None else promise.due_at
    if reckoning is None:
        chinese, english = _named(due_at, promise.zone)
        return f"期限由人指定，不经计算：{chinese}。", f"The limit was named, not counted: {english}."
    chinese, english = _moment(due_at, promise.zone)
    if promise.term.unit is Unit.CLOCK_HOURS:
        return f"故期限为{chinese}。", f"So it falls due at {english}."
    if reckoning.closes is None:
        day = _day(reckoning.last.date)
        return (
            f"当日窗口不开，{day[0]}终了，即{chinese}，期限届满（民法典第二百零三条）。",
            f"The station does not open that day: it falls due as {day[1]} ends, at {english} (Civil Code, 203).",
        )
    return (
        f"至当日下班时，即{chinese}，期限届满（民法典第二百零三条）。",
        f"So it falls due when business ends that day: {english} (Civil Code, 203).",
    )


def _agreement(explained: Explanation) -> Iterator[Said]:
    if explained.agrees:
        yield "重新计算，与记录一致。", "Counted again, this agrees with what is stored."
        return
    yield "注意：核对结果与记录不一致。", "Take care: this does not agree with what is stored."
    for each in explained.differences:
        witness = _WITNESSES[each.witness]
        yield (
            f"{each.about}：记录为{each.stored}，{witness[0]}为{each.found}。",
            f"{each.about}: stored is {each.stored}, by {witness[1]} it is {each.found}.",
        )


_WITNESSES: Mapping[Witness, Said] = {
    Witness.RECKONING: ("重新计算", "the second reckoning"),
    Witness.HISTORY: ("事项记录", "the case's history"),
    Witness.RULES: ("规则", "the rules"),
    Witness.PROMISE_BEFORE: ("原期限", "the promise before it"),
}


def _span(run: Run) -> Said:
    first, last = _short(run.first), _short(run.last)
    if run.first == run.last:
        return first
    joint = ("和", " and ") if run.last - run.first == ONE_DAY else ("至", " to ")
    return first[0] + joint[0] + last[0], first[1] + joint[1] + last[1]


def _short(day: date) -> Said:
    weekday = _WEEKDAYS[day.weekday()]
    return f"{day.month}月{day.day}日（{weekday[0]}）", f"{weekday[1]} {day.day} {MONTHS[day.month - 1]}"


def _day(day: date) -> Said:
    chinese, english = _short(day)
    return f"{day.year}年{chinese}", f"{english} {day.year}"


def _named(moment: datetime, zone: str) -> Said:
    """A day is named to its end, which is no hour of the next."""
    local = moment.astimezone(ZoneInfo(zone))
    if local.time() != time.min:
        return _moment(moment, zone)
    chinese, english = _day(local.date() - ONE_DAY)
    return f"{chinese}终了", f"the end of {english}"


def _moment(moment: datetime, zone: str) -> Said:
    local = moment.astimezone(ZoneInfo(zone))
    chinese, english = _day(local.date())
    return f"{chinese}{local:%H:%M}", f"{local:%H:%M} on {english}"


_WEEKDAYS: Sequence[Said] = (
    ("星期一", "Monday"),
    ("星期二", "Tuesday"),
    ("星期三", "Wednesday"),
    ("星期四", "Thursday"),
    ("星期五", "Friday"),
    ("星期六", "Saturday"),
    ("星期日", "Sunday"),
)
