"""The keys that a use case seals with, handed in by the door."""

import json
from dataclasses import dataclass
from uuid import UUID

from contracts.intake import Reach
from kit.crypto import DataKey, KeyRing, blind_index, decrypt_field, encrypt_field, seal_for_transport


@dataclass(frozen=True)
class SealedReach:
    """How somebody is reached, as stored: under a key of the person's own; the digest tells two apart unopened."""

    wrapped_key: str
    reach: str
    digest: bytes


@dataclass(frozen=True)
class Keys:
    service: KeyRing
    transport: KeyRing

    def seal_reach(self, holder_id: UUID, reach: Reach) -> SealedReach:
        key = DataKey.new(self.service)
        plain = reach.model_dump_json()
        sealed = encrypt_field(key, plain, table="holder", column="reach", row=holder_id)
        return SealedReach(key.wrap(self.service, owner=holder_id), sealed, self.digest(holder_id, reach))

    def open_reach(self, holder_id: UUID, wrapped_key: str, sealed: str) -> Reach:
        key = DataKey.unwrap(self.service, wrapped_key, owner=holder_id)
        return Reach.model_validate_json(decrypt_field(key, sealed, table="holder", column="reach", row=holder_id))

    def digest(self, holder_id: UUID, reach: Reach) -> bytes:
        facts = json.dumps([str(holder_id), reach.model_dump(mode="json")], ensure_ascii=False, sort_keys=True)
        return blind_index(self.service, "holder reach", facts)

    def for_transport(self, holder_id: UUID, reach: Reach) -> str:
        return seal_for_transport(self.transport, reach, key=holder_id)
