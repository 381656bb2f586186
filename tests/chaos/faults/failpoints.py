"""Death between two steps that cannot be one."""

from dataclasses import dataclass
from random import Random

from tests.chaos.fault import MISSED, ChaosCity
from tests.chaos.faults.arms import arm, was_taken
from tests.chaos.inside.points import POINTS, Point
from tests.system.city import wait_until

#: How long a point is waited for: what leads to it may come seldom.
PATIENCE = 5.0


@dataclass(frozen=True)
class Failpoint:
    point: Point
    weight: int = 1
    is_kill: bool = True

    @property
    def name(self) -> str:
        return f"die at {self.point.name}"

    def strike(self, city: ChaosCity, random: Random) -> str:
        return strike_at(city, self.point, random.choice(self.point.services))


def strike_at(city: ChaosCity, point: Point, service: str) -> str:
    before = city.identity_of(service)
    if before is None:
        return f"{MISSED}{service} is not running"
    if not was_taken(arm(city, service, point.name), within=PATIENCE):
        return f"{MISSED}{service} did not come between {point.between}"
    wait_until(lambda: not before.is_running(), seconds=10, what=f"{service} dies between {point.between}")
    return f"{service}: killed between {point.between}"


#: Only what a wiped Kafka leads to: armed by that fault.
OF_A_WIPE = ("again-commit", "rewind-see")

#: Seldom passed in a run, or of less consequence.
RARE = ("resume-commit", "claim-call", "sent-commit")

FAILPOINTS = tuple(
    Failpoint(point, weight=0 if point.name in OF_A_WIPE else 1 if point.name in RARE else 2) for point in POINTS
)
