"""HTTP requests and responses. Times are RFC 3339 with their offset."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from contracts.grid import Duty
from contracts.intake import Channel
from contracts.routing import (
    Ask,
    CaseState,
    ContactOutcome,
    HandoverMeans,
    HotlineStanding,
    Kind,
    LinkKind,
    Outcome,
    PressingKind,
    Queue,
    RecordKind,
    Remit,
)
from kit.clock import Day, Instant
from kit.errors import STATUS, ServiceError, Stale
from kit.http import Body, ListView
from network.posts import Seat
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from routing.domain.accompanying import Accompaniment, FollowedLine
from routing.domain.assignment import Owing, ReportBack
from routing.domain.calendar import CalendarDay, CalendarVersion, DayChange, Status
from routing.domain.call_back import CallBack, CallBackLine, Way
from routing.domain.case import Case, ClosedReason, Deadline, DeadlineKind, DeadlineState, Seal, Standing
from routing.domain.chain import Entry
from routing.domain.explaining import Counting, Run
from routing.domain.figures import EXCLUDABLE, Figure, Group, Line, Part, Rate
from routing.domain.freezing import Correction, Freeze
from routing.domain.helping import Helper, HelperState
from routing.domain.helping import Part as HelpersPart
from routing.domain.hotline import BatchSheet, Fate, HandedOver, KeptRow, ReplyRow, Taken
from routing.domain.incident import NamedPlace
from routing.domain.likeness import Other, Suggestion
from routing.domain.linking import LinkSeen
from routing.domain.notice import Notice, NoticeRow
from routing.domain.origin import Cause, Source, Witness
from routing.domain.precedent import Precedent
from routing.domain.pressing import Pressing, PressingLine
from routing.domain.promise import Unit, WarningAt, in_words
from routing.domain.reading_aloud import Explanation, read_aloud
from routing.domain.reasons import Reason
from routing.domain.recording import Letter, Paper, Work
from routing.domain.rule_changes import RuleChange, SettingChange
from routing.domain.rule_document import RuleDocument, RuleLine, SettingLine, written, written_settings
from routing.domain.rules import Category, Demand, Rule, RuleSetVersion, Start
from routing.domain.sealing import Grant, Opened, Opening, Sight
from routing.domain.steps import Step
from routing.domain.supervising import SupervisionLine
from routing.domain.taxonomy import Row
from routing.domain.timetable import Timetable, TimetableRow
from routing.domain.vacancy import Why
from routing.domain.waiting import Plan
from routing.service.calendars import Changes, CityMove, StationChange
from routing.service.categories import TreeChange
from routing.service.dispatching import Tried
from routing.service.figures import Figures, FirstDispatch
from routing.service.freezing import FrozenMonth
from routing.service.reading import (
    CaseDetail,
    CaseLine,
    CustodyLine,
    HelperSeen,
    History,
    OpenCases,
    Queued,
    QueueLine,
)
from routing.service.recording import Recorded
from routing.service.rosters import RosterAhead
from routing.service.rule_sets import Community, Gap, RuleSetSeen
from routing.service.splitting import Split
from routing.service.suggesting import Alike, SideBySide

#: PostgreSQL's text holds no NUL.
PRINTABLE = r"^[^\x00]*$"
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9._-]+$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=PRINTABLE)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=PRINTABLE)]
Name = Annotated[str, StringConstraints(max_length=100, pattern=PRINTABLE)]
OfficeName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=PRINTABLE)]
Cell = Annotated[str, StringConstraints(max_length=500, pattern=PRINTABLE)]
PaperName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=30, pattern=PRINTABLE)]
CaseName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=PRINTABLE)]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=PRINTABLE)]
#: Few and short enough to be named whole in one text message.
LONGEST_LIST = 600
Papers = Annotated[list[PaperName], Field(min_length=1, max_length=30, examples=[["户口簿", "身份证"]])]


class Request(Body):
    """What a request's body may hold."""


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


class Resort(Request):
    """The right category or the right place, or both."""

    category: Code | None = Field(default=None, examples=["municipal.street_lights"])
    place_id: UUID | None = Field(
        default=None, description="Where it really is, at or below a place that you dispatch for."
    )
    words: Words = Field(description="Why, for the history.")

    @model_validator(mode="after")
    def _names_what_is_right(self) -> Self:
        if self.category is None and self.place_id is None:
            raise ValueError("name the right category or the right place")
        return self


