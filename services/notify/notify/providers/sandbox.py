"""The sandbox: a provider whose messages are read in a page, for demonstrations and tests.

It keeps a log of its own, in a transaction of its own, as a gateway elsewhere would, and knows our keys.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from kit.crypto import KeyRing
from kit.db import Database, UnitOfWork
from kit.ids import new_id

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
        if letters:
            await self._database.run_everywhere(lambda uow: self._take(uow, letters))
        return {letter.message_id: Outcome(Result.ACCEPTED, ref=letter.key) for letter in letters}

    async def close(self) -> None:
        """The database is its owner's to close."""

    def _take(self, uow: UnitOfWork, letters: Sequence[Letter]) -> None:
        repository.add_sandbox_messages(
            uow,
            [
                {
                    "sandbox_id": new_id(uow.now),
                    "idempotency_key": letter.key,
                    "message_id": letter.message_id,
                    "address": self._keys.seal(letter.address.encode(), address_of(letter.key)),
                    "text": self._keys.seal(letter.text.encode(), text_of(letter.key)),
                    "received_at": uow.now,
                }
                for letter in letters
            ],
        )


def address_of(key: str) -> str:
    """What the sealed address of a sandbox message is bound to."""
    return f"sandbox_message address {key}"


def text_of(key: str) -> str:
    return f"sandbox_message text {key}"
