"""grid over HTTP: parse, call one use case, return."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from contracts.grid import Duty, PlaceState
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from kit.http import AskedPage, Door, FieldProblem, IfMatch, ListView, listed, problem, responses_for
from pydantic import BaseModel

from grid import schemas, spreadsheets
from grid.errors import RowsRefused
from grid.keys import Keys
from grid.schemas import (
    AnswerView,
    ChangedOffice,
    ChangedPlace,
    ChangedPost,
    CountsView,
    Ending,
    HouseholdView,
    Merger,
    Move,
    NewHolding,
    NewOffice,
    NewPlace,
    NewPost,
    NewTier,
    OfficeView,
    OrganisationView,
    PlaceEntryView,
    PlaceView,
    PostView,
    ReportView,
    Retirement,
    RosterVersionView,
    RosterView,
    TiersView,
    TierView,
)
from grid.service import households, imports, look, offices, places, posts, rosters
from grid.service.imports import How
from grid.service.places import Change
from grid.service.posts import Term
from grid.spreadsheets import Layout

router = APIRouter(prefix="/grid/v1", responses=responses_for(401, 403, 404, 422, 503))

_CHANGES = responses_for(400, 409, 412, 415, 428)
_ADDS = responses_for(400, 409, 415)

#: A place by code or id, in a path or query.
Place = Annotated[str, Query(max_length=64, min_length=1, description="A code or an id.")]
MaybePlace = Annotated[str | None, Query(max_length=64, min_length=1, description="A code or an id.")]


async def _keys(request: Request) -> Keys:
    keys: Keys = request.app.state.keys
    return keys


SealingKeys = Annotated[Keys, Depends(_keys)]


@router.get("/tiers", tags=["places"], response_model=TiersView)
async def list_tiers(door: Door) -> Response:
    """The tiers that places may be of, widest first."""
    return await door.read(look.list_tiers, view=lambda tiers: TiersView(items=[TierView.of(tier) for tier in tiers]))


@router.post("/tiers", tags=["places"], status_code=201, response_model=TierView, responses=_ADDS)
async def add_tier(new: NewTier, door: Door) -> Response:
    return await door(places.add_tier, view=TierView.of, **new.model_dump())


@router.get("/places", tags=["places"], response_model=ListView[PlaceView])
async def list_places(  # noqa: PLR0917  # each is one query parameter
    door: Door,
    page: AskedPage,
    parent: MaybePlace = None,
    under: MaybePlace = None,
    tier: Annotated[str | None, Query(max_length=32)] = None,
    state: PlaceState | None = None,
    name: Annotated[
        str | None, Query(max_length=200, description="A name's beginning, or a whole alias or former name.")
    ] = None,
) -> Response:
    """Places by code. ``parent``: those right below it; ``under``: it and all below it."""
    asked = {"parent": parent, "under": under, "tier": tier, "state": state, "name": name}
    return await door.read(look.list_places, page, view=listed(PlaceView.of), **asked)


@router.post("/places", tags=["places"], status_code=201, response_model=PlaceView, responses=_ADDS)
async def add_place(new: NewPlace, door: Door) -> Response:
    return await door(
        places.add_place, view=PlaceView.of, location=lambda view: f"/grid/v1/places/{view.id}", **new.model_dump()
    )


@router.get("/places/{place}", tags=["places"], response_model=PlaceView, responses=responses_for(304))
async def get_place(place: str, door: Door) -> Response:
    """A place by code or id."""
    return await door.read(look.get_place, place, view=PlaceView.of)


@router.patch("/places/{place_id}", tags=["places"], response_model=PlaceView, responses=_CHANGES)
async def change_place(place_id: UUID, changed: ChangedPlace, door: Door, version: IfMatch) -> Response:
    """A former name stays among the aliases: people go on using it."""
    change = Change(**changed.model_dump())
    return await door(places.change_place, place_id, view=PlaceView.of, version=version, change=change)


@router.post(
    "/places/{place_id}/retirements", tags=["places"], status_code=201, response_model=PlaceView, responses=_CHANGES
)
async def retire_place(place_id: UUID, retirement: Retirement, door: Door, version: IfMatch) -> Response:
    return await door(places.retire_place, place_id, view=PlaceView.of, version=version, why=retirement.why)


@router.post(
    "/places/{place_id}/mergers", tags=["places"], status_code=201, response_model=PlaceView, responses=_CHANGES
)
async def merge_place(place_id: UUID, merger: Merger, door: Door, version: IfMatch) -> Response:
    """The place ends in another, which takes over what lies below it, who lives there, and its names."""
    use = partial(places.merge_place, into=merger.into, why=merger.why)
    return await door(use, place_id, view=PlaceView.of, version=version)


@router.post("/places/{place_id}/moves", tags=["places"], status_code=201, response_model=PlaceView, responses=_CHANGES)
async def move_place(place_id: UUID, move: Move, door: Door, version: IfMatch) -> Response:
    """Under another parent, with all that lies below it."""
    return await door(places.move_place, place_id, view=PlaceView.of, version=version, to=move.to, why=move.why)


@router.get("/places/{place}/entries", tags=["places"], response_model=ListView[PlaceEntryView])
async def list_entries(place: str, door: Door, page: AskedPage) -> Response:
    """A place's history, newest first."""
    return await door.read(look.list_entries, page, place, view=listed(PlaceEntryView.of))


