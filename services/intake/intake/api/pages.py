"""Pages that need nothing but HTML, in the reader's language."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Query
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from intake.api.wording import LANGUAGES, STANDING, TEXTS

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
}

AskedLanguage = Annotated[str, Query(alias="lang", max_length=8)]


def page(
    template: str,
    language: str,
    *,
    here: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
    heads: str = "title",
    **values: Any,
) -> HTMLResponse:
    """``here``: where the same stands in the other language; ``heads``: which of the texts is its title."""
    language = known_language(language)
    t = TEXTS[language]
    facts = {"problem": None, **values, "here": here, "heads": t[heads], "t": t, "standing": STANDING[language]}
    html = _PAGES.get_template(template).render(language=language, other=LANGUAGES[language], **facts)
    return HTMLResponse(html, status_code=status, headers={**PAGE_HEADERS, **(headers or {})})


def known_language(language: str) -> str:
    return language if language in TEXTS else "zh"


def when(moment: datetime, *, zone: ZoneInfo, language: str) -> str:
    between = " " if language == "zh" else ", "
    return f"{day(moment, zone=zone, language=language)}{between}{moment.astimezone(zone):%H:%M}"


def day(named: date | datetime, *, zone: ZoneInfo, language: str) -> str:
    local = named.astimezone(zone) if isinstance(named, datetime) else named
    return f"{local.year}年{local.month}月{local.day}日" if language == "zh" else f"{local.day} {local:%B %Y}"


def span(since: datetime, until: datetime, *, zone: ZoneInfo, language: str) -> str:
    """From a day to a day; of one day that alone."""
    days = dict.fromkeys(day(each, zone=zone, language=language) for each in (since, until))
    return ("到" if language == "zh" else " to ").join(days)
