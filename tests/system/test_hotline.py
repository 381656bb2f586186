"""The exchange with the city hotline, from the command through routing's own API to the cases and back."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cli.__main__ import app
from kit.testing.tokens import Identity
from typer.testing import CliRunner

from tests.contracts.stories import Home
from tests.system import api_stories
from tests.system.apis import running
from tests.system.callers import CITY_DISPATCHER

THEIRS = ["热线工单号", "事项编号", "状态", "答复", "日期"]


@dataclass
class Desk:
    """The city's dispatcher, over HTTP and by the command."""

    http: httpx.Client

    def cases(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.http.get("/routing/v1/cases").raise_for_status().json()["items"]
        return [case for case in listed if case["state"] == "assigned"]

    def hand(self, case: dict[str, Any], words: str) -> None:
        headers = {"If-Match": f'"{case["version"]}"', "Idempotency-Key": str(uuid4())}
        path = f"/routing/v1/cases/{case['case_id']}/hotline_handovers"
        self.http.post(path, json={"words": words}, headers=headers).raise_for_status()

    def look(self, case: dict[str, Any]) -> dict[str, Any]:
        seen: dict[str, Any] = self.http.get(f"/routing/v1/cases/{case['case_id']}").raise_for_status().json()
        return seen

    def run(self, *arguments: str | Path) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["hotline", *map(str, arguments), "--as", *CITY_DISPATCHER])
        return result.exit_code, result.output


@pytest.fixture
def desk(fresh_database_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    url = fresh_database_of("routing")
    api_stories.feed("routing", url, Home("routing"), topics=lambda name: name != "notify.message.v1")
    with Identity().serving() as identity, running("routing", url, identity) as address:
        headers = identity.headers(*CITY_DISPATCHER)
        monkeypatch.setenv("BAIYANG_URL", address)
        monkeypatch.setenv("BAIYANG_TOKEN", headers["Authorization"].removeprefix("Bearer "))
        with httpx.Client(base_url=address, headers=headers) as http:
            yield Desk(http)


def rows_of(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.reader(opened))[1:]


def test_what_is_handed_over_goes_out_once_and_what_comes_back_is_on_its_case(desk: Desk, tmp_path: Path) -> None:
    first, second = desk.cases()[:2]
    desk.hand(first, "=请协调供电部门")
    one, two, again = (tmp_path / f"{name}.csv" for name in ("one", "two", "again"))
    code, output = desk.run("export", one)
    assert (code, output.split(":")[1]) == (0, " 1 cases\n")
    assert [(row[1], row[-1]) for row in rows_of(one)] == [(first["number"], "'=请协调供电部门")]
    assert desk.run("export", two) == (0, "Nothing waits to be handed to the hotline.\n")
    desk.hand(second, "请协调供水部门")
    assert desk.run("export", two)[0] == 0
    assert [row[1] for row in rows_of(two)] == [second["number"]]
    number = rows_of(one)[0][0]
    assert desk.run("export", again, "--batch", number)[0] == 0
    assert again.read_bytes() == one.read_bytes()

    replies = tmp_path / "replies.csv"
    with replies.open("w", encoding="gb18030", newline="") as out:
        done = ["RX41", first["number"], "已办结", "已更换灯杆", "2026/11/23 9:00"]
        unknown = ["RX42", "C0000", "已办结", "已处理", "2026/11/23"]
        csv.writer(out).writerows(
            [THEIRS, done, done, unknown, ["RX43", second["number"], "搁置", "不详", "2026/11/23"]]
        )
    code, output = desk.run("import", replies)
    assert code == 1
    assert "1 recorded, 0 known before, 3 kept" in output
    seen = desk.look(first)
    assert (seen["state"], seen["at_hotline"], seen["limits"]) == ("assigned", False, [])
    assert [handed["standing"] for handed in seen["hotline_handovers"]] == ["done"]
    assert desk.look(second)["at_hotline"] is True

    assert desk.run("import", replies) == (0, "0 recorded, 4 known before, 0 kept\n")
    assert desk.look(first)["version"] == seen["version"]
    code, output = desk.run("unknown")
    assert [line.split()[1] for line in output.splitlines()] == [f"replies.csv:{line}" for line in (3, 4, 5)]
    for line in output.splitlines():
        assert desk.run("settle", line.split()[0], "--reason", "已与热线核对")[0] == 0
    assert desk.run("unknown") == (0, "There are none.\n")
