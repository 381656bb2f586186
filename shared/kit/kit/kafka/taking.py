"""A batch in one transaction: what is new is handled in order per key, what waits is parked, what cannot be read dies.

Plain functions over a unit of work, so that the broker and the fake of kit.testing run the same code.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from kit import inbox
from kit.db import UnitOfWork
from kit.errors import NotYet, ServiceError
from kit.frames import where
from kit.kafka import dead_letters, parking
from kit.kafka.handlers import Handler
from kit.kafka.parking import Parked, Place, Waits
from kit.kafka.record import Book, Fault, Message
from kit.kafka.tracing import handling, handling_set


@dataclass
class Taken:
    """What became of a batch: counts by (topic, type, result), the subjects that changed, those parked, and whether
    anything had been waiting.
    """

    others_wait: bool = True
    results: list[tuple[Message, str]] = field(default_factory=list)
    parked: list[Place] = field(default_factory=list)

    @property
    def applied(self) -> set[tuple[str, str]]:
        return {(m.record.topic, m.key or "") for m, result in self.results if result == "applied"}

    def note(self, message: Message, result: str) -> None:
        self.results.append((message, result))


def take(uow: UnitOfWork, consumer: str, messages: Sequence[Message]) -> Taken:
    """Take a batch; raises what a handler raises, and then nothing has been taken."""
    return _Batch(uow, consumer, messages).take()


class _Batch:
    def __init__(self, uow: UnitOfWork, consumer: str, messages: Sequence[Message]) -> None:
        self.uow = uow
        self.consumer = consumer
        self.messages = messages
        self.taken = Taken()
        self._sets: dict[Handler, list[Message]] = {}
        self._to_park: list[tuple[Message, Waits]] = []

    def take(self) -> Taken:
        wanted = [m for m in self.messages if m.subscription or m.fault]
        if wanted:
            parking.lock(self.uow, self.consumer, {(m.record.topic, m.record.partition) for m in wanted})
        self._fresh = inbox.claim(self.uow, self.consumer, [m.event_id for m in wanted if m.event_id and _once(m)])
        self._held = self._find_held(wanted)
        for message in self.messages:
            self._take_one(message)
        self._handle_sets()
        parking.park(self.uow, self.consumer, self._to_park)
        return self.taken

    def _find_held(self, wanted: list[Message]) -> dict[tuple[str, str], Waits]:
        found: dict[tuple[str, str], Waits] = {}
        self.taken.others_wait = False
        for topic in {m.record.topic for m in wanted}:
            keys = [m.key for m in wanted if m.record.topic == topic and m.key]
            held, self.taken.others_wait = parking.held(self.uow, self.consumer, topic, keys)
            found |= {(topic, key): waits for key, waits in held.items()}
        return found

    def _take_one(self, message: Message) -> None:
        if message.fault:
            self._bury(message, message.fault)
        elif message.subscription is None:
            self.taken.note(message, "unknown")
        elif self._is_repeated(message):
            self.taken.note(message, "repeated")
        elif waits := self._held.get((message.record.topic, message.key or "")):
            self._to_park.append((message, waits))
            self.taken.note(message, "parked")
        else:
            self._handle(message)

    def _is_repeated(self, message: Message) -> bool:
        if not _once(message) or message.event_id is None:
            return False
        if message.event_id in self._fresh:
            self._fresh.remove(message.event_id)
            return False
        return True

    def _bury(self, message: Message, fault: Fault) -> None:
        if message.event_id and _once(message) and self._is_repeated(message):
            self.taken.note(message, "repeated")
            return
        dead_letters.bury(self.uow, self.consumer, message, fault, attempts=1)
        if message.key and message.subscription and message.subscription.on_failure == "park":
            self._held[message.record.topic, message.key] = ("", str(message.identity))
        self.taken.note(message, "dead")

    def _handle(self, message: Message) -> None:
        """At once, or with the others of its handler's set; a set is handled before anything else of its keys is."""
        subscription = message.subscription
        assert subscription is not None
        joins = subscription.handler if subscription.set_wise else None
        for other in [h for h, queue in self._sets.items() if h is not joins and message.key in {m.key for m in queue}]:
            self._handle_set(other)
        if joins:
            self._sets.setdefault(joins, []).append(message)
        else:
            call(self.uow, message)
            self.taken.note(message, "applied")

    def _handle_sets(self) -> None:
        for handler in list(self._sets):
            self._handle_set(handler)

    def _handle_set(self, handler: Handler) -> None:
        messages = self._sets.pop(handler)
        with handling_set(messages):
            _call_set(self.uow, handler, messages)
        for message in messages:
            self.taken.note(message, "applied")


