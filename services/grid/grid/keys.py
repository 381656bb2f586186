"""The keys that a use case seals with, handed in by the door."""

import json
from dataclasses import dataclass
from uuid import UUID

from contracts.intake import Reach
from kit.crypto import DataKey, KeyRing, blind_index, decrypt_field, encrypt_field, seal_for_transport


@dataclass(frozen=True)
class SealedReach:
    """How somebody is reached, as stored: under a key of their own; the digest tells two apart unopened."""

    wrapped_key: str
    reach: str
    digest: bytes


@dataclass(frozen=True)
class Keys:
    service: KeyRing
    transport: KeyRing

    def seal_reach(self, whose: UUID, reach: Reach, *, table: str = "holder") -> SealedReach:
        key = DataKey.new(self.service)
        sealed = encrypt_field(key, reach.model_dump_json(), table=table, column="reach", row=whose)
        return SealedReach(key.wrap(self.service, owner=whose), sealed, self.digest(whose, reach, table=table))

    def open_reach(self, whose: UUID, wrapped_key: str, sealed: str, *, table: str = "holder") -> Reach:
        key = DataKey.unwrap(self.service, wrapped_key, owner=whose)
        return Reach.model_validate_json(decrypt_field(key, sealed, table=table, column="reach", row=whose))

    def digest(self, whose: UUID, reach: Reach, *, table: str = "holder") -> bytes:
        facts = json.dumps([str(whose), reach.model_dump(mode="json")], ensure_ascii=False, sort_keys=True)
        return blind_index(self.service, f"{table} reach", facts)

    def for_transport(self, whose: UUID, reach: Reach) -> str:
        return seal_for_transport(self.transport, reach, key=whose)
