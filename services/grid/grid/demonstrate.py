"""``python -m grid demonstration [--communities N] [--seed S]``: straight into grid's database, as its api role."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence

from kit.auth import EVERYWHERE, OPERATOR, Person
from kit.db import LONGEST_OF_A_COMMAND, Database

from grid.demonstration.homes import make_homes
from grid.demonstration.network import BAIYANG, CITY, Homes, Network, make_network
from grid.keys import Keys
from grid.service import demonstration
from grid.settings import Settings

#: In whose name the network's history is written.
MAKER = Person("demonstration", frozenset({OPERATOR}))

WHO = (
    ("lin.yue", "window clerk of Baiyang"),
    ("chen.jing", "dispatcher of Baiyang"),
    ("zhao.peng", "chief of Baiyang's first area"),
    ("zhou.lan", "supervisor of Baiyang"),
    ("xu.wei", "dispatcher of the district"),
    ("gao.ning", "dispatcher of the city, and its hotline"),
    ("he.rui", "officer of the gas bureau"),
    ("operator", "operator"),
    ("auditor", "auditor"),
)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m grid demonstration", description=__doc__)
    parser.add_argument("--communities", type=int, default=2, help="how many; Baiyang and the rural one are the first")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    if not 1 <= asked.communities <= 2_000:
        parser.error("--communities must be from 1 to 2000")
    asyncio.run(make_city(Settings(), communities=asked.communities, seed=asked.seed))


async def make_city(settings: Settings, *, communities: int, seed: int) -> None:
    started = time.monotonic()
    network = make_network(seed=seed, communities=communities)
    keys = Keys(settings.service_ring, settings.transport_ring)
    database = Database(settings.database_url, role="grid_api", pool_size=1, longest=LONGEST_OF_A_COMMAND)
    try:
        await database.run(
            lambda uow: demonstration.lay_network(uow, network, keys=keys, zone=settings.city_zone),
            scope=EVERYWHERE,
            person=MAKER,
        )
        for homes in network.homes:
            await _lay_homes(database, homes, keys, seed)
    finally:
        await database.close()
    _tell(network, time.monotonic() - started)


async def _lay_homes(database: Database, homes: Homes, keys: Keys, seed: int) -> None:
    """A community a transaction, so that an interrupted run goes on where it stopped."""
    await database.run(
        lambda uow: demonstration.lay_homes(uow, make_homes(homes, seed=seed), keys=keys),
        scope=EVERYWHERE,
        person=MAKER,
    )


def _tell(network: Network, seconds: float) -> None:
    homes = sum(item.households for item in network.homes)
    people = sum(item.people for item in network.homes)
    lines = [
        f"The demonstration city {CITY} stands ({seconds:.1f} s); Baiyang is {BAIYANG}.",
        f"{len(network.places)} places, {len(network.posts)} posts, {homes} households, {people} residents.",
        "Who can sign in:",
        *(f"  {subject:<12} {what}" for subject, what in WHO),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
