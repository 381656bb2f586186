"""A city of its own for each test, in databases that nobody else uses."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
from local.postgres import Postgres
from simulation.city import SERVICES, City
from simulation.days import midnight_of
from simulation.year import Asked, Year

#: A few days, a few communities: enough that most kinds of step come up.
ASKED = Asked(start=date(2026, 9, 21), days=8, communities=3, a_day=12, seed=7)


@pytest.fixture
async def city(postgres_server: Postgres) -> AsyncIterator[City]:
    city = City(postgres_server, midnight_of(ASKED.start))
    try:
        await city.lay(communities=ASKED.communities, seed=ASKED.seed)
        yield city
    finally:
        await city.close()
        for service in SERVICES:
            postgres_server.drop_database(service)


@pytest.fixture
async def lived(city: City) -> Year:
    """Eight days, three of them an outage."""
    year = Year(city, ASKED, say=lambda _: None)
    await year.live()
    return year
