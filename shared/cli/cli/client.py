"""HTTP to the gateway in the name of a person."""

from collections.abc import Iterator
from typing import Any

import httpx
import typer

from cli.settings import Settings
from cli.token import bearer_of

#: An import waits for a busy city rather than giving up on it.
TIMEOUT = httpx.Timeout(30, connect=5)


def client_of(name: str, settings: Settings) -> httpx.Client:
    return httpx.Client(base_url=settings.gateway, headers=_headers(name, settings), timeout=TIMEOUT)


def async_client_of(name: str, settings: Settings, *, connections: int = 16) -> httpx.AsyncClient:
    """For commands that send many requests at a bounded concurrency."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncClient(
        base_url=settings.gateway, headers=_headers(name, settings), timeout=TIMEOUT, limits=limits
    )


def _headers(name: str, settings: Settings) -> dict[str, str]:
    return {"Authorization": f"Bearer {bearer_of(name, settings)}"}


def expect(response: httpx.Response) -> httpx.Response:
    """End the command on a refusal, in the platform's own words."""
    if response.is_success:
        return response
    asked = f"{response.request.method} {response.request.url.path}"
    typer.echo(f"{asked}: {response.status_code} {said(response)}", err=True)
    raise typer.Exit(1)


def items_of(client: httpx.Client, path: str, **asked: str) -> Iterator[dict[str, Any]]:
    """A whole list, page by page."""
    cursor: str | None = None
    while True:
        page = expect(client.get(path, params=asked | ({"cursor": cursor} if cursor else {}))).json()
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return


def said(response: httpx.Response) -> str:
    if "json" not in response.headers.get("content-type", ""):
        return response.text[:300]
    problem = response.json()
    return str(problem.get("detail") or problem.get("title") or problem)
