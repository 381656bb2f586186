"""What figures say of themselves, and of one another."""

import json
from pathlib import Path

import pytest

from tests.bench.figures import Change, Failure, Figure, Report, changes, comparison, of_samples, percentile


@pytest.mark.parametrize(
    "aim, value, met",
    [(">= 30", 30, True), (">= 30", 29.9, False), ("< 300", 300, False), ("< 300", 299, True), ("= 0", 1, False)],
)
def test_an_aim_is_met_or_not(aim: str, value: float, met: bool) -> None:
    assert Figure("P1", "rate", value, aim=aim).met is met


def test_who_measures_may_know_better_whether_an_aim_is_met() -> None:
    assert Figure("P3", "gone after", 60, aim="<= 60", met=False).met is False


def test_a_figure_without_an_aim_is_neither_met_nor_missed() -> None:
    assert Figure("P1", "p50", 12).met is None


def test_an_aim_that_nobody_can_read_is_refused() -> None:
    with pytest.raises(ValueError, match="an aim reads as"):
        Figure("P1", "rate", 1, aim="about 30")


def test_a_percentile_is_a_value_that_was_seen() -> None:
    hundred = [float(n) for n in range(100, 0, -1)]
    assert [percentile(hundred, p) for p in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert percentile([7.0], 1) == 7.0


def test_one_slow_answer_of_fifty_is_in_the_99th_percentile() -> None:
    assert percentile([1.0] * 49 + [30.0], 99) == 30.0


def test_repeated_measurements_give_their_median_and_spread() -> None:
    figure = of_samples("P11", "CPU", [62, 58, 60], "ms", aim="<= 60")
    assert (figure.value, figure.spread, figure.met) == (60, (58, 62), True)


def test_a_report_reads_back_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    figure = of_samples("P11", "CPU", [1.0, 2.0, 3.0], "ms", aim="<= 60", detail={"rate": 15})
    report = Report({"commit": "abc"}, [figure], [Failure("P9", "RuntimeError: no")])
    report.write(file)
    assert Report.read(file) == report


def test_a_report_of_another_format_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    file.write_text(json.dumps({"format": 0}))
    with pytest.raises(ValueError, match="another format"):
        Report.read(file)


def test_the_table_shows_what_was_missed_and_what_failed() -> None:
    figures = [Figure("P1", "rate", 12.345, "/s", aim=">= 30"), Figure("P12", "accepted", 160, "/s", aim=">= 150")]
    table = Report({}, figures, [Failure("P9", "RuntimeError: no city")]).table().splitlines()
    assert [line.split()[0] for line in table[1:]] == ["P1", "P12", "P9"]
    assert table[1].endswith("NOT MET")
    assert table[2].endswith("  met")
    assert "no city" in table[3]
    assert table[3].endswith("FAILED")


def _change(old: Figure, new: Figure) -> Change:
    return Change(new=new, old=old)


@pytest.mark.parametrize(
    "aim, old, new, worse",
    [
        ("< 300", 100, 109, False),
        ("< 300", 100, 112, True),
        ("< 300", 100, 50, False),
        (">= 30", 40, 37, False),
        (">= 30", 40, 35, True),
        ("", 100, 500, False),
    ],
)
def test_worse_is_what_moved_the_wrong_way_by_more_than_it_plays(aim: str, old: float, new: float, worse: bool) -> None:
    assert _change(Figure("P1", "x", old, aim=aim), Figure("P1", "x", new, aim=aim)).is_worse is worse


def test_what_varied_widely_in_one_run_may_move_as_much_between_two() -> None:
    old = of_samples("P11", "CPU", [50, 60, 70], "ms", aim="<= 60")
    assert not _change(old, of_samples("P11", "CPU", [75, 75, 75], "ms", aim="<= 60")).is_worse
    assert _change(old, of_samples("P11", "CPU", [85, 85, 85], "ms", aim="<= 60")).is_worse


def test_only_figures_of_both_runs_are_compared() -> None:
    old = Report({}, [Figure("P1", "a", 10, aim=">= 1"), Figure("P1", "gone", 1)])
    new = Report({}, [Figure("P1", "a", 5, aim=">= 1"), Figure("P1", "fresh", 1)])
    found = list(changes(old, new))
    assert [(each.new.name, each.ratio) for each in found] == [("a", 0.5)]
    assert comparison(found).splitlines()[1].endswith("WORSE")
