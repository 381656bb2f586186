"""The figures counted again from the histories, and held against those that were kept step by step."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from kit.db import UnitOfWork

from routing.domain.counting import count
from routing.domain.figures import Cell, Figure, Sums, cells_of
from routing.domain.freezing import with_corrections
from routing.repository import cases, figures, freezes, network, policy

#: Cases whose histories are read at once.
CHUNK = 500


@dataclass(frozen=True)
class Difference:
    """``place``: its code; ``kept`` is not what the histories come to."""

    place: str
    cell: Cell
    figure: Figure
    kept: int
    counted: int

    def __str__(self) -> str:
        cell = self.cell
        of = f" of {cell.dimension} {cell.value}" if cell.value else ""
        when = f"{cell.grain} {cell.first}"
        return f"{self.figure} at {self.place}{of}, {when}: kept {self.kept}, counted {self.counted}"


@dataclass
class Recount:
    """What all histories come to."""

    cases: int = 0
    uncounted: int = 0
    cells: dict[Cell, Counter[Figure]] = field(default_factory=dict)
    spoiled: list[str] = field(default_factory=list)
    """Numbers of cases whose tally is not where their history has led to."""


def count_uncounted(uow: UnitOfWork, *, limit: int = CHUNK) -> int:
    """Histories that were begun before figures were kept; how many there were."""
    found = cases.list_uncounted_for_change(uow, limit=limit)
    cases.count_whole(uow, found)
    return len(found)


def recount(uow: UnitOfWork) -> Recount:
    zone, found = policy.get_zone(uow), Recount()
    for case, entries in cases.each_history(uow, chunk=CHUNK):
        found.cases += 1
        if case.tally is None:
            found.uncounted += 1
            continue
        tally, counts = count(None, entries, zone=zone)
        if tally.stored() != case.tally:
            found.spoiled.append(case.number)
        for each in counts:
            for cell in cells_of(each.mark):
                found.cells.setdefault(cell, Counter())[each.figure] += each.amount
    return found


def compare(uow: UnitOfWork, found: Recount) -> list[Difference]:
    """Each figure of each cell that differs, in one order."""
    return list(_differences(uow, figures.list_kept(uow), found.cells))


def put_right(uow: UnitOfWork, found: Recount, differences: list[Difference]) -> None:
    """What was kept wrongly is as it was counted by now."""
    figures.add_to_kept(uow, [(each.cell, each.figure, each.counted - each.kept) for each in differences])
    cases.count_anew(uow, found.spoiled)


def compare_frozen(uow: UnitOfWork, found: Recount) -> list[Difference]:
    """Of the months that were frozen: what they were then and what came later is what the histories come to."""
    everywhere = ["/"]
    differences: list[Difference] = []
    for frozen in freezes.list_freezes(uow):
        kept = with_corrections(
            freezes.list_frozen(uow, frozen.month), freezes.list_corrections(uow, frozen.month, everywhere)
        )
        then = {Cell(*key, "month", frozen.month): sums for key, sums in kept.items()}
        now = {cell: sums for cell, sums in found.cells.items() if (cell.grain, cell.first) == ("month", frozen.month)}
        differences += _differences(uow, then, now)
    return differences


def _differences(uow: UnitOfWork, kept: Mapping[Cell, Sums], counted: Mapping[Cell, Sums]) -> Iterator[Difference]:
    odd = [cell for cell in {*kept, *counted} if _differs(kept.get(cell, {}), counted.get(cell, {}))]
    places = network.list_places(uow, {cell.place_id for cell in odd})
    codes: dict[UUID, str] = {place_id: place.code for place_id, place in places.items()}
    for cell in sorted(odd, key=lambda each: (each.first, each.grain, each.dimension, each.value, each.place_id)):
        was, is_now = kept.get(cell, {}), counted.get(cell, {})
        for figure in Figure:
            if was.get(figure, 0) != is_now.get(figure, 0):
                place = codes.get(cell.place_id, "no place")
                yield Difference(place, cell, figure, was.get(figure, 0), is_now.get(figure, 0))


def _differs(one: Sums, other: Sums) -> bool:
    return any(one.get(figure, 0) != other.get(figure, 0) for figure in Figure)
