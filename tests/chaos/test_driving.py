"""The drive takes every step of the one table of steps, and what is asked for is asked for as the API has it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from routing.domain.steps import STEPS, Step

from tests.chaos import desk, harness, staff
from tests.chaos.draw import SOON_SECONDS, Draw
from tests.chaos.fault import ChaosCity
from tests.chaos.invariants.acknowledged import ENTRIES
from tests.chaos.offered import OFFERED
from tests.chaos.record import WRITES

#: Steps that the drive does not take, with the reason.
NOT_DRIVEN: Mapping[Step, str] = {}

#: What changes something besides the steps of one case; places, appeals and what residents say of answers.
_BESIDE = {"lay", "file", "correct", "withdraw", "rate", "dismiss", *desk.MANY}

_DRIVEN = {*staff.STEPS, *OFFERED}


def test_every_step_is_driven_or_says_why_not() -> None:
    assert {*STEPS} == {Step(name) for name in _DRIVEN} | {*NOT_DRIVEN}
    assert not {Step(name) for name in _DRIVEN} & {*NOT_DRIVEN}


def test_every_step_that_is_driven_is_judged() -> None:
    assert {*ENTRIES} - {*desk.MANY} == _DRIVEN - {"record"}


def test_every_request_counts_as_work() -> None:
    assert {*WRITES} == _DRIVEN | _BESIDE


def test_no_limit_is_named_that_falls_due_after_all_has_come_to_rest() -> None:
    draw = Draw(Random(3))
    latest = datetime.now(UTC) + timedelta(seconds=SOON_SECONDS + 1)
    assert all(datetime.fromisoformat(draw.soon(least)) < latest for least in (5, 20) for _ in range(50))


def test_what_falls_due_while_books_are_read_is_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Or a history is compared with events that were said after it was read."""
    left, done = [2, 1, 0], list[str]()

    def falls_due(*_: object, **__: object) -> int:
        done.append("looked")
        return left.pop(0)

    def is_left(*_: object) -> list[str]:
        done.append("settled")
        return []

    monkeypatch.setattr("tests.chaos.flow.falls_due", falls_due)
    monkeypatch.setattr("tests.chaos.flow.left", is_left)
    monkeypatch.setattr("time.sleep", lambda _: None)
    result = harness.Result(seed=1, kills_wanted=0, commit="", machine="", began="")
    harness._come_to_rest(ChaosCity(home=tmp_path, port=0), result)
    assert (done, result.exceptions) == (["looked", "looked", "looked", "settled"], [])
