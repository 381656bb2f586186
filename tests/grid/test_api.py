"""The API over ASGI: real tokens, a real database, the api role. What is refused changes nothing."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from grid.app import create_app
from grid.settings import Settings
from kit.clock import DrivenClock
from kit.crypto import new_key
from kit.db import Database
from kit.testing.servers import NOW
from kit.testing.tokens import Identity
from pydantic import SecretStr
from sqlalchemy import text

from tests.conftest import AsyncDatabase

GRID = "/grid/v1"
FILE = "code,name,tier,parent\nC,海澜市,city,\nD,海州区,district,C\nM,白杨社区,community,D\nN,石桥社区,community,D\n"
CSV = {"Content-Type": "text/csv"}


@pytest.fixture(scope="module")
def identity() -> Iterator[Identity]:
    with Identity().serving() as identity:
        yield identity


@dataclass
class Desk:
    http: httpx2.AsyncClient
    identity: Identity
    database: Database

    async def ask(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        roles = [who] if who in ("operator", "auditor") else []
        signed = {**self.identity.headers(who, *roles), **headers}
        if isinstance(body, str | bytes):
            return await self.http.request(method, GRID + path, content=body, headers=signed)
        return await self.http.request(method, GRID + path, json=body, headers=signed)

    async def get(self, who: str, path: str, **headers: str) -> httpx2.Response:
        return await self.ask(who, "GET", path, **headers)

    async def post(self, who: str, path: str, body: Any, **headers: str) -> httpx2.Response:
        return await self.ask(who, "POST", path, body, **headers)

    async def events(self) -> int:
        statement = text("select count(*) from event_log")
        return await self.database.run_everywhere(lambda uow: int(uow.execute(statement).scalar_one()))


@pytest.fixture
async def desk(async_database: AsyncDatabase, identity: Identity) -> AsyncIterator[Desk]:
    database = async_database("grid", "api", clock=DrivenClock(NOW))
    settings = Settings(
        database_url="postgresql+asyncpg://{role}@unused/grid",
        service_keys=SecretStr(new_key("s1")),
        transport_keys=SecretStr(new_key("t1")),
        oidc_issuer=identity.issuer,
        oidc_jwks_url=identity.jwks_url,
    )
    transport = httpx2.ASGITransport(app=create_app(settings, database))
    async with httpx2.AsyncClient(transport=transport, base_url="http://grid.test") as http:
        desk = Desk(http, identity, database)
        laid = await desk.post("operator", "/imports/places", FILE, **CSV)
        assert laid.status_code == 200, laid.text
        assert laid.json()["created"] == 4
        yield desk


async def new_post(desk: Desk, place: str = "M", duty: str = "legal") -> dict[str, Any]:
    answer = await desk.post(
        "operator", "/posts", {"code": f"{place}/{duty}", "title": "甲", "duty": duty, "place": place}
    )
    assert answer.status_code == 201, answer.text
    post: dict[str, Any] = answer.json()
    return post


async def assign(desk: Desk, post: dict[str, Any], subject: str, *, by: str = "operator") -> httpx2.Response:
    path, tag = f"/posts/{post['id']}/holdings", f'"{post["version"]}"'
    return await desk.post(by, path, {"subject": subject, "name": "王敏"}, **{"If-Match": tag})


async def test_a_place_is_found_by_code_and_by_id_with_its_version_as_etag(desk: Desk) -> None:
    by_code = await desk.get("anybody", "/places/M")
    by_id = await desk.get("anybody", f"/places/{by_code.json()['id']}")
    assert by_code.json() == by_id.json()
    assert by_code.headers["ETag"] == '"1"'
    unchanged = await desk.get("anybody", "/places/M", **{"If-None-Match": '"1"'})
    assert unchanged.status_code == 304


async def test_without_a_token_nothing_is_told(desk: Desk) -> None:
    answer = await desk.http.get(f"{GRID}/places/M")
    assert (answer.status_code, answer.json()["code"]) == (401, "no_token")


async def test_a_place_is_added_changed_moved_merged_and_its_history_told(desk: Desk) -> None:
    added = await desk.post("operator", "/places", {"code": "M1", "name": "一片", "tier": "area", "parent": "M"})
    assert added.status_code == 201
    assert added.headers["Location"] == f"{GRID}/places/{added.json()['id']}"
    path = f"/places/{added.json()['id']}"
    changed = await desk.ask("operator", "PATCH", path, {"name": "东片"}, **{"If-Match": '"1"'})
    assert changed.json()["aliases"] == ["一片"]
    moved = await desk.post("operator", f"{path}/moves", {"to": "N"}, **{"If-Match": '"2"'})
    assert moved.status_code == 201
    community = (await desk.get("operator", "/places/N")).json()
    assert moved.json()["path"].startswith(community["path"])
    into = await desk.post("operator", "/places", {"code": "N1", "name": "西片", "tier": "area", "parent": "N"})
    merged = await desk.post("operator", f"{path}/mergers", {"into": "N1"}, **{"If-Match": '"3"'})
    assert merged.json()["merged_into"] == into.json()["id"]
    entries = (await desk.get("anybody", "/places/M1/entries")).json()["items"]
    assert [entry["kind"] for entry in entries] == ["merged", "moved", "renamed", "created"]
    retired = await desk.post("operator", f"/places/{into.json()['id']}/retirements", {}, **{"If-Match": '"2"'})
    assert retired.json()["state"] == "retired"


async def test_an_old_if_match_is_refused_and_a_missing_one_asked_for(desk: Desk) -> None:
    place, before = (await desk.get("operator", "/places/M")).json(), await desk.events()
    path = f"/places/{place['id']}"
    missing = await desk.ask("operator", "PATCH", path, {"name": "x"})
    old = await desk.ask("operator", "PATCH", path, {"name": "x"}, **{"If-Match": '"7"'})
    assert (missing.status_code, old.status_code) == (428, 412)
    assert await desk.events() == before


async def test_only_an_operator_changes_the_tree(desk: Desk) -> None:
    before = await desk.events()
    for who in ("auditor", "anybody"):
        answer = await desk.post(who, "/places", {"code": "X", "name": "x", "tier": "district", "parent": "C"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
        answer = await desk.post(who, "/imports/places", FILE, **CSV)
        assert answer.status_code == 403
    assert await desk.events() == before


async def test_a_holder_is_assigned_answers_and_ends(desk: Desk) -> None:
    post = await new_post(desk)
    assert [item["code"] for item in (await desk.get("x", "/vacancies?under=M")).json()["items"]] == ["M/legal"]
    held = await assign(desk, post, "wang.min")
    assert held.status_code == 201
    answer = (await desk.get("x", "/answerers?place=M&duty=legal")).json()
    assert (answer["answerer"]["subject"], answer["passed_over"]) == ("wang.min", [])
    assert (await desk.get("x", "/vacancies?under=M")).json()["items"] == []
    mine = (await desk.get("x", "/posts?subject=wang.min")).json()["items"]
    assert [item["code"] for item in mine] == ["M/legal"]
    stand_in = {"subject": "li.na", "name": "李娜", "means": "sms", "address": "19900001111"}
    path = f"/posts/{post['id']}"
    standing = await desk.post("operator", f"{path}/stand-ins", stand_in, **{"If-Match": '"2"'})
    assert standing.status_code == 201
    assert "19900001111" not in standing.text
    assert (await desk.get("x", "/answerers?place=M&duty=legal")).json()["answerer"]["stand_in"] is True


async def test_a_dispatcher_manages_posts_of_their_own_place_only(desk: Desk) -> None:
    await assign(desk, await new_post(desk, duty="dispatcher"), "chen.jing")
    own, others = await new_post(desk, "M"), await new_post(desk, "N")
    assert (await assign(desk, own, "x", by="chen.jing")).status_code == 201
    assert (await assign(desk, others, "x", by="chen.jing")).status_code == 403


async def test_a_register_is_told_to_who_answers_for_the_place_and_to_nobody_else(desk: Desk) -> None:
    await assign(desk, await new_post(desk, duty="window_clerk"), "lin.yue")
    assert (await desk.get("lin.yue", "/places/M/register")).status_code == 200
    assert (await desk.get("auditor", "/places/M/register")).status_code == 200
    for who, place in (("lin.yue", "N"), ("lin.yue", "D"), ("anybody", "M"), ("operator", "M")):
        hidden = await desk.get(who, f"/places/{place}/register")
        missing = await desk.get(who, "/places/nowhere/register")
        assert (hidden.status_code, hidden.json()["code"]) == (404, "place_not_found")
        assert missing.json()["code"] == hidden.json()["code"]
        assert (await desk.get(who, f"/households?under={place}")).status_code == 404


async def test_bad_rows_are_named_and_nothing_is_taken(desk: Desk) -> None:
    before = await desk.events()
    answer = await desk.post(
        "operator", "/imports/places", "code,name,tier,parent\nX,x,galaxy,C\nY,y,district,C\n", **CSV
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "rows_refused")
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["part"], error["code"]) == ("/2/tier", "file", "tier_unknown")
    assert await desk.events() == before
    partial = await desk.post(
        "operator", "/imports/places?partial=true", "code,name,tier,parent\nX,x,galaxy,C\nY,y,district,C\n", **CSV
    )
    assert (partial.json()["created"], partial.json()["refused"]) == (1, 1)


async def test_a_dry_run_of_a_file_changes_nothing(desk: Desk) -> None:
    before = await desk.events()
    dry = await desk.post("operator", "/imports/places?dry_run=true", FILE + "Z,z,district,C\n", **CSV)
    assert (dry.json()["created"], dry.json()["unchanged"], dry.json()["dry_run"]) == (1, 4, True)
    assert await desk.events() == before


async def test_a_file_in_gbk_is_refused_with_the_remedy(desk: Desk) -> None:
    answer = await desk.post("operator", "/imports/places", FILE.encode("gbk"), **CSV)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_utf8")
    assert "CSV UTF-8" in answer.json()["detail"]


async def test_a_file_larger_than_other_bodies_may_be_is_taken(desk: Desk) -> None:
    rows = "".join(f"B{number},{'楼' * 150},building,M\n" for number in range(3_000))
    answer = await desk.post("operator", "/imports/places", "code,name,tier,parent\n" + rows, **CSV)
    assert len(rows.encode()) > 1_000_000
    assert answer.status_code == 200, answer.text
    assert answer.json()["created"] == 3_000
    too_large = await desk.post("operator", "/tiers", {"name": "x" * 1_100_000})
    assert too_large.status_code == 413


async def test_a_repeated_request_is_done_once(desk: Desk) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    body = {"code": "E", "name": "东区", "tier": "district", "parent": "C"}
    first, again = [await desk.post("operator", "/places", body, **key) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = await desk.post("operator", "/places", {**body, "name": "西区"}, **key)
    assert other.status_code == 422


async def test_a_list_goes_on_by_its_cursor_and_by_no_others(desk: Desk) -> None:
    first = (await desk.get("x", "/places?limit=3")).json()
    rest = (await desk.get("x", f"/places?limit=3&cursor={first['next']}")).json()
    assert [item["code"] for item in (*first["items"], *rest["items"])] == ["C", "D", "M", "N"]
    assert rest["next"] is None
    foreign = await desk.get("x", f"/posts?cursor={first['next']}")
    assert (foreign.status_code, foreign.json()["code"]) == (422, "foreign_cursor")


async def test_an_office_is_added_changed_and_found_by_its_matters(desk: Desk) -> None:
    new = {"code": "C-GAS", "name": "燃气处", "kind": "bureau", "place": "C", "matters": ["municipal.gas_heating"]}
    office = await desk.post("operator", "/offices", new)
    assert office.status_code == 201
    post = {"code": "C-GAS/l", "title": "联络员", "duty": "bureau", "place": "C", "office_id": office.json()["id"]}
    liaison = (await desk.post("operator", "/posts", post)).json()
    path = f"/offices/{office.json()['id']}"
    changed = await desk.ask("operator", "PATCH", path, {"matters": ["municipal"]}, **{"If-Match": '"1"'})
    assert changed.json()["matters"] == ["municipal"]
    assert (await desk.get("x", f"/posts/{liaison['id']}")).json()["matters"] == ["municipal"]
    found = (await desk.get("x", "/offices?matter=municipal")).json()["items"]
    assert [item["code"] for item in found] == ["C-GAS"]
    assert (await desk.get("x", "/offices?matter=legal")).json()["items"] == []


BAD_BODIES: dict[str, tuple[str, Any, int]] = {
    "malformed JSON": ("/places", "{", 400),
    "an unknown field": ("/places", {"code": "X", "name": "x", "tier": "district", "parent": "C", "mayor": "y"}, 422),
    "too long": ("/places", {"code": "X" * 65, "name": "x", "tier": "district", "parent": "C"}, 422),
    "a wrong type": ("/places", {"code": 7, "name": "x", "tier": "district", "parent": "C"}, 422),
    "a NUL": ("/places", {"code": "X", "name": "a\u0000b", "tier": "district", "parent": "C"}, 422),
    "no such duty": ("/posts", {"code": "X", "title": "x", "duty": "juggler", "place": "M"}, 422),
    "an address missing": ("/posts/{post}/holdings", {"subject": "x", "name": "x", "means": "sms"}, 422),
    "a time without an offset": (
        "/posts/{post}/holdings",
        {"subject": "x", "name": "x", "since": "2026-09-01T09:30:00"},
        422,
    ),
    "no such place": ("/posts", {"code": "X", "title": "x", "duty": "legal", "place": "nowhere"}, 404),
    "no such office": (
        "/posts",
        {"code": "X", "title": "x", "duty": "legal", "place": "M", "office_id": str(uuid4())},
        404,
    ),
}


@pytest.mark.parametrize("case", BAD_BODIES)
async def test_a_bad_body_is_refused_and_changes_nothing(desk: Desk, case: str) -> None:
    path, body, status = BAD_BODIES[case]
    path = path.format(post=(await new_post(desk))["id"])
    before = await desk.events()
    headers = {"If-Match": '"1"', "Content-Type": "application/json"}
    answer = await desk.post("operator", path, body, **headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert await desk.events() == before


async def test_erasing_a_holder_is_an_operators(desk: Desk) -> None:
    await assign(desk, await new_post(desk), "wang.min")
    assert (await desk.ask("wang.min", "DELETE", "/holders/wang.min")).status_code == 403
    assert (await desk.ask("operator", "DELETE", "/holders/wang.min")).status_code == 204
    assert (await desk.ask("operator", "DELETE", "/holders/nobody")).status_code == 404
