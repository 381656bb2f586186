"""HTTP bodies of intake."""

from datetime import date, datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from contracts.intake import Channel, Language, Means, Placing
from kit.clock import Instant
from kit.http import Body
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from intake.domain.appeal import (
    Appeal,
    Asker,
    Assignment,
    Entry,
    EntryKind,
    Opening,
    Receipt,
    Submission,
    Who,
    WhoKind,
    WithdrawalReason,
)
from intake.domain.appeal import Location as PlacedAt
from intake.domain.progress import Done, Progress, Standing
from intake.domain.rating import Asked as AskedAnswer
from intake.domain.rating import Over, Said
from intake.repository.appeals import AppealFile, AppealLine

#: No NUL (PostgreSQL keeps none) and no other control character but line breaks and tabs.
_CLEAN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Words = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=_CLEAN, strip_whitespace=True)]
AnswerWords = Annotated[str, StringConstraints(min_length=1, max_length=4_000, pattern=_CLEAN, strip_whitespace=True)]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$", strip_whitespace=True)
]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x20\x7f]+$")]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$", strip_whitespace=True)
]

OfficeName = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$", strip_whitespace=True)
]


class Asked(Body):
    model_config = ConfigDict(str_strip_whitespace=True)


class WhoAsks(Asked):
    kind: Annotated[
        WhoKind,
        Field(
            description="resident and organisation: one of the register, by its reference; outsider: anybody else by"
            " name; anonymous: without a name."
        ),
    ]
    name: Name | None = None
    reference: Annotated[UUID | None, Field(description="The register's id of the resident or organisation.")] = None
    means: Annotated[Means, Field(description="How they want to be told.")] = Means.NONE
    address: Annotated[Name | None, Field(description="Where they are reached by this means.")] = None
    language: Language = Language.CHINESE
    origin: Annotated[
        Name | None, Field(description="The author's name in the source: the same author is the same person.")
    ] = None

    def given(self) -> Who:
        return Who(**{name: getattr(self, name) for name in type(self).model_fields})


class AssignmentAsked(Asked):
    """An order from above. The same office and number are the same appeal, for good."""

    office: Annotated[
        OfficeName, Field(description="Who assigned it, by name.", examples=["临江市12345政务服务便民热线"])
    ]
    number: Annotated[Name, Field(description="Theirs.", examples=["GD2026112300017"])]
    due_at: Annotated[Instant, Field(description="By when they want it done, or reported back where they ask for it.")]
    report_owed: Annotated[bool, Field(description="They want a report back, which they review and may reject.")] = (
        False
    )

    def given(self) -> Assignment:
        return Assignment.typed(self.office, self.number, self.due_at, report_owed=self.report_owed)


class NewAppeal(Asked):
    """What the resident says, for whoever takes it. Only channel, words and who are needed."""

    channel: Channel
    words: Annotated[Words, Field(description="In their own words; they never leave intake.")]
    who: WhoAsks
    title: Annotated[Line | None, Field(description="In one line.")] = None
    place: Annotated[Code | None, Field(description="The code of the place, where it is known.")] = None
    city: Annotated[
        Code | None, Field(description="The code of the city that it is said in, where that is not plain: an import.")
    ] = None
    address: Annotated[Line | None, Field(description="Where it is, in words: resolved against the places' names.")] = (
        None
    )
    category: Annotated[
        Code | None, Field(description="As confirmed by who takes it; without it, one is suggested.")
    ] = None
    language: Language = Language.CHINESE
    source: Annotated[Code | None, Field(description="The system that it comes from.")] = None
    external_id: Annotated[Name | None, Field(description="Its number there: with the source, unique for good.")] = None
    written_at: Annotated[Instant | None, Field(description="The date that it bears.")] = None
    received_at: Annotated[Instant | None, Field(description="For a finished past only; else it is now.")] = None
    historic: Annotated[bool, Field(description="A finished past: no clock is started and nobody is told.")] = False
    urgent: bool = False
    done_on_the_spot: Annotated[
        bool, Field(description="Settled while it was taken; `answer` says what was said or done.")
    ] = False
    answer: Annotated[
        AnswerWords | None,
        Field(
            description="Of what is done on the spot: what was said or done, in words for the resident.",
            examples=["周六上午九点到十二点开门，已告知所需材料。"],
        ),
    ] = None
    complained_of: list[Name] = Field(
        default=[],
        max_length=10,
        description="Sign-in subjects, not names, of staff complained of: they never handle it.",
    )
    assignment: Annotated[
        AssignmentAsked | None,
        Field(description="Of the channel assigned: its office and number are the source and the external number."),
    ] = None
    repeat_of: Annotated[
        Name | None,
        Field(description="The query code of an earlier appeal of theirs: this asks about the same matter again."),
    ] = None
    sealed: Annotated[
        bool,
        Field(description="Only those see it who must: by who takes it. What complains of staff is sealed anyway."),
    ] = False

    def given(self) -> Submission:
        facts = {name: getattr(self, name) for name in type(self).model_fields}
        shaped = {
            "who": self.who.given(),
            "title": self.title or "",
            "complained_of": tuple(self.complained_of),
            "assignment": self.assignment.given() if self.assignment else None,
        }
        return Submission(**{**facts, **shaped})


