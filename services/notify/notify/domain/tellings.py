"""Telling all households of some buildings: by a message where that reaches them, else in person."""

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from contracts.answering import AnySeat
from contracts.grid import Duty
from contracts.intake import Means, Reach

S = TypeVar("S", bound=AnySeat)


class Way(StrEnum):
    """How a household is told."""

    MESSAGE = "message"
    APPEAL = "appeal"
    """By the notice about an appeal that was filed under the very number that the household gave."""
    VISIT = "visit"


#: Who goes and tells in person: a vacant post hands it to the next tier up, as everything else.
VISITING = (Duty.BUILDING_CHIEF, Duty.AREA_CHIEF, Duty.DISPATCHER)

_REACHING = (Means.SMS, Means.SANDBOX)


def is_reached(reach: Reach) -> bool:
    return reach.means in _REACHING and bool(reach.address)


def number_of(reach: Reach) -> str:
    """What tells whether two are reached by the same telephone, however it is written."""
    plain = unicodedata.normalize("NFKC", reach.address or "").casefold()
    return "".join(sign for sign in plain if sign not in " -()").removeprefix("+86")


def way_of(reach: Reach | None, *, told: Collection[str]) -> Way:
    """``told`` are the numbers at which notices about the case's appeals reach somebody. Two people of a household who
    gave different numbers are not known to be of one household: both numbers are told.
    """
    if reach is None:
        return Way.VISIT
    if number_of(reach) in told:
        return Way.APPEAL
    return Way.MESSAGE if is_reached(reach) else Way.VISIT


def who_visits(seats: Iterable[S], *, never: Collection[str]) -> S | None:
    """Who tells the households of a building in person: the narrowest on its line who is there."""
    there = [seat for seat in seats if seat.subject is not None and seat.subject not in never]
    order = {duty: number for number, duty in enumerate(VISITING)}
    return min(there, key=lambda s: (-len(s.path), order[s.duty], s.code, not s.stand_in), default=None)


@dataclass(frozen=True)
class Door:
    """A household to be told in person."""

    household_id: UUID
    place: str
    path: str
    room: str
    task_id: UUID | None = None
    """The task to whoever goes there; none: nobody has been sent yet."""


def doors_in_words(doors: Iterable[Door]) -> str:
    """1号楼（2户）：1-101、1-102；2号楼（1户）：…"""
    by_place: dict[str, list[str]] = {}
    for door in doors:
        by_place.setdefault(door.place, []).append(door.room)
    return "；".join(f"{place}（{len(rooms)}户）：{'、'.join(rooms)}" for place, rooms in by_place.items())
