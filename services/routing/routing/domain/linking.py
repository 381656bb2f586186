"""Cases that are related: each is named on the other, with what it is to it."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from contracts.routing import CaseState, LinkKind

_MIRRORED = {LinkKind.FOLLOW_UP: LinkKind.PRECEDES, LinkKind.PRECEDES: LinkKind.FOLLOW_UP}


def mirrored(kind: LinkKind) -> LinkKind:
    """What the first case is to the second, by what the second is to the first."""
    return _MIRRORED.get(kind, kind)


@dataclass(frozen=True)
class Link:
    """As one of its two cases has it; ``kind`` is what the other is to that one. Both know it by the same id."""

    link_id: UUID
    case_id: UUID
    other_id: UUID
    other_number: str
    kind: LinkKind
    words: str
    by: str
    made_at: datetime

    def other_side(self, number: str) -> "Link":
        """As the other case has it; ``number`` is this one's."""
        kind = mirrored(self.kind)
        return replace(self, case_id=self.other_id, other_id=self.case_id, other_number=number, kind=kind)


@dataclass(frozen=True)
class OtherCase:
    """As much of it as whoever looks may see."""

    case_id: UUID
    state: CaseState
    gist: str


@dataclass(frozen=True)
class LinkSeen:
    """``other``: none where whoever looks does not see that case."""

    link: Link
    other: OtherCase | None
