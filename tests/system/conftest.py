"""One city for the tests that only use it, with a collector of its traces."""

from collections.abc import Iterator

import pytest
from kit.testing.otlp import Collector

from tests.system.city import DATA, City, running_city


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    with Collector().collecting() as collector:
        yield collector


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[City]:
    """Up as `make up` brings it up, with the places of the real appeals and invented people in their posts."""
    with running_city(tmp_path_factory.mktemp("city"), otlp_endpoint=collector.endpoint) as city:
        city.baiyang("import-places", str(DATA / "places.csv"), "--staff", "demo")
        yield city
