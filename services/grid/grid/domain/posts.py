"""Posts, who holds them for what term, who stands in, and who answers for a place."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.grid import Duty

from grid.errors import PostRetired, TermBackwards, TermsOverlap


class OfficeKind(StrEnum):
    BUREAU = "bureau"
    DEPARTMENT = "department"


@dataclass(frozen=True)
class Office:
    """A bureau of the city or a department of a district; ``matters`` are category codes, none: all.

    ``districts`` are the places that it answers in; none: all of its own place.
    """

    id: UUID
    version: int
    code: str
    name: str
    kind: OfficeKind
    place_id: UUID
    matters: tuple[str, ...] = ()
    districts: tuple[UUID, ...] = ()
    phone: str | None = None


@dataclass(frozen=True)
class Holder:
    """A person who holds posts: one for each sign-in name, however many posts. ``id`` is the key on grid.contact."""

    id: UUID
    version: int
    subject: str
    name: str
    wrapped_key: str | None
    reach: str | None
    digest: bytes | None = None


@dataclass(frozen=True)
class Holding:
    """A term in a post, from ``since`` on and before ``until``."""

    id: UUID
    post_id: UUID
    holder_id: UUID
    subject: str
    name: str
    stand_in: bool
    since: datetime
    until: datetime | None = None
    on_duty: bool = False
    """By the duty roster: they stand in for urgent matters alone, while the station is closed."""

    def covers(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)

    def overlaps(self, other: "Holding") -> bool:
        return (self.until is None or other.since < self.until) and (other.until is None or self.since < other.until)

    def is_past(self, moment: datetime) -> bool:
        return self.until is not None and self.until <= moment


@dataclass(frozen=True)
class Post:
    """``path`` and ``matters`` are its place's and its office's."""

    id: UUID
    version: int
    code: str
    title: str
    duty: Duty
    place_id: UUID
    path: str
    office_id: UUID | None = None
    matters: tuple[str, ...] = ()
    phone: str | None = None
    retired: bool = False
    holdings: tuple[Holding, ...] = ()

    def held_by(self, moment: datetime) -> Holding | None:
        """Who acts in the post at that instant: the stand-in before the holder."""
        acting = [holding for holding in self.holdings if holding.covers(moment) and not holding.on_duty]
        return max(acting, key=lambda holding: holding.stand_in, default=None)


def with_holding(post: Post, new: Holding, *, relieves: bool = False) -> Post:
    """The post with one more term. At most one holder, and at most one stand-in, at an instant.

    Who is relieved leaves when the new term begins; who would only come after that is not relieved of anything, and
    stands in the way.
    """
    if post.retired:
        raise PostRetired(post.code)
    if new.until is not None and new.until <= new.since:
        raise TermBackwards
    alike = [old for old in post.holdings if old.stand_in is new.stand_in and not old.on_duty]
    in_the_way = [old for old in alike if old.overlaps(new)]
    for old in in_the_way:
        if not (relieves and old.since < new.since):
            raise TermsOverlap(old.since.isoformat())
    kept = (replace(old, until=new.since) if old in in_the_way else old for old in post.holdings)
    return replace(post, version=post.version + 1, holdings=(*kept, new))


def with_end(post: Post, holding: Holding, until: datetime) -> Post:
    if until <= holding.since:
        raise TermBackwards
    if holding.until is not None and holding.until < until:
        raise TermBackwards
    ended = replace(holding, until=until)
    return replace(
        post,
        version=post.version + 1,
        holdings=tuple(ended if old.id == holding.id else old for old in post.holdings),
    )


def retired_post(post: Post, now: datetime) -> Post:
    """Terms end with the post; those that have not begun never do."""
    kept = [replace(h, until=now) if h.covers(now) else h for h in post.holdings if h.since < now]
    return replace(post, version=post.version + 1, retired=True, holdings=tuple(kept))


@dataclass(frozen=True)
class Seat:
    """A post on the line from a place to its root, with who acts in it now; nobody: ``subject`` is None."""

    post_id: UUID
    code: str
    title: str
    duty: Duty
    place_id: UUID
    path: str
    office_id: UUID | None
    phone: str | None
    subject: str | None = None
    name: str | None = None
    stand_in: bool = False


def published_terms(holdings: Sequence[Holding], now: datetime) -> tuple[Holding, ...]:
    """What others need to know: present and future terms; and of a roster that is over, that there was one."""
    ordered = sorted(holdings, key=lambda h: (h.since, h.id))
    turns = [h for h in ordered if h.on_duty]
    terms = (h for h in ordered if not h.on_duty and not h.is_past(now))
    return (*terms, *([turn for turn in turns if not turn.is_past(now)] or turns[-1:]))
