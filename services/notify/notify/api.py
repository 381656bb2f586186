"""notify over HTTP: parse, call one use case, return."""

from dataclasses import asdict
from importlib.resources import files
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, select_autoescape
from kit.db import Database
from kit.http import AskedPage, Door, ListView, LookedUp, listed, responses_for

from notify import repository
from notify.schemas import (
    HouseholdToldView,
    InboxItemView,
    MessageView,
    RetryView,
    TellingsView,
    TellingView,
    Visits,
)
from notify.service import read
from notify.service.office import Office

Number = Annotated[int, Path(ge=1, le=1_000_000, description="The how-manieth telling of the case.")]
Told = Annotated[bool | None, Query(description="None: all.")]

_NAME = "Its id, or its number however it is typed."


async def _case_asked(case: Annotated[str, Query(max_length=40, description=_NAME)]) -> LookedUp:
    return LookedUp(lambda uow: read.find_case(uow, case, field="/case"))


async def _case_named(case_id: Annotated[str, Path(max_length=40, description=_NAME)]) -> LookedUp:
    return LookedUp(lambda uow: read.find_case(uow, case_id, field="/case_id"))


CaseAsked = Annotated[LookedUp, Depends(_case_asked)]
CaseNamed = Annotated[LookedUp, Depends(_case_named)]

router = APIRouter(prefix="/notify/v1", responses=responses_for(401, 403, 422, 503))


@router.get("/inbox", tags=["inbox"], response_model=ListView[InboxItemView])
async def list_inbox(door: Door, page: AskedPage) -> Response:
    """Your notices, unread first."""
    return await door.read(read.list_inbox, page, view=listed(InboxItemView.of))


@router.post(
    "/inbox/{item_id}/readings",
    tags=["inbox"],
    status_code=201,
    response_model=InboxItemView,
    responses=responses_for(404, 409),
)
async def read_item(item_id: UUID, door: Door) -> Response:
    """You have read it. Saying so twice changes nothing."""
    return await door(read.read_item, item_id, view=InboxItemView.of)


@router.get("/messages", tags=["messages"], response_model=ListView[MessageView])
async def list_case_messages(case: CaseAsked, door: Door, page: AskedPage) -> Response:
    """Who was told what about a case, and how it stands; of the places that you answer for."""
    return await door.read(read.list_case_messages, case, page, view=listed(MessageView.of))


@router.get("/messages/troubled", tags=["messages"], response_model=ListView[MessageView])
async def list_troubled_messages(door: Door, page: AskedPage) -> Response:
    """What needs a person: messages that failed, and those of which nobody can tell whether they arrived."""
    return await door.read(read.list_troubled_messages, page, view=listed(MessageView.of))


@router.post(
    "/messages/{message_id}/retries",
    tags=["messages"],
    status_code=201,
    response_model=RetryView,
    responses=responses_for(404, 409),
)
async def retry_message(message_id: UUID, door: Door) -> Response:
    """Send again what failed or is unknown. Of an unknown one the reader may be told twice: that is yours to decide."""
    return await door(read.retry_message, message_id, view=lambda identity: RetryView(message_id=identity))


@router.get("/cases/{case_id}/tellings", tags=["tellings"], response_model=TellingsView)
async def list_tellings(case_id: CaseNamed, door: Door) -> Response:
    """What all households of the buildings that a case names were told: how many were, by which way, and who is not."""
    return await door.read(read.list_tellings, case_id, view=TellingsView.of)


@router.get(
    "/cases/{case_id}/tellings/{telling}/households",
    tags=["tellings"],
    response_model=ListView[HouseholdToldView],
    responses=responses_for(404),
)
async def list_households(
    case_id: CaseNamed, telling: Number, door: Door, page: AskedPage, told: Told = None
) -> Response:
    """Whom a telling concerns, at the places that you answer for; ``told=false``: those who have not been told yet."""
    return await door.read(read.list_households, case_id, telling, page, told=told, view=listed(HouseholdToldView.of))


@router.post(
    "/cases/{case_id}/tellings/{telling}/visits",
    tags=["tellings"],
    status_code=201,
    response_model=TellingView,
    responses=responses_for(404, 409),
)
async def record_visits(case_id: CaseNamed, telling: Number, body: Visits, door: Door) -> Response:
    """You have told these households in person, several at once. Saying so twice changes nothing."""
    return await door(read.record_visits, case_id, telling, body.household_ids, view=TellingView.of)


#: Mounted only where NOTIFY_SANDBOX is on.
sandbox = APIRouter(include_in_schema=False)

SHOWN = 50

_PAGE = Environment(autoescape=select_autoescape(default=True, default_for_string=True)).from_string(
    files("notify.providers").joinpath("sandbox.html").read_text(encoding="utf-8")
)


@sandbox.get("/sandbox")
@sandbox.get("/notify/v1/sandbox")
async def show_sandbox(request: Request, before: UUID | None = None) -> HTMLResponse:
    database: Database = request.app.state.database
    office: Office = request.app.state.office
    messages = await database.run_everywhere(
        lambda uow: repository.list_sandbox(uow, office.keys, before=before, limit=SHOWN + 1)
    )
    page = _PAGE.render(
        messages=[
            asdict(m) | {"at": f"{m.received_at.astimezone(office.zone):%m-%d %H:%M:%S}"} for m in messages[:SHOWN]
        ],
        older=messages[SHOWN - 1].sandbox_id if len(messages) > SHOWN else None,
        is_later=before is not None,
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "X-Robots-Tag": "noindex",
    }
    return HTMLResponse(page, headers=headers)
