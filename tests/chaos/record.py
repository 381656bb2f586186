"""The harness's own record: a line a request sent and a line an outcome, in the order in which they happened.

It is written as it goes and forced to the disk in batches; what is checked at the end is read back from the file.
"""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_BATCH_SECONDS = 0.2

#: What a request came to: done and said so; refused; or nobody can tell from here.
OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"

#: What changes something; all else is reading.
WRITES = (
    *("lay", "file", "correct", "withdraw", "accept", "start", "answer", "hand_over", "close"),
    *("re_sort", "re_dispatch", "take_over", "ask_return", "ask_decline", "ask_extension", "rule", "record"),
    *("recuse", "accompany", "centre_report", "call_back", "rate", "verify"),
    *("ask_suspension", "resume", "transfer", "plan", "call_in", "report_part", "hand_to_hotline"),
    *("review", "merge", "split", "dismiss", "link", "unlink", "name_affected", "tell_affected"),
    *("nudge", "order", "instruct", "report", "report_back", "enter_review", "release", "re_plan"),
    *("grant", "revoke_grant", "ask_exclusion", "review_exclusion"),
    *("re_sort_many", "re_dispatch_many"),
)


class Record:
    """Open for adding; any thread or task may write to it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("x", encoding="utf-8")
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._ops = 0
        self._closing = threading.Event()
        self.acknowledged: Counter[str] = Counter()
        self.last_acknowledged = self._began
        self._syncing = threading.Thread(target=self._sync_in_batches, daemon=True)
        self._syncing.start()

    @property
    def now(self) -> float:
        return round(time.monotonic() - self._began, 3)

    def note(self, what: str, **facts: object) -> None:
        line = json.dumps({"t": self.now, "what": what, **facts}, ensure_ascii=False, default=str)
        with self._lock:
            self._file.write(line + "\n")

    def begin(self, kind: str, by: str, **asked: object) -> int:
        """Somebody is about to ask for something; gives the number that its outcomes are noted under."""
        with self._lock:
            self._ops += 1
            op = self._ops
        self.note("asked", op=op, kind=kind, by=by, asked=asked)
        return op

    def sent(self, op: int) -> None:
        self.note("sent", op=op)

    def came(self, op: int, kind: str, outcome: str, **facts: object) -> None:
        self.note("came", op=op, outcome=outcome, **facts)
        if outcome == OK and kind in WRITES:
            with self._lock:
                self.acknowledged[kind] += 1
                self.last_acknowledged = time.monotonic()

    def close(self) -> None:
        self._closing.set()
        self._syncing.join()
        self._sync()
        self._file.close()

    def _sync_in_batches(self) -> None:
        while not self._closing.wait(_BATCH_SECONDS):
            self._sync()

    def _sync(self) -> None:
        with self._lock:
            self._file.flush()
        with suppress(ValueError):
            os.fsync(self._file.fileno())


@dataclass(frozen=True)
class Outcome:
    """What one sending of a request came to."""

    t: float
    outcome: str
    status: int | None = None
    code: str | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Op:
    """Something that somebody asked for, however often it was sent."""

    op: int
    kind: str
    by: str
    asked: Mapping[str, Any]
    t: float
    sent: int = 0
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def acks(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.outcome == OK]

    @property
    def is_acknowledged(self) -> bool:
        return bool(self.acks)

    @property
    def is_unknown(self) -> bool:
        """Sent at least once without a word, and never acknowledged: it may have been done."""
        told = sum(outcome.outcome == REFUSED for outcome in self.outcomes)
        return not self.is_acknowledged and self.sent > told

    @property
    def ack(self) -> Mapping[str, Any]:
        """What was acknowledged first."""
        return self.acks[0].answer


@dataclass
class History:
    """The record, read back: requests by their number, and what was noted, as it was."""

    ops: dict[int, Op] = field(default_factory=dict)
    notes: list[Mapping[str, Any]] = field(default_factory=list)

    def of_kind(self, *kinds: str) -> Iterator[Op]:
        return (op for op in self.ops.values() if op.kind in kinds)

    def noted(self, what: str) -> Iterator[Mapping[str, Any]]:
        return (note for note in self.notes if note["what"] == what)

    @property
    def acknowledged(self) -> Counter[str]:
        return Counter(op.kind for op in self.ops.values() if op.is_acknowledged)


def source_of(filed: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Of an appeal as it was filed: which system it comes from, or who assigned it, with their number."""
    order = filed.get("assignment")
    return (order["office"], order["number"]) if order else (filed.get("source"), filed.get("external_id"))


def read(path: Path) -> History:
    history = History()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            _add(history, json.loads(line))
    return history


def _add(history: History, line: Mapping[str, Any]) -> None:
    match line["what"]:
        case "asked":
            history.ops[line["op"]] = Op(line["op"], line["kind"], line["by"], line["asked"], line["t"])
        case "sent":
            history.ops[line["op"]].sent += 1
        case "came":
            known = ("outcome", "status", "code", "answer")
            history.ops[line["op"]].outcomes.append(Outcome(line["t"], **{k: line[k] for k in known if k in line}))
        case _:
            history.notes.append(line)
