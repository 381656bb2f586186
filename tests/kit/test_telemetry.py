from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from kit import recording, telemetry
from kit.app import service_defaults
from kit.db import Database
from kit.http import Door
from kit.testing.otlp import Collector, ReceivedSpan
from opentelemetry import propagate
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from sqlalchemy import text

from tests.kit.conftest import PEOPLE, A, Settings, client_of, router

SERVER, CLIENT = 2, 3
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector().collecting() as collector:
        yield collector


@pytest.fixture
def provider(collector: Collector) -> Iterator[TracerProvider]:
    provider = recording.new_provider(service="scratch", endpoint=collector.endpoint)
    yield provider
    provider.shutdown()


@pytest.fixture
def traced(
    provider: TracerProvider, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FastAPI]:
    app = FastAPI(title="scratch")
    with monkeypatch.context() as patch:
        patch.setattr(telemetry, "watch_app", lambda app, **_: recording.watch_app(app, provider))
        service_defaults(app, service="scratch", settings=settings, database=database, people=PEOPLE)
    app.include_router(router)
    recording.watch_databases([database], provider)
    yield app
    SQLAlchemyInstrumentor().uninstrument()


async def spans_after(collector: Collector, provider: TracerProvider) -> list[ReceivedSpan]:
    provider.force_flush()
    return collector.wait_for(lambda spans: any(span.kind == SERVER for span in spans))


async def test_a_request_and_its_statements_are_one_trace_that_continues_the_callers(
    traced: FastAPI, collector: Collector, provider: TracerProvider, clerk_a: dict[str, str]
) -> None:
    async with client_of(traced) as client:
        await client.post(
            "/scratch/v1/notes", json={"place": A, "words": "x"}, headers=clerk_a | {"traceparent": PARENT}
        )
    spans = await spans_after(collector, provider)
    (request,) = [span for span in spans if span.kind == SERVER]
    statements = [span for span in spans if span.kind == CLIENT]
    assert (request.name, request.service) == ("POST /scratch/v1/notes", "scratch")
    assert (request.trace_id, request.parent_id) == (PARENT.split("-")[1], PARENT.split("-")[2])
    assert request.attributes["http.route"] == "/scratch/v1/notes"
    assert request.attributes["http.response.status_code"] == 201
    assert statements, "the database's spans are the ones that the instrumentation silently leaves out"
    assert {span.trace_id for span in statements} == {request.trace_id}
    assert any("insert into note" in str(span.attributes) for span in statements)


async def test_spans_tell_nothing_of_people(
    traced: FastAPI, collector: Collector, provider: TracerProvider, clerk_a: dict[str, str]
) -> None:
    @traced.get("/cast")
    async def cast(door: Door) -> Any:
        """PostgreSQL's message repeats the value that is no UUID."""
        wrong = text("select cast(cast(:value as text) as uuid)")
        return await door(lambda uow: uow.execute(wrong, {"value": "marker-detail"}))

    async with client_of(traced) as client:
        words = {"place": A, "words": "marker-words"}
        await client.post("/scratch/v1/notes?who=marker-query", json=words, headers=clerk_a)
        await client.get("/scratch/v1/open/marker-code")
        await client.get("/scratch/v1/defects", headers=clerk_a)
        await client.get("/marker-nowhere")
        await client.get("/cast", headers=clerk_a)
    provider.force_flush()
    collector.wait_for(lambda spans: sum(span.kind == SERVER for span in spans) == 5)
    assert all(b"marker" not in raw for raw in collector.raw)
    assert all(b"13912345678" not in raw for raw in collector.raw)


async def test_probes_are_not_traced(traced: FastAPI, collector: Collector, provider: TracerProvider) -> None:
    async with client_of(traced) as client:
        await client.get("/healthz")
        await client.get("/metrics")
        await client.get("/nowhere")
    spans = await spans_after(collector, provider)
    assert [span.name for span in spans if span.kind == SERVER] == ["GET"]


async def test_an_error_names_its_trace(traced: FastAPI, collector: Collector, provider: TracerProvider) -> None:
    async with client_of(traced) as client:
        trace_id = (await client.get("/nowhere")).json()["trace_id"]
    assert trace_id in {span.trace_id for span in await spans_after(collector, provider)}


async def test_without_a_collector_an_error_names_its_trace_all_the_same(
    settings: Settings, database: Database
) -> None:
    app = FastAPI()
    service_defaults(app, service="scratch", settings=settings, database=database, people=PEOPLE)
    client: AsyncClient
    async with client_of(app) as client:
        assert len((await client.get("/nowhere")).json()["trace_id"]) == 32
        called = await client.get("/nowhere", headers={"traceparent": PARENT})
    assert called.json()["trace_id"] == PARENT.split("-")[1]


async def test_without_a_collector_events_go_on_in_the_callers_trace_and_are_not_sampled(
    settings: Settings, database: Database
) -> None:
    app = FastAPI()
    service_defaults(app, service="scratch", settings=settings, database=database, people=PEOPLE)

    @app.get("/carried")
    async def carried() -> dict[str, str]:
        headers: dict[str, str] = {}
        propagate.inject(headers)
        return headers

    async with client_of(app) as client:
        given = {"traceparent": PARENT, "tracestate": "a=b", "baggage": "k=v"}
        told = (await client.get("/carried", headers=given)).json()
        alone = (await client.get("/carried")).json()
    version, trace_id, span_id, flags = told["traceparent"].split("-")
    assert (version, trace_id, flags) == ("00", PARENT.split("-")[1], "00")
    assert span_id != PARENT.split("-")[2]
    assert (told["tracestate"], told["baggage"]) == ("a=b", "k=v")
    assert alone["traceparent"].split("-")[1] != trace_id
