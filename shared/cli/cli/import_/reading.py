"""Tables of appeals: JSON lines, CSV, XLSX. What cannot be read is named by line and column before anything is sent."""

import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import IO, Any, TextIO, cast

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

#: What each field's column may be called.
NAMES: dict[str, tuple[str, ...]] = {
    "external_id": ("external_id", "id", "编号", "留言编号", "工单编号", "序号"),
    "words": ("words", "text", "content", "内容", "留言详情", "诉求内容", "详情"),
    "title": ("title", "标题", "主题", "留言主题"),
    "author": ("author", "user", "作者", "用户", "留言用户"),
    "name": ("name", "姓名", "联系人"),
    "phone": ("phone", "电话", "手机", "联系电话"),
    "written_at": ("written_at", "at", "date", "time", "时间", "日期", "留言时间"),
    "address": ("address", "地址", "地点"),
    "place": ("place", "地点编码"),
    "category": ("category", "类别", "分类编码"),
    "language": ("language", "语言"),
    "due_at": ("due_at", "时限", "办理时限", "办结时限"),
    "report_owed": ("report_owed", "是否反馈"),
}
NEEDED = ("external_id", "words")


@dataclass(frozen=True)
class Layout:
    """What a file's columns may be called, by field, and which of them it must have."""

    names: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...]


APPEALS = Layout(NAMES, NEEDED)

#: Tried in this order: what is GB 18030 is hardly ever UTF-8 too.
ENCODINGS = ("utf-8", "gb18030")


class UnreadableFile(Exception):
    """Nothing of the file is taken. The message names file, line, column and remedy."""


@dataclass(frozen=True)
class Row:
    """``line`` as an editor or a spreadsheet counts; ``values`` by field; ``trouble`` is why it cannot be read, and
    ``raw`` what stands there then.
    """

    line: int
    values: Mapping[str, Any] = field(default_factory=dict)
    trouble: str = ""
    raw: str = ""


@dataclass(frozen=True)
class Table:
    """Read twice: once to know that it can be, and how long it is; once to send it."""

    file: Path
    encoding: str
    columns: Mapping[str, str]
    layout: Layout = APPEALS

    def rows(self) -> Iterator[Row]:
        kind = _kind(self.file)
        if kind == "xlsx":
            yield from _sheet_rows(self)
            return
        with _text(self) as text:
            yield from (_csv_rows(self, text) if kind == "csv" else _json_rows(self, text))

    @cached_property
    def count(self) -> int:
        """How many rows there are; reading them all finds what cannot be read."""
        rows = sum(1 for _ in self.rows())
        if not rows:
            raise UnreadableFile(f"{self.file}: there are no rows in it: is it the right file?")
        return rows


def open_table(
    file: Path, *, encoding: str = "utf-8", columns: Mapping[str, str] | None = None, layout: Layout = APPEALS
) -> Table:
    unknown = set(columns or {}) - set(layout.names)
    if unknown:
        raise UnreadableFile(f"--column {min(unknown)}: not a field: {', '.join(layout.names)}")
    if not file.is_file():
        raise UnreadableFile(f"{file}: there is no such file")
    if not file.stat().st_size:
        raise UnreadableFile(f"{file}: it is empty")
    table = Table(file, encoding, columns or {}, layout)
    try:
        assert table.count
    except (gzip.BadGzipFile, EOFError):
        raise UnreadableFile(f"{file}: its name says gzip and its content is not, or is cut short") from None
    return table


def encoding_of(raw: bytes) -> str | None:
    """The first of those that the field writes in which all of it can be read."""
    for encoding in ENCODINGS:
        with suppress(UnicodeDecodeError):
            raw.decode(encoding)
            return encoding
    return None


def _kind(file: Path) -> str:
    name = file.name.lower().removesuffix(".gz")
    for ending, kind in ((".jsonl", "json"), (".ndjson", "json"), (".csv", "csv"), (".xlsx", "xlsx")):
        if name.endswith(ending):
            return kind
    raise UnreadableFile(f"{file}: its name must end in .jsonl, .csv or .xlsx (.jsonl and .csv also in .gz)")


def _raw(table: Table) -> IO[bytes]:
    if table.file.name.lower().endswith(".gz"):
        return cast("IO[bytes]", gzip.open(table.file))
    return table.file.open("rb")


def _text(table: Table) -> TextIO:
    raw = _raw(table)
    encoding = "utf-8-sig" if table.encoding.lower() in ("utf-8", "utf8") else table.encoding
    try:
        return io.TextIOWrapper(raw, encoding=encoding, newline="")
    except LookupError:
        raise UnreadableFile(f"--encoding {table.encoding}: no such encoding: utf-8 or gb18030") from None


def _lines(table: Table, text: TextIO) -> Iterator[str]:
    """Line by line, so that what cannot be decoded is named by its line."""
    line = 0
    while True:
        try:
            found = text.readline()
        except UnicodeDecodeError as error:
            raise UnreadableFile(_undecodable(table, line, error)) from None
        if not found:
            return
        line += 1
        yield found


