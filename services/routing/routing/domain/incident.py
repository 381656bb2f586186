"""Incidents: trouble of whole buildings, whose every household is told, whether it has reported anything or not."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

#: On one case. What concerns more is no matter of buildings any more.
MOST_PLACES = 200


@dataclass(frozen=True)
class NamedPlace:
    """A building or area that a case names; ``telling`` is the first that its households got."""

    case_id: UUID
    place_id: UUID
    telling: int
    named_by: str
    named_at: datetime


@dataclass(frozen=True)
class Limits:
    """Where somebody may name buildings: at or below each of ``within``."""

    within: tuple[str, ...]

    def why_unfit(self, path: str, *, station: str | None) -> str | None:
        """``station`` is where the place is dispatched from: what is told as buildings lies below it."""
        if not all(path.startswith(each) for each in self.within):
            return "it does not lie below the station of the case and the place that you act for"
        if station is None or path == station:
            return "it has a station of its own: name its areas or buildings"
        return None


def is_named(path: str, named: Collection[str]) -> bool:
    """Whether it is, or lies in, a place whose households have been told already."""
    return any(path.startswith(each) for each in named)
