"""Whoever holds a case is warned before its limit, by the time that the rule counts: once each, whatever dies."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from contracts.routing import Ask, DeadlineApproachingV1, DeadlineKind, Outcome
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.clock import DrivenClock
from kit.db import Database, UnitOfWork
from kit.testing.servers import NOW, RolledBackUnitOfWork
from prometheus_client import REGISTRY
from routing.clock import ASIDE_FOR, make_sweeper
from routing.domain.calendar import ORDINARY_HOURS, Calendar, CalendarDay, Hours
from routing.domain.promise import Promise, Term, Unit, given_until, make_promise
from routing.domain.rules import RuleSet
from routing.errors import UnfitRules
from routing.repository import cases
from routing.repository.claims import Claim
from routing.service import recounting, steps, sweeping
from routing.service.sweeping import Backlog
from sqlalchemy import text

from tests.conftest import AsyncDatabase, UnitOfWorkOf
from tests.routing.auditing import faults_of
from tests.routing.conftest import At, City, lay_city, local, mend, set_aside, spoil, statements_of, subject_of
from tests.routing.test_asking import ask, re_dispatch, re_sort, rule
from tests.routing.test_calendars import OFF_ON_THURSDAY, notice_of_2026, put_into_force
from tests.routing.test_deadlines import open_many, until_done
from tests.routing.test_merging import make_shared, split
from tests.routing.test_promise import CALENDAR, DAYS, LOCAL, STATION, ZONE, at, stations
from tests.routing.test_steps import As, make_case
from tests.routing.test_suspending import resume, suspended

SHARES = (50, 80)
SECOND = timedelta(seconds=1)

#: Of street lights that were reported on Monday 23 November at nine: five working days of eight hours.
HALF, FOUR_FIFTHS, DUE = local("2026-11-26T13:00"), local("2026-11-27T17:00"), local("2026-11-30T17:00")


def promised(term: Term, start: datetime, hours: Hours = ORDINARY_HOURS) -> Promise:
    return make_promise(term, start, rule_version=1, calendar=CALENDAR, hours=hours, zone=ZONE, shares=SHARES)


def told_locally(promise: Promise) -> list[str]:
    return [f"{each.at.astimezone(LOCAL):%m-%d %H:%M}" for each in promise.warnings]


@pytest.mark.parametrize(
    "term, start, warned, why",
    [
        (Term(Unit.WORKING_DAYS, 5), "2026-11-23 09:00", ["11-26 13:00", "11-27 17:00"], "20 and 32 of 40 hours"),
        (Term(Unit.WORKING_DAYS, 1), "2026-11-27 10:00", ["11-30 13:00", "11-30 15:24"], "of Monday's hours alone"),
        (
            Term(Unit.WORKING_DAYS, 3),
            "2026-02-13 10:00",
            ["02-24 13:00", "02-25 12:12"],
            "a worked Saturday, then 24, 25",
        ),
        (Term(Unit.SAME_DAY), "2026-11-23 13:00", ["11-23 15:00", "11-23 16:12"], "of the four hours that were left"),
        (Term(Unit.SAME_DAY), "2026-11-23 06:00", ["11-23 13:00", "11-23 15:24"], "before opening: of the day's hours"),
        (Term(Unit.SAME_DAY), "2026-11-20 18:00", ["11-23 13:00", "11-23 15:24"], "after closing: of Monday's hours"),
        (Term(Unit.CLOCK_HOURS, 10), "2026-11-21 22:00", ["11-22 03:00", "11-22 06:00"], "day and night"),
        (Term(Unit.CALENDAR_DAYS, 2), "2026-11-23 10:00", ["11-24 20:30", "11-25 08:48"], "41 hours from midnight"),
        (Term(Unit.MORE_WORKING_DAYS, 2), "2026-11-23 17:00", ["11-24 17:00", "11-25 13:48"], "of what was added"),
        (
            Term(Unit.REMAINING_WORKING_DAYS, 0),
            "2026-11-23 00:00",
            ["11-23 13:00", "11-23 15:24"],
            "what is left of it",
        ),
    ],
)
def test_a_share_is_of_the_time_as_the_rule_counts_it(term: Term, start: str, warned: list[str], why: str) -> None:
    assert told_locally(promised(term, at(start))) == warned, why


def test_of_a_limit_that_somebody_named_all_hours_count() -> None:
    like = promised(Term(Unit.WORKING_DAYS, 3), at("2026-11-23 10:00"))
    limit = given_until(at("2026-11-23 20:00"), at("2026-11-23 10:00"), like=like)
    assert told_locally(limit) == ["11-23 15:00", "11-23 18:00"]


# An oracle that shares nothing with the code: it walks minute by minute, and asks of each whether it counts.

OFF = {day.date for day in DAYS.values() if not day.working}
WORKED = {day.date: day.stands_for or 0 for day in DAYS.values() if day.working}


def _counts(minute: datetime, term: Term, start: datetime, due: datetime, hours: Hours) -> bool:
    if term.unit is Unit.CLOCK_HOURS:
        return True
    today, begun = minute.date(), start.astimezone(LOCAL).date()
    if term.unit is Unit.CALENDAR_DAYS:
        return today > begun
    if term.unit is Unit.SAME_DAY:
        if today != (due - timedelta(microseconds=1)).astimezone(LOCAL).date():
            return False
    elif today <= begun or not (today in WORKED or (today.weekday() < 5 and today not in OFF)):
        return False
    span = hours.weekdays.get(WORKED.get(today, today.weekday()))
    return span is None or span[0] <= minute.time() < span[1]


def _oracle(promise: Promise) -> Iterator[datetime]:
    start, due = (moment.astimezone(LOCAL) for moment in (promise.start_at, promise.due_at))
    minutes = [start + timedelta(minutes=n) for n in range(int((due - start) / timedelta(minutes=1)))]
    counting = [m for m in minutes if _counts(m, promise.term, start, due, promise.hours)]
    for share in SHARES if counting else ():
        passed = Fraction(len(counting) * share, 100)
        whole = -(-passed.numerator // passed.denominator) - 1
        yield counting[whole] + timedelta(seconds=60 * float(passed - whole))


minutely = st.builds(time, st.integers(0, 23), st.integers(0, 59))
spans = st.tuples(minutely, minutely).map(lambda pair: (min(pair), max(pair)))
whole_stations = st.dictionaries(st.integers(0, 6), spans, max_size=7).map(Hours)
few = st.one_of(
    st.just(Term(Unit.SAME_DAY)),
    st.builds(Term, st.sampled_from([Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.CLOCK_HOURS]), st.integers(1, 5)),
)
whole_minutes = st.datetimes(datetime(2024, 1, 2), datetime(2026, 11, 20)).map(  # noqa: DTZ001  # as Hypothesis wants
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=LOCAL)
)


@settings(max_examples=60, deadline=None)
@given(few, whole_minutes, st.one_of(st.just(STATION), whole_stations))
def test_a_warning_comes_when_a_count_minute_by_minute_says(term: Term, start: datetime, hours: Hours) -> None:
    promise = promised(term, start, hours)
    found = [each.at for each in promise.warnings]
    assert [
        abs(one - other) < timedelta(milliseconds=1) for one, other in zip(found, _oracle(promise), strict=True)
    ] == [True for _ in found]


@given(few, st.datetimes(datetime(2024, 1, 2), datetime(2026, 11, 20), timezones=st.just(LOCAL)), stations)  # noqa: DTZ001
def test_warnings_come_in_order_after_the_start_and_before_the_limit(term: Term, start: datetime, hours: Hours) -> None:
    promise = promised(term, start, hours)
    instants = [promise.start_at, *(each.at for each in promise.warnings), promise.due_at]
    assert instants == sorted(instants)


def test_another_calendar_counts_the_warnings_anew() -> None:
    off = Calendar(2, {date(2026, 11, 25): CalendarDay(date(2026, 11, 25), working=False, note="停工")})
    term, start = Term(Unit.WORKING_DAYS, 2), at("2026-11-23 10:00")
    assert told_locally(promised(term, start)) == ["11-24 17:00", "11-25 13:48"]
    moved = make_promise(term, start, rule_version=1, calendar=off, hours=ORDINARY_HOURS, zone=ZONE, shares=SHARES)
    assert told_locally(moved) == ["11-24 17:00", "11-26 13:48"]


@pytest.mark.parametrize("shares", [(0, 50), (50, 100), (80, 50), (50, 50)])
def test_rules_that_warn_after_their_limit_are_refused(shares: tuple[int, ...]) -> None:
    with pytest.raises(UnfitRules, match="warnings come one after the other, and before the limit"):
        RuleSet(7, ZONE, NOW, [], shares=shares)


# Use cases.


@pytest.fixture
def sweep_at(uow_of: UnitOfWorkOf) -> Callable[[datetime], list[DeadlineApproachingV1]]:
    """The warnings that a sweep at that instant gives; it must do nothing else."""

    def sweep_at(now: datetime) -> list[DeadlineApproachingV1]:
        clock = uow_of("routing", role="clock", now=now)
        done = sweeping.sweep_due(clock)
        assert done == len(clock.published)
        return [DeadlineApproachingV1.model_validate_json(event.body or "") for event in clock.published]

    return sweep_at


SweepAt = Callable[[datetime], list[DeadlineApproachingV1]]


def shares_of(told: list[DeadlineApproachingV1]) -> list[int]:
    return [event.share for event in told]


def test_its_holder_is_warned_at_half_and_the_superior_too_at_four_fifths(
    uow: RolledBackUnitOfWork, city: City, sweep_at: SweepAt
) -> None:
    (case_id,) = open_many(uow, city, 1)
    assert sweep_at(HALF) == []
    (half,) = sweep_at(HALF + SECOND)
    assert (half.share, half.deadline, half.due_at, half.version) == (50, DeadlineKind.PROMISE, DUE, 4)
    assert (half.handler and half.handler.subject, half.superior) == (subject_of("municipal"), None)
    assert sweep_at(FOUR_FIFTHS) == []
    (last,) = sweep_at(FOUR_FIFTHS + SECOND)
    assert (last.share, last.handler and last.handler.subject) == (80, subject_of("municipal"))
    assert last.superior is not None
    assert last.superior.subject == subject_of("district_supervisor")
    assert sweep_at(DUE) == []
    entries = cases.list_entries(uow, cases.get_case(uow, case_id))[-2:]
    assert [(entry.step, entry.facts["share"], entry.facts["superior"]) for entry in entries] == [
        ("deadline_approaching", 50, None),
        ("deadline_approaching", 80, subject_of("district_supervisor")),
    ]
    assert faults_of(uow, case_id) == []


def test_what_is_late_is_missed_and_not_warned_of(uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf) -> None:
    open_many(uow, city, 1)
    clock = uow_of("routing", role="clock", now=DUE + SECOND)
    assert cases.claim_approaching(clock, Claim(9)) == []
    assert sweeping.sweep_due(clock) == 1
    assert [event.type for event in clock.published] == ["routing.case.deadline_breached.v1"]
    assert sweeping.sweep_due(clock) == 0


def test_of_two_shares_that_passed_while_nobody_swept_the_larger_is_told(
    uow: RolledBackUnitOfWork, city: City, sweep_at: SweepAt
) -> None:
    open_many(uow, city, 1)
    assert shares_of(sweep_at(FOUR_FIFTHS + SECOND)) == [80]
    assert sweep_at(DUE) == []


def test_what_is_answered_is_not_warned_of(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: SweepAt
) -> None:
    case = make_case(uow, city)
    holder = as_person(city.person("municipal"))
    steps.answer_case(holder, case.case_id, version=case.version, outcome=Outcome.SOLVED, answer="灯已修好")
    assert sweep_at(DUE) == []


def test_what_was_said_is_said_again_only_where_the_limit_moves_later(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: SweepAt
) -> None:
    """Two working days more, from Monday: half of them on Tuesday's close."""
    case = make_case(uow, city)
    assert shares_of(sweep_at(HALF + SECOND)) == [50]
    case = cases.get_case(uow, case.case_id)
    asked = ask(as_person(city.person("municipal"), now=HALF + 2 * SECOND), case, Ask.EXTENSION, days=2)
    rule(as_person(city.person("dispatcher"), now=HALF + 3 * SECOND), asked, granted=True)
    assert sweep_at(FOUR_FIFTHS + SECOND) == sweep_at(DUE + SECOND) == []
    assert shares_of(sweep_at(local("2026-12-01T17:00") + SECOND)) == [50]
    assert shares_of(sweep_at(local("2026-12-02T13:48") + SECOND)) == [80]
    assert faults_of(uow, case.case_id) == []


