"""Limits and warnings, and why a date is the date."""

from datetime import date
from typing import Any
from uuid import UUID

from contracts.routing import Kind, Remit
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from routing.domain.case import Deadline, DeadlineKind, DeadlineState, Standing
from routing.domain.explaining import Counting, Run
from routing.domain.origin import Cause, Source, Witness
from routing.domain.promise import Unit, WarningAt, in_words
from routing.domain.reading_aloud import Explanation, read_aloud
from routing.domain.rule_document import written
from routing.domain.rules import Category, Rule


class WarningView(BaseModel):
    """When a share of the time until a limit has passed, as the rule counts it."""

    share: int = Field(description="In hundredths.")
    at: AwareDatetime

    @classmethod
    def of(cls, warning: WarningAt) -> "WarningView":
        return cls(share=warning.share, at=warning.at)


class DeadlineView(BaseModel):
    """A promise with what it was counted from, or another limit."""

    deadline_id: UUID
    kind: DeadlineKind
    state: DeadlineState
    due_at: AwareDatetime
    settled_at: AwareDatetime | None
    start_at: AwareDatetime
    unit: Unit
    count: int
    zone: str
    hours: list[dict[str, Any]] = Field(
        description="Of its station, by weekday (0 is Monday); with `since`, from that day on; with `date`, a closure."
    )
    rule_version: int
    rule_layers: list[int] = Field(description="The rule sets of narrower places that it is under too, widest first.")
    calendar_version: int
    forecast: bool = Field(description="Counted over a year whose notice is not out yet.")
    warnings: list[WarningView] = Field(description="When whoever holds the case is warned.")
    warned: int = Field(description="The last share that they have been told of; 0: none yet.")
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
            rule_layers=list(promise.rule_layers),
            calendar_version=promise.calendar_version,
            forecast=promise.forecast,
            warnings=[WarningView.of(each) for each in deadline.warnings],
            warned=deadline.warned,
            text=in_words(promise),
        )


class OpenDeadlineView(DeadlineView):
    case_id: UUID
    standing: Standing = Field(description="`at_risk` from its last warning on.")

    @classmethod
    def of_case(cls, row: tuple[UUID, Deadline]) -> "OpenDeadlineView":
        return cls(**DeadlineView.of(row[1]).model_dump(), case_id=row[0], standing=row[1].standing)


class DayView(BaseModel):
    """A day, or days one behind the other that are passed over for the same reason."""

    day: date
    until: date | None = Field(description="The last of several days; null: one day.")
    counted: bool
    why: Counting
    number: int = Field(description="How many days are counted up to here.")
    note: str | None = Field(
        description="Of a day that the State Council's notice made different: which holiday it is."
    )
    stands_for: int | None = Field(description="Of a make-up day: the weekday on whose hours it runs; 0 is Monday.")

    @classmethod
    def of(cls, run: Run) -> "DayView":
        until = run.last if run.last > run.first else None
        return cls(
            day=run.first,
            until=until,
            counted=run.counted > 0,
            why=run.why,
            number=run.number,
            note=run.note,
            stands_for=run.stands_for,
        )


class RuleView(BaseModel):
    """The rule of the set that decided, and what the matter was sorted as then."""

    version: int
    line: int | None = Field(description="Of its document; null: it came with the platform.")
    place: str | None = Field(description="The name of the place whose rules tighten the city's; null: the city's own.")
    kind: Kind
    remit: Remit
    item: str | None = Field(description="The category whose own rule it is; null: that of the kind and the remit.")
    urgent: bool
    unit: Unit
    count: int
    category: str | None
    category_version: int | None
    statutory: str | None = Field(description="How long a law allows for it, which no promise exceeds.")
    statute: str | None = Field(description="The law and its article.")

    @classmethod
    def of(
        cls, rule: Rule, category: Category | None, version: int, place: str | None, *, law: Rule | None
    ) -> "RuleView":
        return cls(
            version=rule.version or version,
            line=rule.line,
            place=place,
            kind=rule.kind,
            remit=rule.remit,
            item=rule.category,
            urgent=rule.urgent,
            unit=rule.term.unit,
            count=rule.term.count,
            category=category.code if category else None,
            category_version=category.version if category else None,
            statutory=written(law.law) if law and law.law else None,
            statute=law.statute if law else None,
        )


class CalendarView(BaseModel):
    version: int
    forecast: bool = Field(description="It touches a year whose notice is not out yet.")


class StartView(BaseModel):
    """From when it runs, and the entry of the history that makes it so."""

    at: AwareDatetime
    cause: Cause
    entered_at: AwareDatetime | None
    by: str | None = Field(description="The sign-in subject of who did it; null: the platform.")
    named: str | None = Field(
        description="Of a limit that somebody named: the order's number, or the office and theirs."
    )
    cases: list[str] = Field(description="The numbers of the cases from which it came as it is, last first.")


class PauseView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    reason: str
    since: AwareDatetime
    until: AwareDatetime
    resumed_at: AwareDatetime | None = Field(description="Where it ended before its day.")


class ExtensionView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    reason: str
    days: int
    granted_at: AwareDatetime


class DifferenceView(BaseModel):
    """What is stored, and what the witness says instead."""

    model_config = ConfigDict(from_attributes=True)

    witness: Witness
    about: str
    stored: str
    found: str


class RecountView(BaseModel):
    """A calendar that was put right has moved it."""

    model_config = ConfigDict(from_attributes=True)

    at: AwareDatetime
    calendar_version: int
    due_before: AwareDatetime


class ExplanationView(BaseModel):
    """Why a deadline falls due when it does: reckoned a second time just now, and held against what is stored."""

    deadline: DeadlineView
    agrees: bool = Field(description="Whether the reckoning, the history and the rules say what is stored.")
    differences: list[DifferenceView]
    source: Source = Field(description="What says how long it is.")
    rule: RuleView | None
    calendar: CalendarView
    start: StartView
    days: list[DayView] = Field(
        description="In their order; of a long count the middle is summed up. Empty: not counted."
    )
    pauses: list[PauseView]
    extension: ExtensionView | None
    recounts: list[RecountView]
    station: str | None = Field(description="By whose hours it was counted, where its case is elsewhere now.")
    due_at: AwareDatetime | None = Field(description="By the second reckoning; null: somebody named it.")
    sentences: dict[str, list[str]] = Field(description="To be read aloud, by language (zh, en).")

    @classmethod
    def of(cls, found: tuple[Deadline, Explanation]) -> "ExplanationView":
        deadline, explained = found
        promise, rule, place, law = explained.promise, explained.rule, explained.rule_place, explained.law
        category = explained.category
        return cls(
            deadline=DeadlineView.of(deadline),
            agrees=explained.agrees,
            differences=[DifferenceView.model_validate(each) for each in explained.differences],
            source=explained.source,
            rule=RuleView.of(rule, category, promise.rule_version, place, law=law) if rule else None,
            calendar=CalendarView(version=promise.calendar_version, forecast=explained.forecast),
            start=StartView(
                at=promise.start_at,
                cause=explained.cause,
                entered_at=explained.made_at,
                by=explained.made_by,
                named=explained.named,
                cases=list(explained.moved_through),
            ),
            days=[DayView.of(run) for run in explained.runs],
            pauses=[PauseView.model_validate(each) for each in explained.pauses],
            extension=ExtensionView.model_validate(explained.extension) if explained.extension else None,
            recounts=[RecountView.model_validate(each) for each in explained.recounts],
            station=explained.station,
            due_at=explained.reckoning.due_at if explained.reckoning else None,
            sentences=read_aloud(explained),
        )
