"""Documents stay true: the files and tests that they name are there, and the glossary has the code's words."""

import ast
import re
from enum import StrEnum
from pathlib import Path

import pytest
from contracts import grid, intake, routing

from tests.architecture.guards import PACKAGES, ROOT

DOCS = [ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|md|json|toml|html|yaml|csv))`")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)")
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives", "Revisit when"]


def missing_files(text: str) -> list[str]:
    """Files named by their path in the repository or in their package's own folder, that are not there."""
    roots = [ROOT, *(ROOT / folder for folder in PACKAGES)]
    return [name for name in FILE.findall(text) if not any((root / name).exists() for root in roots)]


def missing_tests(text: str) -> list[str]:
    return [f"{path}::{name}" for path, name in TEST.findall(text) if name not in names_in(ROOT / path)]


def missing_links(text: str, home: Path) -> list[str]:
    return [name for name, _ in LINK.findall(text) if name and not (home / name).exists()]


def missing_anchors(text: str, page: Path) -> list[str]:
    """Links to a heading that is not there, of this page or of another."""
    links = [(name, anchor) for name, anchor in LINK.findall(text) if anchor and not name.endswith(".py")]
    pages = {name: page.parent / name if name else page for name, _ in links}
    return [
        f"{name}{anchor}"
        for name, anchor in links
        if pages[name].exists() and anchor.removeprefix("#") not in anchors_in(pages[name])
    ]


def anchors_in(path: Path) -> set[str]:
    """Headings as GitHub links to them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def names_in(path: Path) -> set[str]:
    if not path.exists():
        return set()
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_what_a_document_names_is_there(path: Path) -> None:
    text = path.read_text()
    assert missing_files(text) == []
    assert missing_tests(text) == []
    assert missing_links(text, path.parent) == []
    assert missing_anchors(text, path) == []


def test_what_is_not_there_is_found() -> None:
    assert missing_files("`services/intake/intake/lost.py`, `kit/errors.py`") == ["services/intake/intake/lost.py"]
    here = "tests/architecture/test_docs.py"
    assert missing_tests(f"`{here}::test_lost`, `{here}::test_what_is_not_there_is_found`") == [f"{here}::test_lost"]
    assert missing_links("[a](adr/lost.md) [b](architecture.md#x)", ROOT / "docs") == ["adr/lost.md"]
    operations = ROOT / "docs" / "operations.md"
    assert missing_anchors("[a](#dead-letters) [b](architecture.md#lost) [c](#lost)", operations) == [
        "architecture.md#lost",
        "#lost",
    ]


def test_every_line_of_bad_input_names_a_test_that_shows_it() -> None:
    rows = [line for line in (ROOT / "docs" / "bad-input.md").read_text().splitlines() if line.startswith("| ")]
    lines = [line for line in rows if not line.endswith(("| shown by |", "| --- |"))]
    assert len(lines) > 20
    assert [line for line in lines if not TEST.search(line)] == []


def test_the_glossary_has_every_value_that_events_may_carry() -> None:
    words = set(re.findall(r"`([^`]+)`", (ROOT / "docs" / "glossary.md").read_text()))
    enums = {
        found
        for module in (grid, intake, routing)
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, StrEnum) and found is not StrEnum
    }
    assert len(enums) > 10
    assert {
        enum.__name__: sorted({m.value for m in enum} - words) for enum in enums if {m.value for m in enum} - words
    } == {}


def test_decisions_are_numbered_and_say_when_to_revisit_them() -> None:
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        assert [section for section in SECTIONS if f"**{section}" not in text] == [], page.name
        assert len(text.splitlines()) < 60, f"{page.name} is longer than a page"
