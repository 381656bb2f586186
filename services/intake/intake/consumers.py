"""Events in: the copy of the grid, the category tree, and how each case goes on."""

from collections.abc import Callable, Sequence

from contracts.routing import CaseFact, CategoryChangedV1, DeadlineBreachedV1
from contracts.topics import TOPICS
from kit.db import UnitOfWork
from kit.kafka import consumes, consumes_all
from network import consumers as network

from intake.service import following


@consumes(CategoryChangedV1, snapshot=True)
def copy_category(uow: UnitOfWork, event: CategoryChangedV1, *, version: int) -> None:
    following.copy_category(uow, event, version=version)


@consumes_all((step for step in TOPICS[CaseFact.TOPIC].events if step is not DeadlineBreachedV1), set_wise=True)
def follow_cases(uow: UnitOfWork, events: Sequence[CaseFact]) -> None:
    following.follow_cases(uow, events)


HANDLERS: tuple[Callable[..., None], ...] = (*network.handlers(moved=following.move_place), copy_category, follow_cases)
