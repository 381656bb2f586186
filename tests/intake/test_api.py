"""The API over ASGI: real tokens, a real database, the api role. What is refused changes nothing."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx2
import pytest
from contracts.grid import Holding, PostChangedV1
from contracts.routing import CaseAnsweredV1, CaseState, Outcome, Party
from intake.app import create_app
from intake.domain.progress import GUESS_WINDOW, GUESSES
from intake.repository.sealing import Keys
from intake.service.following import follow_cases
from intake.service.station import Station
from intake.settings import Settings
from kit.clock import DrivenClock
from kit.crypto import new_key
from kit.db import Database, UnitOfWork
from kit.numbers import new_query_code
from kit.testing.servers import NOW
from kit.testing.tokens import Identity
from network.consumers import copy_posts
from pydantic import SecretStr
from sqlalchemy import text

from tests.conftest import AsyncDatabase
from tests.intake.factories import NAMESPACE, copy_place, id_of, make_place, make_station, path_of

APPEALS = "/intake/v1/appeals"
ANONYMOUS = {"channel": "web", "who": {"kind": "anonymous"}, "words": "白杨社区停水三天了"}
IMPORTED = {
    "channel": "web",
    "who": {"kind": "outsider", "origin": "A00182", "means": "sandbox", "address": "forum:A00182"},
    "words": "柳林街道路灯不亮",
    "source": "forum",
    "external_id": "360114",
}


@pytest.fixture(scope="module")
def identity() -> Iterator[Identity]:
    with Identity().serving() as identity:
        yield identity


@dataclass
class Desk:
    http: httpx2.AsyncClient
    identity: Identity
    database: Database
    consumer: Database
    clock: DrivenClock
    station: Station

    async def post(self, who: str, path: str, body: Any, **headers: str) -> httpx2.Response:
        return await self.http.post(path, json=body, headers={**self._signed(who), **headers})

    async def get(self, who: str, path: str, **headers: str) -> httpx2.Response:
        return await self.http.get(path, headers={**self._signed(who), **headers})

    async def take(self, by: str = "wang.min", **overrides: Any) -> dict[str, Any]:
        response = await self.post(by, APPEALS, {**ANONYMOUS, **overrides})
        assert response.status_code == 201, response.text
        receipt: dict[str, Any] = response.json()
        return receipt

    def _signed(self, who: str) -> dict[str, str]:
        return self.identity.headers(who, *{"operator": ["operator"], "li.hua": ["resident"]}.get(who, []))

    async def count(self) -> dict[str, int]:
        def count(uow: UnitOfWork) -> dict[str, int]:
            tables = ("appeal", "person", "appeal_entry", "event_log")
            return {name: uow.execute(text(f"select count(*) from {name}")).scalar_one() for name in tables}

        return await self.database.run_everywhere(count)


def lay(keys: Keys, uow: UnitOfWork) -> None:
    make_station(uow, keys)
    for code, subject in (("HZ1-1", "wang.min"), ("HZ2-1", "chen.jie")):
        lay_window(uow, code, subject)


def lay_window(uow: UnitOfWork, code: str, *subjects: str) -> None:
    """The place's window, held by these people now."""
    post = PostChangedV1(
        post_id=uuid5(NAMESPACE, f"window {code}"),
        code=f"window-{code}",
        title="一号窗口",
        duty="window_clerk",  # type: ignore[arg-type]
        place_id=id_of(code),
        path=path_of(code),
        holders=[Holding(subject=s, name="某某", contact_id=uuid4(), since=NOW - timedelta(days=9)) for s in subjects],
        version=1,
    )
    copy_posts(uow, [post], versions=[1])


