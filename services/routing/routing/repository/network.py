"""What the copy of grid knows of many paths at once: the places on their lines and who holds which post there."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.grid import Duty, PlaceState
from kit.db import UnitOfWork
from network.models import place, post
from network.places import prefixes
from network.posts import Seat, list_seats
from sqlalchemy import Row, Text, Uuid, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from routing.domain.calendar import ORDINARY_HOURS, Calendar, Hours

DISTRICT, COMMUNITY = "district", "community"


@dataclass(frozen=True)
class PlaceOnLine:
    place_id: UUID
    code: str
    tier: str
    path: str
    state: str
    hours: Hours


@dataclass(frozen=True)
class Network:
    """Places by path, and the filled and vacant seats, of all lines that were asked for."""

    places: dict[str, PlaceOnLine]
    seats: list[Seat]

    def seats_on(self, path: str) -> list[Seat]:
        return [seat for seat in self.seats if path.startswith(seat.path)]

    def station_of(self, path: str) -> str | None:
        """Where the place is dispatched from, whether somebody holds that post or not; of a network of dispatchers."""
        return max((seat.path for seat in self.seats_on(path) if seat.office_id is None), key=len, default=None)

    def hours_at(self, path: str) -> Hours:
        """Those of the place's own station, or of the nearest above it."""
        listed = (self.places[p].hours for p in reversed(prefixes(path)) if p in self.places)
        return next((hours for hours in listed if hours.weekdays), ORDINARY_HOURS)

    def station_hours(self, path: str, calendar: Calendar) -> Hours:
        """By the calendar; else as the register has them."""
        return calendar.hours_at(path, otherwise=self.hours_at(path))

    def district_of(self, path: str) -> str | None:
        on_line = (self.places[p] for p in prefixes(path) if p in self.places)
        return next((item.code for item in on_line if item.tier == DISTRICT), None)

    def tiers_on(self, path: str) -> dict[str, UUID]:
        """The places on the line, by tier."""
        on_line = (self.places[p] for p in prefixes(path) if p in self.places)
        return {item.tier: item.place_id for item in on_line}


_PLACE = [place.c[name] for name in ("place_id", "code", "tier", "path", "state", "opening_hours")]
_BY_ID = select(*_PLACE).where(place.c.place_id == any_(bindparam("places", type_=ARRAY(Uuid))))
_BY_CODE = select(place.c.code, place.c.place_id).where(
    place.c.code == any_(bindparam("codes", type_=ARRAY(Text))), place.c.state == PlaceState.ACTIVE.value
)
_BY_PATH = select(*_PLACE).where(place.c.path == any_(bindparam("paths", type_=ARRAY(Text))))


def list_places(uow: UnitOfWork, place_ids: Collection[UUID]) -> dict[UUID, PlaceOnLine]:
    if not place_ids:
        return {}
    rows = uow.execute(_BY_ID, {"places": list(place_ids)})
    return {row.place_id: _place(row) for row in rows}


def list_open_by_code(uow: UnitOfWork, codes: Collection[str]) -> dict[str, UUID]:
    """Codes are unique in grid among places that are open."""
    rows = uow.execute(_BY_CODE, {"codes": list(codes)}) if codes else ()
    return {row.code: row.place_id for row in rows}


def get_network(uow: UnitOfWork, paths: Iterable[str], duties: Collection[Duty]) -> Network:
    """Two queries, however many paths."""
    lines = sorted({prefix for path in set(paths) for prefix in prefixes(path)})
    if not lines:
        return Network({}, [])
    places = [_place(row) for row in uow.execute(_BY_PATH, {"paths": lines})]
    return Network({item.path: item for item in places}, list_seats(uow, lines, duties))


def list_names(uow: UnitOfWork, path: str) -> list[str]:
    """The names of the places on the line, from the root down."""
    statement = select(place.c.name).where(place.c.path.in_(prefixes(path))).order_by(place.c.depth)
    return list(uow.execute(statement).scalars())


def list_tiers(uow: UnitOfWork, *paths: str) -> dict[str, str]:
    """Of which tier the places on the lines are, by path, from the root down."""
    rows = uow.execute(_BY_PATH, {"paths": list({place for path in paths for place in prefixes(path)})})
    return {row.path: row.tier for row in sorted(rows, key=lambda row: len(row.path))}


def list_tiers_with(uow: UnitOfWork, duties: Collection[Duty]) -> list[tuple[str, Duty, int]]:
    """At which tiers there is a post of these duties, and how deep in the tree at the least: a look at all posts."""
    rows = uow.execute(_TIERS, {"duties": [duty.value for duty in duties]})
    return [(row.tier, Duty(row.duty), row.depth) for row in rows]


_TIERS = (
    select(place.c.tier, post.c.duty, func.min(place.c.depth).label("depth"))
    .join(post, post.c.place_id == place.c.place_id)
    .where(post.c.duty == any_(bindparam("duties", type_=ARRAY(Text))), ~post.c.retired, post.c.office_id.is_(None))
    .group_by(place.c.tier, post.c.duty)
)


def _place(row: Row[Any]) -> PlaceOnLine:
    return PlaceOnLine(row.place_id, row.code, row.tier, row.path, row.state, Hours.of(row.opening_hours))
