"""Events in: the copy of the grid, the category tree, and how each case goes on."""

from collections.abc import Callable, Sequence

from contracts.routing import (
    CaseAcceptedV1,
    CaseAnsweredV1,
    CaseAssignedV1,
    CaseClosedV1,
    CaseFact,
    CaseHandedOverV1,
    CaseOpenedV1,
    CaseStartedV1,
    CategoryChangedV1,
)
from kit.db import UnitOfWork
from kit.kafka import consumes
from network import consumers as network

from intake.service import following


@consumes(CategoryChangedV1, snapshot=True)
def copy_category(uow: UnitOfWork, event: CategoryChangedV1, *, version: int) -> None:
    following.copy_category(uow, event, version=version)


@consumes(CaseOpenedV1, set_wise=True)
@consumes(CaseAcceptedV1, set_wise=True)
@consumes(CaseAssignedV1, set_wise=True)
@consumes(CaseStartedV1, set_wise=True)
@consumes(CaseAnsweredV1, set_wise=True)
@consumes(CaseHandedOverV1, set_wise=True)
@consumes(CaseClosedV1, set_wise=True)
def follow_cases(uow: UnitOfWork, events: Sequence[CaseFact]) -> None:
    following.follow_cases(uow, events)


HANDLERS: tuple[Callable[..., None], ...] = (*network.handlers(moved=following.move_place), copy_category, follow_cases)
