"""What an invariant says when it does not hold."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """``name`` is the exception's kind, ``about`` the ids that it names."""

    name: str
    about: str
    detail: str = ""
