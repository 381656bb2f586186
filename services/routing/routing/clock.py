"""The clock aspect: what falls due."""

from datetime import timedelta

from kit.db import Database
from kit.loop import Loop

from routing.service import sweeping

EVERY = timedelta(seconds=2)


def make_sweeper(database: Database, *, every: timedelta = EVERY) -> Loop:
    """Any number may run: each claims what the others do not hold, oldest first."""

    async def sweep() -> int:
        return await database.run_everywhere(sweeping.sweep_due)

    return Loop("sweep_due", every, sweep, full=sweeping.BATCH)
