"""The services' databases and the cluster, as an operator reaches them."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import typer
from kit.db import LONGEST_OF_A_COMMAND, Database, UnitOfWork
from kit.topics import Access
from pydantic import SecretStr

from cli.settings import Settings

SERVICES = ("grid", "intake", "routing", "notify")

T = TypeVar("T")


def run_in(settings: Settings, service: str, work: Callable[[UnitOfWork], T], *, role: str = "auditor") -> T:
    """Run ``work`` in one transaction of a service's database; the auditor reads, the api's role may settle things."""
    settings.export()

    async def in_database() -> T:
        database = Database(
            settings[f"{service.upper()}_DATABASE_URL"], role=f"{service}_{role}", longest=LONGEST_OF_A_COMMAND
        )
        try:
            return await database.run_everywhere(work)
        finally:
            await database.close()

    return asyncio.run(in_database())


def check(service: str) -> str:
    if service not in SERVICES:
        raise typer.BadParameter(f"{service} is none of {', '.join(SERVICES)}")
    return service


def administrator(settings: Settings) -> Access:
    return Access(
        settings["KAFKA_BOOTSTRAP_SERVERS"],
        settings.get("KAFKA_ADMIN_USERNAME"),
        SecretStr(settings.get("KAFKA_ADMIN_PASSWORD")),
        settings.get("KAFKA_CA_FILE"),
    )


def users(settings: Settings) -> dict[str, str]:
    """The registry's users with their passwords, as far as they are known here."""
    found = {service: settings.get(f"{service.upper()}_KAFKA_PASSWORD") for service in SERVICES}
    if bureau := settings.get("KAFKA_BUREAU_USERNAME"):
        found[bureau] = settings.get("KAFKA_BUREAU_PASSWORD")
    return {user: password for user, password in found.items() if password}
