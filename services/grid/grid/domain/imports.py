"""What an import of a whole file comes to: what is new, what differs, and every row that cannot be taken, by name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

from contracts.text import fault_of

from grid.domain.places import MAX_DEPTH, Place, Tier, path_of, renamed, tidy_aliases

EMPTY: Mapping[UUID, Sequence[Place]] = MappingProxyType({})


class Row(Protocol):
    @property
    def line(self) -> int: ...

    def __getitem__(self, column: str) -> str: ...


@dataclass(frozen=True)
class RowProblem:
    line: int
    column: str
    code: str
    reason: str


@dataclass(frozen=True)
class Report:
    kind: str
    dry_run: bool
    partial: bool
    rows: int
    created: int
    changed: int
    unchanged: int
    problems: tuple[RowProblem, ...] = ()

    @property
    def refused(self) -> int:
        return len({problem.line for problem in self.problems})


class Refused(Exception):
    """One row cannot be taken."""

    def __init__(self, column: str, code: str, reason: str) -> None:
        super().__init__(code)
        self.column, self.code, self.reason = column, code, reason

    def at(self, line: int) -> RowProblem:
        return RowProblem(line, self.column, self.code, self.reason)


def text_of(row: Row, column: str, *, most: int, required: bool = True) -> str:
    value = row[column]
    if required and not value:
        raise Refused(column, "missing", f"{column} is empty: fill it")
    if len(value) > most:
        raise Refused(column, "too_long", f"{column} has {len(value)} characters: at most {most}")
    if any(ord(letter) < 32 for letter in value):
        raise Refused(column, "control_character", f"{column} has a control character: remove it")
    if value and (fault := fault_of(value, filled=required)):
        raise Refused(column, "hidden_text", f"{column} {fault}")
    return value


def list_of(row: Row, column: str, *, most: int = 200) -> tuple[str, ...]:
    """Several in a cell, parted by ; or |."""
    value = text_of(row, column, most=2_000, required=False)
    parts = tuple(part.strip() for part in value.replace("；", ";").replace("|", ";").split(";") if part.strip())
    if any(len(part) > most for part in parts):
        raise Refused(column, "too_long", f"an entry of {column} is longer than {most} characters")
    return parts


@dataclass
class Once:
    """A key stands in one row only."""

    column: str
    lines: dict[str, int] = field(default_factory=dict)

    def check(self, key: str, line: int) -> None:
        before = self.lines.setdefault(key, line)
        if before != line:
            raise Refused(self.column, "repeated", f"{key} stands in line {before} already: keep one")


@dataclass(frozen=True)
class PlaceRow:
    line: int
    id: UUID
    code: str
    name: str
    tier: Tier
    parent: str
    aliases: tuple[str, ...]
    phone: str
    known: Place | None


@dataclass
class PlacesPlan:
    """``created`` has parents before children, with the paths that they end at.

    ``changed`` differ in more than their parent; ``moved`` lie under another parent. A place may be both.
    """

    created: list[Place] = field(default_factory=list)
    changed: list[Place] = field(default_factory=list)
    moved: dict[UUID, UUID | None] = field(default_factory=dict)
    unchanged: int = 0
    tops: list[UUID] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def changes(self) -> int:
        return len({place.id for place in self.changed} | self.moved.keys())


def plan_places(
    rows: Iterable[Row],
    known: Mapping[str, Place],
    tiers: Mapping[str, Tier],
    ids: Iterator[UUID],
    *,
    below: Mapping[UUID, Sequence[Place]] = EMPTY,
) -> PlacesPlan:
    """``known``: the places that the file names, as rows or as parents, by code; ``below``: what stays below them."""
    plan = PlacesPlan()
    taken: dict[str, PlaceRow] = {}
    once = Once("code")
    for row in rows:
        try:
            item = _place_row(row, known, tiers, ids)
            _check_stays_wider(item, tiers, below)
            once.check(item.code, row.line)
            taken[item.code] = item
        except Refused as refused:
            plan.problems.append(refused.at(row.line))
    _drop_homeless(taken, known, tiers, plan)
    _lay_out(taken, known, plan)
    return plan


def _place_row(row: Row, known: Mapping[str, Place], tiers: Mapping[str, Tier], ids: Iterator[UUID]) -> PlaceRow:
    code, name = text_of(row, "code", most=64), text_of(row, "name", most=200)
    tier = tiers.get(text_of(row, "tier", most=32))
    if tier is None:
        raise Refused("tier", "tier_unknown", f"there is no tier {row['tier']}: use {', '.join(tiers)}")
    place = known.get(code)
    if place is not None and not place.is_active:
        raise Refused("code", "place_closed", f"{code} is {place.state.value}: its code is not used again")
    phone, aliases = text_of(row, "phone", most=40, required=False), list_of(row, "aliases")
    parent = text_of(row, "parent", most=64, required=False)
    return PlaceRow(row.line, place.id if place else next(ids), code, name, tier, parent, aliases, phone, place)


def _check_stays_wider(item: PlaceRow, tiers: Mapping[str, Tier], below: Mapping[UUID, Sequence[Place]]) -> None:
    for child in below.get(item.id, ()):
        if tiers[child.tier].rank <= item.tier.rank:
            raise Refused("tier", "tier_too_narrow", f"a {child.tier}, {child.code}, lies within it: name a wider tier")


def _drop_homeless(
    taken: dict[str, PlaceRow], known: Mapping[str, Place], tiers: Mapping[str, Tier], plan: PlacesPlan
) -> None:
    """Refuse rows whose parent is not there, is closed, is too narrow, is refused, or lies within the row's place."""
    parent_of = _parents(taken, known)
    below: dict[str, list[str]] = {}
    for item in taken.values():
        below.setdefault(item.parent, []).append(item.code)
    wrong = {code: why for code, item in taken.items() if (why := _misfit(item, taken, known, tiers, parent_of))}
    spread = list(wrong)
    for code in spread:
        for child in below.get(code, []):
            if child not in wrong and code not in known:
                wrong[child] = Refused("parent", "parent_refused", f"the row of {code} is refused: put that right")
                spread.append(child)
    for code, why in wrong.items():
        plan.problems.append(why.at(taken.pop(code).line))


