"""Errors over HTTP: problem+json (RFC 9457), each with a stable type, a remedy and the trace's id, and no values."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from opentelemetry import trace
from pydantic import BaseModel, Field
from pydantic_core import core_schema
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.types import ExceptionHandler

from kit.auth import NotSignedIn
from kit.away import DISK_FULL, is_away, sqlstate
from kit.errors import STATUS, Kind, ServiceError, Stale, Unavailable
from kit.logging import get_logger

MEDIA_TYPE = "application/problem+json"

log = get_logger(__name__)


class FieldProblem(BaseModel):
    """One thing that is wrong in the request."""

    pointer: str = Field(description="JSON pointer (RFC 6901) to the field.", examples=["/place"])
    part: str = Field(description="body, query, path, header, or request.", examples=["body"])
    code: str = Field(examples=["missing"])
    detail: str = Field(examples=["is required: add it"])


class Problem(BaseModel):
    """RFC 9457. ``type`` is stable and named in the API's documentation; ``code`` is its last part."""

    type: str = Field(examples=["/problems/not_found"])
    title: str
    status: int
    code: str
    detail: str = Field(description="What is wrong, and the remedy.")
    trace_id: str | None = Field(default=None, description="Name it when you report the problem.")
    errors: list[FieldProblem] = []
    present: dict[str, str | int | None] | None = Field(
        default=None,
        description="How it stands now, where it has changed since it was read.",
        examples=[{"version": 7}],
    )


class HttpProblem(Exception):
    """An error of HTTP itself, which no use case knows."""

    def __init__(self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})


_TITLES: dict[int, tuple[str, str]] = {
    400: ("The request cannot be read", "請求無法讀取"),
    401: ("Not signed in", "未登錄"),
    403: ("Not yours to do", "無權辦理"),
    404: ("Not found", "查無此項"),
    405: ("Not a method of this resource", "不支持此方法"),
    406: ("Not available in that form", "無此格式"),
    409: ("In conflict with how it stands", "與現狀衝突"),
    412: ("Changed since you read it", "內容已被更新"),
    413: ("Too large", "內容過大"),
    415: ("Not a media type that is read here", "不支持的內容類型"),
    422: ("Something in the request is impossible", "請求內容有誤"),
    428: ("Name the version you read", "須註明版本"),
    429: ("Too many requests", "請求過於頻繁"),
    500: ("A defect of the platform", "平台故障"),
    503: ("Not available just now", "暫時無法使用"),
}


