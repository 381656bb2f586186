import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import AsyncClient
from kit import logging as kit_logging
from kit.errors import NotFound
from kit.kafka.record import Message, Record
from kit.kafka.tracing import handling
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.kit.conftest import A

PHONE, NAME, STREET = "13912345678", "王小敏", "marker-lane-7"
MARKERS = (PHONE, NAME, STREET)


class Written:
    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def has_no_marker(self) -> None:
        for marker in MARKERS:
            assert marker not in self.text
            assert json.dumps(marker) not in self.text


@pytest.fixture
def written() -> Iterator[Written]:
    root = logging.getLogger()
    handlers, level, disabled = root.handlers, root.level, logging.getLogger("uvicorn.access").disabled
    stream = io.StringIO()
    kit_logging.set_up(service="intake", level="INFO", stream=stream)
    yield Written(stream)
    root.handlers = handlers
    root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = disabled


log = kit_logging.get_logger("intake")


def test_a_line_is_json_with_time_level_service_and_event(written: Written) -> None:
    log.info("starts", port=8000, topic="intake.appeal.v1")
    (line,) = written.lines
    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "starts",
        "level": "info",
        "logger": "intake",
        "service": "intake",
        "port": 8000,
        "topic": "intake.appeal.v1",
    }


def test_a_line_has_the_trace_of_the_event_that_is_handled_though_nobody_records_it(written: Written) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    record = Record("intake.appeal.v1", 0, 0, None, None, headers=())
    with handling(Message(record, {"traceparent": f"00-{trace_id}-b7ad6b7169203331-00"})):
        log.info("took")
    assert written.lines[0]["trace_id"] == trace_id


def test_a_key_that_is_not_on_the_list_loses_its_value(written: Written) -> None:
    log.warning("took", who=NAME, words=STREET, phone=PHONE)
    assert written.lines[0]["who"] == written.lines[0]["words"] == "…"
    written.has_no_marker()


@pytest.mark.parametrize(
    "said, masked",
    [
        (f"called {PHONE} back", "called [phone] back"),
        ("called +86 139 1234 5678", "called [phone]"),
        ("id 11010519491231002X", "id [identity]"),
        ("mail to wang.min@example.test now", "mail to [address] now"),
        ("code K7F2-9QXM-4T6P-A shown", "code [code] shown"),
        ("GET /progress/anything?name=x", "GET /progress/[code]?[query]"),
        ("GET /ratings/AZrRkLp-5_0?lang=en", "GET /ratings/[code]?[query]"),
        ("GET /notes?words=secret HTTP/1.1", "GET /notes?[query] HTTP/1.1"),
        ("Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", "Bearer [token]"),
        ("offset 123456789012 of 0190f3a2-7b1c-7def-8123-456789abcdef", None),
        ("done at 2026-11-23T01:00:00Z in 0.1234 s", None),
    ],
)
def test_what_looks_personal_is_masked_and_the_rest_is_not(written: Written, said: str, masked: str | None) -> None:
    logging.getLogger("some.library").warning(said)
    assert written.lines[0]["event"] == (masked or said)


def test_an_exception_shows_its_kind_and_place_and_none_of_its_words(written: Written) -> None:
    def fail() -> None:
        try:
            raise IntegrityError(f"insert {NAME}", {"phone": PHONE}, ValueError(f"Key (phone)=({PHONE}) exists"))
        except DBAPIError as error:
            raise NotFound("no_person", f"{NAME} of {STREET}") from error

    try:
        fail()
    except NotFound as error:
        log.error("defect", exc_info=error)  # noqa: TRY400 - as the kit does it
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    for line in written.lines:
        assert line["error"] == "NotFound"
        assert line["causes"][0] == "NotFound no_person"
        assert line["causes"][1].startswith("IntegrityError")
        assert line["frames"][-1].endswith(" fail")
    assert len(written.lines) == 2
    written.has_no_marker()


def test_the_servers_own_access_log_is_off(written: Written) -> None:
    logging.getLogger("uvicorn.access").info('"GET /progress/K7F2-9QXM-4T6P-A?x=1 HTTP/1.1" 200')
    logging.getLogger("uvicorn.error").info("Started server")
    assert [line["event"] for line in written.lines] == ["Started server"]


async def test_requests_leave_no_personal_word_in_the_log_whatever_becomes_of_them(
    written: Written, client: AsyncClient, clerk_a: dict[str, str]
) -> None:
    note = {"place": A, "words": f"{NAME} {PHONE} {STREET}"}
    for _ in range(2):
        await client.post("/scratch/v1/notes", json=note, headers=clerk_a | {"Idempotency-Key": STREET})
    await client.post(f"/scratch/v1/notes?who={NAME}", json=note, headers=clerk_a)
    await client.post("/scratch/v1/notes", json=note | {"place": NAME}, headers=clerk_a)
    await client.get("/scratch/v1/defects", headers=clerk_a)
    await client.get(f"/scratch/v1/open/{STREET}")
    await client.get(f"/scratch/v1/open/{STREET}?phone={PHONE}")
    await client.get(f"/progress/{STREET}")
    requests = [line for line in written.lines if line["event"] == "request"]
    assert [(line["path"], line["status"]) for line in requests] == [
        ("/scratch/v1/notes", 201),
        ("/scratch/v1/notes", 201),
        ("/scratch/v1/notes", 422),
        ("/scratch/v1/notes", 422),
        ("/scratch/v1/defects", 500),
        ("/scratch/v1/open/{code}", 200),
        ("/scratch/v1/open/{code}", 422),
        ("unrouted", 404),
    ]
    assert [line["error"] for line in written.lines if line["event"] == "defect"] == ["ValueError"]
    written.has_no_marker()
