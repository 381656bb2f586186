"""``python -m local serve SERVER``: PostgreSQL, Kafka or the identity provider, for as long as its container lasts.

As ``make run`` brings it up, but asked from everywhere: its data under /data, its passwords from the environment.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kit.migrations import ASPECTS

from local.home import SERVICES
from local.kafka import ADMIN, Front, Kafka
from local.postgres import Postgres
from local.processes import Child, Identity, NotStarted

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - a pod's own address; network policies say who comes in

#: There while the server answers; what a pod's probe looks for.
READY = Path("/tmp/ready")  # noqa: S108 - the pod's own

_LOOK_EVERY = 0.5

#: Says, when all is well, by what the administrator's password is checked; what is wrong it says elsewhere.
_INDISCREET = {"kafka-format"}


def serve(server: str, data: Path, told: Mapping[str, str]) -> int:
    READY.unlink(missing_ok=True)
    return SERVERS[server](data, told)


def postgres(data: Path, told: Mapping[str, str]) -> int:
    """With the services' roles and databases: laid at each start, so that a password that was changed holds."""
    server = Postgres(data, port=5432, host=_EVERYWHERE, password=_word("PGPASSWORD", told), starter=aloud)
    closing = _closing()
    server.start()
    for service in SERVICES:
        roles = [f"{service}_{name}" for name in ("owner", *ASPECTS)]
        server.lay_roles(service, {role: _word(role, told) for role in roles})
        server.lay_database(service)
    return _last(server.child, server.stop, closing)


def kafka(data: Path, told: Mapping[str, str]) -> int:
    if _word("KAFKA_ADMIN_USERNAME", told) != ADMIN:
        raise NotStarted(
            f"KAFKA_ADMIN_USERNAME is not {ADMIN}, as this Kafka's administrator is called: change the secret"
        )
    front = told.get("KAFKA_FRONT")
    node = Kafka(
        data,
        port=9092,
        host=_EVERYWHERE,
        name=told["KAFKA_NAME"],
        controller_port=9093,
        password=_word("KAFKA_ADMIN_PASSWORD", told),
        front=Front(front, 9094) if front else None,
        starter=aloud,
    )
    closing = _closing()
    node.start()
    return _last(node.child, node.stop, closing)


def identity(data: Path, told: Mapping[str, str]) -> int:
    del told
    from local.identity import serve

    serve(_EVERYWHERE, 8000, key_file=data / "identity.json")
    return 0


SERVERS = {"postgres": postgres, "kafka": kafka, "identity": identity}


def _word(name: str, told: Mapping[str, str]) -> str:
    if not told.get(name):
        raise NotStarted(f"{name} is not set: lay the secret that holds it")
    return told[name]


def aloud(
    name: str,
    command: Sequence[str | Path],
    *,
    home: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
) -> Child:
    """What it says goes where this process's own words go."""
    popen = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if name in _INDISCREET else None,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        user=user,
        start_new_session=True,
    )
    return Child(name, popen, Path("/dev/stdout"), home / f"{name}.pid", Identity.of(popen.pid))


def _closing() -> threading.Event:
    """Set once the container is told to end: nobody else hears it, since this is its first process."""
    closing = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: closing.set())
    return closing


def _last(child: Child, stop: Callable[[], None], closing: threading.Event) -> int:
    """Until it is told to end, or the server ends by itself."""
    READY.touch()
    while not closing.wait(_LOOK_EVERY):
        if child.has_ended:
            raise NotStarted(f"{child.name} ended with {child.popen.returncode}")
    READY.unlink(missing_ok=True)
    stop()
    return 0
