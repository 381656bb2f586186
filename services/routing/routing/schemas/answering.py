"""Taking a case up, answering it, and what comes after."""

from typing import Annotated, Literal
from uuid import UUID

from contracts.routing import HandoverMeans, Outcome
from pydantic import Field, StringConstraints, field_validator

from routing.domain.figures import EXCLUDABLE, Rate
from routing.schemas.typed import PRINTABLE, Code, Request, Words


class Acceptance(Request):
    """What the dispatcher puts right; what is left out stays as it is."""

    place_id: UUID | None = Field(
        default=None,
        description="Where it is, at or below a place that you dispatch for. What waits to be placed needs it.",
    )
    category: Code | None = Field(default=None, examples=["municipal.street_lights"])


Evidence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PRINTABLE)]
Basis = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=PRINTABLE)]
_SHOWN = "The number of the photo, document or record that shows it; some matters ask for it. Name nobody."


class Solved(Request):
    outcome: Literal[Outcome.SOLVED]
    answer: Words = Field(description="What was done, in words for the resident.")
    evidence: Evidence | None = Field(default=None, description=_SHOWN, examples=["照片 2026-1123"])
    handover: HandoverMeans | None = Field(
        default=None,
        description="What came of it is ready: the resident is told to collect it, or that it is brought home. "
        "Left out: there is nothing to hand over.",
    )


class Explained(Request):
    outcome: Literal[Outcome.EXPLAINED]
    answer: Words = Field(description="Why it cannot be done, in words for the resident.")
    basis: Basis = Field(
        description="The rule by which it cannot be, for the resident.", examples=["《物业管理条例》第五十条"]
    )
    evidence: Evidence | None = Field(default=None, description=_SHOWN, examples=["照片 2026-1123"])


Answer = Annotated[Solved | Explained, Field(discriminator="outcome")]


class Review(Request):
    approved: bool = Field(description="It goes out as it was handed in; or it is sent back, as if it had not been.")
    words: Words = Field(description="Why, for who wrote it.")


class Verification(Request):
    passed: bool = Field(description="Seen on site that it was done; or it is under way again.")
    words: Words = Field(description="What was seen, for the history.")


class Exclusion(Request):
    """That a case not count in a rate."""

    rate: Rate = Field(description=f"One of {', '.join(EXCLUDABLE)}.", examples=["on_time"])
    words: Words = Field(description="Why, for the review.")

    @field_validator("rate")
    @classmethod
    def _is_excludable(cls, rate: Rate) -> Rate:
        if rate not in EXCLUDABLE:
            raise ValueError(f"nothing is taken out of it: name one of {', '.join(EXCLUDABLE)}")
        return rate


class ExclusionReview(Request):
    granted: bool
    words: Words = Field(description="Why, for who applied.")


class Handover(Request):
    means: HandoverMeans