def test_a_limit_that_moves_earlier_does_not_say_it_again(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: SweepAt
) -> None:
    case = make_case(uow, city)
    before = case.deadline
    assert before is not None
    (half, last) = before.promise.warnings
    assert shares_of(sweep_at(half.at + SECOND)) == [50]
    dispatcher = as_person(city.person("dispatcher"), now=half.at + 2 * SECOND)
    after = re_sort(dispatcher, cases.get_case(uow, case.case_id), "administrative.hukou")
    assert after.deadline is not None
    assert after.deadline.promise.due_at < before.promise.due_at
    again, over = after.deadline.promise.warnings
    assert sweep_at(again.at + SECOND) == []
    assert shares_of(sweep_at(over.at + SECOND)) == [80]
    assert over.at < last.at


def test_a_suspended_promise_warns_of_what_is_left_once_it_runs_again(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: SweepAt
) -> None:
    suspended(uow, city, as_person)
    assert sweep_at(DUE + SECOND) == sweep_at(local("2026-12-07T00:00") + SECOND) == []
    # Five working days from Tuesday 8 December.
    assert shares_of(sweep_at(local("2026-12-10T13:00") + SECOND)) == [50]


def test_what_is_resumed_early_warns_by_the_promise_that_runs_from_then(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: SweepAt
) -> None:
    resume(as_person(city.person("municipal"), now=local("2026-11-30T10:00")), suspended(uow, city, as_person))
    assert sweep_at(local("2026-12-03T13:00")) == []
    assert shares_of(sweep_at(local("2026-12-03T13:00") + SECOND)) == [50]


