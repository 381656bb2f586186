"""Who answers for a place, for a duty, now: in one query."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.grid import Duty
from kit.db import UnitOfWork
from sqlalchemy import Row, Uuid, and_, any_, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from network.models import holding, place, post
from network.places import prefixes


@dataclass(frozen=True)
class Seat:
    """A post as it stands at an instant. ``subject`` is who answers now: a stand-in goes before the holder."""

    post_id: UUID
    title: str
    duty: Duty
    place_id: UUID
    path: str
    office_id: UUID | None
    matters: tuple[str, ...]
    phone: str | None
    subject: str | None = None
    name: str | None = None
    contact_id: UUID | None = None
    stand_in: bool = False

    @property
    def is_vacant(self) -> bool:
        return self.subject is None


_LINE = func.string_to_array(func.trim(post.c.path, "/"), "/").cast(ARRAY(Uuid))

#: Who answers a post that has no number of its own: the narrowest place of its line that has one.
_STATION_PHONE = (
    select(place.c.phone)
    .where(place.c.place_id == any_(_LINE), place.c.phone.is_not(None))
    .order_by(place.c.depth.desc())
    .limit(1)
    .correlate(post)
    .scalar_subquery()
)
_POST = [
    *(post.c[name] for name in ("post_id", "title", "duty", "place_id", "path", "office_id", "matters")),
    func.coalesce(post.c.phone, _STATION_PHONE).label("phone"),
]
_HOLDER = [holding.c.subject, holding.c.name, holding.c.contact_id, holding.c.stand_in]


def list_seats(uow: UnitOfWork, paths: Iterable[str], duties: Collection[Duty]) -> list[Seat]:
    """The posts with these duties that answer for the paths, narrowest place first, vacant ones among them.

    A post appears once for each person who may act in it: its stand-in of today before its holder.
    """
    lines = sorted({prefix for path in paths for prefix in prefixes(path)})
    return _seats(uow, and_(post.c.path.in_(lines), post.c.duty.in_(sorted(duty.value for duty in duties))))


def list_seats_held(uow: UnitOfWork, subjects: Collection[str]) -> list[Seat]:
    """The posts that these people hold now, or stand in for, narrowest first."""
    if not subjects:
        return []
    theirs = select(holding.c.post_id).where(holding.c.subject.in_(list(subjects)))
    return [seat for seat in _seats(uow, post.c.post_id.in_(theirs)) if seat.subject in subjects]


def find_seat(uow: UnitOfWork, post_id: UUID) -> Seat | None:
    """The post with who answers in it now."""
    return next(iter(_seats(uow, post.c.post_id == post_id)), None)


def list_seats_of(uow: UnitOfWork, post_ids: Collection[UUID]) -> dict[UUID, Seat]:
    """Several posts at once, each with who answers in it now."""
    seats: dict[UUID, Seat] = {}
    for seat in _seats(uow, post.c.post_id.in_(list(post_ids))):
        seats.setdefault(seat.post_id, seat)
    return seats


def choose(seats: Iterable[Seat], duty: Duty, *, never: Collection[str] = ()) -> Seat | None:
    """The narrowest filled seat with the duty, held by nobody in ``never``.

    Where the post of the duty is vacant, or held by somebody in ``never``, the next tier up takes it: its post of the
    same duty, or else its dispatcher. Where no tier has such a post, the narrowest dispatcher takes it.
    """
    ordered = sorted(seats, key=lambda seat: (-len(seat.path), seat.duty is not duty))
    below = next((len(seat.path) for seat in ordered if seat.duty is duty), None)
    for seat in ordered:
        stands_in_for_duty = seat.duty is Duty.DISPATCHER and (below is None or len(seat.path) < below)
        if (seat.duty is duty or stands_in_for_duty) and not seat.is_vacant and seat.subject not in never:
            return seat
    return None


def _seats(uow: UnitOfWork, which: Any) -> list[Seat]:
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
