"""The API over ASGI: each route with a signed-in person, a real database and the api role."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from contracts.intake import AppealCorrectedV1
from kit.clock import DrivenClock
from kit.db import UnitOfWork
from kit.testing.servers import NOW
from kit.testing.tokens import Identity
from pydantic import SecretStr
from routing.app import make_app
from routing.service import opening, sweeping
from routing.settings import Settings

from tests.conftest import AsyncDatabase
from tests.routing.conftest import City, lay_city, make_appeal, subject_of

KEYS = "k1:" + "A" * 43 + "="


@pytest.fixture(scope="module")
def identity() -> Iterator[Identity]:
    with Identity().serving() as identity:
        yield identity


@dataclass
class Desk:
    """The API with a small city behind it."""

    client: httpx2.AsyncClient
    identity: Identity
    city: City
    appeals: dict[str, UUID]
    hear: Callable[[Callable[[UnitOfWork], None]], Awaitable[None]]
    """Something from another service, as the consumer takes it."""

    async def get(self, path: str, who: str, **params: Any) -> httpx2.Response:
        return await self.client.get(path, headers=self.identity.headers(subject_of(who)), params=params)

    async def post(self, path: str, who: str, body: Any = None, version: int | None = None) -> httpx2.Response:
        headers = self.identity.headers(subject_of(who)) | {"Idempotency-Key": str(uuid4())}
        headers |= {"If-Match": f'"{version}"'} if version is not None else {}
        return await self.client.post(path, headers=headers, json=body)

    async def case(self, name: str) -> dict[str, Any]:
        """By the name of its appeal."""
        listed = [
            await self.get(f"/cases/{item['case_id']}", "dispatcher")
            for item in await self.items("/cases", "dispatcher")
        ]
        found: dict[str, Any] = next(
            case.json() for case in listed if case.json()["appeals"][0]["appeal_id"] == str(self.appeals[name])
        )
        return found

    async def items(self, path: str, who: str, **params: Any) -> list[dict[str, Any]]:
        response = await self.get(path, who, **params)
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["items"]
        return found


@pytest.fixture
async def desk(async_database: AsyncDatabase, identity: Identity) -> AsyncIterator[Desk]:
    clock = DrivenClock(NOW)

    def lay(uow: UnitOfWork) -> tuple[City, dict[str, UUID]]:
        city = lay_city(uow)
        received = {
            "light": make_appeal(city),
            "water": make_appeal(city, category="municipal.water"),
            "unsorted": make_appeal(city, suggested_category=None),
            "other": make_appeal(city, "other"),
        }
        opening.open_cases(uow, list(received.values()))
        return city, {name: event.appeal_id for name, event in received.items()}

    consumer = async_database("routing", "consumer", clock=clock)
    city, appeals = await consumer.run_everywhere(lay)
    database = async_database("routing", "api", clock=clock)
    settings = Settings(
        database_url="postgresql+asyncpg://{role}@unused/routing",
        service_keys=SecretStr(KEYS),
        oidc_issuer=identity.issuer,
        oidc_jwks_url=identity.jwks_url,
    )
    app = make_app(settings, database)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://routing.test/routing/v1") as client:
        yield Desk(client, identity, city, appeals, consumer.run_everywhere)


async def test_a_case_goes_its_whole_way(desk: Desk) -> None:
    (line,) = [
        item for item in await desk.items("/worklist", "municipal") if item["category"] == "municipal.street_lights"
    ]
    path = f"/cases/{line['case_id']}"
    seen = await desk.get(path, "municipal")
    assert seen.headers["ETag"] == '"3"'
    assert seen.json()["holder"]["subject"] == subject_of("municipal")
    assert seen.json()["deadline"]["text"]["en"] == "within 5 working days, by 17:00 on 30 November 2026"

    started = await desk.post(f"{path}/starts", "municipal", version=3)
    assert (started.status_code, started.json()["state"], started.headers["ETag"]) == (201, "in_progress", '"4"')
    answer = {"outcome": "solved", "answer": "路灯已修好"}
    answered = await desk.post(f"{path}/answers", "municipal", answer, version=4)
    assert (answered.status_code, answered.json()["promise_met"]) == (201, True)
    handed = await desk.post(f"{path}/handovers", "municipal", {"means": "brought_home"}, version=5)
    assert handed.json()["handover"] == "brought_home"
    assert [item["case_id"] for item in await desk.items("/worklist", "municipal", stage="answered")] == [
        line["case_id"]
    ]
    closed = await desk.post(f"{path}/closings", "municipal", version=6)
    assert (closed.json()["state"], closed.json()["closed_reason"]) == ("closed", "done")

    entries = (await desk.get(f"{path}/entries", "municipal")).json()
    assert entries["faults"] == []
    assert [entry["step"] for entry in entries["items"]] == [
        "opened",
        "accepted",
        "assigned",
        "started",
        "answered",
        "handed_over",
        "closed",
    ]
    assert line["case_id"] not in {item["case_id"] for item in await desk.items("/worklist", "municipal")}


async def test_a_case_is_read_by_its_number(desk: Desk) -> None:
    (line,) = [i for i in await desk.items("/worklist", "municipal") if i["category"] == "municipal.street_lights"]
    for below in ("", "/entries", "/suggestions", "/deadlines"):
        named = await desk.get(f"/cases/{line['number'].lower()}{below}", "municipal")
        assert named.status_code == 200, named.text
        assert named.json() == (await desk.get(f"/cases/{line['case_id']}{below}", "municipal")).json()
    detail = (await desk.get(f"/cases/{line['case_id']}", "municipal")).json()
    (appeal,) = detail["appeals"]
    assert (await desk.get(f"/cases/{appeal['number']}", "municipal")).json() == detail
    for number in (line["number"], appeal["number"]):
        assert (await desk.get(f"/cases/{number}", "other_dispatcher")).status_code == 404
    assert (await desk.get("/cases/C1", "municipal")).status_code == 422


async def test_a_dispatcher_empties_the_queue(desk: Desk) -> None:
    (waiting,) = await desk.items("/queue", "dispatcher")
    assert (waiting["queue"], waiting["state"]) == ("unsorted", "received")
    path = f"/cases/{waiting['case_id']}/acceptances"
    accepted = await desk.post(path, "dispatcher", {"category": "administrative.hukou"}, version=1)
    assert accepted.status_code == 201, accepted.text
    assert (accepted.json()["state"], accepted.json()["queue"]) == ("assigned", None)
    assert await desk.items("/queue", "dispatcher") == []
    assert await desk.items("/queue", "window") == []


async def test_a_case_is_returned_ruled_and_put_right(desk: Desk) -> None:
    (line,) = [i for i in await desk.items("/worklist", "municipal") if i["category"] == "municipal.street_lights"]
    path = f"/cases/{line['case_id']}"
    assert "ask_return" in (await desk.get(path, "municipal")).json()["steps"]
    body = {"reason": "not_our_remit", "words": "路灯由供电局维护"}
    asked = await desk.post(f"{path}/returns", "municipal", body, version=3)
    assert (asked.status_code, asked.json()["ask"]) == (201, "return"), asked.text
    assert [item["case_id"] for item in await desk.items("/queue", "dispatcher") if item["ask"]] == [line["case_id"]]
    to = str(desk.city.posts["legal"].post_id)
    ruling = {"granted": True, "words": "同意", "post_id": to}
    ruled = await desk.post(f"{path}/rulings", "dispatcher", ruling, version=4)
    assert (ruled.status_code, ruled.json()["holder_post_id"], ruled.json()["ask"]) == (201, to, None), ruled.text
    resort = {"category": "administrative.hukou", "words": "户籍事务"}
    sorted_anew = await desk.post(f"{path}/resorts", "dispatcher", resort, version=ruled.json()["version"])
    assert sorted_anew.json()["holder_post_id"] == str(desk.city.posts["window"].post_id)
    assert sorted_anew.json()["promise_due"] <= line["promise_due"]
    dispatch = {"post_id": to, "words": "改派"}
    given = await desk.post(f"{path}/dispatches", "dispatcher", dispatch, version=sorted_anew.json()["version"])
    assert given.json()["holder_post_id"] == to
    entries = (await desk.get(f"{path}/entries", "dispatcher")).json()
    assert entries["faults"] == []
    assert [e["step"] for e in entries["items"]][3:] == [
        "asked",
        "ruled",
        "assigned",
        "resorted",
        "assigned",
        "assigned",
    ]


async def test_a_case_is_pressed_and_reported_on(desk: Desk) -> None:
    (line,) = [i for i in await desk.items("/worklist", "municipal") if i["category"] == "municipal.street_lights"]
    path = f"/cases/{line['case_id']}"
    nudged = await desk.post(f"{path}/nudges", "window", {"words": "居民又来电"}, version=3)
    assert (nudged.status_code, nudged.json()["number"], nudged.headers["ETag"]) == (201, "1", '"4"'), nudged.text
    again = await desk.post(f"{path}/nudges", "window", {"words": "居民又来电"}, version=4)
    assert (again.status_code, again.json()["code"]) == (409, "nudged_already")
    ordered = await desk.post(f"{path}/orders", "district_supervisor", ORDER, version=4)
    assert (ordered.status_code, ordered.json()["kind"], ordered.json()["report"]) == (201, "order", None), ordered.text
    instruction = {"words": "请抓紧", "leader": "区长"}
    instructed = await desk.post(f"{path}/instructions", "dispatcher", instruction, version=5)
    assert (instructed.status_code, instructed.json()["leader"]) == (201, "区长"), instructed.text

    seen = (await desk.get(path, "municipal")).json()
    assert sorted(each["kind"] for each in seen["pressings"]) == ["instruction", "nudge", "order"]
    assert (seen["reports_owed"], "report" in seen["steps"]) == (2, True)
    owed = await desk.items("/pressings", "municipal")
    assert [(each["kind"], each["case_number"]) for each in owed] == [
        ("order", line["number"]),
        ("instruction", line["number"]),
    ]
    given = await desk.items("/pressings", "district_supervisor", stage="given")
    assert [each["number"] for each in given] == [ordered.json()["number"]]

    version = owed[0]["version"]
    answered = await desk.post(
        f"{path}/answers", "municipal", {"outcome": "solved", "answer": "已修好"}, version=version
    )
    refused = await desk.post(f"{path}/closings", "municipal", version=answered.json()["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "report_owed")
    version = answered.json()["version"]
    for each in owed:
        report = f"/pressings/{each['pressing_id']}/reports"
        reported = await desk.post(report, "municipal", {"words": "灯已换"}, version=version)
        assert (reported.status_code, reported.json()["report"]) == (201, "灯已换"), reported.text
        version = reported.json()["version"]
        once_more = await desk.post(report, "municipal", {"words": "灯已换"}, version=version)
        assert (once_more.status_code, once_more.json()["code"]) == (409, "no_report_owed")
    assert (await desk.post(f"{path}/closings", "municipal", version=version)).status_code == 201
    assert await desk.items("/pressings", "municipal") == []


async def test_a_case_is_handled_jointly(desk: Desk) -> None:
    (line,) = [i for i in await desk.items("/worklist", "municipal") if i["category"] == "municipal.street_lights"]
    path = f"/cases/{line['case_id']}"
    asked = {"post_id": str(desk.city.posts["window"].post_id), "words": "请核实产权", "due_at": SOON}
    called = await desk.post(f"{path}/helpers", "municipal", asked, version=3)
    assert (called.status_code, called.json()["state"], called.headers["ETag"]) == (201, "asked", '"4"'), called.text
    twice = await desk.post(f"{path}/helpers", "municipal", asked, version=4)
    assert (twice.status_code, twice.json()["code"], twice.json()["errors"][0]["pointer"]) == (
        *(409, "helps_already"),
        "/post_id",
    )
    (owed,) = await desk.items("/parts", "window")
    assert (owed["case_number"], owed["version"], owed["overdue"]) == (line["number"], 4, False)
    (listed,) = [i for i in await desk.items("/worklist", "municipal") if i["case_id"] == line["case_id"]]
    assert listed["helper_post_ids"] == [asked["post_id"]]
    helper = f"{path}/helpers/{owed['helper_id']}"
    done = await desk.post(f"{helper}/reports", "window", {"words": "已核实"}, version=owed["version"])
    assert (done.status_code, done.json()["state"], done.json()["report"]) == (201, "done", "已核实"), done.text
    assert await desk.items("/parts", "window") == []

    called = await desk.post(f"{path}/helpers", "dispatcher", asked, version=5)
    again = f"{path}/helpers/{called.json()['helper_id']}"
    released = await desk.post(f"{again}/releases", "municipal", {"words": "不再需要"}, version=6)
    assert (released.status_code, released.json()["state"]) == (201, "released"), released.text
    late = await desk.post(f"{again}/reports", "window", {"words": "已核实"}, version=7)
    assert (late.status_code, late.json()["code"]) == (409, "part_ended")
    seen = (await desk.get(path, "window")).json()
    assert {each["state"] for each in seen["helpers"]} == {"done", "released"}
    assert {each["holder"]["subject"] for each in seen["helpers"]} == {subject_of("window")}
    assert seen["helper_post_ids"] == []


SOON = (NOW + timedelta(hours=4)).isoformat()


@pytest.mark.parametrize(
    "who, change, status, code, pointer",
    [
        ("window", {}, 403, "not_your_step", None),
        ("other_dispatcher", {}, 404, "case_not_found", None),
        ("municipal", {"post_id": "district_dispatcher"}, 403, "not_yours_to_name", "/post_id"),
        ("municipal", {"post_id": "municipal"}, 409, "already_there", "/post_id"),
        ("municipal", {"post_id": "other_dispatcher"}, 422, "unfit_post", "/post_id"),
        ("municipal", {"due_at": NOW.isoformat()}, 422, "unfit_part_limit", "/due_at"),
        ("municipal", {"due_at": (NOW + timedelta(days=30)).isoformat()}, 422, "unfit_part_limit", "/due_at"),
        ("municipal", {"due_at": "2026-11-25T00:00:00"}, 422, "invalid_request", "/due_at"),
        ("municipal", {"words": " "}, 422, "invalid_request", "/words"),
    ],
)
async def test_a_helper_that_cannot_be_is_refused_and_changes_nothing(  # noqa: PLR0917  # a table's columns
    desk: Desk, who: str, change: dict[str, str], status: int, code: str, pointer: str | None
) -> None:
    line = (await desk.items("/worklist", "municipal"))[0]
    post = desk.city.posts[change.get("post_id", "window")].post_id
    body = {"words": "请核实产权", "due_at": SOON, **change, "post_id": str(post)}
    response = await desk.post(f"/cases/{line['case_id']}/helpers", who, body, version=3)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    pointers = [error["pointer"] for error in response.json().get("errors", [])]
    assert pointers == ([pointer] if pointer else [])
    assert (await desk.get(f"/cases/{line['case_id']}", "municipal")).json()["version"] == 3


async def test_two_cases_are_linked_and_parted(desk: Desk) -> None:
    first, second = await desk.items("/worklist", "municipal")
    path, other = (f"/cases/{each['case_id']}" for each in (first, second))
    asked = {"number": second["number"], "kind": "follow_up", "words": "后续管网改造"}
    linked = await desk.post(f"{path}/links", "municipal", asked, version=3)
    assert (linked.status_code, linked.json()["linked"], linked.headers["ETag"]) == (201, 1, '"4"'), linked.text
    (seen,) = (await desk.get(path, "municipal")).json()["links"]
    assert (seen["number"], seen["kind"], seen["case_id"]) == (second["number"], "follow_up", second["case_id"])
    (back,) = (await desk.get(other, "municipal")).json()["links"]
    assert (back["number"], back["kind"], back["link_id"]) == (first["number"], "precedes", seen["link_id"])
    assert {item["linked"] for item in await desk.items("/worklist", "municipal")} == {1}
    twice = await desk.post(f"{path}/links", "municipal", asked, version=4)
    assert (twice.status_code, twice.json()["code"]) == (409, "linked_already")
    ended = await desk.post(f"{path}/links/{seen['link_id']}/endings", "municipal", {"words": "误连"}, version=4)
    assert (ended.status_code, ended.json()["linked"]) == (201, 0), ended.text
    assert (await desk.get(other, "municipal")).json()["links"] == []


@pytest.mark.parametrize(
    "change, status, code, pointer",
    [
        ({"number": "own"}, 422, "linked_to_itself", "/number"),
        ({"number": "unseen"}, 422, "unknown_case", "/number"),
        ({"number": "C7K2-9QXM-4T6"}, 422, "mistyped", "/number"),
        ({"kind": "cousin"}, 422, "invalid_request", "/kind"),
        ({"words": ""}, 422, "invalid_request", "/words"),
    ],
)
async def test_a_link_that_cannot_be_is_refused_and_changes_nothing(
    desk: Desk, change: dict[str, str], status: int, code: str, pointer: str
) -> None:
    line = (await desk.items("/worklist", "municipal"))[0]
    (unseen,) = await desk.items("/cases", "other_dispatcher")
    numbers = {"own": line["number"], "unseen": unseen["number"]}
    body = {"number": line["number"], "kind": "same_cause", "words": "同因", **change}
    body["number"] = numbers.get(body["number"], body["number"])
    response = await desk.post(f"/cases/{line['case_id']}/links", "municipal", body, version=3)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert (await desk.get(f"/cases/{line['case_id']}", "municipal")).json()["version"] == 3


async def test_a_case_is_suspended_resumed_planned_and_transferred(desk: Desk) -> None:
    (line,) = [i for i in await desk.items("/worklist", "municipal") if i["category"] == "municipal.street_lights"]
    path = f"/cases/{line['case_id']}"
    body = {"reason": "testing", "words": "灯具送检", "until": "2026-12-07"}
    asked = await desk.post(f"{path}/suspensions", "municipal", body, version=3)
    assert (asked.status_code, asked.json()["ask"], asked.json()["asked_until"]) == (201, "suspension", "2026-12-07")
    ruled = await desk.post(f"{path}/rulings", "dispatcher", {"granted": True, "words": "同意"}, version=4)
    assert ruled.json()["promise_due"] == "2026-12-14T09:00:00Z", ruled.text
    seen = (await desk.get(path, "municipal")).json()
    assert (seen["suspended_until"], seen["suspension_reason"]) == ("2026-12-06T16:00:00Z", "testing")
    assert seen["deadline"]["unit"] == "remaining_working_days"
    assert line["case_id"] in {i["case_id"] for i in await desk.items("/worklist", "municipal") if i["suspended_until"]}
    words = {"words": "报告已出"}
    resumed = await desk.post(f"{path}/resumptions", "municipal", words, version=seen["version"])
    assert (resumed.status_code, resumed.json()["suspended_until"]) == (201, None), resumed.text

    plan = {"day": "2027-04-30", "answer": "列入明年春季改造", "who": "海州区住建局"}
    planned = await desk.post(f"{path}/plans", "municipal", plan, version=resumed.json()["version"])
    assert (planned.status_code, planned.json()["state"], planned.json()["promise_met"]) == (201, "in_progress", True)
    listed = await desk.items("/planned", "municipal")
    at_place = await desk.items("/planned", "dispatcher", place=str(desk.city.ids["community"]))
    assert [(i["case_id"], i["planned_for"], i["planned_who"]) for i in listed] == [
        (line["case_id"], "2027-04-30", "海州区住建局")
    ]
    assert listed == at_place
    assert line["case_id"] not in {i["case_id"] for i in await desk.items("/worklist", "municipal")}
    again = plan | {"day": "2027-05-31"}
    moved = await desk.post(f"{path}/replans", "dispatcher", again, version=planned.json()["version"])
    assert (moved.status_code, moved.json()["planned_for"]) == (201, "2027-05-31"), moved.text
    (limit,) = (await desk.get(path, "municipal")).json()["limits"]
    assert (limit["kind"], limit["due_at"]) == ("planned", "2027-05-31T16:00:00Z")

    to = {"post_id": str(desk.city.posts["legal"].post_id), "words": "属司法"}
    passed_on = await desk.post(f"{path}/transfers", "municipal", to, version=moved.json()["version"])
    assert (passed_on.status_code, passed_on.json()["state"]) == (201, "assigned"), passed_on.text
    (followed,) = await desk.items("/worklist", "municipal", stage="transferred")
    assert (followed["case_id"], followed["first_holder_post_id"]) == (line["case_id"], line["holder_post_id"])


@pytest.mark.parametrize(
    "what, body, status, code, pointer",
    [
        ("suspensions", {"reason": "testing", "words": "送检", "until": "2026-11-23"}, 422, "unfit_day", "/until"),
        ("suspensions", {"reason": "testing", "words": "送检", "until": "2027-02-01"}, 422, "unfit_day", "/until"),
        ("suspensions", {"reason": "testing", "words": "送检"}, 422, "invalid_request", "/until"),
        ("suspensions", {"reason": "busy", "words": "忙", "until": "2026-12-01"}, 422, "unknown_reason", "/reason"),
        (
            *("suspensions", {"reason": "awaiting_resident", "words": "未接", "until": "2026-12-01"}),
            *(409, "not_tried_enough", "/reason"),
        ),
        ("resumptions", {"words": "恢复"}, 409, "step_not_allowed", None),
        ("plans", {"day": "2026-11-23", "answer": "列入计划"}, 422, "unfit_day", "/day"),
        ("plans", {"day": "soon", "answer": "列入计划"}, 422, "invalid_request", "/day"),
        ("replans", {"day": "2027-04-30", "answer": "改期"}, 403, "not_your_step", None),
        ("transfers", {"post_id": str(uuid4()), "words": "属司法"}, 422, "unfit_post", "/post_id"),
    ],
)
async def test_what_cannot_wait_or_go_on_is_refused_and_changes_nothing(  # noqa: PLR0917  # a table's columns
    desk: Desk, what: str, body: Any, status: int, code: str, pointer: str | None
) -> None:
    line = (await desk.items("/worklist", "municipal"))[0]
    response = await desk.post(f"/cases/{line['case_id']}/{what}", "municipal", body, version=3)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert pointer in {error["pointer"] for error in response.json().get("errors", [])} or pointer is None
    assert (await desk.get(f"/cases/{line['case_id']}", "municipal")).json()["version"] == 3


ORDER = {"words": "请速办并反馈", "due_at": (NOW + timedelta(days=3)).isoformat()}


@pytest.mark.parametrize(
    "what, who, body, status, code",
    [
        ("nudges", "municipal", {"words": "请速办"}, 403, "not_your_step"),
        ("nudges", "window", {"words": " "}, 422, "invalid_request"),
        ("orders", "dispatcher", ORDER, 403, "not_your_step"),
        ("orders", "other_dispatcher", ORDER, 404, "case_not_found"),
        ("orders", "district_supervisor", ORDER | {"due_at": NOW.isoformat()}, 422, "unfit_limit"),
        ("orders", "district_supervisor", ORDER | {"due_at": "2026-12-31T00:00:00+08:00"}, 422, "unfit_limit"),
        ("orders", "district_supervisor", ORDER | {"due_at": "2026-11-25T00:00:00"}, 422, "invalid_request"),
        ("instructions", "dispatcher", {"words": "请速办"}, 422, "invalid_request"),
        ("instructions", "window", {"words": "请速办", "leader": "区长"}, 403, "not_your_step"),
    ],
)
async def test_a_pressing_that_cannot_be_is_refused_and_changes_nothing(  # noqa: PLR0917  # a table's columns
    desk: Desk, what: str, who: str, body: Any, status: int, code: str
) -> None:
    line = (await desk.items("/worklist", "municipal"))[0]
    response = await desk.post(f"/cases/{line['case_id']}/{what}", who, body, version=3)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert (await desk.get(f"/cases/{line['case_id']}", "municipal")).json()["version"] == 3


async def test_what_is_suggested_is_merged_and_split_off_again(desk: Desk) -> None:
    light, water = [await desk.case(name) for name in ("light", "water")]
    path = f"/cases/{water['case_id']}"
    seen = (await desk.get(f"{path}/suggestions", "dispatcher")).json()
    assert seen["case"]["number"] == water["number"]
    (found,) = [each for each in seen["items"] if each["case_id"] == light["case_id"]]
    assert (found["place"], found["words"], 0 < found["alike"] <= 1) == ("area", 1.0, True)
    assert "merge" in (await desk.get(path, "dispatcher")).json()["steps"]
    merge = {"into": light["number"], "words": "同一件事"}
    merged = await desk.post(f"{path}/merges", "dispatcher", merge, version=3)
    assert (merged.status_code, merged.json()["merged_into"]) == (201, light["case_id"]), merged.text
    whole = (await desk.get(f"/cases/{light['case_id']}", "dispatcher")).json()
    assert (len(whole["appeals"]), "split" in whole["steps"]) == (2, True)
    apart = {"appeal_ids": [str(desk.appeals["water"])], "words": "两件事"}
    split = await desk.post(f"/cases/{light['case_id']}/splits", "dispatcher", apart, version=whole["version"])
    assert split.status_code == 201, split.text
    new = (await desk.get(f"/cases/{split.json()['split_off']}", "municipal")).json()
    assert (new["number"], new["promise_due"]) == (split.json()["split_off_number"], whole["promise_due"])
    dismissed = await desk.post(f"/cases/{new['case_id']}/suggestions/{light['case_id']}/dismissals", "dispatcher")
    assert dismissed.status_code == 201, dismissed.text
    assert light["case_id"] not in {each["case_id"] for each in dismissed.json()["items"]}


async def test_the_worklist_is_paged_by_what_falls_due_first(desk: Desk) -> None:
    first = (await desk.get("/worklist", "municipal", limit=1)).json()
    second = (await desk.get("/worklist", "municipal", limit=1, cursor=first["next"])).json()
    assert second["next"] is None
    due = [page["items"][0]["promise_due"] for page in (first, second)]
    assert due == sorted(due)
    assert len({page["items"][0]["case_id"] for page in (first, second)}) == 2


async def test_a_cursor_of_another_list_is_refused(desk: Desk) -> None:
    first = (await desk.get("/worklist", "municipal", limit=1)).json()
    response = await desk.get("/cases", "municipal", limit=1, cursor=first["next"])
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/cursor")


async def test_open_cases_are_listed_by_place_and_within_sight(desk: Desk) -> None:
    everything = await desk.items("/cases", "district_dispatcher")
    assert len(everything) == 4
    at_area = await desk.items("/cases", "district_dispatcher", place=str(desk.city.ids["area"]))
    assert len(at_area) == 3
    assert len(await desk.items("/cases", "dispatcher")) == 3
    assert await desk.items("/cases", "dispatcher", place=str(desk.city.ids["other"])) == []
    pages, cursor = [], None
    while True:
        page = (
            await desk.get("/cases", "district_dispatcher", limit=1, **({"cursor": cursor} if cursor else {}))
        ).json()
        pages += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [item["case_id"] for item in pages] == [item["case_id"] for item in everything]


async def test_deadlines_show_what_they_were_counted_from(desk: Desk) -> None:
    found = await desk.items("/deadlines", "district_dispatcher")
    assert len(found) == 3
    assert {item["rule_version"] for item in found} == {3}
    assert all(item["unit"] == "working_days" and item["zone"] == "Asia/Shanghai" for item in found)


async def test_a_deadline_is_explained_day_by_day(desk: Desk) -> None:
    case = await desk.case("light")
    (deadline,) = await desk.items(f"/cases/{case['case_id']}/deadlines", "municipal")
    assert deadline["deadline_id"] == case["deadline"]["deadline_id"]
    path = f"/deadlines/{deadline['deadline_id']}/explanation"
    found = await desk.get(f"/cases/{case['case_id']}{path}", "municipal")
    assert found.status_code == 200, found.text
    said = found.json()
    assert (said["agrees"], said["differences"], said["source"], said["due_at"]) == (
        *(True, [], "table"),
        deadline["due_at"],
    )
    assert said["deadline"] == deadline
    assert said["rule"] == {
        "version": 3,
        "line": None,
        "place": None,
        "kind": "municipal",
        "remit": "district",
        "item": None,
        "statute": None,
        "statutory": None,
        "urgent": False,
        "unit": "working_days",
        "count": 5,
        "category": "municipal.street_lights",
        "category_version": 1,
    }
    assert (said["start"]["cause"], said["calendar"]) == ("received", {"version": 1, "forecast": False})
    days = [(day["day"], day["until"], day["counted"], day["why"], day["number"]) for day in said["days"]]
    assert days == [
        ("2026-11-23", None, False, "first_day", 0),
        ("2026-11-24", None, True, "working_day", 1),
        ("2026-11-25", None, True, "working_day", 2),
        ("2026-11-26", None, True, "working_day", 3),
        ("2026-11-27", None, True, "working_day", 4),
        ("2026-11-28", "2026-11-29", False, "weekend", 4),
        ("2026-11-30", None, True, "working_day", 5),
    ]
    by_number = await desk.get(f"/cases/{case['number'].lower()}{path}", "municipal")
    assert by_number.json() == said


async def test_a_deadline_is_explained_to_whoever_may_read_its_case(desk: Desk) -> None:
    case = await desk.case("light")
    path = f"/cases/{case['case_id']}/deadlines"
    explanation = f"{path}/{case['deadline']['deadline_id']}/explanation"
    for who, status in (("other_dispatcher", 404), ("municipal", 200), ("city_dispatcher", 200)):
        assert (await desk.get(path, who)).status_code == status
        assert (await desk.get(explanation, who)).status_code == status
    missing = await desk.get(f"{path}/{uuid4()}/explanation", "municipal")
    assert (missing.status_code, missing.json()["code"]) == (404, "deadline_not_found")
    mistyped = await desk.get("/cases/C7K2-9QXM-4T6Q/deadlines", "municipal")
    assert (mistyped.status_code, mistyped.json()["code"]) == (422, "mistyped")


async def test_a_deadline_shows_when_its_holder_is_warned(desk: Desk) -> None:
    (found, *_) = [each for each in await desk.items("/deadlines", "district_dispatcher") if each["count"] == 5]
    assert found["warnings"] == [
        {"share": 50, "at": "2026-11-26T05:00:00Z"},
        {"share": 80, "at": "2026-11-27T09:00:00Z"},
    ]
    assert found["warned"] == 0


async def test_what_a_superior_has_to_see_to_is_a_list_of_their_own(desk: Desk, async_database: AsyncDatabase) -> None:
    late = NOW + timedelta(days=30)
    sweeper = async_database("routing", "clock", clock=DrivenClock(late))
    assert await sweeper.run_everywhere(sweeping.sweep_due) == 3
    listed = await desk.items("/supervisions", "district_supervisor")
    assert len(listed) == 3
    case = await desk.case("light")
    (line,) = [line for line in listed if line["case_id"] == case["case_id"]]
    assert (line["case_number"], line["version"], line["tier"]) == (case["number"], case["version"], "district")
    assert (line["post_id"], line["repeats"], line["lapsed_at"]) == (case["supervisor_post_id"], 0, None)
    assert line["standing"] == "late"
    assert await desk.items("/supervisions", "city_dispatcher") == []


async def test_another_communitys_case_is_not_there(desk: Desk) -> None:
    (other,) = await desk.items("/cases", "other_dispatcher")
    for who, status in (("dispatcher", 404), ("other_dispatcher", 200), ("city_dispatcher", 200)):
        assert (await desk.get(f"/cases/{other['case_id']}", who)).status_code == status
        assert (await desk.get(f"/cases/{other['case_id']}/entries", who)).status_code == status
    refused = await desk.post(f"/cases/{other['case_id']}/closings", "dispatcher", version=3)
    missing = await desk.post(f"/cases/{uuid4()}/closings", "dispatcher", version=3)
    assert (refused.status_code, refused.json()["code"]) == (missing.status_code, missing.json()["code"])


@pytest.mark.parametrize(
    "step, body, version, status, code",
    [
        ("starts", None, None, 428, "version_required"),
        ("starts", None, 2, 412, "case_changed"),
        ("closings", None, 3, 409, "step_not_allowed"),
        ("answers", {"outcome": "solved", "answer": "  "}, 3, 422, "invalid_request"),
        ("answers", {"outcome": "solved", "answer": "a\u0000b"}, 3, 422, "nul_in_text"),
        ("answers", {"outcome": "fixed", "answer": "好"}, 3, 422, "invalid_request"),
        ("answers", {"outcome": "solved", "answer": "好", "more": 1}, 3, 422, "invalid_request"),
        ("acceptances", {"category": "NO SUCH"}, 3, 422, "invalid_request"),
        ("extensions", {"reason": "materials", "words": "等料", "days": "3"}, 3, 422, "invalid_request"),
        ("suspensions", {"reason": "testing", "words": "送检", "until": 1796860800}, 3, 422, "invalid_request"),
    ],
)
async def test_a_bad_step_is_refused_and_changes_nothing(  # noqa: PLR0917  # a table's columns
    desk: Desk, step: str, body: Any, version: int | None, status: int, code: str
) -> None:
    line = (await desk.items("/worklist", "municipal"))[0]
    response = await desk.post(f"/cases/{line['case_id']}/{step}", "municipal", body, version=version)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert (await desk.get(f"/cases/{line['case_id']}", "municipal")).json()["version"] == 3


async def test_of_two_at_once_one_wins_and_the_other_is_told_how_it_stands_now(desk: Desk) -> None:
    line = (await desk.items("/worklist", "municipal"))[0]
    path, answer = f"/cases/{line['case_id']}", {"outcome": "solved", "answer": "已修好"}
    both = await asyncio.gather(
        *(desk.post(f"{path}/answers", who, answer, version=3) for who in ("municipal", "dispatcher"))
    )
    won, lost = sorted(both, key=lambda response: response.status_code)
    assert (won.status_code, lost.status_code) == (201, 412)
    seen = (await desk.get(path, "municipal")).json()
    assert lost.json()["present"] == {"version": 4, "state": "answered", "holder_post_id": seen["holder"]["post_id"]}


async def test_work_is_recorded_without_a_version_and_a_letter_is_printed(desk: Desk) -> None:
    path = f"/cases/{(await desk.items('/worklist', 'municipal'))[0]['case_id']}"
    called = await desk.post(f"{path}/records", "municipal", {"kind": "call", "words": "已通话"})
    assert (called.status_code, called.json()["state"], called.headers["ETag"]) == (201, "assigned", '"4"')
    sent = {"kind": "letter_sent", "office": "市自来水公司", "words": "请核实水压"}
    number = (await desk.post(f"{path}/records", "dispatcher", sent)).json()["letter"]
    papers = {"kind": "papers_received", "papers": ["户口簿"]}
    taken = (await desk.post(f"{path}/records", "municipal", papers)).json()
    assert (taken["papers_held"], taken["receipt"]) == (1, taken["version"])
    reached = {"kind": "contact_attempt", "outcome": "reached"}
    assert (await desk.post(f"{path}/records", "municipal", reached)).json()["first_contact_at"] is not None

    seen = (await desk.get(path, "municipal")).json()
    assert [(letter["number"], letter["replied_at"]) for letter in seen["letters"]] == [(number, None)]
    assert [(paper["name"], paper["received_by"]) for paper in seen["papers"]] == [("户口簿", subject_of("municipal"))]
    printed = await desk.get(f"{path}/letters/{number}", "municipal")
    assert (printed.status_code, printed.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "请核实水压" in printed.text
    receipt = await desk.get(f"{path}/receipts/{taken['receipt']}", "municipal")
    assert (receipt.status_code, receipt.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "户口簿" in receipt.text
    assert (await desk.get(f"{path}/receipts/1", "municipal")).json()["code"] == "receipt_not_found"
    assert (await desk.get(f"{path}/letters/H000-000K", "municipal")).json()["code"] == "letter_not_found"
    assert (await desk.get(f"{path}/letters/{number}", "other_dispatcher")).status_code == 404

    answered = await desk.post(f"{path}/answers", "municipal", {"outcome": "solved", "answer": "好"}, version=7)
    refused = await desk.post(f"{path}/closings", "municipal", version=answered.json()["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "papers_in_custody")


@pytest.mark.parametrize(
    "body, code, pointer",
    [
        ({}, "invalid_request", "/kind"),
        ({"kind": "walk", "words": "好"}, "invalid_request", "/kind"),
        ({"kind": "call"}, "invalid_request", "/words"),
        ({"kind": "call", "words": "好", "papers": ["户口簿"]}, "invalid_request", "/papers"),
        ({"kind": "letter_sent", "words": "好"}, "invalid_request", "/office"),
        ({"kind": "letter_reply", "number": "H000-000K", "words": "好"}, "unknown_letter", "/number"),
        ({"kind": "letter_reply", "number": "H000-0001", "words": "好"}, "mistyped", "/number"),
        ({"kind": "contact_attempt", "outcome": "maybe"}, "invalid_request", "/outcome"),
        ({"kind": "papers_received", "papers": []}, "invalid_request", "/papers"),
        ({"kind": "papers_received", "papers": ["户口簿", " "]}, "invalid_request", "/papers/1"),
        ({"kind": "papers_received"}, "invalid_request", "/complete"),
        ({"kind": "papers_received", "papers": ["户口簿"], "complete": "齐了"}, "invalid_request", "/complete"),
        ({"kind": "papers_received", "complete": "齐了"}, "no_papers_missing", "/complete"),
        ({"kind": "papers_returned", "papers": ["户口簿"]}, "not_in_custody", "/papers/0"),
        ({"kind": "papers_missing", "papers": ["证"] * 31}, "invalid_request", "/papers"),
    ],
)
async def test_a_bad_record_is_refused_with_the_field_that_is_wrong(
    desk: Desk, body: Any, code: str, pointer: str
) -> None:
    line = (await desk.items("/worklist", "municipal"))[0]
    response = await desk.post(f"/cases/{line['case_id']}/records", "municipal", body)
    assert (response.status_code, response.json()["code"]) == (422, code)
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert (await desk.get(f"/cases/{line['case_id']}", "municipal")).json()["version"] == 3


@pytest.mark.parametrize(
    "body, pointer",
    [
        ({"outcome": "explained", "answer": "不能办"}, "/basis"),
        ({"outcome": "explained", "answer": "不能办", "basis": " "}, "/basis"),
        ({"outcome": "solved", "answer": "好", "basis": "规定"}, "/basis"),
        ({"outcome": "solved", "answer": "好", "handover": "posted"}, "/handover"),
        ({"outcome": "explained", "answer": "不能办", "basis": "规定", "handover": "collected"}, "/handover"),
        ({"outcome": "solved"}, "/answer"),
        ({"outcome": "solved", "answer": "好", "evidence": "字" * 201}, "/evidence"),
        ({"outcome": "done", "answer": "好"}, "/outcome"),
    ],
)
async def test_an_answer_that_lacks_what_its_outcome_needs_names_the_field(desk: Desk, body: Any, pointer: str) -> None:
    line = (await desk.items("/worklist", "municipal"))[0]
    response = await desk.post(f"/cases/{line['case_id']}/answers", "municipal", body, version=3)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    "body, pointer",
    [
        ({}, "/outcome"),
        ({"outcome": "maybe"}, "/outcome"),
        ({"outcome": "reached", "words": "好"}, "/solved"),
        ({"outcome": "reached", "solved": True}, "/words"),
        ({"outcome": "reached", "solved": True, "words": "好", "rating": 6}, "/rating"),
        ({"outcome": "not_reached", "solved": False}, "/solved"),
        ({"outcome": "not_reached", "rating": 1}, "/rating"),
    ],
)
async def test_a_call_back_that_does_not_fit_its_outcome_names_the_field(desk: Desk, body: Any, pointer: str) -> None:
    line = (await desk.items("/worklist", "municipal"))[0]
    response = await desk.post(f"/cases/{line['case_id']}/callbacks", "dispatcher", body, version=3)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


async def test_a_case_shows_what_its_resident_was_asked_and_whom_to_call(desk: Desk) -> None:
    line = (await desk.items("/worklist", "municipal"))[0]
    path = f"/cases/{line['case_id']}"
    await desk.post(f"{path}/answers", "municipal", {"outcome": "solved", "answer": "好"}, version=3)
    (asked,) = (await desk.get(path, "municipal")).json()["callbacks"]
    assert (asked["answer"], asked["way"], asked["solved"], asked["rating"]) == (1, "message", None, None)
    assert await desk.items("/callbacks", "dispatcher") == []
    said = {"outcome": "reached", "solved": True, "words": "好"}
    refused = await desk.post(f"{path}/callbacks", "dispatcher", said, version=4)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_call_back_owed")


async def test_a_case_is_not_closed_before_whom_no_message_reaches_was_called(desk: Desk) -> None:
    event = make_appeal(desk.city, category="municipal.roads", reached_by_message=False)
    await desk.hear(lambda uow: opening.open_cases(uow, [event]))
    (line,) = [item for item in await desk.items("/worklist", "municipal") if item["category"] == "municipal.roads"]
    path = f"/cases/{line['case_id']}"
    answered = await desk.post(f"{path}/answers", "municipal", {"outcome": "solved", "answer": "好"}, version=3)
    assert (answered.json()["calls_owed"], answered.json()["version"]) == (1, 5)
    seen = (await desk.get(path, "municipal")).json()
    assert ([asked["way"] for asked in seen["callbacks"]], "close" in seen["steps"]) == (["person"], False)
    refused = await desk.post(f"{path}/closings", "municipal", version=5)
    assert (refused.status_code, refused.json()["code"]) == (409, "call_back_owed")
    assert [item["case_id"] for item in await desk.items("/callbacks", "window")] == [line["case_id"]]
    said = {"outcome": "reached", "solved": True, "words": "好", "rating": 5}
    assert (await desk.post(f"{path}/callbacks", "window", said, version=5)).status_code == 201
    assert "close" in (await desk.get(path, "municipal")).json()["steps"]
    closed = await desk.post(f"{path}/closings", "municipal", version=6)
    assert (closed.status_code, closed.json()["state"]) == (201, "closed")


async def test_what_is_planned_and_urgent_is_planned_no_more(desk: Desk) -> None:
    (line,) = await desk.items("/worklist", "municipal", limit=1)
    path = f"/cases/{line['case_id']}"
    await desk.post(f"{path}/plans", "municipal", {"day": "2027-04-30", "answer": "列入明年春季改造"}, version=3)
    body = {"category": "municipal.emergency", "words": "塌陷"}
    urgent = await desk.post(f"{path}/resorts", "dispatcher", body, version=4)
    assert (urgent.status_code, urgent.json()["planned_for"], urgent.json()["promise_met"]) == (201, None, None)
    assert await desk.items("/planned", "municipal") == []
    seen = (await desk.get(path, "municipal")).json()
    assert (seen["deadline"]["unit"], "plan" in seen["steps"]) == ("clock_hours", False)
    refused = await desk.post(f"{path}/plans", "municipal", {"day": "2027-04-30", "answer": "再等"}, version=5)
    assert (refused.status_code, refused.json()["code"]) == (409, "clock_runs")


async def test_a_link_with_what_is_sealed_by_now_is_gone_for_whom_it_is_not_open_to(desk: Desk) -> None:
    first, second = await desk.case("light"), await desk.case("water")
    path = f"/cases/{first['case_id']}"
    asked = {"number": second["number"], "kind": "same_cause", "words": "同一处管沟"}
    await desk.post(f"{path}/links", "municipal", asked, version=3)
    sealing = AppealCorrectedV1(
        version=2,
        appeal_id=desk.appeals["water"],
        corrected_at=NOW,
        gist="反映窗口人员态度",
        category="stability.discipline",
        placed_path=desk.city.paths["area"],
    )
    await desk.hear(lambda uow: opening.correct_appeal(uow, sealing))
    for who, sees_it in (("municipal", True), ("window", False)):
        seen = await desk.get(path, who)
        history = await desk.get(f"{path}/entries", who)
        assert (seen.json()["linked"], len(seen.json()["links"])) == ((1, 1) if sees_it else (0, 0))
        assert (second["number"] in seen.text + history.text, history.json()["faults"]) == (sees_it, [])


async def test_a_step_is_taken_once_for_one_idempotency_key(desk: Desk) -> None:
    line = (await desk.items("/worklist", "municipal"))[0]
    headers = desk.identity.headers(subject_of("municipal")) | {"If-Match": '"3"', "Idempotency-Key": str(uuid4())}
    first = await desk.client.post(f"/cases/{line['case_id']}/starts", headers=headers)
    again = await desk.client.post(f"/cases/{line['case_id']}/starts", headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


async def test_many_cases_are_given_to_another_post_each_by_itself_and_once(desk: Desk) -> None:
    lines = await desk.items("/worklist", "municipal")
    named = [{"case_id": line["case_id"], "version": line["version"]} for line in lines]
    body: dict[str, Any] = {"post_id": str(desk.city.posts["legal"].post_id), "words": "改派"}
    body |= {"cases": [*named, {"case_id": str(uuid4()), "version": 1}]}
    headers = desk.identity.headers(subject_of("dispatcher")) | {"Idempotency-Key": str(uuid4())}
    first = await desk.client.post("/dispatches", headers=headers, json=body)
    assert first.status_code == 200, first.text
    assert (first.json()["done"], first.json()["refused"]) == (len(named), 1)
    *done, missing = first.json()["items"]
    assert [each["case"]["holder_post_id"] for each in done] == [body["post_id"]] * len(named)
    assert (missing["case"], missing["problem"]["status"], missing["problem"]["code"]) == (None, 404, "case_not_found")
    again = await desk.client.post("/dispatches", headers=headers, json=body)
    assert again.json() == first.json()
    anew = (await desk.post("/dispatches", "dispatcher", body)).json()
    assert {each["problem"]["code"] for each in anew["items"]} == {"case_changed", "case_not_found"}
    assert anew["items"][0]["problem"]["present"]["version"] == done[0]["case"]["version"]


async def test_a_step_and_many_at_once_take_a_number_where_they_take_an_id(desk: Desk) -> None:
    """That of the case, or of an appeal in it, however they are typed."""
    light = await desk.case("light")
    path = f"/cases/{light['number'].lower().replace('-', ' ')}"
    started = await desk.post(f"{path}/starts", "municipal", None, version=3)
    assert (started.status_code, started.json()["case_id"]) == (201, light["case_id"]), started.text
    (appeal,) = (await desk.get(path, "municipal")).json()["appeals"]
    nudged = await desk.post(f"/cases/{appeal['number']}/nudges", "dispatcher", {"words": "请速办"}, version=4)
    assert (nudged.status_code, nudged.json()["case_id"]) == (201, light["case_id"]), nudged.text
    recorded = await desk.post(f"{path}/records", "municipal", {"kind": "call", "words": "已致电"})
    assert recorded.status_code == 201, recorded.text
    for number, status in (("C1", 422), (light["number"], 404)):
        refused = await desk.post(f"/cases/{number}/starts", "other_dispatcher", None, version=4)
        assert refused.status_code == status, refused.text
    named = [{"case_id": appeal["number"], "version": 6}, {"case_id": str(uuid4()), "version": 1}]
    body = {"cases": named, "category": "municipal.water", "words": "改类"}
    tried = (await desk.post("/resorts", "dispatcher", body)).json()
    assert [(each["named"], each["case_id"]) for each in tried["items"]] == [
        (appeal["number"], light["case_id"]),
        (named[1]["case_id"], named[1]["case_id"]),
    ]
    assert (tried["done"], tried["refused"]) == (1, 1), tried
    mistyped = await desk.post("/resorts", "dispatcher", body | {"cases": [{"case_id": "C1", "version": 1}]})
    assert (mistyped.status_code, mistyped.json()["errors"][0]["pointer"]) == (422, "/cases/0/case_id")


async def test_many_cases_are_sorted_or_confirmed_at_once(desk: Desk) -> None:
    (light,) = [i for i in await desk.items("/worklist", "municipal") if i["category_suggested"]]
    suggested = await desk.items("/cases", "dispatcher", suggested=True)
    assert [item["case_id"] for item in suggested] == [light["case_id"]]
    body = {"category": light["category"], "words": "分类无误", "cases": [_named(light)]}
    confirmed = (await desk.post("/resorts", "dispatcher", body)).json()
    assert (confirmed["done"], confirmed["items"][0]["case"]["category_suggested"]) == (1, False)
    assert await desk.items("/cases", "dispatcher", suggested=True) == []


def _named(line: dict[str, Any]) -> dict[str, Any]:
    return {"case_id": line["case_id"], "version": line["version"]}


@pytest.mark.parametrize(
    "cases, pointer",
    [
        ([], "/cases"),
        ([{"case_id": str(UUID(int=7)), "version": 1}] * 2, "/cases"),
        ([{"case_id": str(UUID(int=n)), "version": 1} for n in range(101)], "/cases"),
        ([{"case_id": str(UUID(int=7))}], "/cases/0/version"),
    ],
)
async def test_many_that_cannot_be_taken_as_named_are_refused(desk: Desk, cases: Any, pointer: str) -> None:
    body = {"cases": cases, "category": "legal.aid", "words": "分类有误"}
    refused = await desk.post("/resorts", "dispatcher", body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), refused.text


async def test_of_many_the_one_that_is_named_twice_is_said(desk: Desk) -> None:
    cases = [{"case_id": str(UUID(int=n)), "version": 1} for n in (7, 8, 7)]
    refused = await desk.post("/resorts", "dispatcher", {"cases": cases, "category": "legal.aid", "words": "分类有误"})
    assert "names at 3 the same case as at 1: name each once" in refused.json()["errors"][0]["detail"]
    assert (refused.json()["code"], refused.json()["errors"][0]["pointer"]) == ("named_twice", "/cases")


async def test_many_at_once_ask_for_an_idempotency_key(desk: Desk) -> None:
    line = (await desk.items("/worklist", "municipal"))[0]
    body = {"cases": [_named(line)], "category": "legal.aid", "words": "分类有误"}
    refused = await desk.client.post("/resorts", headers=desk.identity.headers(subject_of("dispatcher")), json=body)
    assert (refused.status_code, refused.json()["code"]) == (428, "key_required")


async def test_the_queue_says_why_and_is_read_by_its_sections(desk: Desk) -> None:
    (line,) = [i for i in await desk.items("/worklist", "municipal") if i["category"] == "municipal.street_lights"]
    body = {"reason": "in_court", "words": "已立案"}
    await desk.post(f"/cases/{line['case_id']}/declines", "municipal", body, version=3)
    queue = await desk.items("/queue", "dispatcher")
    assert sorted(item["why"] for item in queue) == [["decline"], ["unsorted"]]
    assert [item["why"] for item in await desk.items("/queue", "dispatcher", section="asked")] == [["decline"]]
    assert await desk.items("/queue", "dispatcher", section="left") == []
    assert (await desk.get("/queue", "dispatcher", section="elsewhere")).status_code == 422


async def test_originals_in_custody_and_first_dispatches_are_read(desk: Desk) -> None:
    line = (await desk.items("/worklist", "municipal"))[0]
    path = f"/cases/{line['case_id']}"
    await desk.post(f"{path}/records", "municipal", {"kind": "papers_received", "papers": ["户口簿"]})
    (kept,) = await desk.items("/custody", "dispatcher")
    assert (kept["case_id"], [paper["name"] for paper in kept["papers"]]) == (line["case_id"], ["户口簿"])
    version = kept["version"]
    await desk.post(f"{path}/answers", "municipal", {"outcome": "solved", "answer": "已修好"}, version=version)
    figure = await desk.get("/figures/first_dispatch", "dispatcher", place=desk.city.ids["community"])
    assert figure.json() == {
        "place_id": str(desk.city.ids["community"]),
        "since": "2026-10-25",
        "until": "2026-11-23",
        "answered": 1,
        "at_first": 1,
        "share": 1.0,
    }
    for asked, status, code in (
        ({"place": desk.city.ids["other"]}, 403, "figures_elsewhere"),
        ({"since": "2026-11-24"}, 422, "unfit_period"),
        ({"since": "1700-01-01"}, 422, "invalid_request"),
    ):
        refused = await desk.get("/figures/first_dispatch", "dispatcher", **asked)
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text


async def test_figures_are_read_and_a_case_is_taken_out_of_a_rate(desk: Desk) -> None:
    line = (await desk.items("/worklist", "municipal"))[0]
    path, asked = f"/cases/{line['case_id']}", {"rate": "on_time", "words": "停电"}
    refused = await desk.post(f"{path}/exclusions", "municipal", {**asked, "rate": "redone"}, version=line["version"])
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/rate")
    kept = await desk.post(f"{path}/exclusions", "municipal", asked, version=line["version"])
    assert (kept.status_code, kept.json()["excluding"]) == (201, "on_time")
    (waits,) = await desk.items("/exclusions", "district_dispatcher")
    assert "review_exclusion" in (await desk.get(path, "district_dispatcher")).json()["steps"]
    said = {"granted": True, "words": "属实"}
    done = await desk.post(f"{path}/exclusion_reviews", "district_dispatcher", said, version=waits["version"])
    assert (done.status_code, done.json()["excluding"]) == (201, None)
    (all_together,) = await desk.items("/figures", "district_dispatcher")
    assert all_together["key"] == ""
    assert all_together["figures"]["received"] == 4
    assert all_together["rates"]["on_time"] == {"share": None, "part": 0, "whole": 0, "excluded": 1}
    first = await desk.get("/figures", "district_dispatcher", by="place", limit=1)
    rest = await desk.items("/figures", "district_dispatcher", by="place", limit=1, cursor=first.json()["next"])
    assert {first.json()["items"][0]["key"], rest[0]["key"]} == {desk.city.ids[c].hex for c in ("community", "other")}


async def test_figures_that_cannot_be_answered_are_refused(desk: Desk) -> None:
    for path, params, status, code in (
        ("/figures", {"by": "day", "since": "2026-01-01"}, 422, "unfit_period"),
        ("/figures", {"by": "post", "channel": "web"}, 422, "not_kept_so"),
        ("/figures", {"place": desk.city.ids["other"]}, 403, "figures_elsewhere"),
        ("/figures", {"by": "weather"}, 422, "invalid_request"),
        ("/figures/freezes/2026-10", {}, 404, "not_frozen"),
        ("/figures/freezes/2026-13", {}, 422, "invalid_request"),
        ("/figures/freezes/2026-10/corrections", {}, 404, "not_frozen"),
    ):
        refused = await desk.get(path, "dispatcher", **params)
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert (await desk.get("/figures/freezes", "dispatcher")).json() == {"items": []}


async def test_nobody_signed_in_sees_nothing(desk: Desk) -> None:
    lists = ("/worklist", "/queue", "/planned", "/custody", "/pressings", "/parts", "/cases", "/deadlines")
    for path in (
        *lists,
        "/categories",
        "/callbacks",
        "/figures",
        "/figures/first_dispatch",
        "/exclusions",
        f"/cases/{uuid4()}",
    ):
        assert (await desk.client.get(path)).status_code == 401


async def test_everybody_signed_in_reads_the_categories(desk: Desk) -> None:
    response = await desk.client.get("/categories", headers=desk.identity.headers("a.resident", "resident"))
    tree = {item["code"]: item for item in response.json()["items"]}
    assert tree["municipal.street_lights"]["name"] == {"zh": "路灯照明", "en": "Street lights"}
    assert tree["municipal.street_lights"]["parent"] == "municipal"


TAXONOMY = {
    "rows": [
        {"line": 2, "names": ["城乡建设", "城市建设和市政管理", "路灯"]},
        {"line": 3, "names": ["城乡建设", "小区管理", "其他"]},
    ]
}


async def test_the_operator_loads_a_classification(desk: Desk) -> None:
    operator = desk.identity.headers("city.operator", "operator")
    first = await desk.client.put("/categories", headers=operator, json=TAXONOMY)
    assert first.json() == {"added": 5, "changed": 0, "retired": 0, "unchanged": 60}
    again = await desk.client.put("/categories", headers=operator, json=TAXONOMY)
    assert again.json() == {"added": 0, "changed": 0, "retired": 0, "unchanged": 65}
    bindings = {"城乡建设/城市建设和市政管理/路灯": {"kind": "municipal", "remit": "district"}}
    bound = await desk.client.put("/categories", headers=operator, json=TAXONOMY | {"bindings": bindings})
    assert bound.json()["changed"] == 1
    found = (await desk.client.get("/categories", headers=operator)).json()["items"]
    (light,) = [item for item in found if item["name"]["zh"] == "路灯"]
    assert (light["remit"], light["version"]) == ("district", 2)


async def test_a_classification_with_an_unbound_branch_changes_nothing(desk: Desk) -> None:
    operator = desk.identity.headers("city.operator", "operator")
    body = {"rows": [*TAXONOMY["rows"], {"line": 4, "names": ["谜", "语"]}]}
    response = await desk.client.put("/categories", headers=operator, json=body)
    assert (response.status_code, response.json()["code"]) == (422, "unbound_branches")
    assert "line 4: 谜/语" in response.json()["detail"]
    assert len((await desk.client.get("/categories", headers=operator)).json()["items"]) == 60


async def test_only_the_operator_loads_a_classification(desk: Desk) -> None:
    response = await desk.client.put("/categories", headers=desk.identity.headers("a.clerk"), json=TAXONOMY)
    assert (response.status_code, response.json()["code"]) == (403, "not_the_operator")


NOTICE = {
    "year": 2027,
    "status": "forecast",
    "own": True,
    "rows": [{"line": 2, "date": "2027-04-09", "kind": "off", "note": "三月三"}],
}


async def test_an_operator_drafts_a_calendar_and_another_puts_it_into_force(desk: Desk) -> None:
    one, other = (desk.identity.headers(subject, "operator") for subject in ("city.operator", "city.other"))
    drafted = await desk.client.post("/calendars", headers=one, json=NOTICE)
    assert drafted.status_code == 201, drafted.text
    changes = drafted.json()
    assert (changes["calendar_version"], changes["based_on"], changes["effective_from"]) == (2, 1, None)
    assert (changes["earlier"], changes["later"], changes["years"]["2027"]) == (0, 0, "forecast")
    day = {"working": False, "note": "三月三", "stands_for": None, "own": True}
    assert changes["days"] == [{"date": "2027-04-09", "before": None, "after": day}]
    assert (await desk.client.get("/calendars/2", headers=other)).json() == changes
    assert (await desk.client.get("/calendars/2/moves", headers=other)).json() == {"items": [], "next": None}
    refused = await desk.client.post("/calendars/2/activations", headers=one)
    assert (refused.status_code, refused.json()["code"]) == (403, "second_person_needed")
    activated = await desk.client.post("/calendars/2/activations", headers=other)
    assert (activated.status_code, activated.json()["activated_by"]) == (201, "city.other")
    listed = await desk.items("/calendars", "window")
    assert [item["calendar_version"] for item in listed] == [2, 1]
    assert listed[0]["effective_from"] is not None


@pytest.mark.parametrize(
    "body, status, code",
    [
        (NOTICE | {"rows": [{"line": 2, "date": "2027-02-30", "kind": "off"}]}, 422, "unfit_notice"),
        (NOTICE | {"rows": [{"line": 2, "date": "2027-02-26", "kind": "work"}]}, 422, "unfit_notice"),
        (NOTICE | {"own": False, "rows": []}, 422, "unfit_year"),
        (NOTICE | {"year": 2026, "rows": []}, 422, "year_is_official"),
        (NOTICE | {"rows": []}, 409, "nothing_changes"),
        (NOTICE | {"rows": [{"line": 2, "date": "a\x00", "kind": "off"}]}, 422, "invalid"),
        (NOTICE | {"year": 99}, 422, "invalid"),
    ],
)
async def test_a_bad_calendar_is_refused_and_changes_nothing(
    desk: Desk, body: dict[str, Any], status: int, code: str
) -> None:
    response = await desk.client.post("/calendars", headers=desk.identity.headers("o", "operator"), json=body)
    assert response.status_code == status, response.text
    assert code == "invalid" or response.json()["code"] == code
    assert len(await desk.items("/calendars", "window")) == 1


CLOSED = {"line": 2, "place": "community", "kind": "closed", "day": "2026-12-31", "closes": "12:00", "note": "盘点"}


async def test_an_operator_drafts_hours_and_another_puts_them_into_force(desk: Desk) -> None:
    one, other = (desk.identity.headers(name, "operator") for name in ("city.one", "city.other"))
    drafted = await desk.client.post("/calendars/hours", headers=one, json={"rows": [CLOSED]})
    assert drafted.status_code == 201, drafted.text
    changes = drafted.json()
    assert (changes["year"], changes["days"], changes["later"]) == (None, [], 0)
    after = [{"date": "2026-12-31", "closes": "12:00", "note": "盘点"}]
    assert changes["stations"] == [{"place": "community", "since": "2026-12-31", "before": [], "after": after}]
    activated = await desk.client.post(f"/calendars/{changes['calendar_version']}/activations", headers=other)
    assert (activated.status_code, activated.json()["activated_by"]) == (201, "city.other")


@pytest.mark.parametrize(
    "body, status, code",
    [
        ({"rows": [CLOSED | {"day": "2026-02-30"}]}, 422, "unfit_timetable"),
        ({"rows": [CLOSED | {"place": "nowhere"}]}, 422, "unfit_timetable"),
        ({"rows": []}, 422, "invalid"),
        ({"rows": [CLOSED | {"note": "a\x00"}]}, 422, "invalid"),
        ({"rows": [CLOSED | {"kind": "hours", "opens": "13:00", "weekday": "monday"}]}, 422, "unfit_timetable"),
    ],
)
async def test_bad_hours_are_refused_and_change_nothing(
    desk: Desk, body: dict[str, Any], status: int, code: str
) -> None:
    operator = desk.identity.headers("o", "operator")
    response = await desk.client.post("/calendars/hours", headers=operator, json=body)
    assert response.status_code == status, response.text
    assert code == "invalid" or response.json()["code"] == code
    assert len(await desk.items("/calendars", "window")) == 1


async def test_only_an_operator_has_to_do_with_calendars(desk: Desk) -> None:
    clerk = desk.identity.headers("a.clerk")
    for response in (
        await desk.client.post("/calendars", headers=clerk, json=NOTICE),
        await desk.client.post("/calendars/hours", headers=clerk, json={"rows": [CLOSED]}),
        await desk.client.get("/calendars/1", headers=clerk),
        await desk.client.get("/calendars/1/moves", headers=clerk),
        await desk.client.post("/calendars/1/activations", headers=clerk),
    ):
        assert (response.status_code, response.json()["code"]) == (403, "not_the_operator")
    missing = await desk.client.get("/calendars/7", headers=desk.identity.headers("o", "operator"))
    assert (missing.status_code, missing.json()["code"]) == (404, "calendar_not_found")


async def test_rules_are_drafted_shown_checked_and_put_into_force_by_two_operators(desk: Desk) -> None:
    one, other = (desk.identity.headers(f"operator.{name}", "operator") for name in ("one", "other"))
    body = {
        "place": "community",
        "rules": [{"line": 3, "kind": "municipal", "remit": "district", "promise": "3 working days"}],
    }
    drafted = await desk.client.post("/rule-sets", headers=one, json=body)
    assert drafted.status_code == 201, drafted.text
    seen = drafted.json()
    version = seen["version"]
    assert (seen["place"], seen["effective_from"], seen["rules"][0]["line"]) == ("community", None, 3)
    assert seen["changes"][0]["text"]["zh"] == "第3行，市政设施，管理区权限：承诺由5个工作日改为3个工作日。"
    assert seen["numbers"]["cases"] <= seen["looked_at"]
    assert (await desk.client.get(f"/rule-sets/{version}", headers=other)).json()["changes"] == seen["changes"]
    gaps = (await desk.client.get(f"/rule-sets/{version}/gaps", headers=one)).json()["items"]
    assert [each["name"] for each in gaps] == ["community"]
    alone = await desk.client.post(f"/rule-sets/{version}/activations", headers=one)
    assert (alone.status_code, alone.json()["code"]) == (403, "second_person_needed")
    done = await desk.client.post(f"/rule-sets/{version}/activations", headers=other)
    assert (done.status_code, done.json()["activated_by"]) == (201, "operator.other")
    listed = (await desk.client.get("/rule-sets", headers=desk.identity.headers("a.clerk"))).json()["items"]
    assert listed[0]["version"] == version


async def test_a_rule_that_loosens_is_refused_by_its_line(desk: Desk) -> None:
    body = {"place": "community", "rules": [{"line": 3, "kind": "municipal", "remit": "district", "promise": "9日"}]}
    operator = desk.identity.headers("operator.one", "operator")
    response = await desk.client.post("/rule-sets", headers=operator, json=body)
    assert (response.status_code, response.json()["code"]) == (422, "unfit_document")
    assert "line 3: 9 calendar days loosens the 5 working days" in response.json()["detail"]


async def test_only_operators_draft_rules(desk: Desk) -> None:
    response = await desk.client.post("/rule-sets", headers=desk.identity.headers("a.clerk"), json={"rules": []})
    assert (response.status_code, response.json()["code"]) == (403, "not_the_operator")
