"""By which instant a service decides: ahead as the whole city's clock is driven, and off as its own goes wrong."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.chaos.inside.arming import CITY, Arming


def _skewed(now: Callable[..., datetime], arming: Arming) -> Callable[..., datetime]:
    def driven(self: Any) -> datetime:
        seconds = (arming.value("ahead", of=CITY), arming.value("skew"))
        return now(self) + timedelta(seconds=sum(float(each or 0) for each in seconds))

    return driven


SKEW = ("kit.clock", "SystemClock.now", _skewed)
