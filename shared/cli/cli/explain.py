"""``baiyang explain CASE``: why each of its deadlines falls due when it does, in sentences to be read aloud."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import typer

from cli import settings
from cli.client import client_of, expect, items_of


class Tongue(StrEnum):
    CHINESE = "zh"
    ENGLISH = "en"


def explain(
    case: Annotated[str, typer.Argument(help="Its number however it is typed, or its id.")],
    name: Annotated[str, typer.Option("--as", help="Who asks: whoever may read the case.")],
    language: Annotated[Tongue | None, typer.Option(help="One language alone.")] = None,
) -> None:
    """Count each deadline of a case again, day by day; exit 1 if any does not agree with what is stored."""
    path = f"/routing/v1/cases/{quote(case, safe='')}/deadlines"
    doubtful = 0
    with client_of(name, settings.load()) as client:
        for deadline in sorted(items_of(client, path), key=_place):
            explained = expect(client.get(f"{path}/{deadline['deadline_id']}/explanation")).json()
            doubtful += not explained["agrees"]
            _say(explained, [language] if language else list(Tongue))
    if doubtful:
        typer.echo(f"{doubtful} of its deadlines do not agree with what is stored: see docs/clocks.md.", err=True)
        raise typer.Exit(1)


def _place(deadline: dict[str, Any]) -> int:
    """What runs is explained first, then what is settled, and last that in whose place another stands."""
    return {"open": 0, "replaced": 2}.get(deadline["state"], 1)


def _say(explained: dict[str, Any], languages: list[Tongue]) -> None:
    deadline = explained["deadline"]
    due = datetime.fromisoformat(deadline["due_at"]).astimezone(ZoneInfo(deadline["zone"]))
    typer.echo(f"{deadline['kind']} ({deadline['state']}), due {due:%Y-%m-%d %H:%M}")
    for language in languages:
        for sentence in explained["sentences"][language]:
            typer.echo(f"  {sentence}")
