"""Figures, frozen months and their corrections."""

from datetime import date

from fastapi import APIRouter, Response
from kit.http import AskedPage, Door, ListView, listed, responses_for

from routing.api.asked import AtPlace, ByGroup, FromDay, OfMonth, OnlyCategory, OnlyChannel, OnlyOffice, OnlyPost, ToDay
from routing.domain.figures import Group
from routing.schemas.figures import CorrectionView, FiguresView, FirstDispatchView, FreezesView, FrozenMonthView
from routing.service import figures, freezing

router = APIRouter()


@router.get("/figures", response_model=FiguresView)
async def get_figures(
    page: AskedPage,
    door: Door,
    place: AtPlace = None,
    *,
    since: FromDay = None,
    until: ToDay = None,
    by: ByGroup = None,
    category: OnlyCategory = None,
    channel: OnlyChannel = None,
    office: OnlyOffice = None,
    post: OnlyPost = None,
) -> Response:
    """The figures of a place and below it, over a period: all together, or group by group. What each counts, and what
    each rate is a share of: docs/figures.md. Of category, channel, office and post one at a time.
    """
    named = {Group.CATEGORY: category, Group.CHANNEL: channel, Group.OFFICE: office, Group.POST: post}
    only = {group: str(value) for group, value in named.items() if value is not None}
    return await door.read(
        *(figures.get_figures, page),
        place_id=place,
        since=since,
        until=until,
        by=by,
        only=only,
        view=FiguresView.of,
    )


@router.get("/figures/freezes", response_model=FreezesView)
async def list_freezes(door: Door) -> Response:
    """The months whose figures were frozen, in the order in which they were, each sealed to the one before."""
    return await door.read(freezing.list_freezes, view=FreezesView.of)


@router.get("/figures/freezes/{month}", response_model=FrozenMonthView, responses=responses_for(404))
async def get_frozen(month: OfMonth, door: Door, place: AtPlace = None) -> Response:
    """What the figures of a month were when it was frozen, beside what they are by now."""
    return await door.read(
        freezing.get_frozen, date.fromisoformat(f"{month}-01"), place_id=place, view=FrozenMonthView.of
    )


@router.get(
    "/figures/freezes/{month}/corrections", response_model=ListView[CorrectionView], responses=responses_for(404)
)
async def list_corrections(month: OfMonth, page: AskedPage, door: Door, place: AtPlace = None) -> Response:
    """What came to a month after it was frozen, oldest first."""
    first = date.fromisoformat(f"{month}-01")
    return await door.read(freezing.list_corrections, first, page, place_id=place, view=listed(CorrectionView.of))


@router.get("/figures/first_dispatch", response_model=FirstDispatchView)
async def get_first_dispatch(door: Door, place: AtPlace = None, since: FromDay = None, until: ToDay = None) -> Response:
    """How often a case was answered by the post to which it was first assigned, at a place and below it."""
    return await door.read(
        figures.get_first_dispatch, place_id=place, since=since, until=until, view=FirstDispatchView.of
    )
