"""True stories of the field, each over the services' own APIs from the first word on (domain.md, section 4)."""

import csv
import io
from datetime import datetime
from typing import Any

import pytest
from cli.staff import Place, staff_of

from tests.system.city import City, assert_reconciled
from tests.system.station import Case, Receipt, Resident, Station, link_in, rate, rate_again

DISTRICT = Place("A3", "A3区", "district")
STREET = Place("A3-15", "西湖街道", "street")


@pytest.fixture
def station(city: City) -> Station:
    """The street's, with the district's dispatcher and supervisor above it."""
    holders = csv.DictReader(io.StringIO(staff_of([STREET, DISTRICT]).holders))
    held = {row["post"]: row["subject"] for row in holders}
    duties = ("window_clerk", "agency", "dispatcher", "supervisor", "municipal", "follow_up")
    people = {duty: held[f"{STREET.code}/{duty}"] for duty in duties}
    above = {f"district_{duty}": held[f"{DISTRICT.code}/{duty}"] for duty in ("dispatcher", "supervisor")}
    return Station.of(city, people | above)


def test_a_family_in_hardship_is_helped_the_same_day_and_a_linked_case_follows_for_longer(station: Station) -> None:
    family = Resident(station.city, "周平", "sandbox:zhou-ping")
    visited: dict[str, Any] = {"channel": "visit", "place": STREET.code, "who": family.who}
    relief = station.file(
        "window_clerk", "走访发现一户突发困难，申请临时救助。", category="administrative.relief", **visited
    )
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

    longer = station.file(
        "window_clerk", "同一户家庭，申请区里的长期住房保障。", category="administrative.housing_support", **visited
    )
    follows = station.case_of(longer, "agency")
    station.step(
        "window_clerk", case, "links", {"number": follows["number"], "kind": "follow_up", "words": "后续长期帮扶。"}
    )
    (link,) = case["links"]
    assert (link["number"], link["kind"], link["state"]) == (follows["number"], "follow_up", follows["state"])
    (back,) = station.case_of(longer, "agency")["links"]
    assert (back["number"], back["kind"], back["state"]) == (case["number"], "precedes", "closed")
    assert case["state"] == "closed"
    station.shows(relief, standing="closed")
    assert station.progress_of(longer)["standing"] in ("received", "accepted", "assigned")


SMOKE: dict[str, Any] = {"category": "municipal.pollution", "channel": "hotline", "place": STREET.code}
#: What the window clerk says of a complaint about smoke that was sorted as a matter of the community's.
WRONG_CATEGORY = {"reason": "wrong_category", "words": "油烟污染不属于社区事务。"}


def test_a_complaint_goes_back_and_forth_until_a_ruling_binds_and_is_done_again_until_it_is_solved(
    station: Station,
) -> None:
    resident = Resident(station.city, "钱宏", "sandbox:qian-hong")
    receipt, case = file_wrongly_sorted(station, resident)
    refuse_its_return(station, receipt, case)
    rule_for_good(station, resident, receipt, case)
    assert_cannot_be_returned_again(station, case)
    answer(station, case, "已约谈摊主，要求加装净化设备。")
    contest(station, resident, receipt, case)
    answer(station, case, "净化设备已装好，今晚检测达标。")
    accept_and_close(station, resident, receipt, case)
    assert_the_next_goes_the_same_way(station, case)
    assert_reconciled(station.city, grace=0)


def file_wrongly_sorted(station: Station, resident: Resident) -> tuple[Receipt, Case]:
    receipt = station.file(
        *("supervisor", "楼下烧烤摊每晚油烟呛人，窗户都不敢开。"),
        **{**SMOKE, "category": "administrative.community_affairs"},
        who=resident.who,
    )
    case = station.case_of(receipt, "window_clerk")
    assert (case["state"], case["holder"]["duty"]) == ("assigned", "window_clerk")
    assert {"start", "answer", "ask_return"} <= set(case["steps"])
    station.is_told("window_clerk", case, "case_assigned")
    shown = station.shows(receipt, standing="assigned", handler=case["holder"]["name"])
    assert shown["talk_to"] == "西湖街道服务窗口"
    assert receipt["query_code"] in resident.reads("已受理")
    return receipt, case


