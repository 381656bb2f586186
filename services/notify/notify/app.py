"""The composition root: what each aspect of notify runs."""

from datetime import timedelta

from contracts.intake import Means
from fastapi import FastAPI
from kit.app import Aspect, service_defaults
from kit.clock import Clock
from kit.db import Database
from kit.http import People
from kit.kafka import Consumers
from kit.relay import relaying
from kit.telemetry import WATCHED_BY_US
from network.people import POSTS

from notify import api as routes
from notify.clock import make_loops, make_measurer
from notify.consumers import handlers
from notify.providers import Provider
from notify.providers.http_sms import Gateway, HttpSms
from notify.providers.sandbox import Sandbox
from notify.service.office import Office
from notify.settings import Settings

SERVICE = "notify"


def make_app(settings: Settings, database: Database, *, people: People | None = None) -> FastAPI:
    """The HTTP application over the service's database as its api role."""
    app = FastAPI(
        title="Baiyang notify",
        description="Who was told what, and what could not be told.",
        version="1",
        telemetry=WATCHED_BY_US,
    )
    service_defaults(app, service=SERVICE, settings=settings, database=database, people=people or People(POSTS))
    app.state.office = office_of(settings)
    app.include_router(routes.router)
    if settings.sandbox:
        app.include_router(routes.sandbox)
    return app


def office_of(settings: Settings) -> Office:
    return Office(
        keys=settings.service_ring,
        transport=settings.transport_ring,
        zone=settings.city_zone,
        address=f"{settings.public_url}/progress",
        ratings=f"{settings.public_url}/ratings",
    )


def providers_of(settings: Settings, database: Database) -> dict[Means, Provider]:
    """Which way each means goes. Where a sandbox stands and no gateway does, text messages go to the sandbox."""
    ways: dict[Means, Provider] = {}
    if settings.sandbox:
        ways[Means.SANDBOX] = ways[Means.SMS] = Sandbox(database, settings.service_ring)
    if settings.sms_url:
        gateway = Gateway(
            url=settings.sms_url,
            token=settings.sms_token.get_secret_value(),
            sender=settings.sms_sender,
            idempotency_header=settings.sms_idempotency_header,
            timeout=timedelta(seconds=settings.sms_timeout_seconds),
        )
        ways[Means.SMS] = HttpSms(gateway)
    return ways


def api(settings: Settings) -> Aspect:
    database = _database(settings, "api")
    return Aspect(app=make_app(settings, database), databases=[database])


def consumer(settings: Settings) -> Aspect:
    database = _database(settings, "consumer")
    consumers = Consumers(service=SERVICE, database=database, settings=settings, handlers=handlers(office_of(settings)))
    return Aspect(components=[consumers], databases=[database])


def relay(settings: Settings) -> Aspect:
    return relaying(SERVICE, settings)


def clock(settings: Settings, *, time: Clock | None = None) -> Aspect:
    database = _database(settings, "clock", time)
    loops = make_loops(database, office_of(settings), providers_of(settings, database))
    return Aspect(components=[*loops, make_measurer(database)], databases=[database])


def _database(settings: Settings, role: str, time: Clock | None = None) -> Database:
    return Database(settings.database_url, role=f"{SERVICE}_{role}", clock=time)
