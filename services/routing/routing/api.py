"""HTTP: parse, call one use case through the door, return."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from contracts.intake import Channel
from contracts.routing import Ask
from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import HTMLResponse
from kit.clock import Day
from kit.http import (
    KEY_REQUIRED,
    AskedPage,
    Door,
    DoorFor,
    IfMatch,
    ListView,
    LookedUp,
    html_page,
    listed,
    responses_for,
)

from routing.domain.figures import Group
from routing.domain.taxonomy import Bound
from routing.domain.vacancy import Section
from routing.schemas import (
    Acceptance,
    Accompanied,
    AlikeView,
    Answer,
    Asking,
    AskingForTime,
    AskingToSuspend,
    AssignmentReport,
    AssignmentReview,
    BatchView,
    CalendarChangesView,
    CalendarVersionView,
    CallBackLineView,
    CallIn,
    Calling,
    CaseDetailView,
    CaseLineView,
    CaseView,
    CategoriesView,
    CentreReport,
    CityMoveView,
    CommunityGapsView,
    CorrectionView,
    CustodyLineView,
    DeadlineView,
    Dispatch,
    Ending,
    EntriesView,
    Exclusion,
    ExclusionReview,
    ExplanationView,
    FiguresView,
    FirstDispatchView,
    FollowedLineView,
    FreezesView,
    FrozenMonthView,
    GrantsView,
    Handover,
    HotlineHandover,
    HotlineReplies,
    HoursSheet,
    Incident,
    IncidentWords,
    Instruction,
    KeptRowView,
    Linking,
    ManyDispatches,
    ManyResorts,
    ManyTriedView,
    Merge,
    NewGrant,
    NewReason,
    Nudge,
    OpenCasesView,
    OpenDeadlineView,
    OpeningView,
    Order,
    PartReport,
    PartView,
    Planning,
    PrecedentView,
    PressingLineView,
    QueueView,
    ReasonsView,
    ReasonView,
    RecordedView,
    Recording,
    Recusal,
    Report,
    Resort,
    Resumption,
    Review,
    RosterView,
    RuleSetDocument,
    RuleSetVersionView,
    RuleSetView,
    Ruling,
    Settlement,
    SplitOff,
    SplitView,
    SuggestionsView,
    SupervisionLineView,
    TakenView,
    Takeover,
    Taxonomy,
    Transfer,
    TreeChangeView,
    Verification,
    YearsNotice,
)
from routing.service import (
    accompanying,
    answering,
    asking,
    calendars,
    calling_back,
    categories,
    dispatching,
    excluding,
    explaining,
    figures,
    freezing,
    helping,
    hotline,
    incidents,
    linking,
    merging,
    naming,
    planning,
    precedents,
    pressing,
    printing,
    rating,
    reading,
    reasons,
    recording,
    recusing,
    reporting_back,
    rosters,
    rule_sets,
    sealing,
    splitting,
    steps,
    suggesting,
    supervising,
    suspending,
)

router = APIRouter(prefix="/routing/v1", responses=responses_for(401, 403, 422, 503))

STEP = responses_for(404, 409, 412, 428)

LetterNumber = Annotated[str, Path(max_length=40, description="However it is typed.", examples=["H7K2-9QXV"])]
EntryNumber = Annotated[int, Path(ge=1, le=2**31 - 1, description="The entry's number in the history.")]
BatchNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]
CalendarNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]
OnlyForecast = Annotated[bool, Query(description="Only those counted over a year whose notice is not out yet.")]
FromDay = Annotated[Day | None, Query(description="The first day; none: thirty days with the last.")]
ToDay = Annotated[Day | None, Query(description="The last day; none: today.")]
InSection = Annotated[Section | None, Query(description="A part of the queue alone.")]
OnlySuggested = Annotated[bool, Query(description="Only what was sorted by its words alone, and not confirmed yet.")]
AtPlaceOrMine = Annotated[UUID | None, Query(description="The id of a place; none: what lies with your posts.")]
OfMonth = Annotated[str, Path(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$", examples=["2026-10"])]
ByGroup = Annotated[Group | None, Query(description="What tells lines apart; a place is one right below `place`.")]
OnlyCategory = Annotated[str | None, Query(max_length=80, description="Its code; with its branches.")]
OnlyChannel = Annotated[Channel | None, Query()]
OnlyOffice = Annotated[UUID | None, Query(description="The id of a bureau or department.")]
OnlyPost = Annotated[UUID | None, Query(description="The id of the holder's post.")]
AtPlace = Annotated[UUID | None, Query(description="The id of a place; none: wherever you may look.")]
RuleNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]

_NAME = "Its id, its number or that of an appeal in it, however they are typed."


def _case_named(case_id: Annotated[str, Path(max_length=40, description=_NAME)]) -> LookedUp:
    return LookedUp(lambda uow: naming.get_id(uow, case_id, field="/case_id"))


def _other_named(other_id: Annotated[str, Path(max_length=40, description=_NAME)]) -> LookedUp:
    return LookedUp(lambda uow: naming.get_id(uow, other_id, field="/other_id"))


CaseNamed = Annotated[LookedUp, Depends(_case_named)]
OtherNamed = Annotated[LookedUp, Depends(_other_named)]


@router.post("/cases/{case_id}/acceptances", status_code=201, response_model=CaseView, responses=STEP)
async def accept_case(case_id: CaseNamed, body: Acceptance, if_match: IfMatch, door: Door) -> Response:
    """A dispatcher places and sorts a case that waits; the promise is made and the case assigned."""
    return await door(
        steps.accept_case, case_id, version=if_match, place_id=body.place_id, category=body.category, view=CaseView.of
    )


@router.post("/cases/{case_id}/starts", status_code=201, response_model=CaseView, responses=STEP)
async def start_case(case_id: CaseNamed, if_match: IfMatch, door: Door) -> Response:
    """The holder begins."""
    return await door(steps.start_case, case_id, version=if_match, view=CaseView.of)


@router.post("/cases/{case_id}/answers", status_code=201, response_model=CaseView, responses=STEP)
async def answer_case(case_id: CaseNamed, body: Answer, if_match: IfMatch, door: Door) -> Response:
    """Solved, or explained; the resident is told, of some matters after a review. Once more, it is a correction."""
    said = body.model_dump()
    return await door(steps.answer_case, case_id, version=if_match, **said, view=CaseView.of)


@router.post("/cases/{case_id}/reviews", status_code=201, response_model=CaseView, responses=STEP)
async def review_answer(case_id: CaseNamed, body: Review, if_match: IfMatch, door: Door) -> Response:
    """Approve the answer that waits, or send it back. For a dispatcher who neither wrote it nor holds the case."""
    return await door(
        *(answering.review_answer, case_id),
        version=if_match,
        approved=body.approved,
        words=body.words,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/verifications", status_code=201, response_model=CaseView, responses=STEP)
async def verify_case(case_id: CaseNamed, body: Verification, if_match: IfMatch, door: Door) -> Response:
    """What was answered, looked at on site by who did not handle it; what does not pass is under way again."""
    return await door(
        *(answering.verify_case, case_id), version=if_match, passed=body.passed, words=body.words, view=CaseView.of
    )


@router.post("/cases/{case_id}/exclusions", status_code=201, response_model=CaseView, responses=STEP)
async def ask_exclusion(case_id: CaseNamed, body: Exclusion, if_match: IfMatch, door: Door) -> Response:
    """The holder applies that the case not count in a rate; it counts until somebody of the tier above has said so."""
    return await door(
        *(excluding.ask_exclusion, case_id), version=if_match, rate=body.rate, words=body.words, view=CaseView.of
    )


@router.post("/cases/{case_id}/exclusion_reviews", status_code=201, response_model=CaseView, responses=STEP)
async def review_exclusion(case_id: CaseNamed, body: ExclusionReview, if_match: IfMatch, door: Door) -> Response:
    """A second person of a tier above grants it or not. How many cases were taken out stands beside the rate."""
    return await door(
        *(excluding.review_exclusion, case_id),
        version=if_match,
        granted=body.granted,
        words=body.words,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/handovers", status_code=201, response_model=CaseView, responses=STEP)
async def hand_over_case(case_id: CaseNamed, body: Handover, if_match: IfMatch, door: Door) -> Response:
    """What is finished is collected, or brought home; it may be long after the end."""
    return await door(steps.hand_over_case, case_id, version=if_match, means=body.means, view=CaseView.of)


@router.post("/cases/{case_id}/closings", status_code=201, response_model=CaseView, responses=STEP)
async def close_case(case_id: CaseNamed, if_match: IfMatch, door: Door) -> Response:
    """What was answered is done; the resident is told. No body."""
    return await door(steps.close_case, case_id, version=if_match, view=CaseView.of)


@router.post("/cases/{case_id}/resorts", status_code=201, response_model=CaseView, responses=STEP)
async def re_sort_case(case_id: CaseNamed, body: Resort, if_match: IfMatch, door: Door) -> Response:
    """A dispatcher puts a wrong category or place right; the promise to the resident never grows by it."""
    return await door(
        *(dispatching.re_sort_case, case_id),
        version=if_match,
        category=body.category,
        place_id=body.place_id,
        words=body.words,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/dispatches", status_code=201, response_model=CaseView, responses=STEP)
async def re_dispatch_case(case_id: CaseNamed, body: Dispatch, if_match: IfMatch, door: Door) -> Response:
    """A dispatcher gives the case to another post; the promise stays, and the resident is told whom to ask."""
    return await door(
        *(dispatching.re_dispatch_case, case_id),
        version=if_match,
        to=body.post_id,
        words=body.words,
        view=CaseView.of,
    )


@router.post(
    "/resorts",
    status_code=200,
    response_model=ManyTriedView,
    responses=responses_for(409, 428),
    dependencies=[KEY_REQUIRED],
)
async def re_sort_cases(body: ManyResorts, door: Door) -> Response:
    """Put category or place of many cases right, or confirm what was suggested: each by itself, with its own answer."""
    return await door(
        *(dispatching.re_sort_cases, body.named),
        category=body.category,
        place_id=body.place_id,
        words=body.words,
        view=ManyTriedView.of,
    )


@router.post(
    "/dispatches",
    status_code=200,
    response_model=ManyTriedView,
    responses=responses_for(409, 428),
    dependencies=[KEY_REQUIRED],
)
async def re_dispatch_cases(body: ManyDispatches, door: Door) -> Response:
    """Give many cases to another post: each by itself, each with its own answer."""
    return await door(
        dispatching.re_dispatch_cases, body.named, to=body.post_id, words=body.words, view=ManyTriedView.of
    )


@router.post("/cases/{case_id}/returns", status_code=201, response_model=CaseView, responses=STEP)
async def ask_return(case_id: CaseNamed, body: Asking, if_match: IfMatch, door: Door) -> Response:
    """The holder asks the dispatcher to take it back, and stays liable meanwhile; a second time the tier above."""
    return await _ask(door, Ask.RETURN, case_id, body, if_match)


@router.post("/cases/{case_id}/declines", status_code=201, response_model=CaseView, responses=STEP)
async def ask_decline(case_id: CaseNamed, body: Asking, if_match: IfMatch, door: Door) -> Response:
    """The holder asks the dispatcher to decline it, for a reason of the closed list."""
    return await _ask(door, Ask.DECLINE, case_id, body, if_match)


@router.post("/cases/{case_id}/extensions", status_code=201, response_model=CaseView, responses=STEP)
async def ask_extension(case_id: CaseNamed, body: AskingForTime, if_match: IfMatch, door: Door) -> Response:
    """The holder asks for more time, once, before the promise falls due; granted, the resident is told."""
    return await _ask(door, Ask.EXTENSION, case_id, body, if_match, days=body.days)


@router.post("/cases/{case_id}/suspensions", status_code=201, response_model=CaseView, responses=STEP)
async def ask_suspension(case_id: CaseNamed, body: AskingToSuspend, if_match: IfMatch, door: Door) -> Response:
    """The holder asks that its promise wait for what law or nature prescribes, until a day; granted, what is left of it
    runs on from then, and the resident is told.
    """
    return await _ask(door, Ask.SUSPENSION, case_id, body, if_match, until=body.until)


async def _ask(
    door: DoorFor,
    ask: Ask,
    case_id: LookedUp,
    body: Asking,
    version: int,
    *,
    days: int | None = None,
    until: date | None = None,
) -> Response:
    return await door(
        *(asking.ask_dispatcher, case_id),
        ask=ask,
        version=version,
        reason=body.reason,
        words=body.words,
        days=days,
        until=until,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/rulings", status_code=201, response_model=CaseView, responses=STEP)
async def rule_on_case(case_id: CaseNamed, body: Ruling, if_match: IfMatch, door: Door) -> Response:
    """Grant or refuse what is asked. A ruling on a second return binds, and becomes a precedent."""
    return await door(
        *(asking.rule_on_case, case_id),
        version=if_match,
        granted=body.granted,
        words=body.words,
        to=body.post_id,
        category=body.category,
        place_id=body.place_id,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/resumptions", status_code=201, response_model=CaseView, responses=STEP)
async def resume_case(case_id: CaseNamed, body: Resumption, if_match: IfMatch, door: Door) -> Response:
    """A suspension ends before its time: what is left of the promise runs on from today, and the resident is told."""
    return await door(suspending.resume_case, case_id, version=if_match, words=body.words, view=CaseView.of)


@router.post("/cases/{case_id}/transfers", status_code=201, response_model=CaseView, responses=STEP)
async def transfer_case(case_id: CaseNamed, body: Transfer, if_match: IfMatch, door: Door) -> Response:
    """The holder passes it on to whose remit it is; the promise stays, and the resident is told whom to ask. Never
    back: that is asked as a return.
    """
    return await door(
        *(dispatching.transfer_case, case_id),
        version=if_match,
        to=body.post_id,
        words=body.words,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/takeovers", status_code=201, response_model=CaseView, responses=STEP)
async def take_over_case(case_id: CaseNamed, body: Takeover, if_match: IfMatch, door: Door) -> Response:
    """Make it my own; nobody below takes it back, and the promise stays. For a tier above its holder, and whoever has
    to see to it.
    """
    return await door(dispatching.take_over_case, case_id, version=if_match, words=body.words, view=CaseView.of)


@router.post("/cases/{case_id}/plans", status_code=201, response_model=CaseView, responses=STEP)
async def plan_case(case_id: CaseNamed, body: Planning, if_match: IfMatch, door: Door) -> Response:
    """What cannot be done now is planned for a day, and the resident is told. It is no answer: it stays in progress."""
    return await door(planning.plan_case, case_id, body.plan(), version=if_match, view=CaseView.of)


@router.post("/cases/{case_id}/replans", status_code=201, response_model=CaseView, responses=STEP)
async def re_plan_case(case_id: CaseNamed, body: Planning, if_match: IfMatch, door: Door) -> Response:
    """A dispatcher plans it for another day; the resident is told. A day that was missed stays missed."""
    return await door(planning.re_plan_case, case_id, body.plan(), version=if_match, view=CaseView.of)


@router.post(
    "/cases/{case_id}/records",
    status_code=201,
    response_model=RecordedView,
    responses=responses_for(404, 409, 428),
    dependencies=[KEY_REQUIRED],
)
async def record_work(case_id: CaseNamed, body: Recording, door: Door) -> Response:
    """What was done on it, for the history: its state stays. No If-Match is asked for, but an Idempotency-Key is."""
    return await door(recording.record_work, case_id, body.work(), view=RecordedView.of_recorded)


@router.get("/cases/{case_id}/letters/{number}", response_class=HTMLResponse, responses=responses_for(404))
async def print_letter(case_id: CaseNamed, number: LetterNumber, door: Door) -> Response:
    """The letter as a page to print on A4. Of a sealed case, it is noted who asked for it."""
    return await door.read_on_record(printing.print_letter, case_id, number, view=html_page)


@router.get("/cases/{case_id}/pressings/{pressing_id}", response_class=HTMLResponse, responses=responses_for(404))
async def print_pressing(case_id: CaseNamed, pressing_id: UUID, door: Door) -> Response:
    """A supervision order or an instruction as a page to print on A4, with the report on it once there is one. Of a
    sealed case, it is noted who asked for it.
    """
    return await door.read_on_record(printing.print_pressing, case_id, pressing_id, view=html_page)


@router.get("/cases/{case_id}/receipts/{seq}", response_class=HTMLResponse, responses=responses_for(404))
async def print_receipt(case_id: CaseNamed, seq: EntryNumber, door: Door) -> Response:
    """The receipt for originals that were taken in by this entry of the history, or the note that they were given back,
    to print on A4. Of a sealed case, it is noted who asked for it.
    """
    return await door.read_on_record(printing.print_receipt, case_id, seq, view=html_page)


@router.post("/cases/{case_id}/assignment_reports", status_code=201, response_model=CaseView, responses=STEP)
async def report_back(case_id: CaseNamed, body: AssignmentReport, if_match: IfMatch, door: Door) -> Response:
    """Report back to whoever assigned it from above, once it is answered. A dispatcher sends it up."""
    return await door(*(reporting_back.report_back, case_id), version=if_match, words=body.words, view=CaseView.of)


@router.post("/cases/{case_id}/assignment_reviews", status_code=201, response_model=CaseView, responses=STEP)
async def enter_review(case_id: CaseNamed, body: AssignmentReview, if_match: IfMatch, door: Door) -> Response:
    """What they say of the report. What they reject is under way again by their new limit. For dispatchers."""
    return await door(
        *(reporting_back.enter_review, case_id),
        version=if_match,
        accepted=body.accepted,
        words=body.words,
        due_at=body.due_at,
        view=CaseView.of,
    )


@router.get("/cases/{case_id}/assignment_reports/{number}", response_class=HTMLResponse, responses=responses_for(404))
async def print_report_back(case_id: CaseNamed, number: LetterNumber, door: Door) -> Response:
    """The report as a page to print on A4. Of a sealed case, it is noted who asked for it."""
    return await door.read_on_record(printing.print_report_back, case_id, number, view=html_page)


@router.post("/cases/{case_id}/hotline_handovers", status_code=201, response_model=CaseView, responses=STEP)
async def hand_to_hotline(case_id: CaseNamed, body: HotlineHandover, if_match: IfMatch, door: Door) -> Response:
    """Hand it to the city hotline with a reply expected. It stays with its holder, and goes out with the next batch."""
    return await door(*(hotline.hand_to_hotline, case_id), version=if_match, words=body.words, view=CaseView.of)


@router.post("/hotline/batches", status_code=201, response_model=BatchView)
async def next_batch(door: Door) -> Response:
    """What goes out to the hotline next: the same until it is said to be written. For dispatchers. No body."""
    return await door(hotline.next_batch, view=BatchView.of)


@router.get("/hotline/batches/{number}", response_model=BatchView, responses=responses_for(404))
async def get_batch(number: BatchNumber, door: Door) -> Response:
    """A batch as it went out."""
    return await door.read(hotline.get_batch, number, view=BatchView.of)


@router.post(
    "/hotline/batches/{number}/writings", status_code=201, response_model=BatchView, responses=responses_for(404)
)
async def mark_written(number: BatchNumber, door: Door) -> Response:
    """It lies where the hotline takes it from. Saying so twice changes nothing. No body."""
    return await door(hotline.mark_written, number, view=BatchView.of)


@router.post("/hotline/replies", status_code=201, response_model=TakenView)
async def take_replies(body: HotlineReplies, door: Door) -> Response:
    """Rows of the hotline's file: recorded on their cases once each; what cannot be is kept. For dispatchers."""
    return await door(hotline.take_replies, [row.row() for row in body.rows], file=body.file, view=TakenView.of)


