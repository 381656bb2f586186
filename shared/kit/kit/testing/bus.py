"""A bus in memory: relays and consumers of several services over their databases' transactions, without Kafka.

Taking is the real code; only the way between a pending row and a record is made up: one partition a topic, nothing is
lost, everything comes in the order of the log. ``deliver`` returns when nothing moves any more.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from contracts.topics import TOPICS
from sqlalchemy import Connection, text

from kit.auth import EVERYWHERE
from kit.clock import Clock, DrivenClock
from kit.db import UnitOfWork, enter
from kit.kafka.handlers import Handler
from kit.kafka.record import Book, Record
from kit.kafka.taker import Taker
from kit.relay.window import Pending
from kit.testing.servers import NOW

T = TypeVar("T")

TAKE_PENDING = text("""
with sent as (delete from event_pending returning id, recorded_at)
select l.id, l.event_id, l.topic, l.type, l.key, l.version, l.body, l.headers
from sent cross join lateral (
    select * from event_log logged where logged.recorded_at = sent.recorded_at and logged.id = sent.id offset 0
) l order by l.id
""")


class Savepoints:
    """Transactions inside one that a test rolls back."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self.clock = clock
        self._connection = connection

    async def run_everywhere(self, work: Callable[[UnitOfWork], T]) -> T:
        with self._connection.begin_nested():
            enter(self._connection, EVERYWHERE)
            uow = UnitOfWork(self._connection, now=self.clock.now())
            result = work(uow)
            uow.flush()
        return result


class _Service:
    def __init__(self, name: str, connection: Connection, handlers: Iterable[Handler], clock: Clock) -> None:
        self.name = name
        self.connection = connection
        self.book = Book(handlers)
        self.taker = Taker(name, self.book, Savepoints(connection, clock), backoff=lambda _: 0, pause=_at_once)


class FakeBus:
    """``attach`` each service once, then ``deliver`` after whatever was published."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock = clock or DrivenClock(NOW)
        self.log: dict[str, list[Record]] = {name: [] for name in TOPICS}
        self._services: list[_Service] = []
        self._positions: dict[tuple[str, str], int] = {}

    def attach(self, service: str, connection: Connection, handlers: Iterable[Handler] = ()) -> None:
        self._services.append(_Service(service, connection, handlers, self.clock))

    async def deliver(self) -> None:
        while self._relay() + await self._consume():
            pass

    async def settle(self) -> None:
        """What a consumer does now and then: take requested replays, try what is parked."""
        for service in self._services:
            await service.taker.replay_requested()
            await service.taker.sweep()
        await self.deliver()

    def append(self, record: Record) -> None:
        """Put a record on its topic that no relay has sent."""
        self.log[record.topic].append(record)

    def _relay(self) -> int:
        sent = 0
        for service in self._services:
            for row in service.connection.execute(TAKE_PENDING):
                event = Pending(**row._mapping)
                headers = tuple((k, v) for k, v in event.wire_headers(service.name, f"fake:{event.topic}"))
                body = None if event.body is None else event.body.encode()
                self.append(Record(event.topic, 0, len(self.log[event.topic]), event.key.encode(), body, headers))
                sent += 1
        return sent

    async def _consume(self) -> int:
        taken = 0
        for service in self._services:
            for topic in service.book.topics:
                at = self._positions.get((service.name, topic), 0)
                records = self.log[topic][at:]
                await service.taker.take([service.book.read(record) for record in records])
                self._positions[service.name, topic] = at + len(records)
                taken += len(records)
        return taken


async def _at_once(_: float) -> bool:
    return True
