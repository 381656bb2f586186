"""The gateway as `make run` starts it, asked byte by byte, in front of stand-ins for the services."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from local import gateway, ports, processes
from local.home import SERVICES

PROBLEM = "application/problem+json"


@dataclass
class StandIn:
    """A service that tells what it was asked; at some paths it behaves as one that dies, or takes long."""

    name: str
    port: int
    is_ready: bool = True
    asked: list[str] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name: value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
        size = len(await reader.readexactly(int(headers.get("content-length", 0))))
        method, target, _ = head[0].split(" ")
        self.asked.append(target)
        if target.endswith("/dies") or (target.endswith("/dies-once") and self.asked.count(target) == 1):
            return False
        if target.endswith("/half"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfir")
            await self.go_on.wait()
            writer.write(b"st")
            return True
        told = {"service": self.name, "path": target, "headers": headers, "size": size}
        is_away = target == "/readyz" and not self.is_ready
        writer.write(_answer("503 Service Unavailable" if is_away else "200 OK", told, empty=method == "HEAD"))
        return True


def _answer(status: str, told: dict[str, object], *, empty: bool) -> bytes:
    body = json.dumps(told).encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + (b"" if empty else body)


@dataclass
class Front:
    """A gateway with a stand-in for each service but notify, which is away."""

    child: processes.Child
    ports: dict[str, int]
    services: dict[str, StandIn]

    async def say(self, raw: bytes) -> bytes:
        """What is answered until the gateway closes: an HTTP client would put paths and headers right first."""
        reader, writer = await asyncio.open_connection(ports.HOST, self.ports["gateway"])
        writer.write(raw)
        told = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return told

    async def get(self, path: str, *headers: str) -> httpx.Response:
        lines = [f"GET {path} HTTP/1.1", "Host: city", "Connection: close", *headers, "", ""]
        return _read(await self.say("\r\n".join(lines).encode()))


def _read(raw: bytes) -> httpx.Response:
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return httpx.Response(int(status.split()[1]), headers=headers, content=body)


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    names = ("gateway", *SERVICES)
    told = dict(zip(names, ports.free(len(names)), strict=True))
    services = {name: StandIn(name, told[name]) for name in SERVICES if name != "notify"}
    child = processes.start("gateway", gateway.command(), home=tmp_path, env=gateway.environment(told))
    async with AsyncExitStack() as stack:
        stack.callback(child.stop)
        for service in services.values():
            await stack.enter_async_context(await asyncio.start_server(service.converse, ports.HOST, service.port))
        await asyncio.to_thread(processes.wait_for, child, lambda: ports.answers(told["gateway"]))
        yield Front(child, told, services)


@pytest.fixture
async def http(front: Front) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{ports.HOST}:{front.ports['gateway']}", timeout=10) as client:
        yield client


@pytest.mark.parametrize(
    "path, service, inner",
    [
        ("/routing/v1/a%2Fb?c=%20d", "routing", "/routing/v1/a%2Fb?c=%20d"),
        ("/%69ntake/v1/appeals", "intake", "/%69ntake/v1/appeals"),
        ("/grid/v1/a..b/..c", "grid", "/grid/v1/a..b/..c"),
        ("/progress", "intake", "/progress"),
        ("/progress/7F3K?lang=en", "intake", "/progress/7F3K?lang=en"),
        ("/open311/v2/services.json", "intake", "/open311/v2/services.json"),
        ("/grid/docs", "grid", "/docs"),
        ("/grid/docs/assets/swagger-ui.css", "grid", "/docs/assets/swagger-ui.css"),
        ("/grid/openapi.json?fresh", "grid", "/openapi.json?fresh"),
    ],
)
async def test_a_path_is_the_services_that_it_begins_with(front: Front, path: str, service: str, inner: str) -> None:
    seen = (await front.get(path)).json()
    assert (seen["service"], seen["path"]) == (service, inner)


@pytest.mark.parametrize(
    "path",
    [
        *("/elsewhere", "/metrics", "//grid/v1", "/grid%2", "/intake/metrics", "/grid/healthz", "/grid/readyz"),
        *("/grid/%6detrics", "/intake%2Fmetrics", "/grid/x/../../metrics", "/progress/../metrics"),
        *("/grid/docs/../metrics", "/grid/%2E%2e/metrics", "/grid/docs/%2e/metrics", "/grid/docs%2f..%2fmetrics"),
    ],
)
async def test_what_watches_a_service_is_seen_from_no_path(front: Front, path: str) -> None:
    told = await front.get(path)
    assert (told.status_code, told.headers["content-type"]) == (404, PROBLEM)
    assert told.json()["detail"] == "There is nothing here."
    assert [service.asked for service in front.services.values()] == [[], [], []]


async def test_who_calls_is_said_by_the_gateway_alone(front: Front) -> None:
    claimed = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "X-Forwarded-Port")
    seen = (await front.get("/routing/v1/cases", *(f"{name}: 6.6.6.6" for name in claimed))).json()["headers"]
    assert "6.6.6.6" not in str(seen)
    assert {name: value for name, value in seen.items() if name.startswith("x-")} == {
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        "x-forwarded-host": "city",
    }


async def test_a_header_may_hold_more_than_ascii(front: Front) -> None:
    seen = (await front.get("/grid/v1/places", "X-Odd: 白杨")).json()["headers"]
    assert seen["x-odd"].encode("latin-1").decode() == "白杨"


@pytest.mark.parametrize("odd", ["\x00", "a\x01b", "\x7f"])
async def test_a_malformed_header_is_the_callers_fault(front: Front, odd: str) -> None:
    told = await front.get("/grid/v1/places", f"X-Odd: {odd}")
    assert (told.status_code, told.headers["content-type"]) == (400, PROBLEM)


@pytest.mark.parametrize(
    "raw", [b"hello\r\n\r\n", b"GET /grid/\xe7 HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
)
async def test_what_is_no_request_is_refused(front: Front, raw: bytes) -> None:
    assert _read(await front.say(raw)).status_code == 400


async def test_a_method_that_nothing_here_has_is_refused(front: Front) -> None:
    told = _read(await front.say(b"TRACE /grid/v1 HTTP/1.1\r\nHost: city\r\nConnection: close\r\n\r\n"))
    assert (told.status_code, told.headers["content-type"]) == (405, PROBLEM)
    assert "GET" in told.headers["allow"]


async def test_a_service_that_is_away_is_said_to_be_away(http: httpx.AsyncClient) -> None:
    for path in ("/notify/v1/messages", "/sandbox"):
        away = await http.get(path)
        assert (away.status_code, away.headers["content-type"]) == (503, PROBLEM)
        assert away.headers["retry-after"] == "2"


async def test_readiness_names_every_service(front: Front, http: httpx.AsyncClient) -> None:
    front.services["grid"].is_ready = False
    told = await http.get("/readyz")
    assert (told.status_code, told.json()) == (503, {"grid": False, "intake": True, "notify": False, "routing": True})
    front.services["grid"].is_ready = True
    notify = StandIn("notify", front.ports["notify"])
    async with await asyncio.start_server(notify.converse, ports.HOST, notify.port):
        told = await http.get("/readyz")
    assert (told.status_code, set(told.json().values())) == (200, {True})
    assert (await http.head("/readyz")).content == b""


async def test_the_front_page_and_its_own_health_need_no_service(http: httpx.AsyncClient) -> None:
    page = await http.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert [name for name in SERVICES if f'href="/{name}/docs"' not in page.text] == []
    assert (await http.get("/healthz")).text == "ok"


async def test_a_service_that_dies_while_it_answers_is_told_from_one_that_is_away(http: httpx.AsyncClient) -> None:
    told = await http.post("/grid/v1/dies", json={})
    assert (told.status_code, told.headers["content-type"]) == (502, PROBLEM)
    assert "Idempotency-Key" in told.json()["detail"]


async def test_what_may_be_asked_twice_is_asked_again_when_the_service_dies(front: Front) -> None:
    """Its body may come later than its headers: the answer to another request shows that those have been read."""
    assert (await front.get("/grid/a/dies-once")).is_success
    reader, writer = await asyncio.open_connection(ports.HOST, front.ports["gateway"])
    writer.write(posted("/grid/b/dies-once", "Idempotency-Key: a-fresh-one").removesuffix(b"{}"))
    await front.get("/intake/v1/meanwhile")
    writer.write(b"{}")
    told = _read(await asyncio.wait_for(reader.read(), 10))
    writer.close()
    assert told.is_success
    assert front.services["grid"].asked == [*["/grid/a/dies-once"] * 2, *["/grid/b/dies-once"] * 2]


async def test_what_may_have_been_done_is_not_asked_again(front: Front) -> None:
    assert _read(await front.say(posted("/grid/v1/dies-once"))).status_code == 502
    assert front.services["grid"].asked == ["/grid/v1/dies-once"]


async def test_later_on_a_connection_the_unknown_is_told_by_its_end(front: Front) -> None:
    first = b"GET /grid/v1/first HTTP/1.1\r\nHost: city\r\n\r\n"
    told = await front.say(first + posted("/grid/v1/dies-once"))
    assert told.count(b"HTTP/1.1") == 1
    assert front.services["grid"].asked == ["/grid/v1/first", "/grid/v1/dies-once"]


async def test_large_bodies_pass_whole(http: httpx.AsyncClient) -> None:
    assert (await http.post("/intake/v1/attachments", content=b"x" * 3_000_000)).json()["size"] == 3_000_000


async def test_an_answer_comes_as_it_is_written(front: Front, http: httpx.AsyncClient) -> None:
    async with http.stream("GET", "/grid/v1/half") as answer:
        parts = answer.aiter_raw()
        assert await anext(parts) == b"fir"
        front.services["grid"].go_on.set()
        assert await anext(parts) == b"st"


async def test_head_has_no_body_and_requests_may_come_in_one_breath(front: Front) -> None:
    head = b"HEAD /grid/v1/places HTTP/1.1\r\nHost: city\r\n\r\n"
    last = b"GET /intake/v1/last HTTP/1.1\r\nHost: city\r\nConnection: close\r\n\r\n"
    told = await front.say(head + head + last)
    assert told.count(b"HTTP/1.1 200 OK") == 3
    assert told.count(b'"service"') == 1
    assert front.services["grid"].asked == ["/grid/v1/places"] * 2


async def test_told_to_stop_it_finishes_what_is_in_hand_and_keeps_no_trace_of_it(
    front: Front, http: httpx.AsyncClient
) -> None:
    await http.get("/progress/7F3K")
    async with http.stream("GET", "/grid/v1/half", headers={"Connection": "close"}) as answer:
        front.child.popen.send_signal(signal.SIGUSR1)
        await asyncio.to_thread(wait_until_closed, front.ports["gateway"])
        front.services["grid"].go_on.set()
        assert await answer.aread() == b"first"
    # not its code: HAProxy 2.6 can crash in its very last step, while it frees what the kernel takes back anyway
    await asyncio.to_thread(front.child.popen.wait, 10)
    assert "7F3K" not in front.child.log.read_text()


def posted(path: str, *headers: str) -> bytes:
    """In one piece: only what lies in one buffer could be asked again at all."""
    lines = [f"POST {path} HTTP/1.1", "Host: city", "Connection: close", "Content-Length: 2", *headers, "", "{}"]
    return "\r\n".join(lines).encode()


def wait_until_closed(port: int) -> None:
    while ports.answers(port):
        time.sleep(0.01)


def test_a_machine_without_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(gateway, "_SBIN", "/nowhere")
    with pytest.raises(processes.NotStarted, match="apt-get install haproxy"):
        gateway.command()
