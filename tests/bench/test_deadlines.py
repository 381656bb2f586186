from tests.bench.measures.p07_deadlines import Wave, _figures, _fired_twice

NONE = {"entries": 0, "events": 0, "notices": 0}


def wave(due: int = 10_000, sweepers: int = 1, twice: dict[str, int] = NONE) -> Wave:
    return Wave(due, sweepers, marked=[1.0] * (due - 200) + [20.0] * 200, told=[2.0] * due, twice=twice)


def test_one_in_a_hundred_that_is_too_late_misses_the_aim() -> None:
    marked, _ = _figures(wave())
    assert (marked.value, marked.met) == (20.0, False)


def test_only_ten_thousand_by_the_citys_own_sweeper_are_held_against_the_aim() -> None:
    assert [figure.met for other in (wave(due=1_000), wave(sweepers=3)) for figure in _figures(other)] == [None] * 4


def test_a_notice_that_came_twice_in_any_wave_is_counted() -> None:
    figure = _fired_twice([wave(), wave(twice=NONE | {"notices": 2})])
    assert (figure.value, figure.met) == (2, False)
