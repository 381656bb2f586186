"""For each API a story in which every operation is called once as it is meant, by who may, and answers well."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.rating import PURPOSE, subject_of
from kit.clock import DrivenClock
from kit.crypto import KeyRing, make_ticket
from kit.db import Database, UnitOfWork
from kit.kafka.taking import take
from kit.testing.servers import NOW
from routing.service import calling_back, freezing
from sqlalchemy import text

from tests.contracts.services import book_of
from tests.contracts.stories import Home, batches_of, read
from tests.contracts.test_examples import EXAMPLE_KEYS
from tests.system.callers import (
    AUDITOR,
    CITY_DISPATCHER,
    CLERK,
    DISPATCHER,
    NOBODY,
    OPERATOR,
    RESIDENT,
    SECOND_OPERATOR,
    SUPERVISOR,
    Caller,
)

#: Places and posts of the examples.
BUILDING = "LJ-HZ-BY-3-12"
BUILDING_ID = "01935a2e-0000-7105-8b1d-5c0ffee00105"
#: The case of the examples that names it.
INCIDENT = "01935a2e-0000-7603-8b1d-5c0ffee00603"
COMMUNITY = "LJ-HZ-BY"
MUNICIPAL_POST = "01935a2e-0000-730a-8b1d-5c0ffee0030a"
"""The city dispatcher's too."""
LEGAL = "01935a2e-0000-730c-8b1d-5c0ffee0030c"


def as_role(service: str, url: str, role: str, work: Callable[[UnitOfWork], object]) -> None:
    async def run() -> None:
        database = Database(url, role=f"{service}_{role}", clock=DrivenClock(NOW))
        try:
            await database.run_everywhere(work)
        finally:
            await database.close()

    asyncio.run(run())


def feed(service: str, url: str, home: Home, *, topics: Callable[[str], bool]) -> None:
    """What the service's consumer has taken: the examples of these topics, committed."""
    book = book_of(service)

    def work(uow: UnitOfWork) -> None:
        for batch in batches_of(book):
            if topics(batch[0].topic):
                take(uow, service, [read(book, home.fit(record)) for record in batch])

    as_role(service, url, "consumer", work)


def routing(api: Caller, withhold: Callable[[str], None]) -> None:
    """``withhold``: no message reaches the resident of a case that has been answered."""
    mine = api.call("GET /routing/v1/worklist", CLERK)["items"]
    first = next(case for case in mine if case["category"] == "administrative.relief")["case_id"]
    _recording(api, first)
    version = api.call("GET /routing/v1/cases/{case_id}", CLERK, case_id=first)["version"]
    version = _pressing(api, first, version)
    version = _helping(api, first, version)
    version = _telling(api, first, version)
    version = _waiting(api, first, version)
    for step, body in (
        ("answers", {"outcome": "solved", "answer": "证明已开好，请到一号窗口领取。"}),
        ("handovers", {"means": "collected"}),
    ):
        name = f"POST /routing/v1/cases/{{case_id}}/{step}"
        version = api.call(name, CLERK, case_id=first, version=version, body=body)["version"]
    withhold(first)
    version = _calling_back(api)
    api.call("POST /routing/v1/cases/{case_id}/closings", CLERK, case_id=first, version=version)
    waiting = api.call("GET /routing/v1/queue", DISPATCHER)["items"]
    unsorted = next(case for case in waiting if case["queue"] == "unsorted")
    put_right = {"place_id": unsorted["place_id"], "category": "municipal.property"}
    name = "POST /routing/v1/cases/{case_id}/acceptances"
    accepted = api.call(name, DISPATCHER, case_id=unsorted["case_id"], version=unsorted["version"], body=put_right)
    _linking(api, first, accepted["number"])
    accepted["version"] += 2
    _many(api, accepted)
    _dispatching(api, accepted)
    _accompanying(api)
    _reporting_back(api)
    _handing_to_hotline(api)
    _merging(api)
    _answering(api)
    _sealing(api)
    _rules(api)
    _explaining(api, accepted["number"])
    _taking_over(api)
    api.call("GET /routing/v1/cases", CITY_DISPATCHER)
    api.call("GET /routing/v1/figures/first_dispatch", CITY_DISPATCHER)
    _figures(api, first)
    api.call("GET /routing/v1/cases/{case_id}/entries", DISPATCHER, case_id=first)
    api.call("GET /routing/v1/deadlines", CITY_DISPATCHER)
    api.call("GET /routing/v1/rosters", CITY_DISPATCHER)
    api.call("GET /routing/v1/categories", NOBODY)
    tree = {
        "rows": [{"line": 2, "names": ["市政设施", "路灯照明", "路灯不亮"]}],
        "bindings": {"市政设施": {"kind": "municipal", "remit": "district"}},
    }
    api.call("PUT /routing/v1/categories", OPERATOR, body=tree)
    _calendars(api)


