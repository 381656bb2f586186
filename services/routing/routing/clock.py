"""The clock aspect: promises that were missed."""

from datetime import timedelta

from kit.db import Database
from kit.loop import Loop

from routing.service import deadlines

EVERY = timedelta(seconds=2)


def make_sweeper(database: Database, *, every: timedelta = EVERY) -> Loop:
    """Any number may run: each claims what the others do not hold, oldest first."""

    async def sweep() -> int:
        return await database.run_everywhere(deadlines.sweep_missed)

    return Loop("sweep_missed", every, sweep, full=deadlines.BATCH)
