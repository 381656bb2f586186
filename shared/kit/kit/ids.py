"""Ids made here, not by the database: UUIDv7 (RFC 9562), so that they sort by their time."""

import os
from datetime import UTC, datetime
from uuid import UUID


def new_id(now: datetime) -> UUID:
    """A UUIDv7 of this instant: 48 bits of milliseconds, 74 random bits."""
    return _uuid7(int(now.timestamp() * 1000), int.from_bytes(os.urandom(10), "big"))


def first_id_of(moment: datetime) -> UUID:
    """The smallest UUIDv7 of that instant: a bound for partitions and ranges."""
    return _uuid7(int(moment.timestamp() * 1000), 0)


def time_of(identity: UUID) -> datetime:
    return datetime.fromtimestamp((identity.int >> 80) / 1000, UTC)


def _uuid7(milliseconds: int, noise: int) -> UUID:
    rand_a = (noise >> 62) & 0xFFF
    rand_b = noise & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b)
