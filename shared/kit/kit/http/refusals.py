"""What is refused before any use case sees it: bodies that are too large, parameters that are none of the route's, and
text that PostgreSQL cannot hold.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import Cookie, Header, Path
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.errors import Invalid
from kit.http.problems import too_large

_NUL = "\0"


class LimitedBody:
    """413 for a body over the limit: at once where its length is told, else as soon as it has come that far.

    ``larger``: path prefixes that take more, as uploads of whole files do.
    """

    def __init__(self, app: ASGIApp, *, at_most: int, larger: Mapping[str, int] = MappingProxyType({})) -> None:
        self._app = app
        self._at_most = at_most
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        at_most = next((most for path, most in self._larger.items() if scope["path"].startswith(path)), self._at_most)
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if told.isdigit() and int(told) > at_most:
            await too_large(Request(scope))(scope, receive, send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > at_most:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)


def refuse_unknown(request: Request) -> None:
    """A parameter that nobody reads is a mistake that nobody sees: ``?limt=5`` would answer fifty. None is a list."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    known = _parameters_of(request) if given else []
    wrong = [_unknown(name, known) for name in given if name not in known]
    wrong += [_twice(name) for name in known if given[name] > 1]
    if wrong:
        raise RequestValidationError(wrong)


def _parameters_of(request: Request) -> list[str]:
    """What the route and all that it depends on read of the query."""
    declared = get_flat_params(request.scope["route"].dependant)
    return sorted(field.alias for field in declared if not isinstance(field.field_info, (Path, Header, Cookie)))


def _unknown(name: str, known: list[str]) -> dict[str, Any]:
    takes = f"it takes {', '.join(known)}" if known else "it takes none"
    message = f"is not a parameter of this request: remove it or correct its name ({takes})"
    return {"type": "unknown_parameter", "loc": ("query", name), "msg": message}


def _twice(name: str) -> dict[str, Any]:
    return {"type": "given_twice", "loc": ("query", name), "msg": "is given more than once: leave one"}


async def refuse_nul(request: Request) -> None:
    """PostgreSQL has no NUL in text; without this every such text would be a 500."""
    for name, value in (*request.path_params.items(), *request.query_params.multi_items()):
        if isinstance(value, str) and _NUL in value:
            raise _holds_nul(f"/{name}")
    body = await request.body()
    if rb"\u0000" in body or b"\0" in body:  # JSON in UTF-16 is read too, and escapes otherwise
        try:
            found = next(_pointers_to_nul(json.loads(body)), None)
        except (ValueError, RecursionError):
            return
        if found is not None:
            raise _holds_nul(found or "/")


def _pointers_to_nul(body: Any) -> Iterator[str]:
    """Without recursion: how deep the body goes is the sender's choice."""
    left: list[tuple[str, Any]] = [("", body)]
    while left:
        pointer, value = left.pop()
        if isinstance(value, str) and _NUL in value:
            yield pointer
        elif isinstance(value, list):
            left += [(f"{pointer}/{place}", item) for place, item in enumerate(value)]
        elif isinstance(value, dict):
            left += [(f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", item) for key, item in value.items()]


def _holds_nul(field: str) -> Invalid:
    return Invalid("nul_in_text", "A text holds the character NUL (U+0000): remove it.", field=field)