def _calendars(api: Caller) -> None:
    """One operator imports the city's own day, another looks at it and puts it into force."""
    days = [{"line": 2, "date": "2027-03-31", "kind": "off", "note": "市庆"}]
    notice = {"year": 2027, "status": "forecast", "own": True, "rows": days}
    version = api.call("POST /routing/v1/calendars", OPERATOR, body=notice)["calendar_version"]
    api.call("GET /routing/v1/calendars", NOBODY)
    api.call("GET /routing/v1/calendars/{calendar_version}", SECOND_OPERATOR, calendar_version=version)
    api.call("GET /routing/v1/calendars/{calendar_version}/moves", SECOND_OPERATOR, calendar_version=version)
    api.call("POST /routing/v1/calendars/{calendar_version}/activations", SECOND_OPERATOR, calendar_version=version)
    closed = {"line": 2, "place": "LJ", "kind": "closed", "day": "2027-12-31", "closes": "12:00", "note": "盘点"}
    api.call("POST /routing/v1/calendars/hours", OPERATOR, body={"rows": [closed]})


def _figures(api: Caller, case_id: str) -> None:
    """What was closed is taken out of a rate by a second person; and a month that was frozen."""
    case = api.call("GET /routing/v1/cases/{case_id}", CLERK, case_id=case_id)
    name, body = "POST /routing/v1/cases/{case_id}/exclusions", {"rate": "on_time", "words": "停电，无法到场。"}
    asked = api.call(name, CLERK, case_id=case["case_id"], version=case["version"], body=body)
    (listed,) = api.call("GET /routing/v1/exclusions", SUPERVISOR)["items"]
    assert (listed["case_id"], listed["excluding"]) == (case["case_id"], "on_time")
    name, said = "POST /routing/v1/cases/{case_id}/exclusion_reviews", {"granted": True, "words": "属实。"}
    api.call(name, SUPERVISOR, case_id=case["case_id"], version=asked["version"], body=said)
    (line,) = api.call("GET /routing/v1/figures", SUPERVISOR)["items"]
    assert line["rates"]["on_time"]["excluded"] == 1
    (freeze,) = api.call("GET /routing/v1/figures/freezes", CITY_DISPATCHER)["items"]
    month = freeze["month"][:7]
    api.call("GET /routing/v1/figures/freezes/{month}", CITY_DISPATCHER, month=month)
    api.call("GET /routing/v1/figures/freezes/{month}/corrections", CITY_DISPATCHER, month=month)


def freeze_a_month(url: str) -> None:
    """The last that is over."""
    ring = KeyRing.parse(EXAMPLE_KEYS)
    month = (NOW.date().replace(day=1) - timedelta(days=1)).replace(day=1)
    as_role("routing", url, "clock", lambda uow: freezing.freeze_month(uow, month, ring=ring, by="he.jian"))


def _rules(api: Caller) -> None:
    """One operator drafts what a district tightens, another looks at it and puts it into force."""
    line = {"line": 3, "kind": "municipal", "remit": "district", "promise": "3 working days"}
    document = {"place": "LJ-HZ", "rules": [line]}
    version = api.call("POST /routing/v1/rule-sets", OPERATOR, body=document)["version"]
    api.call("GET /routing/v1/rule-sets", NOBODY)
    api.call("GET /routing/v1/rule-sets/{rule_version}", SECOND_OPERATOR, rule_version=version)
    api.call("GET /routing/v1/rule-sets/{rule_version}/gaps", SECOND_OPERATOR, rule_version=version)
    api.call("POST /routing/v1/rule-sets/{rule_version}/activations", SECOND_OPERATOR, rule_version=version)


def _explaining(api: Caller, number: str) -> None:
    """Each deadline of a case that was suspended and resumed: counted again, it is as it was stored."""
    name = "GET /routing/v1/cases/{case_id}/deadlines"
    found = api.call(name, CITY_DISPATCHER, case_id=number)["items"]
    assert len(found) > 2
    for each in found:
        of_case = {"case_id": number, "deadline_id": each["deadline_id"]}
        explained = api.call(f"{name}/{{deadline_id}}/explanation", CITY_DISPATCHER, **of_case)
        assert explained["agrees"], explained
        assert explained["sentences"]["zh"]


