"""The dispatcher's desk, and what is asked of it."""

from datetime import date
from uuid import UUID

from contracts.routing import Ask
from fastapi import APIRouter, Response
from kit.http import KEY_REQUIRED, AskedPage, Door, DoorFor, IfMatch, ListView, LookedUp, listed, responses_for

from routing.api.asked import STEP, CaseNamed
from routing.schemas.cases import CaseView, ManyTriedView
from routing.schemas.dispatching import (
    Asking,
    AskingForTime,
    AskingToSuspend,
    Dispatch,
    ManyDispatches,
    ManyResorts,
    NewReason,
    Planning,
    PrecedentView,
    ReasonsView,
    ReasonView,
    Recusal,
    Resort,
    Resumption,
    Ruling,
    Takeover,
    Transfer,
)
from routing.service import asking, dispatching, planning, precedents, reasons, recusing, suspending

router = APIRouter()


@router.post("/cases/{case_id}/resorts", status_code=201, response_model=CaseView, responses=STEP)
async def re_sort_case(case_id: CaseNamed, body: Resort, if_match: IfMatch, door: Door) -> Response:
    """A dispatcher puts a wrong category or place right; the promise to the resident never grows by it."""
    return await door(
        *(dispatching.re_sort_case, case_id),
        version=if_match,
        category=body.category,
        place_id=body.place_id,
        words=body.words,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/dispatches", status_code=201, response_model=CaseView, responses=STEP)
async def re_dispatch_case(case_id: CaseNamed, body: Dispatch, if_match: IfMatch, door: Door) -> Response:
    """A dispatcher gives the case to another post; the promise stays, and the resident is told whom to ask."""
    return await door(
        *(dispatching.re_dispatch_case, case_id),
        version=if_match,
        to=body.post_id,
        words=body.words,
        view=CaseView.of,
    )


@router.post(
    "/resorts",
    status_code=200,
    response_model=ManyTriedView,
    responses=responses_for(409, 428),
    dependencies=[KEY_REQUIRED],
)
async def re_sort_cases(body: ManyResorts, door: Door) -> Response:
    """Put category or place of many cases right, or confirm what was suggested: each by itself, with its own answer."""
    return await door(
        *(dispatching.re_sort_cases, body.named),
        category=body.category,
        place_id=body.place_id,
        words=body.words,
        view=ManyTriedView.of,
    )


@router.post(
    "/dispatches",
    status_code=200,
    response_model=ManyTriedView,
    responses=responses_for(409, 428),
    dependencies=[KEY_REQUIRED],
)
async def re_dispatch_cases(body: ManyDispatches, door: Door) -> Response:
    """Give many cases to another post: each by itself, each with its own answer."""
    return await door(
        dispatching.re_dispatch_cases, body.named, to=body.post_id, words=body.words, view=ManyTriedView.of
    )


@router.post("/cases/{case_id}/returns", status_code=201, response_model=CaseView, responses=STEP)
async def ask_return(case_id: CaseNamed, body: Asking, if_match: IfMatch, door: Door) -> Response:
    """The holder asks the dispatcher to take it back, and stays liable meanwhile; a second time the tier above."""
    return await _ask(door, Ask.RETURN, case_id, body, if_match)


@router.post("/cases/{case_id}/declines", status_code=201, response_model=CaseView, responses=STEP)
async def ask_decline(case_id: CaseNamed, body: Asking, if_match: IfMatch, door: Door) -> Response:
    """The holder asks the dispatcher to decline it, for a reason of the closed list."""
    return await _ask(door, Ask.DECLINE, case_id, body, if_match)


@router.post("/cases/{case_id}/extensions", status_code=201, response_model=CaseView, responses=STEP)
async def ask_extension(case_id: CaseNamed, body: AskingForTime, if_match: IfMatch, door: Door) -> Response:
    """The holder asks for more time, once, before the promise falls due; granted, the resident is told."""
    return await _ask(door, Ask.EXTENSION, case_id, body, if_match, days=body.days)


@router.post("/cases/{case_id}/suspensions", status_code=201, response_model=CaseView, responses=STEP)
async def ask_suspension(case_id: CaseNamed, body: AskingToSuspend, if_match: IfMatch, door: Door) -> Response:
    """The holder asks that its promise wait for what law or nature prescribes, until a day; granted, what is left of it
    runs on from then, and the resident is told.
    """
    return await _ask(door, Ask.SUSPENSION, case_id, body, if_match, until=body.until)


async def _ask(
    door: DoorFor,
    ask: Ask,
    case_id: LookedUp,
    body: Asking,
    version: int,
    *,
    days: int | None = None,
    until: date | None = None,
) -> Response:
    return await door(
        *(asking.ask_dispatcher, case_id),
        ask=ask,
        version=version,
        reason=body.reason,
        words=body.words,
        days=days,
        until=until,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/rulings", status_code=201, response_model=CaseView, responses=STEP)
async def rule_on_case(case_id: CaseNamed, body: Ruling, if_match: IfMatch, door: Door) -> Response:
    """Grant or refuse what is asked. A ruling on a second return binds, and becomes a precedent."""
    return await door(
        *(asking.rule_on_case, case_id),
        version=if_match,
        granted=body.granted,
        words=body.words,
        to=body.post_id,
        category=body.category,
        place_id=body.place_id,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/resumptions", status_code=201, response_model=CaseView, responses=STEP)
async def resume_case(case_id: CaseNamed, body: Resumption, if_match: IfMatch, door: Door) -> Response:
    """A suspension ends before its time: what is left of the promise runs on from today, and the resident is told."""
    return await door(suspending.resume_case, case_id, version=if_match, words=body.words, view=CaseView.of)


@router.post("/cases/{case_id}/transfers", status_code=201, response_model=CaseView, responses=STEP)
async def transfer_case(case_id: CaseNamed, body: Transfer, if_match: IfMatch, door: Door) -> Response:
    """The holder passes it on to whose remit it is; the promise stays, and the resident is told whom to ask. Never
    back: that is asked as a return.
    """
    return await door(
        *(dispatching.transfer_case, case_id),
        version=if_match,
        to=body.post_id,
        words=body.words,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/takeovers", status_code=201, response_model=CaseView, responses=STEP)
async def take_over_case(case_id: CaseNamed, body: Takeover, if_match: IfMatch, door: Door) -> Response:
    """Make it my own; nobody below takes it back, and the promise stays. For a tier above its holder, and whoever has
    to see to it.
    """
    return await door(dispatching.take_over_case, case_id, version=if_match, words=body.words, view=CaseView.of)


@router.post("/cases/{case_id}/plans", status_code=201, response_model=CaseView, responses=STEP)
async def plan_case(case_id: CaseNamed, body: Planning, if_match: IfMatch, door: Door) -> Response:
    """What cannot be done now is planned for a day, and the resident is told. It is no answer: it stays in progress."""
    return await door(planning.plan_case, case_id, body.plan(), version=if_match, view=CaseView.of)


@router.post("/cases/{case_id}/replans", status_code=201, response_model=CaseView, responses=STEP)
async def re_plan_case(case_id: CaseNamed, body: Planning, if_match: IfMatch, door: Door) -> Response:
    """A dispatcher plans it for another day; the resident is told. A day that was missed stays missed."""
    return await door(planning.re_plan_case, case_id, body.plan(), version=if_match, view=CaseView.of)


@router.post("/cases/{case_id}/recusals", status_code=201, response_model=CaseView, responses=STEP)
async def recuse(case_id: CaseNamed, body: Recusal, if_match: IfMatch, door: Door) -> Response:
    """I have an interest in it: it goes across or a tier up, and never comes back to me."""
    return await door(recusing.recuse, case_id, version=if_match, words=body.words, view=CaseView.of)


@router.get("/reasons", response_model=ReasonsView)
async def list_reasons(door: Door) -> Response:
    """Why something may be asked of a dispatcher."""
    return await door.read(reasons.list_reasons, view=ReasonsView.of)


@router.post("/reasons", status_code=201, response_model=ReasonView, responses=responses_for(409))
async def add_reason(body: NewReason, door: Door) -> Response:
    """Add to a list of reasons; that of declining is closed. For the operator."""
    return await door(reasons.add_reason, body.reason(), view=ReasonView.of)


@router.get("/precedents", response_model=ListView[PrecedentView])
async def list_precedents(page: AskedPage, door: Door) -> Response:
    """What rulings have settled and assignment follows, place by place, wherever you may look."""
    return await door.read(precedents.list_precedents, page, view=listed(PrecedentView.of))


@router.post(
    "/precedents/{precedent_id}/revocations",
    status_code=201,
    response_model=PrecedentView,
    responses=responses_for(404, 409),
)
async def revoke_precedent(precedent_id: UUID, door: Door) -> Response:
    """Assignment follows the rules again. For the tier that ruled and those above it. No body."""
    return await door(precedents.revoke_precedent, precedent_id, view=PrecedentView.of)
