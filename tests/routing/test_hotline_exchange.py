"""``baiyang hotline`` against a platform that answers: the files that it writes and reads."""

import csv
import io
import json
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from cli import hotline
from cli.hotline.exchange import as_csv, safe
from hypothesis import given
from hypothesis import strategies as st

from tests import commands

ZONE = ZoneInfo("Asia/Shanghai")
HEADER = ["批次", "事项编号", "移交时间", "期望回复时间", "类别", "地点", "摘要", "移交说明"]
THEIRS = ["热线工单号", "事项编号", "状态", "答复", "日期"]


def make_item(**overrides: Any) -> dict[str, Any]:
    facts = {
        "batch": 17,
        "case_number": "C7K2-9QXM-4T6P",
        "handed_at": "2026-11-23T01:00:00Z",
        "reply_due": "2026-11-30T09:00:00Z",
        "category": "路灯照明",
        "place": "临江市海州区白杨社区",
        "gist": "路灯不亮",
        "words": "请协调\n“供电”部门",
    }
    return {**facts, **overrides}


def make_batch(*items: dict[str, Any], number: int | None = 17, more: bool = False) -> dict[str, Any]:
    return {"number": number, "made_at": None, "written_at": None, "more": more, "items": list(items)}


class Platform:
    """What the command asked, and what it is answered; by route."""

    def __init__(self) -> None:
        self.batch = make_batch(make_item())
        self.asked: list[tuple[str, str]] = []
        self.rows: list[dict[str, Any]] = []
        self.taken = {"recorded": 1, "known": 0, "kept": []}
        self.pages: list[dict[str, Any]] = [{"items": [], "next": None}]
        self.fails_at = ""

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/routing/v1/hotline")
        self.asked.append((request.method, path))
        if self.fails_at and path.endswith(self.fails_at):
            raise httpx.ConnectError("away")
        if path == "/replies":
            self.rows += json.loads(request.content)["rows"]
            return httpx.Response(201, json=self.taken)
        if path == "/unknown":
            return httpx.Response(200, json=self.pages.pop(0))
        if path.endswith("/settlements"):
            return httpx.Response(204)
        return httpx.Response(201, json=self.batch)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    platform = Platform()
    commands.reach(monkeypatch, hotline, commands.only("he.jian", platform.answer))
    return platform


def run(*arguments: str | Path) -> tuple[int, str]:
    return commands.run("hotline", *arguments, "--as", "he.jian")


def read(file: Path) -> list[list[str]]:
    raw = file.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def write_replies(file: Path, *rows: list[str], encoding: str = "utf-8") -> Path:
    with file.open("w", encoding=encoding, newline="") as out:
        csv.writer(out).writerows([THEIRS, *rows])
    return file


REPLY = ["RX41", "C7K2-9QXM-4T6P", "已办结", "已更换灯杆", "2026/11/24 9:30"]


# What goes out.


def test_a_batch_is_written_for_a_spreadsheet_and_then_said_to_be_written(tmp_path: Path, platform: Platform) -> None:
    file = tmp_path / "out.csv"
    assert run("export", file) == (0, "batch 17: 1 cases\n")
    assert read(file) == [
        HEADER,
        [
            *("17", "C7K2-9QXM-4T6P", "2026-11-23 09:00", "2026-11-30 17:00"),
            *("路灯照明", "临江市海州区白杨社区", "路灯不亮", "请协调\n“供电”部门"),
        ],
    ]
    assert platform.asked == [("POST", "/batches"), ("POST", "/batches/17/writings")]
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_nothing_that_waits_writes_no_file(tmp_path: Path, platform: Platform) -> None:
    platform.batch = make_batch(number=None)
    code, output = run("export", tmp_path / "out.csv")
    assert (code, output) == (0, "Nothing waits to be handed to the hotline.\n")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_died_before_it_was_said_to_be_written_is_made_good_by_the_next(
    tmp_path: Path, platform: Platform
) -> None:
    file = tmp_path / "out.csv"
    platform.fails_at = "/writings"
    assert run("export", file)[0] == 2
    first = file.read_bytes()
    platform.fails_at = ""
    assert run("export", file)[0] == 0
    assert file.read_bytes() == first


def test_another_batch_that_lies_there_is_not_written_over(tmp_path: Path, platform: Platform) -> None:
    file = tmp_path / "out.csv"
    file.write_bytes(as_csv(make_batch(make_item(batch=16)), ZONE))
    before = file.read_bytes()
    code, output = run("export", file)
    assert code == 1
    assert "name another file" in output
    assert file.read_bytes() == before
    assert platform.asked == [("POST", "/batches")]


def test_a_batch_is_written_again_as_it_was(tmp_path: Path, platform: Platform) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    assert run("export", one, "--batch", "17")[0] == 0
    assert run("export", two, "--batch", "17")[0] == 0
    assert one.read_bytes() == two.read_bytes()
    assert ("GET", "/batches/17") in platform.asked


