"""A year, or as many days as are asked for, beat by beat: nothing is waited for, and what is idle is passed over.

A beat is an instant at which the platform works: what people have done since the last is carried, what has fallen due
is swept, what is owed is sent. There is one when a deadline has just passed, so that it fires on its instant; what else
clocks do (looking for vacant posts, counting again by another calendar, adding up figures) waits for the half hour.
"""

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from contracts.envelope import Event
from contracts.grid import PlaceChangedV1, PostChangedV1
from contracts.routing import CaseAnsweredV1, CaseFact
from contracts.topics import TOPICS
from kit.db import UnitOfWork
from kit.kafka.record import Record
from routing.domain.figures import Line, Period
from routing.domain.promise import day_of
from routing.repository import figures, policy
from sqlalchemy import text

from simulation.agenda import Agenda
from simulation.book import Book
from simulation.carrier import Carrier
from simulation.city import ZONE, City
from simulation.days import ONE_DAY, Days, midnight_of
from simulation.happenings import Happenings
from simulation.residents import Residents
from simulation.staff import Staff
from simulation.terms import Terms

#: What people do is carried this often; closing times lie on a beat.
BEAT = timedelta(minutes=30)
#: So long after a deadline it is looked for: the clock's own period is two seconds.
AFTER_DUE = timedelta(seconds=1)

#: How long an outage is, and after how many days it comes: fewer where the whole is shorter than a month.
OUTAGE, OUT_AFTER = 3 * ONE_DAY, 12

_NEXT_DUE = text("""
select least(
    (select min(due_at) from deadline where state = 'open'),
    (select min(warn_at) from deadline where state = 'open' and warn_at is not null),
    (select min(due_at) from supervision where settled_at is null and lapsed_at is null)
)
""")
_OPEN = text("select count(*) from cases where state <> 'closed'")
_PROMISES = text("""
select 'rules ' || rule_version || ', calendar ' || calendar_version as versions, count(*) as promises
from deadline where kind = 'promise' group by 1
""")
_LATE = text("select count(*) from deadline where state = 'breached'")

#: What those who live in the city hear.
_HEARD = (CaseFact.TOPIC, PlaceChangedV1.TOPIC, PostChangedV1.TOPIC)
_EVENTS: dict[str, type[Event]] = {event.TYPE: event for topic in _HEARD for event in TOPICS[topic].events}


