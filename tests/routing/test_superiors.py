"""Whose it is to see to what is late: of all posts of a line, held against a second way of finding them."""

from dataclasses import replace
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty
from contracts.intake import Channel
from hypothesis import given
from hypothesis import strategies as st
from kit.testing.servers import NOW
from network.posts import Seat
from routing.domain.case import Case, Seal
from routing.service.superiors import superior_of, superiors_of

CITY, DISTRICT, COMMUNITY, AREA = PATHS = ("/1/", "/1/2/", "/1/2/3/", "/1/2/3/4/")
OURS, THEIRS = uuid4(), uuid4()
PEOPLE = tuple("abcdef")


def make_seat(path: str, duty: Duty, subject: str | None = None, office: UUID | None = None) -> Seat:
    post_id = uuid4()
    return Seat(post_id, str(post_id), "", duty, uuid4(), path, office, (), None, subject=subject or duty.value)


def make_case(**overrides: object) -> Case:
    case = Case(uuid4(), "C1", "", Channel.WEB, NOW, NOW, AREA, "/")
    return replace(case, **overrides)  # type: ignore[arg-type]


SEATS = st.builds(
    lambda path, duty, subject, office: replace(make_seat(path, duty, "x", office), subject=subject),
    st.sampled_from(PATHS),
    st.sampled_from([Duty.SUPERVISOR, Duty.DISPATCHER, Duty.MUNICIPAL]),
    st.none() | st.sampled_from(PEOPLE),
    st.sampled_from([None, None, OURS, THEIRS]),
)


Step = tuple[str, UUID | None]


def ladder(late: Seat, *, redone: bool) -> list[Step]:
    """Where whoever is above may stand, step by step upwards: at each place an office's own, then the tree's."""
    line = [path for path in reversed(PATHS) if late.path.startswith(path)]
    steps: list[Step] = [(path, office) for path in line for office in dict.fromkeys((late.office_id, None))]
    is_of_staff = late.duty not in (Duty.SUPERVISOR, Duty.DISPATCHER)
    return steps if is_of_staff and not redone else steps[1:]


def fits(seat: Seat, case: Case, late: Seat) -> bool:
    return seat.subject not in (None, late.subject, *case.recused) and seat.post_id != late.post_id


def expected(seats: list[Seat], case: Case, late: Seat, *, redone: bool) -> set[UUID]:
    """The posts that may have it: at the first step that has a supervisor who may, or else a dispatcher."""
    for steps in (ladder(late, redone=redone), [(late.path, late.office_id)]):
        for duty in (Duty.SUPERVISOR, Duty.DISPATCHER):
            for step in steps:
                there = [seat for seat in seats if (seat.path, seat.office_id) == step and seat.duty is duty]
                if found := {seat.post_id for seat in there if fits(seat, case, late)}:
                    return found
    return set()


@given(st.lists(SEATS, max_size=10), SEATS, st.sets(st.sampled_from(PEOPLE), max_size=2), st.booleans())
def test_it_is_the_narrowest_above_whoever_holds_it(
    seats: list[Seat], late: Seat, recused: set[str], redone: bool
) -> None:
    case = make_case(recused=tuple(recused))
    seats = [*seats, late]
    found = superior_of(seats, case, late, redone=redone)
    assert ({found.post_id} if found else set()) <= expected(seats, case, late, redone=redone)
    assert (found is None) == (not expected(seats, case, late, redone=redone))


@given(st.lists(SEATS, max_size=10), SEATS, st.booleans())
def test_each_is_above_the_one_before_and_somebody_else(seats: list[Seat], late: Seat, redone: bool) -> None:
    line = superiors_of(seats, make_case(), late, redone=redone)
    assert all(late.path.startswith(seat.path) for seat in line)
    heights = [(len(seat.path), seat.office_id is not None) for seat in line]
    assert heights == sorted(set(heights), reverse=True)
    assert all(one.subject != other.subject for one, other in pairwise(line))


def test_a_late_city_bureau_is_not_its_communitys_to_see_to() -> None:
    bureau = make_seat(CITY, Duty.BUREAU, office=OURS)
    station_head, city = make_seat(COMMUNITY, Duty.SUPERVISOR), make_seat(CITY, Duty.SUPERVISOR, "city")
    assert superiors_of([station_head, city, bureau], make_case(office_id=OURS), bureau) == [city]


def test_an_offices_own_supervisor_goes_before_the_tier_that_it_belongs_to() -> None:
    bureau, own = make_seat(CITY, Duty.BUREAU, office=OURS), make_seat(CITY, Duty.SUPERVISOR, "own", OURS)
    foreign, city = make_seat(CITY, Duty.SUPERVISOR, "foreign", THEIRS), make_seat(CITY, Duty.SUPERVISOR, "city")
    seats, case = [foreign, city, own, bureau], make_case(office_id=OURS)
    assert superiors_of(seats, case, bureau) == [own, city]
    assert superiors_of(seats, case, own) == [city]
    assert superiors_of(seats, case, bureau, redone=True) == [city]


@pytest.mark.parametrize(
    "duty, redone, path", [(Duty.WINDOW_CLERK, False, COMMUNITY), (Duty.WINDOW_CLERK, True, DISTRICT)]
)
def test_a_stations_head_is_over_its_clerks_and_the_next_tier_over_what_is_done_again(
    duty: Duty, redone: bool, path: str
) -> None:
    late = make_seat(COMMUNITY, duty, "late")
    seats = [make_seat(each, Duty.SUPERVISOR, f"over {each}") for each in PATHS]
    found = superior_of(seats, make_case(), late, redone=redone)
    assert found is not None
    assert found.path == path


def test_over_whoever_oversees_a_place_is_the_tier_above_and_at_the_top_the_tops_own() -> None:
    top, district = make_seat(CITY, Duty.SUPERVISOR, "top"), make_seat(DISTRICT, Duty.SUPERVISOR, "district")
    dispatchers = [make_seat(DISTRICT, Duty.DISPATCHER, "one"), make_seat(CITY, Duty.DISPATCHER, "another")]
    seats = [top, district, *dispatchers]
    assert superior_of(seats, make_case(), dispatchers[0]) == top
    assert superior_of(seats, make_case(), dispatchers[1]) == top


def test_of_what_is_sealed_it_is_its_keeper() -> None:
    late, keeper = make_seat(CITY, Duty.BUREAU, office=OURS), make_seat(COMMUNITY, Duty.DISPATCHER)
    seats = [make_seat(CITY, Duty.SUPERVISOR), keeper, late]
    assert superiors_of(seats, make_case(seal=Seal.ASKED, keeper_post_id=keeper.post_id), late) == [keeper]
