"""Joint handling."""

from uuid import UUID

from kit.clock import Instant
from pydantic import AwareDatetime, BaseModel, Field

from routing.domain.helping import Helper, HelperState
from routing.domain.helping import Part as HelpersPart
from routing.schemas.cases import HolderView
from routing.schemas.typed import Request, Words
from routing.service.reading import HelperSeen


class CallIn(Request):
    post_id: UUID = Field(description="Who is to help: a post at its place or above it, an office's among them.")
    words: Words = Field(description="What its part is.")
    due_at: Instant = Field(description="By when the part is to be done: ahead, and not after the promise.")


class PartReport(Request):
    words: Words = Field(description="What was done of the part, for whoever leads.")


class Ending(Request):
    words: Words = Field(description="Why, for the history.")


class HelperView(BaseModel):
    """A post that was called in, and its part."""

    helper_id: UUID
    post_id: UUID
    office_id: UUID | None
    words: str = Field(description="What its part is.")
    due_at: AwareDatetime
    called_by: str = Field(description="The sign-in subject of who called it in.")
    called_by_post_id: UUID
    called_at: AwareDatetime
    state: HelperState
    report: str | None
    missed_at: AwareDatetime | None = Field(description="When its limit was missed; the promise is not touched by it.")
    settled_by: str | None
    settled_at: AwareDatetime | None

    @classmethod
    def of(cls, helper: Helper) -> "HelperView":
        return cls.model_validate(helper, from_attributes=True)


class HelperSeenView(HelperView):
    holder: HolderView | None = Field(description="Who answers in that post now.")

    @classmethod
    def of_seen(cls, seen: HelperSeen) -> "HelperSeenView":
        holder = HolderView.of(seen.seat) if seen.seat else None
        return cls(**HelperView.of(seen.helper).model_dump(), holder=holder)


class PartView(HelperView):
    """With its case, whose ``version`` is the ETag that a report names."""

    case_id: UUID
    case_number: str
    gist: str
    version: int
    overdue: bool

    @classmethod
    def of_part(cls, part: HelpersPart) -> "PartView":
        return cls(
            **HelperView.of(part.helper).model_dump(),
            case_id=part.helper.case_id,
            case_number=part.case_number,
            gist=part.gist,
            version=part.version,
            overdue=part.helper.is_overdue(part.now),
        )
