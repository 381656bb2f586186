"""Hand-overs to a centre, followed to their end."""

from fastapi import APIRouter, Response
from kit.http import AskedPage, Door, IfMatch, ListView, listed

from routing.api.asked import STEP, AtPlace, CaseNamed
from routing.schemas.accompanying import Accompanied, CentreReport, FollowedLineView
from routing.schemas.cases import CaseView
from routing.service import accompanying

router = APIRouter()


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


@router.get("/followed", response_model=ListView[FollowedLineView])
async def list_followed(page: AskedPage, door: Door, place: AtPlace = None) -> Response:
    """What centres have in hand at a place and below it: what is late first, then what is at risk, and of each the
    longest without a word.
    """
    return await door.read(accompanying.list_followed, page, place_id=place, view=listed(FollowedLineView.of_line))
