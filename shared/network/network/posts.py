"""Who answers for a place, for a duty, now: in one query."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.answering import answer
from contracts.grid import Duty
from kit.db import UnitOfWork, within
from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from network.models import holding, place, post
from network.places import prefixes


@dataclass(frozen=True)
class Seat:
    """A post as it stands at an instant. ``subject`` is who answers now: a stand-in goes before the holder."""

    post_id: UUID
    code: str
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


def _columns(station_phone: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """Of a seat: the post, reached by its own number or else by its station's, and who holds it."""
    return [
        *(post.c[name] for name in ("post_id", "code", "title", "duty", "place_id", "path", "office_id", "matters")),
        func.coalesce(post.c.phone, station_phone).label("phone"),
        *(holding.c[name] for name in ("subject", "name", "contact_id", "stand_in")),
    ]


_NOW = bindparam("now", type_=DateTime(timezone=True))


def in_term(terms: FromClause) -> ColumnElement[bool]:
    """Of ``holding`` or an alias of it: whose term it is now, in a statement that takes ``now``."""
    return and_(terms.c.since <= _NOW, or_(terms.c.until.is_(None), terms.c.until > _NOW))


_HELD = and_(holding.c.post_id == post.c.post_id, ~holding.c.on_duty, in_term(holding))


def _seats_with(station_phone: ColumnElement[Any]) -> Select[Any]:
    return select(*_columns(station_phone)).outerjoin(holding, _HELD).where(~post.c.retired)


_SEATS = _seats_with(_STATION_PHONE)
_NEWEST = (holding.c.stand_in.desc(), holding.c.since.desc())
_ORDER = (post.c.path.desc(), post.c.post_id, *_NEWEST)
_IN_ORDER = _SEATS.order_by(*_ORDER)

_PATHS = any_(bindparam("paths", type_=ARRAY(Text)))
#: Read once for all posts of the lines: each looked up by itself cost more than who holds it.
_PHONES = (
    select(place.c.path, place.c.depth, place.c.phone)
    .where(place.c.path == _PATHS, place.c.phone.is_not(None))
    .cte("phones")
    .prefix_with("materialized")
)
_PHONE_ON_LINE = (
    select(_PHONES.c.phone)
    .where(func.starts_with(post.c.path, _PHONES.c.path))
    .order_by(_PHONES.c.depth.desc())
    .limit(1)
    .correlate(post)
    .scalar_subquery()
)
_ON_LINES = (
    _seats_with(_PHONE_ON_LINE)
    .where(post.c.path == _PATHS, post.c.duty == any_(bindparam("duties", type_=ARRAY(Text))))
    .order_by(*_ORDER)
)
_HELD_BY = _IN_ORDER.where(
    post.c.post_id.in_(
        select(holding.c.post_id).where(holding.c.subject == any_(bindparam("subjects", type_=ARRAY(Text))))
    )
)
_AMONG = post.c.post_id == any_(bindparam("posts", type_=ARRAY(Uuid)))
_THESE = _IN_ORDER.where(_AMONG)

_OWN, _THEN = holding.alias("own"), func.greatest(_NOW, holding.c.since)
#: Somebody who holds no post any more when their turn comes is not on duty.
_IS_THERE = (
    select(_OWN.c.post_id)
    .where(_OWN.c.subject == holding.c.subject, ~_OWN.c.on_duty)
    .where(_OWN.c.since <= _THEN, or_(_OWN.c.until.is_(None), _OWN.c.until > _THEN))
    .correlate(holding)
    .exists()
)
_TURN = and_(holding.c.post_id == post.c.post_id, holding.c.on_duty, in_term(holding), _IS_THERE)
_ROSTER = holding.alias("roster")
_HAS_ROSTER = select(_ROSTER.c.post_id).where(_ROSTER.c.post_id == post.c.post_id, _ROSTER.c.on_duty).exists()
_ON_DUTY = (
    select(*_columns(_STATION_PHONE))
    .select_from(post.outerjoin(holding, _TURN))
    .where(_AMONG, ~post.c.retired, _HAS_ROSTER)
)


def list_seats(uow: UnitOfWork, paths: Iterable[str], duties: Collection[Duty]) -> list[Seat]:
    """The posts with these duties that answer for the paths, narrowest place first, vacant ones among them.

    A post appears once for each person who may act in it: its stand-in of today before its holder.
    """
    lines = sorted({prefix for path in paths for prefix in prefixes(path)})
    return _seats(uow, _ON_LINES, paths=lines, duties=sorted(duty.value for duty in duties))


def list_seats_held(uow: UnitOfWork, subjects: Collection[str]) -> list[Seat]:
    """The posts that these people hold now, or stand in for, narrowest first."""
    if not subjects:
        return []
    return [seat for seat in _seats(uow, _HELD_BY, subjects=list(subjects)) if seat.subject in subjects]


