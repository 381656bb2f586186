"""The import of households: which are new, which doors or contacts differ, row by row."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from contracts.intake import Reach

from grid.domain.import_posts import each, place_at, reach_of
from grid.domain.imports import Once, Refused, Row, RowProblem, text_of
from grid.domain.places import Place
from grid.domain.register import Household


@dataclass(frozen=True)
class HouseholdRow:
    """One row as it is to stand; ``reach`` none: as it is known already."""

    before: Household | None
    after: Household
    reach: Reach | None


@dataclass
class HouseholdsPlan:
    created: list[HouseholdRow] = field(default_factory=list)
    changed: list[HouseholdRow] = field(default_factory=list)
    unchanged: int = 0
    problems: list[RowProblem] = field(default_factory=list)


def plan_households(
    rows: Iterable[Row],
    known: Mapping[str, Household],
    places: Mapping[str, Place],
    ids: Iterator[UUID],
    *,
    mine: Callable[[str], bool],
    taken: Collection[str],
    same_reach: Callable[[Household, Reach], bool],
) -> HouseholdsPlan:
    """``mine`` tells whether who imports keeps the register under a path; ``taken`` are codes that stand anywhere."""
    plan, once = HouseholdsPlan(), Once("household")

    def take(row: Row) -> None:
        code, room = text_of(row, "household", most=64), text_of(row, "room", most=64)
        once.check(code, row.line)
        place, before = place_at(row, "place", places), known.get(code)
        if not mine(place.path):
            raise Refused("place", "not_yours", f"who lives at {place.code} is not yours to enter: ask its supervisor")
        if before is None and code in taken:
            raise Refused("household", "code_taken", f"{code} lives where you do not keep the register: give another")
        if before is not None and before.place_id != place.id:
            raise Refused("place", "lives_elsewhere", f"{code} lives elsewhere: give who moves in a code of their own")
        reach = reach_of(row, text_of(row, "name", most=120, required=bool(row["means"])))
        _put(plan, before, _household(next(ids), code, place, room, before), reach, same_reach)

    each(rows, take, plan.problems)
    return plan


def _household(identity: UUID, code: str, place: Place, room: str, before: Household | None) -> Household:
    if before is None:
        return Household(identity, code, place.id, place.path, room)
    return replace(before, room=room, version=before.version + 1)


def _put(
    plan: HouseholdsPlan,
    before: Household | None,
    after: Household,
    reach: Reach | None,
    same_reach: Callable[[Household, Reach], bool],
) -> None:
    """One that others have not been told of yet is told, though nothing about it differs."""
    if before is None:
        plan.created.append(HouseholdRow(None, after, reach))
    elif before.version and before.room == after.room and (reach is None or same_reach(before, reach)):
        plan.unchanged += 1
    else:
        plan.changed.append(HouseholdRow(before, after, reach))
