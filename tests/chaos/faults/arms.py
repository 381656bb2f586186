"""The harness's side of what is armed inside a process."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.chaos.fault import ChaosCity
from tests.chaos.inside.arming import TOLD, file_of

LOOK_EVERY = 0.02


def arm(city: ChaosCity, service: str, what: str) -> Path:
    city.armed.mkdir(parents=True, exist_ok=True)
    file = file_of(city.armed, service, what)
    file.write_text("armed")
    return file


def was_taken(file: Path, *, within: float) -> bool:
    """Whether a process came to the point in time; if not it is armed no more."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        if not file.exists():
            return True
        time.sleep(LOOK_EVERY)
    try:
        file.unlink()
    except FileNotFoundError:
        return True
    return False


@contextmanager
def told(city: ChaosCity) -> Iterator[None]:
    """What the processes say that they did meanwhile goes into the record."""
    file = city.armed / TOLD
    seen = file.stat().st_size if file.exists() else 0
    try:
        yield
    finally:
        for line in _lines(file, seen):
            facts: dict[str, Any] = json.loads(line)
            city.note(facts.pop("what"), **facts)


def _lines(file: Path, seen: int) -> list[str]:
    if not file.exists():
        return []
    with file.open() as lines:
        lines.seek(seen)
        return [line for line in lines if line.endswith("\n")]
