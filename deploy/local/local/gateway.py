"""One address for all APIs, pages and API documents: a proxy that trusts nothing a caller says of itself."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from local import ports

#: The first part of a path and whose it is; of /SERVICE/… every service owns its own.
_PAGES = {"progress": "intake", "open311": "intake", "sandbox": "notify"}

#: What is between two neighbours only (RFC 9110, 7.6.1), or is said anew here.
_HOP = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"),
    *("transfer-encoding", "upgrade", "host"),
}
_CLAIMED = {"forwarded", "x-real-ip"}

#: Each service has them at its own root; here they stand under its name.
_DOCUMENTS = {"docs", "openapi.json"}

#: Never from outside: what watches a service.
_INNER = {"metrics", "healthz", "readyz"}

#: A path that goes back up would be somebody else's by the time it arrives.
_LOOKS_BACK = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def make_app(service_ports: Mapping[str, int]) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
        timeout = httpx.Timeout(60, connect=2, read=None)
        async with httpx.AsyncClient(limits=limits, timeout=timeout) as http:
            # a caller's own headers only: with an Accept-Encoding of ours it could not read the answer
            http.headers.clear()
            app.state.http = http
            yield

    async def front(_: Request) -> Response:
        links = "".join(f'<li><a href="/{name}/docs">{name}</a></li>' for name in sorted(service_ports))
        return HTMLResponse(_FRONT.format(links=links))

    async def ready(request: Request) -> Response:
        return await _readiness(request.app.state.http, service_ports)

    async def forward(request: Request) -> Response:
        first, _, rest = request.path_params["path"].partition("/")
        service = _PAGES.get(first, first)
        if service not in service_ports or rest.split("/")[0] in _INNER:
            return _problem(404, "There is nothing here.")
        raw = request.scope["raw_path"].decode("ascii")
        if _LOOKS_BACK.search(raw):
            return _problem(404, "There is nothing here.")
        inner = raw.removeprefix(f"/{first}") if rest.split("/")[0] in _DOCUMENTS else raw
        return await _forward(request, f"http://{ports.HOST}:{service_ports[service]}{inner}")

    return Starlette(
        routes=[
            Route("/", front),
            Route("/healthz", lambda _: Response("ok")),
            Route("/readyz", ready),
            Route("/{path:path}", forward, methods=_METHODS),
        ],
        lifespan=lifespan,
    )


async def _forward(request: Request, target: str) -> Response:
    http: httpx.AsyncClient = request.app.state.http
    query = request.scope["query_string"].decode("ascii")
    outgoing = http.build_request(
        request.method,
        httpx.URL(target + (f"?{query}" if query else "")),
        headers=_headers(request),
        content=request.stream() if _has_body(request) else None,
    )
    try:
        answer = await http.send(outgoing, stream=True)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        return _problem(503, "This service is starting or away: try again.", {"Retry-After": "2"})
    except httpx.LocalProtocolError:
        return _problem(400, "The request's headers are malformed.")
    except httpx.HTTPError:
        return _problem(502, "The service went away while it answered: ask again with the same Idempotency-Key.")
    response = StreamingResponse(
        answer.aiter_raw(), status_code=answer.status_code, background=BackgroundTask(answer.aclose)
    )
    response.raw_headers = [(name, value) for name, value in answer.headers.raw if name.lower().decode() not in _HOP]
    return response


def _headers(request: Request) -> list[tuple[bytes, bytes]]:
    """What the caller sent, less what only a gateway may say; and who the caller is, as seen from here.

    As bytes: what a caller writes there need not be ASCII.
    """
    sent = [
        (name, value.strip())
        for name, value in request.headers.raw
        if name.decode("latin-1") not in _HOP | _CLAIMED and not name.startswith(b"x-forwarded-")
    ]
    host = request.headers.get("host", "").encode("latin-1")
    return [
        *sent,
        (b"host", host),
        (b"x-forwarded-for", request.client.host.encode() if request.client else b""),
        (b"x-forwarded-proto", request.url.scheme.encode()),
        (b"x-forwarded-host", host),
    ]


def _has_body(request: Request) -> bool:
    return "content-length" in request.headers or "transfer-encoding" in request.headers


async def _readiness(http: httpx.AsyncClient, service_ports: Mapping[str, int]) -> Response:
    state = {}
    for service, port in service_ports.items():
        try:
            state[service] = (await http.get(f"http://{ports.HOST}:{port}/readyz", timeout=2)).is_success
        except httpx.HTTPError:
            state[service] = False
    return JSONResponse(state, status_code=200 if all(state.values()) else 503)


def _problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    body = {"type": "about:blank", "title": detail, "status": status, "detail": detail}
    return JSONResponse(body, status_code=status, media_type="application/problem+json", headers=headers)


def serve(port: int, service_ports: Mapping[str, int]) -> None:
    uvicorn.run(
        make_app(service_ports),
        host=ports.HOST,
        port=port,
        log_level="warning",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )


_FRONT = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>白杨 Baiyang</title>
<meta name="viewport" content="width=device-width"></head>
<body><h1>白杨 Baiyang</h1>
<p><a href="/progress">查询进度 How does my appeal stand?</a></p>
<p><a href="/sandbox">沙箱短信 What residents are told, in a demonstration</a></p>
<h2>接口 APIs</h2><ul>{links}</ul></body></html>
"""