def _answering(api: Caller) -> None:
    """On officials' conduct an answer is reviewed and sent back; what is urgent is looked at on site."""
    open_cases = api.call("GET /routing/v1/cases", CITY_DISPATCHER)["items"]
    case = next(c for c in open_cases if c["urgent"] and c["state"] in ("assigned", "in_progress"))

    def step(path: str, who: tuple[str, ...], **body: Any) -> None:
        name = f"POST /routing/v1/cases/{{case_id}}/{path}"
        case.update(api.call(name, who, case_id=case["case_id"], version=case["version"], body=body))

    said = {"outcome": "solved", "answer": "已处理。", "evidence": "照片1"}
    step("resorts", CITY_DISPATCHER, category="stability.discipline", words="改类")
    step("answers", DISPATCHER, **said)
    step("reviews", SUPERVISOR, approved=False, words="请补充")
    step("resorts", DISPATCHER, category="municipal.water", words="改类")
    step("answers", DISPATCHER, **said)
    step("answers", DISPATCHER, **{**said, "outcome": "explained", "basis": "《城镇供水条例》"})
    step("verifications", CLERK, passed=True, words="已到场查看")


def _calling_back(api: Caller) -> int:
    """Tried in vain, then reached; the version that the case has then."""
    (line,) = api.call("GET /routing/v1/callbacks", DISPATCHER)["items"]
    version = line["version"]
    for said in ({"outcome": "not_reached"}, {"outcome": "reached", "solved": True, "rating": 5, "words": "很满意。"}):
        name = "POST /routing/v1/cases/{case_id}/callbacks"
        version = api.call(name, DISPATCHER, case_id=line["case_id"], version=version, body=said)["version"]
    return int(version)


def _many(api: Caller, case: dict[str, Any]) -> None:
    """Sorted and given away with others: one is done, one is refused."""
    other = {"case_id": "01935a2e-0000-7699-8b1d-5c0ffee00699", "version": 1}
    first = case["holder_post_id"]
    for name, more in (
        ("POST /routing/v1/resorts", {"category": "administrative.hukou"}),
        ("POST /routing/v1/dispatches", {"post_id": first}),
        ("POST /routing/v1/resorts", {"category": "municipal.property"}),
    ):
        named = [{"case_id": case["case_id"], "version": case["version"]}, other]
        tried = api.call(name, DISPATCHER, body={"cases": named, "words": "经核实。", **more})
        assert (tried["done"], tried["refused"]) == (1, 1), tried
        case.update(tried["items"][0]["case"])


def _recording(api: Caller, case_id: str) -> None:
    """Of each form of what may be recorded, one."""
    for work in (
        {"kind": "site_visit", "words": "已到场查看。"},
        {"kind": "contact_attempt", "outcome": "reached"},
        {"kind": "papers_missing", "papers": ["户口簿"]},
        {"kind": "papers_received", "papers": ["户口簿"]},
        {"kind": "papers_returned", "papers": ["户口簿"]},
        {"kind": "interim_word", "words": "正在核对材料。"},
    ):
        told = api.call("POST /routing/v1/cases/{case_id}/records", CLERK, case_id=case_id, body=work)
        if work["kind"] == "papers_received":
            assert api.call("GET /routing/v1/custody", CLERK)["items"]
            printed = {"case_id": case_id, "seq": told["version"]}
            assert "户口簿" in api.call("GET /routing/v1/cases/{case_id}/receipts/{seq}", CLERK, **printed)
    sent = {"kind": "letter_sent", "office": "临江市档案馆", "words": "请协助查阅档案。"}
    number = api.call("POST /routing/v1/cases/{case_id}/records", CLERK, case_id=case_id, body=sent)["letter"]
    assert number in api.call("GET /routing/v1/cases/{case_id}/letters/{number}", CLERK, case_id=case_id, number=number)
    reply = {"kind": "letter_reply", "number": number, "words": "已查到。"}
    api.call("POST /routing/v1/cases/{case_id}/records", CLERK, case_id=case_id, body=reply)


def _waiting(api: Caller, case_id: str, version: int) -> int:
    """Begun, planned by a dispatcher, since it is late by the day of the events, and planned anew; the version then."""
    plan = {"day": day_ahead(30), "answer": "材料到齐后办理。"}
    for step, who, body in (
        ("starts", CLERK, None),
        ("plans", DISPATCHER, plan | {"who": "海州区民政局"}),
        ("replans", DISPATCHER, plan | {"day": day_ahead(31)}),
    ):
        name = f"POST /routing/v1/cases/{{case_id}}/{step}"
        version = api.call(name, who, case_id=case_id, version=version, body=body)["version"]
        listed = api.call("GET /routing/v1/planned", CLERK)["items"]
        assert (case_id in {case["case_id"] for case in listed}) == step.endswith("plans")
    return version


def day_ahead(days: int) -> str:
    return (NOW + timedelta(days=days)).date().isoformat()


