"""Who is away, who stands in, who leaves for good, and who comes in their place."""

from collections import Counter
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID

from contracts.grid import PostChangedV1
from grid.repository import posts as seats
from grid.service import posts
from grid.service.posts import Term
from kit.auth import OPERATOR
from kit.db import UnitOfWork
from kit.errors import ServiceError

from simulation.agenda import Agenda
from simulation.book import Book
from simulation.city import City, Claimant
from simulation.days import ONE_DAY, midnight_of
from simulation.staff import Staff

#: In a week, how many of a hundred go away; and for how many of these somebody stands in.
GO_AWAY, STOOD_IN = 0.02, 0.75
#: In a week, how many posts of a hundred are left for good.
LEFT = 0.004

_OPERATOR = Claimant("operator", frozenset({OPERATOR}))


class Terms:
    def __init__(self, city: City, agenda: Agenda, book: Book, staff: Staff, *, seed: int) -> None:
        self._city = city
        self._agenda = agenda
        self._book = book
        self._staff = staff
        self._seed = seed
        self._came = 0
        self.counted: Counter[str] = Counter()

    def plan_week(self, day: date) -> None:
        chance = Random(f"{self._seed} terms {day}")  # noqa: S311  # no secret
        for subject, held in sorted(self._holders().items()):
            at = midnight_of(day) + timedelta(days=chance.randint(0, 6), hours=chance.uniform(6, 20))
            if chance.random() < GO_AWAY:
                until = at + ONE_DAY * chance.randint(2, 12)
                stands_in = self._stand_in(subject, held, chance) if chance.random() < STOOD_IN else None
                self._agenda.plan(at, partial(self._go_away, subject, held, until, stands_in))
            elif chance.random() < LEFT:
                post = chance.choice(held)
                self._agenda.plan(at, partial(self._leave, post.post_id, subject))
                self._agenda.plan(at + ONE_DAY * chance.randint(4, 25), partial(self._fill, post.post_id))

    def _holders(self) -> dict[str, list[PostChangedV1]]:
        found: dict[str, list[PostChangedV1]] = {}
        for post in sorted(self._book.posts.values(), key=lambda each: each.code):
            if (subject := self._book.acting(post.post_id, self._city.now)) is not None:
                found.setdefault(subject, []).append(post)
        return found

    def _stand_in(self, subject: str, held: list[PostChangedV1], chance: Random) -> str | None:
        """A colleague of the same place."""
        beside = {
            self._book.acting(post.post_id, self._city.now)
            for post in self._book.posts.values()
            if post.place_id == held[0].place_id
        }
        others = sorted(each for each in beside if each not in (None, subject))
        return chance.choice(others) if others else None

    async def _go_away(self, subject: str, held: list[PostChangedV1], until: datetime, stands_in: str | None) -> None:
        if stands_in is None:
            self._staff.away[subject] = until
            self.counted["away, nobody standing in"] += 1
            return
        self.counted["away, a colleague standing in"] += 1
        for post in held:
            await self._change(partial(self._assign, post.post_id, subject=stands_in, until=until, stand_in=True))

    async def _leave(self, post_id: UUID, subject: str) -> None:
        self.counted["left for good"] += 1
        await self._change(partial(_end, post_id, subject=subject))

    async def _fill(self, post_id: UUID) -> None:
        self._came += 1
        self.counted["came anew"] += 1
        await self._change(partial(self._assign, post_id, subject=f"new.{self._came}", until=None, stand_in=False))

    def _assign(self, post_id: UUID, uow: UnitOfWork, *, subject: str, until: datetime | None, stand_in: bool) -> None:
        post = seats.get_post(uow, post_id)
        name = next((each.name for each in seats.holders_of(uow, [subject]).values()), f"新任{self._came}")
        term = Term(subject, name, stand_in=stand_in, until=until)
        posts.assign(uow, post_id, version=post.version, term=term, reach=None, keys=self._city.grid_keys)

    async def _change(self, work: partial[None]) -> None:
        """Somebody may stand in there already, or have left meanwhile."""
        try:
            await self._city.ask("grid", _OPERATOR, work)
        except ServiceError as refusal:
            self._staff.refused[refusal.code] += 1


def _end(post_id: UUID, uow: UnitOfWork, *, subject: str) -> None:
    post = seats.get_post(uow, post_id)
    held = next((each for each in post.holdings if each.subject == subject and each.covers(uow.now)), None)
    if held is not None:
        posts.end_holding(uow, post_id, held.id, version=post.version)
