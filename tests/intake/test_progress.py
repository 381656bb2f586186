"""How long it takes, and what of that did not count."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from intake.domain.progress import Done, DoneStep, Papers, Pause, Progress, Standing, pauses_of

CAME = datetime(2026, 12, 1, tzinfo=UTC)
WHY = {"zh": "检测", "en": "Testing"}


def on(day: int) -> datetime:
    return CAME + timedelta(days=day)


SUSPENDED = DoneStep(on(1), Done.SUSPENDED, until=on(9), why=WHY)


@pytest.mark.parametrize(
    "ends", [Done.RESUMED, Done.OUT_OF_PLAN, Done.ANSWERED, Done.REDONE, Done.CLOSED, Done.DECLINED]
)
def test_a_pause_ends_when_it_is_said_or_with_what_comes_before(ends: Done) -> None:
    assert pauses_of([SUSPENDED]) == [Pause(on(1), on(9), WHY)]
    assert pauses_of([SUSPENDED, DoneStep(on(4), ends)]) == [Pause(on(1), on(4), WHY)]
    assert pauses_of([SUSPENDED, DoneStep(on(12), ends)]) == [Pause(on(1), on(9), WHY)]


def test_papers_that_come_end_no_suspension() -> None:
    come = DoneStep(on(2), Done.PAPERS_RECEIVED, missing=())
    assert pauses_of([SUSPENDED, come]) == [Pause(on(1), on(9), WHY)]


def test_a_promise_pauses_for_papers_only_where_it_waits_for_them() -> None:
    assert pauses_of([DoneStep(on(1), Done.PAPERS_MISSING, missing=("户口簿",))]) == []
    waits = DoneStep(on(1), Done.PAPERS_MISSING, missing=("户口簿",), until=on(3))
    assert pauses_of([waits]) == [Pause(on(1), on(3))]
    assert pauses_of([waits, DoneStep(on(9), Done.CLOSED)]) == [Pause(on(1), on(3))], "none came: it ran all the same"
    assert pauses_of([waits, DoneStep(on(2), Done.PAPERS_RECEIVED, missing=())]) == [Pause(on(1), on(2))]
    assert pauses_of([waits, SUSPENDED]) == [Pause(on(1), on(3)), Pause(on(1), on(9), WHY)]


def test_papers_are_missing_no_more_where_a_case_was_merged_that_waits_for_none() -> None:
    named = DoneStep(on(1), Done.PAPERS_MISSING, missing=("户口簿",), until=on(9))
    goes_on = Progress("A1", Standing.IN_PROGRESS, CAME, steps=(named, DoneStep(on(2), Done.MERGED)))
    assert goes_on.papers == Papers(on(1), ("户口簿",), None)
    ended = replace(goes_on, steps=(named, DoneStep(on(2), Done.MERGED, missing=())))
    assert ended.papers is None
    assert ended.pauses == [Pause(on(1), on(2))]


def test_every_pause_that_is_over_is_kept() -> None:
    again = DoneStep(on(20), Done.SUSPENDED, until=on(30), why=WHY)
    assert pauses_of([SUSPENDED, DoneStep(on(4), Done.RESUMED), again]) == [
        Pause(on(1), on(4), WHY),
        Pause(on(20), on(30), WHY),
    ]


def test_time_goes_on_until_the_end_pauses_among_it() -> None:
    steps = (SUSPENDED, DoneStep(on(12), Done.CLOSED))
    at = on(5) + timedelta(microseconds=1234)
    assert Progress("A1", Standing.IN_PROGRESS, CAME, steps=(SUSPENDED,), now=at).elapsed == timedelta(days=5)
    assert Progress("A1", Standing.CLOSED, CAME, steps=steps, now=on(90)).elapsed == timedelta(days=12)
    assert Progress("A1", Standing.WITHDRAWN, CAME, steps=steps, now=on(90)).elapsed is None
