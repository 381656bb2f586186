"""True stories of the field, each over the services' own APIs from the first word on (domain.md, section 4)."""

import csv
import io
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cli.staff import Place, staff_of

from tests.system.city import City, wait_until

STREET = Place("A3-15", "西湖街道", "street")
FAMILY = {"kind": "outsider", "name": "周平", "means": "sandbox", "address": "sandbox:zhou-ping"}


@dataclass
class Station:
    """Whoever works at a street's station, by duty."""

    city: City
    tokens: dict[str, str]

    def call(self, duty: str, method: str, path: str, body: Any = None, *, version: int | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[duty]}"}
        headers |= {"Idempotency-Key": uuid4().hex} if method == "POST" else {}
        headers |= {"If-Match": f'"{version}"'} if version is not None else {}
        answer = httpx.request(method, f"{self.city.address}{path}", json=body, headers=headers, timeout=30)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def file(self, duty: str, words: str, category: str) -> dict[str, Any]:
        """On a home visit, for the family."""
        asked = {"channel": "visit", "place": STREET.code, "words": words, "category": category, "who": FAMILY}
        receipt: dict[str, Any] = self.call(duty, "POST", "/intake/v1/appeals", asked)
        return receipt

    def case_of(self, receipt: dict[str, Any], duty: str) -> dict[str, Any]:
        """Once it has come to routing and lies with somebody."""
        wait_until(lambda: self._case_id(receipt) is not None, seconds=60, what="a case of the appeal")
        case: dict[str, Any] = self.call(duty, "GET", f"/routing/v1/cases/{self._case_id(receipt)}")
        return case

    def _case_id(self, receipt: dict[str, Any]) -> Any:
        with self.city.connect("routing", "routing_auditor") as connection:
            connection.execute("select set_config('app.lo1', '/', false), set_config('app.hi1', '0', false)")
            query = "select case_id from case_appeal where appeal_id = %s"
            row = connection.execute(query, [receipt["appeal_id"]]).fetchone()
        return row[0] if row else None

    def step(self, duty: str, case: dict[str, Any], path: str, body: Any = None) -> None:
        """On the case as it was last seen; what comes of it is put on that."""
        url = f"/routing/v1/cases/{case['case_id']}"
        self.call(duty, "POST", f"{url}/{path}", body, version=case["version"])
        case |= self.call(duty, "GET", url)


@pytest.fixture
def station(city: City) -> Station:
    holders = csv.DictReader(io.StringIO(staff_of([STREET]).holders))
    people = {row["post"].partition("/")[2]: row["subject"] for row in holders}
    duties = ("window_clerk", "agency", "dispatcher")
    return Station(city, {duty: city.baiyang("token", people[duty]).stdout.strip() for duty in duties})


def test_a_family_in_hardship_is_helped_the_same_day_and_a_linked_case_follows_for_longer(station: Station) -> None:
    relief = station.file("window_clerk", "走访发现一户突发困难，申请临时救助。", "administrative.relief")
    case = station.case_of(relief, "window_clerk")
    for work in (
        {"kind": "papers_received", "papers": ["户口簿"]},
        {"kind": "letter_sent", "office": "区民政局", "words": "申请临时救助，材料附后。"},
    ):
        station.step("window_clerk", case, "records", work)
    (letter,) = case["letters"]
    for work in (
        {"kind": "letter_reply", "number": letter["number"], "words": "同意救助。"},
        {"kind": "papers_returned", "papers": ["户口簿"]},
    ):
        station.step("window_clerk", case, "records", work)
    station.step("window_clerk", case, "answers", {"outcome": "solved", "answer": "临时救助金已批准，今日送到。"})
    station.step("window_clerk", case, "handovers", {"means": "brought_home"})
    station.step("window_clerk", case, "closings")
    assert (case["state"], case["promise_met"]) == ("closed", True)

    longer = station.file("window_clerk", "同一户家庭，申请区里的长期住房保障。", "administrative.housing_support")
    follows = station.case_of(longer, "agency")
    station.step(
        "window_clerk", case, "links", {"number": follows["number"], "kind": "follow_up", "words": "后续长期帮扶。"}
    )
    (link,) = case["links"]
    assert (link["number"], link["kind"], link["state"]) == (follows["number"], "follow_up", follows["state"])
    (back,) = station.case_of(longer, "agency")["links"]
    assert (back["number"], back["kind"], back["state"]) == (case["number"], "precedes", "closed")
    assert case["state"] == "closed"
    wait_until(lambda: progress_of(station, relief) == "closed", seconds=60, what="the progress page of the first")
    assert progress_of(station, longer) in ("received", "accepted", "assigned")


def progress_of(station: Station, receipt: dict[str, Any]) -> str:
    answer = httpx.get(f"{station.city.address}/intake/v1/progress/{receipt['query_code']}", timeout=30)
    return str(answer.json()["standing"])