@pytest.fixture
async def desk(async_database: AsyncDatabase, identity: Identity) -> AsyncIterator[Desk]:
    clock = DrivenClock(NOW)
    consumer = async_database("intake", "consumer", clock=clock)
    database = async_database("intake", "api", clock=clock)
    settings = Settings(
        database_url="postgresql+asyncpg://{role}@unused/intake",
        service_keys=SecretStr(new_key("s1")),
        transport_keys=SecretStr(new_key("t1")),
        oidc_issuer=identity.issuer,
        oidc_jwks_url=identity.jwks_url,
    )
    keys = Keys(settings.service_ring, settings.transport_ring)
    station = Station(keys)
    await consumer.run_everywhere(lambda uow: lay(keys, uow))
    await database.run_everywhere(station.refresh)
    transport = httpx2.ASGITransport(app=create_app(settings, database, station), client=("127.0.0.1", 4711))
    async with httpx2.AsyncClient(transport=transport, base_url="http://intake.test") as http:
        yield Desk(http, identity, database, consumer, clock, station)


async def test_an_appeal_is_receipted_and_read_where_the_receipt_says(desk: Desk) -> None:
    response = await desk.post("wang.min", APPEALS, ANONYMOUS)
    assert response.status_code == 201
    assert set(response.json()) >= {"number", "query_code", "appeal_id"}
    read = await desk.get("wang.min", response.headers["Location"])
    assert read.json()["words"] == ANONYMOUS["words"]
    assert read.json()["suggestion"] == {"category": "water", "why": ["停水"]}
    assert read.headers["ETag"] == '"1"'


async def test_the_same_key_gives_the_same_receipt_and_takes_nothing_twice(desk: Desk) -> None:
    first = await desk.post("wang.min", APPEALS, ANONYMOUS, **{"Idempotency-Key": "receipt-1"})
    counted = await desk.count()
    second = await desk.post("wang.min", APPEALS, ANONYMOUS, **{"Idempotency-Key": "receipt-1"})
    assert (second.status_code, second.json()) == (201, first.json())
    assert await desk.count() == counted


