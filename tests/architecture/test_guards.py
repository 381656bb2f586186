"""Each guard of `make check` seen to fail: a copy of the tree with a fault planted in it."""

import os
import shutil
from pathlib import Path

import pytest

from tests.architecture import guards
from tests.architecture.guards import GUARDS, PACKAGES, ROOT

NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "lib", "node_modules", "examples")

#: A module of ours with a line that it may not have, and the import contract that says so.
FORBIDDEN_IMPORTS = [
    (
        "services/routing/routing/models/planted.py",
        "import routing.service",
        "Inside a service, imports point downwards",
    ),
    ("services/grid/grid/managers.py", "", "Inside a service, imports point downwards"),
    ("services/intake/intake/service/planted.py", "import routing.domain", "Services never import one another"),
    ("services/grid/grid/service/planted.py", "import grid.schemas", "Only api knows what HTTP bodies look like"),
    ("services/notify/notify/service/planted.py", "import notify.settings", "Settings are read at the top"),
    ("shared/contracts/contracts/planted.py", "import kit.ids", "Contracts stand alone"),
    ("shared/kit/kit/planted.py", "import intake.domain", "The kit knows no service"),
    ("shared/kit/kit/planted.py", "import contracts.intake", "The kit knows no event"),
    ("services/grid/grid/repository/planted.py", "import network.places", "Only services keep a copy of the grid"),
    ("services/routing/routing/domain/planted.py", "import sqlalchemy", "The domain knows no framework"),
    ("services/notify/notify/service/planted.py", "import fastapi", "Use cases know neither HTTP nor Kafka"),
]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tree = tmp_path / "tree"
    shutil.copytree(ROOT, tree, ignore=NOT_COPIED)
    roots = os.pathsep.join(str(tree / folder) for folder in PACKAGES)
    monkeypatch.setenv("PYTHONPATH", roots)
    return tree


def plant(tree: Path, where: str, text: str) -> None:
    """Add the line to a module, which may grow into a package by it."""
    path = tree / where
    grown = path.parent.with_suffix(".py")
    if grown.exists():
        path.parent.mkdir()
        grown.rename(path.parent / "__init__.py")
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write(f"{text}\n")


def run(name: str, tree: Path) -> str:
    content, said = guards.run(name, tree)
    assert not content
    return said


def test_every_guard_is_seen_to_fail_here() -> None:
    here = Path(__file__).read_text()
    assert [name for name in GUARDS if f'"{name}"' not in here] == []


def test_lint_fails_on_a_fault(tree: Path) -> None:
    plant(tree, "services/grid/grid/planted.py", "import os")
    assert "planted.py:1:8: F401" in run("lint", tree)


def test_format_fails_on_a_fault(tree: Path) -> None:
    plant(tree, "services/grid/grid/planted.py", "x = { 'a':1 }")
    assert "planted.py" in run("format", tree)


def test_types_fail_on_a_fault(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tree, "shared/contracts/contracts/planted.py", "def double(x):\n    return x + x")
    monkeypatch.setitem(GUARDS, "types", [["mypy", "shared/contracts/contracts/planted.py"]])
    assert "planted.py:1: error: Function is missing a type annotation" in run("types", tree)


def test_types_know_what_pydantic_makes(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tree, "shared/contracts/contracts/planted.py", "from contracts.intake import Reach\n\nReach(name=1)")
    monkeypatch.setitem(GUARDS, "types", [["mypy", "shared/contracts/contracts/planted.py"]])
    said = run("types", tree)
    assert 'Missing named argument "means"' in said
    assert "arg-type" in said


def test_imports_fail_on_each_forbidden_one(tree: Path) -> None:
    for where, line, _ in FORBIDDEN_IMPORTS:
        plant(tree, where, line)
    said = run("imports", tree)
    broken = {line.removesuffix(" BROKEN").strip() for line in said.splitlines() if line.endswith(" BROKEN")}
    assert {contract for _, _, contract in FORBIDDEN_IMPORTS} <= broken
    for where, _, _ in FORBIDDEN_IMPORTS:
        assert where.split("/", 2)[2].removesuffix(".py").replace("/", ".") in said


def test_undeclared_fails_on_an_import_that_the_package_does_not_declare(tree: Path) -> None:
    plant(tree, "shared/contracts/contracts/planted.py", "import sqlalchemy")
    assert "planted.py:1:8: DEP003 'sqlalchemy'" in run("undeclared", tree)


def test_undeclared_fails_on_a_declaration_that_nothing_imports(tree: Path) -> None:
    declared = tree / "shared/contracts/pyproject.toml"
    declared.write_text(declared.read_text().replace('"pydantic==', '"jinja2>=3",\n    "pydantic=='))
    assert "DEP002 'jinja2'" in run("undeclared", tree)


def test_contracts_fail_on_a_schema_that_is_not_as_generated(tree: Path) -> None:
    schema = next((tree / "shared/contracts/contracts/schemas").glob("*.json"))
    schema.write_text("{}")
    assert schema.name in run("contracts", tree)


def test_openapi_fails_on_a_document_that_is_not_as_the_routes(tree: Path) -> None:
    document = tree / "docs/openapi/grid.json"
    document.write_text(document.read_text().replace("/grid/v1/tiers", "/grid/v1/levels"))
    assert "grid.json: differs from the routes" in run("openapi", tree)


def test_steps_fails_on_a_page_that_is_not_as_the_table(tree: Path) -> None:
    page = tree / "docs/steps.md"
    page.write_text(page.read_text().replace("ask_return", "ask_back"))
    assert "steps.md differs from the table" in run("steps", tree)


def test_watching_fails_on_dashboards_and_a_page_that_are_not_as_described(tree: Path) -> None:
    board = tree / "deploy/watch/dashboards/flow.json"
    board.write_text(board.read_text().replace("baiyang_parked", "baiyang_waiting"))
    (tree / "docs/metrics.md").unlink()
    said = run("watching", tree)
    assert "docs/metrics.md" in said
    assert "deploy/watch/dashboards/flow.json" in said


def test_a_command_with_no_fault_to_find_is_content(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GUARDS, "lint", [["ruff", "check", "--no-cache", "shared/contracts/contracts/envelope.py"]])
    assert guards.main(["lint"]) == 0
    assert guards.run("lint", tree) == (True, "")
