"""Sewage floods two buildings: several report it, one case comes of it, and every household of both is told whether it
reported anything or not (domain.md, section 4, story b). Over the services' own APIs from the first word on.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from grid.demonstration.homes import Home, make_homes
from grid.demonstration.network import make_network

from tests.system.city import City, assert_reconciled, wait_until
from tests.system.station import ROUND, Case, Receipt, Resident, Station, link_in, rate

#: Two buildings of one area, and one beside them.
SEVEN, EIGHT, NINE = "HZ-BY-4-07", "HZ-BY-4-08", "HZ-BY-4-09"


@dataclass
class Flood:
    """Sewage in two buildings of Baiyang: who lives there, who has reported it and how, and what has come of it."""

    station: Station
    homes: dict[str, list[Home]]
    caller: Resident
    shop: Resident
    receipts: dict[str, Receipt] = field(default_factory=dict)
    case: Case = field(default_factory=dict)

    @property
    def affected(self) -> list[Home]:
        return self.homes[SEVEN] + self.homes[EIGHT]

    @property
    def unreached(self) -> list[Home]:
        """No telephone is known of."""
        return [home for home in self.affected if home.contact is None]


@pytest.fixture
def flood(city: City) -> Flood:
    """With everybody who has to do with it, from the chiefs of the two buildings up to the city's supervisor."""
    network = make_network(seed=1, communities=2)
    homes: dict[str, list[Home]] = {SEVEN: [], EIGHT: [], NINE: []}
    for home in make_homes(network.homes[0], seed=1):
        homes.get(home.place, []).append(home)
    held = {row["post"]: row["subject"] for row in network.holders}
    people = {who: held[post] for who, post in POSTS.items()}
    caller = next(home.contact for home in homes[SEVEN] if home.contact)
    return Flood(
        Station.of(city, people), homes, Resident(city, caller.name, caller.phone), Resident(city, "吴记面馆", "wu-ji")
    )


POSTS = {
    "window_clerk": "HZ-BY/window-1",
    "dispatcher": "HZ-BY/dispatcher",
    "municipal": "HZ-BY/municipal",
    "area_chief": "HZ-BY-4/area_chief",
    SEVEN: f"{SEVEN}/building_chief",
    EIGHT: f"{EIGHT}/building_chief",
    "bureau": "HL-WATER/liaison",
    "district": "HZ/supervisor",
    "city": "HL/supervisor",
}


def test_sewage_floods_two_buildings_and_every_household_is_told_until_the_pipes_are_replaced(flood: Flood) -> None:
    report_by_several_channels(flood)
    make_it_one_case(flood)
    look_on_site_and_tell_all_households(flood)
    call_the_bureau(flood)
    keep_pressing_it(flood)
    replace_the_pipes(flood)
    tell_in_person_whom_no_message_reaches(flood)
    ask_everybody_and_close(flood)
    assert_reconciled(flood.station.city, grace=0)


def report_by_several_channels(flood: Flood) -> None:
    drainage = {"category": "municipal.drainage"}
    for by, channel, place, who, words in (
        ("window_clerk", "hotline", SEVEN, flood.caller.who, "七号楼一楼污水倒灌，厨房都淹了。"),
        ("area_chief", "visit", EIGHT, {"kind": "outsider", "name": "蒋玉兰"}, "八号楼独居老人家中污水倒灌。"),
        ("window_clerk", "letterbox", EIGHT, {"kind": "anonymous"}, "八号楼污水倒灌，楼道全是臭水。"),
        ("window_clerk", "web", EIGHT, flood.shop.who, "八号楼底商污水倒灌，没法开门。"),
    ):
        urgent = channel == "hotline"
        flood.receipts[channel] = flood.station.file(
            *(by, words), channel=channel, place=place, who=who, urgent=urgent, **drainage
        )


def make_it_one_case(flood: Flood) -> None:
    """Each that came later is suggested beside the first, and goes on in it, under its promise of clock hours."""
    station = flood.station
    first, *others = (station.case_of(receipt, "dispatcher") for receipt in flood.receipts.values())
    assert {case["state"] for case in (first, *others)} == {"assigned"}
    for case in others:
        beside = station.call("dispatcher", "GET", f"/routing/v1/cases/{case['case_id']}/suggestions")["items"]
        assert first["number"] in [each["number"] for each in beside]
        station.step("dispatcher", case, "merges", {"into": first["number"], "words": "同一处管道堵塞。"})
        assert (case["state"], case["closed_reason"]) == ("closed", "merged")
        assert case["merged_into"] == first["case_id"]
    flood.case = station.look("municipal", first)
    assert {appeal["number"] for appeal in first["appeals"]} == {each["number"] for each in flood.receipts.values()}
    assert (first["holder"]["duty"], first["deadline"]["unit"]) == ("municipal", "clock_hours")
    assert first["number"] in station.is_told("municipal", first, "case_joined_staff", times=len(others))["title"]
    flood.shop.reads("一并办理")
    due = station.shows(flood.receipts["hotline"], standing="assigned")["due"]
    for receipt in flood.receipts.values():
        station.shows(receipt, standing="assigned", handler=first["holder"]["name"], due=due)


