"""The importer's own record: a line for each appeal that the platform acknowledged. `baiyang reconcile` goes by it."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

#: Lines that a power cut may cost; the platform has them, and the next run finds that it has.
_BITE = 64


class Record:
    """Append-only. What stands in it was acknowledged; what was acknowledged and does not is asked for again."""

    def __init__(self, folder: Path, source: str) -> None:
        self.path = folder / f"{_file_name(source)}.jsonl"
        self.source = source
        self.taken: set[str] = set()
        self._unsynced = 0

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a+b")
        self._cut_half_line()
        self._file.seek(0)
        for line in self._file:
            told = json.loads(line)
            if told.get("source", self.source) == self.source:
                self.taken.add(str(told["external_id"]))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._sync()
        self._file.close()

    def acknowledged(self, external_id: str, receipt: dict[str, Any]) -> None:
        line = {
            "source": self.source,
            "external_id": external_id,
            "appeal_id": receipt["appeal_id"],
            "number": receipt["number"],
            "at": datetime.now(UTC).isoformat(),
        }
        self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        self.taken.add(external_id)
        self._unsynced += 1
        if self._unsynced >= _BITE:
            self._sync()

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._unsynced = 0

    def _cut_half_line(self) -> None:
        """A kill in the middle of a line leaves half of one."""
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            self._file.truncate(whole)


def _file_name(source: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in source)
