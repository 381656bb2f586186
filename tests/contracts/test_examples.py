"""Examples are what a reader of the catalogue copies: they hold, and between them they show every branch."""

import copy
from collections import defaultdict
from enum import StrEnum
from typing import Any

import pytest
from contracts.catalogue import examples_of, schema_of
from contracts.envelope import Event, Fact
from contracts.intake import Reach
from contracts.topics import EVENTS
from jsonschema import Draft202012Validator
from kit.crypto import KeyRing, open_from_transport, open_text_from_transport
from kit.numbers import parse_code

#: The key that the sealed values of the examples are sealed with; it opens nothing else.
EXAMPLE_KEYS = "example:ZXZlbnRzJyBleGFtcGxlcywgbmV2ZXIgYSBzZWNyZXQ="

TYPES = sorted(EVENTS)


@pytest.mark.parametrize("event_type", TYPES)
def test_examples_fit_the_schema_and_the_class(event_type: str) -> None:
    event = EVENTS[event_type]
    validator = Draft202012Validator(schema_of(event), format_checker=Draft202012Validator.FORMAT_CHECKER)
    for name, body in examples_of(event_type).items():
        assert list(validator.iter_errors(body)) == [], name
        event.model_validate(body)


@pytest.mark.parametrize("event_type", TYPES)
def test_an_example_without_a_required_field_does_not_fit(event_type: str) -> None:
    schema = schema_of(EVENTS[event_type])
    for name, body in examples_of(event_type).items():
        for field in schema["required"]:
            damaged = copy.deepcopy(body)
            del damaged[field]
            assert list(Draft202012Validator(schema).iter_errors(damaged)), f"{name} without {field}"


@pytest.mark.parametrize("event_type", TYPES)
def test_examples_show_no_field_that_the_event_lacks(event_type: str) -> None:
    for name, body in examples_of(event_type).items():
        assert _strangers(EVENTS[event_type].model_validate(body), body) == [], name


@pytest.mark.parametrize("event_type", TYPES)
def test_a_minimal_example_holds_the_required_fields_alone(event_type: str) -> None:
    assert set(examples_of(event_type)["minimal"]) == set(schema_of(EVENTS[event_type])["required"])


def test_between_them_examples_show_every_value_of_every_enum() -> None:
    shown: dict[type[StrEnum], set[str]] = defaultdict(set)
    for event_type, event in EVENTS.items():
        for body in examples_of(event_type).values():
            _note_enums(event.model_validate(body), shown)
    for enum, values in shown.items():
        assert {member.value for member in enum} == values, f"no example shows these values of {enum.__name__}"
    assert len(shown) >= 10


def test_the_sealed_values_open_with_the_examples_key() -> None:
    ring = KeyRing.parse(EXAMPLE_KEYS)
    for event_type in ("intake.contact.changed.v1", "grid.contact.changed.v1"):
        for body in examples_of(event_type).values():
            event = EVENTS[event_type].model_validate(body)
            assert open_from_transport(ring, body["sealed"], Reach, key=event.key).means
    for body in examples_of("intake.appeal.received.v1").values():
        if body.get("query_code"):
            code = open_text_from_transport(ring, body["query_code"], key=body["appeal_id"])
            assert parse_code(code)


def _strangers(fact: Fact, body: dict[str, Any]) -> list[str]:
    unknown = [name for name in body if name not in type(fact).model_fields]
    for name in body.keys() & type(fact).model_fields.keys():
        value, raw = getattr(fact, name), body[name]
        pairs = zip(value, raw, strict=True) if isinstance(value, list) else [(value, raw)]
        for inner, inner_raw in pairs:
            if isinstance(inner, Fact):
                unknown += [f"{name}/{found}" for found in _strangers(inner, inner_raw)]
    return unknown


def _note_enums(fact: Event | Fact, shown: dict[type[StrEnum], set[str]]) -> None:
    for name in type(fact).model_fields:
        value = getattr(fact, name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, StrEnum):
                shown[type(item)].add(item.value)
            elif isinstance(item, Fact):
                _note_enums(item, shown)