@dataclass(frozen=True)
class Asked:
    """How long, how many, and from which seed. ``a_day``: the fewest appeals of a day."""

    start: date
    days: int
    communities: int
    a_day: int
    seed: int

    @property
    def ends(self) -> datetime:
        return midnight_of(self.start + self.days * ONE_DAY)

    @property
    def outage(self) -> tuple[datetime, datetime]:
        """Three days in which nothing is carried, swept or sent."""
        day = self.start + min(OUT_AFTER, self.days * 2 // 5) * ONE_DAY
        begins = midnight_of(day) + timedelta(hours=10, minutes=7)
        return begins, begins + OUTAGE

    def is_out(self, moment: datetime) -> bool:
        begins, ends = self.outage
        return begins <= moment < ends


class Year:
    def __init__(self, city: City, asked: Asked, *, say: Callable[[str], None]) -> None:
        self.city = city
        self.asked = asked
        self.book = Book()
        self.happened: Counter[str] = Counter()
        self.promised: Counter[str] = Counter()
        """By the versions that promises were counted by; what was moved or put right was promised anew."""
        self.figures = Line(None, {})
        """Of the whole city and time."""
        self._say = say
        self._began = time.monotonic()
        self._agenda = Agenda()
        self._carrier = Carrier(city, Random(f"{asked.seed} carrier"), hear=self._hear)  # noqa: S311  # no secret

    async def live(self) -> None:
        await self.city.keep_days()
        await self._carrier.carry()
        await self.city.refresh()
        await self._settle_in()
        for nth in range(self.asked.days):
            await self._live_day(self.asked.start + nth * ONE_DAY)
            if nth % 7 == 6 or nth == self.asked.days - 1:
                await self._tell_progress()
        self.city.clock.set(self.asked.ends)
        await self._work(self.city.sweep)
        self.promised = await self.city.audit("routing", _count_promises)
        (self.figures,) = await self.city.audit("routing", partial(figures.sum_up, paths=["/"], period=self._period))

    @property
    def _period(self) -> Period:
        return Period(self.asked.start, day_of(self.asked.ends, zone=ZONE.key))

    async def _settle_in(self) -> None:
        seed = self.asked.seed
        calendar = await self.city.database("routing", "api").run_everywhere(policy.get_calendar)
        self.days = Days(calendar)
        self.staff = Staff(self.city, self._agenda, self.book, self.days, seed=seed)
        self.residents = Residents(self.city, self._agenda, self.book, seed=seed, a_day=self.asked.a_day)
        self.terms = Terms(self.city, self._agenda, self.book, self.staff, seed=seed)
        self.happenings = Happenings(self.city, self._agenda, self.days)

    async def _live_day(self, day: date) -> None:
        self.city.clock.set(max(self.city.now, midnight_of(day)))
        await self.city.keep_days()
        self.residents.plan_day(day)
        self.happenings.plan_day(day)
        if day.weekday() == 0:
            await self.city.reconnect()
            self.staff.plan_rounds(midnight_of(day) + timedelta(hours=9))
            self.terms.plan_week(day)
        while (at := await self._next_beat(midnight_of(day + ONE_DAY))) is not None:
            await self._beat(at)

    async def _next_beat(self, end: datetime) -> datetime | None:
        """When somebody does something, rounded up to a beat, or a deadline has passed; and when an outage ends."""
        moments = [up_to_beat(self._agenda.next_at)] if self._agenda.next_at else []
        _, out_until = self.asked.outage
        if self.city.now < out_until:
            moments.append(out_until)
        if (due := await self._next_due()) is not None:
            fires = max(due + AFTER_DUE, self.city.now)
            moments.append(out_until if self.asked.is_out(fires) else fires)
        at = min(moments, default=end)
        return at if at < end else None

    async def _next_due(self) -> datetime | None:
        return await self.city.audit("routing", lambda uow: uow.execute(_NEXT_DUE).scalar_one())

    async def _beat(self, at: datetime) -> None:
        for planned in self._agenda.until(at):
            self.city.clock.set(max(self.city.now, planned.at))
            await planned.act()
        self.city.clock.set(max(self.city.now, at))
        if not self.asked.is_out(at):
            await self._work(self.city.sweep if at == up_to_beat(at) else self.city.fire)

    async def _work(self, sweep: Callable[[], Awaitable[int]]) -> None:
        """What the platform does by itself, until it rests: a backlog first, then what is due, then what is owed."""
        await self._carrier.carry()
        for work in (sweep, self.city.send):
            while await work():
                await self._carrier.carry()

    def _hear(self, record: Record) -> None:
        type_ = dict(record.headers)["ce_type"] or b""
        kind = _EVENTS.get(type_.decode())
        if kind is None or record.value is None:
            return
        match kind.model_validate_json(record.value):
            case PlaceChangedV1() as place:
                self.book.places[place.place_id] = place
            case PostChangedV1() as post:
                self.book.posts[post.post_id] = post
            case CaseFact() as fact:
                self._hear_of_case(fact)

    def _hear_of_case(self, fact: CaseFact) -> None:
        self.happened[fact.TYPE.removeprefix("routing.case.").removesuffix(".v1")] += 1
        number = next((self.residents.numbers.get(party.appeal_id) for party in fact.parties), None)
        self.staff.hear(self.book.life_of(fact, self.asked.seed, number), fact)
        if isinstance(fact, CaseAnsweredV1):
            self.residents.hear(fact)

    async def _tell_progress(self) -> None:
        opened, late = await self.city.audit("routing", _counts)
        self._say(
            f"{self.city.now:%Y-%m-%d}  appeals {self.residents.filed:>7,}  open {opened:>6,}  breached {late:>6,}"
            f"  {time.monotonic() - self._began:>7.0f} s"
        )

    @property
    def carried(self) -> tuple[int, int]:
        """How many events, and how many of them were taken again."""
        return self._carrier.carried, self._carrier.repeated


def _count_promises(uow: UnitOfWork) -> Counter[str]:
    return Counter({row.versions: row.promises for row in uow.execute(_PROMISES)})


def _counts(uow: UnitOfWork) -> tuple[int, int]:
    return uow.execute(_OPEN).scalar_one(), uow.execute(_LATE).scalar_one()


def up_to_beat(moment: datetime) -> datetime:
    """Up to the next beat."""
    past = timedelta(seconds=moment.timestamp() % BEAT.total_seconds())
    return moment if not past else moment - past + BEAT
