"""Cases, one whole, and in lists."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Response
from kit.http import AskedPage, Door, ListView, listed, responses_for

from routing.api.asked import AtPlace, AtPlaceOrMine, CaseNamed, InSection, OnlyForecast, OnlySuggested
from routing.schemas.cases import CaseLineView, OpenCasesView, QueueView
from routing.schemas.deadlines import DeadlineView, ExplanationView, OpenDeadlineView
from routing.schemas.detail import CaseDetailView, CustodyLineView, EntriesView
from routing.service import excluding, explaining, reading

router = APIRouter()


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


@router.get("/custody", response_model=ListView[CustodyLineView])
async def list_custody(page: AskedPage, door: Door, place: AtPlace = None) -> Response:
    """Cases of which residents' originals are kept, ended ones among them, with what is kept: what is late first, then
    what is at risk, and of each what falls due first.
    """
    return await door.read(reading.list_custody, page, place_id=place, view=listed(CustodyLineView.of_custody))


@router.get("/exclusions", response_model=ListView[CaseLineView])
async def list_exclusions(page: AskedPage, door: Door, place: AtPlace = None) -> Response:
    """Cases that their holders apply to take out of a rate, until that is reviewed: what is late first, then what is at
    risk, and of each, place by place, what falls due first.
    """
    return await door.read(excluding.list_asked, page, place_id=place, view=listed(CaseLineView.of_line))


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
