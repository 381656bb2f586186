"""A month whose figures were frozen: what they were, sealed to the month that was frozen before it, and signed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from routing.domain.chain import GENESIS
from routing.domain.figures import Count, Figure, Sums

#: Of a cell within a month: place, dimension, value.
Key = tuple[UUID, str, str]
Cells = Mapping[Key, Sums]

PURPOSE = "figures"


@dataclass(frozen=True)
class Freeze:
    """``seal`` covers ``before``, the seal of the month that was frozen before it, so that none can be left out."""

    month: date
    nth: int
    frozen_at: datetime
    frozen_by: str
    cells: int
    digest: str
    before: str
    seal: str
    signature: str = ""

    @property
    def message(self) -> bytes:
        return self.seal.encode()


@dataclass(frozen=True)
class Correction:
    """What came to a month after it was frozen. ``number``: of the case, where it is to be seen."""

    correction_id: int
    noted_at: datetime
    number: str | None
    count: Count


def freeze(month: date, cells: Cells, *, last: Freeze | None, at: datetime, by: str) -> Freeze:
    before, nth = (last.seal, last.nth + 1) if last else (GENESIS, 1)
    digest = digest_of(cells)
    facts = {"month": month, "nth": nth, "at": at, "by": by, "cells": len(cells), "digest": digest, "before": before}
    return Freeze(month, nth, at, by, len(cells), digest, before, _seal(facts))


def digest_of(cells: Cells) -> str:
    """Of all cells in one order; a figure that is 0 is as one that is not there."""
    lines = (json.dumps([*map(str, key), _bare(cells[key])]) for key in sorted(cells))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _bare(sums: Sums) -> dict[str, int]:
    return {figure.value: sums[figure] for figure in Figure if sums.get(figure)}


def _seal(facts: Mapping[str, Any]) -> str:
    told = {name: _text(fact) for name, fact in facts.items()}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _text(fact: object) -> object:
    if isinstance(fact, datetime):
        return fact.astimezone(UTC).isoformat(timespec="microseconds")
    return fact.isoformat() if isinstance(fact, date) else fact


def list_faults(freezes: Iterable[tuple[Freeze, Cells]]) -> list[str]:
    """What is wrong with frozen months, in their order, but for signatures; nothing when they are whole."""
    faults, last = [], None
    for frozen, cells in freezes:
        name = f"{frozen.month:%Y-%m}"
        again = freeze(frozen.month, cells, last=last, at=frozen.frozen_at, by=frozen.frozen_by)
        if again.digest != frozen.digest or again.cells != frozen.cells:
            faults.append(f"{name}: the figures are not those that were frozen")
        if (again.before, again.nth) != (frozen.before, frozen.nth):
            faults.append(f"{name}: it does not follow the month that was frozen before it")
        elif again.digest == frozen.digest and again.seal != frozen.seal:
            faults.append(f"{name}: who froze it or when was changed")
        last = frozen
    return faults
