"""What must hold of a whole history and the world that it has led to: each invariant a function over both."""

from collections.abc import Callable, Iterator

from tests.chaos.invariants import (
    acknowledged,
    deadlines,
    events,
    figures,
    households,
    moving,
    ruling,
    supervising,
    telling,
)
from tests.chaos.invariants.finding import Finding
from tests.chaos.record import History
from tests.chaos.world import World

__all__ = ["ALL", "Finding", "judge"]

Invariant = Callable[[History, World], Iterator[Finding]]

ALL: tuple[Invariant, ...] = (
    *acknowledged.INVARIANTS,
    *moving.INVARIANTS,
    *telling.INVARIANTS,
    *households.INVARIANTS,
    *events.INVARIANTS,
    *deadlines.INVARIANTS,
    *ruling.INVARIANTS,
    *supervising.INVARIANTS,
    *figures.INVARIANTS,
)


def judge(history: History, world: World) -> list[Finding]:
    return [finding for invariant in ALL for finding in invariant(history, world)]
