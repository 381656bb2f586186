"""The clock aspect: what falls due."""

from datetime import timedelta

from kit.db import Database
from kit.loop import Loop

from routing.service import sweeping, vacancies

EVERY = timedelta(seconds=2)
#: A post that is left for an hour or a week is found soon enough.
LOOKS_EVERY = timedelta(seconds=15)


def make_loops(database: Database) -> list[Loop]:
    """All that the clock does."""
    return [make_sweeper(database), make_looker(database)]


def make_sweeper(database: Database, *, every: timedelta = EVERY) -> Loop:
    """Any number may run: each claims what the others do not hold, oldest first."""

    async def sweep() -> int:
        return await database.run_everywhere(sweeping.sweep_due)

    return Loop("sweep_due", every, sweep, full=sweeping.BATCH)


def make_looker(database: Database, *, every: timedelta = LOOKS_EVERY) -> Loop:
    """The same, over posts that were left."""

    async def look() -> int:
        return await database.run_everywhere(vacancies.sweep_vacancies)

    return Loop("sweep_vacancies", every, look, full=vacancies.BATCH)
