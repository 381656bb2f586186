"""What is handed to the city hotline, which is asked and replies: the case stays ours (domain.md, sections 2 and 3)."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.routing import HotlineStanding

from routing.domain.promise import Term, Unit

REPLY_WITHIN = Term(Unit.WORKING_DAYS, 5)

#: What the hotline's files call how something stands.
STANDINGS: dict[str, HotlineStanding] = {
    **dict.fromkeys(("办理中", "处理中", "已受理", "已派单", "under_way"), HotlineStanding.UNDER_WAY),
    **dict.fromkeys(("已办结", "办结", "已答复", "已完成", "done"), HotlineStanding.DONE),
    **dict.fromkeys(("已退回", "退回", "不予受理", "returned"), HotlineStanding.RETURNED),
}

FINAL = frozenset({HotlineStanding.DONE, HotlineStanding.RETURNED})


@dataclass(frozen=True)
class HandedOver:
    """A case as it was handed to them: what their file says of it stays as it was then. ``seq`` is its entry."""

    handover_id: UUID
    case_id: UUID
    seq: int
    case_number: str
    gist: str
    category: str
    place: str
    words: str
    handed_at: datetime
    reply_due: datetime
    batch: int | None = None
    """The file that it went out with; none: it waits for the next."""
    their_number: str | None = None
    standing: HotlineStanding | None = None
    """None: they have said nothing yet."""
    replied_at: datetime | None = None


@dataclass(frozen=True)
class Batch:
    """What went out together; it can be written again as it was."""

    number: int
    made_at: datetime
    written_at: datetime | None = None


@dataclass(frozen=True)
class BatchSheet:
    """``batch`` none: nothing waits. ``more``: something waits beside it."""

    batch: Batch | None
    handovers: list[HandedOver]
    more: bool = False


class Fate(StrEnum):
    """What became of a row of their file."""

    RECORDED = "recorded"
    UNKNOWN = "unknown"
    """No case of this number was handed to them, as far as who imports may see."""
    DOUBLED = "doubled"
    """The same row stands in the file before."""
    BAD = "bad"


@dataclass(frozen=True)
class ReplyRow:
    """A row of their file, as it was typed. ``nth``: the how-manieth of its content in the file. ``trouble``: why the
    reader could make nothing of it.
    """

    line: int
    nth: int
    their_number: str
    case_number: str
    state: str
    reply: str
    date: str
    replied_at: datetime | None = None
    trouble: str | None = None

    @property
    def digest(self) -> bytes:
        """One content, one digest: by it a row that comes again is known."""
        content = [self.their_number, self.case_number, self.state, self.reply, self.date]
        return hashlib.sha256(json.dumps(content).encode()).digest()

    @property
    def standing(self) -> HotlineStanding | None:
        return STANDINGS.get(self.state.strip().lower())

    def fault(self, now: datetime) -> str | None:
        """Why it says nothing that could be recorded, whatever case it is about."""
        if self.trouble:
            return self.trouble
        lacking = next((name for name in ("their_number", "reply") if not getattr(self, name).strip()), None)
        if lacking:
            return f"column {lacking}: is empty"
        if self.standing is None:
            return f"column state: none of {', '.join(STANDINGS)}"
        if self.replied_at is None:
            return "column date: is empty"
        return "column date: lies ahead" if self.replied_at > now else None


@dataclass(frozen=True)
class Verdict:
    """On a row of their file; ``case_id`` is the case that it speaks of, where that is known."""

    fate: Fate
    why: str | None = None
    case_id: UUID | None = None


def judge(row: ReplyRow, case_id: UUID | None, *, was_handed: bool, now: datetime) -> Verdict:
    fault = row.fault(now)
    if fault is not None:
        return Verdict(Fate.BAD, fault, case_id)
    if row.nth > 1:
        return Verdict(Fate.DOUBLED, "the same row stands in the file before", case_id)
    if case_id is None:
        return Verdict(Fate.UNKNOWN, "no case has this number, or it is not yours to see")
    if not was_handed:
        return Verdict(Fate.UNKNOWN, "this case was not handed to the hotline", case_id)
    return Verdict(Fate.RECORDED, case_id=case_id)


@dataclass(frozen=True)
class KeptRow:
    """A row of their file that could not be recorded, until somebody settles it."""

    reply_id: UUID
    file: str
    line: int
    their_number: str
    case_number: str
    state: str
    reply: str
    date: str
    fate: Fate
    why: str
    came_at: datetime


@dataclass(frozen=True)
class Taken:
    """What came of a part of their file; ``kept`` are rows that are new and could not be recorded."""

    recorded: int
    known: int
    kept: list[tuple[ReplyRow, Verdict]]