def _undecodable(table: Table, read: int, error: UnicodeDecodeError) -> str:
    """The decoder reads ahead in blocks: the line is found by counting in the bytes themselves."""
    with _raw(table) as raw:
        for line, content in enumerate(raw, start=1):
            try:
                content.decode(table.encoding)
            except UnicodeDecodeError as wrong:
                column = len(content[: wrong.start].decode(table.encoding, "replace")) + 1
                return f"{table.file}, line {line}, column {column}: {_as_what(table, content)}"
    return f"{table.file}, after line {read}: it is not {table.encoding}: {error.reason}"


def _as_what(table: Table, content: bytes) -> str:
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return f"it is not {table.encoding}: save it as UTF-8"
    return f"it is not {table.encoding} but may well be GBK: run again with --encoding gb18030, or save it as UTF-8"


def _json_rows(table: Table, text: TextIO) -> Iterator[Row]:
    for line, content in enumerate(_lines(table, text), start=1):
        if not content.strip():
            continue
        try:
            found = json.loads(content)
        except json.JSONDecodeError as error:
            yield Row(line, trouble=f"column {error.colno}: not JSON ({error.msg}): an appeal a line", raw=content)
            continue
        if isinstance(found, dict):
            yield Row(line, _by_field(table, found))
        else:
            yield Row(line, trouble="not a JSON object: an appeal a line", raw=content)


def _csv_rows(table: Table, text: TextIO) -> Iterator[Row]:
    reader = csv.reader(_lines(table, text), strict=True)
    header: list[str] = []
    began = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise UnreadableFile(
                f"{table.file}, line {began}: not CSV ({error}): is a quotation mark missing?"
            ) from None
        if cells is None:
            return
        line, began = began, reader.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if not header:
            header = _header(table, cells, line)
        elif len(cells) != len(header):
            trouble = f"{len(cells)} cells where the header has {len(header)}: is a comma not quoted?"
            yield Row(line, trouble=trouble, raw=",".join(cells))
        else:
            yield Row(line, _by_field(table, dict(zip(header, cells, strict=True))))


def _sheet_rows(table: Table) -> Iterator[Row]:
    try:
        _no_merged_cells(table)
        book = openpyxl.load_workbook(table.file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError):
        raise UnreadableFile(f"{table.file}: it is not an XLSX workbook: save it as one") from None
    try:
        header: list[str] = []
        for line, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
            if not any(cell not in (None, "") for cell in cells):
                continue
            if not header:
                header = _header(table, ["" if cell is None else str(cell) for cell in cells], line)
            else:
                values = {name: cell for name, cell in zip(header, cells, strict=False) if name}
                yield Row(line, _by_field(table, values))
    finally:
        book.close()


_MERGED = re.compile(rb'<mergeCell [^>]*ref="([A-Z]+)([0-9]+)(?::[A-Z]+[0-9]+)?"')


def _no_merged_cells(table: Table) -> None:
    """Only the first of merged cells holds a value: the others' would be missing without anybody noticing."""
    with zipfile.ZipFile(table.file) as book:
        sheets = sorted(name for name in book.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name))
        if not sheets:
            raise UnreadableFile(f"{table.file}: it is not an XLSX workbook: save it as one")
        with book.open(sheets[0]) as sheet:
            found = _MERGED.search(_end_of(sheet))
    if found:
        column, line = found[1].decode(), found[2].decode()
        raise UnreadableFile(
            f"{table.file}, line {line}, column {column}: merged cells: unmerge them (取消合并单元格) and fill each"
        )


def _end_of(sheet: Any) -> bytes:
    """What stands behind the rows, where the merged ranges are listed."""
    tail = b""
    while block := sheet.read(1 << 20):
        tail = tail[-64:] + block
        if (at := tail.find(b"</sheetData>")) >= 0:
            return bytes(tail[at:] + sheet.read())
    return tail


def _header(table: Table, cells: list[str], line: int) -> list[str]:
    header = [cell.strip().lstrip("\ufeff") for cell in cells]
    lowered = {cell.lower() for cell in header}
    for needed in table.layout.needed:
        called = (table.columns[needed],) if needed in table.columns else table.layout.names[needed]
        if not any(name.lower() in lowered for name in called):
            raise UnreadableFile(
                f"{table.file}, line {line}: no column for {needed}: call it {' or '.join(called[:3])}, "
                f"or say --column {needed}=NAME"
            )
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice:
        raise UnreadableFile(f"{table.file}, line {line}: two columns are called {twice}: rename one")
    return header


def _by_field(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    known = {name.strip().lower(): value for name, value in values.items()}
    found = {}
    for name, called in table.layout.names.items():
        for column in (table.columns[name],) if name in table.columns else called:
            value = known.get(column.lower())
            if value not in (None, ""):
                found[name] = value if isinstance(value, datetime) else _plain(value)
                break
    return found


def _plain(value: Any) -> str:
    """Spreadsheets keep numbers as numbers: 360114.0 is the number 360114."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()