class Dispatch(Request):
    post_id: UUID = Field(description="Who is to handle it: a post at its place or above it, an office's among them.")
    words: Words = Field(description="Why, for the history.")


class NamedCase(Request):
    case_id: CaseName
    version: int = Field(ge=1, lt=10**18, description="The ETag of what you read.")


class ManyCases(Request):
    cases: list[NamedCase] = Field(min_length=1, max_length=100, description="Each by itself, each once.")

    @property
    def named(self) -> list[tuple[str, int]]:
        return [(case.case_id, case.version) for case in self.cases]


class ManyResorts(ManyCases, Resort):
    """As of one case, of many."""


class ManyDispatches(ManyCases, Dispatch):
    """As of one case, of many."""


class Asking(Request):
    reason: Code = Field(description="From GET /routing/v1/reasons.", examples=["wrong_category"])
    words: Words = Field(description="What it rests on, for who rules.")


class AskingForTime(Asking):
    days: int = Field(ge=1, le=15, description="Working days, from the day on which the promise falls due.")


class AskingToSuspend(Asking):
    until: date = Field(description="The day on which the promise runs again: ahead, at most 60 days.")


class Resumption(Request):
    words: Words = Field(description="Why, for the history.")


class Transfer(Request):
    post_id: UUID = Field(
        description="Whose remit it is: a post at its place or above it, or of an office that answers for its category."
    )
    words: Words = Field(description="Why, for the history and for who takes it.")


class Planning(Request):
    day: date = Field(description="By when it is done: after today, within two years.")
    answer: Words = Field(description="How it stands and what comes of it, in words for the resident.")
    who: Title | None = Field(
        default=None, description="Who will do it: a name or an office; none: whoever holds the case."
    )

    def plan(self) -> Plan:
        return Plan(self.day, self.answer, self.who)


class Ruling(Request):
    granted: bool
    words: Words = Field(
        description="Why. Where a decline is granted, the resident reads them after the reason: say who can help."
    )
    post_id: UUID | None = Field(default=None, description="Of a return that is granted: who takes it.")
    category: Code | None = Field(
        default=None, description="Of a return that is granted: the right category, which leads to who takes it."
    )
    place_id: UUID | None = Field(
        default=None,
        description="Of a return that is granted: where it really is, which leads to who takes it; "
        "at or below a place that you dispatch for.",
    )


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


class Nudge(Request):
    words: Words = Field(description="What whoever holds it is reminded of.")


class Order(Request):
    words: Words = Field(description="What is to be done.")
    due_at: Instant = Field(description="By when the report is owed: ahead, at most 30 days.")


class Instruction(Request):
    words: Words = Field(description="As the leader wrote them.")
    leader: Title = Field(description="Whose word it is, by title.", examples=["区长"])


class Report(Request):
    words: Words = Field(description="What was done, for whoever pressed.")


class Recusal(Request):
    words: Words = Field(description="What the interest is, for the history.")


class Takeover(Request):
    words: Words = Field(description="Why, for the history.")


class Accompanied(Request):
    centre: OfficeName | None = Field(
        default=None,
        description="The centre's name, where it has no post on the platform.",
        examples=["海州区法律援助中心"],
    )
    post_id: UUID | None = Field(default=None, description="The centre's post, at the place of the case or above it.")
    with_whom: Title = Field(description="Who went there with the resident.", examples=["社区干部李娜"])
    words: Words = Field(description="What was handed over and agreed, for the history.")


class CentreReport(Request):
    words: Words = Field(description="What the centre says of it, for the history.")
    final: bool = Field(description="Whether the centre has done with it: then it can be answered.")


class AssignmentReport(Request):
    words: Words = Field(description="What came of it, for whoever assigned it.")


class AssignmentReview(Request):
    accepted: bool
    words: Words = Field(description="What they said, for the history.")
    due_at: Instant | None = Field(
        default=None, description="Of a report that they reject: their new limit, which lies ahead."
    )


class CallIn(Request):
    post_id: UUID = Field(description="Who is to help: a post at its place or above it, an office's among them.")
    words: Words = Field(description="What its part is.")
    due_at: Instant = Field(description="By when the part is to be done: ahead, and not after the promise.")


class PartReport(Request):
    words: Words = Field(description="What was done of the part, for whoever leads.")


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


class Ending(Request):
    words: Words = Field(description="Why, for the history.")


class HotlineHandover(Request):
    words: Words = Field(description="What is asked of the hotline; it is written in their file.")


