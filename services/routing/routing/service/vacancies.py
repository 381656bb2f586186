"""Posts in which nobody acts: found when they change and when a term ends, and told once to the tier above.

Cases stay where they lie. A dispatcher's queue reads them through the vacancy, so that nothing is to be taken back when
the post is filled.
"""

from collections.abc import Collection, Sequence

from contracts.grid import Duty, PostChangedV1
from kit.db import UnitOfWork
from network import posts
from network.posts import Seat, choose

from routing import events
from routing.domain.case import HOLDER_LEFT, SEALED, Case
from routing.domain.vacancy import Looked, Waiting
from routing.repository import cases, network, vacancies
from routing.repository.claims import Claim
from routing.service import placing

BATCH = 200


def look_again(uow: UnitOfWork, changed: Sequence[PostChangedV1]) -> None:
    vacancies.look_again(uow, changed)


def sweep_vacancies(uow: UnitOfWork, claim: Claim | None = None) -> int:
    """Look at the posts that are to be looked at by now; how many there were."""
    looked = vacancies.claim_due(uow, claim or Claim(BATCH))
    vacant = [each for each in looked if not each.held]
    dispatchers = _dispatchers(uow, vacant)
    new = [each for each in vacant if each.is_new]
    for each in vacant:
        seat = dispatchers.get(each.path)
        each.dispatcher_post_id = seat.post_id if seat else None
        each.found_at = each.found_at or uow.now
    _tell(uow, new, dispatchers)
    _keep_sealed(uow, looked)
    vacancies.save_looked(uow, looked)
    if paths := {each.path for each in looked if each.dispatches and (each in new or each.is_over)}:
        vacancies.look_again_below(uow, paths)
    return len(looked)


def _keep_sealed(uow: UnitOfWork, looked: Collection[Looked]) -> None:
    """What is sealed is seen by nobody else of the line: somebody who is there has to keep it."""
    dispatching = [each for each in looked if each.dispatches]
    left = [each.post_id for each in dispatching if not each.held]
    found = vacancies.list_sealed(uow, left, [each.path for each in dispatching if each.held])
    sealed = cases.list_cases_for_change(uow, found).values()
    if not sealed:
        return
    known = network.get_network(uow, {case.placed_path for case in sealed}, [Duty.DISPATCHER])
    blamed = posts.list_seats_held(uow, {who for case in sealed for who in case.complained_of})
    kept = [case for case in sealed if placing.keep_anew(known, blamed, case)]
    for case in kept:
        case.record(SEALED, at=uow.now, by=None, facts={"keeper": str(case.keeper_post_id)})
        uow.publish(events.case_sealed(uow, case))
    cases.save_cases(uow, kept)


def _dispatchers(uow: UnitOfWork, vacant: Collection[Looked]) -> dict[str, Seat]:
    """By path of a vacant post: who is to see to what lies with it."""
    paths = {each.path for each in vacant}
    if not paths:
        return {}
    seats = network.get_network(uow, paths, [Duty.DISPATCHER])
    found = {path: _dispatcher_above(seats.seats_on(path), path) for path in paths}
    return {path: seat for path, seat in found.items() if seat is not None}


def _dispatcher_above(seats: Sequence[Seat], path: str) -> Seat | None:
    """Of the next tier up; where there is none, of the post's own place."""
    of_tree = [seat for seat in seats if seat.office_id is None]
    above = [seat for seat in of_tree if len(seat.path) < len(path)]
    return choose(above, Duty.DISPATCHER) or choose(of_tree, Duty.DISPATCHER)


def _tell(uow: UnitOfWork, new: Collection[Looked], dispatchers: dict[str, Seat]) -> None:
    """Once a vacancy, of the case that falls due first; where that has just gone elsewhere, it is looked at again."""
    subjects = {each.post_id: seat.subject for each in new if (seat := dispatchers.get(each.path)) is not None}
    waiting = {each.post_id: each for each in vacancies.list_waiting(uow, new, subjects)}
    locked = cases.list_cases_for_change(uow, {each.case_id for each in waiting.values()})
    for each in new:
        if (first := waiting.get(each.post_id)) is None:
            continue
        case = locked[first.case_id]
        if case.holder_post_id == each.post_id and case.is_unsettled:
            _record(uow, case, each, first, dispatchers.get(each.path))
        else:
            each.found_at, each.next_at = None, uow.now
    cases.save_cases(uow, list(locked.values()))


def _record(uow: UnitOfWork, case: Case, left: Looked, waiting: Waiting, dispatcher: Seat | None) -> None:
    facts = {
        "post": str(left.post_id),
        "cases": waiting.cases,
        "dispatcher": dispatcher.subject if dispatcher else None,
    }
    case.record(HOLDER_LEFT, at=uow.now, by=None, post_id=left.post_id, facts=facts)
    uow.publish(events.case_holder_left(uow, case, post_title=left.title, waiting=waiting.cases, dispatcher=dispatcher))