def _misfit(
    item: PlaceRow,
    taken: Mapping[str, PlaceRow],
    known: Mapping[str, Place],
    tiers: Mapping[str, Tier],
    parent_of: Mapping[UUID, UUID | None],
) -> Refused | None:
    if not item.parent:
        return None
    above = taken.get(item.parent)
    there = known.get(item.parent)
    if above is None and there is None:
        return Refused("parent", "parent_unknown", f"there is no place {item.parent}: add its row")
    if above is None and there is not None and not there.is_active:
        return Refused("parent", "place_closed", f"{item.parent} is {there.state.value}: name an active place")
    tier = above.tier if above else tiers[there.tier] if there else item.tier
    if item.tier.rank <= tier.rank:
        return Refused("tier", "tier_too_wide", f"a {item.tier.name} cannot lie within a {tier.name}")
    if _never_ends(item.id, parent_of):
        reason = f"{item.code} would lie within itself, or more than {MAX_DEPTH} tiers deep: name another parent"
        return Refused("parent", "inside_itself", reason)
    return None


def _parents(taken: Mapping[str, PlaceRow], known: Mapping[str, Place]) -> dict[UUID, UUID | None]:
    """Who lies within whom once the file is in: as it is now, but for the rows of the file."""
    parent_of: dict[UUID, UUID | None] = {}
    for place in known.values():
        line = [UUID(part) for part in place.path.strip("/").split("/")]
        parent_of |= dict(zip(line, [None, *line[:-1]], strict=True))
    ids = {code: place.id for code, place in known.items()} | {code: item.id for code, item in taken.items()}
    return parent_of | {item.id: ids.get(item.parent) if item.parent else None for item in taken.values()}


def _never_ends(start: UUID, parent_of: Mapping[UUID, UUID | None]) -> bool:
    above = parent_of.get(start)
    for _ in range(MAX_DEPTH):
        if above is None:
            return False
        above = parent_of.get(above)
    return True


def _lay_out(taken: Mapping[str, PlaceRow], known: Mapping[str, Place], plan: PlacesPlan) -> None:
    parent_of = _parents(taken, known)
    paths: dict[UUID, str] = {}
    for item in sorted(taken.values(), key=lambda item: len(_path(item.id, parent_of, paths))):
        path, parent = _path(item.id, parent_of, paths), parent_of[item.id]
        if item.known is None:
            plan.created.append(_created(item, parent, path))
            continue
        after = _updated(item.known, item)
        if after != item.known:
            plan.changed.append(after)
        if parent != item.known.parent_id:
            plan.moved[item.id] = parent
        if after == item.known and parent == item.known.parent_id:
            plan.unchanged += 1
    plan.tops = [moved for moved in plan.moved if not _has_above(moved, plan.moved, parent_of)]


def _has_above(start: UUID, among: Mapping[UUID, UUID | None], parent_of: Mapping[UUID, UUID | None]) -> bool:
    above = parent_of.get(start)
    while above is not None and above not in among:
        above = parent_of.get(above)
    return above is not None


def _path(place_id: UUID, parent_of: Mapping[UUID, UUID | None], paths: dict[UUID, str]) -> str:
    line = [place_id]
    while line[-1] not in paths and (above := parent_of[line[-1]]) is not None:
        line.append(above)
    for each in reversed(line):
        if each not in paths:
            above = parent_of[each]
            paths[each] = path_of(paths[above] if above else None, each)
    return paths[place_id]


def _created(item: PlaceRow, parent: UUID | None, path: str) -> Place:
    return Place(
        id=item.id,
        version=1,
        code=item.code,
        name=item.name,
        tier=item.tier.name,
        parent_id=parent,
        path=path,
        depth=path.count("/") - 1,
        aliases=tidy_aliases(item.name, item.aliases),
        phone=item.phone or None,
    )


def _updated(place: Place, item: PlaceRow) -> Place:
    """An empty cell leaves as it is; names that people use are added, never taken away."""
    after = renamed(place, item.name) if item.name != place.name else place
    return replace(
        after,
        tier=item.tier.name,
        aliases=tidy_aliases(after.name, (*after.aliases, *item.aliases)),
        phone=item.phone or after.phone,
    )


def by_line(problems: Sequence[RowProblem]) -> tuple[RowProblem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))
