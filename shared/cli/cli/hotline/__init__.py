"""``baiyang hotline``: what is handed to the city hotline goes out, and its replies come in."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import httpx
import typer

from cli import settings as cli_settings
from cli.client import client_of, expect, items_of
from cli.hotline.exchange import Exchange, FileExchange, Occupied
from cli.import_.reading import UnreadableFile

app = typer.Typer(help="Exchange with the city hotline: export, import, unknown, settle.", no_args_is_help=True)

As = Annotated[str, typer.Option("--as", help="who signs in: a dispatcher; the city's for all of it")]
Zone = Annotated[str, typer.Option(help="of the times in the file")]

#: Rows of one request.
CHUNK = 200


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="where the hotline takes it from: a CSV file", dir_okay=False)],
    as_: As,
    batch: Annotated[int | None, typer.Option(min=1, help="write this batch again, as it was")] = None,
    zone: Zone = "Asia/Shanghai",
) -> None:
    """Write what was handed to the hotline and has not gone out yet, each once; a run that died is made good."""
    with client_of(as_, cli_settings.load()) as client:
        _send(client, FileExchange(file, ZoneInfo(zone)), batch)


def _send(client: httpx.Client, exchange: Exchange, number: int | None) -> None:
    at = "/routing/v1/hotline/batches"
    batch = expect(client.get(f"{at}/{number}") if number else client.post(at)).json()
    if batch["number"] is None:
        typer.echo("Nothing waits to be handed to the hotline.")
        return
    try:
        exchange.send(batch)
    except (Occupied, OSError) as error:
        _end(str(error))
    expect(client.post(f"{at}/{batch['number']}/writings"))
    typer.echo(f"batch {batch['number']}: {len(batch['items'])} cases")
    if batch["more"]:
        typer.echo("More waits: run it again with another file.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="the hotline's replies: CSV in UTF-8 or GB 18030, or XLSX")],
    as_: As,
    zone: Zone = "Asia/Shanghai",
) -> None:
    """Record each reply on its case, once however often it comes; exit 1 if anything new could not be and was kept."""
    try:
        rows = list(FileExchange(file, ZoneInfo(zone)).replies())
    except UnreadableFile as error:
        _end(str(error), code=2)
    counts: Counter[str] = Counter()
    with client_of(as_, cli_settings.load()) as client:
        for chunk in _chunks(rows):
            taken = expect(client.post("/routing/v1/hotline/replies", json={"file": file.name[:100], "rows": chunk}))
            _count(taken.json(), counts)
    typer.echo(f"{counts['recorded']} recorded, {counts['known']} known before, {counts['kept']} kept")
    if counts["kept"]:
        typer.echo("What was kept is listed by `baiyang hotline unknown`.", err=True)
        raise typer.Exit(1)


def _count(taken: dict[str, Any], counts: Counter[str]) -> None:
    counts.update(recorded=taken["recorded"], known=taken["known"], kept=len(taken["kept"]))
    for kept in taken["kept"]:
        typer.echo(f"  line {kept['line']}, {kept['fate']}: {kept['why']}", err=True)


@app.command()
def unknown(as_: As) -> None:
    """Say which rows could not be recorded and why, oldest first; exit 1 if there is any."""
    any_ = False
    with client_of(as_, cli_settings.load()) as client:
        for row in items_of(client, "/routing/v1/hotline/unknown"):
            any_ = True
            numbers = f"{row['their_number'] or '-'} {row['case_number'] or '-'}"
            typer.echo(f"{row['reply_id']} {row['file']}:{row['line']} {numbers} {row['fate']}: {row['why']}")
    if any_:
        raise typer.Exit(1)
    typer.echo("There are none.")


@app.command()
def settle(
    row: Annotated[str, typer.Argument(help="its id, as `unknown` shows it")],
    as_: As,
    reason: Annotated[str, typer.Option(help="what was found out", prompt=True)],
) -> None:
    """It was looked into: list it no more. The row stays."""
    with client_of(as_, cli_settings.load()) as client:
        expect(client.post(f"/routing/v1/hotline/unknown/{row}/settlements", json={"words": reason}))
    typer.echo("It is settled.")


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    left = iter(rows)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def _end(why: str, *, code: int = 1) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(code)