def _pressing(api: Caller, case_id: str, version: int) -> int:
    """Nudged from beside, ordered and instructed from above, reported on; the version that the case has then."""
    words, due_at = "请抓紧办理。", (NOW + timedelta(days=3)).isoformat()
    for path, who, more in (
        ("nudges", DISPATCHER, {}),
        ("orders", SUPERVISOR, {"due_at": due_at}),
        ("instructions", SUPERVISOR, {"leader": "区长"}),
    ):
        name = f"POST /routing/v1/cases/{{case_id}}/{path}"
        version = api.call(name, who, case_id=case_id, version=version, body={"words": words, **more})["version"]
    api.call("GET /routing/v1/supervisions", SUPERVISOR)
    page = "GET /routing/v1/cases/{case_id}/pressings/{pressing_id}"
    for pressing in api.call("GET /routing/v1/pressings", SUPERVISOR, query={"stage": "given"})["items"]:
        printed = api.call(page, SUPERVISOR, case_id=case_id, pressing_id=pressing["pressing_id"])
        assert pressing["number"] in printed
        name, pressing_id = "POST /routing/v1/pressings/{pressing_id}/reports", pressing["pressing_id"]
        version = api.call(name, CLERK, pressing_id=pressing_id, version=version, body={"words": words})["version"]
    return version


def _sealing(api: Caller) -> None:
    """Of discipline, about a clerk: with the petition liaison, kept by the district; opened to somebody, shut again."""
    case = next(case for case in api.call("GET /routing/v1/worklist", DISPATCHER)["items"] if case["seal"])
    case_id, grants = case["case_id"], "POST /routing/v1/cases/{case_id}/grants"
    body = {"subject": CITY_DISPATCHER[0], "words": "需其协助调查。"}
    version = api.call(grants, SUPERVISOR, case_id=case_id, version=case["version"], body=body)["version"]
    assert api.call("GET /routing/v1/cases/{case_id}", CITY_DISPATCHER, case_id=case_id)["gist"] != case["gist"]
    (grant,) = api.call("GET /routing/v1/cases/{case_id}/grants", SUPERVISOR, case_id=case_id)["items"]
    revocations = "POST /routing/v1/cases/{case_id}/grants/{grant_id}/revocations"
    api.call(revocations, SUPERVISOR, case_id=case_id, grant_id=grant["grant_id"], version=version)
    openings = api.call("GET /routing/v1/cases/{case_id}/openings", AUDITOR, case_id=case_id)["items"]
    assert [opening["way"] for opening in openings] == ["grant"]


def _accompanying(api: Caller) -> None:
    """Handed over to a centre, followed until it has reported finally; and left to somebody without an interest."""
    mine = api.call("GET /routing/v1/worklist", DISPATCHER)["items"]
    case = next(case for case in mine if case["category"] == "legal.aid")

    def step(path: str, **body: Any) -> None:
        name, version = f"POST /routing/v1/cases/{{case_id}}/{path}", case["version"]
        case.update(api.call(name, DISPATCHER, case_id=case["case_id"], version=version, body=body))

    step("accompaniments", centre="海州区法律援助中心", with_whom="社区干部李娜", words="材料已当面移交。")
    followed = api.call("GET /routing/v1/followed", DISPATCHER)["items"]
    assert [line["case_id"] for line in followed] == [case["case_id"]]
    step("centre_reports", words="已指派律师。", final=True)
    step("recusals", words="诉求人是我的亲属。")
    assert case["is_conflict"] is True


def _reporting_back(api: Caller) -> None:
    """What the city hotline assigned: answered, reported back, rejected, and then accepted."""
    found = api.call("GET /routing/v1/cases", CITY_DISPATCHER)["items"]
    case = next(case for case in found if case["report_back"] == "owed")
    at, words = "/routing/v1/cases/{case_id}", {"words": "经核实。"}
    case_id, version = case["case_id"], case["version"]
    again = {"accepted": False, "due_at": (NOW + timedelta(days=3)).isoformat()}
    for review in (again, {"accepted": True}):
        for path, body in (
            ("answers", {"outcome": "solved", "answer": "化粪池已清掏。"}),
            ("assignment_reports", words),
            ("assignment_reviews", {**review, **words}),
        ):
            taken = api.call(f"POST {at}/{path}", CITY_DISPATCHER, case_id=case_id, version=version, body=body)
            version = taken["version"]
    reports = api.call(f"GET {at}", CITY_DISPATCHER, case_id=case_id)["reports_back"]
    assert [each["accepted"] for each in reports] == [False, True]
    number = reports[0]["number"]
    assert number in api.call(
        f"GET {at}/assignment_reports/{{number}}", CITY_DISPATCHER, case_id=case_id, number=number
    )


def _helping(api: Caller, case_id: str, version: int) -> int:
    """Called in and done, called in again and released; the version that the case has then."""
    words, due_at = "请协助核实。", (NOW + timedelta(hours=1)).isoformat()
    called, of = "POST /routing/v1/cases/{case_id}/helpers", "POST /routing/v1/cases/{case_id}/helpers/{helper_id}"
    for who, path in ((CITY_DISPATCHER, "reports"), (CLERK, "releases")):
        body = {"post_id": MUNICIPAL_POST, "words": words, "due_at": due_at}
        version = api.call(called, CLERK, case_id=case_id, version=version, body=body)["version"]
        (part,) = api.call("GET /routing/v1/parts", CITY_DISPATCHER)["items"]
        name, ids = f"{of}/{path}", {"case_id": case_id, "helper_id": part["helper_id"]}
        version = api.call(name, who, **ids, version=version, body={"words": words})["version"]
    return version


