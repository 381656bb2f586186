"""Numbers that people read out, write down and type: Crockford's base 32 with a check character.

The check character is that of a linear code over GF(32): the characters, weighted by powers of a primitive element,
sum to zero. Every single wrong character and every swap of two characters up to 30 places apart changes the sum, so
both are always found; other mistakes are found 31 times in 32.
"""

import secrets
import unicodedata
from contextlib import suppress
from uuid import UUID

from kit.errors import Invalid

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SEPARATORS = " -‐‑‒–—−_.\t\n\r"
_REDUCING = 0b100101  # x^5 + x^2 + 1, primitive over GF(2)
_CODE_LENGTH = 12


class Mistyped(Invalid):
    """The check character does not fit: it was mistyped, so nothing is to be looked up. ``what`` it is that was."""

    def __init__(self, field: str | None = None, *, on: str = "the receipt", what: str = "number") -> None:
        super().__init__(
            "mistyped", f"This {what} is mistyped: compare it with {on}, character by character.", field=field
        )


def new_number(prefix: str, length: int = 10) -> str:
    """A number such as ``C7K2-9QXM-4T6P``: the prefix, ``length`` random characters, the check; it says nothing.

    Not unguessable and not certain to be unique: 10 characters repeat once in 10^8 against ten million others, so the
    column is unique and the caller draws again.
    """
    return _grouped(_checked(prefix + _random(length)))


def new_query_code() -> str:
    """``XXXX-XXXX-XXXX-X``: 60 random bits and the check."""
    return _grouped(_checked(_random(_CODE_LENGTH)))


def parse_code(text: str, *, field: str | None = None) -> str:
    """The code in the one form that is stored; however it was typed."""
    return _parse(text, prefix="", length=_CODE_LENGTH, field=field, what="query code")


def parse_number(text: str, prefix: str, length: int = 10, *, field: str | None = None, on: str = "the receipt") -> str:
    """``on``: the paper that bears it, with which whoever mistyped it compares."""
    return _parse(text, prefix=prefix, length=length, field=field, on=on)


def parse_name(text: str, *prefixes: str, field: str) -> UUID | str:
    """What something is named by: its id, or a number of one of these kinds in the form that is stored."""
    with suppress(ValueError):
        return UUID(text)
    for prefix in prefixes:
        with suppress(Mistyped):
            return parse_number(text, prefix)
    raise Mistyped(field)


def _parse(
    text: str, *, prefix: str, length: int, field: str | None, on: str = "the receipt", what: str = "number"
) -> str:
    typed = unicodedata.normalize("NFKC", text).upper()
    body = "".join(c for c in typed if c not in _SEPARATORS).translate(_READ_AS)
    fits = len(body) == len(prefix) + length + 1 and body.startswith(prefix) and all(c in _VALUE for c in body)
    if not fits or _sum(body) != 0:
        raise Mistyped(field, on=on, what=what)
    return _grouped(body)


def _checked(body: str) -> str:
    return body + ALPHABET[_times(_sum(body))]


def _sum(body: str) -> int:
    total = 0
    for character in body:
        total = _times(total) ^ _VALUE[character]
    return total


def _times(element: int) -> int:
    """The element times x in GF(32)."""
    doubled = element << 1
    return doubled ^ _REDUCING if doubled & 32 else doubled


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _grouped(body: str) -> str:
    return "-".join(body[i : i + 4] for i in range(0, len(body), 4))
