"""Duty rosters ahead: when nobody will be on duty, known before it happens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.spans import Span, left_of
from kit.auth import OPERATOR
from kit.db import UnitOfWork
from kit.paging import Page, Sheet
from network import posts
from network.posts import Rostered

from routing.domain.rules import EVERYWHERE
from routing.repository import network, policy
from routing.service.reading import paths_of

AHEAD = timedelta(days=14)


@dataclass(frozen=True)
class RosterAhead:
    """A post that has a duty roster, and when nobody is on duty though its station is closed."""

    post: Rostered
    gaps: Sequence[Span]


def list_rosters(uow: UnitOfWork, page: Page, *, place_id: UUID | None = None) -> Sheet[RosterAhead]:
    """At a place and below it, by place. The turns themselves are the grid's to show."""
    paths = [EVERYWHERE] if place_id is None and OPERATOR in uow.person.roles else paths_of(uow, place_id)
    position = page.after(str, UUID)
    found = posts.list_rostered(uow, paths, until=uow.now + AHEAD, after_key=position, limit=page.fetch)
    ahead = [RosterAhead(post, gaps) for post, gaps in zip(found, _gaps(uow, found), strict=True)]
    return page.sheet(ahead, position=lambda each: (each.post.path, each.post.post_id))


def _gaps(uow: UnitOfWork, found: Sequence[Rostered]) -> Iterator[list[Span]]:
    """By the city's clock."""
    known = network.get_network(uow, {post.path for post in found}, [])
    calendar, zone = policy.get_calendar(uow), ZoneInfo(policy.get_zone(uow))
    ahead = (uow.now, uow.now + AHEAD)
    for post in found:
        openings = calendar.openings(*ahead, known.station_hours(post.path, calendar), zone)
        left = left_of(ahead, [*post.turns, *openings])
        yield [(since.astimezone(zone), until.astimezone(zone)) for since, until in left]
