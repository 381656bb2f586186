"""One shard's sender: reads what is pending, sends it in one Kafka transaction, deletes it while the lease holds."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    CorruptRecordException,
    InvalidMessageError,
    InvalidTimestampError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)
from opentelemetry import context, propagate, trace
from opentelemetry.trace import SpanKind

from kit import outbox
from kit.db import Database, UnitOfWork
from kit.frames import where
from kit.kafka.security import why_away
from kit.relay import batches, metrics, window
from kit.relay.batches import Record
from kit.relay.destinations import Destinations
from kit.relay.leases import Lease, is_held
from kit.relay.window import Pending
from kit.telemetry import is_unrecorded

log = logging.getLogger("kit.relay")
_tracer = trace.get_tracer("kit.relay")

T = TypeVar("T")

#: From the beginning of one transaction to that of the next while windows are not full. What Kafka, both databases and
#: consumers spend goes by transactions more than by events, and an event that finds the shard at rest does not wait.
SPACING = 0.2
#: The longest between two looks where nobody rings: events written by another process.
IDLE = 0.5

#: What no repetition cures, since it lies in the record.
REFUSALS = (
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    CorruptRecordException,
    InvalidMessageError,
    InvalidTimestampError,
)


class LeaseLost(Exception):
    """The shard is another's."""