def refuse_its_return(station: Station, receipt: Receipt, case: Case) -> None:
    """Asked of the street's dispatcher, who sends it back."""
    before = station.progress_of(receipt) | {"elapsed": None}
    station.step("window_clerk", case, "returns", WRONG_CATEGORY)
    assert (case["state"], case["ask"], case["holder"]["duty"]) == ("assigned", "return", "window_clerk")
    assert {"ask_return", "transfer"}.isdisjoint(case["steps"])
    station.is_told("dispatcher", case, "case_asked")
    assert waiting(station, "dispatcher", case) == [["return"]]
    assert "rule" in station.offered("dispatcher", case)

    station.look("dispatcher", case)
    station.step("dispatcher", case, "rulings", {"granted": False, "words": "请窗口先行核实。"})
    assert (case["state"], case["ask"], case["holder"]["duty"]) == ("assigned", None, "window_clerk")
    assert "未获准，仍由您承办" in station.is_told("window_clerk", case, "case_ruled")["body"]
    assert "ask_return" in station.offered("window_clerk", case)
    assert waiting(station, "dispatcher", case) == []
    assert station.progress_of(receipt) | {"elapsed": None} == before


def rule_for_good(station: Station, resident: Resident, receipt: Receipt, case: Case) -> None:
    """A second time it is the tier above that rules: another category, and who is to handle it."""
    promised = case["promise_due"]
    station.step("window_clerk", case, "returns", WRONG_CATEGORY)
    station.is_told("district_dispatcher", case, "case_asked")
    assert "rule" not in station.offered("dispatcher", case)
    assert "rule" in station.offered("district_dispatcher", case)
    to = station.post_of("district_dispatcher", STREET.code, "follow_up")
    ruled = {"granted": True, "words": "油烟涉及多个部门，由跟踪协调专员承办。"}
    station.step("district_dispatcher", case, "rulings", {**ruled, "category": SMOKE["category"], "post_id": to})
    assert (case["state"], case["category"], case["kind"]) == ("assigned", SMOKE["category"], "municipal")
    assert (case["holder"]["duty"], case["holder_post_id"]) == ("follow_up", to)
    assert case["promise_due"] == promised, "the promise to the resident never grows by it"
    assert "已获准" in station.is_told("window_clerk", case, "case_ruled", times=2)["body"]
    station.is_told("follow_up", case, "case_assigned")
    assert case["holder"]["name"] in resident.reads("换人办理")
    shown = station.shows(receipt, handler=case["holder"]["name"])
    assert (shown["standing"], shown["talk_to"]) == ("assigned", "西湖街道跟踪协调专员")


def waiting(station: Station, whose: str, case: Case) -> list[list[str]]:
    """Why it stands in this dispatcher's queue."""
    queue = station.listed(whose, "/routing/v1/queue?section=asked")
    return [line["why"] for line in queue if line["case_id"] == case["case_id"]]


def assert_cannot_be_returned_again(station: Station, case: Case) -> None:
    offered = station.offered("follow_up", station.look("follow_up", case))
    assert {"ask_return", "transfer"}.isdisjoint(offered)
    problem = station.refused("follow_up", case, "returns", WRONG_CATEGORY)
    assert (problem["status"], problem["code"]) == (409, "step_not_allowed")
    allowed = problem["detail"].partition("you may now: ")[2]
    assert offered == set(allowed.rstrip(".").split(", "))
    elsewhere = {"category": "municipal.noise", "words": "改派。"}
    bound = station.refused("dispatcher", case, "resorts", elsewhere)
    assert (bound["status"], bound["code"]) == (409, "ruling_binds")


