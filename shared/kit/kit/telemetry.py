"""Traces: OpenTelemetry, by OTLP over HTTP where a collector is named; one trace from a request to its last notice.

Without a collector spans are not recorded, but trace ids are made and travel all the same, so that an error can be
named by one.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from opentelemetry import context, propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, Status
from starlette.types import ASGIApp, Receive, Scope, Send

from kit.db import Database

#: Probes and pages: no part of anybody's errand.
_UNTRACED = "/healthz$,/readyz$,/metrics$,/docs,/openapi.json$"

#: What a request's span would tell of who asked and for whom; the route's template stays.
_PERSONAL = ("url.path", "url.query", "url.full", "http.target", "http.url", "client.address", "client.port")

_SAID_BY_ERRORS = ("exception.message", "exception.stacktrace")


def is_unrecorded(headers: Mapping[str, str]) -> bool:
    """Whether nobody records the trace that an event came with: it is handed on as it is, without spans of ours."""
    return "traceparent" in headers and headers["traceparent"][-1:] not in _SAMPLED


#: The last digit of the flags: sampled is its lowest bit (W3C Trace Context).
_SAMPLED = frozenset("13579bdf")


def set_up(*, service: str, endpoint: str) -> TracerProvider:
    """Make this process's tracer provider; the first call wins, as OpenTelemetry has one a process."""
    provider = new_provider(service=service, endpoint=endpoint)
    trace.set_tracer_provider(provider)
    return provider


def new_provider(*, service: str, endpoint: str) -> TracerProvider:
    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.namespace": "baiyang"}),
        sampler=ParentBased(ALWAYS_ON) if endpoint else ALWAYS_OFF,
        shutdown_on_exit=False,
    )
    if endpoint:
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5)
        provider.add_span_processor(BatchSpanProcessor(WithoutWords(exporter), schedule_delay_millis=1000))
    return provider


class WithoutWords(SpanExporter):
    """Leaves out what errors say, which may repeat a value: PostgreSQL names the text that is no number."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_without_words(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _without_words(span: ReadableSpan) -> ReadableSpan:
    if span.status.description is None and not span.events:
        return span
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=span.attributes,
        events=[Event(event.name, _without_message(event), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _without_message(event: Event) -> dict[str, Any]:
    return {name: value for name, value in (event.attributes or {}).items() if name not in _SAID_BY_ERRORS}


#: FastAPI's own spans and metrics stay off: requests are watched by the kit.
WATCHED_BY_US: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def watch_app(app: FastAPI, provider: TracerProvider | None = None, *, records: bool) -> None:
    """A span a request where they are recorded; else no more of it than its ids."""
    if not records:
        app.add_middleware(WithTraceIds)
        return
    _use_new_names()
    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=provider,
        excluded_urls=_UNTRACED,
        server_request_hook=_without_people,
        exclude_spans=["receive", "send"],
    )


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


def _under_trace_ids(scope: Scope) -> context.Context:
    given = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"] if name in _CARRIED}
    caller = propagate.extract(given, context=context.Context()) if given else context.Context()
    parent = trace.get_current_span(caller).get_span_context()
    ids = SpanContext(
        trace_id=parent.trace_id if parent.is_valid else _ids.generate_trace_id(),
        span_id=_ids.generate_span_id(),
        is_remote=False,
        trace_state=parent.trace_state,
    )
    return trace.set_span_in_context(NonRecordingSpan(ids), caller)


_ids = RandomIdGenerator()
_CARRIED = frozenset({b"traceparent", b"tracestate", b"baggage"})


def watch_databases(databases: Iterable[Database], provider: TracerProvider | None = None) -> None:
    """A span a statement, without its values. Once a process, with all of its databases.

    The instrumentation says that it does not know SQLAlchemy 2.1 and then does nothing, hence skip_dep_check; a test
    holds that a database span exists.
    """
    _use_new_names()
    engines = [database.engine.sync_engine for database in databases]
    SQLAlchemyInstrumentor().instrument(engines=engines, tracer_provider=provider, skip_dep_check=True)


def _use_new_names() -> None:
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")


def _without_people(span: Span, _: dict[str, Any]) -> None:
    if span.is_recording():
        span.set_attributes({name: "" for name in _PERSONAL if name in getattr(span, "attributes", {})})
