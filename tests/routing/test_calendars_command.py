"""``baiyang calendars`` against a platform that answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cli import calendars

from tests import commands

CHANGES = {
    "calendar_version": 2,
    "year": 2027,
    "working_days": 248,
    "days": [
        {
            "date": "2027-02-20",
            "before": None,
            "after": {"working": True, "note": "调休", "stands_for": 3, "own": False},
        }
    ],
    "stations": [],
    "earlier": 0,
    "later": 3,
}
OF_HOURS = CHANGES | {
    "year": None,
    "working_days": None,
    "days": [],
    "stations": [
        {
            "place": "A01",
            "since": "2026-12-01",
            "before": [{"date": "2026-11-26", "closes": None, "note": ""}],
            "after": [
                {"date": "2026-11-26", "closes": None, "note": ""},
                {"since": "2026-12-01", "weekday": 0, "opens": "09:00", "closes": "12:00"},
                {"since": "2027-01-01"},
                {"date": "2026-12-31", "closes": "12:00", "note": "停电"},
            ],
        }
    ],
}
MOVE = {
    "case_number": "C7K2-9QXM-4A",
    "kind": "promise",
    "due_at": "2027-02-22T09:00:00Z",
    "would_be_due_at": "2027-02-20T09:00:00Z",
}


class Platform:
    """What the command sent in whose name, and what it is answered."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str, Any]] = []
        self.refusal: tuple[int, dict[str, Any]] | None = None
        self.listed: list[dict[str, Any]] = []
        self.changes: dict[str, Any] = CHANGES

    def as_(self, name: str) -> Callable[[httpx.Request], httpx.Response]:
        def answer(request: httpx.Request) -> httpx.Response:
            body = json.loads(request.content) if request.content else None
            self.sent.append((name, request.method, request.url.path, body))
            if self.refusal:
                return httpx.Response(self.refusal[0], json=self.refusal[1])
            lists = {"/routing/v1/calendars": self.listed, "/routing/v1/calendars/2/moves": [MOVE]}
            items = lists.get(request.url.path)
            if request.method == "GET" and items is not None:
                return commands.page_of(items, request)
            return httpx.Response(200, json=self.changes)

        return answer


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    platform = Platform()
    commands.reach(monkeypatch, calendars, platform.as_)
    return platform


def run(*arguments: str | Path) -> tuple[int, str]:
    return commands.run("calendars", *arguments)


