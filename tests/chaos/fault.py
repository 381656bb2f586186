"""The city that faults strike, and what a fault is.

``tests.chaos.faults.FAULTS`` are all faults; ``tests.chaos.proxy.proxies(city)`` is a context manager that is entered
before the city comes up: it starts what stands between the processes and adds its settings to ``city.extra``.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Protocol

from local.processes import Identity

from tests.chaos.inside.arming import CITY, file_of
from tests.system.city import SERVICES, City, wait_until

#: What is loaded into every process of the city before its own code, when BAIYANG_CHAOS names a folder.
INSIDE = Path(__file__).parent / "inside"

#: Every process that may be killed; "supervisor" is killed and started again by the harness's own city.
PROCESSES = (*SERVICES, "kafka", "postgres", "gateway", "identity")

#: How a strike begins its line when there was nothing to strike: it is not counted.
MISSED = "missed: "


class Note(Protocol):
    """Writes a line of the record: ``note("poison", topic=…, consumer=…, event_id=…)``. No personal data."""

    def __call__(self, what: str, **facts: object) -> None: ...


def _unheard(what: str, **facts: object) -> None:
    del what, facts


@dataclass
class ChaosCity(City):
    """``armed`` is the folder of arming files; ``extra`` is added to the environment of all that is started; ``ahead``
    is by how much the clock of its services is driven.
    """

    armed: Path = Path("armed")
    note: Note = _unheard
    extra: dict[str, str] = field(default_factory=dict)
    ahead: timedelta = timedelta()

    @property
    def now(self) -> datetime:
        """As its services have it."""
        return datetime.now(UTC) + self.ahead

    def drive_clock(self, by: timedelta) -> None:
        self.ahead += by
        self.lay_inside(CITY, "ahead", self.ahead.total_seconds())

    def lay_inside(self, service: str, what: str, seconds: float) -> Path:
        """What a process reads in a file of its own: the whole of it, whenever it looks."""
        self.armed.mkdir(parents=True, exist_ok=True)
        file = file_of(self.armed, service, what)
        beside = file.with_name(f".{file.name}")
        beside.write_text(str(seconds))
        return beside.replace(file)

    @property
    def environment(self) -> dict[str, str]:
        paths = (str(INSIDE), os.environ.get("PYTHONPATH", ""))
        return {
            **super().environment,
            "PYTHONPATH": os.pathsep.join(path for path in paths if path),
            "BAIYANG_CHAOS": str(self.armed),
            **self.extra,
        }

    def identity_of(self, process: str) -> Identity | None:
        """The process as it runs now, also "supervisor"; None while it does not."""
        file = self.home / "lock" if process == "supervisor" else self.home / "run" / f"{process}.pid"
        found = Identity.read(file)
        return found if found and found.is_running() else None

    def wait_for_another(self, process: str, than: Identity, *, seconds: float = 60) -> None:
        """Until the supervisor has started the process again (not: until it answers)."""

        def is_another() -> bool:
            now = self.identity_of(process)
            return now is not None and now != than

        wait_until(is_another, seconds=seconds, what=f"{process} is started again")


class Fault(Protocol):
    """What strikes a city. ``weight``: how often it is drawn among the others; 0 never by chance.

    ``strike`` does it, waits as long as it lasts, heals it, and returns one line of what was done. That of a kill
    begins with the process and a colon (``routing: killed between commit and publish``). Where there was nothing to
    strike (the process was just starting again) it returns a line that begins with ``MISSED``. All chance comes from
    ``random``. What the checks at the end must know of it is told by ``city.note``:

    - ``note("poison", consumer="notify", topic=…, event_id=…)``: one a dead letter that it must have made, by its id
    - ``note("poisoned", topic=…, keys=…)``: what stands on the wire under them is nobody's
    - ``note("kafka_wiped")``: events are sent again
    - ``note("not_run", fault=…, why=…)``: what this machine does not permit
    - ``note("doubled", topics=…, events=…)``, ``note("reordered", …)``: how many came twice, or out of order
    """

    @property
    def name(self) -> str: ...

    @property
    def is_kill(self) -> bool: ...

    @property
    def weight(self) -> int: ...

    def strike(self, city: ChaosCity, random: Random) -> str: ...


def environment_without_faults(city: ChaosCity) -> Mapping[str, str]:
    """For what looks at the city from outside (``baiyang reconcile``): none of it is loaded there."""
    return {
        name: value
        for name, value in {**os.environ, "BAIYANG_HOME": str(city.home), "PORT": str(city.port)}.items()
        if name != "BAIYANG_CHAOS"
    }
