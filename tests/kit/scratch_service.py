"""A service as a process of its own, for the tests of how processes start and end."""

import asyncio
from typing import Any

from fastapi import FastAPI
from kit.app import Aspect, main, service_defaults
from kit.db import Database, UnitOfWork
from kit.health import Health
from kit.http import Door
from kit.logging import get_logger
from kit.settings import ServiceSettings
from kit.testing.tokens import People
from pydantic import BaseModel
from sqlalchemy import text

log = get_logger("scratch")


class Settings(ServiceSettings, env_prefix="SCRATCH_"): ...


class Done(BaseModel):
    done: bool


def slow(uow: UnitOfWork) -> Done:
    log.info("slow begins")
    uow.execute(text("select pg_sleep(0.5)"))
    return Done(done=True)


class Part:
    name = "part"

    def __init__(self) -> None:
        self._stop = asyncio.Event()

    async def run(self) -> None:
        log.info("part runs")
        await self._stop.wait()
        log.info("part ended")

    async def stop(self) -> None:
        self._stop.set()

    def check(self) -> Health:
        return Health()


class Crashing(Part):
    name = "crashing"

    async def run(self) -> None:
        raise RuntimeError("the caller 13912345678 is not known")


class Leaving(Part):
    name = "leaving"

    async def run(self) -> None: ...


def api(settings: Settings) -> Aspect:
    app = FastAPI(title="scratch")
    database = Database(settings.database_url, role="scratch_api")
    service_defaults(app, service="scratch", settings=settings, database=database, people=People())

    @app.post("/slow")
    async def post_slow(door: Door) -> Any:
        return await door(slow)

    return Aspect(app=app, databases=[database])


ASPECTS = {
    "api": api,
    "consumer": lambda settings: Aspect(
        components=[Part()], databases=[Database(settings.database_url, role="scratch_consumer")]
    ),
}
BROKEN = {
    "crash": lambda _: Aspect(components=[Part(), Crashing()]),
    "leave": lambda _: Aspect(components=[Part(), Leaving()]),
}

if __name__ == "__main__":
    import sys

    main("scratch", Settings, BROKEN if sys.argv[1] in BROKEN else ASPECTS)