def _linking(api: Caller, case_id: str, number: str) -> None:
    """Linked with a case that follows it up, and parted again."""
    one = "GET /routing/v1/cases/{case_id}"
    version, words = api.call(one, DISPATCHER, case_id=case_id)["version"], "后续帮扶。"
    body = {"number": number, "kind": "follow_up", "words": words}
    linked = api.call("POST /routing/v1/cases/{case_id}/links", DISPATCHER, case_id=case_id, version=version, body=body)
    (link,) = api.call(one, DISPATCHER, case_id=case_id)["links"]
    name, ids = "POST /routing/v1/cases/{case_id}/links/{link_id}/endings", {"link_id": link["link_id"]}
    api.call(name, DISPATCHER, case_id=case_id, **ids, version=linked["version"], body={"words": words})


def _handing_to_hotline(api: Caller) -> None:
    """Handed over, written, replied to; and a reply about nothing of ours, looked into."""
    found = api.call("GET /routing/v1/cases", CITY_DISPATCHER)["items"]
    case = next(case for case in found if case["state"] == "assigned")
    name, asked = "POST /routing/v1/cases/{case_id}/hotline_handovers", {"words": "请协调市供电部门。"}
    api.call(name, CITY_DISPATCHER, case_id=case["case_id"], version=case["version"], body=asked)
    number = api.call("POST /routing/v1/hotline/batches", CITY_DISPATCHER)["number"]
    for name in ("GET /routing/v1/hotline/batches/{number}", "POST /routing/v1/hotline/batches/{number}/writings"):
        assert len(api.call(name, CITY_DISPATCHER, number=number)["items"]) == 1
    reply = {"their_number": "RX17", "state": "已办结", "reply": "已协调。", "date": "2026-11-23"}
    reply |= {"replied_at": "2026-11-23T09:00:00+08:00"}
    rows = [{"line": 2, **reply, "case_number": case["number"]}, {"line": 3, **reply, "case_number": "C1"}]
    for counts in ((1, 0, 1), (0, 2, 0)):
        taken = api.call(
            "POST /routing/v1/hotline/replies", CITY_DISPATCHER, body={"file": "replies.csv", "rows": rows}
        )
        assert (taken["recorded"], taken["known"], len(taken["kept"])) == counts
    (kept,) = api.call("GET /routing/v1/hotline/unknown", CITY_DISPATCHER)["items"]
    name = "POST /routing/v1/hotline/unknown/{reply_id}/settlements"
    api.call(name, CITY_DISPATCHER, reply_id=kept["reply_id"], body={"words": "已与热线核对。"})


def _telling(api: Caller, case_id: str, version: int) -> int:
    """A building is named, and its households are told twice."""
    named = {"place_ids": [BUILDING_ID], "words": "本楼停水检修。"}
    for path, body in (("incidents", named), ("incident_words", {"words": "已恢复供水。"})):
        name = f"POST /routing/v1/cases/{{case_id}}/{path}"
        version = api.call(name, CLERK, case_id=case_id, version=version, body=body)["version"]
    assert api.call("GET /routing/v1/cases/{case_id}", CLERK, case_id=case_id)["incident"]
    return version


def _merging(api: Caller) -> None:
    """Two become one, and two again."""
    found = api.call("GET /routing/v1/cases", CITY_DISPATCHER)["items"]
    fit = [c for c in found if c["state"] == "assigned" and not (c["ask"] or c["urgent"] or c["is_conflict"])]
    into, case = fit[-2:]
    api.call("GET /routing/v1/suggestions", CITY_DISPATCHER)
    name = "GET /routing/v1/cases/{case_id}/suggestions"
    api.call(name, CITY_DISPATCHER, case_id=case["case_id"])
    name = "POST /routing/v1/cases/{case_id}/suggestions/{other_id}/dismissals"
    api.call(name, CITY_DISPATCHER, case_id=case["case_id"], other_id=into["case_id"])
    merge = {"into": into["number"], "words": "同一件事。"}
    name = "POST /routing/v1/cases/{case_id}/merges"
    gone = api.call(name, CITY_DISPATCHER, case_id=case["case_id"], version=case["version"], body=merge)
    whole = api.call("GET /routing/v1/cases/{case_id}", CITY_DISPATCHER, case_id=gone["merged_into"])
    apart = {"appeal_ids": [whole["appeals"][0]["appeal_id"]], "words": "另一件事。"}
    name = "POST /routing/v1/cases/{case_id}/splits"
    api.call(name, CITY_DISPATCHER, case_id=whole["case_id"], version=whole["version"], body=apart)