@router.get("/hotline/unknown", response_model=ListView[KeptRowView])
async def list_kept(page: AskedPage, door: Door) -> Response:
    """Rows of the hotline's files that could not be recorded: of unknown cases, doubled, bad; oldest first."""
    return await door.read(hotline.list_kept, page, view=listed(KeptRowView.of))


@router.post("/hotline/unknown/{reply_id}/settlements", status_code=204, responses=responses_for(404))
async def settle_kept(reply_id: UUID, body: Settlement, door: Door) -> Response:
    """It was looked into, and is listed no more; the row stays."""
    return await door(hotline.settle_kept, reply_id, words=body.words)


@router.post("/cases/{case_id}/nudges", status_code=201, response_model=PressingLineView, responses=STEP)
async def nudge_case(case_id: CaseNamed, body: Nudge, if_match: IfMatch, door: Door) -> Response:
    """Remind whoever holds it, once a day at most by each post. For the staff of its line, but not its holder."""
    return await door(
        *(pressing.nudge_case, case_id), version=if_match, words=body.words, view=PressingLineView.of_line
    )


@router.post("/cases/{case_id}/orders", status_code=201, response_model=PressingLineView, responses=STEP)
async def order_report(case_id: CaseNamed, body: Order, if_match: IfMatch, door: Door) -> Response:
    """A supervision order: numbered, with a limit and a report owed. For a tier above whoever holds the case; while an
    office does, from the tier above the station of the case's place on.
    """
    return await door(
        *(pressing.order_report, case_id),
        version=if_match,
        words=body.words,
        due_at=body.due_at,
        view=PressingLineView.of_line,
    )


