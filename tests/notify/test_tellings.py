"""Incidents' households on a real database: each told once, by a message or in person, whatever comes twice or dies."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.grid import ContactChangedV1, Duty, Holding, PlaceChangedV1, PlaceState, PostChangedV1
from contracts.intake import Language, Means, Reach
from contracts.routing import CaseFact, CaseIncidentV1
from kit.auth import AUDITOR, Person, Post
from kit.clock import DrivenClock
from kit.crypto import KeyRing, new_key
from kit.db import Database, UnitOfWork
from kit.errors import NotYet
from kit.paging import Page
from network import consumers as network
from notify import repository
from notify.clock import Sender
from notify.domain.sending import Letter, Outcome, Result
from notify.domain.tellings import Way, number_of, way_of, who_visits
from notify.errors import NotYoursToVisit, TellingNotFound, UnknownHousehold
from notify.providers.sandbox import Sandbox
from notify.repository import TellingCounts
from notify.service import contacts, read, tellings
from notify.service.contacts import Change
from notify.service.tell import tell
from sqlalchemy import text

from tests.conftest import AsyncDatabase
from tests.notify.factories import LI, NOW, OFFICE, contact_event, make_event, make_party, make_reach, sealed

WORDS = "本楼污水管道堵塞，抢修队今晚到场。"
RING = KeyRing.parse(new_key("k1"))


@dataclass
class Refusing:
    """The sandbox, but for some numbers."""

    sandbox: Sandbox
    refused: Collection[str]
    name: str = Sandbox.name
    is_idempotent: bool = True
    at_once: int = 100

    async def deliver(self, letters: Sequence[Letter]) -> Mapping[UUID, Outcome]:
        taken = [letter for letter in letters if letter.address not in self.refused]
        wrong = {letter.message_id: Outcome(Result.REFUSED, "bad_number") for letter in letters if letter not in taken}
        return {**await self.sandbox.deliver(taken), **wrong}

    async def close(self) -> None: ...


@dataclass
class City:
    """community › area › two buildings, with notify's roles over one database and a clock that the test drives."""

    roles: dict[str, Database]
    clock: DrivenClock
    paths: dict[str, str] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)
    homes: dict[str, UUID] = field(default_factory=dict)

    async def as_consumer(self, work: Callable[[UnitOfWork], object]) -> None:
        await self.roles["consumer"].run_everywhere(work)

    async def lay_place(self, code: str, tier: str, parent: str | None = None, **overrides: Any) -> None:
        place_id = self.ids.setdefault(code, uuid4())
        self.paths.setdefault(code, f"{self.paths[parent] if parent else '/'}{place_id.hex}/")
        facts: dict[str, Any] = {
            "version": 1,
            "place_id": place_id,
            "code": code,
            "name": code,
            "tier": tier,
            "parent_id": self.ids[parent] if parent else None,
            "path": self.paths[code],
            "depth": self.paths[code].count("/") - 1,
            "state": PlaceState.ACTIVE,
        }
        event = PlaceChangedV1.model_validate({**facts, **overrides})
        moved = repository.move_tellings
        await self.as_consumer(lambda uow: network.handlers(moved=moved)[0](uow, [event], versions=[event.version]))

    async def fill(self, subject: str, duty: Duty, *places: str) -> None:
        """Posts of this duty at these places, all held by the one."""
        holder = Holding(subject=subject, name=subject, contact_id=uuid4(), since=NOW - timedelta(days=90))
        posts = [
            PostChangedV1(
                version=1,
                post_id=uuid4(),
                code=f"{place}/{duty}/{subject}",
                title=f"{place} {duty}",
                duty=duty,
                place_id=self.ids[place],
                path=self.paths[place],
                holders=[holder] if subject else [],
            )
            for place in places
        ]
        await self.as_consumer(lambda uow: network.copy_posts(uow, posts, versions=[1] * len(posts)))

    async def lives(self, place: str, room: str, *, version: int = 1, **reach: Any) -> UUID:
        """A household there; without ``address`` no message reaches it."""
        name = f"{place} {room}"
        home = self.homes.setdefault(name, uuid4())
        means = Means.SANDBOX if "address" in reach else Means.NONE
        packed = sealed(Reach(**{"means": means, **reach}), home)
        change = Change(home, packed, version, place_id=self.ids[place], room=room)
        await self.as_consumer(lambda uow: contacts.keep_contacts(uow, OFFICE, [change], topic=ContactChangedV1.TOPIC))
        return home

    async def leaves(self, place: str, room: str, *, version: int) -> None:
        home = self.homes[f"{place} {room}"]
        await self.as_consumer(
            lambda uow: contacts.erase_contact(uow, home, topic=ContactChangedV1.TOPIC, version=version)
        )

    async def meets(self, **reach: Any) -> None:
        event = contact_event(**reach)
        await self.as_consumer(
            lambda uow: contacts.keep_contacts(uow, OFFICE, [Change(LI, event.sealed, 1)], topic=event.TOPIC)
        )

    async def hears(self, event: CaseFact) -> None:
        def work(uow: UnitOfWork) -> None:
            tell(uow, OFFICE, [event], traceparents=[None])
            tellings.begin_tellings(uow, OFFICE, [event], traceparents=[None])

        await self.as_consumer(work)

    async def tells(self, *, limit: int = tellings.AT_ONCE) -> int:
        """All that is to be told, in so many parts."""
        parts = 0
        while await self.roles["clock"].run_everywhere(lambda uow: tellings.tell_next(uow, OFFICE, limit=limit)):
            parts += 1
        return parts

    async def reads_messages(self, subject: str) -> None:
        (holding,) = await self.rows(f"select contact_id from holding_copy where subject = '{subject}'")
        packed = sealed(Reach(means=Means.SANDBOX, address="sandbox:chief"), holding.contact_id)
        change = Change(holding.contact_id, packed, 1, subject=subject)
        await self.as_consumer(lambda uow: contacts.keep_contacts(uow, OFFICE, [change], topic=ContactChangedV1.TOPIC))

    async def sends(self, *, refused: Collection[str] = ()) -> None:
        """``refused``: the numbers that the provider takes for wrong."""
        clock = self.roles["clock"]
        sender = Sender(clock, OFFICE, {Means.SANDBOX: Refusing(Sandbox(clock, OFFICE.keys), refused)})
        while await sender.send_due():
            pass

    async def rows(self, query: str) -> list[Any]:
        return await self.roles["auditor"].run_everywhere(lambda uow: list(uow.execute(text(query))))

    async def ways(self) -> dict[str, str | None]:
        names = {home: name for name, home in self.homes.items()}
        rows = await self.rows("select household_id, way from telling_household")
        return {names[row.household_id]: row.way for row in rows}

    async def tasks(self) -> dict[str, str]:
        rows = await self.rows("select subject, title, body from inbox_item where template = 'incident_visits'")
        return {row.subject: f"{row.title}｜{row.body}" for row in rows}

    async def counts(self, event: CaseFact, person: Person) -> list[TellingCounts]:
        found: list[TellingCounts] = await self.as_(person, lambda uow: read.list_tellings(uow, event.case_id))
        return found

    async def as_(self, person: Person, work: Callable[[UnitOfWork], Any]) -> Any:
        return await self.roles["api"].run(work, scope=person.scope, person=person)

    def incident(self, *places: str, **overrides: Any) -> CaseFact:
        facts = {
            "place_ids": [self.ids[place] for place in places],
            "words": WORDS,
            "place_id": self.ids["C"],
            "placed_path": self.paths["C"],
            "parties": [],
        }
        return make_event(CaseIncidentV1, **{**facts, **overrides})

    def staff(self, subject: str, duty: Duty, place: str) -> Person:
        held = Post(uuid4(), duty.value, duty.value, self.ids[place], self.paths[place])
        return Person(subject, frozenset(), (held,))

    @property
    def clerk(self) -> Person:
        return self.staff("lin.yue", Duty.WINDOW_CLERK, "C")


