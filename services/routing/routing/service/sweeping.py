"""What falls due, whatever it is the limit of: claimed once, and what comes of it in the same transaction.

What is missed goes before what a superior has let pass, and that before what merely approaches; of each, the oldest
first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kit.db import UnitOfWork

from routing.domain.case import Case, Deadline, DeadlineKind, DeadlineState
from routing.repository import cases, supervisions
from routing.service import calling_back, climbing, deadlines, parts, pressing

BATCH = 200
#: What came up longer ago has waited for a sweeper: they come by every two seconds.
IN_TIME = timedelta(minutes=1)

Fallen = Sequence[tuple[Case, Deadline]]

#: What comes of a deadline of each kind that fell due; of the others, a breach that its case's superior has to see to.
FALLS_DUE: Mapping[DeadlineKind, Callable[[UnitOfWork, Fallen], None]] = {
    DeadlineKind.PART: parts.mark_missed,
    DeadlineKind.RATING: calling_back.close_unrated,
    DeadlineKind.ORDER: pressing.mark_orders_missed,
}


@dataclass
class Backlog:
    """What was swept late, since nobody swept when it came up."""

    late: int = 0
    since: datetime | None = None

    def note(self, came_up: Iterable[datetime], *, now: datetime) -> None:
        waited = [instant for instant in came_up if instant < now - IN_TIME]
        self.late += len(waited)
        self.since = min([*waited, *([self.since] if self.since else [])], default=None)

    def add(self, other: "Backlog") -> None:
        self.late += other.late
        self.since = min((each.since for each in (self, other) if each.since), default=None)

    def clear(self) -> None:
        self.late, self.since = 0, None


def sweep_due(uow: UnitOfWork, *, limit: int = BATCH, backlog: Backlog | None = None) -> int:
    """Claim what came up before now; how many there were."""
    done = 0
    for sweep in (_sweep_missed, _sweep_lapsed, _sweep_approaching):
        if done < limit:
            came_up = sweep(uow, limit - done)
            done += len(came_up)
            if backlog is not None:
                backlog.note(came_up, now=uow.now)
    return done


def _sweep_missed(uow: UnitOfWork, limit: int) -> list[datetime]:
    fallen = cases.claim_due(uow, limit=limit)
    for kind in DeadlineKind:
        # What one of them has ended, the others of its case are not missed any more.
        if of_kind := [each for each in fallen if each[1].kind is kind and each[1].state is DeadlineState.OPEN]:
            FALLS_DUE.get(kind, deadlines.mark_missed)(uow, of_kind)
    _save(uow, (case for case, _ in fallen))
    return [limit.promise.due_at for _, limit in fallen]


def _sweep_lapsed(uow: UnitOfWork, limit: int) -> list[datetime]:
    lapsed = supervisions.claim_lapsed(uow, limit=limit)
    came_up = [duty.due_at for _, duty in lapsed]
    if lapsed:
        climbing.climb(uow, lapsed)
    _save(uow, (case for case, _ in lapsed))
    return came_up


def _sweep_approaching(uow: UnitOfWork, limit: int) -> list[datetime]:
    approaching = cases.claim_approaching(uow, limit=limit)
    came_up = [limit.warn_at for _, limit in approaching if limit.warn_at]
    if approaching:
        deadlines.warn_of(uow, approaching)
    _save(uow, (case for case, _ in approaching))
    return came_up


def _save(uow: UnitOfWork, changed: Iterable[Case]) -> None:
    cases.save_cases(uow, list({case.case_id: case for case in changed}.values()))
