"""The importer's own record: what intake acknowledged, a line each."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID


@dataclass(frozen=True)
class Acknowledgement:
    source: str
    external_id: str
    appeal_id: UUID
    number: str


class UnreadableRecord(Exception):
    """A line is not what the importer writes. The last may be cut short by a kill: it is passed over."""


def files_of(home: Path, named: Sequence[Path]) -> list[Path]:
    return list(named) or sorted((home / "imports").glob("*.jsonl"))


def read(files: Sequence[Path]) -> Iterator[Acknowledgement]:
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for place, line in enumerate(lines, start=1):
                found = _parse(file, place, line)
                if found is not None:
                    yield found


def _parse(file: Path, place: int, line: str) -> Acknowledgement | None:
    if not line.strip():
        return None
    try:
        told = json.loads(line)
        return Acknowledgement(
            str(told.get("source", file.stem)), str(told["external_id"]), UUID(told["appeal_id"]), told["number"]
        )
    except (ValueError, KeyError, TypeError) as error:
        if not line.endswith("\n"):
            return None
        raise UnreadableRecord(f"{file} line {place}: not a line of an importer's record ({error})") from None
