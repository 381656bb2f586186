"""Who tries query codes, and what is answered when they were too many."""

import math
from ipaddress import ip_address
from typing import Any

from fastapi import Request
from kit.http import HttpProblem

from intake.domain.progress import TooManyGuesses


def refuse_guessing(answer: Any) -> None:
    if isinstance(answer, TooManyGuesses):
        raise HttpProblem(
            429,
            "too_many_guesses",
            "Too many codes were tried in vain from here: wait, and compare the code with the receipt.",
            headers={"Retry-After": str(seconds_of(answer))},
        )


def seconds_of(answer: TooManyGuesses) -> int:
    return math.ceil(answer.retry_after.total_seconds())


def client_of(request: Request) -> str:
    """Who is asking, as far as can be told: the peer, or whom our own gateway says that it asks for."""
    peer = request.client.host if request.client else ""
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return forwarded if forwarded and _is_ours(request, peer) else peer or "unknown"


def _is_ours(request: Request, peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in request.app.state.proxies)
