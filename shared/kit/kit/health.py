"""What a running part of a process is: how it runs, how it stops, and how it is.

A process is *alive* while none of its parts says that only a restart can help; it is *ready* when all of them can do
their work now. Kafka or the database being away makes nothing unlive.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Health:
    """``detail`` is one line: what is wrong and the remedy, or what is well."""

    alive: bool = True
    ready: bool = True
    detail: str = "ok"


class Component(Protocol):
    """What kit.app runs beside the HTTP server: consumers, the relay, loops.

    ``run`` returns after ``stop`` has been called and what was in hand is finished. It waits for servers that are
    away; it raises only what a restart must cure, and then the whole process ends. ``check`` is cheap and never waits.
    """

    @property
    def name(self) -> str: ...

    async def run(self) -> None: ...

    async def stop(self) -> None: ...

    def check(self) -> Health: ...
