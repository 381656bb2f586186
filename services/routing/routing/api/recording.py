"""The handling record, and what is printed of it."""

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from kit.http import KEY_REQUIRED, Door, html_page, responses_for

from routing.api.asked import CaseNamed, EntryNumber, LetterNumber
from routing.schemas.recording import RecordedView, Recording
from routing.service import printing, recording

router = APIRouter()


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


@router.get("/cases/{case_id}/receipts/{seq}", response_class=HTMLResponse, responses=responses_for(404))
async def print_receipt(case_id: CaseNamed, seq: EntryNumber, door: Door) -> Response:
    """The receipt for originals that were taken in by this entry of the history, or the note that they were given back,
    to print on A4. Of a sealed case, it is noted who asked for it.
    """
    return await door.read_on_record(printing.print_receipt, case_id, seq, view=html_page)
