"""The gateway over HTTP: what each answer means, and that nothing in a message can move the call."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from notify.domain.sending import Letter, Outcome, Result
from notify.providers.http_sms import Gateway, HttpSms

LETTER = Letter(message_id=UUID(int=7), key=str(UUID(int=7)), address="+8613800000000", text="您的诉求已受理。")


def deliver(answer: Callable[[httpx.Request], httpx.Response], **overrides: Any) -> Outcome:
    async def call() -> Outcome:
        gateway = Gateway(**{"url": "https://sms.example/v2/messages", "token": "s3cret", **overrides})
        provider = HttpSms(gateway, transport=httpx.MockTransport(answer))
        try:
            return (await provider.deliver([LETTER]))[LETTER.message_id]
        finally:
            await provider.close()

    return asyncio.run(call())


@pytest.mark.parametrize(
    "status, result",
    [
        (200, Result.ACCEPTED),
        (202, Result.ACCEPTED),
        (302, Result.REFUSED),
        (400, Result.REFUSED),
        (401, Result.REFUSED),
        (429, Result.DEFERRED),
        (503, Result.DEFERRED),
        (500, Result.UNCERTAIN),
        (502, Result.UNCERTAIN),
        (504, Result.UNCERTAIN),
    ],
)
def test_each_status_is_taken_for_what_it_says(status: int, result: Result) -> None:
    outcome = deliver(lambda _: httpx.Response(status, text="0138 is not a number of ours"))
    assert outcome.result is result
    assert "0138" not in str(outcome), "a provider's words may hold the address"


@pytest.mark.parametrize(
    "error, result",
    [
        (httpx.ConnectError, Result.DEFERRED),
        (httpx.ConnectTimeout, Result.DEFERRED),
        (httpx.ReadTimeout, Result.UNCERTAIN),
        (httpx.WriteTimeout, Result.UNCERTAIN),
        (httpx.RemoteProtocolError, Result.UNCERTAIN),
        (httpx.ReadError, Result.UNCERTAIN),
    ],
)
def test_a_call_without_an_answer_is_uncertain_unless_it_never_connected(
    error: type[httpx.RequestError], result: Result
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("no", request=request)

    assert deliver(fail).result is result


def test_the_call_carries_the_key_where_the_gateway_knows_one() -> None:
    seen: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"id": 4711})

    outcome = deliver(take, idempotency_header="Idempotency-Key", sender="Haizhou")
    assert outcome.ref == "4711"
    (request,) = seen
    assert request.headers["Idempotency-Key"] == LETTER.key
    assert request.headers["Authorization"] == "Bearer s3cret"
    assert json.loads(request.content) == {
        "to": LETTER.address,
        "text": LETTER.text,
        "from": "Haizhou",
        "reference": LETTER.key,
    }


@pytest.mark.parametrize("header, is_idempotent", [("", False), ("Idempotency-Key", True)])
def test_a_gateway_is_idempotent_only_with_a_header_for_it(header: str, is_idempotent: bool) -> None:
    assert HttpSms(Gateway("https://sms.example", idempotency_header=header)).is_idempotent is is_idempotent


def test_a_redirect_is_not_followed() -> None:
    asked: list[str] = []

    def redirect(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(307, headers={"Location": "http://169.254.169.254/latest"})

    deliver(redirect)
    assert asked == ["https://sms.example/v2/messages"]


@pytest.mark.parametrize("said, wait", [("30", 30), ("999999999", 86_400), ("Wed, 21 Oct 2026 07:28:00 GMT", None)])
def test_the_wait_that_the_gateway_asks_for_is_kept_within_bounds(said: str, wait: int | None) -> None:
    outcome = deliver(lambda _: httpx.Response(429, headers={"Retry-After": said}))
    assert outcome.retry_after == (timedelta(seconds=wait) if wait is not None else None)


def test_a_gateway_that_trickles_is_cut_off() -> None:
    async def stall(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def call() -> Outcome:
        gateway = Gateway("https://sms.example", timeout=timedelta(milliseconds=20))
        return (await HttpSms(gateway, transport=httpx.MockTransport(stall)).deliver([LETTER]))[LETTER.message_id]

    assert asyncio.run(call()) == Outcome(Result.UNCERTAIN, "no_answer")


def test_one_letter_that_fails_costs_only_itself() -> None:
    letters = [Letter(UUID(int=n), str(n), f"+86{n}", "text") for n in range(20)]

    def answer(request: httpx.Request) -> httpx.Response:
        if json.loads(request.content)["to"] == "+863":
            raise httpx.ReadError("cut", request=request)
        return httpx.Response(200)

    async def call() -> dict[UUID, Outcome]:
        provider = HttpSms(Gateway("https://sms.example"), transport=httpx.MockTransport(answer))
        return dict(await provider.deliver(letters))

    outcomes = asyncio.run(call())
    assert len(outcomes) == 20
    assert [i.int for i, outcome in outcomes.items() if outcome.result is not Result.ACCEPTED] == [3]
