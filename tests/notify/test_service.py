"""Telling and sending on a real database: once per step, person and template, whatever dies in between."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.envelope import Tombstone
from contracts.intake import Language, Means
from contracts.rating import PURPOSE, asked_by
from contracts.routing import (
    CaseAcceptedV1,
    CaseAnsweredV1,
    CaseAssignedV1,
    CaseClosedV1,
    CaseFact,
    CaseOpenedV1,
    Handler,
    Queue,
)
from contracts.topics import TOPICS
from kit.clock import DrivenClock
from kit.crypto import read_ticket, seal_for_transport
from kit.db import Database, UnitOfWork
from kit.errors import NotYet
from notify import repository
from notify.clock import Sender
from notify.consumers import handlers
from notify.domain.sending import FIRST_DELAY, LONGEST_DELAY, MOST_ATTEMPTS, Letter, Outcome, Result
from notify.errors import ContactUnreadable
from notify.providers import Provider
from notify.providers.sandbox import Sandbox
from notify.service import contacts, send
from notify.service.contacts import Change, reach_of
from notify.service.send import LEASE
from notify.service.tell import tell
from prometheus_client import REGISTRY
from sqlalchemy import text

from tests.notify.factories import (
    LI,
    NOW,
    OFFICE,
    WANG,
    contact_event,
    make_event,
    make_handler,
    make_party,
    make_party_with_code,
    make_reach,
    sealed,
)

CODE = "ABCD-EFGH-JKMN-P"


@dataclass
class Station:
    """notify with all its roles over one database, and a clock that the test drives."""

    consumer: Database
    sender_role: Database
    auditor: Database
    clock: DrivenClock
    providers: dict[Means, Provider] = field(default_factory=dict)

    async def meets(self, person_id: UUID = LI, *, version: int = 1, **overrides: Any) -> None:
        event = contact_event(person_id, **overrides)
        await self.consumer.run_everywhere(
            lambda uow: contacts.keep_contacts(
                uow, OFFICE, [Change(person_id, event.sealed, version)], topic=event.TOPIC
            )
        )

    async def forgets(self, person_id: UUID = LI, *, version: int = 9) -> None:
        await self.consumer.run_everywhere(
            lambda uow: contacts.erase_contact(uow, person_id, topic="intake.contact.v1", version=version)
        )

    async def hears(self, *events: CaseFact) -> None:
        await self.consumer.run_everywhere(lambda uow: tell(uow, OFFICE, events, traceparents=[None] * len(events)))

    async def sends(self) -> int:
        return await Sender(self.sender_role, OFFICE, self.providers).send_due()

    async def rows(self, query: str) -> list[Any]:
        return await self.auditor.run_everywhere(lambda uow: list(uow.execute(text(query))))

    async def states(self) -> list[str]:
        return [row.state for row in await self.rows("select state from message order by created_at, message_id")]


@pytest.fixture
async def station(async_database: Callable[..., Database]) -> Station:
    clock = DrivenClock(NOW)
    roles = {role: async_database("notify", role, clock=clock) for role in ("consumer", "clock", "auditor")}
    station = Station(roles["consumer"], roles["clock"], roles["auditor"], clock)
    station.providers[Means.SANDBOX] = Sandbox(station.sender_role, OFFICE.keys)
    return station


class Gateway:
    """A provider that the test plays: what it does is what ``answer`` says; it remembers whom it told."""

    at_once = 16

    def __init__(self, answer: Outcome, *, is_idempotent: bool = False, name: str = "gateway") -> None:
        self.answer = answer
        self.is_idempotent = is_idempotent
        self.name = name
        self.told: list[str] = []
        self.dies = False

    async def deliver(self, letters: Sequence[Letter]) -> Mapping[UUID, Outcome]:
        for letter in letters:
            if not self.is_idempotent or letter.key not in self.told:
                self.told.append(letter.key)
        if self.dies:
            raise Died
        return {letter.message_id: self.answer for letter in letters}

    async def close(self) -> None: ...


class Died(BaseException):
    """As ``kill -9``: nothing behind it runs in the code under test."""


ACCEPTED = Outcome(Result.ACCEPTED, ref="g1")


async def test_a_resident_reads_the_code_and_the_promise_in_their_language(station: Station) -> None:
    await station.meets(language=Language.ENGLISH)
    await station.hears(make_event(CaseAcceptedV1, parties=[make_party_with_code(CODE)]))
    assert await station.sends() == 1
    (row,) = await station.rows("select * from sandbox_message")
    said = OFFICE.keys.open(row.text, f"sandbox_message text {row.idempotency_key}").decode()
    assert said.startswith("Your appeal A7K2-9QXM-4 has been accepted.")
    assert f"https://city.example/progress/{CODE}" in said
    assert await station.states() == ["sent"]


async def test_what_is_due_together_is_told_in_the_order_of_the_cases_steps(station: Station) -> None:
    await station.meets()
    case_id = uuid4()
    steps: list[tuple[int, type[CaseFact]]] = [(5, CaseClosedV1), (4, CaseAnsweredV1), (2, CaseAcceptedV1)]
    for version, kind in steps:
        await station.hears(make_event(kind, case_id=case_id, version=version, parties=[make_party()]))
    await station.sends()
    rows = await station.rows(
        "select m.case_version from sandbox_message s join message m using (message_id) order by sandbox_id"
    )
    assert [row.case_version for row in rows] == [2, 4, 5]


async def test_the_same_step_again_owes_nothing_more(station: Station) -> None:
    await station.meets()
    event = make_event(CaseClosedV1, handler=make_handler("wang.min"))
    await station.hears(event)
    await station.hears(event)
    await station.sends()
    await station.hears(event, event)
    (counts,) = await station.rows(
        "select (select count(*) from message) as messages, (select count(*) from inbox_item) as items,"
        " (select count(*) from sandbox_message) as told"
    )
    assert tuple(counts) == (2, 1, 1)


async def test_the_same_notice_of_a_later_step_is_another(station: Station) -> None:
    case_id = uuid4()
    await station.hears(*[make_event(CaseAssignedV1, case_id=case_id, version=version) for version in (3, 5)])
    assert len(await station.states()) == 2


async def test_a_contact_that_has_not_come_is_waited_for_and_nothing_is_half_told(station: Station) -> None:
    await station.meets(WANG)
    event = make_event(CaseClosedV1, parties=[make_party(WANG), make_party(LI)])
    with pytest.raises(NotYet) as waits:
        await station.hears(event)
    assert (waits.value.topic, waits.value.key) == ("intake.contact.v1", str(LI))
    assert await station.states() == []
    await station.meets(LI)
    await station.hears(event)
    assert len(await station.states()) == 3


async def test_staff_without_a_contact_have_their_inbox(station: Station) -> None:
    waiting = make_event(CaseOpenedV1, queue=Queue.UNPLACED, dispatcher=make_handler("zhao.jun", contact_id=uuid4()))
    await station.hears(waiting)
    (item,) = await station.rows("select * from inbox_item")
    assert (item.subject, item.title, item.read_at) == ("zhao.jun", "待派单：C7K2-9QXM-4", None)
    (message,) = await station.rows("select state, means, provider, body from message")
    assert tuple(message) == ("sent", "inbox", "inbox", None)


async def test_staff_who_chose_a_message_besides_get_both_from_one_notice(station: Station) -> None:
    contact_id = uuid4()
    handler = Handler(post_id=uuid4(), title="片长", subject="wang.min", contact_id=contact_id)
    await station.consumer.run_everywhere(
        lambda uow: contacts.keep_contacts(
            uow,
            OFFICE,
            [Change(contact_id, sealed(make_reach(address="sandbox:wang"), contact_id), 1, "wang.min")],
            topic="grid.contact.v1",
        )
    )
    await station.hears(make_event(CaseAssignedV1, handler=handler))
    await station.sends()
    (counts,) = await station.rows(
        "select (select count(*) from message where state = 'sent') as sent,"
        " (select count(*) from inbox_item) as items, (select count(*) from sandbox_message) as told"
    )
    assert tuple(counts) == (1, 1, 1)


async def test_who_wants_no_answer_is_on_record_and_not_called(station: Station) -> None:
    await station.meets(means=Means.NONE, address=None)
    await station.hears(make_event(CaseAnsweredV1))
    assert await station.states() == ["none_wanted"]
    assert await station.sends() == 0


async def test_who_is_asked_of_an_answer_reads_a_link_that_opens_that_and_nothing_else(station: Station) -> None:
    await station.meets(language=Language.ENGLISH)
    party = make_party_with_code(CODE).model_copy(update={"answer": 2})
    await station.hears(make_event(CaseAnsweredV1, parties=[party], rate_by=NOW))
    await station.sends()
    (row,) = await station.rows("select * from sandbox_message")
    said = OFFICE.keys.open(row.text, f"sandbox_message text {row.idempotency_key}").decode()
    ticket = said.partition("https://city.example/ratings/")[2].partition("?lang=en ")[0]
    assert asked_by(read_ticket(OFFICE.transport, PURPOSE, ticket)) == (party.appeal_id, 2)
    assert await withheld(station) == []


@pytest.mark.parametrize("appeals", [2, 7, 9])
async def test_who_has_several_appeals_in_a_case_reads_the_answer_once_and_a_link_for_each(
    station: Station, appeals: int
) -> None:
    """Beside its number, and none is cut, however long the answer is; there are no more than seven."""
    await station.meets()
    numbers = [f"A7K2-9QXM-{n}" for n in range(appeals)]
    made = (make_party_with_code(CODE), *(make_party() for _ in numbers[1:]))
    first, *others = (
        party.model_copy(update={"appeal_number": number, "answer": 1})
        for party, number in zip(made, numbers, strict=True)
    )
    event = make_event(CaseAnsweredV1, parties=[first, *others], rate_by=NOW, answer="已修好。" * 300)
    await station.hears(event)
    await station.sends()
    (row,) = await station.rows("select * from sandbox_message")
    said = OFFICE.keys.open(row.text, f"sandbox_message text {row.idempotency_key}").decode()
    links = re.findall(r"(A7K2-9QXM-\d)：https://city.example/ratings/(\S+?)[；\s]", said)
    asked = {number: asked_by(read_ticket(OFFICE.transport, PURPOSE, ticket)) for number, ticket in links}
    assert asked == {party.appeal_number: (party.appeal_id, 1) for party in (first, *others)[:7]}
    assert f"{numbers[0]} 等{appeals}件" in said
    assert said.count("已修好。已修好。") <= 150
    assert said.endswith(CODE), "the way to its progress is whole too"


async def test_who_is_asked_of_nothing_reads_no_link(station: Station) -> None:
    await station.meets()
    await station.hears(make_event(CaseAnsweredV1, parties=[make_party_with_code(CODE)]))
    await station.sends()
    (row,) = await station.rows("select * from sandbox_message")
    assert "ratings" not in OFFICE.keys.open(row.text, f"sandbox_message text {row.idempotency_key}").decode()


async def test_that_an_asking_reaches_nobody_is_said_once(station: Station) -> None:
    await station.meets(means=Means.NONE, address=None)
    asked = make_event(CaseAnsweredV1, parties=[make_party().model_copy(update={"answer": 1})])
    await station.hears(asked, make_event(CaseClosedV1), make_event(CaseAnsweredV1))
    await station.hears(asked)
    (event,) = await withheld(station)
    assert (event["case_id"], event["appeal_id"]) == (str(asked.case_id), str(asked.parties[0].appeal_id))
    assert (event["template"], event["version"]) == ("case_answered", 1)


async def test_who_wants_no_message_any_more_when_it_is_sent_is_said_too(station: Station) -> None:
    await station.meets()
    await station.hears(make_event(CaseAnsweredV1, parties=[make_party().model_copy(update={"answer": 1})]))
    await station.meets(means=Means.NONE, address=None, version=2)
    await station.sends()
    assert await station.states() == ["none_wanted"]
    assert [event["template"] for event in await withheld(station)] == ["case_answered"]


async def withheld(station: Station) -> list[Any]:
    rows = await station.rows("select body from event_log where type = 'notify.message.withheld.v1'")
    return [json.loads(row.body) for row in rows]


async def test_a_code_that_does_not_open_names_the_key_to_check(station: Station) -> None:
    await station.meets()
    party = make_party_with_code(CODE)
    moved = party.model_copy(update={"query_code": seal_for_transport(OFFICE.transport, CODE, key=uuid4())})
    with pytest.raises(ContactUnreadable, match="NOTIFY_TRANSPORT_KEYS"):
        await station.hears(make_event(CaseAnsweredV1, parties=[moved]))


# --- contacts


async def test_an_older_contact_does_not_replace_a_newer(station: Station) -> None:
    await station.meets(address="sandbox:new", version=5)
    await station.meets(address="sandbox:old", version=4)
    await station.hears(make_event(CaseAnsweredV1))
    await station.sends()
    assert await address_told(station) == ["sandbox:new"]


async def test_a_message_goes_to_where_its_reader_is_reached_when_it_is_sent(station: Station) -> None:
    await station.meets(address="sandbox:old")
    await station.hears(make_event(CaseAnsweredV1))
    await station.meets(address="sandbox:new", version=2)
    await station.sends()
    assert await address_told(station) == ["sandbox:new"]


async def address_told(station: Station) -> list[str]:
    rows = await station.rows("select * from sandbox_message")
    keys = OFFICE.keys
    return [keys.open(row.address, f"sandbox_message address {row.idempotency_key}").decode() for row in rows]


async def test_erasing_destroys_the_key_and_what_is_unsent_is_not_sent(station: Station) -> None:
    await station.meets()
    await station.hears(make_event(CaseAcceptedV1))
    await station.sends()
    await station.hears(make_event(CaseAnsweredV1))
    await station.forgets()
    assert await station.sends() == 0
    assert sorted(await station.states()) == ["erased", "sent"]
    assert await station.rows("select 1 from message where body is not null or sent_to is not null") == []
    assert await station.rows("select 1 from sandbox_message where text is not null or address is not null") == []
    stored = await station.consumer.run_everywhere(
        lambda uow: uow.execute(text("select wrapped_key, reach from contact")).one()
    )
    assert tuple(stored) == (None, None)


async def test_a_step_after_erasure_is_on_record_and_tells_nobody(station: Station) -> None:
    await station.forgets()
    await station.hears(make_event(CaseAnsweredV1))
    assert await station.states() == ["erased"]


async def test_a_contact_from_before_its_erasure_does_not_come_back(station: Station) -> None:
    await station.forgets(version=9)
    await station.meets(version=8)
    await station.hears(make_event(CaseAnsweredV1))
    assert await station.states() == ["erased"]


async def test_nothing_about_a_person_is_readable_in_the_tables(station: Station) -> None:
    await station.meets(address="+8613800000000", name="李平平")
    await station.hears(make_event(CaseAnsweredV1, answer="李平平家的水管修好了", parties=[make_party_with_code(CODE)]))
    await station.sends()
    for table in ("contact", "message", "sandbox_message", "inbox_item"):
        reader = station.consumer if table == "contact" else station.auditor
        rows = await reader.run_everywhere(partial(dump, table=table))
        for secret in ("13800000000", "李平平", "水管", CODE):
            assert secret not in rows, f"{secret} stands in {table}"


def dump(uow: UnitOfWork, *, table: str) -> str:
    return str(list(uow.execute(text(f"select * from {table}"))))


# --- crashes of the sender


async def test_dying_before_the_call_tells_once_after_the_lease(station: Station) -> None:
    await station.meets()
    await station.hears(make_event(CaseAnsweredV1))
    await die(station, before_call=True)
    assert await station.sends() == 0, "the lease holds"
    station.clock.move(LEASE)
    assert await station.sends() == 1
    assert (await station.states(), len(await address_told(station))) == (["sent"], 1)


async def test_dying_between_the_answer_and_the_commit_tells_once_where_the_provider_knows_keys(
    station: Station,
) -> None:
    await station.meets()
    await station.hears(make_event(CaseAnsweredV1))
    await die(station, before_call=False)
    assert (await station.states(), len(await address_told(station))) == (["sending"], 1)
    station.clock.move(LEASE)
    assert await station.sends() == 1
    assert (await station.states(), len(await address_told(station))) == (["sent"], 1)


async def test_what_becomes_of_notices_is_counted_and_how_long_they_were_owed(station: Station) -> None:
    def counted() -> list[float]:
        states = [("baiyang_notices_total", {"state": state}) for state in ("sent", "queued", "failed")]
        of_states = [REGISTRY.get_sample_value(name, labels) or 0 for name, labels in states]
        delay = [f"baiyang_notice_delay_seconds_{what}" for what in ("count", "sum")]
        return [*of_states, *(REGISTRY.get_sample_value(name) or 0 for name in delay)]

    station.providers[Means.SMS] = Gateway(Outcome(Result.DEFERRED), is_idempotent=True)
    await station.meets(means=Means.SMS, address="+861")
    await station.meets(WANG)
    del station.providers[Means.SANDBOX]
    await station.hears(make_event(CaseAnsweredV1), make_event(CaseAnsweredV1, parties=[make_party(WANG)]))
    before = counted()
    await station.sends()
    station.clock.move(timedelta(minutes=10))
    assert await station.sender_role.run_everywhere(send.find_due) == (1, timedelta(minutes=10) - FIRST_DELAY)
    station.providers[Means.SMS] = Gateway(ACCEPTED)
    await station.sends()
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [1, 1, 1, 1, 600]
    assert await station.sender_role.run_everywhere(send.find_due) == (0, timedelta())


async def die(station: Station, *, before_call: bool) -> None:
    sandbox = station.providers[Means.SANDBOX]

    class Dying:
        name, is_idempotent, at_once = "sandbox", True, 100

        async def deliver(self, letters: Sequence[Letter]) -> Mapping[UUID, Outcome]:
            if not before_call:
                await sandbox.deliver(letters)
            raise Died

        async def close(self) -> None: ...

    with pytest.raises(Died):
        await Sender(station.sender_role, OFFICE, {Means.SANDBOX: Dying()}).send_due()


async def test_dying_in_a_call_without_keys_leaves_it_unknown_and_never_calls_again(station: Station) -> None:
    gateway = Gateway(ACCEPTED)
    station.providers[Means.SMS] = gateway
    await station.meets(means=Means.SMS, address="+861")
    await station.hears(make_event(CaseAnsweredV1))
    gateway.dies = True
    with pytest.raises(Died):
        await station.sends()
    gateway.dies = False
    for _ in range(3):
        station.clock.move(LEASE)
        await station.sends()
    assert (await station.states(), len(gateway.told)) == (["unknown"], 1)
    (row,) = await station.rows("select reason from message")
    assert row.reason == "sender_died"


async def test_dying_before_a_call_without_keys_still_sends(station: Station) -> None:
    """The row says whether the provider was called: what was only claimed is not given up."""
    gateway = Gateway(ACCEPTED)
    station.providers[Means.SMS] = gateway
    await station.meets(means=Means.SMS, address="+861")
    await station.hears(make_event(CaseAnsweredV1))
    sender = Sender(station.sender_role, OFFICE, station.providers)

    async def dies(_: object) -> list[Any]:
        raise Died

    sender._still_ours = dies  # type: ignore[method-assign, assignment]
    with pytest.raises(Died):
        await sender.send_due()
    station.clock.move(LEASE)
    await station.sends()
    assert (await station.states(), len(gateway.told)) == (["sent"], 1)


async def test_a_sender_that_stood_still_past_its_lease_calls_nobody(station: Station) -> None:
    gateway = Gateway(ACCEPTED)
    station.providers[Means.SMS] = gateway
    await station.meets(means=Means.SMS, address="+861")
    await station.hears(make_event(CaseAnsweredV1))
    stood_still = Sender(station.sender_role, OFFICE, station.providers)
    ask = stood_still._still_ours

    async def stands(sendings: list[Any]) -> list[Any]:
        station.clock.move(LEASE)
        assert await station.sends() == 1, "another sender takes it up"
        return await ask(sendings)

    stood_still._still_ours = stands  # type: ignore[method-assign]
    await stood_still.send_due()
    assert (await station.states(), len(gateway.told)) == (["sent"], 1)


async def test_what_another_sender_holds_by_now_is_not_called_by_the_one_before(station: Station) -> None:
    gateway = Gateway(ACCEPTED)
    station.providers[Means.SMS] = gateway
    await station.meets(means=Means.SMS, address="+861")
    await station.hears(make_event(CaseAnsweredV1))
    first, second = (Sender(station.sender_role, OFFICE, station.providers) for _ in range(2))
    ask_first, ask_second = first._still_ours, second._still_ours
    held_by_first: list[Any] = []

    async def stands_still(sendings: list[Any]) -> list[Any]:
        held_by_first.extend(sendings)
        station.clock.move(LEASE)
        await second.send_due()
        return await ask_first(sendings)

    async def meets_the_first(sendings: list[Any]) -> list[Any]:
        assert await ask_first(held_by_first) == [], "the second has claimed it since"
        return await ask_second(sendings)

    first._still_ours = stands_still  # type: ignore[method-assign]
    second._still_ours = meets_the_first  # type: ignore[method-assign]
    await first.send_due()
    assert (await station.states(), len(gateway.told)) == (["sent"], 1)


async def test_a_late_answer_settles_what_was_given_up_as_unknown(station: Station) -> None:
    class Slow(Gateway):
        async def deliver(self, letters: Sequence[Letter]) -> Mapping[UUID, Outcome]:
            answers = await super().deliver(letters)
            if len(self.told) == 1:
                station.clock.move(LEASE)
                await station.sends()
                assert await station.states() == ["unknown"]
            return answers

    gateway = Slow(ACCEPTED)
    station.providers[Means.SMS] = gateway
    await station.meets(means=Means.SMS, address="+861")
    await station.hears(make_event(CaseAnsweredV1))
    await station.sends()
    assert (await station.states(), len(gateway.told)) == (["sent"], 1)


async def test_two_senders_at_once_share_the_work(station: Station) -> None:
    import asyncio

    await station.meets()
    await station.hears(*[make_event(CaseAnsweredV1) for _ in range(150)])
    taken = await asyncio.gather(*[station.sends() for _ in range(3)])
    assert sum(taken) + await station.sends() == 150
    assert set(await station.states()) == {"sent"}
    assert len(await address_told(station)) == 150


# --- retries and giving up


async def test_a_provider_that_is_away_is_tried_again_later_and_later(station: Station) -> None:
    gateway = Gateway(Outcome(Result.DEFERRED, "no_connection"))
    station.providers[Means.SMS] = gateway
    await station.meets(means=Means.SMS, address="+861")
    await station.hears(make_event(CaseAnsweredV1))
    waits = []
    for _ in range(4):
        await station.sends()
        (row,) = await station.rows("select due_at, state, reason from message")
        assert (row.state, row.reason) == ("queued", "no_connection")
        waits.append((row.due_at - station.clock.now()).total_seconds())
        station.clock.set(row.due_at - timedelta(microseconds=1))
        assert await station.sends() == 0
        station.clock.set(row.due_at)
    assert waits == [10, 30, 90, 270]
    gateway.answer = ACCEPTED
    await station.sends()
    assert await station.states() == ["sent"]


async def test_what_cannot_be_sent_is_given_up_and_said_once(station: Station) -> None:
    station.providers[Means.SMS] = Gateway(Outcome(Result.DEFERRED, "http_503"))
    await station.meets(means=Means.SMS, address="+861")
    event = make_event(CaseAnsweredV1)
    await station.hears(event)
    for _ in range(MOST_ATTEMPTS + 3):
        await station.sends()
        station.clock.move(LONGEST_DELAY)
    assert await station.states() == ["failed"]
    (said,) = await station.rows("select type, key, body::jsonb as body from event_log")
    (message,) = await station.rows("select message_id, version from message")
    assert (said.type, said.key) == ("notify.message.failed.v1", str(message.message_id))
    assert said.body["reason"] == "http_503"
    assert said.body["appeal_id"] == str(event.parties[0].appeal_id)
    assert said.body["version"] == message.version


async def test_a_means_that_no_provider_serves_fails_at_once_and_is_seen(station: Station) -> None:
    await station.meets(means=Means.SMS, address="+861")
    await station.hears(make_event(CaseAnsweredV1))
    await station.sends()
    (row,) = await station.rows("select state, reason from message")
    assert tuple(row) == ("failed", "no_provider")
    assert len(await station.rows("select 1 from event_log")) == 1


async def test_a_reader_without_an_address_fails_and_says_so(station: Station) -> None:
    await station.meets(address=None)
    await station.hears(make_event(CaseAnsweredV1))
    await station.sends()
    (row,) = await station.rows("select state, reason from message")
    assert tuple(row) == ("failed", "no_address")


# --- the doors of events


async def test_of_one_person_s_contacts_in_a_set_the_latest_is_kept(station: Station) -> None:
    first, last = (contact_event(LI, address=address) for address in ("sandbox:old", "sandbox:new"))
    told = [Change(LI, last.sealed, 2), Change(LI, first.sealed, 1)]
    await station.consumer.run_everywhere(lambda uow: contacts.keep_contacts(uow, OFFICE, told, topic=first.TOPIC))
    assert [tuple(row) for row in await station.rows("select contact_id, version from contact")] == [(LI, 2)]
    held = await station.consumer.run_everywhere(lambda uow: repository.list_contacts(uow, [LI])[LI])
    assert reach_of(OFFICE, held)[1].address == "sandbox:new"


async def test_the_handlers_keep_contacts_tell_and_erase(station: Station) -> None:
    by_type: dict[Any, Callable[..., None]] = {}
    for handler in handlers(OFFICE):
        for mark in handler.__consumes__:  # type: ignore[attr-defined]
            by_type[mark.topic, mark.type] = handler

    async def run(topic: str, type_: str | None, *args: Any, **kwargs: Any) -> None:
        await station.consumer.run_everywhere(lambda uow: by_type[topic, type_](uow, *args, **kwargs))

    contact = contact_event()
    await run(contact.TOPIC, contact.TYPE, [contact], versions=[1])
    step = make_event(CaseAnsweredV1)
    await run(step.TOPIC, step.TYPE, [step])
    grave = Tombstone(topic=contact.TOPIC, type=contact.TYPE, key=str(LI), version=2)
    await run(contact.TOPIC, None, grave, version=2)
    assert await station.states() == ["erased"]
    said = {event.TYPE for event in TOPICS["routing.case.v1"].events}
    assert {type_ for topic, type_ in by_type if topic == "routing.case.v1"} == said