class Refused(Exception):
    """Kafka will not have one of these events as it is."""

    def __init__(self, reason: str, events: Sequence[Pending]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.events = events


class Sender:
    def __init__(
        self,
        service: str,
        lease: Lease,
        *,
        database: Database,
        destinations: Destinations,
        producer_settings: dict[str, Any],
        valid_until: Callable[[], float],
        window_size: int,
        window_timeout: timedelta,
    ) -> None:
        self.lease = lease
        self.last_pass = time.monotonic()
        self.trouble: str | None = None
        self._service = service
        self._database = database
        self._destinations = destinations
        self._producer_settings = producer_settings
        self._valid_until = valid_until
        self._most = window_size
        self._size = window_size
        self._timeout = window_timeout.total_seconds()
        self._stopping = asyncio.Event()
        self._bell = asyncio.Event()
        self._pause = SPACING
        outbox.listen(self._bell)

    def stop(self) -> None:
        self._stopping.set()
        self._bell.set()

    async def run(self) -> None:
        """Send until stopped or until the lease is lost; waits for Kafka and the database while they are away."""
        attempt = 0
        while not self._stopping.is_set():
            try:
                await self._with_producer()
            except LeaseLost:
                log.info("relay.lease_lost", extra={"service": self._service, "shard": self.lease.shard})
                return
            except Exception as error:  # noqa: BLE001  # what is pending stays pending
                attempt += 1
                self.trouble = await why_away(self._service, self._producer_settings, error)
                metrics.FAILURES.labels(self._service, type(error).__name__).inc()
                log.warning(
                    "relay.not_sent",
                    extra={
                        "shard": self.lease.shard,
                        "error": self.trouble,
                        "at": where(error),
                        "attempt": attempt,
                    },
                )
                await self._rest(min(0.1 * 2 ** min(attempt, 10), 5), until=self._bell)
            else:
                attempt = 0
            self.last_pass = time.monotonic()

    async def _with_producer(self) -> None:
        """A producer of the shard's own: starting it fences every one before it.

        Asking for the lease first spares the rightful holder; reading under it afterwards is what holds.
        """
        if not await self._database.run(lambda uow: is_held(uow, self.lease)):
            raise LeaseLost
        producer = AIOKafkaProducer(
            transactional_id=f"{self._service}-relay-{self.lease.shard}",
            client_id=f"{self._service}-relay-{self.lease.shard}",
            acks="all",
            max_batch_size=batches.BATCH_BYTES,
            transaction_timeout_ms=30_000,
            request_timeout_ms=10_000,
            **self._producer_settings,
        )
        try:
            async with asyncio.timeout(self._timeout):
                await producer.start()
                await self._destinations.check(producer.client, now=True)
            while not self._stopping.is_set():
                await self._pass(producer)
                self.trouble = None
                self.last_pass = time.monotonic()
        finally:
            await _close(producer)

    async def _pass(self, producer: AIOKafkaProducer) -> None:
        began = time.monotonic()
        self._bell.clear()
        async with asyncio.timeout(self._timeout):
            await self._destinations.check(producer.client)
            ids = dict(self._destinations.ids)
            events = await self._run(lambda uow: window.read(uow, self.lease, ids, self._size))
            if events is None:
                raise LeaseLost
            if events:
                await self._send_and_mark(producer, events, ids)
        await self._space(began, len(events))

    async def _space(self, began: float, sent: int) -> None:
        """None while there is more than a window; else what comes soon after goes together; else until it rings."""
        if sent:
            self._pause = SPACING
            if sent < self._size:
                await self._rest(SPACING - (time.monotonic() - began), until=self._stopping)
        else:
            await self._rest(self._pause, until=self._bell)
            self._pause = min(self._pause * 2, IDLE)

    async def _run(self, work: Callable[[UnitOfWork], T]) -> T:
        """In a transaction without a scope: the tables of events belong to no place."""
        now = self._database.clock.now
        return await self._database.transaction(lambda connection: work(UnitOfWork(connection, now=now())))

    async def _send_and_mark(self, producer: AIOKafkaProducer, events: list[Pending], ids: dict[str, str]) -> None:
        try:
            await self._send(producer, events, ids)
        except Refused as refused:
            await self._single_out(refused)
            raise
        if not await self._run(lambda uow: window.mark_sent(uow, self.lease, events)):
            raise LeaseLost
        self._size = min(self._most, self._size * 2)
        for topic, count in Counter(event.topic for event in events).items():
            metrics.PUBLISHED.labels(topic).inc(count)

    async def _send(self, producer: AIOKafkaProducer, events: list[Pending], ids: dict[str, str]) -> None:
        records = [self._record(event, ids[event.topic]) for event in events]
        for event, record in zip(events, records, strict=True):
            if record.is_too_large:
                raise Refused(MessageSizeTooLargeError.__name__, [event])
        await producer.begin_transaction()
        for error in await batches.send(producer, records):
            if isinstance(error, REFUSALS):
                raise Refused(type(error).__name__, events) from error
            raise error
        if time.monotonic() > self._valid_until():
            # Stopped for longer than the lease: Kafka has fenced this producer, or will; no need to try it.
            raise LeaseLost
        await producer.commit_transaction()

    def _record(self, event: Pending, topic_id: str) -> Record:
        return Record(
            topic=event.topic,
            key=event.key.encode(),
            value=None if event.body is None else event.body.encode(),
            headers=event.wire_headers(self._service, topic_id, _traced(event)),
        )

    async def _single_out(self, refused: Refused) -> None:
        """The broker refuses whole batches: smaller windows find the one event that is to blame."""
        if len(refused.events) > 1:
            self._size = max(1, min(self._size, len(refused.events)) // 2)
            return
        event = refused.events[0]
        attempts = await self._database.run(lambda uow: window.mark_refused(uow, event, refused.reason))
        log.error(
            "relay.refused",
            extra={
                "event_id": str(event.event_id),
                "type": event.type,
                "topic": event.topic,
                "reason": refused.reason,
                "attempts": attempts,
                "remedy": "its key rests with it: see `baiyang outbox`",
            },
        )

    async def _rest(self, seconds: float, *, until: asyncio.Event) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(until.wait(), max(0.0, seconds))


def _traced(event: Pending) -> dict[str, str]:
    """A span for the sending, child of the one in which the event was published, and parent of its handling."""
    if "traceparent" not in event.headers or is_unrecorded(event.headers):
        return event.headers
    parent = propagate.extract(event.headers, context=context.Context())
    span = _tracer.start_span(
        f"{event.type} publish",
        context=parent,
        kind=SpanKind.PRODUCER,
        attributes={"messaging.destination.name": event.topic, "messaging.message.id": str(event.event_id)},
    )
    span.end()
    headers = dict(event.headers)
    propagate.inject(headers, context=trace.set_span_in_context(span, parent))
    return headers


async def _close(producer: AIOKafkaProducer) -> None:
    """Closing flushes, which has no end while Kafka is away; an open transaction is aborted by whoever comes next."""
    try:
        async with asyncio.timeout(2):
            await producer.stop()
    except Exception as error:  # noqa: BLE001  # it is being thrown away
        log.debug("relay.close_failed", extra={"error": type(error).__name__})
        sender = producer._sender.sender_task  # noqa: SLF001  # else it goes on trying for ever, with its sockets
        if sender is not None:
            sender.cancel()
        await producer.client.close()
