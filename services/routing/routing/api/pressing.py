"""Nudges, orders, instructions, and what superiors owe."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from kit.http import AskedPage, Door, IfMatch, ListView, html_page, listed, responses_for

from routing.api.asked import STEP, CaseNamed
from routing.schemas.pressing import Instruction, Nudge, Order, PressingLineView, Report, SupervisionLineView
from routing.service import pressing, printing, supervising

router = APIRouter()


@router.get("/cases/{case_id}/pressings/{pressing_id}", response_class=HTMLResponse, responses=responses_for(404))
async def print_pressing(case_id: CaseNamed, pressing_id: UUID, door: Door) -> Response:
    """A supervision order or an instruction as a page to print on A4, with the report on it once there is one. Of a
    sealed case, it is noted who asked for it.
    """
    return await door.read_on_record(printing.print_pressing, case_id, pressing_id, view=html_page)


@router.post("/cases/{case_id}/nudges", status_code=201, response_model=PressingLineView, responses=STEP)
async def nudge_case(case_id: CaseNamed, body: Nudge, if_match: IfMatch, door: Door) -> Response:
    """Remind whoever holds it, once a day at most by each post. For the staff of its line, but not its holder."""
    return await door(
        *(pressing.nudge_case, case_id), version=if_match, words=body.words, view=PressingLineView.of_line
    )


@router.post("/cases/{case_id}/orders", status_code=201, response_model=PressingLineView, responses=STEP)
async def order_report(case_id: CaseNamed, body: Order, if_match: IfMatch, door: Door) -> Response:
    """A supervision order: numbered, with a limit and a report owed. For a tier above whoever holds the case; while an
    office does, from the tier above the station of the case's place on.
    """
    return await door(
        *(pressing.order_report, case_id),
        version=if_match,
        words=body.words,
        due_at=body.due_at,
        view=PressingLineView.of_line,
    )


@router.post("/cases/{case_id}/instructions", status_code=201, response_model=PressingLineView, responses=STEP)
async def enter_instruction(case_id: CaseNamed, body: Instruction, if_match: IfMatch, door: Door) -> Response:
    """A leader's written word, with a report owed. For dispatchers and supervisors of its place and above."""
    return await door(
        *(pressing.enter_instruction, case_id),
        version=if_match,
        words=body.words,
        leader=body.leader,
        view=PressingLineView.of_line,
    )


@router.post("/pressings/{pressing_id}/reports", status_code=201, response_model=PressingLineView, responses=STEP)
async def report_on_pressing(pressing_id: UUID, body: Report, if_match: IfMatch, door: Door) -> Response:
    """The holder reports on an order or an instruction, once; whoever pressed is told. If-Match: the case's version."""
    return await door(
        *(pressing.report_on_pressing, pressing_id),
        version=if_match,
        words=body.words,
        view=PressingLineView.of_line,
    )


@router.get("/pressings", response_model=ListView[PressingLineView])
async def list_pressings(page: AskedPage, door: Door, stage: Literal["owed", "given"] = "owed") -> Response:
    """What falls due first, of what I owe a report on; ``stage=given`` is what I pressed and is not reported on yet."""
    lists = {"owed": pressing.list_owed, "given": pressing.list_given}
    return await door.read(lists[stage], page, view=listed(PressingLineView.of_line))


@router.get("/supervisions", response_model=ListView[SupervisionLineView])
async def list_supervisions(page: AskedPage, door: Door) -> Response:
    """What I have to see to, since it is late below me: what nobody is above first, then the oldest."""
    return await door.read(supervising.list_mine, page, view=listed(SupervisionLineView.of_line))
