"""What is said at the end: the figures of the time, and what does not hold."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from routing.domain.figures import Part

from simulation.invariants import Checked
from simulation.year import Year

#: Of one invariant, the most that is named.
_NAMED = 50


def tell(year: Year, checked: Sequence[Checked], *, say: Callable[[str], None]) -> bool:
    """Whether all holds."""
    for line in (*_figures(year), *_verdict(checked)):
        say(line)
    return not any(each.findings for each in checked)


def _figures(year: Year) -> Iterator[str]:
    carried, repeated = year.carried
    yield from _table("Appeals", {"filed": year.residents.filed, **year.residents.said})
    yield from _table("Steps of cases", year.happened)
    yield from _table("Figures", year.figures.sums)
    yield from _shares(year.figures.rates)
    yield from _table("Promises, by what they were counted by", year.promised)
    yield from _table("What the city changed", year.happenings.counted)
    yield from _table("People", year.terms.counted)
    yield from _table("Refused, as it should be", year.staff.refused + year.residents.refused)
    yield from _table("Events", {"carried": carried, "carried again": repeated})


def _shares(rates: Sequence[Part]) -> Iterator[str]:
    yield "Rates"
    for each in rates:
        share = "none" if each.share is None else f"{each.share:.1%}"
        yield f"  {each.rate.replace('_', ' '):<48}{each.part:>10,} of {each.whole:>10,}{share:>10}"


def _verdict(checked: Sequence[Checked]) -> Iterator[str]:
    yield from _table("Invariants, and of how many things each was asked", {each.name: each.things for each in checked})
    for each in checked:
        yield from (f"broken: {each.name}: {found.about}: {found.detail}" for found in each.findings[:_NAMED])
        if len(each.findings) > _NAMED:
            yield f"broken: {each.name}: {len(each.findings) - _NAMED} more"
    yield f"invariants: {len(checked)} checked, {sum(bool(each.findings) for each in checked)} broken"


def _table(title: str, counts: Mapping[Any, int]) -> Iterator[str]:
    yield title
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {name.replace('_', ' '):<60}{count:>10,}"
