"""A case's history checked as an outsider would: by the rule that is written down, not by routing's code.

Each entry's hash is SHA-256 over the canonical JSON of the hash before it and its own facts; the first is sealed to
64 zeros; words are covered by a salted commitment, so that their erasure leaves the chain whole.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC
from typing import Any


def fault_of(entries: Sequence[Any], *, head: str, length: int) -> str | None:
    """What is wrong with the entries, sorted by seq; None when nothing is."""
    before = "0" * 64
    for place, entry in enumerate(entries, start=1):
        if entry.seq != place:
            return f"entry {place} is missing"
        if _hash(before, entry) != entry.hash:
            return f"entry {place} was changed"
        if entry.words is not None and _commitment(entry) != entry.commitment:
            return f"the words of entry {place} were changed"
        before = entry.hash
    if len(entries) != length:
        return f"entry {len(entries) + 1} is missing"
    return None if before == head else "the last entry is not the one that the case ends with"


def _hash(before: str, entry: Any) -> str:
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


def _commitment(entry: Any) -> str:
    return hmac.new(bytes.fromhex(entry.salt or ""), entry.words.encode(), hashlib.sha256).hexdigest()
