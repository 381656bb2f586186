"""Where an appeal is, from what was given: a code, an address, or the words alone."""

from uuid import UUID

from contracts.grid import PlaceState
from contracts.intake import Placing
from kit.db import UnitOfWork
from network import places

from intake.domain.appeal import Location
from intake.domain.placing import NOWHERE_KNOWN, Placed, is_root, place_address, place_words
from intake.errors import NoSuchPlace, PlaceClosed
from intake.service.station import Station


def locate_code(uow: UnitOfWork, code: str, *, field: str = "/place") -> Location:
    place = places.find_place_by_code(uow, code)
    if place is None:
        raise NoSuchPlace(code, field)
    if not place.is_open:
        raise PlaceClosed(code, _successor(uow, place) if place.state is PlaceState.MERGED else None, field)
    return Location(Placing.GIVEN, place.place_id, place.path)


def locate(
    station: Station,
    *,
    address: str | None,
    title: str = "",
    words: str = "",
    near: str,
    root: str,
    within: str = NOWHERE_KNOWN,
) -> Location:
    """``near`` is where it is said, ``root`` the city that it is said in: what is known when nothing else is.

    ``within``: the words speak of no place outside.
    """
    placed = place_address(station.names, address, near=near, within=within) if address else Placed(Placing.NONE)
    if placed.placing is Placing.NONE or is_root(placed.path):
        by_words = place_words(station.names, title=title, text=words, within=within)
        placed = by_words if by_words.placing is not Placing.NONE else placed
    return _location(placed, root)


def _location(placed: Placed, root: str) -> Location:
    path = placed.path if placed.path != NOWHERE_KNOWN else root
    placing = placed.placing
    if placing is Placing.EXACT and is_root(path):
        placing = Placing.NONE
    return Location(placing, id_of(path), path, tuple(filter(None, map(id_of, placed.candidates))))


def id_of(path: str) -> UUID | None:
    return UUID(path[-33:-1]) if path != NOWHERE_KNOWN else None


def _successor(uow: UnitOfWork, place: places.Place) -> str | None:
    successor = places.find_place(uow, place.merged_into) if place.merged_into else None
    return successor.code if successor and successor.is_open else None
