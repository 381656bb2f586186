"""From one commit to the next: when PostgreSQL committed an event, and when each consumer's taking of it.

By ``track_commit_timestamp``, one server and so one clock: no process's own idea of when it was done.
"""

from collections import defaultdict
from datetime import UTC, datetime
from uuid import UUID

from tests.system.city import SERVICES, City

#: The newest of each service, at most.
MOST = 40_000

_SAID = """
select event_id, topic, pg_xact_commit_timestamp(xmin) from event_log
where recorded_at >= %s and recorded_at < %s order by id desc limit %s
"""
_TAKEN = "select event_id, consumer, pg_xact_commit_timestamp(xmin) from inbox where event_id = any(%s)"


def commit_to_commit(city: City, since: float, until: float) -> dict[tuple[str, str], list[float]]:
    """Seconds by (consumer, topic), for the events of that time (Unix); snapshots leave no trace of each."""
    said = _said(city, datetime.fromtimestamp(since, UTC), datetime.fromtimestamp(until, UTC))
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for service in SERVICES:
        with city.connect(service, "postgres") as connection:
            for event_id, consumer, taken in connection.execute(_TAKEN, [list(said)]).fetchall():
                topic, committed = said[event_id]
                found[consumer, topic].append((taken - committed).total_seconds())
    return dict(found)


def _said(city: City, since: datetime, until: datetime) -> dict[UUID, tuple[str, datetime]]:
    said: dict[UUID, tuple[str, datetime]] = {}
    for service in SERVICES:
        with city.connect(service, "postgres") as connection:
            rows = connection.execute(_SAID, [since, until, MOST]).fetchall()
        said |= {event_id: (topic, committed) for event_id, topic, committed in rows}
    return said
