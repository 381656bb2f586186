"""Paths of places in the tree: what they lead to."""

from uuid import UUID


def last_of(path: str | None) -> UUID | None:
    """The id of the place that the path leads to."""
    last = (path or "").rstrip("/").rpartition("/")[2]
    return UUID(last) if last else None
