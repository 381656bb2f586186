"""Versions over HTTP: a resource's version is its strong ETag, writes name the one they read."""

import re
from typing import Annotated

from fastapi import Depends, Header

from kit.errors import Invalid
from kit.http.problems import HttpProblem

_OURS = re.compile(r'"([0-9]{1,18})"')
_ANY_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def etag(version: int) -> str:
    return f'"{version}"'


async def named_version(
    if_match: Annotated[
        str | None,
        Header(alias="If-Match", description='The ETag of what you read, as "7".', examples=['"7"'], max_length=200),
    ] = None,
) -> int:
    if if_match is None:
        raise HttpProblem(
            428,
            "version_required",
            "Send If-Match with the ETag that came with what you read, quotation marks and all.",
        )
    ours = _OURS.fullmatch(if_match.strip())
    if not ours:
        raise Invalid(
            "malformed_if_match", 'If-Match must be the one ETag that you were given, as "7".', field="/If-Match"
        )
    return int(ours[1])


#: In a route's signature: the version that the caller read. The use case raises kit.errors.Stale when it is old.
IfMatch = Annotated[int, Depends(named_version)]


async def named_key(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="A UUID of your own for this request; the same when you send it again.",
            max_length=200,
        ),
    ] = None,
) -> None:
    if not key:
        raise HttpProblem(
            428, "key_required", "Send Idempotency-Key with a UUID of your own: without it, sent again is done again."
        )


#: In a route's decorator, as a dependency: what it adds has no version by which a repetition would be known.
KEY_REQUIRED = Depends(named_key)


def is_unchanged(if_none_match: str | None, tag: str) -> bool:
    """Whether the caller has this version already (weak comparison, RFC 9110, 13.1.2)."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag.strip('"') in _ANY_TAG.findall(if_none_match)
