"""What is generated from the event classes and the registry: a JSON Schema a type, and the AsyncAPI document."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from contracts.envelope import Event
from contracts.topics import EVENTS, TOPICS, Topic

HOME = Path(str(files("contracts")))
SCHEMAS = HOME / "schemas"
EXAMPLES = HOME / "examples"
ASYNCAPI = HOME / "asyncapi.json"

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SERVICES = ("grid", "intake", "notify", "routing")

Json = dict[str, Any]


def schema_of(event: type[Event]) -> Json:
    """The body as readers take it. A reader passes over fields that it does not know."""
    body = event.model_json_schema(mode="validation")
    return {"$schema": DIALECT, "$id": f"urn:baiyang:event:{event.TYPE}", **body}


def generated() -> dict[Path, str]:
    """Every generated file with its text."""
    documents: dict[Path, Json] = {SCHEMAS / f"{name}.json": schema_of(event) for name, event in EVENTS.items()}
    documents[ASYNCAPI] = asyncapi()
    return {path: spell(document) for path, document in documents.items()}


def spell(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def examples_of(event_type: str) -> dict[str, Json]:
    """The hand-written bodies of a type, by file name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted((EXAMPLES / event_type).glob("*.json"))}


def asyncapi() -> Json:
    _, definitions = models_json_schema(
        [(event, "validation") for event in EVENTS.values()], ref_template="#/components/schemas/{model}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Baiyang events",
            "version": "1.0.0",
            "description": (
                "CloudEvents 1.0 in Kafka's binary mode: the body is the fact, the headers are its attributes. "
                "At least once on the wire, in one order per key; a reader drops an id that it has seen. "
                "Fields marked x-pii hold words by or about people, x-sealed are encrypted; "
                "public topics (x-public) hold neither."
            ),
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS.values()},
        "operations": dict(_operations()),
        "components": {
            "messages": {event.TYPE: _message(event) for event in EVENTS.values()},
            "messageTraits": {"cloudevent": {"headers": _HEADERS}},
            "schemas": definitions["$defs"],
        },
    }


def _channel(topic: Topic) -> Json:
    kafka: Json = {"topic": topic.name, "partitions": topic.partitions, "bindingVersion": "0.5.0"}
    if topic.compacted:
        kafka["topicConfiguration"] = {"cleanup.policy": ["compact"]}
    elif topic.retention is not None:
        milliseconds = int(topic.retention.total_seconds()) * 1000
        kafka["topicConfiguration"] = {"cleanup.policy": ["delete"], "retention.ms": milliseconds}
    return {
        "address": topic.name,
        "description": topic.description,
        "messages": {event.TYPE: {"$ref": f"#/components/messages/{event.TYPE}"} for event in topic.events},
        "bindings": {"kafka": kafka},
        "x-owner": topic.owner,
        "x-key": topic.key,
        "x-public": topic.public,
    }


def _operations() -> Iterator[tuple[str, Json]]:
    """Who sends and who receives, seen from each service."""
    for topic in TOPICS.values():
        channel = {"$ref": f"#/channels/{topic.name}"}
        yield f"{topic.owner}.sends.{topic.name}", {"action": "send", "channel": channel}
        for consumer in topic.consumers:
            yield f"{consumer}.receives.{topic.name}", {"action": "receive", "channel": channel}


def _message(event: type[Event]) -> Json:
    told = (event.__doc__ or "").strip()
    inherited = any(told == (base.__doc__ or "").strip() for base in event.__mro__[1:])
    message: Json = {
        "name": event.TYPE,
        "title": event.__name__,
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
        "bindings": {"kafka": {"key": _key_schema(event), "bindingVersion": "0.5.0"}},
        "examples": [{"name": name, "payload": body} for name, body in examples_of(event.TYPE).items()],
    }
    return message if inherited or not told else {**message, "summary": told.splitlines()[0]}


def _key_schema(event: type[Event]) -> Json:
    field = event.model_json_schema()["properties"][event.SUBJECT]
    return {"description": f"{event.SUBJECT} of the body.", **{k: field[k] for k in ("type", "format") if k in field}}


def _text(description: str, **more: object) -> Json:
    return {"type": "string", "description": description, **more}


_HEADERS: Json = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "ce_subjectversion"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": _text("Unique for good (UUIDv7): what a reader has seen it drops.", format="uuid"),
        "ce_type": _text("The event's type, with its version."),
        "ce_source": _text("The service that says it.", enum=[f"/{service}" for service in SERVICES]),
        "ce_time": _text("When it was recorded, in UTC.", format="date-time"),
        "ce_subject": _text("The key again."),
        "ce_subjectversion": _text("Grows with every event of the subject.", pattern="^[0-9]+$"),
        "ce_topicid": _text("The broker's id of the topic: another one means that the log was laid anew."),
        "content-type": {"const": "application/json"},
        "traceparent": _text("W3C Trace Context of the request that caused it."),
    },
}
