"""``baiyang backup``: take one while the city goes on, look whether it is whole, restore it into an empty place."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from cli import settings as cli_settings
from cli.backup import manifest, places, restoring, taking
from cli.backup.refusal import Refusal
from cli.settings import Settings

app = typer.Typer(help="Back the city up, and restore it.", no_args_is_help=True)

Place = Annotated[str, typer.Argument(help="a folder, or s3://bucket/prefix")]


@app.command()
def take(to: Place) -> None:
    """Back up the four databases to TO, which must be empty, while the city goes on."""
    settings = _settings()

    def work() -> None:
        with places.to_fill(to) as folder:
            taken = asyncio.run(taking.take(settings, folder, typer.echo))
        size = sum(part.bytes for part in taken.services.values()) / 1e6
        seconds = (taken.finished_at - taken.taken_at).total_seconds()
        typer.echo(f"{to} holds the city as of {taken.taken_at.isoformat()}: {size:.1f} MB in {seconds:.1f} s.")

    _refusing(work)


@app.command()
def check(place: Place) -> None:
    """Say whether a backup is whole, and whether the keys that it needs are in the rings that are set here."""
    settings = _settings()

    def work() -> None:
        with places.to_read(place) as folder:
            found = manifest.read(folder)
        manifest.insist_on_keys(found, settings)
        for key in found.keys:
            typer.echo(f"{key.setting} has {key.id}, fingerprint {key.fingerprint}")
        rows = sum(sum(part.rows.values()) for part in found.services.values())
        typer.echo(f"Whole, as of {found.taken_at.isoformat()}: {rows} rows; every key is here.")

    _refusing(work)


@app.command()
def restore(
    place: Place,
    forgotten: Annotated[
        Path | None, typer.Option(help="where to list what was published after it (BAIYANG_HOME/forgotten.csv)")
    ] = None,
) -> None:
    """Restore the four databases from a backup into empty ones, before any process of the city runs."""
    settings = _settings()

    def work() -> None:
        with places.to_read(place) as folder:
            file = forgotten or settings.home / "forgotten.csv"
            asyncio.run(restoring.restore(settings, folder, file, typer.echo))

    _refusing(work)


def _settings() -> Settings:
    """Set for the libraries too, which find passwords and the bucket by variables of their own."""
    settings = cli_settings.load()
    settings.export()
    return settings


def _refusing(work: Callable[[], None]) -> None:
    """What it makes is its owner's alone; what is refused is one line, and exit 1."""
    os.umask(0o077)
    try:
        work()
    except (Refusal, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
