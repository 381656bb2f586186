"""Events in: the copy of the grid, the category tree, and how each case goes on."""

from collections.abc import Callable, Sequence

from contracts.routing import (
    CaseFact,
    CategoryChangedV1,
    ContactDeadlineApproachingV1,
    ContactDeadlineBreachedV1,
    ContactDeadlineMovedV1,
    DeadlineApproachingV1,
    DeadlineBreachedV1,
    SupervisionClimbedV1,
)
from contracts.topics import TOPICS
from kit.db import UnitOfWork
from kit.kafka import consumes, consumes_all
from network import consumers as network

from intake.service import following


@consumes(CategoryChangedV1, snapshot=True)
def copy_category(uow: UnitOfWork, event: CategoryChangedV1, *, version: int) -> None:
    following.copy_category(uow, event, version=version)


#: What changes nothing of what a resident is shown.
PASSED = (
    DeadlineApproachingV1,
    DeadlineBreachedV1,
    SupervisionClimbedV1,
    ContactDeadlineApproachingV1,
    ContactDeadlineBreachedV1,
    ContactDeadlineMovedV1,
)


@consumes_all((step for step in TOPICS[CaseFact.TOPIC].events if step not in PASSED), set_wise=True)
def follow_cases(uow: UnitOfWork, events: Sequence[CaseFact]) -> None:
    following.follow_cases(uow, events)


HANDLERS: tuple[Callable[..., None], ...] = (*network.handlers(moved=following.move_place), copy_category, follow_cases)
