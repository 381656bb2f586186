"""One process for one aspect of a service, or for all: ``python -m intake api``, ``python -m intake all``."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import ValidationError

from kit import logging, telemetry
from kit.app.defaults import side_app
from kit.app.watching import Timekeeper, Watch
from kit.db import Database
from kit.health import Component
from kit.loading import lightly
from kit.settings import ServiceSettings

S = TypeVar("S", bound=ServiceSettings)

#: How long what is in hand may take after SIGTERM; below the supervisor's and Kubernetes' own patience.
GRACE_SECONDS = 25.0

log = logging.get_logger(__name__)


@dataclass
class Aspect:
    """What one aspect runs. Its databases are closed at the end; the first is what readiness asks."""

    app: FastAPI | None = None
    components: list[Component] = field(default_factory=list)
    databases: list[Database] = field(default_factory=list)

    def __add__(self, other: "Aspect") -> "Aspect":
        return Aspect(self.app or other.app, [*self.components, *other.components], [*self.databases, *other.databases])


def main(service: str, settings: Callable[[], S], aspects: Mapping[str, Callable[[S], Aspect]]) -> None:
    """The command line of a service: ``main("intake", Settings, {"api": app.api, "consumer": app.consumer, …})``."""
    asked = sys.argv[1:]
    names = [*aspects, "migrate", "all"]
    if len(asked) != 1 or asked[0] not in names:
        sys.exit(f"usage: python -m {service} {' | '.join(names)}")
    found = _settings(service, settings)
    logging.set_up(service=service, level=found.log_level)
    if asked[0] == "migrate":
        from kit.app.migrating import migrate  # Alembic is a tenth of what a service would load, and serves none

        sys.exit(uvloop.run(migrate(service, found)))
    chosen = list(aspects.values()) if asked[0] == "all" else [aspects[asked[0]]]
    sys.exit(uvloop.run(_make_and_serve(service, asked[0], found, chosen)))


async def _make_and_serve(service: str, name: str, settings: S, makers: Sequence[Callable[[S], Aspect]]) -> int:
    aspect = Aspect()
    with lightly():
        for make in makers:
            aspect += make(settings)
    return await serve(service, aspect, settings=settings, name=name)


def _settings(service: str, settings: Callable[[], S]) -> S:
    try:
        return settings()
    except ValidationError as error:
        sys.exit(f"{service} does not start: {'; '.join(_remedy(service, wrong) for wrong in error.errors())}")


def _remedy(service: str, wrong: Mapping[str, Any]) -> str:
    name = "_".join([service, *map(str, wrong["loc"])]).upper()
    if wrong["type"] == "missing":
        return f"{name} is not set: set it"
    return f"{name} cannot be used: {wrong['msg'].removeprefix('Value error, ')}"


async def serve(service: str, aspect: Aspect, *, settings: ServiceSettings, name: str = "all") -> int:
    """Run until SIGTERM or SIGINT: 0. Or until a part ends by itself: 1, so that a supervisor starts it again."""
    end_traces = telemetry.set_up(service=service, endpoint=settings.otlp_endpoint, databases=aspect.databases)
    listening = listen(service, settings.host, settings.port)
    if listening is None:
        return 1
    app = _app_of(service, aspect)
    watch: Watch = app.state.watch
    keeping = [Timekeeper(watch)] if aspect.components and watch.database else []
    running = _Running([*aspect.components, *keeping], _new_server(app), watch)
    try:
        log.info("starts", aspect=name, port=listening.getsockname()[1])
        return await running.until_stopped(listening)
    finally:
        for database in aspect.databases:
            await database.close()
        await asyncio.to_thread(end_traces)
        log.info("ended", aspect=name)


def _app_of(service: str, aspect: Aspect) -> FastAPI:
    if aspect.app is None:
        return side_app(service, aspect.databases[0] if aspect.databases else None, aspect.components)
    watch: Watch = aspect.app.state.watch
    watch.components = aspect.components
    return aspect.app


def listen(service: str, host: str, port: int) -> socket.socket | None:
    """The port, or one line that says who to blame: before anything else has been started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        log.error(  # noqa: TRY400 - the line says it all
            "cannot listen", port=port, remedy=f"port {port} {why}: stop who holds it, or set {service.upper()}_PORT"
        )
        return None
    listening.listen(2048)
    listening.setblocking(False)  # noqa: FBT003 - the socket's own signature
    return listening


class _Server(uvicorn.Server):
    """Signals are the whole process's business, not the server's alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _new_server(app: FastAPI) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            http="httptools",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=int(GRACE_SECONDS) - 5,
            h11_max_incomplete_event_size=64_000,
        )
    )


class _Running:
    def __init__(self, components: Sequence[Component], server: uvicorn.Server, watch: Watch) -> None:
        self._components = components
        self._server = server
        self._watch = watch
        self._stop = asyncio.Event()

    async def until_stopped(self, listening: socket.socket) -> int:
        self._heed_signals()
        fit = asyncio.create_task(self._watch.until_fit(self._stop), name="fit")
        tasks = {asyncio.create_task(_run(part, fit), name=part.name): part for part in self._components}
        http = asyncio.create_task(self._server.serve(sockets=[listening]), name="http")
        stop = asyncio.create_task(self._stop.wait(), name="stop")
        await asyncio.wait([*tasks, http, stop], return_when=asyncio.FIRST_COMPLETED)
        ended = [task for task in (*tasks, http) if task.done()]
        asked = stop.done()
        for task in ended:
            self._tell_end(task)
        await self._wind_up([*tasks, http])
        stop.cancel()
        fit.cancel()
        return 0 if asked and not any(task.done() and _failed(task) for task in tasks) else 1

    def _heed_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._heed, number)

    def _heed(self, number: signal.Signals) -> None:
        if self._stop.is_set():
            log.warning("stopped at once", signal=number.name)
            os._exit(1)
        log.info("stops", signal=number.name)
        self._stop.set()

    def _tell_end(self, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        log.error("a part has ended by itself: the process ends too", component=task.get_name(), exc_info=error)

    async def _wind_up(self, tasks: Sequence[asyncio.Task[Any]]) -> None:
        """Take no more, finish what is in hand; what does not finish in time is cut off and done again elsewhere."""
        self._server.should_exit = True
        await asyncio.gather(*(part.stop() for part in self._components), return_exceptions=True)
        _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
        for task in late:
            log.warning("cut off", component=task.get_name())
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run(part: Component, fit: "asyncio.Task[bool]") -> None:
    """A schema that is behind, or ahead of what it serves, is left alone."""
    if await asyncio.shield(fit):
        await part.run()


def _failed(task: asyncio.Task[Any]) -> bool:
    return not task.cancelled() and task.exception() is not None
