"""What becomes of helpers' parts as their case goes on: it changes hands, is answered, ends, or a part falls due."""

from collections.abc import Sequence

from contracts.grid import Duty
from kit.db import UnitOfWork
from network import posts
from network.posts import Seat

from routing.domain.case import Case, Deadline, DeadlineKind, DeadlineState
from routing.domain.helping import Helper, HelperState, paths_across
from routing.domain.steps import dispatches_above_all
from routing.errors import NotYoursToName
from routing.repository import joint, network
from routing.service import deadlines
from routing.service.deadlines import Held
from routing.service.superiors import superior_of
from routing.service.taking import list_joint, seated, seated_at

_LIMIT = {HelperState.DONE: DeadlineState.MET, HelperState.RELEASED: DeadlineState.CANCELLED}


def settle(
    uow: UnitOfWork, case: Case, ended: Sequence[Helper], state: HelperState, *, report: str | None = None
) -> None:
    """Their parts are done, or not needed any more; what was late stays late."""
    for helper in ended:
        helper.settle(state, by=uow.by, at=uow.now, report=report)
        case.settle_limit(DeadlineKind.PART, _LIMIT[state], at=uow.now, about=helper.helper_id)
    left = {helper.post_id for helper in ended}
    case.helper_post_ids = tuple(post_id for post_id in case.helper_post_ids if post_id not in left)
    joint.save_settled(uow, [helper.helper_id for helper in ended], state, report=report)


def end_parts(uow: UnitOfWork, case: Case) -> list[Seat]:
    """The lead has answered, or the case ends, whatever the helpers did: whoever still helps is released, and told."""
    if not case.helper_post_ids:
        return []
    ended = _open_parts(uow, case)
    settle(uow, case, ended, HelperState.RELEASED)
    return _seats(uow, ended)


def end_with_case(uow: UnitOfWork, case: Case) -> list[Seat]:
    """Who has helped, and is told that the case ends; parts that are still open end with it."""
    if not case.helpers:
        return []
    helped = [each for each in joint.list_of_case(uow, case.case_id) if each.state is not HelperState.RELEASED]
    end_parts(uow, case)
    return _seats(uow, helped)


def change_lead(uow: UnitOfWork, case: Case, lead: Seat) -> None:
    """Somebody else is to lead, as whoever acts names them: across offices, those who stand above who led, who is to,
    and who helps (domain.md, section 4).
    """
    if case.helper_post_ids:
        across = paths_across([*list_joint(uow, case), seated_at(lead)])
        if not dispatches_above_all(seated(uow.person), across):
            raise NotYoursToName
        end_own_part(uow, case, lead)


def end_own_part(uow: UnitOfWork, case: Case, lead: Seat) -> None:
    """What was a part of who is to lead is the whole now."""
    if lead.post_id in case.helper_post_ids:
        own = [each for each in _open_parts(uow, case) if each.post_id == lead.post_id]
        settle(uow, case, own, HelperState.RELEASED)


def step_aside(uow: UnitOfWork, case: Case) -> list[Helper]:
    """Whoever declares an interest helps no more: their parts are nobody's. A stand-in and whom they stand in for are
    one post.
    """
    own = [each for each in _open_parts(uow, case) if uow.person.holds(each.post_id)] if case.helper_post_ids else []
    if own:
        settle(uow, case, own, HelperState.RELEASED)
    return own


def _open_parts(uow: UnitOfWork, case: Case) -> list[Helper]:
    """What is late by now is marked late first: it counts the same, whether or not a clock came by in between."""
    mark_if_missed(uow, case)
    return [helper for helper in joint.list_of_case(uow, case.case_id) if helper.is_open]


def mark_if_missed(uow: UnitOfWork, case: Case) -> None:
    late = [limit for limit in case.limits if limit.kind is DeadlineKind.PART and limit.is_missed_at(uow.now)]
    if late:
        mark_missed(uow, [(case, limit) for limit in late])


def warn_of(uow: UnitOfWork, approaching: Sequence[tuple[Case, Deadline]]) -> None:
    """The helper whose part it is, and with the last warning who is above them."""
    deadlines.warn_each(uow, _held(uow, approaching))


def mark_missed(uow: UnitOfWork, missed: Sequence[tuple[Case, Deadline]]) -> None:
    """A late helper is late alone: it and its superior are told, and neither promise nor lead are touched."""
    deadlines.miss_each(uow, _held(uow, missed))
    joint.save_missed(uow, [limit.about for _, limit in missed if limit.about])


def _held(uow: UnitOfWork, limits: Sequence[tuple[Case, Deadline]]) -> list[Held]:
    """The helper whose part each is the limit of: who answers in that post now, and who is above them."""
    helping = joint.list_these(uow, [limit.about for _, limit in limits if limit.about])
    seats = posts.list_seats_of(uow, {helper.post_id for helper in helping.values()})
    above = network.get_network(uow, {seat.path for seat in seats.values()}, [Duty.SUPERVISOR, Duty.DISPATCHER])
    found: list[Held] = []
    for case, limit in limits:
        assert limit.about is not None
        post_id = helping[limit.about].post_id
        seat = seats.get(post_id)
        superior = superior_of(above.seats_on(seat.path), case, seat) if seat else None
        found.append(Held(case, limit, seat, superior, post_id))
    return found


def _seats(uow: UnitOfWork, helping: Sequence[Helper]) -> list[Seat]:
    seats = posts.list_seats_of(uow, {helper.post_id for helper in helping}) if helping else {}
    return list(seats.values())
