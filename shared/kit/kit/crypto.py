"""Keys, and what they seal: fields under a person's own data key, data keys and answers under the service's key ring.

A sealed value reads ``v1.<key id>.<base64url of nonce, ciphertext, tag>``, with what it belongs to as associated data,
so that a value moved to another row, column or key does not open. Each use has a key of its own, derived from the
ring's by HKDF. Erasure destroys a person's wrapped data key; rotation wraps it again.

A key's length says its algorithms: 32 bytes, AES-256-GCM and SHA-256; 16 bytes, SM4-GCM and SM3 (GB/T 32907, 32905).
An installation chooses by the keys that it is given, and goes from one to the other by rotation.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import BaseModel

KEY_BYTES = 32
SM4_KEY_BYTES = 16
_TAG_BYTES = 16
_NONCE_BYTES = 12
_DATA_KEY_ID_BYTES = 4
#: Short enough to be sent in a text message, long enough that nobody guesses it.
_TICKET_MAC_BYTES = 16
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")

M = TypeVar("M", bound=BaseModel)


class CannotOpen(Exception):
    """A sealed value is damaged, belongs elsewhere, or its key is not in the ring: no retry will open it."""


@dataclass(frozen=True)
class KeyRing:
    """Keys by id; the first is current and seals, all of them open."""

    keys: tuple[tuple[str, bytes], ...] = field(repr=False)
    _derived: dict[tuple[str, str], bytes] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """``id:base64,id:base64``, each key 32 bytes (AES-256) or 16 (SM4)."""
        keys = tuple(_parse_key(part.strip()) for part in text.split(",") if part.strip())
        if not keys:
            raise ValueError("a key ring needs at least one key, as id:base64 of 32 bytes")
        if len({key_id for key_id, _ in keys}) < len(keys):
            raise ValueError("a key ring names each key id once")
        return cls(keys)

    @property
    def current(self) -> str:
        return self.keys[0][0]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(key_id for key_id, _ in self.keys)

    def derive(self, purpose: str, key_id: str | None = None) -> bytes:
        """The key for one purpose, from the current key or the one named, and as long as that."""
        key_id = key_id or self.current
        if (key_id, purpose) not in self._derived:
            key = self._key(key_id)
            self._derived[key_id, purpose] = HKDF(_hash_of(key), len(key), None, purpose.encode()).derive(key)
        return self._derived[key_id, purpose]

    def fingerprint(self, key_id: str) -> str:
        """By which a key is known again where it must not be shown."""
        return self.derive("fingerprint", key_id)[:8].hex()

    def seal(self, plain: bytes, aad: str) -> str:
        return _encrypt(self.derive("seal"), self.current, plain, aad)

    def open(self, sealed: str, aad: str) -> bytes:
        return _decrypt(self.derive("seal", key_id_of(sealed)), sealed, aad)

    def sign(self, purpose: str, message: bytes) -> bytes:
        return _mac(self.derive(f"sign {purpose}"), message)

    def signed_by_us(self, purpose: str, message: bytes, signature: bytes) -> bool:
        candidates = (_mac(self.derive(f"sign {purpose}", key_id), message) for key_id in self.ids)
        return any(hmac.compare_digest(candidate, signature) for candidate in candidates)

    def _key(self, key_id: str) -> bytes:
        for known, key in self.keys:
            if known == key_id:
                return key
        raise CannotOpen(f"key {key_id} is not in the ring {', '.join(self.ids)}: add it behind the current one")


@dataclass(frozen=True)
class DataKey:
    """One person's key. Stored wrapped only; who destroys the wrapped key has erased what it sealed."""

    key_id: str
    _key: bytes = field(repr=False)

    @classmethod
    def new(cls, ring: KeyRing) -> "DataKey":
        """Of the same algorithm as the ring's current key."""
        return cls(os.urandom(_DATA_KEY_ID_BYTES).hex(), os.urandom(len(ring.keys[0][1])))

    def wrap(self, ring: KeyRing, *, owner: object) -> str:
        """``owner`` is the id of the person whose key it is."""
        plain = bytes.fromhex(self.key_id) + self._key
        return _encrypt(ring.derive("wrap"), ring.current, plain, _bound("data key", owner))

    @classmethod
    def unwrap(cls, ring: KeyRing, wrapped: str, *, owner: object) -> "DataKey":
        plain = _decrypt(ring.derive("wrap", key_id_of(wrapped)), wrapped, _bound("data key", owner))
        return cls(plain[:_DATA_KEY_ID_BYTES].hex(), plain[_DATA_KEY_ID_BYTES:])

    def seal(self, plain: bytes, aad: str) -> str:
        return _encrypt(self._key, self.key_id, plain, aad)

    def open(self, sealed: str, aad: str) -> bytes:
        if key_id_of(sealed) != self.key_id:
            raise CannotOpen("the value was sealed under another data key")
        return _decrypt(self._key, sealed, aad)


def rewrap(ring: KeyRing, wrapped: str, *, owner: object) -> str:
    """The same data key under the ring's current key: all that a rotation has to change."""
    if key_id_of(wrapped) == ring.current:
        return wrapped
    return DataKey.unwrap(ring, wrapped, owner=owner).wrap(ring, owner=owner)


def encrypt_field(key: DataKey, plain: str, *, table: str, column: str, row: object) -> str:
    return key.seal(plain.encode(), _bound(table, column, row))


def decrypt_field(key: DataKey, sealed: str, *, table: str, column: str, row: object) -> str:
    return key.open(sealed, _bound(table, column, row)).decode()


