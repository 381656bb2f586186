"""A gateway for text messages over HTTP, as most are: POST one message, read one answer.

The address is fixed by NOTIFY_SMS_URL and nothing in a message can move it: redirects are not followed, a proxy of the
environment is not used. What the answers mean:

========================================  =========================================================================
2xx                                       taken; ``id`` of the answer's JSON is kept as its reference
429, 503                                  not taken now; tried again, not before Retry-After
other 4xx                                 refused for good
no connection                             not taken; tried again
other 5xx, or an answer that never came   nobody can tell. With NOTIFY_SMS_IDEMPOTENCY_HEADER: tried again under the
                                          same key. Without: unknown, listed, and sent again only by a person
========================================  =========================================================================
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx
from opentelemetry import propagate

from notify.domain.sending import Letter, Outcome, Result

#: Calls at once to one gateway.
ABREAST = 8

_NOT_NOW = frozenset({429, 503})


@dataclass(frozen=True)
class Gateway:
    """``idempotency_header``: the header by which it knows a repeated call; empty where it has none."""

    url: str
    token: str = ""
    sender: str = ""
    idempotency_header: str = ""
    timeout: timedelta = timedelta(seconds=10)


class HttpSms:
    name = "http_sms"
    at_once = 2 * ABREAST

    def __init__(self, gateway: Gateway, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._gateway = gateway
        self._client = httpx.AsyncClient(
            transport=transport or httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=ABREAST)),
            timeout=gateway.timeout.total_seconds(),
            follow_redirects=False,
            trust_env=False,
        )

    @property
    def is_idempotent(self) -> bool:
        return bool(self._gateway.idempotency_header)

    async def deliver(self, letters: Sequence[Letter]) -> Mapping[UUID, Outcome]:
        outcomes: dict[UUID, Outcome] = {}
        for start in range(0, len(letters), ABREAST):
            abreast = letters[start : start + ABREAST]
            answers = await asyncio.gather(*[self._send(letter) for letter in abreast])
            outcomes |= {letter.message_id: answer for letter, answer in zip(abreast, answers, strict=True)}
        return outcomes

    async def close(self) -> None:
        await self._client.aclose()

    async def _send(self, letter: Letter) -> Outcome:
        body = {"to": letter.address, "text": letter.text, "from": self._gateway.sender, "reference": letter.key}
        try:
            async with asyncio.timeout(self._gateway.timeout.total_seconds()):
                answer = await self._client.post(self._gateway.url, json=body, headers=self._headers(letter))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return Outcome(Result.DEFERRED, "no_connection")
        except (httpx.HTTPError, TimeoutError):
            return Outcome(Result.UNCERTAIN, "no_answer")
        return outcome_of(answer)

    def _headers(self, letter: Letter) -> dict[str, str]:
        headers: dict[str, str] = {}
        propagate.inject(headers)
        if self._gateway.token:
            headers["Authorization"] = f"Bearer {self._gateway.token}"
        if self._gateway.idempotency_header:
            headers[self._gateway.idempotency_header] = letter.key
        return headers


def outcome_of(answer: httpx.Response) -> Outcome:
    status = answer.status_code
    if 200 <= status < 300:
        return Outcome(Result.ACCEPTED, ref=_reference(answer))
    if status in _NOT_NOW:
        return Outcome(Result.DEFERRED, f"http_{status}", retry_after=_retry_after(answer))
    if 300 <= status < 500:
        return Outcome(Result.REFUSED, f"http_{status}")
    return Outcome(Result.UNCERTAIN, f"http_{status}")


def _reference(answer: httpx.Response) -> str | None:
    try:
        reference = answer.json().get("id")
    except (ValueError, AttributeError):
        return None
    return str(reference)[:200] if reference is not None else None


def _retry_after(answer: httpx.Response) -> timedelta | None:
    """Seconds only; a date is a gateway's clock, which is not ours."""
    text = answer.headers.get("Retry-After", "")
    return timedelta(seconds=min(int(text), 86_400)) if text.isascii() and text.isdigit() else None
