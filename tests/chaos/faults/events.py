"""Events twice, late, in another order, and such as nobody can read."""

from dataclasses import dataclass
from random import Random

from tests.chaos.fault import MISSED, ChaosCity
from tests.chaos.faults.arms import arm, told, was_taken
from tests.chaos.inside.points import CONSUMING

_WITHIN = 6.0


@dataclass(frozen=True)
class Deliver:
    """One of the ways in which what was sent once comes otherwise (inside/deliveries.py)."""

    what: str
    services: tuple[str, ...]
    weight: int = 1
    is_kill: bool = False

    @property
    def name(self) -> str:
        return f"{self.what} events"

    def strike(self, city: ChaosCity, random: Random) -> str:
        service = random.choice(self.services)
        with told(city):
            if not was_taken(arm(city, service, self.what), within=_WITHIN):
                return f"{MISSED}{service} had no event to {self.what}"
        return f"{service}: {self.what}"


DELIVERIES = (
    Deliver("double", ("intake", "routing"), weight=2),
    Deliver("redeliver", CONSUMING, weight=2),
    Deliver("rewind", CONSUMING, weight=2),
    Deliver("reorder", ("intake", "notify")),
)
