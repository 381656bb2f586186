"""``baiyang import-categories FILE``: load the city's classification, its branches bound to kinds of matter."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import settings
from cli.client import client_of
from cli.small_files import refuse, text_of, told_by_line

#: The columns of the bindings file: a branch by its names joined by /, and what it is bound to; one more, which may be
#: left out, says whether it is sealed.
BINDING_COLUMNS = ("branch", "kind", "remit")
SEALED = {"": False, "false": False, "true": True}


def import_categories(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV: a column a level, first level first.")
    ],
    bindings: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="CSV with the columns branch, kind, remit, and maybe sealed; branch as 甲/乙.",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Retire every category that the file does not name.")
    ] = False,
    name: Annotated[str, typer.Option("--as", help="Who imports; the operator.")] = "operator",
) -> None:
    """Load a classification: all of it, or nothing and the lines that are wrong."""
    body = {
        "rows": list(_rows(file)),
        "bindings": dict(_bindings(bindings)) if bindings else {},
        "replaces": replace,
    }
    if not body["rows"]:
        refuse(f"{file} has no line below its heading: nothing was changed.")
    with client_of(name, settings.load()) as client:
        response = client.put("/routing/v1/categories", json=body)
    if not response.is_success:
        refuse(told_by_line(response))
    counts = response.json()
    typer.echo(", ".join(f"{counts[key]} {key}" for key in ("added", "changed", "retired", "unchanged")))


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    reader = csv.reader(text_of(file).splitlines())
    next(reader, None)
    for names in reader:
        if any(name.strip() for name in names):
            yield {"line": reader.line_num, "names": [name.strip() for name in names]}


def _bindings(file: Path) -> Iterator[tuple[str, dict[str, str | bool]]]:
    reader = csv.DictReader(text_of(file).splitlines())
    if missing := [column for column in BINDING_COLUMNS if column not in (reader.fieldnames or ())]:
        refuse(f"{file} line 1: the column {missing[0]} is missing; it needs {', '.join(BINDING_COLUMNS)}.")
    for row in reader:
        if empty := [column for column in BINDING_COLUMNS if not (row[column] or "").strip()]:
            refuse(f"{file} line {reader.line_num}: {empty[0]} is empty.")
        sealed = (row.get("sealed") or "").strip().lower()
        if sealed not in SEALED:
            refuse(f"{file} line {reader.line_num}: sealed is true, false or left out.")
        bound: dict[str, str | bool] = {"kind": row["kind"].strip(), "remit": row["remit"].strip()}
        yield row["branch"].strip(), bound | ({"sealed": True} if SEALED[sealed] else {})
