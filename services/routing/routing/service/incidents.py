"""A case that names buildings: all their households are told, each telling once (domain.md, section 4, story b)."""

from collections.abc import Sequence
from uuid import UUID

from contracts.grid import Duty, PlaceState
from kit.db import UnitOfWork
from network.posts import Seat

from routing import events
from routing.domain.case import AFFECTED_NAMED, AFFECTED_TOLD, Case
from routing.domain.incident import MOST_PLACES, Limits, NamedPlace, is_named
from routing.domain.steps import Step
from routing.errors import PlaceNamedAlready, TooManyPlaces, UnfitPlace
from routing.repository import cases, incidents, network
from routing.repository.network import Network
from routing.service.taking import seated, take


def name_affected(uow: UnitOfWork, case_id: UUID, *, version: int, place_ids: Sequence[UUID], words: str) -> Case:
    """Name buildings or areas, the first or more of them, and tell their households: those of before are not told."""
    case, holder, post_id = take(uow, case_id, Step.NAME_AFFECTED, version)
    known = incidents.list_named(uow, case_id)
    if len(known) + len(place_ids) > MOST_PLACES:
        raise TooManyPlaces(MOST_PLACES - len(known))
    _check_fit(uow, case, post_id, place_ids, known)
    _tell(uow, case, holder, step=AFFECTED_NAMED, post_id=post_id, place_ids=place_ids, words=words)
    new = [NamedPlace(case_id, place_id, case.tellings, uow.person.subject, uow.now) for place_id in place_ids]
    incidents.add_named(uow, new)
    return case


def tell_affected(uow: UnitOfWork, case_id: UUID, *, version: int, words: str) -> Case:
    """Tell all households of all buildings that it names how it goes on."""
    case, holder, post_id = take(uow, case_id, Step.TELL_AFFECTED, version)
    place_ids = [each.place_id for each in incidents.list_named(uow, case_id)]
    _tell(uow, case, holder, step=AFFECTED_TOLD, post_id=post_id, place_ids=place_ids, words=words)
    return case


def _tell(
    uow: UnitOfWork, case: Case, holder: Seat | None, *, step: str, post_id: UUID, place_ids: Sequence[UUID], words: str
) -> None:
    case.tellings += 1
    facts = {"telling": case.tellings, "places": [str(place_id) for place_id in place_ids]}
    case.record(step, at=uow.now, by=uow.by, post_id=post_id, facts=facts, words=words)
    named_now = step == AFFECTED_NAMED
    told = events.case_incident(uow, case, place_ids=place_ids, words=words, holder=holder, named_now=named_now)
    uow.publish(told)
    cases.save_cases(uow, [case])


def _check_fit(
    uow: UnitOfWork, case: Case, post_id: UUID, place_ids: Sequence[UUID], known: Sequence[NamedPlace]
) -> None:
    places = network.list_places(uow, {*place_ids, *(each.place_id for each in known)})
    found = network.get_network(uow, [case.placed_path, *(place.path for place in places.values())], [Duty.DISPATCHER])
    limits = _limits(uow, case, post_id, found)
    named = [places[each.place_id].path for each in known if each.place_id in places]
    for index, place_id in enumerate(place_ids):
        place = places.get(place_id)
        if place is None or place.state != PlaceState.ACTIVE:
            raise UnfitPlace(index, f"there is no open place {place_id}")
        if (why := limits.why_unfit(place.path, station=found.station_of(place.path))) is not None:
            raise UnfitPlace(index, why)
        if is_named(place.path, named):
            raise PlaceNamedAlready(index)
        named.append(place.path)


def _limits(uow: UnitOfWork, case: Case, post_id: UUID, found: Network) -> Limits:
    """A dispatcher's reach is their own place; whoever holds the case does not go beyond its station either."""
    post = next(post for post in seated(uow.person) if post.post_id == post_id)
    station = found.station_of(case.placed_path) or case.placed_path
    return Limits((post.path,) if post.dispatches else (post.path, station))
