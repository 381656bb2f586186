"""What becomes of a superior's duty as its case goes on: settled by what ends the lateness, and by a decision from the
same tier or above; never by what its holder does alone.
"""

from datetime import datetime
from uuid import UUID

from kit.db import UnitOfWork
from kit.paging import Page, Sheet
from network import posts

from routing.domain.case import Case
from routing.domain.supervising import SupervisionLine
from routing.repository import supervisions


def end(uow: UnitOfWork, case: Case) -> None:
    """Answered, closed, suspended, handed over to a centre, or handed on by a ruling."""
    if case.supervisor_post_id is not None:
        case.supervisor_post_id = None
        supervisions.settle_of_case(uow, case.case_id)


def end_from_above(uow: UnitOfWork, case: Case, post_id: UUID) -> None:
    """Whoever acts by this post decides what becomes of it: what their own tier and those below have to see to ends."""
    if case.supervisor_post_id is None:
        return
    seats, decides = posts.list_seats_of(uow, case.seen_to_by), uow.person.post(post_id)
    above = {seat.post_id for seat in seats.values() if not seat.path.startswith(decides.path)}
    if case.supervisor_post_id in above:
        supervisions.settle_of_case(uow, case.case_id, but=above)
    else:
        end(uow, case)


def go_along(uow: UnitOfWork, case: Case, into: Case) -> None:
    """What is merged is late there as it was here."""
    if case.supervisor_post_id is not None and into.supervisor_post_id is None:
        into.supervisor_post_id, case.supervisor_post_id = case.supervisor_post_id, None
        supervisions.move_to_case(uow, case.case_id, into.case_id)


def split_off(uow: UnitOfWork, case: Case, new: Case) -> None:
    """What is split off is late as well; the new case is there already."""
    if new.supervisor_post_id is not None:
        supervisions.copy_to_case(uow, case.case_id, new.case_id)


def step_aside(uow: UnitOfWork, case: Case) -> None:
    """Whoever has it has declared an interest in the case."""
    if uow.person.holds(case.supervisor_post_id):
        supervisions.hasten(uow, case.case_id)


def list_mine(uow: UnitOfWork, page: Page) -> Sheet[SupervisionLine]:
    """What my posts have to see to: what nobody is above first, then the oldest."""
    found = supervisions.list_standing(
        uow, uow.person.post_ids, after_key=page.after(int, datetime, UUID), limit=page.fetch
    )
    return page.sheet(found, position=lambda line: line.supervision.position)
