"""Notices in words: templates are data, so they run in a sandbox and name every fact that they use."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from contracts.intake import Language
from jinja2 import StrictUndefined
from jinja2.environment import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notify.domain.moments import spoken, spoken_day

#: Plain text: a text message is no page. Whoever shows it in a page escapes it there.
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)

#: Facts that come in both languages.
_TEXTS = {"promise", "why"}

#: Between a reason and the words that follow it.
_STOP = {"zh": "。", "en": ". "}

#: A gateway's limit for a long text message; an answer that is longer is cut, the progress page has the rest.
LONGEST = 1000


@lru_cache(maxsize=512)
def _compiled(source: str) -> Template:
    return _ENVIRONMENT.from_string(source)


def rendered(source: str, facts: Mapping[str, Any]) -> str:
    return " ".join(_compiled(source).render(facts).split())


def spoken_facts(facts: Mapping[str, Any], *, language: str, zone: ZoneInfo) -> dict[str, Any]:
    """Instants, days, people and texts by language as this reader reads them."""
    said = {name: _spoken(fact, language=language, zone=zone) for name, fact in facts.items()}
    for name in _TEXTS & said.keys():
        said[name] = said[name].get(language, "")
    if "answer" in said and said.get("why"):
        said["answer"] = _STOP[language].join((said["why"], said["answer"]))
    if "handler" in said:
        said["who"] = named(said.pop("handler"), language=language)
    return said


def _spoken(fact: Any, *, language: str, zone: ZoneInfo) -> Any:
    if isinstance(fact, datetime):
        return spoken(fact, language=language, zone=zone)
    return spoken_day(fact, language=language) if isinstance(fact, date) else fact


def named(handler: Mapping[str, str] | None, *, language: str) -> str:
    """The post, its holder and its number; nothing when nobody is known."""
    if handler is None:
        return ""
    if language == Language.CHINESE:
        phone = f"，电话 {handler['phone']}" if handler["phone"] else ""
        return " ".join(filter(None, (handler["title"], handler["name"]))) + phone
    phone = f"phone {handler['phone']}" if handler["phone"] else ""
    return ", ".join(filter(None, (handler["title"], handler["name"], phone)))


def shortened(answer: str, longest: int = LONGEST) -> str:
    return answer if len(answer) <= longest else answer[: longest - 1] + "…"
