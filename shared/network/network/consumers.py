"""Keeps the copy: snapshots, applied by version, so that it can be rebuilt at any time."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from contracts.grid import Holding, PlaceChangedV1, PostChangedV1
from kit.db import UnitOfWork
from kit.kafka import consumes
from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from network.models import holding, place, post

#: Told of a place whose path has changed: (uow, place_id, new path). The service moves its own rows.
Moved = Callable[[UnitOfWork, UUID, str], None]


def handlers(*, moved: Moved) -> Sequence[Callable[..., None]]:
    @consumes(PlaceChangedV1, snapshot=True)
    def copy_place(uow: UnitOfWork, event: PlaceChangedV1, *, version: int) -> None:
        before = uow.execute(select(place.c.path).where(place.c.place_id == event.place_id)).scalar_one_or_none()
        if _put_place(uow, event, version) and before is not None and before != event.path:
            moved(uow, event.place_id, event.path)

    return (copy_place, copy_post)


@consumes(PostChangedV1, snapshot=True)
def copy_post(uow: UnitOfWork, event: PostChangedV1, *, version: int) -> None:
    facts = event.model_dump(exclude={"version", "holders", "stand_ins"})
    row = {**facts, "duty": event.duty.value, "version": version}
    put = upsert(post).values(row)
    statement = put.on_conflict_do_update(
        index_elements=[post.c.post_id], set_=row, where=post.c.version <= version
    ).returning(post.c.post_id)
    if uow.execute(statement).first() is None:
        return
    uow.execute(delete(holding).where(holding.c.post_id == event.post_id))
    rows = [_holding_row(event.post_id, h, stand_in=False) for h in event.holders]
    rows += [_holding_row(event.post_id, h, stand_in=True) for h in event.stand_ins]
    if rows:
        uow.execute(insert(holding), rows)


def _put_place(uow: UnitOfWork, event: PlaceChangedV1, version: int) -> bool:
    row = {**event.model_dump(exclude={"version"}), "version": version, "changed_at": uow.now}
    row["state"] = event.state.value
    put = upsert(place).values(row)
    statement = put.on_conflict_do_update(
        index_elements=[place.c.place_id], set_=row, where=place.c.version <= version
    ).returning(place.c.place_id)
    return uow.execute(statement).first() is not None


def _holding_row(post_id: UUID, item: Holding, *, stand_in: bool) -> dict[str, Any]:
    return {**item.model_dump(), "post_id": post_id, "stand_in": stand_in}
