"""Results as files, and as a page to read: a run's own, and all of them merged."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.chaos.harness import Result

_SHOWN = 40


def save(result: Result, file: Path) -> None:
    """All of it or nothing: a seed whose file is there is done."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps(asdict(result), indent=1, ensure_ascii=False) + "\n")
    beside.replace(file)


def load(file: Path) -> Result:
    return Result(**json.loads(file.read_text()))


def load_all(folder: Path) -> list[Result]:
    found = [load(file) for file in folder.glob("*.json") if file.stem.isdecimal()]
    return sorted(found, key=lambda result: result.seed)


def text_of(results: Sequence[Result]) -> str:
    parts = [_head(results), _table(results)]
    for title, counts in (
        ("killed", _sum(result.kills_by_process for result in results)),
        ("kills by kind", _sum(result.kills for result in results)),
        ("other faults", _sum(result.faults for result in results)),
        ("brought back", _sum(result.recoveries for result in results)),
        ("missed (not counted)", _sum(result.missed for result in results)),
        ("acknowledged", _sum(result.acknowledged for result in results)),
        ("unknown to the client", _sum(result.unknown for result in results)),
        ("checked", _sum(result.checked for result in results)),
    ):
        parts.append(f"{title}: {_listed(counts)}")
    return "\n".join([*parts, *_exceptions(results)])


def _head(results: Sequence[Result]) -> str:
    commits = ", ".join(sorted({result.commit for result in results}))
    machines = "; ".join(sorted({result.machine for result in results}))
    return f"{len(results)} runs at {commits} on {machines}"


def _table(results: Sequence[Result]) -> str:
    """``silence``: the longest time without a write acknowledged to anybody."""
    columns = ("seed", "kills", "faults", "acknowledged", "silence", "caught up", "whole", "exceptions")
    rows = [columns, *(_row(result) for result in results)]
    return "\n".join("".join(f"{cell:>14}" for cell in row) for row in rows)


def _row(result: Result) -> Sequence[str]:
    caught_up = result.catch_up_seconds
    return (
        str(result.seed),
        str(sum(result.kills.values())),
        str(sum(result.faults.values())),
        str(sum(result.acknowledged.values())),
        f"{result.longest_silence_seconds:.0f} s",
        "never" if caught_up is None else f"{caught_up:.0f} s",
        f"{sum(result.seconds.values()):.0f} s",
        str(len(result.exceptions)),
    )


def _exceptions(results: Sequence[Result]) -> list[str]:
    found = [(result.seed, exception) for result in results for exception in result.exceptions]
    by_name = Counter(exception["name"] for _, exception in found)
    lines = [f"{len(found)} exceptions" + (f": {_listed(by_name)}" if found else "")]
    for seed, exception in found[:_SHOWN]:
        lines.append(f"  seed {seed}  {exception['name']}  {exception['about']}  {exception['detail']}".rstrip())
    return lines + ([f"  … and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else [])


def _sum(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return total


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items(), key=lambda item: -item[1])) or "–"