def answer(station: Station, case: Case, words: str) -> None:
    station.step("follow_up", case, "starts")
    assert case["state"] == "in_progress"
    station.step("follow_up", case, "records", {"kind": "site_visit", "words": "晚八点到场查看。"})
    station.step("follow_up", case, "answers", {"outcome": "solved", "answer": words, "evidence": "照片 2026-1129"})
    assert (case["state"], case["outcome"], case["promise_met"]) == ("answered", "solved", True)
    assert [limit["kind"] for limit in case["limits"]] == ["rating"]


def contest(station: Station, resident: Resident, receipt: Receipt, case: Case) -> None:
    """Not solved, says the resident by the link: it is done again, by a limit of its own."""
    link = link_in(resident.reads("已有答复"))
    shown = station.shows(receipt, standing="answered")
    assert link.endswith(shown["rate"])
    assert "您的评价已收到" in rate(link, solved=False, rating=1, words="油烟还是一样大。")
    assert rate_again(link)[0] == 409

    station.look_until("follow_up", case, state="assigned")
    (limit,) = case["limits"]
    assert (limit["kind"], limit["unit"], limit["count"]) == ("redo", "working_days", 3)
    assert (case["promise_due"], case["promise_met"]) == (limit["due_at"], True)
    assert case["holder"]["duty"] == "follow_up"
    station.is_told("follow_up", case, "case_redone_staff")
    station.is_told("district_supervisor", case, "case_redone_superior")
    resident.reads("重新办理")
    shown = station.shows(receipt, standing="assigned", rate=None)
    assert datetime.fromisoformat(shown["due"]) == datetime.fromisoformat(limit["due_at"])


def accept_and_close(station: Station, resident: Resident, receipt: Receipt, case: Case) -> None:
    second = link_in(resident.reads("已有答复", times=2))
    station.shows(receipt, standing="answered", rated=False)
    assert "您的评价已收到" in rate(second, solved=True, rating=5)
    station.shows(receipt, standing="answered", rated=True, rate=None)
    station.look_until_rated("follow_up", case, 2)
    said = [(each["answer"], each["way"], each["solved"], each["rating"]) for each in case["callbacks"]]
    assert said == [(1, "message", False, 1), (2, "message", True, 5)]
    station.step("follow_up", case, "closings")
    assert (case["state"], case["closed_reason"], case["limits"]) == ("closed", "done", [])
    station.shows(receipt, standing="closed")
    resident.reads("已办结")
    told = ["accepted", "reassigned", "answered", "redone", "answered", "closed"]
    assert station.notices_to(receipt, case, whose="dispatcher") == [f"case_{each}" for each in told]
    assert station.call("follow_up", "GET", f"/routing/v1/cases/{case['case_id']}/entries")["faults"] == []


def assert_the_next_goes_the_same_way(station: Station, case: Case) -> None:
    """By what was ruled, until that is revoked: by the rules it is the municipal officer's."""
    precedents = station.listed("dispatcher", "/routing/v1/precedents")
    (settled,) = (each for each in precedents if each["case_number"] == case["number"])
    assert (settled["category"], settled["post_id"]) == (SMOKE["category"], case["holder_post_id"])
    other = Resident(station.city, "孙玲", "sandbox:sun-ling")
    receipt = station.file("window_clerk", "隔壁餐馆油烟直排。", **SMOKE, who=other.who)
    following = station.case_of(receipt, "follow_up")
    assert (following["state"], following["holder_post_id"]) == ("assigned", case["holder_post_id"])
    station.is_told("follow_up", following, "case_assigned")
    station.shows(receipt, standing="assigned", talk_to="西湖街道跟踪协调专员")
    other.reads("已受理")
    revoked = f"/routing/v1/precedents/{settled['precedent_id']}/revocations"
    assert station.call("district_dispatcher", "POST", revoked)["revoked_at"]
    last = station.file("window_clerk", "烧烤摊又把烟道拆了。", **SMOKE, who=other.who)
    assert station.case_of(last, "municipal")["holder"]["duty"] == "municipal"
