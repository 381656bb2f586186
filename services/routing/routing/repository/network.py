"""What the copy of grid knows of many paths at once: the places on their lines and who holds which post there."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.grid import Duty
from kit.db import UnitOfWork
from network.models import holding, place, post
from network.places import prefixes
from network.posts import Seat
from sqlalchemy import Row, and_, or_, select

from routing.domain.calendar import ORDINARY_HOURS, Hours

DISTRICT = "district"


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

    def hours_at(self, path: str) -> Hours:
        """Those of the place's own station, or of the nearest above it."""
        listed = (self.places[p].hours for p in reversed(prefixes(path)) if p in self.places)
        return next((hours for hours in listed if hours.weekdays), ORDINARY_HOURS)

    def district_of(self, path: str) -> str | None:
        on_line = (self.places[p] for p in prefixes(path) if p in self.places)
        return next((item.code for item in on_line if item.tier == DISTRICT), None)


_PLACE = [place.c[name] for name in ("place_id", "code", "tier", "path", "state", "opening_hours")]
_POST = [post.c[name] for name in ("post_id", "title", "duty", "place_id", "path", "office_id", "matters", "phone")]
_HOLDER = [holding.c.subject, holding.c.name, holding.c.contact_id, holding.c.stand_in]


def list_places(uow: UnitOfWork, place_ids: Collection[UUID]) -> dict[UUID, PlaceOnLine]:
    if not place_ids:
        return {}
    rows = uow.execute(select(*_PLACE).where(place.c.place_id.in_(list(place_ids))))
    return {row.place_id: _place(row) for row in rows}


def get_network(uow: UnitOfWork, paths: Iterable[str], duties: Collection[Duty]) -> Network:
    """Two queries, however many paths."""
    lines = sorted({prefix for path in paths for prefix in prefixes(path)})
    if not lines:
        return Network({}, [])
    places = [_place(row) for row in uow.execute(select(*_PLACE).where(place.c.path.in_(lines)))]
    values = sorted(duty.value for duty in duties)
    seats = _list_seats(uow, and_(post.c.path.in_(lines), post.c.duty.in_(values)))
    return Network({item.path: item for item in places}, seats)


def list_seats_held(uow: UnitOfWork, subjects: Collection[str]) -> list[Seat]:
    """The posts that these people hold now, or stand in for, narrowest first."""
    if not subjects:
        return []
    mine = select(holding.c.post_id).where(holding.c.subject.in_(list(subjects)))
    return [seat for seat in _list_seats(uow, post.c.post_id.in_(mine)) if seat.subject in subjects]


def _list_seats(uow: UnitOfWork, which: Any) -> list[Seat]:
    held = and_(
        holding.c.post_id == post.c.post_id,
        holding.c.since <= uow.now,
        or_(holding.c.until.is_(None), holding.c.until > uow.now),
    )
    statement = (
        select(*_POST, *_HOLDER)
        .outerjoin(holding, held)
        .where(which, ~post.c.retired)
        .order_by(post.c.path.desc(), post.c.post_id, holding.c.stand_in.desc(), holding.c.since.desc())
    )
    return [_seat(row) for row in uow.execute(statement)]


def _seat(row: Row[Any]) -> Seat:
    facts = dict(row._mapping)
    facts |= {"duty": Duty(facts["duty"]), "matters": tuple(facts["matters"]), "stand_in": bool(facts["stand_in"])}
    return Seat(**facts)


def _place(row: Row[Any]) -> PlaceOnLine:
    return PlaceOnLine(row.place_id, row.code, row.tier, row.path, row.state, Hours.of(row.opening_hours))
