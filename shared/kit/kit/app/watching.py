"""What is seen of a running process: its requests by route, its health, its metrics."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit import metrics
from kit.app import revisions
from kit.app.revisions import Schema
from kit.away import NO_CONNECTION_LEFT, NO_MORE_CONNECTIONS, sqlstate
from kit.db import Database
from kit.health import Component, Health
from kit.http.problems import answer_defect, route_of
from kit.logging import get_logger

SECONDS = metrics.histogram("http_server_request_duration_seconds")
ACTIVE = metrics.gauge("http_server_active_requests")
DEFECTS = metrics.counter("http_server_defects_total")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_DATABASE_SECONDS = 3.0
_LOOK_EVERY = 1.0
#: By how much this machine's clock and the database's may differ: promises are made to the minute.
_APART = timedelta(minutes=1)

log = get_logger(__name__)


class Watched:
    """The golden signals and one log line a request, both by route template; and no request without an answer."""

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        ACTIVE.labels(self._service).inc()
        try:
            await self._app(scope, receive, note_status)
        except Exception as error:
            if status:
                raise
            await answer_defect(Request(scope), error)(scope, receive, note_status)
        finally:
            ACTIVE.labels(self._service).dec()
            self._tell(Request(scope), status, time.perf_counter() - started)

    def _tell(self, request: Request, status: int, seconds: float) -> None:
        method = request.method if request.method in _METHODS else "other"
        route = route_of(request)
        SECONDS.labels(self._service, method, route, status).observe(seconds)
        if status == 500:
            DEFECTS.labels(self._service, route).inc()
        if route not in _QUIET:
            log.info("request", method=method, path=route, status=status, seconds=round(seconds, 4))


@dataclass
class Watch:
    """How this process is: its parts, and whether its database can be worked with."""

    service: str
    database: Database | None = None
    components: Sequence[Component] = ()
    serves_http: bool = False
    _waits_for_schema: bool = field(default=False, init=False)
    _last_detail: str = field(default="", init=False)

    def parts(self) -> dict[str, Health]:
        if self._waits_for_schema:
            return {part.name: Health(ready=False, detail="waits for the schema") for part in self.components}
        return {part.name: part.check() for part in self.components}

    async def until_fit(self, stop: asyncio.Event) -> bool:
        """Until the parts can do no harm to the schema, nor it to them; False where it is stopped before."""
        self._waits_for_schema = True
        while not (await self.check_database()).ready:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_EVERY)
            if stop.is_set():
                return False
        self._waits_for_schema = False
        return True

    async def check_database(self) -> Health:
        if self.database is None:
            return Health()
        try:
            async with asyncio.timeout(_DATABASE_SECONDS):
                schema, apart = await self._look()
        except (TimeoutError, OSError, SQLAlchemyError) as error:
            return Health(ready=False, detail=_why_away(self.service, error))
        if not schema.fits(self.service):
            return Health(ready=False, detail=schema.misfit(self.service))
        return Health(ready=False, detail=_why_apart(apart)) if apart > _APART else Health()

    async def apart(self) -> str:
        """In one line, that the clocks differ; empty where they do not, and where the database does not tell."""
        try:
            async with asyncio.timeout(_DATABASE_SECONDS):
                _, apart = await self._look()
        except (TimeoutError, OSError, SQLAlchemyError):
            return ""
        return _why_apart(apart) if apart > _APART else ""

    async def is_ready(self) -> tuple[bool, dict[str, Health]]:
        """An API is ready when its database is, whatever Kafka does; other aspects when all their parts are."""
        parts = self.parts()
        database = await self.check_database()
        ready = database.ready and (self.serves_http or all(part.ready for part in parts.values()))
        if database.detail != self._last_detail:
            self._last_detail = database.detail
            (log.info if database.ready else log.warning)("readiness", detail=database.detail)
        return ready, {"database": database, **parts}

    async def _look(self) -> tuple[Schema, timedelta]:
        """The schema, and how far this machine's clock and the database's are apart."""
        assert self.database is not None
        async with self.database.engine.connect() as connection:
            schema = Schema.of((await connection.execute(revisions.LOOK)).one_or_none())
            before = _this_machines_time()
            there = await connection.scalar(text("select clock_timestamp()"))
            return schema, max(before - there, there - _this_machines_time())


class Timekeeper:
    """Ends a process whose clock has gone wrong, so that nothing is taken for due before it is; anew it waits."""

    name = "time"

    def __init__(self, watch: Watch, *, every: timedelta = timedelta(seconds=15)) -> None:
        self._watch = watch
        self._every = every.total_seconds()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        while not self._stopping.is_set():
            if apart := await self._watch.apart():
                log.error("the clock is wrong", detail=apart)
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._every)

    async def stop(self) -> None:
        self._stopping.set()

    def check(self) -> Health:
        return Health()


def _this_machines_time() -> datetime:
    """Not the clock that decisions are made by, which may be driven."""
    return datetime.now(UTC)


def _why_apart(apart: timedelta) -> str:
    return f"this machine's clock and the database's are {apart.total_seconds():.0f} s apart: set both by NTP"


def _why_away(service: str, error: Exception) -> str:
    if isinstance(error, DBAPIError) and sqlstate(error) == "42P01":
        return f"the database has no tables yet: run python -m {service} migrate"
    if isinstance(error, DBAPIError) and sqlstate(error)[:2] == "28":
        return f"the database refuses the role's password: set it, or {service.upper()}_DATABASE_URL"
    if isinstance(error, DBAPIError) and sqlstate(error) == NO_CONNECTION_LEFT:
        return f"the database {NO_MORE_CONNECTIONS}"
    if isinstance(error, DBAPIError) and sqlstate(error) == "42501":
        return "the role may not read alembic_version: the migrations did not grant it"
    return f"the database does not answer: start it, or set {service.upper()}_DATABASE_URL"


def add_probes(app: FastAPI, watch: Watch) -> None:
    """/healthz for who restarts, /readyz for who sends requests, /metrics for who watches."""

    async def healthz() -> JSONResponse:
        parts = watch.parts()
        alive = all(part.alive for part in parts.values())
        return JSONResponse({"alive": alive, "parts": _shown(parts)}, 200 if alive else 503)

    async def readyz() -> JSONResponse:
        ready, parts = await watch.is_ready()
        return JSONResponse({"ready": ready, "parts": _shown(parts)}, 200 if ready else 503)

    async def show_metrics() -> Response:
        return Response(metrics.shown(), headers={"Content-Type": metrics.CONTENT_TYPE})

    for path, probe in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", show_metrics)):
        app.add_api_route(path, probe, methods=["GET"], include_in_schema=False)


def _shown(parts: dict[str, Health]) -> dict[str, dict[str, object]]:
    return {name: {"alive": part.alive, "ready": part.ready, "detail": part.detail} for name, part in parts.items()}
