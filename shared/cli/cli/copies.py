"""Whether the services' copies of the network have caught up with grid, for commands that go on from it."""

import time
from typing import Any

import typer
from kit.db import UnitOfWork
from sqlalchemy import text

from cli import services
from cli.settings import Settings

#: The low bits of a copy's version are grid's own; those above are the epoch.
_MINE = text("""
select (select coalesce(sum(version), 0) from place) as places, (select coalesce(sum(version), 0) from post) as posts
""")
_COPY = text("""
select (select coalesce(sum(version & ((1::bigint << 40) - 1)), 0) from place_copy) as places,
    (select coalesce(sum(version & ((1::bigint << 40) - 1)), 0) from post_copy) as posts
""")
_COPIERS = ("intake", "routing", "notify")


def wait_for_copies(settings: Settings, *, patience: float = 60) -> None:
    """Wait until what grid has said is known everywhere. From outside the platform's own network it cannot be seen."""
    if not settings.get("GRID_DATABASE_URL"):
        return
    wanted = services.run_in(settings, "grid", lambda uow: _read(uow, _MINE))
    until = time.monotonic() + patience
    waiting = list(_COPIERS)
    while waiting := [s for s in waiting if services.run_in(settings, s, lambda uow: _read(uow, _COPY)) != wanted]:
        if time.monotonic() > until:
            typer.echo(f"{', '.join(waiting)} still lack some of the network: see `baiyang lag`.", err=True)
            return
        time.sleep(0.3)


def _read(uow: UnitOfWork, statement: Any) -> tuple[int, int]:
    row = uow.execute(statement).one()
    return int(row.places), int(row.posts)
