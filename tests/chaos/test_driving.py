"""The drive takes every step of the one table of steps, and what is asked for is asked for as the API has it."""

from collections.abc import Mapping

from routing.domain.steps import STEPS, Step

from tests.chaos import desk, staff
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
