"""The handling record."""

from typing import Annotated, Literal
from uuid import UUID

from contracts.routing import ContactOutcome, RecordKind
from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from routing.domain.recording import Work
from routing.schemas.cases import CaseView, facts_of
from routing.schemas.typed import LONGEST_LIST, PRINTABLE, OfficeName, Papers, Request, Words
from routing.service.recording import Recorded


class WorkDone(Request):
    """What was done on a case; ``kind`` decides which fields there are."""

    def work(self) -> Work:
        return Work(**self.model_dump())


class WorkInWords(WorkDone):
    kind: Literal[RecordKind.CALL, RecordKind.SITE_VISIT]
    words: Words = Field(description="What came of it, for the history.")


class InterimWord(WorkDone):
    kind: Literal[RecordKind.INTERIM_WORD]
    words: Words = Field(description="How it goes meanwhile, in words for the resident, who is told.")


class WorkOfOne(WorkDone):
    """It concerns one resident, whom alone it is told."""

    appeal_id: UUID | None = Field(
        default=None, description="Where several residents ask in the case: whom it concerns, by an appeal of theirs."
    )


class ContactAttempt(WorkOfOne):
    kind: Literal[RecordKind.CONTACT_ATTEMPT]
    outcome: ContactOutcome
    words: Words | None = Field(default=None, description="How it was tried and what came of it, for the history.")


class LetterSent(WorkDone):
    kind: Literal[RecordKind.LETTER_SENT]
    office: OfficeName = Field(description="Whom it goes to: an office that is not on the platform.")
    words: Words = Field(description="The letter's own words.")


class LetterReply(WorkDone):
    kind: Literal[RecordKind.LETTER_REPLY]
    number: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(
        description="Of the letter that was answered, however it is typed.", examples=["H7K2-9QXV"]
    )
    words: Words = Field(description="What they reply, for the history.")


class PapersReceived(WorkOfOne):
    kind: Literal[RecordKind.PAPERS_RECEIVED]
    papers: Papers | None = Field(
        default=None, description="What came: those that were named as missing are ticked off by name."
    )
    copies: bool = Field(
        default=False, description="They are copies. Originals alone are in custody, and are given back before its end."
    )
    complete: Words | None = Field(
        default=None,
        validate_default=True,
        description="Instead of papers: why no more is waited for of those that were named as missing.",
    )

    @field_validator("complete")
    @classmethod
    def _says_one_thing(cls, complete: str | None, info: ValidationInfo) -> str | None:
        if "papers" in info.data and (info.data["papers"] is None) == (complete is None):
            raise ValueError("goes instead of papers: name those that came, or say here why no more is waited for")
        return complete

    def work(self) -> Work:
        return Work(**self.model_dump() | {"papers": self.papers or ()})


class PapersReturned(WorkOfOne):
    kind: Literal[RecordKind.PAPERS_RETURNED]
    papers: Papers = Field(description="Those of the originals in custody that were given back.")


class PapersMissing(WorkOfOne):
    kind: Literal[RecordKind.PAPERS_MISSING]
    papers: Papers = Field(description="All that are missing, at once, in 600 characters; the resident is told.")

    @field_validator("papers")
    @classmethod
    def _fit_one_message(cls, papers: list[str]) -> list[str]:
        if sum(map(len, papers)) > LONGEST_LIST:
            raise ValueError(f"has names that together are longer than {LONGEST_LIST} characters: shorten them")
        return papers


Recording = Annotated[
    WorkInWords
    | InterimWord
    | ContactAttempt
    | LetterSent
    | LetterReply
    | PapersReceived
    | PapersReturned
    | PapersMissing,
    Field(discriminator="kind"),
]


class RecordedView(CaseView):
    letter: str | None = Field(description="The number of the letter that was sent or answered.")
    receipt: int | None = Field(description="Of originals, taken in or given back: the entry whose receipt is printed.")

    @classmethod
    def of_recorded(cls, recorded: Recorded) -> "RecordedView":
        return cls(**facts_of(recorded.case), letter=recorded.letter, receipt=recorded.receipt)
