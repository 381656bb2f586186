"""Lists over HTTP: ``?limit=`` and ``?cursor=``; whatever else is in the query is the list's filter."""

from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from kit.http.problems import route_of
from kit.paging import Page

V = TypeVar("V")

_NOT_FILTERS = frozenset({"cursor", "limit"})


class ListView(BaseModel, Generic[V]):
    """A page of a list: ``ListView[CaseView].model_validate(sheet.of(CaseView.of), from_attributes=True)``."""

    items: list[V]
    next: str | None = Field(default=None, description="The cursor of the next page; null on the last.")


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
