"""A city of its own for each test, in databases that nobody else uses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import pytest
import pytest_asyncio
from local.postgres import Postgres
from simulation.city import SERVICES, City
from simulation.days import midnight_of
from simulation.year import Asked, Year

#: A few days, a few communities: enough that most kinds of step come up.
ASKED = Asked(start=date(2026, 9, 21), days=8, communities=3, a_day=12, seed=7)


@asynccontextmanager
async def _laid(postgres: Postgres) -> AsyncIterator[City]:
    city = City(postgres, midnight_of(ASKED.start))
    try:
        await city.lay(communities=ASKED.communities, seed=ASKED.seed)
        yield city
    finally:
        await city.close()
        for service in SERVICES:
            postgres.drop_database(service)


@pytest.fixture
async def city(postgres_server: Postgres) -> AsyncIterator[City]:
    async with _laid(postgres_server) as city:
        yield city


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lived(postgres_server: Postgres) -> AsyncIterator[Year]:
    """Eight days, three of them an outage: once for all tests of a module."""
    async with _laid(postgres_server) as city:
        year = Year(city, ASKED, say=lambda _: None)
        await year.live()
        yield year
