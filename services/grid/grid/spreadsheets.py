"""CSV and XLSX as rows of text by named column. A file that cannot be read as such is refused with the remedy."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from grid.errors import FileRefused

MAX_BYTES = 32 * 1024 * 1024
MAX_ROWS = 200_000
MAX_CELL = 2_000
#: An XLSX is a ZIP: what it unpacks to is bounded before it is unpacked.
MAX_UNPACKED = 512 * 1024 * 1024

_SAVE_AS_UTF8 = 'Save it as "CSV UTF-8" (Excel and WPS: Save As, CSV UTF-8), or send the XLSX.'
_MERGED = re.compile(rb'<mergeCell\s+ref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"')


@dataclass(frozen=True)
class Layout:
    """The columns that a file must and may have."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)


@dataclass(frozen=True)
class Row:
    """``line`` is the line of the file that the row begins on, as an editor or spreadsheet counts."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def read(data: bytes, layout: Layout) -> list[Row]:
    """The rows that are not blank, their cells stripped."""
    if len(data) > MAX_BYTES:
        raise FileRefused("file_too_large", f"The file is over {MAX_BYTES // 2**20} MiB: split it.")
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise FileRefused("empty_file", f"The file is empty: it needs the columns {', '.join(layout.required)}.")
    lines = _xlsx_lines(data) if data.startswith(b"PK\x03\x04") else _csv_lines(data)
    return list(_rows(lines, layout))


def _rows(lines: Iterator[tuple[int, Sequence[str]]], layout: Layout) -> Iterator[Row]:
    header = next(((line, cells) for line, cells in lines if any(cells)), None)
    if header is None:
        raise FileRefused("empty_file", f"The file is empty: it needs the columns {', '.join(layout.required)}.")
    columns = _columns(header[1], layout)
    count = 0
    for line, cells in lines:
        if not any(cells):
            continue
        count += 1
        if count > MAX_ROWS:
            raise FileRefused("too_many_rows", f"The file has more than {MAX_ROWS} rows: split it.")
        if any(cells[len(columns) :]):
            raise FileRefused("too_many_cells", f"Line {line} has more cells than the header: quote cells with commas.")
        yield Row(line, {name: cell for name, cell in zip(columns, cells, strict=False) if name})
    if not count:
        raise FileRefused("empty_file", "The file has a header and no rows: add what is to be imported.")


def _columns(header: Sequence[str], layout: Layout) -> list[str]:
    columns = [cell.lower() for cell in header]
    while columns and not columns[-1]:
        columns.pop()
    missing = [name for name in layout.required if name not in columns]
    if missing:
        raise FileRefused(
            "missing_column", f"The first line lacks the column {', '.join(missing)}; it must name its columns."
        )
    unknown = [name[:40] for name in columns if name not in layout.known]
    if unknown:
        raise FileRefused(
            "unknown_column", f"No column is called {', '.join(map(repr, unknown))}: use {', '.join(layout.known)}."
        )
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        raise FileRefused("repeated_column", f"The column {', '.join(repeated)} stands twice: keep one.")
    return columns


def _csv_lines(data: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    text = _text(data)
    if "\0" in text:
        raise FileRefused("not_a_table", "The file is neither CSV nor XLSX: save it as one of these.")
    sample = text[: text.find("\n") if "\n" in text else None]
    delimiter = max(",;\t", key=sample.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, [_checked(cell, line) for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise FileRefused("malformed_csv", f"Line {line} is not CSV ({error}): check its quotes.") from None


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused("not_utf8", f"The file is in UTF-16, not UTF-8. {_SAVE_AS_UTF8}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        encoding = "GBK (GB 18030)" if _is_gbk(data) else "an unknown encoding"
        raise FileRefused("not_utf8", f"The file is in {encoding}, not UTF-8. {_SAVE_AS_UTF8}") from None


def _is_gbk(data: bytes) -> bool:
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True


#: What zipfile, zlib, the XML parser and openpyxl say to a file that is broken, encrypted or something else.
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, InvalidFileException, SyntaxError, RuntimeError),
    *(LookupError, ValueError, TypeError, AttributeError, OSError, EOFError),
)


def _xlsx_lines(data: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_archive(archive)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        values = book.worksheets[0].iter_rows(values_only=True)
        yield from _numbered(values)
    except _UNREADABLE as error:
        raise FileRefused("not_a_table", "The file is no readable XLSX: open it and save it again as XLSX.") from error


def _numbered(values: Iterable[Sequence[Any]]) -> Iterator[tuple[int, Sequence[str]]]:
    for line, cells in enumerate(values, start=1):
        yield line, [_checked(_as_text(cell), line) for cell in cells]


def _check_archive(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise FileRefused("file_too_large", "The XLSX unpacks to too much: split it.")
    merged = sorted({ref for part in parts for ref in _merged(archive, part)})
    if merged:
        named = ", ".join(merged[:10]) + (" …" if len(merged) > 10 else "")
        raise FileRefused(
            "merged_cells",
            f"The cells {named} are merged: a row must say all of itself. Unmerge them and fill each cell.",
        )


def _merged(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> list[str]:
    if not part.filename.startswith("xl/worksheets/"):
        return []
    found: list[str] = []
    with archive.open(part) as sheet:
        rest = b""
        while block := sheet.read(1 << 20):
            found += [match.decode() for match in _MERGED.findall(rest + block)]
            rest = block[-64:] if not _MERGED.search(block[-64:]) else b""
    return found


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def _checked(cell: str, line: int) -> str:
    if len(cell) > MAX_CELL:
        raise FileRefused("cell_too_long", f"Line {line} has a cell of more than {MAX_CELL} characters: shorten it.")
    return cell.strip()
