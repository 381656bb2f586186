"""Figures, frozen months and their corrections."""

from datetime import date
from uuid import UUID

from kit.http import ListView
from pydantic import AwareDatetime, BaseModel, Field

from routing.domain.figures import Figure, Group, Line, Part, Rate
from routing.domain.freezing import Correction, Freeze
from routing.service.figures import Figures, FirstDispatch
from routing.service.freezing import FrozenMonth


class FirstDispatchView(BaseModel):
    """Of cases that were answered, those that the post answered to which they were first assigned."""

    place_id: UUID | None
    since: date
    until: date
    answered: int = Field(description="But for what was settled while it was taken.")
    at_first: int
    share: float | None = Field(description="Null where none was answered.")

    @classmethod
    def of(cls, figure: FirstDispatch) -> "FirstDispatchView":
        return cls.model_validate(figure, from_attributes=True)


class RateView(BaseModel):
    share: float | None = Field(description="`part` of `whole`; null where there is nothing to be a share of.")
    part: int
    whole: int
    excluded: int | None = Field(description="Cases that a review took out of it; null where none can be.")

    @classmethod
    def of(cls, part: Part) -> "RateView":
        return cls.model_validate(part, from_attributes=True)


class FiguresLineView(BaseModel):
    key: str | None = Field(description="Of the group: an id, a code, a day; empty where all are together.")
    figures: dict[Figure, int] = Field(description="What each counts: docs/figures.md.")
    rates: dict[Rate, RateView]

    @classmethod
    def of(cls, line: Line) -> "FiguresLineView":
        figures = {figure: line.sums.get(figure, 0) for figure in Figure}
        return cls(key=line.key, figures=figures, rates={part.rate: RateView.of(part) for part in line.rates})


class FiguresView(ListView[FiguresLineView]):
    place_id: UUID | None
    since: date
    until: date
    by: Group | None

    @classmethod
    def of(cls, found: Figures) -> "FiguresView":
        items = [FiguresLineView.of(line) for line in found.sheet.items]
        period = {"since": found.period.since, "until": found.period.until}
        return cls(items=items, next=found.sheet.next, place_id=found.place_id, by=found.by, **period)


class FreezeView(BaseModel):
    """``seal`` covers that of the month that was frozen before, ``before``; ``signature`` is the platform's, of it."""

    month: date = Field(description="Its first day.")
    frozen_at: AwareDatetime
    frozen_by: str
    cells: int
    digest: str
    before: str
    seal: str
    signature: str

    @classmethod
    def of(cls, freeze: Freeze) -> "FreezeView":
        return cls.model_validate(freeze, from_attributes=True)


class FreezesView(BaseModel):
    items: list[FreezeView]

    @classmethod
    def of(cls, freezes: list[Freeze]) -> "FreezesView":
        return cls(items=[FreezeView.of(freeze) for freeze in freezes])


class FrozenMonthView(BaseModel):
    freeze: FreezeView
    place_id: UUID | None
    frozen: FiguresLineView = Field(description="What stands moved within the month alone: `overdue`, `plans_open`.")
    now: FiguresLineView = Field(description="The same month as it is counted by now, corrections among it.")

    @classmethod
    def of(cls, found: FrozenMonth) -> "FrozenMonthView":
        lines = {"frozen": FiguresLineView.of(found.frozen), "now": FiguresLineView.of(found.now)}
        return cls(freeze=FreezeView.of(found.freeze), place_id=found.place_id, **lines)


class CorrectionView(BaseModel):
    noted_at: AwareDatetime
    case_number: str | None = Field(description="Null where the case is not for you to see.")
    entry: int = Field(description="Of the case's history.")
    figure: Figure
    amount: int
    day: date

    @classmethod
    def of(cls, correction: Correction) -> "CorrectionView":
        count = correction.count
        return cls(
            noted_at=correction.noted_at,
            case_number=correction.number,
            entry=count.seq,
            figure=count.figure,
            amount=count.amount,
            day=date.fromisoformat(count.mark.day),
        )
