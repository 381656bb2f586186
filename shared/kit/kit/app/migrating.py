"""``python -m SERVICE migrate``: the only aspect that loads Alembic."""

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from kit import logging
from kit.app import revisions
from kit.app.revisions import Schema
from kit.db import Database
from kit.settings import ServiceSettings

log = logging.get_logger(__name__)

#: The oldest major release of PostgreSQL that the schemas are written for.
OLDEST = 18


async def migrate(service: str, settings: ServiceSettings) -> int:
    """Bring the service's schema to the newest revision, as its owner."""
    database = Database(settings.database_url, role=f"{service}_owner", pool_size=1)
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(_upgrade, service)
    except (OSError, TimeoutError) as error:
        log.error(  # noqa: TRY400 - the line says it all
            "cannot migrate",
            reason=type(error).__name__,
            remedy=f"start the database or set {service.upper()}_DATABASE_URL",
        )
        return 1
    except (SQLAlchemyError, CommandError) as error:
        log.error("cannot migrate", exc_info=error)  # noqa: TRY400 - the chain is given
        return 1
    finally:
        await database.close()
    log.info("migrated")
    return 0


def _upgrade(connection: Connection, service: str) -> None:
    """A release that is rolled back finds its schema ahead, and leaves it where it serves that release still."""
    _check_server(connection)
    schema = _look(connection)
    if schema.is_ahead_of(service):
        if not schema.fits(service):
            raise CommandError(schema.misfit(service))
        log.info("the schema is ahead and serves this release", stands=schema.stands)
        return
    config = Config()
    config.set_main_option("script_location", f"{service}:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    with connection.begin():
        connection.execute(text(f"comment on table alembic_version is 'serves {revisions.serves(service)}'"))


def _check_server(connection: Connection) -> None:
    with connection.begin():
        found = connection.execute(text("select current_setting('server_version_num')::int / 10000")).scalar_one()
    if found < OLDEST:
        raise CommandError(f"PostgreSQL {OLDEST} or newer is needed, and this is {found}: upgrade the server first")


def _look(connection: Connection) -> Schema:
    with connection.begin():
        if connection.scalar(text("select to_regclass('alembic_version')")) is None:
            return Schema(None)
        return Schema.of(connection.execute(revisions.LOOK).one_or_none())