def normalised(value: str) -> str:
    """One form for what people mean the same by: full width as half width, case, and spaces do not count."""
    return "".join(unicodedata.normalize("NFKC", value).casefold().split())


def exactly(value: str) -> str:
    return value


def blind_index(ring: KeyRing, purpose: str, value: str, *, form: Callable[[str], str] = normalised) -> bytes:
    """What to store to find a sealed value again: an HMAC under a key for this purpose alone."""
    return _mac(ring.derive(f"index {purpose}"), form(value).encode())


def blind_indexes(ring: KeyRing, purpose: str, value: str, *, form: Callable[[str], str] = normalised) -> list[bytes]:
    """What to look for: the index under each key, since rows keep the old one until a rotation has reached them."""
    message = form(value).encode()
    return [_mac(ring.derive(f"index {purpose}", key_id), message) for key_id in ring.ids]


def seal_for_transport(ring: KeyRing, value: BaseModel | str, *, key: object) -> str:
    """Seal what travels in an event to the services that hold the transport keys; ``key`` is the event's subject."""
    plain, kind = (value, "text") if isinstance(value, str) else (value.model_dump_json(), type(value).__name__)
    return _encrypt(ring.derive("transport"), ring.current, plain.encode(), _bound(kind, key))


def open_from_transport(ring: KeyRing, sealed: str, model: type[M], *, key: object) -> M:
    return model.model_validate_json(_open_transport(ring, sealed, model.__name__, key))


def open_text_from_transport(ring: KeyRing, sealed: str, *, key: object) -> str:
    return _open_transport(ring, sealed, "text", key).decode()


def make_ticket(ring: KeyRing, purpose: str, subject: bytes) -> str:
    """A short text for a link: what it is about, open to read, which only who has the ring can have written."""
    signed = subject + ring.sign(purpose, subject)[:_TICKET_MAC_BYTES]
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def read_ticket(ring: KeyRing, purpose: str, ticket: str) -> bytes:
    """What it is about. It opens under every key of the ring, so that links outlive a rotation."""
    try:
        signed = base64.b64decode(ticket + "=" * (-len(ticket) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CannotOpen("not a ticket") from None
    subject, given = signed[:-_TICKET_MAC_BYTES], signed[-_TICKET_MAC_BYTES:]
    keys = (ring.derive(f"sign {purpose}", key_id) for key_id in ring.ids)
    if not any(hmac.compare_digest(_mac(key, subject)[:_TICKET_MAC_BYTES], given) for key in keys):
        raise CannotOpen("not written by us, or for something else")
    return subject


def key_id_of(sealed: str) -> str:
    return _parts(sealed)[0]


def new_key(key_id: str) -> str:
    """A fresh key as a ring spells it, for who sets up an installation or rotates."""
    return f"{key_id}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"


def digest(text: str) -> bytes:
    """For secrets of high entropy, such as query codes: stored so that the table does not tell them."""
    return hashlib.sha256(text.encode()).digest()


def _open_transport(ring: KeyRing, sealed: str, kind: str, key: object) -> bytes:
    return _decrypt(ring.derive("transport", key_id_of(sealed)), sealed, _bound(kind, key))


def _parse_key(part: str) -> tuple[str, bytes]:
    key_id, colon, encoded = part.partition(":")
    if not colon or not _KEY_ID.fullmatch(key_id):
        raise ValueError("a key is spelt id:base64, its id of letters, digits, _ and -")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError(f"key {key_id} is not base64") from None
    if len(key) not in (KEY_BYTES, SM4_KEY_BYTES):
        raise ValueError(f"key {key_id} has {len(key)} bytes, not {KEY_BYTES} (AES-256) or {SM4_KEY_BYTES} (SM4)")
    return key_id, key


def _bound(*parts: object) -> str:
    """An unambiguous text of what a value belongs to."""
    return json.dumps([str(part) for part in parts], ensure_ascii=False)


def _encrypt(key: bytes, key_id: str, plain: bytes, aad: str) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    sealed = nonce + _seal(key, nonce, plain, aad.encode())
    return f"v1.{key_id}.{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"


def _decrypt(key: bytes, sealed: str, aad: str) -> bytes:
    blob = _parts(sealed)[1]
    try:
        return _unseal(key, blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], aad.encode())
    except (InvalidTag, ValueError):
        raise CannotOpen("the value is damaged or belongs elsewhere") from None


def _seal(key: bytes, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
    if len(key) != SM4_KEY_BYTES:
        return AESGCM(key).encrypt(nonce, plain, aad)
    encryptor = Cipher(SM4(key), GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(aad)
    return encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def _unseal(key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
    if len(key) != SM4_KEY_BYTES:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    decryptor = Cipher(SM4(key), GCM(nonce, sealed[-_TAG_BYTES:])).decryptor()
    decryptor.authenticate_additional_data(aad)
    return decryptor.update(sealed[:-_TAG_BYTES]) + decryptor.finalize()


def _hash_of(key: bytes) -> hashes.HashAlgorithm:
    return hashes.SM3() if len(key) == SM4_KEY_BYTES else hashes.SHA256()


def _mac(key: bytes, message: bytes) -> bytes:
    code = HMAC(key, _hash_of(key))
    code.update(message)
    return code.finalize()


def _parts(sealed: str) -> tuple[str, bytes]:
    version, _, rest = sealed.partition(".")
    key_id, _, encoded = rest.partition(".")
    if version != "v1" or not key_id or not encoded:
        raise CannotOpen("not a sealed value of a known version")
    try:
        # altchars with validate: a character outside the alphabet is damage, not noise to skip.
        return key_id, base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CannotOpen("the value is damaged") from None
