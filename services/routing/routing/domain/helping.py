"""Joint handling: one lead, who holds the case and answers for it, and helpers, each with a part of its own."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from routing.domain.pressing import LONGEST_LIMIT
from routing.domain.steps import Seated


class HelperState(StrEnum):
    ASKED = "asked"
    DONE = "done"
    RELEASED = "released"


@dataclass
class Helper:
    """A post that was called in. ``words``: what its part is; ``report``: what was done."""

    helper_id: UUID
    case_id: UUID
    post_id: UUID
    office_id: UUID | None
    words: str
    due_at: datetime
    called_by: str
    called_by_post_id: UUID
    called_at: datetime
    state: HelperState = HelperState.ASKED
    report: str | None = None
    missed_at: datetime | None = None
    settled_by: str | None = None
    settled_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state is HelperState.ASKED

    def is_overdue(self, now: datetime) -> bool:
        return self.is_open and self.due_at < now

    def settle(self, state: HelperState, *, by: str | None, at: datetime, report: str | None = None) -> None:
        self.state, self.report, self.settled_by, self.settled_at = state, report, by, at


@dataclass(frozen=True)
class Part:
    """A helper in a list, with what whoever reads it needs of its case, as of now."""

    helper: Helper
    case_number: str
    gist: str
    version: int
    now: datetime


def latest_limit(due: datetime, now: datetime) -> datetime:
    """A part is not due after the promise, or the day of a plan; where that was missed, it has a limit like a
    supervision order's.
    """
    return due if due > now else now + LONGEST_LIMIT


def is_across(lead: Seated, helper: Seated) -> bool:
    """Between an office and the tree, or between two offices."""
    return lead.office_id != helper.office_id


def paths_across(those: Collection[Seated]) -> tuple[str, ...]:
    """Where they stand, once they are of more than one office, or of one and the tree."""
    return tuple(each.path for each in those) if len({each.office_id for each in those}) > 1 else ()


def may_name(by: Seated, *, lead: Seated, helper: Seated) -> bool:
    """Whether this post may name who leads and who helps. Across offices the dispatcher of a tier that stands above
    both; else a dispatcher, or the lead itself at or below its own place or in its own office (domain.md, section 4).
    """
    if is_across(lead, helper):
        return by.dispatches and lead.path.startswith(by.path) and helper.path.startswith(by.path)
    return by.dispatches or (by.post_id == lead.post_id and helper.path.startswith(lead.path))
