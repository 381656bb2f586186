"""What was acknowledged after a backup: published, so that Kafka has it, and in none of the restored databases.

By number and kind alone: what people wrote is not in Kafka, and what is sealed there stays so.
"""

import asyncio
import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any
from uuid import UUID

from contracts.intake import AppealReceivedV1
from contracts.routing import CaseOpenedV1
from contracts.topics import TOPICS
from kit import topics
from kit.ids import time_of
from kit.topics import Access, Published
from sqlalchemy import Connection, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.backup.manifest import Manifest

#: Enough for a lookup, few enough for memory.
_CHUNK = 5000

_NUMBERED = {AppealReceivedV1.TYPE, CaseOpenedV1.TYPE}


@dataclass(frozen=True)
class Forgotten:
    """``number``: of the appeal or the case; ``subject``: the id under which it was said."""

    at: str
    kind: str
    number: str
    subject: str
    event: str


async def list_forgotten(
    access: Access, backup: Manifest, connections: Mapping[str, AsyncConnection]
) -> list[Forgotten]:
    """In the order of time. The public feed says nothing that its cases' own topic does not say."""
    names = [name for name, topic in TOPICS.items() if not topic.public]
    starts = {name: (p.topic_id, p.ends) for name, p in backup.positions.items()}
    published = await asyncio.to_thread(lambda: list(topics.published_since(access, names, starts)))
    lost: list[Published] = []
    for owner, events in _by_owner(published).items():
        for chunk in _chunks(events):
            known = await connections[owner].run_sync(_known, [e.event_id for e in chunk])
            lost += [event for event in chunk if event.event_id not in known]
    numbers = await _numbers(lost, connections)
    return sorted((_forgotten(event, numbers) for event in _once(lost)), key=astuple)


def write(found: Sequence[Forgotten], file: Path) -> None:
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(field.name for field in fields(Forgotten))
        rows.writerows(astuple(one) for one in found)


def _by_owner(published: Iterable[Published]) -> dict[str, list[Published]]:
    found: dict[str, list[Published]] = {}
    for event in published:
        found.setdefault(TOPICS[event.topic].owner, []).append(event)
    return found


def _chunks(events: Sequence[Published]) -> Iterator[Sequence[Published]]:
    for start in range(0, len(events), _CHUNK):
        yield events[start : start + _CHUNK]


#: An event is logged at the instant in its id, and never before it.
_KNOWN = text("""
select event_id from event_log where recorded_at >= :since and event_id = any(cast(:ids as uuid[]))
""")


def _known(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    since = min(time_of(event_id) for event_id in ids)
    return set(connection.execute(_KNOWN, {"since": since, "ids": list(ids)}).scalars())


def _once(events: Iterable[Published]) -> Iterable[Published]:
    """A topic that was laid anew has its log twice."""
    return {event.event_id: event for event in events}.values()


_APPEALS = text("select id, number from appeal where id = any(cast(:ids as uuid[]))")
_CASES = text("select case_id as id, number from cases where case_id = any(cast(:ids as uuid[]))")


async def _numbers(lost: Sequence[Published], connections: Mapping[str, AsyncConnection]) -> dict[str, str]:
    """By the id of the appeal or the case: as its first event says, or as the restored databases know it."""
    appeals = list({event.key for event in lost if event.topic == AppealReceivedV1.TOPIC})
    cases = list({event.key for event in lost if event.topic == CaseOpenedV1.TOPIC})
    found = await connections["intake"].run_sync(_read_numbers, _APPEALS, appeals)
    found |= await connections["routing"].run_sync(_read_numbers, _CASES, cases)
    return found | {e.key: str(_body(e)["number"]) for e in lost if e.type in _NUMBERED and e.body}


def _read_numbers(connection: Connection, query: TextClause, ids: Sequence[str]) -> dict[str, str]:
    return {str(row.id): row.number for row in connection.execute(query, {"ids": ids})}


def _body(event: Published) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event.body or b"{}")
    return found


def _forgotten(event: Published, numbers: Mapping[str, str]) -> Forgotten:
    return Forgotten(
        at=time_of(event.event_id).isoformat(timespec="seconds"),
        kind=event.type if event.body is not None else f"{event.type} (erased)",
        number=numbers.get(event.key, ""),
        subject=event.key,
        event=str(event.event_id),
    )
