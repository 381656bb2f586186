"""HTTP requests and responses. Times are RFC 3339 with their offset."""

from typing import Annotated, Any
from uuid import UUID

from contracts.intake import Channel
from contracts.routing import CaseState, DeadlineKind, HandoverMeans, Kind, Outcome, Queue, Remit
from network.posts import Seat
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from routing.domain.case import Case, ClosedReason, Deadline, DeadlineState
from routing.domain.chain import Entry
from routing.domain.promise import Unit, in_words
from routing.domain.rules import Category
from routing.domain.taxonomy import Row
from routing.service.categories import TreeChange
from routing.service.reading import CaseDetail, CaseLine, History

#: PostgreSQL's text holds no NUL.
PRINTABLE = r"^[^\x00]*$"
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9._-]+$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=PRINTABLE)]
Name = Annotated[str, StringConstraints(max_length=100, pattern=PRINTABLE)]


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Acceptance(Request):
    """What the dispatcher puts right; what is left out stays as it is."""

    place_id: UUID | None = Field(default=None, description="Where it is, at or below a place that you dispatch for.")
    category: Code | None = Field(default=None, examples=["municipal.street_lights"])


class Answer(Request):
    outcome: Outcome
    answer: Words = Field(description="What was done, or why it cannot be, in words for the resident.")


class Handover(Request):
    means: HandoverMeans


class TaxonomyRow(Request):
    line: int = Field(ge=1, le=1_000_000, description="Of the file, for what is said about it.")
    names: list[Name] = Field(min_length=1, max_length=6, examples=[["城乡建设", "安全生产", "安全隐患"]])

    def row(self) -> Row:
        return Row(self.line, tuple(self.names))


class Binding(Request):
    kind: Kind
    remit: Remit


class Taxonomy(Request):
    """A classification, from its first level to its last."""

    rows: list[TaxonomyRow] = Field(min_length=1, max_length=20_000)
    bindings: dict[Annotated[str, StringConstraints(max_length=700, pattern=PRINTABLE)], Binding] = Field(
        default={},
        max_length=5_000,
        description="A branch's names joined by /, with its kind and remit; it goes before the rules for names.",
        examples=[{"城乡建设/安全生产": {"kind": "municipal", "remit": "district"}}],
    )
    replaces: bool = Field(default=False, description="Retire every category that the file does not name.")


class TreeChangeView(BaseModel):
    added: int
    changed: int
    retired: int
    unchanged: int

    @classmethod
    def of(cls, change: TreeChange) -> "TreeChangeView":
        return cls.model_validate(change, from_attributes=True)


class CategoryView(BaseModel):
    code: str
    parent: str | None
    name: dict[str, str] = Field(description="By language (zh, en).")
    kind: Kind
    remit: Remit
    retired: bool
    version: int
    effective_from: AwareDatetime

    @classmethod
    def of(cls, item: Category) -> "CategoryView":
        return cls(
            code=item.code,
            parent=item.parent,
            name={"zh": item.name_zh, "en": item.name_en},
            kind=item.kind,
            remit=item.remit,
            retired=item.retired,
            version=item.version,
            effective_from=item.effective_from,
        )


class CategoriesView(BaseModel):
    items: list[CategoryView]

    @classmethod
    def of(cls, items: list[Category]) -> "CategoriesView":
        return cls(items=[CategoryView.of(item) for item in items])


class CaseView(BaseModel):
    """A case as it stands. ``version`` is its ETag: name it in If-Match."""

    case_id: UUID
    number: str
    version: int
    state: CaseState
    queue: Queue | None
    gist: str
    channel: Channel
    urgent: bool
    category: str | None
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
    answered_at: AwareDatetime | None
    outcome: Outcome | None
    handover: HandoverMeans | None
    closed_at: AwareDatetime | None
    closed_reason: ClosedReason | None

    @classmethod
    def of(cls, case: Case) -> "CaseView":
        return cls.model_validate(case, from_attributes=True)


class CaseLineView(CaseView):
    overdue: bool

    @classmethod
    def of_line(cls, line: CaseLine) -> "CaseLineView":
        return cls(**_facts(line.case), overdue=line.case.is_overdue(line.now))


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


class DeadlineView(BaseModel):
    """A promise with what it was counted from."""

    deadline_id: UUID
    kind: DeadlineKind
    state: DeadlineState
    due_at: AwareDatetime
    settled_at: AwareDatetime | None
    start_at: AwareDatetime
    unit: Unit
    count: int
    zone: str
    hours: list[dict[str, Any]]
    rule_version: int
    calendar_version: int
    forecast: bool = Field(description="Counted over a year whose notice is not out yet.")
    text: dict[str, str] = Field(description="By language (zh, en).")

    @classmethod
    def of(cls, deadline: Deadline) -> "DeadlineView":
        promise = deadline.promise
        return cls(
            deadline_id=deadline.deadline_id,
            kind=deadline.kind,
            state=deadline.state,
            due_at=promise.due_at,
            settled_at=deadline.settled_at,
            start_at=promise.start_at,
            unit=promise.term.unit,
            count=promise.term.count,
            zone=promise.zone,
            hours=promise.hours.listed(),
            rule_version=promise.rule_version,
            calendar_version=promise.calendar_version,
            forecast=promise.forecast,
            text=in_words(promise),
        )


class OpenDeadlineView(DeadlineView):
    case_id: UUID

    @classmethod
    def of_case(cls, row: tuple[UUID, Deadline]) -> "OpenDeadlineView":
        return cls(**DeadlineView.of(row[1]).model_dump(), case_id=row[0])


class CaseDetailView(CaseLineView):
    appeals: list[AppealView]
    holder: HolderView | None
    deadline: DeadlineView | None
    undelivered: list[UndeliveredView]

    @classmethod
    def of_detail(cls, detail: CaseDetail) -> "CaseDetailView":
        case = detail.case
        return cls(
            **_facts(case),
            overdue=case.is_overdue(detail.now),
            appeals=[AppealView.model_validate(appeal, from_attributes=True) for appeal in case.appeals],
            holder=HolderView.of(detail.holder) if detail.holder else None,
            deadline=DeadlineView.of(case.deadline) if case.deadline else None,
            undelivered=[UndeliveredView.of(entry) for entry in detail.undelivered],
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


def _facts(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in CaseView.model_fields}
