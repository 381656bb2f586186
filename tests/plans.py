"""How PostgreSQL carries out what is sent to it: planned once for all values, as the services have it planned."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kit.db import PLANNING
from kit.testing.servers import RolledBackUnitOfWork
from psycopg import sql

from tests.routing.conftest import statements_of


def plans_of(
    uow: RolledBackUnitOfWork, run: Callable[[], object], *, first: RolledBackUnitOfWork | None = None
) -> list[dict[str, Any]]:
    """The plans, carried out, of the statements that ``run`` sends, once what it did is undone. ``first``: for whom
    they were made, if it was somebody else of the same role.
    """
    uow.enter()
    savepoint = uow.connection.begin_nested()
    try:
        sent = statements_of(uow, run)
    finally:
        savepoint.rollback()
    for name, value in PLANNING.items():
        uow.connection.exec_driver_sql(f"set local {name} = {value}")
    return [_carried_out(uow, statement, values, first or uow) for statement, values in sent]


def _carried_out(
    uow: RolledBackUnitOfWork, statement: str, values: Mapping[str, Any], first: RolledBackUnitOfWork
) -> dict[str, Any]:
    driver: Any = uow.connection.connection.driver_connection
    first.enter()
    execute = planned(driver, statement, values)
    uow.enter()
    ((found,),) = driver.execute(f"explain (analyze, buffers, format json) {execute}")
    driver.execute("deallocate looked_at")
    plan: dict[str, Any] = found[0]["Plan"]
    return plan


def planned(driver: Any, statement: str, values: Mapping[str, Any]) -> str:
    """Plan it now on that connection, as ``looked_at``; what carries it out."""
    places = {name: f"${place}" for place, name in enumerate(values, start=1)}
    given = ", ".join(sql.Literal(value).as_string(driver) for value in values.values())
    execute = f"execute looked_at ({given})" if given else "execute looked_at"
    driver.execute(f"prepare looked_at as {statement % places}")
    driver.execute(f"explain {execute}")
    return execute


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)
