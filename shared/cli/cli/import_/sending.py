"""Sending at bounded concurrency, through everything that a running city does: restarts, kills, busy moments."""

import asyncio
import hashlib
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from types import TracebackType
from typing import Any, Self

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from cli.client import async_client_of, said
from cli.import_.reading import Table
from cli.import_.record import Record
from cli.import_.rows import Ready
from cli.import_.summary import Refusal, Tally
from cli.settings import Settings
from cli.token import bearer_of

_PASSING = {401, 425, 429, 500, 502, 503, 504}
_LONGEST_PAUSE = 5.0

#: A defect is no passing trouble: it is asked this often, and then the row is refused and the rest goes on.
_DEFECTS = 5

#: So many rows tell which city a file speaks of.
_SAMPLE = 500


class PlatformAway(Exception):
    """It did not answer within the patience; what was taken is taken, and the same command goes on."""


class Platform:
    """The public API, asked again while it is away."""

    def __init__(self, settings: Settings, name: str, *, connections: int, patience: float) -> None:
        self._settings, self._name, self._connections = settings, name, connections
        self._patience = patience

    async def __aenter__(self) -> Self:
        self._http = async_client_of(self._name, self._settings, connections=self._connections)
        self._signing = asyncio.Lock()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        """The platform's answer, of whatever status but a passing one."""
        began, defects, attempt = time.monotonic(), 0, 0
        while True:
            token = self._http.headers["Authorization"]
            try:
                response = await self._http.request(method, path, **how)
            except httpx.TransportError as error:
                trouble = type(error).__name__
            else:
                defects += response.status_code in (401, 500)
                if not _passes(response) or defects >= _DEFECTS:
                    return response
                if response.status_code == 401:
                    await self._sign_in_again(token)
                trouble = f"{response.status_code} {said(response)}"
            if time.monotonic() - began > self._patience:
                raise PlatformAway(
                    f"{self._settings.gateway} has not answered for {self._patience:.0f} s ({trouble}): "
                    "see that it runs (make up), then give the same command again: it goes on where it was"
                )
            await asyncio.sleep(_pause(attempt))
            attempt += 1

    async def _sign_in_again(self, used: str) -> None:
        """A long import outlives its token."""
        async with self._signing:
            if self._http.headers["Authorization"] == used:
                bearer = await asyncio.to_thread(bearer_of, self._name, self._settings)
                self._http.headers["Authorization"] = f"Bearer {bearer}"

    async def wait_for_copies(self) -> None:
        """Places and categories that have just been loaded are on their way: until they have come to rest."""
        before: Any = None
        for _ in range(20):
            response = await self.ask("GET", "/intake/v1/copies")
            known = response.json() if response.is_success else None
            if known is None or (known == before and known["places"] and known["categories"]):
                return
            before = known
            await asyncio.sleep(1.2)

    async def list_cities(self) -> dict[str, str]:
        """The names of the trees' roots by their codes."""
        response = await self.ask("GET", "/grid/v1/places", params={"tier": "city", "limit": 50})
        places = response.json()["items"] if response.is_success else []
        return {place["code"]: place["name"] for place in places if not place["parent_id"]}

    async def names_of(self, place_ids: Iterable[str]) -> dict[str, list[str]]:
        """For each place, the names from its city down to it; an unknown one has none."""
        found: dict[str, Any] = {}
        asked = set(place_ids)
        while asked:
            answers = await asyncio.gather(*(self.ask("GET", f"/grid/v1/places/{each}") for each in asked))
            found |= {p["id"]: p for p in (a.json() for a in answers if a.is_success)}
            asked = {p["parent_id"] for p in found.values() if p["parent_id"]} - found.keys()
        return {place_id: _line(found, place_id) for place_id in place_ids}


