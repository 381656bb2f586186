"""What a service consumes: plain functions, marked with the type of event that they take."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from contracts.envelope import Event

Handler = Callable[..., None]
H = TypeVar("H", bound=Handler)

OnFailure = Literal["skip", "park"]


@dataclass(frozen=True)
class Subscription:
    """One handler's claim to one type of event, or to the tombstones of a topic (``event`` and ``type`` are None)."""

    handler: Handler
    topic: str
    event: type[Event] | None
    type: str | None
    on_failure: OnFailure
    set_wise: bool
    snapshot: bool


def consumes(
    event: type[Event],
    *,
    on_failure: OnFailure = "skip",
    set_wise: bool = False,
    snapshot: bool = False,
) -> Callable[[H], H]:
    """Mark ``fn(uow, event)`` as the handler of an event type.

    - ``on_failure``: what becomes of a subject whose event died. ``skip``: what follows goes on without it; ``park``:
      what follows waits behind the dead letter until that is replayed or discarded.
    - ``set_wise``: ``fn(uow, events)`` takes the events of a batch together, of all its types, in order.
    - ``snapshot``: ``fn(uow, event, *, version)`` applies full state by version, so that a copy can be rebuilt from the
      start of the topic at any time; there is no inbox row. ``version`` leads across epochs; ``event.version`` not.
      Set-wise it is ``fn(uow, events, *, versions)``; one subject may come more than once in a set.
    """

    def mark(handler: H) -> H:
        return _mark(
            handler,
            Subscription(handler, event.TOPIC, event, event.TYPE, on_failure, set_wise, snapshot),
        )

    return mark


def consumes_all(
    events: Iterable[type[Event]], *, on_failure: OnFailure = "skip", set_wise: bool = False
) -> Callable[[H], H]:
    """Mark one function as the handler of several event types: those of a topic, say."""

    def mark(handler: H) -> H:
        for event in events:
            consumes(event, on_failure=on_failure, set_wise=set_wise)(handler)
        return handler

    return mark


def consumes_tombstone(topic: str) -> Callable[[H], H]:
    """Mark ``fn(uow, tombstone, *, version)`` as the handler of what erases a subject from a compacted topic."""

    def mark(handler: H) -> H:
        return _mark(
            handler,
            Subscription(handler, topic, None, None, "skip", set_wise=False, snapshot=True),
        )

    return mark


def _mark(handler: H, subscription: Subscription) -> H:
    marked: Any = handler
    marked.__consumes__ = (*getattr(handler, "__consumes__", ()), subscription)
    return handler


def subscriptions_of(handlers: Iterable[Handler]) -> list[Subscription]:
    """The subscriptions of marked functions; one event type has one handler a service."""
    found: dict[tuple[str, str | None], Subscription] = {}
    for handler in handlers:
        marks: tuple[Subscription, ...] = getattr(handler, "__consumes__", ())
        if not marks:
            raise TypeError(f"{handler!r} is not marked with @consumes.")
        for subscription in marks:
            key = (subscription.topic, subscription.type)
            if key in found:
                raise TypeError(f"{subscription.type or 'tombstones'} of {subscription.topic} have two handlers.")
            found[key] = subscription
    return list(found.values())
