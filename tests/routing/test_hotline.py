"""Handing a case to the city hotline, what goes out of it, and what of their replies becomes of what."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from contracts.intake import AppealWithdrawnV1
from contracts.routing import (
    CaseHandedToHotlineV1,
    CaseHotlineRepliedV1,
    CaseState,
    DeadlineBreachedV1,
    HotlineStanding,
)
from hypothesis import given
from hypothesis import strategies as st
from kit.auth import OPERATOR, Person
from kit.clock import DrivenClock
from kit.crypto import KeyRing, new_key
from kit.db import Database, UnitOfWork
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.case import Case, DeadlineKind
from routing.domain.chain import list_faults
from routing.domain.hotline import FINAL, STANDINGS, Fate, HandedOver, ReplyRow, Taken, judge
from routing.domain.steps import STEPS, Step
from routing.errors import BatchNotFound, CaseNotFound, KeptRowNotFound, NotYourExchange, NotYourStep, StepNotAllowed
from routing.repository import cases
from routing.service import hotline, opening, reading, sweeping
from sqlalchemy import text

from tests.conftest import AsyncDatabase, UnitOfWorkOf
from tests.routing.conftest import City, lay_city, make_appeal, statements_of, subject_of
from tests.routing.test_steps import TAKE, WAY, As, make_case, make_case_in

ASKED, REPLY = "请协调市供电部门更换灯杆", "供电部门已于今日更换灯杆。"
DUE = NOW + timedelta(days=7, hours=8)
"""The fifth working day's close, from a Monday at nine."""


@pytest.fixture
def dispatcher(city: City, as_person: As) -> RolledBackUnitOfWork:
    return as_person(city.person("dispatcher"))


@pytest.fixture
def exchange(city: City, as_person: As) -> RolledBackUnitOfWork:
    """Who runs the exchange for the whole city."""
    return as_person(city.person("city_dispatcher"))


