"""The network between services and their PostgreSQL and Kafka: slow, cut, and dumb in one direction."""

import time
from dataclasses import dataclass
from random import Random

from local.home import SERVICES

from tests.chaos.fault import MISSED, ChaosCity
from tests.chaos.proxy import Kind, Rule, Way, harm, state

_SECONDS: dict[Kind, tuple[float, float]] = {"delay": (5.0, 10.0), "cut": (0.0, 6.0), "swallow": (6.0, 15.0)}


@dataclass(frozen=True)
class Wire:
    """``target`` is harmed for everybody, or for one service that chance names."""

    target: str
    kind: Kind
    weight: int = 1
    is_kill: bool = False

    @property
    def name(self) -> str:
        return f"{self.kind} the wire to {self.target}"

    def strike(self, city: ChaosCity, random: Random) -> str:
        who = random.choice(("*", *(f"{service}[_-]*" for service in SERVICES if service != "grid")))
        way: Way = random.choice(("up", "down"))
        reset = random.random() < 0.7
        seconds = random.uniform(*_SECONDS[self.kind])
        before = state(city)["harmed"][self.kind]
        with harm(city, Rule(self.target, self.kind, who, way=way), reset=reset):
            time.sleep(seconds)
        harmed = state(city)["harmed"][self.kind] - before
        if not harmed:
            return f"{MISSED}nobody of {who} spoke with {self.target}"
        how = f" {way}, {'then reset' if reset else 'and never told'}" if self.kind == "swallow" else ""
        return f"{self.target}: {self.kind}{how}, {who}, for {seconds:.0f} s, {harmed} times"


WIRES = tuple(Wire(target, kind) for target in ("postgres", "kafka") for kind in ("delay", "cut", "swallow"))