class HotlineRow(Request):
    """A row of their file, as it was typed; what is wrong with it is said of it, and it is kept."""

    line: int = Field(ge=1, le=10_000_000, description="Of the file.")
    nth: int = Field(default=1, ge=1, le=1_000_000, description="The how-manieth row of the same content in the file.")
    their_number: Cell = ""
    case_number: Cell = Field(default="", examples=["C000-0000-0001"])
    state: Cell = Field(default="", description="As they call it.", examples=["办理中", "已办结", "已退回"])
    reply: Annotated[str, StringConstraints(max_length=10_000, pattern=PRINTABLE)] = ""
    date: Cell = ""
    replied_at: Instant | None = Field(default=None, description="The date as an instant, where it could be read.")
    trouble: Cell | None = Field(default=None, description="Why the reader of the file could make nothing of it.")

    def row(self) -> ReplyRow:
        return ReplyRow(**self.model_dump())


class HotlineReplies(Request):
    """A part of their file. Each content is taken once, however often it is sent."""

    file: Name = Field(description="Its name, for whoever looks into what could not be recorded.")
    rows: list[HotlineRow] = Field(min_length=1, max_length=200)


class Settlement(Request):
    words: Words = Field(description="What was found out.")


class Reached(Request):
    outcome: Literal[ContactOutcome.REACHED]
    solved: bool = Field(description="Whether the answer solved it; what is not solved is done again.")
    rating: int | None = Field(default=None, ge=1, le=5, description="How satisfied they are; 3 to 5 are satisfied.")
    words: Words = Field(description="What they said, for the history.")
    appeal_id: UUID | None = Field(default=None, description="Whose, where several residents are to be called.")


class NotReached(Request):
    outcome: Literal[ContactOutcome.NOT_REACHED]
    words: Words | None = Field(default=None, description="How it was tried, for the history.")
    appeal_id: UUID | None = Field(default=None, description="Whose, where several residents are to be called.")


Calling = Annotated[Reached | NotReached, Field(discriminator="outcome")]


#: What goes out to every household: short enough for one text message with who and what it is about.
TellingWords = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=PRINTABLE)]


class Incident(Request):
    place_ids: list[UUID] = Field(
        min_length=1, max_length=200, description="Buildings or areas below the case's station, none named before."
    )
    words: TellingWords = Field(description="For their households: what is the matter, and what is being done.")


class IncidentWords(Request):
    words: TellingWords = Field(description="For the households of all that is named: how it goes on.")


class NewGrant(Request):
    """To a person or to a post, one of them."""

    subject: Subject | None = Field(default=None, description="The sign-in subject of who holds a post.")
    post_id: UUID | None = None
    words: Words = Field(description="Why they must see it, for the history.")


class NewReason(Request):
    """For the operator. Reasons for ``decline`` are a closed list."""

    ask: Ask
    code: Code
    name: dict[Literal["zh", "en"], Name] = Field(min_length=2, description="By language (zh, en).")

    def reason(self) -> Reason:
        return Reason(self.ask, self.code, self.name["zh"], self.name["en"])


class TaxonomyRow(Request):
    line: int = Field(ge=1, le=1_000_000, description="Of the file, for what is said about it.")
    names: list[Name] = Field(min_length=1, max_length=6, examples=[["城乡建设", "安全生产", "安全隐患"]])

    def row(self) -> Row:
        return Row(self.line, tuple(self.names))


class Binding(Request):
    kind: Kind
    remit: Remit
    sealed: bool = Field(default=False, description="What is sorted so is shown only to those who must see it.")


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
    sealed: bool
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
            sealed=item.sealed,
            version=item.version,
            effective_from=item.effective_from,
        )


class CategoriesView(BaseModel):
    items: list[CategoryView]

    @classmethod
    def of(cls, items: list[Category]) -> "CategoriesView":
        return cls(items=[CategoryView.of(item) for item in items])


class CalendarRow(Request):
    """A line of the file, as it is written: what is wrong with it is said by its number."""

    line: int = Field(ge=1, le=1_000_000, description="Of the file, for what is said about it.")
    date: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(examples=["2027-02-08"])
    kind: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(
        description="`off`, or `work` for a make-up day.", examples=["off", "work"]
    )
    note: Annotated[str, StringConstraints(max_length=200, pattern=PRINTABLE)] = Field(default="", examples=["春节"])
    stands_for: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(
        default="", description="Of a make-up day: the day off that it makes up for.", examples=["2027-02-10"]
    )