@router.post("/cases/{case_id}/instructions", status_code=201, response_model=PressingLineView, responses=STEP)
async def enter_instruction(case_id: CaseNamed, body: Instruction, if_match: IfMatch, door: Door) -> Response:
    """A leader's written word, with a report owed. For dispatchers and supervisors of its place and above."""
    return await door(
        *(pressing.enter_instruction, case_id),
        version=if_match,
        words=body.words,
        leader=body.leader,
        view=PressingLineView.of_line,
    )


@router.post("/pressings/{pressing_id}/reports", status_code=201, response_model=PressingLineView, responses=STEP)
async def report_on_pressing(pressing_id: UUID, body: Report, if_match: IfMatch, door: Door) -> Response:
    """The holder reports on an order or an instruction, once; whoever pressed is told. If-Match: the case's version."""
    return await door(
        *(pressing.report_on_pressing, pressing_id),
        version=if_match,
        words=body.words,
        view=PressingLineView.of_line,
    )


@router.post("/cases/{case_id}/recusals", status_code=201, response_model=CaseView, responses=STEP)
async def recuse(case_id: CaseNamed, body: Recusal, if_match: IfMatch, door: Door) -> Response:
    """I have an interest in it: it goes across or a tier up, and never comes back to me."""
    return await door(recusing.recuse, case_id, version=if_match, words=body.words, view=CaseView.of)


