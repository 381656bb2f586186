"""Lists over HTTP: ``?limit=`` and ``?cursor=``; whatever else is in the query is the list's filter."""

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from kit.http.problems import route_of
from kit.paging import Page, Sheet

V = TypeVar("V")

_NOT_FILTERS = frozenset({"cursor", "limit"})


class ListView(BaseModel, Generic[V]):
    """A page of a list."""

    items: list[V]
    next: str | None = Field(default=None, description="The cursor of the next page; null on the last.")


def listed(view: Callable[[Any], V]) -> Callable[[Sheet[Any]], ListView[V]]:
    """What a door shows a sheet as: ``door.read(look.list_cases, page, view=listed(CaseView.of))``."""
    return lambda sheet: ListView(items=[view(item) for item in sheet.items], next=sheet.next)


async def asked_page(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200, description="At most so many.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=2000, description="From `next` of the page before, with the same filters.")
    ] = None,
) -> Page:
    filters = sorted((k, v) for k, v in request.query_params.multi_items() if k not in _NOT_FILTERS)
    of_list = f"{request.method} {route_of(request)} {sorted(request.path_params.items())} {urlencode(filters)}"
    return Page(limit=limit, of_list=of_list, ring=request.app.state.ring, cursor=cursor)


#: In a route's signature: ``page: AskedPage``; use cases take it as kit.paging.Page.
AskedPage = Annotated[Page, Depends(asked_page)]
