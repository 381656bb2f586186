"""Why something may be asked of a dispatcher: lists with words for people."""

from dataclasses import dataclass

from contracts.routing import Ask

#: The grounds on which a matter is not taken are a closed list (domain.md, section 4): a city adds none.
CLOSED = frozenset({Ask.DECLINE})


@dataclass(frozen=True)
class Reason:
    ask: Ask
    code: str
    name_zh: str
    name_en: str
