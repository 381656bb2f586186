"""What a grid process is made of, by aspect."""

from fastapi import FastAPI
from kit.app import Aspect, service_defaults
from kit.db import Database
from kit.http import People
from kit.relay import relaying
from kit.telemetry import WATCHED_BY_US

from grid import api as routes
from grid.errors import RowsRefused
from grid.keys import Keys
from grid.repository.posts import HELD_POSTS
from grid.settings import Settings

SERVICE = "grid"


def create_app(settings: Settings, database: Database, *, people: People | None = None) -> FastAPI:
    about = "Places, posts and who holds them."
    app = FastAPI(title="Baiyang grid", version="1", description=about, telemetry=WATCHED_BY_US)
    service_defaults(
        app,
        service=SERVICE,
        settings=settings,
        database=database,
        people=people or People(HELD_POSTS),
        larger_bodies=routes.LARGER_BODIES,
    )
    app.state.keys = Keys(settings.service_ring, settings.transport_ring)
    app.state.zone = settings.city_zone
    app.add_exception_handler(RowsRefused, routes.rows_refused)
    app.include_router(routes.router)
    return app


def api(settings: Settings) -> Aspect:
    database = Database(settings.database_url, role=f"{SERVICE}_api")
    return Aspect(app=create_app(settings, database), databases=[database])


def relay(settings: Settings) -> Aspect:
    return relaying(SERVICE, settings)
