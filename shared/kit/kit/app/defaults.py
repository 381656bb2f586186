"""What every service's HTTP application has, so that its own app.py stays short."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fastapi import FastAPI

from kit import telemetry
from kit.app.docs import add_docs
from kit.app.watching import Watch, Watched, add_probes
from kit.db import Database
from kit.health import Component
from kit.http.people import People
from kit.http.problems import handle_problems
from kit.http.refusals import LimitedBody
from kit.settings import ServiceSettings
from kit.tokens import Tokens

MAX_BODY = 1_000_000


def service_defaults(
    app: FastAPI,
    *,
    service: str,
    settings: ServiceSettings,
    database: Database,
    people: People,
    components: Sequence[Component] = (),
    larger_bodies: Mapping[str, int] = MappingProxyType({}),
) -> FastAPI:
    """Health, readiness, metrics, traces, problem+json, pages, and what ``Door`` needs. Call it before the routers.

    ``database`` is the service's as its api role; ``components`` run in the same process (aspect ``all``).
    ``larger_bodies``: bytes that may come under a path prefix, where that is more than usual.
    """
    app.state.database = database
    app.state.clock = database.clock
    app.state.people = people
    app.state.ring = settings.service_ring
    app.state.tokens = Tokens(
        issuer=settings.oidc_issuer, jwks_url=settings.oidc_jwks_url, audience=settings.oidc_audience
    )
    app.state.watch = Watch(service=service, database=database, components=list(components), serves_http=True)
    handle_problems(app)
    add_docs(app)
    add_probes(app, app.state.watch)
    app.add_middleware(LimitedBody, at_most=MAX_BODY, larger=larger_bodies)
    app.add_middleware(Watched, service=service)
    telemetry.watch_app(app, records=bool(settings.otlp_endpoint))
    return app


def side_app(service: str, database: Database | None, components: Sequence[Component]) -> FastAPI:
    """The probes of an aspect that serves no API."""
    app = FastAPI(title=service, openapi_url=None)
    app.state.watch = Watch(service=service, database=database, components=components)
    add_probes(app, app.state.watch)
    app.add_middleware(Watched, service=service)
    return app
