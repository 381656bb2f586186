"""Small files that go out in one request: all of a file or nothing, and what is wrong with it by line."""

from pathlib import Path
from typing import NoReturn

import httpx
import typer

from cli.client import said
from cli.import_.reading import encoding_of


def text_of(file: Path) -> str:
    raw = file.read_bytes()
    encoding = encoding_of(raw) or refuse(f"{file} is neither UTF-8 nor GB 18030: save it as UTF-8.")
    return raw.decode(encoding).removeprefix("\ufeff")


def told_by_line(response: httpx.Response) -> str:
    """The platform's own words, a line each for what is wrong."""
    return said(response).replace("; ", "\n")


def refuse(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(1)
