"""Spans, recorded and sent by OTLP over HTTP: loaded only where a collector is named."""

import os
from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import FastAPI
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import Span, Status

from kit.db import Database

#: Probes and pages: no part of anybody's errand.
_UNTRACED = "/healthz$,/readyz$,/metrics$,/docs,/openapi.json$"

#: What a request's span would tell of who asked and for whom; the route's template stays.
_PERSONAL = ("url.path", "url.query", "url.full", "http.target", "http.url", "client.address", "client.port")

_SAID_BY_ERRORS = ("exception.message", "exception.stacktrace")


def new_provider(*, service: str, endpoint: str) -> TracerProvider:
    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.namespace": "baiyang"}),
        sampler=ParentBased(ALWAYS_ON),
        shutdown_on_exit=False,
    )
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


def watch_app(app: FastAPI, provider: TracerProvider | None = None) -> None:
    """A span a request."""
    _use_new_names()
    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=provider,
        excluded_urls=_UNTRACED,
        server_request_hook=_without_people,
        exclude_spans=["receive", "send"],
    )


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