def find_seat(uow: UnitOfWork, post_id: UUID) -> Seat | None:
    """The post with who answers in it now."""
    return next(iter(_seats(uow, _THESE, posts=[post_id])), None)


def list_seats_of(uow: UnitOfWork, post_ids: Collection[UUID]) -> dict[UUID, Seat]:
    """Several posts at once, each with who answers in it now."""
    seats: dict[UUID, Seat] = {}
    for seat in _seats(uow, _THESE, posts=list(post_ids)):
        seats.setdefault(seat.post_id, seat)
    return seats


def list_on_duty(uow: UnitOfWork, post_ids: Collection[UUID]) -> dict[UUID, Seat]:
    """Of these posts those that have a duty roster, each with who is on duty now; vacant: nobody is."""
    return {seat.post_id: seat for seat in _seats(uow, _ON_DUTY, posts=list(post_ids))} if post_ids else {}


@dataclass(frozen=True)
class Rostered:
    """A post that has a duty roster, with its turns that are not over. ``left``: who holds no post any more when their
    turn comes, which is left out.
    """

    post_id: UUID
    code: str
    title: str
    place_id: UUID
    path: str
    turns: Sequence[tuple[datetime, datetime]]
    left: Sequence[str] = ()


_UNTIL = bindparam("until", type_=DateTime(timezone=True))


def _of_turns(what: ColumnElement[Any], *which: ColumnElement[bool]) -> ColumnElement[Any]:
    """Of those that are not over."""
    ahead = (holding.c.on_duty, holding.c.until > _NOW, holding.c.since < _UNTIL)
    found = select(what).where(holding.c.post_id == post.c.post_id, *ahead, *which)
    return found.correlate(post).scalar_subquery()


_SPANS = func.jsonb_agg(func.jsonb_build_array(holding.c.since, holding.c.until))
_ROSTERED = (
    select(
        *(post.c[name] for name in ("post_id", "code", "title", "place_id", "path")),
        _of_turns(_SPANS, _IS_THERE).label("turns"),
        _of_turns(func.jsonb_agg(holding.c.subject.distinct()), ~_IS_THERE).label("left"),
    )
    .where(post.c.post_id.in_(select(holding.c.post_id).where(holding.c.on_duty)), ~post.c.retired)
    .order_by(post.c.path, post.c.post_id)
)


def list_rostered(
    uow: UnitOfWork, paths: Sequence[str], *, until: datetime, after_key: Sequence[Any] | None, limit: int
) -> list[Rostered]:
    """At these places and below, with the turns that begin before ``until``."""
    statement = _ROSTERED.where(within(post.c.path, *paths)).limit(limit)
    if after_key is not None:
        statement = statement.where(tuple_(post.c.path, post.c.post_id) > tuple(after_key))
    rows = uow.execute(statement, {"now": uow.now, "until": until})
    return [_rostered(row._asdict()) for row in rows]


def _rostered(told: Mapping[str, Any]) -> Rostered:
    return Rostered(**{**told, "turns": [_span(turn) for turn in told["turns"] or ()], "left": told["left"] or ()})


def _span(turn: Sequence[str]) -> tuple[datetime, datetime]:
    since, until = map(datetime.fromisoformat, turn)
    return since, until


def is_held(post_id: Column[UUID]) -> ColumnElement[bool]:
    """Whether somebody acts in the post now, and not on duty alone, in a statement that takes ``now``."""
    held = select(holding.c.post_id).where(holding.c.post_id == post_id, ~holding.c.on_duty, in_term(holding))
    return held.correlate(post_id.table).exists()


def seat_column(post_id: Column[UUID]) -> ColumnElement[Any]:
    """``find_seat`` as a column of a statement that has a post's id and takes ``now``; for ``seat_of``."""
    found = _SEATS.where(post.c.post_id == post_id).order_by(*_NEWEST).limit(1).correlate(post_id.table)
    return (
        select(func.to_jsonb(literal_column("seat"), type_=JSONB)).select_from(found.subquery("seat")).scalar_subquery()
    )


def seat_of(told: Mapping[str, Any] | None) -> Seat | None:
    if told is None:
        return None
    ids = {
        name: UUID(told[name]) if told[name] else None for name in ("post_id", "place_id", "office_id", "contact_id")
    }
    return _seat({**told, **ids})


def choose(seats: Iterable[Seat], duty: Duty, *, never: Collection[str] = ()) -> Seat | None:
    """Who answers for the duty on this line, by the rule that grid answers by."""
    return answer(seats, duty, never=never).seat


def _seats(uow: UnitOfWork, statement: Select[Any], **which: list[Any]) -> list[Seat]:
    return [_seat(dict(row._mapping)) for row in uow.execute(statement, {"now": uow.now, **which})]


def _seat(told: Mapping[str, Any]) -> Seat:
    return Seat(
        **{
            **told,
            "duty": Duty(told["duty"]),
            "matters": tuple(told["matters"]),
            "stand_in": bool(told["stand_in"]),
        }
    )