@router.get("/places/{place}/register", tags=["register"], response_model=CountsView)
async def count_register(place: str, door: Door) -> Response:
    """The register of a place that you answer for, in numbers."""
    return await door.read(look.count_register, place, view=CountsView.of)


@router.get("/households", tags=["register"], response_model=ListView[HouseholdView])
async def list_households(door: Door, page: AskedPage, under: Place) -> Response:
    """Households of a place that you answer for, without names."""
    return await door.read(look.list_households, page, view=listed(HouseholdView.of), under=under)


@router.delete("/households/{household_id}/contact", tags=["register"], status_code=204)
async def erase_household_contact(household_id: UUID, door: Door, keys: SealingKeys) -> Response:
    """Forget how a household is reached: destroyed here and wherever it was sent. It goes on being told in person."""
    return await door(households.erase_contact, household_id, keys=keys)


@router.get("/posts", tags=["posts"], response_model=ListView[PostView])
async def list_posts(  # noqa: PLR0917  # each is one query parameter
    door: Door,
    page: AskedPage,
    under: MaybePlace = None,
    duty: Duty | None = None,
    office_id: UUID | None = None,
    subject: Annotated[str | None, Query(max_length=120, description="Held now by this sign-in name.")] = None,
) -> Response:
    """Open posts by code."""
    asked = {"under": under, "duty": duty, "office_id": office_id, "subject": subject}
    return await door.read(look.list_posts, page, view=listed(PostView.of), **asked)


@router.get("/vacancies", tags=["posts"], response_model=ListView[PostView])
async def list_vacancies(door: Door, page: AskedPage, under: MaybePlace = None, duty: Duty | None = None) -> Response:
    """Posts in which nobody acts now: holes in the net."""
    return await door.read(look.list_posts, page, view=listed(PostView.of), under=under, duty=duty, vacant=True)


@router.get("/answerers", tags=["posts"], response_model=AnswerView)
async def who_answers(door: Door, place: Place, duty: Duty) -> Response:
    """Who answers for a place, for a duty, now: a stand-in, the holder, or the next tier up where both are missing."""
    return await door.read(posts.who_answers, place, duty, view=AnswerView.of)


@router.post("/posts", tags=["posts"], status_code=201, response_model=PostView, responses=_ADDS)
async def add_post(new: NewPost, door: Door) -> Response:
    return await door(
        posts.add_post, view=PostView.of, location=lambda view: f"/grid/v1/posts/{view.id}", **new.model_dump()
    )


@router.get("/posts/{post_id}", tags=["posts"], response_model=PostView, responses=responses_for(304))
async def get_post(post_id: UUID, door: Door) -> Response:
    return await door.read(look.get_post, post_id, view=PostView.of)


@router.patch("/posts/{post_id}", tags=["posts"], response_model=PostView, responses=_CHANGES)
async def change_post(post_id: UUID, changed: ChangedPost, door: Door, version: IfMatch) -> Response:
    return await door(posts.change_post, post_id, view=PostView.of, version=version, **changed.model_dump())


@router.post(
    "/posts/{post_id}/retirements", tags=["posts"], status_code=201, response_model=PostView, responses=_CHANGES
)
async def retire_post(post_id: UUID, door: Door, version: IfMatch) -> Response:
    """Terms in it end now."""
    return await door(posts.retire_post, post_id, view=PostView.of, version=version)


@router.post("/posts/{post_id}/holdings", tags=["posts"], status_code=201, response_model=PostView, responses=_CHANGES)
async def assign_holder(post_id: UUID, new: NewHolding, door: Door, version: IfMatch, keys: SealingKeys) -> Response:
    """Give the post a holder for a term."""
    return await _assign(post_id, new, door, version, keys, stand_in=False)


