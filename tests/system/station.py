"""Whoever works for a place, and whoever asks there: each by what the city shows them, its public API and its pages."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any
from uuid import uuid4

import httpx
from cli.import_.record import Record
from cli.token import sign_in
from intake.api.wording import STANDING

from tests.system.city import City, wait_until

#: How long events take at most to come round in a city that does little else.
ROUND = 60

SOURCE = "stories"

Case = dict[str, Any]
Receipt = dict[str, Any]

_TEXT = re.compile(r'<b>([^<]*)</b>\s*<time datetime="([^"]*)">[^<]*</time></header>\s*<p class="text">([^<]*)</p>')
_OLDER = re.compile(r'href="(\?before=[^"]*)"')
_RATING = re.compile(r"http://\S+/ratings/\S+")


@dataclass
class Resident:
    """Somebody who asks, without an account: with a receipt's code, and a telephone where they have one."""

    city: City
    name: str
    address: str | None = None
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def who(self) -> dict[str, str]:
        reached = {"means": "sandbox", "address": self.address} if self.address else {}
        return {"kind": "outsider", "name": self.name, **reached}

    def texts(self) -> list[str]:
        """What their telephone has shown, oldest first."""
        return [text for address, text in reversed(list(self.sent())) if address == self.address]

    def sent(self) -> Iterator[tuple[str, str]]:
        """All that was sent to anybody since this began, latest first: to whom, and what."""
        older = ""
        while True:
            page = httpx.get(f"{self.city.address}/sandbox{older}", timeout=30).raise_for_status().text
            for address, at, text in _TEXT.findall(page):
                if datetime.fromisoformat(at) < self.since:
                    return
                yield unescape(address), unescape(text)
            if not (found := _OLDER.search(page)):
                return
            older = found[1]

    def reads(self, words: str, *, times: int = 1) -> str:
        """The latest of so many texts with these words, once it is there."""
        wait_until(lambda: len(self._with(words)) >= times, seconds=ROUND, what=f"{times} × {words!r} to {self.name}")
        found = self._with(words)
        assert len(found) == times, found
        return found[-1]

    def _with(self, words: str) -> list[str]:
        return [text for text in self.texts() if words in text]


def link_in(text: str) -> str:
    """Where to say whether it is solved, as the text has it."""
    (link,) = _RATING.findall(text)
    return str(link)


def rate(link: str, *, solved: bool, rating: int, words: str = "") -> str:
    """By the form of the page; what the page says then."""
    asked = httpx.get(link, timeout=30).raise_for_status()
    assert "您反映的问题解决了吗？" in asked.text
    form = {"solved": "yes" if solved else "no", "rating": str(rating), "words": words}
    return httpx.post(link, data=form, follow_redirects=True, timeout=30).raise_for_status().text


def rate_again(link: str) -> tuple[int, str]:
    """The same form, sent though it asks nothing any more."""
    answer = httpx.post(link, data={"solved": "yes", "rating": "5", "words": ""}, timeout=30)
    return answer.status_code, answer.text


