"""The services as the contracts see them: what each may say, by its source, and what it takes, by its handlers."""

import ast
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from contracts.topics import EVENTS
from kit.crypto import KeyRing
from kit.kafka.record import Book

from tests.contracts.test_examples import EXAMPLE_KEYS

ROOT = Path(__file__).parents[2]
SERVICES = ("grid", "intake", "notify", "routing")
CONTRACTS_OF_EVENTS = {f"contracts.{name}" for name in SERVICES}
BY_CLASS = {event.__name__: event for event in EVENTS.values()}


def sources(service: str, module: str, *, root: Path = ROOT) -> list[Path]:
    """The file of a module, or the files of the package that it has grown into."""
    home = root / "services" / service / service
    return [path for path in [home / f"{module}.py", *sorted((home / module).rglob("*.py"))] if path.exists()]


def events_made(path: Path) -> set[str]:
    """The types of event that a file makes: calls of the event classes that it imports from contracts."""
    tree = ast.parse(path.read_text())
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in CONTRACTS_OF_EVENTS
        for alias in node.names
    }
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    made = {names[name] for name in called & names.keys()}
    return {BY_CLASS[name].TYPE for name in made & BY_CLASS.keys()}


def published_by(service: str, *, root: Path = ROOT) -> set[str]:
    return {made for path in sources(service, "events", root=root) for made in events_made(path)}


def events_made_elsewhere(service: str, *, root: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """Events that a service makes outside its events module, where nobody would look for them."""
    events = set(sources(service, "events", root=root))
    for path in sorted((root / "services" / service / service).rglob("*.py")):
        if path not in events:
            yield from ((path, made) for made in sorted(events_made(path)))


def handlers_of(service: str) -> Sequence[Callable[..., None]]:
    """The service's own handlers, wired for a test; grid takes no events."""
    if service == "grid":
        return ()
    consumers = import_module(f"{service}.consumers")
    found = getattr(consumers, "HANDLERS", None)
    wired: Sequence[Callable[..., None]] = found if found is not None else consumers.handlers(_wiring(service))
    return wired


def book_of(service: str) -> Book:
    return Book(handlers_of(service))


def _wiring(service: str) -> Any:
    ring = KeyRing.parse(EXAMPLE_KEYS)
    if service == "notify":
        from notify.service.office import Office

        return Office(
            keys=ring,
            transport=ring,
            zone=ZoneInfo("Asia/Shanghai"),
            address="https://city.example/progress",
            ratings="https://city.example/ratings",
        )
    raise LookupError(f"{service}.consumers has neither HANDLERS nor a wiring here")