class Sending:
    def __init__(self, platform: Platform, record: Record, tally: Tally, *, concurrency: int, again: bool) -> None:
        self._platform, self._record, self._tally = platform, record, tally
        self._concurrency, self._again = concurrency, again
        self._seen: dict[str, int] = {}

    async def send_all(self, rows: Iterable[Ready], *, total: int, console: Console) -> None:
        why: str | None = None
        with _bar(console) as bar:
            task = bar.add_task("appeals", total=total)
            left = self._to_send(iter(rows), lambda: bar.advance(task))
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(self._concurrency):
                        group.create_task(self._work(left, lambda: bar.advance(task)))
            except* PlatformAway as away:  # what is raised in here comes out as a group in some Pythons (3.11.2)
                why = str(away.exceptions[0])
        if why is not None:
            raise PlatformAway(why)

    def _to_send(self, rows: Iterator[Ready], passed: Any) -> Iterator[Ready]:
        for row in rows:
            if self._is_for_sending(row):
                yield row
            else:
                passed()

    def _is_for_sending(self, row: Ready) -> bool:
        if row.trouble:
            self._tally.refuse(Refusal(row.line, row.trouble))
        elif row.external_id in self._seen:
            first = self._seen[row.external_id]
            self._tally.refuse(Refusal(row.line, f"column external_id: {row.external_id} is that of line {first} too"))
        else:
            self._seen[row.external_id] = row.line
            if self._again or row.external_id not in self._record.taken:
                return True
            self._tally.before += 1
        return False

    async def _work(self, left: Iterator[Ready], passed: Any) -> None:
        for row in left:
            await self._send(row)
            passed()

    async def _send(self, row: Ready) -> None:
        key = _key(row)
        response = await self._platform.ask(
            "POST", "/intake/v1/appeals", json=row.body, headers={"Idempotency-Key": key}
        )
        if _is_other_body(response):
            response = await self._platform.ask("POST", "/intake/v1/appeals", json=row.body)
        if not response.is_success:
            self._tally.refuse(Refusal(row.line, _reason(response)))
            return
        receipt = response.json()
        self._record.acknowledged(row.external_id, receipt)
        self._tally.take(receipt, confirmed=(row.body or {}).get("category"))


def choose_city(cities: dict[str, str], table: Table) -> str | None:
    """Where there are several cities: the one whose name the file's first rows say most."""
    if len(cities) < 2:
        return None
    said_of: Counter[str] = Counter()
    for row in islice(table.rows(), _SAMPLE):
        text = f"{row.values.get('title', '')}{row.values.get('address', '')}{row.values.get('words', '')}"
        said_of.update({code for code, name in cities.items() if name in text})
    ranked = said_of.most_common(2)
    is_plain = ranked and (len(ranked) == 1 or ranked[0][1] > 2 * ranked[1][1])
    return ranked[0][0] if is_plain else None


def _key(row: Ready) -> str:
    pair = f"{(row.body or {}).get('source')}\n{row.external_id}"
    return f"import-{hashlib.sha256(pair.encode()).hexdigest()[:40]}"


def _passes(response: httpx.Response) -> bool:
    """Whether the same request may fare better in a moment."""
    if response.status_code == 409:
        return _code(response) != "external_id_taken"
    return response.status_code in _PASSING


def _is_other_body(response: httpx.Response) -> bool:
    """The pair was sent with other words before: the platform knows it by its number."""
    return response.status_code == 422 and _code(response) == "idempotency_key_reused"


def _code(response: httpx.Response) -> str:
    is_json = "json" in response.headers.get("content-type", "")
    return str(response.json().get("code", "")) if is_json else ""


def _reason(response: httpx.Response) -> str:
    wrong = response.json().get("errors") if "json" in response.headers.get("content-type", "") else None
    if wrong:
        return "; ".join(f"{each['pointer'].strip('/')}: {each['detail']}" for each in wrong[:3])
    return f"{response.status_code} {said(response)}"


def _pause(attempt: int) -> float:
    longest: float = min(0.1 * 2 ** min(attempt, 10), _LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads retries


def _line(found: dict[str, Any], place_id: str) -> list[str]:
    names: list[str] = []
    at: str | None = place_id
    while at in found and len(names) < 12:
        names.insert(0, found[at]["name"])
        at = found[at]["parent_id"]
    return names


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
