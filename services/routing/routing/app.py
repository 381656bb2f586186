"""The composition root: what each aspect of routing runs."""

from fastapi import FastAPI
from kit.app import Aspect, service_defaults
from kit.clock import Clock
from kit.db import Database
from kit.http import People
from kit.kafka import Consumers
from kit.relay import relaying
from kit.telemetry import WATCHED_BY_US
from network.people import POSTS

from routing import api as routes
from routing.clock import make_loops, make_measurer
from routing.consumers import HANDLERS
from routing.domain.releases import KNOWS
from routing.settings import Settings

SERVICE = "routing"


def make_app(settings: Settings, database: Database) -> FastAPI:
    """The HTTP application over the service's database as its api role."""
    app = FastAPI(
        title="Baiyang routing",
        description="Cases: who handles them, and by when.",
        version="1",
        telemetry=WATCHED_BY_US,
    )
    service_defaults(app, service=SERVICE, settings=settings, database=database, people=People(POSTS))
    app.include_router(routes.router)
    return app


def api(settings: Settings) -> Aspect:
    database = _database(settings, "api")
    return Aspect(app=make_app(settings, database), databases=[database])


def consumer(settings: Settings) -> Aspect:
    database = _database(settings, "consumer")
    consumers = Consumers(service=SERVICE, database=database, settings=settings, handlers=HANDLERS)
    return Aspect(components=[consumers], databases=[database])


def relay(settings: Settings) -> Aspect:
    return relaying(SERVICE, settings, knows=KNOWS)


def clock(settings: Settings, *, time: Clock | None = None) -> Aspect:
    database = _database(settings, "clock", time)
    return Aspect(components=[*make_loops(database), make_measurer(database)], databases=[database])


def _database(settings: Settings, role: str, time: Clock | None = None) -> Database:
    return Database(settings.database_url, role=f"{SERVICE}_{role}", clock=time, knows=KNOWS)
