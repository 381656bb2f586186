"""Every operation of the four APIs goes through a door, which refuses parameters that nobody reads; none through a
thread.
"""

from collections.abc import Iterator
from inspect import iscoroutinefunction
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from kit.http.door import door, open_door
from starlette.routing import BaseRoute

from tests.system.apis import SERVICES, aspect_of, settings_of


def without_a_door(routes: list[BaseRoute]) -> list[str]:
    """Pages (which are in no schema) are opened by links to which messengers add parameters of their own."""
    operations = [each for each in iter_route_contexts(routes) if getattr(each, "include_in_schema", False)]
    return [str(each.path) for each in operations if {door, open_door}.isdisjoint(calls_of(each.dependant))]


def calls_of(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for below in dependant.dependencies:
        yield from calls_of(below)


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_has_a_door(service: str) -> None:
    app = aspect_of(service, settings_of(service)).app
    assert app is not None
    assert [path for path in without_a_door(app.router.routes) if path.startswith(f"/{service}/")] == []


def test_an_operation_without_a_door_is_found() -> None:
    router = APIRouter(prefix="/grid/v1")

    @router.get("/aside")
    async def get_aside() -> None: ...

    @router.get("/through")
    async def get_through(way: Annotated[Any, Depends(open_door)]) -> None: ...

    assert without_a_door(router.routes) == ["/grid/v1/aside"]


@pytest.mark.parametrize("service", SERVICES)
def test_what_an_operation_depends_on_is_awaited(service: str) -> None:
    """A plain function would be called in a thread: two switches for each request."""
    app = aspect_of(service, settings_of(service)).app
    assert app is not None
    operations = [each for each in iter_route_contexts(app.router.routes) if hasattr(each, "dependant")]
    calls = {call for each in operations for call in calls_of(each.dependant)}
    assert len(calls) > 10
    assert {
        call for call in calls if not iscoroutinefunction(call) and not iscoroutinefunction(type(call).__call__)
    } == set()
