import json
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from httpx2 import AsyncClient
from kit.app.defaults import MAX_BODY
from kit.db import Database
from kit.http import Door
from kit.http.problems import prefers_chinese
from pydantic import BaseModel, Field, field_validator
from sqlalchemy import Connection
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tests.kit.conftest import A, AppOf, client_of, fill_disk

NOTES = "/scratch/v1/notes"
MARKER = "13912345678"


def is_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["status"], body["code"], body["type"]) == (
        status,
        status,
        code,
        f"/problems/{code}",
    )
    assert MARKER not in answer.text
    return body


async def test_malformed_json_is_said_to_be_that(client: AsyncClient, clerk_a: dict[str, str]) -> None:
    for content in (b"{", b"\xff\xfe", b"", b'{"place": \x00}', b"[" * 100_000):
        answer = await client.post(NOTES, content=content, headers=clerk_a | {"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), content[:10]
        assert answer.headers["content-type"] == "application/problem+json"


async def test_every_wrong_field_is_pointed_to_with_its_remedy(client: AsyncClient, clerk_a: dict[str, str]) -> None:
    body = {"words": MARKER * 20, "colour": MARKER}
    problem = is_problem(await client.post(NOTES, json=body, headers=clerk_a), 422, "invalid_request")
    found = {error["pointer"]: error["detail"] for error in problem["errors"]}
    assert found == {
        "/place": "is required: add it",
        "/words": "is too long: at most 100 characters",
        "/colour": "is not a field of this request: remove it or correct its name",
    }


@pytest.mark.parametrize(
    "path, takes", [(NOTES, "it takes cursor, limit, words"), ("/scratch/v1/open/x", "it takes none")]
)
async def test_a_parameter_that_nobody_reads_is_refused_and_those_that_are_read_are_named(
    client: AsyncClient, clerk_a: dict[str, str], path: str, takes: str
) -> None:
    problem = is_problem(await client.get(f"{path}?limt=5", headers=clerk_a), 422, "invalid_request")
    remedy = f"is not a parameter of this request: remove it or correct its name ({takes})"
    assert problem["errors"] == [
        {"pointer": "/limt", "part": "query", "code": "unknown_parameter", "detail": remedy},
    ]


async def test_parameters_are_refused_of_a_write_too_and_all_at_once(
    client: AsyncClient, clerk_a: dict[str, str]
) -> None:
    answer = await client.post(f"{NOTES}?dry=1&partial=1", json={"place": "/", "words": "x"}, headers=clerk_a)
    assert [error["pointer"] for error in is_problem(answer, 422, "invalid_request")["errors"]] == ["/dry", "/partial"]


async def test_a_parameter_that_is_given_twice_is_refused(client: AsyncClient, clerk_a: dict[str, str]) -> None:
    problem = is_problem(await client.get(f"{NOTES}?limit=5&limit=6&words=x", headers=clerk_a), 422, "invalid_request")
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [("/limit", "given_twice")]


async def test_whoever_is_not_signed_in_hears_that_first(client: AsyncClient) -> None:
    assert (await client.get(f"{NOTES}?limt=5")).status_code == 401


class Form(StrEnum):
    LAMP = "lamp"
    PIPE = "pipe"


class Lamp(BaseModel):
    kind: Literal[Form.LAMP]
    watts: int


class Pipe(BaseModel):
    kind: Literal[Form.PIPE]
    lengths: list[int]

    @field_validator("lengths")
    @classmethod
    def _each_once(cls, lengths: list[int]) -> list[int]:
        if len(set(lengths)) < len(lengths):
            raise ValueError("has the same twice: leave one out")
        return lengths


@pytest.mark.parametrize(
    "body, pointer, detail",
    [
        ({"kind": "lamp"}, "/watts", "is required: add it"),
        ({"kind": "pipe", "lengths": [1, "x"]}, "/lengths/1", "must be a whole number"),
        ({}, "/kind", "is required: add it"),
        ({"kind": MARKER}, "/kind", "must be one of lamp, pipe"),
        ({"kind": "pipe", "lengths": [1, 1]}, "/lengths", "has the same twice: leave one out"),
    ],
)
async def test_in_a_body_of_several_forms_the_field_is_pointed_to_and_not_the_form(
    app_of: AppOf, clerk_a: dict[str, str], body: Any, pointer: str, detail: str
) -> None:
    app = app_of()

    @app.post("/stock")
    async def post(body: Annotated[Lamp | Pipe, Field(discriminator="kind")]) -> None:
        del body

    async with client_of(app) as client:
        problem = is_problem(await client.post("/stock", json=body, headers=clerk_a), 422, "invalid_request")
    assert [(error["pointer"], error["detail"]) for error in problem["errors"]] == [(pointer, detail)]


@pytest.mark.parametrize(
    "body", [{"place": 7, "words": [MARKER]}, {"place": MARKER, "words": None}, [MARKER], MARKER, None, {"place": {}}]
)
async def test_no_value_is_ever_repeated(client: AsyncClient, clerk_a: dict[str, str], body: object) -> None:
    is_problem(await client.post(NOTES, json=body, headers=clerk_a), 422, "invalid_request")


async def test_a_body_that_is_no_json_is_an_unsupported_media_type(
    client: AsyncClient, clerk_a: dict[str, str]
) -> None:
    for media_type in ("text/plain", "application/xml"):
        answer = await client.post(NOTES, content=b"words", headers=clerk_a | {"Content-Type": media_type})
        is_problem(answer, 415, "unsupported_media_type")


async def test_an_unknown_path_and_a_path_with_another_method(client: AsyncClient, clerk_a: dict[str, str]) -> None:
    is_problem(await client.get(f"/{MARKER}"), 404, "no_such_path")
    answer = await client.delete(NOTES, headers=clerk_a)
    is_problem(answer, 405, "no_such_method")
    assert answer.headers["allow"] == "GET, POST"


async def test_a_body_over_the_limit_is_refused_whether_its_length_is_told_or_not(
    client: AsyncClient, clerk_a: dict[str, str]
) -> None:
    large = json.dumps({"place": A, "words": "x" * MAX_BODY}).encode()

    async def in_pieces() -> Any:
        for start in range(0, len(large), 50_000):
            yield large[start : start + 50_000]

    headers = clerk_a | {"Content-Type": "application/json"}
    is_problem(await client.post(NOTES, content=large, headers=headers), 413, "too_large")
    is_problem(await client.post(NOTES, content=in_pieces(), headers=headers), 413, "too_large")


async def test_text_that_postgresql_cannot_hold_is_refused(client: AsyncClient, clerk_a: dict[str, str]) -> None:
    answer = await client.post(NOTES, json={"place": A, "words": "a\0b"}, headers=clerk_a)
    assert is_problem(answer, 422, "nul_in_text")["errors"][0]["pointer"] == "/words"
    is_problem(await client.get(f"{NOTES}?words=%00", headers=clerk_a), 422, "nul_in_text")
    is_problem(await client.get("/scratch/v1/open/a%00b"), 422, "nul_in_text")
    surrogate = b'{"place": "' + A.encode() + rb'", "words": "\ud800"}'
    answer = await client.post(NOTES, content=surrogate, headers=clerk_a | {"Content-Type": "application/json"})
    is_problem(answer, 422, "invalid_request")


async def test_a_nul_is_found_however_deep_it_lies_and_in_whatever_encoding(
    app_of: AppOf, clerk_a: dict[str, str]
) -> None:
    app, signed = app_of(), clerk_a | {"Content-Type": "application/json"}

    @app.post("/bodiless")
    async def post(door: Door) -> dict[str, bool]:
        return {"came": bool(door)}

    async with client_of(app) as client:
        deep = b"[" * 900 + b'"\\u0000"' + b"]" * 900
        is_problem(await client.post("/bodiless", content=deep, headers=signed), 422, "nul_in_text")
        too_deep = b"[" * 90_000 + b'"\\u0000"' + b"]" * 90_000
        assert (await client.post("/bodiless", content=too_deep, headers=signed)).status_code == 200
        wide = json.dumps({"place": A, "words": "a\0b"}).encode("utf-16")
        is_problem(await client.post(NOTES, content=wide, headers=signed), 422, "nul_in_text")


async def test_the_letters_backslash_u0000_are_no_nul(client: AsyncClient, clerk_a: dict[str, str]) -> None:
    assert (await client.post(NOTES, json={"place": A, "words": r"\u0000"}, headers=clerk_a)).status_code == 201


async def test_a_defect_hides_what_happened(client: AsyncClient, clerk_a: dict[str, str]) -> None:
    problem = is_problem(await client.get("/scratch/v1/defects", headers=clerk_a), 500, "defect")
    assert "ValueError" not in json.dumps(problem)


async def test_a_database_that_is_away_is_a_passing_thing(app_of: AppOf, clerk_a: dict[str, str]) -> None:
    app = app_of()
    app.state.database = Database("postgresql+asyncpg://{role}@127.0.0.1:1/nowhere", role="scratch_api")
    async with client_of(app) as client:
        answer = await client.get(NOTES, headers=clerk_a)
    is_problem(answer, 503, "database_away")
    assert answer.headers["retry-after"]


async def test_a_disk_that_is_full_is_said_to_be_that(
    client: AsyncClient, clerk_a: dict[str, str], as_superuser: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    fill_disk(as_superuser, "note")
    answer = await client.post(NOTES, json={"place": A, "words": "x"}, headers=clerk_a)
    is_problem(answer, 503, "no_room")
    assert any(record.__dict__.get("remedy") == "make room on its disk" for record in caplog.records)
    assert (await client.get(NOTES, headers=clerk_a)).json()["items"] == []


async def test_more_than_can_be_answered_is_said_to_be_that(
    app_of: AppOf, clerk_a: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait_too_long(*_: object, **__: object) -> None:
        raise PoolTimeout

    app = app_of()
    monkeypatch.setattr(app.state.database, "transaction", wait_too_long)
    async with client_of(app) as client:
        answer = await client.get(NOTES, headers=clerk_a)
    is_problem(answer, 503, "busy")
    assert answer.headers["retry-after"]


async def test_titles_speak_chinese_to_who_prefers_it(client: AsyncClient) -> None:
    assert (await client.get("/nowhere", headers={"Accept-Language": "zh-CN,zh;q=0.9"})).json()["title"] == "查無此項"
    assert (await client.get("/nowhere")).json()["title"] == "Not found"


@pytest.mark.parametrize(
    "header, chinese",
    [
        ("zh-CN", True),
        ("en,zh;q=0.5", False),
        ("en;q=0.4,zh;q=0.5", True),
        ("fr", False),
        ("zh;q=x", False),
        ("", False),
    ],
)
def test_a_language_is_chosen_by_weight(header: str, chinese: bool) -> None:
    assert prefers_chinese(header) is chinese


async def test_every_operation_documents_what_it_may_answer(client: AsyncClient) -> None:
    description = (await client.get("/openapi.json")).json()
    put = description["paths"]["/scratch/v1/notes/{note_id}/words"]["put"]
    assert {"200", "400", "401", "403", "404", "409", "412", "413", "415", "422", "428", "500", "503"} == set(
        put["responses"]
    )
    assert {"If-Match", "Idempotency-Key", "Baiyang-Post"} <= {parameter["name"] for parameter in put["parameters"]}
    for operations in description["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in description["components"]["schemas"]
    assert "FieldProblem" in description["components"]["schemas"]
