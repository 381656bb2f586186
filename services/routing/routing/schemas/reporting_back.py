"""What was assigned from above, and what is handed to the city hotline."""

from typing import Annotated
from uuid import UUID

from contracts.routing import HotlineStanding
from kit.clock import Instant
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from routing.domain.assignment import ReportBack
from routing.domain.hotline import BatchSheet, Fate, HandedOver, KeptRow, ReplyRow, Taken
from routing.schemas.typed import PRINTABLE, Cell, Name, Request, Words


class AssignmentReport(Request):
    words: Words = Field(description="What came of it, for whoever assigned it.")


class AssignmentReview(Request):
    accepted: bool
    words: Words = Field(description="What they said, for the history.")
    due_at: Instant | None = Field(
        default=None, description="Of a report that they reject: their new limit, which lies ahead."
    )


class HotlineHandover(Request):
    words: Words = Field(description="What is asked of the hotline; it is written in their file.")


class HotlineRow(Request):
    """A row of their file, as it was typed; what is wrong with it is said of it, and it is kept."""

    line: int = Field(ge=1, le=10_000_000, description="Of the file.")
    nth: int = Field(default=1, ge=1, le=1_000_000, description="The how-manieth row of the same content in the file.")
    their_number: Cell = ""
    case_number: Cell = Field(default="", examples=["C000-0000-0001"])
    state: Cell = Field(default="", description="As they call it.", examples=["办理中", "已办结", "已退回"])
    reply: Annotated[str, StringConstraints(max_length=10_000, pattern=PRINTABLE)] = ""
    date: Cell = ""
    replied_at: Instant | None = Field(default=None, description="The date as an instant, where it could be read.")
    trouble: Cell | None = Field(default=None, description="Why the reader of the file could make nothing of it.")

    def row(self) -> ReplyRow:
        return ReplyRow(**self.model_dump())


class HotlineReplies(Request):
    """A part of their file. Each content is taken once, however often it is sent."""

    file: Name = Field(description="Its name, for whoever looks into what could not be recorded.")
    rows: list[HotlineRow] = Field(min_length=1, max_length=200)


class Settlement(Request):
    words: Words = Field(description="What was found out.")


class ReportBackView(BaseModel):
    """A report to whoever assigned it; its words are in the history."""

    number: str
    office: str
    sent_at: AwareDatetime
    accepted: bool | None = Field(description="null: they have said nothing yet.")
    reviewed_at: AwareDatetime | None

    @classmethod
    def of(cls, report: ReportBack) -> "ReportBackView":
        return cls.model_validate(report, from_attributes=True)


class HotlineHandoverView(BaseModel):
    """The case as it was handed to the city hotline, and how it stands with them; their words are in the history."""

    case_number: str
    gist: str
    category: str = Field(description="By its Chinese name, as their file says it.")
    place: str
    words: str
    handed_at: AwareDatetime
    reply_due: AwareDatetime
    batch: int | None = Field(description="The file that it went out with; null: it waits for the next.")
    their_number: str | None
    standing: HotlineStanding | None = Field(description="null: they have said nothing yet.")
    replied_at: AwareDatetime | None = Field(description="When their part ended.")

    @classmethod
    def of(cls, handover: HandedOver) -> "HotlineHandoverView":
        return cls.model_validate(handover, from_attributes=True)


class BatchView(BaseModel):
    """What goes out to the city hotline in one file; the same however often it is asked for."""

    number: int | None = Field(description="null: nothing waits.")
    made_at: AwareDatetime | None
    written_at: AwareDatetime | None = Field(description="null: nobody has said yet that it lies there.")
    more: bool = Field(description="Something waits beside it.")
    items: list[HotlineHandoverView]

    @classmethod
    def of(cls, sheet: BatchSheet) -> "BatchView":
        batch = sheet.batch
        return cls(
            number=batch.number if batch else None,
            made_at=batch.made_at if batch else None,
            written_at=batch.written_at if batch else None,
            more=sheet.more,
            items=[HotlineHandoverView.of(handover) for handover in sheet.handovers],
        )


class KeptNowView(BaseModel):
    line: int
    fate: Fate
    why: str


class TakenView(BaseModel):
    """What came of a part of their file. ``kept`` could not be recorded, and is listed until it is settled."""

    recorded: int
    known: int = Field(description="Taken before: nothing was changed.")
    kept: list[KeptNowView]

    @classmethod
    def of(cls, taken: Taken) -> "TakenView":
        kept = [KeptNowView(line=row.line, fate=verdict.fate, why=verdict.why or "") for row, verdict in taken.kept]
        return cls(recorded=taken.recorded, known=taken.known, kept=kept)


class KeptRowView(BaseModel):
    """A row of their file that could not be recorded, as it was typed."""

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
    came_at: AwareDatetime

    @classmethod
    def of(cls, row: KeptRow) -> "KeptRowView":
        return cls.model_validate(row, from_attributes=True)
