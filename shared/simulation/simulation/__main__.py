"""``python -m simulation``: see ``baiyang simulate --help``."""

import argparse
import asyncio
import logging
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path

from kit import logging as house
from local import ports
from local.postgres import Postgres

from simulation import report
from simulation.city import City
from simulation.days import midnight_of
from simulation.invariants import check_all
from simulation.year import Asked, Year

_say = partial(print, flush=True)


def main(arguments: Sequence[str]) -> int:
    asked = _read(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # PostgreSQL is stopped on the way out
    house.set_up(service="simulation", level="ERROR", stream=sys.stderr)
    logging.getLogger("kit.kafka").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="baiyang-simulation-", ignore_cleanup_errors=True) as home:
        postgres = Postgres(Path(home), port=ports.free()[0], durable=False)
        try:
            postgres.start()
            return asyncio.run(_simulate(postgres, asked))
        finally:
            postgres.stop()


async def _simulate(postgres: Postgres, asked: Asked) -> int:
    city = City(postgres, midnight_of(asked.start))
    try:
        await city.lay(communities=asked.communities, seed=asked.seed)
        year = Year(city, asked, say=_say)
        await year.live()
        return 0 if report.tell(year, await check_all(year), say=_say) else 1
    finally:
        await city.close()


def _read(arguments: Sequence[str]) -> Asked:
    parser = argparse.ArgumentParser(prog="python -m simulation")
    parser.add_argument("--communities", type=int, default=50)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--appeals", type=int, default=100)
    parser.add_argument("--start", type=date.fromisoformat, default=date(2026, 1, 1))
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(arguments)
    return Asked(given.start, given.days, given.communities, given.appeals, given.seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
