"""A case ends: whoever holds it, has helped with it or waits for a report on it is told, and so is the city."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from network.posts import Seat

from routing import events
from routing.domain.case import Case, ClosedReason
from routing.domain.reasons import Reason
from routing.service import parts, pressing, supervising
from routing.service.taking import subjects_of


def end_case(
    uow: UnitOfWork,
    case: Case,
    reason: ClosedReason,
    *,
    holder: Seat | None,
    by: str | None,
    post_id: UUID | None = None,
    answer: str | None = None,
    declined_for: Reason | None = None,
    into: Case | None = None,
    facts: Mapping[str, Any] | None = None,
    words: str | None = None,
) -> None:
    """Parts that are open and reports that are owed end with it. ``answer``, ``declined_for``: of what is declined, for
    the resident; ``into``: of what is merged, where it goes on.
    """
    supervising.end(uow, case)
    helped, ended = parts.end_with_case(uow, case), pressing.end_owed(uow, case)
    case.close(
        reason,
        at=uow.now,
        by=by,
        post_id=post_id,
        holder=holder.subject if holder else None,
        helpers=subjects_of(helped),
        pressers=pressing.subjects_of(ended),
        facts=facts,
        words=words,
    )
    closed = events.case_closed(
        *(uow, case),
        holder=holder,
        helpers=helped,
        answer=answer,
        declined_for=declined_for,
        ended=ended,
        into=into,
    )
    uow.publish(closed)
    uow.publish(events.city_case_closed(uow, case))
