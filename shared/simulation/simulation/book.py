"""What those who live in the city know of it: who acts in which post now, and where each case lies."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from contracts.grid import Duty, Holding, PlaceChangedV1, PostChangedV1
from contracts.routing import CaseFact


@dataclass
class Life:
    """A case as its people see it. ``sleeps``: whoever holds it does nothing until they are pressed to; ``wrong``: it
    was sorted wrongly, and they will say so.
    """

    case_id: UUID
    chance: Random
    path: str
    sleeps: bool
    wrong: bool
    post_id: UUID | None = None
    """With whom it lies, or who is to look at it where it waits."""
    rest: timedelta = timedelta(hours=2)
    """How long whoever holds it lets it rest between two looks."""
    is_open: bool = True


@dataclass
class Book:
    posts: dict[UUID, PostChangedV1] = field(default_factory=dict)
    places: dict[UUID, PlaceChangedV1] = field(default_factory=dict)
    lives: dict[UUID, Life] = field(default_factory=dict)

    def acting(self, post_id: UUID | None, now: datetime) -> str | None:
        """Who acts in it: the stand-in before the holder."""
        post = self.posts.get(post_id) if post_id else None
        if post is None or post.retired:
            return None
        found = (each.subject for each in (*post.stand_ins, *post.holders) if _covers(each, now))
        return next(found, None)

    def communities(self) -> list[PlaceChangedV1]:
        return sorted((each for each in self.places.values() if each.tier == "community"), key=lambda each: each.code)

    def below(self, path: str) -> list[PlaceChangedV1]:
        return sorted((each for each in self.places.values() if each.path.startswith(path)), key=lambda each: each.code)

    def on_line(self, path: str, duty: Duty | None = None) -> Iterator[PostChangedV1]:
        """Posts that answer for the path, the narrowest first."""
        found = (post for post in self.posts.values() if path.startswith(post.path) and duty in (None, post.duty))
        yield from sorted(found, key=lambda post: (-len(post.path), post.code))

    def at(self, path: str, duty: Duty) -> PostChangedV1 | None:
        return next((post for post in self.on_line(path, duty) if post.office_id is None), None)

    def tier_of(self, post_id: UUID | None) -> str | None:
        post = self.posts.get(post_id) if post_id else None
        return self.places[post.place_id].tier if post else None

    def life_of(self, fact: CaseFact, seed: int, number: int | None) -> Life:
        if fact.case_id not in self.lives:
            chance = Random(f"{seed} case {number if number is not None else fact.number}")  # noqa: S311  # no secret
            sleeps, wrong = chance.random() < SLEEPS, chance.random() < WRONG
            self.lives[fact.case_id] = Life(fact.case_id, chance, fact.placed_path, sleeps, wrong)
        return self.lives[fact.case_id]


#: Of all cases, those that are left lying, and those that were sorted wrongly.
SLEEPS, WRONG = 0.015, 0.05


def _covers(term: Holding, now: datetime) -> bool:
    return term.since <= now and (term.until is None or now < term.until)
