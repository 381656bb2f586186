"""What a run found: figures, the table that shows them, the file that keeps them, and two runs compared."""

import json
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any
from unicodedata import east_asian_width

FORMAT = 1

#: Without a spread of its own a figure may move by so much before it counts as worse.
UNSPREAD = 0.10

_AIM = re.compile(r"(<=|>=|<|>|=) (-?\d+(?:\.\d+)?)")
_HOLDS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}


@dataclass
class Figure:
    """One number. ``aim`` is as in ``>= 30`` or empty; whether it is met follows from it where nobody says otherwise.

    ``spread`` is the least and the most that was seen of what ``value`` is the median of.
    """

    measure: str
    name: str
    value: float | None
    unit: str = ""
    aim: str = ""
    met: bool | None = None
    spread: tuple[float, float] | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.spread is not None:
            self.spread = (self.spread[0], self.spread[1])
        if self.met is None and self.aim and self.value is not None:
            sign, bound = _parse(self.aim)
            self.met = _HOLDS[sign](self.value, bound)

    @property
    def less_is_better(self) -> bool | None:
        """None where the aim does not say."""
        return _parse(self.aim)[0] in {"<", "<=", "="} if self.aim else None


def _parse(aim: str) -> tuple[str, float]:
    found = _AIM.fullmatch(aim)
    if not found:
        raise ValueError(f"an aim reads as '>= 30', not {aim!r}")
    return found[1], float(found[2])


def of_samples(measure: str, name: str, samples: Sequence[float], unit: str = "", **facts: Any) -> Figure:
    """The median of repeated measurements, with the least and the most."""
    return Figure(measure, name, median(samples), unit, spread=(min(samples), max(samples)), **facts)


def percentile(values: Sequence[float], percent: float) -> float:
    """Nearest rank: a value that was really seen."""
    ranked = sorted(values)
    if not ranked:
        raise ValueError("no values")
    return ranked[max(0, ceil(len(ranked) * percent / 100) - 1)]


@dataclass
class Failure:
    """A measure that gave no figures, and why."""

    measure: str
    why: str


@dataclass
class Report:
    """``about`` says where and of what: machine, commit, versions, settings, time."""

    about: dict[str, Any]
    figures: list[Figure] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def write(self, path: Path) -> None:
        whole = {"format": FORMAT, **asdict(self)}
        path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")

    @classmethod
    def read(cls, path: Path) -> "Report":
        whole = json.loads(path.read_text())
        if whole.pop("format", None) != FORMAT:
            raise ValueError(f"{path} is of another format")
        return cls(
            whole["about"], [Figure(**each) for each in whole["figures"]], [Failure(**f) for f in whole["failures"]]
        )

    def table(self) -> str:
        rows: list[tuple[str, ...]] = [("", "figure", "value", "spread", "aim", "")]
        rows += [_row(figure) for figure in self.figures]
        rows += [(failure.measure, failure.why, "failed", "", "", "FAILED") for failure in self.failures]
        return _aligned(rows)


def _row(figure: Figure) -> tuple[str, ...]:
    verdict = {True: "met", False: "NOT MET", None: ""}[figure.met]
    value = f"{_number(figure.value)} {figure.unit}".rstrip()
    spread = f"{_number(figure.spread[0])} … {_number(figure.spread[1])}" if figure.spread else ""
    return figure.measure, figure.name, value, spread, figure.aim, verdict


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


@dataclass(frozen=True)
class Change:
    """One figure in two runs."""

    new: Figure
    old: Figure

    @property
    def ratio(self) -> float | None:
        if self.new.value is None or not self.old.value:
            return None
        return self.new.value / self.old.value

    @property
    def is_worse(self) -> bool:
        """Moved the wrong way by more than either run varied in itself."""
        less = self.new.less_is_better
        if less is None or self.new.value is None or self.old.value is None:
            return False
        moved = self.new.value - self.old.value if less else self.old.value - self.new.value
        return moved > max(_play(self.new), _play(self.old))


def _play(figure: Figure) -> float:
    assert figure.value is not None
    if figure.spread is None:
        return UNSPREAD * abs(figure.value)
    return figure.spread[1] - figure.spread[0]


def changes(old: Report, new: Report) -> Iterator[Change]:
    before = {(figure.measure, figure.name): figure for figure in old.figures}
    for figure in new.figures:
        if known := before.get((figure.measure, figure.name)):
            yield Change(figure, known)


def comparison(found: Iterable[Change]) -> str:
    rows = [("", "figure", "old", "new", "new/old", "")]
    for change in found:
        ratio = "–" if change.ratio is None else f"{change.ratio:.2f}"
        old, new = _row(change.old)[2], _row(change.new)[2]
        rows.append((change.new.measure, change.new.name, old, new, ratio, "WORSE" if change.is_worse else ""))
    return _aligned(rows)
