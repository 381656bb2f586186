"""Whether everything that was said has been taken: what is still on its way is no exception yet."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cli.reconcile import books
from cli.reconcile.books import EDGES, SERVICES, Books, Edge
from cli.reconcile.findings import Audit

#: How far back a wait looks for events that nobody has taken; what is older is looked at once, at the end.
RECENT = timedelta(hours=6)

PAUSE_SECONDS = 1.0


class Waiting:
    """What has been said lately and not been taken yet, edge by edge; each look asks only for what is left and new."""

    def __init__(self, of: Books, *, since: datetime) -> None:
        self._books = of
        self._seen = dict.fromkeys(EDGES, since)
        self._left: dict[Edge, set[UUID]] = {edge: set() for edge in EDGES}

    async def look(self) -> str:
        """What is on its way, in words; empty when all has arrived."""
        until = datetime.now(UTC)
        parts = []
        for service in SERVICES:
            (pending,) = await self._books.read(service, books.PENDING)
            if pending.n:
                parts.append(f"{pending.n} unsent in {service}")
        left = {edge: len(await self._untaken(edge, until)) for edge in EDGES}
        parts += [f"{number} of {edge.topic} for {edge.consumer}" for edge, number in left.items() if number]
        (tellings,) = await self._books.read("notify", books.OPEN_TELLINGS)
        if tellings.n:
            parts.append(f"{tellings.n} tellings to hand out")
        (messages,) = await self._books.read("notify", books.UNSENT_MESSAGES)
        if messages.n:
            parts.append(f"{messages.n} messages to send")
        return ", ".join(parts)

    async def _untaken(self, edge: Edge, until: datetime) -> set[UUID]:
        # A little overlap: a transaction may commit behind one whose events bear a later time.
        since = self._seen[edge] - timedelta(seconds=30)
        self._left[edge] |= await said(self._books, edge, since=since, until=until)
        self._left[edge] -= await taken(self._books, edge, self._left[edge])
        self._seen[edge] = until
        return self._left[edge]


async def said(of: Books, edge: Edge, *, since: datetime, until: datetime) -> set[UUID]:
    asked = {"topic": edge.topic, "passes": list(edge.passes), "since": since, "until": until}
    return {row.event_id for row in await of.read(edge.producer, books.LOGGED, **asked)}


async def taken(of: Books, edge: Edge, event_ids: set[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for chunk in books.chunks(sorted(event_ids), 10_000):
        found |= {row.event_id for row in await of.read(edge.consumer, books.TAKEN, ids=list(chunk))}
    return found


async def wait_until_drained(of: Books, *, seconds: float, tell: Callable[[str], None]) -> None:
    """Wait for the flow to come to rest, at most so long; what then is still on its way is judged as it stands."""
    waiting = Waiting(of, since=datetime.now(UTC) - RECENT)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while on_its_way := await waiting.look():
        tell(f"on its way: {on_its_way}")
        if loop.time() >= end:
            return
        await asyncio.sleep(min(PAUSE_SECONDS, max(0.0, end - loop.time())))


async def check_flow(of: Books, audit: Audit, *, watermark: datetime) -> None:
    """No dead letter, nothing parked, nothing unsent or untaken from before the watermark."""
    for service in SERVICES:
        for letter in await of.read(service, books.DEAD_LETTERS):
            audit.find("dead_letter", f"{service} {letter.id}", f"{letter.type}: {letter.reason}")
        for parked in await of.read(service, books.PARKED):
            where = f"{service} {parked.topic} {parked.key}"
            if parked.since < watermark:
                audit.find("parked", where, f"waits for {parked.topic_awaited} {parked.key_awaited}")
            else:
                audit.set_aside["parked"] += 1
        (pending,) = await of.read(service, books.PENDING)
        if pending.n and pending.oldest < watermark:
            audit.find("event_unsent", service, f"{pending.n} events, the oldest of {pending.oldest:%F %T}")
    for edge in EDGES:
        await _check_edge(of, audit, edge, watermark)


async def _check_edge(of: Books, audit: Audit, edge: Edge, watermark: datetime) -> None:
    since = watermark - RECENT
    ids = await said(of, edge, since=since, until=watermark)
    for event_id in sorted(ids - await taken(of, edge, ids)):
        audit.find("event_not_taken", event_id, f"{edge.topic} by {edge.consumer}")