@pytest.fixture
async def city(async_database: AsyncDatabase) -> City:
    clock = DrivenClock(NOW)
    roles = {role: async_database("notify", role, clock=clock) for role in ("api", "consumer", "clock", "auditor")}
    city = City(roles, clock)
    await city.lay_place("C", "community")
    await city.lay_place("A", "area", "C")
    await city.lay_place("B1", "building", "A")
    await city.lay_place("B2", "building", "A")
    await city.fill("chief.one", Duty.BUILDING_CHIEF, "B1")
    await city.fill("", Duty.BUILDING_CHIEF, "B2")
    await city.fill("zhao.peng", Duty.AREA_CHIEF, "A")
    await city.fill("chen.jing", Duty.DISPATCHER, "C")
    return city


def _listed(event: CaseFact, uow: UnitOfWork, *, page: Page, told: bool | None) -> Any:
    return read.list_households(uow, event.case_id, 1, page, told=told)


def _visited(event: CaseFact, household_ids: Sequence[UUID], uow: UnitOfWork) -> TellingCounts:
    return read.record_visits(uow, event.case_id, 1, household_ids)


async def settle_in(city: City) -> None:
    """Three in each building: two that a message reaches, one that none does."""
    for number, building in enumerate(("B1", "B2")):
        await city.lives(building, "101", address=f"1990000001{number}")
        await city.lives(building, "102", address=f"1990000002{number}", language=Language.ENGLISH)
        await city.lives(building, "103")


