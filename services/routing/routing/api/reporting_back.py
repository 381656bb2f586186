"""What was assigned from above, and what is handed to the city hotline."""

from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from kit.http import AskedPage, Door, IfMatch, ListView, html_page, listed, responses_for

from routing.api.asked import STEP, BatchNumber, CaseNamed, LetterNumber
from routing.schemas.cases import CaseView
from routing.schemas.reporting_back import (
    AssignmentReport,
    AssignmentReview,
    BatchView,
    HotlineHandover,
    HotlineReplies,
    KeptRowView,
    Settlement,
    TakenView,
)
from routing.service import hotline, printing, reporting_back

router = APIRouter()


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
