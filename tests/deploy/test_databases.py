"""What `baiyang databases` prints is what the services' migrations and roles find on a server of one's own."""

import re
from collections.abc import Iterator

import pytest
from cli.databases import statements
from local.postgres import Postgres

from tests import commands


def test_all_four_are_printed_for_psql() -> None:
    code, said = commands.run("databases")
    assert code == 0
    assert re.findall(r"^create database (\w+) .*;$", said, re.MULTILINE) == ["grid", "intake", "routing", "notify"]


@pytest.fixture
def laid(postgres_server: Postgres) -> Iterator[str]:
    """A service's by these statements alone, under a name that nobody else has."""
    service = "printed"
    with postgres_server.connect() as connection:
        for statement in statements(service):
            connection.execute(statement.encode())
        yield service
        connection.execute(b"drop database printed")
        connection.execute(b"revoke set on parameter app.lo1, app.hi1 from printed_owner")
        for role in ("owner", "api", "consumer", "relay", "clock", "auditor"):
            connection.execute(f"drop role printed_{role}".encode())


def test_a_database_is_open_to_its_own_roles_and_to_nobody_else(postgres_server: Postgres, laid: str) -> None:
    asked = "select has_database_privilege(%s, %s, 'connect')"
    with postgres_server.connect() as connection:
        let = {
            role: connection.execute(asked.encode(), [role, laid]).fetchone()
            for role in (f"{laid}_owner", f"{laid}_api", f"{laid}_auditor", "intake_api")
        }
    assert let == {f"{laid}_owner": (True,), f"{laid}_api": (True,), f"{laid}_auditor": (True,), "intake_api": (False,)}
