"""Joint handling."""

from uuid import UUID

from fastapi import APIRouter, Response
from kit.http import AskedPage, Door, IfMatch, ListView, listed

from routing.api.asked import STEP, CaseNamed
from routing.schemas.helping import CallIn, Ending, PartReport, PartView
from routing.service import helping

router = APIRouter()


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
