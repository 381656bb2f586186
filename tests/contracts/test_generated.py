"""What is committed is what the event classes say; each way to fall behind is found."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from contracts import __main__ as command
from contracts import catalogue
from contracts.topics import EVENTS

TYPE = "intake.appeal.received.v1"


def test_schemas_asyncapi_and_examples_are_as_committed() -> None:
    assert command.check() == []


def lose_a_schema(home: Path) -> None:
    (home / "schemas" / f"{TYPE}.json").unlink()


def edit_a_schema(home: Path) -> None:
    path = home / "schemas" / f"{TYPE}.json"
    path.write_text(path.read_text().replace('"maxLength": 200', '"maxLength": 100'))


def edit_the_catalogue(home: Path) -> None:
    path = home / "asyncapi.json"
    path.write_text(path.read_text().replace('"partitions": 24', '"partitions": 12'))


def leave_an_orphan_schema(home: Path) -> None:
    (home / "schemas" / "intake.appeal.lost.v1.json").write_text("{}")


def leave_orphan_examples(home: Path) -> None:
    (home / "examples" / "intake.appeal.lost.v1").mkdir()


def lose_an_example(home: Path) -> None:
    (home / "examples" / "routing.case.started.v1" / "minimal.json").unlink()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "contracts"
    shutil.copytree(catalogue.HOME, home)
    moved = {"SCHEMAS": home / "schemas", "EXAMPLES": home / "examples", "ASYNCAPI": home / "asyncapi.json"}
    for module in (catalogue, command):
        for name, path in {**moved, "HOME": home}.items():
            monkeypatch.setattr(module, name, path)
    return home


@pytest.mark.parametrize(
    "change",
    [
        lose_a_schema,
        edit_a_schema,
        edit_the_catalogue,
        leave_an_orphan_schema,
        leave_orphan_examples,
        lose_an_example,
    ],
)
def test_the_check_fails_when_files_and_classes_differ(home: Path, change: Callable[[Path], None]) -> None:
    assert command.check() == []
    change(home)
    assert command.check() != []


def test_write_mends_what_is_generated(home: Path) -> None:
    lose_a_schema(home)
    edit_the_catalogue(home)
    leave_an_orphan_schema(home)
    assert command.main(["write"]) == 0
    assert command.main(["check"]) == 0


def test_the_command_says_how_it_is_used() -> None:
    assert command.main(["mend"]) == 2


def test_every_reference_of_the_catalogue_resolves() -> None:
    document = catalogue.asyncapi()
    references = list(_references(document))
    assert len(references) > len(EVENTS)
    for reference in references:
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [str(node["$ref"])] if "$ref" in node else []
        return own + [found for value in node.values() for found in _references(value)]
    if isinstance(node, list):
        return [found for value in node for found in _references(value)]
    return []
