"""Calling residents back."""

from fastapi import APIRouter, Response
from kit.http import AskedPage, Door, IfMatch, ListView, listed

from routing.api.asked import STEP, CaseNamed
from routing.schemas.calling_back import CallBackLineView, Calling
from routing.schemas.cases import CaseView
from routing.service import calling_back, rating

router = APIRouter()


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
