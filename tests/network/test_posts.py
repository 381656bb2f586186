"""Who answers for a place: the rule against an oracle that walks the tiers one by one."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from contracts.grid import Duty
from hypothesis import given
from hypothesis import strategies as st
from network.posts import Seat, choose

LINE = ["/" + "/".join(f"{n:032x}" for n in range(1, depth + 1)) + "/" for depth in range(1, 5)]


def make_seat(path: str, duty: Duty, subject: str | None) -> Seat:
    return Seat(
        post_id=uuid4(),
        code=str(uuid4()),
        title=duty.value,
        duty=duty,
        place_id=UUID(path.strip("/").split("/")[-1]),
        path=path,
        office_id=None,
        matters=(),
        phone=None,
        subject=subject,
    )


@given(
    st.lists(
        st.builds(
            make_seat,
            st.sampled_from(LINE),
            st.sampled_from([Duty.LEGAL, Duty.DISPATCHER]),
            st.sampled_from([None, "wang.min", "li.na", "zhao.jun"]),
        ),
        max_size=8,
    ),
    st.sets(st.sampled_from(["wang.min", "li.na"])),
)
def test_the_narrowest_tier_that_can_act_is_chosen(seats: list[Seat], never: set[str]) -> None:
    chosen = choose(seats, Duty.LEGAL, never=never)
    assert ((chosen.path, chosen.duty) if chosen else None) == walk(seats, never)


def walk(seats: Sequence[Seat], never: set[str]) -> tuple[str, Duty] | None:
    """The oracle: from the narrowest tier up, the post itself; above a post that cannot act, also the dispatcher."""
    has_post = any(seat.duty is Duty.LEGAL for seat in seats)
    passed = not has_post
    for path in reversed(LINE):
        here = [seat for seat in seats if seat.path == path]
        for duty in [Duty.LEGAL, *([Duty.DISPATCHER] if passed else [])]:
            if any(s.duty is duty and s.subject is not None and s.subject not in never for s in here):
                return path, duty
        passed = passed or any(seat.duty is Duty.LEGAL for seat in here)
    return None


def test_a_vacant_post_hands_its_work_to_the_next_tier_up_not_to_its_own_dispatcher() -> None:
    community, area = LINE[2], LINE[3]
    beside = make_seat(area, Duty.DISPATCHER, "li.na")
    above = make_seat(community, Duty.DISPATCHER, "wang.min")
    seats = [make_seat(area, Duty.LEGAL, None), beside, above]
    assert choose(seats, Duty.LEGAL) is above


def test_nobody_handles_a_complaint_about_himself() -> None:
    own = make_seat(LINE[3], Duty.LEGAL, "wang.min")
    above = make_seat(LINE[2], Duty.LEGAL, "li.na")
    assert choose([own, above], Duty.LEGAL, never={"wang.min"}) is above


def test_where_everybody_is_away_nobody_is_chosen() -> None:
    assert choose([make_seat(LINE[0], Duty.LEGAL, None)], Duty.LEGAL) is None
