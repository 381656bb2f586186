"""The services' tables: whether they are as their migrations say, and bringing them there."""

import runpy
import sys
from importlib.util import find_spec

import psycopg
from alembic.config import Config
from alembic.script import ScriptDirectory

from local.home import SERVICES
from local.postgres import Postgres


def behind(postgres: Postgres) -> list[str]:
    """The services whose tables are not at their newest revision. Cheap: an ordinary start finds none."""
    return [service for service in SERVICES if _stands_at(postgres, service) != _newest(service)]


def _newest(service: str) -> set[str]:
    if find_spec(f"{service}.migrations") is None:
        return {"unknown"}
    config = Config()
    config.set_main_option("script_location", f"{service}:migrations")
    return set(ScriptDirectory.from_config(config).get_heads())


def _stands_at(postgres: Postgres, service: str) -> set[str]:
    try:
        with postgres.connect(service) as connection:
            return {str(row[0]) for row in connection.execute("select version_num from alembic_version").fetchall()}
    except psycopg.errors.UndefinedTable:
        return set()


def migrate(services: list[str]) -> int:
    """``python -m SERVICE migrate`` for each, in one process: what they share is loaded once."""
    for service in services:
        sys.argv = [service, "migrate"]
        try:
            runpy.run_module(service, run_name="__main__", alter_sys=True)
        except SystemExit as ended:
            if ended.code:
                return 1
    return 0