@router.post("/cases/{case_id}/accompaniments", status_code=201, response_model=CaseView, responses=STEP)
async def accompany(case_id: CaseNamed, body: Accompanied, if_match: IfMatch, door: Door) -> Response:
    """A legal matter or a petition goes to the district's centre, the resident accompanied, and is followed."""
    return await door(
        *(accompanying.accompany, case_id),
        version=if_match,
        centre=body.centre,
        to=body.post_id,
        with_whom=body.with_whom,
        words=body.words,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/centre_reports", status_code=201, response_model=CaseView, responses=STEP)
async def enter_centre_report(case_id: CaseNamed, body: CentreReport, if_match: IfMatch, door: Door) -> Response:
    """What the centre says of it; after its final report the case can be answered."""
    return await door(
        *(accompanying.enter_centre_report, case_id),
        version=if_match,
        words=body.words,
        final=body.final,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/grants", status_code=201, response_model=CaseView, responses=STEP)
async def grant_case(case_id: CaseNamed, body: NewGrant, if_match: IfMatch, door: Door) -> Response:
    """Open a sealed case to somebody, to read. For dispatchers and supervisors who see it."""
    return await door(
        *(sealing.grant_case, case_id),
        version=if_match,
        subject=body.subject,
        post_id=body.post_id,
        words=body.words,
        view=CaseView.of,
    )


@router.get("/cases/{case_id}/grants", response_model=GrantsView, responses=responses_for(404))
async def list_grants(case_id: CaseNamed, door: Door) -> Response:
    """Whom it was opened to, revoked ones among them."""
    return await door.read(sealing.list_grants, case_id, view=GrantsView.of)


@router.post("/cases/{case_id}/grants/{grant_id}/revocations", status_code=201, response_model=CaseView, responses=STEP)
async def revoke_grant(case_id: CaseNamed, grant_id: UUID, if_match: IfMatch, door: Door) -> Response:
    """It is shut to them again, unless they must see it. No body."""
    return await door(sealing.revoke_grant, case_id, grant_id, version=if_match, view=CaseView.of)


@router.get("/cases/{case_id}/openings", response_model=ListView[OpeningView])
async def list_openings(case_id: CaseNamed, page: AskedPage, door: Door) -> Response:
    """Who has looked at a sealed case, the last first. For auditors, and dispatchers and supervisors of its place."""
    return await door.read(sealing.list_openings, case_id, page, view=listed(OpeningView.of))


@router.get("/followed", response_model=ListView[FollowedLineView])
async def list_followed(page: AskedPage, door: Door, place: AtPlace = None) -> Response:
    """What centres have in hand at a place and below it: what is late first, then what is at risk, and of each the
    longest without a word.
    """
    return await door.read(accompanying.list_followed, page, place_id=place, view=listed(FollowedLineView.of_line))


@router.post("/cases/{case_id}/callbacks", status_code=201, response_model=CaseView, responses=STEP)
async def call_back_resident(case_id: CaseNamed, body: Calling, if_match: IfMatch, door: Door) -> Response:
    """Ask a resident whom no message reaches whether it is solved, three times at most; not for who handled it."""
    said = body.model_dump(exclude={"outcome"})
    return await door(rating.call_back_resident, case_id, version=if_match, **said, view=CaseView.of)


@router.get("/callbacks", response_model=ListView[CallBackLineView])
async def list_call_backs(page: AskedPage, door: Door) -> Response:
    """Whom I may call, as a window clerk or dispatcher: residents whom no message reaches. Of which case something is
    late stands first, then what is at risk, and of each, place by place, what falls due first.
    """
    return await door.read(calling_back.list_owed, page, view=listed(CallBackLineView.of_line))


@router.post("/cases/{case_id}/incidents", status_code=201, response_model=CaseView, responses=STEP)
async def name_affected(case_id: CaseNamed, body: Incident, if_match: IfMatch, door: Door) -> Response:
    """It concerns whole buildings: name them, and every household is told, whether it has reported anything or not."""
    return await door(
        *(incidents.name_affected, case_id),
        version=if_match,
        place_ids=body.place_ids,
        words=body.words,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/incident_words", status_code=201, response_model=CaseView, responses=STEP)
async def tell_affected(case_id: CaseNamed, body: IncidentWords, if_match: IfMatch, door: Door) -> Response:
    """Tell the households of all buildings that it names how it goes on."""
    return await door(*(incidents.tell_affected, case_id), version=if_match, words=body.words, view=CaseView.of)


@router.post("/cases/{case_id}/merges", status_code=201, response_model=CaseView, responses=STEP)
async def merge_case(case_id: CaseNamed, body: Merge, if_match: IfMatch, door: Door) -> Response:
    """The same trouble as another case: its appeals go on there, under the earlier promise, and this one closes."""
    return await door(
        *(merging.merge_case, case_id), version=if_match, into=body.into, words=body.words, view=CaseView.of
    )


@router.post("/cases/{case_id}/splits", status_code=201, response_model=SplitView, responses=STEP)
async def split_case(case_id: CaseNamed, body: SplitOff, if_match: IfMatch, door: Door) -> Response:
    """Not the same trouble after all: these appeals go on as a case of their own, under the same promise."""
    return await door(
        *(splitting.split_case, case_id),
        version=if_match,
        appeal_ids=body.appeal_ids,
        words=body.words,
        view=SplitView.of_split,
    )


@router.get("/cases/{case_id}/suggestions", response_model=SuggestionsView, responses=responses_for(404))
async def list_suggestions(case_id: CaseNamed, door: Door) -> Response:
    """Side by side: what may be the same trouble by place, category, words and time, of what you may see."""
    return await door.read(suggesting.list_suggestions, case_id, view=SuggestionsView.of)


@router.post(
    "/cases/{case_id}/suggestions/{other_id}/dismissals",
    status_code=201,
    response_model=SuggestionsView,
    responses=responses_for(404),
)
async def dismiss_suggestion(case_id: CaseNamed, other_id: OtherNamed, door: Door) -> Response:
    """They are two: not suggested again, on either. For a dispatcher of its place or above. No body."""
    return await door(suggesting.dismiss_suggestion, case_id, other_id, view=SuggestionsView.of)


@router.get("/pressings", response_model=ListView[PressingLineView])
async def list_pressings(page: AskedPage, door: Door, stage: Literal["owed", "given"] = "owed") -> Response:
    """What falls due first, of what I owe a report on; ``stage=given`` is what I pressed and is not reported on yet."""
    lists = {"owed": pressing.list_owed, "given": pressing.list_given}
    return await door.read(lists[stage], page, view=listed(PressingLineView.of_line))


@router.get("/supervisions", response_model=ListView[SupervisionLineView])
async def list_supervisions(page: AskedPage, door: Door) -> Response:
    """What I have to see to, since it is late below me: what nobody is above first, then the oldest."""
    return await door.read(supervising.list_mine, page, view=listed(SupervisionLineView.of_line))


@router.post("/cases/{case_id}/helpers", status_code=201, response_model=PartView, responses=STEP)
async def call_in_helper(case_id: CaseNamed, body: CallIn, if_match: IfMatch, door: Door) -> Response:
    """Another post does a part of it, by a limit of its own; whoever leads stays liable. For dispatchers, across
    offices those of a tier above both; and for whoever leads, within their own line.
    """
    return await door(
        *(helping.call_in_helper, case_id),
        version=if_match,
        to=body.post_id,
        words=body.words,
        due_at=body.due_at,
        view=PartView.of_part,
    )


@router.post("/cases/{case_id}/helpers/{helper_id}/reports", status_code=201, response_model=PartView, responses=STEP)
async def report_part(case_id: CaseNamed, helper_id: UUID, body: PartReport, if_match: IfMatch, door: Door) -> Response:
    """A helper's part is done; whoever leads is told."""
    return await door(
        *(helping.report_part, case_id, helper_id), version=if_match, words=body.words, view=PartView.of_part
    )


@router.post("/cases/{case_id}/helpers/{helper_id}/releases", status_code=201, response_model=PartView, responses=STEP)
async def release_helper(case_id: CaseNamed, helper_id: UUID, body: Ending, if_match: IfMatch, door: Door) -> Response:
    """A helper's part is not needed any more; it is told. For whoever leads, and dispatchers."""
    return await door(
        *(helping.release_helper, case_id, helper_id), version=if_match, words=body.words, view=PartView.of_part
    )


@router.get("/parts", response_model=ListView[PartView])
async def list_parts(page: AskedPage, door: Door) -> Response:
    """What I was called in for and have not reported on, what falls due first before the rest."""
    return await door.read(helping.list_parts, page, view=listed(PartView.of_part))


@router.post("/cases/{case_id}/links", status_code=201, response_model=CaseView, responses=STEP)
async def link_cases(case_id: CaseNamed, body: Linking, if_match: IfMatch, door: Door) -> Response:
    """Name a related case, by its number, on this one, and this one on that. For who sees both."""
    return await door(
        *(linking.link_cases, case_id),
        version=if_match,
        number=body.number,
        kind=body.kind,
        words=body.words,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/links/{link_id}/endings", status_code=201, response_model=CaseView, responses=STEP)
async def unlink_cases(case_id: CaseNamed, link_id: UUID, body: Ending, if_match: IfMatch, door: Door) -> Response:
    """What was linked wrongly is put right on both cases. For who sees both."""
    return await door(
        *(linking.unlink_cases, case_id, link_id),
        version=if_match,
        words=body.words,
        view=CaseView.of,
    )


@router.get("/cases/{case_id}", response_model=CaseDetailView, responses=responses_for(404))
async def get_case(case_id: CaseNamed, door: Door) -> Response:
    """A case with its holder, its promise and the notices that did not arrive. The ETag is its version.

    Of a sealed case, it is noted who asked for it.
    """
    return await door.read_on_record(reading.get_case, case_id, view=CaseDetailView.of_detail)


@router.get("/cases/{case_id}/entries", response_model=EntriesView, responses=responses_for(404))
async def list_entries(case_id: CaseNamed, door: Door) -> Response:
    """Every step that was taken, oldest first, with its chain checked.

    Of a sealed case, it is noted who asked for it.
    """
    return await door.read_on_record(reading.get_history, case_id, view=EntriesView.of)


@router.get("/cases/{case_id}/deadlines", response_model=ListView[DeadlineView], responses=responses_for(404))
async def list_deadlines_of_case(case_id: CaseNamed, page: AskedPage, door: Door) -> Response:
    """All its deadlines, oldest first: settled ones, and those in whose place others stand.

    Of a sealed case, it is noted who asked for it.
    """
    return await door.read_on_record(explaining.list_deadlines, case_id, page, view=listed(DeadlineView.of))


@router.get(
    "/cases/{case_id}/deadlines/{deadline_id}/explanation",
    response_model=ExplanationView,
    responses=responses_for(404),
)
async def explain_deadline(case_id: CaseNamed, deadline_id: UUID, door: Door) -> Response:
    """Why it falls due when it does: the rule, from when it runs, each day that is counted or not, what stopped it.
    It is reckoned a second time and held against what is stored: `agrees`.

    Of a sealed case, it is noted who asked for it.
    """
    return await door.read_on_record(explaining.explain_deadline, case_id, deadline_id, view=ExplanationView.of)


@router.get("/cases", response_model=OpenCasesView)
async def list_open_cases(
    page: AskedPage, door: Door, place: AtPlace = None, *, suggested: OnlySuggested = False
) -> Response:
    """What is open at a place and below it: what is late first, then what is at risk, and of each, place by place, what
    falls due first; how many more are sealed.
    """
    return await door.read(reading.list_open_cases, page, place_id=place, suggested=suggested, view=OpenCasesView.of)


@router.get("/worklist", response_model=ListView[CaseLineView])
async def list_worklist(
    page: AskedPage, door: Door, stage: Literal["doing", "answered", "transferred"] = "doing"
) -> Response:
    """What lies with me: what is late first, then what is at risk, and of each what falls due first. ``stage=answered``
    is what remains to be handed over or closed, ``stage=transferred`` what I took up first and went on to another. What
    is planned stands in ``/planned``.
    """
    if stage == "transferred":
        return await door.read(reading.list_transferred, page, view=listed(CaseLineView.of_line))
    return await door.read(reading.list_worklist, page, answered=stage == "answered", view=listed(CaseLineView.of_line))


@router.get("/planned", response_model=ListView[CaseLineView])
async def list_planned(page: AskedPage, door: Door, place: AtPlaceOrMine = None) -> Response:
    """What is planned for a later day: what is late first, then what is at risk, and of each by that day."""
    return await door.read(reading.list_planned, page, place_id=place, view=listed(CaseLineView.of_line))


@router.get("/queue", response_model=QueueView)
async def list_queue(page: AskedPage, door: Door, section: InSection = None) -> Response:
    """What waits for me as a dispatcher, and `why`: to be placed, sorted or filled, asked by its holder, or left with a
    post in which nobody acts. What is late first, then what is at risk, and of each what falls due first. For
    supervisors too: how much that is sealed lies with nobody.
    """
    return await door.read(reading.get_queue, page, section=section, view=QueueView.of)


@router.get("/suggestions", response_model=ListView[AlikeView])
async def list_alike(page: AskedPage, door: Door) -> Response:
    """What is open where I dispatch and may be the same trouble as another, each case beside the likest and why, in the
    order of ``/cases``. A page looks at ``limit`` cases and leaves out those that are like no other: it may hold fewer,
    or none, while ``next`` leads on.
    """
    return await door.read(suggesting.list_alike, page, view=listed(AlikeView.of_alike))


@router.get("/custody", response_model=ListView[CustodyLineView])
async def list_custody(page: AskedPage, door: Door, place: AtPlace = None) -> Response:
    """Cases of which residents' originals are kept, ended ones among them, with what is kept: what is late first, then
    what is at risk, and of each what falls due first.
    """
    return await door.read(reading.list_custody, page, place_id=place, view=listed(CustodyLineView.of_custody))


@router.get("/figures", response_model=FiguresView)
async def get_figures(
    page: AskedPage,
    door: Door,
    place: AtPlace = None,
    *,
    since: FromDay = None,
    until: ToDay = None,
    by: ByGroup = None,
    category: OnlyCategory = None,
    channel: OnlyChannel = None,
    office: OnlyOffice = None,
    post: OnlyPost = None,
) -> Response:
    """The figures of a place and below it, over a period: all together, or group by group. What each counts, and what
    each rate is a share of: docs/figures.md. Of category, channel, office and post one at a time.
    """
    named = {Group.CATEGORY: category, Group.CHANNEL: channel, Group.OFFICE: office, Group.POST: post}
    only = {group: str(value) for group, value in named.items() if value is not None}
    return await door.read(
        *(figures.get_figures, page),
        place_id=place,
        since=since,
        until=until,
        by=by,
        only=only,
        view=FiguresView.of,
    )


@router.get("/figures/freezes", response_model=FreezesView)
async def list_freezes(door: Door) -> Response:
    """The months whose figures were frozen, in the order in which they were, each sealed to the one before."""
    return await door.read(freezing.list_freezes, view=FreezesView.of)


@router.get("/figures/freezes/{month}", response_model=FrozenMonthView, responses=responses_for(404))
async def get_frozen(month: OfMonth, door: Door, place: AtPlace = None) -> Response:
    """What the figures of a month were when it was frozen, beside what they are by now."""
    return await door.read(
        freezing.get_frozen, date.fromisoformat(f"{month}-01"), place_id=place, view=FrozenMonthView.of
    )


@router.get(
    "/figures/freezes/{month}/corrections", response_model=ListView[CorrectionView], responses=responses_for(404)
)
async def list_corrections(month: OfMonth, page: AskedPage, door: Door, place: AtPlace = None) -> Response:
    """What came to a month after it was frozen, oldest first."""
    first = date.fromisoformat(f"{month}-01")
    return await door.read(freezing.list_corrections, first, page, place_id=place, view=listed(CorrectionView.of))


@router.get("/exclusions", response_model=ListView[CaseLineView])
async def list_exclusions(page: AskedPage, door: Door, place: AtPlace = None) -> Response:
    """Cases that their holders apply to take out of a rate, until that is reviewed: what is late first, then what is at
    risk, and of each, place by place, what falls due first.
    """
    return await door.read(excluding.list_asked, page, place_id=place, view=listed(CaseLineView.of_line))


@router.get("/figures/first_dispatch", response_model=FirstDispatchView)
async def get_first_dispatch(door: Door, place: AtPlace = None, since: FromDay = None, until: ToDay = None) -> Response:
    """How often a case was answered by the post to which it was first assigned, at a place and below it."""
    return await door.read(
        figures.get_first_dispatch, place_id=place, since=since, until=until, view=FirstDispatchView.of
    )


@router.get("/reasons", response_model=ReasonsView)
async def list_reasons(door: Door) -> Response:
    """Why something may be asked of a dispatcher."""
    return await door.read(reasons.list_reasons, view=ReasonsView.of)


@router.post("/reasons", status_code=201, response_model=ReasonView, responses=responses_for(409))
async def add_reason(body: NewReason, door: Door) -> Response:
    """Add to a list of reasons; that of declining is closed. For the operator."""
    return await door(reasons.add_reason, body.reason(), view=ReasonView.of)


@router.get("/precedents", response_model=ListView[PrecedentView])
async def list_precedents(page: AskedPage, door: Door) -> Response:
    """What rulings have settled and assignment follows, place by place, wherever you may look."""
    return await door.read(precedents.list_precedents, page, view=listed(PrecedentView.of))


@router.post(
    "/precedents/{precedent_id}/revocations",
    status_code=201,
    response_model=PrecedentView,
    responses=responses_for(404, 409),
)
async def revoke_precedent(precedent_id: UUID, door: Door) -> Response:
    """Assignment follows the rules again. For the tier that ruled and those above it. No body."""
    return await door(precedents.revoke_precedent, precedent_id, view=PrecedentView.of)


@router.get("/deadlines", response_model=ListView[OpenDeadlineView])
async def list_deadlines(
    page: AskedPage,
    door: Door,
    place: AtPlace = None,
    *,
    forecast: OnlyForecast = False,
) -> Response:
    """The deadlines that still run at a place and below it, with what they were counted from: what is at risk first,
    and of each, place by place, what falls due first.
    """
    view = listed(OpenDeadlineView.of_case)
    return await door.read(reading.list_open_deadlines, page, place_id=place, forecast=forecast, view=view)


@router.get("/rosters", response_model=ListView[RosterView])
async def list_rosters(page: AskedPage, door: Door, place: AtPlace = None) -> Response:
    """The posts that have a duty roster, at a place and below it, with the gaps that are ahead."""
    return await door.read(rosters.list_rosters, page, place_id=place, view=listed(RosterView.of))


@router.get("/calendars", response_model=ListView[CalendarVersionView])
async def list_calendars(page: AskedPage, door: Door) -> Response:
    """The versions of the working-day calendar, the newest first, with the status of each year."""
    return await door.read(calendars.list_calendars, page, view=listed(CalendarVersionView.of))


@router.post("/calendars", status_code=201, response_model=CalendarChangesView, responses=responses_for(409))
async def draft_calendar(body: YearsNotice, door: Door) -> Response:
    """Draft a version with a year's notice: all of it or nothing, what is wrong by line. It counts for nothing until
    somebody else puts it into force. For the operator.
    """
    return await door(calendars.draft_calendar, body.notice(), view=CalendarChangesView.of_changes)


@router.post("/calendars/hours", status_code=201, response_model=CalendarChangesView, responses=responses_for(409))
async def draft_hours(body: HoursSheet, door: Door) -> Response:
    """Draft a version with opening hours and closures of stations, as with a year's notice. For the operator."""
    return await door(calendars.draft_hours, body.timetable(), view=CalendarChangesView.of_changes)


@router.get("/calendars/{calendar_version}", response_model=CalendarChangesView, responses=responses_for(404))
async def get_calendar(calendar_version: CalendarNumber, door: Door) -> Response:
    """What a version changes: days, and while it is a draft, how many deadlines would move. For the operator."""
    return await door.read(calendars.get_calendar, calendar_version, view=CalendarChangesView.of_changes)


@router.get("/calendars/{calendar_version}/moves", response_model=ListView[CityMoveView], responses=responses_for(404))
async def list_moves(calendar_version: CalendarNumber, page: AskedPage, door: Door) -> Response:
    """The deadlines that a draft would move, the first to fall due first. For the operator."""
    return await door.read(calendars.list_moves, page, calendar_version, view=listed(CityMoveView.of))


@router.post(
    "/calendars/{calendar_version}/activations",
    status_code=201,
    response_model=CalendarChangesView,
    responses=responses_for(404, 409),
)
async def activate_calendar(calendar_version: CalendarNumber, door: Door) -> Response:
    """Put a draft into force: what it moves is moved from now on, and whom it concerns is told. For an operator other
    than who drafted it. No body.
    """
    return await door(calendars.activate_calendar, calendar_version, view=CalendarChangesView.of_changes)


@router.get("/categories", response_model=CategoriesView)
async def list_categories(door: Door) -> Response:
    """The whole tree as in effect now, retired branches among it."""
    return await door.read(categories.list_categories, view=CategoriesView.of)


@router.put("/categories", response_model=TreeChangeView)
async def load_categories(body: Taxonomy, door: Door) -> Response:
    """Load a classification: all of it or nothing; branches that nothing binds are named by line. For the operator."""
    bindings = {path: Bound(bound.kind, bound.remit, bound.sealed) for path, bound in body.bindings.items()}
    return await door(
        categories.load_categories,
        [row.row() for row in body.rows],
        bindings=bindings,
        replaces=body.replaces,
        view=TreeChangeView.of,
    )


@router.get("/rule-sets", response_model=ListView[RuleSetVersionView])
async def list_rule_sets(page: AskedPage, door: Door) -> Response:
    """The versions of the rules, the city's and those of places, the newest first, drafts among them."""
    return await door.read(rule_sets.list_rule_sets, page, view=listed(RuleSetVersionView.of))


@router.post("/rule-sets", status_code=201, response_model=RuleSetView, responses=responses_for(409))
async def draft_rule_set(body: RuleSetDocument, door: Door) -> Response:
    """Draft a version by a document: all of it or nothing, what is wrong by line. It holds for nothing until somebody
    else puts it into force. For the operator.
    """
    return await door(rule_sets.draft_rule_set, body.document(), view=RuleSetView.of_seen)


@router.get("/rule-sets/{rule_version}", response_model=RuleSetView, responses=responses_for(404))
async def get_rule_set(rule_version: RuleNumber, door: Door) -> Response:
    """What a version says and what it changes: in words, and while it is a draft, over last month's cases. For the
    operator.
    """
    return await door.read(rule_sets.get_rule_set, rule_version, view=RuleSetView.of_seen)


@router.get("/rule-sets/{rule_version}/gaps", response_model=ListView[CommunityGapsView], responses=responses_for(404))
async def list_gaps(rule_version: RuleNumber, page: AskedPage, door: Door) -> Response:
    """Community by community, the rules for which nobody of their duty is there. For the operator."""
    return await door.read(rule_sets.list_gaps, page, rule_version, view=listed(CommunityGapsView.of))


@router.post(
    "/rule-sets/{rule_version}/activations",
    status_code=201,
    response_model=RuleSetView,
    responses=responses_for(404, 409),
)
async def activate_rule_set(rule_version: RuleNumber, door: Door) -> Response:
    """Put a draft into force from the day that it names, or at once; what has begun keeps its rules. For an operator
    other than who drafted it. No body.
    """
    return await door(rule_sets.activate_rule_set, rule_version, view=RuleSetView.of_seen)
