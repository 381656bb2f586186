"""``baiyang rules``: a document is drafted by one operator, looked at, and put into force by another."""

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from httpx import Client

from cli import settings
from cli.client import client_of, expect, items_of
from cli.rule_files import BadForm, read, write
from cli.small_files import refuse, text_of, told_by_line

app = typer.Typer(
    help="Who handles what and by when: export, draft, list, show, check, activate.", no_args_is_help=True
)

Version = Annotated[int, typer.Argument(min=1, help="of the rules")]
As = Annotated[str, typer.Option("--as", help="who signs in: an operator")]

AT = "/routing/v1/rule-sets"


@app.command()
def export(
    version: Annotated[int | None, typer.Argument(min=1, help="of the rules; left out: the one in force")] = None,
    *,
    place: Annotated[str | None, typer.Option(help="the code of the place; left out: the city's")] = None,
    as_: As = "operator",
) -> None:
    """A version as a document, to be changed and drafted again."""
    with client_of(as_, settings.load()) as client:
        found = version or _in_force(client, place)
        typer.echo(write(expect(client.get(f"{AT}/{found}")).json()), nl=False)


@app.command()
def draft(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="YAML or JSON, as `export` writes it")],
    as_: As = "operator",
) -> None:
    """Draft a version, and show what it changes; it holds for nothing until it is activated."""
    try:
        body = read(text_of(file))
    except (yaml.MarkedYAMLError, BadForm) as error:
        refuse(f"{file} {_where(error)}")
    with client_of(as_, settings.load()) as client:
        response = client.post(AT, json=body)
        if not response.is_success:
            refuse(told_by_line(response))
        _show(response.json())


@app.command("list")
def list_(as_: As = "operator") -> None:
    """The versions, the newest first."""
    newer: dict[str | None, dict[str, Any]] = {}
    with client_of(as_, settings.load()) as client:
        for item in items_of(client, AT, limit="200"):
            held = _held(item, newer.get(item["place"]))
            typer.echo(f"version {item['version']}: {item['place'] or 'the city'}, {held}; {item['note']}")
            if item["effective_from"]:
                newer[item["place"]] = item


@app.command()
def show(version: Version, as_: As = "operator") -> None:
    """What a version changes: in words, and while it is a draft, over last month's cases."""
    with client_of(as_, settings.load()) as client:
        _show(expect(client.get(f"{AT}/{version}")).json())


@app.command()
def check(version: Version, as_: As = "operator") -> None:
    """Where it would find nobody: the rules whose handler a community has not got. Exits 1 if there are any."""
    with client_of(as_, settings.load()) as client:
        gaps = [
            (each["name"], gap)
            for each in items_of(client, f"{AT}/{version}/gaps", limit="200")
            for gap in each["gaps"]
        ]
    for name, gap in gaps:
        at = f"line {gap['line']}, " if gap["line"] else ""
        matter = gap["category"] or f"{gap['kind']}, {gap['remit']}"
        typer.echo(f"{name}: {at}{matter}: no {gap['handler']}; {gap['instead'] or 'nobody'} takes it")
    typer.echo(f"{len(gaps)} gaps.")
    if gaps:
        raise typer.Exit(1)


@app.command()
def activate(version: Version, as_: As) -> None:
    """Put a draft into force, as somebody else than who drafted it; what has begun keeps its rules."""
    with client_of(as_, settings.load()) as client:
        done = expect(client.post(f"{AT}/{version}/activations")).json()
    typer.echo(f"version {version} holds from {done['effective_from']}, for what begins from then on.")


def _held(item: dict[str, Any], newer: dict[str, Any] | None) -> str:
    """Of several of one place, the older gives way when the newer begins."""
    if not item["effective_from"]:
        return "draft"
    until = f", replaced by version {newer['version']} from {newer['effective_from']}" if newer else ""
    return f"in force from {item['effective_from']}{until}"


def _in_force(client: Client, place: str | None) -> int:
    of_place = (item for item in items_of(client, AT, limit="200") if item["place"] == place and item["effective_from"])
    found = next(of_place, None)
    return int(found["version"]) if found else refuse(f"No rules of {place or 'the city'} have been put into force.")


def _where(error: yaml.MarkedYAMLError | BadForm) -> str:
    if isinstance(error, yaml.MarkedYAMLError):
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return f"line {line}: {error.problem or 'this is neither YAML nor JSON'}"
    return str(error)


def _show(seen: dict[str, Any]) -> None:
    since = f"in force from {seen['effective_from']}" if seen["effective_from"] else "draft"
    typer.echo(f"version {seen['version']}: {seen['place'] or 'the city'}, {since}")
    for change in seen["changes"]:
        typer.echo(f"  {change['text']['zh']}\n    {change['text']['en']}")
    numbers = seen["numbers"]
    if numbers is not None:
        typer.echo(
            f"of {seen['looked_at']} cases of last month, {numbers['cases']} fall under what changes: "
            f"{numbers['earlier']} promised sooner, {numbers['later']} later, {numbers['newly_late']} answered in time "
            f"would be late, {numbers['newly_kept']} late ones in time, {numbers['other_handler']} with another handler"
        )
