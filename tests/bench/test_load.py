"""The load generator, against a city of one invented server: what it times, and from when."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.bench.load.__main__ import arrivals, drive
from tests.bench.load.client import Client
from tests.bench.load.errands import Errands
from tests.bench.load.plan import Community, Load, Look, Phase, Plan, Sample

Handler = Callable[[str, bytes], Awaitable[tuple[int, object]]]


@asynccontextmanager
async def serving(answer: Handler) -> AsyncIterator[int]:
    """HTTP that keeps connections, on a port of its own; ``answer`` gets the request's head and body."""
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        while head := await _head(reader):
            length = next(
                (int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length")), 0
            )
            status, said = await answer(head, await reader.readexactly(length))
            body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
            writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*(task for task in serving if task))


async def empty(head: str, body: bytes) -> tuple[int, object]:
    return 200, {}


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode()
    except (asyncio.IncompleteReadError, ConnectionError):
        return ""


def looking(port: int, *phases: Phase, clients: int = 0) -> Plan:
    look = Look("page", "/page", "")
    return Plan(port, {}, (), phases, work="looking", looks=(look,), clients=clients)


def test_arrivals_come_at_their_rate_whatever_happens() -> None:
    assert list(arrivals([Phase(2, 1), Phase(4, 1)])) == [0, 0.5, 1, 1.25, 1.5, 1.75]


def test_a_rate_of_nothing_brings_nobody() -> None:
    assert list(arrivals([Phase(0, 5), Phase(1, 1)])) == [5]


async def test_a_server_that_answers_nobody_for_a_while_shows_in_each_that_came_meanwhile() -> None:
    """An open loop: all ten come though none is answered, and each has waited since it came."""
    everybody, asked = asyncio.Event(), 0

    async def answer(head: str, body: bytes) -> tuple[int, object]:
        nonlocal asked
        asked += 1
        if asked == 10:
            everybody.set()
        await asyncio.wait_for(everybody.wait(), 5)
        return 200, {}

    async with serving(answer) as port:
        load = await drive(looking(port, Phase(20, 0.5)))
    assert [sample.at for sample in sorted(load.steps["page"], key=lambda s: s.at)] == [n / 20 for n in range(10)]
    assert all(sample.seconds >= 0.44 - sample.at for sample in load.steps["page"])
    assert sum(load.seconds_of("page")) > 2


async def test_a_generator_that_is_late_counts_from_when_it_was_meant() -> None:
    load = Load()
    async with serving(empty) as port:
        client = Client("127.0.0.1", port)
        errands = Errands(looking(port), client, load, time.perf_counter() - 5)
        await errands.looking(1.0, look=Look("page", "/page", ""))
        client.close()
    assert load.late >= 4
    assert [sample.at for sample in load.steps["page"]] == [1.0]
    assert load.seconds_of("page")[0] >= 4


async def test_a_closed_loop_asks_again_only_when_it_was_answered() -> None:
    at_once = most = 0

    async def answer(head: str, body: bytes) -> tuple[int, object]:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1
        return 200, {}

    async with serving(answer) as port:
        load = await drive(looking(port, Phase(0, 0.3), clients=3))
    assert most == 3
    assert load.begun == len(load.finished) == len(load.seconds_of("page"))


async def test_errors_are_counted_with_their_status_and_type_and_without_what_they_quote() -> None:
    async def answer(head: str, body: bytes) -> tuple[int, object]:
        return 503, {"type": "/problems/database_away", "detail": "林月 was here"}

    async with serving(answer) as port:
        load = await drive(looking(port, Phase(10, 0.2)))
    assert load.errors_told() == {"page 503 /problems/database_away": 2}
    assert load.finished == []


async def test_no_server_is_an_error_and_no_crash() -> None:
    async with serving(empty) as port:
        pass
    load = await drive(looking(port, Phase(10, 0.1)))
    assert [status for _, _, status, _ in load.errors] == [0]


async def test_connections_are_used_again() -> None:
    async def answer(head: str, body: bytes) -> tuple[int, object]:
        return 200, {"said": head.split(" ")[1]}

    async with serving(answer) as port:
        client = Client("127.0.0.1", port)
        first = await client.ask("GET", "/a")
        connections = list(client._idle)
        second = await client.ask("GET", "/b")
        assert list(client._idle) == connections
        client.close()
    assert [json.loads(each.body)["said"] for each in (first, second)] == ["/a", "/b"]