async def test_the_same_number_of_a_source_answers_200_without_the_code(desk: Desk) -> None:
    first = await desk.post("operator", APPEALS, IMPORTED)
    counted = await desk.count()
    again = await desk.post("operator", APPEALS, IMPORTED, **{"Idempotency-Key": "another-run"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert (again.json()["number"], again.json()["query_code"]) == (first.json()["number"], None)
    assert await desk.count() == counted


BAD_BODIES: list[tuple[str, Any, int, str]] = [
    ("malformed JSON", b"{", 400, ""),
    ("not an object", [], 422, "/"),
    ("an unknown field", {**ANONYMOUS, "phone": "1"}, 422, "/phone"),
    ("words missing", {"channel": "web", "who": {"kind": "anonymous"}}, 422, "/words"),
    ("words of nothing but space", {**ANONYMOUS, "words": "  "}, 422, "/words"),
    ("words too long", {**ANONYMOUS, "words": "水" * 20_001}, 422, "/words"),
    ("a date before any calendar", {**ANONYMOUS, "written_at": "0001-01-01T00:00:00+14:00"}, 422, "/written_at"),
    ("words with a NUL", {**ANONYMOUS, "words": "a\x00b"}, 422, "/words"),
    ("a wrong type", {**ANONYMOUS, "urgent": "soon"}, 422, "/urgent"),
    ("an unknown channel", {**ANONYMOUS, "channel": "fax"}, 422, "/channel"),
    ("a time without offset", {**ANONYMOUS, "written_at": "2026-01-01T00:00:00"}, 422, "/written_at"),
    ("a place that is not there", {**ANONYMOUS, "place": "nowhere"}, 422, "/place"),
    ("a city that is not there", {**ANONYMOUS, "city": "nowhere"}, 422, "/city"),
    ("a category that is not there", {**ANONYMOUS, "category": "nothing"}, 422, "/category"),
    ("a source without its number", {**ANONYMOUS, "source": "forum"}, 422, "/external_id"),
    ("an anonymous name", {**ANONYMOUS, "who": {"kind": "anonymous", "name": "李"}}, 422, "/who/kind"),
]


@pytest.mark.parametrize("what,body,status,field", BAD_BODIES, ids=[each[0] for each in BAD_BODIES])
async def test_bad_input_is_named_by_field_and_changes_nothing(
    desk: Desk, what: str, body: Any, status: int, field: str
) -> None:
    before = await desk.count()
    content = {"content": body} if isinstance(body, bytes) else {"json": body}
    headers = {**desk._signed("operator"), "Content-Type": "application/json"}
    response = await desk.http.post(APPEALS, headers=headers, **content)
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["detail"]
    if field:
        assert response.json()["errors"][0]["pointer"] == field
    assert await desk.count() == before


async def test_a_retired_place_is_refused(desk: Desk) -> None:
    await desk.consumer.run_everywhere(lambda uow: copy_place(uow, make_place("HZ2-1", state="retired", version=2)))
    await desk.database.run_everywhere(desk.station.refresh)
    response = await desk.post("operator", APPEALS, {**ANONYMOUS, "place": "HZ2-1"})
    assert (response.status_code, response.json()["code"]) == (422, "place_retired")


async def test_rights_begin_and_end_with_the_post_though_the_last_scope_is_remembered(desk: Desk) -> None:
    await desk.take()

    async def seen() -> int:
        return len((await desk.get("wang.min", APPEALS)).json()["items"])

    def hold(*subjects: str) -> Callable[[UnitOfWork], None]:
        return lambda uow: lay_window(uow, "HZ1-1", *subjects)

    assert (await seen(), await seen()) == (1, 1)
    await desk.consumer.run_everywhere(hold())
    assert (await seen(), await seen()) == (0, 0)
    await desk.consumer.run_everywhere(hold("wang.min"))
    assert (await seen(), await seen()) == (1, 1)


async def test_who_is_not_signed_in_or_forges_or_comes_late_is_not_served(desk: Desk) -> None:
    expired = desk.identity.token("wang.min", lasts=timedelta(minutes=-10))
    for token in (None, "nonsense", desk.identity.forged("wang.min"), expired):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = await desk.http.post(APPEALS, json=ANONYMOUS, headers=headers)
        assert response.status_code == 401, token


async def test_another_communitys_appeal_is_not_told_to_exist(desk: Desk) -> None:
    receipt = await desk.take()
    path = f"{APPEALS}/{receipt['appeal_id']}"
    theirs = await desk.get("chen.jie", path)
    nobodys = await desk.get("chen.jie", f"{APPEALS}/{uuid4()}")
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    hidden = {"trace_id": None}
    assert {**theirs.json(), **hidden} == {**nobodys.json(), **hidden}
    for step, body in (("corrections", {"category": "water"}), ("withdrawals", {})):
        refused = await desk.post("chen.jie", f"{path}/{step}", body, **{"If-Match": '"1"'})
        assert refused.status_code == 404


async def test_a_correction_is_an_entry_and_the_words_stay(desk: Desk) -> None:
    receipt = await desk.take()
    path = f"{APPEALS}/{receipt['appeal_id']}"
    body = {"words": "说错了，是停电", "place": "HZ1-2", "category": "water"}
    by_number = f"{APPEALS}/{receipt['number'].replace('-', ' ')}"
    response = await desk.post("wang.min", f"{by_number}/corrections", body, **{"If-Match": '"1"'})
    assert (response.status_code, response.headers["ETag"]) == (201, '"2"')
    read = (await desk.get("wang.min", path)).json()
    assert read["words"] == ANONYMOUS["words"]
    assert read["entries"][0]["words"] == "说错了，是停电"
    assert (read["gist"], read["category"], read["location"]["placing"]) == ("说错了，是停电", "water", "given")


async def test_a_correction_may_hand_the_appeal_to_another_community(desk: Desk) -> None:
    receipt = await desk.take(who={"kind": "anonymous"}, place="HZ1-1")
    path = f"{APPEALS}/{receipt['appeal_id']}"
    moved = await desk.post("wang.min", f"{path}/corrections", {"place": "HZ2-1"}, **{"If-Match": '"1"'})
    assert moved.status_code == 201, moved.text
    assert (await desk.get("chen.jie", path)).status_code == 200
    assert (await desk.get("wang.min", path)).status_code == 200, "who took it still sees it"


async def test_a_residents_appeal_can_be_handed_over_too(desk: Desk) -> None:
    receipt = await desk.take("li.hua", place="HZ1-1")
    path = f"{APPEALS}/{receipt['appeal_id']}"
    moved = await desk.post("wang.min", f"{path}/corrections", {"place": "HZ2-1"}, **{"If-Match": '"1"'})
    assert moved.status_code == 201, moved.text
    assert (await desk.get("chen.jie", path)).status_code == 200
    assert (await desk.get("wang.min", path)).status_code == 404


async def test_an_old_version_is_refused_and_a_missing_one_asked_for(desk: Desk) -> None:
    receipt = await desk.take()
    path = f"{APPEALS}/{receipt['appeal_id']}/corrections"
    assert (await desk.post("wang.min", path, {"category": "water"})).status_code == 428
    assert (await desk.post("wang.min", path, {"category": "water"}, **{"If-Match": '"1"'})).status_code == 201
    before = await desk.count()
    assert (await desk.post("wang.min", path, {"category": "water"}, **{"If-Match": '"1"'})).status_code == 412
    assert await desk.count() == before


async def test_what_is_withdrawn_is_withdrawn_once(desk: Desk) -> None:
    receipt = await desk.take()
    path = f"{APPEALS}/{receipt['number'].lower()}/withdrawals"
    first = await desk.post("wang.min", path, {"reason": "settled"}, **{"If-Match": '"1"'})
    assert first.json()["withdrawn_at"] is not None
    again = await desk.post("wang.min", path, {"reason": "settled"}, **{"If-Match": '"2"'})
    assert (again.status_code, again.json()["code"]) == (409, "withdrawn")
    shown = await desk.http.get(f"/intake/v1/progress/{receipt['query_code']}")
    assert shown.json()["standing"] == "withdrawn"


async def test_lists_go_on_behind_the_cursor_and_hold_no_other_communitys(desk: Desk) -> None:
    mine = {(await desk.take(place="HZ1-1"))["number"] for _ in range(3)}
    await desk.take("chen.jie", place="HZ2-1")
    first = (await desk.get("wang.min", f"{APPEALS}?limit=2")).json()
    second = (await desk.get("wang.min", f"{APPEALS}?limit=2&cursor={first['next']}")).json()
    assert {item["number"] for item in first["items"] + second["items"]} == mine
    assert second["next"] is None
    other = await desk.get("wang.min", f"{APPEALS}?limit=2&place=HZ1&cursor={first['next']}")
    assert (other.status_code, other.json()["errors"][0]["pointer"]) == (422, "/cursor")


async def test_an_address_can_be_tried(desk: Desk) -> None:
    response = await desk.post("wang.min", "/intake/v1/placings", {"address": "12栋"})
    assert response.json()["place_id"] == str(id_of("HZ1-1-1-1"))
    open_ = await desk.post("operator", "/intake/v1/placings", {"address": "12栋"})
    assert (open_.json()["placing"], len(open_.json()["candidates"])) == ("candidates", 2)


async def test_progress_tells_what_it_is_for_and_nothing_else(desk: Desk) -> None:
    receipt = await desk.take(words="我叫李小华，白杨社区停水三天了", who={"kind": "outsider", "name": "李小华"})
    response = await desk.http.get(f"/intake/v1/progress/{receipt['query_code'].lower().replace('-', ' ')}")
    assert response.json() == {
        "number": receipt["number"],
        "standing": "received",
        "received_at": response.json()["received_at"],
        "talk_to": None,
        "phone": None,
        "handler": None,
        "due": None,
        "promise": None,
        "rate": None,
        "rate_by": None,
        "rated": False,
        "suspended_until": None,
        "suspended_for": None,
        "planned_for": None,
        "planned_who": None,
        "elapsed": "PT0S",
        "pauses": [],
        "papers": None,
        "done": [],
        "said": None,
    }
    page = await desk.http.get(f"/progress/{receipt['query_code']}")
    assert page.status_code == 200
    assert "已收到" in page.text
    assert "停水" not in page.text
    assert "李小华" not in page.text


async def test_a_mistyped_code_is_said_to_be_mistyped_and_is_no_guess(desk: Desk) -> None:
    code = new_query_code()
    wrong = ("0" if code[0] != "0" else "1") + code[1:]
    for _ in range(GUESSES + 1):
        response = await desk.http.get(f"/intake/v1/progress/{wrong}")
        assert (response.status_code, response.json()["code"]) == (422, "mistyped")
    page = await desk.http.post("/progress?lang=en", data={"code": wrong})
    assert page.status_code == 422
    assert "mistyped" in page.text


async def test_guessing_ends_for_who_guesses_and_for_nobody_else(desk: Desk) -> None:
    receipt = await desk.take()
    path = f"/intake/v1/progress/{receipt['query_code']}"
    for _ in range(GUESSES):
        assert (await desk.http.get(f"/intake/v1/progress/{new_query_code()}")).status_code == 404
    refused = await desk.http.get(path)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= GUESS_WINDOW.total_seconds()
    page = await desk.http.get(f"/progress/{receipt['query_code']}")
    assert (page.status_code, receipt["query_code"] in page.text) == (429, True), "the code is not typed again"
    other = await desk.http.get(path, headers={"X-Forwarded-For": "203.0.113.9"})
    assert other.status_code == 200
    desk.clock.move(GUESS_WINDOW)
    assert (await desk.http.get(path)).status_code == 200


async def test_what_a_client_says_of_itself_in_front_of_the_gateway_is_not_believed(desk: Desk) -> None:
    for number in range(GUESSES):
        forwarded = {"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.9"}
        await desk.http.get(f"/intake/v1/progress/{new_query_code()}", headers=forwarded)
    refused = await desk.http.get(
        f"/intake/v1/progress/{new_query_code()}", headers={"X-Forwarded-For": "198.51.100.99, 203.0.113.9"}
    )
    assert refused.status_code == 429


async def test_the_form_leads_to_the_page(desk: Desk) -> None:
    receipt = await desk.take()
    assert "查询码" in (await desk.http.get("/progress")).text
    answer = await desk.http.post("/progress", data={"code": receipt["query_code"].lower()})
    assert answer.status_code == 303
    page = await desk.http.get(answer.headers["Location"])
    assert receipt["number"] in page.text
    english = await desk.http.get(f"/progress/{receipt['query_code']}?lang=en")
    assert "Received, waiting" in english.text
    assert english.text.startswith('<!doctype html>\n<html lang="en">')


async def test_what_a_messenger_adds_to_a_link_does_no_harm(desk: Desk) -> None:
    receipt = await desk.take()
    for path in (f"/progress/{receipt['query_code']}", "/progress", "/ratings/x"):
        page = await desk.http.get(f"{path}?lang=en&from=singlemessage&isappinstalled=0")
        assert (page.headers["Content-Type"], page.status_code) != ("application/problem+json", 422)
        assert '<html lang="en">' in page.text
    api = await desk.http.get(f"/intake/v1/progress/{receipt['query_code']}?from=singlemessage")
    assert (api.status_code, api.json()["errors"][0]["pointer"]) == (422, "/from")


async def test_whatever_is_pasted_into_the_form_is_answered_by_the_page(desk: Desk) -> None:
    answer = await desk.http.post("/progress", data={"code": "您的查询码" * 100})
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "text/html; charset=utf-8")


async def test_the_page_needs_nothing_from_outside(desk: Desk) -> None:
    page = await desk.http.get("/progress")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for outside in ("http://", "https://", "<script", "@import", "url("):
        assert outside not in page.text


async def test_what_is_typed_is_not_run(desk: Desk) -> None:
    page = await desk.http.post("/progress", data={"code": '"><script>alert(1)</script>'})
    assert "<script" not in page.text


async def test_an_order_from_above_is_answered_201_and_the_same_one_200(desk: Desk) -> None:
    asked = {
        **ANONYMOUS,
        "channel": "assigned",
        "assignment": {"office": "市12345热线", "number": "GD17", "due_at": "2026-11-27T18:00:00+08:00"},
    }
    first, again = [await desk.post("wang.min", APPEALS, asked) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "query_code": None, "repeated": True}
    seen = (await desk.get("wang.min", first.headers["Location"])).json()
    assert seen["assignment"] == {
        **asked["assignment"],  # type: ignore[dict-item]
        "due_at": "2026-11-27T10:00:00Z",
        "report_owed": False,
    }
    taken = await desk.post("chen.jie", APPEALS, asked)
    assert (taken.status_code, taken.json()["code"]) == (409, "external_id_taken")


def answered(receipt: dict[str, Any]) -> CaseAnsweredV1:
    party = Party(appeal_id=UUID(receipt["appeal_id"]), appeal_number=receipt["number"], answer=1)
    return CaseAnsweredV1(
        version=4,
        case_id=uuid4(),
        number="C7K2",
        at=NOW,
        state=CaseState.ANSWERED,
        placed_path="/",
        parties=[party],
        outcome=Outcome.SOLVED,
        answer="修好了",
        handler=None,
        promise_met=True,
        rate_by=NOW + timedelta(days=7),
    )


async def take_answered(desk: Desk) -> tuple[dict[str, Any], str]:
    """The receipt, and the path of the page on which its answer is rated."""
    receipt = await desk.take()
    await desk.consumer.run_everywhere(lambda uow: follow_cases(uow, [answered(receipt)]))
    shown = (await desk.http.get(f"/intake/v1/progress/{receipt['query_code']}")).json()
    assert shown["rate_by"] is not None
    return receipt, shown["rate"]


async def test_an_answer_is_rated_by_who_has_the_link(desk: Desk) -> None:
    receipt, path = await take_answered(desk)
    asked = await desk.http.get(f"/intake/v1{path}")
    assert asked.json() == {
        "number": receipt["number"],
        "answer": 1,
        "rate_by": asked.json()["rate_by"],
        "over": None,
    }
    said = {"solved": False, "rating": 2, "words": "还是不亮"}
    rated = await desk.http.post(f"/intake/v1{path}", json=said)
    assert (rated.status_code, rated.json()) == (201, {"number": receipt["number"], "version": 2})
    again = await desk.http.post(f"/intake/v1{path}", json=said)
    assert (again.status_code, again.json()["code"]) == (409, "rated_already")
    assert (await desk.http.get(f"/intake/v1{path}")).json()["over"] == "rated"
    entries = (await desk.get("wang.min", f"{APPEALS}/{receipt['appeal_id']}")).json()["entries"]
    assert [(e["kind"], e["words"], e["solved"], e["rating"]) for e in entries] == [("rated", "还是不亮", False, 2)]


@pytest.mark.parametrize(
    "said, field",
    [
        ({"rating": 3}, "/solved"),
        ({"solved": True}, "/rating"),
        ({"solved": True, "rating": 6}, "/rating"),
        ({"solved": True, "rating": 0}, "/rating"),
        ({"solved": True, "rating": 3, "words": "字" * 2001}, "/words"),
        ({"solved": True, "rating": 3, "name": "李小华"}, "/name"),
    ],
)
async def test_a_rating_that_cannot_be_names_what_is_wrong(desk: Desk, said: dict[str, Any], field: str) -> None:
    _, path = await take_answered(desk)
    before = await desk.count()
    refused = await desk.http.post(f"/intake/v1{path}", json=said)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, field)
    assert await desk.count() == before