class YearsNotice(Request):
    """All days of a year that are not as their weekday; what the calendar had of that year gives way."""

    year: int = Field(ge=2014, le=2199)
    status: Status = Field(description="`official` once the State Council's notice is out.")
    own: bool = Field(default=False, description="The city's own days instead of the nation's.")
    note: Annotated[str, StringConstraints(max_length=200, pattern=PRINTABLE)] = Field(
        default="", description="Where it comes from.", examples=["国办发明电〔2026〕7号"]
    )
    rows: list[CalendarRow] = Field(max_length=366)

    def notice(self) -> Notice:
        rows = [NoticeRow(**row.model_dump()) for row in self.rows]
        return Notice(self.year, self.status, rows, own=self.own, note=self.note)


class HoursRow(Request):
    """A line of the file, as it is written: what is wrong with it is said by its number."""

    line: int = Field(ge=1, le=1_000_000, description="Of the file, for what is said about it.")
    place: Annotated[str, StringConstraints(max_length=64, pattern=PRINTABLE)] = Field(
        description="The code of the place whose station it is; of the city's, for all that have none of their own."
    )
    kind: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(
        description="`hours` from a day on; `closed` on it, or from an hour on; `open` after all.",
        examples=["hours"],
    )
    day: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(examples=["2026-12-01"])
    weekday: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(
        default="", description="Of hours; twice for two parts of a day.", examples=["monday", "周一"]
    )
    opens: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(default="", examples=["09:00"])
    closes: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(default="", examples=["12:00"])
    note: Annotated[str, StringConstraints(max_length=200, pattern=PRINTABLE)] = Field(default="", examples=["停电"])


class HoursSheet(Request):
    """Opening hours and closures of stations; whatever it does not name stays. The hours of a place from a day on are
    all those that it names for that day.
    """

    note: Annotated[str, StringConstraints(max_length=200, pattern=PRINTABLE)] = Field(
        default="", description="Where it comes from."
    )
    rows: list[HoursRow] = Field(min_length=1, max_length=5000)

    def timetable(self) -> Timetable:
        return Timetable([TimetableRow(**row.model_dump()) for row in self.rows], note=self.note)


class CalendarVersionView(BaseModel):
    """A draft until ``effective_from``; of those in force, the highest counts."""

    calendar_version: int
    note: str
    years: dict[int, Status] = Field(description="By year; all others are forecasts without a day of their own.")
    year: int | None = Field(description="The one that it brings; null of the first, and of opening hours.")
    own: bool = Field(description="It brings the city's own days.")
    based_on: int | None = Field(
        description="What was in force when it was drafted; it may be put into force after that."
    )
    drafted_by: str | None
    drafted_at: AwareDatetime | None
    activated_by: str | None
    effective_from: AwareDatetime | None

    @classmethod
    def of(cls, item: CalendarVersion) -> "CalendarVersionView":
        same = CalendarVersionView.model_fields.keys() - {"calendar_version"}
        return cls(calendar_version=item.version, **{name: getattr(item, name) for name in same})


class CalendarDayView(BaseModel):
    working: bool
    note: str
    stands_for: int | None = Field(description="Of a make-up day: the weekday whose hours it runs on; 0 is Monday.")
    own: bool

    @classmethod
    def of(cls, day: CalendarDay | None) -> "CalendarDayView | None":
        return cls.model_validate(day, from_attributes=True) if day else None


class DayChangeView(BaseModel):
    date: date
    before: CalendarDayView | None = Field(description="Null: as its weekday is.")
    after: CalendarDayView | None

    @classmethod
    def of(cls, change: DayChange) -> "DayChangeView":
        return cls(date=change.date, before=CalendarDayView.of(change.before), after=CalendarDayView.of(change.after))


class StationChangeView(BaseModel):
    """What a version knows of a station: with `since`, its hours from that day on; with `date`, a closure."""

    place: str = Field(description="Its code.")
    since: date = Field(description="The first day on which they are others.")
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]

    @classmethod
    def of(cls, change: StationChange) -> "StationChangeView":
        before, after = change.before.listed(), change.after.listed()
        return cls(place=change.place, since=change.since, before=before, after=after)