class OneCity:
    """Takes an appeal, shows it to its holder on the second page at the second look, and takes its steps."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.title = ""
        self.looks = 0
        self.version = 3

    async def answer(self, head: str, body: bytes) -> tuple[int, object]:
        method, path, _ = head.split(" ", 2)
        self.said.append(f"{method} {path}")
        match = next((line for line in head.split("\r\n") if line.startswith("If-Match")), "")
        if path == "/intake/v1/appeals":
            assert "Idempotency-Key: " in head
            assert "Authorization: Bearer " in head
            self.title = json.loads(body)["title"]
            return 201, {"query_code": "7K2M-9QXT-4B6P-R"}
        if path.startswith("/routing/v1/worklist"):
            return self._worklist(path)
        if "/cases/" in path:
            return self._case(method, match.partition('"')[2].rstrip('"'))
        return 200, {"standing": "closed"}

    def _case(self, method: str, version: str) -> tuple[int, object]:
        if method == "POST" and version != str(self.version):
            return 412, {"type": "/problems/case_changed"}
        self.version += method == "POST"
        return 200, {"case_id": "c1", "version": self.version}

    def _worklist(self, path: str) -> tuple[int, object]:
        self.looks += 1
        if self.looks < 2:
            return 200, {"items": [], "next": None}
        if "cursor" not in path:
            return 200, {"items": [{"gist": "another", "case_id": "c0", "version": 1}], "next": "on"}
        return 200, {"items": [{"gist": self.title, "case_id": "c1", "version": 3}], "next": None}


async def lived_in(city: OneCity, monkeypatch: pytest.MonkeyPatch) -> Load:
    """One lifecycle."""
    monkeypatch.setattr("tests.bench.load.errands.LOOK_AGAIN", 0.01)
    community = Community(("HZ-BY",), "clerk", "dispatcher", {"municipal.roads": "holder"})
    tokens = {name: name for name in ("clerk", "resident", "holder")}
    async with serving(city.answer) as port:
        return await drive(Plan(port, tokens, (community,), (Phase(1, 1),), pause=(0, 0.01), settle=(0, 0.01)))


async def test_a_lifecycle_is_lived_from_the_appeal_to_the_progress_page(monkeypatch: pytest.MonkeyPatch) -> None:
    city = OneCity()
    load = await lived_in(city, monkeypatch)
    assert load.errors == []
    assert len(load.finished) == 1
    assert city.said == [
        "POST /intake/v1/appeals",
        "GET /routing/v1/worklist",
        "GET /routing/v1/worklist",
        "GET /routing/v1/worklist?cursor=on",
        "POST /routing/v1/cases/c1/starts",
        "POST /routing/v1/cases/c1/answers",
        "POST /routing/v1/cases/c1/closings",
        "GET /intake/v1/progress/7K2M-9QXT-4B6P-R",
    ]


async def test_who_finds_the_case_changed_reads_it_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    city = OneCity()
    city.version = 4
    load = await lived_in(city, monkeypatch)
    assert (load.errors, len(load.finished)) == ([], 1)
    assert city.said[4:7] == [
        "POST /routing/v1/cases/c1/starts",
        "GET /routing/v1/cases/c1",
        "POST /routing/v1/cases/c1/starts",
    ]


def test_plan_and_load_read_back_as_they_were_written(tmp_path: Path) -> None:
    community = Community(("HZ-BY",), "clerk", "dispatcher", {"municipal.roads": "holder"})
    plan = Plan(1, {"clerk": "t"}, (community,), (Phase(1, 2),), looks=(Look("page", "/", ""),))
    plan.write(tmp_path / "plan")
    read = Plan.read(tmp_path / "plan")
    assert (read.communities[0].holders, read.phases, read.looks) == (community.holders, plan.phases, plan.looks)
    load = Load(steps={"file": [Sample(1, 0.5), Sample(2, 0.25)]}, errors=[(1.0, "file", 503, "x")], requests=2, cpu=1)
    load.write(tmp_path / "load")
    assert Load.read(tmp_path / "load") == load


def test_percentiles_are_of_what_was_meant_to_begin_in_that_time() -> None:
    load = Load(steps={"file": [Sample(1, 9.0), Sample(5, 0.1), Sample(6, 0.2)], "close": [Sample(5, 0.5)]})
    assert load.percentiles(50, since=4) == {"file": {"p50": 100.0, "n": 2}, "close": {"p50": 500.0, "n": 1}}
    assert load.worst(95, since=4) == 500.0
    assert load.worst(95) == 9000.0


def test_the_spread_is_that_of_the_best_and_the_worst_third() -> None:
    samples = [Sample(at, seconds) for at, seconds in ((1, 0.1), (2, 0.2), (4, 0.5), (7, 0.3))]
    load = Load(steps={"file": samples, "close": samples[:2]}, seconds=9)
    assert load.spread("file", 95) == (200.0, 500.0)
    assert load.spread("close", 95) is None
