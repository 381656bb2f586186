"""For the migrations of a service that keeps the copy."""

from kit.migrations import grant
from sqlalchemy import Connection, text

from network.models import metadata


def create_tables(connection: Connection, service: str) -> None:
    metadata.create_all(connection, checkfirst=False)
    read = dict.fromkeys(metadata.tables, "select")
    write = dict.fromkeys(metadata.tables, "select, insert, update, delete")
    grant(connection, service, {"api": read, "clock": read, "auditor": read, "consumer": write})


def add_rosters(connection: Connection) -> None:
    """Tables that this release has made have them already."""
    connection.execute(text("alter table holding_copy add column if not exists on_duty boolean not null default false"))
    connection.execute(
        text("create index if not exists ix_holding_copy_on_duty on holding_copy (post_id) where on_duty")
    )
