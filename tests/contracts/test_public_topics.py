"""What every bureau may read holds no word by or about a person."""

from typing import Any

import pytest
from contracts.catalogue import schema_of
from contracts.compatibility import resolved
from contracts.routing import CaseAnsweredV1, CaseOpenedV1
from contracts.topics import TOPICS

PUBLIC = [(topic.name, event) for topic in TOPICS.values() if topic.public for event in topic.events]

#: Fields by which a person, a household or the words of an appeal could be told; none belongs on a public topic.
TELLING = {
    "gist",
    "answer",
    "by",
    "parties",
    "handler",
    "place_id",
    "placed_path",
    "person_id",
    "appeal_id",
    "query_code",
}


def marks(node: Any) -> set[str]:
    if isinstance(node, dict):
        return {key for key in node if key in ("x-pii", "x-sealed")}.union(*map(marks, node.values()), set())
    if isinstance(node, list):
        return set().union(*map(marks, node))
    return set()


def test_there_is_a_public_topic() -> None:
    assert {name for name, _ in PUBLIC} == {"city.case.v1"}


@pytest.mark.parametrize("name, event", PUBLIC)
def test_a_public_event_carries_no_personal_or_sealed_field(name: str, event: Any) -> None:
    schema = resolved(schema_of(event))
    assert marks(schema) == set()
    assert not TELLING & set(schema["properties"])


@pytest.mark.parametrize(
    "event, found", [(CaseAnsweredV1, {"x-pii", "x-sealed"}), (CaseOpenedV1, {"x-pii", "x-sealed"})]
)
def test_marks_are_found_however_deep_they_stand(event: Any, found: set[str]) -> None:
    assert marks(resolved(schema_of(event))) == found
