"""The sandbox: a provider whose messages are read in a page, for demonstrations and tests.

It keeps a log of its own, in a transaction of its own, as a gateway elsewhere would, and knows our keys.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from kit.crypto import KeyRing
from kit.db import Database

from notify import repository
from notify.domain.sending import Letter, Outcome, Result


class Sandbox:
    name = "sandbox"
    is_idempotent = True
    at_once = 100

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    async def deliver(self, letters: Sequence[Letter]) -> Mapping[UUID, Outcome]:
        await self._database.run_everywhere(lambda uow: repository.add_sandbox_messages(uow, self._keys, letters))
        return {letter.message_id: Outcome(Result.ACCEPTED, ref=letter.key) for letter in letters}

    async def close(self) -> None:
        """The database is its owner's to close."""
