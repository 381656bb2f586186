"""The composition root: settings in, the aspects of the process out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI
from kit.app import Aspect, service_defaults
from kit.db import Database
from kit.http import People
from kit.kafka import Consumers
from kit.logging import get_logger
from kit.loop import Loop
from kit.relay import relaying
from kit.telemetry import WATCHED_BY_US
from network.people import POSTS
from sqlalchemy.exc import SQLAlchemyError

from intake.api import ROUTERS
from intake.consumers import HANDLERS
from intake.repository.sealing import Keys
from intake.service.station import Station
from intake.settings import Settings

#: So long a new place may stay unheard of.
_REFRESH = timedelta(seconds=1)

log = get_logger(__name__)


def api(settings: Settings) -> Aspect:
    database = Database(settings.database_url, role="intake_api", pool_size=8)
    station = Station(Keys(settings.service_ring, settings.transport_ring))
    refresh = Loop("names", _REFRESH, lambda: _refresh(database, station))
    return Aspect(create_app(settings, database, station), [refresh], [database])


def consumer(settings: Settings) -> Aspect:
    database = Database(settings.database_url, role="intake_consumer")
    return Aspect(
        components=[Consumers(service="intake", database=database, settings=settings, handlers=HANDLERS)],
        databases=[database],
    )


def relay(settings: Settings) -> Aspect:
    return relaying("intake", settings)


ASPECTS = {"api": api, "consumer": consumer, "relay": relay}


def create_app(settings: Settings, database: Database, station: Station) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        """The names are there before the first request; while the database is away, so is everything else."""
        try:
            await _refresh(database, station)
        except (SQLAlchemyError, OSError) as error:
            log.warning("names come later", error=type(error).__name__)
        yield

    app = FastAPI(title="intake", version="1", lifespan=lifespan, telemetry=WATCHED_BY_US)
    service_defaults(app, service="intake", settings=settings, database=database, people=People(POSTS))
    app.state.station = station
    app.state.zone = settings.city_zone
    app.state.proxies = settings.proxies
    for router in ROUTERS:
        app.include_router(router)
    return app


async def _refresh(database: Database, station: Station) -> int:
    """Nothing is ever left over for a further pass."""
    await database.run_everywhere(station.refresh)
    return 0
