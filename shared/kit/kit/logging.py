"""Logs: one JSON object a line, with the trace's id, and nothing about people.

Three guards, since a log outlives every erasure: only keys on the list keep their values; what looks personal is
masked in what remains; of an exception only its type, its place and a stable code are written, never its message,
which may repeat a value.
"""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from opentelemetry import trace
from sqlalchemy.exc import DBAPIError

from kit.errors import ServiceError

#: Keys whose values are ours by construction: names, counts, ids of things that are not people.
# fmt: off
KEYS = frozenset({
    "age", "appeal_id", "aspect", "at", "attempt", "attempts", "batch", "case_id", "causes", "code", "component",
    "consumer", "count", "counts", "deadline_id", "detail", "error", "event", "event_id", "events", "every",
    "fence", "frames", "holder", "host", "lag", "late", "level", "logger", "message_id", "method", "name", "offset",
    "outcome", "partition", "path", "port", "provider", "reason", "remedy", "revision", "rows", "seconds",
    "service", "shard", "shards", "signal", "since", "span_id", "sqlstate", "state", "status", "time", "topic",
    "trace_id", "type", "until", "version", "waits_for",
})
# fmt: on
_OURS = "…"

_MASKS = (
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), "[token]"),
    (re.compile(r"(?<![\w.-])[\w.+-]+@[\w-]+\.[\w.-]+"), "[address]"),
    (re.compile(r"(?<![0-9a-zA-Z])\d{17}[0-9Xx](?![0-9a-zA-Z])"), "[identity]"),
    (re.compile(r"(?<![0-9a-zA-Z-])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![0-9a-zA-Z])"), "[phone]"),
    (re.compile(r"(?<![0-9a-zA-Z-])(?:[0-9A-Za-z]{4}-){3}[0-9A-Za-z](?![0-9a-zA-Z-])"), "[code]"),
    (re.compile(r"(/(?:progress|ratings)/)[^\s/?\"']+"), r"\1[code]"),
    (re.compile(r"(?<=[\w/\]])\?[^\s\"']*"), "?[query]"),
)
#: What each of them needs a part of: most of what is logged has none.
_SUSPECT = re.compile(r"eyJ|[@?]|\d{4}|(?:[0-9A-Za-z]{4}-){3}|/progress/|/ratings/")

Fields = MutableMapping[str, Any]


class Logger:
    """Python's own logger, with fields: ``log.info("starts", port=8000)``."""

    def __init__(self, name: str) -> None:
        self._log = logging.getLogger(name)

    def info(self, said: str, **fields: Any) -> None:
        self._log.info(said, extra=fields)

    def warning(self, said: str, *, exc_info: BaseException | None = None, **fields: Any) -> None:
        self._log.warning(said, exc_info=exc_info, extra=fields)

    def error(self, said: str, *, exc_info: BaseException | None = None, **fields: Any) -> None:
        self._log.error(said, exc_info=exc_info, extra=fields)


def get_logger(name: str) -> Logger:
    return Logger(name)


def set_up(*, service: str, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send our logs and every library's through the same guards to standard error."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(new_formatter(service))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "aiokafka", "faststream", "sqlalchemy", "alembic"):
        library = logging.getLogger(name)
        library.handlers = []
        library.propagate = True
    # kit.app writes the access log itself, by route template; these would repeat paths, statements and addresses.
    logging.getLogger("uvicorn.access").disabled = True
    for name in ("sqlalchemy.engine", "httpx", "httpx2", "httpcore", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)


def new_formatter(service: str) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            describe_exception,
            keep_known_keys,
            mask,
            # What is ours by construction needs no mask.
            _add_trace,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _Named(service),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    )


class _Named:
    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _: Any, __: str, fields: Fields) -> Fields:
        fields["service"] = self._service
        return fields


def _add_trace(_: Any, __: str, fields: Fields) -> Fields:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        fields["trace_id"] = f"{context.trace_id:032x}"
        fields["span_id"] = f"{context.span_id:016x}"
    return fields


def describe_exception(_: Any, __: str, fields: Fields) -> Fields:
    given = fields.pop("exc_info", None)
    fields.pop("stack_info", None)
    error = given[1] if isinstance(given, tuple) else given if isinstance(given, BaseException) else sys.exc_info()[1]
    if given and error is not None:
        fields["error"] = type(error).__name__
        fields["frames"] = [
            f"{frame.filename.rpartition('site-packages/')[2].rpartition('/kit/')[2]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-12:]
        ]
        fields["causes"] = [said for said in _chain(error) if said]
    return fields


def _chain(error: BaseException) -> list[str]:
    said: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(said) < 6:
        said.append(f"{type(seen).__name__} {_code(seen)}".strip())
        seen = seen.__cause__ or seen.__context__
    return said


def _code(error: BaseException) -> str:
    """What is stable and holds no value."""
    if isinstance(error, ServiceError):
        return error.code
    if isinstance(error, DBAPIError):
        return str(getattr(error.orig, "sqlstate", "") or "")
    if isinstance(error, OSError):
        return error.strerror or ""
    return ""


def keep_known_keys(_: Any, __: str, fields: Fields) -> Fields:
    for key in fields:
        if key not in KEYS and not key.startswith("_"):
            fields[key] = _OURS
    return fields


def mask(_: Any, __: str, fields: Fields) -> Fields:
    for key, value in fields.items():
        if not key.startswith("_"):
            fields[key] = _masked(value)
    return fields


def _masked(value: Any) -> Any:
    if isinstance(value, bool | int | float | None):
        return value
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _masked(item) for key, item in value.items()}
    return masked_text(str(value))


def masked_text(said: str) -> str:
    if _SUSPECT.search(said) is None:
        return said[:2000]
    for pattern, mask_ in _MASKS:
        said = pattern.sub(mask_, said)
    return said[:2000]