def test_what_is_split_off_was_warned_of_as_what_it_comes_from(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: SweepAt
) -> None:
    case = make_shared(uow, city, as_person(city.person("dispatcher")))
    assert shares_of(sweep_at(HALF + SECOND)) == [50]
    dispatcher = as_person(city.person("dispatcher"), now=HALF + 2 * SECOND)
    split(dispatcher, cases.get_case(uow, case.case_id), case.appeals[0].appeal_id)
    assert sweep_at(FOUR_FIFTHS) == []
    assert shares_of(sweep_at(FOUR_FIFTHS + SECOND)) == [80, 80]


def test_what_another_calendar_moves_later_is_warned_of_anew_where_the_share_is_ahead_by_that(
    uow: RolledBackUnitOfWork, city: City, at: At, sweep_at: SweepAt
) -> None:
    """With the Thursday off, half of five days has passed on Friday at one."""
    case = make_case(uow, city)
    assert shares_of(sweep_at(HALF + SECOND)) == [50]
    put_into_force(at, OFF_ON_THURSDAY, now=HALF + SECOND)
    recounting.sweep_calendar(at_now := at(now=HALF + 2 * SECOND))
    assert len(at_now.published) == 1
    half = HALF + timedelta(days=1)
    assert sweep_at(half) == []
    assert shares_of(sweep_at(half + SECOND)) == [50]
    assert faults_of(uow, case.case_id) == []