@router.post("/posts/{post_id}/stand-ins", tags=["posts"], status_code=201, response_model=PostView, responses=_CHANGES)
async def assign_stand_in(post_id: UUID, new: NewHolding, door: Door, version: IfMatch, keys: SealingKeys) -> Response:
    """Let somebody act in the post while its holder is away."""
    return await _assign(post_id, new, door, version, keys, stand_in=True)


async def _assign(post_id: UUID, new: NewHolding, door: Door, version: int, keys: Keys, *, stand_in: bool) -> Response:
    term = Term(**schemas.term_of(new, stand_in=stand_in))
    use = partial(posts.assign, term=term, reach=new.reach, keys=keys)
    return await door(use, post_id, view=PostView.of, version=version)


@router.post(
    "/posts/{post_id}/holdings/{holding_id}/endings",
    tags=["posts"],
    status_code=201,
    response_model=PostView,
    responses=_CHANGES,
)
async def end_holding(post_id: UUID, holding_id: UUID, ending: Ending, door: Door, version: IfMatch) -> Response:
    """End a holder's or a stand-in's term."""
    use = partial(posts.end_holding, until=ending.until)
    return await door(use, post_id, holding_id, view=PostView.of, version=version)


@router.delete("/holders/{subject}", tags=["posts"], status_code=204)
async def erase_holder(subject: str, door: Door) -> Response:
    """Forget a holder: terms end, how they were reached is destroyed here and wherever it was sent."""
    return await door(posts.erase_holder, subject)


@router.get("/offices", tags=["offices"], response_model=ListView[OfficeView])
async def list_offices(
    door: Door,
    page: AskedPage,
    under: MaybePlace = None,
    matter: Annotated[str | None, Query(max_length=64, description="Those that answer for this category.")] = None,
) -> Response:
    """Bureaus and departments by code."""
    return await door.read(look.list_offices, page, view=listed(OfficeView.of), under=under, matter=matter)


@router.post("/offices", tags=["offices"], status_code=201, response_model=OfficeView, responses=_ADDS)
async def add_office(new: NewOffice, door: Door) -> Response:
    return await door(
        offices.add_office, view=OfficeView.of, location=lambda view: f"/grid/v1/offices/{view.id}", **new.model_dump()
    )


@router.get("/offices/{office_id}", tags=["offices"], response_model=OfficeView, responses=responses_for(304))
async def get_office(office_id: UUID, door: Door) -> Response:
    return await door.read(look.get_office, office_id, view=OfficeView.of)


@router.patch("/offices/{office_id}", tags=["offices"], response_model=OfficeView, responses=_CHANGES)
async def change_office(office_id: UUID, changed: ChangedOffice, door: Door, version: IfMatch) -> Response:
    return await door(offices.change_office, office_id, view=OfficeView.of, version=version, **changed.model_dump())


@router.get("/organisations", tags=["offices"], response_model=ListView[OrganisationView])
async def list_organisations(door: Door, page: AskedPage, under: MaybePlace = None) -> Response:
    return await door.read(look.list_organisations, page, view=listed(OrganisationView.of), under=under)


PLACES = Layout(("code", "name", "tier", "parent"), ("aliases", "phone"))
OFFICES = Layout(("code", "name", "kind", "place"), ("matters", "districts", "phone"))
POSTS = Layout(("code", "title", "duty", "place"), ("office", "phone"))
HOLDERS = Layout(("post", "subject", "name"), ("since", "until", "stand_in", "means", "address", "language"))

ROSTERS = Layout(("post", "subject", "since", "until"))
HOUSEHOLDS = Layout(("household", "place", "room"), ("name", "means", "address", "language"))

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _reads(example: str) -> dict[str, Any]:
    table = {"type": "string", "maxLength": spreadsheets.MAX_BYTES}
    content = {"text/csv": {"schema": table, "example": example}, _XLSX: {"schema": {**table, "format": "binary"}}}
    return {"requestBody": {"required": True, "content": content}}


class Asked(BaseModel):
    """What to do with a file."""

    dry_run: bool = Query(default=False, description="Say what would change, and change nothing.")
    partial: bool = Query(default=False, description="Take the good rows though others are bad.")


#: Files are larger than other bodies.
LARGER_BODIES = {"/grid/v1/imports/": spreadsheets.MAX_BYTES}

How_ = Annotated[Asked, Query()]


@router.post(
    "/imports/places",
    tags=["imports"],
    response_model=ReportView,
    responses=_ADDS,
    openapi_extra=_reads("code,name,tier,parent\nHL,海澜市,city,\n"),
)
async def import_places(request: Request, door: Door, asked: How_) -> Response:
    """Columns code, name, tier, parent; aliases (parted by ;), phone. CSV in UTF-8 or XLSX."""
    return await _import(request, door, PLACES, imports.import_places, asked)


