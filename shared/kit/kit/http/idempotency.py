"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): what is asked twice is done once.

The answer is kept in the transaction that it tells of, sealed under the service's keys, for 72 hours. Keys belong to
who signed in and to the route, so that nobody meets another's.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection, Row, text

from kit.crypto import KeyRing
from kit.errors import Invalid
from kit.http.problems import HttpProblem, route_of
from kit.outbox import Beside

HEADER = "Idempotency-Key"
PATTERN = r'^"?[\x21\x23-\x5b\x5d-\x7e]{8,128}"?$'
KEPT = timedelta(hours=72)

_METHODS = ("POST", "PUT", "PATCH")
_PURPOSE = "idempotency"

#: One request in so many forgets what is too old.
_FORGETTING = 16


@dataclass(frozen=True)
class Answer:
    """What is sent back once the transaction has been committed."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        media_type = "application/json" if self.body else None
        return Response(self.body, self.status, dict(self.headers), media_type)


@dataclass(frozen=True)
class Key:
    """Whose request it is, to which route, under which key; ``request`` is all of what was asked."""

    client: str
    route: str
    key: str
    request: bytes
    ring: KeyRing

    @property
    def named(self) -> dict[str, Any]:
        return {"lock": self.lock, "client": self.client, "route": self.route, "key": self.key}

    @property
    def lock(self) -> int:
        return int.from_bytes(hashlib.sha256(self._aad.encode()).digest()[:8], "big", signed=True)

    @property
    def _aad(self) -> str:
        return json.dumps([_PURPOSE, self.client, self.route, self.key])

    def seal(self, body: bytes) -> str:
        return self.ring.seal(body, self._aad)

    def open(self, sealed: str) -> bytes:
        return self.ring.open(sealed, self._aad)


async def find_key(request: Request, subject: str) -> Key | None:
    typed = request.headers.get(HEADER)
    if typed is None or request.method not in _METHODS:
        return None
    if not re.fullmatch(PATTERN, typed):
        raise Invalid(
            "malformed_idempotency_key",
            "Idempotency-Key must be 8 to 128 visible ASCII characters, a UUID for instance.",
            field=f"/{HEADER}",
        )
    asked = [request.method, request.url.path, request.url.query, request.headers.get("if-match", "")]
    if post := request.headers.get("baiyang-post"):
        asked.append(post)
    return Key(
        client=subject,
        route=f"{request.method} {route_of(request)}",
        key=typed.strip('"'),
        request=json.dumps(asked).encode() + b"\0" + await request.body(),
        ring=request.app.state.ring,
    )


#: What a door asks for besides, where a request has a key; it takes ``Key.named``.
LOOK_COLUMNS = (
    "pg_try_advisory_xact_lock(:lock) as ours, kept.request_hash, kept.status, kept.body as answer, kept.headers"
)
LOOK_JOIN = "left join idempotency as kept on kept.client = :client and kept.route = :route and kept.key = :key"

_IS_ANSWERED = text("select exists (select from idempotency where client = :client and route = :route and key = :key)")

_KEEP = """
answer as (
    insert into idempotency (client, route, key, request_hash, status, body, headers, created_at)
    values (:client, :route, :key, :request_hash, :status, :answer, cast(:answer_headers as jsonb), :now)
)"""
_KEEP_AND_FORGET = f"""
old as (
    select client, route, key from idempotency where created_at < :kept_since
    order by created_at limit {20 * _FORGETTING} for update skip locked
),
forgotten as (
    delete from idempotency as i using old where (i.client, i.route, i.key) = (old.client, old.route, old.key)
),{_KEEP}"""


def is_answered(key: Key, connection: Connection) -> bool:
    """By now, whatever a look before has found."""
    return bool(connection.execute(_IS_ANSWERED, key.named).scalar_one())


def answered_before(key: Key, row: Row[Any]) -> Answer | None:
    """By what the look has found."""
    if row.status is None:
        if not row.ours:
            raise HttpProblem(
                409,
                "request_in_progress",
                "A request with this Idempotency-Key is still running: wait a second and send it again.",
                headers={"Retry-After": "1"},
            )
        return None
    if not key.ring.signed_by_us(_PURPOSE, key.request, row.request_hash):
        raise Invalid(
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request: take a new key for each new request.",
            field=f"/{HEADER}",
        )
    return Answer(row.status, key.open(row.answer), row.headers)


def kept(key: Key, answer: Answer, *, now: datetime) -> Beside:
    """Keep the answer with what it tells of; who comes second under a key finds it there and begins anew.

    Now and then forget some that are too old, so that nobody has to sweep.
    """
    values = {
        "client": key.client,
        "route": key.route,
        "key": key.key,
        "request_hash": key.ring.sign(_PURPOSE, key.request),
        "status": answer.status,
        "answer": key.seal(answer.body),
        "answer_headers": json.dumps(dict(answer.headers)),
        "now": now,
    }
    if key.lock % _FORGETTING:
        return Beside(_KEEP, values)
    return Beside(_KEEP_AND_FORGET, {**values, "kept_since": now - KEPT})
