"""Which rules and calendars a process reads for what they say. One of a release before would take them for less."""

from collections.abc import Iterable

#: Raised by whoever adds what a rule set or a calendar may say.
FORM = 4
#: What a process says of itself on its connections. Those of the first form say nothing.
KNOWS = f"form {FORM}"

#: The roles by which promises are made or kept.
ROLES = ("routing_api", "routing_consumer", "routing_clock")


def list_behind(names: Iterable[str], needed: int) -> list[str]:
    """Of what connections say of themselves, the roles of processes that read less than is needed."""
    return sorted({role for role, form in map(_read, names) if role in ROLES and form < needed})


def _read(name: str) -> tuple[str, int]:
    role, _, form = name.partition(" form ")
    return role, int(form) if form.isdecimal() else 1
