"""The four databases as who backs them up sees them: past row-level security, one snapshot each, all at one moment."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from kit.away import is_away, sqlstate
from kit.db import Database
from kit.migrations import ASPECTS
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.backup.refusal import Refusal
from cli.programs import programs
from cli.services import SERVICES
from cli.settings import Settings

#: The longest that a backup may hold its snapshots.
LONGEST = timedelta(days=2)

#: How long the snapshots wait for what consumers have in hand, and others then wait for them.
_PATIENCE = "10s"


@dataclass(frozen=True)
class Snapshot:
    id: str
    connection: AsyncConnection


@dataclass(frozen=True)
class Servers:
    """``role`` reads past row-level security: a superuser, which a restore needs in any case."""

    urls: dict[str, str]
    role: str
    programs: str

    @classmethod
    def of(cls, settings: Settings) -> "Servers":
        urls = {service: settings[f"{service.upper()}_DATABASE_URL"] for service in SERVICES}
        return cls(urls, settings.get("BACKUP_ROLE", "postgres"), settings.get("POSTGRES_PROGRAMS") or str(programs()))

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[dict[str, AsyncConnection]]:
        """A connection to each, which commits each statement."""
        async with AsyncExitStack() as stack:
            yield {service: await self._connect(stack, service) for service in SERVICES}

    async def _connect(self, stack: AsyncExitStack, service: str) -> AsyncConnection:
        database = Database(self.urls[service], role=self.role, pool_size=1, longest=LONGEST)
        stack.push_async_callback(database.close)
        try:
            connection = await stack.enter_async_context(database.engine.connect())
            return await connection.execution_options(isolation_level="AUTOCOMMIT")
        except (DBAPIError, OSError, TimeoutError) as error:
            raise Refusal(_why_not(service, self.role, error)) from None

    @asynccontextmanager
    async def snapshots(self) -> AsyncIterator[dict[str, Snapshot]]:
        """A snapshot of each, between which no event was taken: what one of them took, another of them has said.

        Every batch of a consumer reads ``parked``: while that is locked in all four, none is under way.
        """
        async with AsyncExitStack() as stack, self.connected() as still:
            reading = {service: await self._connect(stack, service) for service in SERVICES}
            for connection in still.values():
                await self._hold(connection)
            found = {service: await _snapshot(connection) for service, connection in reading.items()}
            for connection in still.values():
                await connection.exec_driver_sql("rollback")
            yield found

    async def _hold(self, connection: AsyncConnection) -> None:
        await connection.exec_driver_sql("begin")
        await connection.exec_driver_sql(f"set local lock_timeout = '{_PATIENCE}'")
        try:
            await connection.exec_driver_sql("lock table parked in access exclusive mode")
        except DBAPIError as error:
            if is_away(error):
                raise Refusal("consumers were busy for too long: try again in a moment") from None
            raise Refusal(f"{self.role} may not lock parked: back up as a superuser (BACKUP_ROLE)") from None

    async def dump(self, service: str, snapshot: Snapshot, file: Path) -> None:
        await self._run("pg_dump", "--format=custom", f"--snapshot={snapshot.id}", f"--file={file}", service=service)

    async def load(self, service: str, file: Path) -> None:
        """All of it or nothing."""
        await self._run("pg_restore", "--single-transaction", "--exit-on-error", str(file), service=service)

    async def _run(self, program: str, *arguments: str, service: str) -> None:
        found = shutil.which(program, path=self.programs)
        if found is None:
            raise Refusal(f"{program} is not there: let POSTGRES_PROGRAMS name the folder of PostgreSQL's programs")
        url = self.urls[service].format(role=self.role).replace("postgresql+asyncpg://", "postgresql://")
        process = await asyncio.create_subprocess_exec(
            *(found, "--no-password", f"--dbname={url}", *arguments), stderr=asyncio.subprocess.PIPE
        )
        try:
            _, said = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            raise
        if process.returncode:
            # The first line alone: those after it may quote rows.
            why = said.decode(errors="replace").strip().split("\n")[0]
            raise Refusal(f"{service}: {why}")


def _why_not(service: str, role: str, error: Exception) -> str:
    if sqlstate(error) in {"28P01", "28000"}:
        return f"{service}'s database refuses {role}: set PGPASSFILE or PGPASSWORD, or another BACKUP_ROLE"
    return f"{service}'s database does not answer: start it, or set {service.upper()}_DATABASE_URL"


async def _snapshot(connection: AsyncConnection) -> Snapshot:
    await connection.exec_driver_sql("begin isolation level repeatable read, read only")
    found = await connection.exec_driver_sql("select pg_export_snapshot()")
    return Snapshot(found.scalar_one(), connection)


_TABLES = """
select relname from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition order by relname
"""


def count_rows(connection: Connection) -> dict[str, int]:
    tables: Sequence[str] = connection.execute(text(_TABLES)).scalars().all()
    return {table: connection.execute(text(f'select count(*) from "{table}"')).scalar_one() for table in tables}


def revision_of(connection: Connection) -> str:
    return str(connection.execute(text("select version_num from alembic_version")).scalar_one())


#: Of a database that has sent an event or taken one; laid by migrations alone, it has not.
_USED = "select exists (select from event_destination) or exists (select from consumer_topic)"


def is_used(connection: Connection) -> bool:
    laid = connection.execute(text("select to_regclass('event_log') is not null")).scalar_one()
    return bool(laid and connection.execute(text(_USED)).scalar_one())


def lacking_roles(connection: Connection, service: str) -> list[str]:
    there = set(connection.execute(text("select rolname from pg_roles")).scalars())
    return sorted({f"{service}_{name}" for name in ("owner", *ASPECTS)} - there)


def others_connected(connection: Connection) -> list[str]:
    """The roles that are connected to the database beside who asks."""
    asked = text(
        "select distinct usename from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        " and backend_type = 'client backend' order by usename"
    )
    return [str(name) for name in connection.execute(asked).scalars()]


#: A limit that only superusers pass marks a database whose restore has not finished, and keeps services out of it.
def is_closed(connection: Connection) -> bool:
    asked = text("select datconnlimit = 0 from pg_database where datname = current_database()")
    return bool(connection.execute(asked).scalar_one())


def close(connection: Connection) -> None:
    _limit(connection, 0)


def open_(connection: Connection) -> None:
    _limit(connection, -1)


def _limit(connection: Connection, connections: int) -> None:
    name = connection.execute(text("select quote_ident(current_database())")).scalar_one()
    connection.execute(text(f"alter database {name} connection limit {connections}"))


def empty(connection: Connection) -> None:
    """As it is where migrations have not begun."""
    connection.execute(text("drop schema public cascade"))
    connection.execute(text("create schema public authorization pg_database_owner"))
    connection.execute(text("grant usage on schema public to public"))


def begin_epoch(connection: Connection) -> None:
    """All that is said from now on leads whatever was said and is forgotten."""
    connection.execute(text("update event_epoch set epoch = epoch + 1"))
