import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar
from uuid import uuid4

import pytest
from fastapi import Depends, FastAPI, Response
from httpx2 import AsyncClient
from kit.clock import DrivenClock
from kit.db import Database, UnitOfWork
from kit.http import Door, html_page, idempotency
from kit.testing.tokens import Identity
from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.kit.conftest import POST_A, POST_B, A, AppOf, B, NewNote, Note, NoteView, client_of, write_note

NOTES = "/scratch/v1/notes"


def note_at(place: str = A, words: str = "the lock sticks") -> dict[str, str]:
    return {"place": place, "words": words}


def count(connection: Connection, table: str = "note") -> int:
    return int(connection.execute(text(f"select count(*) from {table}")).scalar_one())


@pytest.fixture
def clerk_b(identity: Identity) -> dict[str, str]:
    return identity.headers("clerk.b")


async def test_what_is_answered_has_been_committed(
    client: AsyncClient, clerk_a: dict[str, str], as_superuser: Connection
) -> None:
    answer = await client.post(NOTES, json=note_at(), headers=clerk_a)
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"{NOTES}/{answer.json()['id']}"
    assert count(as_superuser) == 1


async def test_a_use_case_that_fails_leaves_nothing_behind(
    client: AsyncClient, clerk_a: dict[str, str], as_superuser: Connection
) -> None:
    await client.post(NOTES, json=note_at(), headers=clerk_a)
    answer = await client.post(NOTES, json=note_at(), headers=clerk_a | {"Idempotency-Key": "again-1234"})
    assert (answer.status_code, answer.json()["code"]) == (409, "noted")
    assert count(as_superuser) == 1
    assert count(as_superuser, "idempotency") == 0


async def test_a_page_is_answered_as_it_is_and_loads_nothing(app_of: AppOf, clerk_a: dict[str, str]) -> None:
    app = app_of()

    @app.get("/sheet")
    async def get_sheet(door: Door) -> Response:
        return await door.read(lambda _: "<p>函</p>", view=html_page)

    async with client_of(app) as client:
        answer = await client.get("/sheet", headers=clerk_a)
    assert (answer.text, answer.headers["content-type"]) == ("<p>函</p>", "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def break_commits(connection: Connection) -> None:
    """A deferred constraint fails at COMMIT, after all statements have succeeded."""
    connection.execute(text("create table kind (id uuid primary key)"))
    connection.execute(text("alter table note add foreign key (id) references kind (id) deferrable initially deferred"))


async def test_a_commit_that_fails_is_never_answered_as_done(
    client: AsyncClient, clerk_a: dict[str, str], as_superuser: Connection
) -> None:
    break_commits(as_superuser)
    answer = await client.post(NOTES, json=note_at(), headers=clerk_a)
    assert answer.status_code == 500
    assert count(as_superuser) == 0


async def test_the_trap_that_the_door_avoids_a_yield_dependency_answers_before_its_commit_fails(
    database: Database, as_superuser: Connection
) -> None:
    break_commits(as_superuser)
    app = FastAPI()

    async def committing() -> Any:
        async with database.engine.begin() as connection:
            yield connection

    @app.post("/notes", status_code=201)
    async def post(connection: Annotated[AsyncConnection, Depends(committing)]) -> None:
        await connection.execute(
            text(f"select set_config('app.lo1', '{A}', true), set_config('app.hi1', '{A[:-1]}0', true)")
        )
        await connection.execute(text("insert into note values (:id, :place, 'x')"), {"id": uuid4(), "place": A})

    statuses = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/notes",
        "headers": [],
        "query_string": b"",
        "http_version": "1.1",
    }
    with pytest.raises(Exception, match="violates foreign key"):
        await app(scope, receive, send)
    assert statuses == [201]
    assert count(as_superuser) == 0


