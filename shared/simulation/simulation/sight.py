"""A case before somebody's eyes, and how they choose one of the steps that it offers them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from contracts.grid import PostChangedV1
from kit.db import UnitOfWork
from routing.domain.case import Case
from routing.domain.steps import Step
from routing.service.reading import CaseDetail

from simulation.book import Book, Life


@dataclass(frozen=True)
class Sight:
    uow: UnitOfWork
    seen: CaseDetail
    life: Life
    book: Book

    @property
    def case(self) -> Case:
        return self.seen.case

    @property
    def chance(self) -> Random:
        return self.life.chance

    @property
    def now(self) -> datetime:
        return self.uow.now

    def offers(self, step: Step) -> bool:
        return step in self.seen.steps

    def take(self, use_case: Callable[..., Any], **asked: Any) -> None:
        """The step, on the case as it was seen."""
        use_case(self.uow, self.case.case_id, version=self.case.version, **asked)

    def others_on_line(self) -> list[PostChangedV1]:
        """The tree's own posts on its line that do not hold it, and in which somebody acts who may handle it."""
        barred = (None, *self.case.barred)
        return [
            post
            for post in self.book.on_line(self.case.placed_path)
            if post.office_id is None
            and post.post_id != self.case.holder_post_id
            and self.book.acting(post.post_id, self.now) not in barred
        ]


@dataclass(frozen=True)
class Habit:
    """``share``: how often it comes to somebody's mind when they may."""

    step: Step
    share: float
    do: Callable[[Sight], None]


def do_first(sight: Sight, habits: Sequence[Habit]) -> bool:
    """The first that is offered and comes to mind. Each draws, offered or not, so that a seed leads the same way."""
    minded = [habit for habit in habits if sight.chance.random() < habit.share]
    habit = next((each for each in minded if sight.offers(each.step)), None)
    if habit is not None:
        habit.do(sight)
    return habit is not None
