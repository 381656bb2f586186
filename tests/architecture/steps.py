"""The page of a case's steps, as the table in the code has them: ``python -m tests.architecture.steps check|write``."""

import sys
from collections.abc import Iterator

from contracts.routing import CaseState
from routing.domain.steps import STEPS, StepRule

from tests.architecture.guards import ROOT

PAGE = ROOT / "docs" / "steps.md"

_HEAD = """# A case's steps

From the table in `services/routing/routing/domain/steps.py`. The API, the steps that `GET /routing/v1/cases/{id}`
offers to whoever looks, and the tests come from it too. `python -m tests.architecture.steps write` makes this page.

The platform itself opens a case, accepts and assigns it where place and category are known, marks a promise that was
missed, and closes what was withdrawn or what nobody has rated in time. Where re-sorting, a ruling or a recusal gives a
case to somebody else, or its resident says that it is not solved, it is `assigned` anew; a decline that is granted
closes it. The picture has the steps that change the state. What a case is called in each state:
[glossary](glossary.md#cases).
"""


def page() -> str:
    return "\n".join([_HEAD, "```mermaid", *_diagram(), "```", "", *_table(), ""])


def _diagram() -> Iterator[str]:
    yield "stateDiagram-v2"
    yield "    [*] --> received"
    yield "    received --> assigned: platform"
    for rule in STEPS.values():
        for state in _ordered(rule):
            if rule.to not in (None, state):
                yield f"    {state} --> {rule.to}: {rule.step}"
    yield "    closed --> [*]"


def _table() -> Iterator[str]:
    yield "| step | from | to | by | only while | not while | reason from the list |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for rule in STEPS.values():
        cells = (
            f"`{rule.step}`",
            ", ".join(_ordered(rule)),
            str(rule.to or "as it is"),
            ", ".join(sorted(rule.actors)),
            ", ".join(sorted(rule.needs)),
            ", ".join(sorted(rule.bars)),
            str(rule.reasons or ""),
        )
        yield f"| {' | '.join(cells)} |"


def _ordered(rule: StepRule) -> list[CaseState]:
    return [state for state in CaseState if state in rule.states]


def main(arguments: list[str]) -> int:
    if arguments == ["write"]:
        PAGE.write_text(page())
        return 0
    is_same = PAGE.exists() and PAGE.read_text() == page()
    differs = f"{PAGE.name} differs from the table; run: python -m tests.architecture.steps write"
    print("The page is as committed." if is_same else differs)
    return 0 if is_same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
