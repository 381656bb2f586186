"""Files that go out in one request: all of a file or nothing, and what is wrong with it by line."""

from pathlib import Path
from typing import Any, NoReturn

import httpx
import typer

from cli.client import said
from cli.import_.reading import encoding_of

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def text_of(file: Path) -> str:
    raw = file.read_bytes()
    encoding = encoding_of(raw) or refuse(f"{file} is neither UTF-8 nor GB 18030: save it as UTF-8.")
    return raw.decode(encoding).removeprefix("\ufeff")


def told_by_line(response: httpx.Response) -> str:
    """The platform's own words, a line each for what is wrong."""
    return said(response).replace("; ", "\n")


def send_table(client: httpx.Client, path: str, data: bytes, asked: dict[str, Any]) -> dict[str, Any]:
    """A CSV or XLSX as it is, to be read by the platform; what is wrong with it, a line each."""
    media_type = _XLSX if data.startswith(b"PK\x03\x04") else "text/csv"
    response = client.post(path, params=asked, content=data, headers={"Content-Type": media_type})
    if not response.is_success:
        _end(response)
    answer: dict[str, Any] = response.json()
    return answer


def _end(response: httpx.Response) -> NoReturn:
    typer.echo(f"{response.status_code} {said(response)}", err=True)
    if "json" in response.headers.get("content-type", ""):
        for error in response.json().get("errors", []):
            if error.get("part") == "file":
                typer.echo(f"  {error['detail']}", err=True)
    raise typer.Exit(1)


def refuse(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(1)
