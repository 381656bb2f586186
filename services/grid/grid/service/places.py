"""The tree of places: every change is kept, and every place that it touches is published."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id

from grid import events
from grid.domain import places as rules
from grid.domain import posts as post_rules
from grid.domain.places import Place, PlaceChange, Tier
from grid.errors import CodeTaken, PlaceInUse
from grid.repository import places as tree
from grid.repository import posts as seats
from grid.service.rights import check_operator


@dataclass(frozen=True)
class Change:
    """What a caller wants changed; None leaves as it is."""

    name: str | None = None
    tier: str | None = None
    aliases: Sequence[str] | None = None
    phone: str | None = None
    opening_hours: Sequence[dict[str, Any]] | None = None


def add_tier(uow: UnitOfWork, *, name: str, rank: int, label_zh: str, label_en: str) -> Tier:
    check_operator(uow)
    tree.lock_tree(uow)
    if name in tree.list_tiers(uow):
        raise CodeTaken(name)
    tier = Tier(name, rank, label_zh, label_en)
    tree.add_tier(uow, tier)
    return tier


def add_place(
    uow: UnitOfWork,
    *,
    code: str,
    name: str,
    tier: str,
    parent: str | None,
    aliases: Sequence[str] = (),
    phone: str | None = None,
    opening_hours: Sequence[dict[str, Any]] = (),
) -> Place:
    check_operator(uow)
    tree.lock_tree(uow)
    tiers = tree.list_tiers(uow)
    own = tiers.get(tier) or tree.get_tier(uow, tier)
    if tree.find_by_code(uow, code):
        raise CodeTaken(code)
    above = tree.get_named(uow, parent) if parent else None
    place = rules.new_place(
        new_id(uow.now),
        code=code,
        name=name,
        tier=own,
        parent=above,
        parent_tier=tiers[above.tier] if above else None,
        aliases=aliases,
        phone=phone,
        opening_hours=opening_hours,
    )
    tree.insert_places(uow, [place])
    publish(uow, [place], PlaceChange.CREATED)
    return place


def change_place(uow: UnitOfWork, place_id: UUID, *, version: int, change: Change) -> Place:
    check_operator(uow)
    tree.lock_tree(uow)
    before = tree.get_for_change(uow, place_id, version=version)
    rules.check_active(before)
    after = apply(uow, before, change)
    if after == before:
        return before
    after = replace(after, version=before.version + 1)
    tree.update_places(uow, [after])
    publish(uow, [after], PlaceChange.RENAMED if after.name != before.name else PlaceChange.CHANGED)
    return after


def apply(uow: UnitOfWork, place: Place, change: Change) -> Place:
    if change.name and change.name != place.name:
        place = rules.renamed(place, change.name)
    if change.tier and change.tier != place.tier:
        place = replace(place, tier=_fitting_tier(uow, place, change.tier))
    if change.aliases is not None:
        place = replace(place, aliases=rules.tidy_aliases(place.name, change.aliases))
    if change.phone is not None:
        place = replace(place, phone=change.phone or None)
    if change.opening_hours is not None:
        place = replace(place, opening_hours=tuple(change.opening_hours))
    return place


def move_place(uow: UnitOfWork, place_id: UUID, *, version: int, to: str, why: str | None = None) -> Place:
    check_operator(uow)
    tree.lock_tree(uow)
    before = tree.get_for_change(uow, place_id, version=version)
    rules.check_active(before)
    parent = tree.get_named(uow, to)
    tiers = tree.list_tiers(uow)
    rules.check_within(tiers[before.tier], parent, tiers[parent.tier])
    moved = rules.moved(before, parent)
    if moved.parent_id == before.parent_id:
        return before
    tree.put_parents(uow, {before.id: parent.id})
    return _followed(uow, [before.id], why=why)[before.id]


def retire_place(uow: UnitOfWork, place_id: UUID, *, version: int, why: str | None = None) -> Place:
    check_operator(uow)
    tree.lock_tree(uow)
    before = tree.get_for_change(uow, place_id, version=version)
    if any(child.is_active for child in tree.list_children(uow, before.id)):
        raise PlaceInUse(before.code, "active places below it")
    if tree.households_at(uow, before.path):
        raise PlaceInUse(before.code, "households")
    after = replace(rules.retired(before), version=before.version + 1)
    tree.update_places(uow, [after])
    publish(uow, [after], PlaceChange.RETIRED, why=why)
    _retire_posts(uow, before.id)
    return after


def merge_place(uow: UnitOfWork, place_id: UUID, *, version: int, into: str, why: str | None = None) -> Place:
    """What lies below it, and who lives there, goes over; its posts end; its names become the other's."""
    check_operator(uow)
    tree.lock_tree(uow)
    before = tree.get_for_change(uow, place_id, version=version)
    target = tree.get_named(uow, into)
    ended, took_in = rules.merged(before, target)
    _check_children_fit(uow, before, target)
    ended, took_in = replace(ended, version=before.version + 1), replace(took_in, version=target.version + 1)
    tree.update_places(uow, [ended, took_in])
    publish(uow, [ended], PlaceChange.MERGED, why=why)
    publish(uow, [took_in], PlaceChange.TOOK_IN, why=why)
    _retire_posts(uow, before.id)
    children = [child.id for child in tree.list_children(uow, before.id)]
    if children:
        tree.put_parents(uow, dict.fromkeys(children, target.id))
        _followed(uow, children, why=why)
    tree.rehouse(uow, before.id, target.id)
    return ended


