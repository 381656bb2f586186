"""``baiyang import-places FILE``: the tree of places from a spreadsheet, and people for its posts."""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from openpyxl import load_workbook

from cli import settings as cli_settings
from cli.client import client_of
from cli.copies import wait_for_copies
from cli.small_files import send_table
from cli.staff import Place, staff_of

#: A city's file takes longer than a request.
_TIMEOUT = httpx.Timeout(600, connect=5)


def import_places(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV in UTF-8 or XLSX: code, name, tier, parent")
    ],
    staff: Annotated[str, typer.Option(help="demo: fill the posts of these places with invented people")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would change, and change nothing")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="take the good rows though others are bad")] = False,
    name: Annotated[str, typer.Option("--as", help="who signs in")] = "operator",
) -> None:
    """Take the places of FILE: all of them or none, or with --partial the good ones. Twice is as once."""
    if staff not in ("", "demo"):
        raise typer.BadParameter("demo is all there is", param_hint="--staff")
    settings = cli_settings.load()
    asked = {"dry_run": dry_run, "partial": partial}
    data = file.read_bytes()
    with client_of(name, settings) as client:
        client.timeout = _TIMEOUT
        report = _send(client, "places", data, asked)
        if staff and not dry_run:
            _fill_posts(client, data, report)
    if not dry_run:
        wait_for_copies(settings)
    if report["refused"]:
        raise typer.Exit(1)


def _fill_posts(client: httpx.Client, data: bytes, report: dict[str, Any]) -> None:
    refused = {problem["line"] for problem in report["problems"]}
    files = staff_of([place for line, place in _places(data) if line not in refused])
    for kind, content in (("offices", files.offices), ("posts", files.posts), ("holders", files.holders)):
        if content.count("\n") > 1:
            _send(client, kind, content.encode(), {})


def _send(client: httpx.Client, kind: str, data: bytes, asked: dict[str, bool]) -> dict[str, Any]:
    report = send_table(client, f"/grid/v1/imports/{kind}", data, asked)
    counts = ", ".join(f"{report[word]} {word}" for word in ("created", "changed", "unchanged", "refused"))
    typer.echo(f"{kind}: {counts}{' (dry run: nothing was changed)' if report['dry_run'] else ''}")
    for problem in report["problems"]:
        typer.echo(f"  line {problem['line']}, {problem['column']}: {problem['reason']}", err=True)
    return report


def _places(data: bytes) -> Iterator[tuple[int, Place]]:
    """The rows as grid took them, by line."""
    lines = _xlsx_lines(data) if data.startswith(b"PK\x03\x04") else _csv_lines(data)
    header: Sequence[str] = ()
    for line, cells in lines:
        if not any(cells):
            continue
        if not header:
            header = [cell.lower() for cell in cells]
            continue
        row = dict(zip(header, cells, strict=False))
        yield line, Place(row.get("code", ""), row.get("name", ""), row.get("tier", ""))


def _csv_lines(data: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    text = data.decode("utf-8-sig")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=text.partition("\n")[0].count))
    line = 1
    for cells in reader:
        yield line, [cell.strip() for cell in cells]
        line = reader.line_num + 1


def _xlsx_lines(data: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise typer.BadParameter("the XLSX cannot be read") from error
    for line, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
        yield line, ["" if cell is None else str(cell).strip() for cell in cells]