class CalendarChangesView(CalendarVersionView):
    working_days: int | None = Field(description="Of its year.")
    days: list[DayChangeView] = Field(description="Those that differ from the version that it is based on.")
    stations: list[StationChangeView] = Field(description="And those whose hours do.")
    earlier: int | None = Field(
        description="How many deadlines of the city it would move to an earlier instant; null where it may not be put "
        "into force any more."
    )
    later: int | None = Field(description="And to a later one.")

    @classmethod
    def of_changes(cls, changes: Changes) -> "CalendarChangesView":
        return cls(
            **CalendarVersionView.of(changes.version).model_dump(),
            working_days=changes.working_days,
            days=[DayChangeView.of(change) for change in changes.days],
            stations=[StationChangeView.of(change) for change in changes.stations],
            earlier=changes.earlier,
            later=changes.later,
        )


class CityMoveView(BaseModel):
    """A deadline that a draft would move: by its case's number, of which anything more is for who may see it."""

    case_number: str
    kind: DeadlineKind
    due_at: AwareDatetime
    would_be_due_at: AwareDatetime

    @classmethod
    def of(cls, each: CityMove) -> "CityMoveView":
        before, promise = each.move.before, each.move.promise
        return cls(
            case_number=each.case_number,
            kind=before.kind,
            due_at=before.promise.due_at,
            would_be_due_at=promise.due_at,
        )


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
        return cls(**_facts(case))


class RecordedView(CaseView):
    letter: str | None = Field(description="The number of the letter that was sent or answered.")
    receipt: int | None = Field(description="Of originals, taken in or given back: the entry whose receipt is printed.")

    @classmethod
    def of_recorded(cls, recorded: Recorded) -> "RecordedView":
        return cls(**_facts(recorded.case), letter=recorded.letter, receipt=recorded.receipt)


class SplitView(CaseView):
    """What is left of it, and the case that goes on by itself."""

    split_off: UUID
    split_off_number: str

    @classmethod
    def of_split(cls, split: Split) -> "SplitView":
        return cls(**_facts(split.case), split_off=split.new.case_id, split_off_number=split.new.number)


class CaseLineView(CaseView):
    overdue: bool
    assigned_overdue: bool = Field(description="By the limit of whoever assigned it.")

    @classmethod
    def of_line(cls, line: CaseLine) -> "CaseLineView":
        return cls(**_line(line.case, line.now))


class QueueLineView(CaseLineView):
    why: list[Why] = Field(description="All that it waits for: placing, sorting, a ruling, somebody who is there.")

    @classmethod
    def of_waiting(cls, line: QueueLine) -> "QueueLineView":
        return cls(**_line(line.case, line.now), why=line.why)


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


class ReportBackView(BaseModel):
    """A report to whoever assigned it; its words are in the history."""

    number: str
    office: str
    sent_at: AwareDatetime
    accepted: bool | None = Field(description="null: they have said nothing yet.")
    reviewed_at: AwareDatetime | None

    @classmethod
    def of(cls, report: ReportBack) -> "ReportBackView":
        return cls.model_validate(report, from_attributes=True)


class HotlineHandoverView(BaseModel):
    """The case as it was handed to the city hotline, and how it stands with them; their words are in the history."""

    case_number: str
    gist: str
    category: str = Field(description="By its Chinese name, as their file says it.")
    place: str
    words: str
    handed_at: AwareDatetime
    reply_due: AwareDatetime
    batch: int | None = Field(description="The file that it went out with; null: it waits for the next.")
    their_number: str | None
    standing: HotlineStanding | None = Field(description="null: they have said nothing yet.")
    replied_at: AwareDatetime | None = Field(description="When their part ended.")

    @classmethod
    def of(cls, handover: HandedOver) -> "HotlineHandoverView":
        return cls.model_validate(handover, from_attributes=True)


class BatchView(BaseModel):
    """What goes out to the city hotline in one file; the same however often it is asked for."""

    number: int | None = Field(description="null: nothing waits.")
    made_at: AwareDatetime | None
    written_at: AwareDatetime | None = Field(description="null: nobody has said yet that it lies there.")
    more: bool = Field(description="Something waits beside it.")
    items: list[HotlineHandoverView]

    @classmethod
    def of(cls, sheet: BatchSheet) -> "BatchView":
        batch = sheet.batch
        return cls(
            number=batch.number if batch else None,
            made_at=batch.made_at if batch else None,
            written_at=batch.written_at if batch else None,
            more=sheet.more,
            items=[HotlineHandoverView.of(handover) for handover in sheet.handovers],
        )


class KeptNowView(BaseModel):
    line: int
    fate: Fate
    why: str


