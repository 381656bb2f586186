"""The ways out. A provider takes letters and says of each what is known; it never raises for one that fails.

To add one: a module here with a class of this shape, and a line in app.py's ``providers_of``.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from notify.domain.sending import Letter, Outcome


class Provider(Protocol):
    """``is_idempotent``: called twice with one key, it sends once. Claim it only of what promises so in writing.

    ``at_once``: how many letters it surely takes within a sender's lease (notify.service.send.LEASE).
    """

    @property
    def name(self) -> str: ...

    @property
    def is_idempotent(self) -> bool: ...

    @property
    def at_once(self) -> int: ...

    async def deliver(self, letters: Sequence[Letter]) -> Mapping[UUID, Outcome]:
        """An outcome for each letter, by its message's id."""
        ...

    async def close(self) -> None: ...
