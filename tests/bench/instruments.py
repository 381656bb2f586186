"""What PostgreSQL must note of itself for the figures: statements, and when each transaction was committed.

On for all of a run, so that what they cost is in every figure.
"""

import psycopg

from tests.system.city import City

_SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "top",
    "track_commit_timestamp": "on",
}


def superuser(city: City) -> psycopg.Connection:
    """In the database that is nobody's."""
    settings = city.settings()
    url = settings["ROUTING_DATABASE_URL"].replace("postgresql+asyncpg://", "postgresql://").format(role="postgres")
    return psycopg.connect(f"{url.rpartition('/')[0]}/postgres", passfile=settings["PGPASSFILE"], autocommit=True)


def lay(city: City) -> None:
    """Into a city that runs, which is started again if that takes effect only then."""
    with superuser(city) as connection:
        row = connection.execute("show shared_preload_libraries").fetchone()
        if row == (_SETTINGS["shared_preload_libraries"],):
            return
        for name, value in _SETTINGS.items():
            connection.execute(f"alter system set {name} = '{value}'".encode())
    city.local("down")
    city.local("up")
    with superuser(city) as connection:
        connection.execute("create extension if not exists pg_stat_statements")
