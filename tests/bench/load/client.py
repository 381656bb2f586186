"""HTTP/1.1 as cheap as it can be had in Python, so that what drives the city takes little of its machine."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import cast

import httptools

#: The gateway ends a connection that was idle for five seconds: one that is about to end is not used again.
_STALE_AFTER = 4.0

PATIENCE = 60.0


@dataclass
class Answer:
    """``status`` 0: there was none, and ``body`` says why."""

    status: int
    body: bytes = b""


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self.used = time.monotonic()
        self.is_open = False
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._body: list[bytes] = []

    def ask(self, request: bytes) -> "asyncio.Future[Answer]":
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._parser, self._body = httptools.HttpResponseParser(self), []
        self._transport.write(request)
        return self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self.is_open = cast(asyncio.Transport, transport), True

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        self._settle(Answer(0, f"the connection was closed ({type(exc).__name__})".encode()))

    def data_received(self, data: bytes) -> None:
        if self._parser is None:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._settle(Answer(0, b"not HTTP"))
            self.close()

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        assert self._parser is not None
        status, keeps = self._parser.get_status_code(), self._parser.should_keep_alive()
        self._parser = None
        self._settle(Answer(status, b"".join(self._body)))
        if not keeps:
            self.close()

    def _settle(self, answer: Answer) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)


class Client:
    """One address, as many connections as are asked for at the same time."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._idle: deque[_Connection] = deque()
        self.asked = 0

    async def ask(
        self, method: str, path: str, *, token: str = "", body: bytes | None = None, more: str = ""
    ) -> Answer:
        """``more`` is whole header lines."""
        self.asked += 1
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body is not None else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n{authorization}{kind}{more}\r\n"
        try:
            connection = await self._connection()
        except OSError as error:
            return Answer(0, f"no connection ({type(error).__name__})".encode())
        try:
            answer = await asyncio.wait_for(connection.ask(head.encode() + (body or b"")), PATIENCE)
        except TimeoutError:
            connection.close()
            return Answer(0, f"no answer in {PATIENCE:.0f} s".encode())
        if connection.is_open:
            connection.used = time.monotonic()
            self._idle.append(connection)
        return answer

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _connection(self) -> _Connection:
        """The one used last, so that few are kept."""
        fresh = time.monotonic() - _STALE_AFTER
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and connection.used > fresh:
                return connection
            connection.close()
        _, made = await asyncio.get_running_loop().create_connection(_Connection, self._host, self._port)
        return made
