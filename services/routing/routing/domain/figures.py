"""How often a case is sent right the first time."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True)
class FirstDispatch:
    """Of the cases that were answered, those that the post answered to which they were first assigned. What was settled
    while it was taken, withdrawn or declined is none of them.
    """

    place_id: UUID | None
    since: date
    until: date
    answered: int
    at_first: int

    @property
    def share(self) -> float | None:
        return self.at_first / self.answered if self.answered else None
