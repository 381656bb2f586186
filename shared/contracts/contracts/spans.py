"""Stretches of time."""

from collections.abc import Iterable, Iterator
from datetime import datetime

#: From the first instant on, and before the second.
Span = tuple[datetime, datetime]


def left_of(span: Span, parts: Iterable[Span]) -> Iterator[Span]:
    """What none of the parts covers, which may overlap and lie outside; in order."""
    at, end = span
    for since, until in sorted(parts):
        if at < min(since, end):
            yield at, min(since, end)
        at = max(at, until)
    if at < end:
        yield at, end
