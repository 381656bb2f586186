"""Events in: one batch subscriber a topic; a batch is taken in one transaction, and its offsets are acked after that.

What fails is split in halves until the bad event stands alone and costs only itself. What is merely away (the database,
another server) is waited for without end: in the handler for a while, then by giving the batch back to the broker, so
that the group never takes this consumer for dead.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import asyncpg
import sqlalchemy.exc
from aiokafka import ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.message import StreamMessage

from kit.db import Database, UnitOfWork
from kit.errors import NotYet, ServiceError, Unavailable
from kit.health import Health
from kit.kafka import dead_letters, metrics, parking, taking
from kit.kafka.handlers import Handler
from kit.kafka.parking import Place
from kit.kafka.record import Book, Message, Record
from kit.kafka.security import KafkaSettings, client_settings
from kit.kafka.taking import Taken, where
from kit.kafka.watch import Rewinder, Watch

log = logging.getLogger("kit.kafka")

MAX_POLL_INTERVAL = timedelta(minutes=5)
#: How long a batch waits for what is away before it is given back to the broker; far below the poll interval.
PATIENCE = timedelta(seconds=30)
#: How often a handler that fails by a bug is tried before its event dies.
ATTEMPTS = 5
SWEEP = timedelta(seconds=15)


class Consumers:
    """All that a service takes in, as a running part of a process."""

    name = "consumer"

    def __init__(
        self,
        *,
        service: str,
        database: Database,
        settings: KafkaSettings,
        handlers: Iterable[Handler],
        batch: int = 500,
        session_timeout: timedelta = timedelta(seconds=10),
        graceful_timeout: timedelta = timedelta(seconds=20),
        backoff: Callable[[int], float] | None = None,
        sweep: timedelta = SWEEP,
        stuck_after: timedelta = timedelta(seconds=60),
    ) -> None:
        self.service = service
        self.book = Book(handlers)
        self._database = database
        self._settings = settings
        self._batch = batch
        self._session_timeout = session_timeout
        self._graceful_timeout = graceful_timeout
        self._backoff = backoff or _backoff
        self._sweep = sweep
        self._stopping = asyncio.Event()
        self._watch = Watch(service, stuck_after=stuck_after)
        self._rewinder = Rewinder(service, database)
        self._broker: KafkaBroker | None = None
        self._given_back: dict[str, int] = {}

    async def run(self) -> None:
        """Run until stopped. Waits for Kafka while it is away."""
        tasks = [asyncio.create_task(self._sweeping()), asyncio.create_task(self._watching())]
        try:
            await self._start()
            await self._stopping.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._close()

    async def stop(self) -> None:
        self._stopping.set()

    def check(self) -> Health:
        return self._watch.check()

    async def _start(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            broker = self._make_broker()
            try:
                await broker.start()
            except Exception as error:  # noqa: BLE001  # whatever it is must not end the consumer
                await broker.stop()
                attempt += 1
                self._watch.away(type(error).__name__)
                log.warning("consumer.kafka_away", extra={"service": self.service, "error": type(error).__name__})
                await self._pause(attempt)
            else:
                self._broker = broker
                self._watch.watch({name: s for s in broker.subscribers for name in getattr(s, "topic_names", ())})
                return

    async def _close(self) -> None:
        self._watch.unwatch()
        if self._broker:
            await self._broker.stop()
            self._broker = None

    def _make_broker(self) -> KafkaBroker:
        security = client_settings(self._settings)
        # Acked when the handler has returned, and given back to the broker when it raises: nothing can be lost.
        # The default would commit on a timer, and ACK would commit what failed. A bare return of what failed would
        # re-read it at once, for ever: _take pauses before it raises. No topic is ever made by a consumer.
        broker = KafkaBroker(
            security.pop("bootstrap_servers"),
            ack_policy=AckPolicy.NACK_ON_ERROR,
            allow_auto_create_topics=False,
            graceful_timeout=self._graceful_timeout.total_seconds(),
            client_id=f"{self.service}-consumer",
            logger=log,
            log_level=logging.DEBUG,
            security=_security(security),
        )
        for topic in self.book.topics:
            self._subscribe(broker, topic)
        return broker

    def _subscribe(self, broker: KafkaBroker, topic: str) -> None:
        subscriber: Any = broker.subscriber(
            topic,
            batch=True,
            group_id=f"{self.service}-consumer",
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_records=self._batch,
            batch_timeout_ms=100,
            fetch_max_wait_ms=250,
            max_poll_interval_ms=int(MAX_POLL_INTERVAL.total_seconds() * 1000),
            session_timeout_ms=int(self._session_timeout.total_seconds() * 1000),
            heartbeat_interval_ms=int(self._session_timeout.total_seconds() * 1000 / 3),
            parser=_untouched(lambda: subscriber),
            decoder=_nothing,
        )

        async def take(message: StreamMessage[Any]) -> None:
            await self._take_records(topic, subscriber.consumer, message.raw_message)

        subscriber(take)

    async def _take_records(self, topic: str, consumer: Any, raw: Sequence[ConsumerRecord[Any, Any]]) -> None:
        try:
            records = await self._rewinder.rewind(consumer, raw)
            await self._take([self.book.read(_record(r)) for r in records])
        except Exception as error:  # noqa: BLE001  # whatever it is must not end the consumer
            # Given back to the broker, which would hand it out again at once.
            log.warning("consumer.gave_back", extra={"topic": topic, "error": type(error).__name__, "at": where(error)})
            self._given_back[topic] = self._given_back.get(topic, 0) + 1
            await self._pause(self._given_back[topic])
            raise GivenBack from None
        self._given_back.pop(topic, None)
        self._watch.progressed(topic)

    async def _take(self, messages: Sequence[Message]) -> None:
        """Take all; returns when each message is applied, parked, dead or known."""
        if not messages:
            return
        try:
            taken = await self._patiently(
                lambda uow: taking.take(uow, self.service, messages), messages[0].record.topic
            )
        except GivenBack:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is must not end the consumer
            if len(messages) > 1:
                middle = len(messages) // 2
                await self._take(messages[:middle])
                await self._take(messages[middle:])
                return
            taken = await self._take_bad(messages[0], error)
        await self._after(taken)

    async def _take_bad(self, message: Message, error: Exception) -> Taken:
        """One event whose handler fails: again if that may help, then parked or buried."""
        attempts = 1
        while not isinstance(error, ServiceError):
            log.error("consumer.handler_failed", extra=_log_fields(message, error, attempts))
            if attempts >= ATTEMPTS:
                break
            await self._pause(attempts)
            attempts += 1
            try:
                return await self._patiently(
                    lambda uow: taking.take(uow, self.service, [message]), message.record.topic
                )
            except GivenBack:
                raise
            except Exception as again:  # noqa: BLE001
                error = again
        if not isinstance(error, NotYet):
            log.error("consumer.dead_letter", extra=_log_fields(message, error, attempts))
        final = error
        return await self._patiently(
            lambda uow: taking.settle(uow, self.service, message, final, attempts=attempts), message.record.topic
        )

    async def _patiently(self, work: Callable[[UnitOfWork], Taken], topic: str) -> Taken:
        """Run a transaction, and again while something that it needs is away."""
        started, attempt = asyncio.get_running_loop().time(), 0
        while True:
            try:
                taken = await self._database.run_everywhere(work)
            except Exception as error:  # whatever it is must not end the consumer
                if not is_away(error):
                    raise
                attempt += 1
                metrics.RETRIES.labels(topic).inc()
                self._watch.waits(type(error).__name__)
                log.warning("consumer.waits", extra={"topic": topic, "error": type(error).__name__, "attempt": attempt})
                if asyncio.get_running_loop().time() - started > PATIENCE.total_seconds() or self._stopping.is_set():
                    raise GivenBack from None
                await self._pause(attempt)
            else:
                self._watch.waits(None)
                return taken

    async def _after(self, taken: Taken) -> None:
        """What follows a commit: count, and take up what waited for the subjects that have just changed."""
        now = self._database.clock.now()
        for message, result in taken.results:
            type_ = message.type if message.subscription else "other"
            metrics.EVENTS.labels(message.record.topic, type_ or "tombstone", result).inc()
            if result == "applied" and message.time:
                seconds = max(0.0, (now - message.time).total_seconds())
                metrics.COMMIT_TO_COMMIT.labels(message.record.topic).observe(seconds)
        for place in taken.parked:
            # What it waits for may have been applied while it was being parked.
            await self._resume(place)
        if applied := taken.applied:
            for place in await self._database.run_everywhere(
                lambda uow: parking.waiting_for(uow, self.service, applied)
            ):
                await self._resume(place)

    async def _resume(self, place: Place) -> None:
        """Take a parked subject's events in order, until one has to wait on."""
        while not self._stopping.is_set():
            try:
                taken, parked = await self._database.run_everywhere(
                    lambda uow: taking.resume(uow, self.service, self.book, place)
                )
            except Exception as error:  # noqa: BLE001  # whatever it is must not end the consumer
                if is_away(error):
                    return
                await self._settle_parked(place, error)
                return
            if parked is None:
                return
            await self._after(taken)

    async def _settle_parked(self, place: Place, error: Exception) -> None:
        if not isinstance(error, ServiceError):
            log.error(
                "consumer.handler_failed",
                extra={"topic": place.topic, "error": type(error).__name__, "at": where(error)},
            )
        taken = await self._database.run_everywhere(
            lambda uow: taking.settle_parked(uow, self.service, self.book, place, error, last_attempt=ATTEMPTS)
        )
        await self._after(taken)

    async def _sweeping(self) -> None:
        """Now and then all that is parked is tried, in case its cause came while nobody looked; replays are taken."""
        while True:
            await asyncio.sleep(min(self._sweep.total_seconds(), 2))
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001  # whatever it is must not end the consumer
                log.warning("consumer.sweep_failed", extra={"error": type(error).__name__, "at": where(error)})

    async def sweep(self) -> None:
        for letter_id, record in await self._database.run_everywhere(
            lambda uow: dead_letters.requested(uow, self.service)
        ):
            await self._replay(letter_id, self.book.read(record))
        for place in await self._database.run_everywhere(lambda uow: parking.all_places(uow, self.service)):
            await self._resume(place)
        await self._measure()

    async def _replay(self, letter_id: Any, message: Message) -> None:
        try:
            taken = await self._database.run_everywhere(
                lambda uow: taking.replay(uow, self.service, letter_id, message)
            )
        except Exception as error:  # noqa: BLE001  # whatever it is must not end the consumer
            if is_away(error):
                return
            fault = taking.fault_of(error)
            await self._database.run_everywhere(lambda uow: dead_letters.reopen(uow, letter_id, fault))
        else:
            await self._after(taken)

    async def _measure(self) -> None:
        open_, parked = await self._database.run_everywhere(lambda uow: dead_letters.count(uow, self.service))
        metrics.DEAD_LETTERS.labels(self.service).set(open_)
        metrics.PARKED.labels(self.service).set(parked)

    async def _watching(self) -> None:
        while True:
            await self._watch.look()
            await asyncio.sleep(5)

    async def _pause(self, attempt: int) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), self._backoff(attempt))


