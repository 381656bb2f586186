"""The shape of the tree: the same names everywhere, and rules that no import linter can say."""

import ast
import re
import sys
from collections import Counter
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


REVISION = re.compile(r"""^(down_revision|revision)\b[^=\n]*= *["']?(\w+)""", re.MULTILINE)


def numbered_alike(folder: Path, pattern: str) -> list[str]:
    """Numbers that two files of the folder have."""
    numbers = Counter(path.name.split("_")[0].split("-")[0] for path in folder.glob(pattern))
    return sorted(number for number, times in numbers.items() if times > 1)


def forks(folder: Path) -> list[str]:
    """Where a chain of migrations parts, does not begin, or does not end once."""
    found = [dict(REVISION.findall(path.read_text())) for path in sorted(folder.glob("[0-9]*.py"))]
    revisions = Counter(each["revision"] for each in found)
    before = Counter(each["down_revision"] for each in found)
    faults = [f"{revision} is there {times} times" for revision, times in revisions.items() if times > 1]
    faults += [f"{times} come after {revision}" for revision, times in before.items() if times > 1]
    faults += [f"{revision} is not there" for revision in before if revision != "None" and revision not in revisions]
    return faults if before["None"] else [*faults, "none is the first"]


@pytest.mark.parametrize("service", SERVICES)
def test_the_migrations_of_a_service_are_one_chain_and_no_two_have_one_number(service: str) -> None:
    folder = ROOT / "services" / service / service / "migrations" / "versions"
    assert numbered_alike(folder, "[0-9]*.py") == []
    assert forks(folder) == []


def test_no_two_decisions_have_one_number() -> None:
    assert numbered_alike(ROOT / "docs" / "adr", "*.md") == []


def test_a_fork_and_a_number_that_two_have_are_found(tmp_path: Path) -> None:
    chain = {"0001_first": "None", "0002_one": '"0001"', "0003_two": '"0001"', "0003_three": '"0009"'}
    for name, before in chain.items():
        (tmp_path / f"{name}.py").write_text(f'revision = "{name[:4]}"\ndown_revision = {before}\n')
    assert numbered_alike(tmp_path, "*.py") == ["0003"]
    assert forks(tmp_path) == ["0003 is there 2 times", "2 come after 0001", "0009 is not there"]


def test_a_chain_without_a_beginning_is_found(tmp_path: Path) -> None:
    (tmp_path / "0002_one.py").write_text('revision = "0002"\ndown_revision = "0002"\n')
    assert forks(tmp_path) == ["none is the first"]
