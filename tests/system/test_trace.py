"""One trace from the resident's request to the last notice, over every process in between."""

from uuid import uuid4

import httpx
import pytest
from kit.testing.otlp import Collector, ReceivedSpan

from tests.system.city import City

SPAN_KIND_SERVER, SPAN_KIND_CONSUMER = 2, 5

STEPS = ("opened", "accepted", "assigned")

#: What must have come, each process sending its spans in its own time.
EXPECTED = {
    ("intake", "POST /intake/v1/appeals"),
    ("routing", "intake.appeal.received.v1 handle"),
    *((service, f"routing.case.{step}.v1 handle") for service in ("intake", "notify") for step in STEPS),
    ("notify", "notify send"),
}


@pytest.fixture(scope="module")
def trace(city: City, collector: Collector) -> list[ReceivedSpan]:
    """The spans of one appeal filed by a resident who wants to be told, once the last of its notices was sent.

    Where a whole batch is handled at once, its span is in a trace of its own and linked to each event's.
    """
    trace_id = uuid4().hex
    body = {
        "channel": "web",
        "place": "A3-15",
        "words": "A3区西湖街道小区停水三天了，请尽快处理。",
        "who": {"kind": "outsider", "name": "周平", "means": "sandbox", "address": "sandbox:zhou-ping"},
    }
    headers = {
        "Authorization": f"Bearer {city.baiyang('token', 'resident').stdout.strip()}",
        "Idempotency-Key": uuid4().hex,
        "traceparent": f"00-{trace_id}-{uuid4().hex[:16]}-01",
    }
    taken = httpx.post(f"{city.address}/intake/v1/appeals", json=body, headers=headers, timeout=30)
    assert taken.status_code == 201, taken.text

    def of_it(spans: list[ReceivedSpan]) -> list[ReceivedSpan]:
        return [s for s in spans if s.trace_id == trace_id or any(linked == trace_id for linked, _ in s.links)]

    def is_whole(spans: list[ReceivedSpan]) -> bool:
        return {(span.service, span.name) for span in of_it(spans)} >= EXPECTED

    return of_it(collector.wait_for(is_whole, seconds=60))


def find(trace: list[ReceivedSpan], service: str, name: str) -> ReceivedSpan:
    """The event's own span, or that of the batch which took it; the last one, where it had to be taken again.

    (What is told of an appeal waits for its contact, and is tried again when that has come.)
    """
    named = [span for span in trace if (span.service, span.name) == (service, name)]
    found = [span for span in named if not span.links] or named
    assert found, f"no {service} {name} in {sorted({(s.service, s.name) for s in trace})}"
    return found[-1]


def is_under(trace: list[ReceivedSpan], span: ReceivedSpan, ancestor: ReceivedSpan) -> bool:
    """Whether the ancestor is reached by parents, or by the link of a batch to the event that it took."""
    above = {s.span_id: {s.parent_id, *(linked for _, linked in s.links)} for s in trace}
    reached, ahead = set[str](), {span.span_id}
    while ahead:
        reached |= ahead
        ahead = {up for at in ahead for up in above.get(at, ())} - reached
    return ancestor.span_id in reached


def test_the_request_is_traced_through_the_gateway_to_intake(trace: list[ReceivedSpan]) -> None:
    assert find(trace, "intake", "POST /intake/v1/appeals").kind == SPAN_KIND_SERVER


def test_routing_opens_the_case_under_the_request(trace: list[ReceivedSpan]) -> None:
    request = find(trace, "intake", "POST /intake/v1/appeals")
    opened = find(trace, "routing", "intake.appeal.received.v1 handle")
    assert opened.kind == SPAN_KIND_CONSUMER
    assert is_under(trace, opened, request)


@pytest.mark.parametrize("step", STEPS)
def test_each_step_is_taken_by_notify_and_intake_under_its_opening(trace: list[ReceivedSpan], step: str) -> None:
    opened = find(trace, "routing", "intake.appeal.received.v1 handle")
    name = f"routing.case.{step}.v1 handle"
    assert is_under(trace, find(trace, "intake", name), opened)
    assert is_under(trace, find(trace, "notify", name), opened)


def test_the_notice_is_sent_under_the_step_that_owes_it(trace: list[ReceivedSpan]) -> None:
    accepted = find(trace, "notify", "routing.case.accepted.v1 handle")
    assert is_under(trace, find(trace, "notify", "notify send"), accepted)


def test_no_span_tells_of_the_resident(trace: list[ReceivedSpan], collector: Collector) -> None:
    assert trace
    sent = b"".join(collector.raw)
    assert not [marker for marker in ("周平", "zhou-ping", "停水三天") if marker.encode() in sent]
