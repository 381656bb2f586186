"""``baiyang calendars``: a year's notice, or opening hours, are imported by one operator, looked at, and put into force
by another.
"""

import csv
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import settings
from cli.client import client_of, expect, items_of
from cli.small_files import refuse, text_of, told_by_line

app = typer.Typer(help="The working-day calendar: import, list, show, activate.", no_args_is_help=True)

#: The columns of the file; the last may be left out where no line is a make-up day.
COLUMNS = ("date", "kind", "note", "stands_for")
#: And of a file of hours; those behind the third may be left out where no line needs them.
HOURS_COLUMNS = ("place", "kind", "day", "weekday", "opens", "closes", "note")
NEEDED = 3

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

Version = Annotated[int, typer.Argument(min=1, help="of the calendar")]
As = Annotated[str, typer.Option("--as", help="who signs in: an operator")]

AT = "/routing/v1/calendars"


class Status(StrEnum):
    FORECAST = "forecast"
    OFFICIAL = "official"


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="CSV with the columns date, kind (off, work), note, stands_for"
        ),
    ],
    *,
    year: Annotated[int, typer.Option(help="whose days these are, all of them")],
    status: Annotated[Status, typer.Option(help="official once the notice is out")],
    own: Annotated[bool, typer.Option("--own", help="the city's own days instead of the nation's")] = False,
    note: Annotated[str, typer.Option(help="where they come from, as the notice's number")] = "",
    as_: As = "operator",
) -> None:
    """Draft a version with a year's days, and show what it changes; it counts for nothing until it is activated."""
    body = {"year": year, "status": status.value, "own": own, "note": note, "rows": list(_rows(file, COLUMNS))}
    _draft(AT, body, as_)


@app.command("hours")
def hours(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="CSV with the columns place (its code), kind (hours, closed, open), day, weekday, opens, closes, note",
        ),
    ],
    *,
    note: Annotated[str, typer.Option(help="where they come from")] = "",
    as_: As = "operator",
) -> None:
    """Draft a version with opening hours and closures of stations, and show what it changes."""
    rows = list(_rows(file, HOURS_COLUMNS))
    if not rows:
        refuse(f"{file} has no line below its heading: nothing was changed.")
    _draft(f"{AT}/hours", {"note": note, "rows": rows}, as_)


def _draft(path: str, body: dict[str, Any], as_: str) -> None:
    with client_of(as_, settings.load()) as client:
        response = client.post(path, json=body)
        if not response.is_success:
            refuse(told_by_line(response))
        _show(client, response.json())


@app.command("list")
def list_(as_: As = "operator") -> None:
    """The versions, the newest first, with the years whose notice was not out."""
    with client_of(as_, settings.load()) as client:
        for item in items_of(client, AT):
            forecast = [year for year, status in item["years"].items() if status == Status.FORECAST]
            since = f"in force since {item['effective_from']}" if item["effective_from"] else "draft"
            typer.echo(f"version {item['calendar_version']}: {since}; forecast: {', '.join(forecast) or 'none'}")


@app.command()
def show(version: Version, as_: As = "operator") -> None:
    """What a version changes: its days, and while it is a draft, the deadlines that would move."""
    with client_of(as_, settings.load()) as client:
        _show(client, expect(client.get(f"{AT}/{version}")).json())


@app.command()
def activate(version: Version, as_: As) -> None:
    """Put a draft into force, as somebody else than who imported it; deadlines are moved from then on."""
    with client_of(as_, settings.load()) as client:
        expect(client.post(f"{AT}/{version}/activations"))
    typer.echo(f"version {version} is in force: what it moves is moved now, and whom it concerns is told.")


def _rows(file: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    reader = csv.DictReader(text_of(file).splitlines())
    if missing := [column for column in columns[:NEEDED] if column not in (reader.fieldnames or ())]:
        refuse(f"{file} line 1: the column {missing[0]} is missing; it needs {', '.join(columns)}.")
    for row in reader:
        said = {column: (row.get(column) or "").strip() for column in columns}
        if any(said.values()):
            yield {"line": reader.line_num, **said}


def _show(client: Any, changes: dict[str, Any]) -> None:
    version = changes["calendar_version"]
    brings = f"{changes['year']}: {changes['working_days']} working days" if changes["year"] else "opening hours"
    typer.echo(f"version {version}, {brings}")
    for day in changes["days"]:
        typer.echo(f"  {day['date']}  {_said(day['before'])} -> {_said(day['after'])}")
    for station in changes["stations"]:
        typer.echo(f"  {station['place']}, others from {station['since']} on")
        _show_rows("-", station["before"], but=station["after"])
        _show_rows("+", station["after"], but=station["before"])
    if changes["earlier"] is None:
        return
    typer.echo(f"it would move {changes['later']} deadlines to later, {changes['earlier']} to earlier")
    if not changes["later"] + changes["earlier"]:
        return
    typer.echo("the first of them:")
    for move in expect(client.get(f"{AT}/{version}/moves", params={"limit": 10})).json()["items"]:
        typer.echo(f"  {move['case_number']}  {move['kind']}  {move['due_at']} -> {move['would_be_due_at']}")


def _show_rows(sign: str, rows: list[dict[str, Any]], *, but: list[dict[str, Any]]) -> None:
    for row in rows:
        if row not in but:
            typer.echo(f"    {sign} {_said_of_hours(row)}".rstrip())


def _said_of_hours(row: dict[str, Any]) -> str:
    if "date" in row:
        hour = f"from {row['closes']} on" if row["closes"] else "all day"
        return f"{row['date']} closed {hour} {row['note']}"
    if "weekday" not in row:
        return f"from {row['since']}: never open"
    return f"from {row['since']}: {WEEKDAYS[row['weekday']]} {row['opens']}-{row['closes']}"


def _said(day: dict[str, Any] | None) -> str:
    if day is None:
        return "as its weekday"
    return f"{'work' if day['working'] else 'off'} {day['note']}".strip()