async def test_every_household_of_both_buildings_is_told_once_by_a_message_or_in_person(city: City) -> None:
    await settle_in(city)
    await city.lives("A", "9")
    await city.hears(city.incident("B1", "B2"))
    await city.tells()
    reached = dict.fromkeys(("B1 101", "B1 102", "B2 101", "B2 102"), "message")
    assert await city.ways() == {**reached, "B1 103": "visit", "B2 103": "visit"}
    await city.sends()
    (row, *others) = await city.rows("select * from sandbox_message")
    assert len(others) == 3
    said = OFFICE.keys.open(row.text, f"sandbox_message text {row.idempotency_key}").decode()
    assert WORDS in said
    assert await city.tasks() == {
        "chief.one": f"请上门告知 1 户：C7K2-9QXM-4｜污水倒灌｜请上门告知 1 户：{WORDS}｜B1（1户）：103",
        "zhao.peng": f"请上门告知 1 户：C7K2-9QXM-4｜污水倒灌｜请上门告知 1 户：{WORDS}｜B2（1户）：103",
    }


async def test_whom_a_message_does_not_reach_after_all_becomes_one_more_door_of_the_chief(city: City) -> None:
    """Once: their chief's one task lists all doors, and is to be read anew; the others are told nothing again."""
    await settle_in(city)
    event = city.incident("B1", "B2")
    await city.hears(event)
    await city.tells()
    (task,) = await city.rows("select item_id from inbox_item where subject = 'chief.one'")
    reader = city.staff("chief.one", Duty.BUILDING_CHIEF, "B1")
    await city.as_(reader, lambda uow: read.read_item(uow, task.item_id))
    await city.sends(refused=("19900000010", "19900000021"))
    before = await city.tasks()
    assert await city.tells() == 1
    assert await city.ways() == {
        **dict.fromkeys(("B1 102", "B2 101"), "message"),
        **dict.fromkeys(("B1 101", "B1 103", "B2 102", "B2 103"), "visit"),
    }
    assert await city.tasks() == {
        "chief.one": f"请上门告知 2 户：C7K2-9QXM-4｜污水倒灌｜请上门告知 2 户：{WORDS}｜B1（2户）：101、103",
        "zhao.peng": f"请上门告知 2 户：C7K2-9QXM-4｜污水倒灌｜请上门告知 2 户：{WORDS}｜B2（2户）：102、103",
    }
    assert before != await city.tasks()
    items = await city.rows("select item_id, read_at from inbox_item where subject = 'chief.one'")
    assert [(item.item_id, item.read_at) for item in items] == [(task.item_id, None)]
    (counts,) = await city.counts(event, city.clerk)
    assert (counts.households, counts.told_by_message, counts.to_be_visited, counts.untold) == (6, 2, 4, 4)
    assert await city.tells() == 0
    visited = [city.homes["B1 101"], city.homes["B1 103"]]
    after = await city.as_(reader, partial(_visited, event, visited))
    assert (after.told_by_visit, after.to_be_visited) == (2, 0)


