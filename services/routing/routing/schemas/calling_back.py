"""Calling residents back."""

from typing import Annotated, Literal
from uuid import UUID

from contracts.routing import ContactOutcome
from pydantic import AwareDatetime, BaseModel, Field

from routing.domain.call_back import CallBack, CallBackLine, Way
from routing.domain.case import Standing
from routing.schemas.typed import Request, Words


class Reached(Request):
    outcome: Literal[ContactOutcome.REACHED]
    solved: bool = Field(description="Whether the answer solved it; what is not solved is done again.")
    rating: int | None = Field(default=None, ge=1, le=5, description="How satisfied they are; 3 to 5 are satisfied.")
    words: Words = Field(description="What they said, for the history.")
    appeal_id: UUID | None = Field(default=None, description="Whose, where several residents are to be called.")


class NotReached(Request):
    outcome: Literal[ContactOutcome.NOT_REACHED]
    words: Words | None = Field(default=None, description="How it was tried, for the history.")
    appeal_id: UUID | None = Field(default=None, description="Whose, where several residents are to be called.")


Calling = Annotated[Reached | NotReached, Field(discriminator="outcome")]


class CallBackView(BaseModel):
    """What a resident was asked about an answer, and what they say of it; neither solved nor not: not rated."""

    appeal_id: UUID
    answer: int = Field(description="Which of the answers to this appeal.")
    seq: int = Field(description="The entry of the history that has the answer.")
    way: Way = Field(description="By its notice, by a person, or by the progress page alone.")
    asked_at: AwareDatetime
    rate_by: AwareDatetime = Field(description="Until when they may say something; silence then is not rated.")
    attempts: int
    rated_at: AwareDatetime | None
    rated_by: str | None = Field(description="The sign-in subject of who called; null: the resident by the link.")
    solved: bool | None
    rating: int | None
    settled_at: AwareDatetime | None = Field(
        description="Since when nobody is asked any more: rated, tried in vain, or answered anew."
    )

    @classmethod
    def of(cls, call_back: CallBack) -> "CallBackView":
        return cls.model_validate(call_back, from_attributes=True)


class CallBackLineView(CallBackView):
    """With its case, whose ``version`` is the ETag that a call-back names."""

    case_id: UUID
    case_number: str
    gist: str
    version: int
    standing: Standing

    @classmethod
    def of_line(cls, line: CallBackLine) -> "CallBackLineView":
        return cls(
            **CallBackView.of(line.call_back).model_dump(),
            case_id=line.call_back.case_id,
            case_number=line.case_number,
            gist=line.gist,
            version=line.version,
            standing=line.standing,
        )
