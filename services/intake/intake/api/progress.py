"""How an appeal stands, for whoever holds its code: as JSON, and as a page that needs nothing but HTML."""

import math
from datetime import datetime
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from kit.db import Database
from kit.http import HttpProblem, OpenDoor, responses_for
from kit.numbers import Mistyped, parse_code
from pydantic import BaseModel

from intake.api.appeals import station_of
from intake.api.wording import LANGUAGES, STANDING, TEXTS
from intake.domain.progress import Progress, TooManyGuesses
from intake.errors import NoSuchCode
from intake.schemas import ProgressView
from intake.service import reading

progress_router = APIRouter(prefix="/intake/v1", tags=["progress"], responses=responses_for(404, 422, 429, 503))
pages_router = APIRouter(tags=["progress"], include_in_schema=False)

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
}


@progress_router.get("/progress/{code}", response_model=ProgressView, summary="How an appeal stands, by its query code")
async def get_progress(code: str, request: Request, door: OpenDoor) -> Response:
    """Nobody is asked for. A mistyped code is said to be mistyped (422); guessing is limited (429)."""
    response = await door(
        reading.find_progress, code, client=_client(request), station=station_of(request), view=_view, status=200
    )
    response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    return response


def _view(answer: Any) -> BaseModel:
    if isinstance(answer, TooManyGuesses):
        wait = math.ceil(answer.retry_after.total_seconds())
        raise HttpProblem(
            429,
            "too_many_guesses",
            "Too many codes were tried in vain from here: wait, and compare the code with the receipt.",
            headers={"Retry-After": str(wait)},
        )
    return ProgressView.of(answer)


@pages_router.get("/progress")
async def show_form(language: Annotated[str, Query(alias="lang", max_length=8)] = "zh") -> HTMLResponse:
    return _page("form.html", language)


@pages_router.post("/progress")
async def open_code(
    code: Annotated[str, Form()] = "",
    language: Annotated[str, Query(alias="lang", max_length=8)] = "zh",
) -> Response:
    """The form is posted, so that what is typed stands in no address until it is known to be a code."""
    try:
        known = parse_code(code)
    except Mistyped:
        return _page("form.html", language, status=422, problem="mistyped", typed=code)
    return RedirectResponse(f"/progress/{known}?lang={_known(language)}", status_code=303, headers=_PAGE_HEADERS)


@pages_router.get("/progress/{code}")
async def show_progress(
    code: str, request: Request, language: Annotated[str, Query(alias="lang", max_length=8)] = "zh"
) -> HTMLResponse:
    try:
        answer = await _answer(request, code)
    except Mistyped:
        return _page("form.html", language, status=422, problem="mistyped", typed=code)
    if isinstance(answer, NoSuchCode):
        return _page("form.html", language, status=404, problem="unknown", typed=code)
    if isinstance(answer, TooManyGuesses):
        wait = math.ceil(answer.retry_after.total_seconds())
        return _page(
            "form.html", language, status=429, problem="too_many", typed=code, headers={"Retry-After": str(wait)}
        )
    zone: ZoneInfo = request.app.state.zone
    return _page("progress.html", language, progress=answer, code=code, when=partial(_when, zone=zone))


async def _answer(request: Request, code: str) -> Progress | NoSuchCode | TooManyGuesses:
    database: Database = request.app.state.database
    look = partial(reading.find_progress, code=code, client=_client(request), station=station_of(request))
    return await database.run(look)


def _client(request: Request) -> str:
    """Who is asking, as far as can be told: the peer, or whom our own gateway says that it asks for."""
    peer = request.client.host if request.client else ""
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return forwarded if forwarded and _is_ours(request, peer) else peer or "unknown"


def _is_ours(request: Request, peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in request.app.state.proxies)


def _page(
    template: str, language: str, *, status: int = 200, headers: dict[str, str] | None = None, **values: Any
) -> HTMLResponse:
    language = _known(language)
    facts = {"problem": None, "typed": "", "code": None, **values}
    html = _PAGES.get_template(template).render(
        language=language, other=LANGUAGES[language], t=TEXTS[language], standing=STANDING[language], **facts
    )
    return HTMLResponse(html, status_code=status, headers={**_PAGE_HEADERS, **(headers or {})})


def _known(language: str) -> str:
    return language if language in TEXTS else "zh"


def _when(moment: datetime, *, zone: ZoneInfo, language: str) -> str:
    local = moment.astimezone(zone)
    if language == "zh":
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local.day} {local:%B %Y, %H:%M}"
