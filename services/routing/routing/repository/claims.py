"""What a clock takes up in one pass."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from uuid import UUID


@dataclass
class Claim:
    """How much to take up at the most, and of which cases (or posts) nothing. ``taken``: of which it was, whatever
    comes of it.
    """

    limit: int
    aside: Collection[UUID] = ()
    taken: set[UUID] = field(default_factory=set)

    def after(self, done: int) -> "Claim":
        """For what is left; what that takes up is known here too."""
        return replace(self, limit=self.limit - done)