async def test_who_has_been_told_at_their_door_is_no_task_when_their_message_fails_later(city: City) -> None:
    await city.lives("B1", "101", address="19900000010")
    event = city.incident("B1")
    await city.hears(event)
    await city.tells()
    reader = city.staff("chief.one", Duty.BUILDING_CHIEF, "B1")
    await city.as_(reader, partial(_visited, event, [city.homes["B1 101"]]))
    await city.sends(refused=("19900000010",))
    assert (await city.tells(), await city.tasks()) == (0, {})


async def test_a_chief_who_had_no_door_is_sent_where_the_first_message_fails(city: City) -> None:
    await city.lives("B1", "101", address="19900000010")
    await city.hears(city.incident("B1"))
    await city.tells()
    assert await city.tasks() == {}
    await city.sends(refused=("19900000010",))
    assert await city.tells() == 1
    assert list(await city.tasks()) == ["chief.one"]


async def test_a_chief_who_reads_text_messages_gets_one_more_for_more_doors(city: City) -> None:
    await settle_in(city)
    await city.reads_messages("chief.one")
    await city.hears(city.incident("B1"))
    await city.tells()
    await city.sends(refused=("19900000010",))
    await city.tells()
    await city.sends()
    rows = await city.rows(
        "select state, turn from message where recipient = 'chief.one' and template = 'incident_visits'"
    )
    assert [(row.state, row.turn) for row in rows] == [("sent", 1)]
    log = await city.rows(
        "select s.sandbox_id from sandbox_message s join message m using (message_id) where m.recipient = 'chief.one'"
    )
    assert len(log) == 2


async def test_an_area_is_all_its_buildings_and_who_lives_in_it_besides(city: City) -> None:
    await settle_in(city)
    await city.lives("A", "9")
    await city.hears(city.incident("A", "B1"))
    await city.tells()
    assert len(await city.ways()) == 7


async def test_an_area_that_is_named_after_its_building_tells_the_others_alone(city: City) -> None:
    await settle_in(city)
    first = city.incident("B1", named_now=True)
    await city.hears(first)
    await city.hears(city.incident("A", named_now=True, case_id=first.case_id, telling=2, version=first.version + 1))
    rows = await city.rows("select telling, count(*) as n from telling_household group by telling order by telling")
    assert [(row.telling, row.n) for row in rows] == [(1, 3), (2, 3)]
    await city.hears(city.incident("A", "B1", case_id=first.case_id, telling=3, version=first.version + 2))
    rows = await city.rows("select telling, count(*) as n from telling_household group by telling order by telling")
    assert [(row.telling, row.n) for row in rows] == [(1, 3), (2, 3), (3, 6)]


async def test_a_telling_that_comes_again_tells_nobody_again(city: City) -> None:
    await settle_in(city)
    event = city.incident("B1", "B2")
    for _ in range(2):
        await city.hears(event)
        await city.tells()
    await city.lives("B1", "104", address="19900000099")
    await city.hears(event)
    await city.tells()
    (messages,) = await city.rows("select count(*) as n from message")
    assert messages.n == 6
    assert len(await city.tasks()) == 2


async def test_later_words_are_told_to_all_of_them_once_more(city: City) -> None:
    await settle_in(city)
    event = city.incident("B1", "B2")
    await city.hears(event)
    await city.hears(event.model_copy(update={"version": 2, "telling": 2, "words": "管道已更换。"}))
    await city.tells()
    rows = await city.rows(
        "select case_version, recipient, count(*) as n from message where audience = 'household' group by 1, 2"
    )
    assert {row.n for row in rows} == {1}
    assert len(rows) == 8
    assert len(await city.rows("select 1 from inbox_item where template = 'incident_visits'")) == 4


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 7])
async def test_they_are_told_in_parts_and_each_household_is_in_one_of_them(city: City, limit: int) -> None:
    await settle_in(city)
    await city.hears(city.incident("B1", "B2"))
    assert await city.tells(limit=limit) == 6 // limit + 1
    (row,) = await city.rows("select count(*) as n, count(distinct recipient) as m from message")
    assert (row.n, row.m) == (6, 6)
    assert set((await city.ways()).values()) == {"message", "visit"}