async def test_a_link_that_asks_nothing_is_said_to(desk: Desk) -> None:
    wrong = await desk.http.post("/intake/v1/ratings/nothing", json={"solved": True, "rating": 3})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "no_such_ticket")
    page = await desk.http.get("/ratings/nothing?lang=en")
    assert page.status_code == 404
    assert "This link is wrong" in page.text


async def test_the_rating_page_is_filled_in_and_says_thanks(desk: Desk) -> None:
    receipt, path = await take_answered(desk)
    progress = await desk.http.get(f"/progress/{receipt['query_code']}")
    assert f'href="{path}?lang=zh"' in progress.text
    page = await desk.http.get(path)
    assert receipt["number"] in page.text
    assert "没有解决" in page.text
    missing = await desk.http.post(path, data={"solved": "yes"})
    assert missing.status_code == 422
    assert "请选择是否解决和满意程度" in missing.text
    sent = await desk.http.post(f"{path}?lang=en", data={"solved": "no", "rating": "1", "words": " 还是不亮 "})
    assert (sent.status_code, sent.headers["Location"]) == (303, f"{path}?lang=en")
    assert "Thank you" in (await desk.http.get(sent.headers["Location"])).text
    twice = await desk.http.post(path, data={"solved": "yes", "rating": "5"})
    assert twice.status_code == 409
    assert "您的评价已收到" in twice.text
    assert "您已评价" in (await desk.http.get(f"/progress/{receipt['query_code']}")).text


