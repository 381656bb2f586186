"""What the relay writes is CloudEvents 1.0 in Kafka's binary mode, as the CloudEvents SDK reads it."""

from datetime import datetime
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from contracts.catalogue import asyncapi, examples_of
from contracts.topics import EVENTS, TOPICS
from jsonschema import Draft202012Validator
from kit.outbox import outgoing
from kit.relay.window import Pending
from kit.testing.servers import NOW

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
HEADERS = asyncapi()["components"]["messageTraits"]["cloudevent"]["headers"]


def written(event_type: str, body: dict[str, Any]) -> tuple[dict[str, bytes], str, bytes]:
    """Headers, key and value as the relay puts them on the wire."""
    out = outgoing(EVENTS[event_type].model_validate(body), now=NOW)
    headers = {"traceparent": TRACEPARENT}
    pending = Pending(1, out.event_id, out.topic, out.type, out.key, out.version, out.body, headers)
    service = TOPICS[out.topic].owner
    return dict(pending.wire_headers(service, "5x1TnH0oQxCq3kTn0aUzkA")), out.key, (out.body or "").encode()


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_the_sdk_reads_what_the_relay_writes(event_type: str) -> None:
    body = examples_of(event_type)["minimal"]
    headers, key, value = written(event_type, body)
    event = from_binary_event(KafkaMessage(headers=headers, key=key, value=value))
    assert event.get_type() == event_type
    assert event.get_source() == f"/{TOPICS[EVENTS[event_type].TOPIC].owner}"
    assert event.get_subject() == event.get_extension("partitionkey") == key
    assert event.get_datacontenttype() == "application/json"
    assert isinstance(event.get_time(), datetime)
    assert event.get_extension("subjectversion") == str(body["version"])
    data = event.get_data()
    assert isinstance(data, dict)
    assert EVENTS[event_type].model_validate(data) == EVENTS[event_type].model_validate(body)


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_headers_are_as_the_catalogue_says(event_type: str) -> None:
    headers, _, _ = written(event_type, examples_of(event_type)["minimal"])
    told = {name: value.decode() for name, value in headers.items()}
    assert list(Draft202012Validator(HEADERS).iter_errors(told)) == []
    assert set(told) == set(HEADERS["properties"])


def test_a_missing_attribute_is_refused_by_the_sdk_and_by_the_catalogue() -> None:
    headers, key, value = written("city.case.opened.v1", examples_of("city.case.opened.v1")["minimal"])
    del headers["ce_source"]
    told = {name: raw.decode() for name, raw in headers.items()}
    assert list(Draft202012Validator(HEADERS).iter_errors(told))
    with pytest.raises(Exception, match="source"):
        from_binary_event(KafkaMessage(headers=headers, key=key, value=value))