async def test_two_requests_that_meet_are_both_done_where_they_can_be(
    client: AsyncClient, clerk_a: dict[str, str], as_superuser: Connection
) -> None:
    answers = await asyncio.gather(*(client.post(NOTES, json=note_at(), headers=clerk_a) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert count(as_superuser) == 1


async def test_who_asks_their_scope_and_an_answer_given_before_take_one_round_trip(
    client: AsyncClient, database: Database, identity: Identity
) -> None:
    sent: list[str] = []
    listening = database.engine.sync_engine, "before_cursor_execute", lambda *said: sent.append(said[2])
    headers = identity.headers("clerk.a")
    await client.get(NOTES, headers=headers)
    event.listen(*listening)
    try:
        await client.post(NOTES, json=note_at(), headers=headers | {"Idempotency-Key": "counted-1"})
    finally:
        event.remove(*listening)
    assert ["set_config" in statement for statement in sent] == [True, *[False] * (len(sent) - 1)]
    assert len([statement for statement in sent if "idempotency" in statement]) == 2, "looked for, then kept"


class TestScope:
    async def test_a_person_sees_and_writes_only_at_their_own_posts_place(
        self, client: AsyncClient, clerk_a: dict[str, str], clerk_b: dict[str, str]
    ) -> None:
        path = (await client.post(NOTES, json=note_at(A), headers=clerk_a)).headers["location"]
        assert (await client.get(path, headers=clerk_a)).status_code == 200
        assert (await client.get(path, headers=clerk_b)).status_code == 404
        assert (await client.get(NOTES, headers=clerk_b)).json()["items"] == []

    async def test_the_post_header_narrows_to_one_post(self, client: AsyncClient, identity: Identity) -> None:
        both = identity.headers("clerk.ab")
        for place in (A, B):
            await client.post(NOTES, json=note_at(place), headers=both)
        assert len((await client.get(NOTES, headers=both)).json()["items"]) == 2
        only_b = await client.get(NOTES, headers=both | {"Baiyang-Post": str(POST_B)})
        assert len(only_b.json()["items"]) == 1

    async def test_a_post_that_is_not_yours_is_refused(self, client: AsyncClient, clerk_b: dict[str, str]) -> None:
        answer = await client.get(NOTES, headers=clerk_b | {"Baiyang-Post": str(POST_A)})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_your_post")

    async def test_an_open_door_knows_nobody_and_sees_nothing(self, client: AsyncClient) -> None:
        answer = await client.get("/scratch/v1/open/abc")
        assert answer.json()["words"] == "None"

    async def test_a_query_cannot_write(self, app_of: AppOf, clerk_a: dict[str, str], as_superuser: Connection) -> None:
        app = app_of()

        @app.get("/sly")
        async def sly(door: Door) -> Any:
            return await door.read(write_note, NewNote(place=A, words="sly"), view=NoteView.of)

        async with client_of(app) as client:
            assert (await client.get("/sly", headers=clerk_a)).status_code == 500
        assert count(as_superuser) == 0


class TestIdempotency:
    KEY: ClassVar = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}

    async def test_the_same_request_again_is_done_once_and_answered_alike(
        self, client: AsyncClient, clerk_a: dict[str, str], as_superuser: Connection
    ) -> None:
        first = await client.post(NOTES, json=note_at(), headers=clerk_a | self.KEY)
        again = await client.post(NOTES, json=note_at(), headers=clerk_a | self.KEY)
        assert first.status_code == again.status_code == 201
        assert (first.content, first.headers) == (again.content, again.headers)
        assert count(as_superuser) == 1

    async def test_a_quoted_key_is_the_same_key(self, client: AsyncClient, clerk_a: dict[str, str]) -> None:
        quoted = {"Idempotency-Key": f'"{self.KEY["Idempotency-Key"]}"'}
        first = await client.post(NOTES, json=note_at(), headers=clerk_a | self.KEY)
        again = await client.post(NOTES, json=note_at(), headers=clerk_a | quoted)
        assert first.content == again.content

    async def test_the_key_with_another_body_is_refused(self, client: AsyncClient, clerk_a: dict[str, str]) -> None:
        await client.post(NOTES, json=note_at(), headers=clerk_a | self.KEY)
        answer = await client.post(NOTES, json=note_at(words="other"), headers=clerk_a | self.KEY)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")

    async def test_the_key_under_another_post_is_refused(self, client: AsyncClient, identity: Identity) -> None:
        both = identity.headers("clerk.ab") | self.KEY
        await client.post(NOTES, json=note_at(), headers=both | {"Baiyang-Post": str(POST_A)})
        answer = await client.post(NOTES, json=note_at(), headers=both | {"Baiyang-Post": str(POST_B)})
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")

    async def test_another_persons_key_is_another_key(
        self, client: AsyncClient, identity: Identity, clerk_a: dict[str, str], as_superuser: Connection
    ) -> None:
        await client.post(NOTES, json=note_at(), headers=clerk_a | self.KEY)
        answer = await client.post(NOTES, json=note_at(words="x"), headers=identity.headers("clerk.ab") | self.KEY)
        assert answer.status_code == 201
        assert count(as_superuser) == 2

    async def test_a_request_that_still_runs_is_a_conflict_and_then_replayed(
        self, app_of: AppOf, clerk_a: dict[str, str], as_superuser: Connection
    ) -> None:
        app, inside, go_on = app_of(), asyncio.Event(), asyncio.Event()

        def slow(uow: UnitOfWork, new: NewNote) -> Note:
            inside.set()
            while not go_on.is_set():
                uow.execute(text("select pg_sleep(0.02)"))
            return write_note(uow, new)

        @app.post("/slow", status_code=201)
        async def post_slow(new: NewNote, door: Door) -> Any:
            return await door(slow, new, view=NoteView.of)

        async with client_of(app) as client:
            first = asyncio.create_task(client.post("/slow", json=note_at(), headers=clerk_a | self.KEY))
            await inside.wait()
            meanwhile = await client.post("/slow", json=note_at(), headers=clerk_a | self.KEY)
            assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "request_in_progress")
            assert meanwhile.headers["retry-after"] == "1"
            go_on.set()
            assert (await first).status_code == 201
            again = await client.post("/slow", json=note_at(), headers=clerk_a | self.KEY)
        assert again.content == (await first).content
        assert count(as_superuser) == 1

    async def test_many_at_once_under_one_key_do_it_once(
        self, client: AsyncClient, clerk_a: dict[str, str], as_superuser: Connection
    ) -> None:
        answers = await asyncio.gather(
            *(client.post(NOTES, json=note_at(), headers=clerk_a | self.KEY) for _ in range(12))
        )
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"request_in_progress"}
        assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
        assert count(as_superuser) == 1

    async def test_who_looked_before_the_first_was_done_is_not_refused_by_what_it_did(
        self, client: AsyncClient, clerk_a: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = await client.post(NOTES, json=note_at(), headers=clerk_a | self.KEY)
        looks = iter([None])
        found = idempotency.answered_before
        monkeypatch.setattr(idempotency, "answered_before", lambda key, row: next(looks, found(key, row)))
        again = await client.post(NOTES, json=note_at(), headers=clerk_a | self.KEY)
        assert (again.status_code, again.content) == (201, first.content)

    async def test_the_kept_answer_cannot_be_read_in_the_table(
        self, client: AsyncClient, clerk_a: dict[str, str], as_superuser: Connection
    ) -> None:
        await client.post(NOTES, json=note_at(words="marker-13912345678"), headers=clerk_a | self.KEY)
        row = as_superuser.execute(text("select * from idempotency")).one()
        assert "13912345678" not in str(row)
        assert row.client == "clerk.a"
        assert row.route == f"POST {NOTES}"

    @pytest.mark.parametrize("key", ["short", "x" * 129, "with space inside", "käse-12345"])
    async def test_a_malformed_key_is_refused(self, client: AsyncClient, clerk_a: dict[str, str], key: str) -> None:
        answer = await client.post(
            NOTES,
            json=note_at(),
            headers=[
                (b"Idempotency-Key", key.encode("latin-1")),
                *((k.encode(), v.encode()) for k, v in clerk_a.items()),
            ],
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_idempotency_key")

    async def test_answers_older_than_72_hours_are_forgotten_by_one_request_in_some(
        self, app_of: AppOf, clerk_a: dict[str, str], as_superuser: Connection
    ) -> None:
        clock = DrivenClock(datetime(2026, 11, 23, tzinfo=UTC))
        async with client_of(app_of(clock=clock)) as client:
            for n in range(25):
                key = {"Idempotency-Key": f"key-{n:05}"}
                await client.post(NOTES, json=note_at(words=str(n)), headers=clerk_a | key)
            clock.move(timedelta(hours=71))
            await client.post(NOTES, json=note_at(words="x"), headers=clerk_a | {"Idempotency-Key": "key-at-71"})
            assert count(as_superuser, "idempotency") == 26
            clock.move(timedelta(hours=2))
            for n in range(40):
                key = {"Idempotency-Key": f"later-{n:05}"}
                await client.post(NOTES, json=note_at(words=f"later {n}"), headers=clerk_a | key)
        assert count(as_superuser, "idempotency") == 1 + 40


class TestVersions:
    @pytest.fixture
    async def path(self, client: AsyncClient, clerk_a: dict[str, str]) -> str:
        return str((await client.post(NOTES, json=note_at(), headers=clerk_a)).headers["location"])

    async def test_a_write_names_the_version_it_read(
        self, client: AsyncClient, clerk_a: dict[str, str], path: str
    ) -> None:
        answer = await client.put(f"{path}/words", json=note_at(words="new"), headers=clerk_a | {"If-Match": '"1"'})
        assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')

    async def test_a_write_without_a_version_is_asked_for_one(
        self, client: AsyncClient, clerk_a: dict[str, str], path: str
    ) -> None:
        answer = await client.put(f"{path}/words", json=note_at(words="new"), headers=clerk_a)
        assert (answer.status_code, answer.json()["code"]) == (428, "version_required")

    async def test_an_old_version_changes_nothing(
        self, client: AsyncClient, clerk_a: dict[str, str], path: str
    ) -> None:
        for expected in (200, 412):
            answer = await client.put(
                f"{path}/words", json=note_at(words=str(expected)), headers=clerk_a | {"If-Match": '"1"'}
            )
            assert answer.status_code == expected
        assert answer.json()["detail"] == "It stands at version 2 now: read it again."
        assert (await client.get(path, headers=clerk_a)).json()["words"] == "200"

    @pytest.mark.parametrize("tag", ["1", "*", 'W/"1"', '"one"', '"1", "2"', '"' + "9" * 19 + '"'])
    async def test_a_version_that_is_none_of_ours_is_refused(
        self, client: AsyncClient, clerk_a: dict[str, str], path: str, tag: str
    ) -> None:
        answer = await client.put(f"{path}/words", json=note_at(), headers=clerk_a | {"If-Match": tag})
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_if_match")

    @pytest.mark.parametrize("have", ['"1"', 'W/"1"', '"7", "1"', "*"])
    async def test_who_has_the_version_already_is_told_so_and_nothing_more(
        self, client: AsyncClient, clerk_a: dict[str, str], path: str, have: str
    ) -> None:
        answer = await client.get(path, headers=clerk_a | {"If-None-Match": have})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')

    async def test_who_has_another_version_is_given_this_one(
        self, client: AsyncClient, clerk_a: dict[str, str], path: str
    ) -> None:
        assert (await client.get(path, headers=clerk_a | {"If-None-Match": '"2"'})).status_code == 200

    async def test_an_error_that_is_returned_keeps_what_was_counted(
        self, client: AsyncClient, clerk_a: dict[str, str], path: str
    ) -> None:
        answer = await client.post(f"{path}/guesses", headers=clerk_a)
        assert (answer.status_code, answer.json()["code"]) == (422, "wrong_guess")
        assert (await client.get(path, headers=clerk_a)).headers["etag"] == '"2"'


class TestPages:
    @pytest.fixture
    async def ids(self, client: AsyncClient, clerk_a: dict[str, str]) -> list[str]:
        made = [await client.post(NOTES, json=note_at(words=f"{n}"), headers=clerk_a) for n in range(7)]
        return sorted(answer.json()["id"] for answer in made)

    async def test_pages_together_are_the_whole_list_once(
        self, client: AsyncClient, clerk_a: dict[str, str], ids: list[str]
    ) -> None:
        seen, cursor = [], None
        while True:
            query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(NOTES, params=query, headers=clerk_a)).json()
            seen += [item["id"] for item in page["items"]]
            if (cursor := page["next"]) is None:
                break
        assert seen == ids

    async def test_a_cursor_of_another_filter_or_a_forged_one_is_refused(
        self, client: AsyncClient, clerk_a: dict[str, str], ids: list[str]
    ) -> None:
        assert ids
        cursor = (await client.get(NOTES, params={"limit": 1}, headers=clerk_a)).json()["next"]
        forged = ("A" if cursor[5] != "A" else "B").join([cursor[:5], cursor[6:]])
        for query in ({"cursor": cursor, "words": "1"}, {"cursor": forged}, {"cursor": "x"}, {"cursor": "é"}):
            answer = await client.get(NOTES, params=query, headers=clerk_a)
            assert (answer.status_code, answer.json()["code"]) == (422, "foreign_cursor")
            assert answer.json()["errors"][0]["pointer"] == "/cursor"
            assert "first page" in answer.json()["detail"]

    @pytest.mark.parametrize("limit", ["0", "201", "many"])
    async def test_a_limit_out_of_bounds_is_refused(
        self, client: AsyncClient, clerk_a: dict[str, str], limit: str
    ) -> None:
        answer = await client.get(NOTES, params={"limit": limit}, headers=clerk_a)
        assert answer.status_code == 422
        assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["part"]) == ("/limit", "query")
