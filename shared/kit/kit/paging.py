"""Pages of long lists, by keyset: a page goes on behind the last row that was shown, however many rows came since.

A cursor is that row's position, signed and bound to the list that it belongs to, so that it can be neither forged nor
used on another list. It is opaque to clients, not secret.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from kit.crypto import KeyRing
from kit.errors import Invalid

T = TypeVar("T")
V = TypeVar("V")

_SIGNATURE_BYTES = 32
_PURPOSE = "cursor"


class ForeignCursor(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "foreign_cursor",
            "The cursor belongs to another list or was changed: leave it out to begin at the first page, "
            "and then use only what `next` gives, with the same filters.",
            field="/cursor",
        )


@dataclass(frozen=True)
class Sheet(Generic[T]):
    """The rows of one page, and the cursor behind them; None on the last."""

    items: Sequence[T]
    next: str | None

    def of(self, view: Callable[[T], V]) -> "Sheet[V]":
        return Sheet([view(item) for item in self.items], self.next)


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for. ``of_list`` names the list: its route and filters."""

    limit: int
    of_list: str
    ring: KeyRing
    cursor: str | None = None

    @property
    def fetch(self) -> int:
        """How many rows to read: one more than is shown tells whether there is a next page."""
        return self.limit + 1

    def after(self, *types: Any) -> tuple[Any, ...] | None:
        """The position to go on behind, as these types: ``page.after(datetime, UUID)``; None on the first page."""
        if self.cursor is None:
            return None
        try:
            position = json.loads(_opened(self.ring, self.of_list, self.cursor))
            values = TypeAdapter(tuple[types]).validate_python(tuple(position))  # type: ignore[valid-type]
        except (ValueError, TypeError, ValidationError):
            raise ForeignCursor from None
        return tuple(values)

    def after_one(self, kind: type[T]) -> T | None:
        """The same of a list that is sorted by one value."""
        position = self.after(kind)
        return position[0] if position else None

    def sheet(self, rows: Sequence[T], *, position: Callable[[T], tuple[Any, ...]]) -> Sheet[T]:
        """Cut ``fetch`` rows to a page; ``position`` is what the list is sorted by, unique."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        return Sheet(shown, self.cursor_behind(*position(shown[-1])) if more else None)

    def cursor_behind(self, *position: Any) -> str:
        message = json.dumps(to_jsonable_python(position), separators=(",", ":")).encode()
        signature = self.ring.sign(_PURPOSE, _message(self.of_list, message))
        return base64.urlsafe_b64encode(signature + message).decode().rstrip("=")


def _opened(ring: KeyRing, of_list: str, cursor: str) -> bytes:
    try:
        blob = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ForeignCursor from None
    signature, message = blob[:_SIGNATURE_BYTES], blob[_SIGNATURE_BYTES:]
    if not ring.signed_by_us(_PURPOSE, _message(of_list, message), signature):
        raise ForeignCursor
    return message


def _message(of_list: str, message: bytes) -> bytes:
    return of_list.encode() + b"\0" + message
