"""The API over ASGI: each route with a signed-in person, a real database and the api role."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from contracts.intake import Means
from contracts.routing import CaseAnsweredV1, CaseAssignedV1, CaseClosedV1
from kit.auth import AUDITOR, OPERATOR, Post
from kit.clock import DrivenClock
from kit.crypto import new_key, seal_for_transport
from kit.db import Database
from kit.numbers import new_number
from kit.testing.tokens import Identity, People, make_person
from notify.app import make_app, office_of, providers_of
from notify.clock import Sender
from notify.service import contacts
from notify.service.contacts import Change
from notify.service.tell import tell
from notify.settings import Settings
from pydantic import SecretStr

from tests.conftest import AsyncDatabase
from tests.notify import factories
from tests.notify.factories import LI, NOW, make_event, make_handler

HERE, THERE = f"/{uuid4().hex}/", f"/{uuid4().hex}/"


def held(duty: str, path: str) -> Post:
    return Post(uuid4(), duty, duty, uuid4(), path)


PEOPLE = People(
    make_person("wang.min", held("window_clerk", HERE)),
    make_person("dispatcher", held("dispatcher", HERE)),
    make_person("li.na", held("dispatcher", THERE)),
)


@pytest.fixture(scope="module")
def identity() -> Iterator[Identity]:
    with Identity().serving() as identity:
        yield identity


@dataclass
class Desk:
    client: httpx2.AsyncClient
    identity: Identity
    settings: Settings
    roles: dict[str, Database]

    async def get(self, path: str, who: str, *roles: str, **params: Any) -> httpx2.Response:
        return await self.client.get(path, headers=self.identity.headers(who, *roles), params=params)

    async def post(self, path: str, who: str, *roles: str) -> httpx2.Response:
        return await self.client.post(path, headers=self.identity.headers(who, *roles))

    async def items(self, path: str, who: str, *roles: str, **params: Any) -> list[dict[str, Any]]:
        response = await self.get(path, who, *roles, **params)
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["items"]
        return found

    async def hears(self, *events: Any, means: Means = Means.SANDBOX) -> None:
        office = office_of(self.settings)
        sealed = seal_for_transport(
            office.transport, factories.make_reach(means=means, address="sandbox:li <b>"), key=LI
        )

        def work(uow: Any) -> None:
            contacts.keep_contacts(uow, office, [Change(LI, sealed, 1)], topic="intake.contact.v1")
            tell(uow, office, events, traceparents=[None] * len(events))

        await self.roles["consumer"].run_everywhere(work)
        clock = self.roles["clock"]
        await Sender(clock, office, providers_of(self.settings, clock)).send_due()


@pytest.fixture
async def desk(async_database: AsyncDatabase, identity: Identity) -> AsyncIterator[Desk]:
    async for desk in open_desk(async_database, identity, sandbox=True):
        yield desk


async def open_desk(async_database: AsyncDatabase, identity: Identity, *, sandbox: bool) -> AsyncIterator[Desk]:
    clock = DrivenClock(NOW)
    roles = {role: async_database("notify", role, clock=clock) for role in ("api", "consumer", "clock")}
    settings = Settings(
        database_url="postgresql+asyncpg://{role}@unused/notify",
        service_keys=SecretStr(new_key("k1")),
        transport_keys=SecretStr(new_key("t1")),
        oidc_issuer=identity.issuer,
        oidc_jwks_url=identity.jwks_url,
        sandbox=sandbox,
    )
    app = make_app(settings, roles["api"], people=PEOPLE)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://notify.test/notify/v1") as client:
        yield Desk(client, identity, settings, roles)


def assigned(subject: str = "wang.min", **overrides: Any) -> CaseAssignedV1:
    event = make_event(CaseAssignedV1, handler=make_handler(subject), placed_path=HERE, **overrides)
    assert isinstance(event, CaseAssignedV1)
    return event


async def test_an_inbox_is_read_unread_first_page_by_page(desk: Desk) -> None:
    await desk.hears(*[assigned(number=f"C{n}") for n in range(5)], assigned("li.na"))
    first = (await desk.items("/inbox", "wang.min"))[0]
    read = await desk.post(f"/inbox/{first['item_id']}/readings", "wang.min")
    assert read.status_code == 201
    assert read.json()["read_at"] is not None
    seen: list[dict[str, Any]] = []
    cursor: str | None = None
    while cursor or not seen:
        page = (await desk.get("/inbox", "wang.min", limit=2, **({"cursor": cursor} if cursor else {}))).json()
        seen += page["items"]
        cursor = page["next"]
    assert len({item["item_id"] for item in seen}) == 5
    assert [item["read_at"] is None for item in seen] == [True, True, True, True, False]
    assert seen[-1]["item_id"] == first["item_id"]


async def test_reading_twice_keeps_the_first_reading(desk: Desk) -> None:
    await desk.hears(assigned())
    (item,) = await desk.items("/inbox", "wang.min")
    first = (await desk.post(f"/inbox/{item['item_id']}/readings", "wang.min")).json()
    assert (await desk.post(f"/inbox/{item['item_id']}/readings", "wang.min")).json() == first


async def test_nobody_reads_anothers_inbox(desk: Desk) -> None:
    await desk.hears(assigned())
    (item,) = await desk.items("/inbox", "wang.min")
    response = await desk.post(f"/inbox/{item['item_id']}/readings", "li.na")
    assert (response.status_code, response.json()["code"]) == (404, "inbox_item_not_found")
    assert await desk.items("/inbox", "li.na") == []
    assert await desk.items("/inbox", "audit", AUDITOR) == []
    assert (await desk.items("/inbox", "wang.min"))[0]["read_at"] is None


async def test_a_cases_messages_are_for_its_place_and_hold_no_words_or_address(desk: Desk) -> None:
    closed = make_event(CaseClosedV1, placed_path=HERE)
    await desk.hears(closed)
    case = str(closed.case_id)
    told = await desk.items("/messages", "wang.min", case=case)
    assert {(m["template"], m["state"]) for m in told} == {("case_closed", "sent"), ("case_closed_staff", "sent")}
    assert "sandbox:li" not in str(told)
    assert await desk.items("/messages", "li.na", case=case) == []
    assert len(await desk.items("/messages", "audit", AUDITOR, case=case)) == 2
    assert len(await desk.items("/messages", "wang.min", case=case, limit=1)) == 1


async def test_a_case_is_named_by_its_number_however_that_is_typed(desk: Desk) -> None:
    number = new_number("C")
    closed = make_event(CaseClosedV1, placed_path=HERE, number=number)
    await desk.hears(closed)
    by_id = await desk.items("/messages", "wang.min", case=str(closed.case_id))
    typed = number.lower().replace("-", " ")
    assert await desk.items("/messages", "wang.min", case=typed) == by_id != []
    assert await desk.items("/messages", "li.na", case=typed) == [], "another place's"
    assert await desk.items("/messages", "wang.min", case=new_number("C")) == []
    response = await desk.get("/messages", "wang.min", case=number[:-1])
    assert (response.status_code, response.json()["code"]) == (422, "mistyped")
    assert response.json()["errors"][0]["pointer"] == "/case"
    response = await desk.get("/messages", "wang.min", case=new_number("A"))
    assert (response.status_code, response.json()["code"]) == (422, "not_a_case")
    assert response.json()["errors"][0]["pointer"] == "/case"
    assert (await desk.get(f"/cases/{typed}/tellings", "wang.min")).json() == {"items": []}
    response = await desk.get(f"/cases/{typed}/tellings/1/households", "wang.min")
    assert (response.status_code, response.json()["code"]) == (404, "telling_not_found")


async def test_without_a_token_nothing_is_told(desk: Desk) -> None:
    for path in ("/inbox", "/messages/troubled", f"/messages?case={uuid4()}"):
        assert (await desk.client.get(path)).status_code == 401


async def test_a_case_must_be_named(desk: Desk) -> None:
    response = await desk.get("/messages", "wang.min")
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/case")


async def test_a_cursor_of_another_list_is_refused(desk: Desk) -> None:
    await desk.hears(*[assigned(number=f"C{n}") for n in range(3)])
    cursor = (await desk.get("/inbox", "wang.min", limit=1)).json()["next"]
    response = await desk.get("/messages/troubled", "wang.min", cursor=cursor)
    assert (response.status_code, response.json()["code"]) == (422, "foreign_cursor")


async def failed_message(desk: Desk) -> str:
    """One to a resident without an address."""
    office = office_of(desk.settings)
    sealed = seal_for_transport(office.transport, factories.make_reach(address=None), key=LI)

    def work(uow: Any) -> None:
        contacts.keep_contacts(uow, office, [Change(LI, sealed, 1)], topic="intake.contact.v1")
        tell(uow, office, [make_event(CaseAnsweredV1, placed_path=HERE)], traceparents=[None])

    await desk.roles["consumer"].run_everywhere(work)
    clock = desk.roles["clock"]
    await Sender(clock, office, providers_of(desk.settings, clock)).send_due()
    (message,) = await desk.items("/messages/troubled", "operator", OPERATOR)
    assert (message["state"], message["reason"]) == ("failed", "no_address")
    return str(message["message_id"])


async def test_what_failed_is_listed_where_somebody_answers_for_it(desk: Desk) -> None:
    message_id = await failed_message(desk)
    for who, roles, seen in (
        ("operator", [OPERATOR], [message_id]),
        ("audit", [AUDITOR], [message_id]),
        ("dispatcher", [], [message_id]),
        ("wang.min", [], [message_id]),
        ("li.na", [], []),
        ("nobody", [], []),
    ):
        assert [m["message_id"] for m in await desk.items("/messages/troubled", who, *roles)] == seen, who


@pytest.mark.parametrize(
    "who, roles, status",
    [
        ("operator", [OPERATOR], 201),
        ("dispatcher", [], 201),
        ("wang.min", [], 403),
        ("li.na", [], 404),
        ("nobody", [], 404),
        ("audit", [AUDITOR], 403),
    ],
)
async def test_sending_again_is_for_who_answers_for_it(desk: Desk, who: str, roles: list[str], status: int) -> None:
    message_id = await failed_message(desk)
    response = await desk.post(f"/messages/{message_id}/retries", who, *roles)
    assert response.status_code == status, response.text
    if status == 201:
        assert response.json() == {"message_id": message_id, "state": "queued"}
        again = await desk.post(f"/messages/{message_id}/retries", who, *roles)
        assert (again.status_code, again.json()["code"]) == (409, "message_not_retryable")


async def test_a_corrected_contact_and_a_retry_reach_the_resident(desk: Desk) -> None:
    message_id = await failed_message(desk)
    await desk.post(f"/messages/{message_id}/retries", "operator", OPERATOR)
    await desk.hears()
    assert await desk.items("/messages/troubled", "operator", OPERATOR) == []
    assert "已有答复" in (await desk.client.get("/sandbox")).text


async def test_a_message_that_does_not_exist_cannot_be_sent_again(desk: Desk) -> None:
    response = await desk.post(f"/messages/{UUID(int=1)}/retries", "operator", OPERATOR)
    assert (response.status_code, response.json()["code"]) == (404, "message_not_found")


async def test_the_sandbox_page_shows_messages_escaped_and_page_by_page(desk: Desk) -> None:
    empty = await desk.client.get("/sandbox")
    assert "还没有短信" in empty.text
    await desk.hears(*[make_event(CaseAnsweredV1, answer="<script>alert(1)</script>") for _ in range(60)])
    page = await desk.client.get("/sandbox")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script>" not in page.text
    assert page.text.count("<li>") == 50
    assert "sandbox:li &lt;b&gt;" in page.text
    older = page.text.split('href="?before=')[1].split('"')[0]
    assert (await desk.client.get("/sandbox", params={"before": older})).text.count("<li>") == 10


async def test_without_the_setting_there_is_no_sandbox_page(
    async_database: Callable[..., Database], identity: Identity
) -> None:
    async for desk in open_desk(async_database, identity, sandbox=False):
        assert (await desk.client.get("/sandbox")).status_code == 404
        assert providers_of(desk.settings, desk.roles["clock"]) == {}


async def test_every_answer_of_the_api_is_documented(desk: Desk) -> None:
    document = (await desk.client.get("http://notify.test/openapi.json")).json()
    assert set(document["paths"]) == {
        "/notify/v1/inbox",
        "/notify/v1/inbox/{item_id}/readings",
        "/notify/v1/messages",
        "/notify/v1/messages/troubled",
        "/notify/v1/messages/{message_id}/retries",
        "/notify/v1/cases/{case_id}/tellings",
        "/notify/v1/cases/{case_id}/tellings/{telling}/households",
        "/notify/v1/cases/{case_id}/tellings/{telling}/visits",
    }
