"""``python -m grid migrate``, on schemas that a release may find."""

from collections.abc import Callable

import psycopg
import pytest
from grid.settings import Settings
from kit import crypto
from kit.app import migrating, revisions
from kit.app.migrating import migrate
from pydantic import SecretStr


@pytest.fixture
def settings(fresh_database_of: Callable[[str], str]) -> Settings:
    return Settings(database_url=fresh_database_of("grid"), service_keys=SecretStr(crypto.new_key("k1")))


def stands(settings: Settings) -> tuple[str, str | None]:
    with connect(settings) as connection:
        row = connection.execute(
            "select version_num, obj_description('alembic_version'::regclass, 'pg_class') from alembic_version"
        ).fetchone()
    assert row
    return row


def stand(settings: Settings, revision: str, *, serves: str) -> None:
    with connect(settings) as connection:
        connection.execute("update alembic_version set version_num = %s", [revision])
        connection.execute(f"comment on table alembic_version is 'serves {serves}'")


def connect(settings: Settings) -> "psycopg.Connection[tuple[str, str | None]]":
    url = settings.database_url.format(role="grid_owner").replace("+asyncpg", "")
    return psycopg.connect(url, autocommit=True)


async def test_it_says_from_which_revision_on_the_schema_serves(settings: Settings) -> None:
    assert await migrate("grid", settings) == 0
    assert stands(settings) == (revisions.newest("grid"), f"serves {revisions.serves('grid')}")


async def test_a_server_that_is_too_old_is_refused_before_anything_is_made(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stands(settings)
    monkeypatch.setattr(migrating, "OLDEST", 99)
    assert await migrate("grid", settings) == 1
    assert "PostgreSQL 99 or newer is needed, and this is" in caplog.text
    assert stands(settings) == before


async def test_a_schema_that_is_ahead_and_serves_this_release_is_left_as_it_is(settings: Settings) -> None:
    stand(settings, "9999", serves=revisions.newest("grid"))
    assert await migrate("grid", settings) == 0
    assert stands(settings) == ("9999", f"serves {revisions.newest('grid')}")


async def test_a_schema_that_is_ahead_of_what_it_serves_is_refused(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    stand(settings, "9999", serves="9998")
    assert await migrate("grid", settings) == 1
    assert "run the release that made it, or a newer one" in caplog.text
    assert stands(settings) == ("9999", "serves 9998")
