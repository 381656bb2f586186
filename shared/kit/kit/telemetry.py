"""Traces: one from a request to its last notice, by OpenTelemetry, told to a collector where one is named.

Without a collector spans are not recorded, but trace ids are made and travel all the same, so that an error can be
named by one.
"""

from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from opentelemetry import context, propagate, trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext
from starlette.types import ASGIApp, Receive, Scope, Send

from kit.db import Database


def is_unrecorded(headers: Mapping[str, str]) -> bool:
    """Whether nobody records the trace that an event came with: it is handed on as it is, without spans of ours."""
    return "traceparent" in headers and headers["traceparent"][-1:] not in _SAMPLED


#: The last digit of the flags: sampled is its lowest bit (W3C Trace Context).
_SAMPLED = frozenset("13579bdf")


def set_up(*, service: str, endpoint: str, databases: Iterable[Database]) -> Callable[[], None]:
    """Make this process's tracer provider; the first call wins, as OpenTelemetry has one a process. Returns what is to
    be called at the end.
    """
    if not endpoint:
        trace.set_tracer_provider(OnlyIds())
        return lambda: None
    from kit import recording  # the SDK and its instrumentations: a tenth of what a service would load

    provider = recording.new_provider(service=service, endpoint=endpoint)
    trace.set_tracer_provider(provider)
    recording.watch_databases(databases, provider)
    return provider.shutdown


#: FastAPI's own spans and metrics stay off: requests are watched by the kit.
WATCHED_BY_US: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def watch_app(app: FastAPI, *, records: bool) -> None:
    """A span a request where they are recorded; else no more of it than its ids."""
    if not records:
        app.add_middleware(WithTraceIds)
        return
    from kit import recording  # as above

    recording.watch_app(app)


class WithTraceIds:
    """Each request under ids of its own in its caller's trace, not sampled: for errors, log lines and events."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = context.attach(_under_trace_ids(scope))
        try:
            await self._app(scope, receive, send)
        finally:
            context.detach(token)


class OnlyIds(trace.NoOpTracerProvider):
    """A provider whose spans record nothing and have ids all the same."""

    def get_tracer(self, *_: Any, **__: Any) -> trace.Tracer:
        return _OnlyIds()


class _OnlyIds(trace.NoOpTracer):
    def start_span(self, name: str, context: context.Context | None = None, *_: Any, **__: Any) -> Span:  # noqa: ARG002
        return _child_of(trace.get_current_span(context))


def _under_trace_ids(scope: Scope) -> context.Context:
    given = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"] if name in _CARRIED}
    caller = propagate.extract(given, context=context.Context()) if given else context.Context()
    return trace.set_span_in_context(_child_of(trace.get_current_span(caller)), caller)


def _child_of(span: Span) -> Span:
    parent = span.get_span_context()
    return NonRecordingSpan(
        SpanContext(
            trace_id=parent.trace_id if parent.is_valid else _ids.getrandbits(128) or 1,
            span_id=_ids.getrandbits(64) or 1,
            is_remote=False,
            trace_state=parent.trace_state,
        )
    )


_ids = Random()  # noqa: S311  # names, no secrets
_CARRIED = frozenset({b"traceparent", b"tracestate", b"baggage"})
