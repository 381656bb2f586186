"""Events from each outbox to whoever takes them, without Kafka: in order by key, at least once.

Taking is the services' own (inbox, parking, dead letters). Now and then a consumer goes back a little and takes again
what it had, as after a rebalance: what happens twice by that is a defect.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from contracts.topics import TOPICS
from kit.db import Database
from kit.kafka.record import Book, Record
from kit.kafka.taker import Taker
from kit.relay.window import Pending
from kit.testing.bus import TAKE_PENDING

from simulation.city import SERVICES, City

#: How many a consumer takes in one transaction, as the kit's own do.
AT_ONCE = 200

#: How often a consumer goes back, and how far.
GOES_BACK, FAR = 0.02, 40


@dataclass
class _Line:
    """A topic as one service reads it: what is new, and the last that it has had."""

    new: list[Record] = field(default_factory=list)
    had: deque[Record] = field(default_factory=lambda: deque(maxlen=FAR))


class _Consumer:
    def __init__(self, service: str, city: City, chance: Random) -> None:
        database: Database = city.database(service, "consumer")
        self._service = service
        self._touched = city.touched
        self._book = Book(city.handlers_of(service))
        self._taker = Taker(service, self._book, database, backoff=lambda _: 0, pause=_at_once)
        self._chance = chance
        self.lines = {topic: _Line() for topic in self._book.topics}
        self.repeated = 0

    async def take(self) -> None:
        for line in self.lines.values():
            while line.new:
                self._touched.add(self._service)
                batch, line.new = line.new[:AT_ONCE], line.new[AT_ONCE:]
                again = list(line.had) if self._chance.random() < GOES_BACK else []
                self.repeated += len(again)
                await self._taker.take([self._book.read(record) for record in (*again, *batch)])
                line.had.extend(batch)


class Carrier:
    """``hear`` is told every record, once, in the order of each topic: whoever lives in the city goes by that."""

    def __init__(self, city: City, chance: Random, *, hear: Callable[[Record], None]) -> None:
        self._city = city
        self._hear = hear
        self._consumers = [_Consumer(name, city, chance) for name in SERVICES if city.handlers_of(name)]
        self._offsets = dict.fromkeys(TOPICS, 0)
        self.carried = 0

    @property
    def repeated(self) -> int:
        """How many were taken that a consumer had taken before."""
        return sum(consumer.repeated for consumer in self._consumers)

    async def carry(self) -> int:
        """Until nothing moves any more; how many events that were."""
        before = self.carried
        while await self._relay():
            await asyncio.gather(*(consumer.take() for consumer in self._consumers))
        return self.carried - before

    async def _relay(self) -> int:
        """Of those that have been at work since; the others have nothing to say."""
        touched = sorted(self._city.touched)
        self._city.touched.clear()
        sent = await asyncio.gather(*(self._pending(service) for service in touched))
        for service, events in zip(touched, sent, strict=True):
            for event in events:
                self._send(service, event)
        return sum(map(len, sent))

    async def _pending(self, service: str) -> list[Pending]:
        database = self._city.database(service, "relay")
        return await database.run_everywhere(lambda uow: [Pending(**row._mapping) for row in uow.execute(TAKE_PENDING)])

    def _send(self, service: str, event: Pending) -> None:
        headers = tuple((name, value) for name, value in event.wire_headers(service, f"simulated:{event.topic}"))
        body = None if event.body is None else event.body.encode()
        record = Record(event.topic, 0, self._offsets[event.topic], event.key.encode(), body, headers)
        self._offsets[event.topic] += 1
        self.carried += 1
        for consumer in self._consumers:
            if event.topic in consumer.lines:
                consumer.lines[event.topic].new.append(record)
        self._hear(record)


async def _at_once(_: float) -> bool:
    return True
