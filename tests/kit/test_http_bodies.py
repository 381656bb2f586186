from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from kit.clock import Instant
from kit.http import Body
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError


class Colour(StrEnum):
    RED = "red"


class Lamp(Body):
    kind: Literal["lamp"] = "lamp"
    days: int | None = None
    urgent: bool = False
    until: date | None = None
    due_at: Instant | None = None
    place: UUID | None = None
    colour: Colour | None = None
    counts: dict[str, int] = Field(default={})
    others: list["Lamp"] = Field(default=[])


class Pipe(Body):
    kind: Literal["pipe"]
    lengths: list[int]


@pytest.mark.parametrize(
    "body",
    [
        {"days": True},
        {"days": "3"},
        {"days": 3.0},
        {"urgent": "yes"},
        {"urgent": 1},
        {"until": 1796860800},
        {"until": "1796860800"},
        {"until": True},
        {"due_at": 1796860800.5},
        {"due_at": " -1796860800.5"},
        {"counts": {"a": "1"}},
        {"others": [{"days": "3"}]},
        {"colour": 1},
        {"unheard_of": 1},
    ],
)
def test_nothing_of_another_type_is_taken_for_what_it_might_mean(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Lamp.model_validate(body)


def test_what_json_has_no_type_for_is_read_from_text() -> None:
    body = {
        "days": 3,
        "until": "2026-12-10",
        "due_at": "2026-12-10T09:30:00+08:00",
        "place": "0190f3a2-7b1c-7def-8123-456789abcdef",
        "colour": "red",
        "others": [{"urgent": True}],
    }
    lamp = Lamp.model_validate(body)
    assert (lamp.until, lamp.colour, lamp.others[0].urgent) == (date(2026, 12, 10), Colour.RED, True)


def test_a_body_of_several_forms_is_as_strict() -> None:
    either: TypeAdapter[Lamp | Pipe] = TypeAdapter(Annotated[Lamp | Pipe, Field(discriminator="kind")])
    assert either.validate_python({"kind": "pipe", "lengths": [1]}) == Pipe(kind="pipe", lengths=[1])
    with pytest.raises(ValidationError):
        either.validate_python({"kind": "pipe", "lengths": ["1"]})


def test_its_description_is_that_of_its_fields() -> None:
    described = Lamp.model_json_schema()["$defs"]["Lamp"]["properties"]
    assert described["until"]["anyOf"] == [{"type": "string", "format": "date"}, {"type": "null"}]
    assert described["days"]["anyOf"] == [{"type": "integer"}, {"type": "null"}]


class Note(Body):
    words: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    aside: str = ""


@pytest.mark.parametrize("words", ["\u200b\u200b", " \u200d\ufeff ", "\u3164", "\u2800\u00ad", "\ufe0f"])
def test_words_of_which_nothing_is_to_be_seen_are_none(words: str) -> None:
    with pytest.raises(ValidationError, match="no visible character"):
        Note(words=words)


@pytest.mark.parametrize("control", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_text_that_turns_itself_around_is_refused_wherever_it_stands(control: str) -> None:
    for said in ({"words": f"已{control}办结"}, {"words": "已办结", "aside": control}):
        with pytest.raises(ValidationError, match=f"U\\+{ord(control):04X}"):
            Note.model_validate(said)


@pytest.mark.parametrize("words", ["好", "👨‍👩‍👧", "?", "\U00031350", "\ue000", "e\u0301"])
def test_what_is_to_be_seen_is_taken(words: str) -> None:
    assert Note(words=words, aside="").words == words


def test_a_schema_that_is_asked_for_again_grows_no_further() -> None:
    class Line(Body):
        words: Annotated[str, StringConstraints(min_length=1)]

    class Whole(Body):
        line: Line

    def size() -> int:
        return len(str(TypeAdapter(Annotated[Whole, Field()]).core_schema))

    first = size()
    assert [size() for _ in range(3)] == [first] * 3
    with pytest.raises(ValidationError):
        Whole.model_validate({"line": {"words": "\u200b"}})
