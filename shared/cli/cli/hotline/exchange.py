"""How the city hotline is reached: what goes out in batches, and the rows of what it replies.

The first way is files, which the hotline fetches and leaves on a share. An interface of theirs is another class here.
"""

import csv
import io
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from contracts.text import unturned

from cli.import_.reading import Layout, Row, UnreadableFile, encoding_of, open_table
from cli.import_.rows import read_moment

#: What a spreadsheet would take for a formula, also after blanks, and also in the wide forms that Chinese input gives.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")

#: Their file's columns, as it may call them.
REPLIES = Layout(
    {
        "their_number": ("their_number", "热线工单号", "热线工单编号", "工单编号", "工单号"),
        "case_number": ("case_number", "事项编号", "来件编号"),
        "state": ("state", "状态", "办理状态"),
        "reply": ("reply", "答复", "答复内容", "办理结果"),
        "date": ("date", "日期", "答复日期", "答复时间"),
    },
    ("their_number", "case_number", "state", "reply", "date"),
)

#: Our file's columns, and what of a handover stands in each.
_COLUMNS = {
    "批次": "batch",
    "事项编号": "case_number",
    "移交时间": "handed_at",
    "期望回复时间": "reply_due",
    "类别": "category",
    "地点": "place",
    "摘要": "gist",
    "移交说明": "words",
}
_INSTANTS = ("handed_at", "reply_due")

LONGEST_REPLY, LONGEST_CELL = 10_000, 500


class Occupied(Exception):
    """Another batch lies there, which the hotline may not have fetched yet."""


class Exchange(Protocol):
    def send(self, batch: Mapping[str, Any]) -> None:
        """Leave a batch for the hotline, whole or not at all. Sent again it is the same."""
        ...

    def replies(self) -> Iterator[dict[str, Any]]:
        """The rows of what they reply, as routing takes them; what is wrong with one is said of it."""
        ...


@dataclass(frozen=True)
class FileExchange:
    """A batch is a CSV file in UTF-8 with a BOM, as spreadsheets open it; replies are CSV in UTF-8 or GB 18030."""

    file: Path
    zone: ZoneInfo

    def send(self, batch: Mapping[str, Any]) -> None:
        content = as_csv(batch, self.zone)
        if self.file.exists() and self.file.read_bytes() != content:
            raise Occupied(f"{self.file} is there already and is another one: name another file")
        beside = self.file.with_name(f".{self.file.name}.part")
        with beside.open("wb") as part:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
        beside.replace(self.file)
        _settle(self.file.parent)

    def replies(self) -> Iterator[dict[str, Any]]:
        if not self.file.is_file():
            raise UnreadableFile(f"{self.file}: there is no such file")
        is_text = self.file.suffix.lower() == ".csv"
        encoding = encoding_of(self.file.read_bytes()) if is_text else "utf-8"
        if encoding is None:
            raise UnreadableFile(f"{self.file} is neither UTF-8 nor GB 18030: save it as UTF-8")
        seen: Counter[tuple[str, ...]] = Counter()
        for row in open_table(self.file, encoding=encoding, layout=REPLIES).rows():
            told = _told(row, self.zone)
            content = tuple(told[name] for name in REPLIES.names)
            seen[content] += 1
            yield {**told, "nth": seen[content]}


def as_csv(batch: Mapping[str, Any], zone: ZoneInfo) -> bytes:
    """The same bytes for the same batch."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(_COLUMNS)
    for item in batch["items"]:
        facts = {**item, **{name: _local(item[name], zone) for name in _INSTANTS}}
        writer.writerow(safe(str(facts[name])) for name in _COLUMNS.values())
    return out.getvalue().encode("utf-8-sig")


def safe(cell: str) -> str:
    """What begins like a formula is text: a spreadsheet shows what stands behind the apostrophe and reckons nothing."""
    is_risky = cell.lstrip().startswith(_FORMULA) or cell.startswith(("\t", "\r", "\n"))
    return f"'{cell}" if is_risky else cell


def _local(instant: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(zone):%Y-%m-%d %H:%M}"


def _told(row: Row, zone: ZoneInfo) -> dict[str, Any]:
    """A row that could not be read keeps what stands there as its reply."""
    cells = {name: _cell(row.values.get(name, "")) for name in REPLIES.names}
    cells["reply"] = cells["reply"] or _cell(row.raw)
    replied_at, trouble = None, row.trouble
    if not trouble:
        replied_at, trouble = _date(row, zone)
    trouble = trouble or _too_long(cells)
    cells = {name: cell[: LONGEST_REPLY if name == "reply" else LONGEST_CELL] for name, cell in cells.items()}
    return {"line": row.line, **cells, "replied_at": replied_at, "trouble": trouble[:LONGEST_CELL] or None}


def _cell(value: Any) -> str:
    return unturned(str(value).replace("\0", "\ufffd")).strip()


def _date(row: Row, zone: ZoneInfo) -> tuple[str | None, str]:
    try:
        return read_moment(row.values.get("date"), zone), ""
    except ValueError:
        return None, "column date: not a date, as 2026-11-30 or 2026-11-30T17:00:00+08:00"


def _too_long(cells: Mapping[str, str]) -> str:
    longest = {name: LONGEST_REPLY if name == "reply" else LONGEST_CELL for name in cells}
    over = next((name for name, cell in cells.items() if len(cell) > longest[name]), None)
    return f"column {over}: over {longest[over]} characters, and cut there" if over else ""


def _settle(folder: Path) -> None:
    """The new name too is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
