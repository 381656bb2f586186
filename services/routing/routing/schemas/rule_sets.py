"""Rules as documents, and what a draft changes."""

from datetime import date
from typing import Annotated

from contracts.grid import Duty
from contracts.routing import Kind, Remit
from kit.clock import Day
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from routing.domain.rule_changes import RuleChange, SettingChange
from routing.domain.rule_document import RuleDocument, RuleLine, SettingLine, written, written_settings
from routing.domain.rules import Demand, Rule, RuleSetVersion, Start
from routing.schemas.typed import PRINTABLE, Request
from routing.service.rule_sets import Community, Gap, RuleSetSeen

Written = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=PRINTABLE)]
LineNumber = Annotated[int, Field(ge=1, le=1_000_000, description="Of the file, for what is said about it.")]


class RuleLineBody(Request):
    """A rule of the document, as it is written: what is wrong with it is said by its line."""

    line: LineNumber
    kind: Written = Field(examples=["municipal"])
    remit: Written = Field(examples=["community"])
    category: Written = Field(default="", description="An item with a rule of its own, by its code.")
    urgent: bool = False
    handler: Written = Field(default="", description="The duty of who handles it; of a place's rules none.")
    promise: Written = Field(default="", examples=["same day", "3 working days", "3 calendar days", "12 hours"])
    runs_from: Written = Field(default="", description="`received`, `accepted` or `papers_complete`.")
    needs: list[Written] = Field(default=[], max_length=3, examples=[["review"]])
    superior: Written = Field(default="", description="How long a superior has to see to what was missed.")
    again: Written = Field(default="", description="After how long it comes back to the last superior.")
    contact: Written = Field(default="", description="By when the resident is reached for the first time.")
    statutory: Written = Field(default="", description="Of an item: how long a law allows, by `statute`.")
    statute: Written = Field(default="", description="The law and its article.", examples=["《行政许可法》第四十二条"])
    climbs_to: list[Written] = Field(
        default=[],
        max_length=6,
        description="Whose it is to see to what is missed, one behind the other.",
        examples=[["district supervisor", "city dispatcher"]],
    )

    def read(self) -> RuleLine:
        return RuleLine(**self.model_dump())


class SettingBody(Request):
    line: LineNumber
    name: Written = Field(examples=["rating"])
    value: Written = Field(examples=["5"])


class RuleSetDocument(Request):
    """The whole table of the city, or what a district, a street or a community tightens of it."""

    place: Written | None = Field(default=None, description="The code of the place; none: the whole city.")
    note: Annotated[str, StringConstraints(max_length=400, pattern=PRINTABLE)] = ""
    begins: Day | None = Field(default=None, description="The first day on which it holds; none: at once.")
    rules: list[RuleLineBody] = Field(max_length=2_000)
    settings: list[SettingBody] = Field(default=[], max_length=50)

    def document(self) -> RuleDocument:
        settings = [SettingLine(**each.model_dump()) for each in self.settings]
        return RuleDocument([each.read() for each in self.rules], settings, self.note, self.begins, self.place or None)


class RuleSetVersionView(BaseModel):
    """A draft until ``effective_from``; of those of a place whose instant has come, the highest holds."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    place: str | None = Field(description="The code of the place that it tightens the rules for; null: the city's.")
    note: str
    begins: date | None
    based_on: list[int] = Field(description="What held at its place as it was drafted, the city's first.")
    drafted_by: str | None
    drafted_at: AwareDatetime | None
    activated_by: str | None
    effective_from: AwareDatetime | None

    @classmethod
    def of(cls, version: RuleSetVersion) -> "RuleSetVersionView":
        return cls.model_validate(version)


class SetRuleView(BaseModel):
    """A rule as a document writes it."""

    line: int | None = Field(description="Null: it came with the platform.")
    kind: Kind
    remit: Remit
    category: str | None
    urgent: bool
    handler: str
    promise: str
    runs_from: Start
    needs: list[Demand]
    superior: str | None
    again: str | None
    contact: str | None
    statutory: str | None
    statute: str | None
    climbs_to: list[str]

    @classmethod
    def of(cls, rule: Rule) -> "SetRuleView":
        return cls(
            line=rule.line,
            kind=rule.kind,
            remit=rule.remit,
            category=rule.category,
            urgent=rule.urgent,
            handler=rule.duty,
            promise=written(rule.term),
            runs_from=rule.starts,
            needs=sorted(rule.demands),
            superior=written(rule.climb) if rule.climb else None,
            again=written(rule.repeat) if rule.repeat else None,
            contact=written(rule.contact) if rule.contact else None,
            statutory=written(rule.law) if rule.law else None,
            statute=rule.statute,
            climbs_to=list(map(str, rule.climbs_to)),
        )


class RuleChangeView(BaseModel):
    line: int | None = Field(description="Of the document; null: it does not speak of it any more.")
    text: dict[str, str] = Field(description="By language (zh, en).")

    @classmethod
    def of(cls, change: RuleChange | SettingChange) -> "RuleChangeView":
        chinese, english = change.said
        line = change.line if isinstance(change, RuleChange) else None
        return cls(line=line, text={"zh": chinese, "en": english})


class NumbersView(BaseModel):
    """Of last month's cases that were tried, those that fall under what changes, promised a second time by both."""

    model_config = ConfigDict(from_attributes=True)

    cases: int
    earlier: int = Field(description="Promised for sooner.")
    later: int = Field(description="Promised for later.")
    newly_late: int = Field(description="Answered in time by what holds now, and not by this.")
    newly_kept: int = Field(description="Answered in time by this, and not by what holds now.")
    other_handler: int


class RuleSetView(RuleSetVersionView):
    """What a version says, and what it makes different where it holds."""

    rules: list[SetRuleView]
    settings: dict[str, str] = Field(description="Those that it says, by name, as a document writes them.")
    changes: list[RuleChangeView]
    looked_at: int | None = Field(
        description="How many of last month's cases were tried; null: it is no draft any more."
    )
    numbers: NumbersView | None

    @classmethod
    def of_seen(cls, seen: RuleSetSeen) -> "RuleSetView":
        head = RuleSetVersionView.of(seen.version).model_dump()
        return cls(
            **head,
            rules=[SetRuleView.of(rule) for rule in seen.rules.rules],
            settings=written_settings(seen.rules),
            changes=[*map(RuleChangeView.of, seen.changes), *map(RuleChangeView.of, seen.settings)],
            looked_at=seen.looked_at,
            numbers=NumbersView.model_validate(seen.numbers) if seen.numbers else None,
        )


class GapView(BaseModel):
    """A rule for which nobody of its duty is there."""

    line: int | None
    kind: Kind
    remit: Remit
    category: str | None = Field(description="The first of the matters of which it is so.")
    handler: Duty
    instead: Duty | None = Field(description="Who takes it; null: nobody, so that it waits.")

    @classmethod
    def of(cls, gap: Gap) -> "GapView":
        rule = gap.rule
        return cls(
            line=rule.line,
            kind=rule.kind,
            remit=rule.remit,
            category=gap.category,
            handler=rule.duty,
            instead=gap.instead,
        )


class CommunityGapsView(BaseModel):
    name: str
    gaps: list[GapView] = Field(description="Empty: every rule has its handler there.")

    @classmethod
    def of(cls, community: Community) -> "CommunityGapsView":
        return cls(name=community.name, gaps=[GapView.of(gap) for gap in community.gaps])
