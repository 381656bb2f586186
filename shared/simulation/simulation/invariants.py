"""What must hold at the end of a simulated time, whatever its people have done."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from cli.reconcile import audit_books
from cli.reconcile.books import Books
from kit.auth import AUDITOR, EVERYWHERE, Person, Scope
from kit.db import UnitOfWork
from kit.ids import time_of
from routing.service import comparing, explaining
from sqlalchemy import text

from simulation.year import AFTER_DUE, BEAT, Year, up_to_beat

#: Deadlines that are explained in one transaction.
_AT_ONCE = 100

_AUDITOR = Person("auditor", frozenset({AUDITOR}))


@dataclass(frozen=True)
class Finding:
    """What does not hold, of what."""

    about: str
    detail: str


@dataclass
class Checked:
    """An invariant, of how many things it was asked, and where it does not hold."""

    name: str
    things: int = 0
    findings: list[Finding] = field(default_factory=list)

    def hold(self, *, that: bool, about: object, detail: str) -> None:
        self.things += 1
        if not that:
            self.findings.append(Finding(str(about), detail))


Invariant = Callable[[Year, Checked], Awaitable[None]]


async def check_all(year: Year) -> list[Checked]:
    return [await check(year, invariant) for invariant in INVARIANTS]


async def check(year: Year, invariant: Invariant) -> Checked:
    checked = Checked(invariant.__name__.replace("_", " "))
    await invariant(year, checked)
    return checked


async def _rows(year: Year, service: str, query: str, **asked: Any) -> Sequence[Any]:
    return await year.city.audit(service, lambda uow: uow.execute(text(query), asked).all())


#: When an answer that had been handed in was sent back: what it had stopped runs on from then.
_SENT_BACK = (
    "from case_entry r where r.case_id = d.case_id and r.step = 'reviewed' and r.facts ->> 'approved' = 'false'"
)

_DEADLINES = f"""
select d.deadline_id, d.case_id, d.kind, d.state, d.due_at, d.settled_at, coalesce(b.times, 0) as times,
    exists (select from case_entry m where m.case_id = d.case_id and m.step = 'deadline_moved'
        and m.facts ->> 'corrects' = 'true' and m.facts ->> 'replaces' = d.deadline_id::text) as corrected,
    (select max(r.at) {_SENT_BACK} and r.at <= d.settled_at) as sent_back_at
from deadline d left join (
    select (facts ->> 'deadline')::uuid as deadline_id, count(*) as times
    from case_entry where step = 'deadline_breached' group by 1
) b using (deadline_id)
"""


async def every_deadline_fires_once_and_on_its_instant(year: Year, checked: Checked) -> None:
    """Or at the first moment after an outage; or as soon as it is made, where it is past by then. What another calendar
    shows to have been missed wrongly had fired by the one before.
    """
    for row in await _rows(year, "routing", _DEADLINES):
        about, told = f"deadline {row.deadline_id}", f"{row.kind} of case {row.case_id}, due {row.due_at:%F %T}"
        fires = (row.state == "breached" or row.corrected) and not _came_missed(row)
        checked.hold(that=row.times == fires, about=about, detail=f"{told}: {row.times} breaches")
        if row.state == "open":
            checked.hold(that=row.due_at >= year.city.now, about=about, detail=f"{told}: has not fired")
        elif not row.corrected:
            in_time = row.settled_at <= _fires_by(year, row.due_at, since=_runs_since(row))
            checked.hold(that=in_time, about=about, detail=f"{told}: {row.state} {row.settled_at:%F %T}")


def _came_missed(row: Any) -> bool:
    """It was missed in another case, from which it came."""
    return bool(row.settled_at and row.settled_at < time_of(row.deadline_id))


def _runs_since(row: Any) -> datetime:
    """When it was made, or began to run again."""
    made_at = time_of(row.deadline_id)
    return max(made_at, row.sent_back_at) if row.sent_back_at else made_at


def _fires_by(year: Year, due_at: datetime, *, since: datetime) -> datetime:
    """By when it comes to its end: on its instant, but not before the beat at which what has made it run is carried; or
    a beat after that has made it run past its instant.
    """
    by = max(due_at + AFTER_DUE, up_to_beat(since)) if since <= due_at else since + BEAT
    return max(by, year.asked.outage[1]) if year.asked.is_out(by) else by


_WARNINGS = f"""
select w.at, d.deadline_id, d.case_id, d.kind, (w.facts ->> 'share')::int as share,
    (select (each ->> 'at')::timestamptz from jsonb_array_elements(d.warnings) each
        where each ->> 'share' = w.facts ->> 'share') as warn_at,
    (select max(r.at) {_SENT_BACK} and r.at <= w.at) as sent_back_at
