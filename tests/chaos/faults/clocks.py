"""A process whose clock is wrong for a while."""

import time
from dataclasses import dataclass
from random import Random

from tests.chaos.fault import ChaosCity

#: Behind by minutes or ahead by some: what is stamped ahead is due that much later when the clock is right again.
OFF = (-600.0, 45.0)


@dataclass(frozen=True)
class WrongClock:
    service: str
    weight: int = 1
    is_kill: bool = False

    @property
    def name(self) -> str:
        return f"{self.service}'s clock is wrong"

    def strike(self, city: ChaosCity, random: Random) -> str:
        off = random.choice(OFF) * random.uniform(0.2, 1)
        seconds = random.uniform(4, 10)
        file = city.lay_inside(self.service, "skew", off)
        try:
            time.sleep(seconds)
        finally:
            file.unlink()
        return f"{self.service}: its clock off by {off:.0f} s for {seconds:.0f} s"


CLOCKS = tuple(WrongClock(service) for service in ("intake", "routing", "notify"))
