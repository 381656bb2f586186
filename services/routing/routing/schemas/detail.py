"""A whole case and its history."""

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from routing.domain.case import DeadlineState
from routing.domain.chain import Entry
from routing.domain.incident import NamedPlace
from routing.domain.recording import Letter, Paper
from routing.domain.steps import Step
from routing.schemas.accompanying import AccompanimentView
from routing.schemas.calling_back import CallBackView
from routing.schemas.cases import CaseLineView, HolderView, line_of
from routing.schemas.deadlines import DeadlineView
from routing.schemas.helping import HelperSeenView
from routing.schemas.linking import LinkView
from routing.schemas.pressing import PressingView
from routing.schemas.reporting_back import HotlineHandoverView, ReportBackView
from routing.service.reading import CaseDetail, CustodyLine, History


class AppealView(BaseModel):
    appeal_id: UUID
    number: str
    withdrawn_at: AwareDatetime | None


class UndeliveredView(BaseModel):
    """A notice about the case that did not reach its receiver."""

    at: AwareDatetime
    template: str
    means: str
    reason: str
    appeal_id: UUID | None

    @classmethod
    def of(cls, entry: Entry) -> "UndeliveredView":
        facts = entry.facts
        return cls(
            at=entry.at,
            template=facts["template"],
            means=facts["means"],
            reason=facts["reason"],
            appeal_id=facts["appeal"],
        )


class LetterView(BaseModel):
    """A letter to an office that is not on the platform; open until it is replied to."""

    number: str
    office: str
    sent_at: AwareDatetime
    replied_at: AwareDatetime | None

    @classmethod
    def of(cls, letter: Letter) -> "LetterView":
        return cls.model_validate(letter, from_attributes=True)


class PaperView(BaseModel):
    """One of the resident's originals, in custody."""

    name: str
    received_at: AwareDatetime
    received_by: str

    @classmethod
    def of(cls, paper: Paper) -> "PaperView":
        return cls.model_validate(paper, from_attributes=True)


class CustodyLineView(CaseLineView):
    papers: list[PaperView] = Field(description="In custody now, as they came.")

    @classmethod
    def of_custody(cls, line: CustodyLine) -> "CustodyLineView":
        papers = [PaperView.of(paper) for paper in line.papers]
        return cls(**line_of(line.case, line.now), papers=papers)


class NamedPlaceView(BaseModel):
    """A building or area whose every household is told."""

    place_id: UUID
    telling: int = Field(description="The first telling that its households got.")
    named_by: str
    named_at: AwareDatetime

    @classmethod
    def of(cls, named: NamedPlace) -> "NamedPlaceView":
        return cls.model_validate(named, from_attributes=True)


class CaseDetailView(CaseLineView):
    """Of a sealed case, this is its opening: it is noted who asked for it."""

    steps: list[Step] = Field(description="What you may do with it now, by your posts.")
    appeals: list[AppealView]
    holder: HolderView | None
    dispatched_place_id: UUID | None = Field(
        description="Where the dispatcher stands who gave it to its holder, and takes it back; null: the rules did."
    )
    deadline: DeadlineView | None
    limits: list[DeadlineView] = Field(description="Those beside the promise that run.")
    reports_back: list[ReportBackView]
    hotline_handovers: list[HotlineHandoverView]
    pressings: list[PressingView]
    helpers: list[HelperSeenView] = Field(description="All who were ever called in.")
    links: list[LinkView]
    callbacks: list[CallBackView] = Field(description="What residents were asked about answers, and what they say.")
    undelivered: list[UndeliveredView]
    letters: list[LetterView]
    papers: list[PaperView] = Field(description="In custody now.")
    incident: list[NamedPlaceView] = Field(description="The buildings and areas that it names.")
    accompaniments: list[AccompanimentView]

    @classmethod
    def of_detail(cls, detail: CaseDetail) -> "CaseDetailView":
        case = detail.case
        return cls(
            **line_of(case, detail.now) | {"gist": case.gist},
            steps=detail.steps,
            appeals=[AppealView.model_validate(appeal, from_attributes=True) for appeal in case.appeals],
            holder=HolderView.of(detail.holder) if detail.holder else None,
            dispatched_place_id=case.dispatched_place_id,
            deadline=DeadlineView.of(case.deadline) if case.deadline else None,
            limits=[DeadlineView.of(limit) for limit in case.limits if limit.state is DeadlineState.OPEN],
            reports_back=[ReportBackView.of(report) for report in detail.reports_back],
            hotline_handovers=[HotlineHandoverView.of(handover) for handover in detail.hotline_handovers],
            pressings=[PressingView.of(pressing) for pressing in detail.pressings],
            helpers=[HelperSeenView.of_seen(seen) for seen in detail.helpers],
            links=[LinkView.of(seen) for seen in detail.links],
            callbacks=[CallBackView.of(call_back) for call_back in detail.call_backs],
            undelivered=[UndeliveredView.of(entry) for entry in detail.undelivered],
            letters=[LetterView.of(letter) for letter in detail.letters],
            papers=[PaperView.of(paper) for paper in detail.papers],
            incident=[NamedPlaceView.of(named) for named in detail.incident],
            accompaniments=[AccompanimentView.of(each) for each in detail.accompaniments],
        )


class EntryView(BaseModel):
    seq: int
    at: AwareDatetime
    step: str
    by: str | None = Field(description="The sign-in subject of who did it; null: the platform.")
    post_id: UUID | None
    facts: dict[str, Any]
    words: str | None
    hash: str


class EntriesView(BaseModel):
    """The history, oldest first. ``faults`` names what is wrong with its chain."""

    items: list[EntryView]
    faults: list[str]

    @classmethod
    def of(cls, history: History) -> "EntriesView":
        items = [EntryView.model_validate(entry, from_attributes=True) for entry in history.entries]
        return cls(items=items, faults=history.faults)
