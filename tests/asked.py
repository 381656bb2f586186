"""What whoever starts a measure or a run of faults asks of it, by environment variables."""

import os
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def asked_for(name: str, read: Callable[[str], T], otherwise: str, *, as_in: str) -> T:
    """``read`` of what is set, or of ``otherwise``; one line that names the variable where that is a ValueError."""
    said = os.environ.get(name) or otherwise
    try:
        return read(said)
    except ValueError:
        raise SystemExit(f"{name}={said}: give it as in {name}={as_in}") from None
