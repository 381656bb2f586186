"""The figures counted again from the histories, and held against those that were kept step by step."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from kit.db import UnitOfWork

from routing.domain.chain import Entry
from routing.domain.counting import count
from routing.domain.figures import Cell, Count, Figure, Sums
from routing.repository import cases, figures, network, policy

#: Cases whose histories are read at once, or cells that are put right at once.
CHUNK = 500


@dataclass(frozen=True)
class Difference:
    """``place``: its code, where ``is_below`` of all that is below it; ``kept`` is not what the histories come to."""

    place: str
    cell: Cell
    figure: Figure
    kept: int
    counted: int
    is_below: bool = False

    def __str__(self) -> str:
        cell = self.cell
        of = f" of {cell.dimension} {cell.value}" if cell.value else ""
        when = f"{cell.grain} {cell.first}"
        where = f"below {self.place}" if self.is_below else f"at {self.place}"
        return f"{self.figure} {where}{of}, {when}: kept {self.kept}, counted {self.counted}"


@dataclass
class Recount:
    """How many histories were counted again; what they come to lies with the transaction."""

    cases: int = 0
    uncounted: int = 0
    spoiled: list[str] = field(default_factory=list)
    """Numbers of cases whose tally is not where their history has led to."""


def count_uncounted(uow: UnitOfWork, *, limit: int = CHUNK) -> int:
    """Histories that were begun before figures were kept; how many there were."""
    found = cases.list_uncounted_for_change(uow, limit=limit)
    cases.count_whole(uow, found)
    return len(found)


def bring_home(uow: UnitOfWork, *, limit: int = CHUNK) -> list[str]:
    """Figures of places that were moved before figures went with them; the codes of these places."""
    figures.lock(uow)
    return figures.bring_home(uow, limit=limit)


def recount(uow: UnitOfWork, *, since: date = date.min) -> Recount:
    """In one look at the database. ``since``: what was counted on days from then on, which no older entry counts."""
    zone, found = policy.get_zone(uow), Recount()
    figures.begin_recount(uow)
    for chunk in cases.each_history(uow, chunk=CHUNK, since=_begin_of(since)):
        counts: list[Count] = []
        for case, entries in chunk:
            found.cases += 1
            if case.tally is None:
                found.uncounted += 1
            else:
                counts += _count_again(found, case, entries, zone)
        figures.add_recounted(uow, (each for each in counts if each.mark.day >= since.isoformat()))
    return found


def _begin_of(day: date) -> datetime | None:
    """Wherever the city lies."""
    return None if day == date.min else datetime.combine(day - timedelta(days=1), time(), UTC)


def _count_again(found: Recount, case: Any, entries: Sequence[Entry], zone: str) -> list[Count]:
    tally, counts = count(None, entries, zone=zone)
    if tally.stored() != case.tally:
        found.spoiled.append(case.number)
    return counts


def compare(uow: UnitOfWork, *, since: date = date.min) -> list[Difference]:
    """Each figure of each cell that is not what was counted again, in one order."""
    return [
        *_named(uow, figures.list_differences(uow, since=since)),
        *_named(uow, figures.list_differences_above(uow, since=since), is_below=True),
    ]


def compare_frozen(uow: UnitOfWork) -> list[Difference]:
    """Of the months that were frozen: what they were then and what came later is what the histories come to."""
    return _named(uow, figures.list_frozen_differences(uow))


def put_right(uow: UnitOfWork, differences: Sequence[Difference]) -> None:
    """What was kept wrongly is as it was counted, with what has come since: no step waits, nor is one lost."""
    figures.lock(uow)
    for add, is_below in ((figures.add_to_kept, False), (figures.add_to_above, True)):
        odd = [each for each in differences if each.is_below is is_below]
        add(uow, [(each.cell, each.figure, each.counted - each.kept) for each in odd])


def mend_tallies(uow: UnitOfWork, numbers: Sequence[str]) -> None:
    """Their next steps count from where their histories have led to."""
    cases.count_anew(uow, numbers)


def _named(uow: UnitOfWork, odd: Sequence[tuple[Cell, Sums, Sums]], *, is_below: bool = False) -> list[Difference]:
    places = network.list_places(uow, {cell.place_id for cell, _, _ in odd})
    return [
        Difference(
            places[cell.place_id].code if cell.place_id in places else "no place",
            *(cell, figure, kept[figure], counted[figure], is_below),
        )
        for cell, kept, counted in odd
        for figure in Figure
        if kept[figure] != counted[figure]
    ]
