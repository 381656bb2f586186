"""Places: a tree of any number of tiers, whose shape and names change while both go on being used."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts.grid import PlaceState

from grid.errors import InsideItself, PlaceClosed, TierTooWide, TooDeep

#: What a path of contracts.envelope.Path holds.
MAX_DEPTH = 20


class PlaceChange(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    RENAMED = "renamed"
    MOVED = "moved"
    MOVED_ALONG = "moved_along"
    RETIRED = "retired"
    MERGED = "merged"
    TOOK_IN = "took_in"


@dataclass(frozen=True)
class Tier:
    """Tiers are data. A place lies within one of a lower rank, so that tiers may be missing but never turned over."""

    name: str
    rank: int
    label_zh: str
    label_en: str


@dataclass(frozen=True)
class Place:
    id: UUID
    version: int
    code: str
    name: str
    tier: str
    parent_id: UUID | None
    path: str
    depth: int
    aliases: tuple[str, ...] = ()
    state: PlaceState = PlaceState.ACTIVE
    merged_into: UUID | None = None
    opening_hours: tuple[dict[str, Any], ...] = ()
    phone: str | None = None

    @property
    def is_active(self) -> bool:
        return self.state is PlaceState.ACTIVE

    def contains(self, other: "Place") -> bool:
        return other.path.startswith(self.path)


@dataclass(frozen=True)
class PlaceEntry:
    """One entry of a place's history; ``facts`` is the place as it was after it."""

    id: UUID
    place_id: UUID
    version: int
    kind: PlaceChange
    at: datetime
    by: str | None
    why: str | None
    facts: dict[str, Any]


def path_of(parent_path: str | None, place_id: UUID) -> str:
    return f"{parent_path or '/'}{place_id.hex}/"


def new_place(place_id: UUID, *, code: str, name: str, tier: Tier, parent: Place | None, parent_tier: Tier | None,
              aliases: Sequence[str] = (), phone: str | None = None,
              opening_hours: Sequence[dict[str, Any]] = ()) -> Place:  # fmt: skip
    if parent is not None and parent_tier is not None:
        check_within(tier, parent, parent_tier)
    return Place(
        id=place_id,
        version=1,
        code=code,
        name=name,
        tier=tier.name,
        parent_id=parent.id if parent else None,
        path=path_of(parent.path if parent else None, place_id),
        depth=parent.depth + 1 if parent else 1,
        aliases=tidy_aliases(name, aliases),
        phone=phone,
        opening_hours=tuple(opening_hours),
    )


def check_within(tier: Tier, parent: Place, parent_tier: Tier) -> None:
    check_active(parent, field="/parent")
    if tier.rank <= parent_tier.rank:
        raise TierTooWide(tier.name, parent_tier.name)
    check_depth(parent.depth + 1)


def check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TooDeep(MAX_DEPTH)


def check_active(place: Place, *, field: str | None = None) -> None:
    if not place.is_active:
        raise PlaceClosed(place.code, place.state.value, field=field)


def tidy_aliases(name: str, aliases: Sequence[str]) -> tuple[str, ...]:
    """Each once, in the order given, without the name itself."""
    return tuple(dict.fromkeys(alias for alias in aliases if alias and alias != name))


def renamed(place: Place, name: str) -> Place:
    """The former name stays an alias: people go on using it."""
    return replace(place, name=name, aliases=tidy_aliases(name, (*place.aliases, place.name)))


def moved(place: Place, parent: Place | None) -> Place:
    """The place under its new parent. What lies below it follows (repository.places.follow)."""
    if parent is not None and place.contains(parent):
        raise InsideItself(place.code)
    path = path_of(parent.path if parent else None, place.id)
    return replace(place, parent_id=parent.id if parent else None, path=path, depth=parent.depth + 1 if parent else 1)


def retired(place: Place) -> Place:
    check_active(place)
    return replace(place, state=PlaceState.RETIRED)


def merged(place: Place, into: Place) -> tuple[Place, Place]:
    """The place as it ends, and the place that took it in, which is now called by its names too."""
    check_active(place)
    check_active(into, field="/into")
    if place.contains(into):
        raise InsideItself(place.code, field="/into")
    names = tidy_aliases(into.name, (*into.aliases, place.name, *place.aliases))
    return replace(place, state=PlaceState.MERGED, merged_into=into.id), replace(into, aliases=names)