class ReceiptView(BaseModel):
    appeal_id: UUID
    number: str
    query_code: Annotated[
        str | None, Field(description="Opens the progress page; told once, so null when this is a repetition.")
    ]
    received_at: datetime
    placing: Placing
    place_id: UUID | None
    suggested_category: str | None
    repeated: Annotated[bool, Field(description="This source and external number had been taken before.")]

    @classmethod
    def of(cls, receipt: Receipt) -> Self:
        return cls(**{name: getattr(receipt, name) for name in cls.model_fields})


class CorrectionAsked(Asked):
    """What holds now; at least one of them."""

    words: Words | None = None
    place: Code | None = None
    category: Code | None = None


class WithdrawalAsked(Asked):
    reason: WithdrawalReason = WithdrawalReason.UNWANTED


class PlacingAsked(Asked):
    address: Line


class LocationView(BaseModel):
    placing: Placing
    place_id: Annotated[UUID | None, Field(description="The narrowest place that is certain.")]
    candidates: Annotated[list[UUID], Field(description="Where it stays open: the places among which.")]

    @classmethod
    def of(cls, location: PlacedAt) -> Self:
        return cls(placing=location.placing, place_id=location.place_id, candidates=list(location.candidates))


class CopiesView(BaseModel):
    """How much of the others' data intake has taken over and goes by now."""

    places: int
    categories: int

    @classmethod
    def of(cls, counts: tuple[int, int]) -> Self:
        return cls(places=counts[0], categories=counts[1])


class AskerView(BaseModel):
    id: UUID
    kind: WhoKind
    name: str | None
    means: Means
    address: str | None
    language: Language
    reference: UUID | None

    @classmethod
    def of(cls, asker: Asker) -> Self:
        return cls(**{name: getattr(asker, name) for name in cls.model_fields})


class EntryView(BaseModel):
    at: datetime
    by: str | None
    kind: EntryKind
    version: int
    words: str | None
    place_id: UUID | None
    category: str | None
    reason: WithdrawalReason | None
    answer: Annotated[int | None, Field(description="Of a rating: which of the answers it is of.")]
    solved: bool | None
    rating: int | None

    @classmethod
    def of(cls, entry: Entry) -> Self:
        return cls(**{name: getattr(entry, name) for name in cls.model_fields})


class AssignmentView(BaseModel):
    office: str
    number: str
    due_at: datetime
    report_owed: bool

    @classmethod
    def of(cls, assignment: Assignment) -> Self:
        return cls(**{name: getattr(assignment, name) for name in cls.model_fields})


class SuggestionView(BaseModel):
    """A suggestion, not a decision: these words of the category are in the text."""

    category: str
    why: list[str]


class AppealChangedView(BaseModel):
    appeal_id: UUID
    number: str
    version: int
    gist: str
    category: str | None
    location: LocationView
    withdrawn_at: datetime | None

    @classmethod
    def of(cls, appeal: Appeal) -> Self:
        return cls(
            appeal_id=appeal.id,
            number=appeal.number,
            version=appeal.version,
            gist=appeal.gist,
            category=appeal.category,
            location=LocationView.of(appeal.location),
            withdrawn_at=appeal.withdrawn_at,
        )


class OpeningView(BaseModel):
    """Somebody has read the words of a sealed appeal."""

    opening_id: UUID
    opened_by: str = Field(description="Their sign-in subject.")
    opened_at: datetime

    @classmethod
    def of(cls, opening: Opening) -> "OpeningView":
        return cls.model_validate(opening, from_attributes=True)


#: Fields of the view that are no plain fields of the appeal.
_OF_OTHERS = {"suggestion", "asker", "complained_of", "assignment", "entries", "attachments"}


class AppealView(AppealChangedView):
    """For who may see it. ``attachments`` come later; they have their room."""

    channel: Channel
    title: str
    words: str
    address: str | None
    suggestion: SuggestionView | None
    asker: AskerView | None
    received_at: datetime
    written_at: datetime | None
    historic: bool
    language: Language
    taken_by: str | None
    source: str | None
    external_id: str | None
    urgent: bool
    done_on_the_spot: bool
    answer: Annotated[str | None, Field(description="Of what was done on the spot: what was said or done.")]
    complained_of: list[str]
    assignment: Annotated[AssignmentView | None, Field(description="Of what was assigned from above.")]
    repeat_of: Annotated[UUID | None, Field(description="The earlier appeal that this asks about again.")]
    sealed: bool
    entries: list[EntryView]
    attachments: list[UUID] = []

    @classmethod
    def of_file(cls, file: AppealFile) -> Self:
        appeal = file.appeal
        same = AppealView.model_fields.keys() - AppealChangedView.model_fields.keys() - _OF_OTHERS
        return cls(
            **AppealChangedView.of(appeal).model_dump(),
            **{name: getattr(appeal, name) for name in same},
            suggestion=(
                SuggestionView(category=appeal.suggested_category, why=list(appeal.suggestion_why))
                if appeal.suggested_category
                else None
            ),
            asker=AskerView.of(file.asker) if file.asker else None,
            complained_of=list(appeal.complained_of),
            assignment=AssignmentView.of(appeal.assignment) if appeal.assignment else None,
            entries=[EntryView.of(entry) for entry in file.entries],
        )


