"""Chance and numbers of one drive, shared by all who drive: what is drawn hangs on the seed."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")

Body = dict[str, Any]

#: What is asked for, so that every kind, remit and duty, urgency and queue comes up. None: nobody sorts it.
CATEGORIES = (
    *("administrative.hukou", "administrative.social_insurance", "administrative.university"),
    *("municipal.street_lights", "municipal.property", "municipal.water", "municipal.emergency"),
    *("public_service.repair", "public_service.repair", "public_service.care", "legal.aid", "stability.petition"),
    *("stability.discipline", None),
)
PLACES = ("HZ-BY", "HZ-BY-1-05", "HZ-BY-2", "HZ-BY-3-02", "HZ-BY-6", "HZ-LH-SQ", "HZ-LH-SQ-1", None)


#: The latest that a limit which somebody names falls due: when all has come to rest, none does any more.
SOON_SECONDS = 60


def real_now() -> datetime:
    return datetime.now(UTC)


class Draw:
    """``count`` numbers all that is asked for, so that each request can be told from all others by its words; ``now``:
    as the city has it. ``after``: the number of the last that another drive of the same city asked for.
    """

    def __init__(self, random: Random, *, now: Callable[[], datetime] = real_now, after: int = 0) -> None:
        self.random = random
        self._now = now
        self._count = after
        self.taken: Counter[str] = Counter()
        """How often each step that cases offer was asked for."""

    def count(self) -> int:
        self._count += 1
        return self._count

    def words(self, of: str) -> str:
        return f"{of}{self.count()}。"

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one(self, among: Sequence[T]) -> T:
        return self.random.choice(among)

    def category(self) -> str:
        return self.one([category for category in CATEGORIES if category])

    def day_ahead(self) -> str:
        return (self._now() + timedelta(days=self.random.randint(2, 30))).date().isoformat()

    def soon(self, least: float = 5, most: float = SOON_SECONDS) -> str:
        """A limit that falls due while the city is struck."""
        return (self._now() + timedelta(seconds=self.random.uniform(least, most))).isoformat()