from case_entry w join deadline d on d.deadline_id = (w.facts ->> 'deadline')::uuid
where w.step = 'deadline_approaching'
"""


async def every_warning_is_given_once_and_on_its_instant(year: Year, checked: Checked) -> None:
    """Or at the first moment after an outage, while there is still something to be warned of; or as soon as an answer
    is sent back that was handed in before.
    """
    given: Counter[tuple[UUID, int]] = Counter()
    for row in await _rows(year, "routing", _WARNINGS):
        about, told = f"deadline {row.deadline_id}", f"{row.kind} of case {row.case_id}"
        given[row.deadline_id, row.share] += 1
        checked.hold(that=given[row.deadline_id, row.share] == 1, about=about, detail=f"warned of {row.share} again")
        in_time = row.warn_at is not None and row.at <= _fires_by(year, row.warn_at, since=_runs_since(row))
        passed = f"{row.share} of its time passed {row.warn_at}, told {row.at}"
        checked.hold(that=in_time, about=about, detail=f"{told}: {passed}")


_DUTIES = """
select supervision_id, case_id, tier, due_at, lapsed_at, settled_at, counted_from, repeats from supervision
"""


async def what_is_late_climbs_on_its_instant(year: Year, checked: Checked) -> None:
    """A superior who has not seen to it by their limit has the next tier beside them; where nobody is above, it comes
    back to them.
    """
    for row in await _rows(year, "routing", _DUTIES):
        about, told = f"supervision {row.supervision_id}", f"{row.tier}, case {row.case_id}, due {row.due_at:%F %T}"
        by = _fires_by(year, row.due_at, since=row.counted_from)
        ends = row.lapsed_at or row.settled_at or year.city.now
        checked.hold(that=ends <= by, about=about, detail=f"{told}: stands at {ends:%F %T}")


_OPEN = "select case_id, state, queue, holder_post_id from cases where state <> 'closed'"


async def no_case_is_without_a_holder(year: Year, checked: Checked) -> None:
    """It lies with a post, or waits in a queue; and in whichever it is, or above it, somebody acts."""
    for row in await _rows(year, "routing", _OPEN):
        about = f"case {row.case_id}"
        is_held = row.holder_post_id is not None or row.queue is not None
        checked.hold(that=is_held, about=about, detail=f"{row.state}, and lies with nobody")
    for row in await _rows(year, "routing", _VACANT, now=year.city.now):
        is_told = row.found_at is not None
        checked.hold(that=is_told, about=f"post {row.post_id}", detail="nobody acts in it, and no dispatcher is told")


_VACANT = """
select c.holder_post_id as post_id, max(v.found_at) as found_at
from cases c left join vacancy v on v.post_id = c.holder_post_id
where c.state <> 'closed' and c.holder_post_id is not null and not exists (
    select from holding_copy h join post_copy p using (post_id) where h.post_id = c.holder_post_id and not p.retired
        and h.since <= :now and (h.until is null or h.until > :now)
)
group by 1
"""


async def no_promise_is_other_than_its_explanation(year: Year, checked: Checked) -> None:
    """Each deadline is reckoned a second time, and held against the row, the history and the rules."""
    rows = await _rows(year, "routing", _TO_EXPLAIN)
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        keepers = {row.keeper_post_id for row in part if row.keeper_post_id}
        sees = Scope(EVERYWHERE.paths, posts=tuple(sorted(keepers)))
        explain = partial(_explain, deadlines=part)
        explained = await year.city.database("routing", "api").run(explain, scope=sees, person=_AUDITOR)
        for row, differs in zip(part, explained, strict=True):
            checked.hold(that=not differs, about=f"deadline {row.deadline_id}", detail=f"case {row.case_id}: {differs}")


#: What is sealed is explained to whoever keeps it.
_TO_EXPLAIN = """
select d.case_id, d.deadline_id, c.keeper_post_id from deadline d join cases c using (case_id)
order by d.case_id, d.deadline_id
"""


def _explain(uow: UnitOfWork, *, deadlines: Sequence[Any]) -> list[str]:
    """What differs, in words; nothing where all agree."""
    found = [explaining.explain_deadline(uow, row.case_id, row.deadline_id)[1] for row in deadlines]
    return [
        "; ".join(f"{each.witness} says {each.about} is {each.found}, not {each.stored}" for each in one.differences)
        for one in found
    ]


async def figures_counted_again_are_those_that_were_kept(year: Year, checked: Checked) -> None:
    """Each figure of each place, group and time, from the histories alone."""
    found, differences = await year.city.database("routing", "clock").run_everywhere(_count_figures_again)
    checked.things = found.cases
    checked.findings += [
        Finding(f"case {number}", "its tally is not where its history leads") for number in found.spoiled
    ]
    checked.findings += [Finding(str(each.figure), str(each)) for each in differences]


def _count_figures_again(uow: UnitOfWork) -> tuple[comparing.Recount, list[comparing.Difference]]:
    found = comparing.recount(uow)
    return found, comparing.compare(uow)


_HELD = "select distinct facts ->> 'post' as post from case_entry where step in ('assigned', 'helper_called')"
_TIERS = ("building", "area", "community", "district", "city")
_CLIMBED = ("community", "district", "city")


async def every_tier_is_reached(year: Year, checked: Checked) -> None:
    """Cases have lain with posts of each tier of the tree, and what is late has climbed to its top."""
    reached = {year.book.tier_of(UUID(row.post)) for row in await _rows(year, "routing", _HELD)}
    for tier in _TIERS:
        checked.hold(that=tier in reached, about=tier, detail="no case has come to a post of this tier")
    climbed = {row.tier for row in await _rows(year, "routing", "select distinct tier from supervision")}
    for tier in _CLIMBED:
        checked.hold(that=tier in climbed, about=tier, detail="nothing that is late has climbed to this tier")


async def every_appeal_that_was_receipted_is_there(year: Year, checked: Checked) -> None:
    """In intake, and in one case."""
    known = {row.id for row in await _rows(year, "intake", "select id from appeal")}
    cases = {row.appeal_id for row in await _rows(year, "routing", "select appeal_id from case_appeal")}
    for appeal_id in year.residents.numbers:
        is_there = appeal_id in known and appeal_id in cases
        checked.hold(that=is_there, about=f"appeal {appeal_id}", detail="was receipted, and is lost")


async def nothing_is_lost_nor_told_twice(year: Year, checked: Checked) -> None:
    """As the auditor reconciles the books of the four services."""
    books = Books(year.city.urls)
    try:
        ahead = datetime.now(UTC) - year.city.now
        audit = await audit_books(books, [], wait=0, grace=ahead - timedelta(seconds=1), tell=lambda _: None)
    finally:
        await books.close()
    checked.things += audit.flow["in intake"] + sum(audit.steps.values()) + sum(audit.made.values())
    checked.findings += [Finding(f"{each.kind} {each.ids}", each.detail) for each in audit.findings]


INVARIANTS: tuple[Invariant, ...] = (
    every_deadline_fires_once_and_on_its_instant,
    every_warning_is_given_once_and_on_its_instant,
    what_is_late_climbs_on_its_instant,
    every_tier_is_reached,
    no_case_is_without_a_holder,
    no_promise_is_other_than_its_explanation,
    figures_counted_again_are_those_that_were_kept,
    every_appeal_that_was_receipted_is_there,
    nothing_is_lost_nor_told_twice,
)
