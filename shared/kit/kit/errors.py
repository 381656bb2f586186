"""Errors that a caller can do something about.

::

    ServiceError(code, kind)
    ├── NotFound      404   it is not there, or not for you to know
    ├── Conflict      409   it is there and its state forbids this
    ├── Stale         412   somebody changed it since you read it
    ├── Forbidden     403   it is not yours to do
    ├── Invalid       422   the request says something impossible
    ├── Unavailable   503   try again
    └── NotYet        –     an event needs something that has not come: its key is parked until it does

What comes over HTTP becomes problem+json (RFC 9457); what comes from an event becomes a dead letter, but Unavailable is
retried and NotYet parks. Anything else is a bug: 500, retried, alerted.
"""

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    STALE = "stale"
    FORBIDDEN = "forbidden"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"
    NOT_YET = "not_yet"


STATUS: dict[Kind, int] = {
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.FORBIDDEN: 403,
    Kind.INVALID: 422,
    Kind.UNAVAILABLE: 503,
    Kind.NOT_YET: 503,
}


class ServiceError(Exception):
    """``code`` is stable and machine-read; ``detail`` names what is wrong and the remedy, without personal data.

    ``field`` is a JSON pointer into the request (``/place``) where one field is to blame.
    """

    kind: Kind

    def __init__(self, code: str, detail: str, *, field: str | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.field = field


class NotFound(ServiceError):
    kind = Kind.NOT_FOUND


class Conflict(ServiceError):
    kind = Kind.CONFLICT


class Stale(ServiceError):
    """``present`` is how it stands now, so that whoever was refused sees what changed without asking again."""

    kind = Kind.STALE

    def __init__(self, code: str, detail: str, *, present: Mapping[str, str | int | None] | None = None) -> None:
        super().__init__(code, detail)
        self.present = present


class Forbidden(ServiceError):
    kind = Kind.FORBIDDEN


class Invalid(ServiceError):
    kind = Kind.INVALID


class Unavailable(ServiceError):
    kind = Kind.UNAVAILABLE


class NotYet(ServiceError):
    """An event came before what it needs, which will come as ``(topic, key)``."""

    kind = Kind.NOT_YET

    def __init__(self, topic: str, key: object) -> None:
        super().__init__("not_yet", f"waits for {topic} {key}")
        self.topic = topic
        self.key = str(key)
