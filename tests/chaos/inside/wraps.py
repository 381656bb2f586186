"""What is laid round the platform's functions on import. Standard library only: it runs before all else."""

import functools
import inspect
import os
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.chaos.inside.arming import Arming
from tests.chaos.inside.bugs import BUGS
from tests.chaos.inside.deliveries import DELIVERIES
from tests.chaos.inside.points import POINTS, Point
from tests.chaos.inside.skew import SKEW

#: A function as it was -> what stands in its place. The arming is this process's.
Wrap = Callable[[Callable[..., Any], Arming], Callable[..., Any]]


def wraps_for(service: str, bug: str = "") -> dict[str, list[tuple[str, Wrap]]]:
    """By module: the functions to wrap, the innermost first."""
    found: dict[str, list[tuple[str, Wrap]]] = defaultdict(list)
    if bug:
        module, function, wrap = BUGS[bug]
        found[module].append((function, wrap))
    for module, function, wrap in (*DELIVERIES, SKEW):
        found[module].append((function, wrap))
    for point in POINTS:
        if service in point.services:
            found[point.module].append((point.function, functools.partial(dying, point)))
    return found


def lay(service: str, folder: Path, *, bug: str = "") -> None:
    sys.meta_path.insert(0, _Finder(wraps_for(service, bug), Arming(service, folder)))


def dying(point: Point, function: Callable[..., Any], arming: Arming) -> Callable[..., Any]:
    """The function, and death before or after it when the point is armed and the pass counts."""

    def die(args: tuple[Any, ...], result: Any = None) -> None:
        if point.when(args, result) and arming.take(point.name):
            os.kill(os.getpid(), signal.SIGKILL)

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def wrapped_async(*args: Any, **kwargs: Any) -> Any:
            if point.side == "before":
                die(args)
            result = await function(*args, **kwargs)
            if point.side == "after":
                die(args, result)
            return result

        return wrapped_async

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if point.side == "before":
            die(args)
        result = function(*args, **kwargs)
        if point.side == "after":
            die(args, result)
        return result

    return wrapped


def wrap(module: ModuleType, function: str, by: Wrap, arming: Arming) -> None:
    """Fails where the function is not: harm that is not done proves nothing."""
    *owners, name = function.split(".")
    owner: Any = functools.reduce(getattr, owners, module)
    setattr(owner, name, by(getattr(owner, name), arming))


class _Finder(MetaPathFinder):
    def __init__(self, wanted: dict[str, list[tuple[str, Wrap]]], arming: Arming) -> None:
        self._wanted = wanted
        self._arming = arming

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._wanted:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            raise ImportError(f"{fullname} is not where it can be wrapped")
        spec.loader = _Loader(spec.loader, self._wanted[fullname], self._arming)
        return spec


class _Loader(Loader):
    def __init__(self, inner: Loader, wraps: list[tuple[str, Wrap]], arming: Arming) -> None:
        self._inner = inner
        self._wraps = wraps
        self._arming = arming

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._inner.exec_module(module)
        for function, by in self._wraps:
            wrap(module, function, by, self._arming)