async def test_words_that_are_too_long_for_the_rating_page_are_given_back(desk: Desk) -> None:
    _, path = await take_answered(desk)
    words = "还没修好。\r\n" * 300
    long = await desk.http.post(path, data={"solved": "no", "rating": "2", "words": words * 2})
    assert long.status_code == 422
    assert "最多2000个字" in long.text
    assert long.text.count("还没修好。") == 600
    assert 'value="no" checked' in long.text
    assert "最多2000个字" not in (await desk.http.post(path, data={"words": "好"})).text
    unseen = await desk.http.post(path, data={"solved": "no", "rating": "2", "words": "\u200b"})
    assert (unseen.status_code, "看不见" in unseen.text) == (422, True)
    assert (await desk.http.post(path, data={"solved": "no", "rating": "2", "words": words})).status_code == 303


async def test_the_rating_page_needs_nothing_from_outside(desk: Desk) -> None:
    _, path = await take_answered(desk)
    page = await desk.http.get(path)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for outside in ("http://", "https://", "<script", "@import", "url("):
        assert outside not in page.text


async def test_an_importer_learns_what_is_known(desk: Desk) -> None:
    response = await desk.get("operator", "/intake/v1/copies")
    assert response.json() == {"places": 10, "categories": 1}


async def test_who_asks_again_names_the_code_of_the_earlier_appeal(desk: Desk) -> None:
    first = await desk.take(who={"kind": "outsider", "name": "李小华"})
    again = await desk.take("li.hua", repeat_of=first["query_code"].lower().replace("-", " "))
    seen = (await desk.get("wang.min", f"{APPEALS}/{again['appeal_id']}")).json()
    assert seen["repeat_of"] == first["appeal_id"]
    assert again["query_code"] not in (None, first["query_code"])


