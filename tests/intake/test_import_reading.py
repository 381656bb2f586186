"""Files of appeals: what is read, and how what cannot be is named."""

import csv
import gzip
import json
from pathlib import Path

import openpyxl
import pytest
from cli.import_.reading import UnreadableFile, open_table
from cli.import_.rows import Defaults, to_appeal

HEADER = ["留言编号", "留言用户", "留言主题", "留言时间", "留言详情"]
DEFAULTS = Defaults("web", "forum")


def write_csv(path: Path, rows: list[list[str]], *, encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def write_xlsx(path: Path, rows: list[list[object]], *, merge: str = "") -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in [HEADER, *rows]:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    book.save(path)
    return path


ROW = ["360114", "A0182491", "停水", "2019/3/5 8:00:00", "停水三天，\n请解决"]


def test_a_csv_with_named_columns_is_read_over_line_breaks(tmp_path: Path) -> None:
    table = open_table(write_csv(tmp_path / "a.csv", [ROW, [*ROW[:4], ""]]))
    first, second = [to_appeal(row, DEFAULTS) for row in table.rows()]
    assert first.line == 2
    assert first.body == {
        "channel": "web",
        "words": "停水三天，\n请解决",
        "title": "停水",
        "source": "forum",
        "external_id": "360114",
        "who": {
            "kind": "outsider",
            "language": "zh",
            "origin": "A0182491",
            "means": "sandbox",
            "address": "forum:A0182491",
        },
        "written_at": "2019-03-05T08:00:00+08:00",
    }
    assert (second.line, second.trouble) == (4, "column words: is empty: fill it")


def test_json_lines_are_read_gzipped_too(tmp_path: Path) -> None:
    line = {"id": 1, "author": "A1", "at": "2017-06-08T17:31:20", "title": "停水", "text": "停水了", "against": 9}
    with gzip.open(tmp_path / "a.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n\nnot json\n[]\n")
    good, bad, wrong = open_table(tmp_path / "a.jsonl.gz").rows()
    assert to_appeal(good, DEFAULTS).external_id == "1"
    assert (bad.line, bad.trouble[:19]) == (3, "column 1: not JSON ")
    assert (wrong.line, wrong.trouble) == (4, "not a JSON object: an appeal a line")


def test_a_workbook_is_read_with_its_numbers_and_dates(tmp_path: Path) -> None:
    from datetime import datetime

    path = write_xlsx(tmp_path / "a.xlsx", [[360114, "A1", "停水", datetime(2019, 3, 5, 8), "停水了"]])  # noqa: DTZ001
    [row] = open_table(path).rows()
    ready = to_appeal(row, DEFAULTS)
    assert (ready.external_id, (ready.body or {})["written_at"]) == ("360114", "2019-03-05T08:00:00+08:00")


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    table = open_table(write_csv(tmp_path / "a.csv", [ROW], encoding="utf-8-sig"))
    assert [to_appeal(row, DEFAULTS).external_id for row in table.rows()] == ["360114"]


def test_gbk_is_named_with_line_column_and_remedy(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [ROW], encoding="gbk")
    with pytest.raises(UnreadableFile, match=r"a\.csv, line 1, column 1: .*--encoding gb18030"):
        open_table(path)
    assert len(list(open_table(path, encoding="gb18030").rows())) == 1


def test_gbk_in_the_middle_is_named_by_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,words\n1,ab\n2," + "路灯不亮".encode("gbk") + b"\n")
    with pytest.raises(UnreadableFile, match=r"line 3, column \d: "):
        open_table(path)


@pytest.mark.parametrize(
    "name,content,message",
    [
        ("a.csv", b"", "it is empty"),
        ("a.csv", b"id,words\n", "there are no rows"),
        ("a.jsonl", b"\n\n", "there are no rows"),
        ("a.csv", b"id,title\n1,x\n", "line 1: no column for words"),
        ("a.csv", b"id,words,words\n1,x,y\n", "two columns are called words"),
        ("a.csv", b'id,words\n1,"x\n', "line 2: not CSV"),
        ("a.jsonl.gz", b"plain", "not, or is cut short"),
        ("a.xlsx", b"plain", "not an XLSX workbook"),
        ("a.txt", b"plain", "must end in .jsonl, .csv or .xlsx"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_remedy(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableFile, match=message) as refused:
        open_table(tmp_path / name)
    assert str(refused.value).startswith(str(tmp_path / name))


def test_merged_cells_are_named(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["1", "A", "x", "", "y"], ["2", "A", "x", "", "y"]], merge="B2:B3")
    with pytest.raises(UnreadableFile, match="line 2, column B: merged cells"):
        open_table(path)


def test_a_row_of_another_length_is_named(tmp_path: Path) -> None:
    table = open_table(write_csv(tmp_path / "a.csv", [ROW, ROW[:3]]))
    assert [row.trouble[:32] for row in table.rows()] == ["", "3 cells where the header has 5: "]


def test_a_column_may_be_called_otherwise(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("nr,what\n1,停水\n", encoding="utf-8")
    table = open_table(tmp_path / "a.csv", columns={"external_id": "nr", "words": "what"})
    assert [to_appeal(row, DEFAULTS).external_id for row in table.rows()] == ["1"]
    with pytest.raises(UnreadableFile, match="not a field"):
        open_table(tmp_path / "a.csv", columns={"colour": "nr"})


def test_a_date_that_is_none_refuses_the_row_alone(tmp_path: Path) -> None:
    table = open_table(write_csv(tmp_path / "a.csv", [[*ROW[:3], "yesterday", "x"], ROW]))
    assert [to_appeal(row, DEFAULTS).trouble[:18] for row in table.rows()] == ["column written_at:", ""]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_hundred_thousand_rows_are_read_row_by_row(tmp_path: Path, ending: str) -> None:
    rows = 100_000 if ending == "csv" else 10_000
    path = tmp_path / f"a.{ending}"
    if ending == "csv":
        write_csv(path, [[str(n), *ROW[1:]] for n in range(rows)])
    else:
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        sheet.append(HEADER)
        for n in range(rows):
            sheet.append([n + 1, *ROW[1:]])
        book.save(path)
    assert open_table(path).count == rows


def test_what_is_assigned_from_above_carries_their_limit_or_is_refused_by_line(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("工单编号,内容,时限,是否反馈\nGD17,路灯不亮,2026/11/27 18:00,是\nGD18,停水,,\nGD19,停水,周五,否\n")
    orders = Defaults("assigned", "市12345热线")
    first, *refused = [to_appeal(row, orders) for row in open_table(file).rows()]
    assert first.body is not None
    assert first.body["assignment"] == {
        "office": "市12345热线",
        "number": "GD17",
        "due_at": "2026-11-27T18:00:00+08:00",
        "report_owed": True,
    }
    assert [ready.trouble[:24] for ready in refused] == ["column due_at: is empty:", "column due_at: not a dat"]
    historic = Defaults("assigned", "市12345热线", historic=True)
    assert [(to_appeal(row, historic).body or {}).get("assignment") for row in open_table(file).rows()] == [None] * 3
