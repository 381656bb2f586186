"""Many people, one case: links, merges, what is alike, and those whom it touches."""

from typing import Annotated
from uuid import UUID

from contracts.routing import CaseState, Kind, LinkKind
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from routing.domain.case import Case
from routing.domain.likeness import Other, Suggestion
from routing.domain.linking import LinkSeen
from routing.schemas.typed import PRINTABLE, CaseName, Request, Words
from routing.service.suggesting import SideBySide


class Linking(Request):
    number: CaseName = Field(
        description="The other case: its number or that of an appeal in it, however it is typed, or its id.",
        examples=["C000-0000-0001"],
    )
    kind: LinkKind = Field(
        description="What the other case is to this one: its follow-up, what went before it, or of the same cause."
    )
    words: Words = Field(description="How they are related, for both histories.")


class Merge(Request):
    into: CaseName = Field(
        description="The case that goes on: its number or that of an appeal in it, however it is typed, or its id.",
        examples=["C000-0000-0001"],
    )
    words: Words = Field(description="Why they are the same trouble, for both histories.")


class SplitOff(Request):
    appeal_ids: list[UUID] = Field(min_length=1, max_length=500, description="Those that are another matter.")
    words: Words = Field(description="Why, for the history.")


#: What goes out to every household: short enough for one text message with who and what it is about.
TellingWords = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=PRINTABLE)]


class Incident(Request):
    place_ids: list[UUID] = Field(
        min_length=1, max_length=200, description="Buildings or areas below the case's station, none named before."
    )
    words: TellingWords = Field(description="For their households: what is the matter, and what is being done.")


class IncidentWords(Request):
    words: TellingWords = Field(description="For the households of all that is named: how it goes on.")


class LinkView(BaseModel):
    """A case that is related. What it is about, for those alone who may see it."""

    link_id: UUID
    kind: LinkKind = Field(description="What that case is to this one.")
    number: str
    words: str
    by: str = Field(description="The sign-in subject of who linked them.")
    made_at: AwareDatetime
    case_id: UUID | None
    state: CaseState | None
    gist: str | None

    @classmethod
    def of(cls, seen: LinkSeen) -> "LinkView":
        link, other = seen.link, seen.other
        return cls(
            link_id=link.link_id,
            kind=link.kind,
            number=link.other_number,
            words=link.words,
            by=link.by,
            made_at=link.made_at,
            case_id=other.case_id if other else None,
            state=other.state if other else None,
            gist=other.gist if other else None,
        )


class SideView(BaseModel):
    """A case as it stands beside another."""

    case_id: UUID
    number: str
    gist: str
    state: CaseState
    category: str | None
    kind: Kind | None
    place_id: UUID | None
    received_at: AwareDatetime
    promise_due: AwareDatetime | None

    @classmethod
    def of(cls, case: Case | Other) -> "SideView":
        return cls.model_validate(case, from_attributes=True).model_copy(update={"gist": case.told_gist})


class SuggestionView(SideView):
    """What may be the same trouble, and why."""

    alike: float = Field(description="Place, category and words together, up to 1.")
    place: str | None = Field(description="The tier of the narrowest place in which both lie.", examples=["building"])
    category_alike: float = Field(description="1: the same; less: of the same kind; 0: another.")
    words: float = Field(description="How much of their words both share, from 0 to 1.")

    @classmethod
    def of_suggestion(cls, suggestion: Suggestion, tiers: dict[str, str]) -> "SuggestionView":
        return cls(
            **SideView.of(suggestion.other).model_dump(),
            alike=suggestion.alike,
            place=tiers.get(suggestion.place),
            category_alike=suggestion.category,
            words=suggestion.words,
        )


class SuggestionsView(BaseModel):
    """A case, and beside it what may be the same trouble: the likest first, five at most."""

    case: SideView
    items: list[SuggestionView]

    @classmethod
    def of(cls, found: SideBySide) -> "SuggestionsView":
        items = [SuggestionView.of_suggestion(each, found.tiers) for each in found.suggestions]
        return cls(case=SideView.of(found.case), items=items)
