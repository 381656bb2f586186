"""A clock that goes wrong: the instant by which a service decides is off by the seconds that a file says."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.chaos.inside.arming import Arming


def _skewed(now: Callable[..., datetime], arming: Arming) -> Callable[..., datetime]:
    def wrong(self: Any) -> datetime:
        return now(self) + timedelta(seconds=float(arming.value("skew") or 0))

    return wrong


SKEW = ("kit.clock", "SystemClock.now", _skewed)