def publish(uow: UnitOfWork, places: Sequence[Place], kind: PlaceChange, *, why: str | None = None) -> None:
    """Keep and publish a change of these places, in their order."""
    tree.record(uow, places, kind, why=why)
    for place in places:
        uow.publish(events.place_changed(place))


def follow(uow: UnitOfWork, moved: set[UUID], starts: Sequence[UUID], *, why: str | None = None) -> list[Place]:
    """Put the paths at and below ``starts`` right; keep and publish each place that moved, and its posts."""
    changed = tree.follow(uow, starts)
    rules.check_depth(max((place.depth for place in changed), default=1))
    publish(uow, [p for p in changed if p.id in moved], PlaceChange.MOVED, why=why)
    publish(uow, [p for p in changed if p.id not in moved], PlaceChange.MOVED_ALONG, why=why)
    posts = seats.list_posts_at(uow, [place.id for place in changed]) if changed else []
    republish(uow, posts)
    return changed


def republish(uow: UnitOfWork, posts: Sequence[post_rules.Post]) -> None:
    """Posts whose place or office has changed, as their next version."""
    raised = [replace(post, version=post.version + 1) for post in posts]
    seats.update_posts(uow, raised)
    for post in raised:
        uow.publish(events.post_changed(post, uow))


def _followed(uow: UnitOfWork, ids: Sequence[UUID], *, why: str | None) -> dict[UUID, Place]:
    return {place.id: place for place in follow(uow, set(ids), ids, why=why)}


def _retire_posts(uow: UnitOfWork, place_id: UUID) -> None:
    before = [post for post in seats.list_posts_at(uow, [place_id]) if not post.retired]
    after = [post_rules.retired_post(post, uow.now) for post in before]
    seats.update_posts(uow, after)
    seats.put_holdings(uow, before, after)
    for post in after:
        uow.publish(events.post_changed(post, uow))


def _fitting_tier(uow: UnitOfWork, place: Place, name: str) -> str:
    """A tier that fits between the place's parent and its children."""
    tier, tiers = tree.get_tier(uow, name), tree.list_tiers(uow)
    if place.parent_id:
        above = tree.get_place(uow, place.parent_id)
        rules.check_within(tier, above, tiers[above.tier])
    for child in tree.list_children(uow, place.id):
        if child.is_active:
            rules.check_within(tiers[child.tier], place, tier)
    return tier.name


def _check_children_fit(uow: UnitOfWork, place: Place, target: Place) -> None:
    tiers = tree.list_tiers(uow)
    for child in tree.list_children(uow, place.id):
        rules.check_within(tiers[child.tier], target, tiers[target.tier])
