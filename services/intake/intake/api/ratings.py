"""What a resident says of an answer, by the link that came with it: as JSON, and as a page of nothing but HTML."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from kit.db import Database, UnitOfWork
from kit.http import OpenDoor, responses_for
from pydantic import BaseModel, ValidationError

from intake.api.appeals import station_of
from intake.api.pages import PAGE_HEADERS, AskedLanguage, known_language, page, when
from intake.domain.rating import Asked, Over, Said
from intake.errors import NoSuchTicket, NothingAsked
from intake.schemas import AskedView, RatedView, RatingAsked
from intake.service import rating
from intake.service.station import Station

ratings_router = APIRouter(prefix="/intake/v1", tags=["ratings"], responses=responses_for(404, 422, 503))
rating_pages_router = APIRouter(tags=["ratings"], include_in_schema=False)

Ticket = Annotated[str, Path(max_length=100, description="As the link of the message ends.")]

#: From the worst to the best.
_RATINGS = (1, 2, 3, 4, 5)


@ratings_router.get("/ratings/{ticket}", response_model=AskedView, summary="What is asked of an answer")
async def get_asked(ticket: Ticket, request: Request, door: OpenDoor) -> Response:
    """Nobody is asked for: who has the link has the message."""
    return await door.read(_look, ticket, station=station_of(request))


def _look(uow: UnitOfWork, ticket: str, *, station: Station) -> AskedView:
    return AskedView.of(rating.find_asked(uow, ticket, station=station), now=uow.now)


@ratings_router.post(
    "/ratings/{ticket}",
    status_code=201,
    response_model=RatedView,
    summary="Say whether an answer solved it",
    responses=responses_for(409),
)
async def rate_answer(ticket: Ticket, body: RatingAsked, request: Request, door: OpenDoor) -> Response:
    """Once for each answer; what is not solved is handled again."""
    return await door(rating.rate_answer, ticket, body.said(), station=station_of(request), view=RatedView.of)


@rating_pages_router.get("/ratings/{ticket}")
async def show_asked(ticket: Ticket, request: Request, language: AskedLanguage = "zh") -> HTMLResponse:
    return await _show(request, ticket, language)


class RatingForm(BaseModel):
    """As a page sends it: what was not chosen is empty."""

    solved: str = ""
    rating: str = ""
    words: str = ""

    @property
    def said(self) -> str | None:
        """A browser sends two characters for a line's end, and counts one."""
        return self.words.replace("\r\n", "\n").strip() or None


@rating_pages_router.post("/ratings/{ticket}")
async def take_form(
    ticket: Ticket, form: Annotated[RatingForm, Form()], request: Request, language: AskedLanguage = "zh"
) -> Response:
    said = _said(form)
    if isinstance(said, str):
        return await _show(request, ticket, language, problem=said, form=form, status=422)
    database: Database = request.app.state.database
    rate = partial(rating.rate_answer, ticket=ticket, said=said, station=station_of(request))
    try:
        await database.run(rate)
    except (NoSuchTicket, NothingAsked):
        return await _show(request, ticket, language, status=409)
    there = f"/ratings/{ticket}?lang={known_language(language)}"
    return RedirectResponse(there, status_code=303, headers=PAGE_HEADERS)


def _said(form: RatingForm) -> Said | str:
    """What was said; or which text says what is missing or cannot be."""
    solved = {"yes": True, "no": False}.get(form.solved)
    rating = {str(each): each for each in _RATINGS}.get(form.rating)
    try:
        return RatingAsked.model_validate({"solved": solved, "rating": rating, "words": form.said}).said()
    except ValidationError as error:
        wrong = {(item["loc"][0], item["type"]) for item in error.errors()}
        if any(field != "words" for field, _ in wrong):
            return "say_both"
        return "words_too_long" if ("words", "string_too_long") in wrong else "words_unfit"


async def _show(
    request: Request,
    ticket: str,
    language: str,
    *,
    problem: str | None = None,
    form: RatingForm | None = None,
    status: int = 200,
) -> HTMLResponse:
    """The question, or why there is none; after it was answered, thanks."""
    asked, over = await _asked(request, ticket)
    return page(
        *("rating.html", language),
        heads="rate_title",
        here=f"/ratings/{ticket}",
        status=404 if asked is None else status,
        asked=asked,
        over=over.value if over else None,
        ratings=_RATINGS,
        problem=problem,
        form=form or RatingForm(),
        ticket=ticket,
        when=partial(when, zone=request.app.state.zone),
    )


async def _asked(request: Request, ticket: str) -> tuple[Asked | None, Over | None]:
    database: Database = request.app.state.database
    station = station_of(request)

    def look(uow: UnitOfWork) -> tuple[Asked, Over | None]:
        asked = rating.find_asked(uow, ticket, station=station)
        return asked, asked.over(uow.now)

    try:
        return await database.run(look)
    except NoSuchTicket:
        return None, None