class AppealLineView(BaseModel):
    id: UUID
    number: str
    channel: Channel
    gist: str
    category: str | None
    suggested_category: str | None
    placing: Placing
    place_id: UUID | None
    received_at: datetime
    withdrawn_at: datetime | None
    sealed: Annotated[bool, Field(description="Its gist is not told in lists.")]
    version: int

    @classmethod
    def of(cls, line: AppealLine) -> Self:
        return cls(**{name: getattr(line, name) for name in cls.model_fields})


class PauseView(BaseModel):
    since: datetime
    until: Annotated[datetime, Field(description="When it ended; before that, when it ends at the latest.")]
    why: Annotated[dict[str, str], Field(description="By language (zh, en).")]


class PapersView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    named_at: Annotated[datetime, Field(description="When they were named as missing.")]
    missing: Annotated[list[str], Field(description="Which of them have yet to come.")]
    complete_at: Annotated[datetime | None, Field(description="When they were complete.")]


class DoneView(BaseModel):
    at: datetime
    done: Done
    who: Annotated[str | None, Field(description="The post or centre that it went to, by title.")]
    text: Annotated[dict[str, str], Field(description="In words, by language (zh, en).")]


class ProgressView(BaseModel):
    """Whom to talk to, who does it, how it stands and is being done, since when, by when, and whether its answer may be
    rated; nothing else.
    """

    number: str
    standing: Standing
    received_at: datetime
    talk_to: str | None
    phone: str | None
    handler: str | None
    due: datetime | None
    promise: dict[str, str] | None
    rate: Annotated[
        str | None, Field(description="Where its resident may say whether the answer solved it; null: not now.")
    ] = None
    rate_by: Annotated[datetime | None, Field(description="Until when.")] = None
    rated: Annotated[bool, Field(description="They have said so of the answer that stands.")] = False
    suspended_until: datetime | None = Field(description="While the promise does not run: when it runs again.")
    suspended_for: dict[str, str] | None = Field(description="Why, by language (zh, en).")
    planned_for: date | None = Field(description="The day for which it is planned, since it could not be done before.")
    planned_who: str | None = Field(description="Who does it then, in words.")
    elapsed: timedelta | None = Field(description="The whole time since they came, pauses among it; to its end.")
    pauses: list[PauseView] = Field(description="While the promise did not run, those that are over too.")
    papers: PapersView | None = Field(description="That were missing, as they were named last.")
    done: list[DoneView] = Field(description="What was done so far, oldest first.")
    said: str | None = Field(description="What was said or done on the spot, where that was all that it took.")

    @classmethod
    def of(cls, progress: Progress, *, rate: str | None, pauses: list[PauseView], done: list[DoneView]) -> Self:
        same = cls.model_fields.keys() - {"rate", "rate_by", "pauses", "done", "papers"}
        until = progress.asked.rate_by if progress.asked else None
        papers = PapersView.model_validate(progress.papers) if progress.papers else None
        facts = {name: getattr(progress, name) for name in same}
        return cls(**facts, rate=rate, rate_by=until, pauses=pauses, papers=papers, done=done)


class RatingAsked(Asked):
    """What the resident says of the answer, once."""

    solved: bool
    rating: Annotated[int, Field(ge=1, le=5, description="How satisfied they are; 3 to 5 are satisfied.")]
    words: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=_CLEAN, strip_whitespace=True)] | None,
        Field(description="In their own words; they never leave intake."),
    ] = None

    def said(self) -> Said:
        return Said(self.solved, self.rating, self.words)


class RatedView(BaseModel):
    """It is taken; what is not solved is handled again."""

    number: str
    version: int

    @classmethod
    def of(cls, appeal: Appeal) -> Self:
        return cls(number=appeal.number, version=appeal.version)


class AskedView(BaseModel):
    """What the link asks about. ``over``: why nothing can be said of the answer any more."""

    number: str
    answer: Annotated[int, Field(description="Which of the answers to the appeal.")]
    rate_by: datetime | None
    over: Over | None

    @classmethod
    def of(cls, asked: AskedAnswer, *, now: datetime) -> Self:
        return cls(number=asked.number, answer=asked.answer, rate_by=asked.rate_by, over=asked.over(now))