def test_what_was_said_stays_said_where_as_much_has_passed_by_another_calendar(
    uow: RolledBackUnitOfWork, city: City, at: At, sweep_at: SweepAt
) -> None:
    """With the last Monday off, half of five days has passed on Thursday all the same."""
    make_case(uow, city)
    assert shares_of(sweep_at(HALF + SECOND)) == [50]
    put_into_force(at, notice_of_2026(("2026-11-30", "off", "临时放假")), now=HALF + SECOND)
    assert recounting.sweep_calendar(at(now=HALF + 2 * SECOND)) == 1
    assert sweep_at(FOUR_FIFTHS) == []
    assert shares_of(sweep_at(FOUR_FIFTHS + SECOND)) == [80]


def test_who_holds_it_by_then_is_warned(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sweep_at: SweepAt
) -> None:
    case = make_case(uow, city)
    re_dispatch(as_person(city.person("dispatcher")), case, city.posts["legal"].post_id)
    (told,) = sweep_at(HALF + SECOND)
    assert told.handler is not None
    assert told.handler.subject == subject_of("legal")


def test_a_sweep_of_warnings_costs_the_same_statements_however_many_there_are(
    uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf
) -> None:
    def statements(count: int) -> int:
        open_many(uow, city, count)
        clock = uow_of("routing", role="clock", now=HALF + SECOND)
        sent = statements_of(clock, lambda: sweeping.sweep_due(clock))
        assert len(clock.published) == count
        return len(sent)

    assert statements(1) == statements(30)


