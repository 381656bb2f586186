"""Posts in which nobody acts: found by event and by time, told once a vacancy, shown above until they are filled."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty, PostChangedV1
from contracts.routing import CaseHolderLeftV1
from kit.clock import DrivenClock
from kit.crypto import KeyRing, new_key
from kit.db import UnitOfWork
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from kit.testing.waiting import running, until
from network import consumers as network
from routing.clock import ASIDE_FOR, make_looker
from routing.domain.chain import list_faults
from routing.domain.vacancy import Section, Waiting
from routing.repository import cases
from routing.repository import vacancies as vacancies_kept
from routing.repository.claims import Claim
from routing.service import dispatching, opening, reading, vacancies
from sqlalchemy import text

from tests.conftest import AsyncDatabase, UnitOfWorkOf
from tests.routing.conftest import (
    City,
    lay_city,
    make_appeal,
    make_post,
    mend,
    set_aside,
    spoil,
    statements_of,
    subject_of,
)
from tests.routing.test_steps import As, make_case

RING = KeyRing.parse(new_key("k1"))
TOMORROW = NOW + timedelta(days=1)
ClockAt = Callable[[datetime], RolledBackUnitOfWork]

_, keep_posts = network.handlers(moved=lambda *_: None, posts_changed=vacancies.look_again)


@pytest.fixture
def clock_at(uow_of: UnitOfWorkOf) -> ClockAt:
    return lambda now: uow_of("routing", role="clock", now=now)


def put(uow: UnitOfWork, *posts: PostChangedV1, version: int = 2) -> None:
    """As the consumer takes it."""
    keep_posts(uow, posts, versions=[version] * len(posts))


def leave(uow: UnitOfWork, city: City, *codes: str, **changed: Any) -> None:
    put(uow, *(city.posts[code].model_copy(update={"holders": [], **changed}) for code in codes))


def told_by(uow: RolledBackUnitOfWork) -> list[CaseHolderLeftV1]:
    return [CaseHolderLeftV1.model_validate_json(event.body or "") for event in uow.published]


def sweep(clock: RolledBackUnitOfWork) -> list[CaseHolderLeftV1]:
    vacancies.sweep_vacancies(clock)
    return told_by(clock)


def waiting(uow: RolledBackUnitOfWork, section: Section | None = None) -> dict[UUID, list[str]]:
    page = Page(9, "queue", RING)
    return {line.case.case_id: list(line.why) for line in reading.list_queue(uow, page, section=section).items}


def test_when_a_holder_leaves_the_dispatcher_above_is_told_once_of_all_that_lies_there(
    uow: RolledBackUnitOfWork, city: City, clock_at: ClockAt
) -> None:
    later = make_case(uow, city, received_at=NOW + timedelta(hours=30))
    first = make_case(uow, city)
    leave(uow, city, "municipal")
    (told,) = sweep(clock_at(NOW))
    assert (told.case_id, told.cases, told.post_title) == (first.case_id, 2, "post municipal")
    assert told.dispatcher is not None
    assert told.dispatcher.subject == subject_of("district_dispatcher")
    after = cases.get_case(uow, first.case_id)
    entries = cases.list_entries(uow, after)
    assert (entries[-1].step, entries[-1].facts["dispatcher"]) == ("holder_left", subject_of("district_dispatcher"))
    assert list_faults(entries, head=after.head, length=after.version) == []
    assert cases.get_case(uow, later.case_id).version == later.version
    # The same again, and a change that fills nothing, tell nobody anew.
    leave(uow, city, "municipal")
    put(uow, city.posts["municipal"].model_copy(update={"holders": [], "title": "renamed"}), version=3)
    assert sweep(clock_at(TOMORROW)) == []


def test_it_stands_in_the_queue_above_until_somebody_is_there_again(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: ClockAt
) -> None:
    case = make_case(uow, city)
    above, beside, top = (
        as_person(city.person(code)) for code in ("district_dispatcher", "dispatcher", "city_dispatcher")
    )
    assert waiting(above) == {}
    leave(uow, city, "municipal")
    sweep(clock_at(NOW))
    assert waiting(above) == {case.case_id: ["holder_left"]}
    assert waiting(above, Section.LEFT) == waiting(above)
    assert waiting(above, Section.ASKED) == waiting(above, Section.WAITING) == {}
    assert waiting(beside) == waiting(top) == {}
    put(uow, city.posts["municipal"], version=3)
    assert sweep(clock_at(NOW)) == []
    assert waiting(above) == {}
    assert uow.execute(text("select count(*) from vacancy")).scalar_one() == 0
    # Left again, it is told again.
    leave(uow, city, "municipal")
    put(uow, city.posts["municipal"].model_copy(update={"holders": []}), version=4)
    assert len(sweep(clock_at(TOMORROW))) == 1


def test_the_dispatcher_above_gives_it_to_somebody_and_it_waits_no_more(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: ClockAt
) -> None:
    case = make_case(uow, city)
    leave(uow, city, "municipal")
    sweep(clock_at(NOW))
    above = as_person(city.person("district_dispatcher"))
    version, to = cases.get_case(uow, case.case_id).version, city.posts["window"].post_id
    dispatching.re_dispatch_case(above, case.case_id, version=version, to=to, words="岗位空缺，改派")
    assert waiting(above) == {}


def test_a_term_that_ends_is_found_when_it_ends_though_grid_says_nothing(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: ClockAt
) -> None:
    case = make_case(uow, city)
    (holder,) = city.posts["municipal"].holders
    ending = holder.model_copy(update={"until": TOMORROW})
    back = holder.model_copy(update={"since": TOMORROW + timedelta(days=7)})
    put(uow, city.posts["municipal"].model_copy(update={"holders": [ending, back]}))
    assert sweep(clock_at(NOW)) == []
    assert sweep(clock_at(TOMORROW - timedelta(seconds=1))) == []
    assert [told.case_id for told in sweep(clock_at(TOMORROW))] == [case.case_id]
    in_a_week = TOMORROW + timedelta(days=7)
    above = as_person(city.person("district_dispatcher"), now=in_a_week)
    assert waiting(above) == {case.case_id: ["holder_left"]}
    assert sweep(clock_at(in_a_week)) == []
    assert waiting(above) == {}


def test_who_stands_in_is_somebody(uow: RolledBackUnitOfWork, city: City, clock_at: ClockAt) -> None:
    make_case(uow, city)
    leave(uow, city, "municipal", stand_ins=city.posts["window"].holders)
    assert sweep(clock_at(NOW)) == []


def test_a_post_that_was_closed_is_left(uow: RolledBackUnitOfWork, city: City, clock_at: ClockAt) -> None:
    case = make_case(uow, city)
    put(uow, city.posts["municipal"].model_copy(update={"retired": True}))
    assert [told.case_id for told in sweep(clock_at(NOW))] == [case.case_id]


def test_what_waits_for_a_dispatcher_who_left_goes_up_with_why_it_waits(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: ClockAt
) -> None:
    case = make_case(uow, city, suggested_category=None)
    leave(uow, city, "dispatcher")
    (told,) = sweep(clock_at(NOW))
    assert told.dispatcher is not None
    assert told.dispatcher.subject == subject_of("district_dispatcher")
    above = as_person(city.person("district_dispatcher"))
    assert waiting(above) == {case.case_id: ["unsorted", "holder_left"]}


def test_where_the_dispatcher_above_leaves_too_the_next_sees_to_it_until_they_are_back(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: ClockAt
) -> None:
    case = make_case(uow, city)
    seen = {case.case_id: ["holder_left"]}
    above, top = as_person(city.person("district_dispatcher")), as_person(city.person("city_dispatcher"))
    leave(uow, city, "municipal")
    sweep(clock_at(NOW))
    leave(uow, city, "district_dispatcher")
    assert sweep(clock_at(NOW)) == sweep(clock_at(NOW)) == []
    assert (waiting(above), waiting(top)) == ({}, seen)
    put(uow, city.posts["district_dispatcher"], version=3)
    assert sweep(clock_at(NOW)) == sweep(clock_at(NOW)) == []
    assert (waiting(above), waiting(top)) == (seen, {})


def test_where_nobody_dispatches_at_all_whoever_comes_sees_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, clock_at: ClockAt
) -> None:
    case = make_case(uow, city)
    leave(uow, city, "municipal", "dispatcher", "district_dispatcher", "city_dispatcher")
    (told,) = sweep(clock_at(NOW))
    assert told.dispatcher is None
    assert waiting(as_person(city.person("city_dispatcher"))) == {case.case_id: ["holder_left"]}
    assert waiting(as_person(city.person("other_dispatcher"))) == {}


def test_above_the_citys_own_post_is_the_citys_dispatcher_and_never_an_offices(
    uow: RolledBackUnitOfWork, city: City, clock_at: ClockAt
) -> None:
    office = uuid4()
    bureau = make_post(city, "water", Duty.BUREAU, "city", office_id=office, matters=["municipal.water"])
    put(uow, bureau, make_post(city, "a_bureaus", Duty.DISPATCHER, "city", office_id=office), version=1)
    case = make_case(uow, city, place="bare", suggested_category="municipal.water")
    assert case.holder_post_id == bureau.post_id
    leave(uow, city, "water")
    (told,) = sweep(clock_at(NOW))
    assert told.dispatcher is not None
    assert told.dispatcher.subject == subject_of("city_dispatcher")


def test_an_offices_dispatcher_is_not_named_for_what_waits(uow: RolledBackUnitOfWork, city: City) -> None:
    put(uow, make_post(city, "a_bureaus", Duty.DISPATCHER, "area", office_id=uuid4()), version=1)
    case = make_case(uow, city, suggested_category=None)
    assert case.holder_post_id == city.posts["dispatcher"].post_id


def test_a_post_with_nothing_to_do_is_left_quietly(uow: RolledBackUnitOfWork, city: City, clock_at: ClockAt) -> None:
    leave(uow, city, "legal")
    assert sweep(clock_at(NOW)) == []


def test_a_dispatcher_is_not_told_of_what_complains_of_them(
    uow: RolledBackUnitOfWork, city: City, clock_at: ClockAt
) -> None:
    make_case(uow, city, complained_of=[subject_of("district_dispatcher")])
    other = make_case(uow, city, received_at=NOW + timedelta(hours=30))
    leave(uow, city, "municipal")
    (told,) = sweep(clock_at(NOW))
    assert (told.case_id, told.cases) == (other.case_id, 1)


def test_where_the_case_has_just_gone_elsewhere_the_post_is_looked_at_again(
    uow: RolledBackUnitOfWork, city: City, clock_at: ClockAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case(uow, city)
    elsewhere = make_case(uow, city, suggested_category="legal.aid")
    leave(uow, city, "municipal")
    stale = Waiting(city.posts["municipal"].post_id, elsewhere.case_id, 1)
    with monkeypatch.context() as patched:
        patched.setattr(vacancies_kept, "list_waiting", lambda *_: [stale])
        assert sweep(clock_at(NOW)) == []
    assert [told.case_id for told in sweep(clock_at(NOW))] == [case.case_id]


def test_a_sweep_costs_the_same_statements_however_many_posts_were_left(
    uow: RolledBackUnitOfWork, city: City, clock_at: ClockAt
) -> None:
    def statements(*codes: str) -> int:
        for category in ("municipal.street_lights", "legal.aid", "administrative.hukou"):
            make_case(uow, city, suggested_category=category)
        put(uow, *(city.posts[code] for code in codes), version=3)
        vacancies.sweep_vacancies(clock_at(NOW))
        put(uow, *(city.posts[code].model_copy(update={"holders": []}) for code in codes), version=4)
        clock = clock_at(NOW)
        return len(statements_of(clock, lambda: vacancies.sweep_vacancies(clock)))

    assert statements("municipal") == statements("municipal", "legal", "window")


async def test_two_clocks_at_once_tell_of_each_vacancy_once(async_database: AsyncDatabase) -> None:
    def lay(uow: UnitOfWork) -> None:
        city = lay_city(uow)
        areas = [make_post(city, f"post{n}", Duty.AREA_CHIEF, "area") for n in range(20)]
        put(uow, *areas, version=1)
        opening.open_cases(uow, [make_appeal(city) for _ in areas])
        uow.flush()
        lying = text(
            "update cases set holder_post_id = :post where case_id = (select case_id from cases c"
            " where holder_post_id = :was limit 1)"
        )
        was = city.posts["municipal"].post_id
        for post in areas:
            uow.execute(lying, {"post": post.post_id, "was": was})
        leave(uow, city, *(post.code for post in areas))

    await async_database("routing", "consumer", clock=DrivenClock(NOW)).run_everywhere(lay)
    clocks = [async_database("routing", "clock", clock=DrivenClock(TOMORROW)) for _ in range(2)]

    async def look() -> None:
        await asyncio.gather(
            *(database.run_everywhere(lambda uow: vacancies.sweep_vacancies(uow, Claim(5))) for database in clocks)
        )

    for _ in range(6):
        await look()
    told = "select count(*), count(distinct key) from event_log where type = 'routing.case.holder_left.v1'"

    def count(uow: UnitOfWork) -> Sequence[int]:
        return tuple(uow.execute(text(told)).one())

    assert await async_database("routing", "auditor").run_everywhere(count) == (20, 20)


async def test_the_clock_looks_by_itself(async_database: AsyncDatabase) -> None:
    def lay(uow: UnitOfWork) -> UUID:
        city = lay_city(uow)
        opening.open_cases(uow, [make_appeal(city)])
        leave(uow, city, "municipal")
        return city.posts["municipal"].post_id

    post_id = await async_database("routing", "consumer", clock=DrivenClock(NOW)).run_everywhere(lay)
    looker = make_looker(async_database("routing", "clock", clock=DrivenClock(NOW)), every=timedelta(milliseconds=10))
    found = text("select found_at is not null from vacancy where post_id = :post")
    auditor = async_database("routing", "auditor")

    async def is_found() -> bool:
        return bool(await auditor.run_everywhere(lambda uow: uow.execute(found, {"post": post_id}).scalar_one()))

    async with running(looker):
        await until(is_found, "the clock finds the vacancy")


async def test_a_post_that_makes_a_look_fail_is_set_aside_and_no_other_waits_behind_it(
    async_database: AsyncDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    def lay(uow: UnitOfWork) -> tuple[UUID, UUID, UUID]:
        city = lay_city(uow)
        bad, good = make_appeal(city), make_appeal(city, suggested_category="legal.aid")
        opening.open_cases(uow, [bad, good])
        found = cases.find_cases_of_appeals_for_change(uow, [bad.appeal_id])
        leave(uow, city, "municipal", "legal")
        return found[bad.appeal_id].case_id, city.posts["municipal"].post_id, city.posts["legal"].post_id

    clock = DrivenClock(NOW)
    consumer, database = (async_database("routing", role, clock=clock) for role in ("consumer", "clock"))
    spoiled, left, other = await consumer.run_everywhere(lay)
    await consumer.run_everywhere(partial(spoil, case_id=spoiled))
    looker = make_looker(database)
    found = text("select post_id from vacancy where found_at is not null")

    async def look() -> tuple[set[UUID], list[UUID]]:
        await looker.catch_up()
        return set(await consumer.run_everywhere(lambda uow: uow.execute(found).scalars().all())), set_aside(
            caplog, "post"
        )

    assert await look() == ({other}, [left])
    assert await look() == ({other}, [left]), "it is left alone for a while"
    await consumer.run_everywhere(partial(mend, case_id=spoiled))
    clock.set(clock.now() + ASIDE_FOR)
    assert await look() == ({other, left}, [left])
