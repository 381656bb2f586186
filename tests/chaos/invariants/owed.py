"""A notice that somebody is owed: of which step, who, and by which template."""

from typing import NamedTuple


class Owed(NamedTuple):
    case_id: str
    version: int
    recipient: str
    template: str
