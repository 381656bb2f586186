"""PostgreSQL as its superuser, past whatever stands in front of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from local import ports
from local.home import Home

from tests.chaos.fault import ChaosCity


@contextmanager
def as_superuser(city: ChaosCity, database: str = "postgres") -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """A connection that commits each statement; nothing of it waits long while the server is down."""
    with psycopg.connect(
        host=ports.HOST,
        port=Home(city.home, city.port).ports["postgres"],
        dbname=database,
        user="postgres",
        passfile=str(city.home / "passwords" / "all"),
        autocommit=True,
        connect_timeout=5,
    ) as connection:
        yield connection
