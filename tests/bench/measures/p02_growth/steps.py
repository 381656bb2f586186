"""Some lifecycles, step by step for all of them, so that what each step reads can be told from the others'."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any, LiteralString
from urllib.parse import quote
from uuid import uuid4

import httpx

from tests.bench.backlog import await_calm
from tests.bench.bench import Bench
from tests.bench.driving import cast_of
from tests.bench.load import words
from tests.bench.measures.p02_growth.counters import Counters, look
from tests.system.city import City

LIVES = 40

#: Seconds between two requests: what is taken by event is taken one by one then, in a small city and in a large one.
APART = 0.25

#: Which service's api answers each step.
ANSWERED_BY = {
    "file": "intake",
    "worklist": "routing",
    "start": "routing",
    "answer": "routing",
    "close": "routing",
    "progress": "intake",
}

_CASE: LiteralString = """
select c.case_id::text, c.version from cases c join case_appeal a using (case_id) where a.appeal_id = %s
"""


@dataclass
class Life:
    token: str
    holder: str
    query_code: str
    appeal_id: str


class Lives:
    def __init__(self, bench: Bench, city: City) -> None:
        self._city = city
        self._cast = cast_of(bench, city)
        self._http = httpx.Client(base_url=city.address, timeout=60)
        self._chance = Random(bench.settings.seed)
        self._lives: list[Life] = []

    def live(self) -> dict[str, Counters]:
        """What was counted while all of them took each step, with all that followed from it."""
        steps: dict[str, Callable[[], None]] = {
            "file": self._file,
            "worklist": lambda: self._each(self._find),
            "start": lambda: self._each(lambda life: self._step(life, "starts")),
            "answer": lambda: self._each(lambda life: self._step(life, "answers", words.answer(self._chance))),
            "close": lambda: self._each(lambda life: self._step(life, "closings")),
            "progress": lambda: self._each(self._read_progress),
        }
        self._warm_up(steps.values())
        found = {}
        for name, step in steps.items():
            before = look(self._city)
            step()
            await_calm(self._city)
            found[name] = look(self._city) - before
        self._http.close()
        return found

    def _warm_up(self, steps: Iterable[Callable[[], None]]) -> None:
        """Every step once, so that every connection has its statements, and those of the functions that they call,
        planned, and the catalogue read.
        """
        for step in steps:
            step()
            await_calm(self._city)
        self._lives.clear()

    def _file(self) -> None:
        for number in range(LIVES):
            community = self._cast.communities[number % len(self._cast.communities)]
            category = list(community.holders)[number % len(community.holders)]
            token = words.new_token()
            body = words.appeal(
                self._chance, token, place=self._chance.choice(community.places), category=category, channel="window"
            )
            headers = {"Idempotency-Key": str(uuid4())}
            receipt = self._ask("POST", "/intake/v1/appeals", community.clerk, body, headers)
            self._lives.append(Life(token, community.holders[category], receipt["query_code"], receipt["appeal_id"]))

    def _each(self, step: Callable[[Life], None]) -> None:
        for life in self._lives:
            step(life)

    def _find(self, life: Life) -> None:
        """Page by page."""
        cursor = ""
        while True:
            page = self._ask("GET", f"/routing/v1/worklist{cursor}", life.holder)
            if any(life.token in line["gist"] for line in page["items"]):
                return
            if not page["next"]:
                raise RuntimeError("a case is not in its holder's work list")
            cursor = f"?cursor={quote(page['next'])}"

    def _step(self, life: Life, path: str, body: Any = None) -> None:
        with self._city.connect("routing", "postgres") as connection:
            row = connection.execute(_CASE, [life.appeal_id]).fetchone()
        assert row is not None
        case_id, version = row
        self._ask("POST", f"/routing/v1/cases/{case_id}/{path}", life.holder, body, {"If-Match": f'"{version}"'})

    def _read_progress(self, life: Life) -> None:
        self._ask("GET", f"/intake/v1/progress/{quote(life.query_code)}", "")

    def _ask(
        self, method: str, path: str, who: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        time.sleep(APART)
        sent = dict(headers or {})
        if who:
            sent["Authorization"] = f"Bearer {self._cast.tokens[who]}"
        answer = self._http.request(method, path, headers=sent, json=body)
        if not answer.is_success:
            raise RuntimeError(f"{method} {path.partition('?')[0]}: {answer.status_code}")
        told: dict[str, Any] = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        return told