class TakenView(BaseModel):
    """What came of a part of their file. ``kept`` could not be recorded, and is listed until it is settled."""

    recorded: int
    known: int = Field(description="Taken before: nothing was changed.")
    kept: list[KeptNowView]

    @classmethod
    def of(cls, taken: Taken) -> "TakenView":
        kept = [KeptNowView(line=row.line, fate=verdict.fate, why=verdict.why or "") for row, verdict in taken.kept]
        return cls(recorded=taken.recorded, known=taken.known, kept=kept)


class KeptRowView(BaseModel):
    """A row of their file that could not be recorded, as it was typed."""

    reply_id: UUID
    file: str
    line: int
    their_number: str
    case_number: str
    state: str
    reply: str
    date: str
    fate: Fate
    why: str
    came_at: AwareDatetime

    @classmethod
    def of(cls, row: KeptRow) -> "KeptRowView":
        return cls.model_validate(row, from_attributes=True)


class PaperView(BaseModel):
    """One of the resident's originals, in custody."""

    name: str
    received_at: AwareDatetime
    received_by: str

    @classmethod
    def of(cls, paper: Paper) -> "PaperView":
        return cls.model_validate(paper, from_attributes=True)


class HelperView(BaseModel):
    """A post that was called in, and its part."""

    helper_id: UUID
    post_id: UUID
    office_id: UUID | None
    words: str = Field(description="What its part is.")
    due_at: AwareDatetime
    called_by: str = Field(description="The sign-in subject of who called it in.")
    called_by_post_id: UUID
    called_at: AwareDatetime
    state: HelperState
    report: str | None
    missed_at: AwareDatetime | None = Field(description="When its limit was missed; the promise is not touched by it.")
    settled_by: str | None
    settled_at: AwareDatetime | None

    @classmethod
    def of(cls, helper: Helper) -> "HelperView":
        return cls.model_validate(helper, from_attributes=True)


class HelperSeenView(HelperView):
    holder: HolderView | None = Field(description="Who answers in that post now.")

    @classmethod
    def of_seen(cls, seen: HelperSeen) -> "HelperSeenView":
        holder = HolderView.of(seen.seat) if seen.seat else None
        return cls(**HelperView.of(seen.helper).model_dump(), holder=holder)


class PartView(HelperView):
    """With its case, whose ``version`` is the ETag that a report names."""

    case_id: UUID
    case_number: str
    gist: str
    version: int
    overdue: bool

    @classmethod
    def of_part(cls, part: HelpersPart) -> "PartView":
        return cls(
            **HelperView.of(part.helper).model_dump(),
            case_id=part.helper.case_id,
            case_number=part.case_number,
            gist=part.gist,
            version=part.version,
            overdue=part.helper.is_overdue(part.now),
        )


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


class CustodyLineView(CaseLineView):
    papers: list[PaperView] = Field(description="In custody now, as they came.")

    @classmethod
    def of_custody(cls, line: CustodyLine) -> "CustodyLineView":
        papers = [PaperView.of(paper) for paper in line.papers]
        return cls(**_line(line.case, line.now), papers=papers)


class PressingView(BaseModel):
    """A nudge, a supervision order or an instruction."""

    pressing_id: UUID
    kind: PressingKind
    number: str = Field(description="Of a nudge: the how-manieth it is on its case; of the others: their own.")
    by: str | None = Field(description="The sign-in subject of who pressed, or took down that the resident asks again.")
    by_post_id: UUID | None = Field(description="Null: the resident has asked again.")
    leader: str | None = Field(description="Of an instruction: whose word it is, by title.")
    words: str
    made_at: AwareDatetime
    due_at: AwareDatetime | None
    reported_at: AwareDatetime | None
    reported_by: str | None
    report: str | None
    settled_at: AwareDatetime | None = Field(
        description="Since when no report is owed on it; without a report: a nudge, or its case ended before."
    )

    @classmethod
    def of(cls, pressing: Pressing) -> "PressingView":
        return cls.model_validate(pressing, from_attributes=True)


class PressingLineView(PressingView):
    """With its case, whose ``version`` is the ETag that a report names."""

    case_id: UUID
    case_number: str
    gist: str
    version: int
    overdue: bool

    @classmethod
    def of_line(cls, line: PressingLine) -> "PressingLineView":
        return cls(
            **PressingView.of(line.pressing).model_dump(),
            case_id=line.pressing.case_id,
            case_number=line.case_number,
            gist=line.gist,
            version=line.version,
            overdue=line.pressing.is_overdue(line.now),
        )


