"""What is planned, by its instant."""

import heapq
from collections.abc import Awaitable, Callable, Hashable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

Act = Callable[[], Awaitable[None]]


@dataclass(order=True)
class Planned:
    at: datetime
    order: int
    act: Act = field(compare=False)
    key: Hashable = field(compare=False, default=None)


class Agenda:
    """What is planned under a key takes the place of what was planned under it before."""

    def __init__(self) -> None:
        self._heap: list[Planned] = []
        self._standing: dict[Hashable, Planned] = {}
        self._count = 0

    def plan(self, at: datetime, act: Act, *, key: Hashable = None) -> None:
        self._count += 1
        planned = Planned(at, self._count, act, key)
        heapq.heappush(self._heap, planned)
        if key is not None:
            self._standing[key] = planned

    def has(self, key: Hashable) -> bool:
        return key in self._standing

    @property
    def next_at(self) -> datetime | None:
        self._drop_replaced()
        return self._heap[0].at if self._heap else None

    def until(self, moment: datetime) -> Iterator[Planned]:
        """Taken off, one by one, what is planned up to that instant; also what is planned meanwhile."""
        while (first := self.next_at) is not None and first <= moment:
            planned = heapq.heappop(self._heap)
            self._standing.pop(planned.key, None)
            yield planned

    def _drop_replaced(self) -> None:
        while self._heap and not self._stands(self._heap[0]):
            heapq.heappop(self._heap)

    def _stands(self, planned: Planned) -> bool:
        return planned.key is None or self._standing.get(planned.key) is planned
