"""How an appeal stands, for whoever holds its code: as JSON, and as a page that needs nothing but HTML."""

from functools import partial
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from kit.db import Database
from kit.http import OpenDoor, responses_for
from kit.numbers import Mistyped, parse_code
from pydantic import BaseModel

from intake.api.appeals import station_of
from intake.api.guessing import client_of, refuse_guessing, seconds_of
from intake.api.pages import PAGE_HEADERS, AskedLanguage, day, known_language, page, span, when
from intake.api.wording import FOR_PAPERS, LANGUAGES, say_done, say_elapsed
from intake.domain.progress import DoneStep, Progress, TooManyGuesses
from intake.errors import NoSuchCode
from intake.schemas import DoneView, PauseView, ProgressView
from intake.service import reading
from intake.service.rating import rating_path
from intake.service.station import Station

progress_router = APIRouter(prefix="/intake/v1", tags=["progress"], responses=responses_for(404, 422, 429, 503))
pages_router = APIRouter(tags=["progress"], include_in_schema=False)


@progress_router.get("/progress/{code}", response_model=ProgressView, summary="How an appeal stands, by its query code")
async def get_progress(code: str, request: Request, door: OpenDoor) -> Response:
    """Nobody is asked for. A mistyped code is said to be mistyped (422); guessing is limited (429)."""
    station = station_of(request)
    view = partial(_view, station=station)
    response = await door(
        reading.find_progress, code, client=client_of(request), station=station, view=view, status=200
    )
    response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    return response


def _view(answer: Any, *, station: Station) -> BaseModel:
    refuse_guessing(answer)
    rate = rating_path(answer.asked, station.keys) if answer.asked else None
    pauses = [PauseView(since=each.since, until=each.until, why=each.why or FOR_PAPERS) for each in answer.pauses]
    done = [DoneView(at=each.at, done=each.done, who=each.who, text=_in_words(each)) for each in answer.steps]
    return ProgressView.of(answer, rate=rate, pauses=pauses, done=done)


def _in_words(step: DoneStep) -> dict[str, str]:
    return {language: say_done(step, language) for language in LANGUAGES}


@pages_router.get("/progress")
async def show_form(language: AskedLanguage = "zh") -> HTMLResponse:
    return _form(language)


@pages_router.post("/progress")
async def open_code(
    code: Annotated[str, Form()] = "",
    language: AskedLanguage = "zh",
) -> Response:
    """The form is posted, so that what is typed stands in no address until it is known to be a code."""
    try:
        known = parse_code(code)
    except Mistyped:
        return _form(language, status=422, problem="mistyped", typed=code)
    return RedirectResponse(f"/progress/{known}?lang={known_language(language)}", status_code=303, headers=PAGE_HEADERS)


@pages_router.get("/progress/{code}")
async def show_progress(code: str, request: Request, language: AskedLanguage = "zh") -> HTMLResponse:
    try:
        answer = await _answer(request, code)
    except Mistyped:
        return _form(language, status=422, problem="mistyped", typed=code)
    if isinstance(answer, NoSuchCode):
        return _form(language, status=404, problem="unknown", typed=code)
    if isinstance(answer, TooManyGuesses):
        headers = {"Retry-After": str(seconds_of(answer))}
        return _form(language, status=429, problem="too_many", typed=code, headers=headers)
    zone: ZoneInfo = request.app.state.zone
    return page(
        *("progress.html", language),
        here=f"/progress/{code}",
        progress=answer,
        rate=rating_path(answer.asked, station_of(request).keys) if answer.asked else None,
        when=partial(when, zone=zone),
        day=partial(day, zone=zone),
        span=partial(span, zone=zone),
        said_done=partial(say_done, language=known_language(language)),
        elapsed=say_elapsed(answer.elapsed, known_language(language)),
        for_papers=FOR_PAPERS[known_language(language)],
    )


def _form(language: str, *, typed: str = "", **more: Any) -> HTMLResponse:
    return page("form.html", language, here="/progress", typed=typed, **more)


async def _answer(request: Request, code: str) -> Progress | NoSuchCode | TooManyGuesses:
    database: Database = request.app.state.database
    look = partial(reading.find_progress, code=code, client=client_of(request), station=station_of(request))
    return await database.run(look)
