"""The wire between services and servers: what the proxy does to it, and to whom."""

import asyncio
import contextlib
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import asyncpg
import pytest
from local import ports
from local.postgres import Postgres

from tests.chaos.proxy import Proxy, Rule, _client_of, _role_of


def startup(role: str) -> bytes:
    """PostgreSQL's first packet."""
    body = struct.pack(">i", 196608) + b"user\0" + role.encode() + b"\0database\0x\0\0"
    return struct.pack(">i", len(body) + 4) + body


def kafka_request(client: str) -> bytes:
    body = struct.pack(">hhih", 18, 3, 1, len(client)) + client.encode()
    return struct.pack(">i", len(body)) + body


@dataclass
class Echo:
    """A server that says again what it hears, behind a proxy."""

    proxy: Proxy
    port: int
    heard: bytearray

    @asynccontextmanager
    async def client(self, first: bytes) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection(ports.HOST, self.port)
        writer.write(first)
        assert await reader.readexactly(len(first)) == first
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def echoing(target: str) -> AsyncIterator[Echo]:
    heard = bytearray()

    async def say_again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(1000):
                heard.extend(chunk)
                writer.write(chunk)
        writer.close()

    async with await asyncio.start_server(say_again, ports.HOST, 0) as server:
        proxy = Proxy({target: server.sockets[0].getsockname()[1]})
        async with await asyncio.start_server(partial(proxy.serve, target), ports.HOST, 0) as front:
            try:
                yield Echo(proxy, front.sockets[0].getsockname()[1], heard)
            finally:
                await end(proxy)


async def end(proxy: Proxy) -> None:
    """What is half open would else outlive its test."""
    async with asyncio.timeout(5):
        while proxy.links:
            for link in list(proxy.links.values()):
                link.reset()
            await asyncio.sleep(0.01)


async def is_silent(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(0.3):
            await reader.read(1)
    except TimeoutError:
        return True
    return False


def test_who_speaks_is_told_by_the_first_packet() -> None:
    asks_for_tls = struct.pack(">ii", 8, 80877103)
    assert _role_of(asks_for_tls) == ""
    assert _role_of(asks_for_tls + startup("routing_consumer")) == "routing_consumer"
    assert _role_of(startup("grid_api")[:-4]) == ""
    assert _client_of(kafka_request("routing-relay-3")) == "routing-relay-3"


async def test_a_real_client_of_postgresql_passes_and_is_known(postgres_server: Postgres) -> None:
    proxy = Proxy({"postgres": postgres_server.port})
    async with await asyncio.start_server(partial(proxy.serve, "postgres"), ports.HOST, 0) as front:
        port = front.sockets[0].getsockname()[1]
        connection = await asyncpg.connect(host=ports.HOST, port=port, user="postgres", database="postgres")
        assert await connection.fetchval("select 41 + 1") == 42
        assert proxy.state()["speakers"] == [("postgres", "postgres")]
        number = proxy.lay(Rule("postgres", "cut"))
        with pytest.raises((OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)):
            await connection.fetchval("select 1")
        proxy.lift(number, reset=True)


async def test_only_those_that_are_named_are_cut_and_nobody_once_it_is_lifted() -> None:
    async with (
        echoing("postgres") as echo,
        echo.client(startup("intake_api")) as (spared, writes),
        echo.client(startup("routing_api")) as (cut, _),
    ):
        number = echo.proxy.lay(Rule("postgres", "cut", "routing_*"))
        with pytest.raises(ConnectionResetError):
            await cut.read(1)
        writes.write(b"on")
        assert await spared.readexactly(2) == b"on"
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            async with echo.client(startup("routing_relay")):
                pass
        echo.proxy.lift(number, reset=True)
        async with echo.client(startup("routing_relay")):
            pass


async def test_what_is_swallowed_never_arrives_and_nobody_is_told() -> None:
    async with echoing("kafka") as echo, echo.client(kafka_request("notify-consumer")) as (reader, writer):
        heard = len(echo.heard)
        number = echo.proxy.lay(Rule("kafka", "swallow", way="up"))
        writer.write(b"lost")
        assert await is_silent(reader)
        assert len(echo.heard) == heard
        echo.proxy.lift(number, reset=False)
        writer.write(b"too late")
        assert await is_silent(reader)
        assert echo.proxy.state()["lost"] == 1


async def test_half_a_wire_still_carries_the_other_way() -> None:
    async with echoing("postgres") as echo, echo.client(startup("intake_api")) as (reader, writer):
        number = echo.proxy.lay(Rule("postgres", "swallow", way="down"))
        writer.write(b"commit")
        assert await is_silent(reader)
        assert echo.heard.endswith(b"commit")
        echo.proxy.lift(number, reset=True)
        with pytest.raises(ConnectionResetError):
            await reader.read(1)


async def test_what_is_delayed_comes_later_and_in_order() -> None:
    async with echoing("postgres") as echo, echo.client(startup("intake_api")) as (reader, writer):
        number = echo.proxy.lay(Rule("postgres", "delay", least=0.2, most=0.2))
        begun = time.monotonic()
        writer.write(b"one, ")
        writer.write(b"two")
        assert await reader.readexactly(8) == b"one, two"
        assert time.monotonic() - begun >= 0.4
        echo.proxy.lift(number, reset=True)
        assert echo.proxy.state()["harmed"]["delay"] >= 2
