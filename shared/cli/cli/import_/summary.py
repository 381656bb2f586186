"""What came of an import."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

#: Refusals that are printed one by one; the others are counted.
_SHOWN = 20
_ROWS = 30


@dataclass(frozen=True)
class Refusal:
    line: int
    reason: str


@dataclass
class Tally:
    taken: int = 0
    repeated: int = 0
    before: int = 0
    placed: Counter[str] = field(default_factory=Counter)
    unplaced: int = 0
    categories: Counter[str] = field(default_factory=Counter)
    refused: list[Refusal] = field(default_factory=list)

    def take(self, receipt: Mapping[str, Any], *, confirmed: str | None) -> None:
        if receipt["repeated"]:
            self.repeated += 1
        else:
            self.taken += 1
        if receipt["placing"] in ("given", "exact"):
            self.placed[receipt["place_id"]] += 1
        else:
            self.unplaced += 1
        self.categories[confirmed or receipt["suggested_category"] or ""] += 1

    def refuse(self, refusal: Refusal) -> None:
        self.refused.append(refusal)

    @property
    def places(self) -> list[str]:
        return list(self.placed)


def show_summary(
    tally: Tally, names: Mapping[str, list[str]], console: Console, *, record: Path, city: str | None
) -> None:
    total = Table(title="import", show_header=False)
    for what, number in (
        ("taken now", tally.taken),
        ("the platform had them", tally.repeated),
        ("taken in an earlier run", tally.before),
        ("refused", len(tally.refused)),
        ("placed", sum(tally.placed.values())),
        ("unplaced: with the dispatcher", tally.unplaced),
    ):
        total.add_row(what, str(number))
    console.print(total)
    if tally.taken or tally.repeated:
        console.print(_counted("by district", _by_district(tally, names)))
        console.print(_counted("by category", Counter({c or "none suggested": n for c, n in tally.categories.items()})))
    if city:
        console.print(f"Places were looked for in the city {city}; --city CODE names another.", highlight=False)
    _show_refusals(tally, console)
    console.print(f"Acknowledged appeals: {record}", highlight=False, soft_wrap=True)


def _by_district(tally: Tally, names: Mapping[str, list[str]]) -> Counter[str]:
    """The tier below the city."""
    districts: Counter[str] = Counter()
    for place_id, number in tally.placed.items():
        line = names.get(place_id) or [place_id]
        districts[line[1] if len(line) > 1 else line[0]] += number
    return districts


def _counted(title: str, numbers: Counter[str]) -> Table:
    table = Table("", "appeals", title=title)
    for name, number in numbers.most_common(_ROWS):
        table.add_row(name, str(number))
    rest = sum(numbers.values()) - sum(number for _, number in numbers.most_common(_ROWS))
    if rest:
        table.add_row(f"{len(numbers) - _ROWS} more", str(rest))
    return table


def _show_refusals(tally: Tally, console: Console) -> None:
    for refusal in sorted(tally.refused, key=lambda r: r.line)[:_SHOWN]:
        console.print(
            f"line {refusal.line}: {refusal.reason}", style="red", highlight=False, soft_wrap=True, markup=False
        )
    if len(tally.refused) > _SHOWN:
        console.print(f"… and {len(tally.refused) - _SHOWN} more refused")
