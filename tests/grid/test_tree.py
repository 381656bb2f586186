"""Whatever is added, moved and merged, each path is the line of its parents: against an oracle of plain parents."""

from collections.abc import Callable

from contracts.grid import PlaceState
from grid.errors import InsideItself, PlaceClosed, TierTooWide
from grid.repository import places as tree
from grid.service import places
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.testing.servers import RolledBackUnitOfWork

from .conftest import OPERATING

RANKS = ("t1", "t2", "t3", "t4", "t5")
STEP = st.tuples(st.sampled_from(["add", "move", "merge"]), st.integers(0, 30), st.integers(0, 30), st.integers(1, 4))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=25))
def test_paths_are_the_lines_of_parents(
    uow_of: Callable[..., RolledBackUnitOfWork], steps: list[tuple[str, int, int, int]]
) -> None:
    uow = uow_of("grid", person=OPERATING)
    uow.enter()
    savepoint = uow.connection.begin_nested()
    try:
        check(uow, steps)
    finally:
        savepoint.rollback()
        uow.connection.info.pop("entered", None)


def check(uow: RolledBackUnitOfWork, steps: list[tuple[str, int, int, int]]) -> None:
    for rank, name in enumerate(RANKS):
        places.add_tier(uow, name=name, rank=2_00 + rank, label_zh="層", label_en="tier")
    places.add_place(uow, code="n0", name="n0", tier="t1", parent=None)
    parents: dict[str, str | None] = {"n0": None}
    tiers, closed = {"n0": 0}, set[str]()
    for kind, one, other, rank in steps:
        code, target = f"n{one % len(parents)}", f"n{other % len(parents)}"
        if kind == "add":
            new = f"n{len(parents)}"
            fits = rank > tiers[target] and target not in closed
            if tried(lambda: places.add_place(uow, code=new, name=new, tier=RANKS[rank], parent=target)):  # noqa: B023
                assert fits
                parents[new], tiers[new] = target, rank
            else:
                assert not fits
            continue
        place = tree.get_named(uow, code)
        below = line_of(parents, target)
        if kind == "move" and tried(lambda: places.move_place(uow, place.id, version=place.version, to=target)):  # noqa: B023
            assert tiers[code] > tiers[target]
            parents[code] = target
        elif kind == "merge" and tried(lambda: places.merge_place(uow, place.id, version=place.version, into=target)):  # noqa: B023
            assert code not in below
            closed.add(code)
            parents |= {child: target for child, parent in parents.items() if parent == code}
    compare(uow, parents, closed)


def tried(step: Callable[[], object]) -> bool:
    try:
        step()
    except (InsideItself, TierTooWide, PlaceClosed):
        return False
    return True


def line_of(parents: dict[str, str | None], code: str) -> list[str]:
    """The oracle: from the place up to its root, one parent at a time."""
    line = [code]
    while (above := parents[line[-1]]) is not None:
        line.append(above)
    return line


def compare(uow: RolledBackUnitOfWork, parents: dict[str, str | None], closed: set[str]) -> None:
    found = tree.by_code(uow, list(parents))
    latest = {event.key: event for event in uow.published if event.topic == "grid.place.v1"}
    for code in parents:
        line = line_of(parents, code)
        path = "/" + "".join(f"{found[each].id.hex}/" for each in reversed(line))
        assert (found[code].path, found[code].depth) == (path, len(line))
        assert (found[code].state is PlaceState.MERGED) == (code in closed)
        said = latest[str(found[code].id)]
        assert said.version == found[code].version
        assert said.body is not None
        assert path in said.body
        versions = [event.version for event in uow.published if event.key == said.key]
        assert versions == list(range(1, found[code].version + 1))