def _taking_over(api: Caller) -> None:
    """By a tier above its holder."""
    found = api.call("GET /routing/v1/cases", CITY_DISPATCHER)["items"]
    whole = (api.call("GET /routing/v1/cases/{case_id}", CITY_DISPATCHER, case_id=each["case_id"]) for each in found)
    case = next(each for each in whole if "take_over" in each["steps"])
    name, words = "POST /routing/v1/cases/{case_id}/takeovers", {"words": "由我处直接办理。"}
    api.call(name, CITY_DISPATCHER, case_id=case["case_id"], version=case["version"], body=words)


def _dispatching(api: Caller, case: dict[str, Any]) -> None:
    """Suspended and resumed, passed on, put right, given away and back, returned twice, ruled for good, declined."""
    words = "经核实。"

    def step(path: str, who: tuple[str, ...], **body: Any) -> None:
        name = f"POST /routing/v1/cases/{{case_id}}/{path}"
        version, asked = case["version"], {**body, "words": words}
        case.update(api.call(name, who, case_id=case["case_id"], version=version, body=asked))

    first = case["holder_post_id"]
    step("suspensions", CITY_DISPATCHER, reason="public_notice", until=day_ahead(7))
    step("rulings", DISPATCHER, granted=True)
    step("resumptions", CITY_DISPATCHER)
    step("transfers", CITY_DISPATCHER, post_id=LEGAL)
    step("resorts", DISPATCHER, category="administrative.hukou")
    clerk = case["holder_post_id"]
    step("dispatches", DISPATCHER, post_id=first)
    step("dispatches", DISPATCHER, post_id=clerk)
    for ruler in (DISPATCHER, CITY_DISPATCHER):
        step("returns", CLERK, reason="not_our_remit")
        step("rulings", ruler, granted=False)
    step("extensions", CLERK, reason="materials", days=2)
    step("rulings", CITY_DISPATCHER, granted=False)
    step("declines", CLERK, reason="in_court")
    step("rulings", CITY_DISPATCHER, granted=True)
    (precedent,) = api.call("GET /routing/v1/precedents", CITY_DISPATCHER)["items"]
    api.call(
        "POST /routing/v1/precedents/{precedent_id}/revocations",
        CITY_DISPATCHER,
        precedent_id=precedent["precedent_id"],
    )
    reasons = api.call("GET /routing/v1/reasons", CLERK)["items"]
    assert {"return", "decline", "extension", "suspension"} == {reason["ask"] for reason in reasons}
    mine = {"ask": "return", "code": "other_contractor", "name": {"zh": "另有承包单位", "en": "Another contractor"}}
    api.call("POST /routing/v1/reasons", OPERATOR, body=mine)


def intake(api: Caller) -> str:
    """The id of the first appeal taken."""
    outsider = {"kind": "outsider", "name": "何田", "means": "sandbox", "address": "author-11"}
    asked = {"channel": "window", "words": "我家门前的路灯坏了三天。", "who": outsider, "place": BUILDING}
    receipt = api.call("POST /intake/v1/appeals", CLERK, body=asked)
    appeal = receipt["appeal_id"]
    own = {"channel": "web", "words": "小区停水。", "who": {"kind": "outsider", "means": "none"}, "address": "白杨社区"}
    rated = api.call("POST /intake/v1/appeals", RESIDENT, body=own)["appeal_id"]
    ticket = make_ticket(KeyRing.parse(EXAMPLE_KEYS), PURPOSE, subject_of(UUID(rated), 1))
    api.call("GET /intake/v1/ratings/{ticket}", None, ticket=ticket)
    api.call("POST /intake/v1/ratings/{ticket}", None, ticket=ticket, body={"solved": True, "rating": 4})
    api.call("POST /intake/v1/appeals", RESIDENT, body={**own, "repeat_of": receipt["query_code"]})
    author = {**outsider, "origin": "he.tian"}
    imported = {**asked, "channel": "web", "who": author, "source": "open-data", "external_id": "A-17"}
    for _ in range(2):
        api.call("POST /intake/v1/appeals", OPERATOR, body=imported)
    api.call("GET /intake/v1/appeals", CLERK)
    version = api.call("GET /intake/v1/appeals/{appeal_id}", CLERK, appeal_id=appeal)["version"]
    corrected = api.call(
        "POST /intake/v1/appeals/{appeal_id}/corrections",
        CLERK,
        appeal_id=appeal,
        version=version,
        body={"place": COMMUNITY, "category": "municipal.street_lights"},
    )
    api.call(
        "POST /intake/v1/appeals/{appeal_id}/withdrawals",
        CLERK,
        appeal_id=appeal,
        version=corrected["version"],
        body={},
    )
    api.call("POST /intake/v1/placings", CLERK, body={"address": "白杨社区12号楼"})
    api.call("GET /intake/v1/copies", OPERATOR)
    assert api.call("GET /intake/v1/appeals/{appeal_id}/openings", AUDITOR, appeal_id=appeal)["items"] == []
    api.call("GET /intake/v1/progress/{code}", None, code=receipt["query_code"])
    return str(appeal)


