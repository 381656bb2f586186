"""HTTP: parse, call one use case through the door, return."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from kit.http import AskedPage, Door, IfMatch, ListView, responses_for
from kit.paging import Sheet

from routing.domain.case import Deadline
from routing.schemas import (
    Acceptance,
    Answer,
    CaseDetailView,
    CaseLineView,
    CaseView,
    CategoriesView,
    EntriesView,
    Handover,
    OpenDeadlineView,
    Taxonomy,
    TreeChangeView,
)
from routing.service import categories, reading, steps
from routing.service.reading import CaseLine

router = APIRouter(prefix="/routing/v1", responses=responses_for(401, 403, 422, 503))

STEP = responses_for(404, 409, 412, 428)

AtPlace = Annotated[UUID | None, Query(description="The id of a place; none: wherever you may look.")]


@router.post("/cases/{case_id}/acceptances", status_code=201, response_model=CaseView, responses=STEP)
async def accept_case(case_id: UUID, body: Acceptance, if_match: IfMatch, door: Door) -> Response:
    """A dispatcher places and sorts a case that waits; the promise is made and the case assigned."""
    return await door(
        steps.accept_case, case_id, version=if_match, place_id=body.place_id, category=body.category, view=CaseView.of
    )


@router.post("/cases/{case_id}/starts", status_code=201, response_model=CaseView, responses=STEP)
async def start_case(case_id: UUID, if_match: IfMatch, door: Door) -> Response:
    """The holder begins."""
    return await door(steps.start_case, case_id, version=if_match, view=CaseView.of)


@router.post("/cases/{case_id}/answers", status_code=201, response_model=CaseView, responses=STEP)
async def answer_case(case_id: UUID, body: Answer, if_match: IfMatch, door: Door) -> Response:
    """Solved, or explained why it cannot be; the resident is told."""
    return await door(
        steps.answer_case, case_id, version=if_match, outcome=body.outcome, answer=body.answer, view=CaseView.of
    )


@router.post("/cases/{case_id}/handovers", status_code=201, response_model=CaseView, responses=STEP)
async def hand_over_case(case_id: UUID, body: Handover, if_match: IfMatch, door: Door) -> Response:
    """What is finished is collected, or brought home."""
    return await door(steps.hand_over_case, case_id, version=if_match, means=body.means, view=CaseView.of)


@router.post("/cases/{case_id}/closings", status_code=201, response_model=CaseView, responses=STEP)
async def close_case(case_id: UUID, if_match: IfMatch, door: Door) -> Response:
    """What was answered is done; the resident is told. No body."""
    return await door(steps.close_case, case_id, version=if_match, view=CaseView.of)


@router.get("/cases/{case_id}", response_model=CaseDetailView, responses=responses_for(404))
async def get_case(case_id: UUID, door: Door) -> Response:
    """A case with its holder, its promise and the notices that did not arrive. The ETag is its version."""
    return await door.read(reading.get_case, case_id, view=CaseDetailView.of_detail)


@router.get("/cases/{case_id}/entries", response_model=EntriesView, responses=responses_for(404))
async def list_entries(case_id: UUID, door: Door) -> Response:
    """Every step that was taken, oldest first, with its chain checked."""
    return await door.read(reading.get_history, case_id, view=EntriesView.of)


@router.get("/cases", response_model=ListView[CaseLineView])
async def list_open_cases(page: AskedPage, door: Door, place: AtPlace = None) -> Response:
    """What is open at a place and below it: place by place, in the order in which it came."""
    return await door.read(reading.list_open_cases, page, place_id=place, view=_lines)


@router.get("/worklist", response_model=ListView[CaseLineView])
async def list_worklist(page: AskedPage, door: Door, stage: Literal["doing", "answered"] = "doing") -> Response:
    """What lies with me: overdue and at risk first. ``stage=answered`` is what remains to be handed over or closed."""
    return await door.read(reading.list_worklist, page, answered=stage == "answered", view=_lines)


@router.get("/queue", response_model=ListView[CaseLineView])
async def list_queue(page: AskedPage, door: Door) -> Response:
    """What waits for me as a dispatcher, oldest first: unplaced, unsorted, or without anybody to handle it."""
    return await door.read(reading.list_queue, page, view=_lines)


@router.get("/deadlines", response_model=ListView[OpenDeadlineView])
async def list_deadlines(page: AskedPage, door: Door, place: AtPlace = None) -> Response:
    """The deadlines that still run at a place and below it, with what they were counted from."""
    return await door.read(reading.list_open_deadlines, page, place_id=place, view=_deadlines)


@router.get("/categories", response_model=CategoriesView)
async def list_categories(door: Door) -> Response:
    """The whole tree as in effect now, retired branches among it."""
    return await door.read(categories.list_categories, view=CategoriesView.of)


@router.put("/categories", response_model=TreeChangeView)
async def load_categories(body: Taxonomy, door: Door) -> Response:
    """Load a classification: all of it or nothing; branches that nothing binds are named by line. For the operator."""
    bindings = {path: (bound.kind, bound.remit) for path, bound in body.bindings.items()}
    return await door(
        categories.load_categories,
        [row.row() for row in body.rows],
        bindings=bindings,
        replaces=body.replaces,
        view=TreeChangeView.of,
    )


def _lines(sheet: Sheet[CaseLine]) -> ListView[CaseLineView]:
    return ListView[CaseLineView](items=[CaseLineView.of_line(line) for line in sheet.items], next=sheet.next)


def _deadlines(sheet: Sheet[tuple[UUID, Deadline]]) -> ListView[OpenDeadlineView]:
    return ListView[OpenDeadlineView](items=[OpenDeadlineView.of_case(row) for row in sheet.items], next=sheet.next)
