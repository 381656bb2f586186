"""The four APIs as they run: each service's own HTTP application on a real port, over its own PostgreSQL."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import uvicorn
from kit.app import Aspect
from kit.clock import DrivenClock
from kit.crypto import new_key
from kit.settings import ServiceSettings
from kit.testing.servers import NOW
from kit.testing.tokens import Identity
from local import ports
from pydantic import SecretStr

from tests.contracts.test_examples import EXAMPLE_KEYS

SERVICES = ("grid", "intake", "notify", "routing")
NO_DATABASE = "postgresql+asyncpg://{role}@127.0.0.1:1/none"


def settings_of(service: str, *, database_url: str = NO_DATABASE, identity: Identity | None = None) -> ServiceSettings:
    make: type[ServiceSettings] = import_module(f"{service}.settings").Settings
    return make(
        database_url=database_url,
        service_keys=SecretStr(new_key("test")),
        transport_keys=SecretStr(EXAMPLE_KEYS),
        oidc_issuer=identity.issuer if identity else "",
        oidc_jwks_url=identity.jwks_url if identity else "",
    )


def aspect_of(service: str, settings: ServiceSettings) -> Aspect:
    aspect: Aspect = import_module(f"{service}.app").api(settings)
    return aspect


@contextmanager
def running(service: str, database_url: str, identity: Identity) -> Iterator[str]:
    """The service's API at the address given, until the end; its clock stands at kit.testing's NOW."""
    aspect = aspect_of(service, settings_of(service, database_url=database_url, identity=identity))
    assert aspect.app is not None
    for database in aspect.databases:
        database.clock = DrivenClock(NOW)
    port = ports.free()[0]
    config = uvicorn.Config(aspect.app, port=port, log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=_serve, args=(server, aspect), daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), f"the API of {service} did not start"
            thread.join(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def _serve(server: uvicorn.Server, aspect: Aspect) -> None:
    async def serve() -> None:
        await server.serve()
        for database in aspect.databases:
            await database.close()

    asyncio.run(serve())