class SupervisionLineView(BaseModel):
    """A superior's duty to see to it that what is late is done, with its case."""

    supervision_id: UUID
    case_id: UUID
    case_number: str
    gist: str
    version: int
    state: CaseState
    holder_post_id: UUID | None
    promise_due: AwareDatetime | None
    standing: Standing
    post_id: UUID = Field(description="Of mine: whose duty it is.")
    tier: str = Field(description="Of the post's place.")
    since: AwareDatetime
    due_at: AwareDatetime = Field(description="Until when; then the tier above has it too, or it comes back.")
    repeats: int = Field(description="How often it has come back, since nobody is above; such stand first.")
    lapsed_at: AwareDatetime | None = Field(description="Since when the tier above has it too; it stays mine.")

    @classmethod
    def of_line(cls, line: SupervisionLine) -> "SupervisionLineView":
        duty = line.supervision
        return cls(
            **{name: getattr(duty, name) for name in ("supervision_id", "case_id", "post_id", "tier", "since")},
            **{name: getattr(duty, name) for name in ("due_at", "repeats", "lapsed_at")},
            case_number=line.case_number,
            gist=line.gist,
            version=line.version,
            state=line.state,
            holder_post_id=line.holder_post_id,
            promise_due=line.promise_due,
            standing=line.standing,
        )


class AccompanimentView(BaseModel):
    """A hand-over to a centre, the resident accompanied."""

    accompaniment_id: UUID
    centre: str
    centre_post_id: UUID | None
    with_whom: str
    by: str
    made_at: AwareDatetime
    reports: int = Field(description="How many the centre has given; their words stand in the history.")
    reported_at: AwareDatetime | None
    final_at: AwareDatetime | None

    @classmethod
    def of(cls, accompaniment: Accompaniment) -> "AccompanimentView":
        return cls.model_validate(accompaniment, from_attributes=True)


class FollowedLineView(AccompanimentView):
    """With its case, whose ``version`` is the ETag that a report names."""

    case_id: UUID
    case_number: str
    gist: str
    version: int
    holder_post_id: UUID | None
    followed_since: AwareDatetime = Field(description="The centre's last word, or the hand-over.")
    standing: Standing

    @classmethod
    def of_line(cls, line: FollowedLine) -> "FollowedLineView":
        return cls(
            **AccompanimentView.of(line.accompaniment).model_dump(),
            case_id=line.accompaniment.case_id,
            case_number=line.case_number,
            gist=line.gist,
            version=line.version,
            holder_post_id=line.holder_post_id,
            followed_since=line.followed_since,
            standing=line.standing,
        )


class CallBackView(BaseModel):
    """What a resident was asked about an answer, and what they say of it; neither solved nor not: not rated."""

    appeal_id: UUID
    answer: int = Field(description="Which of the answers to this appeal.")
    seq: int = Field(description="The entry of the history that has the answer.")
    way: Way = Field(description="By its notice, by a person, or by the progress page alone.")
    asked_at: AwareDatetime
    rate_by: AwareDatetime = Field(description="Until when they may say something; silence then is not rated.")
    attempts: int
    rated_at: AwareDatetime | None
    rated_by: str | None = Field(description="The sign-in subject of who called; null: the resident by the link.")
    solved: bool | None
    rating: int | None
    settled_at: AwareDatetime | None = Field(
        description="Since when nobody is asked any more: rated, tried in vain, or answered anew."
    )

    @classmethod
    def of(cls, call_back: CallBack) -> "CallBackView":
        return cls.model_validate(call_back, from_attributes=True)


class CallBackLineView(CallBackView):
    """With its case, whose ``version`` is the ETag that a call-back names."""

    case_id: UUID
    case_number: str
    gist: str
    version: int
    standing: Standing

    @classmethod
    def of_line(cls, line: CallBackLine) -> "CallBackLineView":
        return cls(
            **CallBackView.of(line.call_back).model_dump(),
            case_id=line.call_back.case_id,
            case_number=line.case_number,
            gist=line.gist,
            version=line.version,
            standing=line.standing,
        )


class NamedPlaceView(BaseModel):
    """A building or area whose every household is told."""

    place_id: UUID
    telling: int = Field(description="The first telling that its households got.")
    named_by: str
    named_at: AwareDatetime

    @classmethod
    def of(cls, named: NamedPlace) -> "NamedPlaceView":
        return cls.model_validate(named, from_attributes=True)


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