async def test_what_dies_in_a_part_goes_on_where_it_stopped(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    await settle_in(city)
    await city.hears(city.incident("B1", "B2"))
    clock = city.roles["clock"]
    await clock.run_everywhere(lambda uow: tellings.tell_next(uow, OFFICE, limit=2))
    with monkeypatch.context() as dying:
        dying.setattr(repository, "save_ways", lambda *_: (_ for _ in ()).throw(RuntimeError("died")))
        with pytest.raises(RuntimeError):
            await clock.run_everywhere(lambda uow: tellings.tell_next(uow, OFFICE, limit=2))
    assert list((await city.ways()).values()).count(None) == 4
    await city.tells(limit=2)
    (row,) = await city.rows("select count(*) as n, count(distinct recipient) as m from message")
    assert (row.n, row.m) == (6, 6)


async def test_any_number_of_clocks_tell_each_household_once(city: City) -> None:
    await settle_in(city)
    first = city.incident("B1", "B2")
    await city.hears(first)
    await city.hears(city.incident("A", case_id=uuid4()))
    await asyncio.gather(*(city.tells(limit=1) for _ in range(4)))
    rows = await city.rows("select case_id, recipient, count(*) as n from message group by 1, 2")
    assert len(rows) == 12
    assert {row.n for row in rows} == {1}


@pytest.mark.parametrize(
    "party, way",
    [("19900000010", "appeal"), ("199 0000-0010", "appeal"), ("+8619900000010", "appeal"), ("19900000055", "message")],
)
async def test_whoever_filed_an_appeal_under_the_households_number_is_told_by_its_notice_alone(
    city: City, party: str, way: str
) -> None:
    """Another number may be the same household's: that is not known, and both are told."""
    await settle_in(city)
    await city.meets(address=party)
    await city.hears(city.incident("B1", parties=[make_party()]))
    await city.tells()
    assert (await city.ways())["B1 101"] == way
    await city.sends()
    rows = await city.rows("select template from message where state = 'sent' order by template")
    told = ["incident_household"] * (2 if way == "message" else 1)
    assert [row.template for row in rows if row.template != "incident_visits"] == [*told, "incident_party"]


async def test_a_party_that_is_reached_by_nothing_does_not_stand_for_the_household(city: City) -> None:
    await settle_in(city)
    await city.meets(means=Means.NONE, address="19900000010")
    await city.hears(city.incident("B1", parties=[make_party()]))
    await city.tells()
    assert (await city.ways())["B1 101"] == "message"


async def test_a_household_whose_contact_was_forgotten_is_told_in_person(city: City) -> None:
    """As grid says it: a tombstone destroys the key, and behind it the household is said again."""
    await settle_in(city)
    await city.leaves("B1", "101", version=2)
    await city.lives("B1", "101", version=3)
    await city.hears(city.incident("B1"))
    await city.tells()
    assert (await city.ways())["B1 101"] == "visit"


async def test_a_household_that_is_there_no_more_is_not_told(city: City) -> None:
    await settle_in(city)
    await city.leaves("B1", "103", version=2)
    await city.hears(city.incident("B1"))
    await city.tells()
    assert "B1 103" not in await city.ways()


async def test_one_whose_contact_is_forgotten_between_two_parts_is_told_in_person(city: City) -> None:
    await settle_in(city)
    await city.hears(city.incident("B1"))
    await city.leaves("B1", "101", version=2)
    await city.tells()
    assert (await city.ways())["B1 101"] == "visit"


async def test_who_lived_in_a_building_that_was_merged_is_told_with_those_of_the_other(city: City) -> None:
    await settle_in(city)
    merged = {"version": 2, "state": PlaceState.MERGED, "merged_into": city.ids["B1"]}
    await city.lay_place("B2", "building", "A", **merged)
    await city.hears(city.incident("B1"))
    await city.tells()
    assert len(await city.ways()) == 6
    rows = await city.rows("select distinct placed_path from telling_household")
    assert [row.placed_path for row in rows] == [city.paths["B1"]]


async def test_a_place_that_has_not_come_yet_is_waited_for(city: City) -> None:
    event = city.incident("B1", place_ids=[city.ids["B1"], UUID(int=7)])
    with pytest.raises(NotYet):
        await city.hears(event)
    assert await city.rows("select telling from telling") == []


async def test_one_chief_of_two_buildings_has_one_task(city: City) -> None:
    await settle_in(city)
    await city.lay_place("B3", "building", "A")
    await city.fill("chief.one", Duty.BUILDING_CHIEF, "B3")
    await city.lives("B3", "201")
    await city.lives("B3", "202")
    await city.hears(city.incident("B1", "B3"))
    await city.tells()
    (task,) = (await city.tasks()).values()
    assert "请上门告知 3 户" in task
    assert "B1（1户）：103" in task
    assert "B3（2户）：201、202" in task


async def test_whom_the_case_complains_of_is_not_sent(city: City) -> None:
    await settle_in(city)
    await city.hears(city.incident("B1", barred=["chief.one"]))
    await city.tells()
    assert set(await city.tasks()) == {"zhao.peng"}


async def test_where_nobody_holds_any_post_the_households_stay_untold_and_are_counted(city: City) -> None:
    await settle_in(city)
    event = city.incident("B1", barred=["chief.one", "zhao.peng", "chen.jing"])
    await city.hears(event)
    await city.tells()
    await city.sends()
    assert await city.tasks() == {}
    (counts,) = await city.counts(event, city.clerk)
    assert (counts.to_be_visited, counts.untold, counts.told_by_message) == (1, 1, 2)


async def test_the_words_stay_sealed_once_everybodys_turn_has_come_for_whom_a_message_does_not_reach(
    city: City,
) -> None:
    await settle_in(city)
    await city.hears(city.incident("B1"))
    clock = city.roles["clock"]
    query = text("select words from telling")
    sealed_words = await clock.run_everywhere(lambda uow: uow.execute(query).scalar_one())
    assert sealed_words.startswith("v1.")
    await city.tells()
    assert await clock.run_everywhere(lambda uow: uow.execute(query).scalar_one()) == sealed_words


async def test_what_a_household_was_written_is_blanked_when_its_contact_is_forgotten(city: City) -> None:
    await settle_in(city)
    await city.hears(city.incident("B1"))
    await city.tells()
    await city.leaves("B1", "101", version=2)
    await city.sends()
    home = city.homes["B1 101"]
    (row,) = await city.rows(f"select state, body from message where recipient = '{home}'")
    assert (row.state, row.body) == ("erased", None)


async def test_a_finished_past_is_told_to_nobody(city: City) -> None:
    await settle_in(city)
    await city.hears(city.incident("B1", silent=True))
    assert await city.tells() == 0


# --- what staff see, and what chiefs enter


async def test_a_telling_is_counted_as_it_goes_on(city: City) -> None:
    await settle_in(city)
    event = city.incident("B1", "B2")
    await city.hears(event)
    assert await city.counts(event, city.clerk) == [TellingCounts(1, NOW, None, 6, 0, 0, 0, 0, 6)]
    await city.tells()
    assert await city.counts(event, city.clerk) == [TellingCounts(1, NOW, NOW, 6, 0, 0, 0, 2, 6)]
    await city.sends()
    assert await city.counts(event, city.clerk) == [TellingCounts(1, NOW, NOW, 6, 4, 0, 0, 2, 2)]
    chief = city.staff("chief.one", Duty.BUILDING_CHIEF, "B1")
    homes = [city.homes["B1 103"]]
    after = await city.as_(chief, lambda uow: read.record_visits(uow, event.case_id, 1, homes))
    assert after == TellingCounts(1, NOW, NOW, 3, 2, 0, 1, 0, 0)
    assert await city.counts(event, city.clerk) == [TellingCounts(1, NOW, NOW, 6, 4, 0, 1, 1, 1)]


async def test_a_message_that_failed_leaves_its_household_untold_until_somebody_went_there(city: City) -> None:
    await city.lives("B1", "101", address="19900000010")
    event = city.incident("B1")
    await city.hears(event)
    await city.tells()
    refuse = text("update message set state = 'failed', reason = 'refused', due_at = null")
    await city.roles["clock"].run_everywhere(lambda uow: uow.execute(refuse))
    (counts,) = await city.counts(event, city.clerk)
    assert (counts.told_by_message, counts.to_be_visited, counts.untold) == (0, 0, 1)
    homes = [city.homes["B1 101"]]
    after = await city.as_(city.clerk, lambda uow: read.record_visits(uow, event.case_id, 1, homes))
    assert (after.told_by_visit, after.untold) == (1, 0)


async def test_each_sees_the_households_of_their_own_place(city: City) -> None:
    await settle_in(city)
    event = city.incident("B1", "B2")
    await city.hears(event)
    await city.tells()
    await city.lay_place("X", "community")
    for place, households in (("C", 6), ("A", 6), ("B1", 3), ("B2", 3)):
        (counts,) = await city.counts(event, city.staff("x", Duty.AREA_CHIEF, place))
        assert counts.households == households
    assert await city.counts(event, city.staff("x", Duty.DISPATCHER, "X")) == []
    assert await city.counts(event, Person("nobody")) == []


async def test_the_households_are_listed_page_by_page_and_by_whether_they_are_told(city: City) -> None:
    await settle_in(city)
    event = city.incident("B1", "B2")
    await city.hears(event)
    await city.tells()
    await city.sends()

    async def listed(told: bool | None) -> list[Any]:
        seen: list[Any] = []
        cursor: str | None = None
        while cursor or not seen:
            page = Page(limit=2, of_list="households", ring=RING, cursor=cursor)
            sheet = await city.as_(city.clerk, partial(_listed, event, page=page, told=told))
            seen, cursor = seen + list(sheet.items), sheet.next
            if cursor is None:
                break
        return seen

    everybody = await listed(None)
    assert {row.household_id for row in everybody} == set(city.homes.values())
    assert len(everybody) == 6
    assert {(row.room, row.way, row.state) for row in await listed(told=False)} == {("103", Way.VISIT, None)}
    assert {(row.way, row.state) for row in await listed(told=True)} == {(Way.MESSAGE, "sent")}


async def test_visits_are_entered_several_at_once_and_the_first_of_each_counts(city: City) -> None:
    await settle_in(city)
    event = city.incident("B1", "B2")
    await city.hears(event)
    await city.tells()
    both = [city.homes["B1 103"], city.homes["B2 103"]]
    chief = city.staff("zhao.peng", Duty.AREA_CHIEF, "A")
    after = await city.as_(chief, lambda uow: read.record_visits(uow, event.case_id, 1, both))
    assert (after.told_by_visit, after.to_be_visited) == (2, 0)
    city.clock.move(timedelta(hours=1))
    await city.as_(city.clerk, lambda uow: read.record_visits(uow, event.case_id, 1, both))
    rows = await city.rows("select visited_by, visited_at from telling_household where way = 'visit'")
    assert {(row.visited_by, row.visited_at) for row in rows} == {("zhao.peng", NOW)}


async def test_a_household_that_is_none_of_the_tellings_is_named_and_nothing_is_entered(city: City) -> None:
    await settle_in(city)
    event = city.incident("B1", "B2")
    await city.hears(event)
    await city.tells()
    chief = city.staff("chief.one", Duty.BUILDING_CHIEF, "B1")
    for foreign in (uuid4(), city.homes["B2 103"]):
        asked = [city.homes["B1 103"], foreign]
        with pytest.raises(UnknownHousehold) as refused:
            await city.as_(chief, partial(_visited, event, asked))
        assert refused.value.field == "/household_ids/1"
    assert await city.rows("select 1 from telling_household where visited_at is not null") == []
    with pytest.raises(TellingNotFound):
        await city.as_(chief, lambda uow: read.record_visits(uow, event.case_id, 2, [city.homes["B1 103"]]))


async def test_who_holds_no_post_there_enters_no_visit(city: City) -> None:
    await settle_in(city)
    event = city.incident("B1")
    await city.hears(event)
    await city.tells()
    auditor = Person("audit.zhou", frozenset({AUDITOR}))
    with pytest.raises(NotYoursToVisit):
        await city.as_(auditor, lambda uow: read.record_visits(uow, event.case_id, 1, [city.homes["B1 103"]]))


async def test_what_is_told_moves_with_its_place(city: City) -> None:
    await settle_in(city)
    event = city.incident("B1")
    await city.hears(event)
    await city.lay_place("N", "community")
    await city.lay_place("B1", "building", version=2, path=f"{city.paths['N']}{city.ids['B1'].hex}/")
    (counts,) = await city.counts(event, city.staff("x", Duty.DISPATCHER, "N"))
    assert counts.households == 3


# --- rules


@dataclass(frozen=True)
class Seat:
    code: str
    path: str
    duty: Duty
    subject: str | None = "somebody"
    stand_in: bool = False


CHIEF, AREA, STATION = "/c/a/b/", "/c/a/", "/c/"
LINE = [
    (
        [
            Seat("1", STATION, Duty.DISPATCHER),
            Seat("2", AREA, Duty.AREA_CHIEF),
            Seat("3", CHIEF, Duty.BUILDING_CHIEF, "chief"),
        ],
        "3",
    ),
    (
        [
            Seat("1", STATION, Duty.DISPATCHER),
            Seat("2", AREA, Duty.AREA_CHIEF, "area"),
            Seat("3", CHIEF, Duty.BUILDING_CHIEF, None),
        ],
        "2",
    ),
    ([Seat("1", STATION, Duty.DISPATCHER), Seat("3", CHIEF, Duty.BUILDING_CHIEF, "complained.of")], "1"),
    (
        [
            Seat("3", CHIEF, Duty.BUILDING_CHIEF, "chief"),
            Seat("3", CHIEF, Duty.BUILDING_CHIEF, "stands.in", stand_in=True),
        ],
        "3",
    ),
    ([Seat("1", STATION, Duty.DISPATCHER, None)], None),
    ([], None),
]


@pytest.mark.parametrize("seats, code", LINE)
def test_who_goes_is_the_narrowest_who_is_there(seats: list[Seat], code: str | None) -> None:
    for listed in (seats, seats[::-1]):
        found = who_visits(listed, never=["complained.of"])
        assert (found.code if found else None) == code
        if found and len({seat.stand_in for seat in listed}) == 2:
            assert found.stand_in


@pytest.mark.parametrize(
    "reach, way",
    [
        (None, Way.VISIT),
        (Reach(means=Means.NONE), Way.VISIT),
        (Reach(means=Means.NONE, address="1"), Way.VISIT),
        (Reach(means=Means.SMS), Way.VISIT),
        (Reach(means=Means.SMS, address="1"), Way.MESSAGE),
        (Reach(means=Means.SMS, address="2"), Way.APPEAL),
        (Reach(means=Means.NONE, address="2"), Way.APPEAL),
    ],
)
def test_a_message_goes_where_it_arrives_and_somebody_goes_where_it_does_not(reach: Reach | None, way: Way) -> None:
    assert way_of(reach, told={"2"}) is way


def test_a_number_is_the_same_however_it_is_written() -> None:
    written = ("13900001111", "139 0000 1111", "+86 139-0000-1111", "１３９００００１１１１", "(139)00001111")
    assert {number_of(make_reach(address=number)) for number in written} == {"13900001111"}
    assert number_of(make_reach(address="13900001112")) != number_of(make_reach(address="13900001111"))