@pytest.mark.parametrize(
    "code, why", [("0000-0000-0000-1", "mistyped"), (new_query_code(), "no_such_code")], ids=["mistyped", "unknown"]
)
async def test_a_wrong_code_of_an_earlier_appeal_is_named_and_nothing_is_taken(desk: Desk, code: str, why: str) -> None:
    before = await desk.count()
    response = await desk.post("wang.min", APPEALS, {**ANONYMOUS, "repeat_of": code})
    assert (response.status_code, response.json()["code"]) == (422, why)
    assert response.json()["errors"][0]["pointer"] == "/repeat_of"
    assert await desk.count() == before


async def test_codes_of_earlier_appeals_are_guessed_no_more_often_than_on_the_progress_page(desk: Desk) -> None:
    first = await desk.take()
    for number in range(GUESSES):
        path, body = APPEALS, {**ANONYMOUS, "repeat_of": new_query_code()}
        if number % 2:
            assert (await desk.post("wang.min", path, body)).status_code == 422
        else:
            assert (await desk.http.get(f"/intake/v1/progress/{new_query_code()}")).status_code == 404
    refused = await desk.post("wang.min", APPEALS, {**ANONYMOUS, "repeat_of": first["query_code"]})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_guesses")
    assert 0 < int(refused.headers["Retry-After"]) <= GUESS_WINDOW.total_seconds()
    assert (await desk.http.get(f"/intake/v1/progress/{first['query_code']}")).status_code == 429
    desk.clock.move(GUESS_WINDOW)
    assert (await desk.post("wang.min", APPEALS, {**ANONYMOUS, "repeat_of": first["query_code"]})).status_code == 201


PAST = {"historic": True, "received_at": "2020-01-01T00:00:00Z"}


@pytest.mark.parametrize("who, over", [("wang.min", {"done_on_the_spot": True}), ("operator", PAST)])
async def test_what_is_over_asks_nothing_again(desk: Desk, who: str, over: dict[str, Any]) -> None:
    first = await desk.take()
    response = await desk.post(who, APPEALS, {**ANONYMOUS, **over, "repeat_of": first["query_code"]})
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/repeat_of")
