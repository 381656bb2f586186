"""What falls due, whatever it is the limit of: claimed once, and what comes of it in the same transaction."""

from collections.abc import Callable, Mapping, Sequence

from contracts.routing import DeadlineKind
from kit.db import UnitOfWork

from routing.domain.case import Case, Deadline, DeadlineState
from routing.repository import cases
from routing.service import calling_back, deadlines, parts, pressing

BATCH = 200

Fallen = Sequence[tuple[Case, Deadline]]

#: What comes of a deadline of each kind that fell due; of the others, a breach of that limit alone.
FALLS_DUE: Mapping[DeadlineKind, Callable[[UnitOfWork, Fallen], None]] = {
    DeadlineKind.PROMISE: deadlines.mark_promises_missed,
    DeadlineKind.PART: parts.mark_missed,
    DeadlineKind.RATING: calling_back.close_unrated,
    DeadlineKind.ORDER: pressing.mark_orders_missed,
}


def sweep_due(uow: UnitOfWork, *, limit: int = BATCH) -> int:
    """Claim what fell due before now, oldest first; how many there were."""
    fallen = cases.claim_due(uow, limit=limit)
    for kind in DeadlineKind:
        # What one of them has ended, the others of its case are not missed any more.
        if of_kind := [each for each in fallen if each[1].kind is kind and each[1].state is DeadlineState.OPEN]:
            FALLS_DUE.get(kind, deadlines.mark_limits_missed)(uow, of_kind)
    cases.save_cases(uow, list({case.case_id: case for case, _ in fallen}.values()))
    return len(fallen)
