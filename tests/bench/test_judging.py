"""When a load counts as borne, a backlog as growing, memory as growing, a spike as over."""

import pytest

from tests.bench import bearing
from tests.bench.backlog import Backlog, is_growing
from tests.bench.bearing import faults_of
from tests.bench.bench import name_of, scale_of
from tests.bench.load.plan import Load, Sample
from tests.bench.measures.p03_spike import AFTER, backlog_gone, latency_back
from tests.bench.memory import slope


def load_of(*milliseconds: float, errors: int = 0) -> Load:
    samples = [Sample(10 + n / 100, each / 1000) for n, each in enumerate(milliseconds)]
    return Load(steps={"file": samples}, errors=[(1.0, "file", 503, "")] * errors)


def test_a_quick_load_without_errors_and_backlog_is_borne() -> None:
    assert faults_of(load_of(*[100] * 100), [5] * 40, 10) == []


def test_each_fault_is_named() -> None:
    slow = load_of(*[100] * 94, *[400] * 6, errors=2)
    told = faults_of(slow, [10 * n for n in range(100)], 1)
    assert told == ["2 errors (file 503)", "p95 of the slowest step 400 ms", "the backlog grows"]


def test_one_slow_step_is_enough() -> None:
    load = load_of(*[10] * 100)
    load.steps["close"] = [Sample(10, 0.31)] * 5
    assert faults_of(load, [], 1) == ["p95 of the slowest step 310 ms"]


def test_the_first_seconds_do_not_count() -> None:
    load = load_of(*[100] * 100)
    load.steps["file"] += [Sample(bearing.WARM_UP / 2, 5.0)] * 50
    assert faults_of(load, [], 1) == []


@pytest.mark.parametrize(
    "totals, grows",
    [
        ([0] * 40, False),
        ([100, 0] * 20, False),
        (list(range(400)), True),
        ([400] * 10 + [10] * 30, False),
        ([1], False),
    ],
)
def test_a_backlog_grows_when_its_end_lies_above_its_beginning(totals: list[int], grows: bool) -> None:
    assert is_growing(totals, allowed=50) is grows


def test_growth_is_the_slope_of_the_nearest_line() -> None:
    assert slope([(0, 100), (10, 120), (20, 140)]) == pytest.approx(2)
    assert slope([(0, 100), (10, 110), (20, 100)]) == pytest.approx(0)
    assert slope([(5, 100)]) == 0


def seen(*totals: int) -> list[Backlog]:
    return [Backlog(1000 + n, total, 0, 0) for n, total in enumerate(totals)]


def test_a_backlog_is_gone_when_it_stays_gone() -> None:
    assert backlog_gone(seen(500, 20, 90, 5, 5), 1000) == 3
    assert backlog_gone(seen(5, 5, 5), 1000) == 0
    assert backlog_gone(seen(500, 400), 1000) is None


def test_latency_is_back_when_every_later_window_is_quick() -> None:
    slow, quick = Sample(101, 3.0), Sample(103, 0.1)
    load = Load(steps={"file": [slow, quick, Sample(112, 0.6), Sample(118, 0.1)]})
    assert latency_back(load, 100) == 15
    assert latency_back(Load(steps={"file": [quick]}), 100) == 0
    assert latency_back(Load(steps={"file": [Sample(100 + AFTER - 1, 3.0)]}), 100) is None


def test_scales_read_as_they_are_said() -> None:
    assert [scale_of(text) for text in ("10k", "1m", "1M", "250")] == [10_000, 1_000_000, 1_000_000, 250]
    assert [name_of(scale) for scale in (10_000, 1_000_000, 250)] == ["10k", "1m", "250"]