# For real: committed, and at once.


async def lay(consumer: Database, count: int) -> None:
    await consumer.run_everywhere(lambda uow: open_many(uow, lay_city(uow), count) and None)


async def warned(auditor: Database) -> tuple[int, int, int]:
    """Deadlines whose first warning is given, entries, and cases whose events say so."""

    def count(uow: UnitOfWork) -> tuple[int, int, int]:
        queries = (
            "select count(*) from deadline where warned = 50",
            "select count(*) from case_entry where step = 'deadline_approaching'",
            "select count(distinct key) from event_log where type = 'routing.case.deadline_approaching.v1'",
        )
        found = [int(uow.execute(text(query)).scalar_one()) for query in queries]
        return found[0], found[1], found[2]

    return await auditor.run_everywhere(count)


async def test_two_sweepers_at_once_give_each_warning_once(async_database: AsyncDatabase) -> None:
    await lay(async_database("routing", "consumer", clock=DrivenClock(NOW)), 40)
    late = HALF + timedelta(hours=1)
    sweepers = [async_database("routing", "clock", clock=DrivenClock(late)) for _ in range(2)]

    def sweep(database: Database) -> Callable[[], Any]:
        return lambda: database.run_everywhere(lambda uow: sweeping.sweep_due(uow, Claim(7)))

    done = await asyncio.gather(*(until_done(sweep(database)) for database in sweepers))
    assert sum(done) == 40
    assert await warned(async_database("routing", "auditor")) == (40, 40, 40)


class _PowerCut(Exception):
    pass


async def test_a_sweeper_that_dies_before_it_commits_leaves_the_warning_to_the_next(
    async_database: AsyncDatabase,
) -> None:
    await lay(async_database("routing", "consumer", clock=DrivenClock(NOW)), 3)
    sweeper = async_database("routing", "clock", clock=DrivenClock(HALF + timedelta(hours=1)))

    def sweep_and_die(uow: UnitOfWork) -> int:
        assert sweeping.sweep_due(uow) == 3
        uow.flush()
        raise _PowerCut

    with pytest.raises(_PowerCut):
        await sweeper.run_everywhere(sweep_and_die)
    assert await warned(async_database("routing", "auditor")) == (0, 0, 0)
    assert await until_done(lambda: sweeper.run_everywhere(sweeping.sweep_due)) == 3
    assert await warned(async_database("routing", "auditor")) == (3, 3, 3)


async def test_a_limit_that_is_being_moved_does_not_warn_at_its_old_instant(async_database: AsyncDatabase) -> None:
    """Nor is it missed at it."""
    await lay(async_database("routing", "consumer", clock=DrivenClock(NOW)), 1)
    moving = async_database("routing", "consumer", clock=DrivenClock(NOW))
    sweepers = [async_database("routing", "clock", clock=DrivenClock(moment + SECOND)) for moment in (HALF, DUE)]
    locked, go_on = asyncio.Event(), asyncio.Event()

    async def move() -> None:
        async with moving.engine.connect() as connection:
            await connection.execute(text("select set_config('app.lo1', '/', true), set_config('app.hi1', '0', true)"))
            await connection.execute(text("select from cases for update"))
            await connection.run_sync(lambda sync: _move_later(UnitOfWork(sync, now=NOW)))
            locked.set()
            await go_on.wait()
            await connection.commit()

    mover = asyncio.create_task(move())
    async with asyncio.timeout(20):
        await locked.wait()
        assert [await sweeper.run_everywhere(sweeping.sweep_due) for sweeper in sweepers] == [0, 0]
        go_on.set()
        await mover
    assert [await sweeper.run_everywhere(sweeping.sweep_due) for sweeper in sweepers] == [0, 0]
    assert await warned(async_database("routing", "auditor")) == (0, 0, 0)


