"""While a release rolls out, the one before it runs on the new schema: a migration that would break it is refused.

What is new is added (expand), the code goes over to it (migrate), and what nobody needs any more is taken away a
release later (contract) by a migration that says ``serves``: the oldest revision whose code may still run.
"""

import re

import pytest

from tests.architecture.guards import ROOT

#: From these revisions on: the ones before were all rolled out with nothing running.
SINCE = {"grid": "0006", "intake": "0016", "notify": "0028", "routing": "0038"}

_TAKES_AWAY = re.compile(
    r"""drop\s+(table|column|function|view|type)\b | \brename\s+(to|column)\b
    | alter\s+column\s+\w+\s+(type|set\s+not\s+null)\b
    | \brevoke\s+(?!execute\s+on\s+function\s[^;"]*from\s+public) | \bop\.(drop_table|drop_column|rename_table)\(
    | \bop\.alter_column\([^)]*(nullable=False|new_column_name=|type_=)""",
    re.IGNORECASE | re.VERBOSE,
)
_OWED = re.compile(r"""op\.add_column\((?:(?!op\.).)*?nullable=False(?:(?!op\.).)*""", re.DOTALL)
_SERVES = re.compile(r"""^serves *= *["'](\w+)["']""", re.MULTILINE)
_BEFORE = re.compile(r"""^down_revision\b[^=\n]*= *["'](\w+)["']""", re.MULTILINE)


def faults(migration: str) -> list[str]:
    """What of a migration breaks the release before it, each with the remedy."""
    serves, before = _SERVES.search(migration), _BEFORE.search(migration)
    if serves and before and serves[1] > before[1]:
        return [f"serves {serves[1]}: the release at {before[1]} runs while this one comes; take away a release later"]
    taken = [] if serves else [" ".join(found[0].split()) for found in _TAKES_AWAY.finditer(migration)]
    owed = [found[0] for found in _OWED.finditer(migration) if "server_default" not in found[0]]
    return [
        *(
            f"{words}: if no code since the release before needs it, say serves = {before and before[1]!r}"
            for words in taken
        ),
        *(
            ["a column that must be given: the release before does not give it; let it be null or have a default"]
            * len(owed)
        ),
    ]


@pytest.mark.parametrize("service", SINCE)
def test_the_release_before_runs_on_each_schema(service: str) -> None:
    versions = ROOT / "services" / service / service / "migrations" / "versions"
    found = {path.name: faults(path.read_text()) for path in sorted(versions.glob("[0-9]*.py"))}
    assert {name: said for name, said in found.items() if name[:4] >= SINCE[service] and said} == {}


HEAD = 'revision = "0032"\ndown_revision = "0031"\n'


@pytest.mark.parametrize(
    "statement",
    [
        'op.execute("drop table note")',
        'op.execute("alter table note drop column words")',
        'op.execute("alter table note rename column words to text")',
        'op.execute("alter table note alter column words set not null")',
        'op.execute("revoke select on note from grid_auditor")',
        'op.drop_column("note", "words")',
        'op.alter_column("note", "words", nullable=False)',
        'op.alter_column(\n    "note",\n    "words",\n    type_=sa.Text,\n)',
    ],
)
def test_what_takes_away_says_whom_it_serves(statement: str) -> None:
    assert len(faults(HEAD + statement)) == 1
    assert faults(HEAD + 'serves = "0031"\n' + statement) == []


def test_what_serves_its_own_release_alone_is_refused() -> None:
    assert faults(HEAD + 'serves = "0032"\n') == [
        "serves 0032: the release at 0031 runs while this one comes; take away a release later"
    ]


def test_a_column_that_must_be_given_is_refused() -> None:
    another = 'op.add_column("note", sa.Column("x", sa.Text))'
    column = 'op.add_column("note", sa.Column("by", sa.Text, nullable=False{}))\n' + another
    assert len(faults(HEAD + column.format(""))) == 1
    assert faults(HEAD + column.format(', server_default=""')) == []


def test_what_only_adds_serves_the_release_before() -> None:
    assert faults(HEAD + 'op.create_table("note")\nop.execute("revoke execute on function f, g from public")') == []
