"""What the load generator is told to do, and what it tells when it has done it: both JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.bench.figures import percentile


@dataclass(frozen=True)
class Phase:
    """So many begin a second, for so long."""

    rate: float
    seconds: float


@dataclass(frozen=True)
class Community:
    """Where appeals are about (codes of places), who takes them, who answers for each category, who hands them out."""

    places: tuple[str, ...]
    clerk: str
    dispatcher: str
    holders: dict[str, str]


@dataclass(frozen=True)
class Look:
    """A page that somebody looks at; ``who`` empty: nobody signs in for it."""

    name: str
    path: str
    who: str = ""


@dataclass(frozen=True)
class Plan:
    """``work``: lifecycles, filing or looking; open loop by ``phases``, or a closed one of ``clients``.

    ``pause`` is how long a person takes between two steps, ``settle`` how long after filing the holder looks.
    """

    port: int
    tokens: dict[str, str]
    communities: tuple[Community, ...]
    phases: tuple[Phase, ...]
    work: str = "lifecycles"
    looks: tuple[Look, ...] = ()
    clients: int = 0
    seed: int = 1
    pause: tuple[float, float] = (0.5, 1.5)
    settle: tuple[float, float] = (2.0, 4.0)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), ensure_ascii=False))
        path.chmod(0o600)

    @classmethod
    def read(cls, path: Path) -> Self:
        whole = json.loads(path.read_text())
        whole["communities"] = tuple(Community(**each) for each in whole["communities"])
        whole["phases"] = tuple(Phase(**each) for each in whole["phases"])
        whole["looks"] = tuple(Look(**each) for each in whole["looks"])
        return cls(**whole)


@dataclass(frozen=True)
class Sample:
    """``at`` is when it was meant to begin, in seconds since the load began; ``seconds`` counts from there."""

    at: float
    seconds: float


@dataclass
class Load:
    """``errors``: (at, step, status, what was said).

    ``began`` is Unix time; ``cpu`` the generator's own seconds; ``late`` by how much it began things too late.
    """

    steps: dict[str, list[Sample]] = field(default_factory=dict)
    errors: list[tuple[float, str, int, str]] = field(default_factory=list)
    finished: list[float] = field(default_factory=list)
    visible: list[Sample] = field(default_factory=list)
    began: float = 0
    seconds: float = 0
    begun: int = 0
    requests: int = 0
    cpu: float = 0
    late: float = 0

    def note(self, step: str, at: float, seconds: float) -> None:
        self.steps.setdefault(step, []).append(Sample(round(at, 4), round(seconds, 5)))

    def seconds_of(self, step: str, *, since: float = 0, until: float = float("inf")) -> list[float]:
        return [each.seconds for each in self.steps.get(step, []) if since <= each.at < until]

    def every(self, *, since: float = 0, until: float = float("inf")) -> list[float]:
        return [seconds for step in self.steps for seconds in self.seconds_of(step, since=since, until=until)]

    def percentiles(
        self, *percents: float, since: float = 0, until: float = float("inf")
    ) -> dict[str, dict[str, float]]:
        """Milliseconds by step, with how many there were."""
        told = {}
        for step in self.steps:
            if taken := self.seconds_of(step, since=since, until=until):
                told[step] = {f"p{percent:g}": round(1000 * percentile(taken, percent), 1) for percent in percents}
                told[step]["n"] = len(taken)
        return told

    def worst(self, percent: float, *, since: float = 0, until: float = float("inf")) -> float:
        """The slowest step's percentile, in milliseconds."""
        found = self.percentiles(percent, since=since, until=until)
        return max((step[f"p{percent:g}"] for step in found.values()), default=0.0)

    def spread(self, step: str, percent: float, *, since: float = 0) -> tuple[float, float] | None:
        """The percentile in the best and in the worst third of the time, in milliseconds."""
        third = (self.seconds - since) / 3
        bounds = [(since + n * third, since + (n + 1) * third) for n in range(3)]
        taken = [self.seconds_of(step, since=begin, until=end) for begin, end in bounds]
        if not all(taken):
            return None
        found = [round(1000 * percentile(each, percent), 1) for each in taken]
        return min(found), max(found)

    def errors_told(self) -> dict[str, int]:
        return dict(Counter(f"{step} {status} {said}".strip() for _, step, status, said in self.errors))

    @property
    def cpu_a_request(self) -> float:
        """Milliseconds of the generator itself."""
        return round(1000 * self.cpu / self.requests, 3) if self.requests else 0

    def told_of_itself(self) -> dict[str, Any]:
        return {
            "generator_cpu_ms_a_request": self.cpu_a_request,
            "generator_cores": round(self.cpu / self.seconds, 3) if self.seconds else 0,
            "generator_late_s": round(self.late, 3),
            "requests": self.requests,
        }

    def write(self, path: Path) -> None:
        whole = {name: getattr(self, name) for name in self.__dataclass_fields__}
        whole["steps"] = {step: _flat(samples) for step, samples in self.steps.items()}
        whole["visible"] = _flat(self.visible)
        path.write_text(json.dumps(whole, ensure_ascii=False))

    @classmethod
    def read(cls, path: Path) -> Self:
        whole = json.loads(path.read_text())
        whole["steps"] = {step: list(_samples(flat)) for step, flat in whole["steps"].items()}
        whole["visible"] = list(_samples(whole["visible"]))
        whole["errors"] = [tuple(error) for error in whole["errors"]]
        return cls(**whole)


def _flat(samples: Iterable[Sample]) -> list[float]:
    return [number for sample in samples for number in (sample.at, sample.seconds)]


def _samples(flat: Sequence[float]) -> Iterator[Sample]:
    return (Sample(*pair) for pair in zip(flat[::2], flat[1::2], strict=True))
