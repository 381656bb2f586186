"""Who acts while a station is closed: by the duty rosters, for what is urgent, and so runs by the clock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from kit.db import UnitOfWork
from network import posts
from network.posts import Seat

from routing.domain.calendar import Calendar, Hours


@dataclass(frozen=True)
class Rosters:
    """At an instant, by the posts that have a roster: who is on duty; a vacant seat: nobody is."""

    now: datetime
    on_duty: Mapping[UUID, Seat]

    def acting(self, seats: Sequence[Seat]) -> list[Seat]:
        """Whoever is on duty goes before all others in a post. One that has a roster and nobody on duty is vacant, so
        that the next tier's takes it.
        """
        return list(dict.fromkeys(self.on_duty.get(seat.post_id, seat) for seat in seats))


def read_rosters(uow: UnitOfWork, post_ids: Iterable[UUID]) -> Rosters:
    return Rosters(uow.now, posts.list_on_duty(uow, set(post_ids)))


def is_closed(calendar: Calendar, hours: Hours, zone: str, now: datetime) -> bool:
    return not calendar.is_open(now.astimezone(ZoneInfo(zone)), hours)
