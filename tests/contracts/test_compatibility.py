"""Within a version only what old readers and old messages bear, held against what was published before."""

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contracts.catalogue import ASYNCAPI, SCHEMAS, asyncapi, schema_of
from contracts.compatibility import breaks, breaks_of_topics
from contracts.routing import CaseAcceptedV1
from contracts.topics import EVENTS

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]


def git(*arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def earlier_versions() -> list[str]:
    """Where this branch left the main one, the last commit and the one before: what others may have built on."""
    found = [git("merge-base", "HEAD", "origin/main"), git("rev-parse", "HEAD"), git("rev-parse", "--verify", "HEAD~1")]
    return list(dict.fromkeys(commit for commit in found if commit))


def committed(commit: str, path: Path) -> Json | None:
    text = git("show", f"{commit}:{path.relative_to(ROOT)}")
    return json.loads(text) if text else None


def test_there_is_a_version_to_compare_with() -> None:
    assert earlier_versions(), "not a git repository: compatibility cannot be checked"


@pytest.mark.parametrize("commit", earlier_versions())
def test_no_event_breaks_with_an_earlier_version(commit: str) -> None:
    names = (git("ls-tree", "--name-only", commit, f"{SCHEMAS.relative_to(ROOT)}/") or "").splitlines()
    for name in names:
        before = committed(commit, ROOT / name)
        assert before is not None
        event = EVENTS.get(Path(name).stem)
        assert event, f"{name}: the type is gone, and its messages are still in the log"
        assert breaks(before, schema_of(event)) == [], name


@pytest.mark.parametrize("commit", earlier_versions())
def test_no_topic_breaks_with_an_earlier_version(commit: str) -> None:
    before = committed(commit, ASYNCAPI)
    if before is not None:
        assert breaks_of_topics(before, asyncapi()) == []


def remove_a_field(schema: Json) -> None:
    del schema["properties"]["by"]


def rename_a_field(schema: Json) -> None:
    schema["properties"]["promise_until"] = schema["properties"].pop("promise_due")


def require_a_new_field(schema: Json) -> None:
    schema["properties"]["tone"] = {"type": "string"}
    schema["required"].append("tone")


def require_an_optional_field(schema: Json) -> None:
    schema["required"].append("silent")


def free_a_required_field(schema: Json) -> None:
    schema["required"].remove("promise_due")


def change_a_type(schema: Json) -> None:
    schema["properties"]["number"]["type"] = "integer"


def change_a_format(schema: Json) -> None:
    schema["properties"]["promise_due"]["format"] = "date"


def narrow_a_limit(schema: Json) -> None:
    schema["properties"]["number"]["maxLength"] = 16


def widen_a_limit(schema: Json) -> None:
    schema["properties"]["number"]["maxLength"] = 64


def change_a_pattern(schema: Json) -> None:
    schema["properties"]["placed_path"]["pattern"] = "^.*$"


def change_a_default(schema: Json) -> None:
    schema["properties"]["silent"]["default"] = True


def forbid_null(schema: Json) -> None:
    schema["properties"]["by"]["anyOf"].pop()


def shrink_an_enum(schema: Json) -> None:
    schema["$defs"]["CaseState"]["enum"].remove("in_progress")


def grow_an_enum(schema: Json) -> None:
    schema["$defs"]["CaseState"]["enum"].append("suspended")


def break_what_a_list_holds(schema: Json) -> None:
    schema["$defs"]["Party"]["properties"].pop("appeal_number")


def break_what_a_map_holds(schema: Json) -> None:
    schema["properties"]["promise_text"]["additionalProperties"] = {"type": "integer"}


def break_what_may_be_null(schema: Json) -> None:
    schema["$defs"]["Handler"]["properties"]["title"]["maxLength"] = 20


def forbid_what_is_new(schema: Json) -> None:
    schema["additionalProperties"] = False


def unmark_personal_data(schema: Json) -> None:
    schema["$defs"]["Handler"]["properties"]["name"]["anyOf"][0].pop("x-pii")


def add_an_optional_field(schema: Json) -> None:
    schema["properties"]["tone"] = {"type": "string", "default": "plain"}


def tell_it_better(schema: Json) -> None:
    schema["description"] = "A case was accepted, and the resident has a promise."
    schema["properties"]["number"]["title"] = "Case number"


def mark_personal_data(schema: Json) -> None:
    schema["properties"]["number"]["x-pii"] = True


def schema() -> Json:
    return schema_of(CaseAcceptedV1)


@pytest.mark.parametrize(
    "change",
    [
        remove_a_field,
        rename_a_field,
        require_a_new_field,
        require_an_optional_field,
        free_a_required_field,
        change_a_type,
        change_a_format,
        narrow_a_limit,
        widen_a_limit,
        change_a_pattern,
        change_a_default,
        forbid_null,
        shrink_an_enum,
        grow_an_enum,
        break_what_a_list_holds,
        break_what_a_map_holds,
        break_what_may_be_null,
        forbid_what_is_new,
        unmark_personal_data,
    ],
)
def test_each_kind_of_break_is_found(change: Callable[[Json], None]) -> None:
    new = copy.deepcopy(schema())
    change(new)
    assert breaks(schema(), new) != []


@pytest.mark.parametrize("change", [add_an_optional_field, tell_it_better, mark_personal_data])
def test_what_nobody_trips_over_is_allowed(change: Callable[[Json], None]) -> None:
    new = copy.deepcopy(schema())
    change(new)
    assert breaks(schema(), new) == []


def test_an_enum_may_grow_once_its_readers_tolerate_it() -> None:
    old, new = schema(), schema()
    old["$defs"]["CaseState"]["x-open"] = True
    grow_an_enum(new)
    assert breaks(old, new) == []


def lose_a_topic(document: Json) -> None:
    del document["channels"]["city.case.v1"]


def lose_a_type(document: Json) -> None:
    del document["channels"]["city.case.v1"]["messages"]["city.case.closed.v1"]


def move_the_keys(document: Json) -> None:
    document["channels"]["city.case.v1"]["bindings"]["kafka"]["partitions"] = 48


def key_it_otherwise(document: Json) -> None:
    document["channels"]["city.case.v1"]["x-key"] = "district"


def close_the_public_feed(document: Json) -> None:
    document["channels"]["city.case.v1"]["x-public"] = False


@pytest.mark.parametrize("change", [lose_a_topic, lose_a_type, move_the_keys, key_it_otherwise, close_the_public_feed])
def test_each_break_of_a_topic_is_found(change: Callable[[Json], None]) -> None:
    new = copy.deepcopy(asyncapi())
    change(new)
    assert breaks_of_topics(asyncapi(), asyncapi()) == []
    assert breaks_of_topics(asyncapi(), new) != []
