"""Events in: the copy of the grid, the category tree, and how each case goes on."""

from collections.abc import Callable

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


@consumes(CaseOpenedV1)
@consumes(CaseAcceptedV1)
@consumes(CaseAssignedV1)
@consumes(CaseStartedV1)
@consumes(CaseAnsweredV1)
@consumes(CaseHandedOverV1)
@consumes(CaseClosedV1)
def follow_case(uow: UnitOfWork, event: CaseFact) -> None:
    following.follow_cases(uow, [event])


HANDLERS: tuple[Callable[..., None], ...] = (*network.handlers(moved=following.move_place), copy_category, follow_case)