@dataclass
class Station:
    """Whoever works for a place, by what each is called in the story."""

    city: City
    tokens: Mapping[str, str]

    @classmethod
    def of(cls, city: City, people: Mapping[str, str]) -> "Station":
        """``people``: the sign-in name of each."""
        issuer, audience = (city.settings()[name] for name in ("OIDC_ISSUER", "OIDC_AUDIENCE"))
        return cls(city, {who: sign_in(name, issuer=issuer, audience=audience) for who, name in people.items()})

    def ask(
        self, whose: str, method: str, path: str, body: Any = None, *, version: int | None = None
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[whose]}"}
        headers |= {"Idempotency-Key": uuid4().hex} if method == "POST" else {}
        headers |= {"If-Match": f'"{version}"'} if version is not None else {}
        return httpx.request(method, f"{self.city.address}{path}", json=body, headers=headers, timeout=30)

    def call(self, whose: str, method: str, path: str, body: Any = None, *, version: int | None = None) -> Any:
        answer = self.ask(whose, method, path, body, version=version)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def listed(self, whose: str, path: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.call(whose, "GET", f"{path}{'&' if '?' in path else '?'}limit=200{cursor}")
            items += page["items"]
            if not page["next"]:
                return items
            cursor = f"&cursor={page['next']}"

    def file(self, whose: str, words: str, *, channel: str, place: str, who: Mapping[str, Any], **more: Any) -> Receipt:
        """As an importer does, with a record of what was acknowledged, by which the auditor looks for it."""
        asked = {"channel": channel, "place": place, "words": words, "who": who, "source": SOURCE, **more}
        number = uuid4().hex
        receipt: Receipt = self.call(whose, "POST", "/intake/v1/appeals", {**asked, "external_id": number})
        with Record(self.city.home / "imports", SOURCE) as record:
            record.acknowledged(number, receipt)
        return receipt

    def case_of(self, receipt: Receipt, whose: str) -> Case:
        """Once it has come to routing and lies with somebody."""
        wait_until(lambda: self._case_id(receipt) is not None, seconds=ROUND, what="a case of the appeal")
        case: Case = self.call(whose, "GET", f"/routing/v1/cases/{self._case_id(receipt)}")
        return case

    def _case_id(self, receipt: Receipt) -> Any:
        with self.city.connect("routing", "routing_auditor") as connection:
            connection.execute("select set_config('app.lo1', '/', false), set_config('app.hi1', '0', false)")
            query = "select case_id from case_appeal where appeal_id = %s"
            row = connection.execute(query, [receipt["appeal_id"]]).fetchone()
        return row[0] if row else None

    def look(self, whose: str, case: Case) -> Case:
        """As it stands by now, for this person."""
        case |= self.call(whose, "GET", _url(case))
        return case

    def look_until(self, whose: str, case: Case, **facts: Any) -> Case:
        """Once it stands so."""
        wait_until(
            lambda: facts.items() <= self.look(whose, case).items(), seconds=ROUND, what=f"{case['number']}: {facts}"
        )
        return case

    def look_until_rated(self, whose: str, case: Case, times: int) -> Case:
        """Once it is known of so many of its answers whether they solved it."""

        def is_rated() -> bool:
            return sum(each["solved"] is not None for each in self.look(whose, case)["callbacks"]) == times

        wait_until(is_rated, seconds=ROUND, what=f"{case['number']} is rated {times} times")
        return case

    def step(self, whose: str, case: Case, path: str, body: Any = None) -> None:
        """On the case as it was last seen; what comes of it is put on that."""
        self.call(whose, "POST", f"{_url(case)}/{path}", body, version=case["version"])
        self.look(whose, case)

    def refused(self, whose: str, case: Case, path: str, body: Any = None) -> dict[str, Any]:
        """What is said instead; the case stays as it is."""
        answer = self.ask(whose, "POST", f"{_url(case)}/{path}", body, version=case["version"])
        problem: dict[str, Any] = answer.json()
        assert answer.is_client_error, problem
        assert self.call(whose, "GET", _url(case))["version"] == case["version"]
        return problem

    def offered(self, whose: str, case: Case) -> set[str]:
        """What this person may do with it now."""
        return set(self.call(whose, "GET", _url(case))["steps"])

    def post_of(self, whose: str, place: str, duty: str) -> str:
        """The id of the post that answers there for a duty, as the register names it to this person."""
        return str(self.call(whose, "GET", f"/grid/v1/answerers?place={place}&duty={duty}")["answerer"]["post_id"])

    def is_told(self, whose: str, case: Case, template: str, *, times: int = 1) -> dict[str, Any]:
        """The latest of so many notices about the case in this person's inbox, once it is there."""
        what = f"{times} × {template} about {case['number']} to the {whose}"
        wait_until(lambda: len(self._inbox(whose, case, template)) >= times, seconds=ROUND, what=what)
        found = self._inbox(whose, case, template)
        assert len(found) == times, what
        return found[0]

    def _inbox(self, whose: str, case: Case, template: str) -> list[dict[str, Any]]:
        """Latest first, as nobody reads them."""
        items = self.listed(whose, "/notify/v1/inbox")
        return [item for item in items if (item["case_id"], item["template"]) == (case["case_id"], template)]

    def notices_to(self, receipt: Receipt, case: Case, *, whose: str) -> list[str]:
        """What its resident was told of the case, in order, as the staff see it."""
        sent = self.listed(whose, f"/notify/v1/messages?case={case['case_id']}")
        return [message["template"] for message in sent if message["appeal_id"] == receipt["appeal_id"]]

    def progress_of(self, receipt: Receipt) -> dict[str, Any]:
        """What whoever holds the query code sees."""
        shown: dict[str, Any] = (
            httpx.get(f"{self.city.address}/intake/v1/progress/{receipt['query_code']}", timeout=30)
            .raise_for_status()
            .json()
        )
        return shown

    def shows(self, receipt: Receipt, **facts: Any) -> dict[str, Any]:
        """What the code shows, once it says so; the page has the same in words."""
        what = f"the progress page of {receipt['number']} says {facts}"
        wait_until(lambda: facts.items() <= self.progress_of(receipt).items(), seconds=ROUND, what=what)
        shown = self.progress_of(receipt)
        page = httpx.get(f"{self.city.address}/progress/{receipt['query_code']}", timeout=30).raise_for_status().text
        words = (STANDING["zh"][shown["standing"]], shown["number"], shown["talk_to"], shown["handler"])
        assert [each for each in words if each and each not in page] == []
        return shown


def _url(case: Case) -> str:
    return f"/routing/v1/cases/{case['case_id']}"
