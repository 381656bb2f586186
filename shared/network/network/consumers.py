"""Keeps the copy: snapshots, applied by version, so that it can be rebuilt at any time."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from contracts.grid import Holding, PlaceChangedV1, PostChangedV1
from kit.db import UnitOfWork
from kit.kafka import consumes
from sqlalchemy import Table, delete, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from network.models import holding, place, post
from network.places import begin_moves, list_paths

#: Told of a place whose path has changed: (uow, place_id, new path). The service moves its own rows.
Moved = Callable[[UnitOfWork, UUID, str], None]

#: Told of posts as they are now: (uow, their last states).
PostsChanged = Callable[[UnitOfWork, Sequence[PostChangedV1]], None]

E = TypeVar("E", PlaceChangedV1, PostChangedV1)


def handlers(*, moved: Moved, posts_changed: PostsChanged | None = None) -> Sequence[Callable[..., None]]:
    @consumes(PlaceChangedV1, snapshot=True, set_wise=True)
    def copy_places(uow: UnitOfWork, events: Sequence[PlaceChangedV1], *, versions: Sequence[int]) -> None:
        newest = _newest(events, versions)
        before = list_paths(uow, [event.place_id for event, _ in newest])
        if any(before.get(event.place_id, event.path) != event.path for event, _ in newest):
            begin_moves(uow)
        changed = _put(uow, place, [_place_row(uow, event, version) for event, version in newest])
        for event, _ in newest:
            if event.place_id in changed and before.get(event.place_id, event.path) != event.path:
                moved(uow, event.place_id, event.path)

    @consumes(PostChangedV1, snapshot=True, set_wise=True)
    def keep_posts(uow: UnitOfWork, events: Sequence[PostChangedV1], *, versions: Sequence[int]) -> None:
        taken = copy_posts(uow, events, versions=versions)
        if posts_changed is not None:
            posts_changed(uow, taken)

    return (copy_places, keep_posts)


def copy_posts(uow: UnitOfWork, events: Sequence[PostChangedV1], *, versions: Sequence[int]) -> Sequence[PostChangedV1]:
    """Those that were not older than what is known."""
    newest = _newest(events, versions)
    changed = _put(uow, post, [_post_row(event, version) for event, version in newest])
    uow.execute(delete(holding).where(holding.c.post_id.in_(changed)))
    if rows := [row for event, _ in newest if event.post_id in changed for row in _holding_rows(event)]:
        uow.execute(insert(holding), rows)
    return [event for event, _ in newest if event.post_id in changed]


def _newest(events: Iterable[E], versions: Iterable[int]) -> list[tuple[E, int]]:
    """Each subject's last state: one statement cannot write a row twice."""
    found: dict[str, tuple[E, int]] = {}
    for event, version in zip(events, versions, strict=True):
        if event.key not in found or found[event.key][1] <= version:
            found[event.key] = (event, version)
    return list(found.values())


def _put(uow: UnitOfWork, table: Table, rows: list[dict[str, Any]]) -> set[UUID]:
    """Those that were not older than what is known; a state that is known already heals a damaged copy."""
    [key] = table.primary_key.columns
    put = upsert(table)
    statement = put.on_conflict_do_update(
        index_elements=[key],
        set_={column.name: put.excluded[column.name] for column in table.c if column is not key},
        where=table.c.version <= put.excluded.version,
    )
    return set(uow.execute(statement.returning(key), rows).scalars())


def _place_row(uow: UnitOfWork, event: PlaceChangedV1, version: int) -> dict[str, Any]:
    facts = event.model_dump(exclude={"version"})
    return {**facts, "state": event.state.value, "version": version, "changed_at": uow.now}


def _post_row(event: PostChangedV1, version: int) -> dict[str, Any]:
    facts = event.model_dump(exclude={"version", "holders", "stand_ins", "on_duty"})
    return {**facts, "duty": event.duty.value, "version": version}


def _holding_rows(event: PostChangedV1) -> list[dict[str, Any]]:
    """Whoever is on duty acts as a stand-in does; one who is that too from the same instant on needs no turn."""
    held = [_holding_row(event.post_id, item, stand_in=False) for item in event.holders]
    held += [_holding_row(event.post_id, item, stand_in=True) for item in event.stand_ins]
    there = {(item.subject, item.since) for item in event.stand_ins}
    turns = (item for item in event.on_duty if (item.subject, item.since) not in there)
    return held + [_holding_row(event.post_id, item, stand_in=True, on_duty=True) for item in turns]


def _holding_row(post_id: UUID, item: Holding, *, stand_in: bool, on_duty: bool = False) -> dict[str, Any]:
    return {**item.model_dump(), "post_id": post_id, "stand_in": stand_in, "on_duty": on_duty}