def responses_for(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documentation of these problems, for a router or a route beyond what every operation has."""
    return {status: _documented(status) for status in statuses}


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
    present: Mapping[str, str | int | None] | None = None,
) -> JSONResponse:
    english, chinese = _TITLES.get(status, ("Problem", "錯誤"))
    body = Problem(
        type=f"/problems/{code}",
        title=chinese if prefers_chinese(request.headers.get("accept-language", "")) else english,
        status=status,
        code=code,
        detail=detail,
        trace_id=trace_id(),
        errors=list(errors),
        present=dict(present) if present else None,
    )
    kept = {"Cache-Control": "no-store", "Vary": "Accept-Language", **(headers or {})}
    return JSONResponse(body.model_dump(mode="json"), status, kept, media_type=MEDIA_TYPE)


def trace_id() -> str | None:
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def prefers_chinese(accept_language: str) -> bool:
    """Whether the first language of the header by weight, Chinese or English, is Chinese."""
    best = ("en", 0.0)
    for item in accept_language.split(","):
        tag, _, weight = item.strip().partition(";q=")
        language = tag.split("-")[0].lower()
        if language in ("zh", "en") and (value := _weight(weight)) > best[1]:
            best = (language, value)
    return best[0] == "zh"


def handle_problems(app: FastAPI) -> None:
    handlers: dict[type[Exception] | int, ExceptionHandler] = {
        ServiceError: _service_error,
        HttpProblem: _http_problem,
        NotSignedIn: _not_signed_in,
        RequestValidationError: _validation_error,
        HTTPException: _http_exception,
        PoolTimeout: _busy,
        DBAPIError: _away_or_defect,
        OSError: _away_or_defect,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


async def _service_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceError)
    status = STATUS[error.kind]
    errors = (
        [FieldProblem(pointer=error.field, part="request", code=error.code, detail=error.detail)] if error.field else []
    )
    headers = {"Retry-After": "2"} if error.kind in (Kind.UNAVAILABLE, Kind.NOT_YET) else {}
    present = error.present if isinstance(error, Stale) else None
    return problem(request, status, error.code, error.detail, errors=errors, headers=headers, present=present)


async def _http_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HttpProblem)
    return problem(request, error.status, error.code, error.detail, headers=error.headers)


async def _not_signed_in(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, NotSignedIn)
    challenge = 'Bearer realm="baiyang"'
    if error.code != "no_token":
        challenge += f', error="invalid_token", error_description="{error.detail}"'
    return problem(request, 401, error.code, error.detail, headers={"WWW-Authenticate": challenge})


async def _database_away(request: Request, error: Exception) -> JSONResponse:
    log.warning("database is away", error=type(error).__name__)
    return await _service_error(request, Unavailable("database_away", "The database does not answer: try again."))


async def _busy(request: Request, error: Exception) -> JSONResponse:
    log.warning("too many requests wait for the database", error=type(error).__name__)
    detail = "More is asked than can be answered at this moment: try again."
    return await _service_error(request, Unavailable("busy", detail))


async def _away_or_defect(request: Request, error: Exception) -> JSONResponse:
    if sqlstate(error) == DISK_FULL:
        return await _no_room(request, error)
    return await (_database_away if is_away(error) else _defect)(request, error)


async def _no_room(request: Request, error: Exception) -> JSONResponse:
    log.error("database has no room", error=type(error).__name__, remedy="make room on its disk")
    detail = "There is no room to keep this at the moment, and nothing of it was kept: try again later."
    return await _service_error(request, Unavailable("no_room", detail))


async def _defect(request: Request, error: Exception) -> JSONResponse:
    return answer_defect(request, error)


def answer_defect(request: Request, error: Exception) -> JSONResponse:
    log.error("defect", exc_info=error, method=request.method, path=route_of(request))
    return problem(
        request, 500, "defect", "This is a defect of the platform; it has been recorded. Report the trace_id."
    )


def route_of(request: Request) -> str:
    """The route's template: a path itself may hold what nobody should read in a log."""
    return str(getattr(request.scope.get("route"), "path", "") or "unrouted")


_STATUS_CODES = {404: "no_such_path", 405: "no_such_method", 413: "too_large", 415: "unsupported_media_type"}
_STATUS_DETAILS = {
    404: "There is nothing at this path: the API's documentation lists the paths.",
    405: "This path does not know that method: the Allow header lists those it knows.",
    413: "The body is larger than is read here: send less.",
    415: "Send application/json in UTF-8.",
    400: "The request cannot be read: send valid JSON in UTF-8.",
}


async def _http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = error.status_code
    headers = dict(error.headers or {})
    if status == 405:
        headers["Allow"] = ", ".join(_methods_at(request)) or headers.get("Allow", "GET")
    code = _STATUS_CODES.get(status, "unreadable" if status == 400 else f"http_{status}")
    return problem(request, status, code, _STATUS_DETAILS.get(status, "See the status."), headers=headers)


def too_large(request: Request) -> JSONResponse:
    return problem(request, 413, _STATUS_CODES[413], _STATUS_DETAILS[413])


def _methods_at(request: Request) -> list[str]:
    """Every method of the path, where several routes share it."""
    known: list[str] = []
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0].name == "FULL" for route in request.app.router.routes):
            known.append(method)
    return known


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return problem(request, 400, "malformed_json", "The body is not JSON: send valid JSON in UTF-8.")
    if _is_wrong_media_type(request, found):
        return problem(request, 415, "unsupported_media_type", _STATUS_DETAILS[415])
    errors = [_field_problem(item, error.body) for item in found[:50]]
    first = errors[0]
    return problem(request, 422, "invalid_request", f"{first.part} {first.pointer} {first.detail}.", errors=errors)


