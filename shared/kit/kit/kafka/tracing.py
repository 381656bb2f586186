"""One trace from the request to the last notice: an event is handled under the span that it was published in."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar

from contracts.envelope import Event, Tombstone
from opentelemetry import context, propagate, trace
from opentelemetry.trace import Link, Span, SpanKind

from kit.kafka.record import Message
from kit.telemetry import is_unrecorded

_tracer = trace.get_tracer("kit.kafka")
_batch: ContextVar[dict[int, Message] | None] = ContextVar("batch", default=None)


@contextmanager
def handling(message: Message) -> Iterator[None]:
    """A span for one event, child of the one that published it."""
    parent = propagate.extract(message.headers, context=context.Context())
    if is_unrecorded(message.headers):
        token = context.attach(parent)
        try:
            yield
        finally:
            context.detach(token)
        return
    with _tracer.start_as_current_span(
        f"{message.type} handle", context=parent, kind=SpanKind.CONSUMER, attributes=_attributes(message)
    ):
        yield


@contextmanager
def handling_set(messages: list[Message]) -> Iterator[None]:
    """A span for each type in a set, linked to those that published its events; ``under`` leads back to each one's own
    trace.
    """
    token = _batch.set({id(message.event): message for message in messages})
    try:
        with ExitStack() as spans:
            recorded = [message for message in messages if not is_unrecorded(message.headers)]
            for type_ in dict.fromkeys(message.type for message in recorded):
                spans.enter_context(_spanning([message for message in recorded if message.type == type_]))
            yield
    finally:
        _batch.reset(token)


def _spanning(alike: list[Message]) -> AbstractContextManager[Span]:
    spans = [trace.get_current_span(propagate.extract(m.headers, context=context.Context())) for m in alike]
    links = [Link(span.get_span_context()) for span in spans if span.get_span_context().is_valid]
    return _tracer.start_as_current_span(
        f"{alike[0].type} handle",
        context=context.Context(),
        kind=SpanKind.CONSUMER,
        links=links[:128],
        attributes={"messaging.destination.name": alike[0].record.topic, "messaging.batch.size": len(alike)},
    )


@contextmanager
def under(event: Event | Tombstone) -> Iterator[None]:
    """In a set-wise handler: what is done and published for this event belongs to the event's own trace."""
    message = (_batch.get() or {}).get(id(event))
    if message is None:
        yield
        return
    with handling(message):
        yield


def _attributes(message: Message) -> dict[str, str | int]:
    return {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": message.record.topic,
        "messaging.destination.partition.id": str(message.record.partition),
        "messaging.kafka.offset": message.record.offset,
        "messaging.message.id": str(message.event_id),
    }
