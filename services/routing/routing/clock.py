"""The clock aspect: what falls due."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from kit import loop, metrics
from kit.away import is_away
from kit.db import Database
from kit.frames import where
from kit.loop import Loop

from routing.repository.figures import Seen
from routing.service import figures, recounting, sweeping, vacancies
from routing.service.sweeping import Backlog

log = logging.getLogger("routing.clock")

EVERY = timedelta(seconds=2)
#: What cannot be done is tried again after this long.
ASIDE_FOR = timedelta(minutes=10)
#: A post that is left for an hour or a week is found soon enough.
LOOKS_EVERY = timedelta(seconds=15)
#: So is what another calendar moves.
RECOUNTS_EVERY = timedelta(seconds=15)

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
    """Any number may run: each claims what the others do not hold, oldest first."""
    return Loop("sweep_due", every, Sweeper(database).sweep, full=sweeping.BATCH)


class Sweeper:
    """After an outage it says, once it has caught up, what was late by that. A case that makes a sweep fail is set
    aside for a while, so that no other waits behind it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._caught_up = Backlog()
        self._aside: dict[UUID, datetime] = {}

    async def sweep(self) -> int:
        try:
            done = await self._sweep(Backlog(), limit=sweeping.BATCH)
        except Exception as error:
            if is_away(error):
                raise
            done = await self._sweep_one_by_one()
        if done < sweeping.BATCH and self._caught_up.since is not None:
            since = self._caught_up.since.isoformat()
            log.warning("sweep.caught_up", extra={"late": self._caught_up.late, "since": since})
            self._caught_up.clear()
        return done

    async def _sweep_one_by_one(self) -> int:
        """As many as otherwise at once; what is set aside is counted among them."""
        for nth in range(sweeping.BATCH):
            backlog = Backlog()
            try:
                if not await self._sweep(backlog, limit=1):
                    return nth
            except Exception as error:
                if is_away(error) or not backlog.taken:
                    raise
                self._set_aside(backlog.taken, error)
        return sweeping.BATCH

    async def _sweep(self, backlog: Backlog, *, limit: int) -> int:
        now = self._database.clock.now()
        self._aside = {case_id: until for case_id, until in self._aside.items() if until > now}
        sweep = partial(sweeping.sweep_due, limit=limit, backlog=backlog, aside=tuple(self._aside))
        done = await self._database.run_everywhere(sweep)
        for kind, waited in backlog.waited:
            LATENESS.labels(kind).observe(waited.total_seconds())
        LATE.inc(backlog.late)
        self._caught_up.add(backlog)
        return done

    def _set_aside(self, cases: Collection[UUID], error: Exception) -> None:
        self._aside |= dict.fromkeys(cases, self._database.clock.now() + ASIDE_FOR)
        for case_id in cases:
            facts = {"case": str(case_id), "error": type(error).__name__, "at": where(error)}
            log.error("sweep.set_aside", extra=facts)


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


def make_measurer(database: Database) -> Loop:
    """What waits for the sweep, for who watches."""
    return loop.make_measurer(partial(database.run_everywhere, sweeping.find_due), count=DUE.set, oldest=OLDEST.set)