class GivenBack(Exception):
    """The batch is given back to the broker: it comes again."""


def is_away(error: BaseException) -> bool:
    """Whether it is something that comes back by itself, so that trying again is right and giving up is wrong."""
    if isinstance(error, Unavailable | ConnectionError | TimeoutError | OSError | sqlalchemy.exc.TimeoutError):
        return True
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        cause = getattr(error.orig, "__cause__", None)
        return error.connection_invalidated or isinstance(cause, _PASSING) or isinstance(error.orig, _PASSING)
    return isinstance(error, _PASSING)


_PASSING = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
    TimeoutError,
)


def _backoff(attempt: int) -> float:
    """Seconds: doubling from a fifth to ten, with jitter, so that replicas do not come back in step."""
    return float(min(0.2 * 2 ** (attempt - 1), 10) * random.uniform(0.5, 1))  # noqa: S311  # jitter, no secret


def _record(raw: ConsumerRecord[Any, Any]) -> Record:
    return Record(raw.topic, raw.partition, raw.offset, raw.key, raw.value, tuple(raw.headers))


def _untouched(subscriber: Callable[[], Any]) -> Callable[..., Any]:
    """A parser that decodes nothing: the framework's own dies of a header that is not UTF-8, and blocks for ever."""

    async def parse(records: tuple[ConsumerRecord[Any, Any], ...]) -> KafkaAckableMessage:
        return KafkaAckableMessage(
            raw_message=records,
            body=b"",
            headers={},
            message_id=f"{records[0].offset}-{records[-1].offset}",
            consumer=subscriber().consumer,
        )

    return parse


async def _nothing(message: StreamMessage[Any]) -> StreamMessage[Any]:
    return message


def _security(found: dict[str, Any]) -> Any:
    from faststream.security import BaseSecurity, SASLScram512

    use_ssl = "ssl_context" in found
    if "sasl_mechanism" in found:
        return SASLScram512(
            username=found["sasl_plain_username"],
            password=found["sasl_plain_password"],
            ssl_context=found.get("ssl_context"),
            use_ssl=use_ssl,
        )
    return BaseSecurity(ssl_context=found.get("ssl_context"), use_ssl=use_ssl)


def _log_fields(message: Message, error: BaseException, attempts: int) -> dict[str, Any]:
    return {
        "topic": message.record.topic,
        "type": message.type,
        "event_id": str(message.event_id),
        "error": type(error).__name__,
        "code": getattr(error, "code", None),
        "at": where(error),
        "attempts": attempts,
    }
