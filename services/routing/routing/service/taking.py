"""A case in the hands of who takes a step on it."""

from collections.abc import Iterable
from uuid import UUID

from contracts.grid import Duty
from kit.auth import Person
from kit.db import UnitOfWork
from network import posts
from network.posts import Seat

from routing.domain import steps
from routing.domain.case import Case
from routing.domain.helping import paths_across
from routing.domain.steps import Holder, Seated, Step
from routing.repository import cases, links, network, pressings, records, supervisions


def take(uow: UnitOfWork, case_id: UUID, step: Step, version: int | None = None) -> tuple[Case, Seat | None, UUID]:
    """The case, locked, once this person may take this step on this version of it (none: on whichever it is at); who
    answers for it now; and the post by which they take it.
    """
    if version is None:
        cases.lock_case(uow, case_id)
    case, holder = cases.get_case_for_change(uow, case_id)
    recall(uow, case)
    links.hide(uow, [case])
    mine = seated(uow.person)
    subject, held = uow.person.subject, holder_in(holder)
    post_id = steps.post_for(step, case, mine, subject=subject, holder=held)
    if version is not None:
        cases.check_version(case, version)
    steps.check_state(step, case, mine, subject=subject, holder=held, now=uow.now)
    is_holder = steps.holds(mine, case, subject, held)
    if hindrance := steps.find_hindrance(step, case, mine, uow.now, is_holder=is_holder):
        raise hindrance
    return case, holder, post_id


def recall(uow: UnitOfWork, case: Case) -> None:
    """Read what has become of it before, where that decides what may be done with it, and by whom."""
    if steps.asks_its_history(case):
        steps.recall(case, cases.list_entries(uow, case))
    if case.pressings:
        case.nudged = pressings.list_nudged(uow, case.case_id)
    if case.letters and not case.is_open:
        case.letters_unanswered = any(each.replied_at is None for each in records.list_letters(uow, case.case_id))
    if case.helper_post_ids:
        case.across = paths_across(list_joint(uow, case))
    if case.supervisor_post_id is not None:
        case.seen_to_by = supervisions.list_posts(uow, case.case_id)
    if case.office_id is not None:
        case.station_path = network.get_network(uow, [case.placed_path], [Duty.DISPATCHER]).station_of(case.placed_path)


def list_joint(uow: UnitOfWork, case: Case) -> list[Seated]:
    """Who leads it, and who helps."""
    theirs = {post_id for post_id in (case.holder_post_id, *case.helper_post_ids) if post_id is not None}
    return [seated_at(seat) for seat in posts.list_seats_of(uow, theirs).values()]


def find_holder(uow: UnitOfWork, case: Case) -> Seat | None:
    """Who answers now in the post that it lies with."""
    return posts.find_seat(uow, case.holder_post_id) if case.holder_post_id else None


def list_holders(uow: UnitOfWork, held: Iterable[Case]) -> dict[UUID, Seat]:
    """The same of many cases at once, by case."""
    lie_with = {case.case_id: case.holder_post_id for case in held if case.holder_post_id}
    seats = posts.list_seats_of(uow, set(lie_with.values()))
    return {case_id: seats[post_id] for case_id, post_id in lie_with.items() if post_id in seats}


def seated(person: Person) -> list[Seated]:
    return [Seated(post.post_id, post.duty, post.path, post.office_id) for post in person.posts]


def seated_at(seat: Seat) -> Seated:
    return Seated(seat.post_id, seat.duty, seat.path, seat.office_id)


def subjects_of(seats: Iterable[Seat]) -> list[str]:
    """Who answers in them now."""
    return [seat.subject for seat in seats if seat.subject is not None]


def dispatches_above(person: Person, path: str) -> bool:
    """Whether they are the tree's dispatcher where the path stands, or of a tier above."""
    return steps.dispatches_above(seated(person), path)


def holder_in(seat: Seat | None) -> Holder | None:
    return Holder(seat.path, seat.subject) if seat else None
