"""How a process that lasts loads its code: for less CPU and memory than by importing it plainly."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: What a request makes goes with it, uncollected: a list of cases alone is some thousand objects, and at every seven
#: hundredth the collector, left as it is, would look for cycles among them.
YOUNG, MIDDLE, OLD = 10_000, 20, 20

#: FastAPI asks for pydantic 1 at its first route, and no model of ours is of it; structlog takes rich where the command
#: line has brought it, to colour what no service colours. Both do without.
_DONE_WITHOUT = ("pydantic.v1", "rich")


@contextmanager
def lightly() -> Iterator[None]:
    """What is loaded lasts as long as the process: the garbage collector looks for nothing in it, now or later."""
    for name in _DONE_WITHOUT:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # typeshed does not know that None forbids
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(YOUNG, MIDDLE, OLD)
        gc.enable()
