"""What is sealed, and under which key: a person's words under that person's, an anonymous appeal's under its own."""

from dataclasses import dataclass, field
from uuid import UUID

from kit.crypto import DataKey, KeyRing, blind_index, blind_indexes, decrypt_field, encrypt_field, exactly


@dataclass(frozen=True)
class Keys:
    service: KeyRing = field(repr=False)
    transport: KeyRing = field(repr=False)

    def index(self, purpose: str, value: str) -> bytes:
        return blind_index(self.service, purpose, value, form=exactly)

    def asker(self, known: UUID | str | None) -> UUID | None:
        """What tells others that two appeals are of one person, and not of whom: by the register, or an address
        and a name however they are typed.
        """
        return UUID(bytes=blind_index(self.service, "asker", str(known))[:16]) if known else None

    def indexes(self, purpose: str, value: str) -> list[bytes]:
        """Under every key of the ring: rows of before a rotation are found too."""
        return blind_indexes(self.service, purpose, value, form=exactly)


#: What a value was whose key has been destroyed.
ERASED = ""


@dataclass(frozen=True)
class Envelope:
    """A data key and whose it is: a person's id, or the appeal's where nobody is known."""

    owner: UUID
    key: DataKey | None = field(repr=False)

    @classmethod
    def new(cls, keys: Keys, *, owner: UUID) -> "Envelope":
        return cls(owner, DataKey.new(keys.service))

    @classmethod
    def open(cls, keys: Keys, wrapped: str | None, *, owner: UUID) -> "Envelope":
        return cls(owner, DataKey.unwrap(keys.service, wrapped, owner=owner) if wrapped else None)

    def wrapped(self, keys: Keys) -> str:
        if self.key is None:
            raise ValueError("an erased person's key cannot be stored again")
        return self.key.wrap(keys.service, owner=self.owner)

    def seal(self, plain: str | None, *, table: str, column: str, row: UUID) -> str | None:
        if not plain or self.key is None:
            return None
        return encrypt_field(self.key, plain, table=table, column=column, row=row)

    def read(self, sealed: str | None, *, table: str, column: str, row: UUID) -> str:
        if sealed is None or self.key is None:
            return ERASED
        return decrypt_field(self.key, sealed, table=table, column=column, row=row)
