"""``baiyang simulate``: a city's year in an hour, and what must hold at its end."""

import subprocess
import sys
from datetime import date, datetime
from typing import Annotated

import typer

_START = date(2026, 1, 1)


def simulate(
    communities: Annotated[int, typer.Option(min=1, max=1_000, help="how many the city has")] = 50,
    days: Annotated[int, typer.Option(min=5, max=366, help="how long it goes on")] = 365,
    appeals: Annotated[int, typer.Option(min=1, max=10_000, help="the fewest that come in on a day")] = 100,
    seed: Annotated[int, typer.Option(help="another seed, other people and other luck")] = 7,
    start: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="its first day", show_default=f"{_START}"),
    ] = datetime(_START.year, _START.month, _START.day),  # noqa: DTZ001  # a day of the city's, without a zone
) -> None:
    """Live through a year by the services' own use cases, on PostgreSQL of its own and a clock that is driven.

    People are slow, away, wrong and gone; for three days nothing works; a rule is tightened in June, by a district and
    a community besides, the calendar revised in October. A line a week; at the end the figures and what must hold.
    Exits 1 where something does not, and names it. Needs no running platform, and touches none.
    """
    asked = {
        "--communities": communities,
        "--days": days,
        "--appeals": appeals,
        "--seed": seed,
        "--start": start.date().isoformat(),
    }
    words = [str(word) for pair in asked.items() for word in pair]
    raise typer.Exit(subprocess.run([sys.executable, "-m", "simulation", *words], check=False).returncode)
