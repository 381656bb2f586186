"""Sealed cases: whom they are open to, and who has looked."""

from uuid import UUID

from fastapi import APIRouter, Response
from kit.http import AskedPage, Door, IfMatch, ListView, listed, responses_for

from routing.api.asked import STEP, CaseNamed
from routing.schemas.cases import CaseView
from routing.schemas.sealing import GrantsView, NewGrant, OpeningView
from routing.service import sealing

router = APIRouter()


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
