"""The dispatcher's desk, and what is asked of it."""

from datetime import date
from typing import Literal, Self
from uuid import UUID

from contracts.routing import Ask, Remit
from pydantic import AwareDatetime, BaseModel, Field, model_validator

from routing.domain.precedent import Precedent
from routing.domain.reasons import Reason
from routing.domain.waiting import Plan
from routing.schemas.typed import CaseName, Code, Name, Request, Title, Words


class Resort(Request):
    """The right category or the right place, or both."""

    category: Code | None = Field(default=None, examples=["municipal.street_lights"])
    place_id: UUID | None = Field(
        default=None, description="Where it really is, at or below a place that you dispatch for."
    )
    words: Words = Field(description="Why, for the history.")

    @model_validator(mode="after")
    def _names_what_is_right(self) -> Self:
        if self.category is None and self.place_id is None:
            raise ValueError("name the right category or the right place")
        return self


class Dispatch(Request):
    post_id: UUID = Field(description="Who is to handle it: a post at its place or above it, an office's among them.")
    words: Words = Field(description="Why, for the history.")


class NamedCase(Request):
    case_id: CaseName
    version: int = Field(ge=1, lt=10**18, description="The ETag of what you read.")


class ManyCases(Request):
    cases: list[NamedCase] = Field(min_length=1, max_length=100, description="Each by itself, each once.")

    @property
    def named(self) -> list[tuple[str, int]]:
        return [(case.case_id, case.version) for case in self.cases]


class ManyResorts(ManyCases, Resort):
    """As of one case, of many."""


class ManyDispatches(ManyCases, Dispatch):
    """As of one case, of many."""


class Asking(Request):
    reason: Code = Field(description="From GET /routing/v1/reasons.", examples=["wrong_category"])
    words: Words = Field(description="What it rests on, for who rules.")


class AskingForTime(Asking):
    days: int = Field(ge=1, le=15, description="Working days, from the day on which the promise falls due.")


class AskingToSuspend(Asking):
    until: date = Field(description="The day on which the promise runs again: ahead, at most 60 days.")


class Resumption(Request):
    words: Words = Field(description="Why, for the history.")


class Transfer(Request):
    post_id: UUID = Field(
        description="Whose remit it is: a post at its place or above it, or of an office that answers for its category."
    )
    words: Words = Field(description="Why, for the history and for who takes it.")


class Planning(Request):
    day: date = Field(description="By when it is done: after today, within two years.")
    answer: Words = Field(description="How it stands and what comes of it, in words for the resident.")
    who: Title | None = Field(
        default=None, description="Who will do it: a name or an office; none: whoever holds the case."
    )

    def plan(self) -> Plan:
        return Plan(self.day, self.answer, self.who)


class Ruling(Request):
    granted: bool
    words: Words = Field(
        description="Why. Where a decline is granted, the resident reads them after the reason: say who can help."
    )
    post_id: UUID | None = Field(default=None, description="Of a return that is granted: who takes it.")
    category: Code | None = Field(
        default=None, description="Of a return that is granted: the right category, which leads to who takes it."
    )
    place_id: UUID | None = Field(
        default=None,
        description="Of a return that is granted: where it really is, which leads to who takes it; "
        "at or below a place that you dispatch for.",
    )


class Recusal(Request):
    words: Words = Field(description="What the interest is, for the history.")


class Takeover(Request):
    words: Words = Field(description="Why, for the history.")


class NewReason(Request):
    """For the operator. Reasons for ``decline`` are a closed list."""

    ask: Ask
    code: Code
    name: dict[Literal["zh", "en"], Name] = Field(min_length=2, description="By language (zh, en).")

    def reason(self) -> Reason:
        return Reason(self.ask, self.code, self.name["zh"], self.name["en"])


class ReasonView(BaseModel):
    ask: Ask
    code: str
    name: dict[str, str] = Field(description="By language (zh, en).")

    @classmethod
    def of(cls, reason: Reason) -> "ReasonView":
        return cls(ask=reason.ask, code=reason.code, name={"zh": reason.name_zh, "en": reason.name_en})


class ReasonsView(BaseModel):
    items: list[ReasonView]

    @classmethod
    def of(cls, items: list[Reason]) -> "ReasonsView":
        return cls(items=[ReasonView.of(item) for item in items])


class PrecedentView(BaseModel):
    """Who handles such a matter at a place and below it, by a ruling; ``case_number`` is where it comes from."""

    precedent_id: UUID
    category: str
    remit: Remit
    place_id: UUID
    post_id: UUID
    case_id: UUID
    case_number: str
    ruled_by: str
    ruled_at: AwareDatetime
    revoked_by: str | None
    revoked_at: AwareDatetime | None

    @classmethod
    def of(cls, item: Precedent) -> "PrecedentView":
        return cls.model_validate(item, from_attributes=True)