def look_on_site_and_tell_all_households(flood: Flood) -> None:
    station, case = flood.station, flood.case
    station.step("municipal", case, "starts")
    station.step("municipal", case, "records", {"kind": "site_visit", "words": "主管破裂，须由水务局更换。"})
    places = [flood.receipts[channel]["place_id"] for channel in ("hotline", "visit")]
    station.step("municipal", case, "incidents", {"place_ids": places, "words": "污水主管破裂，正在联系水务局抢修。"})
    assert {place["place_id"] for place in case["incident"]} == set(places)
    assert_households_told(flood, 1)
    for building in (SEVEN, EIGHT):
        task = station.is_told(building, case, "incident_visits")
        rooms = [home.room for home in flood.homes[building] if home.contact is None]
        assert task["title"].startswith(f"请上门告知 {len(rooms)} 户")
        assert sorted(task["body"].rpartition("：")[2].split("、")) == sorted(rooms)


def assert_households_told(flood: Flood, telling: int) -> None:
    """Each once: the caller's by the notice of the appeal, others by a message, the rest by whoever goes there."""
    station, unreached = flood.station, len(flood.unreached)
    told = f"/notify/v1/cases/{flood.case['case_id']}/tellings"
    facts = {
        "households": len(flood.affected),
        "told_by_appeal": 1,
        "told_by_message": len(flood.affected) - unreached - 1,
        "told_by_visit": 0,
        "to_be_visited": unreached,
        "untold": unreached,
    }

    def is_told() -> bool:
        counts = station.call("dispatcher", "GET", told)["items"][telling - 1 :]
        return bool(counts) and facts.items() <= counts[0].items()

    wait_until(is_told, seconds=ROUND, what=f"telling {telling}: {facts}")


def call_the_bureau(flood: Flood) -> None:
    """It is the bureau's from now on; who took it first follows it to its end."""
    station, case = flood.station, flood.case
    promised = case["promise_due"]
    (bureau,) = (
        post["id"]
        for post in station.listed("municipal", "/grid/v1/posts?duty=bureau")
        if case["category"] in post["matters"]
    )
    station.step("municipal", case, "transfers", {"post_id": bureau, "words": "主管属市政管网，请更换。"})
    assert (case["state"], case["holder_post_id"], case["promise_due"]) == ("assigned", bureau, promised)
    assert "answer" not in case["steps"]
    followed = station.listed("municipal", "/routing/v1/worklist?stage=transferred")
    assert case["case_id"] in [line["case_id"] for line in followed]
    station.is_told("bureau", case, "case_assigned")
    assert {"start", "answer"} <= station.offered("bureau", case)
    for reader in (flood.caller, flood.shop):
        assert case["holder"]["name"] in reader.reads("换人办理")
    station.shows(flood.receipts["letterbox"], handler=case["holder"]["name"])


def keep_pressing_it(flood: Flood) -> None:
    """The resident calls again, which is the first nudge; the community gives the second, and the district orders."""
    station, case = flood.station, flood.case
    again = {"channel": "hotline", "place": SEVEN, "repeat_of": flood.receipts["hotline"]["query_code"]}
    flood.receipts["again"] = station.file("window_clerk", "污水还在往外冒！", who=flood.caller.who, **again)
    station.look_until("dispatcher", case, repeats=1)
    station.is_told("bureau", case, "case_joined_staff")
    station.step("dispatcher", case, "nudges", {"words": "居民又来电，已三天。"})
    assert "第2次催办，催办方：白杨社区" in station.is_told("bureau", case, "case_nudged")["body"]
    assert station.refused("dispatcher", case, "nudges", {"words": "再催。"})["code"] == "nudged_already"

    due_at = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    order = {"words": "两日内更换管道并反馈。", "due_at": due_at}
    assert station.refused("dispatcher", case, "orders", order)["code"] == "not_your_step"
    assert station.offered("dispatcher", case) & {"nudge", "order", "instruct"} == {"instruct"}
    station.step("district", case, "orders", order)
    station.is_told("bureau", case, "case_ordered")
    assert [each["kind"] for each in case["pressings"]] == ["nudge", "nudge", "order"]
    assert (case["reports_owed"], [limit["kind"] for limit in case["limits"]]) == (1, ["contact", "order"])


#: By somebody who did not handle it, as its rule asks of what is urgent.
SEEN = {"passed": True, "words": "到两栋楼看过，管道已换，无积水。"}