def test_a_folder_that_is_not_there_is_named_and_nothing_is_said_to_be_written(
    tmp_path: Path, platform: Platform
) -> None:
    code, output = run("export", tmp_path / "nowhere" / "out.csv")
    assert code == 1
    assert "nowhere" in output
    assert platform.asked == [("POST", "/batches")]


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "  =", "　="])
def test_what_a_spreadsheet_would_reckon_is_text(begins: str) -> None:
    assert safe(f"{begins}1+1") == f"'{begins}1+1"


@given(cell=st.text())
def test_every_other_cell_is_read_back_as_it_was(cell: str) -> None:
    written = as_csv(make_batch(make_item(words=cell)), ZONE).decode("utf-8-sig")
    (_, row) = csv.reader(io.StringIO(written, newline=""))
    assert row[-1] in (cell, f"'{cell}")
    assert not row[-1].lstrip().startswith(("=", "+", "-", "@"))


# What comes in.


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_replies_are_read_in_whatever_encoding_the_field_writes(
    tmp_path: Path, platform: Platform, encoding: str
) -> None:
    file = write_replies(tmp_path / "in.csv", REPLY, encoding=encoding)
    assert run("import", file) == (0, "1 recorded, 0 known before, 0 kept\n")
    (row,) = platform.rows
    assert row == {
        "line": 2,
        "nth": 1,
        "their_number": "RX41",
        "case_number": "C7K2-9QXM-4T6P",
        "state": "已办结",
        "reply": "已更换灯杆",
        "date": "2026/11/24 9:30",
        "replied_at": "2026-11-24T09:30:00+08:00",
        "trouble": None,
    }


def test_a_row_that_stands_twice_is_numbered_and_a_bad_one_is_sent_with_its_trouble(
    tmp_path: Path, platform: Platform
) -> None:
    undated, long = [*REPLY[:4], "上周"], [*REPLY[:3], "长" * 10_001, REPLY[4]]
    write_replies(tmp_path / "in.csv", REPLY, REPLY, undated, [*REPLY, "多一格"], long)
    run("import", tmp_path / "in.csv")
    assert [(row["line"], row["nth"]) for row in platform.rows] == [(2, 1), (3, 2), (4, 1), (5, 1), (6, 1)]
    assert [(row["trouble"] or "")[:24] for row in platform.rows] == [
        *("", "", "column date: not a date,", "6 cells where the header", "column reply: over 10000"),
    ]
    assert platform.rows[3]["reply"] == ",".join([*REPLY, "多一格"])
    assert len(platform.rows[4]["reply"]) == 10_000


def test_what_was_kept_is_named_by_line_and_ends_the_command_with_1(tmp_path: Path, platform: Platform) -> None:
    platform.taken = {"recorded": 0, "known": 0, "kept": [{"line": 2, "fate": "unknown", "why": "no case"}]}
    code, output = run("import", write_replies(tmp_path / "in.csv", REPLY))
    assert code == 1
    assert "line 2, unknown: no case" in output
    assert "baiyang hotline unknown" in output


def test_many_rows_are_sent_in_parts(tmp_path: Path, platform: Platform) -> None:
    rows = [[f"RX{n}", *REPLY[1:]] for n in range(450)]
    assert run("import", write_replies(tmp_path / "in.csv", *rows))[0] == 0
    assert platform.asked == [("POST", "/replies")] * 3
    assert [row["their_number"] for row in platform.rows] == [f"RX{n}" for n in range(450)]


@pytest.mark.parametrize(
    "content, said",
    [
        ("热线工单号,状态\nRX1,已办结\n".encode(), "no column for case_number"),
        (b"\x80\xff\xff", "neither UTF-8 nor GB 18030"),
        ('热线工单号,事项编号,状态,答复,日期\nRX1,"C1,已办结,好,2026-11-23\n'.encode(), "quotation mark"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_nothing_of_it_is_taken(
    tmp_path: Path, platform: Platform, content: bytes, said: str
) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(content)
    code, output = run("import", file)
    assert code == 2
    assert said in output
    assert platform.asked == []


def test_what_is_kept_is_listed_page_by_page_and_settled(platform: Platform) -> None:
    def kept(line: int) -> dict[str, Any]:
        facts = {"reply_id": str(uuid4()), "file": "in.csv", "line": line, "their_number": "RX1", "case_number": ""}
        return {**facts, "fate": "unknown", "why": "no case"}

    platform.pages = [{"items": [kept(2)], "next": "more"}, {"items": [kept(3)], "next": None}]
    code, output = run("unknown")
    assert code == 1
    assert [line.split()[1:] for line in output.splitlines()] == [
        [f"in.csv:{line}", "RX1", "-", "unknown:", "no", "case"] for line in (2, 3)
    ]
    platform.pages = [{"items": [], "next": None}]
    assert run("unknown") == (0, "There are none.\n")
    assert run("settle", str(uuid4()), "--reason", "已核对") == (0, "It is settled.\n")


def test_a_file_that_is_not_there_is_said_to_be_that(platform: Platform, tmp_path: Path) -> None:
    code, output = run("import", tmp_path / "none.csv")
    assert code == 2
    assert "there is no such file" in output
