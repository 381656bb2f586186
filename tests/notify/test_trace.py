"""What is sent, and what cannot be, belongs to the trace of the step that owed it."""

import pytest
from contracts.intake import Means
from contracts.routing import CaseAnsweredV1
from notify.domain.sending import Outcome, Result
from notify.service.tell import tell
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.notify.factories import OFFICE, make_event
from tests.notify.test_service import Gateway, Station, station

__all__ = ["station"]

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"


async def hears_in_trace(station: Station) -> None:
    event = make_event(CaseAnsweredV1)
    await station.consumer.run_everywhere(lambda uow: tell(uow, OFFICE, [event], traceparents=[TRACEPARENT]))


async def test_the_call_to_the_provider_is_a_span_under_the_step(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("notify.clock._TRACER", provider.get_tracer("test"))
    await station.meets()
    await hears_in_trace(station)
    await station.sends()
    (span,) = exporter.get_finished_spans()
    assert span.context is not None
    assert span.parent is not None
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, SPAN)
    assert dict(span.attributes or {}) == {"notify.provider": "sandbox", "notify.result": "accepted"}


async def test_a_failure_is_said_in_the_same_trace(station: Station) -> None:
    station.providers[Means.SMS] = Gateway(Outcome(Result.REFUSED, "http_400"))
    await station.meets(means=Means.SMS, address="+861")
    await hears_in_trace(station)
    await station.sends()
    (row,) = await station.rows("select headers ->> 'traceparent' as traceparent from event_log")
    assert row.traceparent.split("-")[1] == TRACE
