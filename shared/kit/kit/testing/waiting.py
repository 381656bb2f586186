"""Waiting for what real servers do: by looking, with an end, never by sleeping for luck."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from kit.health import Component

T = TypeVar("T")
C = TypeVar("C", bound=Component)

#: A test that waits this many seconds for servers to do what they should has failed.
PATIENCE = 40.0


async def until(look: Callable[[], Awaitable[T]], what: str, *, patience: float = PATIENCE) -> T:
    """What ``look`` finds, as soon as it finds something."""
    end = time.monotonic() + patience
    while not (found := await look()):
        if time.monotonic() > end:
            raise AssertionError(f"It did not come about that {what}.")
        await asyncio.sleep(0.05)
    return found


@asynccontextmanager
async def running(component: C) -> AsyncIterator[C]:
    """Run a component until the block ends; what it raises, the block raises."""
    task = asyncio.create_task(component.run())
    try:
        yield component
    finally:
        await component.stop()
        await task
