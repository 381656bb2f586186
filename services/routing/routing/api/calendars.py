"""Years' notices, opening hours, duty rosters."""

from fastapi import APIRouter, Response
from kit.http import AskedPage, Door, ListView, listed, responses_for

from routing.api.asked import AtPlace, CalendarNumber
from routing.schemas.calendars import (
    CalendarChangesView,
    CalendarVersionView,
    CityMoveView,
    HoursSheet,
    RosterView,
    YearsNotice,
)
from routing.service import calendars, rosters

router = APIRouter()


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
