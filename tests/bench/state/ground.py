"""What the loader reads of the city once: places, seats, rules, words; by the services' own queries."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from contracts.grid import Duty
from intake.domain.sorting import Categories
from intake.repository import copies
from intake.repository.sealing import Keys
from kit.crypto import KeyRing
from kit.db import UnitOfWork
from network.models import place
from network.places import prefixes
from network.posts import Seat
from notify import repository as notices
from notify.domain.owed import Template
from notify.models import contact
from notify.repository import Contact, Wording
from notify.service.office import Office
from routing.repository import network as copy
from routing.repository import policy
from routing.repository.network import Network
from routing.service.placing import OFFICES, Ground
from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool

from tests.system.city import City

T = TypeVar("T")

#: The owner of the server: passes by every policy, so that one session serves all places.
SUPERUSER = "postgres"

_NARROW = ("building", "area", "village")


@dataclass(frozen=True)
class Spot:
    """Somewhere that appeals are about; ``station`` is the path of its community."""

    place_id: UUID
    path: str
    station: str


@dataclass(frozen=True)
class CityGround:
    """Everything that the stories are played on. ``homes`` are the spots of each community, ``wide`` the districts."""

    homes: Sequence[Sequence[Spot]]
    wide: Sequence[Spot]
    grounds: Mapping[str, Ground]
    clerks: Mapping[str, Seat]
    words: Categories
    wordings: Mapping[tuple[str, str], Wording]
    staff: Mapping[UUID, Contact]
    keys: Keys = field(repr=False)
    office: Office = field(repr=False)


def survey(city: City, *, now: datetime) -> CityGround:
    settings = city.settings()
    transport = KeyRing.parse(settings["INTAKE_TRANSPORT_KEYS"])
    ground = in_one_go(city, "routing", now, stands)
    wordings, staff = in_one_go(city, "notify", now, _telling)
    spots = {
        path: Spot(item.place_id, path, _station(ground.network, path)) for path, item in ground.network.places.items()
    }
    return CityGround(
        homes=_homes(ground.network, spots),
        wide=[spots[path] for path, item in ground.network.places.items() if item.tier == copy.DISTRICT],
        grounds=by_path(ground),
        clerks={seat.path: seat for seat in ground.network.seats if seat.duty is Duty.WINDOW_CLERK and seat.subject},
        words=Categories(in_one_go(city, "intake", now, copies.list_categories)),
        wordings=wordings,
        staff=staff,
        keys=Keys(KeyRing.parse(settings["INTAKE_SERVICE_KEYS"]), transport),
        office=Office(
            keys=KeyRing.parse(settings["NOTIFY_SERVICE_KEYS"]),
            transport=transport,
            zone=ZoneInfo(ground.rules.zone),
            address=f"{settings['NOTIFY_PUBLIC_URL'].rstrip('/')}/progress",
            ratings=f"{settings['NOTIFY_PUBLIC_URL'].rstrip('/')}/ratings",
        ),
    )


def in_one_go(city: City, service: str, now: datetime, work: Callable[[UnitOfWork], T]) -> T:
    """One transaction, seeing and changing everything."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: _connect(city, service), poolclass=NullPool)
    with engine.begin() as connection:
        return work(UnitOfWork(connection, now=now))


def _connect(city: City, service: str) -> "psycopg.Connection[Any]":
    connection = city.connect(service, SUPERUSER)
    connection.autocommit = False
    return connection


def stands(uow: UnitOfWork) -> Ground:
    """As routing.service.placing.survey, for every place and every category at once. Nobody of those who are laid is
    held to a first contact: what falls due of them is what a measure asks for.
    """
    rules, calendar, _, _ = policy.get_policy(uow, (), ())
    rules = replace(rules, rules=[replace(rule, contact=None) for rule in rules.rules])
    duties = {rule.duty for rule in rules.rules} | {Duty.DISPATCHER, Duty.SUPERVISOR, *OFFICES}
    paths = uow.execute(select(place.c.path).where(place.c.state == "active")).scalars().all()
    return Ground(
        network=copy.get_network(uow, paths, duties),
        rules=rules,
        calendar=calendar,
        categories={item.code: item for item in policy.list_categories(uow)},
        precedents=[],
        settled={},
    )


def by_path(ground: Ground) -> dict[str, Ground]:
    """Each place's own view: only the seats that answer for it, in the order in which routing reads them."""
    seats: dict[str, list[Seat]] = defaultdict(list)
    for seat in ground.network.seats:
        seats[seat.path].append(seat)
    return {
        path: replace(
            ground, network=Network(ground.network.places, [s for p in reversed(prefixes(path)) for s in seats[p]])
        )
        for path in ground.network.places
    }


def _station(network: Network, path: str) -> str:
    line = (p for p in reversed(prefixes(path)) if network.places[p].tier == "community")
    return next(line, path)


def _homes(network: Network, spots: Mapping[str, Spot]) -> list[list[Spot]]:
    """By community, in the order of their paths, so that a seed draws the same on every run."""
    homes: dict[str, list[Spot]] = defaultdict(list)
    for path in sorted(spots):
        if network.places[path].tier in (*_NARROW, "community"):
            homes[spots[path].station].append(spots[path])
    return list(homes.values())


def _telling(uow: UnitOfWork) -> tuple[dict[tuple[str, str], Wording], dict[UUID, Contact]]:
    columns = [contact.c[name] for name in Contact.__dataclass_fields__]
    staff = uow.execute(select(*columns).where(contact.c.subject.is_not(None)))
    wordings = notices.list_wordings(uow, [template.value for template in Template])
    return wordings, {row.contact_id: Contact(**row._mapping) for row in staff}