def _is_wrong_media_type(request: Request, found: Sequence[Any]) -> bool:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    reads_json = media_type.startswith("application/") and (media_type.endswith(("/json", "+json")))
    whole_body = any(tuple(item["loc"]) == ("body",) and item["type"] != "missing" for item in found)
    return whole_body and not reads_json


_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")
_QUOTED = re.compile(r"'([^']*)'")
_KNOWN_TYPES = frozenset(get_args(core_schema.ErrorType))

#: What to say for pydantic's own error types. Its messages are not passed on: some repeat the value.
_DETAILS = {
    "missing": "is required: add it",
    "extra_forbidden": "is not a field of this request: remove it or correct its name",
    "string_type": "must be a text",
    "string_too_short": "is too short: at least {min_length} characters",
    "string_too_long": "is too long: at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "string_unicode": "must be valid Unicode text",
    "too_long": "has too many items: at most {max_length}",
    "too_short": "has too few items: at least {min_length}",
    "uuid_parsing": "must be a UUID, as 0190f3a2-7b1c-7def-8123-456789abcdef",
    "uuid_type": "must be a UUID, as 0190f3a2-7b1c-7def-8123-456789abcdef",
    "datetime_parsing": "must be a time as RFC 3339 with offset: 2026-09-01T09:30:00+08:00",
    "datetime_from_date_parsing": "must be a time as RFC 3339 with offset: 2026-09-01T09:30:00+08:00",
    "datetime_type": "must be a time as RFC 3339 with offset: 2026-09-01T09:30:00+08:00",
    "timezone_aware": "must name its offset: 2026-09-01T09:30:00+08:00",
    "date_type": "must be a date, as 2026-09-01",
    "date_parsing": "must be a date, as 2026-09-01",
    "date_from_datetime_parsing": "must be a date, as 2026-09-01",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "time_type": "must be a time of day, as 09:30",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "union_tag_not_found": "is required: add it",
    "union_tag_invalid": "must be one of {expected_tags}",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "model_attributes_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
    "json_invalid": "must be valid JSON",
}


def _field_problem(item: Any, body: Any) -> FieldProblem:
    part, *path = [str(step) for step in item["loc"]] or ["body"]
    if part == "body" and len(path) > 1 and isinstance(body, dict) and path[0] not in body:
        del path[0]  # no field, but which of several forms the body was read as
    context = {name: _plain(str(value)) for name, value in (item.get("ctx") or {}).items()}
    if item["type"].startswith("union_tag_"):
        path.append(context["discriminator"])  # the field that says which form it is
    pointer = "".join("/" + step[:100].replace("~", "~0").replace("/", "~1") for step in path)
    if item["type"] == "value_error":
        detail = context["error"]  # a validator of our own, which knows not to repeat the value
    elif item["type"] in _KNOWN_TYPES:
        template = _DETAILS.get(item["type"], "is not acceptable: see the API's documentation")
        detail = template.format_map(_Context(context))
    else:
        detail = str(item["msg"])  # the same
    return FieldProblem(pointer=pointer or "/", part=part, code=str(item["type"]), detail=detail)


def _plain(text: str) -> str:
    """As it stands in JSON, and not in Python: an enumeration's member is its value."""
    return _QUOTED.sub(r"\1", _MEMBER.sub(r"\1", text))


class _Context(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def _documented(status: int) -> dict[str, Any]:
    return {
        "description": _TITLES.get(status, ("Problem", ""))[0],
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
