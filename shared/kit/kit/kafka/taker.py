"""The async side of taking: transactions, second tries, and what follows a commit.

What fails is split in halves until the bad event stands alone and costs only itself. What is merely away (the database,
another server) is waited for without end: here for a while, then by giving the batch back to the broker, so that the
group never takes this consumer for dead.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from kit.away import is_away, told
from kit.clock import Clock
from kit.db import UnitOfWork
from kit.errors import NotYet, ServiceError
from kit.frames import where
from kit.kafka import dead_letters, metrics, parking, taking
from kit.kafka.parking import Place
from kit.kafka.record import Book, Message
from kit.kafka.taking import Taken

log = logging.getLogger("kit.kafka")

T = TypeVar("T")

#: How long a batch waits for what is away before it is given back to the broker; far below the poll interval.
PATIENCE = timedelta(seconds=30)
#: How often a handler that fails by a bug is tried before its event dies.
ATTEMPTS = 5
#: How many of those parked last are tried again before the sweep comes.
LATELY = 1000


class Transactions(Protocol):
    """What a Taker needs of a database."""

    clock: Clock

    async def run_everywhere(self, work: Callable[[UnitOfWork], T]) -> T: ...


class Taker:
    """Takes messages for one service, whoever brings them."""

    def __init__(
        self,
        service: str,
        book: Book,
        database: Transactions,
        *,
        backoff: Callable[[int], float] | None = None,
        pause: Callable[[float], Awaitable[bool]],
        waits: Callable[[str | None], None] = lambda _: None,
        patience: timedelta = PATIENCE,
    ) -> None:
        """``pause`` sleeps and tells whether to go on; ``waits`` is told what is away, and None when it is back."""
        self.service = service
        self.book = book
        self._database = database
        self._backoff = backoff or _backoff
        self._sleep = pause
        self._waits = waits
        self._patience = patience.total_seconds()
        self._lately: list[Place] = []

    async def take(self, messages: Sequence[Message]) -> None:
        """Take all of one topic; returns when each message is applied, parked, dead or known."""
        if not messages:
            return
        try:
            taken = await self._patiently(
                lambda uow: taking.take(uow, self.service, messages), messages[0].record.topic
            )
        except GivenBack:
            raise
        except Exception as error:  # noqa: BLE001  # it costs one event, never the consumer
            if len(messages) > 1:
                middle = len(messages) // 2
                await self.take(messages[:middle])
                await self.take(messages[middle:])
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
            if not await self.pause(attempts):
                raise GivenBack from error
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
                taken = await self._transaction(work)
            except Exception as error:
                if not is_away(error):
                    raise
                attempt += 1
                metrics.RETRIES.labels(self.service, topic).inc()
                self._waits(told(error))
                log.warning("consumer.waits", extra={"topic": topic, "error": type(error).__name__, "attempt": attempt})
                late = asyncio.get_running_loop().time() - started > self._patience
                if late or not await self.pause(attempt):
                    raise GivenBack from None
            else:
                self._waits(None)
                return taken

    async def _transaction(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run it; what fails before the work has begun is the database's, whatever it calls it, never the event's."""
        begun = False

        def begin(uow: UnitOfWork) -> T:
            nonlocal begun
            begun = True
            return work(uow)

        try:
            return await self._database.run_everywhere(begin)
        except Exception as error:
            if begun:
                raise
            raise Unreachable(type(error).__name__) from error

    async def _after(self, taken: Taken) -> None:
        """What follows a commit: count, and take up what waited for the subjects that have just changed."""
        now = self._database.clock.now()
        for message, result in taken.results:
            type_ = message.type if message.subscription else "other"
            metrics.EVENTS.labels(self.service, message.record.topic, type_ or "tombstone", result).inc()
            if result == "applied" and message.time:
                seconds = max(0.0, (now - message.time).total_seconds())
                metrics.COMMIT_TO_COMMIT.labels(self.service, message.record.topic).observe(seconds)
        for place in taken.parked:
            # What it waits for may have been applied while it was being parked.
            await self._resume(place)
        self._lately = [*self._lately, *taken.parked][-LATELY:]
        if taken.others_wait and (applied := taken.applied):
            for place in await self._transaction(lambda uow: parking.waiting_for(uow, self.service, applied)):
                await self._resume(place)

    async def _resume(self, place: Place) -> None:
        """Take a parked subject's events in order, until one has to wait on."""
        while True:
            try:
                taken, parked = await self._transaction(lambda uow: taking.resume(uow, self.service, self.book, place))
            except Exception as error:  # noqa: BLE001  # it costs one event, never the consumer
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
        taken = await self._transaction(
            lambda uow: taking.settle_parked(uow, self.service, self.book, place, error, last_attempt=ATTEMPTS)
        )
        await self._after(taken)

    async def replay_requested(self) -> None:
        """Take the dead letters again that somebody asked for."""
        for letter_id, record in await self._transaction(lambda uow: dead_letters.requested(uow, self.service)):
            await self._replay(letter_id, self.book.read(record))

    async def try_lately_parked(self) -> None:
        """Once more, a moment later: what it waits for may have seen nothing waiting, and be committed since."""
        places, self._lately = self._lately, []
        for place in places:
            await self._resume(place)

    async def sweep(self) -> None:
        """Try all that is parked, in case its cause came while nobody looked."""
        for place in await self._transaction(lambda uow: parking.all_places(uow, self.service)):
            await self._resume(place)
        await self._measure()

    async def _replay(self, letter_id: UUID, message: Message) -> None:
        try:
            taken = await self._transaction(lambda uow: taking.replay(uow, self.service, letter_id, message))
        except Exception as error:  # noqa: BLE001  # it costs one event, never the consumer
            if is_away(error):
                return
            fault = taking.fault_of(error)
            await self._transaction(lambda uow: dead_letters.reopen(uow, letter_id, fault))
        else:
            await self._after(taken)

    async def _measure(self) -> None:
        open_, parked = await self._transaction(lambda uow: dead_letters.count(uow, self.service))
        metrics.DEAD_LETTERS.labels(self.service).set(open_)
        metrics.PARKED.labels(self.service).set(parked)

    async def pause(self, attempt: int) -> bool:
        return await self._sleep(self._backoff(attempt))


class Unreachable(ConnectionError):
    """No transaction could be begun."""


class GivenBack(Exception):
    """The batch is given back to the broker: it comes again."""


def _backoff(attempt: int) -> float:
    """Seconds: doubling from a fifth to ten, with jitter, so that replicas do not come back in step."""
    return float(min(0.2 * 2 ** (attempt - 1), 10) * random.uniform(0.5, 1))  # noqa: S311  # jitter, no secret


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
