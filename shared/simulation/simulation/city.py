"""A city of its own for a simulation: four services over PostgreSQL, on one clock that somebody drives.

What runs here is what runs in a city: the services' use cases, their handlers and their sweepers, each as its own role
and under row-level security. Only HTTP and Kafka are left out.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

from contracts.intake import Means
from grid.demonstrate import MAKER
from grid.demonstration.network import make_network
from grid.keys import Keys as GridKeys
from grid.repository.posts import HELD_POSTS
from grid.service import demonstration
from intake.consumers import HANDLERS as INTAKE_HANDLERS
from intake.repository.sealing import Keys as IntakeKeys
from intake.service.station import Station
from kit import outbox
from kit.auth import EVERYWHERE, Claims
from kit.clock import DrivenClock
from kit.crypto import KeyRing
from kit.db import LONGEST_OF_A_COMMAND, Database, UnitOfWork, enter
from kit.http.people import People
from kit.loop import Loop
from kit.testing.servers import migrate
from local.postgres import Postgres
from network.people import POSTS
from notify import clock as notify_clock
from notify.consumers import handlers as notify_handlers
from notify.providers.sandbox import Sandbox
from notify.service.office import Office
from routing import clock as routing_clock
from routing.consumers import HANDLERS as ROUTING_HANDLERS
from routing.domain.releases import KNOWS
from sqlalchemy import Connection, text

T = TypeVar("T")

SERVICES = ("grid", "intake", "routing", "notify")
ZONE = ZoneInfo("Asia/Shanghai")
ADDRESS = "http://city.example"

#: What somebody holds, as each service finds it.
_POSTS = {
    service: text(f"select cast({HELD_POSTS if service == 'grid' else POSTS} as text) as posts") for service in SERVICES
}


def _new_ring() -> KeyRing:
    return KeyRing((("k1", secrets.token_bytes(32)),))


@dataclass(frozen=True)
class Claimant:
    """Somebody who asks for something: by sign-in name, with the roles that their token carries."""

    subject: str
    roles: frozenset[str] = frozenset()


class City:
    def __init__(self, postgres: Postgres, start: datetime) -> None:
        self.clock = DrivenClock(start)
        self.touched = set(SERVICES)
        """Services that may have said something since it was last carried."""
        self._postgres = postgres
        self._databases: dict[tuple[str, str], Database] = {}
        self._people = People(POSTS)
        rings, transport = {name: _new_ring() for name in ("grid", "intake", "notify")}, _new_ring()
        self.grid_keys = GridKeys(rings["grid"], transport)
        self.station = Station(IntakeKeys(rings["intake"], transport))
        self.office = Office(rings["notify"], transport, ZONE, f"{ADDRESS}/progress", f"{ADDRESS}/ratings")

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def database(self, service: str, role: str) -> Database:
        if (service, role) not in self._databases:
            self._databases[service, role] = Database(
                self._postgres.url(service),
                role=f"{service}_{role}",
                clock=self.clock,
                longest=LONGEST_OF_A_COMMAND,
                knows=KNOWS if service == "routing" else "",
            )
        return self._databases[service, role]

    @property
    def urls(self) -> Mapping[str, str]:
        return {service: self._postgres.url(service) for service in SERVICES}

    def handlers_of(self, service: str) -> Sequence[Callable[..., None]]:
        """Grid takes nothing."""
        known = {"intake": INTAKE_HANDLERS, "routing": ROUTING_HANDLERS, "notify": notify_handlers(self.office)}
        return known.get(service, ())

    async def lay(self, *, communities: int, seed: int) -> None:
        """The demonstration city's places and posts, without its households."""
        for service in SERVICES:
            self._postgres.lay_roles(service)
            self._postgres.lay_database(service)
            migrate(service, self._postgres.url(service, f"{service}_owner", driver="postgresql+psycopg"))
        network = make_network(seed=seed, communities=communities)
        await self.database("grid", "api").run(
            lambda uow: demonstration.lay_network(uow, network, keys=self.grid_keys, zone=ZONE),
            scope=EVERYWHERE,
            person=MAKER,
        )

    async def ask(self, service: str, who: Claimant, use_case: Callable[[UnitOfWork], T]) -> T:
        """A use case in the name of somebody, under the scope of the posts that they hold at this instant."""

        def work(connection: Connection) -> T:
            found = connection.execute(_POSTS[service], {"subject": who.subject, "now": self.now}).scalar_one()
            person = self._people.person(Claims(who.subject, who.roles), found)
            enter(connection, person.scope, subject=who.subject)
            uow = UnitOfWork(connection, now=self.now, person=person)
            result = use_case(uow)
            uow.flush()
            return result

        self.touched.add(service)
        return await self.database(service, "api").transaction(work)

    async def ask_anonymously(self, service: str, use_case: Callable[[UnitOfWork], T]) -> T:
        """What needs no account: what is asked with a code, or by a link."""
        self.touched.add(service)
        return await self.database(service, "api").run(use_case)

    async def audit(self, service: str, query: Callable[[UnitOfWork], T]) -> T:
        return await self.database(service, "auditor").run_everywhere(query)

    async def fire(self) -> int:
        """All that has fallen due, oldest first; how many things that were."""
        return await self._catch_up("routing", self._sweepers[:1])

    async def sweep(self) -> int:
        """That, and whatever else routing's clock does."""
        return await self._catch_up("routing", self._sweepers)

    async def send(self) -> int:
        """What notify owes by now."""
        return await self._catch_up("notify", self._senders)

    async def _catch_up(self, service: str, loops: Sequence[Loop]) -> int:
        if done := sum([await loop.catch_up() for loop in loops]):
            self.touched.add(service)
        return done

    @cached_property
    def _sweepers(self) -> list[Loop]:
        return routing_clock.make_loops(self.database("routing", "clock"))

    @cached_property
    def _senders(self) -> list[Loop]:
        database = self.database("notify", "clock")
        sandbox = Sandbox(database, self.office.keys)
        return notify_clock.make_loops(database, self.office, {Means.SANDBOX: sandbox, Means.SMS: sandbox})

    async def refresh(self) -> None:
        """What intake keeps of places and categories to hand."""
        await self.database("intake", "api").run_everywhere(self.station.refresh)

    async def keep_days(self) -> None:
        """Each service's relay makes the day's partitions of its events and drops those past keeping."""
        for service in SERVICES:
            await self.database(service, "relay").run_everywhere(outbox.maintain)

    async def reconnect(self) -> None:
        """As after a release: what was prepared over empty tables is planned for these while a connection lives."""
        await self.close()

    async def close(self) -> None:
        for database in self._databases.values():
            await database.close()
