"""The servers that tests share. A server that does not start fails the test that asks for it; nothing is skipped."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import anyio
import pytest
from kit.auth import Person, Scope
from kit.clock import Clock
from kit.db import Database
from kit.testing import servers
from kit.testing.servers import NOW, RolledBackUnitOfWork
from local import ports
from local.kafka import Kafka
from local.postgres import SUPERUSER, Postgres
from routing.domain.releases import KNOWS
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

#: Loaded before a request asks for it: where pytest compiles it deep within one, Python 3.11 miscounts how deep it is.
_FILES = anyio.open_file

SERVICES = ("grid", "intake", "routing", "notify")


@pytest.fixture(scope="session")
def servers_home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="baiyang-tests-", ignore_cleanup_errors=True) as home:
        yield Path(home)


@pytest.fixture(scope="session")
def postgres_server(servers_home: Path) -> Iterator[Postgres]:
    """One server for the run, with every service's roles and, on demand, its migrated template."""
    server = Postgres(servers_home, port=ports.free()[0], durable=False)
    try:
        server.start()
        for service in SERVICES:
            server.lay_roles(service)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def template_of(postgres_server: Postgres) -> Callable[[str], str]:
    """``template_of("intake")`` is the name of a database that intake's migrations have laid; nobody connects to it."""

    @cache
    def template_of(service: str) -> str:
        name = f"{service}_template"
        postgres_server.lay_database(service, name=name)
        if find_spec(f"{service}.migrations.env") is None:
            raise LookupError(f"{service} has no migrations")
        servers.migrate(service, postgres_server.url(name, f"{service}_owner", driver="postgresql+psycopg"))
        if service == "routing":
            _leave_later_limits_out(postgres_server, name)
        return name

    return template_of


def _leave_later_limits_out(server: Postgres, name: str) -> None:
    """As in a city from before they came with the rules, so that a test counts the limits that it is about. What cities
    are given stands in tests/routing/test_contact.py and test_holding.py; the simulated year and the tests of the whole
    platform have it.
    """
    with server.connect(name) as connection:
        connection.execute("update rule set contact_unit = null, contact_count = null")
        connection.execute("update rule_set set limits = limits - 'holding'")


@pytest.fixture(scope="session")
def shared_database_of(postgres_server: Postgres, template_of: Callable[[str], str]) -> Callable[[str], str]:
    """The database that rolled-back tests of a service share: a copy of its template."""

    @cache
    def shared_database_of(service: str) -> str:
        name = f"{service}_shared"
        postgres_server.lay_database(service, name=name, template=template_of(service))
        return name

    return shared_database_of


@pytest.fixture
def database_of(
    postgres_server: Postgres, shared_database_of: Callable[[str], str]
) -> Iterator[Callable[[str], Connection]]:
    """``database_of("intake")``: a superuser's connection in a transaction that ends with the test, undone."""
    with ExitStack() as stack:

        @cache
        def open_connection(service: str) -> Connection:
            url = postgres_server.url(shared_database_of(service), SUPERUSER, driver="postgresql+psycopg")
            engine = create_engine(url, poolclass=NullPool)
            stack.callback(engine.dispose)
            connection = stack.enter_context(engine.connect())
            stack.callback(connection.begin().rollback)
            return connection

        def database_of(service: str) -> Connection:
            return servers.as_superuser(open_connection(service))

        yield database_of


class UnitOfWorkOf(Protocol):
    def __call__(
        self,
        service: str,
        *,
        role: str = "api",
        scope: Scope | None = None,
        person: Person | None = None,
        now: datetime = NOW,
    ) -> RolledBackUnitOfWork: ...


@pytest.fixture
def uow_of(database_of: Callable[[str], Connection]) -> UnitOfWorkOf:
    """``uow_of("routing", role="consumer", scope=…, person=…, now=…)``: everywhere, unless a scope or person is given.

    All of one test's units of work share a transaction, so that each sees what the others did.
    """

    def uow_of(
        service: str,
        *,
        role: str = "api",
        scope: Scope | None = None,
        person: Person | None = None,
        now: datetime = NOW,
    ) -> RolledBackUnitOfWork:
        return servers.unit_of_work(database_of(service), service, role=role, scope=scope, person=person, now=now)

    return uow_of


class AsyncDatabase(Protocol):
    def __call__(self, service: str, role: str = "api", *, clock: Clock | None = None) -> Database: ...


@pytest.fixture
def fresh_database_of(postgres_server: Postgres, template_of: Callable[[str], str]) -> Iterator[Callable[[str], str]]:
    """``fresh_database_of("intake")`` is the URL, with ``{role}`` in it, of a database of this test's own."""
    names: list[str] = []

    @cache
    def fresh_database_of(service: str) -> str:
        name = f"{service}_{uuid4().hex[:12]}"
        postgres_server.lay_database(service, name=name, template=template_of(service))
        names.append(name)
        return postgres_server.url(name)

    yield fresh_database_of
    for name in names:
        postgres_server.drop_database(name)


@pytest.fixture
async def async_database(fresh_database_of: Callable[[str], str]) -> AsyncIterator[AsyncDatabase]:
    """``async_database("intake", "api")``: committed for real, in this test's own copy; a role each of the same one."""
    opened: list[Database] = []

    def async_database(service: str, role: str = "api", *, clock: Clock | None = None) -> Database:
        knows = KNOWS if service == "routing" else ""
        database = Database(fresh_database_of(service), role=f"{service}_{role}", clock=clock, knows=knows)
        opened.append(database)
        return database

    yield async_database
    for database in opened:
        await database.close()


@pytest.fixture(scope="session")
def kafka_server(servers_home: Path) -> Iterator[Kafka]:
    """The one real node that tests share; its admin is ``local.kafka.ADMIN`` with ``kafka_server.password``."""
    with _node(servers_home / "shared-kafka") as server:
        yield server


@pytest.fixture
def fresh_kafka(tmp_path: Path) -> Iterator[Callable[[], Kafka]]:
    """``fresh_kafka()``: a node of this test's own, to ``stop``, ``kill``, ``start`` and ``wipe``."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(_node(tmp_path / f"kafka-{uuid4().hex[:8]}"))


class _node:  # noqa: N801  # reads as what it is at the with statement
    def __init__(self, home: Path) -> None:
        port, controller_port = ports.free(2)
        self.server = Kafka(home, port=port, controller_port=controller_port, password=uuid4().hex)

    def __enter__(self) -> Kafka:
        self.server.start()
        return self.server

    def __exit__(self, *_: object) -> None:
        self.server.stop()
