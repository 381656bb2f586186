"""What is owed, as an auditor reads it out of a case's history.

Written from what is owed by right, not from notify's code: two that agree by sharing their code agree about nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

STEPS = ("opened", "accepted", "assigned", "started", "answered", "handed_over", "closed", "deadline_breached")

TEMPLATES = (
    "case_accepted",
    "case_reassigned",
    "case_answered",
    "case_closed",
    "case_withdrawn",
    "case_waiting",
    "case_assigned",
    "case_closed_staff",
    "deadline_missed",
    "deadline_missed_superior",
)


@dataclass(frozen=True)
class Notice:
    """One notice to one reader about one step; ``seq`` is the step's place in the case's history."""

    seq: int
    template: str
    recipient: str


def owed_by_step(step: str, seq: int, facts: Mapping[str, Any], residents: Collection[str]) -> set[Notice]:
    """``residents`` are the ids of those whose appeals the case joins; who gave no name is none of them."""
    told: list[tuple[str, Collection[str | None]]] = []
    holder = [facts.get("holder")]
    match step:
        case "opened" if facts.get("queue"):
            told = [("case_waiting", [facts.get("dispatcher")])]
        case "accepted":
            told = [("case_accepted", residents)]
        case "assigned":
            told = [("case_assigned", holder), ("case_reassigned", [] if facts.get("first") else residents)]
        case "answered":
            told = [("case_answered", residents)]
        case "closed":
            ended = "case_withdrawn" if facts.get("reason") == "withdrawn" else "case_closed"
            told = [(ended, residents), ("case_closed_staff", holder)]
        case "deadline_breached":
            told = [("deadline_missed", holder), ("deadline_missed_superior", [facts.get("superior")])]
    return {Notice(seq, template, reader) for template, readers in told for reader in readers if reader}
