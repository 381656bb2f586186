"""The clock aspect: what falls due."""

import logging
from datetime import timedelta
from functools import partial

from kit.db import Database
from kit.loop import Loop
from prometheus_client import Counter

from routing.service import sweeping, vacancies
from routing.service.sweeping import Backlog

log = logging.getLogger("routing.clock")

EVERY = timedelta(seconds=2)
#: A post that is left for an hour or a week is found soon enough.
LOOKS_EVERY = timedelta(seconds=15)

LATE = Counter("baiyang_sweep_late", "Limits and warnings that came up while nobody swept, and were swept late")


def make_sweeper(database: Database, *, every: timedelta = EVERY) -> Loop:
    """Any number may run: each claims what the others do not hold, oldest first. After an outage it says, once it has
    caught up, what was late by that.
    """
    caught_up = Backlog()

    async def sweep() -> int:
        backlog = Backlog()
        done = await database.run_everywhere(partial(sweeping.sweep_due, backlog=backlog))
        LATE.inc(backlog.late)
        caught_up.add(backlog)
        if done < sweeping.BATCH and caught_up.since is not None:
            log.warning("sweep.caught_up", extra={"late": caught_up.late, "since": caught_up.since.isoformat()})
            caught_up.clear()
        return done

    return Loop("sweep_due", every, sweep, full=sweeping.BATCH)


def make_looker(database: Database, *, every: timedelta = LOOKS_EVERY) -> Loop:
    """The same, over posts that were left."""

    async def look() -> int:
        return await database.run_everywhere(vacancies.sweep_vacancies)

    return Loop("sweep_vacancies", every, look, full=vacancies.BATCH)
