"""What falls due, whatever it is the limit of: claimed once, and what comes of it in the same transaction.

What is missed goes before what a superior has let pass, and that before what merely approaches; of each, the oldest
first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kit.db import UnitOfWork

from routing.domain.case import Case, Deadline, DeadlineKind, DeadlineState
from routing.repository import cases, supervisions
from routing.repository.claims import Claim
from routing.service import calling_back, climbing, deadlines, parts, pressing

BATCH = 200
#: What waits is counted so far.
MOST_COUNTED = 10_000
#: What came up longer ago has waited for a sweeper: they come by every two seconds.
IN_TIME = timedelta(minutes=1)

Fallen = Sequence[tuple[Case, Deadline]]
#: What came up, by its kind, and when.
CameUp = Sequence[tuple[str, datetime]]

#: What comes of a deadline of each kind that fell due; of the others, a breach that its case's superior has to see to.
FALLS_DUE: Mapping[DeadlineKind, Callable[[UnitOfWork, Fallen], None]] = {
    DeadlineKind.PART: parts.mark_missed,
    DeadlineKind.RATING: calling_back.close_unrated,
    DeadlineKind.ORDER: pressing.mark_orders_missed,
}
#: Who is warned of one of each kind that approaches; of the others, whoever holds its case.
WARNS: Mapping[DeadlineKind, Callable[[UnitOfWork, Fallen], None]] = {
    DeadlineKind.PART: parts.warn_of,
    DeadlineKind.ORDER: pressing.warn_of_orders,
}


@dataclass
class Backlog:
    """What was swept late, since nobody swept when it came up. ``waited``: all that was swept, and how long."""

    late: int = 0
    since: datetime | None = None
    waited: list[tuple[str, timedelta]] = field(default_factory=list)

    def note(self, came_up: CameUp, *, now: datetime) -> None:
        self.waited += [(kind, now - instant) for kind, instant in came_up]
        waited = [instant for _, instant in came_up if instant < now - IN_TIME]
        self.late += len(waited)
        self.since = min([*waited, *([self.since] if self.since else [])], default=None)

    def add(self, other: "Backlog") -> None:
        self.late += other.late
        self.since = min((each.since for each in (self, other) if each.since), default=None)

    def clear(self) -> None:
        self.late, self.since = 0, None


def sweep_due(uow: UnitOfWork, claim: Claim | None = None, *, backlog: Backlog | None = None) -> int:
    """Claim what came up before now; how many there were."""
    claim, backlog = claim or Claim(BATCH), backlog or Backlog()
    done = 0
    for sweep in (_sweep_missed, _sweep_lapsed, _sweep_approaching):
        if done < claim.limit:
            came_up = sweep(uow, claim.after(done))
            done += len(came_up)
            backlog.note(came_up, now=uow.now)
    return done


def _sweep_missed(uow: UnitOfWork, claim: Claim) -> CameUp:
    fallen = cases.claim_due(uow, claim)
    came_up = [(limit.kind.value, limit.promise.due_at) for _, limit in fallen]
    for kind in DeadlineKind:
        # What one of them has ended, the others of its case are not missed any more.
        if of_kind := [each for each in fallen if each[1].kind is kind and each[1].state is DeadlineState.OPEN]:
            FALLS_DUE.get(kind, deadlines.mark_missed)(uow, of_kind)
    _save(uow, (case for case, _ in fallen))
    return came_up


def _sweep_lapsed(uow: UnitOfWork, claim: Claim) -> CameUp:
    lapsed = supervisions.claim_lapsed(uow, claim)
    came_up = [("duty", duty.due_at) for _, duty in lapsed]
    if lapsed:
        climbing.climb(uow, lapsed)
    _save(uow, (case for case, _ in lapsed))
    return came_up


def _sweep_approaching(uow: UnitOfWork, claim: Claim) -> CameUp:
    approaching = cases.claim_approaching(uow, claim)
    came_up = [("warning", limit.warn_at) for _, limit in approaching if limit.warn_at]
    for warn in (deadlines.warn_of, *WARNS.values()):
        if theirs := [each for each in approaching if WARNS.get(each[1].kind, deadlines.warn_of) is warn]:
            warn(uow, theirs)
    _save(uow, (case for case, _ in approaching))
    return came_up


def find_due(uow: UnitOfWork) -> tuple[int, timedelta]:
    """How many limits have fallen due and wait for a sweep, and for how long the oldest has."""
    count, since = cases.find_due(uow, most=MOST_COUNTED)
    return count, uow.now - since if since else timedelta()


def _save(uow: UnitOfWork, changed: Iterable[Case]) -> None:
    cases.save_cases(uow, list({case.case_id: case for case in changed}.values()))
