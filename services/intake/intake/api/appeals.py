"""Appeals: parse, call one use case, return."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from kit.http import AskedPage, Door, IfMatch, ListView, LookedUp, listed, responses_for
from pydantic import BaseModel

from intake.api.guessing import client_of, refuse_guessing
from intake.schemas import (
    AppealChangedView,
    AppealLineView,
    AppealView,
    Code,
    CopiesView,
    CorrectionAsked,
    LocationView,
    NewAppeal,
    OpeningView,
    PlacingAsked,
    ReceiptView,
    WithdrawalAsked,
)
from intake.service import amending, reading, receiving
from intake.service.station import Station

router = APIRouter(
    prefix="/intake/v1", tags=["appeals"], responses=responses_for(400, 401, 403, 404, 409, 413, 415, 422, 503)
)

_NAME = "Its id, or its number however it is typed."


async def _appeal_named(appeal_id: Annotated[str, Path(max_length=40, description=_NAME)]) -> LookedUp:
    return LookedUp(lambda uow: reading.get_id(uow, appeal_id, field="/appeal_id"))


AppealNamed = Annotated[LookedUp, Depends(_appeal_named)]

_WRITES = responses_for(412, 428)


def station_of(request: Request) -> Station:
    station: Station = request.app.state.station
    return station


def _receipt(answer: Any) -> ReceiptView:
    refuse_guessing(answer)
    return ReceiptView.of(answer)


def _location(view: BaseModel) -> str:
    assert isinstance(view, ReceiptView)
    return f"/intake/v1/appeals/{view.appeal_id}"


@router.post(
    "/appeals",
    status_code=201,
    response_model=ReceiptView,
    summary="Take an appeal",
    responses={
        200: {"model": ReceiptView, "description": "This source and external number had been taken before."},
        **responses_for(429),
    },
)
async def receive_appeal(body: NewAppeal, request: Request, door: Door) -> Response:
    """The receipt holds the query code. A repetition of the same source and number answers the same appeal (200). With
    ``repeat_of`` it asks again about an earlier one, and goes on in the same case while that is not answered.
    """
    asked: dict[str, Any] = {"client": client_of(request)} if body.repeat_of else {}
    response = await door(
        receiving.receive_repeat if body.repeat_of else receiving.receive_appeal,
        body.given(),
        station=station_of(request),
        **asked,
        view=_receipt,
        status=201,
        location=_location,
    )
    if bytes(response.body).endswith(b'"repeated":true}'):
        response.status_code = 200
    return response


@router.get("/appeals", response_model=ListView[AppealLineView], summary="Appeals of the places that you answer for")
async def list_appeals(door: Door, page: AskedPage, place: Annotated[Code | None, Query()] = None) -> Response:
    return await door.read(reading.list_appeals, page, place=place, view=listed(AppealLineView.of))


@router.get("/appeals/{appeal_id}", response_model=AppealView, summary="An appeal with its words")
async def get_appeal(appeal_id: AppealNamed, request: Request, door: Door) -> Response:
    return await door.read_on_record(
        reading.get_appeal, appeal_id, station=station_of(request), view=AppealView.of_file
    )


@router.get(
    "/appeals/{appeal_id}/openings", response_model=ListView[OpeningView], summary="Who has read a sealed appeal"
)
async def list_openings(appeal_id: UUID, page: AskedPage, door: Door) -> Response:
    """The last first. For auditors, who do not see the appeal by that."""
    return await door.read(reading.list_openings, appeal_id, page, view=listed(OpeningView.of))


@router.post(
    "/appeals/{appeal_id}/corrections",
    status_code=201,
    response_model=AppealChangedView,
    summary="Say what holds now",
    responses=_WRITES,
)
async def correct_appeal(
    appeal_id: AppealNamed, body: CorrectionAsked, request: Request, if_match: IfMatch, door: Door
) -> Response:
    return await door(
        amending.correct_appeal,
        appeal_id,
        version=if_match,
        station=station_of(request),
        words=body.words,
        place=body.place,
        category=body.category,
        view=AppealChangedView.of,
    )


@router.post(
    "/appeals/{appeal_id}/withdrawals",
    status_code=201,
    response_model=AppealChangedView,
    summary="Withdraw it for the resident",
    responses=_WRITES,
)
async def withdraw_appeal(
    appeal_id: AppealNamed, body: WithdrawalAsked, request: Request, if_match: IfMatch, door: Door
) -> Response:
    return await door(
        amending.withdraw_appeal,
        appeal_id,
        version=if_match,
        reason=body.reason,
        station=station_of(request),
        view=AppealChangedView.of,
    )


@router.post("/placings", status_code=200, response_model=LocationView, summary="Where would this address be placed?")
async def try_address(body: PlacingAsked, request: Request, door: Door) -> Response:
    return await door(reading.try_address, body.address, station=station_of(request), view=LocationView.of)


@router.get("/copies", response_model=CopiesView, summary="How many places and categories intake knows now")
async def count_copies(request: Request, door: Door) -> Response:
    """An importer waits until what it has just loaded into grid and routing is known here."""
    return await door.read(reading.count_copies, station=station_of(request), view=CopiesView.of)