def notify(api: Caller, fail_one: Callable[[], str]) -> None:
    item = api.call("GET /notify/v1/inbox", CLERK)["items"][0]
    api.call("POST /notify/v1/inbox/{item_id}/readings", CLERK, item_id=item["item_id"])
    assert api.call("GET /notify/v1/messages", DISPATCHER, query={"case": item["case_id"]})["items"]
    _visiting(api)
    failed = fail_one()
    assert api.call("GET /notify/v1/messages/troubled", OPERATOR)["items"]
    api.call("POST /notify/v1/messages/{message_id}/retries", OPERATOR, message_id=failed)


def _visiting(api: Caller) -> None:
    """The households of the examples' incident, one of which somebody has been to."""
    (first, *_) = api.call("GET /notify/v1/cases/{case_id}/tellings", DISPATCHER, case_id=INCIDENT)["items"]
    of = {"case_id": INCIDENT, "telling": first["telling"]}
    name = "GET /notify/v1/cases/{case_id}/tellings/{telling}/households"
    (one, *_) = api.call(name, DISPATCHER, query={"told": "false"}, **of)["items"]
    name = "POST /notify/v1/cases/{case_id}/tellings/{telling}/visits"
    after = api.call(name, DISPATCHER, body={"household_ids": [one["household_id"]]}, **of)
    assert after["told_by_visit"] == 1


def grid(api: Caller) -> None:
    places, offices, posts = "POST /grid/v1/places", "POST /grid/v1/offices", "POST /grid/v1/posts"
    city = api.call(places, OPERATOR, body={"code": "LJ", "name": "临江市", "tier": "city"})
    district = api.call(places, OPERATOR, body={"code": "LJ-HZ", "name": "海州区", "tier": "district", "parent": "LJ"})
    for code in ("LJ-HZ-BY", "LJ-HZ-XH", "LJ-HZ-ZZ"):
        api.call(places, OPERATOR, body={"code": code, "name": f"{code}社区", "tier": "community", "parent": "LJ-HZ"})
    api.call("GET /grid/v1/tiers", RESIDENT)
    api.call("POST /grid/v1/tiers", OPERATOR, body=_tier("block", 65))
    api.call("GET /grid/v1/places", RESIDENT, query={"under": "LJ"})
    _change_places(api, district)
    _staff(api, posts, city)
    office = api.call(offices, OPERATOR, body={"code": "LJ-SW", "name": "市水务局", "kind": "bureau", "place": "LJ"})
    api.call("GET /grid/v1/offices", RESIDENT)
    api.call("GET /grid/v1/offices/{office_id}", RESIDENT, office_id=office["id"])
    name = "PATCH /grid/v1/offices/{office_id}"
    api.call(name, OPERATOR, office_id=office["id"], version=office["version"], body={"matters": ["municipal.water"]})
    api.call("GET /grid/v1/organisations", CITY_DISPATCHER)
    api.call("GET /grid/v1/households", CITY_DISPATCHER, query={"under": "LJ-HZ-BY"})
    _import(api)
    _households(api)
    api.call("DELETE /grid/v1/holders/{subject}", OPERATOR, subject="li.na")


def _tier(name: str, rank: int) -> dict[str, Any]:
    return {"name": name, "rank": rank, "label_zh": "院落", "label_en": "Courtyard"}


def _change_places(api: Caller, district: dict[str, Any]) -> None:
    of = "/grid/v1/places/{place_id}"
    street = api.call(
        "POST /grid/v1/places", OPERATOR, body={"code": "LJ-QT", "name": "青塘镇", "tier": "district", "parent": "LJ"}
    )
    renamed = api.call(
        f"PATCH {of}", OPERATOR, place_id=street["id"], version=street["version"], body={"name": "青塘街道"}
    )
    name = "GET /grid/v1/places/{place}"
    moved, merged, retired = (api.call(name, RESIDENT, place=f"LJ-HZ-{c}") for c in ("XH", "BY", "ZZ"))
    moved = api.call(f"POST {of}/moves", OPERATOR, place_id=moved["id"], version=moved["version"], body={"to": "LJ-QT"})
    api.call(
        f"POST {of}/mergers", OPERATOR, place_id=moved["id"], version=moved["version"], body={"into": merged["id"]}
    )
    api.call(f"POST {of}/retirements", OPERATOR, place_id=retired["id"], version=retired["version"], body={})
    api.call("GET /grid/v1/places/{place}/entries", RESIDENT, place=renamed["id"])
    api.remember({"place_id": district["id"]})


