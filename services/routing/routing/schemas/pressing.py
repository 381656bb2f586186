"""Nudges, orders, instructions, and what superiors owe."""

from uuid import UUID

from contracts.routing import CaseState, PressingKind
from kit.clock import Instant
from pydantic import AwareDatetime, BaseModel, Field

from routing.domain.case import Standing
from routing.domain.pressing import Pressing, PressingLine
from routing.domain.supervising import SupervisionLine
from routing.schemas.typed import Request, Title, Words


class Nudge(Request):
    words: Words = Field(description="What whoever holds it is reminded of.")


class Order(Request):
    words: Words = Field(description="What is to be done.")
    due_at: Instant = Field(description="By when the report is owed: ahead, at most 30 days.")


class Instruction(Request):
    words: Words = Field(description="As the leader wrote them.")
    leader: Title = Field(description="Whose word it is, by title.", examples=["区长"])


class Report(Request):
    words: Words = Field(description="What was done, for whoever pressed.")


class PressingView(BaseModel):
    """A nudge, a supervision order or an instruction."""

    pressing_id: UUID
    kind: PressingKind
    number: str = Field(description="Of a nudge: the how-manieth it is on its case; of the others: their own.")
    by: str | None = Field(description="The sign-in subject of who pressed, or took down that the resident asks again.")
    by_post_id: UUID | None = Field(description="Null: the resident has asked again.")
    leader: str | None = Field(description="Of an instruction: whose word it is, by title.")
    words: str
    made_at: AwareDatetime
    due_at: AwareDatetime | None
    reported_at: AwareDatetime | None
    reported_by: str | None
    report: str | None
    settled_at: AwareDatetime | None = Field(
        description="Since when no report is owed on it; without a report: a nudge, or its case ended before."
    )

    @classmethod
    def of(cls, pressing: Pressing) -> "PressingView":
        return cls.model_validate(pressing, from_attributes=True)


class PressingLineView(PressingView):
    """With its case, whose ``version`` is the ETag that a report names."""

    case_id: UUID
    case_number: str
    gist: str
    version: int
    overdue: bool

    @classmethod
    def of_line(cls, line: PressingLine) -> "PressingLineView":
        return cls(
            **PressingView.of(line.pressing).model_dump(),
            case_id=line.pressing.case_id,
            case_number=line.case_number,
            gist=line.gist,
            version=line.version,
            overdue=line.pressing.is_overdue(line.now),
        )


class SupervisionLineView(BaseModel):
    """A superior's duty to see to it that what is late is done, with its case."""

    supervision_id: UUID
    case_id: UUID
    case_number: str
    gist: str
    version: int
    state: CaseState
    holder_post_id: UUID | None
    promise_due: AwareDatetime | None
    standing: Standing
    post_id: UUID = Field(description="Of mine: whose duty it is.")
    tier: str = Field(description="Of the post's place.")
    since: AwareDatetime
    due_at: AwareDatetime = Field(description="Until when; then the tier above has it too, or it comes back.")
    repeats: int = Field(description="How often it has come back, since nobody is above; such stand first.")
    lapsed_at: AwareDatetime | None = Field(description="Since when the tier above has it too; it stays mine.")

    @classmethod
    def of_line(cls, line: SupervisionLine) -> "SupervisionLineView":
        duty = line.supervision
        return cls(
            **{name: getattr(duty, name) for name in ("supervision_id", "case_id", "post_id", "tier", "since")},
            **{name: getattr(duty, name) for name in ("due_at", "repeats", "lapsed_at")},
            case_number=line.case_number,
            gist=line.gist,
            version=line.version,
            state=line.state,
            holder_post_id=line.holder_post_id,
            promise_due=line.promise_due,
            standing=line.standing,
        )
