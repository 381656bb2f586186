"""A service's own PostgreSQL in tests: migrated once, and given back after each test as it was."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, CursorResult, Executable, create_engine, text

from kit import db, outbox
from kit.auth import EVERYWHERE, Person, Scope

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class RolledBackUnitOfWork(db.UnitOfWork):
    """A unit of work whose transaction a fixture rolls back; several share one connection.

    Each statement runs as this unit's role and under its scope, whoever used the connection before.
    """

    def __init__(
        self, connection: Connection, *, role: str, scope: Scope, now: datetime, person: Person | None
    ) -> None:
        super().__init__(connection, now=now, person=person)
        self.role = role
        self.scope = scope

    def enter(self) -> None:
        if self.connection.info.get("entered") is not self:
            self.connection.exec_driver_sql(f"set local role {self.role}")
            db.enter(self.connection, self.scope, subject=self.by or "")
            self.connection.info["entered"] = self

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        self.enter()
        return super().execute(statement, parameters)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        # Entered within, the role would go with what is undone.
        self.enter()
        with super().attempt():
            yield

    def flush(self, beside: outbox.Beside | None = None) -> None:
        self.enter()
        super().flush(beside)

    @property
    def published(self) -> list[outbox.Outgoing]:
        """What has been said and not been written yet (``flush`` writes it)."""
        return list(self._events)


def unit_of_work(
    connection: Connection,
    service: str,
    *,
    role: str = "api",
    scope: Scope | None = None,
    person: Person | None = None,
    now: datetime = NOW,
) -> RolledBackUnitOfWork:
    """As the service's role (``api``, ``consumer``, ``clock`` …), under the person's scope unless one is given."""
    sees = scope if scope is not None else person.scope if person else EVERYWHERE
    return RolledBackUnitOfWork(connection, role=f"{service}_{role}", scope=sees, now=now, person=person)


def as_superuser(connection: Connection) -> Connection:
    """The same connection, seeing and changing everything, until a unit of work is used again."""
    connection.execute(text("reset role"))
    connection.info.pop("entered", None)
    return connection


def migrate(service: str, url: str) -> None:
    """The service's own migrations to the newest, on the database at ``url`` as its owner."""
    config = Config()
    config.set_main_option("script_location", f"{service}:migrations")
    config.set_main_option("sqlalchemy.url", url)
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    finally:
        engine.dispose()