def hand(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return hotline.hand_to_hotline(uow, case.case_id, version=case.version, words=ASKED)


def row(case: Case | None, **overrides: Any) -> ReplyRow:
    facts = {
        "line": 2,
        "nth": 1,
        "their_number": "RX2026112300041",
        "case_number": case.number if case else "C0000",
        "state": "已办结",
        "reply": REPLY,
        "date": "2026-11-24",
        "replied_at": NOW,
    }
    return ReplyRow(**{**facts, **overrides})


def take(uow: RolledBackUnitOfWork, *rows: ReplyRow) -> Taken:
    return hotline.take_replies(uow, list(rows), file="replies.csv")


def fates(taken: Taken) -> list[Fate]:
    return [verdict.fate for _, verdict in taken.kept]


def now_of(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return cases.get_case(uow, case.case_id)


def told(uow: RolledBackUnitOfWork, kind: type[Any]) -> list[Any]:
    return [kind.model_validate_json(event.body or "") for event in uow.published if event.type == kind.TYPE]


def handed_of(uow: RolledBackUnitOfWork, case: Case) -> list[HandedOver]:
    return reading.get_case(uow, case.case_id).hotline_handovers


def kept(uow: RolledBackUnitOfWork, *, limit: int = 9) -> list[Any]:
    page = Page(limit=limit, of_list="unknown", ring=KeyRing.parse(new_key("k1")))
    return list(hotline.list_kept(uow, page).items)


# Handing over.


def test_what_is_handed_to_the_hotline_stays_with_its_holder_and_a_reply_is_due(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    before = make_case(uow, city)
    case = now_of(uow, hand(dispatcher, before))
    assert (case.state, case.holder_post_id, case.promise_due) == (
        before.state,
        before.holder_post_id,
        before.promise_due,
    )
    (limit,) = case.limits
    assert (limit.kind, limit.promise.due_at, case.at_hotline) == (DeadlineKind.REPLY, DUE, True)
    (event,) = told(dispatcher, CaseHandedToHotlineV1)
    assert (event.handler.subject, event.reply_due) == (subject_of("municipal"), DUE)
    assert ASKED not in event.model_dump_json()
    entry = cases.list_entries(uow, case)[-1]
    assert (entry.step, entry.words, entry.facts["holder"]) == ("handed_to_hotline", ASKED, subject_of("municipal"))
    (handed,) = handed_of(dispatcher, case)
    assert (handed.case_number, handed.words, handed.batch, handed.standing) == (case.number, ASKED, None, None)
    assert (handed.place, handed.category, handed.reply_due) == ("citydistrictcommunityarea", "路灯照明", DUE)


@pytest.mark.parametrize("state", WAY)
def test_only_what_is_under_way_is_handed_over(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork, state: CaseState
) -> None:
    case = make_case_in(state, uow, city, as_person)
    if STEPS[Step.HAND_TO_HOTLINE].allows(case):
        assert state in (CaseState.ASSIGNED, CaseState.IN_PROGRESS)
        assert hand(dispatcher, case).state is state
    else:
        with pytest.raises(StepNotAllowed, match="hand_to_hotline"):
            hand(dispatcher, case)
        assert now_of(uow, case).version == case.version


@pytest.mark.parametrize("who", ["municipal", "window", "district_supervisor"])
def test_only_a_dispatcher_hands_over(uow: RolledBackUnitOfWork, city: City, as_person: As, who: str) -> None:
    with pytest.raises(NotYourStep):
        hand(as_person(city.person(who)), make_case(uow, city))
    with pytest.raises(CaseNotFound):
        hand(as_person(city.person("other_dispatcher")), make_case(uow, city))


def test_it_is_handed_over_again_only_when_they_have_done_their_part(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork, exchange: RolledBackUnitOfWork
) -> None:
    case = hand(dispatcher, make_case(uow, city))
    with pytest.raises(StepNotAllowed, match="at_hotline"):
        hand(dispatcher, case)
    take(exchange, row(case, state="退回", reply="不属热线范围"))
    case = hand(dispatcher, now_of(uow, case))
    assert [each.standing for each in handed_of(dispatcher, case)] == [HotlineStanding.RETURNED, None]


def test_a_reply_that_is_not_there_in_time_is_told_to_the_holder_and_the_superior(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork, uow_of: UnitOfWorkOf
) -> None:
    case = hand(dispatcher, make_case(uow, city))
    clock = uow_of("routing", role="clock", now=DUE + timedelta(seconds=1))
    sweeping.sweep_due(clock)
    (missed,) = [event for event in told(clock, DeadlineBreachedV1) if event.deadline == DeadlineKind.REPLY]
    assert (missed.due_at, missed.handler.subject) == (DUE, subject_of("municipal"))
    assert missed.superior.subject == subject_of("district_supervisor")
    assert now_of(uow, case).at_hotline


def test_a_case_that_closes_as_the_reply_falls_due_misses_none(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork, uow_of: UnitOfWorkOf
) -> None:
    case = TAKE[Step.ANSWER](dispatcher, hand(dispatcher, make_case(uow, city)))
    clock = uow_of("routing", role="clock", now=DUE + timedelta(seconds=1))
    assert sweeping.sweep_due(clock) == 2
    assert told(clock, DeadlineBreachedV1) == []
    assert not now_of(uow, case).is_open


def test_its_holder_answers_and_closes_it_whatever_the_hotline_does(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    case = hand(dispatcher, make_case(uow, city))
    for step in (Step.ANSWER, Step.CLOSE):
        case = TAKE[step](dispatcher, case)
    assert (case.at_hotline, now_of(uow, case).limits) == (False, [])


# What goes out.


def test_a_batch_is_the_same_until_it_is_written_and_then_never_goes_out_again(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork, exchange: RolledBackUnitOfWork
) -> None:
    assert hotline.next_batch(exchange).batch is None
    first, second = (hand(dispatcher, make_case(uow, city)) for _ in range(2))
    sheet = hotline.next_batch(exchange)
    assert sheet.batch is not None
    assert {each.case_number for each in sheet.handovers} == {first.number, second.number}
    hand(dispatcher, make_case(uow, city))
    again = hotline.next_batch(exchange)
    assert (again.batch, again.handovers, again.more) == (sheet.batch, sheet.handovers, True)
    for _ in range(2):
        hotline.mark_written(exchange, sheet.batch.number)
    other = hotline.next_batch(exchange)
    assert other.batch is not None
    assert other.batch.number > sheet.batch.number
    assert len(other.handovers) == 1


def test_a_batch_is_written_again_as_it_was_whatever_became_of_its_cases(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork
) -> None:
    case = hand(dispatcher, make_case(uow, city))
    sheet = hotline.next_batch(dispatcher)
    assert sheet.batch is not None
    hotline.mark_written(dispatcher, sheet.batch.number)
    case = TAKE[Step.ANSWER](dispatcher, case)
    moved = now_of(uow, case)
    moved.gist, moved.placed_path = "另一个摘要", city.paths["bare"]
    cases.save_cases(uow, [moved])
    assert hotline.get_batch(dispatcher, sheet.batch.number).handovers == sheet.handovers
    with pytest.raises(CaseNotFound):
        reading.get_case(dispatcher, case.case_id)


def test_what_was_closed_before_it_went_out_does_not_go_out(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork, exchange: RolledBackUnitOfWork
) -> None:
    event = make_appeal(city)
    opening.open_cases(uow, [event])
    hand(dispatcher, cases.find_cases_of_appeals_for_change(uow, [event.appeal_id])[event.appeal_id])
    withdrawn = AppealWithdrawnV1(version=2, appeal_id=event.appeal_id, withdrawn_at=NOW, reason="settled")
    opening.withdraw_appeal(uow, withdrawn)
    assert hotline.next_batch(exchange).batch is None


def test_each_dispatcher_exchanges_what_they_see(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork
) -> None:
    other = as_person(city.person("other_dispatcher"))
    mine, theirs = hand(dispatcher, make_case(uow, city)), hand(other, make_case(uow, city, place="other"))
    sheet = hotline.next_batch(dispatcher)
    assert [each.case_number for each in sheet.handovers] == [mine.number]
    assert sheet.batch is not None
    with pytest.raises(BatchNotFound):
        hotline.get_batch(other, sheet.batch.number)
    assert [each.case_number for each in hotline.next_batch(other).handovers] == [theirs.number]


@pytest.mark.parametrize("who", ["municipal", "district_supervisor"])
def test_who_dispatches_nothing_exchanges_nothing(
    uow: RolledBackUnitOfWork, city: City, as_person: As, who: str
) -> None:
    case = make_case(uow, city)
    for person in (city.person(who), Person("city.operator", frozenset({OPERATOR}))):
        mine = as_person(person)
        for exchanged in (
            lambda mine=mine: hotline.next_batch(mine),
            lambda mine=mine: hotline.mark_written(mine, 1),
            lambda mine=mine: take(mine, row(case)),
            lambda mine=mine: kept(mine),
            lambda mine=mine: hotline.settle_kept(mine, uuid4(), words="已核对"),
        ):
            with pytest.raises(NotYourExchange):
                exchanged()


# What comes in.


@pytest.mark.parametrize("state, standing", [("办理中", "under_way"), ("已办结", "done"), ("退回", "returned")])
def test_a_reply_is_an_entry_on_its_case_and_told_to_its_holder(  # noqa: PLR0917  # a table's columns
    uow: RolledBackUnitOfWork,
    city: City,
    dispatcher: RolledBackUnitOfWork,
    exchange: RolledBackUnitOfWork,
    state: str,
    standing: str,
) -> None:
    case = hand(dispatcher, make_case(uow, city))
    assert take(exchange, row(case, state=state)) == Taken(1, 0, [])
    after, is_final = now_of(uow, case), HotlineStanding(standing) in FINAL
    assert (after.state, after.holder_post_id, after.version) == (case.state, case.holder_post_id, case.version + 1)
    assert (after.at_hotline, after.limits == []) == (not is_final, is_final)
    (event,) = told(exchange, CaseHotlineRepliedV1)
    assert (event.standing, event.their_number) == (standing, "RX2026112300041")
    assert event.handler.subject == subject_of("municipal")
    assert REPLY not in event.model_dump_json()
    entry = cases.list_entries(uow, after)[-1]
    assert (entry.step, entry.words, entry.facts["standing"]) == ("hotline_replied", REPLY, standing)
    (handed,) = handed_of(dispatcher, after)
    assert (handed.standing, handed.their_number) == (standing, "RX2026112300041")
    assert handed.replied_at == (NOW if is_final else None)
    assert list_faults(cases.list_entries(uow, after), head=after.head, length=after.version) == []


def test_a_late_reply_is_a_missed_limit_whether_or_not_a_clock_came_by(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork, as_person: As
) -> None:
    case = hand(dispatcher, make_case(uow, city))
    late = as_person(city.person("city_dispatcher"), now=DUE + timedelta(seconds=1))
    take(late, row(case))
    assert [event.deadline for event in told(late, DeadlineBreachedV1)] == [DeadlineKind.REPLY]
    assert not now_of(uow, case).at_hotline


def test_the_same_file_again_changes_nothing(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork, exchange: RolledBackUnitOfWork
) -> None:
    case = hand(dispatcher, make_case(uow, city))
    file = [
        row(case, state="办理中"),
        row(case, line=3),
        row(case, line=4, nth=2),
        row(None, line=5),
        row(case, line=6, state="不知道"),
    ]
    first = take(exchange, *file)
    assert (first.recorded, first.known) == (2, 0)
    assert fates(first) == [Fate.DOUBLED, Fate.UNKNOWN, Fate.BAD]
    version, said, listed = now_of(uow, case).version, len(exchange.published), kept(exchange)
    assert take(exchange, *file) == Taken(0, 5, [])
    assert take(exchange, *[replace(each, line=each.line + 7) for each in file]) == Taken(0, 5, [])
    assert (now_of(uow, case).version, len(exchange.published), kept(exchange)) == (version, said, listed)


def test_what_goes_on_is_another_row(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork, exchange: RolledBackUnitOfWork
) -> None:
    case = hand(dispatcher, make_case(uow, city))
    assert take(exchange, row(case, state="办理中")).recorded == 1
    assert take(exchange, row(case, state="办理中"), row(case)).recorded == 1
    assert take(exchange, row(case, reply="另附照片")).recorded == 1
    assert [each.step for each in cases.list_entries(uow, now_of(uow, case))].count("hotline_replied") == 3


def test_what_they_say_of_a_case_that_ended_meanwhile_is_recorded_all_the_same(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork, exchange: RolledBackUnitOfWork
) -> None:
    case = hand(dispatcher, make_case(uow, city))
    for step in (Step.ANSWER, Step.CLOSE):
        case = TAKE[step](dispatcher, case)
    assert take(exchange, row(case)).recorded == 1
    after = now_of(uow, case)
    assert (after.state, after.version) == (CaseState.CLOSED, case.version + 1)


def test_a_number_is_known_however_it_was_typed(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork, exchange: RolledBackUnitOfWork
) -> None:
    case = hand(dispatcher, make_case(uow, city))
    assert take(exchange, row(case, case_number=f" {case.number.lower().replace('-', '')}")).recorded == 1


@pytest.mark.parametrize(
    "overrides, fate, why",
    [
        ({"case_number": "C0000"}, Fate.UNKNOWN, "no case has this number"),
        ({"case_number": ""}, Fate.UNKNOWN, "no case has this number"),
        ({"their_number": " "}, Fate.BAD, "column their_number: is empty"),
        ({"reply": ""}, Fate.BAD, "column reply: is empty"),
        ({"state": "搁置"}, Fate.BAD, "column state: none of"),
        ({"replied_at": None, "date": ""}, Fate.BAD, "column date: is empty"),
        ({"replied_at": NOW + timedelta(days=1)}, Fate.BAD, "column date: lies ahead"),
        ({"trouble": "7 cells where the header has 5"}, Fate.BAD, "7 cells"),
        ({"nth": 2}, Fate.DOUBLED, "the same row stands in the file before"),
    ],
)
def test_what_cannot_be_recorded_is_kept_with_its_reason_and_changes_no_case(  # noqa: PLR0917  # a table's columns
    uow: RolledBackUnitOfWork,
    city: City,
    dispatcher: RolledBackUnitOfWork,
    exchange: RolledBackUnitOfWork,
    overrides: dict[str, Any],
    fate: Fate,
    why: str,
) -> None:
    case = hand(dispatcher, make_case(uow, city))
    taken = take(exchange, row(case, **overrides))
    assert (taken.recorded, fates(taken)) == (0, [fate])
    (listed,) = kept(exchange)
    assert (listed.fate, listed.why[: len(why)], listed.file, listed.line) == (fate, why, "replies.csv", 2)
    assert now_of(uow, case).version == case.version
    assert exchange.published == []


def test_a_case_that_was_never_handed_to_them_is_unknown_to_the_exchange(
    uow: RolledBackUnitOfWork, city: City, exchange: RolledBackUnitOfWork
) -> None:
    case = make_case(uow, city)
    assert fates(take(exchange, row(case))) == [Fate.UNKNOWN]
    assert now_of(uow, case).version == case.version


def test_what_was_unknown_is_recorded_when_its_case_can_be_found(
    uow: RolledBackUnitOfWork, city: City, dispatcher: RolledBackUnitOfWork, exchange: RolledBackUnitOfWork
) -> None:
    case = make_case(uow, city)
    assert fates(take(exchange, row(case))) == [Fate.UNKNOWN]
    hand(dispatcher, case)
    assert take(exchange, row(case)) == Taken(1, 0, [])
    assert take(exchange, row(case)) == Taken(0, 1, [])
    assert kept(exchange) == []


def test_another_communitys_case_is_unknown_to_who_may_not_see_it_and_so_are_its_rows(
    uow: RolledBackUnitOfWork, city: City, as_person: As, dispatcher: RolledBackUnitOfWork
) -> None:
    other = as_person(city.person("other_dispatcher"))
    case = hand(dispatcher, make_case(uow, city))
    assert fates(take(other, row(case))) == [Fate.UNKNOWN]
    assert (len(kept(other)), kept(dispatcher)) == (1, [])
    assert len(kept(as_person(city.person("city_dispatcher")))) == 1
    assert now_of(uow, case).version == case.version


def test_what_was_looked_into_is_listed_no_more_and_stays(
    uow: RolledBackUnitOfWork, city: City, exchange: RolledBackUnitOfWork
) -> None:
    take(exchange, row(None), row(None, line=3, nth=2))
    first, second = kept(exchange)
    hotline.settle_kept(exchange, first.reply_id, words="与热线核对：录错编号")
    assert kept(exchange) == [second]
    with pytest.raises(KeptRowNotFound):
        hotline.settle_kept(exchange, first.reply_id, words="再次")
    assert take(exchange, row(None)) == Taken(0, 1, [])
    assert kept(exchange) == [second]


def test_a_file_costs_the_same_statements_however_many_rows_it_has(
    uow: RolledBackUnitOfWork, city: City, exchange: RolledBackUnitOfWork
) -> None:
    def statements(*rows: ReplyRow) -> int:
        return len(statements_of(exchange, lambda: take(exchange, *rows)))

    few = statements(row(None, their_number="1"))
    assert statements(*(row(None, their_number=f"2-{n}", line=n + 2) for n in range(100))) == few


@given(
    rows=st.builds(
        ReplyRow,
        line=st.integers(1, 99),
        nth=st.integers(1, 3),
        their_number=st.sampled_from(["RX1", " ", ""]),
        case_number=st.just("C1"),
        state=st.sampled_from([*STANDINGS, " 已办结 ", "DONE", "?", ""]),
        reply=st.sampled_from(["好", ""]),
        date=st.just("2026-11-23"),
        replied_at=st.sampled_from([NOW, NOW + timedelta(days=1), None]),
        trouble=st.sampled_from([None, "7 cells"]),
    ),
    is_known=st.booleans(),
    was_handed=st.booleans(),
)
def test_a_row_is_recorded_or_said_why_not(rows: ReplyRow, is_known: bool, was_handed: bool) -> None:
    case_id = uuid4() if is_known else None
    verdict = judge(rows, case_id, was_handed=was_handed, now=NOW)
    assert (verdict.why is None) is (verdict.fate is Fate.RECORDED)
    assert verdict.case_id == case_id
    if verdict.fate is Fate.RECORDED:
        assert is_known
        assert was_handed
        assert rows.nth == 1
        assert rows.standing is not None
        assert rows.replied_at == NOW


# Two at once, and one that dies.


class PowerCut(Exception):
    pass


@dataclass
class Exchanging:
    """The city's dispatcher at two desks, and cases that were handed over, as committed."""

    desks: list[Database]
    person: Person
    numbers: list[str]

    async def at_both(self, work: Callable[[UnitOfWork], Any]) -> list[Any]:
        return list(await asyncio.gather(*(self.at(desk, work) for desk in self.desks)))

    async def at(self, desk: Database, work: Callable[[UnitOfWork], Any]) -> Any:
        return await desk.run(work, scope=self.person.scope, person=self.person)


@pytest.fixture
async def exchanging(async_database: AsyncDatabase) -> Exchanging:
    clock = DrivenClock(NOW)

    def lay(uow: UnitOfWork) -> City:
        city = lay_city(uow)
        opening.open_cases(uow, [make_appeal(city) for _ in range(12)])
        return city

    def hand_all(uow: UnitOfWork) -> list[str]:
        listed = cases.list_open_cases(uow, list(uow.person.scope.paths), after_key=None, limit=99)
        for case in listed:
            hotline.hand_to_hotline(uow, case.case_id, version=case.version, words=ASKED)
        return [case.number for case in listed]

    city = await async_database("routing", "consumer", clock=clock).run_everywhere(lay)
    desks = [async_database("routing", "api", clock=clock) for _ in range(2)]
    exchanging = Exchanging(desks, city.person("city_dispatcher"), [])
    exchanging.numbers = await exchanging.at(desks[0], hand_all)
    return exchanging


async def test_two_exports_at_once_send_each_case_once(exchanging: Exchanging) -> None:
    sheets = await exchanging.at_both(hotline.next_batch)
    batches = {sheet.batch.number: sheet for sheet in sheets if sheet.batch is not None}
    assert len(batches) == 1
    sent = [each.case_number for sheet in batches.values() for each in sheet.handovers]
    assert sorted(sent) == sorted(exchanging.numbers)


async def test_what_another_export_has_in_hand_is_passed_over(exchanging: Exchanging) -> None:
    first, second = exchanging.desks
    async with first.engine.connect() as connection:
        await connection.execute(text("select set_config('app.lo1', '/', false), set_config('app.hi1', '0', false)"))
        await connection.execute(text("select from hotline_handover order by handover_id limit 1 for update"))
        async with asyncio.timeout(20):
            sheet = await exchanging.at(second, hotline.next_batch)
        await connection.rollback()
    assert len(sheet.handovers) == len(exchanging.numbers) - 1


async def test_two_imports_at_once_record_each_reply_once(exchanging: Exchanging) -> None:
    rows = [
        ReplyRow(line, 1, f"RX{line}", number, "已办结", REPLY, "2026-11-24", NOW)
        for line, number in enumerate(exchanging.numbers, start=2)
    ]
    taken = await exchanging.at_both(lambda uow: hotline.take_replies(uow, rows, file="replies.csv"))
    assert sorted((each.recorded, each.known) for each in taken) == [(0, 12), (12, 0)]
    query = text("select count(*) from case_entry where step = 'hotline_replied'")
    assert await exchanging.at(exchanging.desks[0], lambda uow: uow.execute(query).scalar_one()) == 12


async def test_an_export_that_dies_leaves_what_waits_to_the_next(exchanging: Exchanging) -> None:
    def die(uow: UnitOfWork) -> None:
        assert hotline.next_batch(uow).batch is not None
        raise PowerCut

    with pytest.raises(PowerCut):
        await exchanging.at(exchanging.desks[0], die)
    sheet = await exchanging.at(exchanging.desks[1], hotline.next_batch)
    assert sorted(each.case_number for each in sheet.handovers) == sorted(exchanging.numbers)
