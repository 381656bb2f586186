"""Alembic's door: one connection as the service's owner, in one transaction, that waits for no lock for long."""

from alembic import context
from sqlalchemy import Connection, create_engine, text

from grid.models import metadata


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        connection.execute(text("set local lock_timeout = '5s'"))
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(context.config.get_main_option("sqlalchemy.url", "")).connect() as connection:
        run(connection)