class RosterGapView(BaseModel):
    since: AwareDatetime
    until: AwareDatetime


class RosterView(BaseModel):
    """A post that has a duty roster; the turns themselves are `/grid/v1/rosters/{place}`."""

    post_id: UUID
    code: str
    title: str
    place_id: UUID
    gaps: list[RosterGapView] = Field(
        description="Of the next 14 days: when nobody is on duty though the station is closed. What is urgent then "
        "goes to the next tier's, or to the dispatcher."
    )
    left: list[str] = Field(
        description="Who has turns in these days and holds no post when they come: nobody is on duty then. Import the "
        "roster again with somebody else."
    )

    @classmethod
    def of(cls, ahead: RosterAhead) -> "RosterView":
        told = {name: getattr(ahead.post, name) for name in ("post_id", "code", "title", "place_id", "left")}
        return cls(**told, gaps=[RosterGapView(since=since, until=until) for since, until in ahead.gaps])


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
            **_line(case, detail.now) | {"gist": case.gist},
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


class AlikeView(CaseLineView):
    """A case, and of what may be the same trouble what is likest."""

    likest: SuggestionView

    @classmethod
    def of_alike(cls, line: Alike) -> "AlikeView":
        likest = SuggestionView.of_suggestion(line.suggestion, line.tiers)
        return cls(**_line(line.case, line.now), likest=likest)


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


class ReasonView(BaseModel):
    ask: Ask
    code: str
    name: dict[str, str] = Field(description="By language (zh, en).")

    @classmethod
    def of(cls, reason: Reason) -> "ReasonView":
        return cls(ask=reason.ask, code=reason.code, name={"zh": reason.name_zh, "en": reason.name_en})


class ReasonsView(BaseModel):
    items: list[ReasonView]

    @classmethod
    def of(cls, items: list[Reason]) -> "ReasonsView":
        return cls(items=[ReasonView.of(item) for item in items])


class PrecedentView(BaseModel):
    """Who handles such a matter at a place and below it, by a ruling; ``case_number`` is where it comes from."""

    precedent_id: UUID
    category: str
    remit: Remit
    place_id: UUID
    post_id: UUID
    case_id: UUID
    case_number: str
    ruled_by: str
    ruled_at: AwareDatetime
    revoked_by: str | None
    revoked_at: AwareDatetime | None

    @classmethod
    def of(cls, item: Precedent) -> "PrecedentView":
        return cls.model_validate(item, from_attributes=True)


def _line(case: Case, now: datetime) -> dict[str, Any]:
    return {
        **_facts(case),
        "overdue": case.is_overdue(now),
        "assigned_overdue": case.is_assigned_overdue(now),
    }


class GrantView(BaseModel):
    """Whom a sealed case is opened to besides those who must see it."""

    grant_id: UUID
    subject: str | None
    post_id: UUID | None
    words: str
    by: str
    granted_at: AwareDatetime
    revoked_by: str | None
    revoked_at: AwareDatetime | None

    @classmethod
    def of(cls, grant: Grant) -> "GrantView":
        return cls.model_validate(grant, from_attributes=True)


class GrantsView(BaseModel):
    items: list[GrantView]

    @classmethod
    def of(cls, items: list[Grant]) -> "GrantsView":
        return cls(items=[GrantView.of(item) for item in items])


class OpeningView(BaseModel):
    """Somebody has looked at a sealed case."""

    opening_id: UUID
    what: Opened
    opened_by: str = Field(description="Their sign-in subject.")
    opened_at: AwareDatetime
    way: Sight = Field(description="By what they see it.")
    grant_id: UUID | None

    @classmethod
    def of(cls, opening: Opening) -> "OpeningView":
        return cls.model_validate(opening, from_attributes=True)


class OpenCasesView(ListView[CaseLineView]):
    sealed: int = Field(description="So many more are sealed there, and not for you to see.")

    @classmethod
    def of(cls, cases: OpenCases) -> "OpenCasesView":
        lines = [CaseLineView.of_line(line) for line in cases.sheet.items]
        return cls(items=lines, next=cases.sheet.next, sealed=cases.sealed)


def _facts(case: Case) -> dict[str, Any]:
    told = {"gist": case.told_gist, "linked": case.links_seen, "merged_into": case.merged_seen}
    return {name: getattr(case, name) for name in CaseView.model_fields} | told


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