def _move_later(uow: UnitOfWork) -> None:
    (case_id,) = uow.execute(text("select case_id from cases")).scalars()
    case, _ = cases.get_case_for_change(uow, case_id)
    assert case.deadline is not None
    later = given_until(DUE + timedelta(days=30), DUE, like=case.deadline.promise)
    case.replace_deadline(replace(case.deadline, deadline_id=UUID(int=7), promise=later, changed=True), at=NOW)
    cases.save_cases(uow, [case])


async def test_after_an_outage_the_oldest_come_first_and_what_was_late_by_it_is_counted(
    async_database: AsyncDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    await lay(async_database("routing", "consumer", clock=DrivenClock(NOW)), 5)
    late = DUE + timedelta(days=3)
    sweeper = async_database("routing", "clock", clock=DrivenClock(late))
    backlog = Backlog()
    assert await sweeper.run_everywhere(lambda uow: sweeping.sweep_due(uow, Claim(2), backlog=backlog)) == 2
    assert (backlog.late, backlog.since) == (2, DUE)
    assert backlog.waited == [("promise", timedelta(days=3))] * 2
    assert await sweeper.run_everywhere(sweeping.find_due) == (3, timedelta(days=3))
    promises = partial(REGISTRY.get_sample_value, "baiyang_deadline_lateness_seconds_count", {"kind": "promise"})
    before = promises() or 0
    loop = make_sweeper(sweeper, every=timedelta(milliseconds=5))
    running = asyncio.create_task(loop.run())
    async with asyncio.timeout(20):
        while not any(record.message == "sweep.caught_up" for record in caplog.records):  # noqa: ASYNC110  # it says so itself
            await asyncio.sleep(0.01)
    await loop.stop()
    await running
    (said,) = [record for record in caplog.records if record.message == "sweep.caught_up"]
    # The superiors' duties are counted from when they are told, so that none of them has lapsed in the outage.
    assert (said.__dict__["late"], said.__dict__["since"]) == (3, DUE.astimezone(UTC).isoformat())
    assert promises() == before + 3
    assert await sweeper.run_everywhere(sweeping.find_due) == (0, timedelta())


def test_what_comes_up_in_time_is_no_backlog(uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf) -> None:
    open_many(uow, city, 2)
    backlog = Backlog()
    clock = uow_of("routing", role="clock", now=DUE + 3 * SECOND)
    assert sweeping.sweep_due(clock, backlog=backlog) == 2
    assert (backlog.late, backlog.since) == (0, None)


async def test_a_case_that_makes_a_sweep_fail_is_set_aside_and_no_other_waits_behind_it(
    async_database: AsyncDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    consumer = async_database("routing", "consumer", clock=DrivenClock(NOW))
    await lay(consumer, 5)
    clock = DrivenClock(DUE + SECOND)
    sweeper = async_database("routing", "clock", clock=clock)
    spoiled = await consumer.run_everywhere(_first_due)
    await consumer.run_everywhere(partial(spoil, case_id=spoiled))
    loop = make_sweeper(sweeper)

    async def sweep() -> tuple[int, list[UUID]]:
        await loop.catch_up()
        waiting, _ = await sweeper.run_everywhere(sweeping.find_due)
        return waiting, set_aside(caplog)

    assert await sweep() == (1, [spoiled])
    assert await sweep() == (1, [spoiled]), "it is left alone for a while"
    clock.set(clock.now() + ASIDE_FOR)
    assert await sweep() == (1, [spoiled] * 2), "it is tried again"
    await consumer.run_everywhere(partial(mend, case_id=spoiled))
    clock.set(clock.now() + ASIDE_FOR)
    assert await sweep() == (0, [spoiled] * 2)


def _first_due(uow: UnitOfWork) -> UUID:
    first = (
        "select case_id from deadline where state = 'open' and kind = 'promise' order by due_at, deadline_id limit 1"
    )
    return UUID(str(uow.execute(text(first)).scalar_one()))
