"""``baiyang figures``: the rates of a place; counted again from the histories; a month frozen, and verified."""

import os
import subprocess
import sys
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table

from cli import settings
from cli.client import client_of, expect

#: Where what an id stands for is called something.
_NAMED = {"place": ("places", "name"), "office": ("offices", "name"), "post": ("posts", "title")}

app = typer.Typer(no_args_is_help=True, help="How the city does: rates and counts, and where they come from.")


@app.command()
def show(
    name: Annotated[str, typer.Option("--as", help="Who asks: they see their own places and those below.")],
    place: Annotated[str | None, typer.Option(help="The id of a place.")] = None,
    since: Annotated[str | None, typer.Option(help="The first day, as 2026-11-01.")] = None,
    until: Annotated[str | None, typer.Option(help="The last day.")] = None,
    by: Annotated[str | None, typer.Option(help="place, category, channel, office, post, month or day.")] = None,
) -> None:
    """The rates, with what each is a share of and how much was taken out of it; what is overdue stands beside."""
    asked = {"place": place, "since": since, "until": until, "by": by, "limit": 200}
    with client_of(name, settings.load()) as client:
        params = {key: value for key, value in asked.items() if value is not None}
        found = expect(client.get("/routing/v1/figures", params=params)).json()
        for line in found["items"]:
            title = f"{_heading(client, by, line['key'])}, {found['since']} to {found['until']}"
            Console().print(_table(line, title))
    if found["next"]:
        typer.echo("There are more lines: ask for a narrower place or period.", err=True)


def _heading(client: httpx.Client, by: str | None, key: str | None) -> str:
    """What a line is of. What has an id goes by its name, and by the code that tells it from others of that name."""
    if by is None:
        return "All together"
    if not key or by not in _NAMED:
        return key or f"Of no {by}"
    path, called = _NAMED[by]
    answer = client.get(f"/grid/v1/{path}/{key}")
    return f"{answer.json()[called]} ({answer.json()['code']})" if answer.is_success else key


def _table(line: dict[str, Any], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("rate", "share", "of", "taken out"):
        table.add_column(heading, justify="left" if heading == "rate" else "right")
    for rate, part in line["rates"].items():
        share = "–" if part["share"] is None else f"{part['share']:.1%}"
        excluded = "" if part["excluded"] is None else str(part["excluded"])
        table.add_row(rate, share, f"{part['part']} / {part['whole']}", excluded)
    for figure in ("overdue", "unrated", "plans_open"):
        table.add_row(figure, "", str(line["figures"][figure]), "")
    return table


@app.command()
def compare(
    since: Annotated[str | None, typer.Option(help="The first month to compare, as 2026-10; else all.")] = None,
) -> None:
    """Count again from the histories, and name each figure that differs; then exit 1."""
    _run("compare", *(["--since", since] if since else []))


@app.command()
def rebuild() -> None:
    """Count what was begun before figures were kept, and put right what differs from the histories."""
    _run("rebuild")


@app.command()
def freeze(
    month: Annotated[str, typer.Argument(help="One that is over, as 2026-10.")],
    name: Annotated[str, typer.Option("--as", help="Who freezes it: it stands in what is signed.")],
) -> None:
    """Freeze the figures of a month: signed, and sealed to the month that was frozen before."""
    _run("freeze", month, "--by", name)


@app.command()
def verify() -> None:
    """Frozen months are as they were signed, and come out of the histories again with what was corrected since."""
    _run("verify")


def _run(*arguments: str) -> None:
    """Routing's own command, beside its database."""
    settings.load().export()
    done = subprocess.run([sys.executable, "-m", "routing", "figures", *arguments], env=os.environ, check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)
