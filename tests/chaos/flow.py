"""What is still on its way through the city: told by the services' own tables, edge by edge."""

from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

import psycopg

from tests.chaos.fault import ChaosCity
from tests.system.city import SERVICES, City

#: What intake lets pass: a resident is shown nothing of it.
_OF_LIMITS = (
    "routing.case.deadline_approaching.v1",
    "routing.case.deadline_breached.v1",
    "routing.case.supervision_climbed.v1",
    "routing.case.contact_deadline_approaching.v1",
    "routing.case.contact_deadline_breached.v1",
    "routing.case.contact_deadline_moved.v1",
)

_PENDING: LiteralString = "select count(*), count(refused) from event_pending"
_UNSENT: LiteralString = "select count(*) from message where state in ('queued', 'sending')"
_UNTOLD: LiteralString = "select count(*) from telling where finished_at is null"
_OVERDUE: LiteralString = """
select (select count(*) from deadline where state = 'open' and least(due_at, warn_at) < %(now)s)
    + (select count(*) from supervision where settled_at is null and lapsed_at is null and due_at < %(now)s)
"""
_FALLS_DUE: LiteralString = """
select count(*) from deadline where state = 'open' and due_at < %s
"""
_SAID: LiteralString = "select event_id from event_log where topic = %s and type <> all(%s)"
_TAKEN: LiteralString = "select event_id from inbox where consumer = %s"
_SNAPSHOTS: LiteralString = "select key, version from event_snapshot where topic = %s"
_PARKED: LiteralString = "select count(*) from parked"


@dataclass(frozen=True)
class Edge:
    """Who takes what of whom; ``passes``: types that the consumer lets pass."""

    producer: str
    topic: str
    consumer: str
    passes: tuple[str, ...] = ()


EDGES = (
    Edge("intake", "intake.appeal.v1", "routing"),
    Edge("routing", "routing.case.v1", "notify"),
    Edge("routing", "routing.case.v1", "intake", passes=_OF_LIMITS),
    Edge("notify", "notify.message.v1", "routing"),
)


#: By who keeps it and the topic of what it is a copy of.
COPIES: dict[tuple[str, str], LiteralString] = {
    **{
        (s, "grid.place.v1"): "select place_id as key, version from place_copy" for s in ("intake", "routing", "notify")
    },
    **{(s, "grid.post.v1"): "select post_id as key, version from post_copy" for s in ("intake", "routing", "notify")},
    ("notify", "grid.contact.v1"): "select contact_id as key, version from contact where topic = 'grid.contact.v1'",
    ("notify", "intake.contact.v1"): "select contact_id as key, version from contact where topic = 'intake.contact.v1'",
    ("intake", "routing.category.v1"): "select code as key, version from category_copy",
}


def left(city: ChaosCity) -> list[str]:
    """What has not arrived yet, in words; a service whose database does not answer is on its way too."""
    try:
        return [*_unsent(city), *_untaken(city), *_uncopied(city)]
    except psycopg.OperationalError as error:
        return [f"a database is away: {type(error).__name__}"]


def falls_due(city: ChaosCity, *, within: float) -> int:
    """How many deadlines will have been missed in so many seconds."""
    with auditor(city, "routing") as connection:
        (count,) = connection.execute(_FALLS_DUE, [city.now + timedelta(seconds=within)]).fetchone() or (0,)
    return int(count)


def _unsent(city: ChaosCity) -> list[str]:
    found = []
    for service in SERVICES:
        with auditor(city, service) as connection:
            pending, refused = connection.execute(_PENDING).fetchone() or (0, 0)
            (parked,) = connection.execute(_PARKED).fetchone() or (0,)
        found += [f"{pending} pending in {service}, {refused} of them refused"] if pending else []
        found += [f"{parked} parked in {service}"] if parked else []
    waiting = (
        *(("notify", _UNSENT, "messages to send"), ("notify", _UNTOLD, "incidents to tell")),
        ("routing", _OVERDUE, "promises to miss"),
    )
    for service, query, what in waiting:
        with auditor(city, service) as connection:
            (count,) = connection.execute(query, {"now": city.now}).fetchone() or (0,)
        found += [f"{count} {what}"] if count else []
    return found


def _untaken(city: ChaosCity) -> list[str]:
    counts = {edge: len(untaken(city, edge)) for edge in EDGES}
    return [f"{count} of {edge.topic} for {edge.consumer}" for edge, count in counts.items() if count]


def _uncopied(city: ChaosCity) -> list[str]:
    """Whose consumer was killed last waits for its dead session to expire, and its copies with it."""
    found = []
    for service, topic in COPIES:
        with auditor(city, topic.partition(".")[0]) as owner:
            said = {(row[0], row[1]) for row in owner.execute(_SNAPSHOTS, [topic])}
        if behind := said - copied(city, service, topic).items():
            found.append(f"{len(behind)} of {topic} for the copy of {service}")
    return found


def copied(city: ChaosCity, service: str, topic: str) -> dict[str, int]:
    """By key, the version that the service's copy has."""
    with auditor(city, service) as keeper:
        return {str(row[0]): row[1] for row in keeper.execute(COPIES[service, topic])}


def untaken(city: ChaosCity, edge: Edge) -> set[UUID]:
    with auditor(city, edge.producer) as producer, auditor(city, edge.consumer) as consumer:
        said = {row[0] for row in producer.execute(_SAID, [edge.topic, list(edge.passes)])}
        return said - {row[0] for row in consumer.execute(_TAKEN, [edge.consumer])}


def auditor(city: City, service: str) -> psycopg.Connection:
    """A connection that sees every place and changes nothing."""
    connection = city.connect(service, f"{service}_auditor")
    connection.execute("select set_config('app.lo1', '/', false), set_config('app.hi1', '0', false)")
    return connection