def _staff(api: Caller, posts: str, city: dict[str, Any]) -> None:
    of = "/grid/v1/posts/{post_id}"
    made = [
        api.call(posts, OPERATOR, body={"code": f"LJ-{duty}", "title": "岗位", "duty": duty, "place": city["id"]})
        for duty in ("dispatcher", "supervisor", "legal")
    ]
    first, second, third = made
    held = _hold(api, first, "he.jian", "何健")
    stood = api.call(
        f"POST {of}/stand-ins",
        OPERATOR,
        post_id=first["id"],
        version=held["version"],
        body={"subject": "li.na", "name": "李娜", "since": "2027-01-01T00:00:00+08:00"},
    )
    term = next(holding for holding in stood["holdings"] if holding["stand_in"])
    name = f"POST {of}/holdings/{{holding_id}}/endings"
    end = {"until": "2027-02-01T00:00:00+08:00"}
    api.call(name, OPERATOR, post_id=first["id"], holding_id=term["id"], version=stood["version"], body=end)
    api.call(f"PATCH {of}", OPERATOR, post_id=second["id"], version=second["version"], body={"title": "督办员"})
    api.call(f"POST {of}/retirements", OPERATOR, post_id=third["id"], version=third["version"])
    api.call("GET /grid/v1/posts", RESIDENT)
    api.call(f"GET {of}", RESIDENT, post_id=first["id"])
    api.call("GET /grid/v1/vacancies", OPERATOR)
    api.call("GET /grid/v1/answerers", RESIDENT, query={"place": "LJ-HZ-BY", "duty": "dispatcher"})
    api.call("GET /grid/v1/places/{place}/register", CITY_DISPATCHER, place="LJ-HZ-BY")


def _hold(api: Caller, post: dict[str, Any], subject: str, name: str) -> Any:
    body = {"subject": subject, "name": name, "means": "sandbox", "address": subject}
    operation = "POST /grid/v1/posts/{post_id}/holdings"
    return api.call(operation, OPERATOR, post_id=post["id"], version=post["version"], body=body)


def _import(api: Caller) -> None:
    files = {
        "places": "code,name,tier,parent\nLJ-DQ,东桥区,district,LJ\n",
        "offices": "code,name,kind,place\nLJ-RQ,市燃气处,bureau,LJ\n",
        "posts": "code,title,duty,place\nLJ-DQ-D,东桥区派单员,dispatcher,LJ-DQ\n",
        "holders": "post,subject,name\nLJ-DQ-D,sun.yue,孙悦\n",
    }
    for kind, rows in files.items():
        api.call(f"POST /grid/v1/imports/{kind}", OPERATOR, body=rows.encode(), media_type="text/csv")
    nights, at = "post,subject,since,until\nLJ-DQ-D,sun.yue,2027-03-01 17:00,2027-03-02 09:00\n", {"place": "LJ-DQ"}
    api.call("POST /grid/v1/imports/rosters", OPERATOR, body=nights.encode(), media_type="text/csv", query=at)
    api.call("GET /grid/v1/rosters", RESIDENT, query=at)
    api.call("GET /grid/v1/rosters/{place}", RESIDENT, place="LJ-DQ")


def _households(api: Caller) -> None:
    rows = "household,place,room,name,means,address\nLJ-HZ-BY/1,LJ-HZ-BY,1-101,何田,sandbox,author-11\n"
    name = "POST /grid/v1/imports/households"
    api.call(name, CITY_DISPATCHER, body=rows.encode(), media_type="text/csv")
    (home,) = api.call("GET /grid/v1/households", CITY_DISPATCHER, query={"under": "LJ-HZ-BY"})["items"]
    assert home["has_contact"]
    api.call("DELETE /grid/v1/households/{household_id}/contact", CITY_DISPATCHER, household_id=home["id"])


def fail_a_message(url: str) -> str:
    """As a provider that refuses it for good would leave it."""
    found: list[str] = []

    def work(uow: UnitOfWork) -> None:
        statement = text(
            "update message set state = 'failed', reason = 'refused', due_at = null where message_id ="
            " (select message_id from message where state = 'queued' limit 1) returning message_id"
        )
        found.append(str(uow.execute(statement).scalar_one()))

    as_role("notify", url, "clock", work)
    return found[0]


def withhold_the_asking(url: str, case_id: str) -> None:
    """As the consumer takes it that no message reaches the resident."""

    def work(uow: UnitOfWork) -> None:
        statement = text("select appeal_id from case_appeal where case_id = :case")
        appeal = uow.execute(statement, {"case": case_id}).scalar_one()
        calling_back.have_called(uow, appeal)

    as_role("routing", url, "consumer", work)
