"""``baiyang outbox``: what has not been sent, and what Kafka refuses."""

from typing import Any

import typer
from kit.db import UnitOfWork
from sqlalchemy import text

from cli import services
from cli import settings as cli_settings

_WAITING = text("""
select l.topic, count(*) as events, min(l.recorded_at) as oldest
from event_pending p join event_log l on l.recorded_at = p.recorded_at and l.id = p.id
group by l.topic order by l.topic
""")

_REFUSED = text("""
select l.event_id, l.type, l.key, p.refused, p.attempts, p.next_at, coalesce(octet_length(l.body), 0) as size
from event_pending p join event_log l on l.recorded_at = p.recorded_at and l.id = p.id
where p.refused is not null order by p.id
""")


def outbox() -> None:
    """Say what waits to be sent, service by service; exit 1 if Kafka refuses an event as it is."""
    settings, refused = cli_settings.load(), False
    for service in services.SERVICES:
        waiting, bad = services.run_in(settings, service, _read)
        total = sum(row.events for row in waiting)
        typer.echo(f"{service}: {total} wait")
        for row in waiting:
            typer.echo(f"  {row.topic}: {row.events}, the oldest since {row.oldest.isoformat(timespec='seconds')}")
        for row in bad:
            refused = True
            typer.echo(
                f"  refused ({row.refused}, {row.attempts} times, {row.size} bytes): {row.type} {row.event_id}; "
                f"key {row.key} rests with it until {row.next_at.isoformat(timespec='seconds')}"
            )
    if refused:
        raise typer.Exit(1)


def _read(uow: UnitOfWork) -> tuple[list[Any], list[Any]]:
    return list(uow.execute(_WAITING)), list(uow.execute(_REFUSED))
