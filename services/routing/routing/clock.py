"""The clock aspect: what falls due."""

import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from kit import loop, metrics
from kit.away import is_away
from kit.clock import Clock
from kit.db import Database
from kit.frames import where
from kit.loop import Loop

from routing.repository.claims import Claim
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

#: What steps have counted is read beside the sums until then. The more at once, the fewer rows of places above are
#: written for each.
ADDS_UP_EVERY = timedelta(seconds=10)

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
    sweep = Aside(database.clock, "case", Sweeper(database).sweep, most=sweeping.BATCH)
    return Loop("sweep_due", every, sweep.catch_up, full=sweeping.BATCH)


class Aside:
    """What makes a pass fail is set aside for a while, so that nothing else waits behind it. ``sweep`` does what a
    claim takes up, each of which is a ``kind``.
    """

    def __init__(self, clock: Clock, kind: str, sweep: Callable[[Claim], Awaitable[int]], *, most: int) -> None:
        self._clock = clock
        self._kind = kind
        self._sweep = sweep
        self._most = most
        self._until: dict[UUID, datetime] = {}

    async def catch_up(self) -> int:
        try:
            return await self._sweep(self._claim(self._most))
        except Exception as error:
            if is_away(error):
                raise
            return await self._one_by_one()

    async def _one_by_one(self) -> int:
        """As many as otherwise at once; what is set aside is counted among them."""
        for nth in range(self._most):
            claim = self._claim(1)
            try:
                if not await self._sweep(claim):
                    return nth
            except Exception as error:
                if is_away(error) or not claim.taken:
                    raise
                self._set_aside(claim.taken, error)
        return self._most

    def _claim(self, limit: int) -> Claim:
        now = self._clock.now()
        self._until = {each: until for each, until in self._until.items() if until > now}
        return Claim(limit, tuple(self._until))

    def _set_aside(self, these: Collection[UUID], error: Exception) -> None:
        self._until |= dict.fromkeys(these, self._clock.now() + ASIDE_FOR)
        for each in these:
            facts = {self._kind: str(each), "error": type(error).__name__, "at": where(error)}
            log.error("sweep.set_aside", extra=facts)


class Sweeper:
    """After an outage it says, once it has caught up, what was late by that."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._caught_up = Backlog()

    async def sweep(self, claim: Claim) -> int:
        backlog = Backlog()
        done = await self._database.run_everywhere(partial(sweeping.sweep_due, claim=claim, backlog=backlog))
        for kind, waited in backlog.waited:
            LATENESS.labels(kind).observe(waited.total_seconds())
        LATE.inc(backlog.late)
        self._caught_up.add(backlog)
        if done < claim.limit and self._caught_up.since is not None:
            self._say_caught_up()
        return done

    def _say_caught_up(self) -> None:
        since = self._caught_up.since
        log.warning("sweep.caught_up", extra={"late": self._caught_up.late, "since": since and since.isoformat()})
        self._caught_up.clear()


def make_looker(database: Database, *, every: timedelta = LOOKS_EVERY) -> Loop:
    """The same, over posts that were left."""

    async def look(claim: Claim) -> int:
        return await database.run_everywhere(partial(vacancies.sweep_vacancies, claim=claim))

    sweep = Aside(database.clock, "post", look, most=vacancies.BATCH)
    return Loop("sweep_vacancies", every, sweep.catch_up, full=vacancies.BATCH)


def make_recounter(database: Database, *, every: timedelta = RECOUNTS_EVERY) -> Loop:
    """The same, over what another calendar moves."""

    async def recount(claim: Claim) -> int:
        return await database.run_everywhere(partial(recounting.sweep_calendar, claim=claim))

    sweep = Aside(database.clock, "case", recount, most=recounting.BATCH)
    return Loop("sweep_calendar", every, sweep.catch_up, full=recounting.BATCH)


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
