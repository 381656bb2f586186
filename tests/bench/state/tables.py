"""The tables around a load: the months of the past, and what is swept afterwards."""

from collections.abc import Callable
from datetime import date, datetime

from psycopg import sql
from routing.repository import figures

from tests.bench.state.ground import SUPERUSER, in_one_go
from tests.system.city import City

#: Those whose tables are filled; grid makes its own.
SERVICES = ("intake", "routing", "notify")

#: The first month that the migrations have made.
FIRST_MONTH = date(2026, 11, 1)


def lay_months(city: City, *, since: datetime) -> None:
    """Of the history's partitions, those of the past: a city that has lived so long has them."""
    with city.connect("routing", "routing_owner") as connection:
        month = date(since.year, since.month, 1)
        while month < FIRST_MONTH:
            following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
            connection.execute(
                sql.SQL("create table if not exists {} partition of case_entry for values from ({}) to ({})").format(
                    sql.Identifier(f"case_entry_{month:%Y_%m}"),
                    sql.Literal(f"{month} 00:00+00"),
                    sql.Literal(f"{following} 00:00+00"),
                )
            )
            month = following


#: What steps have counted, added up at once.
_BATCH = 100_000


def add_up(city: City, *, now: datetime, say: Callable[[str], None]) -> None:
    """The figures, by the clock's own statement."""
    say("adding figures up")
    while in_one_go(city, "routing", now, lambda uow: figures.fold(uow, limit=_BATCH)):
        pass


def sweep(city: City, *, say: Callable[[str], None]) -> None:
    """As autovacuum leaves them: visible to all, and known to the planner."""
    for service in SERVICES:
        say(f"sweeping {service}")
        with city.connect(service, SUPERUSER) as connection:
            connection.execute("vacuum (analyze)")
