"""What a measure is given: a running city of the asked size, settings, and where to say how it goes."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

from tests.asked import asked_for
from tests.bench import instruments, leftovers
from tests.system.city import City

#: Raise it when the loader writes something else: states that were kept are then made anew.
STATE_FORMAT = 2

#: A kept state that the runs have filled by so much more than it should hold is made anew.
FILLED = 1.25

_SCALES = {"k": 1_000, "m": 1_000_000}


def scale_of(text: str) -> int:
    """``10k`` is 10,000; anything else is a ValueError."""
    number, unit = (text[:-1], _SCALES[text[-1].lower()]) if text[-1:].lower() in _SCALES else (text, 1)
    return int(number) * unit


def name_of(scale: int) -> str:
    for unit, many in reversed(_SCALES.items()):
        if scale % many == 0:
            return f"{scale // many}{unit}"
    return str(scale)


@dataclass(frozen=True)
class Settings:
    """How long and how much; each by the environment variable of its name."""

    hold: float = 300.0
    soak: float = 1800.0
    rate: float = 0.0
    seed: int = 1

    @classmethod
    def of_environment(cls) -> "Settings":
        return cls(
            **{
                name: asked_for(name.upper(), type(each.default), str(each.default), as_in=str(each.default))
                for name, each in cls.__dataclass_fields__.items()
            }
        )


@dataclass
class Bench:
    """``city`` holds ``scale`` cases; ``state`` gives another size; ``found`` is what measures leave to others."""

    scale: int
    home: Path
    port: int
    settings: Settings = field(default_factory=Settings)
    wanted: tuple[str, ...] = ()
    found: dict[str, Any] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)
    _running: dict[int, City] = field(default_factory=dict)
    _broken: dict[int, str] = field(default_factory=dict)

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.begun:6.0f} s] {text}", flush=True)

    @property
    def city(self) -> City:
        """Started when it is first asked for, or when ``state`` has stopped it."""
        return self._running.get(self.scale) or self._start(self.scale)

    @contextmanager
    def state(self, scale: int, *, alone: bool = True) -> Iterator[City]:
        """The running city of that size. ``alone``: others are stopped first; ``city`` starts again when asked for."""
        if alone:
            self._stop(*(other for other in self._running if other != scale))
        was_running = scale in self._running
        city = self._running.get(scale) or self._start(scale)
        try:
            yield city
        finally:
            if not was_running and scale != self.scale:
                self._stop(scale)

    def tidy(self) -> None:
        """Close what measures have left open in the cities that run."""
        for scale, city in self._running.items():
            self._tidy(city, scale)

    def _tidy(self, city: City, scale: int) -> None:
        loaded = datetime.fromtimestamp(_stamp_of(city).stat().st_mtime, UTC)
        if many := leftovers.close(city, since=loaded):
            self.say(f"{many} cases that were left open in the city of {name_of(scale)} are closed")

    def close(self) -> None:
        self._stop(*self._running)

    def _stop(self, *scales: int) -> None:
        for scale in scales:
            self.say(f"stopping the city of {name_of(scale)}")
            self._running.pop(scale).local("down")

    def _start(self, scale: int) -> City:
        """A state that could not be made is not tried again: every measure that needs it would wait for it."""
        if scale in self._broken:
            raise RuntimeError(f"the state of {name_of(scale)} could not be made: {self._broken[scale]}")
        city = City(home=self.home / name_of(scale), port=self._free_port())
        try:
            self._bring_up(city, scale)
        except Exception as error:
            self._broken[scale] = f"{type(error).__name__}: {error}"[:200]
            city.local("down")
            raise
        self._running[scale] = city
        return city

    def _bring_up(self, city: City, scale: int) -> None:
        stamp = _stamp_of(city)
        if not _is_good(stamp):
            self._forget(city, stamp)
        self.say(f"starting the city of {name_of(scale)} in {city.home}")
        city.local("up")
        if stamp.exists() and self._cases(city) > FILLED * scale:
            self.say("it was filled by earlier runs: making it anew")
            city.local("down")
            self._forget(city, stamp)
            city.local("up")
        if not stamp.exists():
            instruments.lay(city)
            _load(city, scale, self.settings.seed, self.say)
            stamp.write_text(str(STATE_FORMAT))
        self._tidy(city, scale)
        self.found.setdefault("cases", {})[name_of(scale)] = self._cases(city)

    def _free_port(self) -> int:
        taken = {city.port for city in self._running.values()}
        return next(port for port in count(self.port, 100) if port not in taken)

    @staticmethod
    def _cases(city: City) -> int:
        return city.count("routing", "select count(*) from cases")

    @staticmethod
    def _forget(city: City, stamp: Path) -> None:
        stamp.unlink(missing_ok=True)
        if city.home.exists():
            city.local("reset")
            shutil.rmtree(city.home, ignore_errors=True)


def _stamp_of(city: City) -> Path:
    """It is as old as what was loaded."""
    return city.home.with_name(f"{city.home.name}.state")


def _is_good(stamp: Path) -> bool:
    return stamp.exists() and stamp.read_text() == str(STATE_FORMAT)


def _load(city: City, scale: int, seed: int, say: Callable[[str], None]) -> None:
    import_module("tests.bench.state").load(city, scale, seed=seed, say=say)
