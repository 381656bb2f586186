"""A client as it should be: one key a request, sent again until there is an answer, every outcome on record."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import httpx

from tests.chaos.people import People
from tests.chaos.record import OK, REFUSED, UNKNOWN, Record

#: Longer than anything that is well takes; a process held still or gone half-way keeps nobody for ever.
TIMEOUT = httpx.Timeout(8, connect=3)

_LONGEST_PAUSE = 3.0

#: Of what has been acknowledged so many are asked for again on purpose; of what was lost so many are let go.
_REPEATED, _ABANDONED = 0.05, 0.04

#: Not an answer to what was asked: the first sending may still be at work.
_STILL_RUNNING = "request_in_progress"


@dataclass(frozen=True)
class Answer:
    outcome: str
    status: int | None = None
    code: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None

    @property
    def is_ok(self) -> bool:
        return self.outcome == OK


@dataclass(frozen=True)
class _Request:
    op: int
    kind: str
    by: str
    path: str
    body: Mapping[str, Any] | None
    headers: Mapping[str, str]


class Client:
    """``pace`` is asked for before each request, so that all of them together keep a rate."""

    def __init__(self, http: httpx.AsyncClient, people: People, record: Record, random: Random, pace: "Pace") -> None:
        self._http = http
        self._people = people
        self._record = record
        self._random = random
        self._pace = pace
        self.until: float | None = None
        """When what is under way is given up; None while the drive goes on."""

    async def read(self, by: str, path: str, **asked: str) -> Answer:
        """Once; what is lost is lost, since nothing hangs on it."""
        await self._pace.take()
        return await self._send(by, "GET", path, params=asked)

    async def write(
        self,
        kind: str,
        by: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        version: int | None = None,
        is_keyed: bool = True,
        about: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Sent under one key until it is acknowledged or refused. Without a key it is sent once, as it must be."""
        await self._pace.take()
        key = str(UUID(int=self._random.getrandbits(128))) if is_keyed else None
        asked = {"path": path, "body": body, "version": version, "key": key, **(about or {})}
        op = self._record.begin(kind, by, **asked)
        headers = ({"Idempotency-Key": key} if key else {}) | ({} if version is None else {"If-Match": f'"{version}"'})
        request, lost = _Request(op, kind, by, path, body, headers), 0
        while True:
            answer = await self._send_on_record(request)
            if answer.outcome != UNKNOWN:
                break
            lost += 1
            if not is_keyed or self._is_over() or self._random.random() < _ABANDONED:
                return answer
            await asyncio.sleep(self._pause(lost))
        if answer.is_ok and is_keyed and self._random.random() < _REPEATED:
            await self._send_on_record(request)
        return answer

    def _pause(self, lost: int) -> float:
        return float(min(_LONGEST_PAUSE, 0.2 * 2**lost) * self._random.uniform(0.5, 1))

    def _is_over(self) -> bool:
        return self.until is not None and time.monotonic() > self.until

    async def _send_on_record(self, request: _Request) -> Answer:
        self._record.sent(request.op)
        answer = await self._send(request.by, "POST", request.path, json=request.body, headers=request.headers)
        facts = {"status": answer.status, "code": answer.code}
        told = {"answer": answer.body} if answer.is_ok else {}
        self._record.came(request.op, request.kind, answer.outcome, **facts, **told)
        return answer

    async def _send(self, by: str, method: str, path: str, **more: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self._people.tokens[by]}"} if by else {}
        headers |= more.pop("headers", {})
        try:
            response = await self._http.request(method, path, headers=headers, **more)
        except httpx.HTTPError as error:
            return Answer(UNKNOWN, code=type(error).__name__)
        return _answer(response)


def _answer(response: httpx.Response) -> Answer:
    try:
        body = response.json()
    except ValueError:
        return Answer(UNKNOWN, response.status_code, "unreadable")
    if response.is_success:
        tag = response.headers.get("ETag", "").strip('"')
        return Answer(OK, response.status_code, body=body, version=int(tag) if tag.isdecimal() else None)
    code = str(body.get("code") or body.get("title") or "")
    is_unknown = response.is_server_error or code == _STILL_RUNNING
    return Answer(UNKNOWN if is_unknown else REFUSED, response.status_code, code)


class Pace:
    """So many requests a second, all together, unevenly."""

    def __init__(self, rate: float, random: Random) -> None:
        self._mean = 1 / rate
        self._random = random
        self._next = time.monotonic()

    async def take(self) -> None:
        now = time.monotonic()
        self._next = max(self._next, now - 1) + self._random.expovariate(1 / self._mean)
        if self._next > now:
            await asyncio.sleep(self._next - now)
