"""``baiyang rosters``: who is on duty at a place while its station is closed, and when nobody will be."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import settings
from cli.client import client_of, expect, items_of
from cli.small_files import send_table

app = typer.Typer(help="Duty rosters: import, show, and the gaps ahead.", no_args_is_help=True)

PlaceCode = Annotated[str, typer.Argument(help="the place's code")]
As = Annotated[str, typer.Option("--as", help="who signs in: a supervisor or dispatcher of the place, or an operator")]


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV in UTF-8 or XLSX: post, subject, since, until")
    ],
    *,
    place: Annotated[str, typer.Option(help="the place's code: all its turns are in the file")],
    note: Annotated[str, typer.Option(help="where it comes from")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be, and change nothing")] = False,
    as_: As = "operator",
) -> None:
    """Take a place's roster, whole, in the place of the one before; all of the file or nothing."""
    asked = {"place": place, "note": note, "dry_run": dry_run}
    with client_of(as_, settings.load()) as client:
        _show(send_table(client, "/grid/v1/imports/rosters", file.read_bytes(), asked))


@app.command()
def show(place: PlaceCode, as_: As = "operator") -> None:
    """The roster that counts, with the gaps between its turns."""
    with client_of(as_, settings.load()) as client:
        _show(expect(client.get(f"/grid/v1/rosters/{place}")).json())


@app.command()
def ahead(as_: As = "operator") -> None:
    """Of the next two weeks, when nobody is on duty though the station is closed, holidays among them."""
    with client_of(as_, settings.load()) as client:
        for post in items_of(client, "/routing/v1/rosters"):
            for gap in post["gaps"]:
                typer.echo(f"{post['code']}  no roster from {gap['since']} to {gap['until']}")
            for subject in post["left"]:
                typer.echo(f"{post['code']}  {subject} holds no post when their turn comes: name somebody else")


def _show(roster: dict[str, Any]) -> None:
    kept = "" if roster["kept"] else " (dry run: nothing was changed)"
    typer.echo(f"{roster['place']}, version {roster['version']}: {len(roster['turns'])} turns{kept}")
    for turn in roster["turns"]:
        typer.echo(f"  {turn['post']}  {turn['since']} to {turn['until']}  {turn['subject']}")
    for gap in roster["gaps"]:
        typer.echo(f"  line {gap['line']}, {gap['post']}: no roster from {gap['since']} to {gap['until']}", err=True)
