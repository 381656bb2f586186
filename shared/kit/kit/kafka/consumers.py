"""Events in: one batch subscriber a topic; a batch is one transaction, and its offsets are acked after that."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from aiokafka import ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.message import StreamMessage
from faststream.security import BaseSecurity, SASLScram512

from kit.db import Database
from kit.frames import where
from kit.health import Health
from kit.kafka import metrics
from kit.kafka.handlers import Handler
from kit.kafka.record import Book, Record
from kit.kafka.security import KafkaSettings, client_settings, why_away
from kit.kafka.taker import GivenBack, Taker
from kit.kafka.watch import Rewinder, Watch

log = logging.getLogger("kit.kafka")

MAX_POLL_INTERVAL = timedelta(minutes=5)
SWEEP = timedelta(seconds=15)
#: The framework follows a poll that ended with nothing by a sleep of the same length, deaf to what comes meanwhile: so
#: that none ends, and a consumer at rest is woken by the first record.
NEVER = timedelta(days=36_500)


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
        self._sweep = sweep.total_seconds()
        self._stopping = asyncio.Event()
        self._watch = Watch(service, stuck_after=stuck_after)
        self._taker = Taker(service, self.book, database, backoff=backoff, pause=self._pause, waits=self._watch.waits)
        self._rewinder = Rewinder(service, database)
        for topic in self.book.topics:
            metrics.REWINDS.labels(service, topic)  # there from the start: an increase from nothing to one is not seen
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

    async def behind(self) -> int:
        """How many records of this replica's partitions it has not been handed yet."""
        return await self._watch.behind()

    async def _start(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            broker = self._make_broker()
            try:
                await _start(broker)
            except Exception as error:  # noqa: BLE001  # whatever it is must not end the consumer
                await _stop(broker)
                attempt += 1
                why = await why_away(self.service, client_settings(self._settings), error)
                self._watch.away(why)
                log.warning("consumer.kafka_away", extra={"service": self.service, "error": why})
                await self._taker.pause(attempt)
            else:
                self._broker = broker
                self._watch.watch({name: s for s in broker.subscribers for name in getattr(s, "topic_names", ())})
                return

    async def _close(self) -> None:
        self._watch.unwatch()
        if self._broker:
            await _stop(self._broker)
            self._broker = None

    def _make_broker(self) -> KafkaBroker:
        security = client_settings(self._settings)
        # Acked when the handler has returned, and given back to the broker when it raises: nothing can be lost.
        # The default would commit on a timer, and ACK would commit what failed. A bare return of what failed would
        # re-read it at once, for ever: _take_records pauses before it raises. No topic is ever made by a consumer.
        broker = KafkaBroker(
            security.pop("bootstrap_servers"),
            ack_policy=AckPolicy.NACK_ON_ERROR,
            allow_auto_create_topics=False,
            # Else a topic that is laid after its consumer has started is not found for five minutes.
            metadata_max_age_ms=5_000,
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
            # A group a topic: who joins or leaves one stops no other.
            group_id=f"{self.service}-{topic}",
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_records=self._batch,
            batch_timeout_ms=_ms(NEVER),
            # Ends when something comes: longer spares a consumer that has nothing to do.
            fetch_max_wait_ms=500,
            max_poll_interval_ms=_ms(MAX_POLL_INTERVAL),
            session_timeout_ms=_ms(self._session_timeout),
            heartbeat_interval_ms=_ms(self._session_timeout / 10),
            parser=_untouched(lambda: subscriber),
            decoder=_nothing,
        )

        async def take(message: StreamMessage[Any]) -> None:
            await self._take_records(topic, subscriber.consumer, message.raw_message)

        subscriber(take)

    async def _take_records(self, topic: str, consumer: Any, raw: Sequence[ConsumerRecord[Any, Any]]) -> None:
        try:
            records = await self._rewinder.rewind(consumer, raw)
            await self._taker.take([self.book.read(_record(r)) for r in records])
        except Exception as error:  # noqa: BLE001  # whatever it is must not end the consumer
            # Given back to the broker, which would hand it out again at once.
            log.warning("consumer.gave_back", extra={"topic": topic, "error": type(error).__name__, "at": where(error)})
            self._given_back[topic] = self._given_back.get(topic, 0) + 1
            await self._taker.pause(self._given_back[topic])
            raise GivenBack from None
        self._given_back.pop(topic, None)
        self._watch.progressed(topic)

    async def _sweeping(self) -> None:
        """Replays are taken within seconds, and what was parked last tried again; the rest of it now and then."""
        swept = 0.0
        while True:
            await asyncio.sleep(min(self._sweep, 2))
            try:
                await self._taker.replay_requested()
                await self._taker.try_lately_parked()
                if time.monotonic() - swept >= self._sweep:
                    await self._taker.sweep()
                    swept = time.monotonic()
            except Exception as error:  # noqa: BLE001  # tried again in a moment
                log.warning("consumer.sweep_failed", extra={"error": type(error).__name__, "at": where(error)})

    async def _watching(self) -> None:
        while True:
            await self._watch.look()
            await asyncio.sleep(5 if self._broker else 0.2)

    async def _pause(self, seconds: float) -> bool:
        """Whether to go on."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return not self._stopping.is_set()


async def _start(broker: KafkaBroker) -> None:
    """All subscribers at once: the framework's own start has each wait until the one before it has joined its group,
    which takes as long as whoever is in it needs to hear of that.
    """
    await broker.connect()
    started = await asyncio.gather(*(one.start() for one in broker.subscribers), return_exceptions=True)
    for error in filter(None, started):
        raise error


async def _stop(broker: KafkaBroker) -> None:
    """Each subscriber by itself: the client raises CancelledError where it is cut off between two tries to fetch, which
    in the framework's group ends the stopping of all others. They would stay members of their groups, holding
    partitions that nobody reads.
    """
    await asyncio.gather(*map(_leave, broker.subscribers), return_exceptions=True)
    await broker.stop()


async def _leave(subscriber: Any) -> None:
    consumer = subscriber.consumer
    try:
        await subscriber.stop()
    finally:
        if consumer is not None:
            await consumer._client.close()  # noqa: SLF001  # where it was cut off it left its connections open


def _ms(length: timedelta) -> int:
    return length // timedelta(milliseconds=1)


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
    use_ssl = "ssl_context" in found
    if "sasl_mechanism" in found:
        return SASLScram512(
            username=found["sasl_plain_username"],
            password=found["sasl_plain_password"],
            ssl_context=found.get("ssl_context"),
            use_ssl=use_ssl,
        )
    return BaseSecurity(ssl_context=found.get("ssl_context"), use_ssl=use_ssl)
