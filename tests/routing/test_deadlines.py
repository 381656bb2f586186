"""A missed promise is marked once and told to the holder and the superior, whatever dies."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from contracts.routing import CaseState
from kit.clock import DrivenClock
from kit.db import Database, UnitOfWork
from kit.ids import new_id
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.clock import make_sweeper
from routing.domain.case import ClosedReason, Deadline, DeadlineKind, DeadlineState
from routing.domain.chain import list_faults
from routing.domain.promise import given_until
from routing.repository import cases
from routing.repository.claims import Claim
from routing.service import opening, sweeping
from sqlalchemy import text

from tests.conftest import AsyncDatabase, UnitOfWorkOf
from tests.routing.conftest import City, lay_city, make_appeal, statements_of, subject_of

LATE = NOW + timedelta(days=30)


@pytest.fixture
def clock_at(uow_of: UnitOfWorkOf) -> Callable[[datetime], RolledBackUnitOfWork]:
    return lambda now: uow_of("routing", role="clock", now=now)


def open_many(uow: UnitOfWork, city: City, count: int) -> list[UUID]:
    received = [make_appeal(city, received_at=NOW + timedelta(minutes=n)) for n in range(count)]
    opening.open_cases(uow, received)
    found = cases.find_cases_of_appeals_for_change(uow, [event.appeal_id for event in received])
    return [found[event.appeal_id].case_id for event in received]


def test_nothing_is_missed_at_its_very_instant(
    uow: RolledBackUnitOfWork, city: City, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    (case_id,) = open_many(uow, city, 1)
    due = cases.get_case(uow, case_id).promise_due
    assert due is not None
    assert sweeping.sweep_due(clock_at(due - timedelta(seconds=1))) == 1, "a warning"
    assert sweeping.sweep_due(clock_at(due)) == 0
    assert sweeping.sweep_due(clock_at(due + timedelta(microseconds=1))) == 1


def test_a_missed_promise_is_marked_once_and_the_holder_keeps_the_case(
    uow: RolledBackUnitOfWork, city: City, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    (case_id,) = open_many(uow, city, 1)
    clock = clock_at(LATE)
    assert (sweeping.sweep_due(clock), sweeping.sweep_due(clock)) == (1, 0)
    case = cases.get_case(uow, case_id)
    assert (case.state, case.promise_met) == (CaseState.ASSIGNED, False)
    assert case.holder_post_id == city.posts["municipal"].post_id
    assert case.deadline is not None
    assert (case.deadline.state, case.deadline.settled_at) == (DeadlineState.BREACHED, LATE)
    (event,) = clock.published
    told = json.loads(event.body or "")
    assert told["handler"]["subject"] == subject_of("municipal")
    assert told["superior"]["subject"] == subject_of("district_supervisor")


def test_the_oldest_are_marked_first(
    uow: RolledBackUnitOfWork, city: City, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    first = make_appeal(city, category="administrative.hukou")
    later = make_appeal(city, category="municipal.water")
    opening.open_cases(uow, [later, first])
    found = cases.find_cases_of_appeals_for_change(uow, [first.appeal_id, later.appeal_id])
    assert sweeping.sweep_due(clock_at(LATE), Claim(1)) == 1
    assert cases.get_case(uow, found[first.appeal_id].case_id).promise_met is False
    assert cases.get_case(uow, found[later.appeal_id].case_id).promise_met is None


def test_a_sweep_costs_the_same_statements_however_many_are_due(
    uow: RolledBackUnitOfWork, city: City, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    def statements(count: int) -> int:
        open_many(uow, city, count)
        clock = clock_at(LATE)
        return len(statements_of(clock, lambda: sweeping.sweep_due(clock)))

    assert statements(1) == statements(30)


async def lay_missed(consumer: Database, count: int) -> None:
    def lay(uow: UnitOfWork) -> None:
        open_many(uow, lay_city(uow), count)

    await consumer.run_everywhere(lay)


async def breaches(auditor: Database) -> tuple[int, int, int, int]:
    """Deadlines marked, entries, events, cases whose chain counts them."""

    def count(uow: UnitOfWork) -> tuple[int, int, int, int]:
        queries = (
            "select count(*) from deadline where state = 'breached'",
            "select count(*) from case_entry where step = 'deadline_breached'",
            "select count(*) from event_log where type = 'routing.case.deadline_breached.v1'",
            "select count(distinct key) from event_log where type = 'routing.case.deadline_breached.v1'",
        )
        found = [int(uow.execute(text(query)).scalar_one()) for query in queries]
        return found[0], found[1], found[2], found[3]

    return await auditor.run_everywhere(count)


async def until_done(work: Callable[[], Awaitable[int]]) -> int:
    done = 0
    while found := await work():
        done += found
    return done


async def test_two_sweepers_at_once_mark_each_missed_promise_once(async_database: AsyncDatabase) -> None:
    await lay_missed(async_database("routing", "consumer", clock=DrivenClock(NOW)), 60)
    sweepers = [async_database("routing", "clock", clock=DrivenClock(LATE)) for _ in range(2)]

    def sweep(database: Database) -> Callable[[], Awaitable[int]]:
        return lambda: database.run_everywhere(lambda uow: sweeping.sweep_due(uow, Claim(7)))

    done = await asyncio.gather(*(until_done(sweep(database)) for database in sweepers))
    assert sum(done) == 60
    assert await breaches(async_database("routing", "auditor")) == (60, 60, 60, 60)


class _PowerCut(Exception):
    pass


async def test_a_sweeper_that_dies_between_claim_and_commit_leaves_it_to_the_next(
    async_database: AsyncDatabase,
) -> None:
    await lay_missed(async_database("routing", "consumer", clock=DrivenClock(NOW)), 5)
    sweeper = async_database("routing", "clock", clock=DrivenClock(LATE))

    def sweep_and_die(uow: UnitOfWork) -> int:
        assert sweeping.sweep_due(uow) == 5
        uow.flush()
        raise _PowerCut

    with pytest.raises(_PowerCut):
        await sweeper.run_everywhere(sweep_and_die)
    assert await breaches(async_database("routing", "auditor")) == (0, 0, 0, 0)
    assert await until_done(lambda: sweeper.run_everywhere(sweeping.sweep_due)) == 5
    assert await breaches(async_database("routing", "auditor")) == (5, 5, 5, 5)


async def test_what_somebody_is_answering_is_passed_over_until_they_are_done(async_database: AsyncDatabase) -> None:
    await lay_missed(async_database("routing", "consumer", clock=DrivenClock(NOW)), 2)
    sweeper = async_database("routing", "clock", clock=DrivenClock(LATE))
    answering = async_database("routing", "consumer", clock=DrivenClock(LATE))
    async with answering.engine.connect() as connection:
        await connection.execute(text("select set_config('app.lo1', '/', false), set_config('app.hi1', '0', false)"))
        await connection.execute(text("select from cases order by case_id limit 1 for update"))
        async with asyncio.timeout(20):
            assert await sweeper.run_everywhere(sweeping.sweep_due) == 1
        await connection.rollback()
    assert await sweeper.run_everywhere(sweeping.sweep_due) == 1


async def test_the_clock_aspect_sweeps_until_nothing_is_due(async_database: AsyncDatabase) -> None:
    await lay_missed(async_database("routing", "consumer", clock=DrivenClock(NOW)), 3)
    loop = make_sweeper(async_database("routing", "clock", clock=DrivenClock(LATE)), every=timedelta(milliseconds=5))
    running = asyncio.create_task(loop.run())
    auditor = async_database("routing", "auditor")
    async with asyncio.timeout(20):
        while (await breaches(auditor))[0] < 3:  # noqa: ASYNC110  # another process would not tell us either
            await asyncio.sleep(0.01)
    await loop.stop()
    await running
    assert await breaches(auditor) == (3, 3, 3, 3)


def test_a_limit_beside_the_promise_is_missed_alone_and_once(
    uow: RolledBackUnitOfWork, city: City, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    (case_id,) = open_many(uow, city, 1)
    ours, theirs = new_id(NOW), new_id(NOW)
    due = set_limits(uow, case_id, DeadlineKind.ASSIGNED, (ours, theirs))
    clock = clock_at(due[ours] + timedelta(seconds=1))
    assert (sweeping.sweep_due(clock), sweeping.sweep_due(clock)) == (2, 0), "half of the other's time has passed"
    case = cases.get_case(uow, case_id)
    assert (case.promise_met, [limit.about for limit in case.limits]) == (None, [theirs])
    event, _ = clock.published
    told = json.loads(event.body or "")
    assert (told["deadline"], told["due_at"]) == ("assigned", due[ours].isoformat().replace("+00:00", "Z"))
    assert told["superior"]["subject"] == subject_of("district_supervisor")


def test_a_promise_and_a_limit_of_one_case_fall_due_in_one_sweep(
    uow: RolledBackUnitOfWork, city: City, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    (case_id,) = open_many(uow, city, 1)
    set_limits(uow, case_id, DeadlineKind.ORDER, (new_id(NOW),))
    clock = clock_at(LATE)
    assert sweeping.sweep_due(clock) == 2
    case = cases.get_case(uow, case_id)
    assert (case.promise_met, case.limits, case.version) == (False, [], 5)
    assert history_faults(uow, case_id) == []


def test_what_closes_a_case_drops_its_limits(
    uow: RolledBackUnitOfWork, city: City, clock_at: Callable[[datetime], RolledBackUnitOfWork]
) -> None:
    (case_id,) = open_many(uow, city, 1)
    set_limits(uow, case_id, DeadlineKind.ASSIGNED, (new_id(NOW),))
    case, _ = cases.get_case_for_change(uow, case_id)
    case.close(ClosedReason.WITHDRAWN, at=NOW, by=None)
    cases.save_cases(uow, [case])
    assert sweeping.sweep_due(clock_at(LATE)) == 0


def set_limits(uow: UnitOfWork, case_id: UUID, kind: DeadlineKind, about: Sequence[UUID]) -> dict[UUID, datetime]:
    """Due an hour apart; when each is due."""
    case, _ = cases.get_case_for_change(uow, case_id)
    assert case.deadline is not None
    due = {each: NOW + timedelta(hours=n) for n, each in enumerate(about, start=1)}
    case.limits += [
        Deadline(new_id(NOW), kind, given_until(at, NOW, like=case.deadline.promise), each, changed=True)
        for each, at in due.items()
    ]
    cases.save_cases(uow, [case])
    return due


def history_faults(uow: UnitOfWork, case_id: UUID) -> list[str]:
    case = cases.get_case(uow, case_id)
    return list_faults(cases.list_entries(uow, case), head=case.head, length=case.version)
