"""Figures: counted in the transaction of the step that they count, so that they are true at every instant."""

from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from kit.db import UnitOfWork
from network import places

from routing.domain.case import Case
from routing.domain.figures import FirstDispatch
from routing.errors import FiguresElsewhere, UnfitPeriod, UnknownPlaceAsked
from routing.repository import figures, policy

USUAL_PERIOD = timedelta(days=30)
LONGEST_PERIOD = timedelta(days=366)


def count_answered(uow: UnitOfWork, case: Case, *, post_id: UUID) -> None:
    """Once a case, when it is answered first: over its holder's head is not by its holder."""
    if case.first_dispatch is None or case.deadline is None:
        return
    day = uow.now.astimezone(ZoneInfo(case.deadline.promise.zone)).date()
    was_first = case.first_dispatch and post_id == case.holder_post_id
    case.first_dispatch = None
    figures.count_first_dispatch(uow, case, day, was_first=was_first)


def get_first_dispatch(
    uow: UnitOfWork, *, place_id: UUID | None = None, since: date | None = None, until: date | None = None
) -> FirstDispatch:
    """At a place and below it, or wherever I may look; the last thirty days, unless others are asked for."""
    until = until or _today(uow)
    since = since or until - USUAL_PERIOD + timedelta(days=1)
    if not since <= until < since + LONGEST_PERIOD:
        raise UnfitPeriod(LONGEST_PERIOD.days)
    answered, at_first = figures.sum_first_dispatch(uow, _paths(uow, place_id), since, until)
    return FirstDispatch(place_id, since, until, answered, at_first)


def _today(uow: UnitOfWork) -> date:
    rules, *_ = policy.get_policy(uow, [], [])
    return uow.now.astimezone(ZoneInfo(rules.zone)).date()


def _paths(uow: UnitOfWork, place_id: UUID | None) -> list[str]:
    mine = list(uow.person.scope.paths)
    if place_id is None:
        return mine
    place = places.find_place(uow, place_id)
    if place is None:
        raise UnknownPlaceAsked
    if not any(place.path.startswith(path) for path in mine):
        raise FiguresElsewhere
    return [place.path]
