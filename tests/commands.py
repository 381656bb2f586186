"""Commands of the command line, against a platform that answers within the test."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from cli.__main__ import app
from typer.testing import CliRunner

Answer = Callable[[httpx.Request], httpx.Response]


def reach(monkeypatch: pytest.MonkeyPatch, command: ModuleType, as_: Callable[[str], Answer]) -> None:
    """What the command asks in somebody's name is answered as ``as_`` says for them."""

    def client_of(name: str, _settings: object) -> httpx.Client:
        return httpx.Client(base_url="http://city.test", transport=httpx.MockTransport(as_(name)))

    monkeypatch.setattr(command, "client_of", client_of)


def only(who: str, answer: Answer) -> Callable[[str], Answer]:
    """Nobody else asks."""

    def as_(name: str) -> Answer:
        assert name == who
        return answer

    return as_


def page_of(items: Sequence[Any], request: httpx.Request) -> httpx.Response:
    """One item a page."""
    at = int(request.url.params.get("cursor", 0))
    following = str(at + 1) if at + 1 < len(items) else None
    return httpx.Response(200, json={"items": items[at : at + 1], "next": following})


def run(*arguments: str | Path) -> tuple[int, str]:
    """The exit code, and all that was printed."""
    result = CliRunner().invoke(app, [*map(str, arguments)])
    return result.exit_code, result.output