@router.post(
    "/imports/offices",
    tags=["imports"],
    response_model=ReportView,
    responses=_ADDS,
    openapi_extra=_reads("code,name,kind,place\nHL-WATER,水务局,bureau,HL\n"),
)
async def import_offices(request: Request, door: Door, asked: How_) -> Response:
    """Columns code, name, kind, place; matters, districts (codes parted by ;), phone."""
    return await _import(request, door, OFFICES, imports.import_offices, asked)


@router.post(
    "/imports/posts",
    tags=["imports"],
    response_model=ReportView,
    responses=_ADDS,
    openapi_extra=_reads("code,title,duty,place\nHL/dispatcher,市派单员,dispatcher,HL\n"),
)
async def import_posts(request: Request, door: Door, asked: How_) -> Response:
    """Columns code, title, duty, place; office, phone."""
    return await _import(request, door, POSTS, imports.import_posts, asked)


@router.post(
    "/imports/holders",
    tags=["imports"],
    response_model=ReportView,
    responses=_ADDS,
    openapi_extra=_reads("post,subject,name\nHL/dispatcher,chen.jing,陈静\n"),
)
async def import_holders(request: Request, door: Door, asked: How_, keys: SealingKeys) -> Response:
    """Columns post, subject, name; since, until, stand_in, means, address, language."""
    use = partial(imports.import_holders, keys=keys, zone=request.app.state.zone)
    return await _import(request, door, HOLDERS, use, asked)


@router.post(
    "/imports/households",
    tags=["imports"],
    response_model=ReportView,
    responses=_ADDS,
    openapi_extra=_reads(
        "household,place,room,name,means,address\nHZ-BY-1-01/001,HZ-BY-1-01,1-101,王静,sms,19900000001\n"
    ),
)
async def import_households(request: Request, door: Door, asked: How_, keys: SealingKeys) -> Response:
    """Columns household (its code), place, room; name, means, address, language: how it is reached."""
    return await _import(request, door, HOUSEHOLDS, partial(imports.import_households, keys=keys), asked)


@router.post(
    "/imports/rosters",
    tags=["imports"],
    response_model=RosterView,
    responses=_ADDS,
    openapi_extra=_reads("post,subject,since,until\nBY-M,he.jian,2026-12-01 17:00,2026-12-02 09:00\n"),
)
async def import_roster(
    request: Request,
    door: Door,
    place: Place,
    note: Annotated[str, Query(max_length=200, pattern=r"^[^\x00-\x1f]*$", description="Where it comes from.")] = "",
    *,
    dry_run: Annotated[bool, Query(description="Say what is wrong and when nobody is on duty only.")] = False,
) -> Response:
    """Who is on duty in the posts of a place: columns post, subject, since, until. It takes the place of the roster
    before, whole.
    """
    rows = await asyncio.to_thread(spreadsheets.read, await request.body(), ROSTERS)
    use = partial(rosters.import_roster, place=place, note=note, dry_run=dry_run, zone=request.app.state.zone)
    return await door(use, rows, view=RosterView.of_seen, status=200)


@router.get("/rosters", tags=["posts"], response_model=ListView[RosterVersionView])
async def list_rosters(door: Door, page: AskedPage, place: Place) -> Response:
    """The versions of a place's duty roster, the newest first: it is the one that counts."""
    return await door.read(rosters.list_rosters, page, place, view=listed(RosterVersionView.of))


@router.get("/rosters/{place}", tags=["posts"], response_model=RosterView)
async def get_roster(
    request: Request, door: Door, place: str, version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> Response:
    """A version, or the one that counts."""
    use = partial(rosters.get_roster, version=version, zone=request.app.state.zone)
    return await door.read(use, place, view=RosterView.of_seen)


async def _import(request: Request, door: Door, layout: Layout, use: Callable[..., Any], asked: Asked) -> Response:
    data = await request.body()
    rows = await asyncio.to_thread(spreadsheets.read, data, layout)
    return await door(use, rows, view=ReportView.of, status=200, how=How(asked.dry_run, asked.partial))


async def rows_refused(request: Request, error: Exception) -> JSONResponse:
    """Each bad row is named: the pointer is /<line>/<column>."""
    assert isinstance(error, RowsRefused)
    errors = [
        FieldProblem(pointer=f"/{line}/{column}", part="file", code=code, detail=f"line {line}, {column}: {reason}")
        for line, column, code, reason in error.problems[: schemas.NAMED]
    ]
    return problem(request, 422, error.code, error.detail, errors=errors)
