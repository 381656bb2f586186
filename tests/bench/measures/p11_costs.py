"""P11: what one lifecycle costs."""

from tests.bench.bench import Bench
from tests.bench.figures import Figure

TITLE = "what one lifecycle costs: CPU of each process, statements, WAL, events"
AIM = "<= 60 ms of CPU in all"


def run(bench: Bench) -> list[Figure]:
    raise NotImplementedError
