"""Posts, their holders and terms; who answers; who a signed-in person is."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.grid import Duty
from kit.db import UnitOfWork, within
from sqlalchemy import (
    Row,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from grid.domain.posts import Holder, Holding, Post, Seat
from grid.errors import ChangedMeanwhile, HolderNotFound, PostNotFound
from grid.models import holder, holding, office, place, post

_POST = [
    post.c.id,
    post.c.version,
    post.c.code,
    post.c.title,
    post.c.duty,
    post.c.place_id,
    place.c.path,
    post.c.office_id,
    office.c.matters,
    post.c.phone,
    post.c.retired,
]
_FROM = post.join(place, place.c.id == post.c.place_id).outerjoin(office, office.c.id == post.c.office_id)
_HOLDING = [
    holding.c.id,
    holding.c.post_id,
    holding.c.holder_id,
    holder.c.subject,
    holder.c.name,
    holding.c.stand_in,
    holding.c.since,
    holding.c.until,
    holding.c.on_duty,
]
_HOLDER = [holder.c[name] for name in Holder.__dataclass_fields__]


def get_post(uow: UnitOfWork, post_id: UUID) -> Post:
    found = list_posts_where(uow, post.c.id == post_id)
    if not found:
        raise PostNotFound(post_id)
    return found[0]


def get_for_change(uow: UnitOfWork, post_id: UUID, *, version: int) -> Post:
    uow.execute(select(post.c.id).where(post.c.id == post_id).with_for_update())
    found = get_post(uow, post_id)
    if found.version != version:
        raise ChangedMeanwhile("post", found.version)
    return found


def lock_by_code(uow: UnitOfWork, codes: Collection[str]) -> dict[str, Post]:
    """Several at once, locked in one order."""
    among = post.c.code == any_(bindparam("codes", list(codes), ARRAY(Text)))
    uow.execute(select(post.c.id).where(among).order_by(post.c.id).with_for_update())
    return {item.code: item for item in list_posts_where(uow, among)}


def list_posts_where(uow: UnitOfWork, *which: Any, limit: int | None = None) -> list[Post]:
    rows = uow.execute(select(*_POST).select_from(_FROM).where(*which).order_by(post.c.code).limit(limit)).all()
    held = _holdings(uow, [row.id for row in rows])
    return [_post(row, held.get(row.id, ())) for row in rows]


def list_posts(
    uow: UnitOfWork,
    *,
    limit: int,
    now: datetime,
    behind: str | None = None,
    under: str | None = None,
    duty: Duty | None = None,
    office_id: UUID | None = None,
    subject: str | None = None,
    vacant: bool = False,
) -> list[Post]:
    """By code, ``behind`` being the last code of the page before. ``vacant``: with nobody acting in it now."""
    which: list[Any] = [~post.c.retired]
    if behind is not None:
        which.append(post.c.code > behind)
    if under is not None:
        which += [within(place.c.path, under)]
    if duty is not None:
        which.append(post.c.duty == duty.value)
    if office_id is not None:
        which.append(post.c.office_id == office_id)
    if subject is not None:
        mine = select(holding.c.post_id).join(holder, holder.c.id == holding.c.holder_id)
        which.append(post.c.id.in_(mine.where(holder.c.subject == subject, _covers(now))))
    if vacant:
        which.append(~exists().where(holding.c.post_id == post.c.id, ~holding.c.on_duty, _covers(now)))
    return list_posts_where(uow, *which, limit=limit)


def list_posts_at(uow: UnitOfWork, place_ids: Collection[UUID]) -> list[Post]:
    return list_posts_where(uow, post.c.place_id == any_(bindparam("places", list(place_ids), ARRAY(Uuid))))


def list_posts_of_offices(uow: UnitOfWork, office_ids: Collection[UUID]) -> list[Post]:
    return list_posts_where(uow, post.c.office_id == any_(bindparam("offices", list(office_ids), ARRAY(Uuid))))


def insert_posts(uow: UnitOfWork, posts: Sequence[Post]) -> None:
    if posts:
        uow.execute(insert(post), [_row(item) for item in posts])


def update_posts(uow: UnitOfWork, posts: Sequence[Post]) -> None:
    """The posts themselves; their terms by ``put_holdings``."""
    if not posts:
        return
    names = ["version", "title", "duty", "place_id", "office_id", "phone", "retired"]
    statement = update(post).where(post.c.id == bindparam("b_id"))
    statement = statement.values({name: bindparam(f"b_{name}") for name in names})
    uow.execute(statement, [{f"b_{name}": value for name, value in _row(item).items()} for item in posts])


def put_holdings(uow: UnitOfWork, before: Iterable[Post], changed: Sequence[Post]) -> None:
    """Write what differs between the terms of the posts before and now."""
    old = {term.id: term for item in before for term in item.holdings}
    new = {term.id: term for item in changed for term in item.holdings}
    gone = [term_id for term_id in old if term_id not in new]
    if gone:
        uow.execute(delete(holding).where(holding.c.id.in_(gone)))
    ended = [{"b_id": t.id, "b_until": t.until} for t in new.values() if t.id in old and old[t.id].until != t.until]
    if ended:
        statement = update(holding).where(holding.c.id == bindparam("b_id")).values(until=bindparam("b_until"))
        uow.execute(statement, ended)
    begun = [_holding_row(term) for term_id, term in new.items() if term_id not in old]
    if begun:
        uow.execute(insert(holding), begun)


def holders_of(uow: UnitOfWork, subjects: Collection[str]) -> dict[str, Holder]:
    among = holder.c.subject == any_(bindparam("subjects", list(subjects), ARRAY(Text)))
    rows = uow.execute(select(*_HOLDER).where(among).order_by(holder.c.id).with_for_update())
    return {row.subject: Holder(**row._mapping) for row in rows}


def list_acting(uow: UnitOfWork, subjects: Collection[str]) -> set[str]:
    """Those of them who hold a post now, or stand in in one."""
    statement = select(holder.c.subject).join(holding, holding.c.holder_id == holder.c.id)
    among = holder.c.subject == any_(bindparam("subjects", list(subjects), ARRAY(Text)))
    return set(uow.execute(statement.where(among, ~holding.c.on_duty, _covers(uow.now))).scalars())


def get_holder(uow: UnitOfWork, subject: str) -> Holder:
    found = holders_of(uow, [subject]).get(subject)
    if found is None:
        raise HolderNotFound
    return found


def insert_holders(uow: UnitOfWork, holders: Sequence[Holder]) -> None:
    if holders:
        uow.execute(insert(holder), [_holder_row(item) for item in holders])


def update_holders(uow: UnitOfWork, holders: Sequence[Holder]) -> None:
    if not holders:
        return
    names = [name for name in Holder.__dataclass_fields__ if name != "id"]
    statement = update(holder).where(holder.c.id == bindparam("b_id"))
    statement = statement.values({name: bindparam(f"b_{name}") for name in names})
    uow.execute(statement, [{f"b_{name}": value for name, value in _holder_row(item).items()} for item in holders])


def list_posts_of_holders(uow: UnitOfWork, holder_ids: Collection[UUID]) -> list[Post]:
    held = select(holding.c.post_id).where(holding.c.holder_id.in_(list(holder_ids)))
    return list_posts_where(uow, post.c.id.in_(held))


def list_seats(uow: UnitOfWork, place_id: UUID, duties: Collection[Duty]) -> list[Seat]:
    """The posts with these duties from the place up to its root, with who acts in each now: one query.

    A vacant post is among them. A stand-in comes before the holder of the same post.
    """
    target = place.alias("target")
    line = func.string_to_array(func.trim(target.c.path, "/"), "/").cast(ARRAY(Uuid))
    statement = (
        select(
            post.c.id.label("post_id"),
            post.c.code,
            post.c.title,
            post.c.duty,
            post.c.place_id,
            place.c.path,
            post.c.office_id,
            post.c.phone,
            holder.c.subject,
            holder.c.name,
            func.coalesce(holding.c.stand_in, False).label("stand_in"),
        )
        .select_from(
            target.join(place, place.c.id == any_(line))
            .join(post, and_(post.c.place_id == place.c.id, ~post.c.retired))
            .outerjoin(holding, and_(holding.c.post_id == post.c.id, ~holding.c.on_duty, _covers(uow.now)))
            .outerjoin(holder, holder.c.id == holding.c.holder_id)
        )
        .where(target.c.id == place_id, post.c.duty.in_([duty.value for duty in duties]))
        .order_by(place.c.depth.desc(), post.c.code, func.coalesce(holding.c.stand_in, False).desc())
    )
    return [Seat(**{**row._mapping, "duty": Duty(row.duty)}) for row in uow.execute(statement)]


#: Who a signed-in person is, for kit.http.People: the posts that they hold at this instant, or stand in for. A turn of
#: a duty roster is nobody's who holds no post.
HELD_POSTS = """(
    select jsonb_agg(
        jsonb_build_object('post_id', p.id, 'duty', p.duty, 'title', p.title, 'place_id', p.place_id,
            'path', at.path, 'office_id', p.office_id, 'stand_in', h.stand_in)
        order by at.path, p.id
    )
    from holder as who join holding as h on h.holder_id = who.id
        join post as p on p.id = h.post_id and not p.retired join place as at on at.id = p.place_id
    where who.subject = :subject and h.since <= :now and (h.until is null or h.until > :now)
        and (not h.on_duty or exists (
            select from holding as own where own.holder_id = who.id and not own.on_duty
                and own.since <= :now and (own.until is null or own.until > :now)
        ))
)"""


def _covers(moment: datetime) -> Any:
    return and_(holding.c.since <= moment, or_(holding.c.until.is_(None), holding.c.until > moment))


def _holdings(uow: UnitOfWork, post_ids: list[UUID]) -> dict[UUID, tuple[Holding, ...]]:
    if not post_ids:
        return {}
    statement = (
        select(*_HOLDING)
        .join(holder, holder.c.id == holding.c.holder_id)
        .where(holding.c.post_id == any_(bindparam("posts", post_ids, ARRAY(Uuid))))
        .order_by(holding.c.since, holding.c.id)
    )
    held: dict[UUID, tuple[Holding, ...]] = {}
    for row in uow.execute(statement):
        held[row.post_id] = (*held.get(row.post_id, ()), Holding(**row._mapping))
    return held


def _post(row: Row[Any], held: tuple[Holding, ...]) -> Post:
    facts = dict(row._mapping)
    facts |= {"duty": Duty(facts["duty"]), "matters": tuple(facts["matters"] or ())}
    return Post(**facts, holdings=held)


def _row(item: Post) -> dict[str, Any]:
    return {
        "id": item.id,
        "version": item.version,
        "code": item.code,
        "title": item.title,
        "duty": item.duty.value,
        "place_id": item.place_id,
        "office_id": item.office_id,
        "phone": item.phone,
        "retired": item.retired,
    }


def _holding_row(item: Holding) -> dict[str, Any]:
    return {
        "id": item.id,
        "post_id": item.post_id,
        "holder_id": item.holder_id,
        "stand_in": item.stand_in,
        "since": item.since,
        "until": item.until,
        "on_duty": item.on_duty,
    }


def _holder_row(item: Holder) -> dict[str, Any]:
    return {name: getattr(item, name) for name in Holder.__dataclass_fields__}
