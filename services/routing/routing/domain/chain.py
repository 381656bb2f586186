"""A case's history: append-only, each entry sealed to the one before.

An entry's hash covers the hash before it, its plain facts (which name no resident) and a salted commitment to its
words. Erasing the words and their salt therefore leaves the chain whole and proves nothing about what they were.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

#: What the first entry of every case is sealed to.
GENESIS = "0" * 64


@dataclass(frozen=True)
class Entry:
    """``facts`` are codes, ids, numbers and instants as text; people's words stand in ``words`` alone."""

    case_id: UUID
    seq: int
    at: datetime
    step: str
    by: str | None
    post_id: UUID | None
    facts: Mapping[str, Any]
    words: str | None
    salt: str | None
    commitment: str | None
    hash: str = field(default="")

    def without_content(self) -> "Entry":
        """That there is such an entry, and no more; its hash is still that of the whole."""
        return replace(self, facts={}, words=None, salt=None, commitment=None)

    def without(self, *names: str) -> "Entry":
        """The same but for these facts; its hash is still that of the whole."""
        return replace(self, facts={name: fact for name, fact in self.facts.items() if name not in names})


def link(
    before: str,
    *,
    case_id: UUID,
    seq: int,
    at: datetime,
    step: str,
    by: str | None,
    post_id: UUID | None,
    facts: Mapping[str, Any],
    words: str | None,
) -> Entry:
    """The next entry, sealed to ``before``, the hash of the one that stands last."""
    salt = os.urandom(16).hex() if words is not None else None
    commitment = commit(words, salt) if words is not None and salt is not None else None
    bare = Entry(case_id, seq, at, step, by, post_id, facts, words, salt, commitment)
    return Entry(case_id, seq, at, step, by, post_id, facts, words, salt, commitment, seal(before, bare))


def commit(words: str, salt: str) -> str:
    return hmac.new(bytes.fromhex(salt), words.encode(), hashlib.sha256).hexdigest()


def seal(before: str, entry: Entry) -> str:
    told = {
        "before": before,
        "case": str(entry.case_id),
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "step": entry.step,
        "by": entry.by,
        "post": str(entry.post_id) if entry.post_id else None,
        "facts": entry.facts,
        "commitment": entry.commitment,
    }
    return hashlib.sha256(
        json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()


def list_faults(entries: Iterable[Entry], *, head: str, length: int) -> list[str]:
    """What is wrong with a case's history, in words; nothing when it is whole. ``entries`` in their order."""
    faults: list[str] = []
    before, count = GENESIS, 0
    for count, entry in enumerate(entries, start=1):
        if entry.seq != count:
            return [*faults, f"entry {count} is missing"]
        if seal(before, entry) != entry.hash:
            faults.append(f"entry {count} was changed")
        if entry.words is not None and (entry.salt is None or commit(entry.words, entry.salt) != entry.commitment):
            faults.append(f"the words of entry {count} were changed")
        before = entry.hash
    if count != length:
        faults.append(f"there are {count} entries of {length}")
    elif before != head:
        faults.append("the last entry is not the one that the case ends with")
    return faults