def call(uow: UnitOfWork, message: Message) -> None:
    """Run one event's handler."""
    subscription = message.subscription
    assert subscription is not None
    with handling(message):
        if subscription.set_wise:
            _call_set(uow, subscription.handler, [message])
        elif subscription.snapshot:
            subscription.handler(uow, message.event, version=message.version)
        else:
            subscription.handler(uow, message.event)


def _call_set(uow: UnitOfWork, handler: Handler, messages: Sequence[Message]) -> None:
    events = [message.event for message in messages]
    if _once(messages[0]):
        handler(uow, events)
    else:
        handler(uow, events, versions=[message.version for message in messages])


def settle(uow: UnitOfWork, consumer: str, message: Message, error: Exception, *, attempts: int) -> Taken:
    """Park or bury the one event that failed, in a transaction of its own."""
    taken = Taken()
    parking.lock(uow, consumer, [(message.record.topic, message.record.partition)])
    if _once(message) and message.event_id and not inbox.claim(uow, consumer, [message.event_id]):
        taken.note(message, "repeated")
    elif isinstance(error, NotYet) and message.key:
        parking.park(uow, consumer, [(message, (error.topic, error.key))])
        taken.parked.append(Place(message.record.topic, message.record.partition, message.key))
        taken.note(message, "parked")
    else:
        dead_letters.bury(uow, consumer, message, fault_of(error), attempts=attempts)
        taken.note(message, "dead")
    return taken


def resume(uow: UnitOfWork, consumer: str, book: Book, place: Place) -> tuple[Taken, Parked | None]:
    """Take the first parked event of a subject; raises what its handler raises. None: nothing there can be taken."""
    taken = Taken()
    parking.lock(uow, consumer, [(place.topic, place.partition)])
    parked = parking.first_of(uow, consumer, place)
    if parked is None:
        return taken, None
    message = book.read(parked.record)
    if message.fault or message.subscription is None:
        fault = message.fault or Fault("unknown_type", "nothing here takes this type any more")
        dead_letters.bury(uow, consumer, message, fault, attempts=parked.attempts + 1)
        taken.note(message, "dead")
    else:
        call(uow, message)
        taken.note(message, "applied")
    parking.remove(uow, parked)
    return taken, parked


def settle_parked(
    uow: UnitOfWork, consumer: str, book: Book, place: Place, error: Exception, *, last_attempt: int
) -> Taken:
    """The first parked event of a subject failed again: it waits on, is tried later, or dies."""
    taken = Taken()
    parking.lock(uow, consumer, [(place.topic, place.partition)])
    parked = parking.first_of(uow, consumer, place)
    if parked is None:
        return taken
    if isinstance(error, NotYet):
        parking.keep(uow, parked, (error.topic, error.key))
    elif isinstance(error, ServiceError) or parked.attempts + 1 >= last_attempt:
        message = book.read(parked.record)
        dead_letters.bury(uow, consumer, message, fault_of(error), attempts=parked.attempts + 1)
        parking.remove(uow, parked)
        taken.note(message, "dead")
    else:
        parking.count_attempt(uow, parked)
    return taken


def replay(uow: UnitOfWork, consumer: str, letter_id: UUID, message: Message) -> Taken:
    """Take a dead letter again; raises what its handler raises, and Unreadable when it still cannot be read."""
    taken = Taken()
    parking.lock(uow, consumer, [(message.record.topic, message.record.partition)])
    if not dead_letters.claim_replay(uow, letter_id):
        return taken
    if message.fault:
        raise Unreadable(message.fault)
    if message.event_id and _once(message):
        inbox.claim(uow, consumer, [message.event_id])
    if message.subscription:
        call(uow, message)
        taken.note(message, "applied")
    return taken


class Unreadable(Exception):
    """A dead letter cannot be read by this release either."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


def fault_of(error: Exception) -> Fault:
    """The reason and where it comes from; never the words of a foreign error, which may quote what it choked on."""
    if isinstance(error, Unreadable):
        return error.fault
    if isinstance(error, ServiceError):
        return Fault(error.code, error.detail)
    return Fault("bug", f"{type(error).__name__} at {where(error)}")


def _once(message: Message) -> bool:
    """Snapshots are applied by version instead, so that a copy can be rebuilt."""
    return message.subscription is not None and not message.subscription.snapshot
