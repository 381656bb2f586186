"""How a process that lasts loads its code: for less CPU and memory than by importing it plainly."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: What a request makes goes with it, uncollected: a list of cases alone is some thousand objects, and at every seven
#: hundredth the collector, left as it is, would look for cycles among them.
YOUNG, MIDDLE, OLD = 10_000, 20, 20


@contextmanager
def lightly() -> Iterator[None]:
    """What is loaded lasts as long as the process: the garbage collector looks for nothing in it, now or later."""
    # No model of ours is of pydantic 1: FastAPI asks for it at its first route, and does without.
    sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]  # typeshed does not know that None forbids
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(YOUNG, MIDDLE, OLD)
        gc.enable()
