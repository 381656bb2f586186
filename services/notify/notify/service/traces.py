"""The trace of the step that owed a notice, for what is said of it later."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, propagate


@contextmanager
def in_trace(traceparent: str | None) -> Iterator[None]:
    token = context.attach(propagate.extract({"traceparent": traceparent or ""}))
    try:
        yield
    finally:
        context.detach(token)
