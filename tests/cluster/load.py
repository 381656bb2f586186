"""Residents and staff at work while the cluster changes: what they are answered is on record, what fails is counted."""

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

import httpx

from tests.chaos.client import TIMEOUT, Client, Pace
from tests.chaos.draw import CATEGORIES, PLACES, Draw
from tests.chaos.driver import Drive
from tests.chaos.people import AUDITOR, RESIDENT, People
from tests.chaos.record import Record

#: What somebody looks up, of every service.
_LOOKED_UP = ("/grid/v1/tiers", "/intake/v1/copies", "/routing/v1/categories", "/notify/v1/messages/troubled")


async def file_appeals(
    address: str, people: People, record: Record, count: int, *, drawn: str, rate: float = 10
) -> None:
    """So many, by residents on the web; each is acknowledged. Another ``drawn`` draws others."""
    draw = Draw(Random(drawn), after=1_000_000)
    async with httpx.AsyncClient(base_url=address, timeout=TIMEOUT) as http:
        client = Client(http, people, record, draw.random, Pace(rate, draw.random))
        for _ in range(count):
            body = {"channel": "web", "words": draw.words("路灯不亮，第"), "who": {"kind": "anonymous"}}
            body |= {"place": draw.one([place for place in PLACES if place]), "category": draw.one(CATEGORIES[:-1])}
            answer = await client.write("file", RESIDENT, "/intake/v1/appeals", body)
            assert answer.is_ok, answer


@dataclass
class Reader:
    """Looks things up at a steady rate over connections that it keeps, and counts what was not answered."""

    address: str
    token: str
    rate: float = 5
    asked: int = 0
    failed: Counter[str] = field(default_factory=Counter)

    def read_until(self, closing: threading.Event) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=self.address, headers=headers, timeout=TIMEOUT) as http:
            for path in itertools.cycle(_LOOKED_UP):
                if closing.wait(1 / self.rate):
                    return
                self.asked += 1
                if fault := self._fault(http, path):
                    self.failed[fault] += 1

    @staticmethod
    def _fault(http: httpx.Client, path: str) -> str:
        try:
            status = http.get(path).status_code
        except httpx.HTTPError as error:
            return f"{path}: {type(error).__name__}"
        return "" if status == 200 else f"{path}: {status}"


@dataclass
class Load:
    """``failed`` is by what it was, filled when the load has ended."""

    seconds: float = 0
    asked: int = 0
    failed: Counter[str] = field(default_factory=Counter)


@contextmanager
def load(address: str, people: People, record: Record, *, seed: int, rate: float = 5) -> Iterator[Load]:
    """``rate`` requests a second that carry appeals from filing to closing, and as many that look something up."""
    told, reader, closing = Load(), Reader(address, people.tokens[AUDITOR], rate=rate), threading.Event()
    drive = Drive(address, people, record, seed=seed, rate=rate, after=seed * 10_000)
    reading = threading.Thread(target=reader.read_until, args=(closing,), name="reader")
    began = time.monotonic()
    drive.start()
    reading.start()
    try:
        yield told
    finally:
        drive.stop(patience=30)
        closing.set()
        reading.join()
        told.seconds, told.asked, told.failed = time.monotonic() - began, reader.asked, reader.failed


def run_file_appeals(address: str, people: People, record: Record, count: int, *, drawn: str = "appeals") -> None:
    asyncio.run(file_appeals(address, people, record, count, drawn=drawn))
