"""``baiyang demo``: the demonstration city, and a dozen appeals in it that have lived a little."""

import subprocess
import sys
from typing import Annotated

import typer

from cli import settings as cli_settings
from cli.copies import wait_for_copies
from cli.demo.cases import live
from cli.settings import Settings

__all__ = ["demo"]


def demo(
    communities: Annotated[int, typer.Option(min=1, max=2_000, help="Baiyang and the rural one are the first two")] = 2,
    seed: Annotated[int, typer.Option(help="another seed, other people")] = 1,
    appeals: Annotated[
        bool, typer.Option("--appeals/--no-appeals", help="file a dozen appeals and settle some")
    ] = True,
) -> None:
    """Make the demonstration city. Twice is as once."""
    settings = cli_settings.load()
    _make_city(settings, communities, seed)
    wait_for_copies(settings)
    if appeals:
        live(settings)


def _make_city(settings: Settings, communities: int, seed: int) -> None:
    """By a command of grid beside its database: who lives where goes through no API."""
    asked = ["demonstration", "--communities", str(communities), "--seed", str(seed)]
    code = subprocess.run([sys.executable, "-m", "grid", *asked], env=dict(settings.values), check=False).returncode
    if code != 0:
        raise typer.Exit(code)
