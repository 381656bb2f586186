"""The shape of the tree: the same names everywhere, and rules that no import linter can say."""

import ast
import sys
from pathlib import Path

import pytest

from tests.architecture.guards import ROOT

SERVICES = ("grid", "intake", "notify", "routing")
OURS = ("services", "shared", "deploy", "tests")

#: Names under which things gather that nobody finds again.
ATTICS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}


def files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.py")) if not any(part.startswith(".") for part in path.parts)]


def imports_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module and not n.level}


def strangers_in_domain(path: Path, service: str) -> set[str]:
    """What a domain module imports beside the standard library, the contracts, its own domain and its errors."""
    known = (*sys.stdlib_module_names, "contracts")
    own = (f"{service}.domain", f"{service}.errors")
    return {
        name
        for name in imports_of(path)
        if name.split(".")[0] not in known and not any(name == o or name.startswith(f"{o}.") for o in own)
    }


def domain_files(service: str) -> list[Path]:
    home = ROOT / "services" / service / service
    return [path for path in files(home) if path.relative_to(home).parts[0] in ("domain", "domain.py")]


@pytest.mark.parametrize("service", SERVICES)
def test_the_domain_needs_the_standard_library_and_the_contracts_alone(service: str) -> None:
    found = domain_files(service)
    assert found
    assert {str(path): strangers for path in found if (strangers := strangers_in_domain(path, service))} == {}


def test_a_stranger_in_the_domain_is_found(tmp_path: Path) -> None:
    path = tmp_path / "case.py"
    path.write_text("import kit.db\nfrom sqlalchemy import text\nfrom routing.domain import steps\nimport json\n")
    assert strangers_in_domain(path, "routing") == {"kit.db", "sqlalchemy"}


def test_nothing_is_put_into_an_attic() -> None:
    for folder in OURS:
        assert [path for path in files(ROOT / folder) if path.stem in ATTICS or path.parent.name in ATTICS] == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_folder_holds_its_entries_and_nothing_else(service: str) -> None:
    entries = {path.name for path in (ROOT / "services" / service).iterdir() if not path.name.startswith(".")}
    assert entries - {"__pycache__"} <= {"pyproject.toml", "Dockerfile", "README.md", service}
    assert {"pyproject.toml", "README.md", service} <= entries


def test_every_package_says_that_it_is_typed() -> None:
    for package in [*(ROOT / "services").glob("*/*/__init__.py"), *(ROOT / "shared").glob("*/*/__init__.py")]:
        assert package.with_name("py.typed").exists(), package
