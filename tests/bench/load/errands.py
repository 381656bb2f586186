"""What the invented people do, step by step, each step timed from when it was meant to begin."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from tests.bench.load import words
from tests.bench.load.client import Answer, Client
from tests.bench.load.plan import Load, Look, Plan, Sample

#: A holder who does not find the case looks again after so long, and gives up after so many looks.
LOOK_AGAIN = 1.0
LOOKS = 60

#: The case has another version than the one that was read.
CHANGED = 412

_JSON = json.JSONDecoder()


class Refused(Exception):
    """A step was not answered as it should be; it is counted, and the errand ends."""


@dataclass
class Errands:
    """Runs errands against one city and writes down what each step took."""

    plan: Plan
    client: Client
    load: Load
    begun: float
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.plan.seed)

    def now(self) -> float:
        """Seconds since the load began."""
        return time.perf_counter() - self.begun

    async def lifecycle(self, meant: float) -> None:
        """Filed, found in the work list, started, answered, closed, and the progress read."""
        community = self.random.choice(self.plan.communities)
        category = self.random.choice(list(community.holders))
        holder = self.plan.tokens[community.holders[category]]
        try:
            token, receipt = await self._file(community.clerk, community.places, category, meant)
            filed = self.now()
            case = await self._find(holder, token)
            self.load.visible.append(Sample(round(filed, 3), round(self.now() - filed, 3)))
            path = f"/routing/v1/cases/{case['case_id']}"
            case = await self._step("start", f"{path}/starts", holder, case["version"], None)
            case = await self._step("answer", f"{path}/answers", holder, case["version"], words.answer(self.random))
            await self._step("close", f"{path}/closings", holder, case["version"], None)
            code = quote(receipt["query_code"])
            await self._ask("progress", "GET", f"/intake/v1/progress/{code}", meant=await self._pause())
        except Refused:
            return
        self.load.finished.append(round(self.now(), 3))

    async def filing(self, meant: float) -> None:
        community = self.random.choice(self.plan.communities)
        try:
            await self._file(community.clerk, community.places, self.random.choice(list(community.holders)), meant)
        except Refused:
            return
        self.load.finished.append(round(self.now(), 3))

    async def looking(self, meant: float, *, look: Look) -> None:
        try:
            await self._ask(look.name, "GET", look.path, self.plan.tokens.get(look.who, ""), meant=meant)
        except Refused:
            return
        self.load.finished.append(round(self.now(), 3))

    async def _file(
        self, clerk: str, places: tuple[str, ...], category: str, meant: float
    ) -> tuple[str, dict[str, Any]]:
        token, place = words.new_token(), self.random.choice(places)
        who, channel = (clerk, "window") if self.random.random() < 0.5 else ("resident", "web")
        body = words.appeal(self.random, token, place=place, category=category, channel=channel)
        key = f"Idempotency-Key: {uuid4()}\r\n"
        signed_in = self.plan.tokens[who]
        answer = await self._ask("file", "POST", "/intake/v1/appeals", signed_in, meant=meant, body=body, more=key)
        receipt: dict[str, Any] = json.loads(answer.body)
        return token, receipt

    async def _find(self, holder: str, token: str) -> dict[str, Any]:
        """Page by page; what is new is last, since the list is sorted by what falls due."""
        wait = self.random.uniform(*self.plan.settle)
        for _ in range(LOOKS):
            meant = self.now() + wait
            await asyncio.sleep(wait)
            cursor = ""
            while True:
                answer = await self._ask("worklist", "GET", f"/routing/v1/worklist{cursor}", holder, meant=meant)
                if line := _line_with(answer.body, token):
                    return line
                following = _next(answer.body)
                if not following:
                    break
                cursor, meant = f"?cursor={quote(following)}", self.now()
            wait = LOOK_AGAIN
        self._refuse("find", 0, "not in the work list")
        raise Refused

    async def _step(self, name: str, path: str, holder: str, version: int, body: Any) -> dict[str, Any]:
        """Once more where a clock has noted something of the case meanwhile."""
        meant = await self._pause()
        answer = await self._ask(name, "POST", path, holder, meant=meant, body=body, more=_match(version), also=CHANGED)
        if answer.status == CHANGED:
            read = await self._ask(name, "GET", path.rpartition("/")[0], holder, meant=meant)
            more = _match(json.loads(read.body)["version"])
            answer = await self._ask(name, "POST", path, holder, meant=meant, body=body, more=more)
        case: dict[str, Any] = json.loads(answer.body)
        return case

    async def _pause(self) -> float:
        wait = self.random.uniform(*self.plan.pause)
        meant = self.now() + wait
        await asyncio.sleep(wait)
        return meant

    async def _ask(
        self,
        step: str,
        method: str,
        path: str,
        token: str = "",
        *,
        meant: float,
        body: Any = None,
        more: str = "",
        also: int | None = None,
    ) -> Answer:
        """``also``: a status that is no error."""
        self.load.late = max(self.load.late, self.now() - meant)
        sent = json.dumps(body, ensure_ascii=False).encode() if body is not None else None
        if sent is None and method == "POST":
            more += "Content-Length: 0\r\n"
        answer = await self.client.ask(method, path, token=token, body=sent, more=more)
        self.load.note(step, meant, self.now() - meant)
        if not (200 <= answer.status < 300 or answer.status == also):
            self._refuse(step, answer.status, _said(answer))
            raise Refused
        return answer

    def _refuse(self, step: str, status: int, said: str) -> None:
        self.load.errors.append((round(self.now(), 2), step, status, said))


def _match(version: int) -> str:
    return f'If-Match: "{version}"\r\n'


def _line_with(page: bytes, token: str) -> dict[str, Any] | None:
    """One line, without reading the whole page for it: most of what a generator costs is JSON."""
    at = page.find(token.encode())
    if at < 0:
        return None
    line: dict[str, Any] = _JSON.raw_decode(page[page.rfind(b"{", 0, at) :].decode())[0]
    return line


def _next(page: bytes) -> str:
    """The cursor, as cheaply."""
    _, _, rest = page.rpartition(b'"next":')
    return str(json.loads(rest.rstrip(b"}")) or "")


def _said(answer: Answer) -> str:
    """A problem's type; never what it quotes."""
    try:
        problem = json.loads(answer.body)
        return str(problem.get("type", ""))[-60:]
    except ValueError:
        return answer.body[:60].decode(errors="replace") if answer.status == 0 else ""


Errand = Callable[[float], Any]
