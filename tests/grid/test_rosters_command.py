"""``baiyang rosters`` against a platform that answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cli import rosters

from tests import commands

TURN = {"line": 2, "post": "BY-M", "subject": "wang", "since": "2026-12-01T09:00:00Z", "until": "2026-12-02T01:00:00Z"}
GAP = {"line": 3, "post": "BY-M", "since": "2026-12-02T01:00:00Z", "until": "2026-12-02T09:00:00Z"}
ROSTER = {"place": "M", "version": 2, "kept": True, "turns": [TURN], "gaps": [GAP]}
AHEAD = [
    {"code": "BY-M", "gaps": [GAP], "left": []},
    {"code": "BY-W1", "gaps": [], "left": []},
    {"code": "BY-W2", "gaps": [GAP], "left": ["wang"]},
]


class Platform:
    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: tuple[int, dict[str, Any]] = 200, ROSTER

    def as_(self, name: str) -> Callable[[httpx.Request], httpx.Response]:
        def answer(request: httpx.Request) -> httpx.Response:
            self.sent.append((name, request.url.path, dict(request.url.params), request.content))
            if request.url.path == "/routing/v1/rosters":
                return commands.page_of(AHEAD, request)
            return httpx.Response(self.answer[0], json=self.answer[1])

        return answer


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    platform = Platform()
    commands.reach(monkeypatch, rosters, platform.as_)
    return platform


def run(*arguments: str | Path) -> tuple[int, str]:
    return commands.run("rosters", *arguments)


def test_a_roster_is_sent_as_it_is_and_its_gaps_are_told(tmp_path: Path, platform: Platform) -> None:
    file = tmp_path / "roster.csv"
    file.write_text("post,subject,since,until\nBY-M,wang,2026-12-01 17:00,2026-12-02 09:00\n")
    code, output = run("import", file, "--place", "M", "--note", "十二月", "--as", "dispatcher")
    assert code == 0, output
    asked = {"place": "M", "note": "十二月", "dry_run": "false"}
    assert platform.sent == [("dispatcher", "/grid/v1/imports/rosters", asked, file.read_bytes())]
    assert "M, version 2: 1 turns" in output
    assert "  BY-M  2026-12-01T09:00:00Z to 2026-12-02T01:00:00Z  wang" in output
    assert "  line 3, BY-M: no roster from 2026-12-02T01:00:00Z to 2026-12-02T09:00:00Z" in output


def test_each_line_that_is_wrong_is_named(tmp_path: Path, platform: Platform) -> None:
    detail = "line 2, subject: nobody holds no post now: name somebody who does"
    errors = [{"part": "file", "pointer": "/2/subject", "detail": detail}]
    platform.answer = 422, {"detail": "1 of 1 rows cannot be taken, so none was: put them right.", "errors": errors}
    file = tmp_path / "roster.csv"
    file.write_text("post,subject,since,until\nBY-M,nobody,2026-12-01 17:00,2026-12-02 09:00\n")
    code, output = run("import", file, "--place", "M", "--dry-run")
    assert (code, f"  {detail}" in output) == (1, True)
    assert platform.sent[0][2]["dry_run"] == "true"


def test_the_roster_that_counts_is_shown(platform: Platform) -> None:
    assert run("show", "M")[0] == 0
    assert platform.sent[0][1] == "/grid/v1/rosters/M"


def test_the_gaps_ahead_and_turns_of_who_left_are_listed_of_all_posts(platform: Platform) -> None:
    code, output = run("ahead")
    assert code == 0
    assert output.splitlines() == [
        "BY-M  no roster from 2026-12-02T01:00:00Z to 2026-12-02T09:00:00Z",
        "BY-W2  no roster from 2026-12-02T01:00:00Z to 2026-12-02T09:00:00Z",
        "BY-W2  wang holds no post when their turn comes: name somebody else",
    ]