def notice(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    file = tmp_path / "notice.csv"
    file.write_text(text, encoding=encoding)
    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_notice_is_sent_with_its_lines_and_what_it_changes_is_shown(
    tmp_path: Path, platform: Platform, encoding: str
) -> None:
    lines = "date,kind,note,stands_for\n2027-02-11,off,春节,\n\n2027-02-20,work,调休,2027-02-11\n"
    file = notice(tmp_path, lines, encoding)
    code, output = run("import", file, "--year", "2027", "--status", "official", "--note", "国办发明电〔2026〕7号")
    assert code == 0, output
    name, method, path, body = platform.sent[0]
    assert (name, method, path) == ("operator", "POST", "/routing/v1/calendars")
    assert body == {
        "year": 2027,
        "status": "official",
        "own": False,
        "note": "国办发明电〔2026〕7号",
        "rows": [
            {"line": 2, "date": "2027-02-11", "kind": "off", "note": "春节", "stands_for": ""},
            {"line": 4, "date": "2027-02-20", "kind": "work", "note": "调休", "stands_for": "2027-02-11"},
        ],
    }
    assert "version 2, 2027: 248 working days" in output
    assert "2027-02-20  as its weekday -> work 调休" in output
    assert "it would move 3 deadlines to later, 0 to earlier" in output
    assert "C7K2-9QXM-4A  promise  2027-02-22T09:00:00Z -> 2027-02-20T09:00:00Z" in output


def test_days_off_need_no_column_for_what_they_make_up_for(tmp_path: Path, platform: Platform) -> None:
    file = notice(tmp_path, "date,kind,note\n2027-04-09,off,三月三\n")
    assert run("import", file, "--year", "2027", "--status", "forecast", "--own")[0] == 0
    assert platform.sent[0][3]["own"] is True
    assert platform.sent[0][3]["rows"][0]["stands_for"] == ""


def test_each_line_that_is_wrong_is_named_on_a_line_of_its_own(tmp_path: Path, platform: Platform) -> None:
    said = "Nothing was changed. Put right: line 2: 2027-02-30 is no day; line 3: repeats line 2."
    platform.refusal = 422, {"code": "unfit_notice", "detail": said}
    file = notice(tmp_path, "date,kind,note\n2027-02-30,off,\n2027-02-30,off,\n")
    code, output = run("import", file, "--year", "2027", "--status", "official")
    assert code == 1
    assert output.splitlines() == [
        "Nothing was changed. Put right: line 2: 2027-02-30 is no day",
        "line 3: repeats line 2.",
    ]


@pytest.mark.parametrize("raw", [b"day,kind,note\n2027-02-11,off,\n", b"\xff\xfe\x00\xd8date\n"])
def test_a_file_that_is_none_is_not_sent(tmp_path: Path, platform: Platform, raw: bytes) -> None:
    file = tmp_path / "notice.csv"
    file.write_bytes(raw)
    code, output = run("import", file, "--year", "2027", "--status", "official")
    assert (code, platform.sent) == (1, [])
    assert "the column date is missing" in output or "save it as UTF-8" in output


def test_hours_are_sent_with_their_lines_and_what_they_change_is_shown(tmp_path: Path, platform: Platform) -> None:
    platform.changes = OF_HOURS
    heading = "place,kind,day,weekday,opens,closes,note"
    lines = f"{heading}\nA01,hours,2026-12-01,周一,09:00,12:00\nA01,closed,2026-12-31,,,12:00,停电\n"
    code, output = run("hours", notice(tmp_path, lines, "gb18030"), "--note", "冬季")
    assert code == 0, output
    name, method, path, body = platform.sent[0]
    assert (name, method, path) == ("operator", "POST", "/routing/v1/calendars/hours")
    row = {"line": 2, "place": "A01", "kind": "hours", "day": "2026-12-01"}
    assert body["note"] == "冬季"
    assert body["rows"][0] == row | {"weekday": "周一", "opens": "09:00", "closes": "12:00", "note": ""}
    assert (body["rows"][1]["line"], body["rows"][1]["note"]) == (3, "停电")
    assert output.splitlines()[:5] == [
        "version 2, opening hours",
        "  A01, others from 2026-12-01 on",
        "    + from 2026-12-01: Mon 09:00-12:00",
        "    + from 2027-01-01: never open",
        "    + 2026-12-31 closed from 12:00 on 停电",
    ]


def test_a_file_of_hours_that_is_none_is_not_sent(tmp_path: Path, platform: Platform) -> None:
    for lines, why in (("place,day\nA01,x\n", "the column kind is missing"), ("place,kind,day\n\n", "no line below")):
        code, output = run("hours", notice(tmp_path, lines))
        assert (code, platform.sent) == (1, [])
        assert why in output


def test_what_is_in_force_is_shown_without_what_it_would_move(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CHANGES, "earlier", None)
    code, output = run("show", "2")
    assert (code, "would move" in output) == (0, False)
    assert [path for _, _, path, _ in platform.sent] == ["/routing/v1/calendars/2"]


def test_a_draft_is_activated_in_the_name_of_who_says_so(platform: Platform) -> None:
    assert run("activate", "2")[0] == 2, "whose name is asked for"
    code, output = run("activate", "2", "--as", "importer")
    assert (code, "version 2 is in force" in output) == (0, True)
    assert platform.sent == [("importer", "POST", "/routing/v1/calendars/2/activations", None)]
    platform.refusal = 403, {"code": "second_person_needed", "detail": "ask another operator."}
    code, output = run("activate", "2", "--as", "operator")
    assert (code, "403 ask another operator." in output) == (1, True)


def test_versions_are_listed_with_the_years_whose_notice_is_not_out(platform: Platform) -> None:
    years = {"2026": "official", "2027": "forecast"}
    platform.listed = [
        {"calendar_version": 2, "years": years, "effective_from": None},
        {"calendar_version": 1, "years": years | {"2027": "official"}, "effective_from": "2014-01-01T00:00:00Z"},
    ]
    code, output = run("list")
    assert code == 0
    assert output.splitlines() == [
        "version 2: draft; forecast: 2027",
        "version 1: in force since 2014-01-01T00:00:00Z; forecast: none",
    ]
