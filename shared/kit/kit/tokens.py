"""OIDC bearer tokens: checked here against the identity provider's published keys, never by asking it per request.

With the provider away, keys that are known go on working; a token under an unknown key cannot be judged: 503.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt
from jwt import PyJWK, PyJWKClient
from jwt.exceptions import PyJWKClientError

from kit.auth import Claims, NotSignedIn
from kit.errors import Unavailable
from kit.logging import get_logger

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
MAX_TOKEN = 8192
_LEEWAY_SECONDS = 30
_FRESH_SECONDS = 300.0
_BETWEEN_FETCHES_SECONDS = 5.0
_FETCH_TIMEOUT_SECONDS = 5.0

#: So many genuine tokens are remembered, by their hash; the one found first is forgotten first.
_REMEMBERED = 4096

log = get_logger(__name__)


@dataclass(frozen=True)
class _Genuine:
    """A token whose signature was found good: it is not reckoned again while it lasts and its key stays published."""

    claims: Claims
    key: PyJWK
    expires: int

    @property
    def has_expired(self) -> bool:
        return self.expires <= time.time() - _LEEWAY_SECONDS


class Tokens:
    def __init__(self, *, issuer: str, jwks_url: str, audience: str) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys: dict[str, PyJWK] = {}
        self._genuine: dict[bytes, _Genuine] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._answered = False
        self._lock = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None
        self._client = PyJWKClient(jwks_url, cache_jwk_set=False, timeout=_FETCH_TIMEOUT_SECONDS) if jwks_url else None

    async def check(self, token: str) -> Claims:
        digest = sha256(token.encode()).digest()
        known = self._genuine.get(digest)
        if known and not known.has_expired and await self._key_of(known.key.key_id or "") is known.key:
            return known.claims
        key = await self._key_of(_key_id(token))
        said = self._said(token, key)
        claims = _claims(said)
        self._remember(digest, _Genuine(claims, key, int(said["exp"])))
        return claims

    def _remember(self, digest: bytes, genuine: _Genuine) -> None:
        self._genuine.pop(digest, None)
        self._genuine[digest] = genuine
        if len(self._genuine) > _REMEMBERED:
            del self._genuine[next(iter(self._genuine))]

    def _said(self, token: str, key: PyJWK) -> Mapping[str, Any]:
        try:
            said: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[name for name in ALGORITHMS if name == key.algorithm_name],
                audience=self._audience,
                issuer=self._issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise NotSignedIn("token_expired", "The token has expired: sign in again.") from None
        except jwt.ImmatureSignatureError:
            raise NotSignedIn("token_not_yet_valid", "The token is not valid yet: compare the clocks.") from None
        except jwt.InvalidAudienceError:
            raise NotSignedIn("token_for_another", "The token is for another audience: sign in to this city.") from None
        except jwt.InvalidIssuerError:
            raise NotSignedIn("token_of_another", "The token is of another issuer: sign in to this city.") from None
        except (jwt.PyJWTError, TypeError, ValueError):
            raise _not_genuine() from None
        return said

    async def _key_of(self, key_id: str) -> PyJWK:
        known = self._keys.get(key_id)
        if known is None:
            await self._fetch()
            known = self._keys.get(key_id)
        elif time.monotonic() - self._fetched_at > _FRESH_SECONDS and not self._refreshing:
            self._refreshing = asyncio.create_task(self._refresh())
        if known is None and not self._answered:
            raise Unavailable("identity_away", "The identity provider does not answer: try again.")
        if known is None:
            raise _not_genuine()
        return known

    async def _refresh(self) -> None:
        try:
            await self._fetch()
        finally:
            self._refreshing = None

    async def _fetch(self) -> None:
        """Ask for the keys, but not more often than a stranger's made-up key ids should cause."""
        async with self._lock:
            if time.monotonic() - self._tried_at < _BETWEEN_FETCHES_SECONDS:
                return
            self._tried_at = time.monotonic()
            self._answered = False
            try:
                if self._client is None:
                    raise PyJWKClientError("no JWKS URL is set")
                found = await asyncio.to_thread(self._client.get_jwk_set)
            except (jwt.PyJWTError, OSError, ValueError) as error:
                log.warning("identity provider is away", error=type(error).__name__)
                return
            self._keys = {key.key_id: key for key in found.keys if key.key_id}
            self._fetched_at = time.monotonic()
            self._answered = True


def _key_id(token: str) -> str:
    if len(token) > MAX_TOKEN:
        raise _not_genuine()
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError):
        raise _not_genuine() from None
    key_id = header.get("kid")
    if header.get("alg") not in ALGORITHMS or not isinstance(key_id, str):
        raise _not_genuine()
    return key_id


def _claims(said: Mapping[str, Any]) -> Claims:
    subject, roles = said["sub"], said.get("roles", [])
    if not isinstance(subject, str) or not 0 < len(subject) <= 120 or "\0" in subject:
        raise _not_genuine()
    names = roles if isinstance(roles, list) else []
    client = said.get("azp") or said.get("client_id") or ""
    return Claims(subject, frozenset(name for name in names if isinstance(name, str)), str(client))


def _not_genuine() -> NotSignedIn:
    return NotSignedIn("token_not_genuine", "The token is not one of this city's: sign in again.")
