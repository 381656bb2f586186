"""Figures: counted in the transaction of the step that they count, so that they are true at every instant."""

from datetime import date, timedelta
from uuid import UUID

from kit.db import UnitOfWork

from routing.domain.case import Case
from routing.domain.figures import FirstDispatch
from routing.domain.promise import day_of
from routing.errors import FiguresElsewhere, UnfitPeriod
from routing.repository import figures, policy
from routing.service.reading import paths_of

USUAL_PERIOD = timedelta(days=30)
LONGEST_PERIOD = timedelta(days=366)


def count_answered(uow: UnitOfWork, case: Case, *, post_id: UUID) -> None:
    """Once a case, when it is answered first: over its holder's head is not by its holder."""
    if case.first_dispatch is None or case.deadline is None:
        return
    day = day_of(uow.now, zone=case.deadline.promise.zone)
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
    return day_of(uow.now, zone=rules.zone)


def _paths(uow: UnitOfWork, place_id: UUID | None) -> list[str]:
    asked, mine = paths_of(uow, place_id), uow.person.scope.paths
    if not all(path.startswith(mine) for path in asked):
        raise FiguresElsewhere
    return asked
