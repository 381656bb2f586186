"""A short run of the harness that `make chaos` runs at length: anything may die, nothing is lost or done twice."""

from pathlib import Path

import pytest

from tests.chaos import report
from tests.chaos.faults import FAULTS
from tests.chaos.harness import Plan, run
from tests.system.city import free_port_range

KILLS, SEED = 25, 4


@pytest.mark.chaos
def test_nothing_is_lost_or_done_twice_whatever_dies(tmp_path: Path) -> None:
    plan = Plan(
        seed=SEED,
        kills=KILLS,
        home=tmp_path / "run",
        port=free_port_range(),
        faults=FAULTS,
        seconds=300,
        template=tmp_path / "template",
    )
    result = run(plan, print)
    assert result.exceptions == [], report.text_of([result])
