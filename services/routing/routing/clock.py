"""The clock aspect: what falls due."""

import logging
from datetime import timedelta
from functools import partial

from kit import metrics
from kit.db import Database
from kit.loop import Loop

from routing.repository.figures import Seen
from routing.service import figures, recounting, sweeping, vacancies
from routing.service.sweeping import Backlog

log = logging.getLogger("routing.clock")

EVERY = timedelta(seconds=2)
#: A post that is left for an hour or a week is found soon enough.
LOOKS_EVERY = timedelta(seconds=15)
#: So is what another calendar moves.
RECOUNTS_EVERY = timedelta(seconds=15)

MEASURES_EVERY = timedelta(seconds=15)
#: What steps have counted is read beside the sums until then.
ADDS_UP_EVERY = timedelta(seconds=2)

DUE = metrics.gauge("baiyang_deadlines_due")
OLDEST = metrics.gauge("baiyang_deadlines_oldest_due_seconds")
LATENESS = metrics.histogram("baiyang_deadline_lateness_seconds")
LATE = metrics.counter("baiyang_sweep_late")
FIGURES = metrics.counter("baiyang_figures")


def make_loops(database: Database) -> list[Loop]:
    """All that the clock does."""
    return [make_sweeper(database), make_looker(database), make_recounter(database), make_adder(database)]


def make_sweeper(database: Database, *, every: timedelta = EVERY) -> Loop:
    """Any number may run: each claims what the others do not hold, oldest first. After an outage it says, once it has
    caught up, what was late by that.
    """
    caught_up = Backlog()

    async def sweep() -> int:
        backlog = Backlog()
        done = await database.run_everywhere(partial(sweeping.sweep_due, backlog=backlog))
        for kind, waited in backlog.waited:
            LATENESS.labels(kind).observe(waited.total_seconds())
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


def make_recounter(database: Database, *, every: timedelta = RECOUNTS_EVERY) -> Loop:
    """The same, over what another calendar moves."""

    async def recount() -> int:
        return await database.run_everywhere(recounting.sweep_calendar)

    return Loop("sweep_calendar", every, recount, full=recounting.BATCH)


def make_adder(database: Database, *, every: timedelta = ADDS_UP_EVERY) -> Loop:
    """What steps have counted; of any number one does it."""

    async def add_up() -> int:
        seen: Seen = []
        done = await database.run_everywhere(partial(figures.sweep_increments, seen=seen))
        for place, figure, amount in seen:
            FIGURES.labels(place, figure).inc(amount)
        return done

    return Loop("sweep_increments", every, add_up, full=figures.BATCH)


def make_measurer(database: Database, *, every: timedelta = MEASURES_EVERY) -> Loop:
    """What waits for the sweep, for who watches."""

    async def measure() -> int:
        count, oldest = await database.run_everywhere(sweeping.find_due)
        DUE.set(count)
        OLDEST.set(oldest.total_seconds())
        return 0

    return Loop("measure_due", every, measure)
