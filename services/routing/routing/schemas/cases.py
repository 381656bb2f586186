"""A case, as lists and steps show it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.intake import Channel
from contracts.routing import Ask, CaseState, HandoverMeans, Kind, Outcome, Queue, Remit
from kit.errors import STATUS, ServiceError, Stale
from kit.http import ListView
from network.posts import Seat
from pydantic import AwareDatetime, BaseModel, Field

from routing.domain.assignment import Owing
from routing.domain.case import Case, ClosedReason, Seal, Standing
from routing.domain.figures import Rate
from routing.domain.rules import Demand
from routing.domain.vacancy import Why
from routing.schemas.linking import SuggestionView
from routing.service.dispatching import Tried
from routing.service.reading import CaseLine, OpenCases, Queued, QueueLine
from routing.service.splitting import Split
from routing.service.suggesting import Alike


class CaseView(BaseModel):
    """A case as it stands. ``version`` is its ETag: name it in If-Match."""

    case_id: UUID
    number: str
    version: int
    state: CaseState
    queue: Queue | None
    gist: str = Field(description="Of what is sealed 密件: it is opened by `GET /routing/v1/cases/{id}`.")
    seal: Seal | None = Field(description="Why only some see it.")
    standing: Standing = Field(
        description="What is late stands at the top of every list, then what is at risk: by any limit that is owed on "
        "it, as the clock has marked it."
    )
    falls_due: AwareDatetime = Field(description="By which it is sorted: what of it falls due first.")
    channel: Channel
    urgent: bool
    category: str | None
    category_suggested: bool = Field(description="By its words alone: sort it as it is to confirm it.")
    kind: Kind | None
    remit: Remit | None
    place_id: UUID | None
    district: str | None
    holder_post_id: UUID | None
    received_at: AwareDatetime
    opened_at: AwareDatetime
    accepted_at: AwareDatetime | None
    promise_due: AwareDatetime | None
    promise_met: bool | None
    ask: Ask | None = Field(description="What its holder asks of a dispatcher; it stays theirs until that is ruled on.")
    ask_reason: str | None
    excluding: Rate | None = Field(description="The rate that its holder applies to take it out of, until the review.")
    asked_days: int | None = Field(description="Of an extension: working days.")
    asked_until: date | None = Field(description="Of a suspension: the day on which the promise would run again.")
    ruler_post_id: UUID | None = Field(description="The dispatcher's post that is asked.")
    extended: bool
    suspended_until: AwareDatetime | None = Field(description="While its promise does not run: when it runs again.")
    suspension_reason: str | None
    planned_for: date | None = Field(description="The day for which it is planned, since it cannot be done now.")
    planned_who: str | None = Field(description="Who will do it then; null: whoever holds the case.")
    first_holder_post_id: UUID | None = Field(
        description="Of a case that went on to another: the post that took it up first, and sees it to its end."
    )
    reports_owed: int = Field(description="On orders and instructions; while one is, it cannot be closed.")
    is_conflict: bool = Field(description="It waits since those who could take it have an interest in it.")
    supervisor_post_id: UUID | None = Field(
        description="Of what is late or done again: the post that has to see to it; see /routing/v1/supervisions."
    )
    followed_since: AwareDatetime | None = Field(
        description="While a centre has it in hand: its last word, or the hand-over; until the final report no answer."
    )
    assigned_by: str | None = Field(description="Who assigned it from above, by name; null: nobody did.")
    assigned_number: str | None = Field(description="Theirs.")
    assigned_due: AwareDatetime | None = Field(
        description="By their limit as it is now; `promise_due` is ours to the resident."
    )
    report_back: Owing | None = Field(
        description="How the report stands that they want; it cannot be closed before they have accepted it."
    )
    helper_post_ids: list[UUID] = Field(description="The posts that help with it now, each with a part that is open.")
    linked: int = Field(description="How many other cases it is linked with, but for what is sealed to whoever asks.")
    at_hotline: bool = Field(description="A reply of the city hotline is expected; it stays with its holder.")
    calls_owed: int = Field(
        description="Residents whom somebody has to ask whether it is solved; while there is one, it cannot be closed."
    )
    tellings: int = Field(
        description="How often all households of the buildings that it names were told something; above 0: an incident."
    )
    demands: list[Demand] = Field(description="What its rule asks of an answer: evidence, a review, a look on site.")
    draft: int | None = Field(description="The entry of the history that has an answer which waits for its review.")
    reviewer_post_id: UUID | None = Field(description="The dispatcher's post that is asked to review it.")
    verified: bool = Field(description="Looked at on site since its last answer, and found done.")
    answered_at: AwareDatetime | None
    answered_by: str | None = Field(description="The sign-in subject of who gave the last answer, or handed it in.")
    outcome: Outcome | None
    handover: HandoverMeans | None
    first_contact_at: AwareDatetime | None = Field(
        description="When the resident was first reached, or told how it goes."
    )
    contact_due: AwareDatetime | None = Field(
        description="By when they are, or were, to be reached; null: they were, or no rule says so."
    )
    papers_awaited_until: AwareDatetime | None = Field(
        description="When the promise begins though papers are missing; null: it has never waited for any."
    )
    papers_named_at: AwareDatetime | None = Field(
        description="When all missing papers were named; null: they were not, or have all come since."
    )
    papers_missing: list[str] = Field(description="Which of them have yet to come.")
    papers_held: int = Field(description="How many originals are in custody; it closes when they are back.")
    closed_at: AwareDatetime | None
    closed_reason: ClosedReason | None
    repeats: int = Field(description="How often residents have asked about it again.")
    merged_into: UUID | None = Field(
        description="The case in which its appeals went on; null too of what is sealed to whoever asks."
    )

    @classmethod
    def of(cls, case: Case) -> "CaseView":
        return cls(**facts_of(case))


class SplitView(CaseView):
    """What is left of it, and the case that goes on by itself."""

    split_off: UUID
    split_off_number: str

    @classmethod
    def of_split(cls, split: Split) -> "SplitView":
        return cls(**facts_of(split.case), split_off=split.new.case_id, split_off_number=split.new.number)


class CaseLineView(CaseView):
    overdue: bool
    assigned_overdue: bool = Field(description="By the limit of whoever assigned it.")

    @classmethod
    def of_line(cls, line: CaseLine) -> "CaseLineView":
        return cls(**line_of(line.case, line.now))


class QueueLineView(CaseLineView):
    why: list[Why] = Field(description="All that it waits for: placing, sorting, a ruling, somebody who is there.")

    @classmethod
    def of_waiting(cls, line: QueueLine) -> "QueueLineView":
        return cls(**line_of(line.case, line.now), why=line.why)


class QueueView(ListView[QueueLineView]):
    sealed_unkept: int = Field(
        description="So many sealed cases lie where you oversee with nobody, since no dispatcher is in post whom they "
        "could be open to: have such a post filled."
    )

    @classmethod
    def of(cls, queued: Queued) -> "QueueView":
        lines = [QueueLineView.of_waiting(line) for line in queued.sheet.items]
        return cls(items=lines, next=queued.sheet.next, sealed_unkept=queued.unkept)


class RefusalView(BaseModel):
    """As the step of one case would be answered."""

    status: int
    code: str
    detail: str
    pointer: str | None = Field(description="To the field that is wrong.")
    present: dict[str, str | int | None] | None = Field(description="How it stands now, where it has changed.")

    @classmethod
    def of(cls, refusal: ServiceError) -> "RefusalView":
        return cls(
            status=STATUS[refusal.kind],
            code=refusal.code,
            detail=refusal.detail,
            pointer=refusal.field,
            present=dict(refusal.present) if isinstance(refusal, Stale) and refusal.present else None,
        )


class TriedView(BaseModel):
    """One case of many: done, and as it stands now; or refused, and as it was."""

    named: str = Field(description="As the request names it.")
    case_id: UUID | None = Field(description="Null: none of that name is yours to see.")
    case: CaseView | None
    problem: RefusalView | None

    @classmethod
    def of(cls, tried: Tried) -> "TriedView":
        return cls(
            named=tried.named,
            case_id=tried.case_id,
            case=CaseView.of(tried.case) if tried.case else None,
            problem=RefusalView.of(tried.refusal) if tried.refusal else None,
        )


class ManyTriedView(BaseModel):
    """In the order in which they were named."""

    done: int
    refused: int
    items: list[TriedView]

    @classmethod
    def of(cls, tried: list[Tried]) -> "ManyTriedView":
        done = sum(each.refusal is None for each in tried)
        return cls(done=done, refused=len(tried) - done, items=[TriedView.of(each) for each in tried])


class HolderView(BaseModel):
    """Who answers for it now."""

    post_id: UUID
    title: str
    duty: str
    subject: str | None
    name: str | None
    phone: str | None
    stand_in: bool

    @classmethod
    def of(cls, seat: Seat) -> "HolderView":
        return cls.model_validate(seat, from_attributes=True)


class AlikeView(CaseLineView):
    """A case, and of what may be the same trouble what is likest."""

    likest: SuggestionView

    @classmethod
    def of_alike(cls, line: Alike) -> "AlikeView":
        likest = SuggestionView.of_suggestion(line.suggestion, line.tiers)
        return cls(**line_of(line.case, line.now), likest=likest)


def line_of(case: Case, now: datetime) -> dict[str, Any]:
    return {
        **facts_of(case),
        "overdue": case.is_overdue(now),
        "assigned_overdue": case.is_assigned_overdue(now),
    }


class OpenCasesView(ListView[CaseLineView]):
    sealed: int = Field(description="So many more are sealed there, and not for you to see.")

    @classmethod
    def of(cls, cases: OpenCases) -> "OpenCasesView":
        lines = [CaseLineView.of_line(line) for line in cases.sheet.items]
        return cls(items=lines, next=cases.sheet.next, sealed=cases.sealed)


def facts_of(case: Case) -> dict[str, Any]:
    told = {"gist": case.told_gist, "linked": case.links_seen, "merged_into": case.merged_seen}
    return {name: getattr(case, name) for name in CaseView.model_fields} | told
