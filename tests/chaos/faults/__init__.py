"""All that is done to a city."""

from collections.abc import Sequence

from tests.chaos.fault import Fault
from tests.chaos.faults.clocks import CLOCKS
from tests.chaos.faults.disk import FullDisk, small_disk
from tests.chaos.faults.events import DELIVERIES
from tests.chaos.faults.failpoints import FAILPOINTS
from tests.chaos.faults.kills import KILLS
from tests.chaos.faults.outages import outages
from tests.chaos.faults.poison import Poison
from tests.chaos.faults.stops import STOPS
from tests.chaos.faults.wire import WIRES

__all__ = ["FAULTS", "LONG_FAULTS", "small_disk"]


def _all(*, kafka_away: tuple[float, float]) -> Sequence[Fault]:
    return (
        *(*KILLS, *FAILPOINTS, *STOPS, *outages(kafka_away=kafka_away), *WIRES, *DELIVERIES, *CLOCKS),
        *(Poison(), FullDisk()),
    )


FAULTS = _all(kafka_away=(15, 25))

#: For runs that have the time: Kafka is away for minutes.
LONG_FAULTS = _all(kafka_away=(60, 200))