def replace_the_pipes(flood: Flood) -> None:
    station, case = flood.station, flood.case
    station.step("bureau", case, "starts")
    shown = {"outcome": "solved", "answer": "两栋楼的排污主管已更换，污水已清理。", "evidence": "竣工单 2026-118"}
    station.step("bureau", case, "answers", shown)
    assert (case["state"], case["promise_met"]) == ("answered", True)
    assert "verify" not in case["steps"]
    station.shows(flood.receipts["letterbox"], standing="answered")
    station.look_until("bureau", case, calls_owed=1)
    assert station.refused("bureau", case, "closings")["code"] == "report_owed"
    owing = station.listed("bureau", "/routing/v1/pressings")
    (owed,) = (line for line in owing if line["case_id"] == case["case_id"])
    report = f"/routing/v1/pressings/{owed['pressing_id']}/reports"
    station.call("bureau", "POST", report, {"words": "已更换。"}, version=case["version"])
    station.is_told("district", case, "pressing_reported")
    station.step("area_chief", station.look("area_chief", case), "verifications", SEEN)
    assert (case["verified"], case["reports_owed"]) == (True, 0)
    station.step("dispatcher", case, "incident_words", {"words": "排污主管已更换，可以正常用水。"})
    assert case["tellings"] == 2
    assert_households_told(flood, 2)


def tell_in_person_whom_no_message_reaches(flood: Flood) -> None:
    station, told = flood.station, f"/notify/v1/cases/{flood.case['case_id']}/tellings"
    for building in (SEVEN, EIGHT):
        station.is_told(building, flood.case, "incident_visits", times=2)
        for telling in (1, 2):
            left = station.listed(building, f"{told}/{telling}/households?told=false")
            assert len(left) == len([home for home in flood.homes[building] if home.contact is None])
            visited = {"household_ids": [each["household_id"] for each in left]}
            assert station.call(building, "POST", f"{told}/{telling}/visits", visited)["untold"] == 0
    for counts in station.call("dispatcher", "GET", told)["items"]:
        assert (counts["untold"], counts["told_by_visit"]) == (0, len(flood.unreached))
    assert_read_at_home(flood)


def assert_read_at_home(flood: Flood) -> None:
    """A household with a telephone reads both words; the caller's reads them of the appeals alone, next door none."""
    flood.caller.reads("涉及整栋楼", times=3)
    sent = list(flood.caller.sent())
    phones = {place: {home.contact.phone for home in homes if home.contact} for place, homes in flood.homes.items()}
    of_house = Counter(address for address, text in sent if text.startswith("致本楼住户"))
    assert of_house == dict.fromkeys((phones[SEVEN] | phones[EIGHT]) - {flood.caller.address}, 2)
    assert phones[NINE].isdisjoint(address for address, _ in sent)


def ask_everybody_and_close(flood: Flood) -> None:
    station, case, receipts = flood.station, flood.case, flood.receipts
    station.is_told("dispatcher", case, "call_back_owed")
    assert station.refused("bureau", case, "closings")["code"] == "call_back_owed"
    (to_call,) = (
        line for line in station.listed("window_clerk", "/routing/v1/callbacks") if line["case_id"] == case["case_id"]
    )
    assert to_call["appeal_id"] == receipts["visit"]["appeal_id"]
    said = {"outcome": "reached", "solved": True, "rating": 5, "words": "老人说水已退，很满意。"}
    station.step("window_clerk", case, "callbacks", said)
    rate(link_in(flood.shop.reads("已有答复")), solved=True, rating=4)
    unnamed = station.shows(receipts["letterbox"], standing="answered")
    rate(f"{station.city.address}{unnamed['rate']}", solved=True, rating=3)
    for channel in ("web", "letterbox", "visit"):
        station.shows(receipts[channel], rate=None)
    station.step("bureau", station.look_until_rated("bureau", case, 3), "closings")
    assert (case["state"], case["closed_reason"], case["promise_met"]) == ("closed", "done", True)
    numbers = {receipt["appeal_id"]: channel for channel, receipt in receipts.items()}
    assert {numbers[each["appeal_id"]]: (each["way"], each["rating"]) for each in case["callbacks"]} == {
        "hotline": ("message", None),
        "again": ("message", None),
        "web": ("message", 4),
        "letterbox": ("page", 3),
        "visit": ("person", 5),
    }
    for receipt in receipts.values():
        station.shows(receipt, standing="closed")
    flood.shop.reads("已办结")
    told = ["case_joined", "incident_party", "case_reassigned", "case_answered", "incident_party", "case_closed"]
    assert station.notices_to(receipts["web"], case, whose="dispatcher") == told
    assert station.notices_to(receipts["letterbox"], case, whose="dispatcher") == []
