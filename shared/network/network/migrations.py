"""For the first migration of a service that keeps the copy."""

from kit.migrations import grant
from sqlalchemy import Connection

from network.models import metadata


def create_tables(connection: Connection, service: str) -> None:
    metadata.create_all(connection, checkfirst=False)
    read = dict.fromkeys(metadata.tables, "select")
    write = dict.fromkeys(metadata.tables, "select, insert, update, delete")
    grant(connection, service, {"api": read, "clock": read, "auditor": read, "consumer": write})
