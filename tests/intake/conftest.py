"""A small city in intake's own PostgreSQL, undone after each test."""

import pytest
from intake.repository.sealing import Keys
from intake.service.station import Station
from kit.db import UnitOfWork

from tests.conftest import UnitOfWorkOf
from tests.intake.factories import copy_staff, make_keys, make_station


@pytest.fixture(scope="session")
def keys() -> Keys:
    return make_keys()


@pytest.fixture
def consumer(uow_of: UnitOfWorkOf) -> UnitOfWork:
    return uow_of("intake", role="consumer")


@pytest.fixture
def station(consumer: UnitOfWork, keys: Keys) -> Station:
    copy_staff(consumer, "wang.min", "li.na")
    return make_station(consumer, keys)
