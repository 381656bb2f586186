"""What is left of a stretch of time."""

from datetime import UTC, datetime, timedelta

from contracts.spans import Span, left_of
from hypothesis import given
from hypothesis import strategies as st

BEGIN = datetime(2026, 12, 1, tzinfo=UTC)


def span(since: int, until: int) -> Span:
    return BEGIN + timedelta(hours=since), BEGIN + timedelta(hours=until)


hours = st.tuples(st.integers(-9, 30), st.integers(0, 9)).map(lambda drawn: (drawn[0], drawn[0] + drawn[1]))


@given(hours, st.lists(hours, max_size=6))
def test_an_hour_is_left_where_no_part_covers_it(whole: tuple[int, int], parts: list[tuple[int, int]]) -> None:
    left = list(left_of(span(*whole), [span(*part) for part in parts]))
    assert all(since < until for since, until in left)
    assert left == sorted(left)
    for hour in range(-12, 45):
        covered = any(since <= hour < until for since, until in parts)
        is_left = any(since <= BEGIN + timedelta(hours=hour) < until for since, until in left)
        assert is_left == (whole[0] <= hour < whole[1] and not covered)
