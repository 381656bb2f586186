"""Pages to read and print: nothing in them runs, and nothing is loaded by them."""

from kit.http.idempotency import Answer

_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Vary": "Authorization",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
}


def html_page(html: str) -> Answer:
    """As the view of a door."""
    return Answer(200, html.encode(), _HEADERS)
