"""Posts in which nobody acts, and when each is to be looked at: a term begins or ends without a word from grid."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.grid import Duty, PostChangedV1
from kit.db import UnitOfWork, within
from network.models import holding, post
from network.posts import is_held
from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Uuid,
    bindparam,
    delete,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from routing.domain.vacancy import Looked, Waiting
from routing.models import cases, vacancy
from routing.repository.claims import Claim
from routing.repository.queue import SEALED

_FOUND: ColumnElement[bool] = literal_column("vacancy.found_at is not null")
_NOW = bindparam("now", type_=DateTime(timezone=True))


def look_again(uow: UnitOfWork, changed: Sequence[PostChangedV1]) -> None:
    """They are looked at once what they are now has been committed."""
    rows = {event.post_id: {"post_id": event.post_id, "path": event.path, "look_at": uow.now} for event in changed}
    if not rows:
        return
    put = upsert(vacancy)
    asked = {"path": put.excluded.path, "look_at": put.excluded.look_at}
    statement = put.on_conflict_do_update(index_elements=[vacancy.c.post_id], set_=asked)
    uow.execute(statement, [rows[post_id] for post_id in sorted(rows)])


def look_again_below(uow: UnitOfWork, paths: Collection[str]) -> None:
    """At what was found vacant there: somebody else may have to see to it by now."""
    uow.execute(update(vacancy).where(within(vacancy.c.path, *paths), _FOUND).values(look_at=uow.now))


def _soonest(moment: Column[datetime]) -> ColumnElement[Any]:
    found = select(func.min(moment)).where(holding.c.post_id == vacancy.c.post_id, ~holding.c.on_duty, moment > _NOW)
    return found.correlate(vacancy).scalar_subquery()


_DUE = (
    select(
        *(vacancy.c.post_id, vacancy.c.found_at, vacancy.c.dispatcher_post_id, post.c.path, post.c.title),
        ((post.c.duty == Duty.DISPATCHER.value) & post.c.office_id.is_(None)).label("dispatches"),
        (~post.c.retired & is_held(vacancy.c.post_id)).label("held"),
        func.least(_soonest(holding.c.since), _soonest(holding.c.until)).label("next_at"),
    )
    .join(post, post.c.post_id == vacancy.c.post_id)
    .where(vacancy.c.look_at <= _NOW)
    .order_by(vacancy.c.look_at, vacancy.c.post_id)
    .limit(bindparam("most"))
    .with_for_update(of=vacancy, skip_locked=True)
)


def claim_due(uow: UnitOfWork, claim: Claim) -> list[Looked]:
    """Those to be looked at by now, locked; what another looks at is passed over."""
    due = _DUE.where(vacancy.c.post_id.not_in(claim.aside)) if claim.aside else _DUE
    looked = [Looked(**row._mapping) for row in uow.execute(due, {"now": uow.now, "most": claim.limit})]
    claim.taken |= {each.post_id for each in looked}
    return looked


_GONE = delete(vacancy).where(vacancy.c.post_id == bindparam("gone", type_=Uuid))
_LOOKED = (
    update(vacancy)
    .where(vacancy.c.post_id == bindparam("looked", type_=Uuid))
    .values({name: bindparam(f"new_{name}") for name in ("path", "look_at", "found_at", "dispatcher_post_id")})
)


def save_looked(uow: UnitOfWork, looked: Collection[Looked]) -> None:
    """Nothing is kept of a post that somebody acts in for good."""
    kept = [each for each in looked if each.next_at is not None or not each.held]
    if gone := [{"gone": each.post_id} for each in looked if each not in kept]:
        uow.execute(_GONE, gone)
    if kept:
        uow.execute(_LOOKED, [_row(each) for each in kept])


def _row(looked: Looked) -> dict[str, Any]:
    return {
        "looked": looked.post_id,
        "new_path": looked.path,
        "new_look_at": looked.next_at,
        "new_found_at": None if looked.held else looked.found_at,
        "new_dispatcher_post_id": None if looked.held else looked.dispatcher_post_id,
    }


def list_sealed(uow: UnitOfWork, left: Collection[UUID], filled: Collection[str]) -> list[UUID]:
    """Open sealed cases that a post of ``left`` keeps, rules on or reviews; and, at the places of ``filled`` or below,
    those that nobody keeps.
    """
    if not left and not filled:
        return []
    mine = [column.in_(left) for column in (cases.c.keeper_post_id, cases.c.ruler_post_id, cases.c.reviewer_post_id)]
    unkept = or_(cases.c.keeper_post_id.is_(None), ~is_held(cases.c.keeper_post_id))
    there = [within(cases.c.placed_path, *filled) & unkept] if filled else []
    statement = select(cases.c.case_id).where(SEALED, or_(*mine, *there)).order_by(cases.c.case_id)
    return list(uow.execute(statement, {"now": uow.now}).scalars())


_WAITING = text("""
select post.post_id, first.case_id, first.cases
from unnest(cast(:posts as uuid[]), cast(:dispatchers as text[])) as post (post_id, dispatcher)
cross join lateral (
    select case_id, count(*) over () as cases from (
        select case_id, promise_due from cases
        where holder_post_id = post.post_id and state in ('accepted', 'assigned', 'in_progress')
            and post.dispatcher <> all (complained_of || recused)
        union
        select case_id, promise_due from cases
        where holder_post_id = post.post_id and queue is not null
            and post.dispatcher <> all (complained_of || recused)
    ) as waiting order by promise_due, case_id limit 1
) as first
""").columns(post_id=Uuid, case_id=Uuid)


def list_waiting(uow: UnitOfWork, looked: Collection[Looked], dispatchers: Mapping[UUID, str | None]) -> list[Waiting]:
    """With those of these posts that anything lies with, but for what whoever is to be told has an interest in."""
    if not looked:
        return []
    posts = [each.post_id for each in looked]
    asked = {"posts": [str(each) for each in posts], "dispatchers": [dispatchers.get(each) or "" for each in posts]}
    return [Waiting(**row._mapping) for row in uow.execute(_WAITING, asked)]
