"""HTTP: parse, call one use case through the door, return."""

from fastapi import APIRouter
from kit.http import responses_for

from routing.api import (
    accompanying,
    answering,
    calendars,
    calling_back,
    categories,
    dispatching,
    figures,
    helping,
    linking,
    pressing,
    reading,
    recording,
    reporting_back,
    rule_sets,
    sealing,
)

_PARTS = (
    reading,
    answering,
    dispatching,
    recording,
    pressing,
    accompanying,
    reporting_back,
    helping,
    linking,
    calling_back,
    sealing,
    categories,
    calendars,
    figures,
    rule_sets,
)

router = APIRouter(prefix="/routing/v1", responses=responses_for(401, 403, 422, 503))
for part in _PARTS:
    router.include_router(part.router)

__all__ = ["router"]
