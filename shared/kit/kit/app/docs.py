"""The API's pages and its description, complete without the internet and with every answer named."""

from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from kit.http import idempotency
from kit.http.problems import Problem, responses_for

_PAGES = frozenset({"swagger_ui_html", "swagger_ui_redirect", "redoc_html"})
_ASSETS = Path(fastapi_offline.__file__).parent / "static"
_WRITES = ("post", "put", "patch")
_SCHEMAS = "#/components/schemas/{model}"

_ABOUT = """
Sign in with `Authorization: Bearer …`; `.venv/bin/baiyang token NAME` prints a token for the box under Authorize.

Errors are `application/problem+json` (RFC 9457): `type` and `code` are stable, `detail` names what is wrong and the
remedy, `errors` points to fields, `trace_id` is what to report. Repeat a write safely by sending the same
`Idempotency-Key` (kept 72 hours). Lists go on by the cursor in `next`. A resource's version is its `ETag`: what changes
it names in `If-Match` the version that was read, and each answer gives the next one.
"""


def add_docs(app: FastAPI) -> None:
    """Swagger UI at /docs, its assets beside it, found by relative links so that a gateway may move the page."""
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "name", "") not in _PAGES]
    app.mount("/docs/assets", StaticFiles(directory=_ASSETS), name="docs_assets")

    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title=app.title,
            swagger_js_url="docs/assets/swagger-ui-bundle.js",
            swagger_css_url="docs/assets/swagger-ui.css",
            swagger_favicon_url="docs/assets/favicon.png",
        )

    app.add_api_route("/docs", docs, methods=["GET"], include_in_schema=False, response_class=HTMLResponse)
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = complete(describe())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def complete(description: dict[str, Any]) -> dict[str, Any]:
    """Add what the kit answers on every operation, so that no route has to repeat it."""
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template=_SCHEMAS, mode="serialization")
    schemas |= problem.pop("$defs", {}) | {"Problem": problem}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, operations in description.get("paths", {}).items():
        for method, operation in operations.items():
            _complete_operation(path, method, operation)
    info = description["info"]
    info["description"] = (info.get("description", "") + "\n" + _ABOUT).strip()
    return description


def _complete_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    parameters: list[dict[str, Any]] = operation.setdefault("parameters", [])
    headers = {parameter["name"]: parameter for parameter in parameters if parameter["in"] == "header"}
    signs_in = bool(operation.get("security"))
    if "If-Match" in headers:
        headers["If-Match"] |= {"required": True, "schema": {"type": "string", "pattern": r'^"[0-9]{1,18}"$'}}
    if method in _WRITES and signs_in:
        parameters.append(_IDEMPOTENCY_KEY)
    if not parameters:
        del operation["parameters"]
    answers = operation.setdefault("responses", {})
    statuses = _statuses(path, method, operation, signs_in=signs_in, versioned="If-Match" in headers)
    for status, documented in responses_for(*statuses).items():
        described = answers.get(str(status), {})
        if "HTTPValidationError" in str(described) or not described:
            answers[str(status)] = documented
    if method == "get" and "200" in answers:
        answers.setdefault("304", {"description": "You have this version already."})


def _statuses(path: str, method: str, operation: dict[str, Any], *, signs_in: bool, versioned: bool) -> list[int]:
    found = [400, 422, 500, 503]
    if signs_in:
        found += [401, 403]
    if "{" in path or method in _WRITES:
        found += [404]
    if method in (*_WRITES, "delete"):
        found += [409]
    if "requestBody" in operation:
        found += [413, 415]
    if versioned:
        found += [412, 428]
    return found


_IDEMPOTENCY_KEY = {
    "name": idempotency.HEADER,
    "in": "header",
    "required": False,
    "description": "A fresh UUID for each new request; the same again when it is repeated.",
    "schema": {"type": "string", "pattern": idempotency.PATTERN, "maxLength": 130},
}
